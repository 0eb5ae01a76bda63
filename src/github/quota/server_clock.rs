//! What is known of the server's clock, seen from the monotonic one.
//!
//! Whole seconds in a `Date` header are enough for bounds, and many of them narrow the bounds.
//! Limits and windows are not known here.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::headers::LimitHeaders;

const SECOND_NS: i128 = 1_000_000_000;

/// Clocks drift apart by less than one part in this many; a system clock is slewed no faster.
const DRIFT: i128 = 2_000;

/// How far the server's clock is ahead of the monotonic one, as far as its answers tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServerClock {
    bounds: Option<Bounds>,
}

/// The server's epoch time minus the monotonic time lies between these.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    lowest_ns: i128,
    highest_ns: i128,
    learned_at: Duration,
}

impl ServerClock {
    /// Takes in the `Date` of an answer, in the server's epoch seconds, rounded down.
    ///
    /// The server wrote it somewhere between the sending and the arrival. It showed at least this
    /// second, which bounds it from below at the arrival; it did not yet show the next one, which
    /// bounds it from above at the sending. A slow answer only loosens the bounds. Bounds that
    /// contradict the earlier ones replace them, for then a clock was set.
    pub(super) fn learn(&mut self, sent_at: Duration, received_at: Duration, date_s: i64) {
        let written_ns = i128::from(date_s) * SECOND_NS;
        let fresh = Bounds {
            lowest_ns: written_ns - nanoseconds(received_at),
            highest_ns: written_ns + SECOND_NS - nanoseconds(sent_at),
            learned_at: received_at,
        };
        let narrowed = self.bounds.and_then(|earlier| earlier.narrowed_by(fresh));
        self.bounds = Some(narrowed.unwrap_or(fresh));
    }

    /// Returns this clock if an answer has told of it, else the local one, which is given in UTC
    /// and read in whole seconds.
    pub(super) fn or_local(self, now: Duration, local_s: i64) -> Self {
        let mut clock = self;
        if clock.bounds.is_none() {
            clock.learn(now, now, local_s);
        }
        clock
    }

    /// Returns when the told reset has surely come, a second later because it was rounded down;
    /// `None` if none is told. It may lie anywhere.
    pub(super) fn reset_at(
        self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) -> Option<Duration> {
        let clock = self.or_local(now, local_at.timestamp());
        clock.surely_shows(headers.reset_s?.saturating_add(1))
    }

    /// Returns the monotonic time at which the server's clock surely shows that epoch second; 0 for
    /// what lies before the monotonic clock's start. `None` means that nothing is known yet.
    pub(super) fn surely_shows(self, epoch_s: i64) -> Option<Duration> {
        let at_ns = i128::from(epoch_s) * SECOND_NS - self.bounds?.lowest_ns;
        let at_ns = at_ns.max(0);
        let seconds = u64::try_from(at_ns / SECOND_NS).unwrap_or(u64::MAX);
        let rest_ns = u32::try_from(at_ns % SECOND_NS).unwrap_or(0);
        Some(Duration::new(seconds, rest_ns))
    }
}

impl Bounds {
    /// Returns what agrees with both; `None` if nothing does.
    fn narrowed_by(self, fresh: Self) -> Option<Self> {
        let age = fresh.learned_at.saturating_sub(self.learned_at);
        let drift_ns = nanoseconds(age) / DRIFT;
        let both = Self {
            lowest_ns: fresh.lowest_ns.max(self.lowest_ns - drift_ns),
            highest_ns: fresh.highest_ns.min(self.highest_ns + drift_ns),
            learned_at: fresh.learned_at,
        };
        (both.lowest_ns <= both.highest_ns).then_some(both)
    }
}

/// Returns the time in nanoseconds: a monotonic time always has room there.
fn nanoseconds(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX / 4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at_ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_lower_bound_belongs_to_the_arrival_and_the_upper_one_to_the_sending() {
        let mut clock = ServerClock::default();
        clock.learn(at_ms(10_000), at_ms(12_500), 1_000);
        let bounds = clock.bounds.expect("bounds");
        assert_eq!(bounds.lowest_ns, 987_500_000_000);
        assert_eq!(bounds.highest_ns, 991_000_000_000);
        assert_eq!(clock.surely_shows(1_060), Some(at_ms(72_500)));
    }

    #[test]
    fn bounds_that_contradict_the_earlier_ones_replace_them() {
        let mut clock = ServerClock::default();
        clock.learn(at_ms(0), at_ms(100), 1_000);
        clock.learn(at_ms(2_000), at_ms(2_100), 4_000);
        assert_eq!(clock.surely_shows(4_001), Some(at_ms(3_100)));
        clock.learn(at_ms(4_000), at_ms(4_100), 1_004);
        assert_eq!(clock.surely_shows(1_005), Some(at_ms(5_100)));
    }

    #[test]
    fn without_an_answer_the_local_clock_serves() {
        let clock = ServerClock::default();
        assert_eq!(clock.surely_shows(1_000), None);
        assert_eq!(clock.or_local(at_ms(500), 999).surely_shows(1_000), Some(at_ms(1_500)));
        let mut told = clock;
        told.learn(at_ms(400), at_ms(500), 2_000);
        assert_eq!(told.or_local(at_ms(500), 999).surely_shows(2_001), Some(at_ms(1_500)));
    }

    #[test]
    fn the_ends_of_the_numbers_do_no_harm() {
        for date_s in [i64::MIN, -1, 0, i64::MAX] {
            let mut clock = ServerClock::default();
            clock.learn(Duration::ZERO, Duration::MAX, date_s);
            clock.learn(Duration::MAX, Duration::ZERO, 0);
            for epoch_s in [i64::MIN, 0, i64::MAX] {
                assert!(clock.surely_shows(epoch_s).is_some());
            }
        }
    }

    proptest! {
        /// Serial exchanges with a server whose clock is `ahead_ms` ahead at first and runs fast or
        /// slow by millionths: a pause, the way there and the way back, each in milliseconds.
        #[test]
        fn the_true_offset_stays_within_the_bounds_and_they_get_narrow(
            ahead_ms in 1_000_000u64..2_000_000,
            drift in -400..400i64,
            exchanges in prop::collection::vec((0..5_000u64, 0..1_500u64, 0..1_500u64), 1..200),
        ) {
            let ahead_ns = |now_ms: u64| {
                i128::from(ahead_ms) * 1_000_000 + i128::from(now_ms) * i128::from(drift)
            };
            let mut clock = ServerClock::default();
            let mut now_ms = 0;
            let mut slack_ms = u64::MAX;
            for (pause, there, back) in exchanges {
                let sent_ms = now_ms + pause;
                let written_ms = sent_ms + there;
                now_ms = written_ms + back;
                let written_ns = i128::from(written_ms) * 1_000_000 + ahead_ns(written_ms);
                let date_s = i64::try_from(written_ns / SECOND_NS).expect("a second");
                clock.learn(at_ms(sent_ms), at_ms(now_ms), date_s);
                let bounds = clock.bounds.expect("bounds");
                // Within one exchange the clock may drift by less than two milliseconds.
                let late_ns = ahead_ns(now_ms) - bounds.lowest_ns;
                prop_assert!(late_ns >= -2_000_000, "{late_ns}");
                prop_assert!(ahead_ns(now_ms) <= bounds.highest_ns + 2_000_000);
                // Each exchange alone is good for its own slack; drift adds a little.
                let in_second = u64::try_from(written_ns % SECOND_NS).expect("less than a second");
                slack_ms = (slack_ms.saturating_add(10)).min(in_second / 1_000_000 + back + 3);
                prop_assert!(late_ns <= i128::from(slack_ms) * 1_000_000);
            }
        }
    }
}

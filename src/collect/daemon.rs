//! When a daemon collects: what is due now, and how long to wait, decided from values.
//!
//! Due moments are of the calendar and follow the machine's clock, whatever is done to it. Pauses
//! after failures are lengths of time and follow the monotonic one.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::period::{Period, Periods};

/// The pause after the first failure of a period; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// The pause after GitHub first refuses the token: whoever comes back too often is shut out.
const FIRST_PAUSE_OF_REFUSED: Duration = Duration::from_secs(5 * 60);

/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// What came of looking after a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It has its run.
    Served,
    /// It has none, or one that lacks counts: an outage, a full disk, another collector at work.
    Failed,
    /// GitHub refuses the token.
    Refused,
    /// The clock is behind the last run, which started at that moment: until then no other can
    /// stand after it.
    Behind(DateTime<Utc>),
}

/// What a daemon does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Look after that period, which is now.
    Collect(Period),
    /// Nothing until that moment.
    Wait(DateTime<Utc>),
}

/// What a daemon knows of its periods.
#[derive(Debug)]
pub struct Watch {
    periods: Periods,
    /// The last period seen with its run.
    served: Option<Period>,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    after: Came,
    /// The period in which it began.
    period: Period,
    length: Duration,
    /// When it ends, by the monotonic clock.
    ends: Duration,
}

impl Watch {
    /// Begins to watch; nothing is known of any period yet.
    #[must_use]
    pub fn new(periods: Periods) -> Self {
        Self { periods, served: None, pause: None }
    }

    /// Takes other periods; what was known of the old ones is forgotten.
    pub fn set_periods(&mut self, periods: Periods) {
        if self.periods != periods {
            *self = Self::new(periods);
        }
    }

    /// Decides what is next; `passed` is the monotonic time.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>, passed: Duration) -> Next {
        if let Some(served) = self.served.filter(|served| served.contains(now)) {
            return Next::Wait(served.to);
        }
        if let Some(pause) = self.pause.as_ref().filter(|pause| pause.lasts(now, passed)) {
            return Next::Wait(pause.until(now, passed));
        }
        match self.periods.period_at(now) {
            Some(period) => Next::Collect(period),
            // The calendar has ended, thousands of years from now.
            None => Next::Wait(DateTime::<Utc>::MAX_UTC),
        }
    }

    /// Takes in what came of looking after a period.
    pub fn note(&mut self, period: Period, came: Came, passed: Duration) {
        let before = self.pause.take();
        if came == Came::Served {
            self.served = Some(period);
            return;
        }
        // A refused token stays refused over due moments; anything else begins anew with each.
        let before = before.filter(|before| {
            before.period == period || (before.after, came) == (Came::Refused, Came::Refused)
        });
        let first = if came == Came::Refused { FIRST_PAUSE_OF_REFUSED } else { FIRST_PAUSE };
        let longest = match came {
            Came::Refused => LONGEST_PAUSE,
            // A period that can still be served must not end in a pause.
            _ => (length_of(period) / 8).clamp(FIRST_PAUSE, LONGEST_PAUSE),
        };
        let length = before.map_or(first, |before| before.length.saturating_mul(2));
        let length = length.max(first).min(longest);
        self.pause = Some(Pause { after: came, period, length, ends: passed + length });
    }
}

impl Pause {
    fn lasts(&self, now: DateTime<Utc>, passed: Duration) -> bool {
        passed < self.ends
            && match self.after {
                // GitHub would refuse it in the next period too.
                Came::Refused => true,
                Came::Behind(last) => now < last && self.period.contains(now),
                Came::Served | Came::Failed => self.period.contains(now),
            }
    }

    fn until(&self, now: DateTime<Utc>, passed: Duration) -> DateTime<Utc> {
        let ends = now + self.ends.saturating_sub(passed);
        match self.after {
            Came::Refused => ends,
            Came::Behind(last) => ends.min(last).min(self.period.to),
            Came::Served | Came::Failed => ends.min(self.period.to),
        }
    }
}

fn length_of(period: Period) -> Duration {
    (period.to - period.from).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::period::Per;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}:00Z").parse().expect("a moment")
    }

    /// A watch over days, with a machine whose two clocks go together unless one is set.
    struct World {
        watch: Watch,
        now: DateTime<Utc>,
        passed: Duration,
    }

    impl World {
        fn new(per: Per, now: &str) -> Self {
            let watch = Watch::new(Periods::Calendar(per));
            Self { watch, now: at(now), passed: Duration::ZERO }
        }

        fn next(&self) -> Next {
            self.watch.next(self.now, self.passed)
        }

        fn looks_after(&self) -> Period {
            match self.next() {
                Next::Collect(period) => period,
                Next::Wait(until) => panic!("waits until {until}"),
            }
        }

        fn note(&mut self, came: Came) {
            let period = self.looks_after();
            self.watch.note(period, came, self.passed);
        }

        /// Waits as long as it is told to and returns how many minutes that was.
        fn wait(&mut self) -> i64 {
            let Next::Wait(until) = self.next() else { panic!("does not wait") };
            let length = until - self.now;
            self.now = until;
            self.passed += length.to_std().expect("a length");
            length.num_minutes()
        }
    }

    #[test]
    fn a_served_period_is_left_alone_until_the_next_is_due() {
        let mut world = World::new(Per::Day, "21T06:17");
        assert_eq!(world.looks_after().from, at("21T00:00"));
        world.note(Came::Served);
        assert_eq!(world.next(), Next::Wait(at("22T00:00")));
        world.wait();
        assert_eq!(world.looks_after().from, at("22T00:00"));
    }

    #[test]
    fn after_sleep_only_the_newest_period_is_looked_after() {
        let mut world = World::new(Per::Hour, "21T06:17");
        world.note(Came::Served);
        world.now = at("24T11:30");
        assert_eq!(world.looks_after().from, at("24T11:00"));
        world.note(Came::Served);
        assert_eq!(world.next(), Next::Wait(at("24T12:00")));
    }

    #[test]
    fn a_clock_that_goes_back_waits_for_what_was_served_or_is_behind_it() {
        let mut world = World::new(Per::Hour, "21T06:17");
        world.note(Came::Served);
        world.now = at("21T06:02");
        assert_eq!(world.next(), Next::Wait(at("21T07:00")), "within the period");
        world.now = at("21T05:50");
        world.note(Came::Behind(at("21T06:17")));
        assert_eq!(world.next(), Next::Wait(at("21T05:51")));
        for expected in [1, 2, 4, 3] {
            assert_eq!(world.wait(), expected);
            if world.now < at("21T06:00") {
                world.note(Came::Behind(at("21T06:17")));
            }
        }
        assert_eq!(world.next(), Next::Wait(at("21T07:00")), "that one is served");
        // Set right again at once, it goes on at once.
        world.now = at("20T06:00");
        world.note(Came::Behind(at("21T06:17")));
        world.now = at("21T07:01");
        assert_eq!(world.looks_after().from, at("21T07:00"));
    }

    #[test]
    fn failures_are_tried_again_with_growing_pauses_until_the_period_ends() {
        let mut world = World::new(Per::Hour, "21T06:00");
        let mut pauses = Vec::new();
        while world.now < at("21T07:00") {
            world.note(Came::Failed);
            pauses.push(world.wait());
        }
        // The last one, of half a minute, ends with the period.
        assert_eq!(pauses, [1, 2, 4, 7, 7, 7, 7, 7, 7, 7, 0]);
        // The next period is tried when it is due, and begins with short pauses.
        world.note(Came::Failed);
        assert_eq!(world.wait(), 1);
        let mut world = World::new(Per::Month, "21T06:00");
        let mut lengths = Vec::new();
        for _ in 0..8 {
            world.note(Came::Failed);
            lengths.push(world.wait());
        }
        assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_refused_token_is_not_shown_again_when_the_next_period_is_due() {
        let mut world = World::new(Per::Hour, "21T06:50");
        let mut pauses = Vec::new();
        for _ in 0..6 {
            world.note(Came::Refused);
            pauses.push(world.wait());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        world.note(Came::Served);
        world.wait();
        world.note(Came::Refused);
        assert_eq!(world.wait(), 5);
    }

    #[test]
    fn a_pause_is_no_longer_when_the_clock_goes_back() {
        let mut world = World::new(Per::Day, "21T06:00");
        world.note(Came::Failed);
        world.now -= TimeDelta::hours(5);
        world.passed += Duration::from_secs(60);
        assert_eq!(world.looks_after().from, at("21T00:00"));
    }

    #[test]
    fn other_periods_are_looked_at_anew_and_the_same_are_not() {
        let mut world = World::new(Per::Day, "21T06:00");
        world.note(Came::Served);
        world.watch.set_periods(Periods::Calendar(Per::Day));
        assert_eq!(world.next(), Next::Wait(at("22T00:00")));
        world.watch.set_periods(Periods::Calendar(Per::Hour));
        assert_eq!(world.looks_after().from, at("21T06:00"));
    }
}

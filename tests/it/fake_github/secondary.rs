//! GitHub's secondary limits as a value: points a minute, busy time a minute, requests at once.
//!
//! Pure: the time is an argument. The wording of a refusal lives in `bodies`.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::millis;

/// The numbers of the secondary limits; the default ones are GitHub's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecondaryLimits {
    /// Requests of one caller allowed per [`SecondaryLimits::per`]; each counts one point.
    pub(crate) points: usize,
    /// Response times of one caller, added up, allowed per [`SecondaryLimits::per`].
    pub(crate) busy: Duration,
    /// Requests of all callers that may be in work at the same moment.
    pub(crate) at_once: usize,
    /// The length of time that points and busy time are added up over.
    pub(crate) per: Duration,
    /// How long a caller is refused, counted again from every request made meanwhile.
    pub(crate) penalty: Duration,
}

impl Default for SecondaryLimits {
    fn default() -> Self {
        Self {
            points: 900,
            busy: Duration::from_secs(90),
            at_once: 100,
            per: Duration::from_secs(60),
            penalty: Duration::from_secs(60),
        }
    }
}

/// What one caller did lately.
#[derive(Debug, Default)]
pub(crate) struct Secondary {
    asked_ms: VecDeque<i64>,
    busy: VecDeque<(i64, i64)>,
    limited_until_ms: Option<i64>,
}

impl Secondary {
    /// Counts a request; `Some` is a refusal with the milliseconds to wait.
    ///
    /// `at_once` includes the request itself.
    pub(crate) fn check(
        &mut self,
        limits: &SecondaryLimits,
        at_once: usize,
        now_ms: i64,
    ) -> Option<i64> {
        let penalty_ms = millis(limits.penalty);
        let since_ms = now_ms - millis(limits.per);
        self.asked_ms.retain(|at_ms| *at_ms > since_ms);
        self.busy.retain(|(at_ms, _)| *at_ms > since_ms);

        let still_limited = self.limited_until_ms.is_some_and(|until| now_ms < until);
        let busy_ms: i64 = self.busy.iter().map(|(_, length_ms)| length_ms).sum();
        let too_much = self.asked_ms.len() >= limits.points
            || busy_ms >= millis(limits.busy)
            || at_once > limits.at_once;
        if still_limited || too_much {
            self.limited_until_ms = Some(now_ms + penalty_ms);
            return Some(penalty_ms);
        }
        self.asked_ms.push_back(now_ms);
        None
    }

    /// Adds the response time of an answered request.
    pub(crate) fn add_busy(&mut self, length_ms: i64, now_ms: i64) {
        self.busy.push_back((now_ms, length_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_after_the_points_and_longer_when_hammered() {
        let limits = SecondaryLimits { points: 2, ..SecondaryLimits::default() };
        let mut caller = Secondary::default();
        assert_eq!(caller.check(&limits, 1, 0), None);
        assert_eq!(caller.check(&limits, 1, 10), None);
        assert_eq!(caller.check(&limits, 1, 20), Some(60_000));
        assert_eq!(caller.check(&limits, 1, 50_000), Some(60_000));
        assert_eq!(caller.check(&limits, 1, 100_000), Some(60_000));
        assert_eq!(caller.check(&limits, 1, 160_000), None);
    }

    #[test]
    fn refuses_after_too_much_busy_time_and_too_many_at_once() {
        let limits = SecondaryLimits::default();
        let mut busy = Secondary::default();
        busy.add_busy(89_999, 0);
        assert_eq!(busy.check(&limits, 1, 1), None);
        busy.add_busy(1, 2);
        assert!(busy.check(&limits, 1, 3).is_some());

        let mut crowd = Secondary::default();
        assert_eq!(crowd.check(&limits, 100, 0), None);
        assert!(crowd.check(&limits, 101, 0).is_some());
    }
}

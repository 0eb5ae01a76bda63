//! GitHub's secondary limits as a value: points a minute, busy time a minute, requests at once.
//!
//! Pure: the time is an argument. The wording of a refusal lives in `bodies`.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::millis;

/// The two halves of the API. They count their points apart and share all else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The many paths of REST.
    Rest,
    /// The one path of GraphQL.
    Graphql,
}

/// The numbers of the secondary limits; the default ones are GitHub's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecondaryLimits {
    /// REST requests of one caller allowed per [`SecondaryLimits::per`]; each counts one point.
    pub(crate) points: usize,
    /// The same for documents, whatever their cost.
    pub(crate) graphql_points: usize,
    /// Response times of one caller, added up, allowed per [`SecondaryLimits::per`].
    pub(crate) busy: Duration,
    /// How much of it documents may use.
    pub(crate) graphql_busy: Duration,
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
            graphql_points: 2_000,
            busy: Duration::from_secs(90),
            graphql_busy: Duration::from_secs(60),
            at_once: 100,
            per: Duration::from_secs(60),
            penalty: Duration::from_secs(60),
        }
    }
}

/// The response time of one request.
#[derive(Debug, Clone, Copy)]
struct Busy {
    at_ms: i64,
    length_ms: i64,
    endpoint: Endpoint,
}

/// What one caller did lately.
#[derive(Debug, Default)]
pub(crate) struct Secondary {
    asked: VecDeque<(i64, Endpoint)>,
    busy: VecDeque<Busy>,
    limited_until_ms: Option<i64>,
}

impl Secondary {
    /// Counts a request; `Some` is a refusal with the milliseconds to wait.
    ///
    /// `at_once` includes the request itself. A caller who is refused is refused everywhere.
    pub(crate) fn check(
        &mut self,
        limits: &SecondaryLimits,
        endpoint: Endpoint,
        at_once: usize,
        now_ms: i64,
    ) -> Option<i64> {
        let penalty_ms = millis(limits.penalty);
        let since_ms = now_ms - millis(limits.per);
        self.asked.retain(|(at_ms, _)| *at_ms > since_ms);
        self.busy.retain(|busy| busy.at_ms > since_ms);

        let still_limited = self.limited_until_ms.is_some_and(|until| now_ms < until);
        let points = self.asked.iter().filter(|(_, asked)| *asked == endpoint).count();
        let most_points = match endpoint {
            Endpoint::Rest => limits.points,
            Endpoint::Graphql => limits.graphql_points,
        };
        let busy_ms: i64 = self.busy.iter().map(|busy| busy.length_ms).sum();
        let of_graphql = self.busy.iter().filter(|busy| busy.endpoint == Endpoint::Graphql);
        let graphql_ms: i64 = of_graphql.map(|busy| busy.length_ms).sum();
        let is_graphql_busy =
            endpoint == Endpoint::Graphql && graphql_ms >= millis(limits.graphql_busy);
        let too_much = points >= most_points
            || busy_ms >= millis(limits.busy)
            || is_graphql_busy
            || at_once > limits.at_once;
        if still_limited || too_much {
            self.limited_until_ms = Some(now_ms + penalty_ms);
            return Some(penalty_ms);
        }
        self.asked.push_back((now_ms, endpoint));
        None
    }

    /// Adds the response time of an answered request.
    pub(crate) fn add_busy(&mut self, endpoint: Endpoint, length_ms: i64, now_ms: i64) {
        self.busy.push_back(Busy { at_ms: now_ms, length_ms, endpoint });
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint::{Graphql, Rest};
    use super::*;

    #[test]
    fn refuses_after_the_points_and_longer_when_hammered() {
        let limits = SecondaryLimits { points: 2, ..SecondaryLimits::default() };
        let mut caller = Secondary::default();
        assert_eq!(caller.check(&limits, Rest, 1, 0), None);
        assert_eq!(caller.check(&limits, Rest, 1, 10), None);
        assert_eq!(caller.check(&limits, Rest, 1, 20), Some(60_000));
        assert_eq!(caller.check(&limits, Rest, 1, 50_000), Some(60_000));
        assert_eq!(caller.check(&limits, Rest, 1, 100_000), Some(60_000));
        assert_eq!(caller.check(&limits, Rest, 1, 160_000), None);
    }

    #[test]
    fn refuses_after_too_much_busy_time_and_too_many_at_once() {
        let limits = SecondaryLimits::default();
        let mut busy = Secondary::default();
        busy.add_busy(Rest, 89_999, 0);
        assert_eq!(busy.check(&limits, Rest, 1, 1), None);
        busy.add_busy(Rest, 1, 2);
        assert!(busy.check(&limits, Rest, 1, 3).is_some());

        let mut crowd = Secondary::default();
        assert_eq!(crowd.check(&limits, Rest, 100, 0), None);
        assert!(crowd.check(&limits, Rest, 101, 0).is_some());
    }

    #[test]
    fn both_halves_have_their_points_and_share_their_time() {
        let limits = SecondaryLimits { points: 1, graphql_points: 1, ..SecondaryLimits::default() };
        let mut caller = Secondary::default();
        assert_eq!(caller.check(&limits, Rest, 1, 0), None);
        assert_eq!(caller.check(&limits, Graphql, 1, 1), None);
        assert!(caller.check(&limits, Graphql, 1, 2).is_some());
        assert!(caller.check(&limits, Rest, 1, 60_001).is_some(), "refused everywhere");

        let limits = SecondaryLimits::default();
        let mut busy = Secondary::default();
        busy.add_busy(Graphql, 59_999, 0);
        assert_eq!(busy.check(&limits, Graphql, 1, 1), None);
        busy.add_busy(Graphql, 1, 2);
        assert_eq!(busy.check(&limits, Rest, 1, 3), None);
        busy.add_busy(Rest, 30_000, 4);
        assert!(busy.check(&limits, Rest, 1, 5).is_some());

        let mut busy = Secondary::default();
        busy.add_busy(Graphql, 60_000, 0);
        assert!(busy.check(&limits, Graphql, 1, 1).is_some());
    }
}

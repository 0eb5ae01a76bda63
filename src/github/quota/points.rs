//! When the next document may be sent to GraphQL: points, computing time, pauses.
//!
//! A document costs points of an hour's budget, whose state every answer tells; it is believed
//! over any formula. Beside that GitHub allows 60 seconds of computing in any 60 seconds, tells of
//! it nowhere, and says to estimate it by adding up response times. Requests sent one at a time
//! could only just exceed it; a little is left unused so that they never do.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::headers::LimitHeaders;
use super::refusals::{LONGEST_WAIT, Refusals};
use super::server_clock::ServerClock;
use super::{CAREFUL_GAP, Next, Why};

/// The time over which response times are added up.
const BUSY_WINDOW: Duration = Duration::from_secs(60);

/// What they may add up to: a little less than GitHub's 60 seconds.
const BUSY_BUDGET: Duration = Duration::from_secs(57);

/// The time between two documents right after a pause that GitHub asked for.
const GAP_AFTER_PAUSE: Duration = Duration::from_secs(8);

/// By how much that time shrinks with each answer, down to the careful gap.
const GAP_STEP: Duration = Duration::from_secs(1);

/// How far away the end of a window can be: an hour, and a second of rounding.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_602);

/// What an answer says of the points, in its body or its head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::github) struct Points {
    /// What the document cost.
    pub(in crate::github) cost: Option<u64>,
    /// What is left of the hour's budget.
    pub(in crate::github) remaining: Option<u64>,
    /// When the hour ends, in epoch seconds by the server's clock.
    pub(in crate::github) reset_s: Option<i64>,
}

/// Paces the documents of one run, which are sent one at a time.
///
/// Each [`sent`](Self::sent) is followed by exactly one of the other notes. Times are as for
/// [`Pacer`](super::Pacer).
#[derive(Clone, Debug)]
pub(in crate::github) struct PointsPacer {
    /// The least time between two documents that the user wants.
    gap: Duration,
    /// The least time between two documents that a pause has left behind.
    careful_gap: Duration,
    last_sent: Option<Duration>,
    /// When answers came, and how long they took.
    busy: VecDeque<(Duration, Duration)>,
    /// What is left of the hour's points, and when the hour is surely over.
    window: Option<(u64, Duration)>,
    /// What the last document cost.
    cost: u64,
    refusals: Refusals,
    clock: ServerClock,
}

impl PointsPacer {
    /// Makes the pacer of a run; `minimum_gap` is the least time from one document to the next, an
    /// hour is the longest.
    pub(in crate::github) fn new(minimum_gap: Duration) -> Self {
        Self {
            gap: minimum_gap.min(LONGEST_WAIT),
            careful_gap: Duration::ZERO,
            last_sent: None,
            busy: VecDeque::new(),
            window: None,
            cost: 1,
            refusals: Refusals::default(),
            clock: ServerClock::default(),
        }
    }

    /// Tells when the next document may be sent.
    pub(in crate::github) fn next_document(&self, now: Duration) -> Next {
        if let Some(pause) = self.refusals.next(now) {
            return pause;
        }
        let gap = self.gap.max(self.careful_gap);
        let gap = self.last_sent.map(|sent| (sent.saturating_add(gap), Why::Gap));
        let busy = Some((self.busy_time_allows(now), Why::BusyTime));
        let used_up = self.window.filter(|(remaining, _)| *remaining < self.cost.max(1));
        let points = used_up.map(|(_, ends_at)| (ends_at, Why::Points));
        let latest = [gap, busy, points].into_iter().flatten().max_by_key(|(at, _)| *at);
        match latest {
            Some((at, why)) if now < at => Next::At { at, why },
            _ => Next::Now,
        }
    }

    /// Notes that a document is on its way.
    pub(in crate::github) fn sent(&mut self, now: Duration) {
        self.last_sent = Some(now);
    }

    /// Takes in a good answer.
    pub(in crate::github) fn answered(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
        points: Points,
    ) {
        self.learn(now, local_at, headers, points);
        self.refusals.end();
        if !self.careful_gap.is_zero() {
            self.careful_gap = self.careful_gap.saturating_sub(GAP_STEP).max(CAREFUL_GAP);
        }
    }

    /// Takes in that a document came to nothing; the headers are empty if there was no answer. It
    /// counts as spent points, and a `retry-after` is kept to.
    pub(in crate::github) fn failed(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers, Points::default());
        self.refusals.note_trouble(now, headers);
        if let Some((remaining, _)) = self.window.as_mut().filter(|_| headers.remaining.is_none()) {
            // It has cost something, and more than that if it took too long.
            *remaining = remaining.saturating_sub(self.cost);
        }
    }

    /// Takes in that the points were used up.
    pub(in crate::github) fn refused_primary(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers, Points::default());
        let end = self.window_end(now, local_at, headers.reset_s);
        self.refusals.note_primary(now, headers, end);
    }

    /// Takes in that a secondary limit was hit; from then on more time is left between documents.
    pub(in crate::github) fn refused_secondary(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers, Points::default());
        self.careful_gap = GAP_AFTER_PAUSE;
        let reset = self.clock.reset_at(now, local_at, headers);
        self.refusals.note_secondary(now, headers, reset);
    }

    /// Returns how often in a row a secondary limit was hit, without a good answer in between.
    pub(in crate::github) fn secondary_in_a_row(&self) -> u32 {
        self.refusals.secondary_in_a_row()
    }

    /// Returns when response times leave room for one as long as the last.
    fn busy_time_allows(&self, now: Duration) -> Duration {
        let still_counts = |(end, _): &&(Duration, Duration)| now < *end + BUSY_WINDOW;
        let expected = self.busy.back().map_or(Duration::ZERO, |(_, length)| *length);
        let counted: Vec<_> = self.busy.iter().filter(still_counts).collect();
        let mut sum: Duration = counted.iter().map(|(_, length)| *length).sum();
        let mut allowed_at = now;
        for (end, length) in counted {
            if sum + expected <= BUSY_BUDGET {
                break;
            }
            sum = sum.saturating_sub(*length);
            allowed_at = *end + BUSY_WINDOW;
        }
        allowed_at
    }

    fn learn(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
        points: Points,
    ) {
        let sent = self.last_sent.unwrap_or(now);
        self.busy.retain(|(end, _)| now < *end + BUSY_WINDOW);
        self.busy.push_back((now, now.saturating_sub(sent)));
        if let Some(date_s) = headers.date_s {
            self.clock.learn(sent, now, date_s);
        }
        if let Some(cost) = points.cost.filter(|cost| *cost > 0) {
            self.cost = cost;
        }
        let is_ours = headers.resource.as_deref().is_none_or(|name| name.trim() == "graphql");
        let told = |value: Option<u64>| value.filter(|_| is_ours);
        let Some(remaining) = points.remaining.or(told(headers.remaining)) else { return };
        let reset_s = points.reset_s.or(headers.reset_s.filter(|_| is_ours));
        self.window = self.window_end(now, local_at, reset_s).map(|end| (remaining, end));
    }

    /// Returns when the hour is surely over; `None` if that is not told or cannot be.
    fn window_end(
        &self,
        now: Duration,
        local_at: DateTime<Utc>,
        reset_s: Option<i64>,
    ) -> Option<Duration> {
        let told = LimitHeaders { reset_s, ..LimitHeaders::default() };
        let end = self.clock.reset_at(now, local_at, &told)?;
        let possible = self.last_sent? < end && end <= now.saturating_add(LONGEST_WINDOW);
        possible.then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + i64::try_from(seconds).expect("a time"), 0)
            .expect("a moment")
    }

    fn exchange(pacer: &mut PointsPacer, sent: u64, took: u64, points: Points) {
        pacer.sent(s(sent));
        let headers = LimitHeaders::default();
        pacer.answered(s(sent + took), at(sent + took), &headers, points);
    }

    #[test]
    fn trouble_is_waited_for_as_asked_and_refusals_in_a_row_are_counted() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        pacer.sent(s(0));
        let asked = LimitHeaders { retry_after_s: Some(90), ..LimitHeaders::default() };
        pacer.failed(s(1), at(1), &asked);
        assert_eq!(pacer.next_document(s(2)), Next::At { at: s(91), why: Why::Asked });
        for times in 1..=2 {
            pacer.refused_secondary(s(100), at(100), &LimitHeaders::default());
            assert_eq!(pacer.secondary_in_a_row(), times);
        }
        exchange(&mut pacer, 400, 1, Points::default());
        assert_eq!(pacer.secondary_in_a_row(), 0);
    }

    #[test]
    fn documents_follow_each_other_within_their_computing_time() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        let mut now = 0;
        for _ in 0..19 {
            assert_eq!(pacer.next_document(s(now)), Next::Now, "after {now} s");
            exchange(&mut pacer, now, 3, Points::default());
            now += 3;
        }
        // 57 seconds are used; the next three are free when the first three lie a minute back.
        assert_eq!(pacer.next_document(s(57)), Next::At { at: s(63), why: Why::BusyTime });
        assert_eq!(pacer.next_document(s(63)), Next::Now);
    }

    #[test]
    fn a_document_longer_than_the_budget_is_sent_alone() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        exchange(&mut pacer, 0, 58, Points::default());
        assert_eq!(pacer.next_document(s(58)), Next::At { at: s(118), why: Why::BusyTime });
        assert_eq!(pacer.next_document(s(118)), Next::Now);
    }

    #[test]
    fn points_are_waited_for_only_when_they_are_used_up() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        let told = |cost, remaining| Points {
            cost: Some(cost),
            remaining: Some(remaining),
            reset_s: Some(1_000_600),
        };
        exchange(&mut pacer, 0, 1, told(2, 2));
        assert_eq!(pacer.next_document(s(1)), Next::Now);
        exchange(&mut pacer, 1, 1, told(2, 1));
        assert_eq!(pacer.next_document(s(2)), Next::At { at: s(601), why: Why::Points });
        assert_eq!(pacer.next_document(s(601)), Next::Now);
        // An end that was over before, or lies days ahead, is not believed.
        for reset_s in [999_000, 1_100_000] {
            let told = Points { reset_s: Some(reset_s), ..told(1, 0) };
            exchange(&mut pacer, 601, 1, told);
            assert_eq!(pacer.next_document(s(602)), Next::Now, "{reset_s}");
        }
    }

    #[test]
    fn after_a_pause_the_gap_shrinks_step_by_step() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        pacer.sent(s(0));
        let headers = LimitHeaders { retry_after_s: Some(30), ..LimitHeaders::default() };
        pacer.refused_secondary(s(1), at(1), &headers);
        assert_eq!(pacer.next_document(s(1)), Next::At { at: s(31), why: Why::SecondaryLimit });
        let mut now = 31;
        let mut gaps = Vec::new();
        for _ in 0..8 {
            exchange(&mut pacer, now, 0, Points::default());
            let Next::At { at, why: Why::Gap } = pacer.next_document(s(now)) else {
                panic!("no gap");
            };
            gaps.push(at.as_secs() - now);
            now = at.as_secs();
        }
        assert_eq!(gaps, [7, 6, 5, 4, 3, 2, 2, 2]);
    }

    #[test]
    fn headers_of_another_bucket_say_nothing_of_points() {
        let mut pacer = PointsPacer::new(Duration::ZERO);
        let other = LimitHeaders {
            remaining: Some(0),
            reset_s: Some(1_000_060),
            resource: Some("core".into()),
            ..LimitHeaders::default()
        };
        pacer.sent(s(0));
        pacer.answered(s(1), at(1), &other, Points::default());
        assert_eq!(pacer.next_document(s(1)), Next::Now);
        let own = LimitHeaders { resource: Some("graphql".into()), ..other };
        pacer.sent(s(1));
        pacer.answered(s(2), at(2), &own, Points::default());
        assert_eq!(pacer.next_document(s(2)), Next::At { at: s(61), why: Why::Points });
    }
}

//! When the next search request may be sent, so that GitHub has no reason to refuse it.
//!
//! Here lives what GitHub says about its limits (headers, refusals) and what follows for the next
//! request, as values. Nothing here waits, sends, or reads a clock: every time is a parameter.
//! Which answer is a refusal, and whether a query is asked again at all, is decided elsewhere.
//!
//! GitHub counts searches in fixed windows that open with the first call. What an answer says of
//! its window is believed, for another program of the same user may draw on the same quota; only
//! requests that no answer has accounted for yet are counted here. Whatever is missing or cannot
//! be true is passed over, and without anything usable the own count paces alone.
//!
//! Where it fails: another program shows only in our own answers, so one request in a window can
//! be refused. And a monotonic clock that stands still while the machine sleeps makes a wait
//! longer than needed, never shorter.

mod headers;
mod points;
mod refusals;
mod server_clock;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub(super) use headers::LimitHeaders;
pub(super) use points::{Points, PointsPacer};

use headers::HIGHEST_LIMIT;
use refusals::{LONGEST_WAIT, Refusals};
use server_clock::ServerClock;

/// How long a window lasts, from its first request.
const WINDOW: Duration = Duration::from_secs(60);

/// How far past its end a window may seem to last, for its end is told in whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// The least time between two requests once a secondary limit was hit.
pub(super) const CAREFUL_GAP: Duration = Duration::from_secs(2);

/// Whether a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It may be sent now.
    Now,
    /// It may not be sent before a time later than now; then is the moment to ask again.
    At {
        /// The time, on the monotonic clock.
        at: Duration,
        /// The reason.
        why: Why,
    },
}

/// Why a request has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The least time between two requests: the user's, or that after a secondary limit.
    Gap,
    /// The requests are spread over the window.
    Spread,
    /// The window has nothing left.
    Window,
    /// The hour's points are used up.
    Points,
    /// The time that answers may take within a minute is used up.
    BusyTime,
    /// GitHub refused a request because the window had nothing left.
    PrimaryLimit,
    /// GitHub was in trouble, and said when to come back.
    Asked,
    /// GitHub refused a request because of one of its secondary limits.
    SecondaryLimit,
}

impl Why {
    /// Tells whether the wait is part of the plan; any other follows a limit that was hit.
    #[must_use]
    pub(super) fn is_planned(self) -> bool {
        match self {
            Self::Gap | Self::Spread | Self::Window | Self::BusyTime => true,
            Self::Points | Self::PrimaryLimit | Self::Asked | Self::SecondaryLimit => false,
        }
    }
}

/// Paces the requests of one run, which are sent one at a time.
///
/// Each [`sent`](Self::sent) is followed by exactly one of [`answered`](Self::answered),
/// [`failed`](Self::failed), [`refused_primary`](Self::refused_primary) and
/// [`refused_secondary`](Self::refused_secondary). `now` is always the monotonic time, `local_at`
/// the local clock at that time, cut to whole seconds; it only serves as long as no answer had a
/// `date`.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    /// Requests that a window allows.
    limit: u64,
    /// The least time between two requests.
    gap: Duration,
    /// What the last answer that told of a window said; it may be over by now.
    window: Option<Window>,
    /// When the server had surely received those requests that no answer accounts for.
    unaccounted: VecDeque<Duration>,
    last_sent: Option<Duration>,
    refusals: Refusals,
    clock: ServerClock,
}

/// GitHub's window, as an answer told of it.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// What was left of it then.
    remaining: u64,
    /// When it is surely over, on the monotonic clock.
    ends_at: Duration,
}

impl Pacer {
    /// Makes the pacer of a run. `default_limit` is how many requests a window allows as long as
    /// no answer says so: 30 with a token, 10 without. `minimum_gap` is the least time from one
    /// request to the next; an hour is the longest.
    #[must_use]
    pub(super) fn new(default_limit: u64, minimum_gap: Duration) -> Self {
        Self {
            limit: default_limit.clamp(1, HIGHEST_LIMIT),
            gap: minimum_gap.min(LONGEST_WAIT),
            window: None,
            unaccounted: VecDeque::new(),
            last_sent: None,
            refusals: Refusals::default(),
            clock: ServerClock::default(),
        }
    }

    /// Tells when the next request may be sent. `still_to_ask` counts it and those that are sure
    /// to follow.
    ///
    /// What needs no more than two windows goes out one right after the other; more is spread
    /// evenly over what the window has left. A wait is never longer than an hour. Of several
    /// reasons to wait, a refusal goes first, then the one that lasts longest.
    #[must_use]
    pub(super) fn next_request(&self, now: Duration, still_to_ask: usize) -> Next {
        if let Some(pause) = self.refusals.next(now) {
            return pause;
        }
        let gap = self.last_sent.map(|sent| (sent.saturating_add(self.gap), Why::Gap));
        let quota = self.quota_allows(now, u64::try_from(still_to_ask).unwrap_or(u64::MAX));
        let latest = [gap, quota].into_iter().flatten().max_by_key(|(at, _)| *at);
        match latest {
            Some((at, why)) if now < at => Next::At { at, why },
            _ => Next::Now,
        }
    }

    /// Notes that a request is on its way; it counts until an answer accounts for it.
    pub(super) fn sent(&mut self, now: Duration) {
        self.unaccounted.retain(|received| now < received.saturating_add(WINDOW));
        self.unaccounted.push_back(now);
        self.last_sent = Some(now);
    }

    /// Takes in an answer that shows that GitHub lets us in: a good one, or one that only finds
    /// fault with the query.
    pub(super) fn answered(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers);
        self.refusals.end();
    }

    /// Takes in that a request came to nothing, by an error of the server or without any answer;
    /// the headers are empty then. A `retry-after` is kept to.
    pub(super) fn failed(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers);
        self.refusals.note_trouble(now, headers);
    }

    /// Takes in that the window had nothing left, and pauses until it is over; see
    /// [`Refusals::note_primary`].
    pub(super) fn refused_primary(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers);
        let opened_before_sending = |end: &Duration| self.last_sent.is_none_or(|sent| sent < *end);
        let end = self.reset_at(now, local_at, headers).filter(opened_before_sending);
        self.refusals.note_primary(now, headers, end);
    }

    /// Takes in that a secondary limit was hit: pauses as [`Refusals::note_secondary`] says, and
    /// from then on leaves two seconds between requests.
    pub(super) fn refused_secondary(
        &mut self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) {
        self.learn(now, local_at, headers);
        self.gap = self.gap.max(CAREFUL_GAP);
        let reset = self.reset_at(now, local_at, headers);
        self.refusals.note_secondary(now, headers, reset);
    }

    /// Returns how often in a row a secondary limit was hit, without a good answer in between.
    #[must_use]
    pub(super) fn secondary_in_a_row(&self) -> u32 {
        self.refusals.secondary_in_a_row()
    }

    /// Returns when the quota allows a request, and what it waits for; `None` means at once.
    fn quota_allows(&self, now: Duration, still_to_ask: u64) -> Option<(Duration, Why)> {
        let last_sent = self.last_sent?;
        let window = self.running_window(now);
        let left = self.left(now);
        if left == 0 {
            let at = window.map_or_else(|| self.own_count_allows(), |window| window.ends_at);
            return Some((at, Why::Window));
        }
        if still_to_ask <= left.saturating_add(self.limit) {
            return None;
        }
        let share = match window {
            // The first request of the next window takes a share too.
            Some(window) => divide(window.ends_at.saturating_sub(last_sent), left + 1),
            None if self.own_count(now) > 0 => divide(WINDOW, self.limit),
            None => return None,
        };
        Some((last_sent.saturating_add(share), Why::Spread))
    }

    /// Returns how many requests may still be sent in this window; in a new one, if none runs.
    fn left(&self, now: Duration) -> u64 {
        let left = self.running_window(now).map_or(self.limit, |window| window.remaining);
        left.saturating_sub(self.own_count(now))
    }

    fn running_window(&self, now: Duration) -> Option<Window> {
        self.window.filter(|window| now < window.ends_at)
    }

    /// Returns how many requests that no answer accounts for may lie in a window that is open now.
    fn own_count(&self, now: Duration) -> u64 {
        let may_count = |received: &&Duration| now < received.saturating_add(WINDOW);
        self.unaccounted.iter().filter(may_count).map(|_| 1).sum()
    }

    /// Returns when so many of the counted requests lie a window back that one more is allowed.
    ///
    /// No window of GitHub's, whenever it opens, then holds more requests than the limit.
    fn own_count_allows(&self) -> Duration {
        let nth_last = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(1);
        let received = self.unaccounted.iter().rev().nth(nth_last).copied().unwrap_or_default();
        received.saturating_add(WINDOW)
    }

    /// Takes in what any answer says, whatever became of the request.
    fn learn(&mut self, now: Duration, local_at: DateTime<Utc>, headers: &LimitHeaders) {
        if let Some(received) = self.unaccounted.back_mut() {
            *received = now;
        }
        if let Some(date_s) = headers.date_s {
            self.clock.learn(self.last_sent.unwrap_or(now), now, date_s);
        }
        if headers.are_about_searches() {
            self.learn_window(now, self.window_end(now, local_at, headers), headers);
        }
    }

    fn learn_window(&mut self, now: Duration, end: Option<Duration>, headers: &LimitHeaders) {
        let running = self.running_window(now);
        let Some((limit, remaining)) = headers.quota(self.limit) else {
            let remaining = running.map_or(self.limit, |window| window.remaining);
            self.window = end.map(|ends_at| Window { remaining, ends_at }).or(self.window);
            return;
        };
        // More left than there can be means that a new window has opened.
        let same = running.filter(|_| remaining <= self.left(now));
        let latest_end = || same.map_or(now.saturating_add(WINDOW), |window| window.ends_at);
        let ends_at = end.unwrap_or_else(latest_end);
        self.limit = limit;
        self.window = Some(Window { remaining, ends_at });
        self.unaccounted.clear();
    }

    /// Returns when the answer's window is surely over; `None` if the answer does not say, or says
    /// what cannot be: that it was over before the request was sent, or lasts longer than a window.
    fn window_end(
        &self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) -> Option<Duration> {
        let end = self.reset_at(now, local_at, headers)?;
        let latest = now.saturating_add(WINDOW + ROUNDING);
        (self.last_sent? < end && end <= latest).then_some(end)
    }

    /// Returns when the told reset has surely come, a second later because it was rounded down;
    /// `None` if none is told. It may lie anywhere.
    fn reset_at(
        &self,
        now: Duration,
        local_at: DateTime<Utc>,
        headers: &LimitHeaders,
    ) -> Option<Duration> {
        self.clock.reset_at(now, local_at, headers)
    }
}

fn divide(time: Duration, parts: u64) -> Duration {
    time / u32::try_from(parts).unwrap_or(u32::MAX).max(1)
}

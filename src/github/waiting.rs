//! Waiting within bounds, and telling of it: what sources that ask GitHub share.
//!
//! When to wait and for how long is decided in `quota`; here it is announced, added up, and ended
//! by a signal.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::pause::{Limited, Pause};
use super::quota::{CAREFUL_GAP, LimitHeaders, Next, Why};
use super::rest::rate_of;
use super::wire::Head;
use super::{Bound, SourceError};
use crate::clock::Clock;
use crate::domain::recording::RateHeaders;
use crate::platform::Stop;

/// How long waiting may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One request, from its start to the last byte.
    pub request: Duration,
    /// All unplanned waiting of a run: limits hit, retries, outages.
    pub unplanned: Duration,
    /// The whole run; `None` for as long as it takes.
    pub whole: Option<Duration>,
    /// The least time from one request to the next.
    pub gap: Duration,
}

/// What a source tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It waits.
    Waiting {
        /// Until when, in UTC.
        until: DateTime<Utc>,
        /// How long.
        length: Duration,
        /// The reason, in words.
        why: &'static str,
    },
    /// A request is sent.
    Sent {
        /// What it asks: a query, or how many of them.
        asks: String,
    },
    /// A request failed, or something was wrong with its answer; for people, never for a file.
    Trouble {
        /// What was asked: a query, or how many of them.
        asks: String,
        /// Our word for it.
        detail: String,
        /// What GitHub, or the layer that failed, said; may be empty.
        said: String,
    },
    /// GitHub wants nothing of that kind from us for a while; told before it is waited for.
    Limited {
        /// What it is about.
        limited: Limited,
        /// When it is over, in UTC.
        until: DateTime<Utc>,
    },
    /// An answer told its bucket.
    Quota(RateHeaders),
    /// The token ends at that moment.
    TokenExpires(DateTime<Utc>),
}

/// The longest absence that a run waits out when GitHub asks for one.
const LONGEST_BAN: Duration = Duration::from_secs(3600);
/// The longest absence that is named exactly.
const LONGEST_NAMED: Duration = Duration::from_secs(366 * 24 * 3600);
/// The pause when query after query failed because GitHub, or the way there, is in trouble.
const OUTAGE_PAUSE: Duration = Duration::from_secs(30);
/// The longest of these pauses, each twice as long as the one before.
const LONGEST_OUTAGE_PAUSE: Duration = Duration::from_secs(600);

/// The waiting of one run.
pub(super) struct Waiting<'c> {
    clock: &'c dyn Clock,
    patience: Patience,
    started: Duration,
    unplanned: Duration,
    told_expiry: bool,
    last_trouble: Option<String>,
    /// How many queries failed by trouble of the server, one after the other.
    failed_in_a_row: u32,
    /// The pauses that GitHub asked for before this run.
    pauses: Vec<Pause>,
    /// The least time between two requests of whatever kind: the user's, or that after a secondary
    /// limit.
    gap: Duration,
    last_sent: Option<Duration>,
    /// The pause of everything that GitHub asked for last in this run, over whichever API.
    pause: Option<(Duration, Why)>,
    tell: Box<dyn FnMut(Notice) + 'c>,
}

impl<'c> Waiting<'c> {
    /// Starts to count; `tell` hears of waits and troubles.
    pub(super) fn new(
        patience: Patience,
        pauses: Vec<Pause>,
        clock: &'c dyn Clock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Self {
        Self {
            pauses,
            gap: patience.gap,
            last_sent: None,
            pause: None,
            clock,
            patience,
            started: clock.monotonic(),
            unplanned: Duration::ZERO,
            told_expiry: false,
            last_trouble: None,
            failed_in_a_row: 0,
            tell: Box::new(tell),
        }
    }

    /// Returns the monotonic time.
    pub(super) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Returns the moment in UTC.
    pub(super) fn now_utc(&self) -> DateTime<Utc> {
        self.clock.now_utc()
    }

    /// Returns the last trouble, in words for people.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last_trouble.clone()
    }

    /// Notes and tells that a request goes out.
    pub(super) fn note_sent(&mut self, asks: &str) {
        self.last_sent = Some(self.now());
        (self.tell)(Notice::Sent { asks: asks.to_owned() });
    }

    /// Tells what the head of an answer says of its bucket and, once, of the token's end.
    pub(super) fn tell_head(&mut self, head: &Head) {
        if let Some(rate) = rate_of(&head.limits) {
            (self.tell)(Notice::Quota(rate));
        }
        if let Some(at) = head.token_expires_at.filter(|_| !self.told_expiry) {
            self.told_expiry = true;
            (self.tell)(Notice::TokenExpires(at));
        }
    }

    /// Tells of a trouble; `said` must be free of tokens.
    pub(super) fn trouble(&mut self, asks: &str, detail: &str, said: String) {
        let words = if said.is_empty() { String::new() } else { format!(", {said}") };
        self.last_trouble = Some(format!("`{asks}`: {detail}{words}"));
        let (asks, detail) = (asks.to_owned(), detail.to_owned());
        (self.tell)(Notice::Trouble { asks, detail, said });
    }

    /// Takes in that GitHub answered.
    pub(super) fn note_answer(&mut self) {
        self.last_trouble = None;
        self.failed_in_a_row = 0;
    }

    /// Takes in that a query was given up because of trouble that others will have as well.
    pub(super) fn note_failure(&mut self) {
        self.failed_in_a_row = self.failed_in_a_row.saturating_add(1);
    }

    /// Adds time that an answer which never came has taken.
    pub(super) fn spend(&mut self, length: Duration) {
        self.unplanned += length;
    }

    /// Waits until the next request of that kind may be sent, as `next` says when asked with the
    /// time.
    pub(super) async fn wait_for_turn(
        &mut self,
        kind: Limited,
        next: impl Fn(Duration) -> Next,
        stop: &mut Stop,
    ) -> Result<(), SourceError> {
        self.keep_earlier_pauses(kind, stop).await?;
        let gap = self.last_sent.map(|sent| (sent.saturating_add(self.gap), Why::Gap));
        // What one API asked for is kept with the other too.
        let latest = [gap, self.pause].into_iter().flatten().max_by_key(|(at, _)| *at);
        let next = |now| match (next(now), latest) {
            (Next::Now, Some((at, why))) if now < at => Next::At { at, why },
            (next, _) => next,
        };
        loop {
            let now = self.now();
            match next(now) {
                Next::Now => return self.expect_time_left(now),
                Next::At { at, why } => {
                    let length = at.saturating_sub(now).max(Duration::from_millis(1));
                    self.wait(length, words_of(why), why.is_planned(), stop).await?;
                }
            }
        }
    }

    /// Waits until the pauses are over that GitHub asked for before this run.
    async fn keep_earlier_pauses(
        &mut self,
        kind: Limited,
        stop: &mut Stop,
    ) -> Result<(), SourceError> {
        let concerns = |pause: &&Pause| pause.limited == Limited::All || pause.limited == kind;
        let latest = self.pauses.iter().filter(concerns).max_by_key(|pause| pause.until).cloned();
        let Some(pause) = latest else { return Ok(()) };
        self.pauses.retain(|pause| !concerns(&pause));
        let why = match pause.limited {
            Limited::All => Why::SecondaryLimit,
            Limited::Rest => Why::PrimaryLimit,
            Limited::Graphql => Why::Points,
        };
        let length = (pause.until - self.now_utc()).to_std().unwrap_or_default();
        if length.is_zero() {
            return Ok(());
        }
        self.wait(length, words_of(why), false, stop).await
    }

    /// Waits when query after query failed: asking on would only use them up.
    pub(super) async fn wait_out_outage(&mut self, stop: &mut Stop) -> Result<(), SourceError> {
        let Some(doublings) = self.failed_in_a_row.checked_sub(2) else { return Ok(()) };
        let pause = OUTAGE_PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_OUTAGE_PAUSE);
        self.wait(pause, "because GitHub does not answer", false, stop).await
    }

    /// Waits, if patience allows for it.
    pub(super) async fn wait(
        &mut self,
        length: Duration,
        why: &'static str,
        is_planned: bool,
        stop: &mut Stop,
    ) -> Result<(), SourceError> {
        let until = self.now_utc() + length;
        let trouble = self.last_trouble();
        let too_long = |bound| SourceError::TooLong { until, why, bound, trouble };
        if !is_planned {
            if self.unplanned + length > self.patience.unplanned {
                return Err(too_long(Bound::Unplanned));
            }
            self.unplanned += length;
        }
        let ends = self.now() + length;
        if self.patience.whole.is_some_and(|whole| ends > self.started + whole) {
            return Err(too_long(Bound::Whole));
        }
        (self.tell)(Notice::Waiting { until, length, why });
        tokio::select! {
            signal = stop.wait() => Err(SourceError::Interrupted(signal)),
            () = self.clock.sleep(length) => Ok(()),
        }
    }

    /// Takes in that GitHub asked for a pause: `next` says when the next request may be sent. Tells
    /// so, whatever becomes of this run. After a secondary limit more time is left between
    /// requests, for the rest of the run.
    ///
    /// # Errors
    ///
    /// GitHub may ask for a longer absence than a run should wait; coming back earlier is no
    /// choice.
    pub(super) fn note_pause(
        &mut self,
        limited: Limited,
        next: Next,
        headers: &LimitHeaders,
    ) -> Result<(), SourceError> {
        if limited == Limited::All {
            self.gap = self.gap.max(CAREFUL_GAP);
            if let Next::At { at, why } = next {
                let longer = self.pause.filter(|(until, _)| *until > at);
                self.pause = longer.or(Some((at, why)));
            }
        }
        let ban = headers.retry_after_s.map(Duration::from_secs);
        let ban = ban.filter(|ban| *ban > LONGEST_BAN).map(|ban| ban.min(LONGEST_NAMED));
        let length = match (ban, next) {
            (Some(ban), _) => ban,
            (None, Next::At { at, .. }) => at.saturating_sub(self.now()),
            (None, Next::Now) => return Ok(()),
        };
        let until = self.now_utc() + length;
        (self.tell)(Notice::Limited { limited, until });
        if ban.is_none() {
            return Ok(());
        }
        Err(SourceError::TooLong {
            until,
            why: words_of(Why::SecondaryLimit),
            bound: Bound::Unplanned,
            trouble: self.last_trouble(),
        })
    }

    /// Fails once the whole run has taken as long as it may.
    fn expect_time_left(&self, now: Duration) -> Result<(), SourceError> {
        if self.patience.whole.is_none_or(|whole| now <= self.started + whole) {
            return Ok(());
        }
        let (until, trouble) = (self.now_utc(), self.last_trouble());
        Err(SourceError::TooLong { until, why: "to go on", bound: Bound::Whole, trouble })
    }
}

/// Returns the pause that an answer asks for before the same is sent again.
pub(super) fn named_pause(headers: &LimitHeaders) -> Duration {
    headers.retry_after_s.map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_NAMED)
}

/// Returns about that time, a quarter more or less, so that many clients do not come back in step.
pub(super) fn scattered(length: Duration) -> Duration {
    length.mul_f64(0.75 + fastrand::f64() / 2.0)
}

fn words_of(why: Why) -> &'static str {
    match why {
        Why::Gap => "to leave time between requests",
        Why::Spread => "to spread requests over GitHub's window",
        Why::Window => "for GitHub's next window",
        Why::Points => "because GitHub's points are used up",
        Why::BusyTime => "to leave GitHub time between documents",
        Why::PrimaryLimit => "because GitHub's limit is used up",
        Why::Asked => "because GitHub asks for a pause",
        Why::SecondaryLimit => "because GitHub asks for a pause (secondary limit)",
    }
}

#[cfg(test)]
mod tests;

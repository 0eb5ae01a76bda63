//! What follows from being refused: a time in which nothing may be sent.

use std::time::Duration;

use super::headers::LimitHeaders;
use super::{Next, Why};

/// The longest wait, whatever an answer says.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The first pause after a refusal for which GitHub names no time.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// The refusals so far, and the pause that they led to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refusals {
    pause: Option<Pause>,
    primary_in_a_row: u32,
    secondary_in_a_row: u32,
}

/// A time in which nothing may be sent, because a request was refused.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Duration,
    why: Why,
}

impl Refusals {
    /// Returns what to wait for, if the pause lasts.
    pub(super) fn next(&self, now: Duration) -> Option<Next> {
        let pause = self.pause.filter(|pause| now < pause.until)?;
        Some(Next::At { at: pause.until, why: pause.why })
    }

    /// Takes in that GitHub lets us in.
    pub(super) fn end(&mut self) {
        self.primary_in_a_row = 0;
        self.secondary_in_a_row = 0;
    }

    /// Returns how often in a row a secondary limit was hit.
    pub(super) fn secondary_in_a_row(&self) -> u32 {
        self.secondary_in_a_row
    }

    /// Takes in that the window had nothing left; `end` is the window's, if it can be believed.
    ///
    /// `retry-after` counts, else the end. Where neither can be used, and at the second refusal in a
    /// row, the pause lasts at least a minute, for what was wrong once would be wrong again.
    pub(super) fn note_primary(
        &mut self,
        now: Duration,
        headers: &LimitHeaders,
        end: Option<Duration>,
    ) {
        self.primary_in_a_row = self.primary_in_a_row.saturating_add(1);
        let is_told = end.is_some() || headers.retry_after().is_some();
        let least =
            if is_told && self.primary_in_a_row == 1 { Duration::ZERO } else { FIRST_PAUSE };
        let by_end = || end.map_or(least, |end| end.saturating_sub(now));
        let wait = headers.retry_after().unwrap_or_else(by_end).max(least);
        self.pause_for(now, wait, Why::PrimaryLimit);
    }

    /// Takes in that a secondary limit was hit; `reset` is the told end of the window.
    ///
    /// The pause is `retry-after`, else until the reset if nothing is left, else a minute, twice
    /// as long each time in a row.
    pub(super) fn note_secondary(
        &mut self,
        now: Duration,
        headers: &LimitHeaders,
        reset: Option<Duration>,
    ) {
        let doublings = self.secondary_in_a_row.min(31);
        self.secondary_in_a_row = self.secondary_in_a_row.saturating_add(1);
        let until_reset = || {
            let nothing_left = headers.remaining == Some(0);
            let end = reset.filter(|_| nothing_left)?;
            Some(end.saturating_sub(now)).filter(|wait| !wait.is_zero())
        };
        let growing = || FIRST_PAUSE.saturating_mul(1 << doublings);
        let wait = headers.retry_after().or_else(until_reset).unwrap_or_else(growing);
        self.pause_for(now, wait, Why::SecondaryLimit);
    }

    /// Takes in that GitHub was in trouble; it may have said when to come back.
    pub(super) fn note_trouble(&mut self, now: Duration, headers: &LimitHeaders) {
        if let Some(wait) = headers.retry_after() {
            self.pause_for(now, wait, Why::Asked);
        }
    }

    fn pause_for(&mut self, now: Duration, wait: Duration, why: Why) {
        let until = now.saturating_add(wait.min(LONGEST_WAIT));
        if self.pause.is_none_or(|pause| pause.until < until) {
            self.pause = Some(Pause { until, why });
        }
    }
}

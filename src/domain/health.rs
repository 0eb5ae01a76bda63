//! Whether runs come as they should: what the last ones did, what is due, and which periods of the
//! last time have none.
//!
//! All of it follows from a history's last runs, the schedule and the time, so that a collector that
//! died is noticed. Only what GitHub said beside its counts, [`Observed`], is known to a run alone.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::gaps::{Gap, GapFinder};
use super::period::{Period, Periods};
use super::run::{Progress, Run, RunId};
use super::sample::Outcome;

/// How many of the last periods are looked at for gaps, if nobody says since when.
pub const PERIODS_LOOKED_AT: u32 = 100;

/// How many gaps are told one by one.
const MOST_GAPS_TOLD: usize = 20;

/// What is told of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunState {
    /// The run.
    pub id: RunId,
    /// How far it got.
    pub progress: Progress,
    /// How many of its counts are only lower bounds.
    pub incomplete: usize,
}

impl RunState {
    /// Tells the state of a run.
    #[must_use]
    pub fn of(run: &Run, progress: Progress) -> Self {
        let is_bound = |outcome: &Outcome| matches!(outcome, Outcome::Incomplete(_));
        let answers = run.answers();
        let incomplete = answers.values().filter(|sample| is_bound(&sample.outcome)).count();
        Self { id: run.id, progress, incomplete }
    }

    /// Returns how many of the planned counts have no number.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.progress.planned.saturating_sub(self.progress.answered)
    }
}

/// What a history is held against.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The time.
    pub now: DateTime<Utc>,
    /// How periods are found; `None` where nothing is ever due.
    pub periods: Option<Periods>,
    /// How long after its due moment a period may lack a finished run.
    pub grace: Duration,
    /// Since when gaps are looked for; `None` for the last [`PERIODS_LOOKED_AT`] periods.
    pub since: Option<DateTime<Utc>>,
}

/// The health of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// When it was looked at.
    pub checked_at: DateTime<Utc>,
    /// The newest period whose grace is over; `None` where nothing is ever due.
    pub due: Option<Due>,
    /// When the next period begins.
    pub next_due_at: Option<DateTime<Utc>>,
    /// The last run, finished or not.
    pub last_run: Option<RunState>,
    /// The last finished run.
    pub last_finished: Option<RunState>,
    /// What was looked at for gaps; `None` where nothing is ever due, or there is no run.
    pub looked_at: Option<LookedAt>,
}

/// A period that should have a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The period.
    pub period: Period,
    /// The last finished run, if it started in this period or later.
    pub served_by: Option<RunId>,
}

/// The time in which gaps were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedAt {
    /// The due moment that opens it; the first run's period if the history is younger.
    pub from: DateTime<Utc>,
    /// The first gaps, and how many there are.
    pub gaps: (Vec<Gap>, u64),
}

impl Health {
    /// Tells whether the newest due period lacks a finished run.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.due.is_some_and(|due| due.served_by.is_none())
    }

    /// Returns the last run if it is not finished.
    #[must_use]
    pub fn unfinished_run(&self) -> Option<RunId> {
        self.last_run.filter(|run| !run.progress.is_finished()).map(|run| run.id)
    }

    /// Returns the last run if the clock is behind it: no other can stand after it until then.
    #[must_use]
    pub fn run_ahead(&self) -> Option<RunId> {
        let last = self.last_run.map(|run| run.id);
        last.filter(|run| run.started_at() > self.checked_at)
    }
}

/// Finds the health of a history from its runs, the newest first.
pub struct HealthFinder {
    expectation: Expectation,
    /// The due moment from which on gaps are looked for.
    window_from: Option<DateTime<Utc>>,
    last_run: Option<RunState>,
    last_finished: Option<RunState>,
    /// Start and whether finished, of the runs of the window, the newest first.
    runs: Vec<(DateTime<Utc>, bool)>,
    /// Whether there is a run before the window.
    is_older: bool,
}

impl HealthFinder {
    /// Starts before the last run.
    #[must_use]
    pub fn new(expectation: Expectation) -> Self {
        let window_from = window_from(&expectation);
        let (last_run, last_finished, runs) = (None, None, Vec::new());
        Self { expectation, window_from, last_run, last_finished, runs, is_older: false }
    }

    /// Adds the next older run; breaks when no older one can change anything.
    pub fn add(&mut self, run: RunState) -> ControlFlow<()> {
        let is_finished = run.progress.is_finished();
        self.last_run.get_or_insert(run);
        if is_finished {
            self.last_finished.get_or_insert(run);
        }
        let started_at = run.id.started_at();
        if self.window_from.is_none_or(|from| started_at < from) {
            self.is_older = true;
        } else {
            self.runs.push((started_at, is_finished));
        }
        match self.last_finished {
            Some(_) if self.is_older => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Works out the health.
    #[must_use]
    pub fn finish(self) -> Health {
        let looked_at = self.look_for_gaps();
        let Expectation { now, periods, grace, .. } = self.expectation;
        // A year is the longest grace that can be typed.
        let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        let past_grace = now.checked_sub_signed(grace);
        let period_at = |moment| periods.as_ref()?.period_at(moment);
        let due = past_grace.and_then(period_at).map(|period| {
            let served = self.last_finished.filter(|run| run.id.started_at() >= period.from);
            Due { period, served_by: served.map(|run| run.id) }
        });
        Health {
            checked_at: now,
            due,
            next_due_at: period_at(now).map(|period| period.to),
            last_run: self.last_run,
            last_finished: self.last_finished,
            looked_at,
        }
    }

    fn look_for_gaps(&self) -> Option<LookedAt> {
        let (periods, window_from) = (self.expectation.periods.clone()?, self.window_from?);
        let first_run = self.runs.last().map(|(started_at, _)| *started_at);
        let from = match first_run {
            _ if self.is_older => window_from,
            None => return None,
            Some(first) => periods.period_at(first)?.from,
        };
        let finder = GapFinder::new(Some(periods), MOST_GAPS_TOLD);
        let mut finder = if self.is_older { finder.starting_at(from) } else { finder };
        for (started_at, is_finished) in self.runs.iter().rev() {
            finder.add(*started_at, *is_finished);
        }
        Some(LookedAt { from, gaps: finder.finish(self.expectation.now) })
    }
}

/// Returns the due moment from which on gaps are looked for.
fn window_from(expectation: &Expectation) -> Option<DateTime<Utc>> {
    let periods = expectation.periods.as_ref()?;
    if let Some(since) = expectation.since {
        let period = periods.period_at(since)?;
        return Some(if period.from == since { since } else { period.to });
    }
    let mut from = periods.period_at(expectation.now)?.from;
    for _ in 0..PERIODS_LOOKED_AT {
        let before = periods.period_at(from - TimeDelta::seconds(1));
        // Before the first due moment of the calendar there is nothing to look at.
        let Some(before) = before.filter(|before| before.from < from) else { break };
        from = before.from;
    }
    Some(from)
}

/// What GitHub said beside its counts, as the last run that asked it heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Each bucket as the last answer that spoke of it told it, in the order of their names.
    pub quotas: Vec<Quota>,
    /// The token; `None` if no run told.
    pub token: Option<TokenState>,
}

/// A bucket of requests or points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name: `search`, `graphql`, …
    pub resource: String,
    /// The size of the window's budget.
    pub limit: u64,
    /// What was left of it.
    pub remaining: u64,
    /// When the window ends, by the server's clock.
    pub reset_at: DateTime<Utc>,
    /// When the answer came.
    pub observed_at: DateTime<Utc>,
}

/// What is known of the token of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// Whether GitHub took it; `None` if the run had none.
    pub fate: Option<TokenFate>,
    /// When it ends; `None` if it does not, or GitHub did not say.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the run that tells it ended.
    pub observed_at: DateTime<Utc>,
}

/// What GitHub did with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFate {
    /// Nothing was said against it.
    Accepted,
    /// It is wrong, expired or revoked.
    Refused,
}

impl TokenState {
    /// Tells whether the token has ended, or ends within so many days.
    #[must_use]
    pub fn ends_within(&self, days: u32, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at - now < TimeDelta::days(i64::from(days)))
    }
}

impl Observed {
    /// Notes a bucket; a later note of the same one counts.
    pub fn note_quota(&mut self, quota: Quota) {
        match self.quotas.binary_search_by(|known| known.resource.cmp(&quota.resource)) {
            Ok(at) => self.quotas[at] = quota,
            Err(at) => self.quotas.insert(at, quota),
        }
    }

    /// Returns this with what only an earlier run knew.
    #[must_use]
    pub fn or_earlier(self, earlier: Self) -> Self {
        let Self { mut quotas, token } = earlier;
        quotas.retain(|quota| self.quotas.iter().all(|known| known.resource != quota.resource));
        let mut merged = Self { quotas: self.quotas, token: self.token.or(token) };
        for quota in quotas {
            merged.note_quota(quota);
        }
        merged
    }
}

#[cfg(test)]
mod tests;

//! Periods without a finished run.
//!
//! One finder serves `check` and `health`; which periods there are is decided in `period`.

use std::fmt;

use chrono::{DateTime, Utc};

use super::period::Periods;

/// The most periods of one gap that are counted.
const MOST_PERIODS: u64 = 1000;

/// Successive periods without a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The due moment that opens the first.
    pub from: DateTime<Utc>,
    /// The due moment behind the last.
    pub to: DateTime<Utc>,
    /// How many there are; very many are not counted to the end.
    pub periods: u64,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = "%Y-%m-%d %H:%M";
        let (from, to) = (self.from.format(minute), self.to.format(minute));
        let periods = match self.periods {
            1 => "1 period".to_owned(),
            MOST_PERIODS.. => format!("{MOST_PERIODS} periods or more"),
            periods => format!("{periods} periods"),
        };
        write!(f, "no finished run from {from} to {to} UTC, {periods}")
    }
}

/// Finds periods without a finished run, among runs that are added in their order.
pub struct GapFinder {
    periods: Option<Periods>,
    most_told: usize,
    /// The due moment up to which all is told; `None` before the first run.
    told_until: Option<DateTime<Utc>>,
    found: (Vec<Gap>, u64),
}

impl GapFinder {
    /// Starts before the first run; without periods there are no gaps. Of all gaps that there are
    /// the first `most_told` are kept.
    #[must_use]
    pub fn new(periods: Option<Periods>, most_told: usize) -> Self {
        Self { periods, most_told, told_until: None, found: (Vec::new(), 0) }
    }

    /// Starts at a due moment that lies behind the first run: what follows it is looked at.
    #[must_use]
    pub fn starting_at(self, due: DateTime<Utc>) -> Self {
        Self { told_until: Some(due), ..self }
    }

    /// Adds a run; runs come in order.
    pub fn add(&mut self, started_at: DateTime<Utc>, is_finished: bool) {
        let Some(periods) = &self.periods else { return };
        if let Some(until) = self.told_until {
            if !is_finished || started_at < until {
                return;
            }
            // As a rule the run lies in the very next period.
            if let Some(next) = periods.next_due(until).filter(|next| started_at < *next) {
                self.told_until = Some(next);
                return;
            }
        }
        let Some(period) = periods.period_at(started_at) else { return };
        if let Some(until) = self.told_until {
            self.tell(until, period.from);
        }
        self.told_until = Some(if is_finished { period.to } else { period.from });
    }

    /// Ends the search and returns the first gaps, and how many there are: the period that is
    /// still under way is no gap yet.
    #[must_use]
    pub fn finish(mut self, now: DateTime<Utc>) -> (Vec<Gap>, u64) {
        let under_way = self.periods.as_ref().and_then(|periods| periods.period_at(now));
        if let (Some(until), Some(period)) = (self.told_until, under_way) {
            self.tell(until, period.from);
        }
        self.found
    }

    fn tell(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let Some(periods) = &self.periods else { return };
        if from >= to {
            return;
        }
        self.found.1 += 1;
        if self.found.0.len() == self.most_told {
            return;
        }
        let (mut count, mut due) = (0, from);
        while due < to && count < MOST_PERIODS {
            count += 1;
            let Some(next) = periods.next_due(due).filter(|next| *next > due) else { break };
            due = next;
        }
        self.found.0.push(Gap { from, to, periods: count });
    }
}

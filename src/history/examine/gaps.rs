//! Periods of a schedule without a finished run.

use std::fmt;

use chrono::{DateTime, Utc};

use super::super::row::MOST_TOLD;
use crate::domain::period::{Periods, Schedule};

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

/// Finds periods without a finished run.
pub(super) struct GapFinder<'a> {
    schedule: Option<(&'a Schedule, Periods)>,
    /// The due moment up to which all is told; `None` before the first run.
    told_until: Option<DateTime<Utc>>,
    pub(super) found: (Vec<Gap>, u64),
}

impl<'a> GapFinder<'a> {
    pub(super) fn new(schedule: Option<&'a Schedule>) -> Self {
        let schedule =
            schedule.map(|schedule| (schedule, Periods::Scheduled(Box::new(schedule.clone()))));
        Self { schedule, told_until: None, found: (Vec::new(), 0) }
    }

    /// Adds a run; runs come in order.
    pub(super) fn add(&mut self, started_at: DateTime<Utc>, is_finished: bool) {
        let Some((schedule, periods)) = &self.schedule else { return };
        if let Some(until) = self.told_until {
            if !is_finished || started_at < until {
                return;
            }
            // As a rule the run lies in the very next period.
            if let Some(next) = schedule.next_after(until).filter(|next| started_at < *next) {
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

    /// Ends the search: the period that is still under way is no gap yet.
    pub(super) fn end(&mut self, now: DateTime<Utc>) {
        let Some((_, periods)) = &self.schedule else { return };
        if let (Some(until), Some(period)) = (self.told_until, periods.period_at(now)) {
            self.tell(until, period.from);
        }
    }

    fn tell(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let Some((schedule, _)) = &self.schedule else { return };
        if from >= to {
            return;
        }
        self.found.1 += 1;
        if self.found.0.len() == MOST_TOLD {
            return;
        }
        let (mut periods, mut due) = (0, from);
        while due < to && periods < MOST_PERIODS {
            periods += 1;
            let Some(next) = schedule.next_after(due) else { break };
            due = next;
        }
        self.found.0.push(Gap { from, to, periods });
    }
}

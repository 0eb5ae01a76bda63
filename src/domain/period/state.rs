//! Whether a period has its run, as the last runs of a history tell it.

use chrono::{DateTime, Utc};

use super::Period;
use crate::domain::run::RunId;

/// The last runs of a history: what is needed to know how a period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRuns {
    /// The last run in the file.
    pub last: RunId,
    /// Whether that is finished.
    pub is_finished: bool,
    /// The finished run before it, if there is one.
    pub finished_before: Option<RunId>,
}

/// How a period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodState {
    /// This finished run lies in it.
    Served(RunId),
    /// The last run lies in it and lacks counts.
    Unfinished(RunId),
    /// It has no run that could be finished.
    Open,
}

impl LastRuns {
    /// Tells how a period stands. A run belongs to the period in which it started.
    #[must_use]
    pub fn state_of(&self, period: &Period) -> PeriodState {
        let within = |run: &RunId| period.contains(run.started_at());
        let last_finished = Some(self.last).filter(|_| self.is_finished);
        let finished = [last_finished, self.finished_before].into_iter().flatten().find(within);
        match finished {
            Some(run) => PeriodState::Served(run),
            None if !self.is_finished && within(&self.last) => PeriodState::Unfinished(self.last),
            None => PeriodState::Open,
        }
    }

    /// Tells whether the clock is behind the last run: no other can stand after it until then.
    #[must_use]
    pub fn are_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.last.started_at() > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_period_is_served_by_a_finished_run_that_started_in_it() {
        let run = |text: &str| RunId::new(at(text), 7);
        let period = Period { from: at("2026-11-21T06:17:00Z"), to: at("2026-11-22T06:17:00Z") };
        let within = run("2026-11-21T06:17:00Z");
        let later = run("2026-11-21T19:00:00Z");
        let earlier = run("2026-11-21T06:16:59Z");
        let next = run("2026-11-22T06:17:00Z");
        let cases = [
            (within, true, None, PeriodState::Served(within)),
            (within, false, None, PeriodState::Unfinished(within)),
            (later, false, Some(within), PeriodState::Served(within)),
            (later, false, Some(earlier), PeriodState::Unfinished(later)),
            (earlier, true, None, PeriodState::Open),
            (earlier, false, None, PeriodState::Open),
            // The clock went back over a due moment.
            (next, true, Some(within), PeriodState::Served(within)),
            (next, true, Some(earlier), PeriodState::Open),
            (next, false, Some(within), PeriodState::Served(within)),
        ];
        for (last, is_finished, finished_before, expected) in cases {
            let runs = LastRuns { last, is_finished, finished_before };
            assert_eq!(runs.state_of(&period), expected, "{runs:?}");
        }
        let runs = LastRuns { last: next, is_finished: true, finished_before: None };
        assert!(runs.are_ahead_of(at("2026-11-22T06:16:59Z")));
        assert!(!runs.are_ahead_of(at("2026-11-22T06:17:00Z")));
    }
}

//! What `--resume` and `--once` make of a history: which run is to be finished, begun, or left alone.

use super::super::connection::Connection;
use super::super::diagnostic::Failure;
use super::{Order, Origin};
use crate::collect::start_run;
use crate::domain::period::{LastRuns, PeriodState};
use crate::domain::run::{Key, Run, RunId};
use crate::history::{Appender, HistoryError, Selection, Wanted, select_run};

/// What `--resume` and `--once` make of the history.
pub(super) enum Intent {
    /// A run of its own.
    Start,
    /// The rest of the last run.
    Finish(Box<Run>),
    /// Nothing, for the reason given: that run has it all.
    LeaveAlone(RunId, String),
}

/// Returns what the last runs say of a period.
pub(in crate::cli) fn last_runs(last: &Selection) -> LastRuns {
    LastRuns {
        last: last.run.id,
        is_finished: last.progress.is_finished(),
        finished_before: last.before.as_ref().map(|run| run.id),
    }
}

impl Order<'_> {
    /// Opens the history: a replay's is begun anew unless it is continued.
    pub(super) fn open_history(&self) -> Result<Appender, Failure> {
        let history = self.history();
        let now = self.session.clock.now_utc();
        let continues = self.arguments.resume || self.arguments.once;
        if self.arguments.resume && !history.exists() {
            return Err(self.of_resuming(HistoryError::Missing { path: history }));
        }
        let replaced = matches!(self.origin, Origin::Recording(_)) && !continues;
        Ok(if replaced {
            Appender::replace(&history, now)?
        } else {
            Appender::open(&history, now)?
        })
    }

    /// Finds the id of a new run: the recorded one, or one that starts now.
    pub(super) async fn new_run(&self, appender: &Appender) -> Result<RunId, Failure> {
        let Some(run) = self.recorded_run() else {
            let digits = fastrand::u16(..);
            return Ok(start_run(appender, &*self.session.clock, digits).await?);
        };
        match appender.last_run().filter(|last| *last >= run) {
            None => Ok(run),
            Some(last) => {
                let path = appender.path().display();
                let message =
                    format!("the recorded run `{run}` is not past the last one in `{path}`");
                Err(Failure::usage(message)
                    .because(format!("that is `{last}`, and runs stand in order"))
                    .hint("replay it without `--once`, which begins the file anew"))
            }
        }
    }

    /// Decides what is to be done, from the last run of the history.
    pub(super) fn intent(&self, appender: &Appender) -> Result<Intent, Failure> {
        if !(self.arguments.resume || self.arguments.once) {
            return Ok(Intent::Start);
        }
        let asked = |key: &Key| self.survey.still_asks(key);
        let last = match select_run(appender.path(), Wanted::Last, asked) {
            Ok(selection) => selection,
            // Whoever began the file was killed before the first answer.
            Err(HistoryError::Empty { .. }) if self.arguments.once => return Ok(Intent::Start),
            Err(error) => return Err(self.of_resuming(error)),
        };
        let finished = last.progress.is_finished();
        let Some(periods) = &self.periods else {
            return Ok(if finished {
                let (id, progress) = (last.run.id, last.progress);
                let reason = format!(
                    "run {id} is finished: {} of {} counts have a number; nothing to resume",
                    progress.answered, progress.planned
                );
                Intent::LeaveAlone(id, reason)
            } else {
                Intent::Finish(Box::new(last.run))
            });
        };
        let Some(period) = periods.period_at(self.now()) else { return Ok(Intent::Start) };
        Ok(match last_runs(&last).state_of(&period) {
            PeriodState::Served(run) => {
                Intent::LeaveAlone(run, format!("the period {period} already has run {run}"))
            }
            PeriodState::Unfinished(_) => Intent::Finish(Box::new(last.run)),
            PeriodState::Open => Intent::Start,
        })
    }

    /// A history whose last run cannot be looked up; where there is none, it has to be begun.
    pub(super) fn of_resuming(&self, error: HistoryError) -> Failure {
        if !matches!(error, HistoryError::Missing { .. } | HistoryError::Empty { .. }) {
            return error.into();
        }
        let begin = self.command(None, self.arguments.ask.api);
        Failure::failed(error.to_string())
            .because("there is no run to finish")
            .hint(format!("begin one with `{begin}`"))
    }

    /// A run is of one GitHub: counts of two would not be comparable.
    pub(super) fn refuse_other_github(
        run: &Run,
        connection: Option<&Connection>,
    ) -> Result<(), Failure> {
        let Some(connection) = connection else { return Ok(()) };
        let here = connection.address.web_host();
        let counted = || run.samples.iter().filter(|sample| sample.outcome.count().is_some());
        // A single answer may have come by a redirect; all of them did not.
        let is_here = counted().any(|sample| sample.source.host == here);
        let Some(other) = counted().map(|sample| &sample.source).next().filter(|_| !is_here) else {
            return Ok(());
        };
        let id = run.id;
        let there = other.host.as_deref().unwrap_or("github.com");
        let message =
            format!("run {id} was counted on {there}, not on {}", connection.address.gh_host());
        Err(Failure::usage(message)
            .because(
                "a run whose counts come from two GitHubs would compare what cannot be compared",
            )
            .hint(format!(
                "finish it with `--api-url` or `GH_HOST` for {there}, or start a new run"
            )))
    }
}

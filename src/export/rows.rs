//! Which rows of a history a tidy table has: run by run, in order, one run held at a time.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::NaiveDate;

use super::ExportError;
use crate::domain::period::{Period, Periods};
use crate::domain::run::{Key, Run, RunId};
use crate::domain::sample::Sample;
use crate::domain::series::Scope;
use crate::history::{Reading, visit_runs};

/// Which attempts a tidy table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// Of each key of a run what came of it: the answer, or the last attempt if there is none.
    Told,
    /// All of them.
    All,
}

/// What a tidy table is made of.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The survey if it is at hand, the window, and how periods are found: the last finished run of
    /// each counts, or every run with [`Periods::EachRun`], finished or not. The metric is not
    /// looked at.
    pub scope: Scope<'a>,
    /// The metrics; empty for all.
    pub metrics: &'a [String],
    /// The frameworks, by the names they have now or had in a row; empty for all.
    pub frameworks: &'a [String],
    /// Which attempts.
    pub attempts: Attempts,
}

/// A row of a tidy table.
#[derive(Clone, Copy, Debug)]
pub struct TidyRow<'a> {
    /// The UTC day on which the run started, or the first day of its period.
    pub date: NaiveDate,
    /// The id of its run, as text.
    pub run: &'a str,
    /// The row of the history.
    pub sample: &'a Sample,
}

/// What takes the rows of a tidy table.
pub trait RowSink {
    /// Takes the next row.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written; no further row comes then.
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError>;
}

/// What was found while rows were handed out.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// How many rows there were.
    pub rows: u64,
    /// The first and the last run that had one.
    pub span: Option<(RunId, RunId)>,
    /// How many runs had one.
    pub runs: u64,
    /// The metrics of the window, wanted or not; empty if all are wanted.
    pub metrics: BTreeSet<String>,
    /// The frameworks of the window by the names they have now, wanted or not; empty if all are
    /// wanted.
    pub frameworks: BTreeSet<String>,
}

/// Hands out the rows of a tidy table, in the order of the history.
///
/// `start` is called again if the file turns out to be in disorder, or rewritten, after rows were
/// handed out; what it gave before is dropped.
///
/// # Errors
///
/// Fails if the history cannot be read, or with the error of the sink.
pub fn for_each_row<S: RowSink>(
    history: &Path,
    wanted: &Wanted<'_>,
    mut start: impl FnMut() -> Result<S, ExportError>,
) -> Result<(S, Told, Reading), ExportError> {
    let begin = || {
        start().map(|sink| Pass { wanted, sink, told: Told::default(), held: None, before: None })
    };
    let (pass, reading) = visit_runs(history, begin, |pass, run| {
        let Ok(going) = pass else { return ControlFlow::Break(()) };
        if wanted.scope.is_over(run.id) {
            return ControlFlow::Break(());
        }
        match going.take(run) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                *pass = Err(error);
                ControlFlow::Break(())
            }
        }
    })?;
    let mut pass = pass?;
    pass.end_period()?;
    Ok((pass.sink, pass.told, reading))
}

/// What goes from run to run.
struct Pass<'w, 's, S> {
    wanted: &'w Wanted<'s>,
    sink: S,
    told: Told,
    /// The last finished run of the current period.
    held: Option<(Period, Run)>,
    /// The run before, if periods are asked for.
    before: Option<Run>,
}

impl<S: RowSink> Pass<'_, '_, S> {
    fn take(&mut self, run: Run) -> Result<(), ExportError> {
        let scope = &self.wanted.scope;
        if matches!(scope.periods, Periods::EachRun) {
            if scope.has_begun(run.id) {
                self.give(run.id.started_at().date_naive(), &run)?;
            }
            return Ok(());
        }
        let still_asks = |key: &Key| scope.survey.is_none_or(|survey| survey.still_asks(key));
        let is_finished = run.progress(self.before.as_ref(), still_asks).is_finished();
        let period = scope.periods.period_at(run.id.started_at());
        let period = period.filter(|_| is_finished && scope.has_begun(run.id));
        if let Some(period) = period {
            if self.held.as_ref().is_some_and(|(held, _)| *held != period) {
                self.end_period()?;
            }
            self.held = Some((period, run.clone()));
        }
        self.before = Some(run);
        Ok(())
    }

    fn end_period(&mut self) -> Result<(), ExportError> {
        match self.held.take() {
            Some((period, run)) => self.give(period.from.date_naive(), &run),
            None => Ok(()),
        }
    }

    fn give(&mut self, date: NaiveDate, run: &Run) -> Result<(), ExportError> {
        let id = run.id.to_string();
        let rows_before = self.told.rows;
        let mut give = |sample: &Sample| {
            if !self.wanted.has(sample, &mut self.told) {
                return Ok(());
            }
            self.told.rows += 1;
            self.sink.take(TidyRow { date, run: &id, sample })
        };
        match self.wanted.attempts {
            Attempts::All => run.samples.iter().try_for_each(&mut give)?,
            Attempts::Told => run.told().into_iter().try_for_each(&mut give)?,
        }
        if self.told.rows > rows_before {
            let first = self.told.span.map_or(run.id, |(first, _)| first);
            self.told.span = Some((first, run.id));
            self.told.runs += 1;
        }
        Ok(())
    }
}

impl Wanted<'_> {
    /// Tells whether a row is wanted, and notes what could have been.
    fn has(&self, sample: &Sample, told: &mut Told) -> bool {
        let is_named = |names: &[String], name: &str| names.iter().any(|wanted| wanted == name);
        let mut is_wanted = true;
        if !self.metrics.is_empty() {
            note(&mut told.metrics, &sample.metric);
            is_wanted = is_named(self.metrics, &sample.metric);
        }
        if !self.frameworks.is_empty() {
            let name = sample.framework.as_str();
            let now = self.scope.survey.map_or(name, |survey| survey.current_name(name));
            note(&mut told.frameworks, now);
            is_wanted &= is_named(self.frameworks, name) || is_named(self.frameworks, now);
        }
        is_wanted
    }
}

fn note(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}

//! Counts over time as files: the wide table, and the workbook around it.

use std::path::Path;

use super::chosen::unknown;
#[cfg(feature = "xlsx")]
use super::name_of;
use super::{Export, io_error};
use crate::cli::args::{ExportArgs, WindowArgs};
use crate::cli::diagnostic::Failure;
#[cfg(feature = "xlsx")]
use crate::cli::output::VERSION;
#[cfg(feature = "xlsx")]
use crate::cli::report::{Wishes, build};
use crate::cli::trend::{Counts, periods};
use crate::domain::period::{Per, Periods};
#[cfg(feature = "xlsx")]
use crate::export::{Book, ExportError, write_book};
use crate::export::{Out, write_wide};
#[cfg(feature = "xlsx")]
use crate::history;
use crate::report::WideTable;

/// Why there is no workbook.
#[cfg(feature = "xlsx")]
pub(super) enum Unwritten {
    /// A sheet cannot hold it.
    TooMany(Failure),
    /// Anything else.
    Other(Failure),
}

#[cfg(feature = "xlsx")]
impl<E: Into<Failure>> From<E> for Unwritten {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl Export<'_> {
    pub(super) fn wide(
        &mut self,
        path: Option<&Path>,
        metric: Option<String>,
    ) -> Result<Out, Failure> {
        let counts = self.counts(metric)?;
        let table = self.wide_table(&counts)?;
        let out = Out::begin(path).map_err(|source| io_error(path, source))?;
        let written = write_wide(&table, self.arguments.dialect.into(), out);
        Ok(written.map_err(|source| io_error(path, source))?)
    }

    /// Reads the counts of a metric over time; without one that of the survey's first.
    fn counts(&mut self, metric: Option<String>) -> Result<Counts, Failure> {
        let window = self.window(metric);
        let reconstructed = self.arguments.reconstructed.then_some(Periods::Calendar(Per::Month));
        let asked = reconstructed.or_else(|| self.arguments.every.map(Periods::from));
        let periods = periods(&self.subject, asked);
        let counts = Counts::of(self.session, self.subject.clone(), &window, periods)?;
        self.tell(&counts.reading);
        // The same refusals as for a trend: an unknown metric, a window without any finished run.
        counts.report(self.session, &window)?;
        Ok(counts)
    }

    fn window(&self, metric: Option<String>) -> WindowArgs {
        let ExportArgs { since, until, reconstructed, .. } = self.arguments;
        let (since, until) = (since.clone(), until.clone());
        WindowArgs { since, until, metric, per: None, reconstructed: *reconstructed }
    }

    fn wide_table(&self, counts: &Counts) -> Result<WideTable, Failure> {
        let wanted = &self.arguments.framework;
        let survey = self.subject.survey.as_ref();
        let now = |name: &String| survey.map_or(name.as_str(), |s| s.current_name(name)).to_owned();
        let names: Vec<String> = wanted.iter().map(now).collect();
        for (name, wanted) in names.iter().zip(wanted) {
            if !counts.series.frameworks.contains(name) {
                return Err(unknown("framework", wanted, counts.series.frameworks.iter()));
            }
        }
        let is_wanted = |name: &str| names.is_empty() || names.iter().any(|other| other == name);
        Ok(WideTable::of(&counts.series, &counts.periods, is_wanted))
    }

    /// Writes a workbook.
    #[cfg(feature = "xlsx")]
    pub(super) fn book(&mut self, path: Option<&Path>) -> Result<Out, Unwritten> {
        let metric = self.arguments.metric.first().cloned();
        let counts = self.counts(metric.clone())?;
        let table = self.wide_table(&counts)?;
        let wanted_run = self.until.map_or(history::Wanted::Newest, history::Wanted::At);
        let selection = self.subject.select(self.session, wanted_run)?;
        let wishes = Wishes { metric: metric.as_deref(), ..Wishes::default() };
        let mut ranking = build(self.session, &self.subject, &selection, &wishes)?;
        let is_shown = |name: &String| table.frameworks.contains(name);
        if !self.arguments.framework.is_empty() {
            ranking.lines.retain(|line| is_shown(&line.standing.entrant.name));
        }
        let trend = counts.report(self.session, &self.window(metric))?;
        let mut out = Out::begin(path).map_err(|source| io_error(path, source))?;
        let wanted = self.wanted();
        let book = Book {
            history: &self.subject.history,
            wanted: &wanted,
            survey: self.subject.survey.as_ref(),
            ranking: &ranking,
            trend: (&table, &trend),
            version: VERSION,
        };
        let written = write_book(&book, name_of(path), &mut out);
        let (told, _) = written.map_err(|error| match error {
            ExportError::TooManyForSheet { .. } => Unwritten::TooMany(self.explain(error)),
            error => Unwritten::Other(self.explain(error)),
        })?;
        self.refuse_unknown(&told)?;
        Ok(out)
    }
}

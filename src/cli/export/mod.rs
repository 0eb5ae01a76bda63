//! `export`: the counts of a history as files for other programs.
//!
//! `targets` says what is written where, `chosen` what of the history; `over_time` gathers what wide
//! tables and workbooks need beyond rows, and `folders` has folders described. What a row is, and how
//! it is written, is `export`'s work.

mod chosen;
mod folders;
mod over_time;
mod targets;

use std::path::Path;

use super::Session;
use super::args::ExportArgs;
use super::diagnostic::{DONE, Failure};
use super::output::refuse_target;
use super::report::{Subject, find_subject, tell_reading};
use super::trend::{moments, refuse_empty};
use super::ui::Ui;
use crate::domain::when::When;
#[cfg(feature = "parquet")]
use crate::export::{ColumnRows, DatasetRows};
use crate::export::{CsvRows, ExportError, JsonRows, Out, RowSink, for_each_row};
use crate::history::Reading;
#[cfg(feature = "parquet")]
use chosen::months;
#[cfg(feature = "xlsx")]
use over_time::Unwritten;
use targets::{Form, Target, Targets};

pub(super) fn perform(session: &Session, arguments: &ExportArgs) -> Result<u8, Failure> {
    let targets = Targets::choose(session, arguments)?;
    if arguments.reconstructed && !targets.all.iter().all(|t| matches!(t.form, Form::Wide(_))) {
        return Err(Failure::usage("reconstructed counts are exported as a wide CSV only")
            .hint("add `--shape wide`, and let the names of files end in `.csv`"));
    }
    let (since, until) = moments(session, arguments.since.as_deref(), arguments.until.as_deref())?;
    let subject = find_subject(session, arguments.survey.as_deref())?;
    let mut export = Export { session, arguments, subject, since, until, is_told: false };
    for target in &targets.all {
        export.write(target)?;
    }
    export.describe(&targets)?;
    if !arguments.out.is_empty() {
        let words = ["trend".to_owned()].into_iter().chain(arguments.survey.clone());
        session.ui.next(&session.command(words));
    }
    Ok(DONE)
}

/// An export at work.
struct Export<'a> {
    session: &'a Session,
    arguments: &'a ExportArgs,
    subject: Subject,
    since: Option<When>,
    until: Option<When>,
    /// Whether it was told how the history was read.
    is_told: bool,
}

impl Export<'_> {
    fn write(&mut self, target: &Target) -> Result<(), Failure> {
        let path = target.path.as_deref();
        #[cfg(feature = "parquet")]
        if let (Form::Dataset, Some(folder)) = (&target.form, path) {
            return self.dataset(folder);
        }
        let out = match &target.form {
            Form::Tidy => {
                let dialect = self.arguments.dialect.into();
                let begin = |out, name: &Path| CsvRows::begin(out, dialect, name);
                self.tidy(path, begin, CsvRows::finish)?
            }
            Form::Json(layout) => {
                let begin = |out, name: &Path| JsonRows::begin(out, *layout, name);
                self.tidy(path, begin, JsonRows::finish)?
            }
            Form::Wide(metric) => self.wide(path, metric.clone())?,
            #[cfg(feature = "xlsx")]
            Form::Xlsx => match self.book(path) {
                Err(Unwritten::TooMany(failure)) if target.is_one_of_all => {
                    let text = format!("`{}` was left out", name_of(path).display());
                    self.session.ui.warn(&text, &[failure.message], None);
                    return Ok(());
                }
                Err(Unwritten::TooMany(failure) | Unwritten::Other(failure)) => {
                    return Err(failure);
                }
                Ok(out) => out,
            },
            #[cfg(feature = "parquet")]
            Form::Parquet => {
                let begin = |out, name: &Path| ColumnRows::begin(out, name, false);
                self.tidy(path, begin, ColumnRows::finish)?
            }
            // What was not built in was refused when targets were chosen.
            #[allow(unreachable_patterns, reason = "it depends on what is built in")]
            Form::Xlsx | Form::Parquet | Form::Dataset => return Ok(()),
        };
        if let Some(path) = path {
            // A history may have come to be since the target was looked at.
            refuse_target(path)?;
        }
        let held = out.keep().map_err(|source| io_error(path, source))?;
        match (held, path) {
            (Some(mut held), _) => Ui::copy(&mut held),
            (None, Some(path)) => {
                self.session.ui.say(&format!("wrote `{}`", path.display()));
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// Writes a tidy table in one pass over the history.
    fn tidy<S: RowSink>(
        &mut self,
        path: Option<&Path>,
        begin: impl Fn(Out, &Path) -> Result<S, ExportError>,
        finish: impl FnOnce(S) -> Result<Out, ExportError>,
    ) -> Result<Out, Failure> {
        let start = || {
            let out = Out::begin(path).map_err(|source| io_error(path, source))?;
            begin(out, name_of(path))
        };
        let (sink, _) = self.rows(start)?;
        Ok(finish(sink)?)
    }

    /// Hands the rows of a tidy table to a sink, and tells of the history and of how it was read.
    fn rows<S: RowSink>(
        &mut self,
        start: impl FnMut() -> Result<S, ExportError>,
    ) -> Result<(S, Reading), Failure> {
        let found = for_each_row(&self.subject.history, &self.wanted(), start);
        let (sink, told, reading) = found.map_err(|error| self.explain(error))?;
        refuse_empty(&self.subject.history, &reading)?;
        self.refuse_unknown(&told)?;
        if told.rows == 0 {
            let path = self.subject.history.display();
            return Err(Failure::usage(format!("`{path}` has no rows for this export"))
                .because("no run is in this time, or with `--every` none of them is finished")
                .hint(
                    "choose another time with `--since` and `--until`, or leave out what narrows",
                ));
        }
        self.tell(&reading);
        Ok((sink, reading))
    }

    /// Writes a file for each survey and month below a folder.
    #[cfg(feature = "parquet")]
    fn dataset(&mut self, folder: &Path) -> Result<(), Failure> {
        let months = months(self.since, self.until)?;
        let (rows, reading) = self.rows(|| DatasetRows::begin(folder))?;
        // Rows that cannot be read now may be all of a month.
        let replaced = rows.finish((reading.faulty == 0).then_some(months))?;
        for path in replaced.written {
            self.session.ui.say(&format!("wrote `{}`", path.display()));
        }
        for path in replaced.removed {
            let path = path.display();
            self.session.ui.say(&format!("removed `{path}`: the history has no rows for it"));
        }
        Ok(())
    }

    /// Tells of a history once, however often it is read.
    fn tell(&mut self, reading: &Reading) {
        if !self.is_told {
            tell_reading(self.session, &self.subject.history, reading);
            self.is_told = true;
        }
    }

    fn explain(&self, error: ExportError) -> Failure {
        match error {
            ExportError::History(error) => self.subject.explain(self.session, "export", error),
            ExportError::TooManyForSheet { .. } => Failure::from(error).hint(
                "take fewer: `--every day`, `--since`, `--metric`, `--framework`; or write `.parquet`",
            ),
            other => other.into(),
        }
    }
}

/// Returns what errors call a target.
fn name_of(path: Option<&Path>) -> &Path {
    path.unwrap_or(Path::new("stdout"))
}

fn io_error(path: Option<&Path>, source: std::io::Error) -> ExportError {
    ExportError::Io { path: name_of(path).to_owned(), source }
}

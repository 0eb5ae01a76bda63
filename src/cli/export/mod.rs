//! `export`: the counts of a history as files for other programs.
//!
//! `targets` says what is written where; what a row is, and how it is written, is `export`'s work.

mod targets;

use std::path::{Path, PathBuf};

#[cfg(feature = "parquet")]
use chrono::Datelike as _;

use super::Session;
use super::args::{ExportArgs, WindowArgs};
use super::diagnostic::{DONE, Failure};
#[cfg(feature = "xlsx")]
use super::output::VERSION;
use super::output::refuse_target;
use super::report::{Subject, find_subject, tell_reading};
#[cfg(feature = "xlsx")]
use super::report::{Wishes, build};
use super::trend::{Counts, moments, periods, refuse_empty};
use super::ui::Ui;
use crate::domain::period::{Per, Periods};
use crate::domain::series::Scope;
use crate::domain::when::When;
use crate::export::{
    Attempts, CsvRows, ExportError, JsonRows, Out, Packaged, RowSink, Told, Wanted, for_each_row,
    has_package, refresh_package, write_wide,
};
#[cfg(feature = "xlsx")]
use crate::export::{Book, write_book};
#[cfg(feature = "parquet")]
use crate::export::{ColumnRows, DatasetRows};
#[cfg(feature = "xlsx")]
use crate::history;
use crate::history::Reading;
use crate::report::WideTable;
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
                Err(Unwritten::TooManyRows(failure)) if target.is_one_of_all => {
                    let text = format!("`{}` was left out", name_of(path).display());
                    self.session.ui.warn(&text, &[failure.message], None);
                    return Ok(());
                }
                Err(Unwritten::TooManyRows(failure) | Unwritten::Other(failure)) => {
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

    /// Describes what folders hold: those that got several files, those that have a package, and
    /// that of the survey's history, whose description no run has to care for.
    fn describe(&self, targets: &Targets) -> Result<(), Failure> {
        let folder_of = |path: &Path| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let files = targets.all.iter().filter(|target| target.form != Form::Dataset);
        let beside = files.filter_map(|target| target.path.as_deref().map(folder_of));
        let mut folders: Vec<PathBuf> = beside.filter(|folder| has_package(folder)).collect();
        folders.extend(targets.folders.iter().filter(|folder| folder.is_dir()).cloned());
        folders.sort();
        folders.dedup_by(|one, other| one.components().eq(other.components()));
        let survey = self.subject.survey.as_ref();
        let stem = || self.subject.history.file_stem().unwrap_or_default().to_string_lossy();
        let id = survey.map_or_else(|| stem().to_lowercase(), |survey| survey.id.clone());
        let title = survey.map_or(id.as_str(), |survey| survey.title.as_str());
        for folder in folders {
            self.tell_packaged(refresh_package(&folder, &id, title)?);
        }
        let home = survey.map(|survey| self.session.output_folder(&survey.id));
        let is_there = |home: &PathBuf| self.subject.history.parent() == Some(home);
        if let Some(home) = home.filter(is_there).filter(|_| !self.arguments.out.is_empty()) {
            match refresh_package(&home, &id, title) {
                Ok(Packaged::Written(path)) => self.tell_packaged(Packaged::Written(path)),
                Ok(Packaged::Foreign(_) | Packaged::Unchanged) => {}
                // What was asked for is written; the folder may be somebody else's to write to.
                Err(error) => self.session.ui.detail(&error.to_string()),
            }
        }
        Ok(())
    }

    fn tell_packaged(&self, packaged: Packaged) {
        match packaged {
            Packaged::Written(path) => self.session.ui.say(&format!("wrote `{}`", path.display())),
            Packaged::Foreign(path) => {
                let shown = path.display();
                let text = format!("`{shown}` is not of repo-census; it was left alone");
                self.session.ui.warn(&text, &[], None);
            }
            Packaged::Unchanged => {}
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

    /// Hands the rows of a tidy table to a sink, and tells of the history.
    fn rows<S: RowSink>(
        &mut self,
        start: impl FnMut() -> Result<S, ExportError>,
    ) -> Result<(S, Told), Failure> {
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
        Ok((sink, told))
    }

    fn wanted(&self) -> Wanted<'_> {
        let every = self.arguments.every.map_or(Periods::EachRun, Periods::from);
        Wanted {
            scope: Scope {
                survey: self.subject.survey.as_ref(),
                metric: None,
                periods: every,
                since: self.since,
                until: self.until,
            },
            metrics: &self.arguments.metric,
            frameworks: &self.arguments.framework,
            attempts: if self.arguments.all_attempts { Attempts::All } else { Attempts::Told },
        }
    }

    /// Writes a file for each survey and month below a folder.
    #[cfg(feature = "parquet")]
    fn dataset(&mut self, folder: &Path) -> Result<(), Failure> {
        for (flag, moment, is_first) in
            [("--since", self.since, true), ("--until", self.until, false)]
        {
            refuse_part_of_month(flag, moment, is_first)?;
        }
        let (rows, _) = self.rows(|| Ok(DatasetRows::begin(folder)))?;
        for path in rows.finish()? {
            self.session.ui.say(&format!("wrote `{}`", path.display()));
        }
        Ok(())
    }

    /// Writes a workbook.
    #[cfg(feature = "xlsx")]
    fn book(&mut self, path: Option<&Path>) -> Result<Out, Unwritten> {
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
        let trend = counts.report(&self.window(metric))?;
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
            ExportError::TooManyRows { .. } => Unwritten::TooManyRows(self.explain(error)),
            error => Unwritten::Other(self.explain(error)),
        })?;
        self.refuse_unknown(&told)?;
        Ok(out)
    }

    fn wide(&mut self, path: Option<&Path>, metric: Option<String>) -> Result<Out, Failure> {
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
        counts.report(&window)?;
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

    /// Refuses metrics and frameworks that neither a row nor the survey has: a slip of the hand
    /// leaves nothing out in silence.
    fn refuse_unknown(&self, told: &Told) -> Result<(), Failure> {
        let survey = self.subject.survey.as_ref();
        for metric in &self.arguments.metric {
            let of_survey = survey.is_some_and(|s| s.metrics.iter().any(|m| m.id == *metric));
            if !of_survey && !told.metrics.contains(metric) {
                return Err(unknown("metric", metric, told.metrics.iter()));
            }
        }
        for framework in &self.arguments.framework {
            let of_survey = survey.is_some_and(|s| s.framework_called(framework).is_some());
            if !of_survey && !told.frameworks.contains(framework) {
                return Err(unknown("framework", framework, told.frameworks.iter()));
            }
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
            ExportError::TooManyRows { .. } => Failure::from(error)
                .hint("take fewer: `--every day`, `--since`, `--metric`; or write `.parquet`"),
            other => other.into(),
        }
    }
}

/// Why there is no workbook.
#[cfg(feature = "xlsx")]
enum Unwritten {
    /// Its sheet cannot hold the rows.
    TooManyRows(Failure),
    /// Anything else.
    Other(Failure),
}

#[cfg(feature = "xlsx")]
impl<E: Into<Failure>> From<E> for Unwritten {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

fn unknown<'n>(kind: &str, name: &str, known: impl Iterator<Item = &'n String>) -> Failure {
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    let failure = Failure::usage(format!("there is no {kind} `{name}` in this time"));
    if known.is_empty() {
        return failure;
    }
    failure.because(format!("there are {}", known.join(", ")))
}

/// Refuses a window that ends within a month: a partition would lose the rest of its rows.
#[cfg(feature = "parquet")]
fn refuse_part_of_month(flag: &str, moment: Option<When>, is_first: bool) -> Result<(), Failure> {
    let edge = match moment {
        None => return Ok(()),
        Some(When::Days { first, end }) => Some(if is_first { first } else { end }),
        Some(When::Run(_)) => None,
    };
    if edge.is_some_and(|day| day.day() == 1) {
        return Ok(());
    }
    Err(Failure::usage(format!("`{flag}` must be a whole month or year here"))
        .because("a folder of Parquet has a file for each month, which is replaced as a whole"))
}

/// Returns what errors call a target.
fn name_of(path: Option<&Path>) -> &Path {
    path.unwrap_or(Path::new("stdout"))
}

fn io_error(path: Option<&Path>, source: std::io::Error) -> ExportError {
    ExportError::Io { path: name_of(path).to_owned(), source }
}

//! `trend`: what changed between runs.

use std::path::Path;

use super::args::{PerArg, TrendArgs, WindowArgs};
use super::diagnostic::{DONE, Failure};
use super::output::{Outputs, refuse_target, replace_file};
use super::report::{
    Subject, bad_moment, find_subject, no_such_metric, note_unreadable, tell_reading,
};
use super::{Session, reconstructed};
use crate::domain::period::{Per, Periods};
use crate::domain::series::{Scope, Series};
use crate::domain::when::When;
use crate::export::{Dialect, write_wide};
use crate::history::{HistoryError, Reading, read_series};
use crate::report::{TrendInputs, TrendReport, WideTable};

pub(super) fn show_trend(session: &Session, arguments: &TrendArgs) -> Result<u8, Failure> {
    let outputs = Outputs::choose_for_trend(session, arguments)?;
    let counts = Counts::read(session, arguments.survey.as_deref(), &arguments.window)?;
    let report = counts.report(session, &arguments.window)?;
    outputs.write(session, &report)?;
    let has_shorter = arguments.window.per != Some(PerArg::Hour);
    if report.periods == 1 && !report.is_reconstructed && has_shorter {
        session.ui.say(
            "note: all of this lies in one period, and a change needs two; a shorter period is \
             `--per hour`",
        );
    }
    if !arguments.output.out.is_empty() {
        let words = ["export".to_owned()].into_iter().chain(arguments.survey.clone());
        let metric =
            arguments.window.metric.iter().flat_map(|id| ["--metric".to_owned(), id.clone()]);
        let words = words.chain(["--shape".to_owned(), "wide".to_owned()]).chain(metric);
        let words = words.chain(["--out".to_owned(), "wide.csv".to_owned()]);
        session.ui.next(&session.command(words));
    }
    Ok(DONE)
}

/// Refreshes the trend of a survey's first metric.
pub(super) fn refresh_trend(
    session: &Session,
    subject: &Subject,
    outputs: &Outputs,
) -> Result<(), Failure> {
    let window = WindowArgs::default();
    let counts = Counts::of(session, subject.clone(), &window, periods(subject, None))?;
    outputs.write(session, &counts.report(session, &window)?)
}

/// Refreshes the table of a survey's first metric.
pub(super) fn refresh_wide(
    session: &Session,
    subject: &Subject,
    path: &Path,
) -> Result<(), Failure> {
    let window = WindowArgs::default();
    let counts = Counts::of(session, subject.clone(), &window, periods(subject, None))?;
    let table = WideTable::of(&counts.series, &counts.periods, |_| true);
    // A history may have come to be since the target was looked at.
    refuse_target(path)?;
    let written = write_wide(&table, Dialect::Rfc4180, Vec::new());
    written.and_then(|bytes| replace_file(path, &bytes)).map_err(|error| {
        Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
    })?;
    session.ui.say(&format!("wrote `{}`", path.display()));
    Ok(())
}

/// The counts of a metric over time, and how they were read.
pub(super) struct Counts {
    pub(super) subject: Subject,
    pub(super) series: Series,
    pub(super) periods: Periods,
    notes: Vec<String>,
    pub(super) reading: Reading,
}

impl Counts {
    fn read(session: &Session, survey: Option<&str>, window: &WindowArgs) -> Result<Self, Failure> {
        let subject = find_subject(session, survey)?;
        let asked = if window.reconstructed {
            Some(Periods::Calendar(Per::Month))
        } else {
            window.per.map(|per| Periods::Calendar(per.into()))
        };
        let periods = periods(&subject, asked);
        let counts = Self::of(session, subject, window, periods)?;
        tell_reading(session, &counts.subject.history, &counts.reading);
        Ok(counts)
    }

    /// Reads the counts of a subject; of the window only metric and moments are looked at.
    pub(super) fn of(
        session: &Session,
        subject: Subject,
        window: &WindowArgs,
        periods: Periods,
    ) -> Result<Self, Failure> {
        let (since, until) = moments(session, window.since.as_deref(), window.until.as_deref())?;
        let scope = Scope {
            survey: subject.survey.as_ref(),
            metric: window.metric.as_deref(),
            periods: periods.clone(),
            since,
            until,
        };
        if window.reconstructed {
            let series = reconstructed::series(session, &subject, &scope)?;
            let (notes, reading) = (Vec::new(), Reading::default());
            return Ok(Self { subject, series, periods, notes, reading });
        }
        let read = read_series(&subject.history, &scope);
        let (series, reading) = read.map_err(|error| subject.explain(session, "trend", error))?;
        refuse_empty(&subject.history, &reading)?;
        let notes = note_unreadable(&reading).into_iter().collect();
        Ok(Self { subject, series, periods, notes, reading })
    }

    pub(super) fn report(
        &self,
        session: &Session,
        window: &WindowArgs,
    ) -> Result<TrendReport, Failure> {
        let inputs = TrendInputs {
            survey: self.subject.survey.as_ref(),
            series: &self.series,
            periods: &self.periods,
            metric: window.metric.as_deref(),
            origin_notes: &self.notes,
        };
        let report = TrendReport::new(&inputs)
            .map_err(|error| no_such_metric(session, inputs.survey, error))?;
        report.ok_or_else(|| {
            let path = self.subject.history.display();
            if window.reconstructed {
                return Failure::usage("no reconstructed count lies in this time")
                    .hint("choose another time with `--since` and `--until`, or leave them out");
            }
            let failure = Failure::usage(match (&window.since, &window.until) {
                (None, None) => format!("`{path}` has no finished run"),
                _ => format!("`{path}` has no finished run in this time"),
            });
            let failure = failure.hint(match (&window.since, &window.until) {
                (None, None) => "finish one with `repo-census collect --resume`",
                _ => "choose another time with `--since` and `--until`, or leave them out",
            });
            match self.series.unfinished {
                0 => failure,
                runs => failure.because(format!("{runs} of its runs did not finish")),
            }
        })
    }
}

/// Fails if a history has no row that could be read.
pub(super) fn refuse_empty(history: &Path, reading: &Reading) -> Result<(), HistoryError> {
    let (path, faults) = (history.to_owned(), reading.faults.clone());
    match (reading.rows, faults.is_empty()) {
        (0, true) => Err(HistoryError::Empty { path }),
        (0, false) => Err(HistoryError::Unreadable { path, faults }),
        _ => Ok(()),
    }
}

/// Reads the moments of `--since` and `--until`.
pub(super) fn moments(
    session: &Session,
    since: Option<&str>,
    until: Option<&str>,
) -> Result<(Option<When>, Option<When>), Failure> {
    let today = session.clock.now_utc().date_naive();
    let moment = |flag: &str, text: Option<&str>| match text {
        None => Ok(None),
        Some(text) => When::parse(text, today).map(Some).ok_or_else(|| bad_moment(flag, text)),
    };
    let (from, to) = (moment("--since", since)?, moment("--until", until)?);
    if let (Some(from), Some(to), Some(since), Some(until)) = (&from, &to, since, until)
        && to.is_over_by(from)
    {
        let message = format!("`--until {until}` is before `--since {since}`");
        let hint = format!("the other way round: `--since {until} --until {since}`");
        return Err(Failure::usage(message).hint(hint));
    }
    Ok((from, to))
}

/// Returns how periods are found: as was asked, else by the survey's schedule, else by the day.
pub(super) fn periods(subject: &Subject, asked: Option<Periods>) -> Periods {
    let schedule = subject.survey.as_ref().and_then(|survey| survey.schedule.clone());
    match (asked, schedule) {
        (Some(asked), _) => asked,
        (None, Some(schedule)) => Periods::Scheduled(Box::new(schedule)),
        (None, None) => Periods::Calendar(Per::Day),
    }
}

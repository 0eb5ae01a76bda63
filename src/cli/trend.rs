//! `trend`: what changed between runs. `export`: the counts behind it, as a file for other programs.

use std::path::Path;

use chrono::NaiveDate;

use super::Session;
use super::args::{ExportArgs, PerArg, TrendArgs, WindowArgs};
use super::diagnostic::{DONE, Failure};
use super::output::{Outputs, refuse_target, replace_file};
use super::report::{Subject, bad_moment, find_subject, note_unreadable, tell_reading};
use crate::domain::period::{Per, Periods};
use crate::domain::series::{Scope, Series};
use crate::domain::when::When;
use crate::history::{HistoryError, read_series};
use crate::report::{TrendInputs, TrendReport, render_wide};

pub(super) fn show_trend(session: &Session, arguments: &TrendArgs) -> Result<u8, Failure> {
    let outputs = Outputs::choose_for_trend(session, arguments)?;
    let counts = Counts::read(session, arguments.survey.as_deref(), &arguments.window)?;
    let report = counts.report(&arguments.window)?;
    outputs.write(session, &report)?;
    if !arguments.output.out.is_empty() {
        let words = ["export".to_owned()].into_iter().chain(arguments.survey.clone());
        let words = words.chain(["--shape", "wide", "--out", "wide.csv"].map(str::to_owned));
        session.ui.next(&session.command(words));
    }
    Ok(DONE)
}

pub(super) fn export(session: &Session, arguments: &ExportArgs) -> Result<u8, Failure> {
    if let Some(path) = &arguments.out {
        let is_csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if !is_csv {
            let message = format!("`--out {}` names no format", path.display());
            return Err(Failure::usage(message).because("a wide export is CSV: `.csv`"));
        }
        refuse_target(path)?;
    }
    let counts = Counts::read(session, arguments.survey.as_deref(), &arguments.window)?;
    // The same refusals as for a trend: an unknown metric, a window without any finished run.
    counts.report(&arguments.window)?;
    let Some(path) = &arguments.out else {
        session.ui.data(&render_wide(&counts.series, &counts.periods))?;
        return Ok(DONE);
    };
    counts.write_wide(session, path)?;
    let words = ["trend".to_owned()].into_iter().chain(arguments.survey.clone());
    session.ui.next(&session.command(words));
    Ok(DONE)
}

/// Refreshes the trend of a survey's first metric.
pub(super) fn refresh_trend(
    session: &Session,
    subject: &Subject,
    outputs: &Outputs,
) -> Result<(), Failure> {
    let window = WindowArgs::default();
    let report = Counts::of(session, subject.clone(), &window)?.report(&window)?;
    outputs.write(session, &report)
}

/// Refreshes the table of a survey's first metric.
pub(super) fn refresh_wide(
    session: &Session,
    subject: &Subject,
    path: &Path,
) -> Result<(), Failure> {
    let window = WindowArgs::default();
    Counts::of(session, subject.clone(), &window)?.write_wide(session, path)
}

/// The counts of a metric over time, and how they were read.
struct Counts {
    subject: Subject,
    series: Series,
    periods: Periods,
    notes: Vec<String>,
}

impl Counts {
    fn read(session: &Session, survey: Option<&str>, window: &WindowArgs) -> Result<Self, Failure> {
        Self::of(session, find_subject(session, survey)?, window)
    }

    fn of(session: &Session, subject: Subject, window: &WindowArgs) -> Result<Self, Failure> {
        let today = session.clock.now_utc().date_naive();
        let since = moment("--since", window.since.as_deref(), today)?;
        let until = moment("--until", window.until.as_deref(), today)?;
        let periods = periods(&subject, window.per);
        let scope = Scope {
            survey: subject.survey.as_ref(),
            metric: window.metric.as_deref(),
            periods: periods.clone(),
            since,
            until,
        };
        let read = read_series(&subject.history, &scope);
        let (series, reading) = read.map_err(|error| subject.explain(session, "trend", error))?;
        if reading.rows == 0 {
            let path = subject.history;
            return Err(match reading.faults {
                faults if faults.is_empty() => HistoryError::Empty { path },
                faults => HistoryError::Unreadable { path, faults },
            }
            .into());
        }
        tell_reading(session, &subject.history, &reading);
        let notes = note_unreadable(&reading).into_iter().collect();
        Ok(Self { subject, series, periods, notes })
    }

    fn write_wide(&self, session: &Session, path: &Path) -> Result<(), Failure> {
        let text = render_wide(&self.series, &self.periods);
        // A history may have come to be since the target was looked at.
        refuse_target(path)?;
        replace_file(path, text.as_bytes()).map_err(|error| {
            Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
        })?;
        session.ui.say(&format!("wrote `{}`", path.display()));
        Ok(())
    }

    fn report(&self, window: &WindowArgs) -> Result<TrendReport, Failure> {
        let inputs = TrendInputs {
            survey: self.subject.survey.as_ref(),
            series: &self.series,
            periods: &self.periods,
            metric: window.metric.as_deref(),
            origin_notes: &self.notes,
        };
        TrendReport::new(&inputs)?.ok_or_else(|| {
            let path = self.subject.history.display();
            let failure = Failure::usage(match (&window.since, &window.until) {
                (None, None) => format!("`{path}` has no finished run"),
                _ => format!("`{path}` has no finished run in this time"),
            });
            match self.series.unfinished {
                0 => failure,
                runs => failure.because(format!("{runs} of its runs did not finish")),
            }
        })
    }
}

fn moment(flag: &str, text: Option<&str>, today: NaiveDate) -> Result<Option<When>, Failure> {
    let Some(text) = text else { return Ok(None) };
    When::parse(text, today).map(Some).ok_or_else(|| bad_moment(flag, text))
}

/// Returns how periods are found: by `--per`, else as usual.
fn periods(subject: &Subject, per: Option<PerArg>) -> Periods {
    per.map_or_else(|| usual_periods(subject), |per| Periods::Calendar(per.into()))
}

/// Returns how periods are found where nobody says how: by the survey's schedule, else by the day.
pub(super) fn usual_periods(subject: &Subject) -> Periods {
    match subject.survey.as_ref().and_then(|survey| survey.schedule.clone()) {
        Some(schedule) => Periods::Scheduled(Box::new(schedule)),
        None => Periods::Calendar(Per::Day),
    }
}

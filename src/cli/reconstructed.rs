//! What `--reconstructed` shows: the counts of `backfill`, never mixed with any other.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};

use super::Session;
use super::args::ReportArgs;
use super::backfill::Unfinished;
use super::command_line::CommandLine;
use super::diagnostic::{DONE, Failure};
use super::output::Outputs;
use super::report::{Against, Subject, Wishes, build, find_baseline};
use crate::domain::period::midnight;
use crate::domain::run::{Progress, Run, RunId};
use crate::domain::sample::{Outcome, Sample};
use crate::domain::series::{Scope, Series, SeriesBuilder};
use crate::domain::survey::Survey;
use crate::domain::when::When;
use crate::history::{HistoryError, Reading, Reconstructed, Selection, Wanted, read_backfill};
use crate::report::{Reference, reference_of_run};

/// Shows the ranking of the newest reconstructed day, or of the newest at or before a moment.
pub(super) fn show(
    session: &Session,
    arguments: &ReportArgs,
    subject: &Subject,
    wanted: Wanted,
    outputs: &Outputs,
) -> Result<u8, Failure> {
    let mut rows = read(session, subject)?;
    let metric = metric_of(subject, arguments.metric.as_deref(), &rows);
    rows.retain(|row| row.sample.metric == metric);
    let (days, at) = (days_of(rows), flag_at(arguments));
    let (_, run) = choose(&days, wanted, "--at", at)?;
    let reference = match &arguments.against {
        None => None,
        Some(text) => Some(match find_baseline(session, subject.survey.as_ref(), text)? {
            Against::Baseline(reference) => *reference,
            Against::Moment(when) => {
                let (day, run) = choose(&days, Wanted::At(when), "--against", text)?;
                let short = format!("as of {day}");
                let label = format!("the reconstructed ranking as of {day}");
                let reference = reference_of_run(run, subject.survey.as_ref(), &metric);
                Reference { label, short, ..reference }
            }
        }),
    };
    let numbered = run.samples.iter().filter(|sample| sample.outcome != Outcome::Failed).count();
    let selection = Selection {
        progress: Progress { answered: numbered, planned: run.samples.len() },
        run: run.clone(),
        before: None,
        newer_unfinished: None,
        reading: Reading::default(),
    };
    let wishes = Wishes {
        metric: Some(&metric),
        reference: reference.as_ref(),
        share: arguments.share,
        top: arguments.top.map(|top| usize::try_from(top).unwrap_or(usize::MAX)),
    };
    outputs.write(session, &build(session, subject, &selection, &wishes)?)?;
    Ok(DONE)
}

/// Returns the reconstructed counts over time. Each row's run is its day.
pub(super) fn series(
    session: &Session,
    subject: &Subject,
    scope: &Scope<'_>,
) -> Result<Series, Failure> {
    let mut rows = read(session, subject)?;
    let metric = metric_of(subject, scope.metric, &rows);
    rows.retain(|row| row.sample.metric == metric && row.sample.outcome != Outcome::Failed);
    let mut builder = SeriesBuilder::new(Scope { metric: Some(&metric), ..scope.clone() });
    for (day, run) in days_of(rows) {
        let id = RunId::new(midnight(day) + TimeDelta::seconds(24 * 3600 - 1), 0);
        if !scope.has_begun(id) || scope.is_over(id) {
            continue;
        }
        let mut samples: Vec<Sample> =
            run.samples.into_iter().map(|sample| Sample { run: id, ..sample }).collect();
        let counts = samples.len();
        if let Some(first) = samples.first_mut() {
            first.detail = std::mem::take(&mut first.detail).with_planned(counts);
        }
        builder.add_run(&Run { id, samples });
    }
    Ok(builder.finish())
}

fn read(session: &Session, subject: &Subject) -> Result<Vec<Reconstructed>, Failure> {
    // Beside the history, also where that is a file which was named.
    let path = subject.history.with_file_name("backfill.csv");
    // The sums are written when the last question was answered, the answers one by one.
    let answers = path.with_file_name("backfill-ranges.csv");
    let begun = || Unfinished::of_answers(&answers);
    let command = |begun: Option<Unfinished>| {
        let survey = subject.survey.as_ref();
        let line = CommandLine::new("backfill", survey.map(|survey| survey.id.as_str()))
            .value("--from", begun.map(Unfinished::from))
            .choice("--every", begun.as_ref().map(|begun| &begun.every));
        session.command(line)
    };
    match read_backfill(&path) {
        Ok(rows) if rows.is_empty() => {
            let message = format!("the reconstructed series `{}` has no points", path.display());
            let command = command(begun());
            Err(Failure::failed(message).hint(format!("make it anew with `{command}`")))
        }
        Ok(rows) => Ok(rows),
        Err(HistoryError::Missing { .. }) => {
            if answers.is_file() {
                let message =
                    format!("the reconstructed series `{}` is not finished", path.display());
                return Err(Failure::failed(message)
                    .because(format!("`{}` has the answers so far", answers.display()))
                    .hint(match begun() {
                        begun @ Some(_) => {
                            format!(
                                "finish it with `{}`, and the `--to` that it had",
                                command(begun)
                            )
                        }
                        None => format!(
                            "finish it with the command that began it, its `--from` and `--every` \
                             included: `{}`",
                            command(None)
                        ),
                    }));
            }
            Err(Failure::failed(format!("there is no reconstructed series `{}`", path.display()))
                .hint(format!("make one with `{}`", command(None))))
        }
        Err(HistoryError::Unreadable { path, faults }) => {
            let failure = Failure::failed(format!("`{}` cannot be read", path.display()));
            let told = faults.iter().take(5).map(ToString::to_string);
            Err(told
                .fold(failure, Failure::because)
                .hint(format!("make it anew from the answers with `{}`", command(begun()))))
        }
        Err(error) => Err(error.into()),
    }
}

/// Chooses the metric: the one asked for, else the survey's first that is there, else the first.
fn metric_of(subject: &Subject, wanted: Option<&str>, rows: &[Reconstructed]) -> String {
    let has = |id: &str| rows.iter().any(|row| row.sample.metric == id);
    let of_survey = subject.survey.iter().flat_map(Survey::enabled_metrics);
    let of_survey = of_survey.map(|metric| metric.id.as_str()).find(|id| has(id));
    let first = rows.first().map(|row| row.sample.metric.as_str());
    wanted.or(of_survey).or(first).unwrap_or_default().to_owned()
}

/// Makes a run of each day's rows; its id is the last run that answered any of them.
fn days_of(rows: Vec<Reconstructed>) -> BTreeMap<NaiveDate, Run> {
    let mut days: BTreeMap<NaiveDate, Run> = BTreeMap::new();
    for Reconstructed { sample, as_of } in rows {
        let empty = || Run { id: sample.run, samples: Vec::new() };
        let run = days.entry(as_of).or_insert_with(empty);
        run.id = run.id.max(sample.run);
        run.samples.push(sample);
    }
    days
}

fn flag_at(arguments: &ReportArgs) -> &str {
    arguments.at.as_deref().unwrap_or_default()
}

/// Chooses the newest day at or before a moment.
fn choose<'d>(
    days: &'d BTreeMap<NaiveDate, Run>,
    wanted: Wanted,
    flag: &str,
    text: &str,
) -> Result<(NaiveDate, &'d Run), Failure> {
    let last = match wanted {
        Wanted::At(When::Days { end, .. }) => end.checked_sub_days(Days::new(1)),
        Wanted::At(When::Run(run)) => {
            return Err(Failure::usage(format!("`{flag} {run}` names a run"))
                .because("a reconstructed ranking is named by its day, such as 2023-06-30"));
        }
        _ => Some(NaiveDate::MAX),
    };
    let found = last.and_then(|last| days.range(..=last).next_back());
    if let Some((day, run)) = found {
        return Ok((*day, run));
    }
    let failure = Failure::usage(match text {
        "" => "no count of this metric was reconstructed".to_owned(),
        text => format!("no count was reconstructed for `{flag} {text}` or before"),
    });
    let span = days.keys().next().zip(days.keys().next_back());
    Err(match span {
        Some((first, last)) => failure.because(format!("the days go from {first} to {last}")),
        None => failure,
    })
}

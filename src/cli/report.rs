//! `report`: the ranking of a run.

use std::path::{Path, PathBuf};

use super::args::{Format, ReportArgs};
use super::diagnostic::{DONE, Failure, Hint, list};
use super::output::{Outputs, WithPage};
use super::page;
use super::{Session, reconstructed};
use crate::catalog::{CatalogError, Kind};
use crate::domain::baseline::Baseline;
use crate::domain::run::{Key, Run};
use crate::domain::survey::{Survey, is_id};
use crate::domain::when::When;
use crate::history::{HistoryError, Reading, Selection, Wanted, first_survey, select_run};
use crate::report::{
    AuditReport, Inputs, RankingReport, Reference, UnknownMetric, notes_of_baseline,
    reference_of_baseline, reference_of_run,
};

pub(super) fn perform(session: &Session, arguments: &ReportArgs) -> Result<u8, Failure> {
    let words: Vec<&str> = ["report"].into_iter().chain(arguments.survey.as_deref()).collect();
    let outputs = Outputs::choose(session, &words, &arguments.output)?;
    let today = session.clock.now_utc().date_naive();
    let wanted = match &arguments.at {
        None => Wanted::Newest,
        Some(text) => Wanted::At(When::parse(text, today).ok_or_else(|| bad_moment("--at", text))?),
    };
    let subject = find_subject(session, arguments.survey.as_deref())?;
    if arguments.reconstructed {
        return reconstructed::show(session, arguments, &subject, wanted, &outputs);
    }
    let selection = subject.select(session, wanted)?;
    tell_reading(session, &subject.history, &selection.reading);
    let reference = match &arguments.against {
        None => None,
        Some(text) => Some(find_reference(session, &subject, &selection, text, arguments)?),
    };
    let wishes = Wishes {
        metric: arguments.metric.as_deref(),
        reference: reference.as_ref(),
        share: arguments.share,
        top: arguments.top.map(|top| usize::try_from(top).unwrap_or(usize::MAX)),
    };
    write_run(session, &subject, &selection, &wishes, &outputs)?;
    if !arguments.output.out.is_empty() && !outputs.has_methods() {
        // Of the same run and metric.
        let chosen = [("--at", &arguments.at), ("--metric", &arguments.metric)];
        let chosen = chosen.into_iter().filter_map(|(flag, value)| Some([flag, value.as_deref()?]));
        let words = words.iter().copied().chain(chosen.flatten()).chain(["--format", "methods"]);
        session.ui.next(&session.command(words));
    }
    Ok(DONE)
}

/// What a report is about: a history, and its survey if there is one.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) survey: Option<Survey>,
    pub(super) history: PathBuf,
}

/// What is wanted of a report.
#[derive(Clone, Copy, Default)]
pub(super) struct Wishes<'a> {
    pub(super) metric: Option<&'a str>,
    pub(super) reference: Option<&'a Reference>,
    pub(super) share: bool,
    pub(super) top: Option<usize>,
}

impl Subject {
    /// Chooses a run of the history.
    pub(super) fn select(&self, session: &Session, wanted: Wanted) -> Result<Selection, Failure> {
        let asked = |key: &Key| self.survey.as_ref().is_none_or(|survey| survey.still_asks(key));
        select_run(&self.history, wanted, asked)
            .map_err(|error| self.explain(session, "report", error))
    }

    /// Says why the history cannot be read; if there is none, a replay may be beside it that the
    /// command could be given.
    pub(super) fn explain(&self, session: &Session, command: &str, error: HistoryError) -> Failure {
        let is_missing = matches!(error, HistoryError::Missing { .. });
        match replay_beside(&self.history).filter(|_| is_missing) {
            Some(replay) => {
                let command = session.command([command.into(), replay.to_string_lossy()]);
                Failure::failed(error.to_string()).hint(format!("there is a replay: `{command}`"))
            }
            None => error.into(),
        }
    }
}

/// Works out the report on a chosen run.
pub(super) fn build(
    session: &Session,
    subject: &Subject,
    selection: &Selection,
    wishes: &Wishes<'_>,
) -> Result<RankingReport, Failure> {
    let mut origin_notes = origin_notes(session, subject, &selection.run);
    origin_notes.extend(note_unreadable(&selection.reading));
    let audits = notes_of_audits(session, subject, wishes.metric, &selection.run);
    origin_notes.extend(audits.into_iter().flatten());
    let inputs = Inputs {
        survey: subject.survey.as_ref(),
        run: &selection.run,
        progress: selection.progress,
        before: selection.before.as_ref(),
        newer_unfinished: selection.newer_unfinished,
        metric: wishes.metric,
        reference: wishes.reference,
        share: wishes.share,
        top: wishes.top,
        origin_notes: &origin_notes,
    };
    RankingReport::new(&inputs).map_err(|error| no_such_metric(session, inputs.survey, error))
}

/// Says of a metric that nothing is known of it, or that the survey has it switched off.
pub(super) fn no_such_metric(
    session: &Session,
    survey: Option<&Survey>,
    error: UnknownMetric,
) -> Failure {
    let is_it = |survey: &&Survey| survey.metrics.iter().any(|metric| metric.id == error.metric);
    let Some(Survey { id, .. }) = survey.filter(is_it) else { return error.into() };
    let message = format!("the metric `{}` is switched off in the survey `{id}`", error.metric);
    let failure = Failure::usage(message)
        .because("what is shown here has no count of it")
        .because(format!("there are {}", list(&error.known)));
    if session.catalog().is_built_in(Kind::Survey, id) {
        let copy =
            session.command(["init".to_owned(), format!("my-{id}"), "--from".into(), id.clone()]);
        failure.hint(format!(
            "copy the survey with `{copy}`, and switch the metric on: `enabled = true`"
        ))
    } else {
        failure.hint("switch it on in the survey with `enabled = true`; the next run has it")
    }
}

/// Says what audits of these queries found, if there are any; published numbers have no queries.
fn notes_of_audits(
    session: &Session,
    subject: &Subject,
    metric: Option<&str>,
    run: &Run,
) -> Option<Vec<String>> {
    let survey = subject.survey.as_ref()?;
    if run.samples.iter().any(|sample| sample.detail.published().is_some()) {
        return None;
    }
    let bytes = std::fs::read(session.audit(&survey.id)).ok()?;
    let first = || Some(survey.enabled_metrics().next()?.id.as_str());
    Some(AuditReport::parse(&bytes, &survey.id)?.notes(metric.or_else(first)?))
}

/// Writes what is wanted of a chosen run, in every format that is wanted.
pub(super) fn write_run(
    session: &Session,
    subject: &Subject,
    selection: &Selection,
    wishes: &Wishes<'_>,
    outputs: &Outputs,
) -> Result<(), Failure> {
    let report = build(session, subject, selection, wishes)?;
    if !outputs.has(Format::Html) {
        return outputs.write(session, &report);
    }
    let page = page::render(session, subject, selection, wishes, &report)?;
    outputs.write(session, &WithPage { report, page })
}

/// Notes how many rows could not be read, if any.
pub(super) fn note_unreadable(reading: &Reading) -> Option<String> {
    let rows = match reading.faulty {
        0 => return None,
        1 => "1 row".to_owned(),
        faulty => format!("{faulty} rows"),
    };
    Some(format!("Left out: {rows} of the history that cannot be read."))
}

/// Returns a replay's file in the folder where a history would be.
fn replay_beside(history: &Path) -> Option<PathBuf> {
    let folder = history.parent()?.read_dir().ok()?;
    let mut files: Vec<PathBuf> = folder.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let id = name.strip_prefix("replay-").and_then(|name| name.strip_suffix(".csv"));
        id.is_some_and(is_id)
    });
    files.into_iter().min()
}

/// Finds the survey and the history that are meant.
pub(super) fn find_subject(session: &Session, given: Option<&str>) -> Result<Subject, Failure> {
    let Some(file) = given.filter(|given| has_csv_ending(given)) else {
        let survey = session.load_survey(given)?.value;
        let history = session.history(&survey.id);
        return Ok(Subject { survey: Some(survey), history });
    };
    let history = PathBuf::from(file);
    let id = first_survey(&history)?;
    let survey = match id.map(|id| session.catalog().load_survey(Some(&id))) {
        Some(Ok(loaded)) => Some(loaded.value),
        None | Some(Err(CatalogError::NotFound { .. } | CatalogError::BadName { .. })) => None,
        Some(Err(error)) => {
            let line = error.to_string();
            session.ui.warn("the history is shown without its survey", &[line], None);
            None
        }
    };
    Ok(Subject { survey, history })
}

fn has_csv_ending(given: &str) -> bool {
    Path::new(given).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// Reads `--against`: a date or run of the same history, else a baseline.
fn find_reference(
    session: &Session,
    subject: &Subject,
    selection: &Selection,
    text: &str,
    arguments: &ReportArgs,
) -> Result<Reference, Failure> {
    let survey = subject.survey.as_ref();
    let when = match find_baseline(session, survey, text)? {
        Against::Baseline(reference) => return Ok(*reference),
        Against::Moment(when) => when,
    };
    let then = subject
        .select(session, Wanted::At(when))
        .map_err(|failure| tell_baselines(failure, session, text))?;
    // The metric of the comparison is the one that the report will choose.
    let wishes = Wishes { metric: arguments.metric.as_deref(), ..Wishes::default() };
    let metric = build(session, subject, selection, &wishes)?.metric;
    Ok(reference_of_run(&then.run, survey, &metric))
}

/// Names the baselines that may have been meant: a year is taken for a moment of the history.
fn tell_baselines(failure: Failure, session: &Session, text: &str) -> Failure {
    let mut known = session.catalog().names(Kind::Baseline);
    known.retain(|name| name.contains(text));
    match known.as_slice() {
        [] => failure,
        known => failure.hint(format!("a baseline goes by its name: {}", list(known))),
    }
}

/// What `--against` names.
pub(super) enum Against {
    Baseline(Box<Reference>),
    Moment(When),
}

/// Reads `--against`: a moment, else a baseline.
pub(super) fn find_baseline(
    session: &Session,
    survey: Option<&Survey>,
    text: &str,
) -> Result<Against, Failure> {
    let today = session.clock.now_utc().date_naive();
    if let Some(when) = When::parse(text, today) {
        return Ok(Against::Moment(when));
    }
    match session.catalog().load_baseline(text) {
        Ok(baseline) => {
            Ok(Against::Baseline(Box::new(reference_of_baseline(&baseline.value, survey))))
        }
        Err(CatalogError::NotFound { .. } | CatalogError::BadName { .. }) => {
            let known = session.catalog().names(Kind::Baseline);
            Err(Failure::usage(format!("`--against {text}` names neither a baseline nor a moment"))
                .because(MOMENT_IS)
                .with_known(text, &known))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn bad_moment(flag: &str, text: &str) -> Failure {
    Failure::usage(format!("`{flag} {text}` names no moment")).because(MOMENT_IS)
}

/// What can be given for a moment.
const MOMENT_IS: &str = "a moment is 2026, 2026-06, 2026-06-30, -30d, or a run id";

/// Returns what must be said about published numbers: the notes of the baseline that has them.
///
/// That is the one a replay file is named after, or the survey's, if it has the same numbers.
fn origin_notes(session: &Session, subject: &Subject, run: &Run) -> Vec<String> {
    let published = || run.samples.iter().filter(|sample| sample.detail.published().is_some());
    if published().next().is_none() {
        return Vec::new();
    }
    let stem = subject.history.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let of_file = stem.strip_prefix("replay-").map(str::to_owned);
    let of_survey = subject.survey.as_ref().and_then(|survey| survey.baseline.clone());
    let baselines = of_file.into_iter().chain(of_survey);
    // A recording need not have a baseline of the same name.
    let baselines = baselines.filter_map(|id| session.catalog().load_baseline(&id).ok());
    let has_all = |baseline: &Baseline| {
        published().all(|sample| {
            let line = baseline.ranking.iter().find(|line| line.name == sample.framework);
            line.is_some_and(|line| line.count == sample.outcome.count())
        })
    };
    let found = baselines.map(|baseline| baseline.value).find(has_all);
    found.map(|baseline| notes_of_baseline(&baseline)).unwrap_or_default()
}

/// Warns of what is wrong with a history that could be read all the same.
pub(super) fn tell_reading(session: &Session, history: &Path, reading: &Reading) {
    let name = history.display();
    if reading.faulty > 0 {
        let lines: Vec<String> = reading.faults.iter().take(5).map(ToString::to_string).collect();
        let text = match reading.faulty {
            1 => format!("1 row of `{name}` cannot be read and is left out"),
            rows => format!("{rows} rows of `{name}` cannot be read and are left out"),
        };
        session.ui.warn(&text, &lines, None);
    }
    if reading.cut_line {
        let text =
            format!("the last line of `{name}` is cut off, or being written; it is left out");
        session.ui.warn(&text, &[], None);
    }
    let repair = Hint::new(session.command(["repair", &name.to_string()]));
    if let Some(line) = reading.disorder_at {
        let text = format!("`{name}` is not in the order of its runs; all of it was read");
        session.ui.warn(&text, &[format!("line {line} belongs further up")], Some(&repair));
    }
    if !reading.differences.is_empty() {
        let text = format!("`{name}` was rewritten by another program");
        session.ui.warn(&text, &reading.differences, Some(&repair));
    }
}

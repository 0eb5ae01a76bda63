//! `health`: last runs, what is due, gaps, quota and token. And the `health.json` that each run
//! leaves, whose word on quota and token is the only one there is.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Session;
use super::args::{HealthArgs, HealthFormat};
use super::collect::periods;
use super::command_line::CommandLine;
use super::diagnostic::{CLOCK_BEHIND, DONE, Failure, NOT_FINISHED, repair_command};
use super::output::replace_file;
use super::report::{Subject, bad_moment, find_subject};
use crate::domain::health::{Expectation, Health, HealthFinder, Observed, RunState};
use crate::domain::period::{Periods, midnight};
use crate::domain::run::{Key, Run};
use crate::domain::survey::Survey;
use crate::domain::when::When;
use crate::history::{HistoryError, Holder, holder_of, is_history, look_at_ends, visit_last_runs};
use crate::report::{
    HealthInputs, HealthReport, TOKEN_DAYS, Trouble, parse_observed, render_health_json,
    render_health_text,
};

/// The name of the document in the survey's output folder.
const FILE: &str = "health.json";

/// The largest document that is read back.
const LARGEST_BYTES: u64 = 1 << 20;

/// So many runs are looked at, however long the time is in which gaps are looked for.
const MOST_RUNS: usize = 100_000;

pub(super) fn perform(session: &Session, arguments: &HealthArgs) -> Result<u8, Failure> {
    let now = session.clock.now_utc();
    let since = match &arguments.since {
        None => None,
        Some(text) => match When::parse(text, now.date_naive()) {
            Some(When::Run(run)) => Some(run.started_at()),
            Some(When::Days { first, .. }) => Some(midnight(first)),
            None => return Err(bad_moment("--since", text)),
        },
    };
    let subject = find_subject(session, arguments.survey.as_deref())?;
    let (id, title) = name(&subject);
    // Without any a survey would be healthy whatever happens.
    let schedule = subject.survey.as_ref().and_then(|survey| survey.schedule.as_ref());
    let periods = periods((&id, schedule), arguments.per, "`health`")?;
    let grace = arguments.grace.unwrap_or_default();
    let expectation = Expectation { now, periods: Some(periods.clone()), grace, since };
    let health = find_health(&subject, expectation)?;
    let damage = find_damage(&subject.history)?;
    let observed = load_observed(&subject.history);
    let inputs = HealthInputs {
        survey: (&id, &title),
        periods: Some(&periods),
        grace_s: grace.as_secs(),
        token_days: arguments.token_days.unwrap_or(TOKEN_DAYS),
        is_damaged: damage.is_some(),
    };
    let report = HealthReport::new(&inputs, health, observed);
    let mut troubles = report.troubles();
    let is_of_token =
        |trouble: &Trouble| matches!(trouble, Trouble::TokenRefused | Trouble::TokenEnds);
    let is_urgent = |trouble: &Trouble| !is_of_token(trouble) || arguments.token_days.is_some();
    let code = if troubles.iter().any(is_urgent) { NOT_FINISHED } else { DONE };
    match arguments.format {
        HealthFormat::Json => session.ui.data(&render_health_json(&report))?,
        HealthFormat::Table if code == DONE && session.ui.is_quiet() => {}
        HealthFormat::Table => session.ui.data(&render_health_text(&report))?,
    }
    troubles.retain(is_of_token);
    for trouble in troubles {
        session.ui.warn(&told(trouble), &[], None);
    }
    let at_work = holder_of(&subject.history).as_ref().map(describe_holder);
    let refused = refusal(&subject.history, damage, &report.health);
    if let Some(failure) = refused {
        session.ui.end_with(&failure);
    } else if report.health.is_overdue() {
        let message =
            format!("survey `{id}` is overdue: its newest due period has no finished run");
        let failure = Failure::new(code, message);
        session.ui.end_with(&match (at_work, &subject.survey) {
            (Some(at_work), _) => failure
                .because(at_work)
                .hint("wait for it to end; `--grace` gives each run the time that it takes"),
            (None, Some(survey)) => {
                let line = collect_command(arguments, survey)
                    .flag("--once")
                    .choice("--per", arguments.per.as_ref());
                failure.hint(format!("collect now with `{}`", session.command(line)))
            }
            (None, None) => failure,
        });
    } else if let Some(at_work) = at_work {
        session.ui.say(&format!("note: {at_work}"));
    } else if let (Some(run), Some(survey)) = (report.health.unfinished_run(), &subject.survey) {
        let command = session.command(collect_command(arguments, survey).flag("--resume"));
        session
            .ui
            .say(&format!("note: run {run} is not finished; ask for the rest with `{command}`"));
    }
    Ok(code)
}

/// Begins the command that collects what was looked at.
fn collect_command(arguments: &HealthArgs, survey: &Survey) -> CommandLine {
    // What was given may be a history.
    let given = arguments.survey.as_deref().filter(|given| !is_history(Path::new(given)));
    CommandLine::new("collect", given.or(Some(&survey.id)))
}

/// Returns what is not as we write it at the ends of a history, so that no run can be kept in it.
fn find_damage(history: &Path) -> Result<Option<Vec<String>>, HistoryError> {
    match look_at_ends(history) {
        Ok(()) => Ok(None),
        Err(HistoryError::Rewritten { differences, .. }) => Ok(Some(differences)),
        Err(error) => Err(error),
    }
}

/// Says why no run can begin, if none can.
fn refusal(history: &Path, damage: Option<Vec<String>>, health: &Health) -> Option<Failure> {
    let shown = history.display();
    if let Some(differences) = damage {
        let message = format!("`{shown}` is damaged: no run can be kept in it");
        let failure =
            differences.into_iter().fold(Failure::new(NOT_FINISHED, message), Failure::because);
        let command = repair_command(history);
        return Some(failure.hint(format!(
            "bring it back to our form with `{command}`, or put the last good copy back"
        )));
    }
    let run = health.run_ahead()?;
    let now = health.checked_at.format("%Y-%m-%d %H:%M:%S UTC");
    let message = format!("the last run of `{shown}` is `{run}`, but the clock says {now}");
    let failure = Failure::new(NOT_FINISHED, message);
    Some(failure.because("no run can begin before the last one").hint(CLOCK_BEHIND))
}

/// Says who writes to the history: a run is at work, or who imports or repairs.
fn describe_holder(Holder { pid, host, since }: &Holder) -> String {
    let since = since.format("%Y-%m-%d %H:%M:%S UTC");
    format!("process {pid} on {host} has been at work on the history since {since}")
}

fn told(trouble: Trouble) -> String {
    match trouble {
        Trouble::Damaged => "the history is damaged",
        Trouble::InTheFuture => "the last run is in the future",
        Trouble::Overdue => "a run is overdue",
        Trouble::TokenRefused => "GitHub refused the token when it was last asked",
        Trouble::TokenEnds => "the token has ended or ends soon; make a new one on GitHub",
    }
    .to_owned()
}

/// Returns id and title of what is looked at.
fn name(subject: &Subject) -> (String, String) {
    if let Some(survey) = &subject.survey {
        return (survey.id.clone(), survey.title.clone());
    }
    let file = subject.history.display().to_string();
    (file.clone(), file)
}

/// Reads the last runs of a history; one that is not there yet has none.
fn find_health(subject: &Subject, expectation: Expectation) -> Result<Health, HistoryError> {
    let asked = |key: &Key| subject.survey.as_ref().is_none_or(|survey| survey.still_asks(key));
    let mut finder = HealthFinder::new(expectation);
    // A run without a planned number is measured by the one before it, which comes next.
    let mut newer: Option<Run> = None;
    let visited = visit_last_runs(&subject.history, MOST_RUNS, |run| {
        let flow = newer.take().map(|newer| {
            let progress = newer.progress(Some(&run), asked);
            finder.add(RunState::of(&newer, progress))
        });
        newer = Some(run);
        flow.unwrap_or(std::ops::ControlFlow::Continue(()))
    });
    match visited {
        Ok(()) => {}
        Err(HistoryError::Missing { .. }) => return Ok(finder.finish()),
        Err(error) => return Err(error),
    }
    if let Some(first) = newer {
        let progress = first.progress(None, asked);
        let _ = finder.add(RunState::of(&first, progress));
    }
    Ok(finder.finish())
}

/// Returns what was heard when GitHub was last asked; nothing if no run left a document.
fn load_observed(history: &Path) -> Observed {
    let path = history.with_file_name(FILE);
    let is_small = fs::metadata(&path).is_ok_and(|file| file.len() <= LARGEST_BYTES);
    let text = is_small.then(|| fs::read_to_string(&path).ok()).flatten();
    text.and_then(|text| parse_observed(&text)).unwrap_or_default()
}

/// Leaves the health after a run, with what the run heard. A failure is a warning: the run is on
/// disk all the same.
pub(super) fn leave_health(session: &Session, survey: &Survey, observed: Observed) {
    let schedule = survey.schedule.clone();
    let periods = schedule.map(|schedule| Periods::Scheduled(Box::new(schedule)));
    let now = session.clock.now_utc();
    let history = session.history(&survey.id);
    let path = history.with_file_name(FILE);
    let subject = Subject { survey: Some(survey.clone()), history };
    let grace = Duration::ZERO;
    let expectation = Expectation { now, periods: periods.clone(), grace, since: None };
    let warn = |cause: String| {
        session.ui.warn(&format!("`{}` cannot be written", path.display()), &[cause], None);
    };
    let health = match find_health(&subject, expectation) {
        Ok(health) => health,
        Err(error) => return warn(error.to_string()),
    };
    let inputs = HealthInputs {
        survey: (&survey.id, &survey.title),
        periods: periods.as_ref(),
        grace_s: grace.as_secs(),
        token_days: TOKEN_DAYS,
        is_damaged: find_damage(&subject.history).is_ok_and(|damage| damage.is_some()),
    };
    let observed = observed.or_earlier(load_observed(&subject.history));
    let report = HealthReport::new(&inputs, health, observed);
    if let Err(error) = replace_file(&path, render_health_json(&report).as_bytes()) {
        warn(error.to_string());
    }
}

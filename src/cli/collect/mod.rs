//! `collect`: one run, from GitHub or from a recording.
//!
//! Here it is decided what is to be done; `pass` does it and `closing` tells how it went.

mod closing;
mod pass;
mod recording;

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::ValueEnum as _;

use super::args::{ApiArg, CollectArgs, PerArg};
use super::connection::Connection;
use super::diagnostic::{DONE, Failure};
use super::output::Outputs;
use super::{Session, still_asks};
use crate::catalog::Loaded;
use crate::collect::{ChosenApi, Past, Plan, choose_api, start_run};
use crate::domain::period::{LastRuns, PeriodState, Periods};
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::{Key, Run, RunId};
use crate::domain::survey::{ApiChoice, Survey};
use crate::github::{Recorder, Replay};
use crate::history::{Appender, HistoryError, Selection, Wanted, select_run, visit_last_runs};

pub(super) use closing::{doubts, is_incomplete};
pub(super) use pass::{
    Heard, describe, describe_api, describe_change, in_words, listening, make_pass, teller,
};

/// A count that none of so many last runs has is not looked for any further back.
const MOST_RUNS_LOOKED_AT: usize = 30;

pub(super) fn perform(session: &Session, arguments: &CollectArgs) -> Result<u8, Failure> {
    let mut words: Vec<&str> = ["collect"].into_iter().chain(arguments.survey.as_deref()).collect();
    words.extend(arguments.replay.iter().flat_map(|replay| ["--replay", replay]));
    let outputs = Outputs::choose(session, &words, &arguments.output)?;
    let survey = session.load_survey(arguments.survey.as_deref())?.value;
    let periods = arguments.once.then(|| periods(&survey, arguments.per, "--once")).transpose()?;
    let origin = match &arguments.replay {
        Some(replay) => Origin::Recording(Box::new(session.catalog().load_recording(replay)?)),
        None => Origin::Github,
    };
    let order = Order { session, arguments, survey, origin, periods };
    order.warn_of_other_recording();
    Session::block_on(async {
        if arguments.dry_run { order.show_plan().await } else { order.carry_out(&outputs).await }
    })
}

/// Returns how periods are found, for `what` needs them.
pub(super) fn periods(
    survey: &Survey,
    per: Option<PerArg>,
    what: &str,
) -> Result<Periods, Failure> {
    match (per, &survey.schedule) {
        (Some(per), _) => Ok(Periods::Calendar(per.into())),
        (None, Some(schedule)) => Ok(Periods::Scheduled(Box::new(schedule.clone()))),
        (None, None) => {
            let id = &survey.id;
            let message = format!("`{what}` needs a period: survey `{id}` has no schedule");
            Err(Failure::usage(message).hint("add `--per day`, or a `[schedule]` to the survey"))
        }
    }
}

/// Returns what the last runs say of a period.
pub(super) fn last_runs(last: &Selection) -> LastRuns {
    LastRuns {
        last: last.run.id,
        is_finished: last.progress.is_finished(),
        finished_before: last.before.as_ref().map(|run| run.id),
    }
}

/// Makes or finishes the run of the period in which now lies, or leaves it alone, as `--once` does;
/// returns the exit code.
pub(super) async fn collect_once(
    session: &Session,
    arguments: &CollectArgs,
    survey: Survey,
    periods: Periods,
) -> Result<u8, Failure> {
    let outputs = Outputs::choose(session, &["collect"], &arguments.output)?;
    let order =
        Order { session, arguments, survey, origin: Origin::Github, periods: Some(periods) };
    order.carry_out(&outputs).await
}

/// What was ordered on the command line.
struct Order<'a> {
    session: &'a Session,
    arguments: &'a CollectArgs,
    survey: Survey,
    origin: Origin,
    periods: Option<Periods>,
}

/// Where the answers come from.
enum Origin {
    Github,
    Recording(Box<Loaded<Vec<RecordedAnswer>>>),
}

/// What `--resume` and `--once` make of the history.
enum Intent {
    /// A run of its own.
    Start,
    /// The rest of the last run.
    Finish(Box<Run>),
    /// Nothing, for the reason given: that run has it all.
    LeaveAlone(RunId, String),
}

impl Order<'_> {
    /// Returns the run of the recording, if one is replayed.
    fn recorded_run(&self) -> Option<RunId> {
        match &self.origin {
            Origin::Github => None,
            // A recording has at least one answer.
            Origin::Recording(recording) => recording.value.first().map(|answer| answer.run),
        }
    }

    /// Returns the moment that counts as now: a replay happens when it was recorded.
    fn now(&self) -> DateTime<Utc> {
        let recorded = self.recorded_run().map(RunId::started_at);
        recorded.unwrap_or_else(|| self.session.clock.now_utc())
    }

    fn history(&self) -> PathBuf {
        match &self.origin {
            Origin::Github => self.session.history(&self.survey.id),
            Origin::Recording(recording) => {
                let folder = self.session.output_folder(&self.survey.id);
                folder.join(format!("replay-{}.csv", recording.id))
            }
        }
    }

    async fn show_plan(&self) -> Result<u8, Failure> {
        let plan = self.plan_to_show()?;
        let origin = match &self.origin {
            Origin::Recording(recording) => {
                format!("from {}: no request is sent", recording.origin)
            }
            Origin::Github => {
                let connection = Connection::find(self.session, &self.arguments.connection).await?;
                let past = self.past(&self.history(), &plan)?;
                let has_token = connection.token.is_some();
                let queries = plan.queries.len();
                let chosen = self.choose_api(&past, &connection, queries)?;
                if let Some(change) = describe_change(chosen) {
                    self.session.ui.say(&change);
                }
                let work = describe_api(chosen, &plan, has_token);
                format!("from {}, {work}", connection.describe())
            }
        };
        let mut text = format!(
            "{}\n{} counts by {} queries, {origin}\n",
            self.survey.title,
            plan.queries.iter().map(|query| query.targets.len()).sum::<usize>(),
            plan.queries.len(),
        );
        for planned in &plan.queries {
            let names = planned.targets.iter().map(|t| format!("{} {}", t.framework, t.metric));
            let names = names.collect::<Vec<_>>().join(", ");
            let pass = match self.survey.samples {
                1 => String::new(),
                _ => format!("pass {}  ", planned.sample_no),
            };
            let (query, method) = (&planned.query.text, planned.query.method);
            text.push_str(&format!("  {pass}{method}  {query}  ({names})\n"));
        }
        for skipped in &plan.skipped {
            text.push_str(&format!(
                "  skipped: {} {}, which has no {}\n",
                skipped.framework, skipped.metric, skipped.placeholder
            ));
        }
        self.session.ui.data(&text)?;
        Ok(DONE)
    }

    /// Makes the plan of a run that starts at that moment.
    fn plan(&self, started_at: DateTime<Utc>) -> Plan {
        let cross_checks = self.arguments.ask.cross_check;
        Plan { cross_checks, ..Plan::new(&self.survey, started_at.date_naive()) }
    }

    /// Returns the plan of a new run, or with `--resume` of the rest of the last one.
    fn plan_to_show(&self) -> Result<Plan, Failure> {
        if !self.arguments.resume {
            return Ok(self.plan(self.now()));
        }
        let asked = |key: &Key| still_asks(&self.survey, key);
        let run = select_run(&self.history(), Wanted::Last, asked)?.run;
        Ok(self.plan(run.id.started_at()).without_answered(&run, &self.survey))
    }

    async fn carry_out(&self, outputs: &Outputs) -> Result<u8, Failure> {
        let Self { session, arguments, .. } = self;
        let connection = match &self.origin {
            Origin::Github => Some(Connection::find(session, &arguments.connection).await?),
            Origin::Recording(_) => None,
        };
        // Refused before anything is opened or replaced.
        if let Some(connection) = &connection {
            self.refuse_without_token(connection)?;
        }
        if !(arguments.resume || arguments.once) {
            self.refuse_recording()?;
        }
        let record;
        let mut appender = self.open_history()?;
        tell_set_aside(session, &appender);
        let (run, plan) = match self.intent(&appender)? {
            Intent::LeaveAlone(run, reason) => {
                session.ui.say(&reason);
                return closing::show_run(self, run, outputs);
            }
            Intent::Start => {
                let run = self.new_run(&appender).await?;
                record = self.open_recording(None)?;
                (run, self.plan(run.started_at()))
            }
            Intent::Finish(run) => {
                Self::refuse_other_github(&run, connection.as_ref())?;
                record = self.open_recording(Some(run.id))?;
                let plan = self.plan(run.id.started_at());
                (run.id, plan.without_answered(&run, &self.survey))
            }
        };
        if plan.queries.is_empty() {
            return self.leave_empty_plan(run, &plan);
        }
        let past = self.past(appender.path(), &plan)?;
        let plan = plan.with_last_counts(&past);
        let chosen = connection.as_ref();
        let chosen = chosen.map(|found| self.choose_api(&past, found, plan.queries.len()));
        let live = connection.as_ref().zip(chosen.transpose()?);
        let heard = Heard::default();
        let ended = self.ask(live, &plan, run, &mut appender, record, &heard).await?;
        let kept = appender.kept();
        // Of thousands of queries the report needs its own room.
        drop((appender, plan, past));
        self.remove_empty_recording();
        let connection = connection.as_ref();
        closing::Closing { order: self, connection, run, kept, heard: &heard }
            .close(ended, outputs)
            .await
    }

    /// Ends a run that has nothing to ask: what it lacks is no longer, or never was, in the survey.
    fn leave_empty_plan(&self, run: RunId, plan: &Plan) -> Result<u8, Failure> {
        if plan.counts == 0 {
            let id = &self.survey.id;
            return Err(Failure::usage(format!("survey `{id}` asks nothing"))
                .because("no metric that is switched on fits any of its frameworks")
                .hint(self.session.command(["check", id])));
        }
        let text = format!("run {run} lacks only what the survey no longer asks; nothing to ask");
        self.session.ui.say(&text);
        Ok(DONE)
    }

    /// Returns what the last runs of the history tell a new one; a replay is taken as it was
    /// recorded.
    fn past(&self, history: &Path, plan: &Plan) -> Result<Past, Failure> {
        let mut past = Past::default();
        if matches!(self.origin, Origin::Recording(_)) {
            return Ok(past);
        }
        let visited = visit_last_runs(history, MOST_RUNS_LOOKED_AT, |run| {
            past.note(&run, &self.survey);
            if past.knows_all_of(plan) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match visited {
            Ok(()) | Err(HistoryError::Missing { .. }) => Ok(past),
            Err(error) => Err(error.into()),
        }
    }

    /// GraphQL needs a token, whatever the history says.
    fn refuse_without_token(&self, connection: &Connection) -> Result<(), Failure> {
        self.choose_api(&Past::default(), connection, 0).map(drop)
    }

    /// Chooses the API: by flag, survey, history, token and length.
    fn choose_api(
        &self,
        past: &Past,
        connection: &Connection,
        queries: usize,
    ) -> Result<ChosenApi, Failure> {
        let wanted = self.arguments.ask.api.map_or(self.survey.api, ApiChoice::from);
        Ok(choose_api(wanted, past.last_api(), connection.token.is_some(), queries)?)
    }

    /// A run is of one GitHub: counts of two would not be comparable.
    fn refuse_other_github(run: &Run, connection: Option<&Connection>) -> Result<(), Failure> {
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

    /// Makes the pass with whatever answers.
    async fn ask(
        &self,
        live: Option<(&Connection, ChosenApi)>,
        plan: &Plan,
        run: RunId,
        appender: &mut Appender,
        record: Option<(File, PathBuf)>,
        heard: &Heard,
    ) -> Result<pass::Ended, Failure> {
        let Self { session, arguments, survey, origin, .. } = self;
        let counts: usize = plan.queries.iter().map(|query| query.targets.len()).sum();
        let bar = session.ui.progress(plan.queries.len() as u64);
        let id = &survey.id;
        match (origin, live) {
            (Origin::Recording(recording), _) => {
                session.ui.say(&format!(
                    "collecting {counts} counts from {}, run {run}",
                    recording.origin
                ));
                let pace = arguments.connection.pace.unwrap_or_default();
                let source = Replay::new(
                    recording.value.clone(),
                    pace,
                    arguments.connection.max_time,
                    &*session.clock,
                );
                match record {
                    None => make_pass(session, plan, id, run, source, appender, &bar).await,
                    Some((file, path)) => {
                        let source = Recorder::new(source, run, file, path);
                        make_pass(session, plan, id, run, source, appender, &bar).await
                    }
                }
            }
            (Origin::Github, Some((connection, chosen))) => {
                let from = connection.describe();
                let has_token = connection.token.is_some();
                let work = describe_api(chosen, plan, has_token);
                session
                    .ui
                    .say(&format!("collecting {counts} counts from {from}, run {run}, {work}"));
                if let Some(change) = describe_change(chosen) {
                    session.ui.say(&change);
                }
                connection.advise(session);
                let tell = teller(session, Some(connection), &bar, heard);
                let source = connection.source(chosen.api, &*session.clock, tell)?;
                match record {
                    None => make_pass(session, plan, id, run, source, appender, &bar).await,
                    Some((file, path)) => {
                        let source = Recorder::new(source, run, file, path);
                        make_pass(session, plan, id, run, source, appender, &bar).await
                    }
                }
            }
            (Origin::Github, None) => Err(Failure::failed("there is no connection to GitHub")),
        }
    }

    /// Opens the history: a replay's is begun anew unless it is continued.
    fn open_history(&self) -> Result<Appender, Failure> {
        let history = self.history();
        let now = self.session.clock.now_utc();
        let continues = self.arguments.resume || self.arguments.once;
        if self.arguments.resume && !history.exists() {
            return Err(HistoryError::Missing { path: history }.into());
        }
        let replaced = matches!(self.origin, Origin::Recording(_)) && !continues;
        Ok(if replaced {
            Appender::replace(&history, now)?
        } else {
            Appender::open(&history, now)?
        })
    }

    /// Finds the id of a new run: the recorded one, or one that starts now.
    async fn new_run(&self, appender: &Appender) -> Result<RunId, Failure> {
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
    fn intent(&self, appender: &Appender) -> Result<Intent, Failure> {
        if !(self.arguments.resume || self.arguments.once) {
            return Ok(Intent::Start);
        }
        let asked = |key: &Key| still_asks(&self.survey, key);
        let last = match select_run(appender.path(), Wanted::Last, asked) {
            Ok(selection) => selection,
            Err(HistoryError::Empty { .. }) if self.arguments.once => return Ok(Intent::Start),
            Err(error) => return Err(error.into()),
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

    /// Returns the command that was given, with another flag, so that it can be pasted.
    fn command(&self, flag: &str, api: Option<ApiArg>) -> String {
        let connection = &self.arguments.connection;
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut words = vec!["collect".to_owned()];
        words.extend(self.arguments.survey.clone());
        let mut add = |name: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        add("--replay", self.arguments.replay.clone());
        add("--record", self.arguments.record.as_ref().map(path));
        add("--api-url", connection.api_url.clone());
        add("--api", api.and_then(|api| Some(api.to_possible_value()?.get_name().to_owned())));
        add("--settings", connection.settings.as_ref().map(path));
        add("--token-file", connection.token_file.as_ref().map(path));
        words.extend(connection.no_token.then(|| "--no-token".to_owned()));
        words.push(flag.to_owned());
        self.session.command(words)
    }
}

pub(super) fn tell_set_aside(session: &Session, appender: &Appender) {
    if let Some(cut) = appender.set_aside() {
        let text = format!("`{}` ended in a line that was cut off", appender.path().display());
        let place = cut.moved_to.display();
        let moved = format!("line {}, {} bytes, now in `{place}`", cut.line, cut.bytes);
        session.ui.warn(&text, &[moved], None);
    }
}

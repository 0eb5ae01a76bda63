//! `collect`: one run, from GitHub or from a recording.
//!
//! `intent` finds the run that is begun or finished, `planning` what it asks; `pass` asks, `recording` is what it may
//! leave beside the history, and `closing` tells how it went.

mod closing;
mod intent;
mod pass;
mod planning;
mod recording;

use std::fs::File;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use indicatif::ProgressBar;

use super::args::{ApiArg, CollectArgs, PerArg};
use super::command_line::CommandLine;
use super::connection::Connection;
use super::diagnostic::Failure;
use super::output::Outputs;
use super::{Session, counted};
use crate::catalog::Loaded;
use crate::collect::{ChosenApi, Plan};
use crate::domain::period::{Periods, Schedule};
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::RunId;
use crate::domain::survey::Survey;
use crate::github::{AnswerSource, Recorder, Replay};
use crate::history::Appender;

use intent::Intent;

pub(super) use closing::{doubts, is_incomplete};
pub(super) use intent::last_runs;
pub(super) use pass::{
    Heard, describe, describe_api, describe_change, in_words, listening, make_pass, teller,
};

pub(super) fn perform(session: &Session, arguments: &CollectArgs) -> Result<u8, Failure> {
    let mut words: Vec<&str> = ["collect"].into_iter().chain(arguments.survey.as_deref()).collect();
    words.extend(arguments.replay.iter().flat_map(|replay| ["--replay", replay]));
    let outputs = Outputs::choose(session, &words, &arguments.output)?;
    let survey = session.load_survey(arguments.survey.as_deref())?.value;
    let subject = (survey.id.as_str(), survey.schedule.as_ref());
    let periods =
        arguments.once.then(|| periods(subject, arguments.per, "`--once`")).transpose()?;
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

/// Returns how the periods of a survey are found, by its id and schedule; `what` needs them.
pub(super) fn periods(
    (id, schedule): (&str, Option<&Schedule>),
    per: Option<PerArg>,
    what: &str,
) -> Result<Periods, Failure> {
    match (per, schedule) {
        (Some(per), _) => Ok(Periods::Calendar(per.into())),
        (None, Some(schedule)) => Ok(Periods::Scheduled(Box::new(schedule.clone()))),
        (None, None) => {
            let message = format!("{what} needs a period: survey `{id}` has no schedule");
            Err(Failure::usage(message).hint("add `--per day`, or a `[schedule]` to the survey"))
        }
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
        let Self { session, arguments, origin, .. } = self;
        let counts: usize = plan.queries.iter().map(|query| query.targets.len()).sum();
        let counts = counted(counts, "count", "counts");
        let bar = session.ui.progress(plan.queries.len() as u64);
        match (origin, live) {
            (Origin::Recording(recording), _) => {
                let from = &recording.origin;
                session.ui.say(&format!("collecting {counts} from {from}, run {run}"));
                let source = Replay::new(
                    recording.value.clone(),
                    arguments.connection.pace.unwrap_or_default(),
                    arguments.connection.max_time,
                    &*session.clock,
                );
                self.pass(plan, run, source, record, appender, &bar).await
            }
            (Origin::Github, Some((connection, chosen))) => {
                let from = connection.describe();
                let work = describe_api(chosen, plan, connection.token.is_some());
                session.ui.say(&format!("collecting {counts} from {from}, run {run}, {work}"));
                if let Some(change) = describe_change(chosen) {
                    session.ui.say(&change);
                }
                connection.advise(session);
                let tell = teller(session, Some(connection), &bar, heard);
                let source = connection.source(chosen.api, &*session.clock, tell)?;
                self.pass(plan, run, source, record, appender, &bar).await
            }
            (Origin::Github, None) => Err(Failure::failed("there is no connection to GitHub")),
        }
    }

    /// Makes the pass, recorded if that is wanted.
    async fn pass<S: AnswerSource>(
        &self,
        plan: &Plan,
        run: RunId,
        source: S,
        record: Option<(File, PathBuf)>,
        appender: &mut Appender,
        bar: &ProgressBar,
    ) -> Result<pass::Ended, Failure> {
        let (session, id) = (self.session, &self.survey.id);
        match record {
            None => make_pass(session, plan, id, run, source, appender, bar).await,
            Some((file, path)) => {
                let source = Recorder::new(source, run, file, path);
                make_pass(session, plan, id, run, source, appender, bar).await
            }
        }
    }

    /// Returns the command that was given, with `--resume` or another flag in place of its own, so that it
    /// can be pasted.
    fn command(&self, flag: Option<&str>, api: Option<ApiArg>) -> String {
        let CollectArgs { survey, replay, record, connection, .. } = self.arguments;
        let line = CommandLine::new("collect", survey.as_deref())
            .value("--replay", replay.as_deref())
            .path("--record", record.as_ref())
            .choice("--api", api.as_ref())
            .connection(connection);
        self.session.command(flag.into_iter().fold(line, CommandLine::flag))
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

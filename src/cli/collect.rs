//! `collect`: one run, from a recording.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::args::CollectArgs;
use super::diagnostic::{DONE, FAILED, Failure, NOT_FINISHED};
use super::output::Outputs;
use super::report::{Subject, Wishes, build};
use super::{Session, still_asks};
use crate::catalog::Loaded;
use crate::clock::Clock as _;
use crate::collect::{Collected, Ending, Plan, Progressed, collect, start_run};
use crate::domain::period::Periods;
use crate::domain::ranking::Tally;
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::{Key, Run, RunId};
use crate::domain::sample::{Outcome, Sample};
use crate::domain::survey::Survey;
use crate::domain::when::When;
use crate::github::{AnswerSource, Recorder, Replay};
use crate::history::{Appender, HistoryError, Wanted, select_run};
use crate::platform::{Stop, stop_flag};
use crate::report::count;

pub(super) fn perform(session: &Session, arguments: &CollectArgs) -> Result<u8, Failure> {
    let outputs = Outputs::choose(&arguments.output)?;
    let survey = session.load_survey(arguments.survey.as_deref())?;
    let periods = periods(&survey.value, arguments)?;
    let Some(replay) = &arguments.replay else { return Err(no_network()) };
    let recording = session.catalog().load_recording(replay)?;
    let order = Order { session, arguments, survey: survey.value, recording, periods };
    if arguments.dry_run {
        return order.show_plan();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed("no run can start").caused_by(&error))?;
    runtime.block_on(order.carry_out(&outputs))
}

fn no_network() -> Failure {
    Failure::failed("this version collects from recordings only; it cannot ask GitHub yet")
        .hint("repo-census collect --replay codingnomads-2023")
}

/// Returns how periods are found, if `--once` needs them.
fn periods(survey: &Survey, arguments: &CollectArgs) -> Result<Option<Periods>, Failure> {
    if !arguments.once {
        return Ok(None);
    }
    match (arguments.per, &survey.schedule) {
        (Some(per), _) => Ok(Some(Periods::Calendar(per.into()))),
        (None, Some(schedule)) => Ok(Some(Periods::Scheduled(Box::new(schedule.clone())))),
        (None, None) => Err(Failure::usage(format!(
            "`--once` needs a period: survey `{}` has no schedule",
            survey.id
        ))
        .hint("add `--per day`, or a `[schedule]` to the survey")),
    }
}

/// What was ordered on the command line.
struct Order<'a> {
    session: &'a Session,
    arguments: &'a CollectArgs,
    survey: Survey,
    recording: Loaded<Vec<RecordedAnswer>>,
    periods: Option<Periods>,
}

/// What `--resume` and `--once` make of the history.
enum Intent {
    /// A run of its own.
    Start,
    /// The rest of the last run.
    Finish(Box<Run>),
    /// Nothing, for the reason given.
    LeaveAlone(String),
}

impl Order<'_> {
    fn recorded_run(&self) -> RunId {
        let first = self.recording.value.first();
        first.map_or_else(|| RunId::new(self.session.clock.now_utc(), 0), |answer| answer.run)
    }

    fn history(&self) -> PathBuf {
        let folder = self.session.output_folder(&self.survey.id);
        folder.join(format!("replay-{}.csv", self.recording.id))
    }

    fn show_plan(&self) -> Result<u8, Failure> {
        let plan = Plan::new(&self.survey, self.recorded_run().started_at().date_naive());
        let mut text = format!(
            "{}\n{} counts by {} queries, from {}: no request is sent\n",
            self.survey.title,
            plan.counts,
            plan.queries.len(),
            self.recording.origin,
        );
        for planned in &plan.queries {
            let names: Vec<String> = planned
                .targets
                .iter()
                .map(|target| format!("{} {}", target.framework, target.metric))
                .collect();
            let pass = match self.survey.samples {
                1 => String::new(),
                _ => format!("pass {}  ", planned.sample_no),
            };
            let (query, method) = (&planned.query.text, planned.query.method);
            text.push_str(&format!("  {pass}{method}  {query}  ({})\n", names.join(", ")));
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

    async fn carry_out(&self, outputs: &Outputs) -> Result<u8, Failure> {
        let Self { session, arguments, .. } = self;
        let history = self.history();
        let now = session.clock.now_utc();
        let continues = arguments.resume || arguments.once;
        if arguments.resume && !history.exists() {
            return Err(HistoryError::Missing { path: history }.into());
        }
        let mut appender = if continues {
            Appender::open(&history, now)?
        } else {
            Appender::replace(&history, now)?
        };
        tell_set_aside(session, &appender);
        let (run, plan) = match self.intent(&appender)? {
            Intent::LeaveAlone(reason) => {
                session.ui.say(&reason);
                return Ok(DONE);
            }
            Intent::Start => {
                let run = self.recorded_run();
                if appender.last_run().is_some_and(|last| last >= run) {
                    start_run(&appender, &session.clock, 0).await?;
                }
                (run, Plan::new(&self.survey, run.started_at().date_naive()))
            }
            Intent::Finish(run) => {
                let plan = Plan::new(&self.survey, run.id.started_at().date_naive());
                (run.id, plan.without_answered(&run, &self.survey))
            }
        };
        session.ui.say(&format!(
            "collecting {} counts from {}, run {run}",
            plan.queries.iter().map(|query| query.targets.len()).sum::<usize>(),
            self.recording.origin
        ));
        let pace = arguments.pace.unwrap_or_default();
        let replay = Replay::new(self.recording.value.clone(), pace, &session.clock);
        let collected = match &arguments.record {
            None => pass(session, &plan, &self.survey.id, run, replay, &mut appender).await?,
            Some(path) => {
                let file = open_recording(path, arguments.resume)?;
                let recorder = Recorder::new(replay, run, file, path.clone());
                pass(session, &plan, &self.survey.id, run, recorder, &mut appender).await?
            }
        };
        drop(appender);
        self.close(&history, run, collected, outputs)
    }

    /// Decides what is to be done, from the last run of the history.
    fn intent(&self, appender: &Appender) -> Result<Intent, Failure> {
        if !(self.arguments.resume || self.arguments.once) {
            return Ok(Intent::Start);
        }
        let path = appender.path();
        let asked = |key: &Key| still_asks(&self.survey, key);
        let last = match select_run(path, Wanted::Last, asked) {
            Ok(selection) => selection,
            Err(HistoryError::Empty { .. }) if self.arguments.once => return Ok(Intent::Start),
            Err(error) => return Err(error.into()),
        };
        let finished = last.progress.is_finished();
        let Some(periods) = &self.periods else {
            return Ok(if finished {
                Intent::LeaveAlone(format!(
                    "run {} is finished: {} of {} counts have a number; nothing to resume",
                    last.run.id, last.progress.answered, last.progress.planned
                ))
            } else {
                Intent::Finish(Box::new(last.run))
            });
        };
        let now = self.recorded_run().started_at();
        let Some(period) = periods.period_at(now) else { return Ok(Intent::Start) };
        let in_period = |run: &Run| period.contains(run.id.started_at());
        let done = if finished { Some(&last.run) } else { last.before.as_ref() };
        if let Some(done) = done.filter(|run| in_period(run)) {
            let id = done.id;
            return Ok(Intent::LeaveAlone(format!("the period {period} already has run {id}")));
        }
        Ok(if !finished && in_period(&last.run) {
            Intent::Finish(Box::new(last.run))
        } else {
            Intent::Start
        })
    }

    /// Tells how the run went, shows its ranking, and chooses the exit code.
    fn close(
        &self,
        history: &Path,
        run: RunId,
        collected: Collected,
        outputs: &Outputs,
    ) -> Result<u8, Failure> {
        let Self { session, arguments, survey, .. } = self;
        let subject = Subject { survey: Some(survey.clone()), history: history.to_owned() };
        let resume = self.command("--resume");
        let selection = match subject.select(Wanted::At(When::Run(run))) {
            Ok(selection) => selection,
            Err(failure) => match collected.ending {
                Ending::Interrupted(signal) => {
                    return Err(Failure::interrupted(
                        signal,
                        "interrupted before the first answer",
                    ));
                }
                Ending::Done => return Err(failure),
            },
        };
        let progress = selection.progress;
        if let Ending::Interrupted(signal) = collected.ending {
            let message = format!(
                "interrupted; {} of {} counts are in `{}`",
                progress.answered,
                progress.planned,
                history.display()
            );
            return Err(Failure::interrupted(signal, message)
                .hint(format!("ask only for the rest with `{resume}`")));
        }
        session.ui.say(&format!("kept {} rows in `{}`", collected.rows, history.display()));
        if Outputs::were_chosen(&arguments.output) || !session.ui.is_quiet() {
            let report = build(session, &subject, &selection, &Wishes::default())?;
            outputs.write(session, &report)?;
        }
        let doubts = doubts(&selection.run);
        let incomplete = selection.run.answers().values().any(|answer| is_incomplete(answer));
        if !progress.is_finished() {
            let missing =
                format!("{} of {} counts have a number", progress.answered, progress.planned);
            session.ui.warn(&missing, &doubts, None);
            return Ok(if progress.answered == 0 { FAILED } else { NOT_FINISHED });
        }
        if incomplete {
            let text = "the run is finished, but some counts are only lower bounds";
            session.ui.warn(text, &doubts, None);
            if arguments.strict {
                return Ok(NOT_FINISHED);
            }
        }
        let shown = history.display();
        session.ui.next(&match &survey.baseline {
            Some(baseline) => format!("repo-census report {shown} --against {baseline}"),
            None => format!("repo-census report {shown} --format md"),
        });
        Ok(DONE)
    }

    /// Returns the command that was given, with another flag.
    fn command(&self, flag: &str) -> String {
        let survey = self.arguments.survey.as_ref().map(|survey| format!(" {survey}"));
        let replay = self.arguments.replay.as_ref().map(|replay| format!(" --replay {replay}"));
        let parts = [survey.unwrap_or_default(), replay.unwrap_or_default()];
        format!("repo-census collect{} {flag}", parts.concat())
    }
}

/// Makes one pass, with a bar, until it is done or a signal comes.
async fn pass<S: AnswerSource>(
    session: &Session,
    plan: &Plan,
    survey: &str,
    run: RunId,
    mut source: S,
    appender: &mut Appender,
) -> Result<Collected, Failure> {
    let (stopper, mut stop): (_, Stop) = stop_flag();
    let bar = session.ui.progress(plan.queries.len() as u64);
    let tell = |progressed: &Progressed<'_>| {
        bar.set_length((progressed.asked + progressed.still_to_ask) as u64);
        bar.set_position(progressed.asked as u64);
        bar.set_message(progressed.question.framework.clone());
        session.ui.detail(&describe(progressed));
    };
    let pass = collect(plan, survey, run, &mut source, appender, &mut stop, tell);
    let collected = tokio::select! {
        biased;
        // Listening ends only if the system lets nobody listen; then a signal ends the process at
        // once, and the next run finds everything kept so far.
        Err(error) = stopper.listen() => {
            return Err(Failure::failed("signals cannot be listened to").caused_by(&error));
        }
        collected = pass => collected,
    };
    bar.finish_and_clear();
    Ok(collected?)
}

fn describe(progressed: &Progressed<'_>) -> String {
    let Progressed { question, answer, .. } = progressed;
    let number = match answer.outcome {
        Outcome::Complete(number) | Outcome::Unchecked(number) => count(number),
        Outcome::Incomplete(number) => format!("at least {}", count(number)),
        Outcome::Failed => "no number".to_owned(),
    };
    let status = answer.outcome.status().as_str();
    let query = if answer.query.is_empty() { "query unknown" } else { answer.query.as_str() };
    let detail = match answer.detail.as_str() {
        "" => String::new(),
        detail => format!(", {detail}"),
    };
    format!("{} {}: {number} ({status}{detail}; {query})", question.framework, question.metric)
}

/// Names every count of a run that is missing or only a lower bound.
fn doubts(run: &Run) -> Vec<String> {
    let line = |(key, attempts): (Key, Vec<&Sample>)| {
        let name = format!("`{}` {}", key.framework, key.metric);
        let tally = Tally::of(&attempts);
        match tally.outcome {
            Outcome::Failed => Some(format!("{name}: {}", tally.reason)),
            Outcome::Incomplete(number) => {
                let bound = count(number);
                Some(format!("{name}: GitHub stopped the search early; at least {bound}"))
            }
            Outcome::Complete(_) | Outcome::Unchecked(_) => None,
        }
    };
    run.attempts().into_iter().filter_map(line).collect()
}

fn is_incomplete(sample: &Sample) -> bool {
    matches!(sample.outcome, Outcome::Incomplete(_))
}

fn tell_set_aside(session: &Session, appender: &Appender) {
    if let Some(cut) = appender.set_aside() {
        let text = format!("`{}` ended in a line that was cut off", appender.path().display());
        let moved =
            format!("line {}, {} bytes, now in `{}`", cut.line, cut.bytes, cut.moved_to.display());
        session.ui.warn(&text, &[moved], None);
    }
}

/// Opens a recording: a new file, or the one of the run that is resumed.
fn open_recording(path: &Path, resumes: bool) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).create_new(!resumes);
    options.open(path).map_err(|error| {
        let shown = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::usage(format!("`{shown}` is already there; nothing was asked"))
                .hint("name another file: a recording is never written over");
        }
        Failure::failed(format!("`{shown}` cannot be written")).caused_by(&error)
    })
}

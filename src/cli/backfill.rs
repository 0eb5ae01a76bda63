//! `backfill`: counts of the past by creation dates, a series of its own.
//!
//! What is answered is kept in one file, the sums in another that is worked out from it once every
//! point was asked for. `period` reads for which time, `points` writes the sums, `earlier` names the
//! series that they replace. `unfinished` says how one that ended early was begun.

mod earlier;
mod period;
mod points;
mod unfinished;

use std::path::PathBuf;

use chrono::{NaiveDate, TimeDelta};

use super::args::BackfillArgs;
use super::collect::{Heard, describe, in_words, listening, tell_set_aside, teller};
use super::command_line::CommandLine;
use super::connection::Connection;
use super::diagnostic::{DONE, Failure, NOT_FINISHED};
use super::{Session, counted};
use crate::collect::{
    Api, Ask, BackfillPlan, ChosenApi, CollectError, Ending, Known, Progressed, Refused, WhyApi,
    backfill, choose_api, start_run,
};
use crate::domain::survey::{ApiChoice, Metric, Survey};
use crate::history::{Appender, HistoryError, fold_runs};
use crate::platform::stop_flag;
use crate::report::count;

pub(super) use unfinished::Unfinished;

/// Answers older than this are asked for again: a series is to be of one time.
const REUSED_FOR: TimeDelta = TimeDelta::days(30);

pub(super) fn perform(session: &Session, arguments: &BackfillArgs) -> Result<u8, Failure> {
    let survey = session.load_survey(arguments.survey.as_deref())?.value;
    let plan = plan(session, arguments, &survey)?;
    tell_plan(session, arguments, &plan)?;
    let order = Order { session, arguments, survey, plan };
    Session::block_on(order.carry_out())
}

fn plan(
    session: &Session,
    arguments: &BackfillArgs,
    survey: &Survey,
) -> Result<BackfillPlan, Failure> {
    let today = session.clock.now_utc().date_naive();
    let metrics: Vec<&Metric> = match &arguments.metric {
        None => survey.enabled_metrics().collect(),
        Some(id) => survey.metrics.iter().filter(|metric| metric.id == *id).collect(),
    };
    if let (Some(id), []) = (&arguments.metric, metrics.as_slice()) {
        let known = survey.metrics.iter().map(|metric| metric.id.as_str());
        return Err(Failure::not_in_survey(&survey.id, "metric", id, known));
    }
    let last_days = period::last_days(arguments, today)?;
    Ok(BackfillPlan::new(survey, metrics, last_days, today))
}

/// Warns of what is left out, and refuses a plan that leaves out everything.
fn tell_plan(
    session: &Session,
    arguments: &BackfillArgs,
    plan: &BackfillPlan,
) -> Result<(), Failure> {
    let line = |Refused { metric, term }: &Refused| format!("`{metric}` asks for `{term}`");
    let lines: Vec<String> = plan.refused.iter().map(line).collect();
    let reason = "stars, pushes and their like are those of today: a search cannot tell what they \
                  were on a day of the past";
    if plan.series.is_empty() {
        let failure = Failure::usage("no metric that is asked for can be reconstructed");
        let failure = lines.into_iter().fold(failure, Failure::because);
        return Err(if plan.refused.is_empty() {
            failure.because("none fits any of the survey's frameworks")
        } else {
            failure.because(reason).hint("choose another one with `--metric`")
        });
    }
    if !lines.is_empty() {
        let mut lines = lines;
        lines.push(reason.to_owned());
        session.ui.warn("some metrics cannot be reconstructed and are left out", &lines, None);
    }
    let names = plan.skipped.iter();
    let names: Vec<String> = names
        .map(|s| format!("skipped: {} {}, which has no {}", s.framework, s.metric, s.placeholder))
        .collect();
    if arguments.dry_run {
        for name in &names {
            session.ui.say(name);
        }
    }
    Ok(())
}

/// What was ordered on the command line.
struct Order<'a> {
    session: &'a Session,
    arguments: &'a BackfillArgs,
    survey: Survey,
    plan: BackfillPlan,
}

impl Order<'_> {
    /// Returns the file of the sums.
    fn sums(&self) -> PathBuf {
        self.session.backfill(&self.survey.id)
    }

    /// Returns the file of the answers, which is laid out as a history.
    fn ranges(&self) -> PathBuf {
        self.session.output_folder(&self.survey.id).join("backfill-ranges.csv")
    }

    async fn carry_out(&self) -> Result<u8, Failure> {
        let Self { session, arguments, plan, .. } = self;
        let connection = Connection::find(session, &arguments.connection).await?;
        let wanted = arguments.api.map_or(self.survey.api, ApiChoice::from);
        let has_token = connection.token.is_some();
        let host = connection.address.web_host();
        // Refused before anything is opened.
        choose_api(wanted, None, has_token, plan.questions())?;
        if arguments.dry_run {
            let known = self.known(host.as_deref())?;
            let asks = plan.asks(&known);
            let chosen = choose_api(wanted, None, has_token, asks.len())?;
            let plan = self.describe(&connection, chosen, asks.len());
            let (queries, left_out) = render_queries(&asks, session.ui.is_verbose());
            session.ui.data(&format!("{plan}\n{queries}"))?;
            if left_out > 0 {
                session.ui.say("note: `-v` prints every query");
            }
            return Ok(DONE);
        }
        let mut appender = Appender::open(&self.ranges(), session.clock.now_utc())?;
        tell_set_aside(session, &appender);
        let mut known = self.known(host.as_deref())?;
        let asks = plan.asks(&known).len();
        if asks == 0 {
            let days = REUSED_FOR.num_days();
            let text =
                format!("everything was answered within the last {days} days; nothing to ask");
            session.ui.say(&text);
            return self.close(&known, host.as_deref());
        }
        let chosen = choose_api(wanted, None, has_token, asks)?;
        let run = start_run(&appender, &*session.clock, fastrand::u16(..)).await?;
        session.ui.say(&format!("{}, run {run}", self.describe(&connection, chosen, asks)));
        connection.advise(session);
        let heard = Heard::default();
        let bar = session.ui.progress(asks as u64);
        let tell = teller(session, Some(&connection), &bar, &heard);
        let mut source = connection.source(chosen.api, &*session.clock, tell)?;
        let (stopper, mut stop) = stop_flag();
        let progress = |progressed: &Progressed<'_>| {
            bar.set_length((progressed.asked + progressed.still_to_ask) as u64);
            bar.set_position(progressed.asked as u64);
            bar.set_message(progressed.question.framework.clone());
            session.ui.detail(&describe(progressed));
        };
        let work = backfill(
            plan,
            &mut known,
            &self.survey.id,
            run,
            &mut source,
            &mut appender,
            &mut stop,
            progress,
        );
        let ended = listening(session, &stopper, work).await?;
        bar.finish_and_clear();
        let kept = appender.kept();
        let kept = counted(kept, "answer was", "answers were");
        let kept = format!("{kept} added to `{}`", self.ranges().display());
        let rest = format!("ask only for the rest with `{}`", self.command());
        let failure = match ended {
            Ok(collected) => match collected.ending {
                Ending::Done if plan.asks(&known).is_empty() => {
                    return self.close(&known, host.as_deref());
                }
                Ending::Done => {
                    Failure::new(NOT_FINISHED, "some questions got no answer").because(kept)
                }
                Ending::Interrupted(signal) => {
                    Failure::interrupted(signal, format!("interrupted; {kept}"))
                }
            },
            Err(CollectError::Source(error)) => {
                Failure::of_source(&error, Some(&connection), appender.kept() > 0).because(kept)
            }
            Err(CollectError::History(error)) => Failure::from(error).because(kept),
        };
        Err(failure.because(self.what_stays()).hint(rest))
    }

    /// Returns the answers of earlier runs that may be used.
    fn known(&self, host: Option<&str>) -> Result<Known, Failure> {
        let oldest = self.session.clock.now_utc() - REUSED_FOR;
        let read = fold_runs(&self.ranges(), Known::default, |known, run| {
            run.samples.iter().for_each(|sample| known.note_earlier(sample, host, oldest));
        });
        match read {
            Ok((known, _)) => Ok(known),
            Err(HistoryError::Missing { .. } | HistoryError::Empty { .. }) => Ok(Known::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn describe(&self, connection: &Connection, chosen: ChosenApi, asks: usize) -> String {
        let Self { plan, .. } = self;
        let has_token = connection.token.is_some();
        let (requests, mut length) = chosen.api.estimate(asks, has_token);
        let requests = counted(requests, "request", "requests");
        let (name, checks) = match chosen.api {
            Api::Rest => ("REST", String::new()),
            Api::Graphql => {
                let checks = plan.series.len();
                length += Api::Rest.estimate(checks, has_token).1;
                ("GraphQL", format!(", then {checks} over REST to check"))
            }
        };
        let why = match chosen.why {
            WhyApi::Long(by_rest) => format!(" (REST would take {})", in_words(by_rest)),
            _ => String::new(),
        };
        let answered = match plan.questions().saturating_sub(asks) {
            0 => String::new(),
            known => format!(", {} of them known", count(known as u64)),
        };
        format!(
            "reconstructing {} series of {}, {} to {}{answered}, from {}, by {name}{why}: \
             about {requests}{checks}, {}",
            count(plan.series.len() as u64),
            counted(plan.last_days.len(), "point", "points"),
            first_of(&plan.last_days),
            last_of(&plan.last_days),
            connection.describe(),
            in_words(length),
        )
    }

    /// Returns the command that goes on with this one.
    fn command(&self) -> String {
        let BackfillArgs { survey, from, to, every, metric, connection, api, .. } = self.arguments;
        let line = CommandLine::new("backfill", survey.as_deref())
            .value("--from", Some(from))
            .value("--to", to.as_deref())
            .choice("--every", Some(every))
            .value("--metric", metric.as_deref())
            .choice("--api", api.as_ref())
            .connection(connection);
        self.session.command(line)
    }
}

/// Renders the queries of a plan, of each series the first and the last unless all are wanted; returns
/// how many are left out, too.
fn render_queries(asks: &[Ask], are_all_wanted: bool) -> (String, usize) {
    let line = |ask: &Ask| format!("  {}  {}\n", ask.query.method, ask.query.text);
    let (mut text, mut left_out) = (String::new(), 0);
    for series in asks.chunk_by(|one, next| one.targets == next.targets) {
        match series {
            [first, between @ .., last] if between.len() > 1 && !are_all_wanted => {
                let more = count(between.len() as u64);
                text.push_str(&format!("{}  …  {more} more\n{}", line(first), line(last)));
                left_out += between.len();
            }
            all => text.extend(all.iter().map(line)),
        }
    }
    (text, left_out)
}

fn first_of(days: &[NaiveDate]) -> String {
    days.first().map(ToString::to_string).unwrap_or_default()
}

fn last_of(days: &[NaiveDate]) -> String {
    days.last().map(ToString::to_string).unwrap_or_default()
}

//! `backfill`: counts of the past by creation dates, a series of its own.
//!
//! What is answered is kept in one file, the sums in another that is worked out from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, TimeDelta};
use clap::ValueEnum;

use super::Session;
use super::args::BackfillArgs;
use super::collect::{Heard, describe, in_words, listening, tell_set_aside, teller};
use super::connection::Connection;
use super::diagnostic::{DONE, Failure, Hint, NOT_FINISHED};
use super::report::bad_moment;
use crate::collect::{
    Api, BackfillPlan, Check, ChosenApi, CollectError, Ending, Known, Point, Progressed, Refused,
    SeriesPlan, WhyApi, backfill, choose_api, start_run,
};
use crate::domain::created::{CreatedRange, Every};
use crate::domain::sample::{Detail, Outcome, Sample, Source, SourceKind};
use crate::domain::survey::{ApiChoice, Metric, Survey};
use crate::domain::when::When;
use crate::history::{
    Appender, HistoryError, Reconstructed, fold_runs, read_backfill, replace_backfill,
};
use crate::platform::stop_flag;
use crate::report::count;

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
        let known: Vec<&str> = survey.metrics.iter().map(|metric| metric.id.as_str()).collect();
        return Err(Failure::usage(format!("survey `{}` has no metric `{id}`", survey.id))
            .because(format!("there are {}", known.join(", "))));
    }
    let (first, _) = days_of("--from", &arguments.from, today)?;
    let end = match &arguments.to {
        None => today,
        // A period that is not over has no count yet.
        Some(text) => days_of("--to", text, today)?.1.min(today),
    };
    let last_days = Every::from(arguments.every).last_days(first, end);
    if last_days.is_empty() {
        let to = arguments.to.as_ref().map(|to| format!(" --to {to}")).unwrap_or_default();
        let message = format!("`--from {}{to}` has no whole period that is over", arguments.from);
        return Err(Failure::usage(message)
            .because(format!("today is {today}, in UTC"))
            .hint("begin earlier with `--from`, or take shorter periods with `--every month`"));
    }
    Ok(BackfillPlan::new(survey, metrics, last_days, today))
}

/// Reads a year, a month or a day; returns the first day and the one after the last.
fn days_of(flag: &str, text: &str, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Failure> {
    match When::parse(text, today) {
        Some(When::Days { first, end }) => Ok((first, end)),
        Some(When::Run(_)) | None => Err(bad_moment(flag, text)),
    }
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
            let mut text = format!("{}\n", self.describe(&connection, chosen, asks.len()));
            for ask in &asks {
                text.push_str(&format!("  {}  {}\n", ask.query.method, ask.query.text));
            }
            session.ui.data(&text)?;
            return Ok(DONE);
        }
        let mut appender = Appender::open(&self.ranges(), session.clock.now_utc())?;
        tell_set_aside(session, &appender);
        let mut known = self.known(host.as_deref())?;
        let asks = plan.asks(&known).len();
        if asks == 0 {
            session.ui.say("everything was answered within the last 30 days; nothing to ask");
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
        let kept = format!("{} answers are in `{}`", count(kept as u64), self.ranges().display());
        let rest = format!("ask only for the rest with `{}`", self.command());
        let failure = match ended {
            Ok(collected) => match collected.ending {
                Ending::Done => return self.close(&known, host.as_deref()),
                Ending::Interrupted(signal) => {
                    Failure::interrupted(signal, format!("interrupted; {kept}"))
                }
            },
            Err(CollectError::Source(error)) => {
                Failure::of_source(&error, connection.token.as_ref(), appender.kept() > 0)
                    .because(kept)
            }
            Err(CollectError::History(error)) => Failure::from(error).because(kept),
        };
        // What is known by now is worth having.
        self.write(&known, host.as_deref())?;
        Err(failure.hint(rest))
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
        let requests = format!("{} requests", count(requests as u64));
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
            "reconstructing {} series of {} points, {} to {}{answered}, from {}, by {name}{why}: \
             about {requests}{checks}, {}",
            plan.series.len(),
            plan.last_days.len(),
            first_of(&plan.last_days),
            last_of(&plan.last_days),
            connection.describe(),
            in_words(length),
        )
    }

    /// Writes the points and tells how firm they are.
    fn close(&self, known: &Known, host: Option<&str>) -> Result<u8, Failure> {
        let (points, lacking) = self.write(known, host)?;
        let path = self.sums();
        self.session.ui.say(&format!(
            "wrote `{}`: {} points; they count only repositories that still exist",
            path.display(),
            count(points as u64)
        ));
        let (differed, unchecked) = self.checks(known);
        if !differed.is_empty() {
            let text = "GraphQL and REST differ by more than 1 %; these were counted over REST";
            self.session.ui.warn(text, &differed, None);
        }
        if !unchecked.is_empty() {
            let text = "the sums over GraphQL could not be checked over REST";
            self.session.ui.warn(text, &unchecked, None);
        }
        if !lacking.is_empty() {
            let hint = Hint::new(format!("ask again with `{}`", self.command()));
            let text = "some points have no number, for an answer before them is missing";
            self.session.ui.warn(text, &lacking, Some(&hint));
            return Ok(NOT_FINISHED);
        }
        let words = ["report".to_owned()].into_iter().chain(self.arguments.survey.clone());
        let at = ["--reconstructed".to_owned(), "--at".to_owned(), last_of(&self.plan.last_days)];
        self.session.ui.next(&self.session.command(words.chain(at)));
        Ok(DONE)
    }

    /// Says which series GraphQL and REST counted differently, and which could not be compared.
    fn checks(&self, known: &Known) -> (Vec<String>, Vec<String>) {
        let (mut differed, mut unchecked) = (Vec::new(), Vec::new());
        for series in &self.plan.series {
            let Some(done) = self.plan.reconstruct(series, known) else { continue };
            match done.check {
                Check::Differed { graphql, rest } => differed.push(format!(
                    "{}: {} over GraphQL, {} over REST",
                    names(series),
                    count(graphql),
                    count(rest)
                )),
                Check::Impossible => unchecked.push(names(series)),
                Check::NotNeeded | Check::Agrees => {}
            }
        }
        (differed, unchecked)
    }

    /// Replaces the file of the sums; series of other metrics stay in it. Returns how many points
    /// were written, and which series lack some.
    fn write(&self, known: &Known, host: Option<&str>) -> Result<(usize, Vec<String>), Failure> {
        let path = self.sums();
        let planned: BTreeSet<(&str, &str)> = self
            .plan
            .series
            .iter()
            .flat_map(|series| &series.targets)
            .map(|target| (target.framework.as_str(), target.metric.as_str()))
            .collect();
        let mut rows = read_others(self.session, &path)?;
        rows.retain(|row| {
            let sample = &row.sample;
            !planned.contains(&(sample.framework.as_str(), sample.metric.as_str()))
                && self.survey.metrics.iter().any(|metric| metric.id == sample.metric)
        });
        let others = rows.len();
        let mut lacking = Vec::new();
        for series in &self.plan.series {
            let points = match self.plan.reconstruct(series, known) {
                Some(done) => done.points,
                None => self.plan.known_points(series, known),
            };
            let numbered = |point: &&Point| point.outcome != Outcome::Failed;
            let found = points.iter().filter(numbered).count();
            if found < self.plan.last_days.len() {
                let all = self.plan.last_days.len();
                lacking.push(format!("{}: {found} of {all} points", names(series)));
            }
            rows.extend(points.iter().flat_map(|point| self.rows_of(series, point, host)));
        }
        replace_backfill(&path, &rows)?;
        Ok((rows.len() - others, lacking))
    }

    /// Makes the rows of a point, one for each framework and metric that it counts for.
    fn rows_of(
        &self,
        series: &SeriesPlan,
        point: &Point,
        host: Option<&str>,
    ) -> Vec<Reconstructed> {
        // A point without any answer says nothing at all.
        let Some((run, observed_at)) = point.last else { return Vec::new() };
        let row = |target: &crate::collect::Target| Reconstructed {
            as_of: point.as_of,
            sample: Sample {
                run,
                observed_at,
                survey: self.survey.id.clone(),
                framework: target.framework.clone(),
                language: target.language.clone(),
                metric: target.metric.clone(),
                method: Some(series.query.method),
                sample_no: 1,
                attempt_no: 1,
                outcome: point.outcome,
                source: Source { kind: SourceKind::Reconstructed, host: host.map(str::to_owned) },
                query_text: CreatedRange::up_to(point.as_of).query(&series.query.text),
                detail: Detail::from_as_of(point.as_of).with_item(&match point.answers {
                    1 => "1 answer".to_owned(),
                    answers => format!("sum of {answers} answers"),
                }),
            },
        };
        series.targets.iter().map(row).collect()
    }

    fn command(&self) -> String {
        let BackfillArgs { survey, from, to, metric, connection, .. } = self.arguments;
        let mut words = vec!["backfill".to_owned()];
        words.extend(survey.clone());
        let mut add = |name: &str, value: Option<String>| {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        add("--from", Some(from.clone()));
        add("--to", to.clone());
        add("--every", name_of(&self.arguments.every));
        add("--metric", metric.clone());
        add("--api", self.arguments.api.as_ref().and_then(name_of));
        add("--api-url", connection.api_url.clone());
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        add("--settings", connection.settings.as_ref().map(path));
        add("--token-file", connection.token_file.as_ref().map(path));
        words.extend(connection.no_token.then(|| "--no-token".to_owned()));
        self.session.command(words)
    }
}

/// Reads the points that are there; a file that cannot be read is worth a word, and is replaced.
fn read_others(session: &Session, path: &Path) -> Result<Vec<Reconstructed>, Failure> {
    match read_backfill(path) {
        Ok(rows) => Ok(rows),
        Err(HistoryError::Missing { .. }) => Ok(Vec::new()),
        Err(error @ HistoryError::Io { .. }) => Err(error.into()),
        Err(error) => {
            let text = "the series of other metrics are not kept: the old file cannot be read";
            session.ui.warn(text, &[error.to_string()], None);
            Ok(Vec::new())
        }
    }
}

fn name_of(value: &impl ValueEnum) -> Option<String> {
    Some(value.to_possible_value()?.get_name().to_owned())
}

fn names(series: &SeriesPlan) -> String {
    let name = |t: &crate::collect::Target| format!("`{}` {}", t.framework, t.metric);
    series.targets.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn first_of(days: &[NaiveDate]) -> String {
    days.first().map(ToString::to_string).unwrap_or_default()
}

fn last_of(days: &[NaiveDate]) -> String {
    days.last().map(ToString::to_string).unwrap_or_default()
}

//! `audit`: what the queries really find, and how firm the ranks are.
//!
//! `samples` draws and keeps, `ways` counts in several ways, `shown` has the formats of both.

mod samples;
mod shown;
mod ways;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::args::{AuditArgs, DEFAULT_SLICES};
use super::collect::{Heard, in_words, listening, teller};
use super::command_line::CommandLine;
use super::connection::Connection;
use super::diagnostic::{DONE, Failure};
use super::output::{Outputs, replace_file};
use super::{Session, counted};
use crate::audit::AuditError;
use crate::collect::{Api, choose_api};
use crate::domain::survey::{ApiChoice, Framework, Metric, Survey};
use crate::github::SourceError;
use crate::platform::stop_flag;
use crate::report::AuditReport;
use samples::Samples;
use ways::WAYS;

/// How many searches one sample takes as a plan reckons, its pages aside.
const SEARCHES_OF_SAMPLE: usize = 250;

pub(super) fn perform(session: &Session, arguments: &AuditArgs) -> Result<u8, Failure> {
    let survey = session.load_survey(arguments.survey.as_deref())?.value;
    let metric = choose_metric(&survey, arguments.metric.as_deref())?;
    let frameworks = choose_frameworks(&survey, &arguments.framework)?;
    let outputs = Outputs::choose_for_audit(session, arguments)?;
    refuse_kept_document(session, arguments, &survey)?;
    let now = session.clock.now_utc();
    let order =
        Order { session, arguments, survey: &survey, metric, frameworks, now, outputs: &outputs };
    if arguments.kept {
        return order.show_kept();
    }
    Session::block_on(order.carry_out())
}

/// Refuses to write a part of the audits over the file that has all.
fn refuse_kept_document(
    session: &Session,
    arguments: &AuditArgs,
    survey: &Survey,
) -> Result<(), Failure> {
    let kept = session.audit(&survey.id);
    let is_kept = |path: &&PathBuf| path.components().eq(kept.components());
    match arguments.output.out.iter().find(is_kept) {
        None => Ok(()),
        Some(path) => Err(Failure::usage(format!("`{}` keeps all audits", path.display()))
            .because("it is written anyway; a report would take the place of what it has")
            .hint("name another file")),
    }
}

fn choose_metric<'s>(survey: &'s Survey, wanted: Option<&str>) -> Result<&'s Metric, Failure> {
    let found = match wanted {
        None => survey.enabled_metrics().next(),
        Some(id) => survey.metrics.iter().find(|metric| metric.id == id),
    };
    found.ok_or_else(|| {
        let known = survey.metrics.iter().map(|metric| metric.id.as_str());
        Failure::not_in_survey(&survey.id, "metric", wanted.unwrap_or_default(), known)
    })
}

fn choose_frameworks<'s>(
    survey: &'s Survey,
    wanted: &[String],
) -> Result<Vec<&'s Framework>, Failure> {
    if wanted.is_empty() {
        return Ok(survey.frameworks.iter().collect());
    }
    let find = |name: &String| {
        let same = |framework: &&Framework| framework.name.eq_ignore_ascii_case(name);
        survey.frameworks.iter().find(same).ok_or_else(|| {
            let known = survey.frameworks.iter().map(|framework| framework.name.as_str());
            Failure::not_in_survey(&survey.id, "framework", name, known)
        })
    };
    wanted.iter().map(find).collect()
}

/// What was ordered on the command line.
struct Order<'a> {
    session: &'a Session,
    arguments: &'a AuditArgs,
    survey: &'a Survey,
    metric: &'a Metric,
    frameworks: Vec<&'a Framework>,
    now: DateTime<Utc>,
    outputs: &'a Outputs,
}

impl Order<'_> {
    async fn carry_out(&self) -> Result<u8, Failure> {
        let Self { session, arguments, .. } = self;
        let connection = Connection::find(session, &arguments.connection).await?;
        let has_token = connection.token.is_some();
        if matches!(self.read(), Kept::NotUnderstood) {
            let text = format!("`{}` is not understood and is replaced", self.path().display());
            session.ui.warn(&text, &[], None);
        }
        let planned = (!arguments.sensitivity)
            .then(|| Samples::plan(self, &self.load(), connection.address.web_host()));
        let (searches, pages, length) = match &planned {
            None => (WAYS.len() * self.frameworks.len(), 0, WAYS.len()),
            Some(samples) => {
                let left = samples.left();
                (SEARCHES_OF_SAMPLE * left, arguments.sample * left, left)
            }
        };
        let bar = session.ui.progress(length as u64);
        let wanted = arguments.api.map_or(self.survey.api, ApiChoice::from);
        let wanted = if arguments.sensitivity { ApiChoice::Rest } else { wanted };
        let chosen = choose_api(wanted, None, has_token, searches)?;
        let length = match chosen.api {
            Api::Rest => Api::Rest.estimate(searches + pages, has_token).1,
            Api::Graphql => {
                Api::Graphql.estimate(searches, true).1 + Api::Rest.estimate(pages, true).1
            }
        };
        let what = match &planned {
            None => {
                let frameworks = counted(self.frameworks.len(), "framework", "frameworks");
                format!("counting {frameworks} in {} ways", WAYS.len())
            }
            Some(samples) => {
                let queries = counted(samples.queries.len(), "query", "queries");
                let known = samples.known();
                let (slices, seed) = (samples.drawn.sample, samples.drawn.seed);
                format!("auditing {queries} by {slices} slices, seed {seed}{known}")
            }
        };
        session.ui.say(&format!("{what}, from {}, {}", connection.describe(), in_words(length)));
        connection.advise(session);
        let heard = Heard::default();
        let tell = teller(session, Some(&connection), &bar, &heard);
        let mut source = connection.source(chosen.api, &*session.clock, tell)?;
        let (stopper, mut stop) = stop_flag();
        let work = async {
            match &planned {
                None => {
                    let host = connection.address.web_host();
                    self.compare_ways(host, &mut source, &mut stop, &bar).await
                }
                Some(samples) => self.draw_samples(samples, &mut source, &mut stop, &bar).await,
            }
        };
        let ended = listening(session, &stopper, work).await?;
        bar.finish_and_clear();
        ended.map_err(|error| {
            let error = match error {
                Ended::Failure(failure) => return *failure,
                Ended::Source(error) => error,
            };
            let Some(samples) = &planned else {
                let kept = format!("no ranks are kept, for they need all {} ways", WAYS.len());
                return match error {
                    SourceError::Interrupted(signal) => {
                        Failure::interrupted(signal, format!("interrupted; {kept}"))
                    }
                    error => Failure::of_source(&error, Some(&connection), false).because(kept),
                };
            };
            let again = Samples::plan(self, &self.load(), connection.address.web_host());
            let (done, all) = (again.done, samples.queries.len());
            let kept = format!("{done} of {all} audits are in `{}`", self.path().display());
            let failure = match error {
                SourceError::Interrupted(signal) => {
                    Failure::interrupted(signal, format!("interrupted; {kept}"))
                }
                error => {
                    Failure::of_source(&error, Some(&connection), done > samples.done).because(kept)
                }
            };
            let command = self.command(samples.drawn.seed);
            failure.hint(format!("audit only the rest, today, with `{command}`"))
        })
    }

    /// Shows what was audited before, and asks nothing.
    fn show_kept(&self) -> Result<u8, Failure> {
        let path = self.path();
        if matches!(self.read(), Kept::NotUnderstood) {
            return Err(Failure::failed(format!("`{}` is not understood", path.display()))
                .because("another version wrote it, or it was changed by hand")
                .hint("audit again without `--kept`: that replaces it"));
        }
        let report = self.load();
        let (part, what) = if self.arguments.sensitivity {
            (report.only_sensitivity(), "ranks by several ways of counting".to_owned())
        } else {
            (report.only_samples(&self.metric.id), format!("audit of `{}`", self.metric.id))
        };
        if part.is_none() {
            let mut words = vec!["audit", &self.survey.id];
            words.extend(self.arguments.sensitivity.then_some("--sensitivity"));
            let command = self.session.command(words);
            return Err(Failure::failed(format!("`{}` has no {what}", path.display()))
                .hint(format!("make one with `{command}`")));
        }
        self.show(&report)?;
        Ok(DONE)
    }

    /// Returns the command that draws the same samples.
    fn command(&self, seed: u64) -> String {
        let AuditArgs { survey, framework, metric, sample, connection, api, .. } = self.arguments;
        let line = CommandLine::new("audit", survey.as_deref());
        let line = framework.iter().fold(line, |line, name| line.value("--framework", Some(name)));
        let sample = Some(*sample).filter(|slices| *slices != DEFAULT_SLICES);
        let line = line
            .value("--metric", metric.as_deref())
            .value("--sample", sample.map(|slices| slices.to_string()))
            .value("--seed", Some(seed.to_string()))
            .choice("--api", api.as_ref())
            .connection(connection);
        self.session.command(line)
    }

    fn path(&self) -> PathBuf {
        self.session.audit(&self.survey.id)
    }

    /// Returns what is kept; nothing if there is no file, or one that is not understood.
    fn load(&self) -> AuditReport {
        match self.read() {
            Kept::Audits(report) => report,
            Kept::Nothing | Kept::NotUnderstood => AuditReport::new(&self.survey.id),
        }
    }

    fn read(&self) -> Kept {
        let Ok(bytes) = std::fs::read(self.path()) else { return Kept::Nothing };
        AuditReport::parse(&bytes, &self.survey.id).map_or(Kept::NotUnderstood, Kept::Audits)
    }

    fn keep(&self, report: &AuditReport) -> Result<(), Failure> {
        let path = self.path();
        replace_file(&path, report.render_json().as_bytes()).map_err(|error| {
            Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
        })
    }
}

/// What the file of the audits holds.
enum Kept {
    Nothing,
    NotUnderstood,
    Audits(AuditReport),
}

/// Why an audit ended early.
enum Ended {
    Source(SourceError),
    Failure(Box<Failure>),
}

impl Ended {
    fn of_audit(error: AuditError) -> Self {
        match error {
            AuditError::Source(error) => Self::Source(error),
            error => Self::Failure(Box::new(Failure::failed(error.to_string()))),
        }
    }
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

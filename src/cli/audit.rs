//! `audit`: what the queries really find, and how firm the ranks are.

use chrono::{DateTime, Utc};

use super::Session;
use super::args::AuditArgs;
use super::collect::{Heard, in_words, listening, teller};
use super::connection::Connection;
use super::diagnostic::{DONE, Failure, Hint, NOT_FINISHED};
use super::output::replace_file;
use crate::audit::{AuditError, Draw, audit, count_queries};
use crate::collect::{Api, choose_api};
use crate::domain::audit::{Audited, Rule};
use crate::domain::created::CreatedRange;
use crate::domain::query::{Template, as_phrase, find_query_problems};
use crate::domain::sample::Outcome;
use crate::domain::survey::{ApiChoice, Framework, Metric, Survey};
use crate::github::{Live, SourceError};
use crate::platform::{Stop, stop_flag};
use crate::report::{AuditReport, FrameworkAudit, Sensitivity, WayCounted};

/// The ways of counting whose ranks stand side by side; the first is what others are compared with.
const WAYS: [(&str, &str); 7] = [
    ("plain", "{query} is:public"),
    ("name", "{query} in:name is:public"),
    ("topic", "topic:{topic} is:public"),
    ("language", "{query} language:{language} is:public"),
    ("active", "{query} is:public pushed:>={today-365d}"),
    ("starred", "{query} is:public stars:>=10"),
    ("forks", "{query} fork:true is:public"),
];

/// How many searches one sample takes as a plan reckons, its pages aside.
const SEARCHES_OF_SAMPLE: usize = 250;

pub(super) fn perform(session: &Session, arguments: &AuditArgs) -> Result<u8, Failure> {
    let survey = session.load_survey(arguments.survey.as_deref())?.value;
    let metric = choose_metric(&survey, arguments.metric.as_deref())?;
    let frameworks = choose_frameworks(&survey, &arguments.framework)?;
    let now = session.clock.now_utc();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let order = Order { session, arguments, survey: &survey, metric, frameworks, now, seed };
    Session::block_on(order.carry_out())
}

fn choose_metric<'s>(survey: &'s Survey, wanted: Option<&str>) -> Result<&'s Metric, Failure> {
    let found = match wanted {
        None => survey.enabled_metrics().next(),
        Some(id) => survey.metrics.iter().find(|metric| metric.id == id),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = survey.metrics.iter().map(|metric| metric.id.as_str()).collect();
        let wanted = wanted.unwrap_or_default();
        Failure::usage(format!("survey `{}` has no metric `{wanted}`", survey.id))
            .because(format!("there are {}", known.join(", ")))
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
            let known: Vec<&str> = survey.frameworks.iter().map(|f| f.name.as_str()).collect();
            Failure::usage(format!("survey `{}` has no framework `{name}`", survey.id))
                .because(format!("there are {}", known.join(", ")))
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
    seed: u64,
}

impl Order<'_> {
    async fn carry_out(&self) -> Result<u8, Failure> {
        let Self { session, arguments, .. } = self;
        let connection = Connection::find(session, &arguments.connection).await?;
        let has_token = connection.token.is_some();
        let (searches, pages) = if arguments.sensitivity {
            (WAYS.len() * self.frameworks.len(), 0)
        } else {
            let samples = self.frameworks.len();
            (SEARCHES_OF_SAMPLE * samples, arguments.sample * samples)
        };
        let wanted = arguments.api.map_or(self.survey.api, ApiChoice::from);
        let wanted = if arguments.sensitivity { ApiChoice::Rest } else { wanted };
        let chosen = choose_api(wanted, None, has_token, searches)?;
        let length = match chosen.api {
            Api::Rest => Api::Rest.estimate(searches + pages, has_token).1,
            Api::Graphql => {
                Api::Graphql.estimate(searches, true).1 + Api::Rest.estimate(pages, true).1
            }
        };
        let what = if arguments.sensitivity {
            format!("counting {} frameworks in {} ways", self.frameworks.len(), WAYS.len())
        } else {
            let seed = self.seed;
            let slices = arguments.sample;
            format!("auditing {} queries by {slices} slices, seed {seed}", self.frameworks.len())
        };
        session.ui.say(&format!("{what}, from {}, {}", connection.describe(), in_words(length)));
        connection.advise(session);
        let heard = Heard::default();
        let bar = session.ui.progress(self.frameworks.len() as u64);
        let tell = teller(session, Some(&connection), &bar, &heard);
        let mut source = connection.source(chosen.api, &*session.clock, tell)?;
        let (stopper, mut stop) = stop_flag();
        let work = async {
            if arguments.sensitivity {
                self.compare_ways(&mut source, &mut stop).await
            } else {
                self.draw_samples(&mut source, &mut stop, &bar).await
            }
        };
        let ended = listening(session, &stopper, work).await?;
        bar.finish_and_clear();
        ended.map_err(|error| match error {
            Ended::Failure(failure) => *failure,
            Ended::Source(SourceError::Interrupted(signal)) => {
                let path = self.path();
                let kept = format!("interrupted; what was audited is in `{}`", path.display());
                Failure::interrupted(signal, kept)
            }
            Ended::Source(error) => Failure::of_source(&error, connection.token.as_ref(), false),
        })
    }

    /// Audits framework after framework, and keeps each when it is done.
    async fn draw_samples(
        &self,
        source: &mut Live<'_>,
        stop: &mut Stop,
        bar: &indicatif::ProgressBar,
    ) -> Result<u8, Ended> {
        let today = self.now.date_naive();
        // The last day is not over, and not all of it is found yet.
        let last_day = today.pred_opt().unwrap_or(today);
        let mut lacking = Vec::new();
        let mut report = self.load();
        for (place, framework) in (1_u64..).zip(&self.frameworks) {
            let name = &framework.name;
            bar.set_message(name.clone());
            let Some(query) = self.metric.query.query_for(framework, today) else {
                lacking.push(format!("`{name}`: `{}` does not fit it", self.metric.id));
                continue;
            };
            let draw = Draw {
                slices: self.arguments.sample,
                seed: self.seed.wrapping_add(place),
                range: CreatedRange::up_to(last_day),
                now: self.now,
            };
            let audited = match audit(framework, &query.text, &draw, source, stop).await {
                Ok(audited) => audited,
                Err(AuditError::Source(error)) => return Err(error.into()),
                Err(error) => {
                    lacking.push(format!("`{name}`: {error}"));
                    continue;
                }
            };
            let narrower = self.count_narrower(framework, &audited, source, stop).await?;
            let ids = (name.as_str(), self.metric.id.as_str());
            let made = (self.now, self.seed);
            report.replace(FrameworkAudit::new(ids, made, &audited, narrower));
            self.keep(&report)?;
            bar.set_position(place);
        }
        let look = self.session.ui.look();
        if report.note(&self.metric.id).is_some() {
            let text = report.render(&self.survey.title, &self.metric.id, look);
            self.session.ui.data(&text)?;
        }
        if lacking.is_empty() {
            self.session.ui.next(&self.session.command([
                "audit",
                &self.survey.id,
                "--sensitivity",
            ]));
            return Ok(DONE);
        }
        let hint = Hint::new("audit them alone with `--framework NAME`");
        self.session.ui.warn("some queries were not audited", &lacking, Some(&hint));
        Ok(NOT_FINISHED)
    }

    /// Counts narrower queries that GitHub would take.
    async fn count_narrower(
        &self,
        framework: &Framework,
        audited: &Audited,
        source: &mut Live<'_>,
        stop: &mut Stop,
    ) -> Result<Vec<(String, Outcome)>, Ended> {
        let mut queries = vec![format!("{} in:name", audited.query)];
        let language = audited.languages_accepted.first().map(|language| as_phrase(language));
        queries.extend(language.map(|language| format!("{} language:{language}", audited.query)));
        queries.extend(framework.topic.iter().map(|topic| format!("topic:{topic} is:public")));
        queries.retain(|query| find_query_problems(query, &[]).is_empty());
        let outcomes = count_queries(&queries, source, stop).await.map_err(Ended::of_audit)?;
        Ok(queries.into_iter().zip(outcomes).collect())
    }

    /// Counts every framework in every way, and keeps the ranks.
    async fn compare_ways(&self, source: &mut Live<'_>, stop: &mut Stop) -> Result<u8, Ended> {
        let today = self.now.date_naive();
        let mut ways: Vec<WayCounted> = Vec::new();
        for (id, text) in WAYS {
            // The templates are ours, and are known to be read.
            let Ok(template) = Template::parse(text) else { continue };
            let query = |framework: &&Framework| {
                let rule = Rule::of(framework);
                let language = rule.languages.first().cloned();
                let framework = Framework { language, ..(*framework).clone() };
                Some(template.query_for(&framework, today)?.text)
            };
            let queries: Vec<Option<String>> = self.frameworks.iter().map(query).collect();
            let asked: Vec<String> = queries.iter().flatten().cloned().collect();
            let counted = count_queries(&asked, source, stop).await.map_err(Ended::of_audit)?;
            let mut counted = counted.into_iter();
            let of = |query: &Option<String>| query.as_ref().and_then(|_| counted.next()?.count());
            ways.push((id.to_owned(), text.to_owned(), queries.iter().map(of).collect()));
        }
        let names: Vec<String> = self.frameworks.iter().map(|f| f.name.clone()).collect();
        let sensitivity = Sensitivity::new(self.now, &names, &ways);
        let text = sensitivity.render(&self.survey.title, self.session.ui.look());
        let mut report = self.load();
        report.replace_sensitivity(sensitivity);
        self.keep(&report)?;
        self.session.ui.data(&text)?;
        let fits = |(_, template, counts): &WayCounted| {
            let lacking = counts.iter().filter(|count| count.is_none()).count();
            (lacking > 0).then(|| format!("`{template}`: {lacking} without a count"))
        };
        let lacking: Vec<String> = ways.iter().filter_map(fits).collect();
        if lacking.is_empty() {
            return Ok(DONE);
        }
        self.session.ui.warn("some frameworks are not ranked in every way", &lacking, None);
        Ok(NOT_FINISHED)
    }

    fn path(&self) -> std::path::PathBuf {
        self.session.audit(&self.survey.id)
    }

    fn load(&self) -> AuditReport {
        let path = self.path();
        let Ok(bytes) = std::fs::read(&path) else { return AuditReport::new(&self.survey.id) };
        AuditReport::parse(&bytes, &self.survey.id).unwrap_or_else(|| {
            let text = format!("`{}` is not understood and is replaced", path.display());
            self.session.ui.warn(&text, &[], None);
            AuditReport::new(&self.survey.id)
        })
    }

    fn keep(&self, report: &AuditReport) -> Result<(), Failure> {
        let path = self.path();
        replace_file(&path, report.render_json().as_bytes()).map_err(|error| {
            Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
        })
    }
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

//! Random samples, a framework after the other, each kept when it is done.

use super::{Ended, Order};
use crate::audit::{AuditError, Draw, audit, count_queries};
use crate::cli::diagnostic::{DONE, Hint, NOT_FINISHED};
use crate::domain::audit::Audited;
use crate::domain::created::CreatedRange;
use crate::domain::period::midnight;
use crate::domain::query::{as_phrase, find_query_problems};
use crate::domain::sample::Outcome;
use crate::domain::survey::Framework;
use crate::github::Live;
use crate::platform::Stop;
use crate::report::{AuditReport, Drawn, FrameworkAudit};

/// The samples that are wanted, and what is known of them.
pub(super) struct Samples<'a> {
    /// How they are drawn.
    pub(super) drawn: Drawn,
    /// Frameworks with their queries, in the order of the survey.
    pub(super) queries: Vec<(&'a Framework, String)>,
    /// Frameworks that the metric does not fit.
    unfit: Vec<&'a Framework>,
    /// How many of them were drawn before, the same day.
    pub(super) done: usize,
}

impl<'a> Samples<'a> {
    /// Plans the samples of an order. Without a seed of its own it goes on with the audit of today
    /// that did not get through all frameworks, if there is one.
    pub(super) fn plan(order: &Order<'a>, report: &AuditReport, host: Option<String>) -> Self {
        let today = order.now.date_naive();
        let (mut queries, mut unfit) = (Vec::new(), Vec::new());
        for framework in order.frameworks.iter().copied() {
            match order.metric.query.query_for(framework, today) {
                Some(query) => queries.push((framework, query.text)),
                None => unfit.push(framework),
            }
        }
        let metric = &order.metric.id;
        let mut drawn = Drawn { at: order.now, seed: 0, sample: order.arguments.sample, host };
        let named: Vec<(String, String)> =
            queries.iter().map(|(f, query)| (f.name.clone(), query.clone())).collect();
        let unfinished = || report.unfinished_seed(metric, &named, &drawn);
        let seed = order.arguments.seed.or_else(unfinished);
        drawn.seed = seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
        let has =
            |(name, query): &&(String, String)| report.has_drawn((name, metric), query, &drawn);
        let done = named.iter().filter(has).count();
        Self { drawn, queries, unfit, done }
    }

    /// Returns how many are still to be drawn.
    pub(super) fn left(&self) -> usize {
        self.queries.len() - self.done
    }

    /// Says what was drawn before.
    pub(super) fn known(&self) -> String {
        match self.done {
            0 => String::new(),
            done => format!(", {done} of them audited earlier today"),
        }
    }
}

impl Order<'_> {
    /// Audits framework after framework, and keeps each when it is done.
    pub(super) async fn draw_samples(
        &self,
        samples: &Samples<'_>,
        source: &mut Live<'_>,
        stop: &mut Stop,
        bar: &indicatif::ProgressBar,
    ) -> Result<u8, Ended> {
        let (drawn, today) = (&samples.drawn, self.now.date_naive());
        let id = self.metric.id.as_str();
        // The last day is not over, and not all of it is found yet.
        let last_day = today.pred_opt().unwrap_or(today);
        let unfit =
            |framework: &&Framework| format!("`{}`: `{id}` does not fit it", framework.name);
        let mut lacking: Vec<String> = samples.unfit.iter().map(unfit).collect();
        let mut position = 0;
        for (framework, query) in &samples.queries {
            let name = framework.name.as_str();
            if self.load().has_drawn((name, id), query, drawn) {
                continue;
            }
            bar.set_message(name.to_owned());
            let draw = Draw {
                slices: drawn.sample,
                seed: drawn.seed.wrapping_add(self.place_of(framework)),
                range: CreatedRange::up_to(last_day),
                // The same all day, so that what is drawn again is the same.
                now: midnight(today),
            };
            let audited = match audit(framework, query, &draw, source, stop).await {
                Ok(audited) => audited,
                Err(AuditError::Source(error)) => return Err(error.into()),
                Err(error) => {
                    lacking.push(format!("`{name}`: {error}"));
                    continue;
                }
            };
            let narrower = self.count_narrower(framework, &audited, source, stop).await?;
            // What stands in the file by now stays, whoever wrote it.
            let mut report = self.load();
            report.replace(FrameworkAudit::new((name, id), drawn, &audited, narrower));
            self.keep(&report)?;
            position += 1;
            bar.set_position(position);
        }
        let report = self.load();
        if report.only_samples(id).is_some() {
            self.show(&report)?;
        }
        if lacking.is_empty() {
            let next = ["audit", &self.survey.id, "--sensitivity"];
            self.session.ui.next(&self.session.command(next));
            return Ok(DONE);
        }
        let hint =
            Hint::new(format!("ask only for these again with `{}`", self.command(drawn.seed)));
        self.session.ui.warn("some queries were not audited", &lacking, Some(&hint));
        Ok(NOT_FINISHED)
    }

    /// Returns the place of a framework in the survey, so that a seed draws the same of it whether it
    /// is audited alone or with all others.
    fn place_of(&self, framework: &Framework) -> u64 {
        let place = self.survey.frameworks.iter().position(|other| other.name == framework.name);
        place.map_or(0, |place| place as u64 + 1)
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
}

//! What a run asks: every framework × metric × pass, each query once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::api::Api;
use super::earlier::{Earlier, key, today_by_former_name};
use crate::domain::query::{Method, Query};
use crate::domain::run::{Key, Run};
use crate::domain::sample::Outcome;
use crate::domain::survey::Survey;

/// The queries of a run, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is asked, pass after pass.
    pub queries: Vec<PlannedQuery>,
    /// What is not asked, because the framework lacks what the metric needs.
    pub skipped: Vec<Skipped>,
    /// How many counts the run will have when it is finished.
    pub counts: usize,
    /// How many counts that do not tell whether they are complete are asked again, in the end,
    /// where that is told.
    pub cross_checks: usize,
    /// The counts of an earlier part of the run that do not tell whether they are complete.
    pub counted_before: Vec<(u64, PlannedQuery)>,
}

/// The usual number of cross-checks: the highest count and the lowest.
pub const CROSS_CHECKS: usize = 2;

/// A query that is asked once, for one framework or for several that share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedQuery {
    /// What is sent.
    pub query: Query,
    /// The pass, from 1.
    pub sample_no: u32,
    /// Whose counts the answer is; at least one.
    pub targets: Vec<Target>,
    /// How many attempts the history already has.
    pub attempts_before: u32,
    /// Whether one of them has a number.
    pub has_number: bool,
    /// Whether that number is doubted, or only a lower bound.
    pub is_doubted: bool,
    /// The last exact count of the same method, of the first target; `None` if there is none.
    pub last_count: Option<u64>,
}

/// What the history tells a new run.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The last exact count of each framework, metric and method, by today's names.
    last_counts: BTreeMap<(String, String, Method), u64>,
    /// The API of the last run that asked one.
    last_api: Option<Api>,
}

impl Past {
    /// Takes in a run of the history, from the newest to the oldest.
    pub fn note(&mut self, run: &Run, survey: &Survey) {
        self.last_api = self.last_api.or_else(|| Api::of_run(run));
        let names = today_by_former_name(survey);
        for sample in run.answers().into_values() {
            let exact = match sample.outcome {
                Outcome::Complete(count) | Outcome::Unchecked(count) => Some(count),
                Outcome::Incomplete(_) | Outcome::Failed => None,
            };
            if let (Some(count), Some(method)) = (exact, sample.method) {
                let name = sample.framework.as_str();
                let name = names.get(name).copied().unwrap_or(name).to_owned();
                let key = (name, sample.metric.clone(), method);
                self.last_counts.entry(key).or_insert(count);
            }
        }
    }

    /// Tells whether older runs have nothing more to say to a plan.
    #[must_use]
    pub fn knows_all_of(&self, plan: &Plan) -> bool {
        self.last_api.is_some() && plan.queries.iter().all(|query| self.last_count(query).is_some())
    }

    /// Returns the last exact count of a query, by its first target.
    fn last_count(&self, query: &PlannedQuery) -> Option<u64> {
        let target = query.targets.first()?;
        let key = (target.framework.clone(), target.metric.clone(), query.query.method);
        self.last_counts.get(&key).copied()
    }

    /// Returns the API of the last run that asked one.
    #[must_use]
    pub fn last_api(&self) -> Option<Api> {
        self.last_api
    }
}

/// A framework and metric that an answer counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The framework's name.
    pub framework: String,
    /// Its language; empty if the survey gives none.
    pub language: String,
    /// The metric's id.
    pub metric: String,
}

/// A metric that a framework cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The framework's name.
    pub framework: String,
    /// The metric's id.
    pub metric: String,
    /// The placeholder that it does not fill.
    pub placeholder: String,
}

impl Plan {
    /// Makes the plan of a new run that starts on that UTC day.
    #[must_use]
    pub fn new(survey: &Survey, today: NaiveDate) -> Self {
        let mut queries: Vec<PlannedQuery> = Vec::new();
        let mut skipped = Vec::new();
        for sample_no in 1..=survey.samples {
            let mut known: BTreeMap<(String, Method), usize> = BTreeMap::new();
            for metric in survey.enabled_metrics() {
                for framework in &survey.frameworks {
                    let name = framework.name.clone();
                    let Some(query) = metric.query.query_for(framework, today) else {
                        if sample_no == 1 {
                            let placeholder = metric.query.lacking(framework).unwrap_or_default();
                            let metric = metric.id.clone();
                            skipped.push(Skipped { framework: name, metric, placeholder });
                        }
                        continue;
                    };
                    let target = Target {
                        framework: name,
                        language: framework.language.clone().unwrap_or_default(),
                        metric: metric.id.clone(),
                    };
                    // Equal texts with different methods happen to agree today only.
                    let shared = (query.text.clone(), query.method);
                    if let Some(at) = known.get(&shared).copied() {
                        queries[at].targets.push(target);
                    } else {
                        known.insert(shared, queries.len());
                        let targets = vec![target];
                        queries.push(PlannedQuery {
                            query,
                            sample_no,
                            targets,
                            attempts_before: 0,
                            has_number: false,
                            is_doubted: false,
                            last_count: None,
                        });
                    }
                }
            }
        }
        let counts = queries.iter().map(|query| query.targets.len()).sum();
        Self { queries, skipped, counts, cross_checks: CROSS_CHECKS, counted_before: Vec::new() }
    }

    /// Notes what was counted last, so that a sudden 0 or a fall is not believed at once.
    #[must_use]
    pub fn with_last_counts(mut self, past: &Past) -> Self {
        for query in &mut self.queries {
            query.last_count = past.last_count(query);
        }
        self
    }

    /// Leaves out what an earlier part of the same run has answered.
    ///
    /// Frameworks that were taken out of the survey since are not asked for again, but what was
    /// counted for them stays counted. If nothing else is left to ask, one query is asked again,
    /// so that the history learns that the run is finished.
    #[must_use]
    pub fn without_answered(mut self, run: &Run, survey: &Survey) -> Self {
        let earlier = Earlier::new(run, survey);
        let first = self.queries.first().cloned();
        for query in std::mem::take(&mut self.queries) {
            self.take_rest_of(query, &earlier);
        }
        let checked = run.cross_checked();
        self.cross_checks = self.cross_checks.saturating_sub(checked);
        if self.queries.is_empty() && !run.progress(None, |_| true).is_finished() {
            // What it lacks is no longer asked. One row more says how many counts are planned now.
            self.queries.extend(first.map(|mut query| {
                query.targets.truncate(1);
                earlier.mark(&mut query);
                query
            }));
        }
        let to_ask: BTreeSet<Key> = self
            .queries
            .iter()
            .flat_map(|query| query.targets.iter().map(|target| key(target, query.sample_no)))
            .collect();
        // Counted as the history will be: by the names of the day, each key once.
        let settled_for_good = earlier.settled().into_iter().filter(|key| !to_ask.contains(key));
        self.counts = settled_for_good.count() + to_ask.len();
        self
    }

    /// Keeps of a query what is still to be asked.
    fn take_rest_of(&mut self, mut query: PlannedQuery, earlier: &Earlier) {
        let (sample_no, method) = (query.sample_no, query.query.method);
        let is_answered = |target: &Target| earlier.has_answered(target, sample_no, method);
        if query.targets.iter().all(is_answered) {
            earlier.mark(&mut query);
            self.counted_before.extend(earlier.unchecked(&query).map(|count| (count, query)));
            return;
        }
        query.targets.retain(|target| !is_answered(target));
        earlier.mark(&mut query);
        self.queries.push(query);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query::Template;
    use crate::domain::run::RunId;
    use crate::domain::sample::{Detail, Sample, SourceKind};
    use crate::domain::survey::{ApiChoice, Framework, Metric};

    fn survey(samples: u32, frameworks: &[(&str, &str, Option<&str>)]) -> Survey {
        let metric = |id: &str, query: &str| Metric {
            id: id.into(),
            title: id.into(),
            query: Template::parse(query).expect("a template"),
            enabled: true,
        };
        Survey {
            id: "test".into(),
            title: "Test".into(),
            baseline: None,
            samples,
            api: ApiChoice::Auto,
            schedule: None,
            write_after_run: Vec::new(),
            metrics: vec![metric("all", "{query}"), metric("topic", "topic:{topic}")],
            frameworks: frameworks
                .iter()
                .map(|(name, query, topic)| Framework {
                    name: (*name).into(),
                    language: None,
                    topic: topic.map(str::to_owned),
                    query: (*query).into(),
                    formerly: Vec::new(),
                })
                .collect(),
            notes: Vec::new(),
        }
    }

    fn texts(plan: &Plan) -> Vec<(u32, &str, usize)> {
        let queries = plan.queries.iter();
        queries.map(|q| (q.sample_no, q.query.text.as_str(), q.targets.len())).collect()
    }

    #[test]
    fn a_shared_query_is_asked_once_a_pass() {
        let survey = survey(2, &[("A", "a", Some("ta")), ("B", "b", None), ("C", "a", None)]);
        let plan = Plan::new(&survey, NaiveDate::default());
        let expected = [
            (1, "a", 2),
            (1, "b", 1),
            (1, "topic:ta", 1),
            (2, "a", 2),
            (2, "b", 1),
            (2, "topic:ta", 1),
        ];
        assert_eq!(texts(&plan), expected);
        assert_eq!(plan.counts, 8);
        let skipped: Vec<&str> = plan.skipped.iter().map(|s| s.framework.as_str()).collect();
        assert_eq!(skipped, ["B", "C"]);
        assert_eq!(plan.skipped[0].placeholder, "{topic}");
    }

    #[test]
    fn a_resumed_plan_asks_for_what_lacks_a_number() {
        let survey = survey(1, &[("A", "a", None), ("B", "b", None), ("C", "a", None)]);
        let id = RunId::parse("20261121T060003Z-7f3a").expect("a run id");
        let row = |framework: &str, attempt_no, outcome| Sample {
            run: id,
            observed_at: id.started_at(),
            survey: "test".into(),
            framework: framework.into(),
            language: String::new(),
            metric: "all".into(),
            method: None,
            sample_no: 1,
            attempt_no,
            outcome,
            source: SourceKind::Rest.into(),
            query_text: String::new(),
            detail: Detail::default(),
        };
        let samples = vec![
            row("A", 1, Outcome::Complete(5)),
            row("B", 1, Outcome::Failed),
            row("B", 2, Outcome::Failed),
            row("Gone", 1, Outcome::Complete(7)),
        ];
        let plan = Plan::new(&survey, NaiveDate::default());
        let plan = plan.without_answered(&Run { id, samples }, &survey);
        assert_eq!(texts(&plan), [(1, "a", 1), (1, "b", 1)]);
        assert_eq!(plan.queries[0].targets[0].framework, "C");
        assert_eq!(plan.queries[1].attempts_before, 2);
        // A and Gone are answered, B and C are still to come.
        assert_eq!(plan.counts, 4);
    }

    #[test]
    fn a_run_that_lacks_only_what_was_taken_out_is_closed_by_one_more_answer() {
        let survey = survey(1, &[("A", "a", None), ("B", "b", None)]);
        let row =
            |framework: &str, outcome| crate::domain::sample::tests::sample(framework, 1, outcome);
        let plan = || Plan::new(&survey, NaiveDate::default());
        let mut samples = vec![row("A", Outcome::Complete(5)), row("B", Outcome::Complete(6))];
        for sample in &mut samples {
            sample.metric = "all".into();
            sample.method = None;
        }
        samples[0].detail = Detail::default().with_planned(3);
        let run = Run { id: samples[0].run, samples };
        let rest = plan().without_answered(&run, &survey);
        assert_eq!(texts(&rest), [(1, "a", 1)]);
        assert_eq!((rest.queries[0].attempts_before, rest.counts), (1, 2));
    }
}

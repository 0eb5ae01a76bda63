//! What an earlier part of the same run has asked, by the names that frameworks have today.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::plan::{PlannedQuery, Target};
use crate::domain::query::Method;
use crate::domain::run::{Key, Run};
use crate::domain::sample::{Outcome, SourceKind, is_settled, select_answer};
use crate::domain::survey::Survey;

/// The attempts of an earlier part of a run.
pub(super) struct Earlier {
    keys: BTreeMap<Key, Vec<Asked>>,
}

/// What is known of one key under one name.
struct Asked {
    last_attempt: u32,
    answer: Option<Answered>,
}

#[derive(Clone, Copy)]
struct Answered {
    /// `None` where the query is not known: then it answers any.
    method: Option<Method>,
    outcome: Outcome,
    source: SourceKind,
    is_settled: bool,
}

impl Earlier {
    /// Takes in the samples of a run.
    pub(super) fn new(run: &Run, survey: &Survey) -> Self {
        let names = today_by_former_name(survey);
        let mut keys: BTreeMap<Key, Vec<Asked>> = BTreeMap::new();
        for (mut key, attempts) in run.attempts() {
            let answer = select_answer(&attempts).map(|answer| Answered {
                method: answer.method,
                outcome: answer.outcome,
                source: answer.source.kind,
                is_settled: is_settled(&attempts),
            });
            let last_attempt = attempts.iter().map(|a| a.attempt_no).max().unwrap_or_default();
            if let Some(name) = names.get(key.framework.as_str()) {
                (*name).clone_into(&mut key.framework);
            }
            keys.entry(key).or_default().push(Asked { last_attempt, answer });
        }
        Self { keys }
    }

    /// Tells whether a target needs no further answer.
    pub(super) fn has_answered(&self, target: &Target, sample_no: u32, method: Method) -> bool {
        self.answers(target, sample_no, method).any(|answer| answer.is_settled)
    }

    /// Notes in a query what its targets had of it.
    pub(super) fn mark(&self, query: &mut PlannedQuery) {
        let (sample_no, method) = (query.sample_no, query.query.method);
        let asked = |target: &Target| self.keys.get(&key(target, sample_no)).into_iter().flatten();
        let attempts = query.targets.iter().flat_map(asked).map(|asked| asked.last_attempt);
        query.attempts_before = attempts.max().unwrap_or_default();
        let answers = || query.targets.iter().flat_map(|t| self.answers(t, sample_no, method));
        query.has_number = answers().next().is_some();
        query.is_doubted = answers().any(|answer| !answer.is_settled);
    }

    /// Returns the count of a query that does not tell whether it is complete; `None` if it does,
    /// or if there is none.
    pub(super) fn unchecked(&self, query: &PlannedQuery) -> Option<u64> {
        let target = query.targets.first()?;
        let mut answers = self.answers(target, query.sample_no, query.query.method);
        answers.find_map(|answer| match answer.outcome {
            Outcome::Unchecked(count) if answer.source == SourceKind::Graphql => Some(count),
            _ => None,
        })
    }

    /// Returns the keys that need no further answer.
    pub(super) fn settled(&self) -> BTreeSet<&Key> {
        let is_settled = |asked: &Asked| asked.answer.is_some_and(|answer| answer.is_settled);
        let settled = self.keys.iter().filter(|(_, asked)| asked.iter().any(is_settled));
        settled.map(|(key, _)| key).collect()
    }

    fn answers(
        &self,
        target: &Target,
        sample_no: u32,
        method: Method,
    ) -> impl Iterator<Item = Answered> {
        let asked = self.keys.get(&key(target, sample_no)).into_iter().flatten();
        let fits = move |answer: &Answered| answer.method.is_none_or(|other| other == method);
        asked.filter_map(|asked| asked.answer).filter(fits)
    }
}

/// Returns today's name of every framework, by each of its earlier ones.
pub(super) fn today_by_former_name(survey: &Survey) -> HashMap<&str, &str> {
    let names = survey.frameworks.iter().flat_map(|framework| {
        framework.formerly.iter().map(|former| (former.as_str(), framework.name.as_str()))
    });
    names.collect()
}

/// Returns what a target is asked for in a pass.
pub(super) fn key(target: &Target, sample_no: u32) -> Key {
    let (framework, metric) = (target.framework.clone(), target.metric.clone());
    Key { framework, metric, sample_no }
}

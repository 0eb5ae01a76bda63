//! What is still to be asked in a pass: in which order, again or not, and what each answer becomes.
//!
//! Who answers, and when a pass ends early, is `run`'s business.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::plan::{Plan, PlannedQuery};
use super::run::{CollectError, Collected, Ending, Keep, Progressed};
use crate::domain::query::Method;
use crate::domain::run::RunId;
use crate::domain::sample::{MOST_REASKS, Outcome, SUSPICIOUS, Sample, SourceKind};
use crate::github::{Again, Answer, Means, Question, Reply};

/// A query that waits to be asked.
#[derive(Clone, Copy)]
struct Pending<'p> {
    query: &'p PlannedQuery,
    /// Its place in the plan.
    place: usize,
    /// Which attempt of this process it is, from 1.
    attempt: u32,
    means: Means,
    /// Whether an earlier attempt of the run has a number.
    has_number: bool,
}

impl<'p> Pending<'p> {
    /// Makes the first attempt of this process.
    fn first((place, query): (usize, &'p PlannedQuery)) -> Self {
        let means = if query.is_doubted { Means::TellingCompleteness } else { Means::Any };
        Self { query, place, attempt: 1, means, has_number: query.has_number }
    }
}

/// What is still to be asked in a pass, and what came of it so far.
pub(super) struct Queue<'p, F> {
    plan: &'p Plan,
    survey_id: &'p str,
    run: RunId,
    pending: VecDeque<Pending<'p>>,
    /// What failed for reasons that may have passed in the end.
    troubled: Vec<Pending<'p>>,
    /// The counts that do not tell whether they are complete, by their query's place in the plan.
    unchecked: BTreeMap<usize, (u64, Pending<'p>)>,
    asked: usize,
    rows: usize,
    tell: F,
}

impl<'p, F: FnMut(&Progressed<'_>)> Queue<'p, F> {
    /// Starts with everything that is planned.
    pub(super) fn new(plan: &'p Plan, survey_id: &'p str, run: RunId, tell: F) -> Self {
        let pending = plan.queries.iter().enumerate().map(Pending::first).collect();
        let places = plan.queries.len()..;
        let before = places.zip(&plan.counted_before).map(|(place, (count, query))| {
            let pending = Pending::first((place, query));
            (place, (*count, Pending { means: Means::TellingCompleteness, ..pending }))
        });
        let (troubled, unchecked) = (Vec::new(), before.collect());
        Self { plan, survey_id, run, pending, troubled, unchecked, asked: 0, rows: 0, tell }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Returns how many questions are still to be asked, as far as is known.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn ended(&self, ending: Ending) -> Collected {
        Collected { ending, rows: self.rows }
    }

    /// Returns the questions in front: of one pass, so that the samples of a query stay apart, and
    /// of the same means.
    pub(super) fn next_questions(&self, most: usize) -> Vec<Question> {
        let Some(first) = self.pending.front() else { return Vec::new() };
        let alike = |pending: &&Pending<'_>| {
            (pending.query.sample_no, pending.means) == (first.query.sample_no, first.means)
        };
        self.pending.iter().take(most.max(1)).take_while(alike).map(question_of).collect()
    }

    /// Keeps the answers, in one piece, and puts back what is to be asked again.
    pub(super) fn take(
        &mut self,
        questions: &[Question],
        replies: Vec<Reply>,
        keeper: &mut impl Keep,
    ) -> Result<(), CollectError> {
        let mut samples: Vec<Sample> = Vec::new();
        let mut answers: Vec<(&Question, Answer)> = Vec::new();
        let (mut not_yet, mut again) = (Vec::new(), Vec::new());
        for (question, reply) in questions.iter().zip(replies) {
            let Some(pending) = self.pending.pop_front() else { break };
            match reply {
                Reply::NothingMore => {}
                Reply::NotYet => not_yet.push(pending),
                Reply::Answer(answer) => {
                    let answer = self.look_at(pending, *answer, &mut again);
                    samples.extend(samples_of(&answer, &pending, self.survey_id, self.run));
                    answers.push((question, answer));
                }
            }
        }
        for pending in not_yet.into_iter().rev() {
            self.pending.push_front(pending);
        }
        if samples.is_empty() {
            return Ok(());
        }
        if self.rows == 0 {
            let first = &mut samples[0];
            first.detail = std::mem::take(&mut first.detail).with_planned(self.plan.counts);
        }
        keeper.keep(&samples)?;
        self.rows += samples.len();
        self.pending.extend(again);
        let mut still_to_ask = self.pending.len() + answers.len();
        for (question, answer) in &answers {
            self.asked += 1;
            still_to_ask -= 1;
            (self.tell)(&Progressed { question, answer, asked: self.asked, still_to_ask });
        }
        Ok(())
    }

    /// Decides whether an answer is asked for again, and marks it if it is not believed at once.
    fn look_at(
        &mut self,
        pending: Pending<'p>,
        mut answer: Answer,
        again: &mut Vec<Pending<'p>>,
    ) -> Answer {
        let query = pending.query;
        let total = query.attempts_before + pending.attempt;
        // A number that confirms an earlier one is believed.
        let suspicious = !pending.has_number && is_suspicious(answer.outcome, query.last_count);
        if suspicious && !answer.detail.has_item(SUSPICIOUS) {
            answer.detail = answer.detail.with_item(SUSPICIOUS);
        }
        let next = Pending {
            attempt: pending.attempt + 1,
            means: Means::TellingCompleteness,
            has_number: pending.has_number || answer.outcome.count().is_some(),
            ..pending
        };
        match answer.again {
            Again::AfterOutage => self.troubled.push(next),
            Again::Yes if total <= MOST_REASKS => again.push(next),
            _ if suspicious => again.push(next),
            Again::Yes | Again::No => {}
        }
        match answer.outcome {
            Outcome::Unchecked(count) if answer.source.kind == SourceKind::Graphql => {
                self.unchecked.insert(pending.place, (count, next));
            }
            // It was asked where completeness is told.
            _ => {
                self.unchecked.remove(&pending.place);
            }
        }
        answer
    }

    /// Asks again, once, what failed by trouble of the server, if it was more than one query: then
    /// it was an outage. A single query that fails is to blame itself.
    pub(super) fn put_back_troubled(&mut self) {
        if self.troubled.len() > 1 {
            self.pending.extend(std::mem::take(&mut self.troubled));
        }
    }

    /// Adds what is asked again to check the source.
    pub(super) fn add_cross_checks(&mut self) {
        self.pending.extend(self.choose_cross_checks());
    }

    /// Chooses what is asked again to check the source: the highest count, the lowest, the second
    /// highest and so on, in the order of the plan.
    fn choose_cross_checks(&self) -> Vec<Pending<'p>> {
        let mut by_count: VecDeque<(u64, usize)> =
            self.unchecked.iter().map(|(place, (count, _))| (*count, *place)).collect();
        by_count.make_contiguous().sort_unstable();
        let mut places = BTreeSet::new();
        while places.len() < self.plan.cross_checks {
            let next =
                if places.len() % 2 == 0 { by_count.pop_back() } else { by_count.pop_front() };
            let Some((_, place)) = next else { break };
            places.insert(place);
        }
        places.iter().filter_map(|place| Some(self.unchecked.get(place)?.1)).collect()
    }
}

/// Tells whether a number is not to be believed at once: a 0 where there was none before, or a
/// fall of more than 20 % against the last exact count of the same method.
///
/// GitHub's search has answered 0, or stale numbers, and called them complete.
pub(super) fn is_suspicious(outcome: Outcome, last: Option<u64>) -> bool {
    let (Outcome::Complete(count) | Outcome::Unchecked(count)) = outcome else { return false };
    let fell = last.is_some_and(|last| u128::from(count) * 5 < u128::from(last) * 4);
    fell || (count == 0 && last != Some(0))
}

fn question_of(pending: &Pending<'_>) -> Question {
    let query = pending.query;
    let (framework, metric) = query
        .targets
        .first()
        .map(|target| (target.framework.clone(), target.metric.clone()))
        .unwrap_or_default();
    Question {
        query: query.query.text.clone(),
        framework,
        metric,
        sample_no: query.sample_no,
        means: pending.means,
    }
}

/// Makes a row for each framework and metric that the answer counts for.
fn samples_of(
    answer: &Answer,
    pending: &Pending<'_>,
    survey_id: &str,
    run: RunId,
) -> impl Iterator<Item = Sample> {
    let query = pending.query;
    let method: Option<Method> = (!answer.query.is_empty()).then_some(query.query.method);
    query.targets.iter().map(move |target| Sample {
        run,
        observed_at: answer.observed_at,
        survey: survey_id.to_owned(),
        framework: target.framework.clone(),
        language: target.language.clone(),
        metric: target.metric.clone(),
        method,
        sample_no: query.sample_no,
        attempt_no: query.attempts_before + pending.attempt,
        outcome: answer.outcome,
        source: answer.source.clone(),
        query_text: answer.query.clone(),
        detail: answer.detail.clone(),
    })
}

//! Answers from a recording: the same answers, with the recorded moments, each time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::{Again, Answer, AnswerSource, Bound, Question, Reply, SourceError};
use crate::clock::Clock;
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::RunId;
use crate::domain::sample::{Detail, Outcome, SourceKind};
use crate::platform::Stop;

/// A query's text and pass.
type ByQuery = (String, u32);
/// A framework, a metric and a pass.
type ByName = (String, String, u32);

/// Answers from a recording.
///
/// A question is answered by what was recorded for its text and pass; where the recording knows no text
/// (a publication), by what it has for the framework and metric. Several answers to one question
/// come in their recorded order.
pub struct Replay<'c> {
    run: RunId,
    by_query: BTreeMap<ByQuery, VecDeque<RecordedAnswer>>,
    by_name: BTreeMap<ByName, VecDeque<RecordedAnswer>>,
    asked: BTreeSet<(ByQuery, ByName)>,
    pace: Duration,
    /// When the whole replay must be over, on the monotonic clock.
    ends_at: Option<Duration>,
    clock: &'c dyn Clock,
}

impl<'c> Replay<'c> {
    /// Makes a source of recorded answers, at least one; `pace` is waited before each answer, and
    /// `whole` bounds the whole replay.
    #[must_use]
    pub fn new(
        recording: Vec<RecordedAnswer>,
        pace: Duration,
        whole: Option<Duration>,
        clock: &'c dyn Clock,
    ) -> Self {
        let run =
            recording.first().map_or_else(|| RunId::new(clock.now_utc(), 0), |first| first.run);
        let mut by_query: BTreeMap<ByQuery, VecDeque<RecordedAnswer>> = BTreeMap::new();
        let mut by_name: BTreeMap<ByName, VecDeque<RecordedAnswer>> = BTreeMap::new();
        for answer in recording {
            if answer.query.is_empty() {
                let name = (answer.framework.clone(), answer.metric.clone(), answer.sample_no);
                by_name.entry(name).or_default().push_back(answer);
            } else {
                by_query
                    .entry((answer.query.clone(), answer.sample_no))
                    .or_default()
                    .push_back(answer);
            }
        }
        let ends_at = whole.map(|whole| clock.monotonic() + whole);
        Self { run, by_query, by_name, asked: BTreeSet::new(), pace, ends_at, clock }
    }

    fn next_answer(&mut self, question: &Question) -> Option<RecordedAnswer> {
        let (query, name) = keys_of(question);
        let by_query = self.by_query.get_mut(&query).and_then(VecDeque::pop_front);
        by_query.or_else(|| self.by_name.get_mut(&name)?.pop_front())
    }

    fn has_answer(&self, question: &Question) -> bool {
        let (query, name) = keys_of(question);
        let has =
            |answers: Option<&VecDeque<RecordedAnswer>>| answers.is_some_and(|a| !a.is_empty());
        has(self.by_query.get(&query)) || has(self.by_name.get(&name))
    }

    fn not_recorded(&self, question: &Question) -> Answer {
        Answer {
            observed_at: self.run.started_at(),
            outcome: Outcome::Failed,
            source: SourceKind::Rest.into(),
            query: question.query.clone(),
            detail: Detail::from_text("not in the recording"),
            rate: None,
            again: Again::No,
        }
    }
}

/// Returns what a question is looked up by: its text, else its framework and metric; and its pass.
fn keys_of(question: &Question) -> (ByQuery, ByName) {
    let Question { query, framework, metric, sample_no, means: _ } = question.clone();
    ((query, sample_no), (framework, metric, sample_no))
}

impl AnswerSource for Replay<'_> {
    async fn ask(
        &mut self,
        questions: &[Question],
        _still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let Some(question) = questions.first() else { return Ok(Vec::new()) };
        if self.ends_at.is_some_and(|end| self.clock.monotonic() + self.pace > end) {
            return Err(SourceError::TooLong {
                until: self.clock.now_utc() + self.pace,
                why: "to leave time between answers",
                bound: Bound::Whole,
                trouble: None,
            });
        }
        if !self.pace.is_zero() {
            tokio::select! {
                signal = stop.wait() => return Err(SourceError::Interrupted(signal)),
                () = self.clock.sleep(self.pace) => {}
            }
        }
        let recorded = self.next_answer(question);
        // Asked again as often as it was when it was recorded.
        let has_more = self.has_answer(question);
        let asked_before = !self.asked.insert(keys_of(question));
        let answer = match recorded {
            None if asked_before => return Ok(vec![Reply::NothingMore]),
            None => self.not_recorded(question),
            Some(recorded) => Answer {
                observed_at: recorded.observed_at,
                // The recording was checked when it was read.
                outcome: recorded.outcome().unwrap_or(Outcome::Failed),
                source: recorded.source,
                query: recorded.query,
                detail: Detail::from_text(&recorded.detail),
                rate: recorded.rate,
                again: if has_more { Again::Yes } else { Again::No },
            },
        };
        Ok(vec![Reply::Answer(Box::new(answer))])
    }
}

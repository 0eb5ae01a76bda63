//! The past by creation dates: for each framework and metric how many repositories match today and
//! were created by each of some days.
//!
//! `plan` says which series are wanted, `known` what was answered so far, and `sums` what follows
//! from both: the next questions, or the points. All that is pure. Asking goes through the same pass
//! as any run, here, so that pauses, retries and limits are the same.
//!
//! What is asked are ranges that share no second; their counts are added up. A range whose search
//! stopped early is asked for again in halves. Whatever is answered is kept before the next question,
//! so that what is asked next follows from what is kept, whenever the program was stopped.

mod known;
mod plan;
mod sums;

use crate::domain::run::RunId;
use crate::domain::sample::Sample;
use crate::github::{Again, AnswerSource, Question, Reply, SourceError};
use crate::history::HistoryError;
use crate::platform::Stop;

use super::plan::{Plan, PlannedQuery};
use super::run::{CollectError, Collected, Ending, Keep, Progressed, collect};

pub use known::Known;
pub use plan::{BackfillPlan, Refused, SeriesPlan};
pub use sums::{Ask, Check, Point, Reconstruction};

/// Asks until every point of a plan is known, or cannot be.
///
/// Every answer becomes a row of `keeper` for each framework and metric that it counts for. Its
/// `sample_no` is the number of the question among those for that framework and metric in this run.
///
/// # Errors
///
/// As [`collect`]; everything answered before is kept, and known.
#[expect(clippy::too_many_arguments, reason = "they are those of a pass, and what is known")]
pub async fn backfill<S: AnswerSource, K: Keep>(
    plan: &BackfillPlan,
    known: &mut Known,
    survey_id: &str,
    run: RunId,
    source: &mut S,
    keeper: &mut K,
    stop: &mut Stop,
    mut tell: impl FnMut(&Progressed<'_>),
) -> Result<Collected, CollectError> {
    let mut rows = 0;
    loop {
        let asks = plan.asks(known);
        let answered_before = known.answers();
        let pass = plan_pass(asks);
        let mut noting = Noting { keeper, known, numbers: Numbers::new() };
        let mut once = Once(source);
        let collected =
            collect(&pass, survey_id, run, &mut once, &mut noting, stop, &mut tell).await?;
        rows += collected.rows;
        let is_stuck = known.answers() == answered_before;
        if collected.ending != Ending::Done || is_stuck {
            return Ok(Collected { rows, ..collected });
        }
    }
}

/// Makes the pass of some questions.
fn plan_pass(asks: Vec<Ask>) -> Plan {
    let query = |ask: Ask| PlannedQuery {
        query: ask.query,
        sample_no: 1,
        targets: ask.targets,
        attempts_before: 0,
        has_number: false,
        is_doubted: ask.must_tell_completeness,
        // A time in which nothing was created is no surprise.
        last_count: Some(0),
    };
    let queries: Vec<PlannedQuery> = asks.into_iter().map(query).collect();
    let counts = queries.iter().map(|query| query.targets.len()).sum();
    Plan { queries, skipped: Vec::new(), counts, cross_checks: 0, counted_before: Vec::new() }
}

/// A source whose incomplete answers are not asked for again: halves are better.
struct Once<'s, S>(&'s mut S);

impl<S: AnswerSource> AnswerSource for Once<'_, S> {
    fn most_at_once(&self) -> usize {
        self.0.most_at_once()
    }

    async fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let mut replies = self.0.ask(questions, still_to_ask, stop).await?;
        for reply in &mut replies {
            if let Reply::Answer(answer) = reply
                && answer.again == Again::Yes
            {
                answer.again = Again::No;
            }
        }
        Ok(replies)
    }
}

/// How many rows each framework and metric has in this run.
type Numbers = std::collections::HashMap<(String, String), u32>;

/// Keeps rows and knows what they say.
struct Noting<'k, K> {
    keeper: &'k mut K,
    known: &'k mut Known,
    numbers: Numbers,
}

impl<K: Keep> Keep for Noting<'_, K> {
    fn keep(&mut self, samples: &[Sample]) -> Result<(), HistoryError> {
        let mut numbered = samples.to_vec();
        for sample in &mut numbered {
            let key = (sample.framework.clone(), sample.metric.clone());
            let number = self.numbers.entry(key).or_default();
            *number += 1;
            sample.sample_no = *number;
        }
        self.keeper.keep(&numbered)?;
        self.known.note_all(samples);
        Ok(())
    }
}

//! What follows from what is known: the next questions of a series, or its points.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::super::plan::Target;
use super::known::{Answered, Counted, Known};
use super::plan::{BackfillPlan, SeriesPlan};
use crate::domain::created::CreatedRange;
use crate::domain::query::Query;
use crate::domain::run::RunId;
use crate::domain::sample::Outcome;

/// A question that is to be asked next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The query, and the method of its series.
    pub query: Query,
    /// Whose counts the answer is.
    pub targets: Vec<Target>,
    /// Whether the answer must tell whether it is complete.
    pub must_tell_completeness: bool,
}

/// The points of one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconstruction {
    /// A point for each day of the plan.
    pub points: Vec<Point>,
    /// What the sum was compared with.
    pub check: Check,
}

/// How many repositories were created by a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The day; all of it is included.
    pub as_of: NaiveDate,
    /// The sum, as far to be trusted as the worst of its parts.
    pub outcome: Outcome,
    /// The run and the moment of the last answer that entered it; `None` if none came.
    pub last: Option<(RunId, DateTime<Utc>)>,
    /// How many answers were added up.
    pub answers: usize,
}

/// What became of the comparison of a sum that GraphQL gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Every part tells whether it is complete.
    NotNeeded,
    /// The sum is within 1 % of the count over REST.
    Agrees,
    /// It is not, and all was asked over REST instead: the two numbers.
    Differed {
        /// The sum over GraphQL.
        graphql: u64,
        /// The count over REST.
        rest: u64,
    },
    /// REST gave no complete count.
    Impossible,
}

/// Counts added up.
#[derive(Clone, Copy, Debug)]
struct Sum {
    outcome: Outcome,
    last: Option<(RunId, DateTime<Utc>)>,
    answers: usize,
}

impl Sum {
    const NOTHING: Self = Self { outcome: Outcome::Complete(0), last: None, answers: 0 };

    fn of(answered: &Answered) -> Self {
        let last = Some((answered.run, answered.observed_at));
        Self { outcome: answered.outcome, last, answers: 1 }
    }

    fn plus(self, other: Self) -> Self {
        let status = self.outcome.status().min(other.outcome.status());
        let counts = self.outcome.count().zip(other.outcome.count());
        let count = counts.map(|(one, other)| one.saturating_add(other));
        let last =
            [self.last, other.last].into_iter().flatten().max_by_key(|(run, at)| (*at, *run));
        Self {
            outcome: Outcome::new(status, count).unwrap_or(Outcome::Failed),
            last,
            answers: self.answers + other.answers,
        }
    }
}

/// Whose answers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Any; one that tells completeness is preferred.
    Any,
    /// Any; what GraphQL said is preferred.
    AsFirstAsked,
    /// Only those that tell completeness.
    Telling,
}

impl BackfillPlan {
    /// Returns the questions that are to be asked next; none when every point is known or cannot be.
    #[must_use]
    pub fn asks(&self, known: &Known) -> Vec<Ask> {
        let mut asks = Vec::new();
        for series in &self.series {
            let _ = self.look(series, known, &mut asks);
        }
        // Series whose queries differ in `created:` alone ask the same.
        let mut texts = BTreeSet::new();
        asks.retain(|ask| texts.insert((ask.query.text.clone(), ask.must_tell_completeness)));
        asks
    }

    /// Returns the points of a series; `None` as long as something is to be asked.
    #[must_use]
    pub fn reconstruct(&self, series: &SeriesPlan, known: &Known) -> Option<Reconstruction> {
        self.look(series, known, &mut Vec::new())
    }

    fn look(
        &self,
        series: &SeriesPlan,
        known: &Known,
        asks: &mut Vec<Ask>,
    ) -> Option<Reconstruction> {
        let look = |trust| Look { series, known, trust };
        let first = self.sums(&look(Trust::AsFirstAsked), asks)?;
        let whole = first.iter().copied().fold(Sum::NOTHING, Sum::plus);
        let is_unchecked = |sum: &Sum| matches!(sum.outcome, Outcome::Unchecked(_));
        let (true, Some(last_day)) = (first.iter().any(is_unchecked), self.last_days.last()) else {
            return Some(self.reconstruction(first, Check::NotNeeded));
        };
        let checked = look(Trust::Telling).sum(CreatedRange::up_to(*last_day), asks)?;
        let (Outcome::Complete(rest), Some(graphql)) = (checked.outcome, whole.outcome.count())
        else {
            let sums = self.sums(&look(Trust::Any), asks)?;
            return Some(self.reconstruction(sums, Check::Impossible));
        };
        if !differs(graphql, rest) {
            let sums = self.sums(&look(Trust::Any), asks)?;
            return Some(self.reconstruction(sums, Check::Agrees));
        }
        let again = self.sums(&look(Trust::Telling), asks)?;
        Some(self.reconstruction(again, Check::Differed { graphql, rest }))
    }

    /// Returns the count of every range; `None` if questions were added instead.
    fn sums(&self, look: &Look<'_>, asks: &mut Vec<Ask>) -> Option<Vec<Sum>> {
        let sums: Vec<Option<Sum>> = self.ranges.iter().map(|r| look.sum(*r, asks)).collect();
        sums.into_iter().collect()
    }

    fn reconstruction(&self, sums: Vec<Sum>, check: Check) -> Reconstruction {
        Reconstruction { points: self.points(sums.into_iter()), check }
    }

    fn points(&self, sums: impl Iterator<Item = Sum>) -> Vec<Point> {
        let so_far = sums.scan(Sum::NOTHING, |sum, next| {
            *sum = sum.plus(next);
            Some(*sum)
        });
        let point = |(as_of, sum): (&NaiveDate, Sum)| {
            let Sum { outcome, last, answers } = sum;
            Point { as_of: *as_of, outcome, last, answers }
        };
        self.last_days.iter().zip(so_far).map(point).collect()
    }
}

/// Tells whether two counts differ by more than 1 % of the one that tells completeness.
fn differs(graphql: u64, rest: u64) -> bool {
    u128::from(graphql.abs_diff(rest)) * 100 > u128::from(rest)
}

/// A series seen through what is known.
struct Look<'a> {
    series: &'a SeriesPlan,
    known: &'a Known,
    trust: Trust,
}

impl Look<'_> {
    /// Returns the count of a range, of its halves where its search stopped early; `None` if that
    /// needs questions, which are added.
    fn sum(&self, range: CreatedRange, asks: &mut Vec<Ask>) -> Option<Sum> {
        let text = range.query(&self.series.query.text);
        let Counted { graphql, rest } = self.known.get(&text);
        let has_number = |answered: &Answered| answered.outcome != Outcome::Failed;
        let chosen = match self.trust {
            Trust::Telling => rest,
            Trust::Any => rest.filter(has_number).or(graphql).or(rest),
            Trust::AsFirstAsked => graphql.or(rest),
        };
        let Some(answered) = chosen else {
            let query = Query { text, method: self.series.query.method };
            let targets = self.series.targets.clone();
            let must_tell_completeness = self.trust == Trust::Telling;
            let ask = Ask { query, targets, must_tell_completeness };
            asks.push(ask);
            return None;
        };
        let is_bound = matches!(answered.outcome, Outcome::Incomplete(_));
        match range.halves().filter(|_| is_bound && answered.stopped_early) {
            None => Some(Sum::of(&answered)),
            Some((first, second)) => {
                // Both are asked for in one go.
                let (first, second) = (self.sum(first, asks), self.sum(second, asks));
                Some(first?.plus(second?))
            }
        }
    }
}

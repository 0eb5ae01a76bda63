//! Frameworks ordered by the count of one metric in one run, and how two orders compare.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::query::Method;
use super::sample::{Outcome, Sample, Source, SourceKind, Status, select_answer};
use super::series::Origin;
use super::trend::TurnKind;

/// What one run found for one framework and metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The number that is ranked: with several samples the median, the lower of two middle ones.
    ///
    /// Only answers of the best status enter it. Of several lower bounds the highest counts.
    pub outcome: Outcome,
    /// The lowest and highest of the answers that entered it; `None` without a number.
    pub range: Option<(u64, u64)>,
    /// How many answers entered it.
    pub samples: usize,
    /// The sample whose number it is, or else the last failed one; `None` if nothing was asked.
    pub counted: Option<CountedSample>,
    /// Why there is no number; empty if there is one.
    pub reason: String,
}

/// What a report says about the sample behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedSample {
    /// When the answer arrived.
    pub observed_at: DateTime<Utc>,
    /// The exact text sent; empty where no query is known.
    pub query_text: String,
    /// The method of the series.
    pub method: Option<Method>,
    /// Where the answer came from.
    pub source: Source,
    /// When a published number was published.
    pub published: Option<String>,
    /// The day that a reconstructed number is for.
    pub as_of: Option<NaiveDate>,
}

impl Tally {
    /// Makes the tally of a framework that a run never asked about.
    #[must_use]
    pub fn not_asked() -> Self {
        Self {
            outcome: Outcome::Failed,
            range: None,
            samples: 0,
            counted: None,
            reason: "not asked in this run".into(),
        }
    }

    /// Makes the tally of all attempts of one framework and metric, in file order.
    #[must_use]
    pub fn of(attempts: &[&Sample]) -> Self {
        let mut passes: BTreeMap<u32, Vec<&Sample>> = BTreeMap::new();
        for sample in attempts {
            passes.entry(sample.sample_no).or_default().push(sample);
        }
        let mut answers: Vec<&Sample> =
            passes.values().filter_map(|attempts| select_answer(attempts)).collect();
        let facts = |answer: &&Sample| Facts {
            outcome: answer.outcome,
            observed_at: answer.observed_at,
            method: answer.method,
        };
        let Some(middle) = select_middle(&mut answers, facts) else {
            let Some(last) = attempts.last() else { return Self::not_asked() };
            let reason = match last.detail.reason() {
                reason if reason.is_empty() => "no answer".to_owned(),
                reason => reason,
            };
            return Self { counted: Some(counted(last)), reason, ..Self::not_asked() };
        };
        let count_at = |index: usize| answers[index].outcome.count().unwrap_or_default();
        Self {
            outcome: answers[middle].outcome,
            range: Some((count_at(0), count_at(answers.len() - 1))),
            samples: answers.len(),
            counted: Some(counted(answers[middle])),
            reason: String::new(),
        }
    }

    /// Returns the number if it is more than a lower bound.
    #[must_use]
    pub fn exact(&self) -> Option<u64> {
        match self.outcome {
            Outcome::Complete(count) | Outcome::Unchecked(count) => Some(count),
            Outcome::Incomplete(_) | Outcome::Failed => None,
        }
    }

    /// Returns what changed from an earlier tally of the same framework.
    #[must_use]
    pub fn change_since(&self, before: &Self) -> Change {
        let Some((now, then)) = self.exact().zip(before.exact()) else { return Change::Unknown };
        let origin = |tally: &Self| {
            let counted = tally.counted.as_ref();
            counted.map(|c| Origin { method: c.method, source: c.source.clone() })
        };
        let origins = origin(before).zip(origin(self));
        match origins.and_then(|(before, now)| TurnKind::between(&before, &now)) {
            Some(TurnKind::Host) => Change::HostChanged,
            Some(TurnKind::Method) => Change::MethodChanged,
            Some(TurnKind::Source(before, now)) => Change::SourceChanged(before, now),
            Some(TurnKind::Api(..)) | None => change_from(then, now),
        }
    }
}

/// What decides which of several answers is the middle one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<M> {
    /// The number, and how far it can be trusted.
    pub outcome: Outcome,
    /// When the answer arrived, in anything that orders as moments do.
    pub observed_at: M,
    /// The method.
    pub method: Option<Method>,
}

/// Keeps those of the answers of several passes that enter a tally, in the order of their counts,
/// and returns the place of the one whose number it is; `None` without any answer.
///
/// Answers of the method that was asked last enter it, and of those the ones of the best status.
/// The middle one counts, the lower of two; of lower bounds the highest.
pub fn select_middle<A, M: Ord>(
    answers: &mut Vec<A>,
    facts: impl Fn(&A) -> Facts<M>,
) -> Option<usize> {
    // After a change of the query in mid-run only what was asked last can be told together.
    let last = answers.iter().max_by_key(|answer| facts(answer).observed_at);
    if let Some(method) = last.map(|last| facts(last).method) {
        answers.retain(|answer| facts(answer).method == method);
    }
    let best = answers.iter().map(|answer| facts(answer).outcome.status()).max()?;
    answers.retain(|answer| facts(answer).outcome.status() == best);
    answers.sort_by_key(|answer| {
        let Facts { outcome, observed_at, .. } = facts(answer);
        (outcome.count(), observed_at)
    });
    Some(match best {
        Status::Incomplete => answers.len() - 1,
        _ => (answers.len() - 1) / 2,
    })
}

fn counted(sample: &Sample) -> CountedSample {
    CountedSample {
        observed_at: sample.observed_at,
        query_text: sample.query_text.clone(),
        method: sample.method,
        source: sample.source.clone(),
        published: sample.detail.published().map(str::to_owned),
        as_of: sample.detail.as_of().filter(|_| sample.source.kind == SourceKind::Reconstructed),
    }
}

/// What changed between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So many repositories more, or fewer if negative.
    By(i64),
    /// The query changed in between, so that the two numbers count different things.
    MethodChanged,
    /// Another GitHub was asked.
    HostChanged,
    /// One of the two was imported or published, and nothing says that both were counted alike;
    /// from one kind of source to another.
    SourceChanged(SourceKind, SourceKind),
    /// One of the two is missing or only a lower bound.
    Unknown,
}

/// A framework on its way into a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrant {
    /// Its name now.
    pub name: String,
    /// Its language; empty if unknown.
    pub language: String,
    /// What the run found.
    pub tally: Tally,
}

/// A line of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// From 1; equal counts share a rank and the next one is skipped (1, 2, 2, 4). `None` without
    /// a number. The rank of a lower bound is the worst it can be.
    pub rank: Option<u32>,
    /// Who stands there.
    pub entrant: Entrant,
    /// Others whose range of samples overlaps this one's, in the order of the ranking.
    pub not_distinguishable_from: Vec<String>,
}

/// Orders entrants by count, descending; equal ones, and those without a number, by name.
///
/// Names order without regard to case, then by their bytes.
#[must_use]
pub fn rank(mut entrants: Vec<Entrant>) -> Vec<Standing> {
    let name = |e: &Entrant| (e.name.to_lowercase(), e.name.clone());
    entrants.sort_by_cached_key(|e| (Reverse(e.tally.outcome.count()), name(e)));
    let counts: Vec<Option<u64>> = entrants.iter().map(|e| e.tally.outcome.count()).collect();
    let rank_of = |count: u64| counts.partition_point(|other| *other > Some(count));
    let overlaps = find_overlaps(&entrants);
    let ranked = entrants.into_iter().zip(overlaps);
    ranked
        .map(|(entrant, not_distinguishable_from)| Standing {
            rank: entrant.tally.outcome.count().and_then(|c| u32::try_from(rank_of(c) + 1).ok()),
            entrant,
            not_distinguishable_from,
        })
        .collect()
}

/// Finds, for each entrant, the others whose low–high range meets its own.
///
/// A single sample has no range to speak of, so at least one of two must have several.
fn find_overlaps(entrants: &[Entrant]) -> Vec<Vec<String>> {
    if entrants.iter().all(|entrant| entrant.tally.samples <= 1) {
        // The usual run, and one of thousands has no time to compare each with each.
        return vec![Vec::new(); entrants.len()];
    }
    let meets = |a: &Entrant, b: &Entrant| {
        let several = a.tally.samples > 1 || b.tally.samples > 1;
        match (a.tally.range, b.tally.range) {
            (Some(a), Some(b)) => several && a.0 <= b.1 && b.0 <= a.1,
            _ => false,
        }
    };
    let others = |(at, entrant): (usize, &Entrant)| {
        let met =
            entrants.iter().enumerate().filter(|(i, other)| *i != at && meets(entrant, other));
        met.map(|(_, other)| other.name.clone()).collect()
    };
    entrants.iter().enumerate().map(others).collect()
}

/// A line of another ranking, to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceLine {
    /// The framework's name now.
    pub name: String,
    /// Its rank there; `None` if it had no number.
    pub rank: Option<u32>,
    /// Its count there.
    pub count: Option<u64>,
    /// Whether the count is more than a lower bound.
    pub exact: bool,
    /// The method, or `None` where it is not known or cannot matter (a publication).
    pub method: Option<Method>,
}

/// What a comparison says about one framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedLine {
    /// The rank as the other ranking has it.
    pub then_rank: Option<u32>,
    /// The count as the other ranking has it.
    pub then_count: Option<u64>,
    /// Whether that count is more than a lower bound.
    pub then_exact: bool,
    /// What changed since.
    pub count_change: Change,
    /// Places gained (positive) or lost among the frameworks that both rankings rank.
    pub rank_change: Option<i64>,
}

/// How two rankings compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// A line for each standing, in their order; `None` if the other ranking does not have it.
    pub lines: Vec<Option<ComparedLine>>,
    /// How many frameworks both rank.
    pub compared: usize,
    /// Kendall's τ-b over those, 1 for the same order; `None` with fewer than two, or when one of
    /// the rankings ties them all.
    pub order_agreement: Option<f64>,
    /// Names that only the other ranking has, in its order.
    pub only_there: Vec<String>,
}

/// Compares a ranking with another.
#[must_use]
pub fn compare(standings: &[Standing], reference: &[ReferenceLine]) -> Comparison {
    let there: BTreeMap<&str, &ReferenceLine> =
        reference.iter().map(|line| (line.name.as_str(), line)).collect();
    let ranks = |standing: &Standing| {
        let line = there.get(standing.entrant.name.as_str())?;
        Some((standing.rank?, line.rank?))
    };
    let pairs: Vec<(u32, u32)> = standings.iter().filter_map(ranks).collect();
    let place = |rank_of: &dyn Fn(&(u32, u32)) -> u32, rank: u32| {
        pairs.iter().filter(|pair| rank_of(pair) < rank).count()
    };
    let lines = standings.iter().map(|standing| {
        let line = there.get(standing.entrant.name.as_str())?;
        let rank_change = ranks(standing).map(|(now, then)| {
            places(place(&|pair| pair.1, then)) - places(place(&|pair| pair.0, now))
        });
        Some(ComparedLine {
            then_rank: line.rank,
            then_count: line.count,
            then_exact: line.exact,
            count_change: count_change(&standing.entrant.tally, line),
            rank_change,
        })
    });
    let here = |name: &str| standings.iter().any(|standing| standing.entrant.name == name);
    Comparison {
        lines: lines.collect(),
        compared: pairs.len(),
        order_agreement: kendall_tau_b(&pairs),
        only_there: reference.iter().map(|l| l.name.clone()).filter(|n| !here(n)).collect(),
    }
}

/// Frameworks are never so many that their number would not fit.
fn places(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count_change(now: &Tally, then: &ReferenceLine) -> Change {
    let method = now.counted.as_ref().and_then(|counted| counted.method);
    match (now.exact(), then.count.filter(|_| then.exact)) {
        (Some(_), Some(_)) if matches!((method, then.method), (Some(a), Some(b)) if a != b) => {
            Change::MethodChanged
        }
        (Some(now), Some(then)) => change_from(then, now),
        _ => Change::Unknown,
    }
}

/// Returns what changed from one exact count to another; unknown beyond 64 bits.
fn change_from(then: u64, now: u64) -> Change {
    let change = i64::try_from(i128::from(now) - i128::from(then));
    change.map_or(Change::Unknown, Change::By)
}

/// Returns Kendall's τ-b of pairs of ranks: 1 for the same order, −1 for the reverse.
///
/// `(P − Q) / √((n₀ − n₁)(n₀ − n₂))`, where P and Q are the pairs of pairs in the same and in
/// opposite order, n₀ all of them, n₁ and n₂ those tied in the first and in the second ranking
/// (M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945). `None` with
/// fewer than two pairs, or when one of the rankings ties them all.
#[must_use]
pub fn kendall_tau_b(pairs: &[(u32, u32)]) -> Option<f64> {
    let (mut score, mut all, mut tied_a, mut tied_b) = (0i64, 0i64, 0i64, 0i64);
    for (index, a) in pairs.iter().enumerate() {
        for b in &pairs[index + 1..] {
            let first = a.0.cmp(&b.0) as i64;
            let second = a.1.cmp(&b.1) as i64;
            score += first * second;
            all += 1;
            tied_a += i64::from(first == 0);
            tied_b += i64::from(second == 0);
        }
    }
    let scale = (all - tied_a).checked_mul(all - tied_b).filter(|scale| *scale > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "a ratio to two decimals")]
    let agreement = score as f64 / (scale as f64).sqrt();
    Some(agreement)
}

#[cfg(test)]
mod tests;

//! Ranks by every way of counting, side by side: the table of a method section.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::notes::{MISSING, UPPER_RANK};
use super::super::table::{Align, Column};
use super::Listing;
use crate::domain::ranking::kendall_tau_b;
use crate::domain::sample::{Outcome, Source, Status};

/// How many frameworks without a rank are named.
const MOST_NAMED: usize = 5;

/// The ranks by every way of counting, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    pub(super) counted_at: DateTime<Utc>,
    /// Where the counts come from, as a history has it.
    #[serde(default)]
    source: String,
    pub(in crate::report) ways: Vec<Way>,
    pub(in crate::report) frameworks: Vec<RankedByWays>,
}

/// A way of counting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct Way {
    pub(in crate::report) id: String,
    pub(in crate::report) query: String,
    /// Kendall's τ-b with the first way, over the frameworks that both rank.
    order_agreement: Option<f64>,
}

/// A framework's counts and ranks, in the order of the ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct RankedByWays {
    pub(in crate::report) framework: String,
    pub(super) counts: Vec<Option<u64>>,
    /// How firm each count is; `None` where the way does not fit the framework.
    #[serde(default)]
    pub(super) statuses: Vec<Option<String>>,
    pub(in crate::report) ranks: Vec<Option<u32>>,
    /// Whether every way ranks it, and all the same.
    pub(in crate::report) keeps_rank: bool,
}

/// How the frameworks of one way were counted: its id, its query template, and what came for each
/// framework in the same order; `None` where the way does not fit it.
pub type WayCounted = (String, String, Vec<Option<Outcome>>);

impl RankedByWays {
    /// Tells whether a count is only a lower bound, so that its rank may be better than it looks.
    pub(in crate::report) fn is_bound(&self, way: usize) -> bool {
        let status = self.statuses.get(way).and_then(Option::as_deref);
        status == Some(Status::Incomplete.as_str())
    }

    /// Writes the rank by a way.
    pub(in crate::report) fn rank_text(&self, way: usize) -> String {
        match self.ranks.get(way).copied().flatten() {
            None => MISSING.to_owned(),
            Some(rank) if self.is_bound(way) => format!("{UPPER_RANK}{rank}"),
            Some(rank) => rank.to_string(),
        }
    }

    /// Returns the best and the worst rank; `None` without any.
    pub(in crate::report) fn span(&self) -> Option<(u32, u32)> {
        let known = || self.ranks.iter().copied().flatten();
        known().min().zip(known().max())
    }

    fn span_text(&self) -> String {
        match self.span() {
            None => MISSING.to_owned(),
            Some((low, high)) if low != high => format!("{low}–{high}"),
            Some(_) if self.keeps_rank => "kept".to_owned(),
            Some((rank, _)) => format!("{rank}, or none"),
        }
    }
}

impl Sensitivity {
    /// Ranks each way; equal counts share a rank, and lower bounds are ranked by what they are.
    #[must_use]
    pub fn new(
        (counted_at, source): (DateTime<Utc>, &Source),
        frameworks: &[String],
        ways: &[WayCounted],
    ) -> Self {
        let counts = |outcomes: &[Option<Outcome>]| -> Vec<Option<u64>> {
            outcomes.iter().map(|outcome| outcome.and_then(Outcome::count)).collect()
        };
        let ranks: Vec<Vec<Option<u32>>> =
            ways.iter().map(|(.., outcomes)| rank(&counts(outcomes))).collect();
        let agreement = |way: &Vec<Option<u32>>| {
            let pairs = ranks.first()?.iter().zip(way).filter_map(|(one, other)| one.zip(*other));
            kendall_tau_b(&pairs.collect::<Vec<_>>())
        };
        let of_framework = |(place, name): (usize, &String)| {
            let own: Vec<Option<u32>> = ranks.iter().map(|way| way[place]).collect();
            let outcomes = || ways.iter().map(|(.., outcomes)| outcomes[place]);
            let status = |outcome: Outcome| outcome.status().as_str().to_owned();
            RankedByWays {
                framework: name.clone(),
                counts: outcomes().map(|outcome| outcome.and_then(Outcome::count)).collect(),
                statuses: outcomes().map(|outcome| outcome.map(status)).collect(),
                keeps_rank: own.iter().all(|rank| rank.is_some() && *rank == own[0]),
                ranks: own,
            }
        };
        let way = |((id, query, _), ranks): (&WayCounted, &Vec<Option<u32>>)| Way {
            id: id.clone(),
            query: query.clone(),
            order_agreement: agreement(ranks),
        };
        Self {
            counted_at,
            source: source.to_string(),
            ways: ways.iter().zip(&ranks).map(way).collect(),
            frameworks: frameworks.iter().enumerate().map(of_framework).collect(),
        }
    }

    /// Tells whether each framework has what each way needs: a row that is cut or was written by hand
    /// has not.
    pub(super) fn is_sound(&self) -> bool {
        let ways = self.ways.len();
        let has_all = |row: &RankedByWays| row.counts.len() == ways && row.ranks.len() == ways;
        self.frameworks.iter().all(has_all)
    }

    /// Names the moment and the source.
    pub(in crate::report) fn subtitle(&self) -> String {
        let moment = self.counted_at.format("%Y-%m-%d %H:%M:%S");
        let source = if self.source.is_empty() { "" } else { " · " };
        format!("ranks by every way of counting · counted {moment} UTC{source}{}", self.source)
    }

    /// Says how many frameworks keep their rank.
    pub(in crate::report) fn summary(&self) -> String {
        let kept = self.frameworks.iter().filter(|row| row.keeps_rank).count();
        let all = self.frameworks.len();
        let keep = match kept {
            1 => "keeps its rank however it is",
            _ => "keep their rank however they are",
        };
        format!("{kept} of {all} frameworks {keep} counted.")
    }

    /// Says what must not be overlooked: lower bounds, and who has no rank.
    pub(in crate::report) fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let places = || 0..self.ways.len();
        if self.frameworks.iter().any(|row| places().any(|way| row.is_bound(way))) {
            caveats.push(format!(
                "{UPPER_RANK} GitHub stopped the search early: the count is a lower bound, so the \
                 rank may be better than it stands, and one above it worse."
            ));
        }
        for (place, way) in self.ways.iter().enumerate() {
            let lacking = |row: &&RankedByWays| row.ranks[place].is_none();
            let reason = |row: &RankedByWays| {
                let fits = row.statuses.get(place).is_none_or(Option::is_some);
                let reason = if fits { "no answer" } else { "the way does not fit it" };
                format!("{} ({reason})", row.framework)
            };
            let names: Vec<String> = self.frameworks.iter().filter(lacking).map(reason).collect();
            if !names.is_empty() {
                let more = names.len().saturating_sub(MOST_NAMED);
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                let first = names[..names.len().min(MOST_NAMED)].join(", ");
                caveats.push(format!(
                    "{}: no rank for {first}{more}; the others are ranked without.",
                    way.id
                ));
            }
        }
        caveats
    }

    /// Says what each way asks for, and how well its order agrees with that of the first.
    pub(in crate::report) fn ways_in_words(&self) -> Vec<String> {
        let words = |(place, way): (usize, &Way)| {
            let agreement = match way.order_agreement {
                _ if place == 0 => String::new(),
                None => ", no order agreement can be given".to_owned(),
                Some(agreement) => {
                    format!(", order agreement {agreement:.2} with {}", self.ways[0].id)
                }
            };
            format!("{}: `{}`{agreement}.", way.id, way.query)
        };
        self.ways.iter().enumerate().map(words).collect()
    }

    /// Returns the sentence that stands under a ranking of the survey.
    pub(super) fn note(&self) -> String {
        let kept: Vec<&str> = self
            .frameworks
            .iter()
            .filter(|row| row.keeps_rank)
            .map(|row| row.framework.as_str())
            .collect();
        let width = |row: &&RankedByWays| row.span().map_or(0, |(low, high)| high - low);
        let most = self.frameworks.iter().rev().max_by_key(width).filter(|row| width(row) > 0);
        let most = most.map_or_else(String::new, |row| {
            format!("; {} moves most, {}", row.framework, row.span_text())
        });
        let kept = match kept.as_slice() {
            [] => "no framework keeps its rank".to_owned(),
            [one] => format!("only {one} keeps its rank"),
            several => format!("{} keep their rank", several.join(", ")),
        };
        let (ways, day) = (self.ways.len(), self.counted_at.date_naive());
        format!("Counted in {ways} ways on {day}, {kept}{most}.")
    }

    pub(super) fn listing(&self, title: &str) -> Listing {
        let rows = &self.frameworks;
        let column = |heading: &str, align, cell: &dyn Fn(&RankedByWays) -> String| Column {
            heading: heading.to_owned(),
            align,
            cells: rows.iter().map(cell).collect(),
            goes: 0,
        };
        let mut columns = vec![column("framework", Align::Left, &|row| row.framework.clone())];
        for (place, way) in self.ways.iter().enumerate() {
            columns.push(column(&way.id, Align::Right, &|row| row.rank_text(place)));
        }
        columns.push(column("ranks", Align::Left, &RankedByWays::span_text));
        let mut notes = vec![self.summary()];
        notes.extend(self.caveats());
        notes.extend(self.ways_in_words());
        Listing { title: title.to_owned(), subtitle: self.subtitle(), columns, notes }
    }
}

/// Ranks counts, the highest first; equal counts share a rank.
fn rank(counts: &[Option<u64>]) -> Vec<Option<u32>> {
    let above = |count: u64| counts.iter().flatten().filter(|other| **other > count).count();
    let rank =
        |count: &Option<u64>| count.map(|count| u32::try_from(above(count) + 1).unwrap_or(0));
    counts.iter().map(rank).collect()
}

//! The rows of one run: which of them double another, and two runs of the same id made one.

use std::collections::HashMap;

use super::lines::Place;
use super::row::{self, COLUMNS, LineSplitter};
use crate::domain::sample::Sample;

/// A row with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) place: Place,
    pub(super) sample: Sample,
}

/// What tells the rows of a run apart: framework, metric, pass and attempt.
type RowKey<'a> = (&'a str, &'a str, u32, u32);

fn row_key(row: &Placed) -> RowKey<'_> {
    let Sample { framework, metric, sample_no, attempt_no, .. } = &row.sample;
    (framework, metric, *sample_no, *attempt_no)
}

/// A row whose key another row of its run has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Double {
    pub(super) row: Placed,
    /// The first row with that key.
    pub(super) first: Placed,
}

impl Double {
    /// Tells whether both rows say the same.
    pub(super) fn is_same(&self) -> bool {
        self.row.sample == self.first.sample
    }

    /// Says it of the second row.
    pub(super) fn reason(&self) -> String {
        let first = self.first.place.line;
        if self.is_same() {
            format!("repeats line {first}")
        } else {
            format!("has the key of line {first}, but says something else")
        }
    }
}

/// Parts the rows of one run: the first of each key, and those that double one.
pub(super) fn part_doubles(rows: Vec<Placed>) -> (Vec<Placed>, Vec<Double>) {
    let mut seen: HashMap<RowKey<'_>, usize> = HashMap::with_capacity(rows.len());
    let first_of: Vec<usize> =
        (0..).zip(&rows).map(|(at, row)| *seen.entry(row_key(row)).or_insert(at)).collect();
    if seen.len() == rows.len() {
        return (rows, Vec::new());
    }
    let double = |(at, first): (usize, &usize)| {
        (at != *first).then(|| Double { row: rows[at].clone(), first: rows[*first].clone() })
    };
    let doubles = first_of.iter().enumerate().filter_map(double).collect();
    let is_first = |at: &usize| first_of[*at] == *at;
    let kept = (0..).zip(rows).filter(|(at, _)| is_first(at)).map(|(_, row)| row).collect();
    (kept, doubles)
}

/// Merges two runs of the same id: all of ours, and of theirs what we lack, by moment.
///
/// Returns how many were added, and the rows of theirs that contradict one of ours.
pub(super) fn merge_run(ours: Vec<Placed>, theirs: Vec<Placed>) -> (Vec<Placed>, u64, Vec<Double>) {
    if ours.is_empty() {
        let added = theirs.len() as u64;
        return (theirs, added, Vec::new());
    }
    let mut new = Vec::new();
    let mut conflicts = Vec::new();
    if !theirs.is_empty() {
        let known: HashMap<RowKey<'_>, &Placed> =
            ours.iter().map(|row| (row_key(row), row)).collect();
        for row in theirs {
            match known.get(&row_key(&row)) {
                None => new.push(row),
                Some(first) if first.sample == row.sample => {}
                Some(first) => conflicts.push(Double { first: (*first).clone(), row }),
            }
        }
    }
    let added = new.len() as u64;
    let mut merged = Vec::with_capacity(ours.len() + new.len());
    let mut new = new.into_iter().peekable();
    for row in ours {
        while let Some(earlier) = new.next_if(|n| n.sample.observed_at < row.sample.observed_at) {
            merged.push(earlier);
        }
        merged.push(row);
    }
    merged.extend(new);
    (merged, added, conflicts)
}

/// Returns the rows of a run as bytes.
pub(super) fn encode(rows: &[Placed]) -> Vec<u8> {
    row::encode(rows.iter().map(|row| &row.sample))
}

/// Says how a row differs from another one of the same key.
pub(super) fn difference(sample: &Sample, other: &Sample) -> String {
    let split = |sample: &Sample| {
        let mut splitter = LineSplitter::new(b',');
        splitter.split(&row::encode(std::slice::from_ref(sample)));
        COLUMNS
            .iter()
            .enumerate()
            .map(|(at, _)| splitter.field(at).unwrap_or_default().to_vec())
            .collect::<Vec<_>>()
    };
    let (fields, others) = (split(sample), split(other));
    let differs = COLUMNS.iter().zip(fields.iter().zip(&others)).find(|(_, (one, two))| one != two);
    let Some((column, (field, other))) = differs else { return "says the same".to_owned() };
    let (field, other) = (String::from_utf8_lossy(field), String::from_utf8_lossy(other));
    format!("`{column}` is `{field}`, not `{other}`")
}

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

/// What tells the rows of a run apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RowKey {
    framework: String,
    metric: String,
    sample_no: u32,
    attempt_no: u32,
}

impl RowKey {
    fn of(sample: &Sample) -> Self {
        Self {
            framework: sample.framework.clone(),
            metric: sample.metric.clone(),
            sample_no: sample.sample_no,
            attempt_no: sample.attempt_no,
        }
    }
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
    let mut seen: HashMap<RowKey, usize> = HashMap::with_capacity(rows.len());
    let (mut kept, mut doubles): (Vec<Placed>, Vec<Double>) =
        (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let first = *seen.entry(RowKey::of(&row.sample)).or_insert(kept.len());
        if first < kept.len() {
            doubles.push(Double { first: kept[first].clone(), row });
        } else {
            kept.push(row);
        }
    }
    (kept, doubles)
}

/// Merges two runs of the same id: all of ours, and of theirs what we lack, by moment.
///
/// Returns how many were added, and the rows of theirs that contradict one of ours.
pub(super) fn merge_run(ours: Vec<Placed>, theirs: Vec<Placed>) -> (Vec<Placed>, u64, Vec<Double>) {
    let at: HashMap<RowKey, usize> =
        (0..).zip(&ours).map(|(at, row)| (RowKey::of(&row.sample), at)).collect();
    let mut new = Vec::new();
    let mut conflicts = Vec::new();
    for row in theirs {
        match at.get(&RowKey::of(&row.sample)) {
            None => new.push(row),
            Some(at) if ours[*at].sample == row.sample => {}
            Some(at) => conflicts.push(Double { first: ours[*at].clone(), row }),
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
    let samples: Vec<Sample> = rows.iter().map(|row| row.sample.clone()).collect();
    row::encode(&samples)
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

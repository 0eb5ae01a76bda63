//! Reading a history run by run, in one pass.
//!
//! Rows of one run stand together and runs follow each other in order. A file that is otherwise is
//! read whole, put in order, and said to be so.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::HistoryError;
use super::row::RowFault;
use super::rows::{Opened, for_each_row};
use crate::domain::run::{Run, RunId};
use crate::domain::sample::Sample;

/// What was noticed while reading a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How many rows were read.
    pub rows: u64,
    /// How many runs they belong to.
    pub runs: u64,
    /// How many rows could not be read.
    pub faulty: u64,
    /// The first of them.
    pub faults: Vec<RowFault>,
    /// Whether the last line is cut off; it was passed over.
    pub cut_line: bool,
    /// The first line whose run should have stood earlier.
    pub disorder_at: Option<u64>,
    /// What another program changed; the rows could be read all the same.
    pub differences: Vec<String>,
}

/// Folds the runs of a history, in order, into a value.
///
/// `start` is called again if the file turns out to be in disorder after the fold began.
///
/// # Errors
///
/// Fails if there is no file, if it cannot be read, or if it is no history. Rows that cannot be
/// read are no error; the [`Reading`] tells of them.
pub fn fold_runs<T>(
    path: &Path,
    start: impl Fn() -> T,
    mut step: impl FnMut(&mut T, Run),
) -> Result<(T, Reading), HistoryError> {
    let mut state = start();
    let mut current: Option<Run> = None;
    let mut runs = 0;
    let mut disorder_at = None;
    let mut reading = for_each_sample(path, |line, sample| {
        match &mut current {
            Some(run) if run.id == sample.run => run.samples.push(sample),
            Some(run) if run.id > sample.run => {
                disorder_at = Some(line);
                return ControlFlow::Break(());
            }
            _ => {
                let next = Run { id: sample.run, samples: vec![sample] };
                runs += 1;
                if let Some(done) = current.replace(next) {
                    step(&mut state, done);
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    if disorder_at.is_some() {
        let mut all: BTreeMap<RunId, Vec<Sample>> = BTreeMap::new();
        reading = for_each_sample(path, |_, sample| {
            all.entry(sample.run).or_default().push(sample);
            ControlFlow::Continue(())
        })?;
        runs = all.len() as u64;
        state = start();
        for (id, samples) in all {
            step(&mut state, Run { id, samples });
        }
    } else if let Some(last) = current {
        step(&mut state, last);
    }
    Ok((state, Reading { runs, disorder_at, ..reading }))
}

/// Calls `visit` with the line and sample of each readable row, until it breaks.
fn for_each_sample(
    path: &Path,
    mut visit: impl FnMut(u64, Sample) -> ControlFlow<()>,
) -> Result<Reading, HistoryError> {
    let mut opened = Opened::open(path)?;
    for_each_row(path, &mut opened, |line, row| Ok(visit(line, row.sample()?)))
}

//! Reading a history run by run, in one pass, or only its last runs.
//!
//! Rows of one run stand together and runs follow each other in order. A file that is otherwise, or
//! that another program rewrote, is looked at whole first (`scan`), then read in order, and said to
//! be so.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;

use super::HistoryError;
use super::backward::{Backward, GaveUp, STEP_BYTES};
use super::layout::Meaning;
use super::merge::Placed;
use super::opened::{Opened, of_history, unreadable};
use super::row::RowFault;
use super::rows::{Step, for_each_row};
use super::scan::Scan;
use crate::domain::run::Run;

/// What was noticed while reading a history, or the part of it that was needed.
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
/// `start` is called again if the file turns out to be in disorder, or rewritten, after the fold
/// began.
///
/// # Errors
///
/// Fails if there is no file, if it cannot be read, or if it is no history. Rows that cannot be
/// read are no error; the [`Reading`] tells of them.
pub fn fold_runs<T>(
    path: &Path,
    start: impl FnMut() -> T,
    mut step: impl FnMut(&mut T, Run),
) -> Result<(T, Reading), HistoryError> {
    visit_runs(path, start, |state, run| {
        step(state, run);
        ControlFlow::Continue(())
    })
}

/// As [`fold_runs`], until `visit` breaks: no run is read behind the one at which it did.
///
/// One run is held at a time, so that memory does not grow with the history.
///
/// # Errors
///
/// As [`fold_runs`].
pub fn visit_runs<T>(
    path: &Path,
    mut start: impl FnMut() -> T,
    mut visit: impl FnMut(&mut T, Run) -> ControlFlow<()>,
) -> Result<(T, Reading), HistoryError> {
    let mut opened = Opened::open(path)?;
    let mut state = start();
    let mut current: Option<Run> = None;
    let mut runs = 0;
    let reading = for_each_row(&mut opened, |_, row| {
        let sample = row.sample()?;
        match &mut current {
            Some(run) if run.id == sample.run => run.samples.push(sample),
            Some(run) if run.id > sample.run => return Ok(Step::ReadWhole),
            _ => {
                let next = Run { id: sample.run, samples: vec![sample] };
                runs += 1;
                if let Some(done) = current.replace(next)
                    && visit(&mut state, done).is_break()
                {
                    current = None;
                    return Ok(Step::Stop);
                }
            }
        }
        Ok(Step::Next)
    });
    let Some(reading) = reading.map_err(|error| unreadable(path, error))? else {
        let mut state = start();
        let reading = for_each_run_of_whole(path, |run| visit(&mut state, run))?;
        return Ok((state, reading));
    };
    if let Some(last) = current {
        // There is nothing behind it to be kept from.
        let _ = visit(&mut state, last);
    }
    Ok((state, Reading { runs, ..reading }))
}

/// Calls `step` with each run of a file that is out of order or was rewritten, in order, until it
/// breaks.
///
/// The file is read twice or more; memory is bounded by one run and by how often the order breaks.
/// Rows that cannot be read exactly are left out and told.
pub(super) fn for_each_run_of_whole(
    path: &Path,
    mut step: impl FnMut(Run) -> ControlFlow<()>,
) -> Result<Reading, HistoryError> {
    let scan = Scan::of(path, |line| of_history(path, line), |_, _| {})?;
    let Some(scan) = scan else { return Ok(Opened::open(path)?.reading()) };
    let mut reading = Reading {
        cut_line: scan.tail.is_some(),
        disorder_at: scan.disorder.map(|(line, _)| line),
        differences: scan.layout.differences.clone(),
        faulty: scan.bad.count,
        faults: scan.bad.first.clone(),
        ..Reading::default()
    };
    let (mut runs, mut odd) = (scan.into_runs(), Vec::new());
    while let Some(rows) = runs.next_run(&mut odd).map_err(|error| unreadable(path, error))? {
        // The scan told of them.
        odd.clear();
        if let Some(doubt) = runs.doubt_zone(&rows) {
            reading.add_fault(doubt.line, doubt.reason);
            reading.faulty += rows.len() as u64 - 1;
            continue;
        }
        let Some(id) = rows.first().map(|row| row.sample.run) else { continue };
        reading.rows += rows.len() as u64;
        reading.runs += 1;
        let samples = rows.into_iter().map(|Placed { sample, .. }| sample).collect();
        if step(Run { id, samples }).is_break() {
            break;
        }
    }
    reading.faults.sort_by_key(|fault| fault.line);
    Ok(reading)
}

/// Visits the last runs of a history, at most so many, the newest first, until `visit` breaks.
///
/// Only the end of the file is read, and one run is held at a time, so that this costs the same
/// however long the history is. A history whose end is in disorder is read whole and put in order
/// first; `visit` may have seen some of its runs by then and sees all of them.
///
/// # Errors
///
/// As [`fold_runs`].
pub fn visit_last_runs(
    path: &Path,
    most_runs: usize,
    visit: impl FnMut(Run) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    visit_by_steps(STEP_BYTES, path, most_runs, visit)
}

fn visit_by_steps(
    step_bytes: u64,
    path: &Path,
    most_runs: usize,
    mut visit: impl FnMut(Run) -> ControlFlow<()>,
) -> Result<(), HistoryError> {
    let mut opened = Opened::open(path)?;
    if opened.layout.is_ours() && !opened.is_small(step_bytes) {
        match visit_from_end(&mut opened, most_runs, step_bytes, &mut visit) {
            Ok(()) => return Ok(()),
            Err(GaveUp::Io(error)) => return Err(unreadable(path, error)),
            Err(GaveUp::ReadWhole) => {}
        }
    }
    let keep = |last: &mut VecDeque<Run>, run: Run| {
        last.push_back(run);
        if last.len() > most_runs {
            last.pop_front();
        }
    };
    let (last, _) = fold_runs(path, VecDeque::new, keep)?;
    // Whether the visitor has seen enough is its own affair; there is nothing after it.
    let _ = last.into_iter().rev().try_for_each(visit);
    Ok(())
}

fn visit_from_end(
    opened: &mut Opened,
    most_runs: usize,
    step_bytes: u64,
    visit: &mut impl FnMut(Run) -> ControlFlow<()>,
) -> Result<(), GaveUp> {
    let mut backward = Backward::new(opened, step_bytes);
    for _ in 0..most_runs {
        let Some(run) = backward.next_run()? else { break };
        if visit(run).is_break() {
            break;
        }
    }
    Ok(())
}

/// Returns the survey that the first readable row names; `None` if there is no such row.
///
/// # Errors
///
/// As [`fold_runs`].
pub fn first_survey(path: &Path) -> Result<Option<String>, HistoryError> {
    let Opened { mut lines, mut layout, start } = Opened::open(path)?;
    let mut splitter = layout.splitter();
    lines.go_to(start.0, start.1);
    while let Some(line) = lines.next().map_err(|error| unreadable(path, error))? {
        if let Meaning::Row(sample, _) = layout.read(line.bytes, &mut splitter) {
            return Ok(Some(sample.survey));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::super::row::{encode, header};
    use super::*;
    use crate::domain::run::RunId;
    use crate::domain::sample::tests::sample;
    use crate::domain::sample::{Outcome, Sample};

    /// Returns rows of the runs of these days of 2026, two in each.
    fn rows(days: impl IntoIterator<Item = u32>) -> Vec<u8> {
        let of_day = |day: u32| {
            let text = format!("2026{:02}{:02}T060000Z-0001", day / 28 + 1, day % 28 + 1);
            let run = RunId::parse(&text).expect("a run id");
            let row = |name: &str| Sample { run, ..sample(name, 1, Outcome::Complete(5)) };
            encode(&[row("A"), row("B")])
        };
        days.into_iter().flat_map(of_day).collect()
    }

    /// Returns the days of the runs that are visited, and the most rows that one of them has.
    fn visited(path: &Path, most_runs: usize) -> (Vec<String>, usize) {
        let (mut days, mut rows) = (Vec::new(), 0);
        visit_by_steps(1000, path, most_runs, |run| {
            days.push(run.id.to_string()[..8].to_owned());
            rows = rows.max(run.samples.len());
            ControlFlow::Continue(())
        })
        .expect("a reading");
        (days, rows)
    }

    #[test]
    fn the_last_runs_are_visited_from_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        let write = |rows: &[u8]| std::fs::write(&path, [&header(), rows].concat());
        write(&rows(0..300)).expect("a file");
        let (days, most_rows) = visited(&path, 3);
        assert_eq!(
            (days, most_rows),
            (["20261120", "20261119", "20261118"].map(String::from).to_vec(), 2)
        );
        assert_eq!(visited(&path, 1000).0.len(), 300);
        let mut first = None;
        let until_first = |run: Run| {
            assert_eq!(first.replace(run.id), None, "one is enough");
            ControlFlow::Break(())
        };
        visit_last_runs(&path, 1000, until_first).expect("a reading");

        write(&rows((0..300).chain([5]))).expect("a file");
        assert_eq!(visited(&path, 2).0, ["20261120", "20261119"], "put in order");
        let nothing = |_| ControlFlow::Continue(());
        assert!(visit_last_runs(&folder.path().join("none.csv"), 2, nothing).is_err());
    }

    #[test]
    fn the_first_row_that_can_be_read_names_the_survey() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        std::fs::write(&path, [&header()[..], b"garbage\n", &rows(0..2)].concat()).expect("a file");
        let survey = first_survey(&path).expect("a history");
        assert_eq!(survey.as_deref(), Some("backend-frameworks"));
        std::fs::write(&path, header()).expect("a file");
        assert_eq!(first_survey(&path).expect("a history"), None);
    }
}

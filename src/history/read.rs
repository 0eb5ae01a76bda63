//! Reading a history run by run, in one pass.
//!
//! Rows of one run stand together and runs follow each other in order. A file that is otherwise is
//! read whole, put in order, and said to be so.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::HistoryError;
use super::append::end_of_last_line;
use super::row::{LineSplitter, RowFault};
use super::shape::Shape;
use crate::domain::run::{Run, RunId};
use crate::domain::sample::Sample;

/// The most faults that are told one by one.
const MOST_FAULTS: usize = 20;

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
    let io_error = |source| HistoryError::Io { path: path.to_owned(), doing: "read", source };
    let mut state = start();
    let mut current: Option<Run> = None;
    let mut runs = 0;
    let mut disorder_at = None;
    let mut reading = for_each_sample(path, |line, sample| {
        match &mut current {
            Some(run) if run.id == sample.run => run.samples.push(sample),
            Some(run) if run.id > sample.run => {
                disorder_at = Some(line);
                return false;
            }
            _ => {
                let next = Run { id: sample.run, samples: vec![sample] };
                runs += 1;
                if let Some(done) = current.replace(next) {
                    step(&mut state, done);
                }
            }
        }
        true
    })
    .map_err(|error| error.into_history_error(path, io_error))?;
    if disorder_at.is_some() {
        let mut all: BTreeMap<RunId, Vec<Sample>> = BTreeMap::new();
        reading = for_each_sample(path, |_, sample| {
            all.entry(sample.run).or_default().push(sample);
            true
        })
        .map_err(|error| error.into_history_error(path, io_error))?;
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

enum ReadError {
    Io(io::Error),
    NotAHistory(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl ReadError {
    fn into_history_error(
        self,
        path: &Path,
        io_error: impl Fn(io::Error) -> HistoryError,
    ) -> HistoryError {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                HistoryError::Missing { path: path.to_owned() }
            }
            Self::Io(error) => io_error(error),
            Self::NotAHistory(reason) => {
                HistoryError::NotAHistory { path: path.to_owned(), reason }
            }
        }
    }
}

/// Calls `visit` with the line and sample of each readable row, until it returns false.
fn for_each_sample(
    path: &Path,
    mut visit: impl FnMut(u64, Sample) -> bool,
) -> Result<Reading, ReadError> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    // What stands behind the last line feed is a row being written, or one that was cut off.
    let end = end_of_last_line(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 16, file.take(end));
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    let mut reading = Reading { cut_line: length > end, ..Reading::default() };
    if line.is_empty() {
        return Ok(reading);
    }
    let shape = Shape::of_header(&line).map_err(ReadError::NotAHistory)?;
    let mut splitter = LineSplitter::new(shape.separator);
    for line_no in 2.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        match shape.read_row(&line, &mut splitter) {
            Ok(sample) => {
                reading.rows += 1;
                if !visit(line_no, sample) {
                    break;
                }
            }
            Err(reason) => {
                reading.faulty += 1;
                if reading.faults.len() < MOST_FAULTS {
                    reading.faults.push(RowFault { line: line_no, reason });
                }
            }
        }
    }
    reading.differences = shape.differences;
    Ok(reading)
}

//! Reading a history from its end, and finding a place in it by bisection over run ids.
//!
//! Both trust that run ids increase. Who sees that they do not gives up with [`GaveUp`], and the
//! file is read whole.

use std::collections::VecDeque;
use std::io;

use memchr::memchr_iter;

use super::lines::BLOCK_BYTES;
use super::opened::Opened;
use super::read::Reading;
use super::row::{LineSplitter, MOST_TOLD, RowFault};
use crate::domain::run::{Run, RunId};
use crate::domain::sample::Sample;

/// How much is read at a time.
pub(super) const STEP_BYTES: u64 = 1 << 16;
/// How much bisection reads to find a row, at first and at most.
const PROBE_BYTES: u64 = 1 << 13;
const MOST_PROBE_BYTES: u64 = 1 << 18;

/// Why the end of a file does not tell what was asked.
#[derive(Debug)]
pub(super) enum GaveUp {
    /// Run ids do not increase, another program rewrote the file or a row of it, or a line is longer
    /// than any of ours.
    ReadWhole,
    /// The file system refuses.
    Io(io::Error),
}

impl From<io::Error> for GaveUp {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The runs that end before some place in a history, the newest first.
pub(super) struct Backward<'a> {
    opened: &'a mut Opened,
    splitter: LineSplitter,
    step_bytes: u64,
    /// Where the buffer's first byte stands in the file.
    at: u64,
    /// What was read and not yet visited: ends with a whole line.
    buffer: Vec<u8>,
    /// The last row of the run before those that were returned.
    pending: Option<Sample>,
    rows: u64,
    runs: u64,
    faulty: u64,
    /// The faults seen last, which stand first in the file, with the offset of their lines.
    faults: VecDeque<(u64, String)>,
}

impl<'a> Backward<'a> {
    /// Starts at the end of the file.
    pub(super) fn new(opened: &'a mut Opened, step_bytes: u64) -> Self {
        let splitter = opened.layout.splitter();
        Self {
            at: opened.lines.end(),
            opened,
            splitter,
            step_bytes,
            buffer: Vec::new(),
            pending: None,
            rows: 0,
            runs: 0,
            faulty: 0,
            faults: VecDeque::new(),
        }
    }

    /// Moves to behind the last run that is `reached`, where all reached ones stand before all
    /// others. Some of the others may still stand before that place.
    pub(super) fn bisect(&mut self, reached: impl Fn(RunId) -> bool) -> Result<(), GaveUp> {
        let (mut low, mut high) = (self.opened.start.0, self.opened.lines.end());
        let (mut low_id, mut high_id) = (None, None);
        while high - low > self.step_bytes {
            let middle = low + (high - low) / 2;
            let (line_start, found) = self.probe(middle, high)?;
            let Some((row_end, id)) = found else {
                // Nothing can be read from there to `high`.
                if line_start >= high {
                    break;
                }
                high = line_start;
                continue;
            };
            if low_id.is_some_and(|low| id < low) || high_id.is_some_and(|high| id > high) {
                return Err(GaveUp::ReadWhole);
            }
            if reached(id) {
                (low, low_id) = (row_end, Some(id));
            } else {
                (high, high_id) = (line_start, Some(id));
            }
        }
        self.at = high;
        self.buffer.clear();
        self.pending = None;
        // What was seen elsewhere says nothing about the runs there, and may be seen again.
        (self.rows, self.runs, self.faulty) = (0, 0, 0);
        self.faults.clear();
        Ok(())
    }

    /// Returns the first run of the file; `None` if no row near its beginning can be read.
    pub(super) fn first_run(&mut self) -> Result<Option<RunId>, GaveUp> {
        let (start, end) = (self.opened.start.0, self.opened.lines.end());
        Ok(self.first_row(start, end)?.map(|(_, id)| id))
    }

    /// Returns where the first line begins at or behind a place, and the first row from there that
    /// can be read: where it ends, and its run.
    fn probe(&mut self, place: u64, end: u64) -> Result<(u64, Option<(u64, RunId)>), GaveUp> {
        // The line that ends just before the place shows that a line begins there.
        let bytes = self.opened.lines.read_part(place - 1, end.min(place - 1 + PROBE_BYTES))?;
        let Some(feed) = bytes.iter().position(|byte| *byte == b'\n') else {
            return match place - 1 + (bytes.len() as u64) {
                reached if reached >= end => Ok((end, None)),
                _ => Err(GaveUp::ReadWhole),
            };
        };
        let line_start = place + feed as u64;
        Ok((line_start, self.first_row(line_start, end)?))
    }

    /// Returns where the first row from a line's start on ends, and its run.
    fn first_row(&mut self, start: u64, end: u64) -> Result<Option<(u64, RunId)>, GaveUp> {
        let mut wanted = PROBE_BYTES;
        loop {
            let to = end.min(start + wanted);
            let bytes = self.opened.lines.read_part(start, to)?;
            let mut line_end = start;
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                line_end += line.len() as u64;
                let row = self.opened.layout.read_as_written(line, &mut self.splitter);
                if let Some(sample) = row.ok().filter(|_| line.ends_with(b"\n")) {
                    return Ok(Some((line_end, sample.run)));
                }
            }
            if to == end {
                return Ok(None);
            }
            if wanted > MOST_PROBE_BYTES {
                return Err(GaveUp::ReadWhole);
            }
            wanted *= 2;
        }
    }

    /// Returns the next older run; `None` before the first one.
    pub(super) fn next_run(&mut self) -> Result<Option<Run>, GaveUp> {
        let first = match self.pending.take() {
            Some(sample) => Some(sample),
            None => self.previous_sample()?,
        };
        let Some(first) = first else { return Ok(None) };
        let id = first.run;
        let mut samples = vec![first];
        while let Some(sample) = self.previous_sample()? {
            if sample.run > id {
                return Err(GaveUp::ReadWhole);
            }
            if sample.run < id {
                self.pending = Some(sample);
                break;
            }
            samples.push(sample);
        }
        samples.reverse();
        self.runs += 1;
        Ok(Some(Run { id, samples }))
    }

    fn previous_sample(&mut self) -> Result<Option<Sample>, GaveUp> {
        while let Some(start) = self.find_line()? {
            let line = &self.buffer[start..];
            let row = self.opened.layout.read_as_written(line, &mut self.splitter);
            let row = row.map_err(|_| self.opened.layout.second_look(line));
            self.buffer.truncate(start);
            match row {
                Ok(sample) => {
                    self.rows += 1;
                    return Ok(Some(sample));
                }
                Err(None) => return Err(GaveUp::ReadWhole),
                Err(Some(reason)) => {
                    self.faulty += 1;
                    self.faults.truncate(MOST_TOLD - 1);
                    self.faults.push_front((self.at + start as u64, reason));
                }
            }
        }
        Ok(None)
    }

    /// Finds where the last line of the buffer begins, reading more of the file if need be.
    fn find_line(&mut self) -> Result<Option<usize>, GaveUp> {
        loop {
            let body = self.buffer.len().saturating_sub(1);
            if let Some(feed) = self.buffer[..body].iter().rposition(|byte| *byte == b'\n') {
                return Ok(Some(feed + 1));
            }
            if self.at == self.opened.start.0 {
                return Ok(Some(0).filter(|_| !self.buffer.is_empty()));
            }
            if self.buffer.len() > BLOCK_BYTES {
                return Err(GaveUp::ReadWhole);
            }
            let from = self.at.saturating_sub(self.step_bytes).max(self.opened.start.0);
            let mut bytes = self.opened.lines.read_part(from, self.at)?;
            bytes.append(&mut self.buffer);
            self.buffer = bytes;
            self.at = from;
        }
    }

    /// Returns what was noticed in the part of the file that was read.
    ///
    /// Line numbers are counted only now, and only if there is a fault to be told.
    pub(super) fn reading(self) -> io::Result<Reading> {
        let mut reading = self.opened.reading();
        (reading.rows, reading.runs, reading.faulty) = (self.rows, self.runs, self.faulty);
        let (mut line, mut counted_to) = (1, 0);
        for (offset, reason) in self.faults {
            while counted_to < offset {
                let to = offset.min(counted_to + BLOCK_BYTES as u64);
                let part = self.opened.lines.read_part(counted_to, to)?;
                line += memchr_iter(b'\n', &part).count() as u64;
                counted_to = to;
            }
            reading.faults.push(RowFault { line, reason });
        }
        Ok(reading)
    }
}

//! The counts of one metric over time, in one pass over a history.
//!
//! A row whose like was seen before is taken as bytes: its run and moment are compared with those
//! of the row before, what it was asked for with what followed the last time. Anything else is read
//! as a sample, by every rule, and every fault is found there.

use std::ops::ControlFlow;
use std::path::Path;

use memchr::{memchr, memchr_iter};

use super::HistoryError;
use super::followed::Followed;
use super::opened::{Opened, unreadable};
use super::read::{Reading, for_each_run_of_whole};
use super::row::{self, column};
use super::rows::{Row, SEPARATOR, Step, for_each_row};
use crate::domain::run::RunId;
use crate::domain::sample::{Detail, Outcome, Reasks, Sample, Status};
use crate::domain::series::{Attempt, MomentBytes, Scope, Series, SeriesBuilder, Slot};

/// How long a run id and a moment are.
const RUN_BYTES: usize = "20261121T060003Z-7f3a".len();
const MOMENT_BYTES: usize = "2026-11-21T06:00:04Z".len();

/// Reads the series of a metric from a history.
///
/// Rows behind the window are not read. Memory grows with frameworks and periods, not with rows.
///
/// # Errors
///
/// As [`fold_runs`](super::fold_runs).
pub fn read_series(path: &Path, scope: &Scope<'_>) -> Result<(Series, Reading), HistoryError> {
    let mut opened = Opened::open(path)?;
    let mut stream = Stream::new(SeriesBuilder::new(scope.clone()));
    let reading = for_each_row(&mut opened, |_, row| stream.take(row));
    if let Some(reading) = reading.map_err(|error| unreadable(path, error))? {
        return Ok((stream.builder.finish(), Reading { runs: stream.runs, ..reading }));
    }
    let mut builder = SeriesBuilder::new(scope.clone());
    let reading = for_each_run_of_whole(path, |run| {
        if scope.is_over(run.id) {
            return ControlFlow::Break(());
        }
        builder.add_run(&run);
        ControlFlow::Continue(())
    })?;
    Ok((builder.finish(), reading))
}

/// What goes from row to row.
struct Stream<'a> {
    builder: SeriesBuilder<'a>,
    run: Option<RunId>,
    /// The run of the last row, as text.
    run_bytes: Vec<u8>,
    runs: u64,
    /// A moment that is known to be one.
    moment: MomentBytes,
    /// What rows were asked for, by what their lines have from the survey to the pass.
    asked: Followed<Asked>,
    /// Statuses and sources, by what lines have of them.
    answered: Followed<(Status, u32)>,
}

/// What a row was asked for.
struct Asked {
    slot: Slot,
    /// How a line ended the last time, from the query on, whose detail was empty.
    end: Vec<u8>,
}

impl<'a> Stream<'a> {
    fn new(builder: SeriesBuilder<'a>) -> Self {
        Self {
            builder,
            run: None,
            run_bytes: Vec::new(),
            runs: 0,
            moment: MomentBytes::default(),
            asked: Followed::default(),
            answered: Followed::default(),
        }
    }

    fn take(&mut self, row: &mut Row<'_>) -> Result<Step, String> {
        let quick = self.quick(row);
        let is_quick = quick.is_some();
        let (run, slot, attempt) = match quick {
            Some(quick) => quick,
            None => self.thorough(row)?,
        };
        if let Some(id) = run {
            if self.run.is_some_and(|last| id < last) {
                return Ok(Step::ReadWhole);
            }
            if self.builder.scope().is_over(id) {
                return Ok(Step::Stop);
            }
            if self.run != Some(id) {
                self.builder.start_run(id);
                self.run = Some(id);
                self.runs += 1;
            }
            self.run_bytes.clear();
            match row.line().get(..RUN_BYTES) {
                Some(bytes) if is_quick => self.run_bytes.extend_from_slice(bytes),
                // The line may have it in quotes, or elsewhere.
                _ => self.run_bytes.extend_from_slice(id.to_string().as_bytes()),
            }
        }
        self.builder.add(slot, attempt);
        Ok(Step::Next)
    }

    /// Reads a row whose parts are known, or plain; `None` for any other. The run is given only
    /// where it is another than that of the row before.
    fn quick(&mut self, row: &mut Row<'_>) -> Option<(Option<RunId>, Slot, Attempt)> {
        if !row.is_text() {
            return None;
        }
        let (run, rest) = split_fixed(row.line(), RUN_BYTES)?;
        let run = if run == self.run_bytes.as_slice() {
            None
        } else {
            Some(RunId::parse(std::str::from_utf8(run).ok()?)?)
        };
        let (observed_at, rest) = split_fixed(rest, MOMENT_BYTES)?;
        let observed_at = self.quick_moment(observed_at)?;
        let (asked, rest) = split_known(&mut self.asked, rest, column::ASKED.len())?;
        let (attempt_no, rest) = split_field(rest)?;
        let attempt_no = match attempt_no {
            b"1" => 1,
            digits => {
                u32::try_from(row::parse_number(digits)?).ok().filter(|number| *number > 0)?
            }
        };
        let (count, rest) = split_field(rest)?;
        let count = match count {
            b"" => None,
            digits => Some(row::parse_number(digits)?),
        };
        let (answered, rest) = split_known(&mut self.answered, rest, column::ANSWERED.len())?;
        let (status, source) = *self.answered.value(answered);
        let outcome = Outcome::new(status, count)?;
        let (reasks, planned) = match self.quick_detail(asked, row, rest)? {
            b"" => (Reasks::default(), None),
            detail => {
                let detail = std::str::from_utf8(detail).ok()?;
                (Reasks::called_for(status, detail), Detail::from_text(detail).planned())
            }
        };
        let attempt = Attempt { attempt_no, outcome, observed_at, source, reasks, planned };
        Some((run, self.asked.value(asked).slot, attempt))
    }

    /// Returns the detail of a row that was asked for that, and whose line ends so, from the query on.
    fn quick_detail<'r>(
        &mut self,
        asked: u32,
        row: &'r mut Row<'_>,
        end: &'r [u8],
    ) -> Option<&'r [u8]> {
        // As a rule the query is that of the run before.
        let last = &mut self.asked.value_mut(asked).end;
        if !end.is_empty() && last.as_slice() == end {
            return Some(b"");
        }
        let (_query_text, detail) = row.split_in_two(end)?;
        if detail.is_empty() {
            last.clear();
            last.extend_from_slice(end);
        }
        Some(detail)
    }

    /// Returns a moment as it stands, if it is written as we write it.
    fn quick_moment(&mut self, bytes: &[u8]) -> Option<MomentBytes> {
        let moment: MomentBytes = bytes.try_into().ok()?;
        // As a rule only the seconds are others than those of the row before.
        let seconds = matches!(moment[17..], [b'0'..=b'5', b'0'..=b'9', b'Z']);
        if !(seconds && moment[..17] == self.moment[..17]) {
            let is_moment = row::parse_moment(bytes).is_some();
            self.moment = Some(moment).filter(|_| is_moment)?;
        }
        Some(moment)
    }

    /// Reads a row by every rule, and remembers its parts.
    fn thorough(&mut self, row: &mut Row<'_>) -> Result<(Option<RunId>, Slot, Attempt), String> {
        let sample: Sample = row.sample()?;
        let slot = self.builder.slot(&sample);
        let attempt = self.builder.attempt(&sample);
        if let Some(asked) = as_it_stands(row, column::ASKED) {
            remember(&mut self.asked, &asked, || Asked { slot, end: Vec::new() });
        }
        if let Some(answered) = as_it_stands(row, column::ANSWERED) {
            let outcome = (sample.outcome.status(), attempt.source);
            remember(&mut self.answered, &answered, || outcome);
        }
        Ok((Some(sample.run), slot, attempt))
    }
}

/// Returns what a line has of some columns, each with the separator behind it; `None` if one of
/// them may stand there in quotes.
fn as_it_stands(row: &Row<'_>, columns: std::ops::Range<usize>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for column in columns {
        let field = row.column(column);
        if field.contains(&b'"') || field.contains(&SEPARATOR) {
            return None;
        }
        bytes.extend_from_slice(field);
        bytes.push(SEPARATOR);
    }
    Some(bytes)
}

/// Splits off a field of a known length.
fn split_fixed(line: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (field, rest) = line.split_at_checked(length)?;
    Some((field, rest.strip_prefix(&[SEPARATOR])?))
}

/// Splits off a field; who uses it knows that it has no quotes.
fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (field, rest) = line.split_at_checked(memchr(SEPARATOR, line)?)?;
    Some((field, &rest[1..]))
}

/// Adds what is not known yet, and notes that it was met.
fn remember<T>(known: &mut Followed<T>, bytes: &[u8], value: impl FnOnce() -> T) {
    if known.number_of(bytes).is_none()
        && let Some(no) = known.add(bytes, value())
    {
        known.meet(no);
    }
}

/// Splits off what is known: so many fields, each with the separator behind it; returns its number.
fn split_known<'a, T>(
    known: &mut Followed<T>,
    line: &'a [u8],
    fields: usize,
) -> Option<(u32, &'a [u8])> {
    let end = |line: &[u8]| Some(memchr_iter(SEPARATOR, line).nth(fields - 1)? + 1);
    let no = known.find(line, end)?;
    known.meet(no);
    Some((no, line.get(known.bytes(no).len()..)?))
}

#[cfg(test)]
mod tests;

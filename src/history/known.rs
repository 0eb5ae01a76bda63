//! Rows that say what earlier rows said, but for run, moment and count: they are known by their bytes
//! and need not be taken apart again.
//!
//! Almost every row of a history is such a row. What stands before the count was read once, with an
//! earlier row, and so was what stands behind it. Only rows that are written as we write them are
//! remembered, so a line that matches is one too.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::backs::{Back, Backs};
use super::followed::Followed;
use super::row;
use crate::domain::query::Method;
use crate::domain::run::{Key, RunId};
use crate::domain::sample::{Detail, Outcome, Sample, is_settled};

/// Where the moment stands in a row, and where it ends.
const MOMENT: (usize, usize) = ("20261121T060003Z-7f3a,".len(), RUN_AND_MOMENT - 1);
/// How long run and moment are, with their commas.
const RUN_AND_MOMENT: usize = "20261121T060003Z-7f3a,2026-11-21T06:00:04Z,".len();
/// How many columns stand between the moment and the count.
const BEFORE_COUNT: usize = 7;
/// About the most bytes that are remembered of what stands before counts; further rows are taken
/// apart one by one.
const MOST_BYTES_BEFORE: usize = 6 << 20;
/// About how much is remembered beside the bytes of a part.
pub(super) const BYTES_BESIDE: usize = 1 << 10;

/// A row that is known by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownRow {
    observed_at: DateTime<Utc>,
    count: Option<u64>,
    front: u32,
    back: u32,
}

/// What a row holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Nothing but known parts.
    Known(KnownRow),
    /// A sample that was read for itself; what stands before its count has this number.
    Partly(u32, Box<Sample>),
    /// A sample that was read for itself.
    New(Box<Sample>),
}

impl Content {
    /// Returns the number of what stands before the count; `None` if it has none.
    pub(super) fn front(&self) -> Option<u32> {
        match self {
            Self::Known(row) => Some(row.front),
            Self::Partly(front, _) => Some(*front),
            Self::New(_) => None,
        }
    }

    /// Returns when the answer arrived.
    pub(super) fn observed_at(&self) -> DateTime<Utc> {
        match self {
            Self::Known(row) => row.observed_at,
            Self::Partly(_, sample) | Self::New(sample) => sample.observed_at,
        }
    }
}

/// What stands between the moment and the count.
#[derive(Debug)]
struct Front {
    /// Boxed, so that what every row needs lies close together.
    sample: Box<Sample>,
    method: Option<Method>,
    /// The number of its key among the attempts of a run.
    row_no: u32,
    /// The number of what it was asked for.
    key_no: u32,
    /// The number of its framework and metric.
    series_no: u32,
    /// What stood behind the count the last time.
    back: u32,
}

/// What earlier rows said.
#[derive(Debug)]
pub(super) struct Known {
    fronts: Followed<Front>,
    backs: Backs,
    row_nos: HashMap<(Key, u32), u32>,
    key_nos: HashMap<Key, u32>,
    series_nos: HashMap<(String, String), u32>,
    /// The run of the row before, as bytes and read.
    run: Option<([u8; MOMENT.0], RunId)>,
    /// How many runs were met.
    run_no: u64,
    /// How many rows of the run of the row before were met.
    rows_of_run: u64,
    /// How many bytes before counts may still be remembered.
    room: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            fronts: Followed::default(),
            backs: Backs::default(),
            row_nos: HashMap::new(),
            key_nos: HashMap::new(),
            series_nos: HashMap::new(),
            run: None,
            run_no: 0,
            rows_of_run: 0,
            room: MOST_BYTES_BEFORE,
        }
    }
}

impl Known {
    /// Recognises a line; `None` means that it must be taken apart.
    pub(super) fn recognise(&mut self, line: &[u8]) -> Option<(RunId, KnownRow)> {
        let (start, rest) = line.split_at_checked(RUN_AND_MOMENT)?;
        if start[RUN_AND_MOMENT - 1] != b',' {
            return None;
        }
        let run = self.read_run(start[..MOMENT.0].try_into().ok()?)?;
        let observed_at = row::parse_moment(&start[MOMENT.0..MOMENT.1])?;
        let front = self.fronts.find(rest, |rest| columns_end(rest, BEFORE_COUNT))?;
        let rest = &rest[self.fronts.bytes(front).len()..];
        let digits = rest.iter().position(|byte| *byte == b',')?;
        let (count, behind) = (read_count(&rest[..digits]).ok()?, &rest[digits + 1..]);
        let back = match self.find_back(front, behind) {
            Some(back) => back,
            None => self.learn_back(Back::read(behind)?)?,
        };
        Outcome::new(self.backs.get(back)?.status, count)?;
        self.fronts.meet(front);
        self.fronts.value_mut(front).back = back;
        self.rows_of_run += 1;
        Some((run, KnownRow { observed_at, count, front, back }))
    }

    /// Remembers the parts of a row that was taken apart and is written as we write it.
    pub(super) fn learn(&mut self, line: &[u8], sample: Box<Sample>) -> Content {
        match self.learn_parts(line, &sample) {
            Some(front) => Content::Partly(front, sample),
            None => Content::New(sample),
        }
    }

    /// Returns the number of what stands before the count; `None` if there is no room for it.
    fn learn_parts(&mut self, line: &[u8], sample: &Sample) -> Option<u32> {
        let rest = line.get(RUN_AND_MOMENT..)?;
        let (front, rest) = rest.split_at_checked(columns_end(rest, BEFORE_COUNT)?)?;
        let back = &rest[columns_end(rest, 1)?..];
        let front = self.learn_front(front, sample)?;
        if let Some(back) = Back::read(back)
            && let Some(back) = self.learn_back(back)
        {
            self.fronts.value_mut(front).back = back;
        }
        self.fronts.meet(front);
        self.rows_of_run += 1;
        Some(front)
    }

    fn read_run(&mut self, bytes: [u8; MOMENT.0]) -> Option<RunId> {
        if let Some((known, run)) = &self.run
            && *known == bytes
        {
            return Some(*run);
        }
        let text = std::str::from_utf8(&bytes).ok()?.strip_suffix(',')?;
        let run = RunId::parse(text)?;
        self.run = Some((bytes, run));
        (self.run_no, self.rows_of_run) = (self.run_no + 1, 0);
        Some(run)
    }

    fn find_back(&mut self, front: u32, behind: &[u8]) -> Option<u32> {
        let expected = self.fronts.value(front).back;
        self.backs.find(expected, behind, self.may_turn())
    }

    /// Returns the run, if its first row was taken in: then the run before it was worked out, and
    /// only the rows of these two are still needed.
    fn may_turn(&self) -> Option<u64> {
        (self.rows_of_run > 0).then_some(self.run_no)
    }

    /// Returns the number of what stands before a count; `None` if there is no room for more.
    fn learn_front(&mut self, bytes: &[u8], sample: &Sample) -> Option<u32> {
        if let Some(known) = self.fronts.number_of(bytes) {
            return Some(known);
        }
        self.room = self.room.checked_sub(BYTES_BESIDE + 2 * bytes.len())?;
        let key = sample.key();
        let series = (sample.framework.clone(), sample.metric.clone());
        let front = Front {
            sample: Box::new(sample.clone()),
            method: sample.method,
            row_no: numbered(&mut self.row_nos, (key.clone(), sample.attempt_no)),
            key_no: numbered(&mut self.key_nos, key),
            series_no: numbered(&mut self.series_nos, series),
            back: 0,
        };
        self.fronts.add(bytes, front)
    }

    fn learn_back(&mut self, back: Back) -> Option<u32> {
        let may_turn = self.may_turn();
        // The name of a request never comes again.
        if back.detail.contains("request ") {
            return None;
        }
        match self.backs.find_anywhere(&back.bytes, may_turn) {
            Some(known) => Some(known),
            None => self.backs.add(back, may_turn),
        }
    }

    /// Returns the sample that a known row of a run holds.
    pub(super) fn sample(&self, run: RunId, row: &KnownRow) -> Sample {
        let front = Sample::clone(&self.fronts.value(row.front).sample);
        // Always there: its half is kept as long as its run is.
        let Some(back) = self.back(row) else { return Sample { run, ..front } };
        Sample {
            run,
            observed_at: row.observed_at,
            outcome: Outcome::new(back.status, row.count).unwrap_or(Outcome::Failed),
            source: back.source.clone(),
            query_text: back.query_text.to_string(),
            detail: Detail::from_text(&back.detail),
            ..front
        }
    }

    fn back(&self, row: &KnownRow) -> Option<&Back> {
        self.backs.get(row.back)
    }

    /// Returns the sample that any row of a run holds.
    pub(super) fn sample_of(&self, run: RunId, row: &Content) -> Sample {
        match row {
            Content::Known(row) => self.sample(run, row),
            Content::Partly(_, sample) | Content::New(sample) => Sample::clone(sample),
        }
    }

    /// Returns the number of a row's key: equal numbers in one run are doubles.
    pub(super) fn row_no(&self, front: u32) -> u32 {
        self.fronts.value(front).row_no
    }

    /// Returns the number of what a row was asked for: framework, metric and pass.
    pub(super) fn key_no(&self, front: u32) -> u32 {
        self.fronts.value(front).key_no
    }

    /// Returns the number of a row's framework and metric, and its method.
    pub(super) fn series(&self, front: u32) -> (u32, Option<Method>) {
        let front = self.fronts.value(front);
        (front.series_no, front.method)
    }

    /// Tells whether the row leaves nothing to ask if it is the only attempt of its key.
    pub(super) fn settles(&self, row: &Content) -> bool {
        match row {
            Content::Known(row) => self.back(row).is_some_and(|back| back.settles),
            Content::Partly(_, sample) | Content::New(sample) => is_settled(&[sample]),
        }
    }

    /// Returns how many counts the row's run set out to take, if the row says so.
    pub(super) fn planned(&self, row: &Content) -> Option<usize> {
        match row {
            Content::Known(row) => self.back(row).and_then(|back| back.planned),
            Content::Partly(_, sample) | Content::New(sample) => sample.detail.planned(),
        }
    }
}

/// Returns where so many columns end, behind the comma; quotes hold commas together.
fn columns_end(bytes: &[u8], columns: usize) -> Option<usize> {
    let (mut left, mut is_quoted) = (columns, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                left -= 1;
                if left == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Reads a count as we write it, an empty field too.
fn read_count(digits: &[u8]) -> Result<Option<u64>, NotOurs> {
    if digits.is_empty() {
        return Ok(None);
    }
    if digits[0] == b'0' && digits.len() > 1 {
        return Err(NotOurs);
    }
    let count = digits.iter().try_fold(0u64, |count, digit| {
        let digit = Some(digit).filter(|digit| digit.is_ascii_digit())?;
        count.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    count.map(Some).ok_or(NotOurs)
}

/// A number that is not written as we write it.
struct NotOurs;

fn numbered<K: Eq + std::hash::Hash>(numbers: &mut HashMap<K, u32>, key: K) -> u32 {
    // There is never so much remembered that this does not fit.
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    *numbers.entry(key).or_insert(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sample::Status;
    use crate::domain::sample::tests::sample;

    #[test]
    fn only_counts_as_we_write_them_are_known() {
        let (mut known, complete) = (Known::default(), sample("A", 1, Outcome::Complete(5)));
        let line_of = |sample: &Sample| row::encode(std::slice::from_ref(sample));
        known.learn(&line_of(&complete), Box::new(complete.clone()));
        let line = String::from_utf8(line_of(&complete)).expect("text");
        let mut count_of = |text: &str| {
            let line = line.replacen(",5,complete", &format!(",{text},complete"), 1);
            known.recognise(line.as_bytes()).map(|(_, row)| row.count)
        };
        assert_eq!(count_of("0"), Some(Some(0)));
        assert_eq!(count_of("18446744073709551615"), Some(Some(u64::MAX)));
        for text in ["", "00", "05", "+5", "-5", "5.0", " 5", "18446744073709551616", "\"5\""] {
            assert_eq!(count_of(text), None, "{text}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just("Spring".to_owned()), Just("a, \"b\"".to_owned()), "[^\\p{Cc}]{1,6}"]
    }

    fn samples() -> impl Strategy<Value = Sample> {
        let texts = (text(), text(), text());
        let numbers = (1..4u32, any::<u64>(), 0..4usize, 0..3usize);
        (texts, numbers, 0..2_000_000_000i64).prop_map(
            |((framework, language, query), (attempt, count, status, detail), seconds)| {
                let status = Status::ALL[status];
                let count = Some(count).filter(|_| status != Status::Failed);
                let outcome = Outcome::new(status, count).expect("an outcome");
                let run = RunId::new(DateTime::from_timestamp(seconds, 0).expect("a moment"), 7);
                Sample {
                    run,
                    observed_at: run.started_at(),
                    language,
                    query_text: query,
                    detail: Detail::from_text(["", "502", "planned 3; a, b"][detail]),
                    ..sample(&framework, attempt, outcome)
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_recognised_is_what_would_be_read(
            learnt in prop::collection::vec(samples(), 1..6),
            met in prop::collection::vec((samples(), any::<prop::sample::Index>()), 1..20),
            spoilt in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let mut known = Known::default();
            let line_of = |sample: &Sample| row::encode(std::slice::from_ref(sample));
            for sample in &learnt {
                let row = known.learn(&line_of(sample), Box::new(sample.clone()));
                prop_assert!(row.front().is_some(), "there is room");
                prop_assert_eq!(&known.sample_of(sample.run, &row), sample);
            }
            let mut recognised = 0;
            for (moment, like) in &met {
                // A known row at another moment, with another count.
                let like = like.get(&learnt);
                let count = like.outcome.count().map(|count| count ^ 1);
                let sample = Sample {
                    run: moment.run,
                    observed_at: moment.observed_at,
                    outcome: Outcome::new(like.outcome.status(), count).expect("an outcome"),
                    ..like.clone()
                };
                let (run, row) = known.recognise(&line_of(&sample)).expect("a known row");
                prop_assert_eq!(known.sample(run, &row), sample);
                recognised += 1;
                // Whatever a single byte makes of a line: what is recognised reads as that line does.
                let mut line = line_of(like);
                let at = spoilt.0.index(line.len());
                line[at] = spoilt.1;
                let Some((run, row)) = known.recognise(&line) else { continue };
                prop_assert_eq!(line_of(&known.sample(run, &row)), line);
            }
            prop_assert_eq!(recognised, met.len());
        }
    }
}

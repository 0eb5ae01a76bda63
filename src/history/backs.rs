//! What stands behind the counts of rows: read once, and remembered as long as it comes again.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::known::BYTES_BESIDE;
use super::layout::is_detail_of_ours;
use crate::domain::sample::{Detail, Reasks, Source, Status};

/// About the most bytes that are remembered in each of two halves.
const MOST_BYTES: usize = 5 << 20;

/// What stands behind the count.
#[derive(Clone, Debug)]
pub(super) struct Back {
    pub(super) bytes: Rc<[u8]>,
    pub(super) source: Source,
    pub(super) query_text: Rc<str>,
    pub(super) detail: Rc<str>,
    pub(super) status: Status,
    /// Whether it leaves nothing to ask if it is the only attempt.
    pub(super) settles: bool,
    pub(super) planned: Option<usize>,
}

/// What stood behind counts lately, in two halves: what is used goes into the newer one, and when
/// that is full the older one is forgotten. Queries with a day in them come for a while and then
/// never again.
#[derive(Debug, Default)]
pub(super) struct Backs {
    halves: [Half; 2],
    /// Which half is the newer one, 0 or 1.
    newer: u32,
    /// The run in which the halves last changed places, counted from 1.
    turned_in: u64,
}

#[derive(Debug, Default)]
struct Half {
    backs: Vec<Back>,
    by_bytes: HashMap<Rc<[u8]>, u32>,
    used_bytes: usize,
}

/// The bit of a number that names the half.
const HALF: u32 = 1 << 31;

impl Back {
    /// Reads what stands behind a count; `None` if it is not written as we write it.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.strip_suffix(b"\n")?).ok()?;
        if text.chars().any(char::is_control) {
            return None;
        }
        let (status, rest) = text.split_once(',')?;
        let (source_text, rest) = rest.split_once(',')?;
        let (query_text, rest) = split_field(rest)?;
        let (detail, rest) = split_field(rest.strip_prefix(',')?)?;
        let (status, source) = (Status::parse(status)?, Source::parse(source_text)?);
        let as_written = source_text == "rest" || source.to_string() == source_text;
        if !rest.is_empty() || !as_written || !is_detail_of_ours(detail.as_bytes()) {
            return None;
        }
        let numbers = usize::from(status != Status::Failed);
        Some(Self {
            bytes: bytes.into(),
            source,
            status,
            settles: numbers > 0 && Reasks::called_for(status, &detail).were_made(1, numbers),
            planned: Detail::from_text(&detail).planned(),
            query_text: query_text.into(),
            detail: detail.into(),
        })
    }
}

/// Splits a field off that is written as we write it: in quotes if it has a comma or a quote.
fn split_field(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (field, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
        return (!field.contains('"')).then_some((Cow::Borrowed(field), rest));
    };
    let mut field = String::new();
    let mut rest = quoted;
    loop {
        let (part, behind) = rest.split_once('"')?;
        field.push_str(part);
        let Some(behind_quote) = behind.strip_prefix('"') else {
            let needs_quotes = field.contains([',', '"']);
            return needs_quotes.then_some((Cow::Owned(field), behind));
        };
        field.push('"');
        rest = behind_quote;
    }
}

impl Backs {
    pub(super) fn get(&self, no: u32) -> Option<&Back> {
        self.halves[usize::from(no & HALF != 0)].backs.get((no & !HALF) as usize)
    }

    /// Returns the number of a back in the newer half; one of the older half is moved there.
    pub(super) fn find(
        &mut self,
        expected: u32,
        bytes: &[u8],
        may_turn: Option<u64>,
    ) -> Option<u32> {
        let mut found =
            Some(expected).filter(|no| self.get(*no).is_some_and(|b| *b.bytes == *bytes));
        if found.is_none_or(|no| no >> 31 != self.newer) {
            let newer = self.halves[self.newer as usize].by_bytes.get(bytes);
            let older = self.halves[1 - self.newer as usize].by_bytes.get(bytes);
            let older = older.map(|at| at | ((1 - self.newer) << 31));
            found = newer.map(|at| at | (self.newer << 31)).or(found).or(older);
        }
        let found = found?;
        if found >> 31 == self.newer {
            return Some(found);
        }
        let back = self.get(found)?.clone();
        self.add(back, may_turn)
    }

    /// The same where nothing is expected.
    pub(super) fn find_anywhere(&mut self, bytes: &[u8], may_turn: Option<u64>) -> Option<u32> {
        self.find(HALF - 1, bytes, may_turn)
    }

    /// Adds a back to the newer half; `None` if there is no room. `may_turn` names the run if rows of
    /// the run before the last are needed no more.
    pub(super) fn add(&mut self, back: Back, may_turn: Option<u64>) -> Option<u32> {
        let needed = BYTES_BESIDE + 2 * back.bytes.len();
        if self.halves[self.newer as usize].used_bytes + needed > MOST_BYTES {
            // Rows of this run and of the one before it are still needed, and may lie in both.
            let run = may_turn.filter(|run| *run >= self.turned_in + 2)?;
            self.turned_in = run;
            self.newer = 1 - self.newer;
            self.halves[self.newer as usize] = Half::default();
        }
        let half = &mut self.halves[self.newer as usize];
        let at = u32::try_from(half.backs.len()).ok().filter(|at| at & HALF == 0)?;
        half.used_bytes += needed;
        half.by_bytes.insert(Rc::clone(&back.bytes), at);
        half.backs.push(back);
        Some(at | (self.newer << 31))
    }
}

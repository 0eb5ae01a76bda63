//! Values by the bytes that they were read from, quickest for bytes that come again in the same order.
//!
//! Run after run says the same in the same order, so that it is enough to compare a line with what came
//! next the last time. What the bytes are, and what they stand for, is said by who keeps them.

use std::collections::HashMap;

/// Values by the beginnings of lines, each numbered from 0.
#[derive(Debug)]
pub(super) struct Followed<T> {
    known: Vec<Beginning<T>>,
    by_bytes: HashMap<Box<[u8]>, u32>,
    /// The number of the one that was met last.
    last: Option<u32>,
}

#[derive(Debug)]
struct Beginning<T> {
    bytes: Box<[u8]>,
    value: T,
    /// The number of what came behind it the last time.
    next: u32,
}

impl<T> Default for Followed<T> {
    fn default() -> Self {
        Self { known: Vec::new(), by_bytes: HashMap::new(), last: None }
    }
}

impl<T> Followed<T> {
    /// Returns the number of what a line begins with: of what came next the last time if it is that, or
    /// else of the bytes up to the place that `end` finds. None of the known ones may begin with another.
    pub(super) fn find(
        &self,
        line: &[u8],
        end: impl FnOnce(&[u8]) -> Option<usize>,
    ) -> Option<u32> {
        let expected = self.last.map(|last| self.known[last as usize].next);
        if let Some(expected) = expected
            && line.starts_with(self.bytes(expected))
        {
            return Some(expected);
        }
        self.number_of(line.get(..end(line)?)?)
    }

    /// Returns the number of some bytes.
    pub(super) fn number_of(&self, bytes: &[u8]) -> Option<u32> {
        self.by_bytes.get(bytes).copied()
    }

    /// Adds bytes that are not known, and returns their number.
    pub(super) fn add(&mut self, bytes: &[u8], value: T) -> Option<u32> {
        let no = u32::try_from(self.known.len()).ok()?;
        self.by_bytes.insert(bytes.into(), no);
        self.known.push(Beginning { bytes: bytes.into(), value, next: no });
        Some(no)
    }

    /// Notes that a line began with these.
    pub(super) fn meet(&mut self, no: u32) {
        if let Some(last) = self.last.replace(no) {
            self.known[last as usize].next = no;
        }
    }

    /// Returns the bytes with a number that was given out.
    pub(super) fn bytes(&self, no: u32) -> &[u8] {
        &self.known[no as usize].bytes
    }

    /// Returns the value with a number that was given out.
    pub(super) fn value(&self, no: u32) -> &T {
        &self.known[no as usize].value
    }

    /// Returns the value with a number that was given out, to be changed.
    pub(super) fn value_mut(&mut self, no: u32) -> &mut T {
        &mut self.known[no as usize].value
    }
}

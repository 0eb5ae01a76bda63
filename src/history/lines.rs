//! A history's lines, with their numbers and places, so that any of them can be found again.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use super::append::{LONGEST_LINE_BYTES, end_of_last_line};

/// How much is read at once.
const BLOCK_BYTES: usize = 1 << 16;

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number, from 1.
    pub(super) line: u64,
    /// Its first byte.
    pub(super) start: u64,
    /// The byte behind its line feed.
    pub(super) end: u64,
}

impl Place {
    /// Tells whether the line is longer than any row of a history can be.
    pub(super) fn is_too_long(self) -> bool {
        self.end - self.start > LONGEST_LINE_BYTES
    }
}

/// Reads the whole lines of a file. What stands behind the last line feed is not among them.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    /// Where the next line starts, and its number.
    next: (u64, u64),
    /// Where the last whole line ends.
    end: u64,
    length: u64,
}

impl Lines {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let end = end_of_last_line(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let reader = BufReader::with_capacity(BLOCK_BYTES, file);
        Ok(Self { reader, next: (0, 1), end, length })
    }

    /// Returns what stands behind the last whole line; `None` if nothing does.
    pub(super) fn tail(&self, lines: u64) -> Option<Place> {
        (self.length > self.end).then(|| Place {
            line: lines + 1,
            start: self.end,
            end: self.length,
        })
    }

    /// Returns where the next line starts, and its number.
    pub(super) fn next_start(&self) -> (u64, u64) {
        self.next
    }

    /// Goes to a line; costs nothing if it is the next one.
    pub(super) fn go_to(&mut self, start: u64, line: u64) -> io::Result<()> {
        // What was read ahead stays if it can.
        let step = i64::try_from(start).and_then(|to| Ok(to - i64::try_from(self.next.0)?));
        self.reader.seek_relative(step.map_err(io::Error::other)?)?;
        self.next = (start, line);
        Ok(())
    }

    /// Reads the next line with its line feed; of a line that is too long only the beginning.
    pub(super) fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Place>> {
        line.clear();
        let (start, number) = self.next;
        if start >= self.end {
            return Ok(None);
        }
        let most = (self.end - start).min(LONGEST_LINE_BYTES);
        let mut length = (&mut self.reader).take(most).read_until(b'\n', line)? as u64;
        if length == 0 {
            // Another program made the file shorter while it was read.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() != Some(&b'\n') {
            length += self.pass_over_line()?;
        }
        self.next = (start + length, number + 1);
        Ok(Some(Place { line: number, start, end: start + length }))
    }

    /// Copies the bytes of a line, whatever its length, and a line feed if it has none.
    pub(super) fn copy(&self, place: Place, to: &mut impl Write) -> io::Result<()> {
        // Another handle: this one's place in the file must not move.
        let mut file = self.reader.get_ref().try_clone()?;
        let back = file.stream_position()?;
        file.seek(SeekFrom::Start(place.start))?;
        let mut line = BufReader::new((&mut file).take(place.end - place.start));
        let mut last = 0;
        loop {
            let block = line.fill_buf()?;
            let Some(byte) = block.last() else { break };
            last = *byte;
            to.write_all(block)?;
            let length = block.len();
            line.consume(length);
        }
        file.seek(SeekFrom::Start(back))?;
        if last == b'\n' { Ok(()) } else { to.write_all(b"\n") }
    }

    fn pass_over_line(&mut self) -> io::Result<u64> {
        let mut passed = 0;
        loop {
            let block = self.reader.fill_buf()?;
            if block.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let feed = block.iter().position(|byte| *byte == b'\n');
            let length = feed.map_or(block.len(), |at| at + 1);
            self.reader.consume(length);
            passed += length as u64;
            if feed.is_some() {
                return Ok(passed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &[u8]) -> (Vec<(u64, usize)>, Option<Place>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).expect("a file");
        let mut lines = Lines::open(&path).expect("lines");
        let (mut found, mut line) = (Vec::new(), Vec::new());
        while let Some(place) = lines.read(&mut line).expect("a line") {
            found.push((place.line, line.len()));
            let mut copied = Vec::new();
            lines.copy(place, &mut copied).expect("a copy");
            assert_eq!(copied.len() as u64, place.end - place.start);
            assert!(copied.starts_with(&line));
        }
        let tail = lines.tail(found.len() as u64);
        (found, tail)
    }

    #[test]
    fn lines_have_numbers_and_a_tail_is_none() {
        assert_eq!(lines_of(b""), (vec![], None));
        let tail = Place { line: 1, start: 0, end: 3 };
        assert_eq!(lines_of(b"abc"), (vec![], Some(tail)));
        let tail = Place { line: 3, start: 4, end: 6 };
        assert_eq!(lines_of(b"ab\n\ncd"), (vec![(1, 3), (2, 1)], Some(tail)));
    }

    #[test]
    fn a_line_without_end_is_not_held_in_memory() {
        let mut text = vec![b'x'; 300_000];
        text.extend(b"\nab\n");
        let longest = usize::try_from(LONGEST_LINE_BYTES).expect("a length");
        assert_eq!(lines_of(&text), (vec![(1, longest), (2, 3)], None));
    }
}

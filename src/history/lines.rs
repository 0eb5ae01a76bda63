//! A history's lines, with their numbers and places: what every reader of the file stands on.
//!
//! A block of whole lines is read at a time, and `memchr` finds where each ends. A line is a row:
//! nothing that stands in it reaches beyond. What it says is `layout`'s business.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use memchr::{memchr, memrchr};

/// The longest line that can be one of ours: names, a query and a detail, with room to spare.
pub(super) const LONGEST_LINE_BYTES: u64 = 1 << 16;
/// How much is read at a time.
pub(super) const BLOCK_BYTES: usize = 1 << 18;
/// How much is read first, at the beginning and after a jump; then twice as much each time.
const FIRST_BYTES: usize = 1 << 15;

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

/// A whole line.
pub(super) struct Line<'a> {
    pub(super) place: Place,
    /// Its bytes with the line feed; empty if it is longer than any row can be.
    pub(super) bytes: &'a [u8],
    /// Whether it is known to have only printable ASCII characters.
    pub(super) is_printable: bool,
}

/// Reads the whole lines of a file. What stands behind the last line feed is not among them.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    /// Where the last whole line ends.
    end: u64,
    length: u64,
    /// The longest line that is handed out.
    longest: usize,
    block: Vec<u8>,
    /// Where the block's first byte stands in the file.
    block_start: u64,
    /// How much of the block is filled, and how much of that is whole lines.
    filled: usize,
    whole: usize,
    /// Whether the block's whole lines have only printable ASCII characters.
    is_printable: bool,
    /// Where in the block the next line starts, and its number.
    next: (usize, u64),
    /// How much is read at once the next time.
    step: usize,
}

impl Lines {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_by(BLOCK_BYTES, path)
    }

    /// As [`Lines::open`], reading so much at a time.
    pub(super) fn open_by(block_bytes: usize, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let end = end_of_last_line(&mut file)?;
        let longest = usize::try_from(LONGEST_LINE_BYTES).unwrap_or(usize::MAX);
        Ok(Self {
            file,
            end,
            length,
            longest: longest.min(block_bytes),
            block: vec![0; block_bytes],
            block_start: 0,
            filled: 0,
            whole: 0,
            is_printable: false,
            next: (0, 1),
            step: FIRST_BYTES,
        })
    }

    /// Returns where the last whole line ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Returns what stands behind the last whole line; `None` if nothing does.
    pub(super) fn tail(&self, lines: u64) -> Option<Place> {
        let (start, end) = (self.end, self.length);
        (end > start).then(|| Place { line: lines + 1, start, end })
    }

    /// Tells whether anything stands behind the last whole line: a row that is being written, or was
    /// cut off.
    pub(super) fn has_tail(&self) -> bool {
        self.length > self.end
    }

    /// Returns where the next line starts, and its number.
    pub(super) fn next_start(&self) -> (u64, u64) {
        (self.block_start + self.next.0 as u64, self.next.1)
    }

    /// Goes to a line; what was read already is not read again.
    pub(super) fn go_to(&mut self, start: u64, line: u64) {
        let inside = start.checked_sub(self.block_start).and_then(|at| usize::try_from(at).ok());
        let at = inside.filter(|at| *at <= self.whole).unwrap_or_else(|| {
            (self.block_start, self.filled, self.whole) = (start, 0, 0);
            self.step = FIRST_BYTES;
            0
        });
        self.next = (at, line);
    }

    /// Returns the next line.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or was made shorter meanwhile.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.next.0 == self.whole && !self.fill()? {
            return Ok(None);
        }
        let (at, number) = self.next;
        let length = match memchr(b'\n', &self.block[at..self.whole]) {
            Some(feed) => feed + 1,
            None => return self.pass_over_line().map(Some),
        };
        self.next = (at + length, number + 1);
        let start = self.block_start + at as u64;
        let place = Place { line: number, start, end: start + length as u64 };
        let shown = if length > self.longest { 0 } else { length };
        let bytes = &self.block[at..at + shown];
        Ok(Some(Line { place, bytes, is_printable: self.is_printable }))
    }

    /// Reads the next line into a buffer of the caller, who wants to keep it.
    ///
    /// # Errors
    ///
    /// As [`Lines::next`].
    pub(super) fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Place>> {
        line.clear();
        let Some(next) = self.next()? else { return Ok(None) };
        line.extend_from_slice(next.bytes);
        Ok(Some(next.place))
    }

    /// Reads on until the block has a whole line or is full; tells whether there is any.
    fn fill(&mut self) -> io::Result<bool> {
        self.block.copy_within(self.whole..self.filled, 0);
        self.block_start += self.whole as u64;
        self.filled -= self.whole;
        (self.whole, self.next.0) = (0, 0);
        while self.filled < self.block.len() {
            let read_to = self.block_start + self.filled as u64;
            if read_to >= self.end {
                return Ok(false);
            }
            let old = self.filled;
            let left = usize::try_from(self.end - read_to).unwrap_or(usize::MAX);
            let room = (self.block.len() - old).min(self.step).min(left);
            self.filled += read_some(&mut self.file, read_to, &mut self.block[old..old + room])?;
            self.step = (2 * self.step).min(self.block.len());
            if let Some(feed) = memrchr(b'\n', &self.block[old..self.filled]) {
                self.whole = old + feed + 1;
                self.is_printable = is_printable(&self.block[..self.whole]);
                break;
            }
        }
        Ok(true)
    }

    /// Passes over a line that does not fit into a block.
    fn pass_over_line(&mut self) -> io::Result<Line<'_>> {
        let (start, number) = self.next_start();
        loop {
            self.block_start += self.filled as u64;
            self.filled = read_some(&mut self.file, self.block_start, &mut self.block)?;
            if let Some(feed) = memchr(b'\n', &self.block[..self.filled]) {
                let end = self.block_start + feed as u64 + 1;
                self.go_to(end, number + 1);
                let place = Place { line: number, start, end };
                return Ok(Line { place, bytes: &[], is_printable: false });
            }
        }
    }

    /// Reads a part of the file, wherever the lines are.
    ///
    /// # Errors
    ///
    /// As [`Lines::next`].
    pub(super) fn read_part(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(usize::MAX)];
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Copies the bytes of a line, whatever its length, and a line feed if it has none.
    pub(super) fn copy(&self, place: Place, to: &mut impl Write) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.start))?;
        let mut line = BufReader::new(file.take(place.end - place.start));
        let mut last = 0;
        loop {
            let block = line.fill_buf()?;
            let Some(byte) = block.last() else { break };
            last = *byte;
            to.write_all(block)?;
            let length = block.len();
            line.consume(length);
        }
        if last == b'\n' { Ok(()) } else { to.write_all(b"\n") }
    }
}

/// Returns where the last line feed ends, 0 if there is none.
pub(super) fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    // As a rule the last byte is one.
    let mut block = vec![0; 1 << 12];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end - start).unwrap_or(block.len());
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block[..length])?;
        if let Some(at) = block[..length].iter().rposition(|b| *b == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Reads at least a byte.
fn read_some(file: &mut File, from: u64, to: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(from))?;
    match file.read(to)? {
        // Another program made the file shorter while it was read.
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        bytes => Ok(bytes),
    }
}

/// Tells whether lines have only printable ASCII characters.
///
/// Every byte is looked at, so that the compiler can take many at once.
fn is_printable(lines: &[u8]) -> bool {
    let odd = |byte: u8| {
        // As signed numbers bytes beyond ASCII stand below the control characters.
        let is_low = u8::from(byte.cast_signed() < b' '.cast_signed());
        is_low & u8::from(byte != b'\n') | u8::from(byte == b'\x7F')
    };
    lines.iter().fold(0, |found, byte| found | odd(*byte)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).expect("a file");
        (folder, path)
    }

    fn lines_of(text: &[u8]) -> (Vec<(u64, usize)>, Option<Place>) {
        let (_folder, path) = written(text);
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
        for length in [100_000, 300_000, 1_000_000] {
            let mut text = vec![b'x'; length];
            text.extend(b"\nab\n");
            assert_eq!(lines_of(&text), (vec![(1, 0), (2, 3)], None));
        }
    }

    #[test]
    fn a_file_that_is_made_shorter_meanwhile_is_an_error() {
        let (_folder, path) = written(&b"a line\n".repeat(100_000));
        let mut lines = Lines::open(&path).expect("lines");
        lines.next().expect("a line").expect("a line");
        std::fs::write(&path, b"a line\n").expect("a file");
        let mut read = 1..100_000;
        assert!(read.any(|_| lines.next().is_err()));
    }

    proptest! {
        #[test]
        fn blocks_of_any_size_hold_the_same_lines(
            lengths in prop::collection::vec(0..400usize, 0..40),
            tail in 0..9usize,
            block_bytes in 100..3000usize,
            jumps in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        ) {
            let texts = lengths.iter().zip(b'a'..).map(|(length, byte)| {
                [vec![byte; *length].as_slice(), b"\n"].concat()
            });
            let texts: Vec<Vec<u8>> = texts.collect();
            let text = [texts.concat().as_slice(), &vec![b'x'; tail]].concat();
            let (_folder, path) = written(&text);
            let mut lines = Lines::open_by(block_bytes, &path).expect("lines");
            let mut places = Vec::new();
            for text in &texts {
                let line = lines.next().expect("a line").expect("a line");
                let shown: &[u8] = if text.len() > block_bytes { &[] } else { text };
                prop_assert_eq!(line.bytes, shown);
                places.push(line.place);
            }
            prop_assert!(lines.next().expect("the end").is_none());
            prop_assert_eq!(lines.has_tail(), tail > 0);
            for jump in jumps.iter().filter(|_| !places.is_empty()) {
                let at = jump.index(places.len());
                lines.go_to(places[at].start, places[at].line);
                for place in places[at..].iter().take(3) {
                    prop_assert_eq!(lines.next().expect("a line").map(|line| line.place), Some(*place));
                }
            }
        }
    }
}

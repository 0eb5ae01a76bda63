//! The one reader of histories: every row of a file, in order.
//!
//! A block of whole lines is read at a time. A line is a row: `memchr` finds its end, and nothing
//! that stands in a row reaches beyond. What a row says is read by [`LineSplitter`]; who knows what
//! to expect may compare the line with that first.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use super::HistoryError;
use super::append::{LONGEST_LINE_BYTES, end_of_last_line};
use super::read::Reading;
use super::row::{self, LineSplitter, RowFault};
use super::shape::Shape;
use crate::domain::sample::Sample;

/// How much of a history is read at a time.
pub(super) const BLOCK_BYTES: usize = 1 << 18;
/// The most faults that are told one by one.
pub(super) const MOST_FAULTS: usize = 20;

/// A history opened for reading, with its header understood.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) shape: Shape,
    /// Where the first row begins.
    pub(super) start: u64,
    /// Where the last whole line ends; behind it a row is being written, or was cut off.
    pub(super) end: u64,
    pub(super) cut_line: bool,
}

impl Opened {
    /// Opens a history and reads its header.
    ///
    /// # Errors
    ///
    /// Fails if there is no file, if it cannot be read, or if it is no history. A file without any
    /// whole line is a history without rows.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
        let (length, end, header) = look_at(&mut file).map_err(|error| unreadable(path, error))?;
        let shape = match header.as_slice() {
            [] => Shape::of_header(&row::header()),
            header => Shape::of_header(header),
        };
        let shape =
            shape.map_err(|reason| HistoryError::NotAHistory { path: path.to_owned(), reason })?;
        Ok(Self { file, shape, start: header.len() as u64, end, cut_line: length > end })
    }

    /// Tells whether all rows are read in one step anyway, from whichever end.
    pub(super) fn is_small(&self, step_bytes: u64) -> bool {
        self.end - self.start <= step_bytes
    }

    /// Returns what is known of the reading before any row.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            cut_line: self.cut_line,
            differences: self.shape.differences.clone(),
            ..Reading::default()
        }
    }
}

/// Returns a file's length, the end of its last whole line, and its first line.
fn look_at(file: &mut File) -> io::Result<(u64, u64, Vec<u8>)> {
    let length = file.metadata()?.len();
    let end = end_of_last_line(file)?;
    let mut header = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    let start = Read::take(file, end.min(LONGEST_LINE_BYTES));
    BufReader::with_capacity(1 << 12, start).read_until(b'\n', &mut header)?;
    Ok((length, end, header))
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> HistoryError {
    match source.kind() {
        io::ErrorKind::NotFound => HistoryError::Missing { path: path.to_owned() },
        _ => HistoryError::Io { path: path.to_owned(), doing: "read", source },
    }
}

/// A row whose line lies in the reader's block.
pub(super) struct Row<'a> {
    pub(super) shape: &'a Shape,
    /// The line with its line feed.
    line: &'a [u8],
    /// Whether the line is known to have only printable ASCII characters.
    is_printable: bool,
    splitter: &'a mut LineSplitter,
}

impl<'a> Row<'a> {
    /// Returns the line without its line feed, quotes and all.
    pub(super) fn line(&self) -> &'a [u8] {
        self.line.strip_suffix(b"\n").unwrap_or(self.line)
    }

    /// Tells whether all of the line is text without control characters.
    pub(super) fn is_text(&self) -> bool {
        let is_text = |line| std::str::from_utf8(line).is_ok_and(|t| !t.contains(char::is_control));
        self.is_printable || is_text(self.line())
    }

    /// Reads the row as a sample, by every rule.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(super) fn sample(&mut self) -> Result<Sample, String> {
        self.shape.read_row(self.line, self.splitter)
    }

    /// Returns a field of the row that was read as a sample, by its place among [`row::COLUMNS`].
    pub(super) fn column(&self, column: usize) -> &[u8] {
        self.splitter.field(self.shape.place(column)).unwrap_or_default()
    }

    /// Splits the end of the line, which begins a field, into two fields; `None` if it has more or
    /// fewer.
    pub(super) fn split_in_two<'r>(&'r mut self, end: &'r [u8]) -> Option<(&'r [u8], &'r [u8])> {
        if memchr(b'"', end).is_none() {
            let (one, other) = end.split_at_checked(memchr(self.shape.separator, end)?)?;
            let other = &other[1..];
            return memchr(self.shape.separator, other).is_none().then_some((one, other));
        }
        self.splitter.split(end);
        let fields = self.splitter.field(0).zip(self.splitter.field(1));
        fields.filter(|_| self.splitter.len() == 2)
    }
}

/// Calls `visit` with the line number and each row, until it breaks.
///
/// What `visit` returns as an error is a fault of that row, and reading goes on.
///
/// # Errors
///
/// Fails if the file cannot be read.
pub(super) fn for_each_row(
    path: &Path,
    opened: &mut Opened,
    visit: impl FnMut(u64, &mut Row<'_>) -> Result<ControlFlow<()>, String>,
) -> Result<Reading, HistoryError> {
    for_each_row_by(BLOCK_BYTES, path, opened, visit)
}

/// As [`for_each_row`], reading so much at a time.
pub(super) fn for_each_row_by(
    block_bytes: usize,
    path: &Path,
    opened: &mut Opened,
    visit: impl FnMut(u64, &mut Row<'_>) -> Result<ControlFlow<()>, String>,
) -> Result<Reading, HistoryError> {
    let mut reading = opened.reading();
    let mut walk = Walk {
        shape: &opened.shape,
        splitter: LineSplitter::new(opened.shape.separator),
        line_no: 1,
        reading: &mut reading,
        visit,
    };
    let file = &mut opened.file;
    let mut blocks =
        Blocks { left: opened.end - opened.start, buffer: vec![0; block_bytes], kept: 0 };
    let read = file.seek(SeekFrom::Start(opened.start)).and_then(|_| blocks.walk(file, &mut walk));
    read.map_err(|error| unreadable(path, error))?;
    Ok(reading)
}

/// Blocks of whole lines, one after the other.
struct Blocks {
    /// How much of the file is still to come.
    left: u64,
    buffer: Vec<u8>,
    /// How much at the front of the buffer belongs to a line that is not whole yet.
    kept: usize,
}

impl Blocks {
    fn walk<V>(&mut self, file: &mut File, walk: &mut Walk<'_, V>) -> io::Result<()>
    where
        V: FnMut(u64, &mut Row<'_>) -> Result<ControlFlow<()>, String>,
    {
        // A line that does not fit is passed over up to its end.
        let mut too_long = false;
        loop {
            let room = (self.buffer.len() - self.kept) as u64;
            let wanted = usize::try_from(room.min(self.left)).unwrap_or(usize::MAX);
            let got = file.read(&mut self.buffer[self.kept..self.kept + wanted])?;
            if got == 0 {
                return Ok(());
            }
            self.left -= got as u64;
            let filled = self.kept + got;
            let mut start = 0;
            if too_long {
                let Some(at) = memchr(b'\n', &self.buffer[..filled]) else {
                    self.kept = 0;
                    continue;
                };
                walk.fault(format!("is longer than {} bytes", self.buffer.len()));
                too_long = false;
                start = at + 1;
            }
            let end =
                memrchr(b'\n', &self.buffer[start..filled]).map_or(start, |at| start + at + 1);
            if walk.block(&self.buffer[start..end]).is_break() {
                return Ok(());
            }
            self.buffer.copy_within(end..filled, 0);
            self.kept = filled - end;
            if self.kept == self.buffer.len() {
                too_long = true;
                self.kept = 0;
            }
        }
    }
}

/// What goes from block to block.
struct Walk<'a, V> {
    shape: &'a Shape,
    splitter: LineSplitter,
    /// The line before the next one; the header is line 1.
    line_no: u64,
    reading: &'a mut Reading,
    visit: V,
}

impl<V: FnMut(u64, &mut Row<'_>) -> Result<ControlFlow<()>, String>> Walk<'_, V> {
    /// Visits the rows of a block of whole lines.
    fn block(&mut self, block: &[u8]) -> ControlFlow<()> {
        let is_printable = is_printable(block);
        let mut start = 0;
        for feed in memchr_iter(b'\n', block) {
            let line = &block[start..=feed];
            start = feed + 1;
            self.line_no += 1;
            let splitter = &mut self.splitter;
            let mut row = Row { shape: self.shape, line, is_printable, splitter };
            match (self.visit)(self.line_no, &mut row) {
                Ok(goes_on) => {
                    self.reading.rows += 1;
                    goes_on?;
                }
                Err(reason) => self.reading.add_fault(self.line_no, reason),
            }
        }
        ControlFlow::Continue(())
    }

    fn fault(&mut self, reason: String) {
        self.line_no += 1;
        self.reading.add_fault(self.line_no, reason);
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

impl Reading {
    /// Counts a row that cannot be read, and keeps the reason if it is among the first.
    pub(super) fn add_fault(&mut self, line: u64, reason: String) {
        self.faulty += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(RowFault { line, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sample::Outcome;
    use crate::domain::sample::tests::sample;

    type Seen = Vec<Result<(u64, Sample), (u64, String)>>;

    /// Reads a history in blocks of a size.
    fn read(text: &[u8], block_bytes: usize) -> (Seen, Reading) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        std::fs::write(&path, [row::header().as_slice(), text].concat()).expect("a file");
        let mut opened = Opened::open(&path).expect("a history");
        let mut seen = Seen::new();
        let reading = for_each_row_by(block_bytes, &path, &mut opened, |line, row| {
            seen.push(Ok((line, row.sample()?)));
            Ok(ControlFlow::Continue(()))
        });
        (seen, reading.expect("a reading"))
    }

    /// Reads the same text line by line.
    fn expected(text: &[u8]) -> (Seen, Vec<(u64, String)>) {
        let shape = Shape::of_header(&row::header()).expect("a shape");
        let mut splitter = LineSplitter::new(b',');
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (mut seen, mut faults) = (Seen::new(), Vec::new());
        for (line_no, line) in (2..).zip(text[..whole].split_inclusive(|byte| *byte == b'\n')) {
            match shape.read_row(line, &mut splitter) {
                Ok(sample) => seen.push(Ok((line_no, sample))),
                Err(reason) => faults.push((line_no, reason)),
            }
        }
        (seen, faults)
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let text = "[a-zé,\" ]{0,12}";
        let good = ("[a-zé,\" ]{1,12}", text, any::<u64>()).prop_map(|(name, query, count)| {
            let mut row = sample(&name, 1, Outcome::Complete(count));
            row.query_text = query;
            row::encode(&[row])
        });
        let odd = |bytes: &'static [u8]| Just(bytes.to_vec());
        prop_oneof![
            6 => good.clone(),
            2 => (good.clone(), any::<prop::sample::Index>()).prop_map(|(mut line, at)| {
                line.insert(at.index(line.len()), b'"');
                line
            }),
            1 => (good.clone(), any::<prop::sample::Index>()).prop_map(|(mut line, at)| {
                line.remove(at.index(line.len() - 1));
                line
            }),
            1 => good.prop_map(|line| [b"\xEF\xBB\xBF", line.as_slice()].concat()),
            1 => odd(b"\n"),
            1 => odd(b"\r\n"),
            1 => odd(b"a\rb\n"),
            1 => odd(b"\"\n"),
            1 => odd(b"\xff\xfe,,\n"),
            1 => "[a-z,\"\r]{0,40}\n".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn blocks_of_any_size_read_as_lines_do(
            lines in prop::collection::vec(line(), 0..30),
            tail in "[a-z,\"]{0,9}",
            block_bytes in 300..3000usize,
        ) {
            let text = [lines.concat().as_slice(), tail.as_bytes()].concat();
            let (seen, reading) = read(&text, block_bytes);
            let (expected, faults) = expected(&text);
            prop_assert_eq!(&seen, &expected);
            prop_assert_eq!(reading.rows, expected.len() as u64);
            prop_assert_eq!(reading.faulty, faults.len() as u64);
            let told: Vec<_> = reading.faults.into_iter().map(|f| (f.line, f.reason)).collect();
            prop_assert_eq!(&told, &faults[..faults.len().min(MOST_FAULTS)]);
            prop_assert_eq!(reading.cut_line, !tail.is_empty());
        }
    }

    #[test]
    fn a_line_that_fits_no_block_is_a_fault_and_memory_stays_small() {
        let good = row::encode(&[sample("Spring", 1, Outcome::Complete(5))]);
        let long = [vec![b'x'; 1000].as_slice(), b"\n"].concat();
        let (seen, reading) = read(&[&good[..], &long, &good, &long, &good].concat(), 300);
        let lines: Vec<u64> = seen.into_iter().filter_map(|row| Some(row.ok()?.0)).collect();
        assert_eq!(lines, [2, 4, 6]);
        let told: Vec<String> = reading.faults.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["line 3: is longer than 300 bytes", "line 5: is longer than 300 bytes"]);
    }
}

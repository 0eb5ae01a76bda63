//! The one reader of histories: every row of a file, in order, with borrowed fields.
//!
//! A block of whole lines is read at a time and split by `simd_csv`. A row that is plain text
//! without quotes is taken as it comes. Any other one goes line by line through [`LineSplitter`],
//! which knows that a line is a row: what a stray quote swallowed is given back.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use simd_csv::{ByteRecord, TotalReaderBuilder};

use super::HistoryError;
use super::append::{LONGEST_LINE_BYTES, end_of_last_line};
use super::read::Reading;
use super::row::{self, COLUMNS, LineSplitter, RowFault};
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

/// A row whose fields lie in the reader's block.
pub(super) struct Row<'a> {
    shape: &'a Shape,
    record: Option<&'a ByteRecord>,
    /// How many of the record's fields stand before the first quote.
    head: usize,
    /// The fields from there on.
    tail: Option<&'a LineSplitter>,
}

impl<'a> Row<'a> {
    /// Makes a row of a line that was split.
    pub(super) fn of_split(shape: &'a Shape, splitter: &'a LineSplitter) -> Self {
        Self { shape, record: None, head: 0, tail: Some(splitter) }
    }

    fn len(&self) -> usize {
        self.head + self.tail.map_or(0, LineSplitter::len)
    }

    /// Returns the field of one of [`COLUMNS`]; empty if the row is too short to have it.
    pub(super) fn column(&self, column: usize) -> &'a [u8] {
        let place = self.shape.place(column);
        let field = match (self.record, self.tail) {
            (Some(record), _) if place < self.head => record.get(place),
            (_, Some(tail)) => tail.field(place - self.head),
            _ => None,
        };
        field.unwrap_or_default()
    }

    /// Reads the row as a sample.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(super) fn sample(&self) -> Result<Sample, String> {
        self.check_width()?;
        row::decode(&std::array::from_fn::<_, { COLUMNS.len() }, _>(|at| self.column(at)))
    }

    fn check_width(&self) -> Result<(), String> {
        match (self.len(), self.shape.width()) {
            (has, expected) if has == expected => Ok(()),
            (has, expected) => Err(format!("has {has} columns instead of {expected}")),
        }
    }
}

/// Calls `visit` with the line number and fields of each row of the right width, until it breaks.
///
/// What `visit` returns as an error is a fault of that row, and reading goes on.
///
/// # Errors
///
/// Fails if the file cannot be read.
pub(super) fn for_each_row(
    path: &Path,
    opened: &mut Opened,
    visit: impl FnMut(u64, &Row<'_>) -> Result<ControlFlow<()>, String>,
) -> Result<Reading, HistoryError> {
    for_each_row_by(BLOCK_BYTES, path, opened, visit)
}

/// As [`for_each_row`], reading so much at a time.
pub(super) fn for_each_row_by(
    block_bytes: usize,
    path: &Path,
    opened: &mut Opened,
    visit: impl FnMut(u64, &Row<'_>) -> Result<ControlFlow<()>, String>,
) -> Result<Reading, HistoryError> {
    let mut reading = opened.reading();
    let separator = opened.shape.separator;
    let mut walk = Walk {
        shape: &opened.shape,
        splitter: LineSplitter::new(separator),
        record: ByteRecord::new(),
        builder: TotalReaderBuilder::new(),
        line_no: 1,
        reading: &mut reading,
        visit,
    };
    walk.builder.delimiter(separator).has_headers(false);
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
        V: FnMut(u64, &Row<'_>) -> Result<ControlFlow<()>, String>,
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
                let Some(at) = self.buffer[..filled].iter().position(|byte| *byte == b'\n') else {
                    continue;
                };
                walk.fault(format!("is longer than {} bytes", self.buffer.len()));
                too_long = false;
                start = at + 1;
            }
            let last = self.buffer[start..filled].iter().rposition(|byte| *byte == b'\n');
            let end = last.map_or(start, |at| start + at + 1);
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
    record: ByteRecord,
    builder: TotalReaderBuilder,
    /// The line before the next one; the header is line 1.
    line_no: u64,
    reading: &'a mut Reading,
    visit: V,
}

impl<V: FnMut(u64, &Row<'_>) -> Result<ControlFlow<()>, String>> Walk<'_, V> {
    /// Visits the rows of a block of whole lines.
    fn block(&mut self, block: &[u8]) -> ControlFlow<()> {
        let mut reader = self.builder.from_bytes(block);
        // Where the reader began, and where the next piece does.
        let (mut start, mut from) = (0, 0);
        let mut record = std::mem::take(&mut self.record);
        while reader.read_byte_record(&mut record) {
            let to = start + usize::try_from(reader.position()).unwrap_or(block.len());
            let piece = &block[from..to];
            match piece.split_last() {
                Some((b'\n', line)) if is_plain(line) => self.plain(&record)?,
                Some((b'\n', line)) => self.odd(piece, line, &record)?,
                // Ends of lines that are mixed with quotes end a record too early.
                _ => {
                    let rest = block[to..].iter().position(|byte| *byte == b'\n');
                    let end = rest.map_or(block.len(), |at| to + at + 1);
                    self.lines(&block[from..end])?;
                    reader = self.builder.from_bytes(&block[end..]);
                    start = end;
                    from = end;
                    continue;
                }
            }
            from = to;
        }
        // Empty lines at the end are no records.
        self.lines(&block[from..])?;
        self.record = record;
        ControlFlow::Continue(())
    }

    fn plain(&mut self, record: &ByteRecord) -> ControlFlow<()> {
        self.line_no += 1;
        let head = record.len();
        let row = Row { shape: self.shape, record: Some(record), head, tail: None };
        see(&row, self.line_no, self.reading, &mut self.visit)
    }

    /// Visits what is not plain: a row with quotes or other letters than ASCII, empty lines, or
    /// several lines that a stray quote has drawn together.
    fn odd(&mut self, piece: &[u8], line: &[u8], record: &ByteRecord) -> ControlFlow<()> {
        let quote = line.iter().position(|byte| *byte == b'"').unwrap_or(line.len());
        if line.contains(&b'\n') || line.contains(&b'\r') || starts_marked(line) {
            return self.lines(piece);
        }
        // Up to the first quote there is nothing that could be read in two ways. Something must be
        // left to split: an empty text would have no field.
        let most = quote.min(line.len().saturating_sub(1));
        let (mut head, mut start) = (0, 0);
        while let Some(field) = record.get(head).filter(|field| start + field.len() < most) {
            start += field.len() + 1;
            head += 1;
        }
        self.line_no += 1;
        self.splitter.split(&line[start..]);
        let tail = Some(&self.splitter);
        let row = Row { shape: self.shape, record: Some(record), head, tail };
        see(&row, self.line_no, self.reading, &mut self.visit)
    }

    fn lines(&mut self, piece: &[u8]) -> ControlFlow<()> {
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line_no += 1;
            self.splitter.split(line);
            let row = Row::of_split(self.shape, &self.splitter);
            see(&row, self.line_no, self.reading, &mut self.visit)?;
        }
        ControlFlow::Continue(())
    }

    fn fault(&mut self, reason: String) {
        self.line_no += 1;
        self.reading.add_fault(self.line_no, reason);
    }
}

fn see(
    row: &Row<'_>,
    line_no: u64,
    reading: &mut Reading,
    visit: &mut impl FnMut(u64, &Row<'_>) -> Result<ControlFlow<()>, String>,
) -> ControlFlow<()> {
    match row.check_width().and_then(|()| visit(line_no, row)) {
        Ok(goes_on) => {
            reading.rows += 1;
            goes_on
        }
        Err(reason) => {
            reading.add_fault(line_no, reason);
            ControlFlow::Continue(())
        }
    }
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

/// Tells whether a line has only printable ASCII characters and no quote.
fn is_plain(line: &[u8]) -> bool {
    let odd = |byte: &u8| u8::from(!matches!(byte, b' ' | b'!' | b'#'..=b'~'));
    line.iter().fold(0, |found, byte| found | odd(byte)) == 0
}

/// `simd_csv` takes a byte-order mark away at the start of a block, wherever that lies.
fn starts_marked(line: &[u8]) -> bool {
    line.starts_with(b"\xEF\xBB\xBF")
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

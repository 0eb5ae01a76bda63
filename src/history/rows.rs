//! The rows of a history of ours, in order: what rankings, trends and tables are made of.
//!
//! What a row says is read by [`LineSplitter`]; who knows what to expect may compare the line with
//! that first. A file that another program rewrote, or one out of order, is not read here: see
//! `scan`.

use std::io;

use memchr::memchr;

use super::layout::Layout;
use super::lines::Line;
use super::opened::Opened;
use super::read::Reading;
use super::row::{LineSplitter, MOST_TOLD, RowFault};
use crate::domain::sample::Sample;

/// What stands between columns of ours.
pub(super) const SEPARATOR: u8 = b',';

/// What follows a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The next one.
    Next,
    /// Nothing: no further row is wanted.
    Stop,
    /// Another reading: the file is not in order.
    ReadWhole,
}

/// A row whose line lies in the reader's block.
pub(super) struct Row<'a> {
    layout: &'a Layout,
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
        self.layout.read_as_written(self.line, self.splitter)
    }

    /// Returns a field of the row that was read as a sample, by its place among [`row::COLUMNS`].
    ///
    /// [`row::COLUMNS`]: super::row::COLUMNS
    pub(super) fn column(&self, column: usize) -> &[u8] {
        self.splitter.field(column).unwrap_or_default()
    }

    /// Splits the end of the line, which begins a field, into two fields; `None` if it has more or
    /// fewer.
    pub(super) fn split_in_two<'r>(&'r mut self, end: &'r [u8]) -> Option<(&'r [u8], &'r [u8])> {
        if memchr(b'"', end).is_none() {
            let (one, other) = end.split_at_checked(memchr(SEPARATOR, end)?)?;
            let other = &other[1..];
            return memchr(SEPARATOR, other).is_none().then_some((one, other));
        }
        self.splitter.split(end);
        let fields = self.splitter.field(0).zip(self.splitter.field(1));
        fields.filter(|_| self.splitter.len() == 2)
    }
}

/// Calls `visit` with the line number and each row, until it stops.
///
/// A row for which `visit` returns an error is told as a fault, and reading goes on. Returns `None` if the
/// file must be read whole: if another program rewrote it or a row of it, or if `visit` finds it out
/// of order.
///
/// # Errors
///
/// Fails if the file cannot be read.
pub(super) fn for_each_row(
    opened: &mut Opened,
    mut visit: impl FnMut(u64, &mut Row<'_>) -> Result<Step, String>,
) -> io::Result<Option<Reading>> {
    let mut reading = opened.reading();
    if !opened.layout.is_ours() {
        return Ok(None);
    }
    let (layout, lines) = (&opened.layout, &mut opened.lines);
    let mut splitter = layout.splitter();
    lines.go_to(opened.start.0, opened.start.1);
    while let Some(Line { place, bytes, is_printable }) = lines.next()? {
        let mut row = Row { layout, line: bytes, is_printable, splitter: &mut splitter };
        match visit(place.line, &mut row) {
            Ok(Step::ReadWhole) => return Ok(None),
            Ok(step) => {
                reading.rows += 1;
                if step == Step::Stop {
                    break;
                }
            }
            Err(_) => match layout.second_look(bytes) {
                None => return Ok(None),
                Some(reason) => reading.add_fault(place.line, reason),
            },
        }
    }
    Ok(Some(reading))
}

impl Reading {
    /// Counts a row that cannot be read, and keeps the reason if it is among the first.
    pub(super) fn add_fault(&mut self, line: u64, reason: String) {
        self.faulty += 1;
        if self.faults.len() < MOST_TOLD {
            self.faults.push(RowFault { line, reason });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::row;
    use super::*;
    use crate::domain::sample::Outcome;
    use crate::domain::sample::tests::sample;

    /// Rows with their lines.
    type Seen = Vec<(u64, Sample)>;

    /// Reads a history in blocks of a size; `None` if it must be read whole.
    fn read(text: &[u8], block_bytes: usize) -> Option<(Seen, Reading)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        std::fs::write(&path, [row::header().as_slice(), text].concat()).expect("a file");
        let mut opened = Opened::open_by(block_bytes, &path).expect("a history");
        let mut seen = Seen::new();
        let reading = for_each_row(&mut opened, |line, row| {
            seen.push((line, row.sample()?));
            Ok(Step::Next)
        });
        reading.expect("a file").map(|reading| (seen, reading))
    }

    /// Reads the same text line by line.
    fn expected(text: &[u8]) -> Option<(Seen, Vec<(u64, String)>)> {
        let layout = Layout::of_history(&row::header()).expect("a layout");
        let mut splitter = layout.splitter();
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (mut seen, mut faults) = (Seen::new(), Vec::new());
        for (line_no, line) in (2..).zip(text[..whole].split_inclusive(|byte| *byte == b'\n')) {
            match layout.read_as_written(line, &mut splitter) {
                Ok(sample) => seen.push((line_no, sample)),
                Err(_) => faults.push((line_no, layout.second_look(line)?)),
            }
        }
        Some((seen, faults))
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
            let read = read(&text, block_bytes);
            let expected = expected(&text);
            prop_assert_eq!(read.is_some(), expected.is_some());
            if let (Some((seen, reading)), Some((expected, faults))) = (read, expected) {
                prop_assert_eq!(&seen, &expected);
                prop_assert_eq!(reading.rows, expected.len() as u64);
                prop_assert_eq!(reading.faulty, faults.len() as u64);
                let told: Vec<_> = reading.faults.into_iter().map(|f| (f.line, f.reason)).collect();
                prop_assert_eq!(&told, &faults[..faults.len().min(MOST_TOLD)]);
                prop_assert_eq!(reading.cut_line, !tail.is_empty());
            }
        }
    }

    #[test]
    fn a_line_that_fits_no_block_is_a_fault_and_memory_stays_small() {
        let good = row::encode(&[sample("Spring", 1, Outcome::Complete(5))]);
        let long = [vec![b'x'; 1000].as_slice(), b"\n"].concat();
        let text = [&good[..], &long, &good, &long, &good].concat();
        let (seen, reading) = read(&text, 300).expect("rows");
        let lines: Vec<u64> = seen.into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 4, 6]);
        let told: Vec<String> = reading.faults.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["line 3: is longer than any row", "line 5: is longer than any row"]);
    }

    #[test]
    fn what_another_program_wrote_is_left_to_another_reading() {
        let good = row::encode(&[sample("Spring", 1, Outcome::Complete(5_000))]);
        assert!(read(&good, 1000).is_some());
        let grouped = String::from_utf8(good.clone()).expect("text").replace(",5000,", ",5 000,");
        assert!(read(&[&good[..], grouped.as_bytes()].concat(), 1000).is_none());
        let nothing = String::from_utf8(good.clone()).expect("text").replace(",5000,", ",many,");
        assert!(read(&[&good[..], nothing.as_bytes()].concat(), 1000).is_some());
    }
}

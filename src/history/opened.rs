//! A history opened for reading, with its first line understood.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::HistoryError;
use super::folders::io_error;
use super::layout::{self, Layout};
use super::lines::{BLOCK_BYTES, LONGEST_LINE_BYTES, Lines};
use super::read::Reading;
use super::row;

/// A file whose columns are known.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) lines: Lines,
    pub(super) layout: Layout,
    /// Where the first row begins, and its line.
    pub(super) start: (u64, u64),
}

impl Opened {
    /// Opens a history and reads its header. The beginning of a header is a history without rows.
    ///
    /// # Errors
    ///
    /// Fails if there is no file, if it cannot be read, or if it is no history.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        Self::open_by(BLOCK_BYTES, path)
    }

    /// As [`Opened::open`], reading so much at a time.
    pub(super) fn open_by(block_bytes: usize, path: &Path) -> Result<Self, HistoryError> {
        let failed = |error| unreadable(path, error);
        let lines = || Lines::open_by(block_bytes, path).map_err(failed);
        if let Some(opened) = Self::begin(path, lines()?, |line| of_history(path, line))? {
            return Ok(opened);
        }
        let beginning = read_start(path).map_err(failed)?;
        if !row::header().starts_with(&beginning) {
            let reason = why_no_line(&beginning).to_owned();
            return Err(HistoryError::NotAHistory { path: path.to_owned(), reason });
        }
        Ok(Self { lines: lines()?, layout: of_history(path, &row::header())?, start: (0, 1) })
    }

    /// Opens a file that `recognise` knows by its first line; `None` if it has no whole line: an empty
    /// one, or one that was cut off in its first line.
    ///
    /// # Errors
    ///
    /// As [`Opened::open`], and what `recognise` says.
    pub(super) fn recognise(
        path: &Path,
        recognise: impl FnOnce(&[u8]) -> Result<Layout, HistoryError>,
    ) -> Result<Option<Self>, HistoryError> {
        let lines = Lines::open(path).map_err(|error| unreadable(path, error))?;
        Self::begin(path, lines, recognise)
    }

    /// Reads the first line.
    fn begin(
        path: &Path,
        mut lines: Lines,
        recognise: impl FnOnce(&[u8]) -> Result<Layout, HistoryError>,
    ) -> Result<Option<Self>, HistoryError> {
        let failed = |error| unreadable(path, error);
        let mut line = Vec::new();
        let Some(mut place) = lines.read(&mut line).map_err(failed)? else { return Ok(None) };
        // A hint that some programs leave for a spreadsheet.
        let has_hint = line.len() <= 7 && line.starts_with(b"sep=");
        if has_hint {
            place = lines.read(&mut line).map_err(failed)?.unwrap_or(place);
        }
        let mut layout = recognise(&line)?;
        if has_hint {
            layout.differences.push("line 1 is a hint for a spreadsheet".to_owned());
        }
        let start =
            if layout.has_header { (place.end, place.line + 1) } else { (place.start, place.line) };
        Ok(Some(Self { lines, layout, start }))
    }

    /// Tells whether all rows are read in one step anyway, from whichever end.
    pub(super) fn is_small(&self, step_bytes: u64) -> bool {
        self.lines.end() - self.start.0 <= step_bytes
    }

    /// Returns what is known of the reading before any row.
    pub(super) fn reading(&self) -> Reading {
        Reading {
            cut_line: self.lines.has_tail(),
            differences: self.layout.differences.clone(),
            ..Reading::default()
        }
    }
}

/// Recognises a history by its first line.
///
/// # Errors
///
/// Fails if it is none.
pub(super) fn of_history(path: &Path, line: &[u8]) -> Result<Layout, HistoryError> {
    refuse_utf_16(path, line)?;
    Layout::of_history(line)
        .map_err(|reason| HistoryError::NotAHistory { path: path.to_owned(), reason })
}

/// Refuses a file that begins as UTF-16 text does.
pub(super) fn refuse_utf_16(path: &Path, start: &[u8]) -> Result<(), HistoryError> {
    match layout::utf_16(start) {
        None => Ok(()),
        Some(encoding) => Err(HistoryError::Utf16 { path: path.to_owned(), encoding }),
    }
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> HistoryError {
    match source.kind() {
        io::ErrorKind::NotFound => HistoryError::Missing { path: path.to_owned() },
        _ => io_error(path, "read", source),
    }
}

/// Reads how a file begins, no more than a line can have.
pub(super) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(LONGEST_LINE_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

/// Says why a file that begins like this has no line that could be a history's header.
pub(super) fn why_no_line(start: &[u8]) -> &'static str {
    if start.contains(&b'\r') { "its lines end in CR alone" } else { "it has no line of a history" }
}

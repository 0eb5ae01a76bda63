//! Appending to a history: whole rows, one write and one sync, before an answer counts as kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::HistoryError;
use super::folders::{folder_of, io_error, make_folder, sync_place};
use super::layout::Layout;
use super::lines::{LONGEST_LINE_BYTES, end_of_last_line};
use super::lock::Lock;
use super::opened::of_history;
use super::repair::give_name;
use super::rewrite::begin_file;
use super::row;
use crate::domain::run::RunId;
use crate::domain::sample::Sample;
use crate::platform::leads_to;

/// A history opened for appending; the lock is held as long as this lives.
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    file: File,
    /// Where the file ends: everything before is whole rows.
    end: u64,
    /// How many rows were appended.
    kept: usize,
    last_run: Option<RunId>,
    set_aside: Option<SetAside>,
    _lock: Lock,
}

/// A cut-off last line that was moved out of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its line, from 1.
    pub line: u64,
    /// How long it was.
    pub bytes: u64,
    /// Where it lies now, unchanged.
    pub moved_to: PathBuf,
}

impl Appender {
    /// Opens a history, creating it and its folder if need be, and moves a cut-off last line aside.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Busy`] if somebody else writes, [`HistoryError::Rewritten`] or
    /// [`HistoryError::NotAHistory`] if the file is not as we write it; nothing is changed then.
    pub fn open(path: &Path, now: DateTime<Utc>) -> Result<Self, HistoryError> {
        make_folder(folder_of(path))?;
        let lock = Lock::take(path, now)?;
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = opened.map_err(|source| io_error(path, "opened for writing", source))?;
        let mut appender = Self {
            path: path.to_owned(),
            file,
            end: 0,
            kept: 0,
            last_run: None,
            set_aside: None,
            _lock: lock,
        };
        appender.prepare(now)?;
        Ok(appender)
    }

    /// Opens a history that holds nothing yet, replacing what was there.
    ///
    /// # Errors
    ///
    /// As [`Appender::open`].
    pub fn replace(path: &Path, now: DateTime<Utc>) -> Result<Self, HistoryError> {
        let folder = folder_of(path);
        make_folder(folder)?;
        let lock = Lock::take(path, now)?;
        let written = |source| io_error(path, "written", source);
        let mut fresh = begin_file(folder, path).map_err(written)?;
        fresh
            .write_all(&row::header())
            .and_then(|()| fresh.as_file().sync_all())
            .map_err(written)?;
        fresh.persist(path).map_err(|error| written(error.error))?;
        sync_place(path)?;
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let file = opened.map_err(|source| io_error(path, "opened for writing", source))?;
        let end = row::header().len() as u64;
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
            kept: 0,
            last_run: None,
            set_aside: None,
            _lock: lock,
        })
    }

    /// Returns the history's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how many rows were appended since the history was opened.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Returns the last run in the history when it was opened.
    #[must_use]
    pub fn last_run(&self) -> Option<RunId> {
        self.last_run
    }

    /// Returns the cut-off line that was moved aside when the history was opened.
    #[must_use]
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// Appends samples as whole rows. When this returns they are on disk.
    ///
    /// # Errors
    ///
    /// On any error none of these rows is kept: a part that was written is cut off again.
    pub fn append(&mut self, samples: &[Sample]) -> Result<(), HistoryError> {
        let rows = row::encode(samples);
        let length = self.file.metadata().map_err(|e| io_error(&self.path, "written", e))?.len();
        // Another file may have taken the name: a checkout, a save, a sync.
        if length != self.end || !leads_to(&self.path, &self.file).unwrap_or(false) {
            return Err(HistoryError::Changed { path: self.path.clone() });
        }
        let written = self.file.write_all(&rows).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // If even this fails, the next run finds a cut-off line and sets it aside.
            let _ = self.file.set_len(self.end);
            return Err(io_error(&self.path, "written", source));
        }
        self.end += rows.len() as u64;
        self.kept += samples.len();
        Ok(())
    }

    fn prepare(&mut self, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let path = self.path.clone();
        let unreadable = |source| io_error(&path, "read", source);
        self.end = end_of_last_line(&mut self.file).map_err(unreadable)?;
        if self.end > 0 {
            self.last_run = examine(&self.path, &mut self.file, self.end)?;
        }
        let length = self.file.metadata().map_err(unreadable)?.len();
        if length > self.end {
            if self.end == 0 {
                refuse_foreign_start(&self.path, &mut self.file, length)?;
            }
            self.move_tail_aside(now)?;
        }
        if self.end == 0 {
            let header = row::header();
            self.file.write_all(&header).map_err(|source| io_error(&path, "written", source))?;
            self.end = header.len() as u64;
        }
        // A writer that was killed, or that failed, may have left undone what the rows to come rest on.
        self.file.sync_all().map_err(|source| io_error(&path, "synced", source))?;
        sync_place(&path)
    }

    /// Copies what stands behind the last whole line to a file of its own, then cuts it off.
    fn move_tail_aside(&mut self, now: DateTime<Utc>) -> Result<(), HistoryError> {
        let unreadable = |source| io_error(&self.path, "read", source);
        let mut tail = Vec::new();
        self.file.seek(SeekFrom::Start(self.end)).map_err(unreadable)?;
        self.file.read_to_end(&mut tail).map_err(unreadable)?;
        let line = count_lines(&mut self.file, self.end).map_err(unreadable)? + 1;
        let folder = folder_of(&self.path).join("set-aside");
        let moved_to = write_aside(&folder, &self.path, line, now, &tail)
            .map_err(|source| io_error(&folder, "written", source))?;
        let cut = self.file.set_len(self.end).and_then(|()| self.file.sync_all());
        cut.map_err(|source| io_error(&self.path, "written", source))?;
        self.set_aside = Some(SetAside { line, bytes: tail.len() as u64, moved_to });
        Ok(())
    }
}

/// Looks whether rows could be appended to a history, as [`Appender::open`] does, but writes nothing
/// and takes no lock. A cut-off last line is no hindrance, nor is a history that is not there.
///
/// # Errors
///
/// [`HistoryError::Rewritten`] or [`HistoryError::NotAHistory`] if the file is not as we write it.
pub fn look_at_ends(path: &Path) -> Result<(), HistoryError> {
    let unreadable = |source| io_error(path, "read", source);
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(unreadable)?,
    };
    let end = end_of_last_line(&mut file).map_err(unreadable)?;
    if end > 0 {
        return examine(path, &mut file, end).map(drop);
    }
    let length = file.metadata().map_err(unreadable)?.len();
    refuse_foreign_start(path, &mut file, length)
}

/// A file without any whole line is ours only if it is the beginning of a header.
fn refuse_foreign_start(path: &Path, file: &mut File, length: u64) -> Result<(), HistoryError> {
    let mut start = Vec::new();
    let read = file
        .seek(SeekFrom::Start(0))
        .and_then(|_| Read::take(file, LONGEST_LINE_BYTES).read_to_end(&mut start));
    read.map_err(|source| io_error(path, "read", source))?;
    if start.len() as u64 == length && row::header().starts_with(&start) {
        return Ok(());
    }
    let reason = "it has no line of a history".to_owned();
    Err(HistoryError::NotAHistory { path: path.to_owned(), reason })
}

/// Looks at the header, the first and the last row of what ends at `end`, and returns the last run:
/// constant cost, whatever the size, unless the last row is not ours and its line must be found.
fn examine(path: &Path, file: &mut File, end: u64) -> Result<Option<RunId>, HistoryError> {
    let unreadable = |source| io_error(path, "read", source);
    let (header, first) = read_first_lines(file, end).map_err(unreadable)?;
    let mut layout = of_history(path, &header)?;
    if !first.is_empty() {
        layout.examine_row(&first, 2);
    }
    let last = read_last_line(file, end).map_err(unreadable)?;
    let has_rows = end > header.len() as u64;
    let mut last_run = None;
    if has_rows && layout.differences.is_empty() {
        match layout.read_as_written(&last, &mut layout.splitter()) {
            Ok(sample) => last_run = Some(sample.run),
            Err(reason) => {
                let line = count_lines(file, end).map_err(unreadable)?;
                layout.differences.push(format!("line {line}, the last: {reason}"));
            }
        }
    }
    if layout.differences.is_empty() {
        return Ok(last_run);
    }
    Err(HistoryError::Rewritten { path: path.to_owned(), differences: layout.differences })
}

/// Tells whether a file begins as a history does, also one that another program wrote anew.
///
/// A file that is not there, or cannot be read, is none; nor is a tidy table, which an export made
/// and can make again.
#[must_use]
pub fn is_history(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let first = read_first_lines(&mut file, 2 * LONGEST_LINE_BYTES);
    let layout = first.ok().and_then(|(header, _)| Layout::of_history(&header).ok());
    layout.is_some_and(|layout| !layout.is_export())
}

fn write_aside(
    folder: &Path,
    history: &Path,
    line: u64,
    now: DateTime<Utc>,
    tail: &[u8],
) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let stem = history.file_stem().unwrap_or_default().to_string_lossy();
    let mut file = begin_file(folder, history)?;
    file.write_all(tail)?;
    give_name(file, folder, &format!("{stem}-line-{line}-{}", now.format("%Y%m%dT%H%M%SZ")))
}

fn read_first_lines(file: &mut File, end: u64) -> io::Result<(Vec<u8>, Vec<u8>)> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(Read::take(file, end.min(2 * LONGEST_LINE_BYTES)));
    let (mut header, mut first) = (Vec::new(), Vec::new());
    reader.read_until(b'\n', &mut header)?;
    reader.read_until(b'\n', &mut first)?;
    Ok((header, first))
}

fn read_last_line(file: &mut File, end: u64) -> io::Result<Vec<u8>> {
    let start = end.saturating_sub(LONGEST_LINE_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    Read::take(file, end - start).read_to_end(&mut tail)?;
    let body = tail.len().saturating_sub(1);
    let line_start = tail[..body].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    Ok(tail.split_off(line_start))
}

fn count_lines(file: &mut File, end: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(Read::take(file, end));
    let mut lines = 0;
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            return Ok(lines);
        }
        lines += block.iter().filter(|b| **b == b'\n').count() as u64;
        let length = block.len();
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::Outcome;
    use crate::domain::sample::tests::sample;

    #[test]
    fn a_history_that_was_replaced_gets_no_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        let row = sample("Spring", 1, Outcome::Complete(5));
        let mut appender = Appender::open(&path, row.observed_at).expect("an appender");
        appender.append(std::slice::from_ref(&row)).expect("kept");
        let copy = folder.path().join("copy.csv");
        fs::copy(&path, &copy).expect("a copy");
        fs::rename(&copy, &path).expect("a rename");
        let refused = appender.append(std::slice::from_ref(&row));
        assert!(matches!(refused, Err(HistoryError::Changed { .. })), "{refused:?}");
        fs::remove_file(&path).expect("a removal");
        assert!(matches!(appender.append(&[row]), Err(HistoryError::Changed { .. })));
    }
}

//! Mending a damaged history: what can be kept is written anew, what cannot is set aside.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::HistoryError;
use super::faults::{Faults, Reread};
use super::folders::{folder_of, io_error};
use super::lines::{Lines, Place};
use super::lock::Lock;
use super::merge::{self, part_doubles};
use super::opened::{of_history, read_start, why_no_line};
use super::rewrite::{Rewriting, begin_file, settle};
use super::row;
use super::scan::{Odd, OrderedRuns, Scan};
use crate::platform::sync_folder;

/// What a repair did to a history, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// How many rows are kept.
    pub rows: u64,
    /// How many runs they belong to.
    pub runs: u64,
    /// The lines that are set aside, with what is wrong with each.
    pub set_aside: Faults,
    /// Blank lines and repeated headers, which are left out.
    pub empty: Faults,
    /// The first line whose run stands behind a later one, and how often the order breaks.
    pub disorder: Option<(u64, u64)>,
    /// What another program changed in the first line.
    pub differences: Vec<String>,
    /// Rows that are brought back to our form.
    pub rewritten: Faults,
    /// Values of those rows that stand in another form, by column.
    pub reread: Vec<Reread>,
    /// Where the lines lie that were set aside; `None` if there are none, or nothing was written.
    pub moved_to: Option<PathBuf>,
    /// Where the old file lies; `None` if nothing was written.
    pub backup: Option<PathBuf>,
}

impl Repair {
    /// Tells whether there is nothing to mend.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.set_aside.is_empty()
            && self.empty.is_empty()
            && self.disorder.is_none()
            && self.differences.is_empty()
            && self.rewritten.is_empty()
    }
}

/// Works out what a repair would do. Writes nothing and takes no lock.
///
/// # Errors
///
/// As [`repair`], but never [`HistoryError::Busy`].
pub fn plan_repair(path: &Path) -> Result<Repair, HistoryError> {
    mend(path, None)
}

/// Mends a history: every row that can be read is kept, once, in the order of the runs and in our
/// form. All other lines go to a file in `set-aside/`, and the old history stays as `.bak`.
///
/// A history that is whole is not touched. Of rows with the same key the first is kept.
///
/// # Errors
///
/// [`HistoryError::Busy`] if somebody else writes; [`HistoryError::Inexact`] if another program
/// lost parts of values, [`HistoryError::NoLastLineEnd`] if it may have lost a part of the last,
/// [`HistoryError::Unreadable`] if no row can be read, and [`HistoryError::NotAHistory`]. The history is not changed then, nor if writing fails.
pub fn repair(path: &Path, now: DateTime<Utc>) -> Result<Repair, HistoryError> {
    if !path.exists() {
        return Err(HistoryError::Missing { path: path.to_owned() });
    }
    let _lock = Lock::take(path, now)?;
    let plan = mend(path, None)?;
    if plan.is_whole() {
        settle(path)?;
        return Ok(plan);
    }
    let outlet = Outlet { rewriting: Rewriting::begin(path)?, aside: Aside::new(path, now) };
    mend(path, Some(outlet))
}

/// Where a repair writes.
struct Outlet {
    rewriting: Rewriting,
    aside: Aside,
}

fn mend(path: &Path, mut outlet: Option<Outlet>) -> Result<Repair, HistoryError> {
    let unreadable = |source| io_error(path, "read", source);
    let Some(scan) = Scan::of(path, |line| of_history(path, line), |_, _| {})? else {
        return mend_beginning(path, outlet);
    };
    refuse_doubtful(path, &scan)?;
    let mut repair = Repair {
        disorder: scan.disorder,
        differences: scan.layout.differences.clone(),
        rewritten: scan.rewritten.clone(),
        reread: scan.reread.clone(),
        empty: scan.empty.clone(),
        ..Repair::default()
    };
    if let Some(outlet) = &mut outlet {
        outlet.rewriting.write(&row::header())?;
    }
    let (tail, mut odd, mut doubts) = (scan.tail, Vec::new(), Faults::default());
    let mut runs = scan.into_runs();
    loop {
        let rows = runs.next_run(&mut odd).map_err(unreadable)?;
        for line in odd.drain(..) {
            repair.put_aside(&runs, &line, &mut outlet)?;
        }
        let Some(rows) = rows else { break };
        if let Some(fault) = runs.doubt_zone(&rows) {
            doubts.add(fault.line, fault.reason);
        }
        let (kept, doubles) = part_doubles(rows);
        for double in doubles {
            let line = Odd { place: double.row.place, reason: double.reason() };
            repair.put_aside(&runs, &line, &mut outlet)?;
        }
        repair.runs += 1;
        repair.rows += kept.len() as u64;
        if let Some(outlet) = &mut outlet {
            outlet.rewriting.write(&merge::encode(&kept))?;
        }
    }
    if !doubts.is_empty() {
        return Err(HistoryError::Inexact { path: path.to_owned(), faults: doubts });
    }
    if let Some(place) = tail {
        let line = Odd { place, reason: "is cut off".to_owned() };
        repair.put_aside(&runs, &line, &mut outlet)?;
    }
    finish(repair, outlet)
}

impl Repair {
    fn put_aside(
        &mut self,
        runs: &OrderedRuns,
        line: &Odd,
        outlet: &mut Option<Outlet>,
    ) -> Result<(), HistoryError> {
        self.set_aside.add(line.place.line, line.reason.clone());
        match outlet {
            Some(outlet) => outlet.aside.add(runs.lines(), line),
            None => Ok(()),
        }
    }
}

fn finish(mut repair: Repair, outlet: Option<Outlet>) -> Result<Repair, HistoryError> {
    repair.set_aside.first.sort_by_key(|fault| fault.line);
    if let Some(Outlet { rewriting, aside }) = outlet {
        // What is taken out of the history lies on disk before the history lacks it.
        repair.moved_to = aside.finish()?;
        repair.backup = rewriting.finish()?;
    }
    Ok(repair)
}

/// Refuses to go on where setting rows aside would hide that the whole file is in doubt.
fn refuse_doubtful(path: &Path, scan: &Scan) -> Result<(), HistoryError> {
    if !scan.inexact.is_empty() {
        return Err(HistoryError::Inexact { path: path.to_owned(), faults: scan.inexact.clone() });
    }
    if scan.rows == 0 && !scan.bad.is_empty() {
        let faults = scan.bad.first.clone();
        return Err(HistoryError::Unreadable { path: path.to_owned(), faults });
    }
    match scan.tail {
        // Some programs write no last line end. A number that is cut off looks like any other.
        Some(tail) if !scan.layout.differences.is_empty() => {
            Err(HistoryError::NoLastLineEnd { path: path.to_owned(), line: tail.line })
        }
        _ => Ok(()),
    }
}

/// Mends a file without a whole line: a header that was cut off is begun again.
fn mend_beginning(path: &Path, outlet: Option<Outlet>) -> Result<Repair, HistoryError> {
    let lines = Lines::open(path).map_err(|source| io_error(path, "read", source))?;
    let start = read_start(path).map_err(|source| io_error(path, "read", source))?;
    if start.is_empty() {
        return Err(HistoryError::Empty { path: path.to_owned() });
    }
    if !row::header().starts_with(&start) {
        let reason = why_no_line(&start).to_owned();
        return Err(HistoryError::NotAHistory { path: path.to_owned(), reason });
    }
    let mut repair = Repair::default();
    let place = Place { line: 1, start: 0, end: start.len() as u64 };
    let line = Odd { place, reason: "is cut off".to_owned() };
    repair.set_aside.add(1, line.reason.clone());
    let Some(mut outlet) = outlet else { return Ok(repair) };
    outlet.rewriting.write(&row::header())?;
    outlet.aside.add(&lines, &line)?;
    finish(repair, Some(outlet))
}

/// The file for lines that are set aside; it is made with the first of them, and gets its name when
/// all of them are in it.
struct Aside {
    history: PathBuf,
    folder: PathBuf,
    name: String,
    open: Option<BufWriter<tempfile::NamedTempFile>>,
}

impl Aside {
    fn new(history: &Path, now: DateTime<Utc>) -> Self {
        let stem = history.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-lines-{}", now.format("%Y%m%dT%H%M%SZ"));
        let folder = folder_of(history).join("set-aside");
        Self { history: history.to_owned(), folder, name, open: None }
    }

    /// Adds a line as it stands, below one that says where it stood and why it could not stay.
    fn add(&mut self, lines: &Lines, line: &Odd) -> Result<(), HistoryError> {
        let written = self.write(lines, line);
        written.map_err(|source| io_error(&self.folder, "written", source))
    }

    fn write(&mut self, lines: &Lines, line: &Odd) -> io::Result<()> {
        let file = match &mut self.open {
            Some(file) => file,
            none => {
                fs::create_dir_all(&self.folder)?;
                none.insert(BufWriter::new(begin_file(&self.folder, &self.history)?))
            }
        };
        writeln!(file, "# line {} {}", line.place.line, line.reason)?;
        lines.copy(line.place, file)
    }

    fn finish(self) -> Result<Option<PathBuf>, HistoryError> {
        let Some(file) = self.open else { return Ok(None) };
        let failed = |source| io_error(&self.folder, "written", source);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        give_name(file, &self.folder, &self.name).map(Some).map_err(failed)
    }
}

/// Gives a file of lines that are set aside its name, or that with a number behind it if there is
/// such a file; returns its path. When this returns it is there for good.
pub(super) fn give_name(
    mut file: tempfile::NamedTempFile,
    folder: &Path,
    name: &str,
) -> io::Result<PathBuf> {
    file.as_file().sync_all()?;
    for copy in 1..1000 {
        let copy = if copy == 1 { String::new() } else { format!("-{copy}") };
        let path = folder.join(format!("{name}{copy}.txt"));
        match file.persist_noclobber(&path) {
            Ok(_) => {
                sync_folder(folder)?;
                // The folder itself may be new.
                sync_folder(folder_of(folder))?;
                return Ok(path);
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(io::Error::other("a thousand files were set aside in this second"))
}

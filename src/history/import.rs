//! Taking the rows of another file into a history: without doubles, in the order of the runs, all of
//! them or none.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::HistoryError;
use super::examine::FAR_FUTURE;
use super::faults::{Faults, Reread};
use super::folders::{folder_of, io_error, make_folder};
use super::layout::{Layout, Mapping};
use super::lock::Lock;
use super::merge::{self, Double, Placed, merge_run, part_doubles};
use super::opened::{of_history, read_start, refuse_utf_16, why_no_line};
use super::rewrite::{Rewriting, settle};
use super::row;
use super::scan::{OrderedRuns, Scan};

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Whether the file is a foreign one, and not a history.
    pub is_foreign: bool,
    /// How many rows the file has.
    pub rows: u64,
    /// How many of them the history lacked.
    pub added: u64,
    /// How many runs the history lacked.
    pub new_runs: u64,
    /// How many rows of the file repeat another of its rows.
    pub repeated: u64,
    /// How many rows the history has with them.
    pub total_rows: u64,
    /// How many runs the history has with them.
    pub total_runs: u64,
    /// What another program changed in the file's first line.
    pub differences: Vec<String>,
    /// Rows of the file that are brought to our form.
    pub rewritten: u64,
    /// Values of those rows that stand in another form, by column.
    pub reread: Vec<Reread>,
    /// Blank lines and repeated headers in the file.
    pub empty: Faults,
    /// The line of the file that is cut off at its end; it was passed over.
    pub cut_line: Option<u64>,
    /// The frameworks that the file names.
    pub frameworks: BTreeSet<String>,
    /// The metrics that the file names.
    pub metrics: BTreeSet<String>,
    /// Where the old history lies; `None` if there was none, or nothing was written.
    pub backup: Option<PathBuf>,
}

/// What is imported into which history.
#[derive(Clone, Copy, Debug)]
pub struct Importing<'a> {
    /// The file.
    pub file: &'a Path,
    /// The history; there need not be one yet.
    pub history: &'a Path,
    /// The id of the history's survey.
    pub survey: &'a str,
    /// What the columns of a foreign file are.
    pub mapping: &'a Mapping,
    /// The time; a row that is more than a day later is refused.
    pub now: DateTime<Utc>,
}

/// Works out what an import would do. Writes nothing and takes no lock.
///
/// # Errors
///
/// As [`import`], but never [`HistoryError::Busy`].
pub fn plan_import(importing: &Importing<'_>) -> Result<Import, HistoryError> {
    merge(importing, None)
}

/// Takes the rows of a file into a history. Rows that are there already are not added again; a file
/// of which all rows are there changes nothing. Runs come into order; in a run that both have, the
/// rows stand by their moments, ours first. The old history stays as `.bak`.
///
/// # Errors
///
/// [`HistoryError::Unimportable`] if any row cannot be read exactly, is of another survey or yet to
/// come, [`HistoryError::Conflict`] if
/// rows of the same key say different things, [`HistoryError::Damaged`] if the history needs a
/// repair first, [`HistoryError::Busy`] if somebody else writes. Nothing is changed then, nor if
/// writing fails.
pub fn import(importing: &Importing<'_>) -> Result<Import, HistoryError> {
    // What cannot be imported leaves no folder behind.
    if !importing.history.exists() {
        merge(importing, None)?;
    }
    make_folder(folder_of(importing.history))?;
    let _lock = Lock::take(importing.history, importing.now)?;
    let plan = merge(importing, None)?;
    if plan.added == 0 {
        if importing.history.exists() {
            settle(importing.history)?;
        }
        return Ok(plan);
    }
    let mut rewriting = Rewriting::begin(importing.history)?;
    let mut done = merge(importing, Some(&mut rewriting))?;
    done.backup = rewriting.finish()?;
    Ok(done)
}

fn merge(
    importing: &Importing<'_>,
    mut out: Option<&mut Rewriting>,
) -> Result<Import, HistoryError> {
    let theirs = scan_theirs(importing)?;
    let ours = scan_ours(importing.history)?;
    let mut import = theirs.import;
    if let Some(out) = &mut out {
        out.write(&row::header())?;
    }
    let mut merging = Merging {
        importing,
        ours: ours.map(Scan::into_runs),
        theirs: theirs.runs,
        doubts: Faults::default(),
        conflicts: Faults::default(),
        damage: Faults::default(),
    };
    let (mut our_run, mut their_run) =
        (merging.next_of_ours()?, merging.next_of_theirs(&mut import)?);
    loop {
        let order = match (our_run.first(), their_run.first()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(ours), Some(theirs)) => ours.sample.run.cmp(&theirs.sample.run),
        };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        if order.is_le() {
            ours = std::mem::replace(&mut our_run, merging.next_of_ours()?);
        }
        if order.is_ge() {
            theirs = std::mem::replace(&mut their_run, merging.next_of_theirs(&mut import)?);
        }
        import.new_runs += u64::from(order == Ordering::Greater);
        let (rows, added, conflicts) = merge_run(ours, theirs);
        merging.add_conflicts(&conflicts);
        import.added += added;
        import.total_rows += rows.len() as u64;
        import.total_runs += 1;
        if let Some(out) = &mut out {
            out.write(&merge::encode(&rows))?;
        }
    }
    merging.result(import)
}

/// Two files on the way to one.
struct Merging<'a> {
    importing: &'a Importing<'a>,
    ours: Option<OrderedRuns>,
    theirs: OrderedRuns,
    doubts: Faults,
    conflicts: Faults,
    damage: Faults,
}

impl Merging<'_> {
    /// Returns the rows of our next run; none at the end.
    fn next_of_ours(&mut self) -> Result<Vec<Placed>, HistoryError> {
        let Some(runs) = &mut self.ours else { return Ok(Vec::new()) };
        let rows = next_run(runs, self.importing.history)?;
        let (kept, doubles) = part_doubles(rows);
        for double in doubles {
            self.damage.add(double.row.place.line, double.reason());
        }
        Ok(kept)
    }

    /// Returns the rows of their next run; none at the end.
    fn next_of_theirs(&mut self, import: &mut Import) -> Result<Vec<Placed>, HistoryError> {
        let rows = next_run(&mut self.theirs, self.importing.file)?;
        if let Some(fault) = self.theirs.doubt_zone(&rows) {
            self.doubts.add(fault.line, fault.reason);
        }
        for row in &rows {
            self.look_at_moment(row);
            self.look_at_names(row, import);
        }
        let (kept, doubles) = part_doubles(rows);
        for double in doubles {
            if double.is_same() {
                import.repeated += 1;
            } else {
                let Double { row, first } = &double;
                let said = merge::difference(&row.sample, &first.sample);
                let reason = format!("has the key of line {}, but {said}", first.place.line);
                self.conflicts.add(row.place.line, reason);
            }
        }
        Ok(kept)
    }

    /// A run that is yet to come would stand behind every run to come until then.
    fn look_at_moment(&mut self, Placed { place, sample }: &Placed) {
        let latest = self.importing.now + FAR_FUTURE;
        let (column, shown) = if sample.observed_at > latest {
            ("observed_at", row::moment(sample.observed_at))
        } else if sample.run.started_at() > latest {
            ("run", sample.run.to_string())
        } else {
            return;
        };
        self.doubts.add(place.line, format!("`{column}` is `{shown}`, which is yet to come"));
    }

    fn look_at_names(&mut self, Placed { place, sample }: &Placed, import: &mut Import) {
        let wanted = self.importing.survey;
        if sample.survey != wanted {
            let reason = format!("`survey` is `{}`, not `{wanted}`", sample.survey);
            self.doubts.add(place.line, reason);
        }
        if !import.frameworks.contains(&sample.framework) {
            import.frameworks.insert(sample.framework.clone());
        }
        if !import.metrics.contains(&sample.metric) {
            import.metrics.insert(sample.metric.clone());
        }
    }

    fn add_conflicts(&mut self, conflicts: &[Double]) {
        for Double { row, first } in conflicts {
            let said = merge::difference(&row.sample, &first.sample);
            let (line, history) = (first.place.line, self.importing.history.display());
            let reason = format!("has the key of line {line} of `{history}`, but {said}");
            self.conflicts.add(row.place.line, reason);
        }
    }

    fn result(self, import: Import) -> Result<Import, HistoryError> {
        let Importing { file, history, .. } = *self.importing;
        if !self.damage.is_empty() {
            return Err(HistoryError::Damaged { path: history.to_owned(), faults: self.damage });
        }
        if !self.doubts.is_empty() {
            let (path, mut faults) = (file.to_owned(), self.doubts);
            faults.first.sort_by_key(|fault| fault.line);
            return Err(HistoryError::Unimportable { path, faults });
        }
        if !self.conflicts.is_empty() {
            return Err(HistoryError::Conflict { path: file.to_owned(), faults: self.conflicts });
        }
        Ok(import)
    }
}

fn next_run(runs: &mut OrderedRuns, path: &Path) -> Result<Vec<Placed>, HistoryError> {
    let (unreadable, mut odd) = (|source| io_error(path, "read", source), Vec::new());
    let rows = runs.next_run(&mut odd).map_err(unreadable)?;
    // Neither file had any when it was looked at.
    if odd.is_empty() {
        Ok(rows.unwrap_or_default())
    } else {
        Err(unreadable(io::Error::other("another program changed it meanwhile")))
    }
}

/// Looks at every line of the history; `None` if there is none, or nothing in it.
fn scan_ours(path: &Path) -> Result<Option<Scan>, HistoryError> {
    if path.metadata().map_or(0, |found| found.len()) == 0 {
        return Ok(None);
    }
    let scan = Scan::of(path, |line| of_history(path, line), |_, _| {})?;
    let mut faults = Faults::default();
    let Some(scan) = scan else {
        faults.add(1, "is cut off");
        return Err(HistoryError::Damaged { path: path.to_owned(), faults });
    };
    for difference in &scan.layout.differences {
        faults.add(1, format!("is not ours: {difference}"));
    }
    // What happened to the first line happened to the others too.
    let rewritten = Some(&scan.rewritten).filter(|_| scan.layout.differences.is_empty());
    for found in [&scan.bad, &scan.empty].into_iter().chain(rewritten) {
        faults.extend(found);
    }
    if let Some((line, _)) = scan.disorder {
        faults.add(line, "stands behind a later run");
    }
    if let Some(place) = scan.tail {
        faults.add(place.line, "is cut off, or being written");
    }
    if faults.is_empty() {
        Ok(Some(scan))
    } else {
        Err(HistoryError::Damaged { path: path.to_owned(), faults })
    }
}

struct Theirs {
    runs: OrderedRuns,
    import: Import,
}

/// Looks at every line of the file; every row must be one that can be read exactly.
fn scan_theirs(importing: &Importing<'_>) -> Result<Theirs, HistoryError> {
    let file = importing.file;
    // A file that is not there is no history that one could collect.
    std::fs::File::open(file).map_err(|source| io_error(file, "read", source))?;
    let mut import = Import::default();
    let scan = Scan::of(file, |line| recognise(line, importing), |_, _| {})?;
    let path = file.to_owned();
    let Some(scan) = scan else {
        let start = read_start(file).map_err(|source| io_error(file, "read", source))?;
        return Err(HistoryError::NotAHistory { path, reason: why_no_line(&start).to_owned() });
    };
    if !scan.bad.is_empty() {
        return Err(HistoryError::Unimportable { path, faults: scan.bad });
    }
    let is_ours = scan.layout.is_ours();
    import.cut_line = scan.tail.map(|place| place.line);
    if let Some(line) = import.cut_line.filter(|_| !is_ours) {
        // A number that is cut off looks like any other.
        return Err(HistoryError::NoLastLineEnd { path, line });
    }
    import.is_foreign = !scan.layout.is_history();
    import.rows = scan.rows;
    import.differences.clone_from(&scan.layout.differences);
    import.rewritten = scan.rewritten.count;
    import.reread.clone_from(&scan.reread);
    import.empty = scan.empty.clone();
    Ok(Theirs { runs: scan.into_runs(), import })
}

/// Recognises a file by its first line: a history unless columns were named, else a foreign file.
fn recognise(line: &[u8], importing: &Importing<'_>) -> Result<Layout, HistoryError> {
    let Importing { file, survey, mapping, .. } = *importing;
    let path = || file.to_owned();
    refuse_utf_16(file, line)?;
    if mapping.columns.is_empty() {
        let reason = match Layout::of_history(line) {
            Ok(layout) => return Ok(layout),
            Err(reason) => reason,
        };
        return Layout::of_foreign(line, survey, mapping).map_err(|problems| {
            HistoryError::Unmapped {
                path: path(),
                problems: vec![reason].into_iter().chain(problems).collect(),
            }
        });
    }
    Layout::of_foreign(line, survey, mapping)
        .map_err(|problems| HistoryError::Unmapped { path: path(), problems })
}

//! The file of reconstructed series: the columns of a history, and the day that a count is for.
//!
//! It is worked out anew from what was answered, so it is replaced as a whole and never mended. Its
//! rows are no samples: their counts are sums, and `source` says so, which no history may.

use std::io::Write as _;
use std::path::Path;

use chrono::NaiveDate;

use super::HistoryError;
use super::folders::{folder_of, io_error, sync_place};
use super::opened::unreadable;
use super::rewrite::begin_file;
use super::row::{self, COLUMNS, LineSplitter, RowFault};
use crate::domain::sample::{Sample, Source, SourceKind};

/// The column behind those of a history.
const AS_OF: &str = "as_of";

/// How many repositories that match today were created by a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconstructed {
    /// The count and where it comes from. Run and moment are those of the last answer that entered it,
    /// the query is the one whose count it is, and the source is always reconstructed.
    pub sample: Sample,
    /// The day, in UTC; all of it is included.
    pub as_of: NaiveDate,
}

/// Replaces the file. Who does so must hold the lock of what the rows were worked out from.
///
/// # Errors
///
/// Fails if it cannot be written; the old file is then still there.
pub fn replace_backfill(path: &Path, rows: &[Reconstructed]) -> Result<(), HistoryError> {
    let written = |source| io_error(path, "written", source);
    let mut text = header().into_bytes();
    for Reconstructed { sample, as_of } in rows {
        let mut line = row::encode([sample]);
        line.pop();
        text.extend(line);
        text.extend(format!(",{as_of}\n").into_bytes());
    }
    let mut file = begin_file(folder_of(path), path).map_err(written)?;
    file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(written)?;
    file.persist(path).map_err(|error| written(error.error))?;
    sync_place(path)
}

/// Reads the file, in its order.
///
/// # Errors
///
/// Fails if there is none, or if it is not exactly as it is written.
pub fn read_backfill(path: &Path) -> Result<Vec<Reconstructed>, HistoryError> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    if lines.next() != Some(header().as_bytes()) {
        let reason = "line 1 has not the columns of a reconstructed series".to_owned();
        return Err(HistoryError::NotAHistory { path: path.to_owned(), reason });
    }
    let mut splitter = LineSplitter::new(b',');
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (line, bytes) in (2..).zip(lines) {
        match decode(bytes, &mut splitter) {
            Ok(row) => rows.push(row),
            Err(reason) => faults.push(RowFault { line, reason }),
        }
    }
    if faults.is_empty() {
        return Ok(rows);
    }
    Err(HistoryError::Unreadable { path: path.to_owned(), faults })
}

fn header() -> String {
    format!("{},{AS_OF}\n", COLUMNS.join(","))
}

fn decode(line: &[u8], splitter: &mut LineSplitter) -> Result<Reconstructed, String> {
    splitter.split(line);
    if !line.ends_with(b"\n") {
        return Err("the line is cut off".to_owned());
    }
    if splitter.len() != COLUMNS.len() + 1 {
        return Err(format!("{} columns, not {}", splitter.len(), COLUMNS.len() + 1));
    }
    let mut fields: [&[u8]; COLUMNS.len()] =
        std::array::from_fn(|column| splitter.field(column).unwrap_or_default());
    let place = COLUMNS.iter().position(|name| *name == "source").unwrap_or_default();
    let kind = SourceKind::Reconstructed;
    let source = std::str::from_utf8(fields[place]).unwrap_or_default();
    let host = match source.strip_prefix(kind.as_str()) {
        Some("") => None,
        Some(host) if host.len() > 1 && host.starts_with('@') => Some(host[1..].to_owned()),
        _ => return Err(format!("`source` is not `{}`", kind.as_str())),
    };
    // The rules for all other columns are those of a history.
    fields[place] = SourceKind::Import.as_str().as_bytes();
    let sample = Sample { source: Source { kind, host }, ..row::decode(&fields)? };
    let as_of = splitter.field(COLUMNS.len()).and_then(|text| std::str::from_utf8(text).ok());
    let as_of = as_of.and_then(|text| text.parse().ok());
    let as_of = as_of.ok_or_else(|| format!("`{AS_OF}` is no day"))?;
    Ok(Reconstructed { sample, as_of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::Outcome;
    use crate::domain::sample::tests::sample;

    fn row(host: Option<&str>, outcome: Outcome) -> Reconstructed {
        let kind = SourceKind::Reconstructed;
        let source = Source { kind, host: host.map(str::to_owned) };
        let sample = Sample { source, ..sample("Ruby, \"on\" Rails", 1, outcome) };
        Reconstructed { sample, as_of: "2024-02-29".parse().expect("a day") }
    }

    #[test]
    fn what_is_written_is_read_and_is_no_history() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("backfill.csv");
        let rows = [
            row(None, Outcome::Complete(5)),
            row(Some("ghes.example:8443"), Outcome::Unchecked(0)),
            row(None, Outcome::Failed),
        ];
        replace_backfill(&path, &rows[..1]).expect("a file");
        replace_backfill(&path, &rows).expect("a file");
        assert_eq!(read_backfill(&path).expect("rows"), rows);
        let keep = |(): &mut (), _: crate::domain::run::Run| panic!("a row of a history");
        let ((), reading) = crate::history::fold_runs(&path, || (), keep).expect("a reading");
        assert_eq!((reading.rows, reading.faulty), (0, 3), "sums are no samples");
    }

    #[test]
    fn other_files_are_refused_with_the_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("backfill.csv");
        replace_backfill(&path, &[row(None, Outcome::Complete(5))]).expect("a file");
        let good = std::fs::read_to_string(&path).expect("text");
        for (from, to, expected) in [
            (",reconstructed,", ",rest,", "`source` is not `reconstructed`"),
            (",reconstructed,", ",reconstructed@,", "`source` is not `reconstructed`"),
            (",reconstructed,", ",reconstructed:host,", "`source` is not `reconstructed`"),
            (",2024-02-29\n", ",2024-02-30\n", "`as_of` is no day"),
            (",2024-02-29\n", "\n", "14 columns, not 15"),
            (",2024-02-29\n", ",2024-02-29", "cut off"),
            (",5,complete", ",x,complete", "`repo_count` is `x`"),
        ] {
            std::fs::write(&path, good.replacen(from, to, 1)).expect("a file");
            match read_backfill(&path) {
                Err(HistoryError::Unreadable { faults, .. }) => {
                    assert_eq!(faults[0].line, 2);
                    assert!(faults[0].reason.contains(expected), "{}", faults[0].reason);
                }
                other => panic!("{expected}: {other:?}"),
            }
        }
        std::fs::write(&path, good.replacen("as_of", "asof", 1)).expect("a file");
        assert!(matches!(read_backfill(&path), Err(HistoryError::NotAHistory { .. })));
    }
}

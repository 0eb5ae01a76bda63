//! A tidy table as a folder of Parquet files: one for each survey and month, named as Hive does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use super::columns::ColumnRows;
use super::new_file::{NewFile, WholeFile, remove_with_folder};
use super::rows::{RowSink, TidyRow};
use super::{ExportError, io_error};

/// The file of a partition.
const FILE: &str = "data.parquet";
/// What the name of a survey's folder begins with.
const SURVEY: &str = "survey=";

/// The whole months that an export tells all of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Months {
    /// The first day of the first; `None` for no bound.
    pub first: Option<NaiveDate>,
    /// The day after the last; `None` for no bound.
    pub end: Option<NaiveDate>,
}

impl Months {
    fn have(self, month: Month) -> bool {
        self.first.is_none_or(|first| month.0 >= first) && self.end.is_none_or(|end| month.0 < end)
    }
}

/// A month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Month(NaiveDate);

impl Month {
    const KEY: &str = "month=";

    fn of(at: DateTime<Utc>) -> Self {
        Self(at.date_naive().with_day0(0).unwrap_or_default())
    }

    fn folder(self) -> String {
        self.0.format("month=%Y-%m").to_string()
    }

    /// Reads the name of a folder; `None` if it is none that [`Month::folder`] makes.
    fn parse(folder: &str) -> Option<Self> {
        let day = format!("{}-01", folder.strip_prefix(Self::KEY)?);
        let month = Self(NaiveDate::parse_from_str(&day, "%Y-%m-%d").ok()?);
        (month.folder() == folder).then_some(month)
    }
}

/// A folder of partitions being written; none of them is replaced before all are whole.
pub struct DatasetRows {
    folder: PathBuf,
    /// The months that each survey's folder had before a row was read: one that comes meanwhile is of
    /// another program, which has seen more of the history.
    there: BTreeMap<String, BTreeSet<Month>>,
    /// The month of the current run, and its files by survey.
    month: Option<Month>,
    open: BTreeMap<String, ColumnRows<NewFile>>,
    whole: Vec<(PathBuf, WholeFile)>,
    /// The surveys and months that have rows.
    partitions: BTreeSet<(String, Month)>,
}

/// What became of a folder of partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The files that were written, in order.
    pub written: Vec<PathBuf>,
    /// The files that were removed because their months have no rows any more, in order.
    pub removed: Vec<PathBuf>,
}

impl DatasetRows {
    /// Begins a folder; nothing is made in it yet.
    ///
    /// # Errors
    ///
    /// Fails if it is there and cannot be read.
    pub fn begin(folder: &Path) -> Result<Self, ExportError> {
        let there = partitions(folder).map_err(|source| io_error(folder, source))?;
        Ok(Self {
            folder: folder.to_owned(),
            there,
            month: None,
            open: BTreeMap::new(),
            whole: Vec::new(),
            partitions: BTreeSet::new(),
        })
    }

    /// Replaces every partition that has rows, each in one step. Then the partitions of other months
    /// of the same surveys go, if they are among those that the rows are `all_of`; `None` if rows may
    /// lack. What else lies in the folder stays as it is.
    ///
    /// So at no moment a partition is there twice, and who is killed leaves some as they were, which
    /// the next export ends.
    ///
    /// # Errors
    ///
    /// Fails if one cannot be written out, put there or removed; those before it are done by then.
    pub fn finish(mut self, all_of: Option<Months>) -> Result<Replaced, ExportError> {
        self.end_month()?;
        let mut replaced = Replaced::default();
        for (path, file) in std::mem::take(&mut self.whole) {
            file.keep().map_err(|source| io_error(&path, source))?;
            replaced.written.push(path);
        }
        let Some(all_of) = all_of else { return Ok(replaced) };
        let surveys: BTreeSet<&String> = self.partitions.iter().map(|(survey, _)| survey).collect();
        for survey in surveys {
            let has_rows = |month: &Month| self.partitions.contains(&(survey.clone(), *month));
            let there = self.there.get(&folder_of(survey)).into_iter().flatten();
            for month in there.filter(|month| all_of.have(**month) && !has_rows(month)) {
                let path = self.path(survey, *month);
                remove_with_folder(&path).map_err(|source| io_error(&path, source))?;
                replaced.removed.push(path);
            }
        }
        Ok(replaced)
    }

    fn end_month(&mut self) -> Result<(), ExportError> {
        let Some(month) = self.month.take() else { return Ok(()) };
        for (survey, rows) in std::mem::take(&mut self.open) {
            let path = self.path(&survey, month);
            let file = rows.finish()?.end().map_err(|source| io_error(&path, source))?;
            self.whole.push((path, file));
            self.partitions.insert((survey, month));
        }
        Ok(())
    }

    fn path(&self, survey: &str, month: Month) -> PathBuf {
        self.folder.join(folder_of(survey)).join(month.folder()).join(FILE)
    }
}

impl RowSink for DatasetRows {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        let month = Month::of(row.sample.run.started_at());
        if self.month != Some(month) {
            self.end_month()?;
            self.month = Some(month);
        }
        let survey = &row.sample.survey;
        if let Some(rows) = self.open.get_mut(survey) {
            return rows.take(row);
        }
        let path = self.path(survey, month);
        let file = NewFile::begin_hidden(&path).map_err(|source| io_error(&path, source))?;
        let mut rows = ColumnRows::begin(file, &path, true)?;
        rows.take(row)?;
        self.open.insert(survey.clone(), rows);
        Ok(())
    }
}

/// Returns the months that are there, by the names of the surveys' folders.
fn partitions(folder: &Path) -> io::Result<BTreeMap<String, BTreeSet<Month>>> {
    let mut found: BTreeMap<String, BTreeSet<Month>> = BTreeMap::new();
    for survey in names(folder)? {
        let folder = folder.join(&survey);
        if !survey.starts_with(SURVEY) || !folder.is_dir() {
            continue;
        }
        let months = names(&folder)?.into_iter().filter_map(|name| Month::parse(&name));
        let months = months.filter(|month| folder.join(month.folder()).join(FILE).is_file());
        found.insert(survey, months.collect());
    }
    Ok(found)
}

/// Returns the names of what is in a folder; none if it is not there.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

/// Returns the name of a survey's folder.
fn folder_of(survey: &str) -> String {
    format!("{SURVEY}{}", escaped(survey))
}

/// Returns a value as it stands in the name of a folder: what is not plain as `%` and two hex digits
/// a byte.
fn escaped(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escape = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    value.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::{Month, escaped};

    #[test]
    fn names_of_folders_stay_in_their_folder() {
        let cases = [
            ("backend-frameworks", "backend-frameworks"),
            ("../up", "..%2Fup"),
            ("a=b c", "a%3Db%20c"),
            ("ü", "%C3%BC"),
        ];
        for (value, expected) in cases {
            assert_eq!(escaped(value), expected);
        }
    }

    #[test]
    fn only_names_that_it_makes_are_months() {
        for name in ["month=2026-11", "month=0001-01"] {
            assert_eq!(Month::parse(name).map(Month::folder).as_deref(), Some(name));
        }
        for name in [
            "2026-11",
            "month=2026-1",
            "month=2026-13",
            "month=2026-11-01",
            "month=+2026-11",
            "month=",
            "month= 2026-11",
        ] {
            assert_eq!(Month::parse(name), None, "{name}");
        }
    }
}

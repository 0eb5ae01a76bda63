//! A tidy table as a folder of Parquet files: one for each survey and month, named as Hive does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::columns::ColumnRows;
use super::new_file::NewFile;
use super::rows::{RowSink, TidyRow};
use super::{ExportError, io_error};

/// The file of a partition.
const FILE: &str = "data.parquet";

/// A folder of partitions being written; none of them is replaced before all are whole.
pub struct DatasetRows {
    folder: PathBuf,
    /// The month of the current run, and its files by survey.
    month: Option<String>,
    open: BTreeMap<String, ColumnRows<NewFile>>,
    whole: Vec<(PathBuf, NewFile)>,
}

impl DatasetRows {
    /// Begins a folder; nothing is made in it yet.
    #[must_use]
    pub fn begin(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, month: None, open: BTreeMap::new(), whole: Vec::new() }
    }

    /// Replaces every partition that has rows, each in one step; others stay as they are. Returns
    /// their files, in order.
    ///
    /// # Errors
    ///
    /// Fails if one cannot be written out or put there; those before it are replaced by then.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, ExportError> {
        self.end_month()?;
        let mut files = Vec::new();
        for (path, file) in self.whole {
            file.keep().map_err(|source| io_error(&path, source))?;
            files.push(path);
        }
        Ok(files)
    }

    fn end_month(&mut self) -> Result<(), ExportError> {
        let Some(month) = self.month.take() else { return Ok(()) };
        for (survey, rows) in std::mem::take(&mut self.open) {
            self.whole.push((self.path(&survey, &month), rows.finish()?));
        }
        Ok(())
    }

    fn path(&self, survey: &str, month: &str) -> PathBuf {
        let survey = format!("survey={}", escaped(survey));
        self.folder.join(survey).join(format!("month={month}")).join(FILE)
    }
}

impl RowSink for DatasetRows {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        let started_on: NaiveDate = row.sample.run.started_at().date_naive();
        let month = started_on.format("%Y-%m").to_string();
        if self.month.as_ref() != Some(&month) {
            self.end_month()?;
            self.month = Some(month.clone());
        }
        let survey = &row.sample.survey;
        if let Some(rows) = self.open.get_mut(survey) {
            return rows.take(row);
        }
        let path = self.path(survey, &month);
        let file = NewFile::begin(&path).map_err(|source| io_error(&path, source))?;
        let mut rows = ColumnRows::begin(file, &path, true)?;
        rows.take(row)?;
        self.open.insert(survey.clone(), rows);
        Ok(())
    }
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
    use super::escaped;

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
}

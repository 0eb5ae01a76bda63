//! Tidy tables as CSV and as JSON: a row for each answer, the columns of a history behind a `date`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Serialize;

use super::dialect::Dialect;
use super::rows::{RowSink, TidyRow};
use super::{ExportError, io_error};
use crate::history::{COLUMNS, moment};

/// The columns of a tidy table, in their order.
pub const TIDY_COLUMNS: [&str; COLUMNS.len() + 1] = {
    let mut columns = ["date"; COLUMNS.len() + 1];
    let mut column = 0;
    while column < COLUMNS.len() {
        columns[column + 1] = COLUMNS[column];
        column += 1;
    }
    columns
};

/// A tidy table being written as CSV.
pub struct CsvRows<W: Write> {
    writer: csv::Writer<W>,
    dialect: Dialect,
    path: PathBuf,
    date: DateText,
}

impl<W: Write> CsvRows<W> {
    /// Begins a table with its header; `path` is what errors name.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn begin(out: W, dialect: Dialect, path: &Path) -> Result<Self, ExportError> {
        let begin = |out| {
            let mut writer = dialect.writer(out)?;
            writer.write_record(TIDY_COLUMNS)?;
            Ok(writer)
        };
        let writer = begin(out).map_err(|source| io_error(path, source))?;
        Ok(Self { writer, dialect, path: path.to_owned(), date: DateText::default() })
    }

    /// Ends the table and returns what it was written to.
    ///
    /// # Errors
    ///
    /// Fails if the last rows cannot be written.
    pub fn finish(self) -> Result<W, ExportError> {
        let written = self.writer.into_inner();
        written.map_err(|error| io_error(&self.path, error.into_error()))
    }
}

impl<W: Write> RowSink for CsvRows<W> {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        let (sample, dialect) = (row.sample, self.dialect);
        let method = sample.method.map(|method| method.to_string()).unwrap_or_default();
        let count = sample.outcome.count().map(|count| count.to_string()).unwrap_or_default();
        let texts = [
            dialect.text(&sample.survey),
            dialect.text(&sample.framework),
            dialect.text(&sample.language),
            dialect.text(&sample.metric),
            dialect.text(&method),
            dialect.text(&sample.query_text),
            dialect.text(sample.detail.as_str()),
        ];
        let [survey, framework, language, metric, method, query_text, detail] = &texts;
        let fields: [&str; TIDY_COLUMNS.len()] = [
            self.date.of(row.date),
            row.run,
            &dialect.moment(sample.observed_at),
            survey,
            framework,
            language,
            metric,
            method,
            &sample.sample_no.to_string(),
            &sample.attempt_no.to_string(),
            &count,
            sample.outcome.status().as_str(),
            &sample.source.to_string(),
            query_text,
            detail,
        ];
        let written = self.writer.write_record(fields);
        written.map_err(|error| io_error(&self.path, error.into()))
    }
}

/// How objects stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonLayout {
    /// One array, an object a line.
    Array,
    /// An object a line and nothing else.
    Lines,
}

/// A tidy table being written as JSON.
pub struct JsonRows<W: Write> {
    out: W,
    layout: JsonLayout,
    path: PathBuf,
    is_empty: bool,
    date: DateText,
    /// A row as it is made.
    line: Vec<u8>,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    date: &'a str,
    run: &'a str,
    observed_at: &'a str,
    survey: &'a str,
    framework: &'a str,
    language: Option<&'a str>,
    metric: &'a str,
    method: Option<&'a str>,
    sample_no: u32,
    attempt_no: u32,
    repo_count: Option<u64>,
    status: &'a str,
    source: &'a str,
    query_text: Option<&'a str>,
    detail: Option<&'a str>,
}

impl<W: Write> JsonRows<W> {
    /// Begins a table; `path` is what errors name.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn begin(mut out: W, layout: JsonLayout, path: &Path) -> Result<Self, ExportError> {
        if layout == JsonLayout::Array {
            out.write_all(b"[").map_err(|source| io_error(path, source))?;
        }
        let path = path.to_owned();
        Ok(Self { out, layout, path, is_empty: true, date: DateText::default(), line: Vec::new() })
    }

    /// Ends the table and returns what it was written to.
    ///
    /// # Errors
    ///
    /// Fails if the end cannot be written.
    pub fn finish(mut self) -> Result<W, ExportError> {
        let end: &[u8] = match (self.layout, self.is_empty) {
            (JsonLayout::Array, true) => b"]\n",
            (JsonLayout::Array, false) => b"\n]\n",
            (JsonLayout::Lines, true) => b"",
            (JsonLayout::Lines, false) => b"\n",
        };
        self.out.write_all(end).map_err(|source| io_error(&self.path, source))?;
        Ok(self.out)
    }

    fn write(&mut self, row: TidyRow<'_>) -> io::Result<()> {
        let sample = row.sample;
        let method = sample.method.map(|method| method.to_string());
        let filled = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let json = JsonRow {
            date: self.date.of(row.date),
            run: row.run,
            observed_at: &moment(sample.observed_at),
            survey: &sample.survey,
            framework: &sample.framework,
            language: filled(&sample.language),
            metric: &sample.metric,
            method: method.as_deref(),
            sample_no: sample.sample_no,
            attempt_no: sample.attempt_no,
            repo_count: sample.outcome.count(),
            status: sample.outcome.status().as_str(),
            source: &sample.source.to_string(),
            query_text: filled(&sample.query_text),
            detail: filled(sample.detail.as_str()),
        };
        let before: &[u8] = match (self.layout, self.is_empty) {
            (JsonLayout::Array, false) => b",\n",
            (JsonLayout::Array, true) | (JsonLayout::Lines, false) => b"\n",
            (JsonLayout::Lines, true) => b"",
        };
        self.is_empty = false;
        self.line.clear();
        self.line.extend_from_slice(before);
        serde_json::to_writer(&mut self.line, &json)?;
        self.out.write_all(&self.line)
    }
}

impl<W: Write> RowSink for JsonRows<W> {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        self.write(row).map_err(|source| io_error(&self.path, source))
    }
}

/// A day as text; as a rule it is that of the row before.
#[derive(Default)]
struct DateText(Option<(NaiveDate, String)>);

impl DateText {
    fn of(&mut self, date: NaiveDate) -> &str {
        let known = self.0.take().filter(|(day, _)| *day == date);
        &self.0.insert(known.unwrap_or_else(|| (date, date.to_string()))).1
    }
}

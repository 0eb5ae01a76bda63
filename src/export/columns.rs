//! Tidy tables as Parquet: typed columns, moments in UTC, text by dictionaries.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::NaiveDate;
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::ExportError;
use super::rows::{RowSink, TidyRow};

pub(super) use parquet::errors::ParquetError as ColumnsError;

/// How many rows are held until they are written as columns; readers skip such groups as a whole.
const GROUP_ROWS: usize = 1 << 17;
/// How many texts are handed over at once.
const BATCH_ROWS: usize = 1 << 12;

/// The columns of a file; in a partition the survey stands in the name of its folder.
const SCHEMA: [(&str, &str); 15] = [
    ("date", "required int32 date (DATE)"),
    ("run", "required binary run (STRING)"),
    ("observed_at", "required int64 observed_at (TIMESTAMP(MICROS, true))"),
    ("survey", "required binary survey (STRING)"),
    ("framework", "required binary framework (STRING)"),
    ("language", "optional binary language (STRING)"),
    ("metric", "required binary metric (STRING)"),
    ("method", "optional binary method (STRING)"),
    ("sample_no", "required int32 sample_no"),
    ("attempt_no", "required int32 attempt_no"),
    ("repo_count", "optional int64 repo_count"),
    ("status", "required binary status (STRING)"),
    ("source", "required binary source (STRING)"),
    ("query_text", "optional binary query_text (STRING)"),
    ("detail", "optional binary detail (STRING)"),
];

/// A tidy table being written as Parquet.
pub struct ColumnRows<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    rows: usize,
    path: PathBuf,
}

/// The values of a column since the last group.
enum Column {
    /// Days and small numbers.
    Small(Vec<i32>),
    /// Moments and counts; the levels tell where there is none.
    Large { values: Vec<i64>, levels: Levels },
    /// Texts by their place among those of the group.
    Text { texts: Texts, codes: Vec<u32>, levels: Levels },
}

/// For each row 1 if it has a value; `None` for a column in which every row has one.
type Levels = Option<Vec<i16>>;

impl<W: Write + Send> ColumnRows<W> {
    /// Begins a file; `path` is what errors name. A file of a partition lacks the survey.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn begin(out: W, path: &Path, is_partition: bool) -> Result<Self, ExportError> {
        let is_there = |(name, _): &&(&str, &str)| !(is_partition && *name == "survey");
        let fields: Vec<&str> = SCHEMA.iter().filter(is_there).map(|(_, field)| *field).collect();
        let columns = fields.iter().map(|field| Column::of(field)).collect();
        let begin = || {
            let schema = parse_message_type(&format!("message tidy {{ {}; }}", fields.join("; ")))?;
            let properties = WriterProperties::builder()
                .set_created_by("repo-census".to_owned())
                .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?));
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build()))
        };
        let path = path.to_owned();
        match begin() {
            Ok(writer) => Ok(Self { writer, columns, rows: 0, path }),
            Err(source) => Err(ExportError::Columns { path, source }),
        }
    }

    /// Ends the file and returns what it was written to.
    ///
    /// # Errors
    ///
    /// Fails if the last rows cannot be written.
    pub fn finish(mut self) -> Result<W, ExportError> {
        let written = self.write_group().and_then(|()| self.writer.into_inner());
        written.map_err(|source| ExportError::Columns { path: self.path, source })
    }

    fn write_group(&mut self) -> Result<(), ColumnsError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else { break };
            column.write(writer.untyped())?;
            writer.close()?;
            column.clear();
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> RowSink for ColumnRows<W> {
    fn take(&mut self, row: TidyRow<'_>) -> Result<(), ExportError> {
        let sample = row.sample;
        let has_survey = self.columns.len() == SCHEMA.len();
        let count = match sample.outcome.count() {
            None => None,
            Some(count) => {
                let fits = i64::try_from(count);
                Some(
                    fits.map_err(|_| ExportError::TooLarge { column: "repo_count", value: count })?,
                )
            }
        };
        let small = |column, number: u32| {
            let too_large = |_| ExportError::TooLarge { column, value: number.into() };
            i32::try_from(number).map(Value::Small).map_err(too_large)
        };
        let method = sample.method.map(|method| method.to_string()).unwrap_or_default();
        let values = [
            Some(Value::Small(days_since_1970(row.date))),
            Some(Value::Text(row.run)),
            Some(Value::Large(Some(sample.observed_at.timestamp_micros()))),
            has_survey.then_some(Value::Text(&sample.survey)),
            Some(Value::Text(&sample.framework)),
            Some(Value::Text(&sample.language)),
            Some(Value::Text(&sample.metric)),
            Some(Value::Text(&method)),
            Some(small("sample_no", sample.sample_no)?),
            Some(small("attempt_no", sample.attempt_no)?),
            Some(Value::Large(count)),
            Some(Value::Text(sample.outcome.status().as_str())),
            Some(Value::Text(&sample.source.to_string())),
            Some(Value::Text(&sample.query_text)),
            Some(Value::Text(sample.detail.as_str())),
        ];
        for (column, value) in self.columns.iter_mut().zip(values.into_iter().flatten()) {
            column.push(value);
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS {
            let path = self.path.clone();
            self.write_group().map_err(|source| ExportError::Columns { path, source })?;
        }
        Ok(())
    }
}

fn days_since_1970(date: NaiveDate) -> i32 {
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).unwrap_or_default()
}

/// A value of a row; an empty text is none where a column may lack values.
#[derive(Clone, Copy)]
enum Value<'a> {
    Small(i32),
    Large(Option<i64>),
    Text(&'a str),
}

impl Column {
    fn of(field: &str) -> Self {
        let levels = field.starts_with("optional").then(Vec::new);
        if field.contains("int32") {
            Self::Small(Vec::new())
        } else if field.contains("int64") {
            Self::Large { values: Vec::new(), levels }
        } else {
            Self::Text { texts: Texts::default(), codes: Vec::new(), levels }
        }
    }

    fn push(&mut self, value: Value<'_>) {
        match (self, value) {
            (Self::Small(values), Value::Small(value)) => values.push(value),
            (Self::Large { values, levels }, Value::Large(value)) => {
                if let Some(levels) = levels {
                    levels.push(i16::from(value.is_some()));
                }
                values.extend(value);
            }
            (Self::Text { texts, codes, levels }, Value::Text(text)) => {
                let is_there = levels.is_none() || !text.is_empty();
                if let Some(levels) = levels {
                    levels.push(i16::from(is_there));
                }
                if is_there {
                    codes.push(texts.code(text));
                }
            }
            // A row's values come in the order of its columns.
            _ => debug_assert!(false, "a value of another type"),
        }
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<(), ColumnsError> {
        match (self, writer) {
            (Self::Small(values), ColumnWriter::Int32ColumnWriter(writer)) => {
                writer.write_batch(values, None, None)?;
            }
            (Self::Large { values, levels }, ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, levels.as_deref(), None)?;
            }
            (Self::Text { texts, codes, levels }, ColumnWriter::ByteArrayColumnWriter(writer)) => {
                let mut codes = codes.iter();
                let rows = levels.as_ref().map_or(codes.len(), Vec::len);
                for from in (0..rows).step_by(BATCH_ROWS) {
                    let levels =
                        levels.as_ref().map(|levels| &levels[from..rows.min(from + BATCH_ROWS)]);
                    let there = levels
                        .map_or(BATCH_ROWS, |levels| levels.iter().filter(|l| **l == 1).count());
                    let batch: Vec<ByteArray> = codes
                        .by_ref()
                        .take(there)
                        .map(|code| texts.all[*code as usize].clone())
                        .collect();
                    writer.write_batch(&batch, levels, None)?;
                }
            }
            _ => debug_assert!(false, "a column of another type"),
        }
        Ok(())
    }

    fn clear(&mut self) {
        let clear_levels = |levels: &mut Levels| levels.iter_mut().for_each(Vec::clear);
        match self {
            Self::Small(values) => values.clear(),
            Self::Large { values, levels } => {
                values.clear();
                clear_levels(levels);
            }
            Self::Text { texts, codes, levels } => {
                *texts = Texts::default();
                codes.clear();
                clear_levels(levels);
            }
        }
    }
}

/// The texts of a column and group, each once.
#[derive(Default)]
struct Texts {
    all: Vec<ByteArray>,
    codes: HashMap<Box<str>, u32>,
    /// For each text the code of the one that came behind it the last time. Runs ask for the same in
    /// the same order, so that comparing it with the next text spares most look-ups.
    behind: Vec<u32>,
    /// The code of the row before.
    last: u32,
}

impl Texts {
    fn code(&mut self, text: &str) -> u32 {
        let is = |code: u32| {
            self.all.get(code as usize).is_some_and(|known| known.data() == text.as_bytes())
        };
        let expected = self.behind.get(self.last as usize).copied().unwrap_or_default();
        if is(expected) {
            self.last = expected;
            return expected;
        }
        let code = if let Some(code) = self.codes.get(text) {
            *code
        } else {
            let code = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.all.push(ByteArray::from(text));
            self.codes.insert(text.into(), code);
            // Until something else comes, the same is expected, as in columns such as `run`.
            self.behind.push(code);
            code
        };
        if let Some(behind) = self.behind.get_mut(self.last as usize) {
            *behind = code;
        }
        self.last = code;
        code
    }
}

//! `datapackage.json`: what the tables of a folder are, for programs (Frictionless Data Package).
//!
//! It is made of what lies in the folder, each time anew, so that it is true of every file that it
//! names: of a CSV by its first line, of other files by the names that exports give them.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::new_file::NewFile;
use super::tidy::TIDY_COLUMNS;
use super::{ExportError, io_error};
use crate::domain::sample::Status;

/// The name that the format asks for.
const PACKAGE: &str = "datapackage.json";
/// The key that tells a package of ours from one that somebody else keeps.
const MADE_WITH: (&str, &str) = ("made_with", "repo-census");
/// The key of a row.
const KEY: [&str; 5] = ["run", "framework", "metric", "sample_no", "attempt_no"];
/// The longest first line that is looked at.
const LONGEST_HEADER_BYTES: u64 = 1 << 20;

/// What became of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packaged {
    /// It was written, and stands here.
    Written(PathBuf),
    /// It was true already, or there is nothing to describe.
    Unchanged,
    /// There is one that somebody else keeps; it is left alone.
    Foreign(PathBuf),
}

/// Describes the tables of a folder in its package.
///
/// # Errors
///
/// Fails if the folder cannot be read or the package not be written.
pub fn refresh_package(folder: &Path, name: &str, title: &str) -> Result<Packaged, ExportError> {
    let path = folder.join(PACKAGE);
    let old = std::fs::read(&path).ok();
    if let Some(old) = &old {
        let known: Option<Value> = serde_json::from_slice(old).ok();
        if known.is_none_or(|known| known[MADE_WITH.0] != MADE_WITH.1) {
            return Ok(Packaged::Foreign(path));
        }
    }
    let resources = resources(folder).map_err(|source| io_error(folder, source))?;
    if resources.is_empty() {
        return Ok(Packaged::Unchanged);
    }
    let package = json!({
        "profile": "data-package",
        "name": name,
        "title": title,
        MADE_WITH.0: MADE_WITH.1,
        "resources": resources,
    });
    let text = format!("{package:#}\n");
    if old.is_some_and(|old| old == text.as_bytes()) {
        return Ok(Packaged::Unchanged);
    }
    let write = || {
        let mut file = NewFile::begin(&path)?;
        file.write_all(text.as_bytes())?;
        file.keep()
    };
    write().map_err(|source| io_error(&path, source))?;
    Ok(Packaged::Written(path))
}

/// Tells whether a folder has a package of ours, which is then kept true.
#[must_use]
pub fn has_package(folder: &Path) -> bool {
    let text = std::fs::read(folder.join(PACKAGE)).unwrap_or_default();
    serde_json::from_slice::<Value>(&text).is_ok_and(|known| known[MADE_WITH.0] == MADE_WITH.1)
}

fn resources(folder: &Path) -> io::Result<Vec<Value>> {
    let mut names: Vec<String> = Vec::new();
    for file in folder.read_dir()? {
        names.extend(file?.file_name().into_string());
    }
    names.sort();
    let mut resources = Vec::new();
    for file in names {
        resources.extend(resource(folder, &file));
    }
    Ok(resources)
}

/// Describes a file; `None` if it is none of ours, or cannot be read.
fn resource(folder: &Path, file: &str) -> Option<Value> {
    let (stem, ending) = file.rsplit_once('.')?;
    let name: String = stem.to_lowercase().chars().map(plain).collect();
    match (stem, ending) {
        (_, "csv") => csv_resource(&folder.join(file), file, &name),
        ("tidy", "json") => Some(json!({
            "name": format!("{name}-json"), "path": file, "format": "json",
            "mediatype": "application/json", "encoding": "utf-8",
            "schema": schema(&TIDY_COLUMNS, Moments::Rfc3339),
        })),
        ("tidy", "parquet") => Some(json!({
            // Programs that take it for a table turn its empty counts into something else.
            "name": format!("{name}-parquet"), "path": file, "type": "file", "format": "parquet",
            "mediatype": "application/vnd.apache.parquet",
        })),
        ("export", "xlsx") => Some(json!({
            "name": "export-xlsx", "path": file, "format": "xlsx",
            "mediatype": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "dialect": {"excel": {"sheet": "Data"}},
        })),
        _ => None,
    }
}

fn plain(c: char) -> char {
    if c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c) { c } else { '-' }
}

fn csv_resource(path: &Path, file: &str, name: &str) -> Option<Value> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(LONGEST_HEADER_BYTES).read_to_end(&mut start).ok()?;
    let end = start.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&start[..end]).ok()?;
    let unmarked = line.strip_prefix('\u{feff}');
    let header = unmarked.unwrap_or(line).trim_end_matches('\r');
    let separator =
        if header.starts_with("date;") || header.starts_with("run;") { b';' } else { b',' };
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder.has_headers(false).delimiter(separator).from_reader(header.as_bytes());
    let row = reader.records().next()?.ok()?;
    let columns: Vec<&str> = row.iter().collect();
    let is_tidy_or_history = KEY.iter().all(|key| columns.contains(key))
        && columns.iter().all(|column| field_of(column).is_some());
    let is_wide = columns.first() == Some(&"date") && columns.last() == Some(&"not_complete");
    let moments = match unmarked {
        Some(_) => Moments::Spreadsheet,
        None => Moments::Rfc3339,
    };
    let schema = if is_tidy_or_history {
        schema(&columns, moments)
    } else if is_wide {
        wide_schema(&columns, &start[end + 1..], moments)
    } else {
        return None;
    };
    let mut resource = json!({
        "name": name, "path": file, "profile": "tabular-data-resource", "format": "csv",
        "mediatype": "text/csv",
        "encoding": if unmarked.is_some() { "utf-8-sig" } else { "utf-8" },
        "schema": schema,
    });
    if separator != b',' {
        resource["dialect"] = json!({"delimiter": ";"});
    }
    Some(resource)
}

/// How moments stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moments {
    /// `2026-11-21T06:00:04Z`.
    Rfc3339,
    /// `2026-11-21 06:00:04`, in UTC all the same.
    Spreadsheet,
}

impl Moments {
    fn format(self) -> &'static str {
        match self {
            Self::Rfc3339 => "%Y-%m-%dT%H:%M:%SZ",
            Self::Spreadsheet => "%Y-%m-%d %H:%M:%S",
        }
    }
}

fn schema(columns: &[&str], moments: Moments) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .filter_map(|column| {
            let (kind, description) = field_of(column)?;
            let mut field = Map::new();
            field.insert("name".to_owned(), json!(column));
            field.insert("type".to_owned(), json!(kind));
            if kind == "datetime" {
                field.insert("format".to_owned(), json!(moments.format()));
            }
            field.insert("description".to_owned(), json!(description));
            let constraints = constraints_of(column);
            if !constraints.is_null() {
                field.insert("constraints".to_owned(), constraints);
            }
            Some(Value::Object(field))
        })
        .collect();
    json!({"fields": fields, "primaryKey": KEY, "missingValues": [""]})
}

/// Returns the type of a column and what it is; `None` for a column that is none of ours.
fn field_of(column: &str) -> Option<(&'static str, &'static str)> {
    Some(match column {
        "date" => ("date", "the UTC day on which the run started, or the first day of its period"),
        "run" => ("string", "id of the run"),
        "observed_at" => ("datetime", "when the answer arrived, in UTC"),
        "as_of" => ("date", "the day to which the count was reconstructed"),
        "survey" => ("string", "id of the survey"),
        "framework" => ("string", "its name on that day"),
        "language" => ("string", "its language on that day"),
        "metric" => ("string", "id of the metric"),
        "method" => ("string", "the query before days are filled in, as 8 hex digits of a hash"),
        "sample_no" => ("integer", "the pass within the run, from 1"),
        "attempt_no" => ("integer", "the attempt within the pass, from 1"),
        "repo_count" => ("integer", "the number of repositories; empty unless GitHub gave one"),
        "status" => ("string", "how far the number can be trusted"),
        "source" => ("string", "where the answer came from"),
        "query_text" => ("string", "the exact text sent"),
        "detail" => ("string", "what else is to say, joined by `; `"),
        _ => return None,
    })
}

fn constraints_of(column: &str) -> Value {
    match column {
        "language" | "method" | "query_text" | "detail" => Value::Null,
        "repo_count" => json!({"minimum": 0}),
        "sample_no" | "attempt_no" => json!({"required": true, "minimum": 1}),
        "status" => json!({"required": true, "enum": Status::ALL.map(Status::as_str)}),
        _ => json!({"required": true}),
    }
}

fn wide_schema(columns: &[&str], rows: &[u8], moments: Moments) -> Value {
    // Periods shorter than a day have their first moment.
    let first = rows.split(|byte| *byte == b',' || *byte == b';').next().unwrap_or_default();
    let last = columns.len() - 1;
    let field = |(place, column): (usize, &&str)| match place {
        0 if first.len() > "2026-11-21".len() => {
            json!({"name": column, "type": "datetime", "format": moments.format()})
        }
        0 => json!({"name": column, "type": "date"}),
        place if place == last => json!({"name": column, "type": "string"}),
        _ => json!({"name": column, "type": "integer"}),
    };
    let fields: Vec<Value> = columns.iter().enumerate().map(field).collect();
    json!({"fields": fields, "primaryKey": ["date"], "missingValues": [""]})
}

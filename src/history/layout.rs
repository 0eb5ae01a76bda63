//! How a file lays out its samples: ours, one that another program wrote anew, or a foreign one
//! whose columns were named. What one of its lines means is read in `meaning`.

mod foreign;
mod meaning;

pub use foreign::{MAPPABLE, Mapping};
pub(super) use meaning::{Bad, Form, Meaning, is_detail_of_ours};

use super::exact::Habits;
use super::guard::unguarded;
use super::row::column::{DETAIL, FRAMEWORK, LANGUAGE, METHOD, METRIC, QUERY_TEXT, SURVEY};
use super::row::{self, COLUMNS, LineSplitter};
use crate::domain::sample::Sample;
use foreign::Filling;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const SEPARATORS: [(u8, &str); 3] = [(b';', "`;`"), (b'\t', "a tab"), (b',', "`,`")];

/// What is said of lines without a row.
pub(super) const REPEATED_HEADER: &str = "repeats the header";
pub(super) const BLANK: &str = "is empty";
/// What is said of a line that no reader holds.
const TOO_LONG: &str = "is longer than any row";

/// The columns of text that comes from elsewhere.
const TEXTS: [usize; 7] = [SURVEY, FRAMEWORK, LANGUAGE, METRIC, METHOD, QUERY_TEXT, DETAIL];

/// How a file is laid out.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    separator: u8,
    /// Where each of [`COLUMNS`] stands in a line.
    places: [Option<usize>; COLUMNS.len()],
    /// The file's columns.
    names: Vec<String>,
    filling: Option<Filling>,
    /// Which tidy table the file is; `None` for a history.
    tidy: Option<Tidy>,
    /// Whether the first line names the columns; without, it is a row.
    pub(super) has_header: bool,
    /// What another program changed in the first line; empty for a file of ours.
    pub(super) differences: Vec<String>,
    pub(super) habits: Habits,
}

/// A tidy table: a history's columns behind a date, as exports have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tidy {
    /// Every value is as it is.
    Plain,
    /// For spreadsheets: text stands [`guarded`](super::guard::guarded).
    Guarded,
}

impl Layout {
    /// Recognises a history by its first line.
    ///
    /// # Errors
    ///
    /// Returns why it is none.
    pub(super) fn of_history(line: &[u8]) -> Result<Self, String> {
        if line == row::header() {
            return Ok(Self {
                separator: b',',
                places: std::array::from_fn(Some),
                names: COLUMNS.map(str::to_owned).to_vec(),
                filling: None,
                tidy: None,
                has_header: true,
                differences: Vec::new(),
                habits: Habits::default(),
            });
        }
        if let Some(layout) = Self::without_header(line) {
            return Ok(layout);
        }
        let layout = Self::of_header(line);
        let missing = layout.missing(&COLUMNS);
        if missing.len() == COLUMNS.len() {
            return Err("line 1 has none of the columns of a history".to_owned());
        }
        if !missing.is_empty() {
            return Err(format!("line 1 lacks {}", missing.join(", ")));
        }
        Ok(layout)
    }

    fn of_header(line: &[u8]) -> Self {
        let mut differences = Vec::new();
        let unmarked = line.strip_prefix(BYTE_ORDER_MARK);
        if unmarked.is_some() {
            differences.push("line 1 begins with a byte-order mark".to_owned());
        }
        let line = unmarked.unwrap_or(line);
        if line.ends_with(b"\r\n") {
            differences.push("lines end in CR LF".to_owned());
        }
        let count = |byte: u8| line.iter().filter(|b| **b == byte).count();
        let most = SEPARATORS.into_iter().max_by_key(|(byte, _)| count(*byte));
        let (separator, shown) = most.unwrap_or(SEPARATORS[2]);
        if separator != b',' {
            differences.push(format!("line 1 uses {shown} between columns"));
        }
        let mut splitter = LineSplitter::new(separator);
        splitter.split(line);
        let name =
            |at| splitter.field(at).map(|name| String::from_utf8_lossy(name).trim().to_owned());
        let names: Vec<String> = (0..splitter.len()).filter_map(name).collect();
        let mut layout = Self {
            separator,
            places: [None; COLUMNS.len()],
            names,
            filling: None,
            tidy: None,
            has_header: true,
            differences,
            habits: Habits::default(),
        };
        layout.places = std::array::from_fn(|column| layout.find(COLUMNS[column]));
        let is_tidy = layout.names.len() == COLUMNS.len() + 1
            && layout.names[0] == "date"
            && layout.names[1..] == COLUMNS;
        layout.tidy = is_tidy.then_some(if layout.differences.is_empty() {
            Tidy::Plain
        } else {
            Tidy::Guarded
        });
        if layout.names.len() > COLUMNS.len() {
            layout.differences.push("line 1 has more columns than a history".to_owned());
        } else if layout.places.iter().enumerate().any(|(column, place)| Some(column) != *place) {
            layout.differences.push("line 1 has its columns in another order".to_owned());
        }
        if layout.differences.is_empty() {
            layout.differences.push("line 1 has quotes or spaces that we do not write".to_owned());
        }
        layout
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|found| found == name)
    }

    fn missing(&self, wanted: &[&str]) -> Vec<String> {
        let is_missing = |name: &&&str| {
            let column = COLUMNS.iter().position(|column| column == *name);
            column.is_none_or(|column| self.places[column].is_none())
        };
        wanted.iter().filter(is_missing).map(|name| format!("`{name}`")).collect()
    }

    /// Lays out a history whose header is missing, so that its first line is a row.
    fn without_header(line: &[u8]) -> Option<Self> {
        let mut layout = Self::of_history(&row::header()).ok()?;
        let mut splitter = layout.splitter();
        let is_row = matches!(layout.read(line, &mut splitter), Meaning::Row(_, Form::Ours));
        layout.differences.push("line 1 is a row: the header is missing".to_owned());
        layout.has_header = false;
        is_row.then_some(layout)
    }

    /// Tells whether the file is a history, and not a foreign file.
    pub(super) fn is_history(&self) -> bool {
        self.filling.is_none()
    }

    /// Tells whether the file is an export, which can be made again, and no history.
    pub(super) fn is_export(&self) -> bool {
        self.tidy.is_some()
    }

    /// Tells whether the file has our header and nothing before it.
    pub(super) fn is_ours(&self) -> bool {
        self.is_history() && self.differences.is_empty()
    }

    /// Notes what tells that a row was not written by us, although it may be readable.
    pub(super) fn examine_row(&mut self, line: &[u8], line_no: u64) {
        let difference = match self.read_as_written(line, &mut self.splitter()) {
            Ok(sample) if row::encode(std::slice::from_ref(&sample)) == line => return,
            Ok(_) if !self.differences.is_empty() => return,
            Ok(_) => format!("line {line_no} is not written as we write it"),
            Err(reason) => format!("line {line_no}: {reason}"),
        };
        self.differences.push(difference);
    }

    /// Reads the sample of a line, with its values in our form.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub(super) fn read_as_written(
        &self,
        line: &[u8],
        splitter: &mut LineSplitter,
    ) -> Result<Sample, String> {
        if line.is_empty() {
            return Err(TOO_LONG.to_owned());
        }
        splitter.split(line);
        if splitter.len() != self.names.len() {
            return Err(self.other_width(splitter.len()));
        }
        row::decode(&self.fields(splitter))
    }

    /// Says what is wrong with a line that is not in our form; `None` if it can be read all the same.
    pub(super) fn second_look(&self, line: &[u8]) -> Option<String> {
        match self.clone().read(line, &mut self.splitter()) {
            Meaning::Row(..) => None,
            Meaning::Header => Some(REPEATED_HEADER.to_owned()),
            Meaning::Blank => Some(BLANK.to_owned()),
            Meaning::Bad(bad) => Some(bad.reason),
        }
    }

    fn fields<'a>(&self, splitter: &'a LineSplitter) -> [&'a [u8]; COLUMNS.len()] {
        let field = |at| splitter.field(at).unwrap_or_default();
        let mut fields = self.places.map(|place| place.map_or(&b""[..], field));
        if self.tidy == Some(Tidy::Guarded) {
            for column in TEXTS {
                fields[column] = unguarded(fields[column]);
            }
        }
        fields
    }

    /// Returns what stands in each of our columns; `None` for a column that the file lacks.
    pub(super) fn values<'a>(
        &self,
        splitter: &'a LineSplitter,
    ) -> [Option<&'a [u8]>; COLUMNS.len()] {
        let fields = self.fields(splitter);
        std::array::from_fn(|column| self.places[column].map(|_| fields[column]))
    }

    fn other_width(&self, found: usize) -> String {
        let columns = if found == 1 { "column" } else { "columns" };
        format!("has {found} {columns} instead of {}", self.names.len())
    }

    /// Returns a splitter for the file's lines.
    pub(super) fn splitter(&self) -> LineSplitter {
        LineSplitter::new(self.separator)
    }
}

/// Recognises UTF-16 by how a file begins; returns which, by the name that converters know.
pub(super) fn utf_16(start: &[u8]) -> Option<&'static str> {
    match start {
        // The mark at the beginning says which.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [first, 0, ..] if *first != 0 => Some("UTF-16LE"),
        [0, second, ..] if *second != 0 => Some("UTF-16BE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! How a file lays out its samples: ours, one that another program wrote anew, or a foreign one
//! whose columns were named.

mod foreign;

use std::borrow::Cow;

pub use foreign::{MAPPABLE, Mapping};

use super::exact::{self, Doubt, Grain, Habits};
use super::guard::unguarded;
use super::row::{self, COLUMNS, LineSplitter};
use crate::domain::run::RunId;
use crate::domain::sample::{Sample, Status};
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

const RUN: usize = 0;
const OBSERVED_AT: usize = 1;
const SURVEY: usize = 2;
const FRAMEWORK: usize = 3;
const LANGUAGE: usize = 4;
const METRIC: usize = 5;
const METHOD: usize = 6;
const SAMPLE_NO: usize = 7;
const ATTEMPT_NO: usize = 8;
const REPO_COUNT: usize = 9;
const STATUS: usize = 10;
const SOURCE: usize = 11;
const QUERY_TEXT: usize = 12;
const DETAIL: usize = 13;

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

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A row, and whether its bytes are those that we would write.
    Row(Sample, Form),
    /// The header once more.
    Header,
    /// Nothing but separators and spaces.
    Blank,
    /// A row that cannot be read.
    Bad(Bad),
}

/// Who wrote a row that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Its bytes are those that we would write.
    Ours,
    /// Another program wrote it.
    Rewritten,
}

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    /// In words, with the column and its value.
    pub(super) reason: String,
    /// Whether another program lost a part of it, so that the rest of the file is in doubt too.
    pub(super) is_inexact: bool,
    /// The word that stands for a status and is none.
    pub(super) unknown_status: Option<String>,
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
        let layout = Self::of_header(line)?;
        let missing = layout.missing(&COLUMNS);
        if missing.len() == COLUMNS.len() {
            return Err("line 1 has none of the columns of a history".to_owned());
        }
        if !missing.is_empty() {
            return Err(format!("line 1 lacks {}", missing.join(", ")));
        }
        Ok(layout)
    }

    fn of_header(line: &[u8]) -> Result<Self, String> {
        if let Some(reason) = other_encoding(line) {
            return Err(reason.to_owned());
        }
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
        Ok(layout)
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

    fn other_width(&self, found: usize) -> String {
        let columns = if found == 1 { "column" } else { "columns" };
        format!("has {found} {columns} instead of {}", self.names.len())
    }

    /// Returns a splitter for the file's lines.
    pub(super) fn splitter(&self) -> LineSplitter {
        LineSplitter::new(self.separator)
    }

    /// Reads a line behind the first; one that is longer than any row comes empty.
    pub(super) fn read(&mut self, line: &[u8], splitter: &mut LineSplitter) -> Meaning {
        if line.is_empty() {
            return Meaning::Bad(Bad::garbage(TOO_LONG.to_owned()));
        }
        splitter.split(line);
        if let Some(other) = self.not_a_row(line, splitter) {
            return other;
        }
        let mut fields = self.fields(splitter);
        restore_detail(&mut fields[DETAIL]);
        // What is written as we write it needs no second look.
        if self.is_history()
            && let Ok(sample) = row::decode(&fields)
        {
            let form = self.form_of(line, &fields, &sample);
            return Meaning::Row(sample, form);
        }
        match self.normalize(&fields) {
            Ok(sample) => Meaning::Row(sample, Form::Rewritten),
            Err(bad) => Meaning::Bad(bad),
        }
    }

    fn form_of(&self, line: &[u8], fields: &[&[u8]; COLUMNS.len()], sample: &Sample) -> Form {
        let has_zeros_in_front =
            |column: usize| fields[column].len() > 1 && fields[column][0] == b'0';
        let is_plain = !line.contains(&b'"') && !line.ends_with(b"\r\n");
        let is_ours = match (self.differences.is_empty(), is_plain) {
            (false, _) => false,
            (true, true) => {
                ![SAMPLE_NO, ATTEMPT_NO, REPO_COUNT].into_iter().any(has_zeros_in_front)
            }
            (true, false) => row::encode(std::slice::from_ref(sample)) == line,
        };
        if is_ours { Form::Ours } else { Form::Rewritten }
    }

    /// Recognises lines without a row: blank ones, repeated headers, and those of another width.
    fn not_a_row(&self, line: &[u8], splitter: &LineSplitter) -> Option<Meaning> {
        let fields = || (0..splitter.len()).filter_map(|at| splitter.field(at));
        let starts_plainly = line.first().is_some_and(u8::is_ascii_digit);
        if !starts_plainly && fields().all(|field| field.trim_ascii().is_empty()) {
            return Some(Meaning::Blank);
        }
        if splitter.len() != self.names.len() {
            let reason = self.other_width(splitter.len());
            return Some(Meaning::Bad(Bad::garbage(reason)));
        }
        let is_name = |(field, name): (&[u8], &String)| field.trim_ascii() == name.as_bytes();
        (!starts_plainly && fields().zip(&self.names).all(is_name)).then_some(Meaning::Header)
    }

    /// Brings the values to our form, then reads them.
    fn normalize(&mut self, fields: &[&[u8]; COLUMNS.len()]) -> Result<Sample, Bad> {
        let mut values: [Cow<'_, [u8]>; COLUMNS.len()] = fields.map(Cow::Borrowed);
        self.normalize_numbers(fields, &mut values)?;
        let mut run = None;
        if self.places[RUN].is_some() {
            let text = text_of(fields, RUN)?.trim();
            run = RunId::parse(text);
            values[RUN] = owned(text);
        }
        let grain = if self.is_history() { Grain::Seconds } else { Grain::AsGiven };
        let not_before = run.map(RunId::started_at);
        let text = text_of(fields, OBSERVED_AT)?;
        match exact::read_moment(text, grain, not_before, &mut self.habits) {
            Ok(at) => {
                values[OBSERVED_AT] = owned(&row::moment(at));
                self.fill(&mut values, at)?;
            }
            // What a history says elsewhere may be the better fault to tell.
            Err(Doubt::Nonsense) if self.is_history() => {}
            Err(Doubt::Nonsense) => {
                return Err(Bad::garbage(format!(
                    "`observed_at` is `{}`, not a day or moment such as `2026-11-21T06:00:04Z`",
                    shortened(text)
                )));
            }
            Err(doubt) => return Err(Bad::doubtful(OBSERVED_AT, text, &doubt)),
        }
        let fields: [&[u8]; COLUMNS.len()] = std::array::from_fn(|at| values[at].as_ref());
        row::decode(&fields).map_err(|reason| Bad::of_reason(reason, fields[STATUS]))
    }

    fn normalize_numbers<'a>(
        &mut self,
        fields: &[&'a [u8]; COLUMNS.len()],
        values: &mut [Cow<'a, [u8]>; COLUMNS.len()],
    ) -> Result<(), Bad> {
        for column in [SAMPLE_NO, ATTEMPT_NO, REPO_COUNT] {
            let text = text_of(fields, column)?;
            if text.trim().is_empty() || exact::is_nothing(text.trim()) {
                values[column] = owned("");
                continue;
            }
            match exact::read_whole(text, &mut self.habits) {
                Ok(number) => values[column] = owned(&number.to_string()),
                Err(Doubt::Nonsense) => {}
                Err(doubt) => return Err(Bad::doubtful(column, text, &doubt)),
            }
        }
        let text = text_of(fields, METHOD)?;
        let method = exact::restore_method(text);
        values[METHOD] = owned(&method.map_err(|doubt| Bad::doubtful(METHOD, text, &doubt))?);
        for column in [STATUS, SOURCE] {
            values[column] = Cow::Borrowed(fields[column].trim_ascii());
        }
        Ok(())
    }
}

impl Bad {
    pub(super) fn garbage(reason: String) -> Self {
        Self { reason, is_inexact: false, unknown_status: None }
    }

    fn of_reason(reason: String, status: &[u8]) -> Self {
        let status = std::str::from_utf8(status).ok().map(str::trim);
        let unknown = status
            .filter(|word| Status::parse(word).is_none() && reason.starts_with("`status` is"));
        let unknown_status = unknown.map(shortened);
        Self { reason, is_inexact: false, unknown_status }
    }

    fn doubtful(column: usize, value: &str, doubt: &Doubt) -> Self {
        let why = match doubt {
            Doubt::Nonsense => "nothing that can be read",
            Doubt::Inexact(why) | Doubt::Undecided(why) => why,
        };
        let reason = format!("`{}` is `{}`, {why}", COLUMNS[column], shortened(value));
        Self { reason, is_inexact: true, unknown_status: None }
    }
}

/// Takes back what a program did that took GitHub's status in `detail` for a number.
fn restore_detail(detail: &mut &[u8]) {
    if let Some(status) = detail.strip_suffix(b".0")
        && status.len() == 3
        && status.iter().all(u8::is_ascii_digit)
    {
        *detail = status;
    }
}

/// Tells whether a detail is not what a program made of another one.
pub(super) fn is_detail_of_ours(detail: &[u8]) -> bool {
    let mut restored = detail;
    restore_detail(&mut restored);
    restored == detail
}

/// Recognises text that is not UTF-8 by its first line.
pub(super) fn other_encoding(line: &[u8]) -> Option<&'static str> {
    let is_utf_16 = line.starts_with(b"\xFF\xFE") || line.starts_with(b"\xFE\xFF");
    is_utf_16.then_some("it is UTF-16 text; save it as UTF-8")
}

fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    shown.escape_debug().to_string()
}

fn owned(text: &str) -> Cow<'static, [u8]> {
    Cow::Owned(text.as_bytes().to_vec())
}

fn text_of<'a>(fields: &[&'a [u8]; COLUMNS.len()], column: usize) -> Result<&'a str, Bad> {
    std::str::from_utf8(fields[column])
        .map_err(|_| Bad::garbage(format!("`{}` is not UTF-8 text", COLUMNS[column])))
}

#[cfg(test)]
mod tests;

//! What a line of a file means: a row, and whether we wrote it so, or one that another program wrote
//! otherwise, or none.

use std::borrow::Cow;

use super::super::exact::{self, Doubt, Grain};
use super::super::row::column::{
    ATTEMPT_NO, DETAIL, METHOD, OBSERVED_AT, REPO_COUNT, RUN, SAMPLE_NO, SOURCE, STATUS,
};
use super::super::row::{self, COLUMNS, LineSplitter};
use super::{Layout, TOO_LONG};
use crate::domain::run::RunId;
use crate::domain::sample::{Sample, Status};

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Meaning {
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
pub(in super::super) enum Form {
    /// Its bytes are those that we would write.
    Ours,
    /// Another program wrote it.
    Rewritten,
}

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Bad {
    /// In words, with the column and its value.
    pub(in super::super) reason: String,
    /// Whether another program lost a part of it, so that the rest of the file is in doubt too.
    pub(in super::super) is_inexact: bool,
    /// The word that stands for a status and is none.
    pub(in super::super) unknown_status: Option<String>,
}

impl Layout {
    /// Reads a line behind the first; one that is longer than any row comes empty.
    pub(in super::super) fn read(&mut self, line: &[u8], splitter: &mut LineSplitter) -> Meaning {
        if line.is_empty() {
            return Meaning::Bad(Bad::garbage(TOO_LONG.to_owned()));
        }
        splitter.split(line);
        if let Some(other) = self.not_a_row(line, splitter) {
            return other;
        }
        let mut fields = self.fields(splitter);
        let detail = fields[DETAIL];
        restore_detail(&mut fields[DETAIL]);
        // What is written as we write it needs no second look.
        if self.is_history()
            && let Ok(sample) = row::decode(&fields)
        {
            let is_restored = fields[DETAIL] != detail;
            let form =
                if is_restored { Form::Rewritten } else { self.form_of(line, &fields, &sample) };
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
    pub(in super::super) fn garbage(reason: String) -> Self {
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
pub(in super::super) fn is_detail_of_ours(detail: &[u8]) -> bool {
    let mut restored = detail;
    restore_detail(&mut restored);
    restored == detail
}

fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    shown.escape_debug().to_string()
}

pub(super) fn owned(text: &str) -> Cow<'static, [u8]> {
    Cow::Owned(text.as_bytes().to_vec())
}

fn text_of<'a>(fields: &[&'a [u8]; COLUMNS.len()], column: usize) -> Result<&'a str, Bad> {
    std::str::from_utf8(fields[column])
        .map_err(|_| Bad::garbage(format!("`{}` is not UTF-8 text", COLUMNS[column])))
}

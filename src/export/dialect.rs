//! How CSV is written for those who read it: as it is, or so that a spreadsheet opens it right.

use std::borrow::Cow;
use std::io::Write;

use chrono::{DateTime, Utc};

use crate::history::{guarded, moment};

/// A way to write CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 4180 with line feeds alone: every value as it is, for programs.
    #[default]
    Rfc4180,
    /// For spreadsheets set to a comma between columns.
    Excel,
    /// For spreadsheets set to a decimal comma, and so to `;` between columns.
    ExcelSemicolon,
}

impl Dialect {
    /// Returns a writer of CSV; a dialect for spreadsheets begins with a byte-order mark.
    ///
    /// # Errors
    ///
    /// Fails if the mark cannot be written.
    pub(super) fn writer<W: Write>(self, mut out: W) -> std::io::Result<csv::Writer<W>> {
        let mut builder = csv::WriterBuilder::new();
        match self {
            Self::Rfc4180 => {}
            Self::Excel | Self::ExcelSemicolon => {
                out.write_all("\u{feff}".as_bytes())?;
                builder.terminator(csv::Terminator::CRLF);
            }
        }
        if self == Self::ExcelSemicolon {
            builder.delimiter(b';');
        }
        Ok(builder.from_writer(out))
    }

    /// Returns a moment as the dialect writes it, in UTC and whole seconds.
    pub(super) fn moment(self, at: DateTime<Utc>) -> String {
        let mut text = moment(at);
        if self != Self::Rfc4180 {
            // No spreadsheet knows `T` and `Z`; all of them know this in every locale.
            text.replace_range(10..11, " ");
            text.pop();
        }
        text
    }

    /// Returns a text cell, guarded where a spreadsheet would make something else of it.
    pub(super) fn text(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Rfc4180 => Cow::Borrowed(text),
            Self::Excel | Self::ExcelSemicolon => guarded(text),
        }
    }
}

//! How values become cells: the styles, and what a cell cannot hold.
//!
//! Text stays text: what a spreadsheet would run as a formula is marked so that it stays text also
//! after somebody edits the cell. What does not fit is changed as little as possible, marked, and
//! noted for the sheet About.

use std::borrow::Cow;
use std::cell::Cell;

use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::{
    Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Worksheet, XlsxError,
};

use crate::domain::period::midnight;
use crate::domain::sample::Outcome;
use crate::history::guarded;

/// The largest whole number that a cell holds exactly.
pub(super) const LARGEST_EXACT: u64 = 1 << 53;
/// The most that a cell holds, in units of UTF-16.
pub(super) const MOST_CELL_UNITS: usize = 32_767;
/// The most that a title holds, in units of UTF-16.
pub(super) const MOST_TITLE_UNITS: usize = 255;
/// What a text ends with that was cut to fit.
pub(super) const CUT: &str = "… (cut)";
/// The first day whose number means the same day everywhere: before it Excel counts a 29 February
/// 1900 that never was, and others do not.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1900, 3, 1).expect("a day");

/// How cells look, and what they could not hold. Colour never stands alone: a sign, slant or status
/// says the same.
pub(super) struct Styles {
    pub(super) header: Format,
    pub(super) text: Format,
    /// Text that begins as a formula does.
    pub(super) guarded: Format,
    pub(super) day: Format,
    pub(super) moment: Format,
    pub(super) count: Format,
    /// A lower bound.
    pub(super) incomplete: Format,
    /// A number whose source does not say whether it is complete.
    pub(super) unchecked: Format,
    /// No number, although one was asked for.
    pub(super) failed: Format,
    pub(super) rank: Format,
    /// The rank of a lower bound: it can only be better.
    pub(super) rank_bound: Format,
    pub(super) change: Format,
    pub(super) heading: Format,
    pub(super) wrapped: Format,
    /// A day or moment before [`FIRST_DAY`], which is text.
    pub(super) early: Format,
    /// Whether there are any.
    pub(super) has_early: Cell<bool>,
    /// Whether a text was cut.
    pub(super) has_cut: Cell<bool>,
    /// Whether a count is above what a cell holds exactly.
    pub(super) has_large: Cell<bool>,
}

impl Styles {
    pub(super) fn new() -> Self {
        let number = |text: &str| Format::new().set_num_format(text);
        let light = Color::RGB(0xFF_F2_CC);
        let text = number("@").set_indent(1);
        Self {
            header: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::Top),
            text: text.clone(),
            guarded: text.clone().set_quote_prefix(),
            day: number("yyyy\\-mm\\-dd"),
            moment: number("yyyy\\-mm\\-dd\\ hh:mm:ss"),
            count: number("#,##0"),
            incomplete: number("\"≥ \"#,##0").set_background_color(light),
            unchecked: number("#,##0").set_italic(),
            failed: Format::new().set_background_color(Color::RGB(0xE7_E6_E6)),
            rank: number("0"),
            rank_bound: number("\"≤ \"0").set_background_color(light),
            change: number("+#,##0;-#,##0;0"),
            heading: Format::new().set_bold().set_font_size(14.0),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            early: text.set_background_color(light),
            has_early: Cell::new(false),
            has_cut: Cell::new(false),
            has_large: Cell::new(false),
        }
    }

    /// Writes text as text, whatever it begins with; nothing if it is empty.
    pub(super) fn write_text(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        text: &str,
    ) -> Result<(), XlsxError> {
        if text.is_empty() {
            return Ok(());
        }
        let is_safe = guarded(text) == text;
        let style = if is_safe { &self.text } else { &self.guarded };
        self.write_string(sheet, row, column, text, style)
    }

    /// Writes text in a style of its own, as much of it as a cell holds.
    pub(super) fn write_string(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        text: &str,
        style: &Format,
    ) -> Result<(), XlsxError> {
        let fitting = fitting(text, MOST_CELL_UNITS);
        if fitting != text {
            self.has_cut.set(true);
        }
        sheet.write_string_with_format(row, column, fitting, style)?;
        Ok(())
    }

    /// Writes a day as a date.
    pub(super) fn write_day(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        day: NaiveDate,
    ) -> Result<(), XlsxError> {
        match date_time(midnight(day)) {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, &date, &self.day)?;
                Ok(())
            }
            None => self.write_early(sheet, row, column, &day.to_string()),
        }
    }

    /// Writes a moment as a date with its time.
    pub(super) fn write_moment(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        at: DateTime<Utc>,
    ) -> Result<(), XlsxError> {
        match date_time(at) {
            Some(date) => {
                sheet.write_datetime_with_format(row, column, &date, &self.moment)?;
                Ok(())
            }
            None => {
                self.write_early(sheet, row, column, &at.format("%Y-%m-%d %H:%M:%S").to_string())
            }
        }
    }

    fn write_early(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        text: &str,
    ) -> Result<(), XlsxError> {
        self.has_early.set(true);
        sheet.write_string_with_format(row, column, text, &self.early)?;
        Ok(())
    }

    /// Writes what a count came to.
    pub(super) fn write_outcome(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        outcome: Outcome,
    ) -> Result<(), XlsxError> {
        let (count, style) = match outcome {
            Outcome::Complete(count) => (count, &self.count),
            Outcome::Unchecked(count) => (count, &self.unchecked),
            Outcome::Incomplete(count) => (count, &self.incomplete),
            Outcome::Failed => {
                sheet.write_blank(row, column, &self.failed)?;
                return Ok(());
            }
        };
        if count > LARGEST_EXACT {
            self.has_large.set(true);
            return self.write_text(sheet, row, column, &count.to_string());
        }
        #[expect(clippy::cast_precision_loss, reason = "a cell holds it exactly")]
        sheet.write_number_with_format(row, column, count as f64, style)?;
        Ok(())
    }

    pub(super) fn write_headers<'t>(
        &self,
        sheet: &mut Worksheet,
        names: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), XlsxError> {
        for (column, name) in (0..).zip(names) {
            self.write_string(sheet, 0, column, name, &self.header)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }
}

/// Returns a moment as spreadsheets count it; `None` before [`FIRST_DAY`].
pub(super) fn date_time(at: DateTime<Utc>) -> Option<ExcelDateTime> {
    let is_known = at >= midnight(FIRST_DAY);
    is_known.then(|| ExcelDateTime::from_timestamp(at.timestamp()).ok()).flatten()
}

/// Returns a text, or as much of its beginning as fits into so many units of UTF-16, with a sign
/// that it was cut.
pub(super) fn fitting(text: &str, most_units: usize) -> Cow<'_, str> {
    // No text has more units than bytes.
    if text.len() <= most_units || text.encode_utf16().count() <= most_units {
        return Cow::Borrowed(text);
    }
    let mut left = most_units - CUT.encode_utf16().count();
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let kept: String = text.chars().take_while(fits).collect();
    Cow::Owned(kept + CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_where_a_cell_ends() {
        let cases = [
            ("", 10, ""),
            ("ten letter", 10, "ten letter"),
            ("eleven lett", 10, "ele… (cut)"),
            ("ääääääääää", 10, "ääääääääää"),
            // Those outside the first plane are two units, and no half of one is left.
            ("🚀🚀🚀🚀🚀", 10, "🚀🚀🚀🚀🚀"),
            ("🚀🚀🚀🚀🚀!", 10, "🚀… (cut)"),
        ];
        for (text, most, expected) in cases {
            assert_eq!(fitting(text, most), expected);
            assert!(fitting(text, most).encode_utf16().count() <= most);
        }
    }
}

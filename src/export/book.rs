//! A workbook for spreadsheets: a ranking and a trend with their charts, the tidy table behind them,
//! and what a reader must know.
//!
//! Each sheet is a file here. Text stays text: what a spreadsheet would run as a formula is marked
//! so that it stays text also after somebody edits the cell.

mod about;
mod data;
mod ranking;
mod trend;

use std::io::Write;
use std::path::Path;

use chrono::{DateTime, Utc};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};

use super::ExportError;
use super::rows::{Told, Wanted};
use crate::domain::sample::Outcome;
use crate::domain::survey::Survey;
use crate::history::{Reading, guarded};
use crate::report::{RankingReport, TrendReport, WideTable};

/// The largest whole number that a cell holds exactly.
const LARGEST_EXACT: u64 = 1 << 53;
/// The narrowest and the widest column, in characters.
const WIDTHS: (f64, f64) = (9.0, 60.0);

/// What a workbook is made of.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// The history that the sheet Data is read from.
    pub history: &'a Path,
    /// What of it is wanted.
    pub wanted: &'a Wanted<'a>,
    /// The survey, if it is at hand.
    pub survey: Option<&'a Survey>,
    /// The ranking at the end of the window.
    pub ranking: &'a RankingReport,
    /// The counts over time of the same metric, and what is said of them.
    pub trend: (&'a WideTable, &'a TrendReport),
    /// The version of the program.
    pub version: &'a str,
}

/// Writes a workbook; the same counts make the same bytes.
///
/// The history is read twice: once to know how many rows there are, and whether a sheet can hold
/// them, before any is written. Memory does not grow with them.
///
/// # Errors
///
/// Fails if the history cannot be read, has more rows than a sheet, or if writing fails; `path` is
/// what errors name.
pub fn write_book<W: Write + Send>(
    book: &Book<'_>,
    path: &Path,
    out: &mut W,
) -> Result<(Told, Reading), ExportError> {
    let (told, reading) = data::count(book)?;
    let failed = |source| ExportError::Book { path: path.to_owned(), source };
    let mut workbook = Workbook::new();
    let styles = Styles::new();
    let made_at = told.span.map(|(_, last)| last.started_at()).unwrap_or_default();
    let properties = DocProperties::new()
        .set_title(&book.ranking.title)
        .set_author("repo-census")
        .set_creation_datetime(&date_time(made_at).map_err(failed)?);
    workbook.set_properties(&properties);
    let ranking = ranking::sheet(book.ranking, &styles).map_err(failed)?;
    let trend = trend::sheet(book.trend.0, book.trend.1, &styles).map_err(failed)?;
    let data = data::sheet(book, &told, &styles, &mut workbook, path)?;
    let about = about::sheet(book, &told, &styles).map_err(failed)?;
    workbook.push_worksheet(ranking);
    workbook.push_worksheet(trend);
    workbook.push_worksheet(data);
    workbook.push_worksheet(about);
    workbook.save_to_writer(out).map_err(failed)?;
    Ok((told, reading))
}

/// How cells look. Colour never stands alone: a sign, slant or status says the same.
struct Styles {
    header: Format,
    text: Format,
    /// Text that begins as a formula does.
    guarded: Format,
    day: Format,
    moment: Format,
    count: Format,
    /// A lower bound.
    incomplete: Format,
    /// A number whose source does not say whether it is complete.
    unchecked: Format,
    /// No number, although one was asked for.
    failed: Format,
    rank: Format,
    /// The rank of a lower bound: it can only be better.
    rank_bound: Format,
    change: Format,
    heading: Format,
    wrapped: Format,
}

impl Styles {
    fn new() -> Self {
        let number = |text: &str| Format::new().set_num_format(text);
        let light = Color::RGB(0xFF_F2_CC);
        Self {
            header: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::Top),
            text: number("@").set_indent(1),
            guarded: number("@").set_indent(1).set_quote_prefix(),
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
        }
    }

    /// Writes text as text, whatever it begins with; nothing if it is empty.
    fn write_text(
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
        sheet.write_string_with_format(row, column, text, style)?;
        Ok(())
    }

    /// Writes what a count came to.
    fn write_outcome(
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
            return self.write_text(sheet, row, column, &count.to_string());
        }
        #[expect(clippy::cast_precision_loss, reason = "a cell holds it exactly")]
        sheet.write_number_with_format(row, column, count as f64, style)?;
        Ok(())
    }

    fn write_headers<'t>(
        &self,
        sheet: &mut Worksheet,
        names: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), XlsxError> {
        for (column, name) in (0..).zip(names) {
            sheet.write_string_with_format(0, column, name, &self.header)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }
}

/// Names a sheet, and lets it be printed as wide as a page.
fn begin(sheet: &mut Worksheet, name: &str) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

/// Returns the width that a column needs for texts of so many characters.
fn width_of<'t>(texts: impl Iterator<Item = &'t str>) -> f64 {
    let longest = texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let longest = u32::try_from(longest).unwrap_or(u32::MAX);
    (f64::from(longest) + 2.0).clamp(WIDTHS.0, WIDTHS.1)
}

fn date_time(at: DateTime<Utc>) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_timestamp(at.timestamp())
}

/// Returns a chart's title that is taken for text and not for a place in a sheet.
fn chart_title(text: &str) -> String {
    if text.starts_with('=') { format!(" {text}") } else { text.to_owned() }
}

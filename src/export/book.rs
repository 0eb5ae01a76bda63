//! A workbook for spreadsheets: a ranking and a trend with their charts, the tidy table behind them,
//! and what a reader must know.
//!
//! Each sheet is a file here, and `cells` is how values become cells of any of them.

mod about;
mod cells;
mod data;
mod ranking;
mod trend;

use std::io::Write;
use std::path::Path;

use chrono::DateTime;
use rust_xlsxwriter::{ChartLine, Color, DocProperties, Workbook, Worksheet, XlsxError};

use super::rows::{Told, Wanted};
use super::{ExportError, MOST_SHEET_ROWS};
use crate::domain::survey::Survey;
use crate::history::Reading;
use crate::report::{RankingReport, Role, Theme, TrendReport, WideTable};
use cells::{MOST_TITLE_UNITS, Styles, date_time, fitting};

/// The most frameworks between the first and the last column of Trend.
const MOST_FRAMEWORKS: u64 = 16_382;
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
/// them, before any is written. Memory does not grow with them. What a cell cannot hold is changed
/// as little as possible, marked, and told in the sheet About.
///
/// # Errors
///
/// Fails if the history cannot be read, has more than a sheet can hold, or if writing fails; `path`
/// is what errors name.
pub fn write_book<W: Write + Send>(
    book: &Book<'_>,
    path: &Path,
    out: &mut W,
) -> Result<(Told, Reading), ExportError> {
    for (what, count, most) in [
        ("frameworks", book.trend.0.frameworks.len(), MOST_FRAMEWORKS),
        ("periods", book.trend.0.rows.len(), MOST_SHEET_ROWS),
    ] {
        refuse_too_many(book, "Trend", what, u64::try_from(count).unwrap_or(u64::MAX), most)?;
    }
    let (told, reading) = data::count(book)?;
    let failed = |source| ExportError::Book { path: path.to_owned(), source };
    let mut workbook = Workbook::new();
    let styles = Styles::new();
    let made_at = told.span.map(|(_, last)| last.started_at()).unwrap_or_default();
    let made_at = date_time(made_at.max(DateTime::UNIX_EPOCH)).unwrap_or_default();
    let properties = DocProperties::new()
        .set_title(fitting(&book.ranking.title, MOST_TITLE_UNITS))
        .set_author("repo-census")
        .set_creation_datetime(&made_at);
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

fn refuse_too_many(
    book: &Book<'_>,
    sheet: &'static str,
    what: &'static str,
    count: u64,
    most: u64,
) -> Result<(), ExportError> {
    if count <= most {
        return Ok(());
    }
    let path = book.history.to_owned();
    Err(ExportError::TooManyForSheet { path, sheet, what, count, most })
}

/// Names a sheet, and lets it be printed as wide as a page.
fn begin(sheet: &mut Worksheet, name: &str) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

/// Returns the colour that a role has in the other charts, on white.
fn colour(role: Role) -> Color {
    let digits = Theme::Light.colour(role).trim_start_matches('#');
    Color::RGB(u32::from_str_radix(digits, 16).unwrap_or_default())
}

/// Returns the lines behind a chart, which stay behind.
fn grid() -> ChartLine {
    ChartLine::new().set_color(colour(Role::Grid)).set_width(0.75).clone()
}

/// Returns the width that a column needs for texts of so many characters.
fn width_of<'t>(texts: impl Iterator<Item = &'t str>) -> f64 {
    let longest = texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let longest = u32::try_from(longest).unwrap_or(u32::MAX);
    (f64::from(longest) + 2.0).clamp(WIDTHS.0, WIDTHS.1)
}

/// Returns a chart's title that is taken for text and not for a place in a sheet.
fn chart_title(text: &str) -> String {
    let title = if text.starts_with('=') { format!(" {text}") } else { text.to_owned() };
    fitting(&title, MOST_TITLE_UNITS).into_owned()
}

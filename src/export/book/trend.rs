//! The sheet Trend: the wide table, and its lines.

use std::cmp::Reverse;

use rust_xlsxwriter::{
    Chart, ChartEmptyCells, ChartFont, ChartFormat, ChartLine, ChartLineDashType, ChartMarker,
    ChartMarkerType, ChartSolidFill, ChartType, Worksheet, XlsxError,
};

use super::cells::{Styles, date_time};
use super::{begin, chart_title, colour, grid, width_of};
use crate::domain::sample::{Outcome, Status};
use crate::domain::series::Value;
use crate::report::{Role, SERIES_COLOURS, TrendReport, WideTable};

/// The most lines that a chart has; with more, nobody tells them apart.
pub(super) const MOST_LINES: usize = 12;
/// How many columns and rows of the usual size, 64 by 20 pixels, a chart covers.
const CHART_COLUMNS: u16 = 15;
const CHART_ROWS: u32 = 26;
/// The most rows below which a chart is still found.
const FEW_ROWS: u32 = 30;

pub(super) fn sheet(
    table: &WideTable,
    report: &TrendReport,
    styles: &Styles,
) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    begin(&mut sheet, "Trend")?;
    let names = table.frameworks.iter().map(String::as_str);
    styles.write_headers(&mut sheet, ["date"].into_iter().chain(names).chain(["not_complete"]))?;
    let last_column = u16::try_from(table.frameworks.len() + 1).unwrap_or(u16::MAX);
    let not_complete: Vec<String> = table.rows.iter().map(|row| table.not_complete(row)).collect();
    for ((row, line), not_complete) in (1..).zip(&table.rows).zip(&not_complete) {
        if table.has_days {
            styles.write_day(&mut sheet, row, 0, line.from.date_naive())?;
        } else {
            styles.write_moment(&mut sheet, row, 0, line.from)?;
        }
        for (column, value) in (1..).zip(&line.values) {
            if let Some(outcome) = value.and_then(outcome_of) {
                styles.write_outcome(&mut sheet, row, column, outcome)?;
            }
        }
        styles.write_text(&mut sheet, row, last_column, not_complete)?;
    }
    sheet.set_column_width(0, if table.has_days { 12.0 } else { 20.0 })?;
    for (column, name) in (1..).zip(&table.frameworks) {
        sheet.set_column_width(column, width_of([name.as_str()].into_iter()))?;
    }
    let not_complete = not_complete.iter().map(String::as_str).chain(["not_complete"]);
    sheet.set_column_width(last_column, width_of(not_complete))?;
    add_chart(&mut sheet, table, report, last_column)?;
    Ok(sheet)
}

fn outcome_of(value: Value) -> Option<Outcome> {
    Outcome::new(value.status, Some(value.count))
        .filter(|outcome| outcome.status() != Status::Failed)
}

fn add_chart(
    sheet: &mut Worksheet,
    table: &WideTable,
    report: &TrendReport,
    last_column: u16,
) -> Result<(), XlsxError> {
    let last_row = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    let mut chart = Chart::new(ChartType::Line);
    for (nth, place) in drawn(table).into_iter().enumerate() {
        let column = u16::try_from(place + 1).unwrap_or(u16::MAX);
        let series = chart.add_series();
        series
            .set_categories(("Trend", 1, 0, last_row, 0))
            .set_values(("Trend", 1, column, last_row, column))
            .set_name(("Trend", 0, column));
        let mut line = ChartLine::new();
        line.set_color(colour(Role::Series(nth))).set_width(2);
        if nth >= SERIES_COLOURS {
            line.set_dash_type(ChartLineDashType::Dash);
        }
        series.set_format(ChartFormat::new().set_line(&line));
        // A line through one point is not seen.
        if table.rows.len() < 40 {
            let fill = ChartSolidFill::new().set_color(colour(Role::Series(nth))).clone();
            let mut format = ChartFormat::new();
            format.set_solid_fill(&fill).set_no_border();
            let mut marker = ChartMarker::new();
            marker.set_type(ChartMarkerType::Circle).set_size(5).set_format(&mut format);
            series.set_marker(&marker);
        }
    }
    let title = format!("{}: {}", report.title, report.metric_title);
    chart.title().set_name(&chart_title(&title)).set_overlay(false);
    chart.y_axis().set_num_format("#,##0").set_major_gridlines_line(&grid());
    let upright = ChartFont::new().set_rotation(-45).clone();
    let axis = chart.x_axis();
    axis.set_font(&upright);
    // An axis of one date alone would show another one, and text has no place on it.
    let has_dates = table.rows.first().is_some_and(|row| date_time(row.from).is_some());
    if table.has_days {
        axis.set_num_format("yyyy\\-mm\\-dd").set_date_axis(has_dates && table.rows.len() > 1);
    } else {
        axis.set_num_format("yyyy\\-mm\\-dd\\ hh:mm");
    }
    chart.show_empty_cells_as(ChartEmptyCells::Gaps);
    chart.set_width(u32::from(CHART_COLUMNS) * 64).set_height(CHART_ROWS * 20);
    chart.set_alt_text("Lines of the counts in this sheet over time, gaps left open");
    let (row, column) = if last_row <= FEW_ROWS { (last_row + 2, 1) } else { (1, last_column + 2) };
    sheet.insert_chart(row, column, &chart)?;
    // A long text of the last column would make a page as wide as itself.
    let (below, beside) = (last_row.max(row + CHART_ROWS), last_column.max(column + CHART_COLUMNS));
    sheet.set_print_area(0, 0, below, beside)?;
    Ok(())
}

/// Returns the places of the frameworks that the chart shows: all, or those with the highest last
/// counts, in the order of the columns.
fn drawn(table: &WideTable) -> Vec<usize> {
    let last = |place: usize| {
        let values = table.rows.iter().rev().filter_map(|row| row.values.get(place)?.as_ref());
        values.map(|value| value.count).next()
    };
    let mut places: Vec<usize> = (0..table.frameworks.len()).collect();
    places.sort_by_key(|place| Reverse(last(*place)));
    places.truncate(MOST_LINES);
    places.sort_unstable();
    places
}

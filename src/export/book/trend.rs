//! The sheet Trend: the wide table, and its lines.

use std::cmp::Reverse;

use rust_xlsxwriter::{
    Chart, ChartEmptyCells, ChartFont, ChartMarker, ChartMarkerType, ChartType, Worksheet,
    XlsxError,
};

use super::cells::{Styles, date_time};
use super::{begin, chart_title, width_of};
use crate::domain::sample::{Outcome, Status};
use crate::domain::series::Value;
use crate::report::{TrendReport, WideTable};

/// The most lines that a chart has; with more, nobody tells them apart.
pub(super) const MOST_LINES: usize = 12;
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
    for (row, line) in (1..).zip(&table.rows) {
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
        styles.write_text(&mut sheet, row, last_column, &table.not_complete(line))?;
    }
    sheet.set_column_width(0, if table.has_days { 12.0 } else { 20.0 })?;
    for (column, name) in (1..).zip(&table.frameworks) {
        sheet.set_column_width(column, width_of([name.as_str()].into_iter()))?;
    }
    sheet.set_column_width(last_column, 30.0)?;
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
    for place in drawn(table) {
        let column = u16::try_from(place + 1).unwrap_or(u16::MAX);
        let series = chart.add_series();
        series
            .set_categories(("Trend", 1, 0, last_row, 0))
            .set_values(("Trend", 1, column, last_row, column))
            .set_name(("Trend", 0, column));
        // A line through one point is not seen.
        if table.rows.len() < 40 {
            series.set_marker(ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(5));
        }
    }
    let title = format!("{}: {}", report.title, report.metric_title);
    chart.title().set_name(&chart_title(&title)).set_overlay(false);
    chart.y_axis().set_num_format("#,##0");
    let upright = ChartFont::new().set_rotation(-45).clone();
    let axis = chart.x_axis();
    axis.set_font(&upright);
    let has_dates = table.rows.first().is_none_or(|row| date_time(row.from).is_some());
    if table.has_days && has_dates {
        axis.set_num_format("yyyy\\-mm\\-dd").set_date_axis(true);
    } else {
        axis.set_num_format("yyyy\\-mm\\-dd\\ hh:mm");
    }
    chart.show_empty_cells_as(ChartEmptyCells::Gaps);
    chart.set_width(960).set_height(520);
    chart.set_alt_text("Lines of the counts in this sheet over time, gaps left open");
    if last_row <= FEW_ROWS {
        sheet.insert_chart(last_row + 2, 1, &chart)?;
    } else {
        sheet.insert_chart(1, last_column + 2, &chart)?;
    }
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

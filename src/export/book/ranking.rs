//! The sheet Ranking: a line a framework, and its bars.

use rust_xlsxwriter::{
    Chart, ChartAxisLabelPosition, ChartFormat, ChartPoint, ChartSolidFill, ChartType, Color,
    Worksheet, XlsxError,
};

use super::cells::Styles;
use super::{begin, chart_title, colour, grid, width_of};
use crate::domain::ranking::Change;
use crate::domain::sample::{Outcome, Status};
use crate::report::{RankingReport, Role};

const COLUMNS: [&str; 12] = [
    "rank",
    "framework",
    "language",
    "count",
    "status",
    "change",
    "low",
    "high",
    "observed_at",
    "query_text",
    "reason",
    "not_distinguishable_from",
];

/// The most bars that a chart has.
const MOST_BARS: usize = 40;
/// The width of a chart in pixels, what a character of the longest name adds to it, and how many do.
const WIDTH: u32 = 660;
const CHARACTER_WIDTH: u32 = 7;
const MOST_CHARACTERS: usize = 60;
const BAR_OF_BOUND: Color = Color::RGB(0xE0_A8_30);

pub(super) fn sheet(report: &RankingReport, styles: &Styles) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    begin(&mut sheet, "Ranking")?;
    styles.write_headers(&mut sheet, COLUMNS)?;
    for (row, line) in (1..).zip(&report.lines) {
        let entrant = &line.standing.entrant;
        let tally = &entrant.tally;
        if let Some(rank) = line.standing.rank {
            let is_bound = matches!(tally.outcome, Outcome::Incomplete(_));
            let style = if is_bound { &styles.rank_bound } else { &styles.rank };
            sheet.write_number_with_format(row, 0, rank, style)?;
        }
        styles.write_text(&mut sheet, row, 1, &entrant.name)?;
        styles.write_text(&mut sheet, row, 2, &entrant.language)?;
        styles.write_outcome(&mut sheet, row, 3, tally.outcome)?;
        styles.write_text(&mut sheet, row, 4, tally.outcome.status().as_str())?;
        if let Some(Change::By(change)) = line.change {
            #[expect(clippy::cast_precision_loss, reason = "counts of GitHub are far below that")]
            sheet.write_number_with_format(row, 5, change as f64, &styles.change)?;
        }
        if let Some((low, high)) = tally.range {
            styles.write_outcome(&mut sheet, row, 6, Outcome::Complete(low))?;
            styles.write_outcome(&mut sheet, row, 7, Outcome::Complete(high))?;
        }
        if let Some(counted) = &tally.counted {
            // The moment of a published number is a placeholder.
            if counted.published.is_none() {
                styles.write_moment(&mut sheet, row, 8, counted.observed_at)?;
            }
            styles.write_text(&mut sheet, row, 9, &counted.query_text)?;
        }
        styles.write_text(&mut sheet, row, 10, &tally.reason)?;
        let overlaps = line.standing.not_distinguishable_from.join("; ");
        styles.write_text(&mut sheet, row, 11, &overlaps)?;
    }
    let names = report.lines.iter().map(|line| line.standing.entrant.name.as_str());
    let languages = report.lines.iter().map(|line| line.standing.entrant.language.as_str());
    sheet.set_column_width(1, width_of(names.chain([COLUMNS[1]])))?;
    sheet.set_column_width(2, width_of(languages.chain([COLUMNS[2]])))?;
    for (column, width) in [
        (3, 13.0),
        (4, 12.0),
        (5, 11.0),
        (6, 12.0),
        (7, 12.0),
        (8, 19.0),
        (9, 36.0),
        (10, 24.0),
        (11, 24.0),
    ] {
        sheet.set_column_width(column, width)?;
    }
    add_chart(&mut sheet, report)?;
    Ok(sheet)
}

fn add_chart(sheet: &mut Worksheet, report: &RankingReport) -> Result<(), XlsxError> {
    let counted = |line: &&crate::report::Line| line.standing.rank.is_some();
    let lines: Vec<_> = report.lines.iter().filter(counted).take(MOST_BARS).collect();
    // Those without a number stand at the end.
    let Ok(last) = u32::try_from(lines.len()) else { return Ok(()) };
    if last == 0 {
        return Ok(());
    }
    let mut chart = Chart::new(ChartType::Bar);
    let is_bound = |line: &crate::report::Line| {
        line.standing.entrant.tally.outcome.status() == Status::Incomplete
    };
    let points: Vec<ChartPoint> = lines
        .iter()
        .map(|line| {
            let colour = if is_bound(line) { BAR_OF_BOUND } else { colour(Role::Bar) };
            let fill = ChartSolidFill::new().set_color(colour).clone();
            ChartPoint::new().set_format(ChartFormat::new().set_solid_fill(&fill))
        })
        .collect();
    chart
        .add_series()
        .set_categories(("Ranking", 1, 1, last, 1))
        .set_values(("Ranking", 1, 3, last, 3))
        .set_name(&chart_title(&report.metric_title))
        .set_points(&points)
        .set_gap(40);
    let when = match (&report.published, report.moments) {
        (Some(published), _) => format!(", published {published}"),
        (None, Some((_, last))) => format!(", {}", last.date_naive()),
        (None, None) => String::new(),
    };
    let title = format!("{}: {}{when}", report.title, report.metric_title);
    chart.title().set_name(&chart_title(&title)).set_overlay(false);
    chart.legend().set_hidden();
    chart.x_axis().set_num_format("#,##0").set_min(0).set_major_gridlines_line(&grid());
    if lines.iter().any(|line| is_bound(line)) {
        chart.x_axis().set_name("yellow: at least so many");
    }
    // The first stands on top; its axis would take that of the numbers with it.
    chart.y_axis().set_reverse();
    chart.x_axis().set_label_position(ChartAxisLabelPosition::High);
    let longest = lines.iter().map(|line| line.standing.entrant.name.chars().count()).max();
    let characters = u32::try_from(longest.unwrap_or(0).min(MOST_CHARACTERS)).unwrap_or(0);
    chart.set_width(WIDTH + CHARACTER_WIDTH * characters).set_height(130 + 26 * last);
    chart.set_alt_text("Bars of the counts in this sheet, the highest on top");
    let below = u32::try_from(report.lines.len() + 2).unwrap_or(u32::MAX);
    sheet.insert_chart(below, 1, &chart)?;
    Ok(())
}

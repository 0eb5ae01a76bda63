//! The trend as ranks: which framework stood where over time.

use super::super::notes::{MISSING, UPPER_RANK};
use super::super::trend::{TrendReport, subtitle};
use super::course::{Drawn, Field, Name, choose_lines, remarks};
use super::scene::{Anchor, Plot, Role, Scale, Scene};
use super::sheet::{ChartLook, MARGIN, SMALL, Sheet, first_of};
use super::stroke::Point;
use super::words::text_width;
use crate::domain::sample::Status;
use crate::domain::trend::{CoursePoint, TrendLine};

/// The lowest rank that is drawn.
const MOST_RANKS: u32 = 24;
const ROW: f64 = 22.0;
/// Of all ranks within so much of the width the last one is drawn: who changes places every day
/// would fill it.
const COLUMN: f64 = 5.0;

/// Draws the ranks over time, the first one uppermost; equal counts share a rank.
///
/// Names, colours, gaps, breaks and lower bounds are as in [`super::draw_trend`]. Ranks below a bound
/// are not drawn, and of ranks that lie closer together than lines can show the last one is.
#[must_use]
pub fn draw_ranks(report: &TrendReport, look: ChartLook) -> Scene {
    let mut sheet = Sheet::new(look, &report.title, &subtitle(report));
    let drawn = choose_lines(report);
    let first_ones = || drawn.iter().filter(|drawn| drawn.named.is_some());
    let held = first_ones().flat_map(|drawn| &drawn.line.course).map(|point| point.rank).max();
    let lowest = held.unwrap_or(1).min(MOST_RANKS);
    sheet.line_of_text(&format!("Ranks by {}", report.metric_title), SMALL, Role::Muted);
    let left = MARGIN + text_width("00", SMALL) + 8.0;
    let name_width = |drawn: &Drawn<'_>| text_width(&name_text(report, drawn.line), SMALL);
    let names = first_ones().map(name_width).fold(0.0, f64::max) + 2.0;
    let field = Field::new(&mut sheet, report, left, names, f64::from(lowest) * ROW);
    let y = |rank: u32| field.top + (f64::from(rank) - 0.5) * ROW;
    field.backdrop(&mut sheet, report);
    for rank in 1..=lowest {
        field.grid_line(&mut sheet, y(rank));
        let at = (left - 6.0, y(rank) + 4.0);
        sheet.text(at, SMALL, Anchor::End, Role::Muted, &rank.to_string());
    }
    let mut is_beyond = false;
    for drawn in drawn.iter().rev() {
        is_beyond |= drawn.line.course.iter().any(|point| point.rank > lowest);
        let mut stretches = Vec::new();
        for stretch in report.stretches(drawn.line) {
            let within = stretch.chunk_by(|a, b| (a.rank > lowest) == (b.rank > lowest));
            let within = within.filter(|points| points.iter().all(|point| point.rank <= lowest));
            stretches.extend(within.map(|points| thin(points, &field, report, &y)));
        }
        let shape = field.line(*drawn, label(report, drawn.line), &stretches);
        sheet.shapes.push(shape);
    }
    let names: Vec<Name<'_>> = first_ones()
        .filter_map(|drawn| {
            let last = drawn.line.course.last().filter(|last| last.rank <= lowest)?;
            let end = (field.time.place(report.rows.get(last.row)?.run.started_at()), y(last.rank));
            let text = super::clean(&name_text(report, drawn.line));
            let label = label(report, drawn.line);
            Some(Name { drawn: *drawn, end, text, behind: String::new(), label })
        })
        .collect();
    field.names(&mut sheet, &names);
    let plot = Plot {
        left: field.time.left,
        right: field.time.right,
        top: y(1),
        bottom: y(lowest),
        from_s: field.time.from_s,
        to_s: field.time.to_s,
        low: 1.0,
        high: f64::from(lowest),
        scale: Scale::Ranks,
    };
    let mut all = Vec::new();
    if is_beyond {
        all.push(format!("Ranks beyond {lowest} are not drawn."));
    }
    all.extend(remarks(report, &drawn));
    sheet.finish(&report.title, describe(report), Some(plot), &all)
}

/// Returns the points of a stretch: its first one, and of those in a column the last one and the last
/// lower bound.
fn thin(
    points: &[CoursePoint],
    field: &Field,
    report: &TrendReport,
    y: &impl Fn(u32) -> f64,
) -> Vec<Point> {
    let place = |point: &CoursePoint| {
        let row = report.rows.get(point.row);
        let x = row.map_or(0.0, |row| field.time.place(row.run.started_at()));
        Point { at: (x, y(point.rank)), status: point.status }
    };
    let all: Vec<Point> = points.iter().map(place).collect();
    let column = |point: &Point| ((point.at.0 - field.time.left) / COLUMN).floor();
    let mut thinned: Vec<Point> = all.first().copied().into_iter().collect();
    for points in all.chunk_by(|a, b| column(a).total_cmp(&column(b)).is_eq()) {
        let last = |is_bound: bool| points.iter().rev().find(|point| point.is_bound() == is_bound);
        let mut kept: Vec<Point> =
            [last(false), last(true)].into_iter().flatten().copied().collect();
        kept.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
        thinned.extend(kept.into_iter().filter(|point| all.first() != Some(point)));
    }
    thinned
}

/// Writes a rank and its framework as the end of a line is named.
fn name_text(report: &TrendReport, line: &TrendLine) -> String {
    format!("{} {}", rank_text(report, line), line.framework)
}

fn rank_text(report: &TrendReport, line: &TrendLine) -> String {
    let last = line.course.last().filter(|last| last.row + 1 == report.rows.len());
    match last {
        Some(last) if last.status == Status::Incomplete => format!("{UPPER_RANK}{}", last.rank),
        Some(last) => last.rank.to_string(),
        None => MISSING.to_owned(),
    }
}

/// Says a line in full.
fn label(report: &TrendReport, line: &TrendLine) -> String {
    format!("{}: {}", line.framework, rank_text(report, line))
}

fn describe(report: &TrendReport) -> String {
    let told = report.lines.iter().map(|line| name_text(report, line));
    let told = first_of(report.lines.len(), told);
    format!("Lines of ranks, {}. Last ranks: {told}.", subtitle(report))
}

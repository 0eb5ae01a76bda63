//! The trend as lines: the counts of each framework over time.

use super::super::notes::LOWER_BOUND;
use super::super::number::count;
use super::super::trend::{TrendReport, subtitle};
use super::course::{Drawn, Field, NAME_GAP, Name, choose_lines, remarks};
use super::scale::{Axis, ScaleChoice, short};
use super::scene::{Anchor, Plot, Role, Scene, Shape};
use super::sheet::{ChartLook, MARGIN, SMALL, Sheet, first_of, widest};
use super::words::text_width;
use crate::domain::sample::Status;
use crate::domain::trend::{CoursePoint, TrendLine};

const HEIGHT: f64 = 340.0;
const NARROW_HEIGHT: f64 = 280.0;

/// Draws the counts over time.
///
/// The first frameworks by the last count are named at the ends of their lines and told apart by
/// colour, mark and dash; the next ones are grey; how many are not drawn is said. A line is
/// interrupted where a period has no count or only a lower bound, and where counts cannot be compared;
/// the latter is marked by a dashed upright, notes of the survey by a dotted one, both with a letter
/// that is explained below. Lower bounds are empty triangles. Points within a quarter of a unit of the
/// line without them are left out.
#[must_use]
pub fn draw_trend(report: &TrendReport, look: ChartLook, choice: ScaleChoice) -> Scene {
    let mut sheet = Sheet::new(look, &report.title, &subtitle(report));
    let drawn = choose_lines(report);
    let counts = drawn.iter().flat_map(|drawn| &drawn.line.course).map(|point| point.count);
    let axis = Axis::new(counts, choice);
    sheet.line_of_text(&format!("{}, {}", report.metric_title, axis.words()), SMALL, Role::Muted);
    let ticks = axis.labels();
    let left = MARGIN + widest(ticks.iter().map(|(_, text)| text.as_str()), SMALL) + 8.0;
    let first_ones = || drawn.iter().filter(|drawn| drawn.named.is_some());
    let behind = |line: &TrendLine| last_count(line, sheet.is_narrow());
    let name_width = |line: &TrendLine| {
        text_width(&line.framework, SMALL) + text_width(&behind(line), SMALL) + 8.0
    };
    let names = first_ones().map(|drawn| name_width(drawn.line)).fold(0.0, f64::max);
    let behind: Vec<String> = first_ones().map(|drawn| behind(drawn.line)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few names")]
    let for_names = first_ones().count() as f64 * NAME_GAP + 6.0;
    let height = if sheet.is_narrow() { NARROW_HEIGHT } else { HEIGHT }.max(for_names);
    let field = Field::new(&mut sheet, report, left, names, height);
    let y = |value: f64| field.bottom - axis.place(value) * (field.bottom - field.top);
    field.backdrop(&mut sheet, report);
    for (value, text) in &ticks {
        field.grid_line(&mut sheet, y(*value));
        sheet.text((left - 6.0, y(*value) + 4.0), SMALL, Anchor::End, Role::Muted, text);
    }
    // The first ones are drawn last, above the others.
    for drawn in drawn.iter().rev() {
        let shape = draw(&field, report, *drawn, &y);
        sheet.shapes.push(shape);
    }
    let names: Vec<Name<'_>> = first_ones()
        .zip(behind)
        .filter_map(|(drawn, behind)| {
            let last = drawn.line.course.last()?;
            let end =
                (field.time.place(report.rows.get(last.row)?.run.started_at()), y(number(last)));
            let text = super::clean(&drawn.line.framework);
            Some(Name { drawn: *drawn, end, text, behind, label: label(drawn.line) })
        })
        .collect();
    field.names(&mut sheet, &names);
    let plot = Plot {
        left: field.time.left,
        right: field.time.right,
        top: field.top,
        bottom: field.bottom,
        from_s: field.time.from_s,
        to_s: field.time.to_s,
        low: axis.low,
        high: axis.high,
        scale: axis.scale,
    };
    let remarks = remarks(report, &drawn);
    sheet.finish(&report.title, describe(report), Some(plot), &remarks)
}

fn draw(field: &Field, report: &TrendReport, drawn: Drawn<'_>, y: &impl Fn(f64) -> f64) -> Shape {
    let stretches = field.stretches(report, drawn.line, |point| y(number(point)));
    field.line(drawn, label(drawn.line), &stretches)
}

#[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
fn number(point: &CoursePoint) -> f64 {
    point.count as f64
}

/// Writes the last count behind a name; empty where there is no room for it.
fn last_count(line: &TrendLine, is_narrow: bool) -> String {
    match line.course.last() {
        Some(last) if !is_narrow => format!("{}{}", bound(last.status), short(number(last))),
        _ => String::new(),
    }
}

fn bound(status: Status) -> String {
    if status == Status::Incomplete { format!("{LOWER_BOUND} ") } else { String::new() }
}

/// Says a line in full.
fn label(line: &TrendLine) -> String {
    match line.course.last() {
        Some(last) => format!("{}: {}{}", line.framework, bound(last.status), count(last.count)),
        None => line.framework.clone(),
    }
}

fn describe(report: &TrendReport) -> String {
    let told = first_of(report.lines.len(), report.lines.iter().map(label));
    format!("Lines of {}. Last counts: {told}.", subtitle(report))
}

//! What charts over time share: which lines are drawn, the field with its gaps, dates and flags, and
//! the names beside it. `stroke` draws the lines.

use super::super::notes::TRIANGLES;
use super::super::number::count;
use super::super::trend::{EventKind, TrendReport};
use super::days::Time;
use super::labels::spread;
use super::scene::{Anchor, Dash, Role, SERIES_COLOURS, Shape, Spot};
use super::sheet::{MARGIN, SMALL, Sheet, letter, text_shape};
use super::stroke::{Point, mark};
use super::words::{cut, text_width};
use crate::domain::sample::Status;
use crate::domain::trend::{CoursePoint, TrendLine};

/// How many lines are named and coloured.
pub(super) const MOST_NAMED: usize = 2 * SERIES_COLOURS;
/// How many lines are drawn at all; those that are not named are grey.
pub(super) const MOST_DRAWN: usize = 60;
/// How many breaks and notes get a flag.
pub(in crate::report) const MOST_FLAGS: usize = 12;
/// How far the names stand apart.
pub(super) const NAME_GAP: f64 = 15.0;
/// How far names stand from their field; between them lie the ends of lines.
const LEAD: f64 = 12.0;
/// How far the first counts lie from the values of the axis.
const EDGE: f64 = 6.0;
/// How much of the width names may take at most.
const NAMES: f64 = 0.36;

/// A line that is drawn.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a> {
    /// Which of the report's lines it is.
    pub(super) index: usize,
    pub(super) line: &'a TrendLine,
    /// Its place among the named ones; `None` if it is one of the others.
    pub(super) named: Option<usize>,
    /// Whether its counts were not taken at their time.
    pub(super) is_reconstructed: bool,
}

impl Drawn<'_> {
    pub(super) fn role(self) -> Role {
        self.named.map_or(Role::Other, Role::Series)
    }
}

/// Returns the lines that are drawn: those with a count, as many as fit, the first ones named.
pub(super) fn choose_lines(report: &TrendReport) -> Vec<Drawn<'_>> {
    let counted = report.lines.iter().enumerate().filter(|(_, line)| !line.course.is_empty());
    let drawn = counted.take(MOST_DRAWN).enumerate();
    drawn
        .map(|(place, (index, line))| Drawn {
            index,
            line,
            named: Some(place).filter(|place| *place < MOST_NAMED),
            is_reconstructed: report.is_reconstructed,
        })
        .collect()
}

/// Where lines are drawn.
pub(super) struct Field {
    pub(super) time: Time,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Where names begin.
    names: f64,
    /// How wide they may be.
    names_width: f64,
}

impl Field {
    /// Lays out a field below what the sheet has, with room for names as wide as that at its right.
    pub(super) fn new(
        sheet: &mut Sheet,
        report: &TrendReport,
        left: f64,
        names: f64,
        height: f64,
    ) -> Self {
        let names_width = names.min(sheet.width * NAMES);
        let right = sheet.width - MARGIN - names_width - LEAD - 14.0;
        let top = sheet.y + if report.events.is_empty() { 12.0 } else { 22.0 };
        let (from, to) = (report.first.run.started_at(), report.last.run.started_at());
        let time = Time::new(from, to, left + EDGE, right);
        sheet.y = top + height + 22.0;
        Self { time, top, bottom: top + height, names: right + LEAD, names_width }
    }

    /// Draws what lies behind the lines: gaps, dates and flags.
    pub(super) fn backdrop(&self, sheet: &mut Sheet, report: &TrendReport) {
        for stretch in report.gaps.chunk_by(|gap, next| gap.to == next.from) {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
            let from = self.time.place(first.from);
            let width = (self.time.place(last.to) - from).max(1.0);
            let height = self.bottom - self.top;
            sheet.shapes.push(Shape::Block {
                at: (from, self.top),
                width,
                height,
                fill: Role::Gap,
            });
        }
        for (x, date) in self.time.ticks(SMALL) {
            let half = text_width(&date, SMALL) / 2.0;
            // A date at the edge is not cut off.
            let middle = x.max(MARGIN + half);
            sheet.text((middle, self.bottom + 17.0), SMALL, Anchor::Middle, Role::Muted, &date);
            sheet.shapes.push(upright(x, self.bottom, self.bottom + 4.0, Role::Flag, Dash::Solid));
        }
        self.flags(sheet, report);
    }

    fn flags(&self, sheet: &mut Sheet, report: &TrendReport) {
        let events = &report.events[..report.events.len().min(MOST_FLAGS)];
        let places: Vec<f64> = events.iter().map(|event| self.time.place(event.at)).collect();
        let letter_places = spread(&places, 12.0, self.time.left, self.time.right);
        for (place, (event, (x, letter_x))) in
            events.iter().zip(places.iter().zip(letter_places)).enumerate()
        {
            let dash = match event.kind {
                EventKind::Break => Dash::Dashed,
                EventKind::Note => Dash::Dotted,
            };
            sheet.shapes.push(upright(*x, self.top - 4.0, self.bottom, Role::Flag, dash));
            let text = letter(place);
            sheet.text((letter_x, self.top - 7.0), SMALL, Anchor::Middle, Role::Muted, &text);
        }
    }

    pub(super) fn grid_line(&self, sheet: &mut Sheet, y: f64) {
        sheet.shapes.push(Shape::Path {
            lines: vec![vec![(self.time.left - EDGE, y), (self.time.right, y)]],
            stroke: Role::Grid,
            width: 1.0,
            dash: Dash::Solid,
        });
    }

    /// Draws the names of lines at their right ends, each with the line's mark and what stands
    /// behind it.
    pub(super) fn names(&self, sheet: &mut Sheet, names: &[Name<'_>]) {
        let ends: Vec<f64> = names.iter().map(|name| name.end.1).collect();
        let (low, high) = (self.top + 4.0, self.bottom - 2.0);
        for (name, y) in names.iter().zip(spread(&ends, NAME_GAP, low, high)) {
            let role = name.drawn.role();
            let at = (self.names + 5.0, y);
            if (name.end.1 - y).abs() > 1.0 || self.time.right - name.end.0 > 1.0 {
                sheet.shapes.push(Shape::Path {
                    lines: vec![vec![name.end, (at.0 - 6.0, y)]],
                    stroke: role,
                    width: 1.0,
                    dash: Dash::Dotted,
                });
            }
            let mut shapes = vec![mark(name.drawn.named.unwrap_or_default(), at)];
            let behind = text_width(&name.behind, SMALL);
            let gap = if name.behind.is_empty() { 0.0 } else { 6.0 };
            let text = cut(&name.text, SMALL, self.names_width - behind - gap);
            let start = at.0 + 9.0;
            shapes.push(text_shape((start, y + 4.0), SMALL, Anchor::Start, Role::Ink, &text));
            let at = (start + text_width(&text, SMALL) + gap, y + 4.0);
            if !name.behind.is_empty() {
                shapes.push(text_shape(at, SMALL, Anchor::Start, Role::Muted, &name.behind));
            }
            let (line, label) = (name.drawn.index, name.label.clone());
            sheet.shapes.push(Shape::Group { line, label, shapes });
        }
    }

    /// Returns a line's stretches as points of the field.
    pub(super) fn stretches(
        &self,
        report: &TrendReport,
        line: &TrendLine,
        y: impl Fn(&CoursePoint) -> f64,
    ) -> Vec<Vec<Point>> {
        let point = |point: &CoursePoint| {
            let row = report.rows.get(point.row)?;
            let at = (self.time.place(row.run.started_at()), y(point));
            Some(Point { at, status: point.status })
        };
        report.stretches(line).map(|points| points.iter().filter_map(point).collect()).collect()
    }
}

/// A name beside its line.
pub(super) struct Name<'a> {
    pub(super) drawn: Drawn<'a>,
    /// The end of the line.
    pub(super) end: Spot,
    pub(super) text: String,
    /// What stands behind the name, in full; may be empty.
    pub(super) behind: String,
    /// What both say in full.
    pub(super) label: String,
}

fn upright(x: f64, from: f64, to: f64, stroke: Role, dash: Dash) -> Shape {
    Shape::Path { lines: vec![vec![(x, from), (x, to)]], stroke, width: 1.0, dash }
}

/// Returns what must be said below a chart over time: how to read it, and the notes of the report,
/// those that have a flag with its letter.
pub(super) fn remarks(report: &TrendReport, drawn: &[Drawn<'_>]) -> Vec<String> {
    let mut remarks = Vec::new();
    let counted = report.lines.iter().filter(|line| !line.course.is_empty()).count();
    let named = drawn.iter().filter(|drawn| drawn.named.is_some()).count();
    if counted > named {
        let (not_named, not_drawn) = (drawn.len() - named, counted - drawn.len());
        let are = |many: usize| if many == 1 { "is" } else { "are" };
        let others = match (not_drawn, not_named) {
            (0, 1) => "the other one is grey".to_owned(),
            (0, many) => format!("the other {many} are grey"),
            (more, grey) => {
                let more_text = count(more as u64);
                format!("grey are the next {grey}; {more_text} more {} not drawn", are(more))
            }
        };
        let counted = count(counted as u64);
        remarks
            .push(format!("Named are the first {named} of {counted} by the last count; {others}."));
    }
    if !report.gaps.is_empty() {
        remarks.push("Shaded: no finished run.".to_owned());
    }
    let is_bound = |point: &CoursePoint| point.status == Status::Incomplete;
    if drawn.iter().any(|drawn| drawn.named.is_some() && drawn.line.course.iter().any(is_bound)) {
        remarks.push(TRIANGLES.to_owned());
    }
    let flagged = &report.events[..report.events.len().min(MOST_FLAGS)];
    for (place, event) in flagged.iter().enumerate() {
        remarks.push(format!("({}) {}", letter(place), event.text));
    }
    let is_flagged = |note: &&String| flagged.iter().any(|event| event.text == **note);
    remarks.extend(report.notes.iter().filter(|note| !is_flagged(note)).cloned());
    remarks
}

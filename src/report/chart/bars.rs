//! The ranking as bars: name, language and count of each framework, in the order of their ranks.

use super::super::model::{Line, RankingReport};
use super::super::notes::MISSING;
use super::super::number::count;
use super::super::table::{count_text, rank_text, subtitle};
use super::scene::{Anchor, Dash, Role, Scene, Shape, Spot};
use super::sheet::{ChartLook, MARGIN, SMALL, Sheet, TEXT, first_of, text_shape, widest};
use super::words::{cut, text_width};
use crate::domain::sample::Outcome;

/// The most bars that a picture has.
const MOST_BARS: usize = 60;
const ROW: f64 = 26.0;
/// A row of a narrow picture, whose name stands above the bar.
const TALL_ROW: f64 = 38.0;
const BAR: f64 = 16.0;
const GAP: f64 = 8.0;
/// How much of the width names may take at most.
const NAMES: f64 = 0.36;
/// How far the lines stand apart that fill the bar of a lower bound.
const HATCH: f64 = 6.0;

/// Draws the ranking: as many of its lines as are shown, up to a bound, which is said.
///
/// A bar's length is its count, from 0, on a linear scale. The bar of a lower bound is outlined and
/// hatched, its count marked "≥"; who has no count has the reason instead of a bar.
#[must_use]
pub fn draw_ranking(report: &RankingReport, look: ChartLook) -> Scene {
    let mut sheet = Sheet::new(look, &report.title, &subtitle(report));
    let lines = &report.lines[..report.lines.len().min(MOST_BARS)];
    let columns = Columns::new(&sheet, lines);
    for (index, line) in lines.iter().enumerate() {
        let shapes = columns.row(line, sheet.y);
        sheet.shapes.push(Shape::Group { line: index, label: label(line), shapes });
        sheet.y += columns.row_height();
    }
    let mut remarks = vec!["Bars are drawn to a linear scale from 0.".to_owned()];
    let more = report.lines.len() - lines.len();
    if more > 0 {
        let follow = if more == 1 { "follows" } else { "follow" };
        remarks.push(format!(
            "Drawn are the first {}; {} more {follow}.",
            lines.len(),
            count(more as u64)
        ));
    }
    remarks.extend(report.notes.iter().cloned());
    sheet.finish(&report.title, describe(report), None, &remarks)
}

/// Where the columns of a picture stand.
struct Columns {
    is_narrow: bool,
    /// The right end of ranks.
    rank: f64,
    name: f64,
    bar: f64,
    longest_bar: f64,
    right: f64,
    most: u64,
}

impl Columns {
    fn new(sheet: &Sheet, lines: &[Line]) -> Self {
        let ranks: Vec<String> = lines.iter().map(rank_text).collect();
        let counts: Vec<String> = lines.iter().map(|line| count_text(outcome(line))).collect();
        let rank = MARGIN + widest(ranks.iter().map(String::as_str), TEXT);
        let (name, right) = (rank + GAP, sheet.width - MARGIN);
        let is_narrow = sheet.is_narrow();
        let bar = if is_narrow {
            name
        } else {
            let names = lines.iter().map(names_width).fold(0.0, f64::max);
            name + (names + 1.0).min(sheet.width * NAMES) + 12.0
        };
        let longest_bar = right - bar - GAP - widest(counts.iter().map(String::as_str), TEXT);
        let most = lines.iter().filter_map(|line| outcome(line).count()).max().unwrap_or(0);
        Self { is_narrow, rank, name, bar, longest_bar: longest_bar.max(20.0), right, most }
    }

    fn row_height(&self) -> f64 {
        if self.is_narrow { TALL_ROW } else { ROW }
    }

    fn row(&self, line: &Line, y: f64) -> Vec<Shape> {
        let entrant = &line.standing.entrant;
        let (base, bar_y) = if self.is_narrow { (y + 13.0, y + 17.0) } else { (y + 17.5, y + 5.0) };
        let rank = rank_text(line);
        let mut shapes = vec![text_shape((self.rank, base), TEXT, Anchor::End, Role::Muted, &rank)];
        let room =
            if self.is_narrow { self.right - self.name } else { self.bar - 12.0 - self.name };
        let name = cut(&super::clean(&entrant.name), TEXT, room);
        let used = text_width(&name, TEXT);
        shapes.push(text_shape((self.name, base), TEXT, Anchor::Start, Role::Ink, &name));
        let left = room - used - GAP;
        let language = super::clean(&entrant.language);
        if !language.is_empty() && left > text_width("…", SMALL) {
            let language = cut(&language, SMALL, left);
            let at = (self.name + used + GAP, base);
            shapes.push(text_shape(at, SMALL, Anchor::Start, Role::Muted, &language));
        }
        let count_base = if self.is_narrow { bar_y + 12.5 } else { base };
        match outcome(line).count() {
            None => {
                let reason = super::clean(&entrant.tally.reason);
                let text = cut(&format!("{MISSING} {reason}"), TEXT, self.right - self.bar);
                shapes.push(text_shape(
                    (self.bar, count_base),
                    TEXT,
                    Anchor::Start,
                    Role::Muted,
                    &text,
                ));
            }
            Some(number) => {
                let length = self.length(number);
                shapes.extend(bar(outcome(line), (self.bar, bar_y), length));
                let at = (self.bar + length + GAP, count_base);
                let text = count_text(outcome(line));
                shapes.push(text_shape(at, TEXT, Anchor::Start, Role::Ink, &text));
            }
        }
        shapes
    }

    /// Returns how long a bar is; any number above 0 shows something.
    #[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
    fn length(&self, number: u64) -> f64 {
        let share = number as f64 / self.most.max(1) as f64;
        if number == 0 { 0.0 } else { (share * self.longest_bar).max(0.5) }
    }
}

fn outcome(line: &Line) -> Outcome {
    line.standing.entrant.tally.outcome
}

fn names_width(line: &Line) -> f64 {
    let entrant = &line.standing.entrant;
    let language = match entrant.language.as_str() {
        "" => 0.0,
        language => GAP + text_width(language, SMALL),
    };
    text_width(&entrant.name, TEXT) + language
}

/// Draws a bar; that of a lower bound is not filled.
fn bar(outcome: Outcome, at: Spot, width: f64) -> Vec<Shape> {
    if !matches!(outcome, Outcome::Incomplete(_)) {
        return vec![Shape::Block { at, width, height: BAR, fill: Role::Bar }];
    }
    let (left, right, top, bottom) =
        (at.0 + 0.5, at.0 + width.max(1.5) - 0.5, at.1 + 0.5, at.1 + BAR - 0.5);
    let outline = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    let stroke = |lines: Vec<Vec<Spot>>, width: f64| Shape::Path {
        lines,
        stroke: Role::Bar,
        width,
        dash: Dash::Solid,
    };
    let mut hatch = Vec::new();
    let height = bottom - top;
    let mut foot = left - height + HATCH;
    while foot < right {
        // From the lower left to the upper right, as far as it lies within.
        let (from, to) = (foot.max(left), (foot + height).min(right));
        if to > from {
            hatch.push(vec![(from, bottom - (from - foot)), (to, bottom - (to - foot))]);
        }
        foot += HATCH;
    }
    vec![stroke(vec![outline], 1.0), stroke(hatch, 1.2)]
}

/// Says a line in full.
fn label(line: &Line) -> String {
    let entrant = &line.standing.entrant;
    let language = match entrant.language.as_str() {
        "" => String::new(),
        language => format!(" ({language})"),
    };
    let reason = match entrant.tally.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!("{}{language}: {}{reason}", entrant.name, count_text(outcome(line)))
}

fn describe(report: &RankingReport) -> String {
    let told = report.lines.iter().map(|line| format!("{} {}", rank_text(line), label(line)));
    format!("Bars of {}. {}.", subtitle(report), first_of(report.lines.len(), told))
}

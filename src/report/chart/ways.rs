//! The ranks by every way of counting: a column for each way, a line for each framework.

use std::cmp::Reverse;

use super::super::audit::{RankedByWays, Sensitivity};
use super::super::notes::{MISSING, TRIANGLES};
use super::labels::spread;
use super::scene::{Anchor, Dash, MarkKind, Role, SERIES_COLOURS, Scene, Shape, Spot};
use super::sheet::{ChartLook, MARGIN, SMALL, Sheet, first_of, letter, text_shape, widest};
use super::words::{cut, text_width};

/// The most frameworks that are drawn.
const MOST_LINES: usize = 60;
/// The lowest rank that is drawn.
const LOWEST: u32 = 60;
/// How many of those that move have a colour.
const MOST_COLOURED: usize = 2 * SERIES_COLOURS;
const ROW: f64 = 22.0;
/// How far names stand apart.
const NAME_GAP: f64 = 15.0;
/// How much of the width the names of one side may take.
const NAMES: f64 = 0.24;
/// How far names stand from the columns; between them lie leaders.
const LEAD: f64 = 16.0;
const NARROW_LEAD: f64 = 11.0;
/// The line of headings.
const HEADINGS: f64 = 18.0;
/// The least room between two headings.
const BETWEEN: f64 = 6.0;
/// A remark for each way takes more lines than other pictures need.
const MOST_REMARKS: usize = 40;

/// Draws the ranks by every way of counting, the first one uppermost; equal counts share a rank.
///
/// Who has the same rank by every way is grey; those that move are coloured, if they are many those that
/// move most. Names stand at both ends. A line is interrupted where a way gives no rank; who has none
/// at an end is named below the ranks there. Ranks from lower bounds are empty triangles.
#[must_use]
pub fn draw_sensitivity(sensitivity: &Sensitivity, title: &str, look: ChartLook) -> Scene {
    let mut sheet = Sheet::new(look, title, &sensitivity.subtitle());
    sheet.most_remarks = MOST_REMARKS;
    let lines = choose_lines(sensitivity);
    let field = Field::new(&mut sheet, sensitivity, &lines);
    field.grid(&mut sheet, sensitivity);
    // Those that keep their rank lie behind the others.
    for line in lines.iter().filter(|line| line.coloured.is_none()) {
        sheet.shapes.push(field.line(line));
    }
    for line in lines.iter().filter(|line| line.coloured.is_some()).rev() {
        sheet.shapes.push(field.line(line));
    }
    for side in [Side::Left, Side::Right] {
        field.names(&mut sheet, &lines, side);
    }
    let mut remarks = vec![sensitivity.summary(), colours(&lines)];
    remarks.retain(|remark| !remark.is_empty());
    let all = sensitivity.frameworks.len();
    if all > lines.len() {
        let (drawn, first) = (lines.len(), &sensitivity.ways[0].id);
        remarks.push(format!("Drawn are the first {drawn} of {all} by {first}."));
    }
    let is_beyond = |line: &Line<'_>| line.row.ranks.iter().flatten().any(|rank| *rank > LOWEST);
    if lines.iter().any(is_beyond) {
        remarks.push(format!("Ranks beyond {LOWEST} are not drawn."));
    }
    if lines.iter().any(|line| (0..sensitivity.ways.len()).any(|way| line.row.is_bound(way))) {
        remarks.push(TRIANGLES.to_owned());
    }
    remarks.extend(sensitivity.caveats());
    let letter = |(place, words): (usize, String)| {
        if field.letters { format!("({}) {words}", letter(place)) } else { words }
    };
    // A picture has no letters for code.
    let ways = sensitivity.ways_in_words().into_iter().map(|words| words.replace('`', ""));
    remarks.extend(ways.enumerate().map(letter));
    sheet.finish(title, describe(sensitivity), None, &remarks)
}

/// A line that is drawn.
struct Line<'a> {
    /// Which of the frameworks it is.
    index: usize,
    row: &'a RankedByWays,
    /// Its place among those that have a colour; `None` if it is grey.
    coloured: Option<usize>,
}

impl Line<'_> {
    fn role(&self) -> Role {
        self.coloured.map_or(Role::Other, Role::Series)
    }

    fn mark(&self, way: usize, at: Spot) -> Shape {
        let (kind, radius) = match self.coloured {
            _ if self.row.is_bound(way) => (MarkKind::AtLeast, 3.8),
            Some(place) => (MarkKind::of_series(place), 3.2),
            None => (MarkKind::Disc, 2.4),
        };
        Shape::Mark { kind, at, radius, role: self.role() }
    }

    /// Returns how many ranks lie between its best and its worst.
    fn moves(&self) -> u32 {
        self.row.span().map_or(0, |(low, high)| high - low)
    }

    /// Writes the rank by a way at the end of the line.
    fn rank_text(&self, way: usize) -> String {
        let is_ranked = self.row.ranks.get(way).copied().flatten().is_some();
        match self.rank(way) {
            None if is_ranked => format!(">{LOWEST}"),
            None => MISSING.to_owned(),
            Some(_) => self.row.rank_text(way),
        }
    }

    /// Returns the rank by a way, if it is drawn.
    fn rank(&self, way: usize) -> Option<u32> {
        self.row.ranks.get(way).copied().flatten().filter(|rank| *rank <= LOWEST)
    }
}

/// Returns the lines in the order of the first way, those without a rank last, as many as fit; who moves
/// most has a colour.
fn choose_lines(sensitivity: &Sensitivity) -> Vec<Line<'_>> {
    let rows = sensitivity.frameworks.iter().enumerate();
    let mut lines: Vec<Line<'_>> =
        rows.map(|(index, row)| Line { index, row, coloured: None }).collect();
    lines.sort_by_key(|line| line.row.ranks.first().copied().flatten().unwrap_or(u32::MAX));
    lines.truncate(MOST_LINES);
    let mut moving: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].moves() > 0).collect();
    moving.sort_by_key(|line| Reverse(lines[*line].moves()));
    moving.truncate(MOST_COLOURED);
    moving.sort_unstable();
    for (place, line) in moving.into_iter().enumerate() {
        lines[line].coloured = Some(place);
    }
    lines
}

/// Says what colours mean; empty where nothing moves.
fn colours(lines: &[Line<'_>]) -> String {
    let coloured = lines.iter().filter(|line| line.coloured.is_some()).count();
    let moving = lines.iter().filter(|line| line.moves() > 0).count();
    match coloured {
        0 => String::new(),
        _ if coloured == lines.len() => String::new(),
        _ if coloured == moving => "Coloured are those that move, grey the others.".to_owned(),
        _ => {
            let less = moving - coloured;
            format!(
                "Coloured are the {coloured} that move most; of the grey ones {less} move less."
            )
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Where lines are drawn.
struct Field {
    /// Where the columns stand.
    columns: Vec<f64>,
    top: f64,
    lowest: u32,
    /// How wide names and ranks may be.
    names_width: f64,
    rank_width: f64,
    lead: f64,
    /// Below what names may not go.
    bottom: f64,
    /// Whether letters stand above the columns instead of names.
    letters: bool,
    /// Whether every other heading stands a line higher.
    staggered: bool,
}

impl Field {
    /// Lays out a field below what the sheet has.
    fn new(sheet: &mut Sheet, sensitivity: &Sensitivity, lines: &[Line<'_>]) -> Self {
        let ways = sensitivity.ways.len();
        let names: Vec<String> =
            lines.iter().map(|line| super::clean(&line.row.framework)).collect();
        let names_width = widest(names.iter().map(String::as_str), SMALL) + 1.0;
        let names_width = names_width.min(sheet.width * NAMES);
        let last = ways.saturating_sub(1);
        let ends = || lines.iter().flat_map(|line| [0, last].map(|way| line.rank_text(way)));
        let ranks: Vec<String> = ends().collect();
        let rank_width = widest(ranks.iter().map(String::as_str), SMALL);
        let lead = if sheet.is_narrow() { NARROW_LEAD } else { LEAD };
        let side = MARGIN + names_width + 5.0 + rank_width + lead;
        let (left, right) = (side, sheet.width - side);
        let between = place(last);
        let step = if last == 0 { 0.0 } else { (right - left) / between };
        let column = |way| if last == 0 { sheet.width / 2.0 } else { left + place(way) * step };
        let columns: Vec<f64> = (0..ways).map(column).collect();
        let headings: Vec<f64> =
            sensitivity.ways.iter().map(|way| text_width(&way.id, SMALL)).collect();
        let fits = |apart: usize| {
            let pairs = headings.iter().zip(headings.iter().skip(apart));
            let mut fits = pairs.map(|(one, other)| (one + other) / 2.0 + BETWEEN);
            fits.all(|least| least <= place(apart) * step)
        };
        let (in_line, staggered) = (fits(1), fits(2));
        let letters = !in_line && !staggered;
        let staggered = !in_line && !letters;
        let top = sheet.y + HEADINGS + if staggered { HEADINGS } else { 0.0 } + 4.0;
        let drawn = lines.iter().flat_map(|line| (0..ways).filter_map(|way| line.rank(way)));
        let lowest = drawn.max().unwrap_or(1);
        let without = |way: usize| lines.iter().filter(|line| line.rank(way).is_none()).count();
        let without = without(0).max(without(last));
        let ranked = top + f64::from(lowest) * ROW;
        let bottom = ranked + place(without) * NAME_GAP + if without > 0 { 4.0 } else { 0.0 };
        sheet.y = bottom + 4.0;
        Self { columns, top, lowest, names_width, rank_width, lead, bottom, letters, staggered }
    }

    fn y(&self, rank: u32) -> f64 {
        self.top + (f64::from(rank) - 0.5) * ROW
    }

    /// Draws what lies behind the lines: ranks across, columns upright with their headings.
    fn grid(&self, sheet: &mut Sheet, sensitivity: &Sensitivity) {
        let (Some(left), Some(right)) = (self.columns.first(), self.columns.last()) else { return };
        let rule = |lines: Vec<Spot>| Shape::Path {
            lines: vec![lines],
            stroke: Role::Grid,
            width: 1.0,
            dash: Dash::Solid,
        };
        for rank in 1..=self.lowest {
            sheet.shapes.push(rule(vec![(*left, self.y(rank)), (*right, self.y(rank))]));
        }
        for (place, (x, way)) in self.columns.iter().zip(&sensitivity.ways).enumerate() {
            let raised = self.staggered && place % 2 == 1;
            let base = self.top - 5.0 - if raised { HEADINGS } else { 0.0 };
            let heading = if self.letters { letter(place) } else { way.id.clone() };
            // A raised heading has its column drawn up to it, between those beside it.
            let from = if raised { base + 3.0 } else { self.top - 1.0 };
            sheet.shapes.push(rule(vec![(*x, from), (*x, self.y(self.lowest) + ROW / 2.0)]));
            sheet.text((*x, base), SMALL, Anchor::Middle, Role::Muted, &heading);
        }
    }

    /// Draws a line: its stretches between ways that rank it, and a mark for each rank.
    fn line(&self, line: &Line<'_>) -> Shape {
        let spot = |way: usize| Some((self.columns[way], self.y(line.rank(way)?)));
        let spots: Vec<Option<Spot>> = (0..self.columns.len()).map(spot).collect();
        let stretches = spots.split(Option::is_none).map(|stretch| {
            let stretch: Vec<Spot> = stretch.iter().copied().flatten().collect();
            stretch
        });
        let dash = match line.coloured {
            Some(place) if place >= SERIES_COLOURS => Dash::Dashed,
            _ => Dash::Solid,
        };
        let width = if line.coloured.is_some() { 2.0 } else { 1.2 };
        let lines = stretches.filter(|stretch| stretch.len() > 1).collect();
        let mut shapes = vec![Shape::Path { lines, stroke: line.role(), width, dash }];
        let marks = spots.iter().enumerate();
        shapes.extend(marks.filter_map(|(way, at)| Some(line.mark(way, (*at)?))));
        Shape::Group { line: line.index, label: label(line), shapes }
    }

    /// Draws names and ranks at one end of the lines, moved apart; who has no rank there is named
    /// below.
    fn names(&self, sheet: &mut Sheet, lines: &[Line<'_>], side: Side) {
        let way = if side == Side::Left { 0 } else { self.columns.len().saturating_sub(1) };
        let Some(column) = self.columns.get(way) else { return };
        let ranked: Vec<&Line<'_>> = lines.iter().filter(|line| line.rank(way).is_some()).collect();
        let wanted: Vec<f64> =
            ranked.iter().filter_map(|line| line.rank(way)).map(|rank| self.y(rank)).collect();
        let last = self.top + f64::from(self.lowest) * ROW - NAME_GAP / 2.0;
        let places = spread(&wanted, NAME_GAP, self.top + NAME_GAP / 2.0, last);
        for ((line, end), y) in ranked.iter().zip(&wanted).zip(places) {
            if (end - y).abs() > 1.0 {
                sheet.shapes.push(self.leader(line, (*column, *end), y, side));
            }
            sheet.shapes.push(self.name(line, way, (*column, y), side));
        }
        let without: Vec<&Line<'_>> =
            lines.iter().filter(|line| line.rank(way).is_none()).collect();
        for (place_below, line) in without.iter().rev().enumerate() {
            let y = self.bottom - (place(place_below) + 0.5) * NAME_GAP;
            sheet.shapes.push(self.name(line, way, (*column, y), side));
        }
    }

    /// Draws what leads from the end of a line to a name that was moved.
    fn leader(&self, line: &Line<'_>, end: Spot, y: f64, side: Side) -> Shape {
        let sign = if side == Side::Left { -1.0 } else { 1.0 };
        let to = (end.0 + sign * (self.lead - 3.0), y);
        Shape::Path {
            lines: vec![vec![(end.0 + sign * 4.0, end.1), to]],
            stroke: line.role(),
            width: 1.0,
            dash: Dash::Dotted,
        }
    }

    /// Writes a framework's name and rank beside a column, the rank nearer to it.
    fn name(&self, line: &Line<'_>, way: usize, (column, y): Spot, side: Side) -> Shape {
        let base = y + 4.0;
        let name = cut(&super::clean(&line.row.framework), SMALL, self.names_width);
        let rank = line.rank_text(way);
        let shapes = match side {
            Side::Left => {
                let x = column - self.lead;
                let name_end = x - self.rank_width - 5.0;
                vec![
                    text_shape((name_end, base), SMALL, Anchor::End, Role::Ink, &name),
                    text_shape((x, base), SMALL, Anchor::End, Role::Muted, &rank),
                ]
            }
            Side::Right => {
                let x = column + self.lead;
                let name_start = x + self.rank_width + 5.0;
                vec![
                    text_shape((x, base), SMALL, Anchor::Start, Role::Muted, &rank),
                    text_shape((name_start, base), SMALL, Anchor::Start, Role::Ink, &name),
                ]
            }
        };
        Shape::Group { line: line.index, label: label(line), shapes }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few columns and lines")]
fn place(place: usize) -> f64 {
    place as f64
}

/// Says a line in full: its ranks from way to way.
fn label(line: &Line<'_>) -> String {
    let ranks: Vec<String> = (0..line.row.ranks.len()).map(|way| line.row.rank_text(way)).collect();
    format!("{}: {}", line.row.framework, ranks.join(", "))
}

fn describe(sensitivity: &Sensitivity) -> String {
    let ways: Vec<&str> = sensitivity.ways.iter().map(|way| way.id.as_str()).collect();
    let lines = choose_lines(sensitivity);
    format!(
        "Lines of {}. {} Ranks by {}: {}.",
        sensitivity.subtitle(),
        sensitivity.summary(),
        ways.join(", "),
        first_of(sensitivity.frameworks.len(), lines.iter().map(label))
    )
}

#[cfg(test)]
mod tests;

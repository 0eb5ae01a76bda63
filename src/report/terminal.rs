//! Tables as a terminal shows them, and the ranking as one, with bars.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape;
use super::model::RankingReport;
use super::table::{Align, Column, FRAMEWORK, columns, subtitle};

/// How a terminal wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The width in columns.
    pub columns: usize,
    /// Whether the terminal draws block characters.
    pub blocks: bool,
}

/// The widest a name may be.
const LONGEST_NAME: usize = 40;
/// The widest a bar may be; a bar narrower than the shortest says nothing.
const LONGEST_BAR: usize = 40;
const SHORTEST_BAR: usize = 8;
const GAP: &str = "  ";
/// Names are not cut below this.
const SHORTEST_NAME: usize = 8;
/// What opens a line of words below a line of the table.
const INDENT: &str = "      ";

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
pub(super) const BAR: Style = AnsiColor::Cyan.on_default();

/// Renders the ranking; colours are escape codes that the caller strips where nobody wants them.
#[must_use]
pub fn render_terminal(report: &RankingReport, look: Look) -> String {
    let most = report.lines.iter().filter_map(|l| l.standing.entrant.tally.outcome.count()).max();
    let table = Table {
        title: &report.title,
        subtitle: &subtitle(report),
        columns: columns(report),
        tail: Tail {
            heading: "",
            shortest: SHORTEST_BAR,
            // A column says more than a bar.
            goes: u8::MAX,
            style: BAR,
            draw: &|index, columns| {
                let Some(line) = report.lines.get(index) else { return TailText::default() };
                let tally = &line.standing.entrant.tally;
                match tally.outcome.count() {
                    None => TailText::Said(escape::terminal(&tally.reason)),
                    Some(_) if columns < SHORTEST_BAR => TailText::default(),
                    Some(number) => {
                        let columns = columns.min(LONGEST_BAR);
                        let bar = draw_bar(number, most.unwrap_or(0), columns, look.blocks);
                        TailText::Drawn(bar)
                    }
                }
            },
        },
        notes: &report.notes,
    };
    table.render(look)
}

/// A table as terminals show it: columns, something at the end of each line, notes below.
pub(super) struct Table<'a> {
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    pub(super) columns: Vec<Column>,
    pub(super) tail: Tail<'a>,
    pub(super) notes: &'a [String],
}

/// What stands at the end of each line, in the columns of the terminal that are left.
pub(super) struct Tail<'a> {
    pub(super) heading: &'a str,
    /// How many columns it needs at least; 0 if there is none.
    pub(super) shortest: usize,
    /// Columns of the table that are left out for its sake: those that go at or above it.
    pub(super) goes: u8,
    pub(super) style: Style,
    /// Returns the text of a line for so many columns.
    pub(super) draw: &'a dyn Fn(usize, usize) -> TailText,
}

/// What stands at the end of a line.
pub(super) enum TailText {
    /// A drawing, no wider than it may be.
    Drawn(String),
    /// Words; those that do not fit stand on lines of their own.
    Said(String),
}

impl Default for TailText {
    fn default() -> Self {
        Self::Drawn(String::new())
    }
}

impl Table<'_> {
    /// Renders the table; columns that do not fit are left out, which is said.
    pub(super) fn render(self, look: Look) -> String {
        let Self { title, subtitle, columns, tail, notes } = self;
        let mut text = format!("{TITLE}{}{TITLE:#}\n", escape::terminal(title));
        let subtitle = wrap(&escape::terminal(subtitle), look.columns, "");
        text.push_str(&format!("{DIM}{subtitle}{DIM:#}\n\n"));
        let (columns, left_out) = fit(columns, &tail, look.columns);
        let widths: Vec<usize> = columns.iter().map(width).collect();
        let used: usize = widths.iter().sum::<usize>() + GAP.len() * columns.len();
        let rest = look.columns.saturating_sub(used);
        let heading = row(&columns, &widths, |column: &Column| column.heading.clone());
        let of_tail = if tail.shortest > 0 && rest >= tail.shortest { tail.heading } else { "" };
        text.push_str(&format!("{DIM}{}{DIM:#}\n", format!("{heading}{of_tail}").trim_end()));
        for index in 0..columns.first().map_or(0, |column| column.cells.len()) {
            let cells = row(&columns, &widths, |column: &Column| column.cells[index].clone());
            let style = tail.style;
            text.push_str(&match (tail.draw)(index, rest) {
                TailText::Drawn(empty) | TailText::Said(empty) if empty.trim().is_empty() => {
                    format!("{}\n", cells.trim_end())
                }
                TailText::Drawn(drawn) => format!("{cells}{style}{}{style:#}\n", drawn.trim_end()),
                TailText::Said(said) if said.width() <= rest => {
                    format!("{cells}{DIM}{said}{DIM:#}\n")
                }
                TailText::Said(said) => {
                    let room = look.columns.saturating_sub(INDENT.len());
                    let said = wrap(&said, room, INDENT);
                    format!("{}\n{DIM}{INDENT}{said}{DIM:#}\n", cells.trim_end())
                }
            });
        }
        let left_out = (!left_out.is_empty())
            .then(|| format!("Left out for want of width: {}.", left_out.join(", ")));
        let mut notes = notes.to_vec();
        notes.extend(left_out);
        text.push_str(&render_notes(&notes, look));
        text
    }
}

fn render_notes(notes: &[String], look: Look) -> String {
    let mut text = if notes.is_empty() { String::new() } else { "\n".to_owned() };
    for note in notes {
        let note = wrap(&escape::terminal(note), look.columns, "  ");
        text.push_str(&format!("{DIM}{note}{DIM:#}\n"));
    }
    text
}

/// Makes cells harmless, names short enough, and leaves out columns until all that is left fits;
/// returns the headings of those too.
fn fit(mut columns: Vec<Column>, tail: &Tail<'_>, most: usize) -> (Vec<Column>, Vec<String>) {
    for cell in columns.iter_mut().flat_map(|column| &mut column.cells) {
        *cell = shorten(&escape::terminal(cell), LONGEST_NAME);
    }
    let mut left_out = Vec::new();
    let mut wanted = tail.shortest;
    let used = |columns: &[Column]| -> usize {
        columns.iter().map(|column| width(column) + GAP.len()).sum::<usize>() - GAP.len()
    };
    loop {
        let tail_used = if wanted > 0 { GAP.len() + wanted } else { 0 };
        let excess = (used(&columns) + tail_used).saturating_sub(most);
        let next = columns.iter().enumerate().max_by_key(|(place, column)| (column.goes, *place));
        match next.map(|(place, column)| (place, column.goes)) {
            _ if excess == 0 => break,
            Some((_, goes)) if wanted > 0 && goes < tail.goes => wanted = 0,
            Some((place, goes)) if goes > 0 => left_out.push(columns.remove(place).heading),
            _ => {
                let names = columns.iter_mut().find(|column| column.heading == FRAMEWORK);
                if let Some(names) = names {
                    let room = width(names).saturating_sub(excess).max(SHORTEST_NAME);
                    names.cells.iter_mut().for_each(|cell| *cell = shorten(cell, room));
                }
                break;
            }
        }
    }
    (columns, left_out)
}

fn width(column: &Column) -> usize {
    let cells = column.cells.iter().map(|cell| cell.width());
    cells.max().unwrap_or(0).max(column.heading.width())
}

fn row(columns: &[Column], widths: &[usize], cell: impl Fn(&Column) -> String) -> String {
    let mut text = String::new();
    for (column, width) in columns.iter().zip(widths) {
        let cell = cell(column);
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        match column.align {
            Align::Left => text.push_str(&format!("{cell}{padding}{GAP}")),
            Align::Right => text.push_str(&format!("{padding}{cell}{GAP}")),
        }
    }
    text
}

/// Shortens a text to a width and says so with an ellipsis.
fn shorten(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut shortened = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > most {
            break;
        }
        shortened.push(c);
    }
    shortened.push('…');
    shortened
}

/// Draws a bar in eighths of a column; any number above 0 shows something.
fn draw_bar(number: u64, most: u64, columns: usize, blocks: bool) -> String {
    if number == 0 || most == 0 || columns == 0 {
        return String::new();
    }
    let parts_a_column = if blocks { 8 } else { 1 };
    let parts = u128::from(number) * (columns as u128) * parts_a_column / u128::from(most);
    let parts = usize::try_from(parts).unwrap_or(0).max(1);
    if !blocks {
        return "#".repeat(parts);
    }
    let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    format!("{}{}", "█".repeat(parts / 8), eighths[parts % 8])
}

/// Breaks a text at spaces into lines of a width; `indent` opens every line but the first.
fn wrap(text: &str, columns: usize, indent: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let indented = if lines.len() > 1 { indent.width() } else { 0 };
        let line = lines.last_mut().map_or(0, |line| line.width());
        if line > 0 && indented + line + 1 + word.width() > columns {
            lines.push(word.to_owned());
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_drawn_in_eighths() {
        assert_eq!(draw_bar(8, 8, 10, true), "██████████");
        assert_eq!(draw_bar(4, 8, 10, true), "█████");
        assert_eq!(draw_bar(1, 1000, 10, true), "▏");
        assert_eq!(draw_bar(0, 8, 10, true), "");
        assert_eq!(draw_bar(4, 8, 10, false), "#####");
        assert_eq!(draw_bar(u64::MAX, u64::MAX, 40, true).chars().count(), 40);
    }

    #[test]
    fn long_names_are_shortened_by_their_width() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde…");
        assert_eq!(shorten("日本語日本語", 6), "日本…");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7, "  "), "one two\n  three");
        assert_eq!(wrap("unbreakable", 4, ""), "unbreakable");
    }
}

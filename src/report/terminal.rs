//! The ranking as a terminal shows it: a table with bars.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape;
use super::model::RankingReport;
use super::table::{Align, Column, columns, subtitle};
use crate::domain::sample::Outcome;

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

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const BAR: Style = AnsiColor::Cyan.on_default();

/// Renders the ranking; colours are escape codes that the caller strips where nobody wants them.
#[must_use]
pub fn render_terminal(report: &RankingReport, look: Look) -> String {
    let mut text = format!("{TITLE}{}{TITLE:#}\n", escape::terminal(&report.title));
    text.push_str(&format!("{DIM}{}{DIM:#}\n\n", wrap(&subtitle(report), look.columns, "")));
    let columns = fit(columns(report));
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let used: usize = widths.iter().sum::<usize>() + GAP.len() * columns.len();
    let bar = look.columns.saturating_sub(used).min(LONGEST_BAR);
    let bar = if bar < SHORTEST_BAR { 0 } else { bar };
    let heading = |column: &Column| column.heading.clone();
    text.push_str(&format!("{DIM}{}{DIM:#}\n", row(&columns, &widths, heading).trim_end()));
    let most = report.lines.iter().filter_map(|l| l.standing.entrant.tally.outcome.count()).max();
    for (index, line) in report.lines.iter().enumerate() {
        let cells = row(&columns, &widths, |column: &Column| column.cells[index].clone());
        let outcome = line.standing.entrant.tally.outcome;
        let last = match outcome.count() {
            Some(number) => draw_bar(number, most.unwrap_or(0), bar, look.blocks),
            None => String::new(),
        };
        if outcome == Outcome::Failed {
            let reason = escape::terminal(&line.standing.entrant.tally.reason);
            text.push_str(&format!("{cells}{DIM}{reason}{DIM:#}\n"));
        } else if last.is_empty() {
            text.push_str(&format!("{}\n", cells.trim_end()));
        } else {
            text.push_str(&format!("{cells}{BAR}{last}{BAR:#}\n"));
        }
    }
    text.push_str(&render_notes(&report.notes, look));
    text
}

/// Renders a table without bars, with its title and notes.
pub(super) fn render_table(
    title: &str,
    subtitle: &str,
    columns: Vec<Column>,
    notes: &[String],
    look: Look,
) -> String {
    let mut text = format!("{TITLE}{}{TITLE:#}\n", escape::terminal(title));
    let subtitle = wrap(&escape::terminal(subtitle), look.columns, "");
    text.push_str(&format!("{DIM}{subtitle}{DIM:#}\n\n"));
    let columns = fit(columns);
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let heading = |column: &Column| column.heading.clone();
    text.push_str(&format!("{DIM}{}{DIM:#}\n", row(&columns, &widths, heading).trim_end()));
    for index in 0..columns.first().map_or(0, |column| column.cells.len()) {
        let cells = row(&columns, &widths, |column: &Column| column.cells[index].clone());
        text.push_str(&format!("{}\n", cells.trim_end()));
    }
    text.push_str(&render_notes(notes, look));
    text
}

fn render_notes(notes: &[String], look: Look) -> String {
    let mut text = if notes.is_empty() { String::new() } else { "\n".to_owned() };
    for note in notes {
        let note = wrap(&escape::terminal(note), look.columns, "  ");
        text.push_str(&format!("{DIM}{note}{DIM:#}\n"));
    }
    text
}

/// Makes cells harmless and names short enough.
fn fit(mut columns: Vec<Column>) -> Vec<Column> {
    for cell in columns.iter_mut().flat_map(|column| &mut column.cells) {
        *cell = shorten(&escape::terminal(cell), LONGEST_NAME);
    }
    columns
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

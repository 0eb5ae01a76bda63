//! The ranking as Markdown, ready to paste.

use super::escape::{markdown, markdown_code};
use super::model::RankingReport;
use super::table::{COUNT, Column, columns, subtitle};

/// Renders the ranking as a heading, a table and its notes.
#[must_use]
pub fn render_markdown(report: &RankingReport) -> String {
    let mut text = format!("## {}\n\n{}\n\n", markdown(&report.title), markdown(&subtitle(report)));
    let mut columns = columns(report);
    let counts = columns.iter_mut().find(|column| column.heading == COUNT);
    let counts = counts.into_iter().flat_map(|column| &mut column.cells);
    for (line, cell) in report.lines.iter().zip(counts) {
        let reason = &line.standing.entrant.tally.reason;
        if !reason.is_empty() {
            *cell = format!("{cell} ({reason})");
        }
    }
    text.push_str(&headings(&columns));
    for index in 0..report.lines.len() {
        text.push_str(&row(columns.iter().map(|column| markdown(&column.cells[index]))));
    }
    if !report.notes.is_empty() {
        text.push('\n');
    }
    for note in &report.notes {
        text.push_str(&format!("- {}\n", markdown(note)));
    }
    text
}

/// Writes the first two rows of a table: the headings, and on which side cells stand.
pub(super) fn headings(columns: &[Column]) -> String {
    let names = columns.iter().map(|column| markdown(&capitalised(&column.heading)));
    row(names) + &row(columns.iter().map(|column| column.align.markdown().to_owned()))
}

/// Writes a row of a table.
pub(super) fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Writes a sentence; what stands between backticks stays code.
pub(super) fn with_code(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown(sentence);
    }
    let part = |(place, part): (usize, &&str)| match place % 2 {
        0 => markdown(part),
        _ => markdown_code(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Writes a heading with a capital letter.
pub(super) fn capitalised(heading: &str) -> String {
    let mut chars = heading.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

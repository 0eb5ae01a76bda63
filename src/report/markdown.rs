//! The ranking as Markdown, ready to paste.

use super::escape::markdown;
use super::model::RankingReport;
use super::table::{COUNT, columns, subtitle};

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
    let headings = columns.iter().map(|column| capitalised(&column.heading));
    text.push_str(&row(headings));
    text.push_str(&row(columns.iter().map(|column| column.align.markdown().to_owned())));
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

/// Writes a row of a table.
pub(super) fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

pub(super) fn capitalised(heading: &str) -> String {
    let mut chars = heading.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

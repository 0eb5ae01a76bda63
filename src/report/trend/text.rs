//! The trend as people read it: a table for a terminal, and one in Markdown.

use super::super::escape::markdown;
use super::super::markdown::{headings, row, with_code};
use super::super::notes::{LOWER_BOUND, MISSING, UPPER_RANK};
use super::super::number::{count, signed, signed_percent, signed_rate};
use super::super::table::{Align, Column, FRAMEWORK};
use super::super::terminal::{BAR, Look, Table, Tail, TailText};
use super::TrendReport;
use super::sparkline::{SHORTEST, sparkline};
use crate::domain::sample::{RECONSTRUCTED, Status};
use crate::domain::trend::{TrendLine, TrendPoint};

/// Columns that are left out before sparklines are.
const SPARKLINES_GO: u8 = 5;

/// Renders the trend; colours are escape codes that the caller strips where nobody wants them.
#[must_use]
pub fn render_trend_terminal(report: &TrendReport, look: Look) -> String {
    let tail = Tail {
        heading: if report.rows.len() > 1 { "course" } else { "" },
        shortest: if report.rows.len() > 1 { SHORTEST } else { 0 },
        goes: SPARKLINES_GO,
        style: BAR,
        draw: &|index, columns| {
            let line = report.lines.get(index);
            let text = line.map(|line| sparkline(report, line, columns, look.blocks));
            TailText::Drawn(text.unwrap_or_default())
        },
    };
    let table = Table {
        title: &report.title,
        subtitle: &subtitle(report),
        columns: columns(report),
        tail,
        notes: &report.notes,
    };
    table.render(look)
}

/// Renders the trend as a heading, a table and its notes.
#[must_use]
pub fn render_trend_markdown(report: &TrendReport) -> String {
    let (title, subtitle) = (markdown(&report.title), with_code(&subtitle(report)));
    let mut text = format!("## {title}\n\n{subtitle}\n\n");
    let columns = columns(report);
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

/// Names the metric, the span, the periods and the sources.
pub(in crate::report) fn subtitle(report: &TrendReport) -> String {
    let day = |end: crate::domain::trend::TrendEnd| end.run.started_at().format("%Y-%m-%d");
    let (first, last) = (day(report.first), day(report.last));
    let runs = match report.periods {
        1 if report.is_reconstructed => "1 point".to_owned(),
        points if report.is_reconstructed => format!("{} points", count(points as u64)),
        1 => "1 period with a finished run".to_owned(),
        periods => format!("{} periods with a finished run", count(periods as u64)),
    };
    let sources = report.sources.join(", ");
    let parts = [
        report.metric_title.as_str(),
        &format!("{first} to {last} UTC"),
        &report.pace,
        &runs,
        if report.is_reconstructed { RECONSTRUCTED } else { &sources },
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

pub(in crate::report) fn columns(report: &TrendReport) -> Vec<Column> {
    let make = |heading: &str, align: Align, cell: &dyn Fn(&TrendLine) -> String| Column {
        heading: heading.to_owned(),
        align,
        cells: report.lines.iter().map(cell).collect(),
        goes: match heading {
            "since" => 7,
            "per week" => 6,
            "first" => 4,
            "then" => 3,
            "change %" => 2,
            "change" => 1,
            _ => 0,
        },
    };
    let or_missing = |text: Option<String>| text.unwrap_or_else(|| MISSING.to_owned());
    let mut columns = vec![
        make("rank", Align::Right, &|line| rank_text(line.rank_now, line.last)),
        make(FRAMEWORK, Align::Left, &|line| line.framework.clone()),
        make("then", Align::Right, &|line| or_missing(line.rank_then.map(|rank| rank.to_string()))),
        make("first", Align::Right, &|line| count_text(line.first)),
        make("last", Align::Right, &|line| count_text(line.last)),
        make("change", Align::Right, &|line| or_missing(line.change.map(signed))),
        make("change %", Align::Right, &|line| or_missing(line.relative.map(signed_percent))),
        make("per week", Align::Right, &|line| or_missing(line.per_week.map(signed_rate))),
    ];
    let is_late = |line: &TrendLine| line.first.is_some_and(|first| first.run != report.first.run);
    if report.lines.iter().any(is_late) {
        columns.push(make("since", Align::Left, &|line| match line.first {
            Some(first) if is_late(line) => first.run.started_at().date_naive().to_string(),
            _ => String::new(),
        }));
    }
    columns
}

fn rank_text(rank: Option<u32>, point: Option<TrendPoint>) -> String {
    let Some(rank) = rank else { return MISSING.to_owned() };
    let is_bound = point.is_some_and(|point| point.status == Status::Incomplete);
    format!("{}{rank}", if is_bound { UPPER_RANK } else { "" })
}

fn count_text(point: Option<TrendPoint>) -> String {
    match point {
        None => MISSING.to_owned(),
        Some(point) if point.status == Status::Incomplete => {
            format!("{LOWER_BOUND} {}", count(point.count))
        }
        Some(point) => count(point.count),
    }
}

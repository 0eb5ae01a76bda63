//! The parts of the page as its template shows them: texts and lengths, nothing to work out.

use super::PageMetric;
use crate::domain::sample::{Outcome, Status};
use crate::report::markdown::capitalised;
use crate::report::methods::{QueryLine, citation, paragraph};
use crate::report::model::{Line, RankingReport};
use crate::report::number::count;
use crate::report::table::{Align, COUNT, Column, columns, count_text, moments};
use crate::report::trend::{TrendReport, columns_of_trend, subtitle_of_trend};

/// How long the longest bar is.
const LONGEST_BAR: f64 = 100.0;

/// What the page says of one metric.
pub(super) struct Section<'a> {
    /// From 1.
    pub(super) no: usize,
    pub(super) title: &'a str,
    pub(super) counted: String,
    pub(super) statuses: String,
    pub(super) lead: Lead<'a>,
    pub(super) ranking: Table,
    pub(super) notes: &'a [String],
    pub(super) trend: Option<TrendView<'a>>,
    pub(super) made: String,
    pub(super) citation: String,
    pub(super) queries: Vec<Query<'a>>,
}

/// The first sentence: who stands where.
pub(super) enum Lead<'a> {
    /// Nobody has a count.
    Nobody,
    /// One or several share the first rank, each with this count; then comes the next one.
    First { names: Vec<&'a str>, count: String, next: Option<(&'a str, String)> },
}

/// A table with a bar behind each row's count, or none.
pub(super) struct Table {
    pub(super) headings: Vec<Heading>,
    pub(super) rows: Vec<Row>,
    pub(super) has_bars: bool,
}

pub(super) struct Heading {
    pub(super) text: String,
    pub(super) class: &'static str,
}

pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) text: String,
    /// Said small behind the text.
    pub(super) remark: String,
    pub(super) heading: String,
    pub(super) class: &'static str,
    pub(super) is_name: bool,
    pub(super) bar: Option<Bar>,
}

pub(super) struct Bar {
    /// In percent.
    pub(super) length: String,
    pub(super) class: &'static str,
}

pub(super) struct TrendView<'a> {
    pub(super) subtitle: String,
    pub(super) changes: Table,
    pub(super) notes: &'a [String],
}

pub(super) struct Query<'a> {
    pub(super) name: &'a str,
    pub(super) query: &'a str,
    pub(super) url: String,
    pub(super) count: String,
    pub(super) status: String,
    pub(super) answered: String,
}

impl<'a> Section<'a> {
    pub(super) fn of(no: usize, metric: PageMetric<'a>, version: &str) -> Self {
        let report = metric.report;
        Self {
            no,
            title: &report.metric_title,
            counted: counted(report),
            statuses: statuses(report),
            lead: lead(report),
            ranking: ranking(report),
            notes: &report.notes,
            trend: metric.trend.map(|(trend, _)| view_of(trend)),
            made: paragraph(report, version),
            citation: citation(report, version),
            queries: report.lines.iter().map(query).collect(),
        }
    }
}

fn counted(report: &RankingReport) -> String {
    match (&report.published, report.moments) {
        (Some(published), _) => format!("Published {published}, day and query unknown"),
        (None, Some((first, last))) => format!("Counted {}", moments(first, last)),
        (None, None) => "No answer came".to_owned(),
    }
}

/// Tells how many counts are how good.
fn statuses(report: &RankingReport) -> String {
    let total: usize = report.statuses.iter().map(|(_, count)| count).sum();
    let meaning = |status: Status| match status {
        Status::Complete => "complete",
        Status::Unchecked => "of unknown completeness",
        Status::Incomplete => "a lower bound only",
        Status::Failed => "missing",
    };
    let told = report.statuses.iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = told
        .enumerate()
        .map(|(place, (status, count))| {
            let of = if place == 0 { format!(" of {total} counts") } else { String::new() };
            format!("{count}{of} {}", meaning(*status))
        })
        .collect();
    told.join(", ")
}

fn lead(report: &RankingReport) -> Lead<'_> {
    let ranked = || report.lines.iter().filter(|line| line.standing.rank.is_some());
    let is_first = |line: &&Line| line.standing.rank == Some(1);
    let name = |line: &'_ Line| line.standing.entrant.tally.outcome;
    let Some(first) = ranked().find(is_first) else { return Lead::Nobody };
    let next = ranked().find(|line| !is_first(line));
    Lead::First {
        names: ranked().filter(is_first).map(|l| l.standing.entrant.name.as_str()).collect(),
        count: in_words(name(first)),
        next: next.map(|line| (line.standing.entrant.name.as_str(), in_words(name(line)))),
    }
}

fn in_words(outcome: Outcome) -> String {
    let least = if matches!(outcome, Outcome::Incomplete(_)) { "at least " } else { "" };
    format!("{least}{}", count(outcome.count().unwrap_or_default()))
}

fn ranking(report: &RankingReport) -> Table {
    let columns = columns(report);
    let most = report.lines.iter().filter_map(|l| l.standing.entrant.tally.outcome.count()).max();
    let row = |(index, line): (usize, &Line)| {
        let tally = &line.standing.entrant.tally;
        let cell = |column: &Column| {
            let mut cell = cell_of(column, index);
            if column.heading == COUNT {
                cell.remark.clone_from(&tally.reason);
                cell.bar = tally.outcome.count().map(|count| bar(count, most, tally.outcome));
            }
            cell
        };
        Row { cells: columns.iter().map(cell).collect() }
    };
    Table {
        headings: columns.iter().map(heading_of).collect(),
        rows: report.lines.iter().enumerate().map(row).collect(),
        has_bars: true,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a length of a bar")]
fn bar(count: u64, most: Option<u64>, outcome: Outcome) -> Bar {
    let most = most.unwrap_or_default().max(1);
    Bar {
        length: format!("{:.2}", count as f64 / most as f64 * LONGEST_BAR),
        class: if matches!(outcome, Outcome::Incomplete(_)) { "bar bound" } else { "bar" },
    }
}

fn heading_of(column: &Column) -> Heading {
    Heading { text: capitalised(&column.heading), class: class_of(column) }
}

fn cell_of(column: &Column, index: usize) -> Cell {
    let is_name = column.heading == "framework";
    Cell {
        text: column.cells[index].clone(),
        remark: String::new(),
        heading: capitalised(&column.heading),
        class: class_of(column),
        is_name,
        bar: None,
    }
}

fn class_of(column: &Column) -> &'static str {
    match (column.heading.as_str(), column.align) {
        ("rank", _) => "r",
        ("framework", _) => "f",
        ("language", _) => "l",
        (COUNT, _) => "c",
        (_, Align::Right) => "n",
        (_, Align::Left) => "o",
    }
}

fn view_of(trend: &TrendReport) -> TrendView<'_> {
    let columns = columns_of_trend(trend);
    let row = |index: usize| Row { cells: columns.iter().map(|c| cell_of(c, index)).collect() };
    TrendView {
        subtitle: facts(trend),
        changes: Table {
            headings: columns.iter().map(heading_of).collect(),
            rows: (0..trend.lines.len()).map(row).collect(),
            has_bars: false,
        },
        notes: &trend.notes,
    }
}

/// Tells span, periods and sources; the metric stands above already.
fn facts(trend: &TrendReport) -> String {
    let all = subtitle_of_trend(trend);
    let facts = all.strip_prefix(&trend.metric_title).map(|facts| facts.trim_start_matches(" · "));
    facts.unwrap_or(&all).to_owned()
}

fn query(line: &Line) -> Query<'_> {
    let entrant = &line.standing.entrant;
    let QueryLine { query, url, status, answered } = QueryLine::of(line);
    Query {
        name: &entrant.name,
        query: query.unwrap_or_default(),
        url: url.unwrap_or_default(),
        count: count_text(entrant.tally.outcome),
        status,
        answered,
    }
}

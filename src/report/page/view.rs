//! The parts of the page as its template shows them: texts, lengths and pictures, nothing to work
//! out.
//!
//! Names stand alone in their elements, as they are; a sentence that has names in it loses what
//! would turn the direction of its rest.

use super::PageMetric;
use crate::domain::sample::{Outcome, Status};
use crate::report::chart::{
    ChartLook, MOST_FLAGS, ScaleChoice, Words, draw_ranks, draw_trend, render_inline_svg,
};
use crate::report::escape::terminal;
use crate::report::markdown::capitalised;
use crate::report::methods::{QueryLine, citation, paragraph};
use crate::report::model::{Line, RankingReport};
use crate::report::notes::TRIANGLES;
use crate::report::number::count;
use crate::report::table::{Align, COUNT, Column, FRAMEWORK, columns, count_text, moments};
use crate::report::trend::{TrendEvent, TrendReport, columns_of_trend, subtitle};

/// The widths that charts are drawn for.
const WIDTHS: [ChartLook; 2] = [
    ChartLook { width_px: 760, words: Words::Names },
    ChartLook { width_px: 380, words: Words::Names },
];
/// How many bytes the charts may have for which no script is needed, apart from the first ones.
const MOST_CHARTS_BYTES: usize = 90_000;
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
    pub(super) notes: Vec<String>,
    pub(super) trend: Option<TrendView>,
    pub(super) made: String,
    pub(super) citation: String,
    pub(super) queries: Vec<Query<'a>>,
}

/// The first sentence: who stands where.
pub(super) enum Lead<'a> {
    /// Nobody has a count.
    Nobody,
    /// One or several share the first rank, each with this count; then comes the next one.
    First {
        names: Vec<&'a str>,
        count: String,
        next: Option<(&'a str, String)>,
        /// Whether somebody else may be first: whose count is missing or a lower bound, or is not
        /// told from the first one by the samples.
        is_open: bool,
    },
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
    /// Whether a narrow screen shows the heading before the text.
    pub(super) is_labelled: bool,
    pub(super) bar: Option<Bar>,
}

pub(super) struct Bar {
    /// In percent.
    pub(super) length: String,
    pub(super) class: &'static str,
}

pub(super) struct TrendView {
    pub(super) subtitle: String,
    /// What stands there until the script draws; `None` if the page would become too large.
    pub(super) charts: Option<Charts>,
    /// How to read the charts, a sentence each.
    pub(super) legend: Vec<String>,
    pub(super) changes: Table,
    pub(super) notes: Vec<String>,
}

/// Pictures of a trend, each for wide and for narrow screens.
pub(super) struct Charts {
    pub(super) counts: [String; 2],
    pub(super) ranks: [String; 2],
}

pub(super) struct Query<'a> {
    pub(super) name: &'a str,
    /// Empty where it is not known.
    pub(super) text: &'a str,
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
            notes: report.notes.iter().map(|note| terminal(note)).collect(),
            trend: metric.trend.map(view_of),
            made: terminal(&paragraph(report, version)),
            citation: terminal(&citation(report, version)),
            queries: report.lines.iter().map(query).collect(),
        }
    }
}

fn counted(report: &RankingReport) -> String {
    match (&report.published, report.moments) {
        (Some(published), _) => format!("Published {published}, day and query unknown"),
        (None, Some((first, last))) if report.is_imported() => {
            format!("Imported, moments as in the file: {}", moments(first, last))
        }
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
    let outcome = |line: &Line| line.standing.entrant.tally.outcome;
    let Some(first) = ranked().find(is_first) else { return Lead::Nobody };
    let next = ranked().find(|line| !is_first(line));
    let is_exact = |line: &Line| line.standing.entrant.tally.exact().is_some();
    let is_close = |line: &Line| !line.standing.not_distinguishable_from.is_empty();
    let is_open = !report.lines.iter().all(is_exact) || ranked().filter(is_first).any(is_close);
    Lead::First {
        names: ranked().filter(is_first).map(|l| l.standing.entrant.name.as_str()).collect(),
        count: in_words(outcome(first)),
        is_open,
        next: next.map(|line| (line.standing.entrant.name.as_str(), in_words(outcome(line)))),
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
    let class = class_of(column);
    Cell {
        text: column.cells[index].clone(),
        remark: String::new(),
        heading: capitalised(&column.heading),
        is_name: class == "f",
        is_labelled: matches!(class, "n" | "o"),
        class,
        bar: None,
    }
}

fn class_of(column: &Column) -> &'static str {
    match (column.heading.as_str(), column.align) {
        ("rank", _) => "r",
        (FRAMEWORK, _) => "f",
        ("language", _) => "l",
        (COUNT, _) => "c",
        (_, Align::Right) => "n",
        (_, Align::Left) => "o",
    }
}

/// Draws the charts of all metrics as long as there is room for them, those of the first one in any
/// case.
pub(super) fn draw_charts(sections: &mut [Section<'_>], metrics: &[PageMetric<'_>]) {
    let mut size_bytes = 0;
    for (section, metric) in sections.iter_mut().zip(metrics) {
        let Some((view, trend)) = section.trend.as_mut().zip(metric.trend) else { continue };
        let charts = Charts {
            counts: WIDTHS
                .map(|look| render_inline_svg(&draw_trend(trend, look, ScaleChoice::ByData))),
            ranks: WIDTHS.map(|look| render_inline_svg(&draw_ranks(trend, look))),
        };
        let all = charts.counts.iter().chain(&charts.ranks);
        let is_first = size_bytes == 0;
        size_bytes += all.map(String::len).sum::<usize>();
        if !is_first && size_bytes > MOST_CHARTS_BYTES {
            return;
        }
        view.charts = Some(charts);
    }
}

fn view_of(trend: &TrendReport) -> TrendView {
    let is_flagged = |note: &&String| flagged(trend).iter().any(|event| event.text == **note);
    let notes = trend.notes.iter().filter(|note| !is_flagged(note));
    let columns = columns_of_trend(trend);
    let row = |index: usize| Row { cells: columns.iter().map(|c| cell_of(c, index)).collect() };
    TrendView {
        subtitle: facts(trend),
        charts: None,
        changes: Table {
            headings: columns.iter().map(heading_of).collect(),
            rows: (0..trend.lines.len()).map(row).collect(),
            has_bars: false,
        },
        legend: legend(trend),
        notes: notes.map(|note| terminal(note)).collect(),
    }
}

/// Says how to read the charts; breaks and notes of the survey have the letters that stand at them.
fn legend(trend: &TrendReport) -> Vec<String> {
    let mut legend = Vec::new();
    if !trend.gaps.is_empty() {
        legend.push("Shaded: no finished run.".to_owned());
    }
    let points = || trend.lines.iter().flat_map(|line| &line.course);
    if points().any(|point| point.status == Status::Incomplete) {
        legend.push(TRIANGLES.to_owned());
    }
    let flags = ('a'..='z').zip(flagged(trend));
    legend.extend(flags.map(|(letter, event)| format!("{letter}: {}", terminal(&event.text))));
    legend
}

/// Returns the events that charts show.
fn flagged(trend: &TrendReport) -> &[TrendEvent] {
    &trend.events[..trend.events.len().min(MOST_FLAGS)]
}

/// Tells span, periods and sources; the metric stands above already.
fn facts(trend: &TrendReport) -> String {
    let all = subtitle(trend);
    let facts = all.strip_prefix(&trend.metric_title).map(|facts| facts.trim_start_matches(" · "));
    terminal(facts.unwrap_or(&all))
}

fn query(line: &Line) -> Query<'_> {
    let entrant = &line.standing.entrant;
    let QueryLine { query, url, status, answered } = QueryLine::of(line);
    Query {
        name: &entrant.name,
        text: query.unwrap_or_default(),
        url: url.unwrap_or_default(),
        count: count_text(entrant.tally.outcome),
        status,
        answered,
    }
}

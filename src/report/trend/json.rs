//! The trend as JSON, with the version of its layout.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::TrendReport;
use crate::domain::period::Period;
use crate::domain::trend::{TrendEnd, TrendLine, TrendPoint, Turn, TurnKind};

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    survey: &'a str,
    title: &'a str,
    metric: &'a str,
    metric_title: &'a str,
    per: &'a str,
    first_period: End,
    last_period: End,
    periods_with_run: usize,
    gaps: Vec<Span>,
    sources: &'a [String],
    is_reconstructed: bool,
    trend: Vec<Entry<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Span {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct End {
    from: String,
    to: String,
    run: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    rank: Option<u32>,
    rank_then: Option<u32>,
    framework: &'a str,
    first: Option<Point>,
    last: Option<Point>,
    change: Option<i64>,
    relative_change: Option<f64>,
    change_per_week: Option<f64>,
    periods: usize,
    turns: Vec<Change>,
}

#[derive(Serialize)]
struct Point {
    run: String,
    count: u64,
    status: &'static str,
}

#[derive(Serialize)]
struct Change {
    kind: &'static str,
    is_break: bool,
    run: String,
    from: Option<&'static str>,
    to: Option<&'static str>,
}

/// Renders the trend as JSON, indented, with a line feed at the end.
///
/// What is not known is `null`, never 0 and never left out.
#[must_use]
pub fn render_trend_json(report: &TrendReport) -> String {
    let end = |end: TrendEnd| {
        let Span { from, to } = span(&end.period);
        End { from, to, run: end.run.to_string() }
    };
    let document = Document {
        schema_version: SCHEMA_VERSION,
        survey: &report.survey,
        title: &report.title,
        metric: &report.metric,
        metric_title: &report.metric_title,
        per: &report.per,
        first_period: end(report.first),
        last_period: end(report.last),
        periods_with_run: report.periods,
        gaps: report.gaps.iter().map(span).collect(),
        sources: &report.sources,
        is_reconstructed: report.is_reconstructed,
        trend: report.lines.iter().map(entry).collect(),
        notes: &report.notes,
    };
    // Strings and numbers always have a JSON form.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn span(period: &Period) -> Span {
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    Span { from: moment(period.from), to: moment(period.to) }
}

fn entry(line: &TrendLine) -> Entry<'_> {
    let point = |point: TrendPoint| Point {
        run: point.run.to_string(),
        count: point.count,
        status: point.status.as_str(),
    };
    Entry {
        rank: line.rank_now,
        rank_then: line.rank_then,
        framework: &line.framework,
        first: line.first.map(point),
        last: line.last.map(point),
        change: line.change,
        relative_change: line.relative,
        change_per_week: line.per_week,
        periods: line.periods,
        turns: line.turns.iter().map(change).collect(),
    }
}

fn change(turn: &Turn) -> Change {
    let (kind, from, to) = match turn.kind {
        TurnKind::Method => ("query", None, None),
        TurnKind::Host => ("host", None, None),
        TurnKind::Api(from, to) => ("api", Some(from), Some(to)),
    };
    Change { kind, is_break: turn.kind.is_break(), run: turn.run.to_string(), from, to }
}

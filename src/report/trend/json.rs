//! The trend as JSON, with the version of its layout.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::moment::moment;
use super::{EventKind, TrendEvent, TrendReport};
use crate::domain::period::Period;
use crate::domain::run::RunId;
use crate::domain::trend::{CoursePoint, TrendEnd, TrendLine, TrendPoint, Turn, TurnKind};

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
    periods: Vec<End>,
    events: Vec<Event<'a>>,
    sources: &'a [String],
    is_reconstructed: bool,
    trend: Vec<Entry<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Event<'a> {
    at: String,
    is_break: bool,
    text: &'a str,
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
    /// A value for each of the document's `periods`, all on one line.
    counts: Option<Box<RawValue>>,
    statuses: Option<Box<RawValue>>,
    ranks: Option<Box<RawValue>>,
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
/// What is not known is `null`, never 0 and never left out. `counts`, `statuses` and `ranks` of a
/// framework have a value for each of `periods`, which are those with a finished run; between them
/// lie the `gaps`.
#[must_use]
pub fn render_trend_json(report: &TrendReport) -> String {
    let end = |end: TrendEnd| make_end(&end.period, end.run);
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
        periods: report.rows.iter().map(|row| make_end(&row.period, row.run)).collect(),
        events: report.events.iter().map(event).collect(),
        sources: &report.sources,
        is_reconstructed: report.is_reconstructed,
        trend: report.lines.iter().map(|line| entry(line, report.rows.len())).collect(),
        notes: &report.notes,
    };
    // Strings and numbers always have a JSON form.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn make_end(period: &Period, run: RunId) -> End {
    let Span { from, to } = span(period);
    End { from, to, run: run.to_string() }
}

fn event(event: &TrendEvent) -> Event<'_> {
    let is_break = event.kind == EventKind::Break;
    Event { at: moment(event.at), is_break, text: &event.text }
}

fn span(period: &Period) -> Span {
    Span { from: moment(period.from), to: moment(period.to) }
}

/// Writes one value of each period.
fn of_periods<T: Serialize>(
    line: &TrendLine,
    periods: usize,
    value: impl Fn(&CoursePoint) -> T,
) -> Option<Box<RawValue>> {
    let mut values: Vec<Option<T>> = Vec::new();
    values.resize_with(periods, || None);
    for point in &line.course {
        if let Some(cell) = values.get_mut(point.row) {
            *cell = Some(value(point));
        }
    }
    // Numbers and words always have a JSON form.
    serde_json::value::to_raw_value(&values).ok()
}

fn entry(line: &TrendLine, periods: usize) -> Entry<'_> {
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
        counts: of_periods(line, periods, |point| point.count),
        statuses: of_periods(line, periods, |point| point.status.as_str()),
        ranks: of_periods(line, periods, |point| point.rank),
    }
}

fn change(turn: &Turn) -> Change {
    let (kind, from, to) = match turn.kind {
        TurnKind::Method => ("query", None, None),
        TurnKind::Host => ("host", None, None),
        TurnKind::Source(from, to) => ("source", Some(from.as_str()), Some(to.as_str())),
        TurnKind::Api(from, to) => ("api", Some(from.as_str()), Some(to.as_str())),
    };
    Change { kind, is_break: turn.kind.is_break(), run: turn.run.to_string(), from, to }
}

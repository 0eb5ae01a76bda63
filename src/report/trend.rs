//! The trend report: everything that every format may say of it, worked out once.

mod csv;
mod json;
mod notes;
mod sparkline;
mod text;

use chrono::{DateTime, Datelike as _, Utc};

use super::model::UnknownMetric;
use crate::domain::period::{Per, Period, Periods};
use crate::domain::run::RunId;
use crate::domain::series::{Series, SeriesRow};
use crate::domain::survey::Survey;
use crate::domain::trend::{CoursePoint, Trend, TrendEnd, TrendLine};

pub use self::csv::render_trend_csv;
pub use json::render_trend_json;
#[cfg(feature = "html")]
pub(super) use text::columns as columns_of_trend;
pub(super) use text::subtitle;
pub use text::{render_trend_markdown, render_trend_terminal};

/// What a trend report is made from.
#[derive(Clone, Copy, Debug)]
pub struct TrendInputs<'a> {
    /// The survey; `None` for a history whose survey is not at hand.
    pub survey: Option<&'a Survey>,
    /// The counts.
    pub series: &'a Series,
    /// How their periods were found.
    pub periods: &'a Periods,
    /// The metric that was asked for.
    pub metric: Option<&'a str>,
    /// What must be said about the origin of the numbers.
    pub origin_notes: &'a [String],
}

/// A trend with all that is said about it.
#[derive(Clone, Debug)]
pub struct TrendReport {
    /// The survey's title, or its id if the survey is not at hand.
    pub title: String,
    /// The survey's id.
    pub survey: String,
    /// The metric's id.
    pub metric: String,
    /// The metric's title.
    pub metric_title: String,
    /// What a period is: `hour`, `day`, `week`, `month`, or the schedule's line and zone.
    pub per: String,
    /// How often there is a count, in words; empty where a series has too few points to say so.
    pub pace: String,
    /// The first and the last period with a finished run.
    pub first: TrendEnd,
    /// The last one; the same as the first if there is only one.
    pub last: TrendEnd,
    /// Whether the counts are reconstructed; charts draw such lines dashed.
    pub is_reconstructed: bool,
    /// How many periods have a finished run.
    pub periods: usize,
    /// The periods between first and last that have none, in order.
    pub gaps: Vec<Period>,
    /// Where counts came from, each source once.
    pub sources: Vec<String>,
    /// The periods that have a finished run, in order; a point of a course names one by its index.
    pub rows: Vec<TrendRow>,
    /// What happened to the way of counting within the time, in order.
    pub events: Vec<TrendEvent>,
    /// A line for each framework, by rank. Its course has every count: charts and sparklines draw
    /// it, [`TrendReport::stretches`] says where it is interrupted.
    pub lines: Vec<TrendLine>,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// A period with a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrendRow {
    /// The period.
    pub period: Period,
    /// Its last finished run.
    pub run: RunId,
    /// Whether the period before it has no finished run.
    pub follows_gap: bool,
}

/// A change in the way of counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendEvent {
    /// When: the start of the first run that counted in the new way, or of the note's day.
    pub at: DateTime<Utc>,
    /// Who says so.
    pub kind: EventKind,
    /// The sentence that is among the notes too.
    pub text: String,
}

/// What a [`TrendEvent`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The counts before and after cannot be compared.
    Break,
    /// The survey notes it.
    Note,
}

impl TrendReport {
    /// Works out the report; `None` if no run of the window is finished.
    ///
    /// # Errors
    ///
    /// Fails if the metric is unknown.
    pub fn new(inputs: &TrendInputs<'_>) -> Result<Option<Self>, UnknownMetric> {
        let series = inputs.series;
        refuse_unknown_metric(inputs)?;
        let Trend { span, lines } = Trend::of(series);
        let Some((first, last)) = span else { return Ok(None) };
        let survey = inputs.survey.map_or(series.survey.as_str(), |survey| survey.id.as_str());
        let known = inputs.survey.and_then(|s| s.metrics.iter().find(|m| m.id == series.metric));
        let mut sources: Vec<String> =
            series.origins.iter().map(|origin| origin.source.to_string()).collect();
        sources.sort();
        sources.dedup();
        let is_reconstructed = series.is_reconstructed();
        let gaps = if is_reconstructed { Vec::new() } else { series.gaps(inputs.periods) };
        let mut report = Self {
            is_reconstructed,
            title: inputs.survey.map_or(survey, |survey| survey.title.as_str()).to_owned(),
            survey: survey.to_owned(),
            metric: series.metric.clone(),
            metric_title: known.map_or(&series.metric, |metric| &metric.title).clone(),
            per: name_of(inputs.periods),
            pace: if is_reconstructed { pace_of_points(series) } else { pace(inputs.periods) },
            first,
            last,
            periods: series.rows.len(),
            gaps,
            sources,
            rows: rows(series),
            events: Vec::new(),
            lines,
            notes: Vec::new(),
        };
        report.events = notes::find_events(&report, inputs);
        report.notes = notes::write(&report, inputs);
        Ok(Some(report))
    }

    /// Returns the parts of a line's course that can be drawn in one stroke: of following periods,
    /// without a gap, a missing count or a break in between.
    pub fn stretches<'a>(
        &'a self,
        line: &'a TrendLine,
    ) -> impl Iterator<Item = &'a [CoursePoint]> + Clone {
        let follows = |before: &CoursePoint, point: &CoursePoint| {
            let after_gap = self.rows.get(point.row).is_none_or(|row| row.follows_gap);
            point.row == before.row + 1 && !after_gap && !point.begins_anew
        };
        line.course.chunk_by(follows)
    }
}

fn rows(series: &Series) -> Vec<TrendRow> {
    let mut before: Option<Period> = None;
    let row = |row: &SeriesRow| {
        let (period, run) = (row.period, row.run);
        // Reconstructed points may be further apart than periods: what is between them is no gap.
        let is_apart = before.is_some_and(|before| before.to < period.from);
        let follows_gap = is_apart && !series.is_reconstructed();
        before = Some(period);
        TrendRow { period, run, follows_gap }
    };
    series.rows.iter().map(row).collect()
}

fn refuse_unknown_metric(inputs: &TrendInputs<'_>) -> Result<(), UnknownMetric> {
    let Some(metric) = inputs.metric else { return Ok(()) };
    let mut known: Vec<String> = inputs
        .survey
        .into_iter()
        .flat_map(|survey| survey.enabled_metrics().map(|metric| metric.id.clone()))
        .collect();
    known.extend(
        inputs.series.metrics.iter().filter(|m| !known.contains(m)).cloned().collect::<Vec<_>>(),
    );
    if known.iter().any(|other| other == metric) {
        return Ok(());
    }
    Err(UnknownMetric { metric: metric.to_owned(), known })
}

/// Says how often there is a period: `by day`, `daily at 06:17 UTC`.
fn pace(periods: &Periods) -> String {
    let words = match periods {
        Periods::Scheduled(schedule) => schedule.in_words(),
        Periods::Calendar(_) | Periods::EachRun => None,
    };
    words.unwrap_or_else(|| format!("by {}", name_of(periods)))
}

/// Says how far the points of a reconstructed series, the ends of months, are apart; empty for a
/// single one.
fn pace_of_points(series: &Series) -> String {
    let month = |row: &SeriesRow| {
        let day = row.run.started_at().date_naive();
        i64::from(day.year()) * 12 + i64::from(day.month())
    };
    let months: Vec<i64> = series.rows.iter().map(month).collect();
    pace_of_months(&months).to_owned()
}

fn pace_of_months(months: &[i64]) -> &'static str {
    // Points without any count are not there, so that some may be further apart than the others.
    let are_apart_by = |many: i64| months.windows(2).all(|pair| (pair[1] - pair[0]) % many == 0);
    match months.len() {
        0 | 1 => "",
        _ if are_apart_by(12) => "by year",
        _ if are_apart_by(3) => "by quarter",
        _ => "by month",
    }
}

/// Says what a period is.
pub(super) fn name_of(periods: &Periods) -> String {
    match periods {
        Periods::Scheduled(schedule) => format!("`{}` {}", schedule.line(), schedule.zone_name()),
        Periods::EachRun => "run".to_owned(),
        Periods::Calendar(per) => match per {
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Week => "week",
            Per::Month => "month",
        }
        .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_as_far_apart_as_they_are() {
        let cases: [(&[i64], &str); 7] = [
            (&[], ""),
            (&[5], ""),
            (&[5, 6, 7], "by month"),
            (&[3, 6, 9, 12], "by quarter"),
            (&[3, 12, 15], "by quarter"),
            (&[3, 7], "by month"),
            (&[12, 24, 48], "by year"),
        ];
        for (months, pace) in cases {
            assert_eq!(pace_of_months(months), pace, "{months:?}");
        }
    }
}

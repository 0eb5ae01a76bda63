//! The trend report: everything that every format may say of it, worked out once.

mod csv;
mod json;
mod notes;
mod text;

use super::model::UnknownMetric;
use crate::domain::period::{Per, Period, Periods};
use crate::domain::series::Series;
use crate::domain::survey::Survey;
use crate::domain::trend::{Trend, TrendEnd, TrendLine};

pub use self::csv::render_trend_csv;
pub use json::render_trend_json;
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
    /// A line for each framework, by rank.
    pub lines: Vec<TrendLine>,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
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
            first,
            last,
            periods: series.rows.len(),
            gaps,
            sources,
            lines,
            notes: Vec::new(),
        };
        report.notes = notes::write(&report, inputs);
        Ok(Some(report))
    }
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

/// Says what a period is.
fn name_of(periods: &Periods) -> String {
    match periods {
        Periods::Scheduled(schedule) => format!("`{}` {}", schedule.line(), schedule.zone_name()),
        Periods::Calendar(per) => match per {
            Per::Hour => "hour",
            Per::Day => "day",
            Per::Week => "week",
            Per::Month => "month",
        }
        .to_owned(),
    }
}

//! Which series a backfill reconstructs, and which it refuses.

use chrono::NaiveDate;

use super::super::plan::{Skipped, Target};
use crate::domain::created::{CreatedRange, ranges_up_to};
use crate::domain::query::{Query, find_undatable};
use crate::domain::survey::{Metric, Survey};

/// The series that are wanted.
#[derive(Clone, Debug)]
pub struct BackfillPlan {
    /// The days that have a point, in order; each is the end of a period.
    pub last_days: Vec<NaiveDate>,
    /// The ranges between them, as many.
    pub ranges: Vec<CreatedRange>,
    /// One for each query; frameworks and metrics that share it share the series.
    pub series: Vec<SeriesPlan>,
    /// What is not asked, because the framework lacks what the metric needs.
    pub skipped: Vec<Skipped>,
    /// Metrics that cannot be reconstructed.
    pub refused: Vec<Refused>,
}

/// The counts of one query over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesPlan {
    /// The query without a range.
    pub query: Query,
    /// Whose counts they are; at least one.
    pub targets: Vec<Target>,
}

/// A metric that cannot be asked for the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The metric's id.
    pub metric: String,
    /// The part of its query that is in the way.
    pub term: String,
}

impl BackfillPlan {
    /// Makes the plan of some metrics; `{today}` is the day on which it is asked.
    #[must_use]
    pub fn new<'m>(
        survey: &Survey,
        metrics: impl IntoIterator<Item = &'m Metric>,
        last_days: Vec<NaiveDate>,
        today: NaiveDate,
    ) -> Self {
        let ranges = ranges_up_to(&last_days);
        let (series, skipped, refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut plan = Self { last_days, ranges, series, skipped, refused };
        for metric in metrics {
            plan.add(survey, metric, today);
        }
        plan
    }

    fn add(&mut self, survey: &Survey, metric: &Metric, today: NaiveDate) {
        for framework in &survey.frameworks {
            let (name, id) = (framework.name.clone(), metric.id.clone());
            let Some(query) = metric.query.query_for(framework, today) else {
                let placeholder = metric.query.lacking(framework).unwrap_or_default();
                self.skipped.push(Skipped { framework: name, metric: id, placeholder });
                continue;
            };
            if let Some(term) = find_undatable(&query.text) {
                let refused = Refused { metric: id, term: term.to_owned() };
                if !self.refused.contains(&refused) {
                    self.refused.push(refused);
                }
                continue;
            }
            let language = framework.language.clone().unwrap_or_default();
            let target = Target { framework: name, language, metric: id };
            match self.series.iter_mut().find(|series| series.query == query) {
                Some(series) => series.targets.push(target),
                None => self.series.push(SeriesPlan { query, targets: vec![target] }),
            }
        }
    }

    /// Returns how many questions the plan has at least, those already answered included.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.series.len() * self.ranges.len()
    }
}

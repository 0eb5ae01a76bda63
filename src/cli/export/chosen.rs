//! What of a history is exported: metrics, frameworks and time, and refusing what is not there.

#[cfg(feature = "parquet")]
use chrono::{Datelike as _, NaiveDate};

use super::Export;
use crate::cli::diagnostic::Failure;
use crate::domain::period::Periods;
use crate::domain::series::Scope;
#[cfg(feature = "parquet")]
use crate::domain::when::When;
#[cfg(feature = "parquet")]
use crate::export::Months;
use crate::export::{Attempts, Told, Wanted};

impl Export<'_> {
    pub(super) fn wanted(&self) -> Wanted<'_> {
        let every = self.arguments.every.map_or(Periods::EachRun, Periods::from);
        Wanted {
            scope: Scope {
                survey: self.subject.survey.as_ref(),
                metric: None,
                periods: every,
                since: self.since,
                until: self.until,
            },
            metrics: &self.arguments.metric,
            frameworks: &self.arguments.framework,
            attempts: if self.arguments.all_attempts { Attempts::All } else { Attempts::Told },
        }
    }

    /// Refuses metrics and frameworks that neither a row nor the survey has: a slip of the hand
    /// leaves nothing out in silence.
    pub(super) fn refuse_unknown(&self, told: &Told) -> Result<(), Failure> {
        let survey = self.subject.survey.as_ref();
        for metric in &self.arguments.metric {
            let of_survey = survey.is_some_and(|s| s.metrics.iter().any(|m| m.id == *metric));
            if !of_survey && !told.metrics.contains(metric) {
                return Err(unknown("metric", metric, told.metrics.iter()));
            }
        }
        for framework in &self.arguments.framework {
            let of_survey = survey.is_some_and(|s| s.framework_called(framework).is_some());
            if !of_survey && !told.frameworks.contains(framework) {
                return Err(unknown("framework", framework, told.frameworks.iter()));
            }
        }
        Ok(())
    }
}

/// Refuses a name that no row has, with those that there are.
pub(super) fn unknown<'n>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
) -> Failure {
    let known: Vec<String> = known.cloned().collect();
    Failure::usage(format!("there is no {kind} `{name}` in this time")).with_known(name, &known)
}

/// Returns the months of the window; refuses one that ends within a month, because a partition would
/// lose the rest of its rows.
#[cfg(feature = "parquet")]
pub(super) fn months(since: Option<When>, until: Option<When>) -> Result<Months, Failure> {
    let edge = |flag: &str, moment: Option<When>, of: fn(NaiveDate, NaiveDate) -> NaiveDate| {
        let day = match moment {
            None => return Ok(None),
            Some(When::Days { first, end }) => Some(of(first, end)).filter(|day| day.day() == 1),
            Some(When::Run(_)) => None,
        };
        day.map(Some).ok_or_else(|| {
            Failure::usage(format!("`{flag}` must be a whole month or year here")).because(
                "a folder of Parquet has a file for each month, which is replaced as a whole",
            )
        })
    };
    let first = edge("--since", since, |first, _| first)?;
    Ok(Months { first, end: edge("--until", until, |_, end| end)? })
}

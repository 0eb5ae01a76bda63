//! The counts of one metric over time: a dense table of periods by frameworks.
//!
//! A [`SeriesBuilder`] takes the rows of a history one after the other and keeps of them only what
//! the table needs, so that its memory grows with frameworks and periods, not with rows. The rules
//! are those of runs and rankings: which attempt is the answer, when a run is finished, which of
//! several samples counts.

mod builder;

use super::period::{Period, Periods};
use super::query::Method;
use super::run::{Key, RunId};
use super::sample::{Source, SourceKind, Status};
use super::survey::Survey;
use super::when::When;

pub use builder::{Attempt, MomentBytes, SeriesBuilder, Slot};

/// What a series is made of.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The survey; `None` for a history whose survey is not at hand.
    pub survey: Option<&'a Survey>,
    /// The metric; `None` for the survey's first one, or else the history's.
    pub metric: Option<&'a str>,
    /// How periods are found.
    pub periods: Periods,
    /// The first moment of the window; a run that is named is the first one.
    pub since: Option<When>,
    /// The last moment of the window, all of it included.
    pub until: Option<When>,
}

impl Scope<'_> {
    /// Tells whether a run is not before the window.
    #[must_use]
    pub fn has_begun(&self, run: RunId) -> bool {
        self.since.is_none_or(|since| !since.is_after(run))
    }

    /// Tells whether a run, and with it every later one, is behind the window.
    #[must_use]
    pub fn is_over(&self, run: RunId) -> bool {
        self.until.is_some_and(|until| !until.reaches(run))
    }

    fn still_asks(&self, key: &Key) -> bool {
        self.survey.is_none_or(|survey| survey.still_asks(key))
    }
}

/// The counts of one metric, by period and framework.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The metric's id; empty if the history has no rows.
    pub metric: String,
    /// Every metric of the history, in the order in which they appear.
    pub metrics: Vec<String>,
    /// The survey that the first row names.
    pub survey: String,
    /// The frameworks, under the names that they have now: those of the survey that the metric
    /// fits, in its order; without a survey all, in the order in which they appear.
    pub frameworks: Vec<String>,
    /// Frameworks of the history that the survey no longer has.
    pub left_out: Vec<String>,
    /// Where counts came from; a [`Value`] names one by its index.
    pub origins: Vec<Origin>,
    /// The periods of the window that have a finished run, in order. The others are gaps.
    pub rows: Vec<SeriesRow>,
    /// How many runs of the window did not finish.
    pub unfinished: u64,
}

/// What one period counted: the values of its last finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRow {
    /// The period.
    pub period: Period,
    /// Its last finished run.
    pub run: RunId,
    /// A value for each framework, in the order of [`Series::frameworks`]; frameworks behind the
    /// end of it have none. `None` means that no number came.
    pub values: Vec<Option<Value>>,
}

impl SeriesRow {
    /// Returns the value of a framework by its index; `None` if the run has no number for it.
    #[must_use]
    pub fn value(&self, framework: usize) -> Option<Value> {
        self.values.get(framework).copied().flatten()
    }
}

/// A count of a framework in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The number of repositories.
    pub count: u64,
    /// Which of [`Series::origins`] it has.
    pub origin: u32,
    /// How far it can be trusted; never failed.
    pub status: Status,
}

/// What must stay the same for counts to be comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The method; `None` where the query is not known.
    pub method: Option<Method>,
    /// Where the answer came from.
    pub source: Source,
}

impl Series {
    /// Tells whether the counts are reconstructed, and none was taken at its time.
    #[must_use]
    pub fn is_reconstructed(&self) -> bool {
        self.origins.iter().any(|origin| origin.source.kind == SourceKind::Reconstructed)
    }

    /// Returns the periods without a finished run between the first and the last one that has one,
    /// in order.
    #[must_use]
    pub fn gaps(&self, periods: &Periods) -> Vec<Period> {
        let mut gaps = Vec::new();
        if matches!(periods, Periods::EachRun) {
            return gaps;
        }
        for pair in self.rows.windows(2) {
            let mut from = pair[0].period.to;
            while from < pair[1].period.from {
                let Some(gap) = periods.period_at(from).filter(|gap| gap.to > from) else { break };
                from = gap.to;
                gaps.push(gap);
            }
        }
        gaps
    }
}

//! Counts over time as a wide table: a row for each period, a column for each framework. `export`
//! writes it to files.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::period::{Period, Periods};
use crate::domain::sample::{RECONSTRUCTED, Status};
use crate::domain::series::{Series, SeriesRow, Value};

/// A wide table of one metric, whatever it is written as.
#[derive(Clone, Debug, PartialEq)]
pub struct WideTable {
    /// The names of the columns between `date` and `not_complete`.
    pub frameworks: Vec<String>,
    /// Whether `date` is a day: the first of its period, in UTC. Otherwise, where periods are
    /// shorter than a day or begin within one, it is a moment.
    pub has_days: bool,
    /// What the last column, `source`, says of every row: that counts are reconstructed. Other tables
    /// have no such column.
    pub source: Option<&'static str>,
    /// The rows by `date`; gaps are rows without values.
    pub rows: Vec<WideRow>,
}

/// A row of a wide table.
#[derive(Clone, Debug, PartialEq)]
pub struct WideRow {
    /// The first moment of the period.
    pub from: DateTime<Utc>,
    /// A value for each framework; `None` means that no number came.
    pub values: Vec<Option<Value>>,
}

impl WideTable {
    /// Makes the table of a series, with the frameworks that are wanted.
    ///
    /// A period without a finished run between the first and the last is a row without values.
    #[must_use]
    pub fn of(series: &Series, periods: &Periods, is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut rows: BTreeMap<DateTime<Utc>, (Period, Option<&SeriesRow>)> = BTreeMap::new();
        // Reconstructed points may be further apart than periods: what is between them is no gap.
        let source = series.is_reconstructed().then_some(RECONSTRUCTED);
        let gaps = if source.is_none() { series.gaps(periods) } else { Vec::new() };
        rows.extend(gaps.into_iter().map(|gap| (gap.from, (gap, None))));
        rows.extend(series.rows.iter().map(|row| (row.period.from, (row.period, Some(row)))));
        let wanted: Vec<usize> =
            (0..series.frameworks.len()).filter(|at| is_wanted(&series.frameworks[*at])).collect();
        let a_day = TimeDelta::hours(23);
        Self {
            frameworks: wanted.iter().map(|at| series.frameworks[*at].clone()).collect(),
            source,
            has_days: rows.values().all(|(period, _)| period.to - period.from >= a_day),
            rows: rows
                .into_iter()
                .map(|(from, (_, row))| WideRow {
                    from,
                    values: wanted.iter().map(|at| row.and_then(|row| row.value(*at))).collect(),
                })
                .collect(),
        }
    }

    /// Names the frameworks of a row whose value is not complete, each with its status, joined by
    /// `; `.
    #[must_use]
    pub fn not_complete(&self, row: &WideRow) -> String {
        let told = self.frameworks.iter().zip(&row.values).filter_map(|(name, value)| {
            let value = value.filter(|value| value.status != Status::Complete)?;
            Some(format!("{name} ({})", value.status.as_str()))
        });
        told.collect::<Vec<_>>().join("; ")
    }
}

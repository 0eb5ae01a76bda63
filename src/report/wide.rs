//! Counts over time as a wide table: a row for each period, a column for each framework.

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

/// Renders a series as CSV: RFC 4180, LF, empty cells where nothing was counted.
///
/// The first column, `date`, is the first day of the period in UTC; periods shorter than a day have
/// its first moment instead. Then comes a column for each framework, with the value of the
/// period's last finished run. The column `not_complete` is [`WideTable::not_complete`];
/// reconstructed counts have one more that says so.
#[must_use]
pub fn render_wide(series: &Series, periods: &Periods) -> String {
    let table = WideTable::of(series, periods, |_| true);
    let format = if table.has_days { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has as many fields.
    let header = ["date"].into_iter().chain(table.frameworks.iter().map(String::as_str));
    let source = table.source.map(|_| "source");
    let _ = writer.write_record(header.chain(["not_complete"]).chain(source));
    for row in &table.rows {
        let count = |value: &Option<Value>| value.map(|value| value.count.to_string());
        let counts = row.values.iter().map(|value| count(value).unwrap_or_default());
        let cells = [row.from.format(format).to_string()].into_iter().chain(counts);
        let end = [table.not_complete(row)].into_iter().chain(table.source.map(str::to_owned));
        let _ = writer.write_record(cells.chain(end));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

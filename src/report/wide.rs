//! Counts over time as a wide CSV: a row for each period, a column for each framework.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::period::{Period, Periods};
use crate::domain::sample::{RECONSTRUCTED, Status};
use crate::domain::series::{Series, SeriesRow};

/// Renders a series as CSV: RFC 4180, LF, empty cells where nothing was counted.
///
/// The first column, `date`, is the first day of the period in UTC; periods shorter than a day have
/// its first moment instead. Then comes a column for each framework, with the value of the
/// period's last finished run. The last column, `not_complete`, names the frameworks whose value is
/// not complete, each with its status, joined by `; `. A period without a finished run between the
/// first and the last is a row of empty cells. Reconstructed counts have one more column that says so.
#[must_use]
pub fn render_wide(series: &Series, periods: &Periods) -> String {
    let mut rows: BTreeMap<DateTime<Utc>, (Period, Option<&SeriesRow>)> = BTreeMap::new();
    // Reconstructed points may be further apart than periods: what is between them is no gap.
    let label = series.is_reconstructed().then_some(RECONSTRUCTED);
    let gaps = if label.is_none() { series.gaps(periods) } else { Vec::new() };
    rows.extend(gaps.into_iter().map(|gap| (gap.from, (gap, None))));
    rows.extend(series.rows.iter().map(|row| (row.period.from, (row.period, Some(row)))));
    let is_short = rows.values().any(|(period, _)| (period.to - period.from).num_hours() < 23);
    let format = if is_short { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%d" };
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has as many fields.
    let header = ["date"].into_iter().chain(series.frameworks.iter().map(String::as_str));
    let header = header.chain(["not_complete"]).chain(label.map(|_| "source"));
    let _ = writer.write_record(header);
    for (from, (_, row)) in rows {
        let value = |framework: usize| row.and_then(|row| row.value(framework));
        let mut not_complete = Vec::new();
        let mut cells = vec![from.format(format).to_string()];
        for (framework, name) in series.frameworks.iter().enumerate() {
            let value = value(framework);
            cells.push(value.map(|value| value.count.to_string()).unwrap_or_default());
            if let Some(value) = value.filter(|value| value.status != Status::Complete) {
                not_complete.push(format!("{name} ({})", value.status.as_str()));
            }
        }
        cells.push(not_complete.join("; "));
        cells.extend(label.map(str::to_owned));
        let _ = writer.write_record(cells);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

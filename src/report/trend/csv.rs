//! The trend as CSV: one line a framework, plain numbers, the same columns always.

use super::TrendReport;
use crate::domain::sample::RECONSTRUCTED;
use crate::domain::trend::{TrendPoint, TurnKind};

const COLUMNS: [&str; 16] = [
    "rank",
    "rank_then",
    "framework",
    "metric",
    "first_run",
    "first_count",
    "first_status",
    "last_run",
    "last_count",
    "last_status",
    "change",
    "relative_change",
    "change_per_week",
    "periods",
    "breaks",
    "api_changes",
];

/// Renders the trend as CSV: RFC 4180, LF, empty cells where nothing is known.
///
/// The relative change is of 1, with six decimals; the change a week has three. Breaks and changes
/// of the API are named by the first run that counted in the new way, joined by `; `. Notes are not
/// part of it.
#[must_use]
pub fn render_trend_csv(report: &TrendReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has as many fields.
    let label = report.is_reconstructed.then_some(RECONSTRUCTED);
    let _ = writer.write_record(COLUMNS.into_iter().chain(label.map(|_| "source")));
    for line in &report.lines {
        let number = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
        let end = |point: Option<TrendPoint>| {
            point.map_or_else(<[String; 3]>::default, |point| {
                [point.run.to_string(), point.count.to_string(), point.status.as_str().to_owned()]
            })
        };
        let turns = |wanted: fn(&TurnKind) -> bool| {
            let turns = line.turns.iter().filter(|turn| wanted(&turn.kind));
            turns.map(|turn| turn.run.to_string()).collect::<Vec<_>>().join("; ")
        };
        let mut cells = vec![
            number(line.rank_now),
            number(line.rank_then),
            line.framework.clone(),
            report.metric.clone(),
        ];
        cells.extend(end(line.first));
        cells.extend(end(line.last));
        cells.extend([
            line.change.map(|change| change.to_string()).unwrap_or_default(),
            line.relative.map(|relative| format!("{relative:.6}")).unwrap_or_default(),
            line.per_week.map(|rate| format!("{rate:.3}")).unwrap_or_default(),
            line.periods.to_string(),
            turns(TurnKind::is_break),
            turns(|kind| !kind.is_break()),
        ]);
        cells.extend(label.map(str::to_owned));
        let _ = writer.write_record(cells);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

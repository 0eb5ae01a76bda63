//! The ranking as CSV: one line a framework, plain numbers, the same columns always.

use super::model::RankingReport;
use super::moment::moment;
use crate::domain::ranking::Change;

const COLUMNS: [&str; 22] = [
    "rank",
    "framework",
    "language",
    "metric",
    "count",
    "status",
    "low",
    "high",
    "samples",
    "not_distinguishable_from",
    "change",
    "share",
    "then_rank",
    "then_count",
    "count_change",
    "rank_change",
    "run",
    "observed_at",
    "published",
    "source",
    "query_text",
    "reason",
];

/// Renders the ranking as CSV: RFC 4180, LF, empty cells where nothing is known.
///
/// The share is of 1, with six decimals. Notes are not part of it.
#[must_use]
pub fn render_csv(report: &RankingReport) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every row has as many fields.
    let _ = writer.write_record(COLUMNS);
    for line in &report.lines {
        let entrant = &line.standing.entrant;
        let tally = &entrant.tally;
        let counted = tally.counted.as_ref();
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let change = |change: Option<Change>| match change {
            Some(Change::By(change)) => change.to_string(),
            _ => String::new(),
        };
        let compared = line.compared.as_ref();
        let _ = writer.write_record([
            line.standing.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            entrant.name.clone(),
            entrant.language.clone(),
            report.metric.clone(),
            number(tally.outcome.count()),
            tally.outcome.status().as_str().to_owned(),
            number(tally.range.map(|(low, _)| low)),
            number(tally.range.map(|(_, high)| high)),
            tally.samples.to_string(),
            line.standing.not_distinguishable_from.join("; "),
            change(line.change),
            line.share.map(|share| format!("{share:.6}")).unwrap_or_default(),
            compared.and_then(|c| c.then_rank).map(|rank| rank.to_string()).unwrap_or_default(),
            number(compared.and_then(|c| c.then_count)),
            change(compared.map(|c| c.count_change)),
            compared.and_then(|c| c.rank_change).map(|c| c.to_string()).unwrap_or_default(),
            report.run.to_string(),
            // The moment of a published number is a placeholder; its date stands beside it.
            counted
                .filter(|sample| sample.published.is_none())
                .map(|sample| moment(sample.observed_at))
                .unwrap_or_default(),
            counted.and_then(|sample| sample.published.clone()).unwrap_or_default(),
            counted.map(|sample| sample.source.to_string()).unwrap_or_default(),
            counted.map(|sample| sample.query_text.clone()).unwrap_or_default(),
            tally.reason.clone(),
        ]);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

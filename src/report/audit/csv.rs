//! Audits as CSV: a number a line, so that any program can turn it as it likes.

use super::super::moment::moment;
use super::{AuditReport, FrameworkAudit, Interval, Sensitivity};

/// Renders the ranks by every way: a line for each framework and way, the columns always the same.
pub(super) fn render_sensitivity(sensitivity: &Sensitivity) -> String {
    let header = ["framework", "way", "count", "status", "rank", "counted_at", "query_template"];
    let mut lines = vec![header.map(str::to_owned)];
    let counted_at = moment(sensitivity.counted_at);
    for row in &sensitivity.frameworks {
        for (place, way) in sensitivity.ways.iter().enumerate() {
            let status = row.statuses.get(place).cloned().flatten();
            lines.push([
                row.framework.clone(),
                way.id.clone(),
                row.counts[place].map(|count| count.to_string()).unwrap_or_default(),
                status.unwrap_or_default(),
                row.ranks[place].map(|rank| rank.to_string()).unwrap_or_default(),
                counted_at.clone(),
                way.query.clone(),
            ]);
        }
    }
    write(&lines)
}

/// Renders the audits of a metric: a line for each framework and share.
pub(super) fn render_samples(report: &AuditReport, metric: &str) -> String {
    let header = [
        "framework",
        "metric",
        "share_of",
        "share",
        "low",
        "high",
        "repositories",
        "looked_at",
        "slices",
        "seed",
        "audited_at",
        "query",
    ];
    let mut lines = vec![header.map(str::to_owned)];
    for audit in report.of(metric) {
        let mut add = |share_of: &str, interval: Interval| {
            let number = |share: Option<f64>| share.map(|s| s.to_string()).unwrap_or_default();
            lines.push([
                audit.framework.clone(),
                audit.metric.clone(),
                share_of.to_owned(),
                number(Some(interval.share)),
                number(interval.low),
                number(interval.high),
                audit.repositories.to_string(),
                audit.looked_at.to_string(),
                audit.slices.map(|slices| slices.to_string()).unwrap_or_default(),
                audit.seed.to_string(),
                moment(audit.audited_at),
                audit.query.clone(),
            ]);
        };
        for (name, interval) in shares(audit) {
            add(name, interval);
        }
        for found in &audit.languages {
            let name = found.language.as_deref().unwrap_or("none");
            add(&format!("language {name}"), found.share);
        }
    }
    write(&lines)
}

fn shares(audit: &FrameworkAudit) -> [(&'static str, Interval); 4] {
    [
        ("fits", audit.fits),
        ("without_stars", audit.without_stars),
        ("untouched_for_two_years", audit.untouched_for_two_years),
        ("archived", audit.archived),
    ]
}

fn write<const N: usize>(lines: &[[String; N]]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        // Writing to memory cannot fail, and every line has as many fields.
        let _ = writer.write_record(line);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

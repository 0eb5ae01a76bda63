//! The ranking as JSON, with the version of its layout.

use serde::Serialize;

use super::model::{Line, RankingReport, ReferenceKind};
use super::moment::moment;
use crate::domain::ranking::Change;

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    survey: &'a str,
    title: &'a str,
    metric: &'a str,
    metric_title: &'a str,
    run: String,
    finished: bool,
    counts_answered: usize,
    counts_planned: usize,
    first_observed_at: Option<String>,
    last_observed_at: Option<String>,
    published: Option<&'a str>,
    reconstructed_as_of: Option<String>,
    sources: &'a [String],
    run_before: Option<String>,
    against: Option<Against<'a>>,
    ranking: Vec<Entry<'a>>,
    not_shown: usize,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Against<'a> {
    kind: &'static str,
    id: String,
    label: &'a str,
    compared: usize,
    order_agreement: Option<f64>,
    only_there: &'a [String],
}

#[derive(Serialize)]
struct Entry<'a> {
    rank: Option<u32>,
    rank_is_upper_bound: bool,
    framework: &'a str,
    language: Option<&'a str>,
    count: Option<u64>,
    status: &'static str,
    low: Option<u64>,
    high: Option<u64>,
    samples: usize,
    not_distinguishable_from: &'a [String],
    change: Option<i64>,
    method_changed: bool,
    share: Option<f64>,
    then_rank: Option<u32>,
    then_count: Option<u64>,
    then_count_is_lower_bound: bool,
    count_change: Option<i64>,
    rank_change: Option<i64>,
    observed_at: Option<String>,
    source: Option<String>,
    query_text: Option<&'a str>,
    method: Option<String>,
    reason: Option<&'a str>,
}

/// Renders the ranking as JSON, indented, with a line feed at the end.
///
/// What is not known is `null`, never 0 and never left out.
#[must_use]
pub fn render_json(report: &RankingReport) -> String {
    // The moments of published numbers are placeholders.
    let moments = report.moments.filter(|_| report.published.is_none());
    let document = Document {
        schema_version: SCHEMA_VERSION,
        survey: &report.survey,
        title: &report.title,
        metric: &report.metric,
        metric_title: &report.metric_title,
        run: report.run.to_string(),
        finished: report.progress.is_finished(),
        counts_answered: report.progress.answered,
        counts_planned: report.progress.planned,
        first_observed_at: moments.map(|(first, _)| moment(first)),
        last_observed_at: moments.map(|(_, last)| moment(last)),
        published: report.published.as_deref(),
        reconstructed_as_of: report.reconstructed.map(|day| day.to_string()),
        sources: &report.sources,
        run_before: report.before.map(|run| run.to_string()),
        against: report.compared.as_ref().map(|compared| {
            let (kind, id) = match &compared.kind {
                ReferenceKind::Baseline(id) => ("baseline", id.clone()),
                ReferenceKind::Run(run) => ("run", run.to_string()),
            };
            Against {
                kind,
                id,
                label: &compared.label,
                compared: compared.frameworks,
                order_agreement: compared.order_agreement,
                only_there: &compared.only_there,
            }
        }),
        ranking: report.lines.iter().map(entry).collect(),
        not_shown: report.not_shown,
        notes: &report.notes,
    };
    // Strings and numbers always have a JSON form.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn entry(line: &Line) -> Entry<'_> {
    let entrant = &line.standing.entrant;
    let tally = &entrant.tally;
    let counted = tally.counted.as_ref();
    let compared = line.compared.as_ref();
    let by = |change: Option<Change>| match change {
        Some(Change::By(change)) => Some(change),
        _ => None,
    };
    Entry {
        rank: line.standing.rank,
        rank_is_upper_bound: tally.exact().is_none() && line.standing.rank.is_some(),
        framework: &entrant.name,
        language: Some(entrant.language.as_str()).filter(|language| !language.is_empty()),
        count: tally.outcome.count(),
        status: tally.outcome.status().as_str(),
        low: tally.range.map(|(low, _)| low),
        high: tally.range.map(|(_, high)| high),
        samples: tally.samples,
        not_distinguishable_from: &line.standing.not_distinguishable_from,
        change: by(line.change),
        method_changed: line.change == Some(Change::MethodChanged),
        share: line.share,
        then_rank: compared.and_then(|c| c.then_rank),
        then_count: compared.and_then(|c| c.then_count),
        then_count_is_lower_bound: compared
            .is_some_and(|c| c.then_count.is_some() && !c.then_exact),
        count_change: by(compared.map(|c| c.count_change)),
        rank_change: compared.and_then(|c| c.rank_change),
        observed_at: counted
            .filter(|sample| sample.published.is_none())
            .map(|sample| moment(sample.observed_at)),
        source: counted.map(|sample| sample.source.to_string()),
        query_text: counted
            .map(|sample| sample.query_text.as_str())
            .filter(|query| !query.is_empty()),
        method: counted.and_then(|sample| sample.method).map(|method| method.to_string()),
        reason: Some(tally.reason.as_str()).filter(|reason| !reason.is_empty()),
    }
}

//! `methods.md`: how the numbers were made, ready to paste under an article.

use super::escape::{markdown, markdown_code, url_value};
use super::model::{Line, RankingReport};
use super::notes::MISSING;
use super::table::{count_text, moments};
use crate::domain::sample::{Outcome, RECONSTRUCTED, SourceKind, Status};

/// Renders the method section: one paragraph, a table of the queries with links that open them on
/// GitHub, and a citation.
#[must_use]
pub fn render_methods(report: &RankingReport, version: &str) -> String {
    let mut text = String::from("## How these numbers were made\n\n");
    text.push_str(&markdown(&paragraph(report, version)));
    text.push_str("\n\n| Framework | Query | Count | Status | Answered |\n");
    text.push_str("| --- | --- | ---: | --- | --- |\n");
    for line in &report.lines {
        text.push_str(&query_row(line));
    }
    for note in &report.notes {
        text.push_str(&format!("\n{}\n", markdown(note)));
    }
    text.push_str(&format!("\nCite as: {}\n", markdown(&citation(report, version))));
    text
}

/// Tells in plain text how the numbers came to be.
pub(super) fn paragraph(report: &RankingReport, version: &str) -> String {
    let title = &report.metric_title;
    if let Some(published) = &report.published {
        return format!(
            "The numbers ({title}) were not counted for this report: they are the printed counts \
             of a publication of {published}, read by repo-census {version} from a recording. \
             Neither the day nor the queries are known, nor whether the searches were complete."
        );
    }
    let completeness = completeness(report);
    if let Some((first, last)) = report.moments.filter(|_| report.is_imported()) {
        return format!(
            "The numbers ({title}) were not counted for this report: they were taken from elsewhere \
             (imported), moments as in the file: {} (repo-census {version}, run {}, source {}). \
             Counts: {completeness}. How they were counted is for their source to say.",
            moments(first, last),
            report.run,
            report.sources.join(", "),
        );
    }
    let which = report
        .reconstructed
        .map_or_else(String::new, |as_of| format!(" and was created by {as_of} ({RECONSTRUCTED})"));
    let when = report.moments.map_or_else(
        || "no answer came".to_owned(),
        |(first, last)| format!("the answers arrived {}", moments(first, last)),
    );
    let imported = match report.imported.as_slice() {
        [] => String::new(),
        names => format!(
            "Taken from elsewhere (imported), moments as in the file: {}. ",
            names.join(", ")
        ),
    };
    let passes = match report.samples {
        0 | 1 => String::new(),
        passes => format!(
            "Each query was asked in {passes} passes, and the median counts (the lower of two \
             middle ones). "
        ),
    };
    format!(
        "The numbers ({title}) say how many repositories matched a search query on GitHub{which} for \
         each framework; {when}, asked with repo-census {version} (run {}, source {}). {imported}\
         Counts: {completeness}. {passes}\
         GitHub leaves forks out unless a query says otherwise, and its counts are approximate. A \
         match is a repository that mentions the words, not one that is known to use the \
         framework; a repository can match several queries.",
        report.run,
        report.sources.join(", "),
    )
}

/// Tells how many of the counts are complete, lower bounds or missing.
fn completeness(report: &RankingReport) -> String {
    let total: usize = report.statuses.iter().map(|(_, count)| count).sum();
    let meaning = |status: Status| match status {
        Status::Complete => "complete",
        Status::Unchecked => "from a source that does not say whether it is complete",
        Status::Incomplete if report.is_imported() => "only a lower bound",
        Status::Incomplete => "only a lower bound, because GitHub stopped the search early",
        Status::Failed => "missing",
    };
    let told = report.statuses.iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> =
        told.map(|(status, count)| format!("{count} of {total} {}", meaning(*status))).collect();
    told.join("; ")
}

/// What a method section says about one framework's count, not yet escaped.
pub(super) struct QueryLine<'a> {
    /// The text that was sent; `None` where it is not known.
    pub(super) query: Option<&'a str>,
    /// What opens the query on GitHub.
    pub(super) url: Option<String>,
    pub(super) status: String,
    pub(super) answered: String,
}

impl<'a> QueryLine<'a> {
    pub(super) fn of(line: &'a Line) -> Self {
        let tally = &line.standing.entrant.tally;
        let counted = tally.counted.as_ref();
        let host = counted.and_then(|sample| sample.source.host.as_deref()).unwrap_or("github.com");
        let query = counted.map(|sample| sample.query_text.as_str());
        let query = query.filter(|query| !query.is_empty());
        let url = |query| format!("https://{host}/search?type=repositories&q={}", url_value(query));
        let answered = match counted {
            Some(sample) => match (&sample.published, sample.source.kind) {
                (Some(published), _) => format!("published {published}"),
                (None, SourceKind::Published) => "published".to_owned(),
                (None, kind) => {
                    let imported = if kind == SourceKind::Import { "imported, " } else { "" };
                    format!("{imported}{} UTC", sample.observed_at.format("%Y-%m-%d %H:%M:%S"))
                }
            },
            None => MISSING.to_owned(),
        };
        let status = match tally.outcome {
            Outcome::Failed => format!("failed ({})", tally.reason),
            outcome => outcome.status().as_str().to_owned(),
        };
        Self { query, url: query.map(url), status, answered }
    }
}

fn query_row(line: &Line) -> String {
    let QueryLine { query, url, status, answered } = QueryLine::of(line);
    let query = match query.zip(url) {
        Some((query, url)) => format!("[{}]({url})", markdown_code(query)),
        None => "unknown".to_owned(),
    };
    let entrant = &line.standing.entrant;
    format!(
        "| {} | {query} | {} | {} | {} |\n",
        markdown(&entrant.name),
        markdown(&count_text(entrant.tally.outcome)),
        markdown(&status),
        markdown(&answered)
    )
}

/// Returns how the ranking is cited, in plain text.
pub(super) fn citation(report: &RankingReport, version: &str) -> String {
    let day = match (&report.published, report.moments) {
        (Some(published), _) => format!("published {published}"),
        (None, Some((_, last))) => match report.reconstructed {
            None if report.is_imported() => format!("imported, of {}", last.date_naive()),
            None => format!("counted {}", last.date_naive()),
            Some(as_of) => {
                format!("as of {as_of}, {RECONSTRUCTED}, counted {}", last.date_naive())
            }
        },
        (None, None) => "no counts".to_owned(),
    };
    format!(
        "\"{}\", {}, {day}, run {}, repo-census {version}.",
        report.title, report.metric_title, report.run
    )
}

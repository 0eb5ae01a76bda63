//! The page: the rankings of every metric of a run and their trends, as one HTML file that asks
//! nobody for anything.
//!
//! Here is what the page says; `page/page.html` is its shape, `page/page.css` its look,
//! `page/page.js` what it does beyond that, `thin` and `pack` bring the counts over time into a
//! form that is small enough. Without the script everything is there to read but the charts of
//! further metrics.

mod pack;
mod thin;
mod view;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::model::RankingReport;
use super::trend::TrendReport;
use crate::domain::series::Series;
use pack::pack;
use view::{Lead, Section};

pub use thin::{ThinnedTo, thin};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    include_str!("page/counts.js"),
    include_str!("page/axes.js"),
    include_str!("page/chart.js"),
    include_str!("page/page.js"),
);

/// What the page says of one metric.
#[derive(Clone, Copy, Debug)]
pub struct PageMetric<'a> {
    /// Its ranking.
    pub report: &'a RankingReport,
    /// How its counts went, and the counts themselves; `None` if there is one run only.
    pub trend: Option<(&'a TrendReport, &'a Series)>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: &'a str,
    survey: &'a str,
    run: String,
    version: &'a str,
    sections: Vec<Section<'a>>,
    data: String,
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
}

/// Renders the page; the first metric is the one that it opens with.
///
/// The text is the same each time, and empty if there is no metric.
#[must_use]
pub fn render_page(metrics: &[PageMetric<'_>], version: &str) -> String {
    let Some(first) = metrics.first() else { return String::new() };
    let sections = (1..).zip(metrics).map(|(no, metric)| Section::of(no, *metric, version));
    let page = Page {
        title: &first.report.title,
        survey: &first.report.survey,
        run: first.report.run.to_string(),
        version,
        sections: sections.collect(),
        data: harmless_json(&pack(metrics)),
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
    };
    // Writing to memory cannot fail.
    page.render().unwrap_or_default()
}

/// Returns what a content security policy calls a text by.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Writes JSON so that nothing in it can end the element it stands in.
fn harmless_json(data: &impl serde::Serialize) -> String {
    // Strings and numbers always have a JSON form.
    serde_json::to_string(data).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_names_is_the_text_between_the_tags() {
        // `printf %s 'alert(1)' | openssl dgst -sha256 -binary | base64`
        assert_eq!(hash("alert(1)"), "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='");
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "would end its element");
        }
    }

    #[test]
    fn data_cannot_end_its_element() {
        let hostile = ["</script><script>alert(1)</script>", "<!--", "a\u{2028}b"];
        let text = harmless_json(&hostile);
        assert!(!text.contains('<'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).expect("JSON"), hostile);
    }
}

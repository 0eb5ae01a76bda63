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

use super::chart::{Theme, render_chart_colours, render_chart_style};
use super::model::RankingReport;
use super::trend::TrendReport;
use pack::pack;
use view::{Lead, Section, draw_charts};

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
    /// How its counts went; `None` if there is one run only.
    pub trend: Option<&'a TrendReport>,
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
    style: String,
    style_hash: String,
    script: String,
    script_hash: String,
}

/// Renders the page; the first metric is the one that it opens with.
///
/// The text is the same each time, and empty if there is no metric.
#[must_use]
pub fn render_page(metrics: &[PageMetric<'_>], version: &str) -> String {
    let Some(first) = metrics.first() else { return String::new() };
    let sections = (1..).zip(metrics).map(|(no, metric)| Section::of(no, *metric, version));
    let mut sections: Vec<Section<'_>> = sections.collect();
    draw_charts(&mut sections, metrics);
    let (style, script) = (style(), without_remarks(SCRIPT));
    let page = Page {
        title: &first.report.title,
        survey: &first.report.survey,
        run: first.report.run.to_string(),
        version,
        sections,
        data: harmless_json(&pack(metrics)),
        style_hash: hash(&style),
        style,
        script_hash: hash(&script),
        script,
    };
    // Writing to memory cannot fail.
    page.render().unwrap_or_default()
}

/// Returns the style sheet: the colours of charts in both themes, the rules of their shapes, and the
/// page's own rules.
fn style() -> String {
    format!(
        ":root {{ {} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {} }} }}\n{}{}",
        render_chart_colours(Theme::Light),
        render_chart_colours(Theme::Dark),
        render_chart_style(),
        without_remarks(STYLE),
    )
}

/// Returns a script or a style sheet without the lines that are remarks, and without indentation: no text of it goes
/// over several lines.
fn without_remarks(script: &str) -> String {
    let lines = script.lines().map(str::trim_start);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let lines = lines.filter(|line| !(line.starts_with("/**") && line.ends_with("*/")));
    lines.flat_map(|line| [line, "\n"]).collect()
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
        for text in [style(), without_remarks(SCRIPT)] {
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

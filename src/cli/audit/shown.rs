//! Audits in every format that they have.

use crate::cli::args::Format;
use crate::cli::output::{Render, Rendered, Wishes};
use crate::domain::survey::Survey;
use crate::report::{AuditReport, draw_sensitivity};

/// The part of the audits that is shown.
pub(super) struct Shown<'a> {
    pub(super) report: &'a AuditReport,
    pub(super) survey: &'a Survey,
    pub(super) metric: &'a str,
    /// Whether the ranks by every way are shown; otherwise what the queries of the metric find.
    pub(super) is_sensitivity: bool,
}

impl Render for Shown<'_> {
    fn render(&self, format: Format, wishes: &Wishes) -> Rendered {
        let Self { report, survey, metric, is_sensitivity } = *self;
        let title = survey.title.as_str();
        let ranks = report.sensitivity().filter(|_| is_sensitivity);
        let json = || {
            let part = if is_sensitivity {
                report.only_sensitivity()
            } else {
                report.only_samples(metric)
            };
            part.map(|part| part.render_json()).unwrap_or_default()
        };
        Rendered::Text(match (format, ranks) {
            (Format::Json, _) => json(),
            (Format::Svg | Format::Png, Some(ranks)) => {
                let look = wishes.chart_look(format);
                return Rendered::Picture(draw_sensitivity(ranks, title, look));
            }
            (Format::Md, Some(ranks)) => ranks.render_markdown(title),
            (Format::Csv, Some(ranks)) => ranks.render_csv(),
            // Method section and page were refused when formats were chosen, and pictures of samples.
            (_, Some(ranks)) => ranks.render(title, wishes.look()),
            (Format::Md, None) => report.render_markdown(title, metric),
            (Format::Csv, None) => report.render_csv(metric),
            (_, None) => report.render(title, metric, wishes.look()),
        })
    }
}

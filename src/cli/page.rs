//! What a page is made of: the rankings of all metrics of a run, and their counts up to then.

use super::diagnostic::Failure;

#[cfg(feature = "html")]
pub(super) use with_pages::{render, render_alone};
#[cfg(not(feature = "html"))]
pub(super) use without_pages::{render, render_alone};

/// Refuses pages in a build that has none.
pub(super) fn refuse_if_left_out() -> Result<(), Failure> {
    if cfg!(feature = "html") {
        return Ok(());
    }
    Err(Failure::usage("this build of repo-census makes no pages")
        .because("it was built without the feature `html`")
        .hint("build it with `cargo build --release --features html`"))
}

#[cfg(feature = "html")]
mod with_pages {
    use crate::cli::Session;
    use crate::cli::diagnostic::Failure;
    use crate::cli::output::VERSION;
    use crate::cli::report::{Subject, Wishes, build, note_unreadable};
    use crate::cli::trend::periods;
    use crate::domain::period::Periods;
    use crate::domain::series::{Scope, Series};
    use crate::domain::when::When;
    use crate::history::{Selection, read_series};
    use crate::report::{
        PageMetric, RankingReport, ThinnedTo, TrendInputs, TrendReport, known_metrics, render_page,
        thin,
    };

    /// A metric's counts up to the run, and what must be said of their origin.
    struct Counts {
        series: Series,
        notes: Vec<String>,
    }

    /// Renders the page of a chosen run: the metric of the report first, then all others of the run
    /// in the survey's order, each with its counts up to then.
    ///
    /// What the report is compared with is compared with that metric only.
    pub(in crate::cli) fn render(
        session: &Session,
        subject: &Subject,
        selection: &Selection,
        wishes: &Wishes<'_>,
        report: &RankingReport,
    ) -> Result<String, Failure> {
        let mut metrics = known_metrics(subject.survey.as_ref(), &selection.run);
        let is_asked = |metric: &String| {
            *metric != report.metric
                && selection.run.samples.iter().any(|sample| sample.metric == *metric)
        };
        metrics.retain(is_asked);
        let mut reports = vec![report.clone()];
        for metric in &metrics {
            let wishes = Wishes { metric: Some(metric), reference: None, ..*wishes };
            reports.push(build(session, subject, selection, &wishes)?);
        }
        let mut counts = Vec::new();
        for report in &reports {
            counts.push(read_counts(session, subject, selection, &report.metric)?);
        }
        let mut series: Vec<&mut Series> = counts.iter_mut().map(|c| &mut c.series).collect();
        let periods = match thin(&mut series) {
            ThinnedTo::Nothing => periods(subject, None),
            ThinnedTo::Per(per) => Periods::Calendar(per),
        };
        let trend = |counts: &Counts| {
            let inputs = TrendInputs {
                survey: subject.survey.as_ref(),
                series: &counts.series,
                periods: &periods,
                metric: None,
                origin_notes: &counts.notes,
            };
            // One point is no line.
            if counts.series.rows.len() > 1 { TrendReport::new(&inputs) } else { Ok(None) }
        };
        let trends = counts.iter().map(trend).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<PageMetric<'_>> = reports
            .iter()
            .zip(&trends)
            .map(|(report, trend)| PageMetric { report, trend: trend.as_ref() })
            .collect();
        Ok(render_page(&parts, VERSION))
    }

    /// Renders the page of a ranking that has no history.
    pub(in crate::cli) fn render_alone(report: &RankingReport) -> String {
        render_page(&[PageMetric { report, trend: None }], VERSION)
    }

    fn read_counts(
        session: &Session,
        subject: &Subject,
        selection: &Selection,
        metric: &str,
    ) -> Result<Counts, Failure> {
        let scope = Scope {
            survey: subject.survey.as_ref(),
            metric: Some(metric),
            periods: periods(subject, None),
            since: None,
            until: Some(When::Run(selection.run.id)),
        };
        let read = read_series(&subject.history, &scope);
        let (series, reading) = read.map_err(|error| subject.explain(session, "report", error))?;
        Ok(Counts { series, notes: note_unreadable(&reading).into_iter().collect() })
    }
}

#[cfg(not(feature = "html"))]
mod without_pages {
    use crate::cli::Session;
    use crate::cli::diagnostic::Failure;
    use crate::cli::report::{Subject, Wishes};
    use crate::history::Selection;
    use crate::report::RankingReport;

    /// Fails: pages were refused when formats were chosen.
    pub(in crate::cli) fn render(
        _: &Session,
        _: &Subject,
        _: &Selection,
        _: &Wishes<'_>,
        _: &RankingReport,
    ) -> Result<String, Failure> {
        super::refuse_if_left_out().map(|()| String::new())
    }

    pub(in crate::cli) fn render_alone(_: &RankingReport) -> String {
        String::new()
    }
}

//! The ways of counting whose ranks stand side by side.

use super::{Ended, Order};
use crate::audit::count_queries;
use crate::cli::diagnostic::{DONE, Failure, NOT_FINISHED};
use crate::domain::audit::Rule;
use crate::domain::query::Template;
use crate::domain::sample::{Outcome, Source, SourceKind};
use crate::domain::survey::Framework;
use crate::github::Live;
use crate::platform::Stop;
use crate::report::{AuditReport, Sensitivity, WayCounted};

/// The first is what others are compared with.
pub(super) const WAYS: [(&str, &str); 7] = [
    ("plain", "{query} is:public"),
    ("name", "{query} in:name is:public"),
    ("topic", "topic:{topic} is:public"),
    ("language", "{query} language:{language} is:public"),
    ("active", "{query} is:public pushed:>={today-365d}"),
    ("starred", "{query} is:public stars:>=10"),
    ("forks", "{query} fork:true is:public"),
];

impl Order<'_> {
    /// Counts every framework in every way, and keeps the ranks when all are counted.
    pub(super) async fn compare_ways(
        &self,
        host: Option<String>,
        source: &mut Live<'_>,
        stop: &mut Stop,
        bar: &indicatif::ProgressBar,
    ) -> Result<u8, Ended> {
        let today = self.now.date_naive();
        let mut ways: Vec<WayCounted> = Vec::new();
        for (place, (id, text)) in (1_u64..).zip(WAYS) {
            bar.set_message(id);
            // The templates are ours, and are known to be read.
            let Ok(template) = Template::parse(text) else { continue };
            let query = |framework: &&Framework| {
                let rule = Rule::of(framework);
                let language = rule.languages.first().cloned();
                let framework = Framework { language, ..(*framework).clone() };
                Some(template.query_for(&framework, today)?.text)
            };
            let queries: Vec<Option<String>> = self.frameworks.iter().map(query).collect();
            let asked: Vec<String> = queries.iter().flatten().cloned().collect();
            let counted = count_queries(&asked, source, stop).await.map_err(Ended::of_audit)?;
            let mut counted = counted.into_iter();
            let of = |query: &Option<String>| query.as_ref().and_then(|_| counted.next());
            ways.push((id.to_owned(), text.to_owned(), queries.iter().map(of).collect()));
            bar.set_position(place);
        }
        let names: Vec<String> = self.frameworks.iter().map(|f| f.name.clone()).collect();
        let mut report = self.load();
        let asked = Source { kind: SourceKind::Rest, host };
        report.replace_sensitivity(Sensitivity::new((self.now, &asked), &names, &ways));
        self.keep(&report)?;
        self.show(&report)?;
        let fits = |(_, template, outcomes): &WayCounted| {
            let failed = outcomes.iter().filter(|outcome| **outcome == Some(Outcome::Failed));
            let (failed, without) =
                (failed.count(), outcomes.iter().filter(|o| o.is_none()).count());
            let mut lacking = Vec::new();
            lacking.extend((failed > 0).then(|| format!("{failed} without an answer")));
            lacking.extend((without > 0).then(|| format!("{without} that it does not fit")));
            (!lacking.is_empty()).then(|| format!("`{template}`: {}", lacking.join(", ")))
        };
        let lacking: Vec<String> = ways.iter().filter_map(fits).collect();
        if !lacking.is_empty() {
            let text = "some frameworks are not ranked in every way";
            self.session.ui.warn(text, &lacking, None);
        }
        let has_failed = |(.., outcomes): &WayCounted| outcomes.contains(&Some(Outcome::Failed));
        if ways.iter().any(has_failed) {
            return Ok(NOT_FINISHED);
        }
        let chart =
            ["audit", &self.survey.id, "--sensitivity", "--kept", "--out", "sensitivity.svg"];
        if self.arguments.output.out.is_empty() {
            self.session.ui.next(&self.session.command(chart));
        }
        Ok(DONE)
    }

    /// Shows what is kept, in the formats that were chosen.
    pub(super) fn show(&self, report: &AuditReport) -> Result<(), Failure> {
        self.outputs.write(
            self.session,
            &super::shown::Shown {
                report,
                survey: self.survey,
                metric: &self.metric.id,
                is_sensitivity: self.arguments.sensitivity,
            },
        )
    }
}

//! What audits say: the document that is kept, and every format of it.
//!
//! `framework` is what one query finds, `sensitivity` the ranks by every way of counting, `csv` both as
//! numbers a line. The chart of the ranks stands with the other charts.

mod csv;
mod framework;
mod sensitivity;

use serde::{Deserialize, Serialize};

use super::escape::markdown;
use super::markdown::{headings, row, with_code};
use super::table::Column;
use super::terminal::{BAR, Look, Table, Tail, TailText};

pub use framework::{Drawn, FrameworkAudit};
pub use sensitivity::{Sensitivity, WayCounted};

use self::csv::{render_samples, render_sensitivity};
use framework::{Interval, with_interval};

pub(super) use sensitivity::RankedByWays;

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// All audits of a survey, as they are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    schema_version: u32,
    survey: String,
    frameworks: Vec<FrameworkAudit>,
    sensitivity: Option<Sensitivity>,
}

impl AuditReport {
    /// Starts without any audit.
    #[must_use]
    pub fn new(survey: &str) -> Self {
        let (frameworks, sensitivity) = (Vec::new(), None);
        Self { schema_version: SCHEMA_VERSION, survey: survey.to_owned(), frameworks, sensitivity }
    }

    /// Reads the document of a survey; `None` if it is none that is understood.
    #[must_use]
    pub fn parse(bytes: &[u8], survey: &str) -> Option<Self> {
        let report: Self = serde_json::from_slice(bytes).ok()?;
        let is_ours = report.schema_version == SCHEMA_VERSION && report.survey == survey;
        let is_sound = report.sensitivity.as_ref().is_none_or(Sensitivity::is_sound);
        (is_ours && is_sound).then_some(report)
    }

    /// Takes in an audit, in the place of an earlier one of the same framework and metric.
    pub fn replace(&mut self, audit: FrameworkAudit) {
        let is_same = |other: &&mut FrameworkAudit| {
            (&other.framework, &other.metric) == (&audit.framework, &audit.metric)
        };
        match self.frameworks.iter_mut().find(is_same) {
            Some(place) => *place = audit,
            None => self.frameworks.push(audit),
        }
    }

    /// Takes in the ranks by every way of counting.
    pub fn replace_sensitivity(&mut self, sensitivity: Sensitivity) {
        self.sensitivity = Some(sensitivity);
    }

    /// Returns the ranks by every way of counting; `None` where none were counted.
    #[must_use]
    pub fn sensitivity(&self) -> Option<&Sensitivity> {
        self.sensitivity.as_ref()
    }

    /// Tells whether a framework has this sample already, so that drawing it again would say nothing
    /// new.
    #[must_use]
    pub fn has_drawn(&self, (framework, metric): (&str, &str), query: &str, drawn: &Drawn) -> bool {
        let mut audits = self.of(metric).filter(|audit| audit.framework == framework);
        audits.any(|audit| audit.is_of(query, drawn))
    }

    /// Returns the seed of an audit of that day that went through some of these frameworks, each
    /// given with its query, and not through all: of several seeds the last one's. `None` if there is
    /// nothing to go on with.
    #[must_use]
    pub fn unfinished_seed(
        &self,
        metric: &str,
        queries: &[(String, String)],
        drawn: &Drawn,
    ) -> Option<u64> {
        let like = |(framework, query): &(String, String)| {
            let mut audits = self.of(metric).filter(|audit| audit.framework == *framework);
            audits.find(|audit| audit.is_like(query, drawn))
        };
        let last = queries.iter().filter_map(like).max_by_key(|audit| audit.audited_at)?;
        let seed = last.seed;
        let has_seed = |query| like(query).is_some_and(|audit| audit.seed == seed);
        (!queries.iter().all(has_seed)).then_some(seed)
    }

    /// Returns the audits of a metric without anything else; `None` if there are none.
    #[must_use]
    pub fn only_samples(&self, metric: &str) -> Option<Self> {
        let frameworks: Vec<FrameworkAudit> = self.of(metric).cloned().collect();
        let survey = self.survey.clone();
        let is_any = !frameworks.is_empty();
        is_any.then_some(Self { frameworks, survey, sensitivity: None, ..*self })
    }

    /// Returns the ranks by every way of counting without anything else; `None` if there are none.
    #[must_use]
    pub fn only_sensitivity(&self) -> Option<Self> {
        let sensitivity = self.sensitivity.clone()?;
        let (frameworks, survey) = (Vec::new(), self.survey.clone());
        Some(Self { frameworks, survey, sensitivity: Some(sensitivity), ..*self })
    }

    /// Renders the document, indented, with a line feed at the end.
    #[must_use]
    pub fn render_json(&self) -> String {
        // Strings and numbers always have a JSON form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Renders the audits of a metric as a table.
    #[must_use]
    pub fn render(&self, title: &str, metric: &str, look: Look) -> String {
        self.listing(title, metric).terminal(look)
    }

    /// Renders the audits of a metric as Markdown.
    #[must_use]
    pub fn render_markdown(&self, title: &str, metric: &str) -> String {
        self.listing(title, metric).markdown()
    }

    /// Renders the audits of a metric as CSV: a line for each framework and share, shares of 1.
    #[must_use]
    pub fn render_csv(&self, metric: &str) -> String {
        render_samples(self, metric)
    }

    /// Returns the sentences that stand under a ranking by a metric.
    #[must_use]
    pub fn notes(&self, metric: &str) -> Vec<String> {
        let of_ways = self.sensitivity.as_ref().map(Sensitivity::note);
        self.note(metric).into_iter().chain(of_ways).collect()
    }

    fn note(&self, metric: &str) -> Option<String> {
        let last = self.of(metric).map(|audit| audit.audited_at.date_naive()).max()?;
        let name =
            |audit: &FrameworkAudit| format!("{} {}", audit.framework, with_interval(audit.fits));
        let names: Vec<String> = self.of(metric).map(name).collect();
        Some(format!(
            "Audited {last}: of what a query finds, so much has the framework's name as a word and \
             its language: {}.",
            names.join(", ")
        ))
    }

    fn listing(&self, title: &str, metric: &str) -> Listing {
        framework::listing(&self.of(metric).collect::<Vec<_>>(), title, metric)
    }

    fn of(&self, metric: &str) -> impl Iterator<Item = &FrameworkAudit> {
        self.frameworks.iter().filter(move |audit| audit.metric == metric)
    }
}

impl Sensitivity {
    /// Renders the table of ranks.
    #[must_use]
    pub fn render(&self, title: &str, look: Look) -> String {
        self.listing(title).terminal(look)
    }

    /// Renders the ranks as Markdown.
    #[must_use]
    pub fn render_markdown(&self, title: &str) -> String {
        self.listing(title).markdown()
    }

    /// Renders counts and ranks as CSV: a line for each framework and way.
    #[must_use]
    pub fn render_csv(&self) -> String {
        render_sensitivity(self)
    }
}

/// A table with a heading and notes, for the formats that people read.
struct Listing {
    title: String,
    subtitle: String,
    columns: Vec<Column>,
    notes: Vec<String>,
}

impl Listing {
    fn terminal(self, look: Look) -> String {
        let Self { title, subtitle, columns, notes } = self;
        let draw = &|_, _| TailText::default();
        let tail = Tail { heading: "", shortest: 0, goes: 0, style: BAR, draw };
        Table { title: &title, subtitle: &subtitle, columns, tail, notes: &notes }.render(look)
    }

    fn markdown(self) -> String {
        let Self { title, subtitle, columns, notes } = self;
        let mut text = format!("## {}\n\n{}\n\n", markdown(&title), with_code(&subtitle));
        text.push_str(&headings(&columns));
        for index in 0..columns.first().map_or(0, |column| column.cells.len()) {
            text.push_str(&row(columns.iter().map(|column| markdown(&column.cells[index]))));
        }
        text.push('\n');
        for note in &notes {
            text.push_str(&format!("- {}\n", with_code(note)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::audit::{Audited, Example, Share};
    use crate::domain::sample::{Outcome, SourceKind};

    fn drawn(day: &str, seed: u64) -> Drawn {
        let at = format!("{day}T00:00:00Z").parse().expect("a moment");
        Drawn { at, seed, sample: 10, host: None }
    }

    fn audited(total: u64) -> Audited {
        let share = |estimate, interval| Share { estimate, interval };
        let plain = share(0.25, Some((0.2, 0.31)));
        let example = |name: &str| Example {
            full_name: name.to_owned(),
            description: "a text".to_owned(),
            language: None,
        };
        Audited {
            query: "spring is:public".to_owned(),
            total,
            looked_at: 808,
            slices: Some(10),
            languages_accepted: vec!["Java".to_owned()],
            fits: share(0.641_26, Some((0.563, 0.718))),
            without_stars: plain,
            untouched: plain,
            archived: share(0.0, None),
            languages: vec![
                crate::domain::audit::Language { name: Some("Java".to_owned()), share: plain },
                crate::domain::audit::Language { name: None, share: plain },
            ],
            hits: vec![example("a/spring")],
            misses: vec![example("b/season"), example("c/mattress")],
        }
    }

    #[test]
    fn audits_are_shown_kept_and_replaced() {
        let mut report = AuditReport::new("two");
        assert_eq!(report.note("repositories"), None);
        for total in [1_240_033, 27_536] {
            let ids = ("Spring", "repositories");
            let narrower = [
                ("spring is:public in:name".to_owned(), Outcome::Incomplete(15_452)),
                ("topic:spring is:public".to_owned(), Outcome::Failed),
            ];
            let audit =
                FrameworkAudit::new(ids, &drawn("1970-01-01", 7), &audited(total), narrower);
            report.replace(audit);
        }
        let look = Look { columns: 80, blocks: true };
        insta::assert_snapshot!("table", report.render("Two", "repositories", look));
        insta::assert_snapshot!("markdown", report.render_markdown("Two", "repositories"));
        insta::assert_snapshot!("csv", report.render_csv("repositories"));
        insta::assert_snapshot!("document", report.render_json());
        insta::assert_snapshot!(
            report.note("repositories").unwrap_or_default(),
            @"Audited 1970-01-01: of what a query finds, so much has the framework's name as a word and its language: Spring 64 % (56–72)."
        );
        assert_eq!(report.note("topic"), None);
        let read = AuditReport::parse(report.render_json().as_bytes(), "two");
        assert_eq!(read, Some(report));
    }

    #[test]
    fn an_audit_goes_on_where_it_ended() {
        let queries =
            ["Spring", "Flask"].map(|name| (name.to_owned(), "spring is:public".to_owned()));
        let mut report = AuditReport::new("two");
        let today = drawn("2026-11-21", 7);
        assert_eq!(report.unfinished_seed("repositories", &queries, &today), None);
        let audit = |name: &str, drawn: &Drawn| {
            FrameworkAudit::new((name, "repositories"), drawn, &audited(5), [])
        };
        report.replace(audit("Spring", &today));
        let has = |report: &AuditReport, name: &str, drawn: &Drawn| {
            report.has_drawn((name, "repositories"), "spring is:public", drawn)
        };
        assert!(has(&report, "Spring", &today) && !has(&report, "Flask", &today));
        for other in [
            drawn("2026-11-22", 7),
            drawn("2026-11-21", 8),
            Drawn { sample: 40, ..today.clone() },
            Drawn { host: Some("ghes.example".to_owned()), ..today.clone() },
        ] {
            assert!(!has(&report, "Spring", &other), "{other:?}");
            let goes_on = report.unfinished_seed("repositories", &queries, &other);
            assert_eq!(goes_on.is_some(), other.seed == 8, "{other:?}");
        }
        assert!(!report.has_drawn(("Spring", "repositories"), "other", &today));
        assert_eq!(report.unfinished_seed("topic", &queries, &today), None);
        // Of two seeds the last one's audit goes on, until it has been through all.
        report.replace(audit(
            "Flask",
            &Drawn { seed: 9, at: today.at + chrono::TimeDelta::hours(1), ..today.clone() },
        ));
        assert_eq!(report.unfinished_seed("repositories", &queries, &today), Some(9));
        report.replace(audit("Flask", &today));
        assert_eq!(report.unfinished_seed("repositories", &queries, &today), None);
    }

    /// Ranks with ties, a lower bound, a failure and a way that does not fit.
    fn ranked() -> Sensitivity {
        let names = ["A", "B", "C", "D"].map(str::to_owned);
        let complete = |count| Some(Outcome::Complete(count));
        let all = |counts: [u64; 4]| counts.map(complete).to_vec();
        let ways = [
            ("plain".to_owned(), "{query}".to_owned(), all([30, 20, 10, 5])),
            (
                "topic".to_owned(),
                "topic:{topic}".to_owned(),
                vec![complete(9), Some(Outcome::Incomplete(3)), complete(7), None],
            ),
            (
                "starred".to_owned(),
                "{query} stars:>9".to_owned(),
                vec![complete(6), Some(Outcome::Failed), complete(5), complete(5)],
            ),
        ];
        Sensitivity::new((DateTime::default(), &SourceKind::Rest.into()), &names, &ways)
    }

    #[test]
    fn ranks_are_kept_or_not() {
        let ranked = ranked();
        insta::assert_snapshot!(ranked.render("Four", Look { columns: 80, blocks: true }));
        insta::assert_snapshot!("ranks_markdown", ranked.render_markdown("Four"));
        insta::assert_snapshot!("ranks_csv", ranked.render_csv());
        let kept: Vec<bool> = ranked.frameworks.iter().map(|row| row.keeps_rank).collect();
        assert_eq!(kept, [true, false, false, false]);
        let mut report = AuditReport::new("three");
        report.replace_sensitivity(ranked);
        insta::assert_snapshot!(
            report.notes("any").join("\n"),
            @"Counted in 3 ways on 1970-01-01, only A keeps its rank; D moves most, 2–4."
        );
        let text = report.render_json();
        assert_eq!(AuditReport::parse(text.as_bytes(), "three"), Some(report));
        assert_eq!(AuditReport::parse(text.as_bytes(), "four"), None);
        let cut = text.replacen("      \"ranks\": [", "      \"ranks\": [9,", 1);
        assert_ne!(cut, text);
        assert_eq!(AuditReport::parse(cut.as_bytes(), "three"), None);
    }
}

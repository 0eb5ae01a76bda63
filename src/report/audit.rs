//! What audits say: the document that is kept, the tables that people read, and the sentence that
//! stands under a ranking.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::notes::MISSING;
use super::number::count;
use super::table::{Align, Column};
use super::terminal::{BAR, Look, Table, Tail, TailText};
use crate::domain::audit::{Audited, Example, Share};
use crate::domain::ranking::kendall_tau_b;
use crate::domain::sample::Outcome;

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// How many languages stand in the table.
const MOST_LANGUAGES: usize = 3;

/// All audits of a survey, as they are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    schema_version: u32,
    survey: String,
    frameworks: Vec<FrameworkAudit>,
    sensitivity: Option<Sensitivity>,
}

/// The audit of one framework's query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameworkAudit {
    framework: String,
    metric: String,
    audited_at: DateTime<Utc>,
    seed: u64,
    query: String,
    repositories: u64,
    looked_at: usize,
    slices: Option<usize>,
    languages_accepted: Vec<String>,
    fits: Interval,
    without_stars: Interval,
    untouched_for_two_years: Interval,
    archived: Interval,
    languages: Vec<LanguageShare>,
    hits: Vec<Repository>,
    misses: Vec<Repository>,
    narrower: Vec<Narrower>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Interval {
    share: f64,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LanguageShare {
    language: Option<String>,
    #[serde(flatten)]
    share: Interval,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Repository {
    full_name: String,
    description: String,
    language: Option<String>,
}

/// A narrower query and its count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Narrower {
    query: String,
    count: Option<u64>,
    status: String,
}

/// The ranks by every way of counting, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    counted_at: DateTime<Utc>,
    ways: Vec<Way>,
    frameworks: Vec<RankedByWays>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Way {
    id: String,
    query: String,
    /// Kendall's τ-b with the first way.
    order_agreement: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RankedByWays {
    framework: String,
    counts: Vec<Option<u64>>,
    ranks: Vec<Option<u32>>,
    keeps_rank: bool,
}

/// How the frameworks of one way were counted: its id, its query template, and a count for each
/// framework in the same order; `None` where it does not fit or no answer came.
pub type WayCounted = (String, String, Vec<Option<u64>>);

impl FrameworkAudit {
    /// Takes in the audit of a framework, with narrower queries and what they count.
    #[must_use]
    pub fn new(
        (framework, metric): (&str, &str),
        (audited_at, seed): (DateTime<Utc>, u64),
        audited: &Audited,
        narrower: impl IntoIterator<Item = (String, Outcome)>,
    ) -> Self {
        let examples = |examples: &[Example]| examples.iter().map(repository).collect();
        let narrower = narrower.into_iter().map(|(query, outcome)| Narrower {
            query,
            count: outcome.count(),
            status: outcome.status().as_str().to_owned(),
        });
        Self {
            framework: framework.to_owned(),
            metric: metric.to_owned(),
            audited_at,
            seed,
            query: audited.query.clone(),
            repositories: audited.total,
            looked_at: audited.looked_at,
            slices: audited.slices,
            languages_accepted: audited.languages_accepted.clone(),
            fits: interval(audited.fits),
            without_stars: interval(audited.without_stars),
            untouched_for_two_years: interval(audited.untouched),
            archived: interval(audited.archived),
            languages: audited
                .languages
                .iter()
                .map(|found| LanguageShare {
                    language: found.name.clone(),
                    share: interval(found.share),
                })
                .collect(),
            hits: examples(&audited.hits),
            misses: examples(&audited.misses),
            narrower: narrower.collect(),
        }
    }
}

impl Sensitivity {
    /// Ranks each way; equal counts share a rank.
    #[must_use]
    pub fn new(counted_at: DateTime<Utc>, frameworks: &[String], ways: &[WayCounted]) -> Self {
        let ranks: Vec<Vec<Option<u32>>> = ways.iter().map(|(.., counts)| rank(counts)).collect();
        let agreement = |way: &Vec<Option<u32>>| {
            let pairs = ranks.first()?.iter().zip(way).filter_map(|(one, other)| one.zip(*other));
            kendall_tau_b(&pairs.collect::<Vec<_>>())
        };
        let of_framework = |(place, name): (usize, &String)| {
            let own: Vec<Option<u32>> = ranks.iter().map(|way| way[place]).collect();
            let known: Vec<u32> = own.iter().copied().flatten().collect();
            RankedByWays {
                framework: name.clone(),
                counts: ways.iter().map(|(.., counts)| counts[place]).collect(),
                keeps_rank: known.windows(2).all(|pair| pair[0] == pair[1]) && !known.is_empty(),
                ranks: own,
            }
        };
        Self {
            counted_at,
            ways: ways
                .iter()
                .zip(&ranks)
                .map(|((id, query, _), way)| Way {
                    id: id.clone(),
                    query: query.clone(),
                    order_agreement: agreement(way),
                })
                .collect(),
            frameworks: frameworks.iter().enumerate().map(of_framework).collect(),
        }
    }

    /// Renders the table of ranks.
    #[must_use]
    pub fn render(&self, title: &str, look: Look) -> String {
        let rows = &self.frameworks;
        let column = |heading: &str, align, cell: &dyn Fn(&RankedByWays) -> String| Column {
            heading: heading.to_owned(),
            align,
            cells: rows.iter().map(cell).collect(),
            goes: 0,
        };
        let mut columns = vec![column("framework", Align::Left, &|row| row.framework.clone())];
        for (place, way) in self.ways.iter().enumerate() {
            let rank = |row: &RankedByWays| {
                row.ranks[place].map_or_else(|| MISSING.to_owned(), |rank| rank.to_string())
            };
            columns.push(column(&way.id, Align::Right, &rank));
        }
        columns.push(column("ranks", Align::Left, &|row| {
            let known = || row.ranks.iter().copied().flatten();
            match known().min().zip(known().max()) {
                Some((low, high)) if low != high => format!("{low}–{high}"),
                Some(_) => "kept".to_owned(),
                None => MISSING.to_owned(),
            }
        }));
        let kept = rows.iter().filter(|row| row.keeps_rank).count();
        let mut notes = vec![format!(
            "{kept} of {} frameworks keep their rank however they are counted.",
            rows.len()
        )];
        for way in self.ways.iter().skip(1) {
            let agreement = way.order_agreement.map_or_else(
                || "no order agreement can be given".to_owned(),
                |agreement| format!("order agreement {agreement:.2} with the first column"),
            );
            notes.push(format!("{}: `{}`, {agreement}.", way.id, way.query));
        }
        let subtitle = format!(
            "ranks by every way of counting · counted {} UTC",
            self.counted_at.format("%Y-%m-%d %H:%M:%S")
        );
        render_table(title, &subtitle, columns, &notes, look)
    }
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
        is_ours.then_some(report)
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
        let rows: Vec<&FrameworkAudit> = self.of(metric).collect();
        let column = |heading: &str, align, cell: &dyn Fn(&FrameworkAudit) -> String| Column {
            heading: heading.to_owned(),
            align,
            cells: rows.iter().map(|row| cell(row)).collect(),
            goes: when_it_goes(heading),
        };
        let languages = |row: &FrameworkAudit| {
            let name = |found: &LanguageShare| {
                let name = found.language.as_deref().unwrap_or("none");
                format!("{name} {}", whole_percent(found.share.share))
            };
            row.languages.iter().take(MOST_LANGUAGES).map(name).collect::<Vec<_>>().join(", ")
        };
        let columns = vec![
            column("framework", Align::Left, &|row| row.framework.clone()),
            column("found", Align::Right, &|row| count(row.repositories)),
            column("looked at", Align::Right, &|row| count(row.looked_at as u64)),
            column("fits", Align::Right, &|row| with_interval(row.fits)),
            column("no stars", Align::Right, &|row| whole_percent(row.without_stars.share)),
            column("untouched", Align::Right, &|row| {
                whole_percent(row.untouched_for_two_years.share)
            }),
            column("archived", Align::Right, &|row| whole_percent(row.archived.share)),
            column("languages", Align::Left, &languages),
        ];
        let mut notes = vec![
            "fits: the name stands as a word in name, description or topics, and the language is \
             the framework's; with the 95 % interval of a random sample. untouched: no push for \
             two years."
                .to_owned(),
        ];
        for row in &rows {
            let name = |found: &Repository| found.full_name.clone();
            let misses: Vec<String> = row.misses.iter().take(3).map(name).collect();
            if !misses.is_empty() {
                notes.push(format!(
                    "{}, found without fitting: {}.",
                    row.framework,
                    misses.join(", ")
                ));
            }
        }
        let narrower = rows.iter().flat_map(|row| &row.narrower);
        notes.extend(narrower.map(|narrower| {
            let number = narrower.count.map_or_else(|| MISSING.to_owned(), count);
            let bound = if narrower.status == "incomplete" { "at least " } else { "" };
            format!("narrower: `{}` finds {bound}{number}", narrower.query)
        }));
        let subtitle = format!("what the queries of `{metric}` find");
        render_table(title, &subtitle, columns, &notes, look)
    }

    /// Returns the sentence that stands under a ranking by a metric; `None` without an audit of it.
    #[must_use]
    pub fn note(&self, metric: &str) -> Option<String> {
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

    fn of(&self, metric: &str) -> impl Iterator<Item = &FrameworkAudit> {
        self.frameworks.iter().filter(move |audit| audit.metric == metric)
    }
}

/// Returns when a column is left out for want of width: the highest first, 0 never.
fn when_it_goes(heading: &str) -> u8 {
    match heading {
        "languages" => 3,
        "archived" => 2,
        "looked at" => 1,
        _ => 0,
    }
}

/// Renders a table that has nothing at the end of its lines.
fn render_table(
    title: &str,
    subtitle: &str,
    columns: Vec<Column>,
    notes: &[String],
    look: Look,
) -> String {
    let tail =
        Tail { heading: "", shortest: 0, goes: 0, style: BAR, draw: &|_, _| TailText::default() };
    Table { title, subtitle, columns, tail, notes }.render(look)
}

/// Ranks counts, the highest first; equal counts share a rank.
fn rank(counts: &[Option<u64>]) -> Vec<Option<u32>> {
    let above = |count: u64| counts.iter().flatten().filter(|other| **other > count).count();
    let rank =
        |count: &Option<u64>| count.map(|count| u32::try_from(above(count) + 1).unwrap_or(0));
    counts.iter().map(rank).collect()
}

fn interval(share: Share) -> Interval {
    // More digits than a sample can give would only be noise in the file.
    let rounded = |share: f64| (share * 10_000.0).round() / 10_000.0;
    Interval {
        share: rounded(share.estimate),
        low: share.interval.map(|(low, _)| rounded(low)),
        high: share.interval.map(|(_, high)| rounded(high)),
    }
}

fn repository(example: &Example) -> Repository {
    Repository {
        full_name: example.full_name.clone(),
        description: example.description.clone(),
        language: example.language.clone(),
    }
}

fn with_interval(interval: Interval) -> String {
    let share = whole_percent(interval.share);
    match interval.low.zip(interval.high) {
        None => share,
        Some((low, high)) => format!("{share} ({:.0}–{:.0})", low * 100.0, high * 100.0),
    }
}

fn whole_percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let made = (DateTime::default(), 7);
            report.replace(FrameworkAudit::new(ids, made, &audited(total), narrower));
        }
        let look = Look { columns: 80, blocks: true };
        insta::assert_snapshot!("table", report.render("Two", "repositories", look));
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
    fn ranks_are_kept_or_not() {
        let names = ["A", "B", "C"].map(str::to_owned);
        let ways = [
            ("plain".to_owned(), "{query}".to_owned(), vec![Some(30), Some(20), Some(10)]),
            ("topic".to_owned(), "topic:{topic}".to_owned(), vec![Some(9), Some(3), Some(7)]),
            ("starred".to_owned(), "{query} stars:>9".to_owned(), vec![Some(5), None, Some(5)]),
        ];
        let ranked = Sensitivity::new(DateTime::default(), &names, &ways);
        insta::assert_snapshot!(ranked.render("Three", Look { columns: 80, blocks: true }));
        let kept: Vec<bool> = ranked.frameworks.iter().map(|row| row.keeps_rank).collect();
        assert_eq!(kept, [true, false, false]);
        let mut report = AuditReport::new("three");
        report.replace_sensitivity(ranked);
        let text = report.render_json();
        assert_eq!(AuditReport::parse(text.as_bytes(), "three"), Some(report));
        assert_eq!(AuditReport::parse(text.as_bytes(), "four"), None);
    }
}

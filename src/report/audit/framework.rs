//! The audit of one framework's query: what is kept of it, and the table of several.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::notes::MISSING;
use super::super::number::count;
use super::super::table::{Align, Column};
use super::Listing;
use crate::domain::audit::{Audited, Example, Share};
use crate::domain::sample::Outcome;

/// How many languages stand in the table.
const MOST_LANGUAGES: usize = 3;

/// The audit of one framework's query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameworkAudit {
    pub(super) framework: String,
    pub(super) metric: String,
    pub(super) audited_at: DateTime<Utc>,
    pub(super) seed: u64,
    /// How many slices were asked for.
    #[serde(default)]
    sample: usize,
    /// The host, if it is not github.com.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    pub(super) query: String,
    pub(super) repositories: u64,
    pub(super) looked_at: usize,
    pub(super) slices: Option<usize>,
    languages_accepted: Vec<String>,
    pub(super) fits: Interval,
    pub(super) without_stars: Interval,
    pub(super) untouched_for_two_years: Interval,
    pub(super) archived: Interval,
    pub(super) languages: Vec<LanguageShare>,
    hits: Vec<Repository>,
    misses: Vec<Repository>,
    narrower: Vec<Narrower>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Interval {
    pub(super) share: f64,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LanguageShare {
    pub(super) language: Option<String>,
    #[serde(flatten)]
    pub(super) share: Interval,
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

/// When a sample was drawn, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The moment; the repositories are those created before its day.
    pub at: DateTime<Utc>,
    /// What the random numbers began with.
    pub seed: u64,
    /// How many slices were asked for.
    pub sample: usize,
    /// The host that was asked; `None` for github.com.
    pub host: Option<String>,
}

impl FrameworkAudit {
    /// Tells whether drawing again would draw the same: the same query, day, seed, number of slices
    /// and host.
    pub(super) fn is_of(&self, query: &str, drawn: &Drawn) -> bool {
        self.is_like(query, drawn) && self.seed == drawn.seed
    }

    /// As [`FrameworkAudit::is_of`], with any seed.
    pub(super) fn is_like(&self, query: &str, drawn: &Drawn) -> bool {
        let day = |at: DateTime<Utc>| at.date_naive();
        let is_of_day = day(self.audited_at) == day(drawn.at);
        self.query == query && is_of_day && self.sample == drawn.sample && self.host == drawn.host
    }

    /// Takes in the audit of a framework, with narrower queries and what they count.
    #[must_use]
    pub fn new(
        (framework, metric): (&str, &str),
        drawn: &Drawn,
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
            audited_at: drawn.at,
            seed: drawn.seed,
            sample: drawn.sample,
            host: drawn.host.clone(),
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

/// Makes the table of the audits of a metric.
pub(super) fn listing(rows: &[&FrameworkAudit], title: &str, metric: &str) -> Listing {
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
        column("untouched", Align::Right, &|row| whole_percent(row.untouched_for_two_years.share)),
        column("archived", Align::Right, &|row| whole_percent(row.archived.share)),
        column("languages", Align::Left, &languages),
    ];
    let mut notes = vec![
        "fits: the name stands as a word in name, description or topics, and the language is \
             the framework's; with the 95 % interval of a random sample. untouched: no push for \
             two years."
            .to_owned(),
    ];
    for row in rows {
        let name = |found: &Repository| found.full_name.clone();
        let misses: Vec<String> = row.misses.iter().take(3).map(name).collect();
        if !misses.is_empty() {
            notes.push(format!("{}, found without fitting: {}.", row.framework, misses.join(", ")));
        }
    }
    let narrower = rows.iter().flat_map(|row| &row.narrower);
    notes.extend(narrower.map(|narrower| {
        let number = narrower.count.map_or_else(|| MISSING.to_owned(), count);
        let bound = if narrower.status == "incomplete" { "at least " } else { "" };
        format!("narrower: `{}` finds {bound}{number}", narrower.query)
    }));
    let subtitle = subtitle(rows, metric);
    Listing { title: title.to_owned(), subtitle, columns, notes }
}

/// Names the metric, the days, and what draws the same again where that is one for all.
fn subtitle(rows: &[&FrameworkAudit], metric: &str) -> String {
    let days = || rows.iter().map(|row| row.audited_at.date_naive());
    let mut text = format!("what the queries of `{metric}` find");
    match days().min().zip(days().max()) {
        None => {}
        Some((first, last)) if first == last => text.push_str(&format!(" · audited {first} UTC")),
        Some((first, last)) => text.push_str(&format!(" · audited {first} to {last} UTC")),
    }
    let drawn = |row: &&&FrameworkAudit| (row.seed, row.sample, row.host.clone());
    if let Some(first) = rows.first().filter(|first| rows.iter().all(|r| drawn(&r) == drawn(first)))
    {
        text.push_str(&format!(" · {} slices, seed {}", first.sample, first.seed));
        text.push_str(&first.host.as_ref().map(|host| format!(" · {host}")).unwrap_or_default());
    }
    text
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

pub(super) fn with_interval(interval: Interval) -> String {
    let share = whole_percent(interval.share);
    match interval.low.zip(interval.high) {
        None => share,
        Some((low, high)) => format!("{share} ({:.0}–{:.0})", low * 100.0, high * 100.0),
    }
}

fn whole_percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

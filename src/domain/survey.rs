//! What is counted: a survey's frameworks and metrics, as plain values.
//!
//! Reading and checking survey files is `catalog`'s work; everything here is already valid.

use chrono::NaiveDate;

use super::period::Schedule;
use super::query::Template;
use super::run::Key;

/// Frameworks × metrics, with title, schedule and notes.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The file's stem, `[a-z0-9-]{1,64}`.
    pub id: String,
    /// What charts and reports are headed with.
    pub title: String,
    /// The published ranking to compare with.
    pub baseline: Option<String>,
    /// How many passes a run makes; at least 1.
    pub samples: u32,
    /// Which of GitHub's interfaces is asked.
    pub api: ApiChoice,
    /// When runs are due.
    pub schedule: Option<Schedule>,
    /// Files to refresh in the survey's output folder after each finished run.
    pub write_after_run: Vec<String>,
    /// Which counts can be taken, switched on or not, in file order.
    pub metrics: Vec<Metric>,
    /// What is compared, in file order.
    pub frameworks: Vec<Framework>,
    /// Changes of the instrument.
    pub notes: Vec<Note>,
}

impl Survey {
    /// Returns the metrics that a run asks for, in file order.
    pub fn enabled_metrics(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().filter(|metric| metric.enabled)
    }

    /// Tells whether the survey still asks for a key of an earlier run.
    #[must_use]
    pub fn still_asks(&self, key: &Key) -> bool {
        self.framework_called(&key.framework).is_some()
            && self.enabled_metrics().any(|metric| metric.id == key.metric)
            && key.sample_no <= self.samples
    }

    /// Returns the framework that goes by this name now, or went by it earlier.
    #[must_use]
    pub fn framework_called(&self, name: &str) -> Option<&Framework> {
        let now = self.frameworks.iter().find(|f| f.name == name);
        now.or_else(|| self.frameworks.iter().find(|f| f.formerly.iter().any(|old| old == name)))
    }

    /// Returns the name that a framework has now; a name unknown to the survey stays as it is.
    #[must_use]
    pub fn current_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.framework_called(name).map_or(name, |framework| framework.name.as_str())
    }
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framework {
    /// Its name, as reports print it.
    pub name: String,
    /// Its programming language.
    pub language: Option<String>,
    /// Its topic slug on GitHub.
    pub topic: Option<String>,
    /// What `{query}` stands for.
    pub query: String,
    /// Earlier names of the same series.
    pub formerly: Vec<String>,
}

/// Which count is taken of each framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its id, `[a-z0-9-]{1,64}`.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Its query.
    pub query: Template,
    /// Whether runs ask for it.
    pub enabled: bool,
}

/// A change of the instrument, drawn in charts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The UTC day.
    pub date: NaiveDate,
    /// What changed.
    pub text: String,
}

/// Which of GitHub's interfaces is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiChoice {
    /// Whatever the history used last, else by the size of the plan.
    #[default]
    Auto,
    /// REST search, which tells completeness.
    Rest,
    /// GraphQL search, many counts a request.
    Graphql,
}

/// What ids are made of, for messages.
pub const ID_RULE: &str = "1 to 64 of a-z, 0-9 and -";

/// Tells whether a text can be the id of a survey, metric, baseline or recording.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

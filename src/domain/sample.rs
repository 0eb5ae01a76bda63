//! One answer to one query at one moment: a number with its status, where it came from, and what else
//! is to say. Which of several attempts counts is decided in `answer`.

mod answer;

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

pub use answer::{MOST_REASKS, Reasks, answer_order, is_settled, select_answer};

use super::query::Method;
use super::run::{Key, RunId};

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The run it belongs to.
    pub run: RunId,
    /// When the answer arrived, in UTC and whole seconds.
    pub observed_at: DateTime<Utc>,
    /// The survey's id on that day.
    pub survey: String,
    /// The framework's name on that day.
    pub framework: String,
    /// The framework's language on that day; empty if the survey gave none.
    pub language: String,
    /// The metric's id.
    pub metric: String,
    /// The method; `None` for numbers whose query nobody knows, such as published ones.
    pub method: Option<Method>,
    /// The pass, from 1.
    pub sample_no: u32,
    /// 1, and 2, 3, … for re-asks and resumes.
    pub attempt_no: u32,
    /// The number GitHub gave, and how far it can be trusted.
    pub outcome: Outcome,
    /// Where the answer came from.
    pub source: Source,
    /// The exact text sent; empty where no query is known.
    pub query_text: String,
    /// What else is to say about the answer.
    pub detail: Detail,
}

impl Sample {
    /// Returns what the sample was asked for.
    #[must_use]
    pub fn key(&self) -> Key {
        Key {
            framework: self.framework.clone(),
            metric: self.metric.clone(),
            sample_no: self.sample_no,
        }
    }
}

/// What came of a query: a number with its status, or none.
///
/// A number without a status and a status without a number cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// GitHub searched to the end.
    Complete(u64),
    /// The source does not say whether it searched to the end (GraphQL, publications).
    Unchecked(u64),
    /// The search stopped early: at least this many.
    Incomplete(u64),
    /// No number came.
    Failed,
}

impl Outcome {
    /// Puts a status and a number together; `None` where they contradict each other.
    #[must_use]
    pub fn new(status: Status, count: Option<u64>) -> Option<Self> {
        match (status, count) {
            (Status::Complete, Some(n)) => Some(Self::Complete(n)),
            (Status::Unchecked, Some(n)) => Some(Self::Unchecked(n)),
            (Status::Incomplete, Some(n)) => Some(Self::Incomplete(n)),
            (Status::Failed, None) => Some(Self::Failed),
            _ => None,
        }
    }

    /// Returns the number, if one came.
    #[must_use]
    pub fn count(self) -> Option<u64> {
        match self {
            Self::Complete(n) | Self::Unchecked(n) | Self::Incomplete(n) => Some(n),
            Self::Failed => None,
        }
    }

    /// Returns the status alone.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Complete(_) => Status::Complete,
            Self::Unchecked(_) => Status::Unchecked,
            Self::Incomplete(_) => Status::Incomplete,
            Self::Failed => Status::Failed,
        }
    }
}

/// How far a number can be trusted. The order is from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No number.
    Failed,
    /// A lower bound.
    Incomplete,
    /// The source does not say.
    Unchecked,
    /// Searched to the end.
    Complete,
}

impl Status {
    /// All statuses, best first.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Unchecked, Self::Incomplete, Self::Failed];

    /// Returns the word that histories and reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Unchecked => "unchecked",
            Self::Failed => "failed",
        }
    }

    /// Reads a status word; `None` for any other word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Where an answer came from: the `source` column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The kind of source.
    pub kind: SourceKind,
    /// The host, if it is not github.com.
    pub host: Option<String>,
}

/// The kinds of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// GitHub's REST search; it tells completeness.
    Rest,
    /// GitHub's GraphQL search; it does not.
    Graphql,
    /// A foreign file.
    Import,
    /// A publication.
    Published,
    /// A sum over times of creation; never in a history.
    Reconstructed,
}

impl SourceKind {
    /// Those that a history may name.
    const ALL: [Self; 4] = [Self::Rest, Self::Graphql, Self::Import, Self::Published];

    /// Returns the word that histories and reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Graphql => "graphql",
            Self::Import => "import",
            Self::Published => "published",
            Self::Reconstructed => "reconstructed",
        }
    }

    /// Tells whether others counted, and the numbers were only taken over.
    #[must_use]
    pub fn is_from_elsewhere(self) -> bool {
        matches!(self, Self::Import | Self::Published)
    }
}

impl Source {
    /// Reads `rest` or `rest@host`; `None` for an unknown kind or an empty host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, host) = match text.split_once('@') {
            Some((kind, host)) => (kind, Some(host.to_owned())),
            None => (text, None),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if host.as_deref().is_some_and(|host| host.is_empty() || !host.chars().all(allowed)) {
            return None;
        }
        let kind = SourceKind::ALL.into_iter().find(|k| k.as_str() == kind)?;
        Some(Self { kind, host })
    }
}

impl From<SourceKind> for Source {
    fn from(kind: SourceKind) -> Self {
        Self { kind, host: None }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        match &self.host {
            Some(host) => write!(f, "@{host}"),
            None => Ok(()),
        }
    }
}

/// The `detail` column: our own short vocabulary, items joined by `; `.
///
/// Two items are read back: `planned N`, the number of counts its run set out to take, and
/// `published WHEN`, the only date that is known of a publication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail(String);

/// The item of a lower bound: GitHub's time limit ended the search.
pub const STOPPED_EARLY: &str = "stopped early";
/// The item of a number that is asked for again before it is believed.
pub const SUSPICIOUS: &str = "suspicious";
const PLANNED: &str = "planned ";
const PUBLISHED: &str = "published ";
const AS_OF: &str = "as of ";

/// What is said of every reconstructed number.
pub const RECONSTRUCTED: &str = "reconstructed: counts only repositories that still exist";

impl Detail {
    /// Wraps the text of a row.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Makes the item that names when a ranking was published.
    #[must_use]
    pub fn from_publication(published: &str) -> Self {
        Self(format!("{PUBLISHED}{published}"))
    }

    /// Makes the item that names the day a reconstructed number is for.
    #[must_use]
    pub fn from_as_of(day: NaiveDate) -> Self {
        Self(format!("{AS_OF}{day}"))
    }

    /// Puts how many counts the run will have in front.
    #[must_use]
    pub fn with_planned(self, counts: usize) -> Self {
        let separator = if self.0.is_empty() { "" } else { "; " };
        Self(format!("{PLANNED}{counts}{separator}{}", self.0))
    }

    /// Puts an item behind the others.
    #[must_use]
    pub fn with_item(self, item: &str) -> Self {
        let separator = if self.0.is_empty() { "" } else { "; " };
        Self(format!("{}{separator}{item}", self.0))
    }

    /// Returns the planned number of counts, if the row carries it.
    #[must_use]
    pub fn planned(&self) -> Option<usize> {
        self.item(PLANNED)?.parse().ok()
    }

    /// Returns when the number was published, as its origin gives it: `2023`, or a day.
    #[must_use]
    pub fn published(&self) -> Option<&str> {
        self.item(PUBLISHED)
    }

    /// Returns the day a reconstructed number is for.
    #[must_use]
    pub fn as_of(&self) -> Option<NaiveDate> {
        self.item(AS_OF)?.parse().ok()
    }

    /// Returns what is to be said to a person: all items but the planned number.
    #[must_use]
    pub fn reason(&self) -> String {
        let items = self.0.split("; ").filter(|item| !item.starts_with(PLANNED));
        items.collect::<Vec<_>>().join("; ")
    }

    /// Tells whether an item is among the others.
    #[must_use]
    pub fn has_item(&self, item: &str) -> bool {
        self.0.split("; ").any(|other| other == item)
    }

    /// Returns the text as it stands in the history.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn item(&self, prefix: &str) -> Option<&str> {
        self.0.split("; ").find_map(|item| item.strip_prefix(prefix))
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! One answer to one query at one moment, and the rule which of several answers counts.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

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

/// How often a query whose answer was stopped early is asked again in a run.
pub const MOST_REASKS: u32 = 2;

/// Tells whether the attempts of one key, in file order, leave nothing to ask: there is an answer,
/// and the re-asks that it called for were made.
#[must_use]
pub fn is_settled(attempts: &[&Sample]) -> bool {
    let valid = valid_attempts(attempts);
    let Some(answer) = select_answer(valid) else { return false };
    let numbers = valid.iter().filter(|attempt| attempt.outcome.count().is_some()).count();
    Reasks::called_for(answer.outcome.status(), answer.detail.as_str())
        .were_made(valid.len(), numbers)
}

/// Returns the attempts of one key, given in file order, that still count: those since the method
/// last changed, for then the query was edited in the middle of the run.
fn valid_attempts<'s, 'a>(attempts: &'s [&'a Sample]) -> &'s [&'a Sample] {
    let method = attempts.last().and_then(|last| last.method);
    let changed_at = attempts.iter().rposition(|attempt| attempt.method != method);
    &attempts[changed_at.map_or(0, |at| at + 1)..]
}

/// The further attempts that an answer calls for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasks {
    /// Attempts, with or without a number.
    attempts: usize,
    /// Attempts with a number.
    numbers: usize,
}

impl Reasks {
    /// Returns what an answer calls for, by its status and the text of its detail: a lower bound
    /// for two more attempts, a doubted number for another number.
    #[must_use]
    pub fn called_for(status: Status, detail: &str) -> Self {
        let has = |item: &str| !detail.is_empty() && detail.split("; ").any(|other| other == item);
        match status {
            Status::Incomplete if has(STOPPED_EARLY) => {
                Self { attempts: MOST_REASKS as usize, numbers: 0 }
            }
            Status::Complete | Status::Unchecked if has(SUSPICIOUS) => {
                Self { attempts: 0, numbers: 1 }
            }
            _ => Self::default(),
        }
    }

    /// Tells whether so many attempts, and so many numbers among them, the answer with them, are
    /// enough.
    #[must_use]
    pub fn were_made(self, attempts: usize, numbers: usize) -> bool {
        attempts > self.attempts && numbers > self.numbers
    }
}

/// Selects the answer among the attempts of one key, given in file order.
///
/// The last with the best status counts: complete, then unchecked, then incomplete. Among
/// incomplete ones the highest counts, the last of equal ones. Attempts before a change of the
/// method do not count: the query was edited in the middle of the run. `None` means that no attempt
/// that counts has a number.
#[must_use]
pub fn select_answer<'a>(attempts: &[&'a Sample]) -> Option<&'a Sample> {
    let valid = valid_attempts(attempts).iter().copied();
    let numbered = valid.filter(|sample| sample.outcome.count().is_some());
    // `max_by_key` returns the last of equal ones.
    numbered.max_by_key(|sample| answer_order(sample.outcome, sample.attempt_no))
}

/// Returns what orders attempts that have a number, the answer last; of equal ones the last counts.
#[must_use]
pub fn answer_order(outcome: Outcome, attempt_no: u32) -> impl Ord + Copy {
    let bound = match outcome {
        Outcome::Incomplete(count) => count,
        _ => 0,
    };
    (outcome.status(), bound, attempt_no)
}

#[cfg(test)]
pub(crate) mod tests;

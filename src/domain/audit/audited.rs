//! What an audit of one query says, as a value.

use super::Share;

/// What a sample says of all that a query finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited {
    /// The query.
    pub query: String,
    /// How many repositories it finds.
    pub total: u64,
    /// How many were looked at, those of a slice that was drawn twice once.
    pub looked_at: usize,
    /// How many slices were drawn; `None` if everything was looked at.
    pub slices: Option<usize>,
    /// The languages that the rule takes; empty for any.
    pub languages_accepted: Vec<String>,
    /// The share that fits the rule.
    pub fits: Share,
    /// The share without stars.
    pub without_stars: Share,
    /// The share without a push for two years.
    pub untouched: Share,
    /// The share that is archived.
    pub archived: Share,
    /// The languages that were found most, the most frequent first.
    pub languages: Vec<Language>,
    /// Some that fit.
    pub hits: Vec<Example>,
    /// Some that do not.
    pub misses: Vec<Example>,
}

/// A language and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// Its name; `None` for repositories without code.
    pub name: Option<String>,
    /// Its share.
    pub share: Share,
}

/// A repository that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The owner and the name.
    pub full_name: String,
    /// What it says of itself.
    pub description: String,
    /// Its language.
    pub language: Option<String>,
}

//! A published ranking to compare with.

/// A published ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The file's stem.
    pub id: String,
    /// The publication's title.
    pub title: String,
    /// When it was published: a year, or a day.
    pub published: String,
    /// Who published it, and where.
    pub origin: String,
    /// What a reader must know about it, printed with every comparison and replay.
    pub notes: Vec<String>,
    /// Its lines, as it prints them.
    pub ranking: Vec<BaselineLine>,
}

/// A line of a published ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineLine {
    /// The framework's name.
    pub name: String,
    /// Its language, if printed.
    pub language: Option<String>,
    /// Its rank in the order of the publication.
    pub rank: u32,
    /// Its count, if printed.
    pub count: Option<u64>,
}

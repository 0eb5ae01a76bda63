//! What the server remembers of the documents it got, for tests to look at.

use std::time::{Duration, Instant};

/// What is known of a document once it is decided about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted {
    /// The text of the document.
    pub(crate) document: String,
    /// The texts of its searches.
    pub(crate) queries: Vec<String>,
    /// The keys of its searches.
    pub(crate) aliases: Vec<String>,
    /// The points charged.
    pub(crate) cost: u32,
    /// Whether nothing could be executed.
    pub(crate) invalid: bool,
    /// Whether it ended as a time-out.
    pub(crate) timed_out: bool,
}

/// One document as it arrived, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct SeenGraphql {
    /// The text of the document; of a body that has none, the body.
    pub(crate) document: String,
    /// The texts of its searches, in the order of the aliases; none when it is invalid.
    pub(crate) queries: Vec<String>,
    /// The keys of its searches, in the order they stand in the document.
    pub(crate) aliases: Vec<String>,
    /// The points charged, with what a time-out costs; 0 when refused or invalid.
    pub(crate) cost: u32,
    /// When the whole request had been read.
    pub(crate) received_at: Instant,
    /// The same by the machine's clock (not the server's), in milliseconds since the epoch.
    pub(crate) received_at_ms: i64,
    /// The status sent; `None` when no status line was, or not yet.
    pub(crate) status_sent: Option<u16>,
    /// Whether a primary or secondary limit refused the request, scripted or not.
    pub(crate) refused: bool,
    /// Whether it could not be parsed, did not fit the schema or lacked a variable, or was said so.
    pub(crate) invalid: bool,
    /// Whether it ended as a time-out: with 502 or 504, with their words, or without an answer.
    pub(crate) timed_out: bool,
    /// The time until the answer was sent, with what was only counted; zero until then.
    pub(crate) took: Duration,
}

impl SeenGraphql {
    /// Notes a document that has just been decided about.
    pub(crate) fn new(noted: Noted, received_at: Instant, received_at_ms: i64) -> Self {
        let Noted { document, queries, aliases, cost, invalid, timed_out } = noted;
        Self {
            document,
            queries,
            aliases,
            cost,
            received_at,
            received_at_ms,
            status_sent: None,
            refused: false,
            invalid,
            timed_out,
            took: Duration::ZERO,
        }
    }

    /// Returns whether another document has the same text and the same queries.
    pub(crate) fn asks_same(&self, other: &Self) -> bool {
        self.document == other.document && self.queries == other.queries
    }
}

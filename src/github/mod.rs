//! The source of answers: whoever can say how many repositories match a query.
//!
//! The trait lives here with what stands behind it: GitHub's search over REST (`rest`) and GraphQL
//! (`graphql`), both over `http` and with the same `waiting`, and recordings played and made
//! (`replay`, `record`). `quota` (when is the next request allowed), `wire` (what is in an answer)
//! and `verdict` (what it means, is asking again worth it) are pure. Plans, histories and rankings
//! are not known here.

mod address;
mod credentials;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod graphql;
mod http;
mod limits;
mod live;
mod page;
mod pause;
mod quota;
mod record;
mod replay;
mod rest;
mod verdict;
mod waiting;
mod wire;

use chrono::{DateTime, Utc};

pub use address::{ApiAddress, HostKind};
pub use credentials::{FoundToken, TokenError, TokenPlaces, find_token};
pub use graphql::Graphql;
pub use limits::{Allowance, Limits, fetch_limits};
pub use live::Live;
pub use page::{Found, Page, PageSource, REPOSITORIES_PER_PAGE};
pub use pause::{Limited, Pause, keep_pause, load_pauses};
pub use record::Recorder;
pub use replay::Replay;
pub use rest::{LIMIT_WITH_TOKEN, LIMIT_WITHOUT_TOKEN, Rest};
pub use verdict::Closed;
pub use waiting::{Notice, Patience};

use crate::domain::recording::RateHeaders;
use crate::domain::sample::{Detail, Outcome, Source};
use crate::platform::{Signal, Stop};

/// A query to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The exact text to send.
    pub query: String,
    /// The framework it is asked for; the first of several with the same query.
    pub framework: String,
    /// The metric it is asked for.
    pub metric: String,
    /// The pass, from 1.
    pub sample_no: u32,
    /// Whether the source may choose how it asks.
    pub means: Means,
}

/// How a question is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// As the source likes.
    Any,
    /// So that the answer tells whether it is complete: over REST.
    TellingCompleteness,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it arrived, in UTC and whole seconds.
    pub observed_at: DateTime<Utc>,
    /// The number, or that there is none.
    pub outcome: Outcome,
    /// Where it came from.
    pub source: Source,
    /// The text that was really asked; empty where no query is known.
    pub query: String,
    /// What else is to say, in our own short vocabulary.
    pub detail: Detail,
    /// What GitHub said about its limits.
    pub rate: Option<RateHeaders>,
    /// Whether the same question, asked later, may get a better answer.
    pub again: Again,
}

/// Whether a question is worth asking again, behind all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The answer would be the same.
    No,
    /// It may be a better one.
    Yes,
    /// It failed for a reason that others may share; if they do, it was an outage.
    AfterOutage,
}

/// What a source does with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It has an answer, be it a failure.
    Answer(Box<Answer>),
    /// It has nothing more to say about this query, and asking again will not change that.
    NothingMore,
    /// It has not been answered; to be asked again.
    NotYet,
}

/// Why a source can answer nothing at all any more.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A signal came while it waited.
    #[error("interrupted")]
    Interrupted(Signal),
    /// Waiting would take longer than allowed.
    #[error("waiting {why} would last until {until}")]
    TooLong {
        /// Until when, in UTC.
        until: DateTime<Utc>,
        /// The reason, in words.
        why: &'static str,
        /// Which bound it would pass.
        bound: Bound,
        /// The last trouble before it, in words for people.
        trouble: Option<String>,
    },
    /// GitHub's secondary limit was hit again and again.
    #[error("GitHub asked for a pause again and again (secondary limit)")]
    Unwelcome,
    /// Everything asked so far was refused for the same general reason.
    #[error("everything is refused: {trouble}")]
    Hopeless {
        /// The last refusal, in words for people.
        trouble: String,
    },
    /// GitHub takes no document at all over GraphQL.
    #[error("GraphQL takes no document: {said}")]
    NoDocument {
        /// GitHub's words.
        said: String,
    },
    /// GitHub refuses every further query.
    #[error("GitHub refuses every query: {said}")]
    Closed {
        /// Why.
        why: Closed,
        /// GitHub's words.
        said: String,
        /// Whether a token was sent.
        has_token: bool,
    },
    /// No connection can be set up.
    #[error("no connection can be set up: {0}")]
    NoClient(String),
    /// The recording cannot be written.
    #[error("the recording `{}` cannot be written", path.display())]
    Recording {
        /// The recording.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// A bound on waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// That on unplanned waiting: limits hit, retries, outages.
    Unplanned,
    /// That on the whole run.
    Whole,
}

/// Answers questions.
pub trait AnswerSource {
    /// Returns how many questions the source would like to be asked at once; at least 1.
    fn most_at_once(&self) -> usize {
        1
    }

    /// Answers some of the questions, at least in the long run: one that is put again and again in
    /// front of the others gets an answer, a failure, or an end of everything.
    ///
    /// The questions are of one pass and the same means, in the order in which they wait, at least
    /// one. `still_to_ask` counts them and all that are sure to follow. The replies are those of
    /// the first so many questions; the others were not looked at.
    ///
    /// # Errors
    ///
    /// Fails when no further question can be answered either.
    fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> impl Future<Output = Result<Vec<Reply>, SourceError>>;
}

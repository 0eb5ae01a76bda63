//! Scripted faults of GraphQL: what goes wrong with a document.
//!
//! When and how often is chosen as for REST, in the module of the same name above.

use super::super::fault::{Asked, GoesWrong, Scripted};

/// One thing that goes wrong with documents.
pub(crate) type GraphqlFault = Scripted<GraphqlReply>;

/// What is answered instead of a good answer.
///
/// One that names queries waits for a document that has one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GraphqlReply {
    /// That alias is null, with an error; the others are fine.
    BadAliasNull {
        /// The text of its query.
        query: String,
    },
    /// All data are null, with the error of that alias.
    BadAliasNullsAll {
        /// The text of its query.
        query: String,
    },
    /// That alias is null and nothing says why.
    NullWithoutError {
        /// The text of its query.
        query: String,
    },
    /// That alias is not there and nothing says why.
    MissingAlias {
        /// The text of its query.
        query: String,
    },
    /// That alias is null, with the error of an organisation's single sign-on.
    SamlForbidden {
        /// The text of its query.
        query: String,
    },
    /// These aliases are null, each with an error of the resource limits.
    ResourceLimits {
        /// The texts of their queries.
        queries: Vec<String>,
    },
    /// All data are null, with one error of the resource limits that names no alias.
    ResourceLimitsWhole,
    /// A time-out as a page of the proxy, 502.
    Html502,
    /// A time-out as a page of the proxy, 504.
    Html504,
    /// A time-out in GraphQL's manner.
    SomethingWentWrong {
        /// 502, or 200.
        status: u16,
    },
    /// A time-out in REST's manner, 504.
    CouldNotRespond504,
    /// The primary limit as documented: all that is left of the caller's window is gone.
    RateLimited,
    /// The same in the words of 2026.
    RateLimit,
    /// A secondary limit, for this document only: 403, in REST's manner.
    Secondary403 {
        /// The seconds in `retry-after`; `None` leaves the header out.
        retry_after: Option<u64>,
    },
    /// The same with 200, without `retry-after`.
    Secondary200,
    /// The keys of the data come in reverse.
    ReversedOrder,
    /// The document took too long to validate.
    ValidationTimeout,
    /// The document could ask for too many nodes.
    NodeLimit,
    /// The document is said not to parse, however good it is.
    InvalidDocument,
    /// The document is read and never answered; ends when either side closes.
    Silence,
    /// The document is read and the connection reset.
    Reset,
    /// The connection is closed in the middle of a good body.
    CutBody,
    /// 200 with a page of a captive portal; GitHub never sees the document.
    NotJson,
    /// 200 with data without a key.
    EmptyData,
}

/// The forms in which GitHub ends a document that takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeoutForm {
    /// An error in GraphQL's manner, with this status.
    SomethingWentWrong(u16),
    /// A message in REST's manner.
    CouldNotRespond,
    /// A page with this status.
    Html(u16),
}

impl TimeoutForm {
    /// Returns the form of the next time-out that nobody scripted; they take turns.
    pub(crate) fn next(so_far: usize) -> Self {
        [Self::SomethingWentWrong(502), Self::CouldNotRespond, Self::Html(502)][so_far % 3]
    }
}

impl GraphqlReply {
    /// Returns the form of the time-out that this is, if it is one.
    pub(crate) fn timeout_form(&self) -> Option<TimeoutForm> {
        match self {
            Self::Html502 => Some(TimeoutForm::Html(502)),
            Self::Html504 => Some(TimeoutForm::Html(504)),
            Self::SomethingWentWrong { status } => Some(TimeoutForm::SomethingWentWrong(*status)),
            Self::CouldNotRespond504 => Some(TimeoutForm::CouldNotRespond),
            _ => None,
        }
    }
}

impl GoesWrong for GraphqlReply {
    fn can_happen(&self, asked: Asked<'_>) -> bool {
        let Asked::Graphql { queries: asked, .. } = asked else {
            return false;
        };
        match self {
            Self::BadAliasNull { query }
            | Self::BadAliasNullsAll { query }
            | Self::NullWithoutError { query }
            | Self::MissingAlias { query }
            | Self::SamlForbidden { query } => asked.contains(query),
            Self::ResourceLimits { queries } => queries.iter().any(|query| asked.contains(query)),
            _ => true,
        }
    }
}

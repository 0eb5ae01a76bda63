//! The headers GitHub puts on its answers.
//!
//! Pure. Headers about the length and coding of a body belong to `answer`.

use super::answer::Answer;
use super::clock::http_date;
use super::window::Standing;

/// What the `x-ratelimit-*` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RateHeaders {
    /// The truth.
    #[default]
    Normal,
    /// Nothing: they are left out.
    Missing,
    /// Words and negative numbers.
    Nonsense,
    /// The truth, but the window ended an hour ago.
    ResetInThePast,
    /// The truth, but the window ends six hours from now.
    ResetFarAhead,
}

/// The bucket that a request is counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// Everything but searches.
    Core,
    /// Searches.
    Search,
    /// Points of documents.
    Graphql,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Search => "search",
            Self::Graphql => "graphql",
        }
    }
}

/// Adds the five rate-limit headers.
pub(crate) fn add_rate_headers(
    answer: Answer,
    kind: RateHeaders,
    resource: Resource,
    standing: Standing,
    now_ms: i64,
) -> Answer {
    let seconds = now_ms.div_euclid(1000);
    let reset_s = match kind {
        RateHeaders::Missing => return answer,
        RateHeaders::Nonsense => {
            return answer
                .with("x-ratelimit-limit", "thirty")
                .with("x-ratelimit-remaining", "-1")
                .with("x-ratelimit-reset", "soon")
                .with("x-ratelimit-used", "NaN")
                .with("x-ratelimit-resource", "");
        }
        RateHeaders::Normal => standing.reset_s(),
        RateHeaders::ResetInThePast => seconds - 3_600,
        RateHeaders::ResetFarAhead => seconds + 6 * 3_600,
    };
    answer
        .with("x-ratelimit-limit", standing.limit.to_string())
        .with("x-ratelimit-remaining", standing.remaining().to_string())
        .with("x-ratelimit-reset", reset_s.to_string())
        .with("x-ratelimit-used", standing.used.to_string())
        .with("x-ratelimit-resource", resource.name())
}

/// Adds what every answer of GitHub's API carries; without a version, as GraphQL does.
pub(crate) fn add_common_headers(
    answer: Answer,
    version: Option<&str>,
    request_id: &str,
    now_ms: i64,
) -> Answer {
    let answer = answer
        .with("date", http_date(now_ms))
        .with("cache-control", "no-cache")
        .with("vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding")
        .with("x-github-request-id", request_id);
    match version {
        Some(version) => answer
            .with("x-github-media-type", "github.v3; format=json")
            .with("x-github-api-version-selected", version),
        None => answer.with("x-github-media-type", "github.v4; format=json"),
    }
}

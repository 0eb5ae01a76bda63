//! What an answer's headers say about limits, and whether that can be true.
//!
//! What follows from it for the next request is not decided here.

use std::time::Duration;

/// A limit above this many a window is no search limit.
pub(super) const HIGHEST_LIMIT: u64 = 10_000;

/// The bucket that searches are counted against.
const BUCKET: &str = "search";

/// What the headers of an answer say about limits. Each may be missing, and none need be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitHeaders {
    /// `x-ratelimit-limit`: the requests that a window allows.
    pub(crate) limit: Option<u64>,
    /// `x-ratelimit-remaining`: the requests left in this window, after this one.
    pub(crate) remaining: Option<u64>,
    /// `x-ratelimit-used`: the requests used in this window, with this one.
    pub(crate) used: Option<u64>,
    /// `x-ratelimit-reset`: the window's end in epoch seconds by the server's clock, rounded down.
    pub(crate) reset_s: Option<i64>,
    /// `x-ratelimit-resource`: the bucket that the request was counted against; `None` is taken
    /// for `search`.
    pub(crate) resource: Option<String>,
    /// `retry-after`: how many seconds to stay away.
    pub(crate) retry_after_s: Option<u64>,
    /// `date`: when the answer was written, in epoch seconds by the server's clock, rounded down.
    pub(crate) date_s: Option<i64>,
}

impl LimitHeaders {
    /// Tells whether the request was counted against the bucket of searches.
    pub(super) fn are_about_searches(&self) -> bool {
        let resource = self.resource.as_deref().map_or("", str::trim);
        resource.is_empty() || resource.eq_ignore_ascii_case(BUCKET)
    }

    /// Returns the limit and what is left of it; `None` if that is missing or cannot be true.
    pub(super) fn quota(&self, known_limit: u64) -> Option<(u64, u64)> {
        let limit = self.limit.unwrap_or(known_limit);
        let remaining = self.remaining.or_else(|| limit.checked_sub(self.used?))?;
        let possible = (1..=HIGHEST_LIMIT).contains(&limit) && remaining <= limit;
        possible.then_some((limit, remaining))
    }

    /// Returns how long GitHub asks us to stay away; `None` also for 0, which asks for nothing.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after_s.filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }
}

//! What the server remembers of the requests it got, for tests to look at.

use std::time::Instant;

use super::request::{Request, find};

/// One request as it arrived, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct SeenRequest {
    /// The method.
    pub(crate) method: String,
    /// The path as sent, without the query string.
    pub(crate) path: String,
    /// The decoded `q`; `None` when there was none.
    pub(crate) q: Option<String>,
    /// All decoded parameters, in order.
    pub(crate) parameters: Vec<(String, String)>,
    /// Headers with lower-case names, in order.
    pub(crate) headers: Vec<(String, String)>,
    /// When the whole request had been read.
    pub(crate) received_at: Instant,
    /// The same by the machine's clock (not the server's), in milliseconds since the epoch.
    pub(crate) received_at_ms: i64,
    /// The status sent; `None` when no status line was, or not yet.
    pub(crate) status_sent: Option<u16>,
    /// Whether a primary or secondary limit refused the request, scripted or not.
    pub(crate) refused: bool,
    /// Until when the refusal wants the caller to stay away, as the machine's time in milliseconds
    /// since the epoch; `None` if it says nothing, or if there was none.
    pub(crate) stay_away_until_ms: Option<i64>,
}

impl SeenRequest {
    /// Notes a request that has just been read.
    pub(crate) fn new(request: &Request, received_at: Instant, received_at_ms: i64) -> Self {
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            q: request.parameter("q").map(str::to_owned),
            parameters: request.parameters.clone(),
            headers: request.headers.clone(),
            received_at,
            received_at_ms,
            status_sent: None,
            refused: false,
            stay_away_until_ms: None,
        }
    }

    /// Returns the first header of that lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Returns the first parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name)
    }
}

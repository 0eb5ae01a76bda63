//! What GitHub says about a token's limits when asked: `GET /rate_limit`, free of the primary limit.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use super::address::ApiAddress;
use super::http::Http;
use super::wire::Complaint;

/// What a token, or its absence, allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Searches.
    pub search: Allowance,
    /// GraphQL points, if the host speaks of them.
    pub graphql: Option<Allowance>,
    /// When the token ends, if it does.
    pub token_expires_at: Option<DateTime<Utc>>,
}

/// One bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Allowance {
    /// The size of the window's budget.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When the window ends, in epoch seconds by the server's clock.
    pub reset: i64,
}

#[derive(Deserialize)]
struct Body {
    resources: Resources,
}

#[derive(Deserialize)]
struct Resources {
    search: Allowance,
    graphql: Option<Allowance>,
}

/// Asks for the limits, once.
///
/// # Errors
///
/// Returns the status, 0 if no answer came, and what was said.
pub async fn fetch_limits(
    address: &ApiAddress,
    token: Option<SecretString>,
    longest: Duration,
) -> Result<Limits, (u16, String)> {
    let http = Http::new(address, token, longest).map_err(|said| (0, said))?;
    let exchange = http.fetch(&address.rate_limit()).await.map_err(|broken| (0, broken.said))?;
    let response = exchange.response;
    let body: Option<Body> = serde_json::from_slice(&response.body).ok();
    match body.filter(|_| response.status == 200) {
        Some(Body { resources: Resources { search, graphql } }) => {
            Ok(Limits { search, graphql, token_expires_at: response.head.token_expires_at })
        }
        None => Err((response.status, http.redact(&Complaint::parse(&response.body).words()))),
    }
}

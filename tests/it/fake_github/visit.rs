//! A request that has passed the door, what every answer to it carries, and what is decided.
//!
//! Pure. The decisions themselves are made in `state` and in `graphql`.

use std::net::IpAddr;
use std::time::Duration;

use super::answer::Answer;
use super::builder::Settings;
use super::clock::http_date;
use super::door::{Caller, VERSIONS};
use super::graphql::Noted;
use super::headers::{Resource, add_common_headers, add_rate_headers};
use super::request::Request;
use super::secondary::Endpoint;
use super::window::Standing;
use super::wire::Delivery;

/// The id of the first user; the others follow.
pub(crate) const FIRST_USER_ID: u64 = 9_535_539;
const ENTERPRISE_VERSION: &str = "3.17.0";

/// A request as it stands at the door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    /// What was read.
    pub(crate) request: &'a Request,
    /// Where it came from.
    pub(crate) address: IpAddr,
    /// The number of requests in work, with this one.
    pub(crate) at_once: usize,
    /// The number that its answer carries.
    pub(crate) request_id: &'a str,
    /// The server's time.
    pub(crate) now_ms: i64,
}

/// A request that has passed the door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Whom it counts for.
    pub(crate) caller: Caller,
    /// The API version; `None` for GraphQL, which has none.
    pub(crate) version: Option<&'static str>,
    /// The window it counts against.
    pub(crate) resource: Resource,
    /// How it arrived.
    pub(crate) arrival: Arrival<'a>,
}

impl Visit<'_> {
    /// Adds the headers that are the same for all answers to a visitor.
    pub(crate) fn sign(
        &self,
        settings: &Settings,
        answer: Answer,
        standing: Option<Standing>,
    ) -> Answer {
        let Arrival { request_id, now_ms, .. } = self.arrival;
        let is_good = answer.status == 200;
        let mut answer = add_common_headers(answer, self.version, request_id, now_ms);
        if let Some(standing) = standing {
            let kind = settings.rate_headers;
            answer = add_rate_headers(answer, kind, self.resource, standing, now_ms);
        }
        if !settings.prefix.is_empty() {
            answer = answer.with("x-github-enterprise-version", ENTERPRISE_VERSION);
        }
        if is_good && matches!(self.caller, Caller::User(_)) {
            answer =
                answer.with("x-accepted-github-permissions", "allows_permissionless_access=true");
            if let Some(expiry) = &settings.token_expiry {
                answer = answer.with("github-authentication-token-expiration", expiry);
            }
        }
        answer
    }
}

/// The time that an answer takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Takes {
    /// What passes before the answer is sent.
    pub(crate) real: Duration,
    /// What does not pass, but is put down as if it had.
    pub(crate) counted: Duration,
}

/// What is decided about one request.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answer that is sent, or broken.
    pub(crate) answer: Answer,
    /// How it travels.
    pub(crate) delivery: Delivery,
    /// The time before it does.
    pub(crate) takes: Takes,
    /// Whether a primary or secondary limit refused the request.
    pub(crate) refused: bool,
    /// Whose busy time the answer costs, and where.
    pub(crate) busy: Option<(Caller, Endpoint)>,
    /// What is remembered of a document; `None` for REST.
    pub(crate) noted: Option<Noted>,
}

impl Outcome {
    /// Returns the outcome of a request that nothing was counted for.
    ///
    /// Pages and empty bodies come from machines before GitHub's API and carry none of its headers.
    pub(crate) fn turned_away(answer: Answer, delivery: Delivery, arrival: &Arrival<'_>) -> Self {
        let answer = if answer.may_gzip {
            add_common_headers(answer, Some(VERSIONS[0]), arrival.request_id, arrival.now_ms)
        } else {
            answer.with("date", http_date(arrival.now_ms))
        };
        Self { answer, delivery, takes: Takes::default(), refused: false, busy: None, noted: None }
    }

    /// Returns the outcome of a request that a limit refused.
    pub(crate) fn refused(answer: Answer, caller: Caller, endpoint: Endpoint) -> Self {
        Self {
            answer,
            delivery: Delivery::Whole,
            takes: Takes::default(),
            refused: true,
            busy: Some((caller, endpoint)),
            noted: None,
        }
    }

    /// Lets the latency pass before the answer, unless it takes its own time.
    #[must_use]
    pub(crate) fn after(mut self, latency: Duration) -> Self {
        self.takes.real = self.takes.real.max(latency);
        self
    }
}

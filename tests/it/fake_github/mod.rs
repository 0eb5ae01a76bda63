//! A GitHub to test against: the search of repositories over REST and GraphQL on 127.0.0.1, with
//! its limits, its errors, and every kind of failure on the way.
//!
//! It follows what is documented and recorded of GitHub, not what any client expects. It knows
//! nothing of the program under test, and answers only `GET /search/repositories`,
//! `GET /rate_limit` and `POST /graphql`.
//!
//! | file | what lives in it |
//! | --- | --- |
//! | `builder` | what can be set |
//! | `fault` | scripted faults: when, how often, which |
//! | `state` | the decision about a request |
//! | `door` | User-Agent, API version, login |
//! | `limits`, `window`, `secondary` | primary and secondary limits |
//! | `visit` | a request past the door, and what is decided about it |
//! | `routes`, `query`, `search` | what a request asks for |
//! | `population` | repositories that queries find, instead of set counts |
//! | `graphql` | documents: reading, deciding, answering |
//! | `bodies`, `headers`, `scripted` | what is said |
//! | `answer`, `filler`, `wire` | how it is sent, or broken |
//! | `clock`, `request`, `seen`, `server`, `tls` | time, reading, memory, sockets |

#![allow(dead_code, reason = "each test uses a part of the interface")]

mod answer;
mod bodies;
mod builder;
mod clock;
mod door;
mod fault;
mod filler;
mod graphql;
mod headers;
mod limits;
mod population;
mod query;
mod request;
mod routes;
mod scripted;
mod search;
mod secondary;
mod seen;
mod server;
mod state;
mod tls;
mod visit;
mod window;
mod wire;

#[allow(unused_imports, reason = "each test uses a part of the interface")]
pub(crate) use self::{
    builder::{Builder, StopsAbove},
    clock::SimulatedTime,
    fault::{ErrorBody, Fault, Reply, ValidationKind, When, Wording},
    graphql::{GraphqlFault, GraphqlReply, SeenGraphql, TimeModel},
    headers::RateHeaders,
    population::{KINDS, Population},
    secondary::SecondaryLimits,
    seen::SeenRequest,
};

use self::builder::Settings;
use self::headers::Resource;
use self::routes::graphql_path;
use self::server::Server;

/// A running fake; it stops when dropped, whatever its connections are doing.
#[derive(Debug)]
pub(crate) struct FakeGithub {
    server: Server,
    api_url: String,
    graphql_url: String,
}

impl FakeGithub {
    /// Begins to set one up.
    pub(crate) fn builder() -> Builder {
        Builder::default()
    }

    fn start(settings: Settings) -> Self {
        let prefix = settings.prefix.clone();
        let server = Server::start(settings).expect("a port and a thread for the fake");
        let api_url = format!("{}{prefix}", server.base_url);
        let graphql_url = format!("{}{}", server.base_url, graphql_path(&prefix));
        Self { server, api_url, graphql_url }
    }

    /// Returns the root of the REST API, such as `http://127.0.0.1:PORT`, without a final slash.
    pub(crate) fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Returns the address of GraphQL, such as `http://127.0.0.1:PORT/graphql`.
    pub(crate) fn graphql_url(&self) -> &str {
        &self.graphql_url
    }

    /// Returns the scheme, address and port; differs from [`FakeGithub::api_url`] when enterprise.
    pub(crate) fn base_url(&self) -> &str {
        &self.server.base_url
    }

    /// Returns the certificate of the authority that signed the server's.
    ///
    /// # Panics
    ///
    /// When the server does not speak TLS.
    pub(crate) fn ca_pem(&self) -> &str {
        let ca_pem = self.server.ca_pem.as_deref();
        ca_pem.expect("only a fake with `.tls(true)` has an authority")
    }

    /// Returns all requests so far, those with documents too, in the order they were read.
    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.server.shared.memory().seen.clone()
    }

    /// Returns the decoded queries of all searches so far, in order; an absent `q` is empty.
    pub(crate) fn queries(&self) -> Vec<String> {
        let mut searches = self.requests();
        searches.retain(|seen| seen.path.ends_with("/search/repositories"));
        let queries = searches.into_iter().map(|seen| seen.q.unwrap_or_default());
        queries.collect()
    }

    /// Returns how many requests a primary or secondary limit refused.
    pub(crate) fn refused(&self) -> usize {
        let memory = self.server.shared.memory();
        memory.seen.iter().filter(|seen| seen.refused).count()
    }

    /// Returns the largest number of requests that were in work at the same moment.
    ///
    /// A request is in work from being read until its answer is sent; one that gets silence, until
    /// its connection ends.
    pub(crate) fn most_at_once(&self) -> usize {
        self.server.shared.memory().most_at_once
    }

    /// Returns why some of what came was not even a request; such things are in no other list.
    pub(crate) fn malformed(&self) -> Vec<&'static str> {
        self.server.shared.memory().malformed.clone()
    }

    /// Lets another client of the same user spend searches of the current window.
    ///
    /// The user is the one who searched last, else the first one, else whoever has no token.
    pub(crate) fn eat(&self, searches: u32) {
        let now_ms = self.server.shared.clock.server_ms();
        let mut memory = self.server.shared.memory();
        memory.state.eat(Resource::Search, searches, now_ms);
    }

    /// Lets another client of the same user spend points of GraphQL; the user is found as for
    /// [`FakeGithub::eat`].
    pub(crate) fn eat_points(&self, points: u32) {
        let now_ms = self.server.shared.clock.server_ms();
        let mut memory = self.server.shared.memory();
        memory.state.eat(Resource::Graphql, points, now_ms);
    }

    /// Returns all documents so far, in the order they were read.
    pub(crate) fn graphql_requests(&self) -> Vec<SeenGraphql> {
        self.server.shared.memory().seen_graphql.clone()
    }

    /// Returns the points that all documents so far have cost, what time-outs cost included.
    pub(crate) fn graphql_points_used(&self) -> u32 {
        self.server.shared.memory().seen_graphql.iter().map(|seen| seen.cost).sum()
    }

    /// Returns whether a document that had timed out came again, the same text and queries.
    pub(crate) fn document_sent_twice_after_timeout(&self) -> bool {
        let documents = self.graphql_requests();
        documents.iter().enumerate().any(|(place, first)| {
            first.timed_out && documents[place + 1..].iter().any(|later| later.asks_same(first))
        })
    }

    /// Sets how many aliases a document may have before it dies; `None` lets all live.
    pub(crate) fn set_hidden_limit(&self, aliases: Option<usize>) {
        self.server.shared.memory().state.set_hidden_limit(aliases);
    }

    /// Sets the count that GraphQL gives a query from now on; REST keeps its own.
    pub(crate) fn set_graphql_count(&self, q: &str, count: u64) {
        self.server.shared.memory().state.set_graphql_count(q, count);
    }

    /// Adds a scripted fault of GraphQL behind the others.
    pub(crate) fn add_graphql_fault(&self, fault: GraphqlFault) {
        self.server.shared.memory().state.add_graphql_fault(fault);
    }

    /// Sets the count of a query from now on.
    pub(crate) fn set_count(&self, q: &str, count: u64) {
        self.server.shared.memory().state.set_count(q, count);
    }

    /// Adds a scripted fault behind the others.
    pub(crate) fn add_fault(&self, fault: Fault) {
        self.server.shared.memory().state.add_fault(fault);
    }

    /// Returns the server's clock in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.server.shared.clock.server_ms()
    }
}

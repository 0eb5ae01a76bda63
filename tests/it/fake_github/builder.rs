//! How a fake is set up before it starts.
//!
//! Only values; starting is done in `server`.

use std::collections::HashMap;
use std::time::Duration;

use super::FakeGithub;
use super::clock::SimulatedTime;
use super::fault::Fault;
use super::graphql::{GraphqlFault, TimeModel};
use super::headers::RateHeaders;
use super::population::Population;
use super::query::{find_error, invent_count};
use super::secondary::SecondaryLimits;

/// A user and the tokens that share the user's windows.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// The login.
    pub(crate) name: String,
    /// The tokens, as the client sends them.
    pub(crate) tokens: Vec<String>,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The users, in the order they were added.
    pub(crate) users: Vec<User>,
    /// The counts of queries, by their exact text.
    pub(crate) counts: HashMap<String, u64>,
    /// What all other queries find; without, their counts are invented.
    pub(crate) population: Option<&'static Population>,
    /// Which searches of it stop early.
    pub(crate) stops: StopsAbove,
    /// Searches per window with a token.
    pub(crate) search_limit_authenticated: u32,
    /// Searches per window without one.
    pub(crate) search_limit_anonymous: u32,
    /// The length of a search window.
    pub(crate) window: Duration,
    /// The time before each answer.
    pub(crate) latency: Duration,
    /// Seconds that the server's clock is ahead of the machine's.
    pub(crate) clock_offset_s: i64,
    /// The simulated time, if it is not the machine's.
    pub(crate) time: Option<SimulatedTime>,
    /// Outages, from and until server's milliseconds since the epoch.
    pub(crate) outages_ms: Vec<(i64, i64)>,
    /// The value of the header about the token's end.
    pub(crate) token_expiry: Option<String>,
    /// What the rate-limit headers say.
    pub(crate) rate_headers: RateHeaders,
    /// The secondary limits.
    pub(crate) secondary: SecondaryLimits,
    /// Whether there are limits at all.
    pub(crate) has_limits: bool,
    /// The status of a refusal by a limit, 403 or 429.
    pub(crate) refusal_status: u16,
    /// The path below which the API lies; empty for the root.
    pub(crate) prefix: String,
    /// Whether the server speaks TLS.
    pub(crate) tls: bool,
    /// The scripted faults, in the order they were added.
    pub(crate) faults: Vec<Fault>,
    /// What concerns GraphQL alone.
    pub(crate) graphql: GraphqlSettings,
}

/// Which searches of a population stop early, by the number of repositories that they would find.
///
/// Over REST the answer says so; over GraphQL nothing tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StopsAbove {
    /// Those over REST.
    pub(crate) rest: Option<u64>,
    /// Those over GraphQL.
    pub(crate) graphql: Option<u64>,
}

/// Returns how much of so many repositories a search finds before it stops, if it does.
fn find_until_stopped(all: u64, most: Option<u64>) -> (u64, bool) {
    match most {
        Some(most) if all > most => (all - all / 4, true),
        _ => (all, false),
    }
}

impl Settings {
    /// Returns the count of a query over REST, and whether the search stopped early.
    pub(crate) fn count_over_rest(&self, q: &str) -> (u64, bool) {
        match (self.counts.get(q), self.population) {
            (Some(count), _) => (*count, false),
            (None, Some(population)) => find_until_stopped(population.count(q), self.stops.rest),
            (None, None) => (invent_count(q), false),
        }
    }

    /// Returns the count of a query over GraphQL: that of REST, but for those set for it alone.
    ///
    /// Where REST answers 422, GraphQL finds nothing: what it really does is not documented.
    pub(crate) fn count_over_graphql(&self, q: &str) -> u64 {
        let set = self.graphql.counts.get(q).or_else(|| self.counts.get(q));
        match (set, find_error(Some(q)), self.population) {
            (Some(count), _, _) => *count,
            (None, Some(_), _) => 0,
            (None, None, Some(population)) => {
                find_until_stopped(population.count(q), self.stops.graphql).0
            }
            (None, None, None) => invent_count(q),
        }
    }
}

/// What can be set for GraphQL alone.
#[derive(Debug, Clone)]
pub(crate) struct GraphqlSettings {
    /// Points per window with a token.
    pub(crate) points: u32,
    /// The length of a window.
    pub(crate) window: Duration,
    /// Points that a time-out costs on top of the document's own.
    pub(crate) timeout_points: u32,
    /// How long documents take.
    pub(crate) time: TimeModel,
    /// How long one may take.
    pub(crate) longest: Duration,
    /// The number of aliases above which documents die all the same, each from so many answered
    /// searches on; the last one that has begun counts.
    pub(crate) hidden_limits: Vec<(usize, Option<usize>)>,
    /// The counts that differ from REST's, by the exact text of the query.
    pub(crate) counts: HashMap<String, u64>,
    /// The scripted faults, in the order they were added.
    pub(crate) faults: Vec<GraphqlFault>,
}

impl Default for GraphqlSettings {
    fn default() -> Self {
        Self {
            points: 5_000,
            window: Duration::from_secs(3_600),
            timeout_points: 10,
            time: TimeModel::default(),
            longest: Duration::from_secs(10),
            hidden_limits: Vec::new(),
            counts: HashMap::new(),
            faults: Vec::new(),
        }
    }
}

/// Sets up a [`FakeGithub`].
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        let settings = Settings {
            users: Vec::new(),
            counts: HashMap::new(),
            population: None,
            stops: StopsAbove::default(),
            search_limit_authenticated: 30,
            search_limit_anonymous: 10,
            window: Duration::from_secs(60),
            latency: Duration::ZERO,
            clock_offset_s: 0,
            time: None,
            outages_ms: Vec::new(),
            token_expiry: None,
            rate_headers: RateHeaders::Normal,
            secondary: SecondaryLimits::default(),
            has_limits: true,
            refusal_status: 403,
            prefix: String::new(),
            tls: false,
            faults: Vec::new(),
            graphql: GraphqlSettings::default(),
        };
        Self { settings }
    }
}

impl Builder {
    /// Adds a user; all of the user's tokens share the same windows.
    #[must_use]
    pub(crate) fn user(mut self, name: &str, tokens: &[&str]) -> Self {
        self.settings.users.push(User {
            name: name.to_owned(),
            tokens: tokens.iter().map(|&token| token.to_owned()).collect(),
        });
        self
    }

    /// Sets the count of the query with exactly this text; other queries get an invented one.
    #[must_use]
    pub(crate) fn count(mut self, q: &str, count: u64) -> Self {
        self.settings.counts.insert(q.to_owned(), count);
        self
    }

    /// Lets queries without a set count search a population; some of its searches stop early.
    #[must_use]
    pub(crate) fn population(mut self, population: &'static Population, stops: StopsAbove) -> Self {
        self.settings.population = Some(population);
        self.settings.stops = stops;
        self
    }

    /// Sets how many searches a window allows with a token.
    #[must_use]
    pub(crate) fn search_limit_authenticated(mut self, limit: u32) -> Self {
        self.settings.search_limit_authenticated = limit;
        self
    }

    /// Sets how many searches a window allows without a token.
    #[must_use]
    pub(crate) fn search_limit_anonymous(mut self, limit: u32) -> Self {
        self.settings.search_limit_anonymous = limit;
        self
    }

    /// Sets the length of a search window.
    #[must_use]
    pub(crate) fn window(mut self, length: Duration) -> Self {
        self.settings.window = length;
        self
    }

    /// Sets the time that passes before each answer.
    #[must_use]
    pub(crate) fn latency(mut self, latency: Duration) -> Self {
        self.settings.latency = latency;
        self
    }

    /// Sets the server's clock this many seconds ahead of the machine's.
    #[must_use]
    pub(crate) fn clock_offset_s(mut self, offset_s: i64) -> Self {
        self.settings.clock_offset_s = offset_s;
        self
    }

    /// Lets the server live in a simulated time: what an answer takes then passes there at once.
    #[must_use]
    pub(crate) fn time(mut self, time: &SimulatedTime) -> Self {
        self.settings.time = Some(time.clone());
        self
    }

    /// Lets everything answer with the page of an outage between two moments of the server, in
    /// milliseconds since the epoch.
    #[must_use]
    pub(crate) fn outage_ms(mut self, from_ms: i64, until_ms: i64) -> Self {
        self.settings.outages_ms.push((from_ms, until_ms));
        self
    }

    /// Sets the text of `github-authentication-token-expiration`; it is absent otherwise.
    #[must_use]
    pub(crate) fn token_expiry(mut self, expiry: &str) -> Self {
        self.settings.token_expiry = Some(expiry.to_owned());
        self
    }

    /// Sets what the rate-limit headers say; the limits themselves stay as they are.
    #[must_use]
    pub(crate) fn rate_headers(mut self, rate_headers: RateHeaders) -> Self {
        self.settings.rate_headers = rate_headers;
        self
    }

    /// Sets the numbers of the secondary limits.
    #[must_use]
    pub(crate) fn secondary_limits(mut self, limits: SecondaryLimits) -> Self {
        self.settings.secondary = limits;
        self
    }

    /// Sets the status that both kinds of limits of REST refuse with: 403, as usual, or 429.
    #[must_use]
    pub(crate) fn refusal_status(mut self, status: u16) -> Self {
        self.settings.refusal_status = status;
        self
    }

    /// Turns all limits off and leaves their headers out, as enterprise servers do by default.
    #[must_use]
    pub(crate) fn without_limits(mut self) -> Self {
        self.settings.has_limits = false;
        self.rate_headers(RateHeaders::Missing)
    }

    /// Puts the API below a path such as `/api/v3`, as enterprise servers do.
    #[must_use]
    pub(crate) fn enterprise(mut self, prefix: &str) -> Self {
        prefix.trim_end_matches('/').clone_into(&mut self.settings.prefix);
        self
    }

    /// Adds a scripted fault.
    #[must_use]
    pub(crate) fn fault(mut self, fault: Fault) -> Self {
        self.settings.faults.push(fault);
        self
    }

    /// Sets how many points a window of GraphQL allows.
    #[must_use]
    pub(crate) fn graphql_points(mut self, points: u32) -> Self {
        self.settings.graphql.points = points;
        self
    }

    /// Sets the length of a window of GraphQL, an hour otherwise.
    #[must_use]
    pub(crate) fn graphql_window(mut self, length: Duration) -> Self {
        self.settings.graphql.window = length;
        self
    }

    /// Sets what a time-out costs on top of the document's own points; GitHub publishes no number.
    #[must_use]
    pub(crate) fn graphql_timeout_points(mut self, points: u32) -> Self {
        self.settings.graphql.timeout_points = points;
        self
    }

    /// Sets how long documents take; no time otherwise.
    #[must_use]
    pub(crate) fn graphql_time(mut self, time: TimeModel) -> Self {
        self.settings.graphql.time = time;
        self
    }

    /// Sets how long a document may take before it is ended as a time-out, ten seconds otherwise.
    #[must_use]
    pub(crate) fn graphql_longest(mut self, longest: Duration) -> Self {
        self.settings.graphql.longest = longest;
        self
    }

    /// Lets documents with more than `aliases` searches die as if they had taken too long.
    #[must_use]
    pub(crate) fn graphql_hidden_limit(self, aliases: usize) -> Self {
        self.graphql_hidden_limit_from(0, Some(aliases))
    }

    /// The same once so many searches have been answered; `None` lets all documents live again.
    #[must_use]
    pub(crate) fn graphql_hidden_limit_from(
        mut self,
        answered: usize,
        aliases: Option<usize>,
    ) -> Self {
        self.settings.graphql.hidden_limits.push((answered, aliases));
        self
    }

    /// Sets the count that GraphQL gives the query with exactly this text; REST keeps its own.
    #[must_use]
    pub(crate) fn graphql_count(mut self, q: &str, count: u64) -> Self {
        self.settings.graphql.counts.insert(q.to_owned(), count);
        self
    }

    /// Adds a scripted fault of GraphQL.
    #[must_use]
    pub(crate) fn graphql_fault(mut self, fault: GraphqlFault) -> Self {
        self.settings.graphql.faults.push(fault);
        self
    }

    /// Makes the server speak TLS with a certificate for `127.0.0.1` and `localhost`.
    #[must_use]
    pub(crate) fn tls(mut self, tls: bool) -> Self {
        self.settings.tls = tls;
        self
    }

    /// Starts the server on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When no port can be bound or no thread started.
    pub(crate) fn start(self) -> FakeGithub {
        FakeGithub::start(self.settings)
    }
}

//! What GitHub decides: the answer each request gets.
//!
//! Knows no sockets and reads no clock: a request and the time go in, an answer comes out.

use std::net::IpAddr;

use super::answer::Answer;
use super::bodies::{self, unicorn_page};
use super::builder::Settings;
use super::door::{Caller, Door, VERSIONS};
use super::fault::{Asked, Fault, Reply, Script, Stage, Wording};
use super::graphql::{Desk, GraphqlFault, House};
use super::headers::Resource;
use super::limits::Limits;
use super::request::Request;
use super::routes::{Hops, Route, redirected_path};
use super::scripted::{self, json_message};
use super::search;
use super::secondary::Endpoint;
use super::visit::{Arrival, FIRST_USER_ID, Outcome, Takes, Visit};
use super::window::Standing;
use super::wire::Delivery;

/// The memory of the server.
#[derive(Debug)]
pub(crate) struct State {
    settings: Settings,
    api_url: String,
    script: Script<Reply>,
    desk: Desk,
    door: Door,
    limits: Limits,
    requests: u64,
    searches: usize,
}

impl State {
    /// Makes the memory of a server that nobody has called yet.
    pub(crate) fn new(mut settings: Settings, api_url: String) -> Self {
        let script = Script::new(std::mem::take(&mut settings.faults));
        let desk = Desk::new(std::mem::take(&mut settings.graphql.faults));
        Self {
            settings,
            api_url,
            script,
            desk,
            door: Door::default(),
            limits: Limits::default(),
            requests: 0,
            searches: 0,
        }
    }

    /// Adds a fault behind the others.
    pub(crate) fn add_fault(&mut self, fault: Fault) {
        self.script.add(fault);
    }

    /// Sets the count of a query.
    pub(crate) fn set_count(&mut self, q: &str, count: u64) {
        self.settings.counts.insert(q.to_owned(), count);
    }

    /// Adds a fault of GraphQL behind the others.
    pub(crate) fn add_graphql_fault(&mut self, fault: GraphqlFault) {
        self.desk.add_fault(fault);
    }

    /// Sets the count that GraphQL alone gives a query.
    pub(crate) fn set_graphql_count(&mut self, q: &str, count: u64) {
        self.settings.graphql.counts.insert(q.to_owned(), count);
    }

    /// Sets the number of aliases above which documents die; `None` lets all live.
    pub(crate) fn set_hidden_limit(&mut self, limit: Option<usize>) {
        self.settings.graphql.hidden_limits = vec![(0, limit)];
    }

    /// Spends searches or points as another client of the same user.
    pub(crate) fn eat(&mut self, resource: Resource, calls: u32, now_ms: i64) {
        self.limits.eat(&self.settings, resource, calls, now_ms);
    }

    /// Adds the time that an answer took to what its caller has cost.
    pub(crate) fn add_busy(&mut self, whose: (Caller, Endpoint), length_ms: i64, now_ms: i64) {
        self.limits.add_busy(whose, length_ms, now_ms);
    }

    /// Decides what a request gets. `at_once` is the number of requests in work, with this one.
    pub(crate) fn decide(
        &mut self,
        request: &Request,
        address: IpAddr,
        at_once: usize,
        now_ms: i64,
    ) -> Outcome {
        let request_id = self.next_request_id(now_ms);
        let arrival = Arrival { request, address, at_once, request_id: &request_id, now_ms };
        let mut outages = self.settings.outages_ms.iter();
        if outages.any(|(from_ms, until_ms)| (*from_ms..*until_ms).contains(&now_ms)) {
            let page = Answer::html(503, unicorn_page(503));
            return Outcome::turned_away(page, Delivery::Whole, &arrival);
        }
        let route = Route::find(&request.method, &request.path, &self.settings.prefix);
        let outcome = if route == Route::Graphql {
            let Self { settings, desk, door, limits, .. } = self;
            desk.decide(House { settings, door, limits }, &arrival)
        } else {
            self.decide_rest(&route, &arrival)
        };
        outcome.after(self.settings.latency)
    }

    fn decide_rest(&mut self, route: &Route, arrival: &Arrival<'_>) -> Outcome {
        let Arrival { request, address, now_ms, .. } = *arrival;
        let asked = self.number(route, request);
        let reply = self.script.find(asked).cloned();

        if let Some(reply) = reply.as_ref().filter(|r| r.stage() == Stage::AtTheDoor) {
            self.script.use_up(asked);
            let answer = self.answer_at_the_door(reply, request);
            return Outcome::turned_away(answer, scripted::delivery(reply), arrival);
        }
        if let Route::Redirected { status, next_path } = route {
            let next = with_query(next_path, &request.query_string);
            let answer = scripted::redirect(*status, &self.api_url, &next);
            return Outcome::turned_away(answer, Delivery::Whole, arrival);
        }
        let visitor = (request, Endpoint::Rest);
        let (caller, version) = match self.door.let_in(&self.settings, visitor, address, now_ms) {
            Ok(visitor) => visitor,
            Err(answer) => return Outcome::turned_away(answer, Delivery::Whole, arrival),
        };
        let resource = match route {
            Route::Search { .. } => Resource::Search,
            _ => Resource::Core,
        };
        let visit = Visit { caller, version, resource, arrival: *arrival };
        let standing = match self.count(&visit, route, asked, reply.as_ref()) {
            Ok(standing) => standing,
            Err(refusal) => return Outcome::refused(refusal, caller, Endpoint::Rest),
        };
        let reply = reply.filter(|r| r.stage() == Stage::AfterCounting);
        let mut answer = self.answer(&visit, route, reply.as_ref());
        let mut delivery = Delivery::Whole;
        if let Some(reply) = reply {
            self.script.use_up(asked);
            answer = scripted::replace_answer(&reply, answer, now_ms);
            delivery = scripted::delivery(&reply);
        }
        Outcome {
            answer: visit.sign(&self.settings, answer, Some(standing)),
            delivery,
            takes: Takes::default(),
            refused: false,
            busy: Some((caller, Endpoint::Rest)),
            noted: None,
        }
    }

    fn next_request_id(&mut self, now_ms: i64) -> String {
        self.requests += 1;
        let (first, third) = (0x1C45 + self.requests, 0x6C_7E73 + self.requests);
        let seconds = now_ms.div_euclid(1000);
        format!("{first:04X}:12F767:{third:06X}:D8C627:{seconds:08X}")
    }

    /// Gives a search its number and says what a fault may see of the request.
    fn number<'a>(&mut self, route: &Route, request: &'a Request) -> Asked<'a> {
        match route {
            Route::Search { is_end_of_redirect: false } => {
                self.searches += 1;
                Asked::Search { nth: self.searches, q: request.parameter("q").unwrap_or_default() }
            }
            Route::RateLimit => Asked::RateLimit,
            _ => Asked::Other,
        }
    }

    /// Returns the answer of a fault that happens before anything is counted.
    fn answer_at_the_door(&self, reply: &Reply, request: &Request) -> Answer {
        let stop = match reply {
            Reply::RedirectSameHost { status, hops } => {
                redirected_path(Hops::Left(hops.saturating_sub(1)), *status)
            }
            _ => redirected_path(Hops::Endless, 302),
        };
        let own_path = request.path.strip_prefix(&self.settings.prefix);
        let own_path = own_path.unwrap_or(&request.path);
        scripted::answer_at_the_door(
            reply,
            &self.api_url,
            &with_query(&stop, &request.query_string),
            &with_query(own_path, &request.query_string),
        )
    }

    /// Counts a request against all limits, the scripted ones too; `Err` is a refusal.
    fn count(
        &mut self,
        visit: &Visit<'_>,
        route: &Route,
        asked: Asked<'_>,
        reply: Option<&Reply>,
    ) -> Result<Standing, Answer> {
        let Visit { caller, resource, arrival, .. } = *visit;
        let Arrival { at_once, request_id, now_ms, .. } = arrival;
        let has_limits = self.settings.has_limits;
        let status = self.settings.refusal_status;
        if has_limits
            && let Some(wait_ms) = self.limits.check_secondary(
                &self.settings,
                (caller, Endpoint::Rest),
                at_once,
                now_ms,
            )
        {
            let wait_s = u64::try_from(wait_ms).unwrap_or_default().div_ceil(1000);
            let refusal = (Wording::Current, status, Some(wait_s), true);
            return Err(self.refuse_secondary(visit, refusal));
        }
        if let Some(Reply::SecondaryLimit { retry_after, rate_headers, status, wording }) = reply {
            self.script.use_up(asked);
            let refusal = (*wording, *status, *retry_after, *rate_headers);
            return Err(self.refuse_secondary(visit, refusal));
        }
        let is_scripted = matches!(reply, Some(Reply::PrimaryLimit));
        if is_scripted {
            self.script.use_up(asked);
            self.limits.exhaust(&self.settings, caller, resource, now_ms);
        }
        let is_free = *route == Route::RateLimit && !is_scripted;
        let calls = u32::from(!is_free);
        let standing = self.limits.spend(&self.settings, caller, resource, calls, now_ms);
        if standing.is_within() || is_free || !(has_limits || is_scripted) {
            return Ok(standing);
        }
        let body = match caller {
            Caller::User(place) => {
                let user_id = FIRST_USER_ID + place as u64;
                bodies::user_limit(user_id, request_id, now_ms, status)
            }
            Caller::Anonymous(address) => bodies::anonymous_limit(address),
        };
        Err(visit.sign(&self.settings, Answer::json(status, body), Some(standing)))
    }

    /// Writes the refusal of a secondary limit, which leaves the window as it is.
    fn refuse_secondary(
        &mut self,
        visit: &Visit<'_>,
        (wording, status, retry_after_s, rate_headers): (Wording, u16, Option<u64>, bool),
    ) -> Answer {
        let Arrival { request_id, now_ms, .. } = visit.arrival;
        let answer = scripted::secondary_limit(wording, status, retry_after_s, request_id);
        let standing = self.limits.standing(&self.settings, visit.caller, visit.resource, now_ms);
        visit.sign(&self.settings, answer, rate_headers.then_some(standing))
    }

    /// Returns what a counted request is answered with, its results altered by the fault.
    fn answer(&mut self, visit: &Visit<'_>, route: &Route, reply: Option<&Reply>) -> Answer {
        let Arrival { request, now_ms, .. } = visit.arrival;
        match route {
            Route::Search { .. } => {
                let q = request.parameter("q").unwrap_or_default();
                let (total, is_stopped) = self.settings.count_over_rest(q);
                match search::find_page(request, total) {
                    Ok(mut page) => {
                        page.incomplete_results = is_stopped;
                        let has_items = request.parameter("per_page") != Some("1");
                        let population = self.settings.population.filter(|_| has_items);
                        page.repositories = population.map(|all| {
                            let found = all.ordered(q, request.parameter("sort"));
                            (all, search::on_page(&page, &found))
                        });
                        if let Some(reply) = reply {
                            scripted::alter_page(reply, &mut page);
                        }
                        search::answer_page(request, &page, total, &self.api_url)
                    }
                    Err(kind) => search::refuse_query(kind),
                }
            }
            Route::RateLimit => {
                let mut standing =
                    |resource| self.limits.standing(&self.settings, visit.caller, resource, now_ms);
                let standings = (
                    standing(Resource::Core),
                    standing(Resource::Search),
                    standing(Resource::Graphql),
                );
                let is_anonymous = matches!(visit.caller, Caller::Anonymous(_));
                let with_rate = visit.version == Some(VERSIONS[0]);
                let body = bodies::rate_limit(standings, is_anonymous, with_rate, now_ms);
                Answer::json(200, body)
            }
            Route::Redirected { .. } | Route::Graphql | Route::Unknown => {
                json_message(404, "Not Found")
            }
        }
    }
}

fn with_query(path: &str, query_string: &str) -> String {
    if query_string.is_empty() { path.to_owned() } else { format!("{path}?{query_string}") }
}

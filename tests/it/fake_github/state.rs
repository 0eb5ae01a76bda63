//! What GitHub decides: the answer each request gets.
//!
//! Knows no sockets and reads no clock: a request and the time go in, an answer comes out.

use std::net::IpAddr;

use super::answer::Answer;
use super::bodies;
use super::builder::Settings;
use super::clock::http_date;
use super::door::{Caller, Door, VERSIONS};
use super::fault::{Asked, Fault, Reply, Script, Stage, Wording};
use super::headers::{Resource, add_common_headers, add_rate_headers};
use super::limits::Limits;
use super::query::invent_count;
use super::request::Request;
use super::routes::{Hops, Route, redirected_path};
use super::scripted::{self, json_message};
use super::search;
use super::window::Standing;
use super::wire::Delivery;

const FIRST_USER_ID: u64 = 9_535_539;
const ENTERPRISE_VERSION: &str = "3.17.0";

/// What is decided about one request.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answer that is sent, or broken.
    pub(crate) answer: Answer,
    /// How it travels.
    pub(crate) delivery: Delivery,
    /// Whether a primary or secondary limit refused the request.
    pub(crate) refused: bool,
    /// Whose busy time the answer costs.
    pub(crate) caller: Option<Caller>,
}

/// A request that has passed the door.
struct Visit<'a> {
    request: &'a Request,
    route: &'a Route,
    caller: Caller,
    version: &'static str,
    request_id: &'a str,
    resource: Resource,
    now_ms: i64,
}

/// The memory of the server.
#[derive(Debug)]
pub(crate) struct State {
    settings: Settings,
    api_url: String,
    script: Script,
    door: Door,
    limits: Limits,
    requests: u64,
    searches: usize,
}

impl State {
    /// Makes the memory of a server that nobody has called yet.
    pub(crate) fn new(mut settings: Settings, api_url: String) -> Self {
        let mut script = Script::default();
        for fault in settings.faults.drain(..) {
            script.add(fault);
        }
        Self {
            settings,
            api_url,
            script,
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

    /// Spends searches as another client of the same user.
    pub(crate) fn eat(&mut self, calls: u32, now_ms: i64) {
        self.limits.eat(&self.settings, calls, now_ms);
    }

    /// Adds the time that an answer took to what its caller has cost.
    pub(crate) fn add_busy(&mut self, caller: Caller, length_ms: i64, now_ms: i64) {
        self.limits.add_busy(caller, length_ms, now_ms);
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
        let route = Route::find(&request.method, &request.path, &self.settings.prefix);
        let asked = self.number(&route, request);
        let reply = self.script.find(asked).cloned();

        if let Some(reply) = reply.as_ref().filter(|r| r.stage() == Stage::AtTheDoor) {
            self.script.use_up(asked);
            let answer = self.answer_at_the_door(reply, request);
            let delivery = scripted::delivery(reply);
            return turned_away(answer, delivery, &request_id, now_ms);
        }
        if let Route::Redirected { status, next_path } = &route {
            let next = with_query(next_path, &request.query_string);
            let answer = scripted::redirect(*status, &self.api_url, &next);
            return turned_away(answer, Delivery::Whole, &request_id, now_ms);
        }
        let (caller, version) = match self.door.let_in(&self.settings, request, address, now_ms) {
            Ok(visitor) => visitor,
            Err(answer) => return turned_away(answer, Delivery::Whole, &request_id, now_ms),
        };
        let visit = Visit {
            request,
            route: &route,
            caller,
            version,
            request_id: &request_id,
            resource: match route {
                Route::Search { .. } => Resource::Search,
                _ => Resource::Core,
            },
            now_ms,
        };
        let standing = match self.count(&visit, asked, reply.as_ref(), at_once) {
            Ok(standing) => standing,
            Err(refusal) => return refused(caller, refusal),
        };
        let reply = reply.filter(|r| r.stage() == Stage::AfterCounting);
        let mut answer = self.answer(&visit, reply.as_ref());
        let mut delivery = Delivery::Whole;
        if let Some(reply) = reply {
            self.script.use_up(asked);
            answer = scripted::replace_answer(&reply, answer, now_ms);
            delivery = scripted::delivery(&reply);
        }
        Outcome {
            answer: self.finish(&visit, answer, Some(standing)),
            delivery,
            refused: false,
            caller: Some(caller),
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
        asked: Asked<'_>,
        reply: Option<&Reply>,
        at_once: usize,
    ) -> Result<Standing, Answer> {
        let Visit { caller, resource, now_ms, .. } = *visit;
        let has_limits = self.settings.has_limits;
        let status = self.settings.refusal_status;
        if has_limits
            && let Some(wait_ms) =
                self.limits.check_secondary(&self.settings, caller, at_once, now_ms)
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
        let is_free = *visit.route == Route::RateLimit && !is_scripted;
        let calls = u32::from(!is_free);
        let standing = self.limits.spend(&self.settings, caller, resource, calls, now_ms);
        if standing.is_within() || is_free || !(has_limits || is_scripted) {
            return Ok(standing);
        }
        let body = match caller {
            Caller::User(place) => {
                let user_id = FIRST_USER_ID + place as u64;
                bodies::user_limit(user_id, visit.request_id, now_ms, status)
            }
            Caller::Anonymous(address) => bodies::anonymous_limit(address),
        };
        Err(self.finish(visit, Answer::json(status, body), Some(standing)))
    }

    /// Writes the refusal of a secondary limit, which leaves the window as it is.
    fn refuse_secondary(
        &mut self,
        visit: &Visit<'_>,
        (wording, status, retry_after_s, rate_headers): (Wording, u16, Option<u64>, bool),
    ) -> Answer {
        let answer = scripted::secondary_limit(wording, status, retry_after_s, visit.request_id);
        let standing =
            self.limits.standing(&self.settings, visit.caller, visit.resource, visit.now_ms);
        self.finish(visit, answer, rate_headers.then_some(standing))
    }

    /// Returns what a counted request is answered with, its results altered by the fault.
    fn answer(&mut self, visit: &Visit<'_>, reply: Option<&Reply>) -> Answer {
        match visit.route {
            Route::Search { .. } => {
                let q = visit.request.parameter("q").unwrap_or_default();
                let set = self.settings.counts.get(q).copied();
                let total = set.unwrap_or_else(|| invent_count(q));
                match search::find_page(visit.request, total) {
                    Ok(mut page) => {
                        if let Some(reply) = reply {
                            scripted::alter_page(reply, &mut page);
                        }
                        search::answer_page(visit.request, &page, total, &self.api_url)
                    }
                    Err(kind) => search::refuse_query(kind),
                }
            }
            Route::RateLimit => {
                let mut standing = |resource| {
                    self.limits.standing(&self.settings, visit.caller, resource, visit.now_ms)
                };
                let (core, search) = (standing(Resource::Core), standing(Resource::Search));
                let is_anonymous = matches!(visit.caller, Caller::Anonymous(_));
                let with_rate = visit.version == VERSIONS[0];
                let body = bodies::rate_limit(core, search, is_anonymous, with_rate, visit.now_ms);
                Answer::json(200, body)
            }
            Route::Redirected { .. } | Route::Unknown => json_message(404, "Not Found"),
        }
    }

    /// Adds the headers that are the same for all answers to a visitor.
    fn finish(&self, visit: &Visit<'_>, answer: Answer, standing: Option<Standing>) -> Answer {
        let is_good = answer.status == 200;
        let mut answer = add_common_headers(answer, visit.version, visit.request_id, visit.now_ms);
        if let Some(standing) = standing {
            let kind = self.settings.rate_headers;
            answer = add_rate_headers(answer, kind, visit.resource, standing, visit.now_ms);
        }
        if !self.settings.prefix.is_empty() {
            answer = answer.with("x-github-enterprise-version", ENTERPRISE_VERSION);
        }
        if is_good && matches!(visit.caller, Caller::User(_)) {
            answer =
                answer.with("x-accepted-github-permissions", "allows_permissionless_access=true");
            if let Some(expiry) = &self.settings.token_expiry {
                answer = answer.with("github-authentication-token-expiration", expiry);
            }
        }
        answer
    }
}

/// Returns the outcome of a request that nothing was counted for.
///
/// Pages and empty bodies come from machines before GitHub's API and carry none of its headers.
fn turned_away(answer: Answer, delivery: Delivery, request_id: &str, now_ms: i64) -> Outcome {
    let answer = if answer.may_gzip {
        add_common_headers(answer, VERSIONS[0], request_id, now_ms)
    } else {
        answer.with("date", http_date(now_ms))
    };
    Outcome { answer, delivery, refused: false, caller: None }
}

fn refused(caller: Caller, answer: Answer) -> Outcome {
    Outcome { answer, delivery: Delivery::Whole, refused: true, caller: Some(caller) }
}

fn with_query(path: &str, query_string: &str) -> String {
    if query_string.is_empty() { path.to_owned() } else { format!("{path}?{query_string}") }
}

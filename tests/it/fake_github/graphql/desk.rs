//! What GitHub decides about a document.
//!
//! Knows no sockets and reads no clock. The parts that REST decides with are lent to it.

use super::super::answer::Answer;
use super::super::bodies::{CAPTIVE_PORTAL_PAGE, unicorn_page};
use super::super::builder::Settings;
use super::super::clock::{date_time, http_date};
use super::super::door::{Caller, Door};
use super::super::fault::{Asked, Script, Wording};
use super::super::headers::Resource;
use super::super::limits::Limits;
use super::super::scripted;
use super::super::secondary::Endpoint;
use super::super::visit::{Arrival, FIRST_USER_ID, Outcome, Takes, Visit};
use super::super::window::Standing;
use super::super::wire::Delivery;
use super::bodies;
use super::document::{Plan, Rate, Unreadable, read};
use super::executed::Executed;
use super::fault::{GraphqlFault, GraphqlReply, TimeoutForm};
use super::seen::Noted;

/// What the desk shares with REST.
#[derive(Debug)]
pub(crate) struct House<'a> {
    /// The settings.
    pub(crate) settings: &'a Settings,
    /// Who may come in.
    pub(crate) door: &'a mut Door,
    /// What everyone may still do.
    pub(crate) limits: &'a mut Limits,
}

/// Decides about documents, one after the other.
#[derive(Debug)]
pub(crate) struct Desk {
    script: Script<GraphqlReply>,
    documents: usize,
    timeouts: usize,
    /// Searches that documents which lived have asked.
    answered: usize,
}

/// A document at the desk: who brought it, and the fault that is meant for it.
struct Matter<'a> {
    visit: Visit<'a>,
    asked: Asked<'a>,
    reply: Option<GraphqlReply>,
}

/// What becomes of a document that no limit refused.
struct Decision {
    answer: Answer,
    delivery: Delivery,
    takes: Takes,
    cost: u32,
    invalid: bool,
    timed_out: bool,
}

impl Decision {
    /// Answers without having executed anything, which is free.
    fn unexecuted((status, body): (u16, String), invalid: bool) -> Self {
        Self {
            answer: Answer::json(status, body),
            delivery: Delivery::Whole,
            takes: Takes::default(),
            cost: 0,
            invalid,
            timed_out: false,
        }
    }
}

impl Desk {
    /// Makes a desk where nobody has been yet.
    pub(crate) fn new(faults: Vec<GraphqlFault>) -> Self {
        Self { script: Script::new(faults), documents: 0, timeouts: 0, answered: 0 }
    }

    /// Adds a fault behind the others.
    pub(crate) fn add_fault(&mut self, fault: GraphqlFault) {
        self.script.add(fault);
    }

    /// Decides what a document gets.
    pub(crate) fn decide(&mut self, mut house: House<'_>, arrival: &Arrival<'_>) -> Outcome {
        self.documents += 1;
        let (document, plan) = read(&arrival.request.body);
        let mut noted = Noted { document, invalid: plan.is_err(), ..Noted::default() };
        if let Ok(plan) = &plan {
            noted.queries = plan.searches.iter().map(|search| search.query.clone()).collect();
            noted.aliases = plan.searches.iter().map(|search| search.alias.clone()).collect();
        }
        let queries = noted.queries.clone();
        let asked = Asked::Graphql { nth: self.documents, queries: &queries };
        let mut outcome = self.decide_asked(&mut house, arrival, asked, &plan, &mut noted);
        outcome.noted = Some(noted);
        outcome
    }

    fn decide_asked(
        &mut self,
        house: &mut House<'_>,
        arrival: &Arrival<'_>,
        asked: Asked<'_>,
        plan: &Result<Plan, Unreadable>,
        noted: &mut Noted,
    ) -> Outcome {
        let reply = self.script.find(asked).cloned();
        if reply == Some(GraphqlReply::NotJson) {
            self.script.use_up(asked);
            let page = Answer::html(200, CAPTIVE_PORTAL_PAGE);
            return Outcome::turned_away(page, Delivery::Whole, arrival);
        }
        let visit = match let_in(house, arrival) {
            Ok(visit) => visit,
            Err(answer) => return Outcome::turned_away(answer, Delivery::Whole, arrival),
        };
        let matter = Matter { visit, asked, reply };
        if let Some(refusal) = self.refuse(house, &matter) {
            return Outcome::refused(refusal, visit.caller, Endpoint::Graphql);
        }
        let decision = match plan {
            Ok(plan) => self.decide_readable(house, &matter, plan),
            Err(problem) => Decision::unexecuted(bodies::unreadable(problem), true),
        };
        noted.cost = decision.cost;
        noted.invalid = decision.invalid;
        noted.timed_out = decision.timed_out;
        // Pages come from the proxy, which knows nothing of limits.
        let answer = if decision.answer.may_gzip {
            let standing = house.standing(&visit);
            visit.sign(house.settings, decision.answer, Some(standing))
        } else {
            decision.answer.with("date", http_date(arrival.now_ms))
        };
        Outcome {
            answer,
            delivery: decision.delivery,
            takes: decision.takes,
            refused: false,
            busy: Some((visit.caller, Endpoint::Graphql)),
            noted: None,
        }
    }

    /// Returns the refusal of a limit, scripted or not.
    fn refuse(&mut self, house: &mut House<'_>, matter: &Matter<'_>) -> Option<Answer> {
        let Matter { visit, asked, reply } = matter;
        let Visit { caller, resource, arrival, .. } = *visit;
        let Arrival { at_once, request_id, now_ms, .. } = arrival;
        let settings = house.settings;
        let secondary = |status, retry_after_s| {
            scripted::secondary_limit(Wording::Current, status, retry_after_s, request_id)
        };
        let user_id = match caller {
            Caller::User(place) => FIRST_USER_ID + place as u64,
            Caller::Anonymous(_) => 0,
        };
        if settings.has_limits
            && let Some(wait_ms) =
                house.limits.check_secondary(settings, (caller, Endpoint::Graphql), at_once, now_ms)
        {
            let seconds = u64::try_from(wait_ms).unwrap_or_default().div_ceil(1000);
            return Some(house.sign(visit, secondary(403, Some(seconds))));
        }
        let scripted = match reply {
            Some(GraphqlReply::Secondary403 { retry_after }) => Some(secondary(403, *retry_after)),
            Some(GraphqlReply::Secondary200) => Some(secondary(200, None)),
            Some(GraphqlReply::RateLimited) => {
                house.limits.exhaust(settings, caller, resource, now_ms);
                Some(Answer::json(200, bodies::rate_limited(user_id)))
            }
            Some(GraphqlReply::RateLimit) => {
                house.limits.exhaust(settings, caller, resource, now_ms);
                Some(Answer::json(200, bodies::rate_limit(user_id)))
            }
            _ => None,
        };
        if let Some(answer) = scripted {
            self.script.use_up(*asked);
            return Some(house.sign(visit, answer));
        }
        let is_used_up = settings.has_limits && house.standing(visit).remaining() == 0;
        is_used_up.then(|| house.sign(visit, Answer::json(200, bodies::rate_limit(user_id))))
    }

    fn decide_readable(
        &mut self,
        house: &mut House<'_>,
        matter: &Matter<'_>,
        plan: &Plan,
    ) -> Decision {
        let Matter { visit, asked, reply } = matter;
        let settings = house.settings;
        let unexecuted = match reply {
            Some(GraphqlReply::ValidationTimeout) => Some((bodies::validation_timeout(), false)),
            Some(GraphqlReply::NodeLimit) => Some((bodies::node_limit(), false)),
            Some(GraphqlReply::InvalidDocument) => Some((bodies::invalid_document(), true)),
            _ => None,
        };
        if let Some((body, invalid)) = unexecuted {
            self.script.use_up(*asked);
            return Decision::unexecuted((200, body), invalid);
        }
        if plan.has_too_many_nodes() {
            return Decision::unexecuted((200, bodies::node_limit()), false);
        }
        let searches = plan.searches.len();
        let graphql = &settings.graphql;
        let (takes, is_too_long) = graphql.time.takes(searches, settings.latency, graphql.longest);
        let scripted_form = reply.as_ref().and_then(GraphqlReply::timeout_form);
        let mut begun = graphql.hidden_limits.iter().rev();
        let hidden_limit = begun.find(|(from, _)| self.answered >= *from);
        let is_too_much =
            hidden_limit.and_then(|(_, most)| *most).is_some_and(|most| searches > most);
        if scripted_form.is_some() || is_too_long || is_too_much {
            let form = if let Some(form) = scripted_form {
                self.script.use_up(*asked);
                form
            } else {
                self.timeouts += 1;
                TimeoutForm::next(self.timeouts - 1)
            };
            let cost = plan.points_to_charge().saturating_add(graphql.timeout_points);
            house.charge(visit, cost);
            return Decision {
                answer: time_out(form, visit.arrival.request_id),
                delivery: Delivery::Whole,
                takes,
                cost,
                invalid: false,
                timed_out: true,
            };
        }
        let cost = plan.points_to_charge();
        let standing = house.charge(visit, cost);
        self.answered += searches;
        let mut executed = execute(settings, plan, standing);
        let mut delivery = Delivery::Whole;
        if let Some(reply) = reply {
            self.script.use_up(*asked);
            executed.alter(reply, plan, visit.arrival.request_id);
            delivery = delivery_of(reply);
        }
        let timed_out = matches!(delivery, Delivery::Silence | Delivery::Reset);
        let answer = Answer::json(200, executed.to_json());
        Decision { answer, delivery, takes, cost, invalid: false, timed_out }
    }
}

impl House<'_> {
    fn standing(&mut self, visit: &Visit<'_>) -> Standing {
        let now_ms = visit.arrival.now_ms;
        self.limits.standing(self.settings, visit.caller, visit.resource, now_ms)
    }

    fn charge(&mut self, visit: &Visit<'_>, points: u32) -> Standing {
        let now_ms = visit.arrival.now_ms;
        self.limits.spend(self.settings, visit.caller, visit.resource, points, now_ms)
    }

    fn sign(&mut self, visit: &Visit<'_>, answer: Answer) -> Answer {
        let standing = self.standing(visit);
        visit.sign(self.settings, answer, Some(standing))
    }
}

/// Lets in who has a token.
fn let_in<'a>(house: &mut House<'_>, arrival: &Arrival<'a>) -> Result<Visit<'a>, Answer> {
    let visitor = (arrival.request, Endpoint::Graphql);
    let (caller, version) =
        house.door.let_in(house.settings, visitor, arrival.address, arrival.now_ms)?;
    if matches!(caller, Caller::Anonymous(_)) {
        return Err(Answer::json(401, bodies::UNAUTHENTICATED));
    }
    Ok(Visit { caller, version, resource: Resource::Graphql, arrival: *arrival })
}

/// Executes a document with the counts of REST, but for those that are set for GraphQL alone.
fn execute(settings: &Settings, plan: &Plan, standing: Standing) -> Executed {
    let count = |query: &str| settings.count_over_graphql(query);
    let rate = settings.has_limits.then(|| Rate {
        limit: standing.limit,
        remaining: standing.remaining(),
        used: standing.used,
        reset_at: date_time(standing.reset_s() * 1000),
    });
    plan.execute(&count, rate)
}

fn time_out(form: TimeoutForm, request_id: &str) -> Answer {
    match form {
        TimeoutForm::SomethingWentWrong(status) => {
            Answer::json(status, bodies::something_went_wrong(request_id))
        }
        TimeoutForm::CouldNotRespond => Answer::json(504, bodies::COULD_NOT_RESPOND),
        TimeoutForm::Html(status) => Answer::html(status, unicorn_page(status)),
    }
}

fn delivery_of(reply: &GraphqlReply) -> Delivery {
    match reply {
        GraphqlReply::Silence => Delivery::Silence,
        GraphqlReply::Reset => Delivery::Reset,
        GraphqlReply::CutBody => Delivery::CutBody,
        _ => Delivery::Whole,
    }
}

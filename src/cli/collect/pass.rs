//! One pass with its bar: asking until it is done, a signal comes, or no answer can come any more.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use indicatif::ProgressBar;

use super::super::Session;
use super::super::connection::Connection;
use super::super::diagnostic::Failure;
use crate::collect::{
    Api, ChosenApi, CollectError, Collected, Keep, Plan, Progressed, WhyApi, collect,
};
use crate::domain::health::{Observed, Quota, TokenFate, TokenState};
use crate::domain::recording::RateHeaders;
use crate::domain::run::RunId;
use crate::domain::sample::Outcome;
use crate::github::{AnswerSource, Notice};
use crate::platform::{Stop, Stopper, stop_flag};
use crate::report::{TOKEN_DAYS, count};

/// How a pass ended.
pub(in crate::cli) type Ended = Result<Collected, CollectError>;

/// What a source told beside its answers.
#[derive(Default)]
pub(in crate::cli) struct Heard {
    /// What was said about each query that had trouble, the last words of each.
    pub(in crate::cli) troubles: RefCell<BTreeMap<String, String>>,
    /// The buckets that answers were counted against.
    pub(in crate::cli) quotas: RefCell<Vec<Quota>>,
    /// When the token ends.
    pub(in crate::cli) token_expires_at: Cell<Option<DateTime<Utc>>>,
}

impl Heard {
    /// Returns what is to be known of GitHub after the run; `fate` is what it did with the token.
    pub(in crate::cli) fn observed(&self, fate: Option<TokenFate>, now: DateTime<Utc>) -> Observed {
        let expires_at = self.token_expires_at.get();
        let token = TokenState { fate, expires_at, observed_at: now };
        let mut observed = Observed { token: Some(token), ..Observed::default() };
        for quota in self.quotas.take() {
            observed.note_quota(quota);
        }
        observed
    }
}

/// Waits shorter than this are not worth a word.
const SHORTEST_TOLD: Duration = Duration::from_secs(3);

/// Makes one pass.
pub(in crate::cli) async fn make_pass<S: AnswerSource, K: Keep>(
    session: &Session,
    plan: &Plan,
    survey: &str,
    run: RunId,
    mut source: S,
    keeper: &mut K,
    bar: &ProgressBar,
) -> Result<Ended, Failure> {
    let (stopper, heard_here): (_, Stop) = stop_flag();
    let mut stop = session.stop.clone().unwrap_or(heard_here);
    let tell = |progressed: &Progressed<'_>| {
        bar.set_length((progressed.asked + progressed.still_to_ask) as u64);
        bar.set_position(progressed.asked as u64);
        bar.set_message(progressed.question.framework.clone());
        session.ui.detail(&describe(progressed));
    };
    let pass = collect(plan, survey, run, &mut source, keeper, &mut stop, tell);
    let ended = listening(session, &stopper, pass).await?;
    bar.finish_and_clear();
    Ok(ended)
}

/// Does some work while signals raise its stop flag, unless somebody listens for the whole session.
pub(in crate::cli) async fn listening<T>(
    session: &Session,
    stopper: &Stopper,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        // Listening ends only if the system lets nobody listen; then a signal ends the process at
        // once, and the next run finds everything kept so far.
        Err(error) = stopper.listen(), if session.stop.is_none() => {
            Err(Failure::failed("signals cannot be listened to").caused_by(&error))
        }
        done = work => Ok(done),
    }
}

/// Returns what hears a source's notices: waits are shown, what is [`Heard`] is kept for the end, and
/// pauses of a connection, if one is given, for whoever asks next.
pub(in crate::cli) fn teller<'a>(
    session: &'a Session,
    connection: Option<&'a Connection>,
    bar: &ProgressBar,
    heard: &'a Heard,
) -> impl FnMut(Notice) + 'a {
    let bar = bar.clone();
    // What went wrong since the last wait: the reason of the next one.
    let mut cause = String::new();
    move |notice| match notice {
        Notice::Waiting { until, length, why } => {
            let cause = std::mem::take(&mut cause);
            let text = format!("waiting until {} UTC {why}{cause}", until.format("%H:%M:%S"));
            bar.set_message(text.clone());
            if length >= SHORTEST_TOLD && bar.is_hidden() {
                session.ui.say(&text);
            } else {
                session.ui.detail(&text);
            }
        }
        Notice::Sent { asks } => session.ui.detail(&format!("asking: {asks}")),
        Notice::Trouble { asks, detail, said } => {
            let words = if said.is_empty() { detail } else { format!("{detail}, {said}") };
            cause = format!(" ({words})");
            session.ui.detail(&format!("trouble: {asks}: {words}"));
            heard.troubles.borrow_mut().insert(asks, said);
        }
        Notice::Limited { limited, until } => {
            if let Some(connection) = connection {
                connection.keep_pause(session, limited, until);
            }
        }
        Notice::Quota(RateHeaders { resource, limit, remaining, reset_at, .. }) => {
            let observed_at = session.clock.now_utc();
            let mut quotas = heard.quotas.borrow_mut();
            quotas.retain(|quota| quota.resource != resource);
            quotas.push(Quota { resource, limit, remaining, reset_at, observed_at });
        }
        Notice::TokenExpires(at) => {
            heard.token_expires_at.set(Some(at));
            let left = at - session.clock.now_utc();
            if left.num_days() < i64::from(TOKEN_DAYS) {
                let text = format!("the token ends {}", at.format("%Y-%m-%d %H:%M UTC"));
                bar.suspend(|| session.ui.warn(&text, &[], None));
            }
        }
    }
}

/// Says over which API a plan is asked and why, with requests, points and time.
pub(in crate::cli) fn describe_api(chosen: ChosenApi, plan: &Plan, has_token: bool) -> String {
    // Samples of a query never share a document.
    let passes = plan.queries.chunk_by(|one, other| one.sample_no == other.sample_no);
    let estimates = passes.map(|pass| chosen.api.estimate(pass.len(), has_token));
    let (mut requests, mut length) = (0, Duration::ZERO);
    if chosen.api == Api::Graphql {
        for (more, longer) in estimates {
            (requests, length) = (requests + more, length + longer);
        }
    } else {
        (requests, length) = chosen.api.estimate(plan.queries.len(), has_token);
    }
    let checks = plan.cross_checks.min(plan.queries.len() + plan.counted_before.len());
    let requests = match requests {
        1 => "1 request".to_owned(),
        requests => format!("{} requests", count(requests as u64)),
    };
    let (name, work) = match chosen.api {
        Api::Rest => ("REST", requests),
        Api::Graphql if checks == 0 => ("GraphQL", format!("about {requests} and as many points")),
        Api::Graphql => {
            length += Api::Rest.estimate(checks, has_token).1;
            let checks = format!("then {checks} over REST to check");
            ("GraphQL", format!("about {requests} and as many points, {checks}"))
        }
    };
    let why = match chosen.why {
        WhyApi::Wanted | WhyApi::Short | WhyApi::NoToken => String::new(),
        WhyApi::LastRun => " as in the last run".to_owned(),
        WhyApi::Long(by_rest) => format!(" (REST would take {})", in_words(by_rest)),
    };
    format!("by {name}{why}: {work}, {}", in_words(length))
}

/// Says what follows from asking another API than the run before; `None` if it is the same.
pub(in crate::cli) fn describe_change(chosen: ChosenApi) -> Option<String> {
    let text = match (chosen.instead_of?, chosen.api) {
        (Api::Rest, _) => {
            "note: the last run asked by REST; counts of GraphQL do not tell whether they are \
             complete and can differ"
        }
        (Api::Graphql, _) => {
            "note: the last run asked by GraphQL; counts of REST tell whether they are complete \
             and can differ"
        }
    };
    Some(text.to_owned())
}

pub(in crate::cli) fn in_words(length: Duration) -> String {
    match length.as_secs() {
        0..45 => "some seconds".to_owned(),
        45..90 => "about a minute".to_owned(),
        seconds if seconds < 7_200 => format!("about {} minutes", (seconds + 30) / 60),
        seconds => format!("about {} hours", seconds.div_ceil(3_600)),
    }
}

pub(in crate::cli) fn describe(progressed: &Progressed<'_>) -> String {
    let Progressed { question, answer, .. } = progressed;
    let number = match answer.outcome {
        Outcome::Complete(number) | Outcome::Unchecked(number) => count(number),
        Outcome::Incomplete(number) => format!("at least {}", count(number)),
        Outcome::Failed => "no number".to_owned(),
    };
    let status = answer.outcome.status().as_str();
    let query = if answer.query.is_empty() { "query unknown" } else { answer.query.as_str() };
    let detail = match answer.detail.as_str() {
        "" => String::new(),
        detail => format!(", {detail}"),
    };
    format!("{} {}: {number} ({status}{detail}; {query})", question.framework, question.metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{PlannedQuery, choose_api};
    use crate::domain::query::{Method, Query};
    use crate::domain::survey::ApiChoice;

    fn plan(queries: usize) -> Plan {
        let query = PlannedQuery {
            query: Query { text: "a".into(), method: Method::of("a") },
            sample_no: 1,
            targets: Vec::new(),
            attempts_before: 0,
            has_number: false,
            is_doubted: false,
            last_count: None,
        };
        Plan {
            queries: vec![query; queries],
            skipped: Vec::new(),
            counts: queries,
            cross_checks: 2,
            counted_before: Vec::new(),
        }
    }

    #[test]
    fn the_api_is_told_with_its_work_and_reason() {
        let tell = |wanted, last, has_token, queries| {
            let chosen = choose_api(wanted, last, has_token, queries).expect("an API");
            describe_api(chosen, &plan(queries), has_token)
        };
        let auto = ApiChoice::Auto;
        let told = [
            tell(auto, None, true, 11),
            tell(auto, None, true, 31),
            tell(auto, None, false, 11),
            tell(auto, None, false, 1_000),
            tell(ApiChoice::Rest, None, true, 10_000),
            tell(auto, None, true, 1_000),
            tell(auto, Some(Api::Graphql), true, 11),
            tell(ApiChoice::Graphql, None, true, 10_000),
        ];
        insta::assert_snapshot!(told.join("\n"), @r"
        by REST: 11 requests, some seconds
        by REST: 31 requests, about a minute
        by REST: 11 requests, about a minute
        by REST: 1,000 requests, about 99 minutes
        by REST: 10,000 requests, about 6 hours
        by GraphQL (REST would take about 33 minutes): about 40 requests and as many points, then 2 over REST to check, about a minute
        by GraphQL as in the last run: about 1 request and as many points, then 2 over REST to check, some seconds
        by GraphQL: about 400 requests and as many points, then 2 over REST to check, about 13 minutes
        ");
    }
}

//! One pass with its bar: asking until it is done, a signal comes, or no answer can come any more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::ProgressBar;

use super::super::Session;
use super::super::diagnostic::Failure;
use crate::clock::Clock as _;
use crate::collect::{CollectError, Collected, Keep, Plan, Progressed, collect};
use crate::domain::run::RunId;
use crate::domain::sample::Outcome;
use crate::github::{AnswerSource, Notice};
use crate::platform::{Stop, stop_flag};
use crate::report::count;

/// How a pass ended.
pub(in crate::cli) type Ended = Result<Collected, CollectError>;

/// What was said about each query that had trouble, the last words of each.
pub(in crate::cli) type Troubles = RefCell<BTreeMap<String, String>>;

/// Waits shorter than this are not worth a word.
const SHORTEST_TOLD: Duration = Duration::from_secs(3);

/// A token that ends within this many days is worth a warning.
const EXPIRY_WARNING_DAYS: i64 = 14;

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
    let (stopper, mut stop): (_, Stop) = stop_flag();
    let tell = |progressed: &Progressed<'_>| {
        bar.set_length((progressed.asked + progressed.still_to_ask) as u64);
        bar.set_position(progressed.asked as u64);
        bar.set_message(progressed.question.framework.clone());
        session.ui.detail(&describe(progressed));
    };
    let pass = collect(plan, survey, run, &mut source, keeper, &mut stop, tell);
    let ended = tokio::select! {
        biased;
        // Listening ends only if the system lets nobody listen; then a signal ends the process at
        // once, and the next run finds everything kept so far.
        Err(error) = stopper.listen() => {
            return Err(Failure::failed("signals cannot be listened to").caused_by(&error));
        }
        ended = pass => ended,
    };
    bar.finish_and_clear();
    Ok(ended)
}

/// Returns what hears a source's notices: waits are shown, troubles kept for the end.
pub(in crate::cli) fn teller<'a>(
    session: &'a Session,
    bar: &ProgressBar,
    troubles: &'a Troubles,
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
        Notice::Sent { query } => session.ui.detail(&format!("asking: {query}")),
        Notice::Trouble { query, detail, said } => {
            let words = if said.is_empty() { detail } else { format!("{detail}, {said}") };
            cause = format!(" ({words})");
            session.ui.detail(&format!("trouble: {query}: {words}"));
            troubles.borrow_mut().insert(query, said);
        }
        Notice::TokenExpires(at) => {
            let left = at - session.clock.now_utc();
            if left.num_days() < EXPIRY_WARNING_DAYS {
                let text = format!("the token ends {}", at.format("%Y-%m-%d %H:%M UTC"));
                bar.suspend(|| session.ui.warn(&text, &[], None));
            }
        }
    }
}

/// Says how long so many requests will take: whole windows of a minute, but for the last one.
pub(super) fn expected_length(requests: usize, has_token: bool) -> String {
    let limit = if has_token { 30 } else { 10 };
    match requests.saturating_sub(1) / limit {
        0 => "some seconds".to_owned(),
        1 => "about a minute".to_owned(),
        minutes if minutes < 120 => format!("about {minutes} minutes"),
        minutes => format!("about {} hours", minutes.div_ceil(60)),
    }
}

fn describe(progressed: &Progressed<'_>) -> String {
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

    #[test]
    fn lengths_are_told_in_windows() {
        let cases = [
            (11, true, "some seconds"),
            (30, true, "some seconds"),
            (31, true, "about a minute"),
            (11, false, "about a minute"),
            (1000, true, "about 33 minutes"),
            (10_000, true, "about 6 hours"),
        ];
        for (requests, has_token, expected) in cases {
            assert_eq!(expected_length(requests, has_token), expected, "{requests} {has_token}");
        }
    }
}

//! How a run went: what is kept, what is missing and why, the ranking, and the exit code.

use std::collections::BTreeMap;

use super::super::after_run::{self, EndedRun};
use super::super::args::ApiArg;
use super::super::connection::Connection;
use super::super::counted;
use super::super::diagnostic::{DONE, FAILED, Failure, Hint, NOT_FINISHED};
use super::super::health::leave_health;
use super::super::output::Outputs;
use super::super::report::{Subject, Wishes, write_run};
use super::pass::{Ended, Heard};
use super::{Order, Origin};
use crate::collect::{CollectError, Ending};
use crate::domain::health::TokenFate;
use crate::domain::ranking::Tally;
use crate::domain::run::{Difference, Key, Progress, Run, RunId};
use crate::domain::sample::{Outcome, Sample, is_settled, select_answer};
use crate::domain::when::When;
use crate::github::{Closed, SourceError};
use crate::history::{Selection, Wanted};
use crate::platform::Signal;
use crate::report::count;

/// A run that ended, with what is needed to tell of it.
pub(super) struct Closing<'a> {
    pub(super) order: &'a Order<'a>,
    pub(super) connection: Option<&'a Connection>,
    pub(super) run: RunId,
    /// How many rows were appended.
    pub(super) kept: usize,
    pub(super) heard: &'a Heard,
}

impl Closing<'_> {
    /// Tells how the run went, chooses the exit code, and does what is to be done after a run.
    pub(super) async fn close(&self, ended: Ended, outputs: &Outputs) -> Result<u8, Failure> {
        let is_refused = matches!(
            &ended,
            Err(CollectError::Source(SourceError::Closed { why: Closed::TokenRefused, .. }))
        );
        let told = self.tell(ended, outputs);
        if let (Some(connection), Origin::Github) = (self.connection, &self.order.origin) {
            let fate = if is_refused { TokenFate::Refused } else { TokenFate::Accepted };
            self.follow(connection.token.as_ref().map(|_| fate), &told).await;
        }
        told
    }

    /// Leaves the health, then does what survey and settings want after a run.
    async fn follow(&self, fate: Option<TokenFate>, told: &Result<u8, Failure>) {
        let Order { session, survey, .. } = self.order;
        let observed = self.heard.observed(fate, session.clock.now_utc());
        leave_health(session, survey, observed.clone());
        let (exit_code, message) = match told {
            Ok(code) => (*code, None),
            Err(failure) => (failure.code, Some(failure.message.clone())),
        };
        // Whoever ends a run wants an end.
        if [Signal::Interrupt, Signal::Terminate].map(Signal::exit_code).contains(&exit_code) {
            return;
        }
        after_run::follow(session, survey, EndedRun { id: self.run, exit_code, message, observed })
            .await;
    }

    fn tell(&self, ended: Ended, outputs: &Outputs) -> Result<u8, Failure> {
        let history = self.order.history();
        let survey = self.order.survey.clone();
        let subject = Subject { survey: Some(survey), history: history.clone() };
        let selected = subject.select(self.order.session, Wanted::At(When::Run(self.run)));
        let progress = selected.as_ref().ok().map(|selection| selection.progress);
        let kept = match (progress, self.kept) {
            (Some(Progress { answered, planned }), _) => {
                format!("{answered} of {planned} counts are in `{}`", history.display())
            }
            (None, 0) => "no count was answered".to_owned(),
            // The history was taken away, or its disk.
            (None, rows) => {
                let rows = counted(rows, "row was", "rows were");
                format!("{rows} kept in `{}`, but cannot be found there now", history.display())
            }
        };
        let has_counts = progress.map_or(self.kept > 0, |progress| progress.answered > 0);
        let resume = self.order.command(Some("--resume"), self.order.arguments.ask.api);
        // A wish that GitHub does not fulfil is not repeated.
        let over_rest = matches!(&ended, Err(CollectError::Source(SourceError::NoDocument { .. })));
        let resume = if over_rest {
            self.order.command(Some("--resume"), Some(ApiArg::Rest))
        } else {
            resume
        };
        let rest = format!("ask only for the rest with `{resume}`");
        let collected = match ended {
            Ok(collected) => collected,
            Err(CollectError::Source(error)) => {
                let failure = Failure::of_source(&error, self.connection, has_counts);
                let failure = progress.into_iter().fold(failure, |f, p| f.lacking(&error, p));
                let failure = failure.because(kept);
                return Err(if has_counts { failure.hint(rest) } else { failure });
            }
            Err(CollectError::History(error)) => {
                let failure = Failure::from(error).because(kept);
                return Err(if has_counts {
                    failure.with_code(NOT_FINISHED).hint(rest)
                } else {
                    failure
                });
            }
        };
        if let Ending::Interrupted(signal) = collected.ending {
            let failure = Failure::interrupted(signal, format!("interrupted; {kept}"));
            return Err(if has_counts { failure.hint(rest) } else { failure });
        }
        let rows = counted(collected.rows, "row", "rows");
        self.order.session.ui.say(&format!("kept {rows} in `{}`", history.display()));
        self.show(&subject, &selected?, outputs, &resume)
    }

    /// Shows the ranking and what is doubtful about it.
    fn show(
        &self,
        subject: &Subject,
        selection: &Selection,
        outputs: &Outputs,
        resume: &str,
    ) -> Result<u8, Failure> {
        let Order { session, arguments, survey, origin, .. } = self.order;
        let mut written = Ok(());
        if Outputs::were_chosen(&arguments.output) || !session.ui.is_quiet() {
            written = write_run(session, subject, selection, &Wishes::default(), outputs);
        }
        let progress = selection.progress;
        self.warn_of_differences(&selection.run);
        self.warn_of_missing_checks(&selection.run);
        let doubts = doubts(&selection.run, &self.heard.troubles.borrow());
        if !progress.is_finished() {
            let Progress { answered, planned } = progress;
            let text = format!("{answered} of {planned} counts have a number");
            // A recording will not have more to say the next time.
            let hint = matches!(origin, Origin::Github).then(|| {
                let again = format!("ask only for these again with `{resume}`");
                Hint::new(if queries_are_wrong(&selection.run) {
                    format!("mend the queries that GitHub refuses, then {again}")
                } else {
                    again
                })
            });
            session.ui.warn(&text, &doubts, hint.as_ref());
            written?;
            return Ok(if answered == 0 { FAILED } else { NOT_FINISHED });
        }
        let has_bounds = selection.run.answers().values().any(|answer| is_incomplete(answer));
        if has_bounds {
            let text = "the run is finished, but some counts are only lower bounds";
            session.ui.warn(text, &doubts, None);
        }
        written?;
        if has_bounds && arguments.strict {
            return Ok(NOT_FINISHED);
        }
        let mut words = vec!["report".to_owned()];
        words.extend(match (origin, &arguments.survey) {
            (Origin::Recording(_), _) => Some(subject.history.to_string_lossy().into_owned()),
            (Origin::Github, survey) => survey.clone(),
        });
        words.extend(match &survey.baseline {
            Some(baseline) => ["--against".to_owned(), baseline.clone()],
            None => ["--format".to_owned(), "md".to_owned()],
        });
        session.ui.next(&session.command(words));
        Ok(DONE)
    }

    /// Names the counts over GraphQL that were asked over REST as well, without an answer.
    fn warn_of_missing_checks(&self, run: &Run) {
        let line = |(key, attempts): (Key, Vec<&Sample>)| {
            let last = attempts.last().filter(|last| last.outcome == Outcome::Failed)?;
            let Outcome::Unchecked(number) = select_answer(&attempts)?.outcome else { return None };
            let (number, reason) = (count(number), last.detail.reason());
            Some(format!("`{}` {}: {number} ({reason})", key.framework, key.metric))
        };
        let lines: Vec<String> = run.attempts().into_iter().filter_map(line).collect();
        if !lines.is_empty() {
            let text = "these counts of GraphQL could not be checked over REST";
            self.order.session.ui.warn(text, &lines, None);
        }
    }

    /// Names the counts of all metrics for which the two APIs disagree.
    fn warn_of_differences(&self, run: &Run) {
        let line = |Difference { key, graphql, rest }: Difference| {
            let (graphql, rest) = (count(graphql), count(rest));
            format!("`{}` {}: {graphql} over GraphQL, {rest} over REST", key.framework, key.metric)
        };
        let lines: Vec<String> = run.differences().into_iter().map(line).collect();
        if !lines.is_empty() {
            let text =
                "GraphQL and REST differ by more than 1 %; `--api rest` takes all counts over REST";
            self.order.session.ui.warn(text, &lines, None);
        }
    }
}

/// Writes what was asked for about a run that was there already.
///
/// Returns the exit code: with `--strict` lower bounds count here as well.
pub(super) fn show_run(order: &Order<'_>, run: RunId, outputs: &Outputs) -> Result<u8, Failure> {
    let subject = Subject { survey: Some(order.survey.clone()), history: order.history() };
    let selection = subject.select(order.session, Wanted::At(When::Run(run)))?;
    if Outputs::were_chosen(&order.arguments.output) {
        write_run(order.session, &subject, &selection, &Wishes::default(), outputs)?;
    }
    let has_bounds = selection.run.answers().values().any(|answer| is_incomplete(answer));
    Ok(if has_bounds && order.arguments.strict { NOT_FINISHED } else { DONE })
}

/// Names every count of a run that is missing or only a lower bound, with what was said.
pub(in crate::cli) fn doubts(run: &Run, troubles: &BTreeMap<String, String>) -> Vec<String> {
    let line = |(key, attempts): (Key, Vec<&Sample>)| {
        let name = format!("`{}` {}", key.framework, key.metric);
        let tally = Tally::of(&attempts);
        match tally.outcome {
            Outcome::Failed => {
                let query = attempts.last().map(|sample| sample.query_text.as_str());
                let said = query.and_then(|query| troubles.get(query));
                let said = said.filter(|said| !said.is_empty());
                let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
                Some(format!("{name}: {}{said}", tally.reason))
            }
            Outcome::Incomplete(number) => {
                let bound = count(number);
                let reason = attempts.last().map(|sample| sample.detail.reason());
                let reason = reason.filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or_else(|| "stopped early".to_owned());
                Some(format!("{name}: at least {bound} ({reason})"))
            }
            Outcome::Complete(number) | Outcome::Unchecked(number) if !is_settled(&attempts) => {
                let said = attempts.last().and_then(|sample| troubles.get(&sample.query_text));
                let said = said.filter(|said| !said.is_empty());
                let said = said.map(|said| format!(" ({said})")).unwrap_or_default();
                let number = count(number);
                Some(format!("{name}: {number} is doubted, and no second answer came{said}"))
            }
            Outcome::Complete(_) | Outcome::Unchecked(_) => None,
        }
    };
    run.attempts().into_iter().filter_map(line).collect()
}

/// Tells whether any query was refused for what it says: asking again will not help.
fn queries_are_wrong(run: &Run) -> bool {
    const REFUSALS: [&str; 4] =
        ["query too long", "too many operators", "unknown owner", "query refused"];
    let refused = |sample: &Sample| {
        let detail = sample.detail.reason();
        REFUSALS.iter().any(|refusal| detail.starts_with(refusal))
    };
    run.samples.iter().any(refused)
}

/// Tells whether a sample is only a lower bound.
pub(in crate::cli) fn is_incomplete(sample: &Sample) -> bool {
    matches!(sample.outcome, Outcome::Incomplete(_))
}

//! One serial pass over a plan: ask, keep, go on.

use std::time::Duration;

use crate::clock::Clock;
use crate::domain::run::RunId;
use crate::domain::sample::Sample;
use crate::github::{Answer, AnswerSource, Question, SourceError};
use crate::history::{Appender, HistoryError};
use crate::platform::{Signal, Stop};

use super::plan::Plan;
use super::queue::Queue;

/// How long a run waits for the clock to pass the last run of the history.
const LONGEST_CLOCK_WAIT: Duration = Duration::from_secs(2);

/// Why collecting ended before its plan did.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// An answer could not be kept.
    #[error("the history cannot be kept")]
    History(#[from] HistoryError),
    /// No further answer can come.
    #[error("no further answer can come")]
    Source(#[from] SourceError),
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything planned was asked.
    Done,
    /// A signal came in between.
    Interrupted(Signal),
}

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collected {
    /// How it ended.
    pub ending: Ending,
    /// How many rows were kept.
    pub rows: usize,
}

/// How far a pass is, told after each answer.
#[derive(Debug)]
pub struct Progressed<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// What came back.
    pub answer: &'a Answer,
    /// How many questions were answered, re-asks included.
    pub asked: usize,
    /// How many are still to come, as far as is known.
    pub still_to_ask: usize,
}

/// Where answers are kept, before anybody is told of them.
pub trait Keep {
    /// Keeps samples; when this returns they are kept for good.
    ///
    /// # Errors
    ///
    /// On any error none of these samples is kept.
    fn keep(&mut self, samples: &[Sample]) -> Result<(), HistoryError>;
}

impl Keep for Appender {
    fn keep(&mut self, samples: &[Sample]) -> Result<(), HistoryError> {
        self.append(samples)
    }
}

/// Keeps them in memory only, for counts without a history.
impl Keep for Vec<Sample> {
    fn keep(&mut self, samples: &[Sample]) -> Result<(), HistoryError> {
        self.extend_from_slice(samples);
        Ok(())
    }
}

/// Finds the id of a run that starts now, past every run of the history.
///
/// # Errors
///
/// [`HistoryError::ClockBehind`] if the clock does not get there within two seconds.
pub async fn start_run(
    appender: &Appender,
    clock: &dyn Clock,
    digits: u16,
) -> Result<RunId, HistoryError> {
    let give_up_at = clock.monotonic() + LONGEST_CLOCK_WAIT;
    loop {
        let id = RunId::new(clock.now_utc(), digits);
        let Some(last) = appender.last_run().filter(|last| *last >= id) else { return Ok(id) };
        if clock.monotonic() >= give_up_at {
            let path = appender.path().to_owned();
            return Err(HistoryError::ClockBehind { path, last, now: clock.now_utc() });
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// Asks a plan's queries, as many at once as the source likes, and keeps each answer when it comes.
///
/// Answers that may improve, such as incomplete ones, are asked for again behind all others, up to
/// twice; what failed in an outage is, once. Last of all, a few of the counts that do not tell
/// whether they are complete are asked for where that is told. The signal is looked at between
/// answers; what was answered before it is kept.
///
/// # Errors
///
/// Fails if an answer cannot be kept or if the source can answer nothing any more. Everything
/// answered before that is on disk.
pub async fn collect<S: AnswerSource, K: Keep>(
    plan: &Plan,
    survey_id: &str,
    run: RunId,
    source: &mut S,
    keeper: &mut K,
    stop: &mut Stop,
    tell: impl FnMut(&Progressed<'_>),
) -> Result<Collected, CollectError> {
    let mut queue = Queue::new(plan, survey_id, run, tell);
    let (mut is_past_trouble, mut is_checked) = (false, false);
    loop {
        if queue.is_empty() && !is_past_trouble {
            is_past_trouble = true;
            queue.put_back_troubled();
        }
        if queue.is_empty() && !is_checked {
            is_checked = true;
            queue.add_cross_checks();
        }
        // A source that never waits would otherwise leave nobody time to raise the flag.
        tokio::task::yield_now().await;
        if let Some(signal) = stop.requested() {
            return Ok(queue.ended(Ending::Interrupted(signal)));
        }
        let questions = queue.next_questions(source.most_at_once());
        if questions.is_empty() {
            return Ok(queue.ended(Ending::Done));
        }
        match source.ask(&questions, queue.len(), stop).await {
            Ok(replies) => queue.take(&questions, replies, keeper)?,
            Err(SourceError::Interrupted(signal)) => {
                return Ok(queue.ended(Ending::Interrupted(signal)));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::path::Path;

    use chrono::{DateTime, Utc};

    use super::super::plan::{PlannedQuery, Target};
    use super::super::queue::is_suspicious;
    use super::*;
    use crate::domain::query::{Method, Query};
    use crate::domain::sample::{Detail, Outcome, SourceKind, Status};
    use crate::github::{Again, Reply};
    use crate::history::fold_runs;
    use crate::platform::{Stopper, stop_flag};

    fn query(text: &str, targets: &[&str]) -> PlannedQuery {
        let target = |name: &&str| Target {
            framework: (*name).to_owned(),
            language: String::new(),
            metric: "repositories".into(),
        };
        PlannedQuery {
            query: Query { text: text.into(), method: Method::of(text) },
            sample_no: 1,
            targets: targets.iter().map(target).collect(),
            attempts_before: 0,
            has_number: false,
            is_doubted: false,
            last_count: None,
        }
    }

    fn plan(queries: Vec<PlannedQuery>) -> Plan {
        let counts = queries.iter().map(|q| q.targets.len()).sum();
        Plan { queries, skipped: Vec::new(), counts, cross_checks: 0, counted_before: Vec::new() }
    }

    /// Answers from a list, and raises a signal before the answer with that number.
    struct Scripted {
        outcomes: VecDeque<Option<Outcome>>,
        asked: Vec<String>,
        stop_before: Option<(usize, Stopper)>,
    }

    impl AnswerSource for Scripted {
        async fn ask(
            &mut self,
            questions: &[Question],
            _still_to_ask: usize,
            stop: &mut Stop,
        ) -> Result<Vec<Reply>, SourceError> {
            let question = &questions[0];
            self.asked.push(question.query.clone());
            if let Some((before, stopper)) = &self.stop_before
                && self.asked.len() == *before
            {
                stopper.stop(Signal::Terminate);
                return Err(SourceError::Interrupted(stop.wait().await));
            }
            let Some(Some(outcome)) = self.outcomes.pop_front() else {
                return Ok(vec![Reply::NothingMore]);
            };
            Ok(vec![Reply::Answer(Box::new(Answer {
                observed_at: started().started_at(),
                outcome,
                source: SourceKind::Rest.into(),
                query: question.query.clone(),
                detail: Detail::default(),
                rate: None,
                again: match outcome.status() {
                    Status::Incomplete => Again::Yes,
                    _ => Again::No,
                },
            }))])
        }
    }

    fn started() -> RunId {
        RunId::parse("20261121T060003Z-7f3a").expect("a run id")
    }

    fn source(outcomes: &[Outcome]) -> Scripted {
        let outcomes = outcomes.iter().copied().map(Some).collect();
        Scripted { outcomes, asked: Vec::new(), stop_before: None }
    }

    fn run_to_end(plan: &Plan, source: &mut Scripted, history: &Path) -> Collected {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut appender = Appender::open(history, started().started_at()).expect("an appender");
        let (_stopper, mut stop) = stop_flag();
        let pass = collect(plan, "test", started(), source, &mut appender, &mut stop, |_| {});
        runtime.block_on(pass).expect("a pass")
    }

    fn rows(history: &Path) -> Vec<Sample> {
        let keep = |all: &mut Vec<Sample>, run: crate::domain::run::Run| all.extend(run.samples);
        fold_runs(history, Vec::new, keep).expect("a history").0
    }

    #[test]
    fn incomplete_answers_are_asked_for_again_behind_all_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = folder.path().join("history.csv");
        let mut source = source(&[
            Outcome::Incomplete(5),
            Outcome::Complete(7),
            Outcome::Incomplete(6),
            Outcome::Incomplete(4),
        ]);
        let plan = plan(vec![query("a", &["A"]), query("b", &["B"])]);
        let collected = run_to_end(&plan, &mut source, &history);
        assert_eq!(source.asked, ["a", "b", "a", "a"]);
        assert_eq!(collected, Collected { ending: Ending::Done, rows: 4 });
        let attempts: Vec<u32> = rows(&history).iter().map(|row| row.attempt_no).collect();
        assert_eq!(attempts, [1, 1, 2, 3]);
    }

    #[test]
    fn zeros_and_falls_are_asked_for_again_before_they_are_believed() {
        let cases = [
            (Outcome::Complete(0), None, true),
            (Outcome::Complete(0), Some(0), false),
            (Outcome::Unchecked(0), Some(5), true),
            (Outcome::Complete(80), Some(100), false),
            (Outcome::Complete(79), Some(100), true),
            (Outcome::Complete(500), Some(100), false),
            (Outcome::Complete(1), None, false),
            (Outcome::Incomplete(1), Some(100), false),
            (Outcome::Failed, Some(100), false),
            (Outcome::Complete(u64::MAX / 2), Some(u64::MAX), true),
        ];
        for (outcome, last, expected) in cases {
            assert_eq!(is_suspicious(outcome, last), expected, "{outcome:?} after {last:?}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let history = folder.path().join("history.csv");
        let mut source =
            source(&[Outcome::Complete(0), Outcome::Complete(7), Outcome::Complete(0)]);
        let plan = plan(vec![query("a", &["A"]), query("b", &["B"])]);
        run_to_end(&plan, &mut source, &history);
        assert_eq!(source.asked, ["a", "b", "a"], "once more, and then it is believed");
        let details: Vec<String> =
            rows(&history).iter().map(|row| row.detail.as_str().to_owned()).collect();
        assert_eq!(details, ["planned 2; suspicious", "", ""]);
    }

    #[test]
    fn a_shared_answer_becomes_a_row_for_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = folder.path().join("history.csv");
        let plan = plan(vec![query("a", &["A", "B"])]);
        run_to_end(&plan, &mut source(&[Outcome::Complete(5)]), &history);
        let rows = rows(&history);
        let names: Vec<&str> = rows.iter().map(|row| row.framework.as_str()).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(rows[0].detail.planned(), Some(2));
        assert_eq!(rows[1].detail.as_str(), "");
    }

    #[test]
    fn a_signal_ends_the_pass_between_answers() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = folder.path().join("history.csv");
        let (stopper, mut stop) = stop_flag();
        let mut source = source(&[Outcome::Complete(1), Outcome::Complete(2)]);
        source.stop_before = Some((2, stopper));
        let plan = plan(vec![query("a", &["A"]), query("b", &["B"]), query("c", &["C"])]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut appender = Appender::open(&history, started().started_at()).expect("an appender");
        let pass = collect(&plan, "test", started(), &mut source, &mut appender, &mut stop, |_| {});
        let collected = runtime.block_on(pass).expect("a pass");
        assert_eq!(
            collected,
            Collected { ending: Ending::Interrupted(Signal::Terminate), rows: 1 }
        );
        assert_eq!(rows(&history).len(), 1);
    }

    /// A clock that goes on by what is slept, from a given moment.
    struct ManualClock {
        now: std::sync::Mutex<(DateTime<Utc>, Duration)>,
    }

    impl Clock for ManualClock {
        fn now_utc(&self) -> DateTime<Utc> {
            let (start, passed) = *self.now.lock().expect("a clock");
            chrono::SubsecRound::trunc_subsecs(start + passed, 0)
        }
        fn monotonic(&self) -> Duration {
            self.now.lock().expect("a clock").1
        }
        fn sleep(&self, duration: Duration) -> crate::clock::Sleep<'_> {
            self.now.lock().expect("a clock").1 += duration;
            Box::pin(std::future::ready(()))
        }
    }

    #[test]
    fn a_run_waits_for_the_clock_or_gives_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = folder.path().join("history.csv");
        let plan = plan(vec![query("a", &["A"])]);
        run_to_end(&plan, &mut source(&[Outcome::Complete(5)]), &history);
        let appender = Appender::open(&history, started().started_at()).expect("an appender");
        assert_eq!(appender.last_run(), Some(started()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let start = |seconds: i64| {
            let now = started().started_at() + chrono::TimeDelta::seconds(seconds);
            let clock = ManualClock { now: (now, Duration::ZERO).into() };
            runtime.block_on(start_run(&appender, &clock, 0))
        };
        assert_eq!(start(1).expect("an id").to_string(), "20261121T060004Z-0000");
        assert_eq!(start(0).expect("an id").to_string(), "20261121T060004Z-0000");
        assert!(matches!(start(-60), Err(HistoryError::ClockBehind { .. })));
    }
}

//! GitHub's GraphQL search as a source of answers: many counts in one request.
//!
//! GraphQL does not say whether a search was complete, so its counts are `unchecked`. A document
//! that was too much is halved until the search that is to blame stands alone; that one, and
//! whatever must tell its completeness, is asked over REST. Everything is sent one after the other,
//! so that a pause for one of the two is a pause for both.
//!
//! `batch` (how many searches next), `document` (what is sent) and `answer` (what came) are pure.

mod answer;
mod batch;
mod document;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::http::{Broken, BrokenKind, Exchange};
use super::pause::{Limited, Pause};
use super::quota::{LimitHeaders, Points, PointsPacer};
use super::rest::{MOST_SECONDARY_IN_A_ROW, Rest, TO_TRY_AGAIN, rate_of};
use super::waiting::{Notice, Patience, scattered};
use super::{Again, Answer, AnswerSource, ApiAddress, Means, Question, Reply, SourceError};
use crate::clock::Clock;
use crate::domain::sample::{Detail, Outcome, SourceKind};
use crate::platform::Stop;

use answer::{Counts, Judged, Lack, judge};
use batch::Batch;
use document::render_request;

/// The longest pause before documents are sent again after one was too much.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// After so many searches that died alone, without a document answered in between, GraphQL is taken
/// to be out of order if REST is not.
const MOST_DEATHS_ALONE: u32 = 2;

/// So many questions then go over REST before GraphQL is tried again: a window's.
const OVER_REST: usize = 30;

/// GitHub's GraphQL search, with REST beside it.
pub struct Graphql<'c> {
    rest: Rest<'c>,
    pacer: PointsPacer,
    batch: Batch,
    /// Searches that got no number while others did, by query and pass.
    suspects: BTreeMap<(String, u32), Trial>,
    /// How many documents were too much, one after the other.
    died_in_a_row: u32,
    /// How many searches died alone since a document was last answered.
    died_alone_in_a_row: u32,
    /// How many more questions go over REST, because GraphQL answers nothing.
    over_rest: usize,
}

/// How a suspected search is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// In a document of its own, after one of so many searches brought nothing and blamed it; `None`
    /// if that one brought the others.
    Alone(Option<usize>),
    /// Over REST.
    OverRest,
}

/// What a document came to.
enum Came {
    Judged(Judged, Box<Exchange>),
    Broken(Broken),
}

impl<'c> Graphql<'c> {
    /// Makes a source; `tell` hears of waits and troubles.
    ///
    /// # Errors
    ///
    /// Fails if no connection can be set up at all, as with unusable certificates.
    pub fn new(
        address: ApiAddress,
        token: SecretString,
        patience: Patience,
        pauses: Vec<Pause>,
        clock: &'c dyn Clock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Self, SourceError> {
        let gap = patience.gap;
        Ok(Self {
            rest: Rest::new(address, Some(token), patience, pauses, clock, tell)?,
            pacer: PointsPacer::new(gap),
            batch: Batch::default(),
            suspects: BTreeMap::new(),
            died_in_a_row: 0,
            died_alone_in_a_row: 0,
            over_rest: 0,
        })
    }

    /// Returns the REST beside it.
    pub(super) fn rest(&mut self) -> &mut Rest<'c> {
        &mut self.rest
    }

    fn trial_of(&self, question: &Question) -> Option<Trial> {
        self.suspects.get(&(question.query.clone(), question.sample_no)).copied()
    }

    fn suspect(&mut self, question: &Question, trial: Trial) {
        self.suspects.insert((question.query.clone(), question.sample_no), trial);
    }

    /// Asks one question over REST, which always answers in the end. `still_to_ask` counts those
    /// that are known to need REST.
    async fn ask_rest(
        &mut self,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let answer = self.rest.ask_one(question, still_to_ask, stop).await?;
        if answer.outcome != Outcome::Failed && self.died_alone_in_a_row >= MOST_DEATHS_ALONE {
            // REST lives and GraphQL does not.
            self.over_rest = OVER_REST;
            (self.died_in_a_row, self.died_alone_in_a_row) = (0, 0);
        }
        self.suspects.remove(&(question.query.clone(), question.sample_no));
        Ok(vec![Reply::Answer(Box::new(answer))])
    }

    /// Sends one document and makes of its answer what can be made.
    async fn ask_document(
        &mut self,
        questions: &[Question],
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let pacer = &self.pacer;
        let next = |now| pacer.next_document(now);
        self.rest.waiting.wait_for_turn(Limited::Graphql, next, stop).await?;
        let asks = describe(questions);
        self.rest.waiting.note_sent(&asks);
        let sent = self.rest.waiting.now();
        let came = self.exchange(questions, stop).await?;
        let took = self.rest.waiting.now().saturating_sub(sent);
        let (judged, exchange) = match came {
            Came::Judged(judged, exchange) => (judged, exchange),
            Came::Broken(broken) => return self.take_broken(questions, broken, took, stop).await,
        };
        let limits = &exchange.response.head.limits;
        match judged {
            Judged::Counts(counts) => {
                self.take_counts(questions, &counts, &exchange, took, stop).await
            }
            Judged::PrimaryLimit => {
                self.note_primary_limit(limits)?;
                Ok(nothing_yet(questions))
            }
            Judged::SecondaryLimit => {
                self.note_secondary_limit(limits)?;
                Ok(nothing_yet(questions))
            }
            Judged::TooMuch { detail, said } => {
                if limits.retry_after_s.is_some() {
                    self.note_pause(Limited::All, limits)?;
                }
                self.take_death(questions, (&detail, &said), took, stop).await
            }
            Judged::NoDocument { said } => {
                Err(SourceError::NoDocument { said: self.rest.http.redact(&said) })
            }
            Judged::NoFurther { why, said } => {
                let said = self.rest.http.redact(&said);
                Err(SourceError::Closed { why, said, has_token: self.rest.has_token })
            }
        }
    }

    /// The next turn waits.
    fn note_primary_limit(&mut self, limits: &LimitHeaders) -> Result<(), SourceError> {
        self.note_pause(Limited::Graphql, limits)
    }

    /// The next turn waits, and afterwards size and pace come back slowly.
    fn note_secondary_limit(&mut self, limits: &LimitHeaders) -> Result<(), SourceError> {
        self.note_pause(Limited::All, limits)?;
        if self.pacer.secondary_in_a_row() >= MOST_SECONDARY_IN_A_ROW {
            return Err(SourceError::Unwelcome);
        }
        self.batch.paused();
        Ok(())
    }

    fn note_pause(&mut self, limited: Limited, limits: &LimitHeaders) -> Result<(), SourceError> {
        let next = self.pacer.next_document(self.rest.waiting.now());
        self.rest.waiting.note_pause(limited, next, limits)
    }

    /// Sends a document and tells the pacer what came of it.
    async fn exchange(
        &mut self,
        questions: &[Question],
        stop: &mut Stop,
    ) -> Result<Came, SourceError> {
        let body = render_request(questions.iter().map(|question| question.query.as_str()));
        let rest = &mut self.rest;
        self.pacer.sent(rest.waiting.now());
        let came = tokio::select! {
            signal = stop.wait() => return Err(SourceError::Interrupted(signal)),
            came = rest.http.post(rest.address.graphql(), body) => came,
        };
        let (now, local) = (rest.waiting.now(), rest.waiting.now_utc());
        Ok(match came {
            Err(broken) => {
                let nothing = LimitHeaders::default();
                let limits = broken.head.as_ref().map_or(&nothing, |head| &head.limits);
                self.pacer.failed(now, local, limits);
                Came::Broken(broken)
            }
            Ok(exchange) => {
                let judged = judge(&exchange.response, questions.len());
                let limits = &exchange.response.head.limits;
                match &judged {
                    Judged::PrimaryLimit => self.pacer.refused_primary(now, local, limits),
                    Judged::SecondaryLimit => self.pacer.refused_secondary(now, local, limits),
                    Judged::TooMuch { .. } => self.pacer.failed(now, local, limits),
                    Judged::Counts(counts) => {
                        self.pacer.answered(now, local, limits, counts.points);
                        match counts.lack {
                            Lack::PrimaryLimit => self.pacer.refused_primary(now, local, limits),
                            Lack::SecondaryLimit => {
                                self.pacer.refused_secondary(now, local, limits);
                            }
                            Lack::None | Lack::Searches(_) | Lack::Document => {}
                        }
                    }
                    Judged::NoDocument { .. } | Judged::NoFurther { .. } => {
                        self.pacer.answered(now, local, limits, Points::default());
                    }
                }
                rest.waiting.tell_head(&exchange.response.head);
                Came::Judged(judged, Box::new(exchange))
            }
        })
    }

    /// Makes answers of the numbers, and plans how the others are asked again.
    async fn take_counts(
        &mut self,
        questions: &[Question],
        counts: &Counts,
        exchange: &Exchange,
        took: Duration,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        if counts.lack != Lack::None {
            let said = self.rest.http.redact(&counts.said);
            let lacking = counts.found.iter().filter(|count| count.is_none()).count();
            let detail = format!("{lacking} without a number");
            self.rest.waiting.trouble(&describe(questions), &detail, said);
        }
        let has_numbers = counts.found.iter().any(Option::is_some);
        if has_numbers {
            self.died_in_a_row = 0;
            self.died_alone_in_a_row = 0;
            self.rest.has_counted = true;
            self.rest.waiting.note_answer();
        }
        match &counts.lack {
            Lack::None => self.batch.answered(questions.len(), took),
            Lack::Searches(to_blame) => {
                let blame = to_blame.iter().filter_map(|search| questions.get(*search));
                for question in blame {
                    let of = (!has_numbers).then_some(questions.len());
                    let alone = questions.len() == 1;
                    self.suspect(question, if alone { Trial::OverRest } else { Trial::Alone(of) });
                }
            }
            Lack::Document => self.batch.died(questions.len()),
            Lack::PrimaryLimit => {
                self.rest.ended = self.note_primary_limit(&exchange.response.head.limits).err();
            }
            Lack::SecondaryLimit => {
                self.rest.ended = self.note_secondary_limit(&exchange.response.head.limits).err();
            }
        }
        for (question, _) in questions.iter().zip(&counts.found).filter(|(_, c)| c.is_some()) {
            let key = (question.query.clone(), question.sample_no);
            if let Some(Trial::Alone(Some(of))) = self.suspects.remove(&key) {
                // It was not to blame, so the document was.
                self.batch.died(of);
            }
        }
        if !has_numbers {
            self.rest.waiting.spend(took);
            let pause = scattered(Duration::from_secs(1));
            self.rest.waiting.wait(pause, TO_TRY_AGAIN, false, stop).await?;
        }
        let reply = |(question, count): (&Question, &Option<u64>)| match count {
            Some(count) => Reply::Answer(Box::new(self.counted(question, *count, exchange))),
            None => Reply::NotYet,
        };
        Ok(questions.iter().zip(&counts.found).map(reply).collect())
    }

    fn counted(&self, question: &Question, count: u64, exchange: &Exchange) -> Answer {
        let left_out = exchange.response.head.leaves_organisations_out();
        let (outcome, detail) = if left_out {
            (Outcome::Incomplete(count), "single sign-on left out organisations")
        } else {
            (Outcome::Unchecked(count), "")
        };
        Answer {
            observed_at: self.rest.waiting.now_utc(),
            outcome,
            source: self.rest.source_of(SourceKind::Graphql, Some(&exchange.host)),
            query: question.query.clone(),
            detail: Detail::from_text(detail),
            rate: rate_of(&exchange.response.head.limits),
            again: Again::No,
        }
    }

    /// No whole answer came: the document may have been too much, or GitHub cannot be reached.
    async fn take_broken(
        &mut self,
        questions: &[Question],
        broken: Broken,
        took: Duration,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let Broken { detail, said, kind, .. } = broken;
        if kind == BrokenKind::Refused {
            let said = self.rest.http.redact(&format!("{detail}, {said}"));
            return Err(SourceError::NoDocument { said });
        }
        self.take_death(questions, (detail, &said), took, stop).await
    }

    /// Halves the document, or at size one leaves the search to REST, and waits a little: 1, 2, 4 …
    /// seconds.
    async fn take_death(
        &mut self,
        questions: &[Question],
        (detail, said): (&str, &str),
        took: Duration,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let is_trial = self.batch.is_trial(questions.len()) && self.died_in_a_row == 0;
        self.died_in_a_row = self.died_in_a_row.saturating_add(1);
        let said = self.rest.http.redact(said);
        self.rest.waiting.trouble(&describe(questions), detail, said);
        if let [question] = questions {
            self.died_alone_in_a_row = self.died_alone_in_a_row.saturating_add(1);
            if self.trial_of(question).is_none() {
                self.batch.died_alone();
            }
            self.suspect(question, Trial::OverRest);
        } else {
            self.batch.died(questions.len());
        }
        let doublings = (self.died_in_a_row - 1).min(10);
        let pause = scattered(Duration::from_secs(1 << doublings)).min(LONGEST_PAUSE);
        if !is_trial {
            self.rest.waiting.spend(took);
        }
        self.rest.waiting.wait(pause, TO_TRY_AGAIN, is_trial, stop).await?;
        Ok(nothing_yet(questions))
    }
}

impl AnswerSource for Graphql<'_> {
    fn most_at_once(&self) -> usize {
        self.batch.size()
    }

    async fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let Some(first) = questions.first() else { return Ok(Vec::new()) };
        if let Some(error) = self.rest.ended.take() {
            return Err(error);
        }
        if first.means == Means::TellingCompleteness {
            return self.ask_rest(first, still_to_ask, stop).await;
        }
        if self.over_rest > 0 {
            self.over_rest -= 1;
            return self.ask_rest(first, still_to_ask.min(OVER_REST), stop).await;
        }
        match self.trial_of(first) {
            Some(Trial::OverRest) => self.ask_rest(first, 1 + self.suspects.len(), stop).await,
            Some(Trial::Alone(_)) => self.ask_document(&questions[..1], stop).await,
            None => {
                let suspect = questions.iter().position(|q| self.trial_of(q).is_some());
                let most = suspect.unwrap_or(questions.len()).min(self.batch.size());
                self.ask_document(&questions[..most], stop).await
            }
        }
    }
}

fn nothing_yet(questions: &[Question]) -> Vec<Reply> {
    questions.iter().map(|_| Reply::NotYet).collect()
}

/// Names what a document asks.
fn describe(questions: &[Question]) -> String {
    match questions {
        [only] => only.query.clone(),
        [first, .., last] => {
            format!("{} queries, {} … {}", questions.len(), first.query, last.query)
        }
        [] => "nothing".to_owned(),
    }
}

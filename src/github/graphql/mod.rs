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

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::http::{Broken, BrokenKind, Exchange};
use super::quota::{LimitHeaders, Points, PointsPacer};
use super::rest::{MOST_SECONDARY_IN_A_ROW, Rest, TO_TRY_AGAIN, rate_of};
use super::waiting::{Notice, Patience, named_pause, scattered};
use super::{Answer, AnswerSource, ApiAddress, Means, Question, Reply, SourceError};
use crate::clock::Clock;
use crate::domain::sample::{Detail, Outcome, SourceKind};
use crate::platform::Stop;

use answer::{Counts, Judged, Lack, judge};
use batch::Batch;
use document::render_request;

/// The longest pause before documents are sent again after one was too much.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// GitHub's GraphQL search, with REST beside it.
pub struct Graphql<'c> {
    rest: Rest<'c>,
    pacer: PointsPacer,
    batch: Batch,
    /// Searches that got no number while others did, by query and pass.
    suspects: BTreeMap<(String, u32), Trial>,
    /// How many documents were too much, one after the other.
    died_in_a_row: u32,
}

/// How a suspected search is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    /// In a document of its own.
    Alone,
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
        clock: &'c dyn Clock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Self, SourceError> {
        let gap = patience.gap;
        Ok(Self {
            rest: Rest::new(address, Some(token), patience, clock, tell)?,
            pacer: PointsPacer::new(gap),
            batch: Batch::default(),
            suspects: BTreeMap::new(),
            died_in_a_row: 0,
        })
    }

    fn trial_of(&self, question: &Question) -> Option<Trial> {
        self.suspects.get(&(question.query.clone(), question.sample_no)).copied()
    }

    fn suspect(&mut self, question: &Question, trial: Trial) {
        self.suspects.insert((question.query.clone(), question.sample_no), trial);
    }

    /// Asks one question over REST, which always answers in the end.
    async fn ask_rest(
        &mut self,
        question: &Question,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        // What is left goes out by documents, so REST has no more to spread.
        let answer = self.rest.ask_one(question, 1 + self.suspects.len(), stop).await?;
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
        self.rest.waiting.wait_for_turn(|now| pacer.next_document(now), stop).await?;
        let asks = describe(questions);
        self.rest.waiting.tell_sent(&asks);
        let sent = self.rest.waiting.now();
        let came = self.exchange(questions, stop).await?;
        let took = self.rest.waiting.now().saturating_sub(sent);
        let (judged, exchange) = match came {
            Came::Judged(judged, exchange) => (judged, exchange),
            Came::Broken(broken) => return self.take_broken(questions, broken, took, stop).await,
        };
        let limits = &exchange.response.head.limits;
        match judged {
            Judged::Counts(counts) => Ok(self.take_counts(questions, &counts, &exchange, took)),
            // The next turn waits.
            Judged::PrimaryLimit => {
                self.note_limit(limits)?;
                Ok(nothing_yet(questions))
            }
            Judged::SecondaryLimit => {
                self.note_limit(limits)?;
                if self.pacer.secondary_in_a_row() >= MOST_SECONDARY_IN_A_ROW {
                    return Err(SourceError::Unwelcome);
                }
                self.batch.paused();
                Ok(nothing_yet(questions))
            }
            Judged::TooMuch { detail, said } => {
                let named = named_pause(limits);
                self.take_death(questions, (&detail, &said), took, named, stop).await
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

    fn note_limit(&mut self, limits: &LimitHeaders) -> Result<(), SourceError> {
        let next = self.pacer.next_document(self.rest.waiting.now());
        self.rest.waiting.note_limit(next, limits)
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
                    }
                    Judged::NoDocument { .. } | Judged::NoFurther { .. } => {
                        self.pacer.answered(now, local, limits, Points::default());
                    }
                }
                rest.waiting.tell_expiry(exchange.response.head.token_expires_at);
                Came::Judged(judged, Box::new(exchange))
            }
        })
    }

    /// Makes answers of the numbers, and plans how the others are asked again.
    fn take_counts(
        &mut self,
        questions: &[Question],
        counts: &Counts,
        exchange: &Exchange,
        took: Duration,
    ) -> Vec<Reply> {
        self.died_in_a_row = 0;
        self.rest.waiting.note_answer();
        if counts.lack != Lack::None {
            let said = self.rest.http.redact(&counts.said);
            let lacking = counts.found.iter().filter(|count| count.is_none()).count();
            let detail = format!("{lacking} without a number");
            self.rest.waiting.trouble(&describe(questions), &detail, said);
        }
        match &counts.lack {
            Lack::None => self.batch.answered(questions.len(), took),
            Lack::Searches(to_blame) => {
                for question in to_blame.iter().filter_map(|search| questions.get(*search)) {
                    let trial = if questions.len() == 1 { Trial::OverRest } else { Trial::Alone };
                    self.suspect(question, trial);
                }
            }
            Lack::Document => self.batch.died(questions.len()),
        }
        let pairs = questions.iter().zip(&counts.found);
        let replies: Vec<Reply> = pairs
            .map(|(question, count)| match count {
                Some(count) => Reply::Answer(Box::new(self.counted(question, *count, exchange))),
                None => Reply::NotYet,
            })
            .collect();
        for (question, _) in questions.iter().zip(&counts.found).filter(|(_, c)| c.is_some()) {
            self.suspects.remove(&(question.query.clone(), question.sample_no));
        }
        replies
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
            may_improve: false,
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
        self.take_death(questions, (detail, &said), took, Duration::ZERO, stop).await
    }

    /// Halves the document, or at size one leaves the search to REST, and waits a little: 1, 2, 4 …
    /// seconds.
    async fn take_death(
        &mut self,
        questions: &[Question],
        (detail, said): (&str, &str),
        took: Duration,
        named: Duration,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let is_trial = self.batch.is_trial(questions.len()) && self.died_in_a_row == 0;
        self.died_in_a_row = self.died_in_a_row.saturating_add(1);
        let said = self.rest.http.redact(said);
        self.rest.waiting.trouble(&describe(questions), detail, said);
        if let [question] = questions {
            if self.trial_of(question).is_none() {
                self.batch.died_alone();
            }
            self.suspect(question, Trial::OverRest);
        } else {
            self.batch.died(questions.len());
        }
        let doublings = (self.died_in_a_row - 1).min(10);
        let pause = scattered(Duration::from_secs(1 << doublings)).min(LONGEST_PAUSE).max(named);
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
        _still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let Some(first) = questions.first() else { return Ok(Vec::new()) };
        if first.means == Means::TellingCompleteness {
            return self.ask_rest(first, stop).await;
        }
        match self.trial_of(first) {
            Some(Trial::OverRest) => self.ask_rest(first, stop).await,
            Some(Trial::Alone) => self.ask_document(&questions[..1], stop).await,
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

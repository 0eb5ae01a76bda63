//! GitHub's REST search as a source of answers: paced, retried and waited for by the rules, one
//! request at a time.

use std::time::Duration;

use chrono::DateTime;
use reqwest::Url;
use secrecy::SecretString;

use super::http::{Broken, BrokenKind, Exchange, Http};
use super::pause::{Limited, Pause};
use super::quota::{LimitHeaders, Pacer};
use super::verdict::{RETRIES, Trust, Verdict, judge};
use super::waiting::{Notice, Patience, Waiting, named_pause, scattered};
use super::{Again, Answer, AnswerSource, ApiAddress, Question, Reply, SourceError};
use crate::clock::Clock;
use crate::domain::recording::RateHeaders;
use crate::domain::sample::{Detail, Outcome, STOPPED_EARLY, Source, SourceKind};
use crate::platform::Stop;

/// Searches a minute with a token, as long as GitHub does not say otherwise.
pub const LIMIT_WITH_TOKEN: u64 = 30;
/// Searches a minute without one.
pub const LIMIT_WITHOUT_TOKEN: u64 = 10;

/// So many refusals of the same kind, before any number came, mean that none will come.
const MOST_REFUSED_ALIKE: u32 = 5;

/// After so many secondary limits in a row, GitHub means it.
pub(super) const MOST_SECONDARY_IN_A_ROW: u32 = 5;

/// The reason of a wait before a resend.
pub(super) const TO_TRY_AGAIN: &str = "to try again";

/// GitHub's REST search.
pub struct Rest<'c> {
    pub(super) http: Http,
    pub(super) address: ApiAddress,
    pub(super) waiting: Waiting<'c>,
    pub(super) has_token: bool,
    pacer: Pacer,
    /// Whether any number came, over whichever API.
    pub(super) has_counted: bool,
    /// How many queries were refused for the same general reason, one after the other.
    refused_alike: u32,
    /// Why nothing further is asked, once it is so; told when the next question comes, so that the
    /// answers before it are kept.
    pub(super) ended: Option<SourceError>,
}

/// What a request came to that brought no answer.
struct Trouble {
    detail: String,
    said: String,
    /// How often it is worth asking again.
    most: u32,
    exchange: Option<Exchange>,
}

/// What is to be made of a request.
enum Settled {
    /// It brought the answer, be it a failure, and the body that a number stood in.
    Answer(Box<Answer>, Vec<u8>),
    /// The query was not looked at: a limit was in the way.
    NotLookedAt,
    /// It brought nothing.
    Trouble(Box<Trouble>),
}

impl<'c> Rest<'c> {
    /// Makes a source; `tell` hears of waits and troubles.
    ///
    /// # Errors
    ///
    /// Fails if no connection can be set up at all, as with unusable certificates.
    pub fn new(
        address: ApiAddress,
        token: Option<SecretString>,
        patience: Patience,
        pauses: Vec<Pause>,
        clock: &'c dyn Clock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Self, SourceError> {
        let has_token = token.is_some();
        let limit = if has_token { LIMIT_WITH_TOKEN } else { LIMIT_WITHOUT_TOKEN };
        let http = Http::new(&address, token, patience.request).map_err(SourceError::NoClient)?;
        Ok(Self {
            http,
            address,
            waiting: Waiting::new(patience, pauses, clock, tell),
            has_token,
            pacer: Pacer::new(limit, patience.gap),
            has_counted: false,
            refused_alike: 0,
            ended: None,
        })
    }

    /// Answers one question; see [`AnswerSource::ask`].
    pub(super) async fn ask_one(
        &mut self,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Answer, SourceError> {
        if let Some(error) = self.ended.take() {
            return Err(error);
        }
        self.waiting.wait_out_outage(stop).await?;
        let url = self.address.search(&question.query);
        Ok(self.answer(&url, question, still_to_ask, stop).await?.0)
    }

    /// Answers a question whatever it takes, or says why not; the body is that of a number.
    pub(super) async fn answer(
        &mut self,
        url: &Url,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<(Answer, Vec<u8>), SourceError> {
        let mut tries = 0;
        loop {
            let pacer = &self.pacer;
            let next = |now| pacer.next_request(now, still_to_ask);
            self.waiting.wait_for_turn(Limited::Rest, next, stop).await?;
            self.waiting.note_sent(&question.query);
            let sent = self.waiting.now();
            let came = self.exchange(url, stop).await?;
            let trouble = match self.settle(question, came, tries + 1)? {
                Settled::Answer(answer, body) => return Ok((*answer, body)),
                Settled::NotLookedAt => continue,
                Settled::Trouble(trouble) => trouble,
            };
            tries += 1;
            // Waiting for an answer that does not come is waiting, too.
            self.waiting.spend(self.waiting.now().saturating_sub(sent));
            self.trouble(question, &trouble.detail, &trouble.said);
            if tries > trouble.most || !self.pause(&trouble, tries, stop).await? {
                self.waiting.note_failure();
                let Trouble { detail, exchange, .. } = *trouble;
                let failed = self.failed(question, &detail, tries, exchange.as_ref());
                return Ok((Answer { again: Again::AfterOutage, ..failed }, Vec::new()));
            }
        }
    }

    /// Sends one request and tells the pacer what came of it.
    async fn exchange(&mut self, url: &Url, stop: &mut Stop) -> Result<Came, SourceError> {
        self.pacer.sent(self.waiting.now());
        let came = tokio::select! {
            signal = stop.wait() => return Err(SourceError::Interrupted(signal)),
            came = self.http.fetch(url) => came,
        };
        let (now, local) = (self.waiting.now(), self.waiting.now_utc());
        let nothing = LimitHeaders::default();
        Ok(match came {
            Err(broken) => {
                let limits = broken.head.as_ref().map_or(&nothing, |head| &head.limits);
                self.pacer.failed(now, local, limits);
                Came::Broken(broken)
            }
            Ok(exchange) => {
                let verdict = judge(&exchange.response);
                let limits = &exchange.response.head.limits;
                match verdict {
                    Verdict::PrimaryLimit => self.pacer.refused_primary(now, local, limits),
                    Verdict::SecondaryLimit => self.pacer.refused_secondary(now, local, limits),
                    Verdict::Again { .. } => self.pacer.failed(now, local, limits),
                    _ => self.pacer.answered(now, local, limits),
                }
                self.waiting.tell_head(&exchange.response.head);
                Came::Verdict(verdict, exchange)
            }
        })
    }

    /// Decides what a request came to; `tries` counts it.
    fn settle(
        &mut self,
        question: &Question,
        came: Came,
        tries: u32,
    ) -> Result<Settled, SourceError> {
        let answer = |answer| Ok(Settled::Answer(Box::new(answer), Vec::new()));
        match came {
            Came::Verdict(Verdict::Count { count, trust }, exchange) => {
                self.waiting.note_answer();
                self.has_counted = true;
                let counted = self.counted(question, count, trust, &exchange);
                Ok(Settled::Answer(Box::new(counted), exchange.response.body))
            }
            Came::Verdict(Verdict::PrimaryLimit, exchange) => {
                self.note_pause(Limited::Rest, &exchange)?;
                Ok(Settled::NotLookedAt)
            }
            Came::Verdict(Verdict::SecondaryLimit, exchange) => {
                self.note_pause(Limited::All, &exchange)?;
                if self.pacer.secondary_in_a_row() >= MOST_SECONDARY_IN_A_ROW {
                    return Err(SourceError::Unwelcome);
                }
                Ok(Settled::NotLookedAt)
            }
            Came::Verdict(Verdict::NoFurther { why, said }, _) => {
                let has_token = self.has_token;
                let said = self.http.redact(&said);
                Err(SourceError::Closed { why, said, has_token })
            }
            Came::Verdict(Verdict::Refused { detail, said }, exchange) => {
                self.trouble(question, detail, &said);
                self.give_up_if_hopeless(detail);
                answer(self.failed(question, detail, tries, Some(&exchange)))
            }
            Came::Verdict(Verdict::Again { detail, said, most }, exchange) => {
                let exchange = Some(exchange);
                Ok(Settled::Trouble(Box::new(Trouble { detail, said, most, exchange })))
            }
            Came::Broken(Broken { detail, said, kind, .. }) => {
                let most = match kind {
                    BrokenKind::NoAnswer => RETRIES,
                    BrokenKind::Garbled => 1,
                    BrokenKind::Refused => 0,
                };
                let detail = detail.to_owned();
                let trouble = Trouble { detail, said, most, exchange: None };
                Ok(Settled::Trouble(Box::new(trouble)))
            }
        }
    }

    fn note_pause(&mut self, limited: Limited, exchange: &Exchange) -> Result<(), SourceError> {
        let next = self.pacer.next_request(self.waiting.now(), 1);
        self.waiting.note_pause(limited, next, &exchange.response.head.limits)
    }

    /// Waits before the next try: 1, 4, 9 seconds, or as long as GitHub asks for. Returns false if
    /// that would take too long: what became of this query is an answer, and the next question
    /// meets the end.
    async fn pause(
        &mut self,
        trouble: &Trouble,
        tries: u32,
        stop: &mut Stop,
    ) -> Result<bool, SourceError> {
        let exchange = trouble.exchange.as_ref();
        let named = exchange.map_or(Duration::ZERO, |e| named_pause(&e.response.head.limits));
        let length = scattered(Duration::from_secs(u64::from(tries * tries))).max(named);
        match self.waiting.wait(length, TO_TRY_AGAIN, false, stop).await {
            Err(error @ SourceError::TooLong { .. }) => {
                self.ended = Some(error);
                Ok(false)
            }
            waited => waited.map(|()| true),
        }
    }

    /// The same refusal of everything asked so far says that the address or the network is wrong.
    fn give_up_if_hopeless(&mut self, detail: &'static str) {
        let is_general = matches!(detail, "403" | "404" | "not JSON" | "no user agent");
        self.refused_alike = if is_general { self.refused_alike + 1 } else { 0 };
        if !self.has_counted && self.refused_alike >= MOST_REFUSED_ALIKE {
            let trouble = self.waiting.last_trouble().unwrap_or_default();
            self.ended = Some(SourceError::Hopeless { trouble });
        }
    }

    fn trouble(&mut self, question: &Question, detail: &str, said: &str) {
        let said = self.http.redact(said);
        self.waiting.trouble(&question.query, detail, said);
    }

    fn counted(
        &self,
        question: &Question,
        count: u64,
        trust: Trust,
        exchange: &Exchange,
    ) -> Answer {
        let (outcome, detail) = match trust {
            Trust::Complete => (Outcome::Complete(count), ""),
            Trust::StoppedEarly => (Outcome::Incomplete(count), STOPPED_EARLY),
            Trust::LeftOut => (Outcome::Incomplete(count), "single sign-on left out organisations"),
            Trust::Unsaid => (Outcome::Unchecked(count), "completeness not said"),
        };
        Answer {
            observed_at: self.waiting.now_utc(),
            outcome,
            source: self.source(Some(exchange)),
            query: question.query.clone(),
            detail: Detail::from_text(detail),
            rate: rate_of(&exchange.response.head.limits),
            again: if trust == Trust::StoppedEarly { Again::Yes } else { Again::No },
        }
    }

    fn failed(
        &self,
        question: &Question,
        detail: &str,
        tries: u32,
        exchange: Option<&Exchange>,
    ) -> Answer {
        let mut text = detail.to_owned();
        if tries > 1 {
            text.push_str(&format!(", gave up after {tries} attempts"));
        }
        if let Some(id) = exchange.and_then(|e| e.response.head.request_id.as_ref()) {
            text.push_str(&format!("; request {id}"));
        }
        Answer {
            observed_at: self.waiting.now_utc(),
            outcome: Outcome::Failed,
            source: self.source(exchange),
            query: question.query.clone(),
            detail: Detail::from_text(&text),
            rate: exchange.and_then(|e| rate_of(&e.response.head.limits)),
            again: Again::No,
        }
    }

    fn source(&self, exchange: Option<&Exchange>) -> Source {
        self.source_of(SourceKind::Rest, exchange.map(|exchange| exchange.host.as_str()))
    }

    /// Returns the source of an answer: the host is named if it is not github.com, or if another
    /// one answered than was asked.
    pub(super) fn source_of(&self, kind: SourceKind, answered: Option<&str>) -> Source {
        let asked = self.address.host();
        let elsewhere = answered.filter(|answered| *answered != asked).map(str::to_owned);
        Source { kind, host: elsewhere.or_else(|| self.address.web_host()) }
    }
}

enum Came {
    Verdict(Verdict, Exchange),
    Broken(Broken),
}

impl AnswerSource for Rest<'_> {
    async fn ask(
        &mut self,
        questions: &[Question],
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let Some(question) = questions.first() else { return Ok(Vec::new()) };
        let answer = self.ask_one(question, still_to_ask, stop).await?;
        Ok(vec![Reply::Answer(Box::new(answer))])
    }
}

/// Returns what an answer says about its bucket; `None` if anything is missing.
pub(super) fn rate_of(limits: &LimitHeaders) -> Option<RateHeaders> {
    Some(RateHeaders {
        resource: limits.resource.clone().filter(|name| !name.chars().any(char::is_control))?,
        limit: limits.limit?,
        remaining: limits.remaining?,
        used: limits.used?,
        reset_at: DateTime::from_timestamp(limits.reset_s?, 0)?,
    })
}

//! GitHub's REST search as a source of answers: paced, retried and waited for by the rules, one
//! request at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Url;
use secrecy::SecretString;

use super::http::{Broken, BrokenKind, Exchange, Http};
use super::quota::{LimitHeaders, Next, Pacer, Why};
use super::verdict::{RETRIES, Trust, Verdict, judge};
use super::{Answer, AnswerSource, ApiAddress, Bound, Question, Reply, SourceError};
use crate::clock::Clock;
use crate::domain::recording::RateHeaders;
use crate::domain::sample::{Detail, Outcome, STOPPED_EARLY, Source, SourceKind};
use crate::platform::Stop;

/// Searches a minute with a token, as long as GitHub does not say otherwise.
const LIMIT_WITH_TOKEN: u64 = 30;
/// Searches a minute without one.
const LIMIT_WITHOUT_TOKEN: u64 = 10;

/// So many refusals of the same kind, before any number came, mean that none will come.
const MOST_REFUSED_ALIKE: u32 = 5;

/// The longest absence that a run waits out when GitHub asks for one.
const LONGEST_BAN: Duration = Duration::from_secs(3600);
/// The longest absence that is named exactly.
const LONGEST_NAMED: Duration = Duration::from_secs(366 * 24 * 3600);

/// After so many secondary limits in a row, GitHub means it.
const MOST_SECONDARY_IN_A_ROW: u32 = 5;

/// How long waiting may last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One request, from its start to the last byte.
    pub request: Duration,
    /// All unplanned waiting of a run: limits hit, retries, outages.
    pub unplanned: Duration,
    /// The whole run; `None` for as long as it takes.
    pub whole: Option<Duration>,
    /// The least time from one request to the next.
    pub gap: Duration,
}

/// The reason of a wait before a resend.
const TO_TRY_AGAIN: &str = "to try again";

/// What a source tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It waits.
    Waiting {
        /// Until when, in UTC.
        until: DateTime<Utc>,
        /// How long.
        length: Duration,
        /// The reason, in words.
        why: &'static str,
    },
    /// A request is sent.
    Sent {
        /// Its query.
        query: String,
    },
    /// A query failed, or something was wrong with its answer; for people, never for a file.
    Trouble {
        /// The query.
        query: String,
        /// Our word for it.
        detail: String,
        /// What GitHub, or the layer that failed, said; may be empty.
        said: String,
    },
    /// The token ends at that moment.
    TokenExpires(DateTime<Utc>),
}

/// GitHub's REST search.
pub struct Rest<'c, C> {
    http: Http,
    address: ApiAddress,
    pacer: Pacer,
    patience: Patience,
    clock: &'c C,
    started: Duration,
    unplanned: Duration,
    told_expiry: bool,
    has_token: bool,
    last_trouble: Option<String>,
    has_counted: bool,
    /// How many queries were refused for the same general reason, one after the other.
    refused_alike: u32,
    /// Why nothing further is asked, once it is so.
    ended: Option<SourceError>,
    tell: Box<dyn FnMut(Notice) + 'c>,
}

impl<'c, C: Clock> Rest<'c, C> {
    /// Makes a source; `tell` hears of waits and troubles.
    ///
    /// # Errors
    ///
    /// Fails if no connection can be set up at all, as with unusable certificates.
    pub fn new(
        address: ApiAddress,
        token: Option<SecretString>,
        patience: Patience,
        clock: &'c C,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Self, SourceError> {
        let has_token = token.is_some();
        let limit = if has_token { LIMIT_WITH_TOKEN } else { LIMIT_WITHOUT_TOKEN };
        let http = Http::new(&address, token, patience.request).map_err(SourceError::NoClient)?;
        Ok(Self {
            http,
            address,
            pacer: Pacer::new(limit, patience.gap),
            patience,
            clock,
            started: clock.monotonic(),
            unplanned: Duration::ZERO,
            told_expiry: false,
            has_token,
            last_trouble: None,
            has_counted: false,
            refused_alike: 0,
            ended: None,
            tell: Box::new(tell),
        })
    }

    /// Waits until the next request may be sent.
    async fn wait_for_turn(
        &mut self,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<(), SourceError> {
        loop {
            let now = self.clock.monotonic();
            match self.pacer.next_request(now, still_to_ask) {
                Next::Now => return self.expect_time_left(now),
                Next::At { at, why } => {
                    let length = at.saturating_sub(now).max(Duration::from_millis(1));
                    self.wait(length, words_of(why), why.is_planned(), stop).await?;
                }
            }
        }
    }

    /// Fails once the whole run has taken as long as it may.
    fn expect_time_left(&self, now: Duration) -> Result<(), SourceError> {
        if self.patience.whole.is_none_or(|whole| now <= self.started + whole) {
            return Ok(());
        }
        let (until, trouble) = (self.clock.now_utc(), self.last_trouble.clone());
        Err(SourceError::TooLong { until, why: "to go on", bound: Bound::Whole, trouble })
    }

    /// Waits, if patience allows for it.
    async fn wait(
        &mut self,
        length: Duration,
        why: &'static str,
        is_planned: bool,
        stop: &mut Stop,
    ) -> Result<(), SourceError> {
        let until = self.clock.now_utc() + length;
        let trouble = self.last_trouble.clone();
        let too_long = |bound| SourceError::TooLong { until, why, bound, trouble };
        if !is_planned {
            if self.unplanned + length > self.patience.unplanned {
                return Err(too_long(Bound::Unplanned));
            }
            self.unplanned += length;
        }
        let ends = self.clock.monotonic() + length;
        if self.patience.whole.is_some_and(|whole| ends > self.started + whole) {
            return Err(too_long(Bound::Whole));
        }
        (self.tell)(Notice::Waiting { until, length, why });
        tokio::select! {
            signal = stop.wait() => Err(SourceError::Interrupted(signal)),
            () = self.clock.sleep(length) => Ok(()),
        }
    }

    /// Sends one request and tells the pacer what came of it.
    async fn exchange(&mut self, url: &Url, stop: &mut Stop) -> Result<Came, SourceError> {
        self.pacer.sent(self.clock.monotonic());
        let came = tokio::select! {
            signal = stop.wait() => return Err(SourceError::Interrupted(signal)),
            came = self.http.fetch(url) => came,
        };
        let (now, local) = (self.clock.monotonic(), self.clock.now_utc());
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
                self.tell_expiry(exchange.response.head.token_expires_at);
                Came::Verdict(verdict, exchange)
            }
        })
    }

    fn tell_expiry(&mut self, expires_at: Option<DateTime<Utc>>) {
        if let Some(at) = expires_at.filter(|_| !self.told_expiry) {
            self.told_expiry = true;
            (self.tell)(Notice::TokenExpires(at));
        }
    }

    /// Answers a question whatever it takes, or says why not.
    async fn answer(
        &mut self,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Answer, SourceError> {
        let url = self.address.search(&question.query);
        let mut tries = 0;
        loop {
            self.wait_for_turn(still_to_ask, stop).await?;
            (self.tell)(Notice::Sent { query: question.query.clone() });
            tries += 1;
            let asked_at = self.clock.monotonic();
            let (detail, said, most, exchange) = match self.exchange(&url, stop).await? {
                Came::Verdict(Verdict::Count { count, trust }, exchange) => {
                    self.last_trouble = None;
                    self.has_counted = true;
                    return Ok(self.counted(question, count, trust, &exchange));
                }
                Came::Verdict(Verdict::PrimaryLimit, _) => {
                    // Not a try: the query was not looked at.
                    tries -= 1;
                    continue;
                }
                Came::Verdict(Verdict::SecondaryLimit, exchange) => {
                    self.refuse_long_ban(&exchange)?;
                    if self.pacer.secondary_in_a_row() >= MOST_SECONDARY_IN_A_ROW {
                        return Err(SourceError::Unwelcome);
                    }
                    tries -= 1;
                    continue;
                }
                Came::Verdict(Verdict::NoFurther { why, said }, _) => {
                    let has_token = self.has_token;
                    let said = self.http.redact(&said);
                    return Err(SourceError::Closed { why, said, has_token });
                }
                Came::Verdict(Verdict::Refused { detail, said }, exchange) => {
                    self.trouble(question, detail, &said);
                    self.give_up_if_hopeless(detail);
                    return Ok(self.failed(question, detail, tries, Some(&exchange)));
                }
                Came::Verdict(Verdict::Again { detail, said, most }, exchange) => {
                    (detail, said, most, Some(exchange))
                }
                Came::Broken(Broken { detail, said, kind, .. }) => {
                    let most = match kind {
                        BrokenKind::NoAnswer => RETRIES,
                        BrokenKind::Garbled => 1,
                        BrokenKind::Refused => 0,
                    };
                    (detail.to_owned(), said, most, None)
                }
            };
            // Waiting for an answer that does not come is waiting, too.
            self.unplanned += self.clock.monotonic().saturating_sub(asked_at);
            self.trouble(question, &detail, &said);
            if tries > most {
                return Ok(self.failed(question, &detail, tries, exchange.as_ref()));
            }
            let named = exchange.as_ref().and_then(|e| e.response.head.limits.retry_after_s);
            let named = named.map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_NAMED);
            let pause = pause_before(tries).max(named);
            let pause = self.wait(pause, TO_TRY_AGAIN, false, stop).await;
            if let Err(error @ SourceError::TooLong { .. }) = pause {
                // What became of this query is an answer; the next question meets the end.
                self.ended = Some(error);
                return Ok(self.failed(question, &detail, tries, exchange.as_ref()));
            }
            pause?;
        }
    }

    /// The same refusal of everything asked so far says that the address or the network is wrong.
    fn give_up_if_hopeless(&mut self, detail: &'static str) {
        let is_general = matches!(detail, "403" | "404" | "not JSON" | "no user agent");
        self.refused_alike = if is_general { self.refused_alike + 1 } else { 0 };
        if !self.has_counted && self.refused_alike >= MOST_REFUSED_ALIKE {
            let trouble = self.last_trouble.clone().unwrap_or_default();
            self.ended = Some(SourceError::Hopeless { trouble });
        }
    }

    /// GitHub may ask for a longer absence than a run should wait; coming back earlier is no choice.
    fn refuse_long_ban(&self, exchange: &Exchange) -> Result<(), SourceError> {
        let ban = exchange.response.head.limits.retry_after_s.map(Duration::from_secs);
        let Some(ban) = ban.filter(|ban| *ban > LONGEST_BAN) else { return Ok(()) };
        Err(SourceError::TooLong {
            until: self.clock.now_utc() + ban.min(LONGEST_NAMED),
            why: words_of(Why::SecondaryLimit),
            bound: Bound::Unplanned,
            trouble: self.last_trouble.clone(),
        })
    }

    fn trouble(&mut self, question: &Question, detail: &str, said: &str) {
        let (query, detail) = (question.query.clone(), detail.to_owned());
        let said = self.http.redact(said);
        let words = if said.is_empty() { String::new() } else { format!(", {said}") };
        self.last_trouble = Some(format!("`{query}`: {detail}{words}"));
        (self.tell)(Notice::Trouble { query, detail, said });
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
            observed_at: self.clock.now_utc(),
            outcome,
            source: self.source(Some(exchange)),
            query: question.query.clone(),
            detail: Detail::from_text(detail),
            rate: rate_of(&exchange.response.head.limits),
            may_improve: trust == Trust::StoppedEarly,
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
            observed_at: self.clock.now_utc(),
            outcome: Outcome::Failed,
            source: self.source(exchange),
            query: question.query.clone(),
            detail: Detail::from_text(&text),
            rate: exchange.and_then(|e| rate_of(&e.response.head.limits)),
            may_improve: false,
        }
    }

    fn source(&self, exchange: Option<&Exchange>) -> Source {
        let asked = self.address.host();
        let answered = exchange.map_or(asked.as_str(), |exchange| exchange.host.as_str());
        let host =
            if answered == asked { self.address.web_host() } else { Some(answered.to_owned()) };
        Source { kind: SourceKind::Rest, host }
    }
}

enum Came {
    Verdict(Verdict, Exchange),
    Broken(Broken),
}

impl<C: Clock> AnswerSource for Rest<'_, C> {
    async fn ask(
        &mut self,
        question: &Question,
        still_to_ask: usize,
        stop: &mut Stop,
    ) -> Result<Reply, SourceError> {
        if let Some(error) = self.ended.take() {
            return Err(error);
        }
        let answer = self.answer(question, still_to_ask, stop).await?;
        Ok(Reply::Answer(Box::new(answer)))
    }
}

/// Returns the pause before the next try: 1, 4, 9 seconds, a quarter more or less, so that many
/// clients do not come back in step.
fn pause_before(tries: u32) -> Duration {
    let base = f64::from(tries * tries);
    Duration::from_secs_f64(base * (0.75 + fastrand::f64() / 2.0))
}

fn words_of(why: Why) -> &'static str {
    match why {
        Why::Gap => "to leave time between requests",
        Why::Spread => "to spread requests over GitHub's window",
        Why::Window => "for GitHub's next window",
        Why::PrimaryLimit => "because GitHub's limit is used up",
        Why::SecondaryLimit => "because GitHub asks for a pause (secondary limit)",
    }
}

fn rate_of(limits: &LimitHeaders) -> Option<RateHeaders> {
    Some(RateHeaders {
        resource: limits.resource.clone().filter(|name| !name.chars().any(char::is_control))?,
        limit: limits.limit?,
        remaining: limits.remaining?,
        used: limits.used?,
        reset_at: DateTime::from_timestamp(limits.reset_s?, 0)?,
    })
}

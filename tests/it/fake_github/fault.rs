//! Scripted faults: which requests go wrong, how often, and how.
//!
//! Only the choice lives here. What a fault looks like is in `scripted` (headers and bodies) and in
//! `wire` (bytes).

use std::time::Duration;

/// One thing that goes wrong, for the requests it is meant for.
///
/// Of several faults that fit a request, the first one added that has not been used up is taken.
#[derive(Debug, Clone)]
pub(crate) struct Scripted<R> {
    when: When,
    reply: R,
    left: Option<usize>,
}

/// One thing that goes wrong with requests of REST.
pub(crate) type Fault = Scripted<Reply>;

/// The requests that a fault is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum When {
    /// Searches whose decoded `q` is exactly this text.
    Query(String),
    /// Searches whose decoded `q` contains this text, and documents with such a query.
    Containing(String),
    /// The search, or the document, with this number; each are counted from 1 in the order of
    /// arrival.
    Nth(usize),
    /// Every search, or every document.
    Always,
    /// Documents one of whose queries is exactly this text.
    HasQuery(String),
    /// Requests of `/rate_limit`.
    RateLimit,
}

impl When {
    /// Selects searches for exactly `q`.
    pub(crate) fn query(q: &str) -> Self {
        Self::Query(q.to_owned())
    }

    /// Selects documents that ask for exactly `q`.
    pub(crate) fn has_query(q: &str) -> Self {
        Self::HasQuery(q.to_owned())
    }
}

/// A request as far as a fault cares about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked<'a> {
    /// A search, with its number and its decoded `q`.
    Search {
        /// Counted from 1.
        nth: usize,
        /// Empty when absent.
        q: &'a str,
    },
    /// A request of `/rate_limit`.
    RateLimit,
    /// A document, with its number and its queries.
    Graphql {
        /// Counted from 1.
        nth: usize,
        /// In the order of their aliases; none when the document is invalid.
        queries: &'a [String],
    },
    /// Anything else; no fault is meant for it.
    Other,
}

/// What is answered instead of a good answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    /// 200 with `incomplete_results: true`.
    IncompleteResults,
    /// 401 `Bad credentials`.
    BadCredentials,
    /// 403 `Maximum number of login attempts exceeded`.
    TooManyLogins,
    /// The primary limit: all that is left of the caller's window is gone until it ends.
    PrimaryLimit,
    /// A secondary limit, for this request only; it does not use up the window.
    SecondaryLimit {
        /// The seconds in `retry-after`; `None` leaves the header out.
        retry_after: Option<u64>,
        /// Whether the `x-ratelimit-*` headers are there, with what is truly left.
        rate_headers: bool,
        /// 403 or 429.
        status: u16,
        /// The age of the message.
        wording: Wording,
    },
    /// 403 with `X-GitHub-SSO: required`.
    SsoRequired,
    /// A good answer with `X-GitHub-SSO: partial-results`.
    SsoPartial,
    /// 403 of an organisation's list of allowed addresses.
    IpAllowList,
    /// 403 of an organisation that forbids classic tokens.
    ClassicTokenForbidden,
    /// The 403 page about a missing User-Agent.
    NoUserAgentPage,
    /// 404, JSON.
    NotFound,
    /// 422.
    ValidationFailed(ValidationKind),
    /// 410 of an API version past its support.
    Gone410,
    /// 400, JSON.
    BadRequest400,
    /// 429 without any mark of a limit: no headers, no known wording.
    TooManyRequests429,
    /// 403 without any mark of a limit.
    UnknownForbidden403,
    /// 500, 502, 503 or 504.
    ServerError(u16, ErrorBody),
    /// A good answer with `Deprecation` and `Sunset` headers.
    Deprecated,
    /// 200 with a page of a captive portal instead of JSON.
    WrongType,
    /// A redirect to another path of this server, `hops` times in all, then a good answer.
    RedirectSameHost {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// At least 1.
        hops: u32,
    },
    /// A redirect to the same path and query below another base URL.
    RedirectOtherHost {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The base URL, without a final slash.
        location: String,
    },
    /// A redirect to itself without end.
    RedirectLoop,
    /// 200 with `total_count` replaced by this value.
    Count(serde_json::Value),
    /// 200 with this text pasted in place of the number.
    RawCount(&'static str),
    /// 200 without `total_count`.
    MissingCount,
    /// 200 without a byte of body.
    EmptyBody,
    /// 200 with `null`.
    JsonNull,
    /// 200 with `[]`.
    JsonArray,
    /// A good answer behind a byte order mark.
    Bom,
    /// The request is read and never answered; ends when either side closes.
    Silence,
    /// The request is read and the connection reset.
    Reset,
    /// The request is read and the connection closed.
    CloseWithoutAnswer,
    /// The connection is closed in the middle of a good body.
    CutBody,
    /// The HTTP message is whole, its gzip stream ends in the middle.
    CutGzip,
    /// Chunked encoding that breaks off in nonsense after the first chunk.
    BadChunk,
    /// `Content-Length` is half of the body that follows.
    LyingLength,
    /// 200 with a well-formed JSON body of this many bytes.
    Huge(u64),
    /// 200 with a small gzip body that unpacks to this many bytes of well-formed JSON.
    GzipBomb(u64),
    /// A good answer whose body comes one byte at a time.
    Dripping {
        /// The time between two bytes.
        every: Duration,
    },
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
}

/// The wordings of a secondary limit, by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// The one searches get.
    Current,
    /// The current one with a paragraph about the terms of service.
    WithTerms,
    /// The one about content creation.
    ContentCreation,
    /// The one from before 2021, which old enterprise servers still use.
    AbuseDetection,
    /// The HTML page of the web hosts.
    WhoaTherePage,
}

/// The reasons for a 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValidationKind {
    /// `q` absent or empty.
    MissingQuery,
    /// More than 256 characters.
    TooLong,
    /// More than five `AND`, `OR` and `NOT`.
    TooManyOperators,
    /// `user:`, `org:` and `repo:` name nothing that can be searched.
    UnknownOwner,
    /// A page beyond the first 1000 results.
    BeyondFirstThousand,
    /// No qualifier applies to the type of search.
    NoQualifierApplies,
    /// `errors` holds plain text, as on other endpoints.
    PlainTextErrors,
    /// A message without `errors`.
    MessageOnly,
}

/// The bodies of a server error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorBody {
    /// `{"message":"Server Error"}`, or the documented shape of a 503.
    Json,
    /// The unicorn page; it carries no GitHub headers.
    UnicornHtml,
    /// Nothing, and no GitHub headers.
    Empty,
}

/// Where on a request's way its fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before GitHub knows the caller: not counted, not refused.
    AtTheDoor,
    /// Instead of counting: the limits themselves.
    AtTheLimit,
    /// After counting; a request beyond its limits is refused and leaves the fault for another one.
    AfterCounting,
}

impl Reply {
    /// A secondary limit as searches get it: 403, the current wording, rate headers, `retry-after`.
    pub(crate) fn secondary_limit(retry_after_s: u64) -> Self {
        Self::SecondaryLimit {
            retry_after: Some(retry_after_s),
            rate_headers: true,
            status: 403,
            wording: Wording::Current,
        }
    }

    /// Returns where this fault happens, which decides whether the request counts.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::PrimaryLimit | Self::SecondaryLimit { .. } => Stage::AtTheLimit,
            Self::BadCredentials
            | Self::TooManyLogins
            | Self::NoUserAgentPage
            | Self::NotFound
            | Self::Gone410
            | Self::BadRequest400
            | Self::TooManyRequests429
            | Self::ServerError(_, ErrorBody::UnicornHtml | ErrorBody::Empty)
            | Self::WrongType
            | Self::RedirectSameHost { .. }
            | Self::RedirectOtherHost { .. }
            | Self::RedirectLoop
            | Self::Reset
            | Self::CloseWithoutAnswer
            | Self::Raw(_) => Stage::AtTheDoor,
            _ => Stage::AfterCounting,
        }
    }
}

/// What goes wrong, as far as it depends on the request whether it can.
pub(crate) trait GoesWrong {
    /// Returns whether the request has what goes wrong.
    fn can_happen(&self, _asked: Asked<'_>) -> bool {
        true
    }
}

impl GoesWrong for Reply {}

impl<R> Scripted<R> {
    /// Makes a fault that happens every time.
    pub(crate) fn new(when: When, reply: R) -> Self {
        Self { when, reply, left: None }
    }

    /// Lets the fault happen this many times only.
    #[must_use]
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    fn fits(&self, asked: Asked<'_>) -> bool
    where
        R: GoesWrong,
    {
        if self.left == Some(0) || !self.reply.can_happen(asked) {
            return false;
        }
        match (&self.when, asked) {
            (When::Query(text), Asked::Search { q, .. }) => text == q,
            (When::Containing(text), Asked::Search { q, .. }) => q.contains(text),
            (When::Nth(number), Asked::Search { nth, .. } | Asked::Graphql { nth, .. }) => {
                *number == nth
            }
            (When::HasQuery(text), Asked::Graphql { queries, .. }) => queries.contains(text),
            (When::Containing(text), Asked::Graphql { queries, .. }) => {
                queries.iter().any(|query| query.contains(text))
            }
            (When::Always, Asked::Search { .. } | Asked::Graphql { .. })
            | (When::RateLimit, Asked::RateLimit) => true,
            _ => false,
        }
    }
}

/// The faults of a server, in the order they were added.
#[derive(Debug)]
pub(crate) struct Script<R>(Vec<Scripted<R>>);

impl<R: GoesWrong> Script<R> {
    /// Makes a script of these faults.
    pub(crate) fn new(faults: Vec<Scripted<R>>) -> Self {
        Self(faults)
    }

    /// Adds a fault behind the others.
    pub(crate) fn add(&mut self, fault: Scripted<R>) {
        self.0.push(fault);
    }

    /// Returns the fault for a request without using it up.
    pub(crate) fn find(&self, asked: Asked<'_>) -> Option<&R> {
        let fault = self.0.iter().find(|fault| fault.fits(asked))?;
        Some(&fault.reply)
    }

    /// Uses up one time of the fault that [`Script::find`] returns.
    pub(crate) fn use_up(&mut self, asked: Asked<'_>) {
        let fault = self.0.iter_mut().find(|fault| fault.fits(asked));
        if let Some(left) = fault.and_then(|fault| fault.left.as_mut()) {
            *left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_taken_in_order_until_used_up() {
        let mut script = Script::new(Vec::new());
        script.add(Fault::new(When::query("a"), Reply::JsonNull).times(1));
        script.add(Fault::new(When::Containing("a".into()), Reply::JsonArray).times(1));
        script.add(Fault::new(When::Nth(3), Reply::Bom));

        let asked = |nth, q| Asked::Search { nth, q };
        assert_eq!(script.find(asked(1, "a")), Some(&Reply::JsonNull));
        script.use_up(asked(1, "a"));
        assert_eq!(script.find(asked(2, "a")), Some(&Reply::JsonArray));
        script.use_up(asked(2, "ab"));
        assert_eq!(script.find(asked(2, "a")), None);
        assert_eq!(script.find(asked(3, "z")), Some(&Reply::Bom));
        assert_eq!(script.find(Asked::RateLimit), None);
        let queries = ["a".to_owned()];
        assert_eq!(script.find(Asked::Graphql { nth: 1, queries: &queries }), None);
    }
}

//! What an answer means, and whether asking again is worth it: a list of rules, apart from the
//! waiting.

use super::wire::{Complaint, Found, Response, first_words};

/// What one exchange came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A number.
    Count {
        /// How many repositories match.
        count: u64,
        /// How far it can be trusted.
        trust: Trust,
    },
    /// The window had nothing left; the same query may be sent when it has.
    PrimaryLimit,
    /// GitHub wants nothing from us for a while.
    SecondaryLimit,
    /// Asking again may help, at most so many times.
    Again {
        /// Our word for it.
        detail: String,
        /// What was said, for the terminal.
        said: String,
        /// How many times it is worth asking again.
        most: u32,
    },
    /// This query fails; others may not.
    Refused {
        /// Our word for it.
        detail: &'static str,
        /// What was said, for the terminal.
        said: String,
    },
    /// Every further query would fail as well.
    NoFurther {
        /// Why.
        why: Closed,
        /// What was said, for the terminal.
        said: String,
    },
}

/// How far a number can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// GitHub searched to the end.
    Complete,
    /// It was stopped by its time limit.
    StoppedEarly,
    /// Organisations were left out, for want of a single sign-on.
    LeftOut,
    /// The answer does not say.
    Unsaid,
}

/// Why no further query is worth sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The token is wrong, expired or revoked; the three look alike.
    TokenRefused,
    /// Too many bad logins: GitHub refuses all of this user's for a while.
    TooManyLogins,
    /// The API version is no longer served.
    VersionRetired,
}

impl Closed {
    /// Tells whether the token is to blame.
    #[must_use]
    pub fn blames_the_token(self) -> bool {
        match self {
            Self::TokenRefused | Self::TooManyLogins => true,
            Self::VersionRetired => false,
        }
    }
}

/// How often a server's trouble is worth asking again: after 1, 4 and 9 seconds.
pub(super) const RETRIES: u32 = 3;

/// How often an answer that makes no sense is worth asking again.
const RETRIES_OF_GARBLED: u32 = 1;

/// Judges an answer. The order of the rules is the one in which GitHub's own clients look.
pub(super) fn judge(response: &Response) -> Verdict {
    let Response { status, head, body } = response;
    match *status {
        200..=299 => judge_success(response),
        401 => {
            Verdict::NoFurther { why: Closed::TokenRefused, said: Complaint::parse(body).words() }
        }
        403 | 429 => judge_refusal(response),
        500..=599 => Verdict::Again {
            detail: status.to_string(),
            said: Complaint::parse(body).words(),
            most: RETRIES,
        },
        410 => {
            Verdict::NoFurther { why: Closed::VersionRetired, said: Complaint::parse(body).words() }
        }
        _ => {
            let said = Complaint::parse(body).words();
            let said = match &head.sunset {
                Some(sunset) => format!("{said} (sunset {})", first_words(sunset)),
                None => said,
            };
            let said = match *status {
                404 => format!("{said}; is the address of the API right?"),
                _ => said,
            };
            Verdict::Refused { detail: detail_of(*status, body), said }
        }
    }
}

fn judge_success(response: &Response) -> Verdict {
    let Response { head, body, .. } = response;
    let Some(found) = Found::parse(body) else {
        // A captive portal or proxy answers with a page of its own, each time.
        let is_page = !head.content_type.is_empty() && !head.content_type.contains("json");
        if is_page {
            return Verdict::Refused { detail: "not JSON", said: Complaint::parse(body).words() };
        }
        let said = first_words(&String::from_utf8_lossy(&body[..body.len().min(400)]));
        let detail = "unusable answer".to_owned();
        return Verdict::Again { detail, said, most: RETRIES_OF_GARBLED };
    };
    let trust = match (found.incomplete_results, head.leaves_organisations_out()) {
        (Some(true), _) => Trust::StoppedEarly,
        (_, true) => Trust::LeftOut,
        (Some(false), false) => Trust::Complete,
        (None, false) => Trust::Unsaid,
    };
    Verdict::Count { count: found.total_count, trust }
}

/// 403 and 429 mean many things. The marks of a secondary limit come before `remaining: 0`, which
/// comes before a `retry-after` without any mark. How long to wait is `quota`'s business: there
/// `retry-after` comes before everything.
pub(super) fn judge_refusal(response: &Response) -> Verdict {
    let Response { status, head, body } = response;
    let complaint = Complaint::parse(body);
    let said = complaint.words();
    let message = complaint.message.to_lowercase();
    if message.starts_with("maximum number of login attempts") {
        return Verdict::NoFurther { why: Closed::TooManyLogins, said };
    }
    if complaint.marks_secondary_limit() {
        return Verdict::SecondaryLimit;
    }
    if head.limits.remaining == Some(0) || complaint.marks_primary_limit() {
        return Verdict::PrimaryLimit;
    }
    if head.limits.retry_after_s.is_some() || *status == 429 {
        return Verdict::SecondaryLimit;
    }
    if let Some(sign_on) = &head.single_sign_on {
        return Verdict::Refused {
            detail: "single sign-on required",
            said: format!("{said} ({})", first_words(sign_on)),
        };
    }
    if message.contains("user-agent") || message.contains("administrative rules") {
        return Verdict::Refused { detail: "no user agent", said };
    }
    Verdict::Refused { detail: "403", said }
}

/// Returns our word for an answer that will be the same next time.
fn detail_of(status: u16, body: &[u8]) -> &'static str {
    if status == 422 {
        let complaint = Complaint::parse(body);
        let says = |start: &str| complaint.inner().any(|inner| inner.starts_with(start));
        return if says("The search is longer than") {
            "query too long"
        } else if says("More than five AND") {
            "too many operators"
        } else if says("The listed users and repositories cannot be searched") {
            "unknown owner or repository"
        } else if says("missing") {
            "empty query"
        } else {
            "query refused"
        };
    }
    match status {
        300..=399 => "redirected",
        400 => "400",
        404 => "404",
        451 => "451",
        _ => "unexpected status",
    }
}

#[cfg(test)]
mod tests {
    use super::super::quota::LimitHeaders;
    use super::super::wire::Head;
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        let content_type = "application/json; charset=utf-8".to_owned();
        let head = Head { content_type, ..Head::default() };
        Response { status, head, body: body.into() }
    }

    fn refused(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Refused { detail, .. } => detail,
            other => panic!("{other:?}"),
        }
    }

    fn sample(file: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/github/");
        std::fs::read_to_string(format!("{folder}{file}")).expect("a sample")
    }

    #[test]
    fn published_bodies_are_understood() {
        let one = response(200, &sample("search-repositories-200-one-item.json"));
        assert_eq!(judge(&one), Verdict::Count { count: 40, trust: Trust::Complete });
        let bad = judge(&response(401, &sample("rest-401-bad-credentials.json")));
        assert!(matches!(bad, Verdict::NoFurther { why: Closed::TokenRefused, .. }));
        let anonymous = judge(&response(403, &sample("rest-403-primary-unauthenticated.json")));
        assert_eq!(anonymous, Verdict::PrimaryLimit);
        for file in ["rest-403-secondary-search.json", "rest-403-secondary-content-creation.json"] {
            assert_eq!(judge(&response(403, &sample(file))), Verdict::SecondaryLimit, "{file}");
        }
        for (file, detail) in [
            ("rest-422-search-empty-q.json", "empty query"),
            ("rest-422-search-too-many-operators.json", "too many operators"),
            ("rest-422-search-unknown-owner.json", "unknown owner or repository"),
        ] {
            assert_eq!(refused(&judge(&response(422, &sample(file)))), detail, "{file}");
        }
    }

    #[test]
    fn a_secondary_mark_comes_before_an_empty_window() {
        let mut answer =
            response(403, "{\"message\":\"You have exceeded a secondary rate limit.\"}");
        answer.head.limits = LimitHeaders { remaining: Some(0), ..LimitHeaders::default() };
        assert_eq!(judge(&answer), Verdict::SecondaryLimit);
        answer.body = b"{\"message\":\"No\"}".to_vec();
        assert_eq!(judge(&answer), Verdict::PrimaryLimit);
        answer.head.limits = LimitHeaders { retry_after_s: Some(5), ..LimitHeaders::default() };
        assert_eq!(judge(&answer), Verdict::SecondaryLimit);
        answer.head.limits = LimitHeaders::default();
        assert_eq!(refused(&judge(&answer)), "403");
        answer.status = 429;
        assert_eq!(judge(&answer), Verdict::SecondaryLimit);
    }

    #[test]
    fn trouble_is_asked_again_and_pages_are_not() {
        let again = |verdict| match verdict {
            Verdict::Again { detail, most, .. } => (detail, most),
            other => panic!("{other:?}"),
        };
        for status in [500, 502, 503, 504] {
            let page = response(status, "<title>Unicorn! &middot; GitHub</title>");
            assert_eq!(again(judge(&page)), (status.to_string(), RETRIES));
        }
        for body in ["", "null", "[]", "{}", "{\"total_count\":\"5\"}", "{\"total_count\":1"] {
            assert_eq!(again(judge(&response(200, body))), ("unusable answer".to_owned(), 1));
        }
        let mut portal = response(200, "<html>Please log in</html>");
        portal.head.content_type = "text/html".into();
        assert_eq!(refused(&judge(&portal)), "not JSON");
    }

    #[test]
    fn what_was_left_out_makes_a_lower_bound() {
        let mut answer = response(200, "{\"total_count\":5,\"incomplete_results\":false}");
        answer.head.single_sign_on = Some("partial-results; organizations=1,2".into());
        assert_eq!(judge(&answer), Verdict::Count { count: 5, trust: Trust::LeftOut });
        let unsaid = response(200, "{\"total_count\":5}");
        assert_eq!(judge(&unsaid), Verdict::Count { count: 5, trust: Trust::Unsaid });
        let early = response(200, "{\"total_count\":5,\"incomplete_results\":true}");
        assert_eq!(judge(&early), Verdict::Count { count: 5, trust: Trust::StoppedEarly });
    }

    #[test]
    fn statuses_that_stay_the_same_are_told_by_their_own_words() {
        for (status, detail) in [
            (301, "redirected"),
            (308, "redirected"),
            (400, "400"),
            (403, "403"),
            (404, "404"),
            (418, "unexpected status"),
            (422, "query refused"),
            (451, "451"),
        ] {
            assert_eq!(refused(&judge(&response(status, "{}"))), detail, "{status}");
        }
        let Verdict::Refused { said, .. } = judge(&response(404, "{\"message\":\"Not Found\"}"))
        else {
            panic!("a refusal");
        };
        assert!(said.ends_with("is the address of the API right?"), "{said}");
    }

    #[test]
    fn what_ends_a_run_says_whether_the_token_is_to_blame() {
        let closed = |status, body: &str| match judge(&response(status, body)) {
            Verdict::NoFurther { why, .. } => Some((why, why.blames_the_token())),
            _ => None,
        };
        assert_eq!(closed(401, "{}"), Some((Closed::TokenRefused, true)));
        let logins = "{\"message\":\"Maximum number of login attempts exceeded.\"}";
        assert_eq!(closed(403, logins), Some((Closed::TooManyLogins, true)));
        assert_eq!(closed(410, "{}"), Some((Closed::VersionRetired, false)));
    }

    #[test]
    fn a_missing_user_agent_is_known_by_either_of_its_texts() {
        for message in
            ["Please set a User-Agent header", "Request forbidden by administrative rules"]
        {
            let body = format!("{{\"message\":\"{message}\"}}");
            assert_eq!(refused(&judge(&response(403, &body))), "no user agent");
        }
    }
}

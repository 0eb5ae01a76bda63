//! What GitHub puts on the wire, as values: heads, bodies, and the words to show of them.
//!
//! What an answer means is decided in `verdict`; how bytes get here, in `http`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use super::quota::LimitHeaders;

/// An answer as it arrived, whole and within bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    /// The status code.
    pub(super) status: u16,
    /// What the head says.
    pub(super) head: Head,
    /// The decoded body.
    pub(super) body: Vec<u8>,
}

/// What the head of an answer says, as far as we care.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Limits and the server's time.
    pub(super) limits: LimitHeaders,
    /// `content-type`, lower-cased.
    pub(super) content_type: String,
    /// `x-github-sso`: single sign-on is required, or left something out.
    pub(super) single_sign_on: Option<String>,
    /// `github-authentication-token-expiration`.
    pub(super) token_expires_at: Option<DateTime<Utc>>,
    /// `x-github-request-id`.
    pub(super) request_id: Option<String>,
    /// `sunset`: when the API version goes out of support.
    pub(super) sunset: Option<String>,
}

impl Head {
    /// Reads a head through a function that returns a header by its lower-case name.
    pub(super) fn read<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Self {
        let number = |name: &str| header(name).and_then(|text| text.trim().parse().ok());
        let text = |name: &str| header(name).map(|text| text.trim().to_owned());
        Self {
            limits: LimitHeaders {
                limit: number("x-ratelimit-limit"),
                remaining: number("x-ratelimit-remaining"),
                used: number("x-ratelimit-used"),
                reset_s: header("x-ratelimit-reset").and_then(|text| text.trim().parse().ok()),
                resource: text("x-ratelimit-resource"),
                retry_after_s: number("retry-after"),
                date_s: header("date").and_then(parse_http_date).map(|at| at.timestamp()),
            },
            content_type: text("content-type").unwrap_or_default().to_ascii_lowercase(),
            single_sign_on: text("x-github-sso"),
            token_expires_at: header("github-authentication-token-expiration")
                .and_then(parse_expiry),
            request_id: text("x-github-request-id").filter(|id| is_request_id(id)),
            sunset: text("sunset"),
        }
    }

    /// Tells whether organisations were left out of a good answer, for want of a single sign-on.
    pub(super) fn leaves_organisations_out(&self) -> bool {
        self.single_sign_on.as_deref().is_some_and(|text| text.starts_with("partial-results"))
    }
}

/// A request id goes into histories, so it must look like one: `1C45:12F767:6C7E73`.
fn is_request_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-');
    (1..=80).contains(&text.len()) && text.bytes().all(allowed)
}

fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text.trim()).ok().map(|at| at.with_timezone(&Utc))
}

/// Reads `2026-02-06 07:42:23 +0100` and `2026-02-06 06:42:23 UTC`; GitHub sends both forms.
pub(super) fn parse_expiry(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim().replace(" UTC", " +0000");
    DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S %z").ok().map(|at| at.with_timezone(&Utc))
}

/// The part of a search answer that counts. Items and unknown fields are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Found {
    /// How many repositories match.
    pub(super) total_count: u64,
    /// Whether the search was stopped by its time limit; `None` where the answer does not say.
    #[serde(default)]
    pub(super) incomplete_results: Option<bool>,
}

impl Found {
    /// Reads a body; a byte-order mark before it is no harm.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(without_mark(body)).ok()
    }
}

/// The part of an error that is understood. Bodies may be text, HTML or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Complaint {
    /// GitHub's message, or the text of a body that is no JSON.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
    /// Where the documentation is; its end tells secondary limits.
    #[serde(default)]
    documentation_url: Option<String>,
    /// Objects with a `message` and a `code`, or plain strings.
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<serde_json::Value>,
}

impl Complaint {
    /// Reads what can be read; a body that is no JSON object gives its first words as message.
    pub(super) fn parse(body: &[u8]) -> Self {
        serde_json::from_slice(without_mark(body)).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST_PAGE_BYTES)]);
            let plain = without_tags(&text);
            let words: Vec<&str> = plain.split_whitespace().collect();
            Self { message: words.join(" "), ..Self::default() }
        })
    }

    /// Tells whether the answer has any of the marks of a secondary limit, of whatever age.
    pub(super) fn marks_secondary_limit(&self) -> bool {
        let message = self.message.to_lowercase();
        let url = self.documentation_url.as_deref().unwrap_or_default();
        message.contains("secondary rate")
            || message.contains("abuse detection")
            || message.ends_with("please retry your request again later.")
            || message.ends_with("please wait a few minutes before you try again.")
            || url.ends_with("secondary-rate-limits")
            || url.ends_with("#abuse-rate-limits")
    }

    /// Tells whether the message speaks of the primary limit.
    pub(super) fn marks_primary_limit(&self) -> bool {
        self.message.to_lowercase().starts_with("api rate limit")
    }

    /// Returns the messages and codes of the inner errors.
    pub(super) fn inner(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().filter_map(|error| {
            let field = |name| error.get(name).and_then(serde_json::Value::as_str);
            error.as_str().or_else(|| field("message")).or_else(|| field("code"))
        })
    }

    /// Returns GitHub's words on one line, for the terminal only: they may name accounts.
    pub(super) fn words(&self) -> String {
        let inner: Vec<&str> = self.inner().collect();
        let text = match inner.as_slice() {
            [] => self.message.clone(),
            inner if self.message.is_empty() => inner.join("; "),
            inner => format!("{}: {}", self.message, inner.join("; ")),
        };
        first_words(&text)
    }
}

/// How much of a page is looked at for marks.
const LONGEST_PAGE_BYTES: usize = 1 << 16;

/// A `null` where a value should be is as good as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Returns a body without a byte-order mark before it.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// Returns the text of an HTML page, roughly: without tags, styles and scripts.
fn without_tags(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        plain.push_str(before);
        plain.push(' ');
        let name: String =
            tag.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let unread = match name.as_str() {
            // What stands in between is no text.
            "style" | "script" => tag.split_once("</").map(|(_, after)| after),
            _ => Some(tag),
        };
        rest = unread.and_then(|tag| tag.split_once('>')).map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// Returns at most 200 characters on one line, without control characters.
pub(super) fn first_words(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 200 {
        return line;
    }
    let mut short: String = line.chars().take(199).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_of_64_bits() {
        let found = |body: &str| Found::parse(body.as_bytes()).map(|f| f.total_count);
        assert_eq!(
            found(r#"{"total_count":40,"incomplete_results":false,"items":[{}]}"#),
            Some(40)
        );
        assert_eq!(found("\u{feff}{\"total_count\":0}"), Some(0));
        assert_eq!(found(r#"{"total_count":18446744073709551615}"#), Some(u64::MAX));
        for wrong in ["\"40\"", "-1", "1.5", "1e400", "18446744073709551616", "null", "[]", "true"]
        {
            assert_eq!(found(&format!("{{\"total_count\":{wrong}}}")), None, "{wrong}");
        }
        for body in ["", "null", "[]", "{}", "{\"total_count\":1", "<html>"] {
            assert_eq!(found(body), None, "{body}");
        }
    }

    #[test]
    fn secondary_limits_of_every_age_are_recognised() {
        for message in [
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out",
            "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.",
            "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.",
        ] {
            let body = format!("{{\"message\":\"{message}\"}}");
            assert!(Complaint::parse(body.as_bytes()).marks_secondary_limit(), "{message}");
        }
        let by_url = br#"{"message":"No","documentation_url":"https://docs.github.com/x#about-secondary-rate-limits"}"#;
        assert!(Complaint::parse(by_url).marks_secondary_limit());
        let page =
            b"<html><h1>Whoa there!</h1><p>You have exceeded a secondary rate limit.</p></html>";
        assert!(Complaint::parse(page).marks_secondary_limit());
        assert!(
            !Complaint::parse(b"API rate limit exceeded for user ID 5.").marks_secondary_limit()
        );
    }

    #[test]
    fn words_are_one_harmless_line() {
        let body = "{\"message\":\"Validation\\n\\u001b[31mFailed\",\"errors\":[{\"code\":\"missing\"},\"plain\"]}";
        assert_eq!(
            Complaint::parse(body.as_bytes()).words(),
            "Validation [31mFailed: missing; plain"
        );
        assert_eq!(Complaint::parse(b"<h1>Unicorn!</h1>  <p>sorry</p>").words(), "Unicorn! sorry");
        assert_eq!(first_words(&"x".repeat(300)).chars().count(), 200);
    }

    #[test]
    fn heads_are_read_leniently() {
        let head = Head::read(|name| match name {
            "x-ratelimit-remaining" => Some(" 5 "),
            "x-ratelimit-limit" => Some("many"),
            "date" => Some("Sat, 21 Nov 2026 06:00:04 GMT"),
            "github-authentication-token-expiration" => Some("2026-02-06 07:42:23 +0100"),
            "x-github-request-id" => Some("1C45:12F767:6C7E73"),
            _ => None,
        });
        assert_eq!((head.limits.remaining, head.limits.limit), (Some(5), None));
        assert_eq!(head.limits.date_s, Some(1_795_240_804));
        assert_eq!(head.token_expires_at, parse_expiry("2026-02-06 06:42:23 UTC"));
        assert_eq!(head.request_id.as_deref(), Some("1C45:12F767:6C7E73"));
        let odd = Head::read(|name| (name == "x-github-request-id").then_some("a;b,\"c\""));
        assert_eq!(odd.request_id, None);
    }
}

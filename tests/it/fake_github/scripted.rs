//! What a scripted fault says: its status, headers and body, or a word to `wire` how to break it.
//!
//! Pure. Which fault a request gets is decided in `fault`, and whether it counts in `state`.

use super::answer::Answer;
use super::bodies::{self, SearchPage};
use super::clock::http_date;
use super::fault::{ErrorBody, Reply, Wording};
use super::wire::Delivery;

const SSO_URL: &str =
    "https://github.com/orgs/octo-org/sso?authorization_request=ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The message that follows several bad logins.
pub(crate) const TOO_MANY_LOGINS: &str =
    "Maximum number of login attempts exceeded. Please try again later.";

/// Changes a page of results for the faults that are about its content.
pub(crate) fn alter_page(reply: &Reply, page: &mut SearchPage) {
    match reply {
        Reply::IncompleteResults => page.incomplete_results = true,
        Reply::Count(value) => page.total_count = Some(value.to_string()),
        Reply::RawCount(text) => page.total_count = Some((*text).to_owned()),
        Reply::MissingCount => page.total_count = None,
        _ => {}
    }
}

/// Returns the answer of a fault at the door; an empty one where nothing of it is sent.
///
/// `redirect_to` is the path and query that a redirect on this server leads to.
pub(crate) fn answer_at_the_door(
    reply: &Reply,
    api_url: &str,
    redirect_to: &str,
    path_and_query: &str,
) -> Answer {
    match reply {
        Reply::BadCredentials => Answer::json(401, bodies::BAD_CREDENTIALS),
        Reply::TooManyLogins => json_message(403, TOO_MANY_LOGINS),
        Reply::NoUserAgentPage => no_user_agent(),
        Reply::NotFound => json_message(404, "Not Found"),
        Reply::Gone410 => json_message(410, "This API version is no longer supported."),
        Reply::BadRequest400 => json_message(400, "Bad Request"),
        Reply::TooManyRequests429 => json_message(429, "Too Many Requests"),
        Reply::ServerError(status, ErrorBody::UnicornHtml) => {
            Answer::html(*status, bodies::unicorn_page(*status))
        }
        Reply::ServerError(status, _) => {
            Answer { headers: Vec::new(), ..Answer::html(*status, "") }
        }
        Reply::WrongType => Answer::html(200, bodies::CAPTIVE_PORTAL_PAGE),
        Reply::RedirectSameHost { status, .. } => redirect(*status, api_url, redirect_to),
        Reply::RedirectLoop => redirect(302, api_url, redirect_to),
        Reply::RedirectOtherHost { status, location } => {
            redirect(*status, location, path_and_query)
        }
        _ => Answer::html(200, ""),
    }
}

/// Returns the refusal of a secondary limit.
pub(crate) fn secondary_limit(
    wording: Wording,
    status: u16,
    retry_after_s: Option<u64>,
    request_id: &str,
) -> Answer {
    let body = bodies::secondary_limit(wording, request_id);
    let answer = if wording == Wording::WhoaTherePage {
        Answer::html(status, body)
    } else {
        Answer::json(status, body)
    };
    match retry_after_s {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}

/// Replaces a good answer for the faults that happen after counting.
pub(crate) fn replace_answer(reply: &Reply, good: Answer, now_ms: i64) -> Answer {
    let body = |text: &str| Answer { body: text.as_bytes().to_vec(), ..good.clone() };
    match reply {
        Reply::SsoRequired => json_message(
            403,
            "Resource protected by organization SAML enforcement. You must grant your Personal \
             Access token access to this organization.",
        )
        .with("x-github-sso", format!("required; url={SSO_URL}")),
        Reply::SsoPartial => {
            good.with("x-github-sso", "partial-results; organizations=21955855,20582480")
        }
        Reply::IpAllowList => json_message(
            403,
            "Although you appear to have the correct authorization credentials, the organization \
             has an IP allow list enabled, and your IP address is not permitted to access this \
             resource.",
        ),
        Reply::ClassicTokenForbidden => json_message(
            403,
            "The organization forbids access via a personal access token (classic). Please use a \
             personal access token with fine-grained permissions.",
        ),
        Reply::UnknownForbidden403 => json_message(403, "Forbidden"),
        Reply::ValidationFailed(kind) => Answer::json(422, bodies::validation_failed(*kind)),
        Reply::ServerError(status, _) => Answer::json(*status, bodies::server_error(*status)),
        Reply::Deprecated => good
            .with("deprecation", http_date(now_ms))
            .with("sunset", http_date(now_ms + 90 * 86_400_000)),
        Reply::EmptyBody => body(""),
        Reply::JsonNull => body("null"),
        Reply::JsonArray => body("[]"),
        Reply::Bom => {
            let text = String::from_utf8_lossy(&good.body);
            body(&format!("\u{feff}{text}"))
        }
        _ => good,
    }
}

/// Returns how the answer of a fault travels.
pub(crate) fn delivery(reply: &Reply) -> Delivery {
    match reply {
        Reply::Silence => Delivery::Silence,
        Reply::Reset => Delivery::Reset,
        Reply::CloseWithoutAnswer => Delivery::CloseWithoutAnswer,
        Reply::CutBody => Delivery::CutBody,
        Reply::CutGzip => Delivery::CutGzip,
        Reply::BadChunk => Delivery::BadChunk,
        Reply::LyingLength => Delivery::LyingLength,
        Reply::Huge(bytes) => Delivery::Huge(*bytes),
        Reply::GzipBomb(bytes) => Delivery::GzipBomb(*bytes),
        Reply::Dripping { every } => Delivery::Dripping(*every),
        Reply::Raw(bytes) => Delivery::Raw(bytes.clone()),
        _ => Delivery::Whole,
    }
}

/// Returns a JSON answer that says one thing.
pub(crate) fn json_message(status: u16, text: &str) -> Answer {
    Answer::json(status, bodies::message(status, text))
}

/// Returns the page for a request without a User-Agent.
pub(crate) fn no_user_agent() -> Answer {
    Answer::html(403, bodies::NO_USER_AGENT_PAGE).closing()
}

/// Returns a redirect to a path and query below a base URL.
pub(crate) fn redirect(status: u16, base_url: &str, path_and_query: &str) -> Answer {
    let location = format!("{base_url}{path_and_query}");
    Answer::json(status, bodies::redirect(&location)).with("location", location)
}

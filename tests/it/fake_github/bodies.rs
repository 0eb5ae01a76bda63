//! What GitHub says: published sample bodies, and texts for which no sample was published.
//!
//! Pure. Statuses and headers are chosen by `state` and `scripted`.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::clock::timestamp;
use super::fault::{ValidationKind, Wording};
use super::population::Population;
use super::window::Standing;

/// Includes a sample body as published.
macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/github/", $name))
    };
}

pub(crate) use sample;

/// 401 for a token that is wrong, expired or revoked.
pub(crate) const BAD_CREDENTIALS: &str = sample!("rest-401-bad-credentials.json");

const ANONYMOUS_LIMIT: &str = sample!("rest-403-primary-unauthenticated.json");
const SECONDARY_LIMIT: &str = sample!("rest-403-secondary-search.json");
const SECONDARY_CONTENT: &str = sample!("rest-403-secondary-content-creation.json");
const MISSING_QUERY: &str = sample!("rest-422-search-empty-q.json");
const TOO_MANY_OPERATORS: &str = sample!("rest-422-search-too-many-operators.json");
const UNKNOWN_OWNER: &str = sample!("rest-422-search-unknown-owner.json");
const SEARCH: &str = sample!("search-repositories-200-one-item.json");
const RATE_LIMIT_TOKEN: &str = sample!("rate-limit-200-authenticated.2022-11-28.json");
const RATE_LIMIT_ANONYMOUS: &str = sample!("rate-limit-200-unauthenticated.2025.json");

const DOCS: &str = "https://docs.github.com/rest";
const DOCS_LIMITS: &str =
    "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api";

/// The page for a request without a User-Agent.
pub(crate) const NO_USER_AGENT_PAGE: &str = "Request forbidden by administrative rules. \
     Please make sure your request has a User-Agent header.\r\n";

/// A page that some network shows instead of letting the request through.
pub(crate) const CAPTIVE_PORTAL_PAGE: &str = "<!doctype html>\n<html><head><title>Guest network</title>\
     </head><body><form action=\"/accept\"><p>Accept the terms to use this network.</p>\
     <button>Accept</button></form></body></html>\n";

/// A body of `message` and `documentation_url`, with the status as text as newer bodies have it.
pub(crate) fn message(status: u16, message: &str) -> String {
    json!({"message": message, "documentation_url": DOCS, "status": status.to_string()}).to_string()
}

/// The refusal of a user's request beyond the primary limit.
pub(crate) fn user_limit(user_id: u64, request_id: &str, now_ms: i64, status: u16) -> String {
    let text = format!(
        "API rate limit exceeded for user ID {user_id}. If you reach out to GitHub Support for \
         help, please include the request ID {request_id} and timestamp {}.",
        timestamp(now_ms)
    );
    json!({"message": text, "documentation_url": DOCS_LIMITS, "status": status.to_string()})
        .to_string()
}

/// The refusal of an anonymous request beyond the primary limit.
pub(crate) fn anonymous_limit(address: IpAddr) -> String {
    ANONYMOUS_LIMIT.replace("xxx.xxx.xxx.xxx", &address.to_string())
}

/// The refusal of a secondary limit; HTML for [`Wording::WhoaTherePage`], else JSON.
pub(crate) fn secondary_limit(wording: Wording, request_id: &str) -> String {
    let identified = SECONDARY_LIMIT.replace("ID ....", &format!("ID {request_id}."));
    match wording {
        Wording::Current => identified,
        Wording::WithTerms => identified.replace(
            " If you reach out",
            " For more on scraping GitHub and how it may affect your rights, please review our \
             Terms of Service.\\n\\nIf you reach out",
        ),
        Wording::ContentCreation => SECONDARY_CONTENT.to_owned(),
        Wording::AbuseDetection => json!({
            "message": "You have triggered an abuse detection mechanism. \
                        Please wait a few minutes before you try again.",
            "documentation_url": "https://developer.github.com/v3/#abuse-rate-limits",
        })
        .to_string(),
        Wording::WhoaTherePage => "<!doctype html>\n<html><head><title>Rate limit</title></head>\
             <body><h1>Whoa there!</h1><p>You have exceeded a secondary rate limit.</p>\
             <p>Please wait up to an hour before you try again.</p></body></html>\n"
            .to_owned(),
    }
}

/// The body of a 422.
pub(crate) fn validation_failed(kind: ValidationKind) -> String {
    match kind {
        ValidationKind::MissingQuery => MISSING_QUERY.to_owned(),
        ValidationKind::TooLong => invalid_query("The search is longer than 256 characters."),
        ValidationKind::TooManyOperators => TOO_MANY_OPERATORS.to_owned(),
        ValidationKind::UnknownOwner => UNKNOWN_OWNER.to_owned(),
        ValidationKind::NoQualifierApplies => {
            invalid_query("None of the search qualifiers apply to this search type.")
        }
        ValidationKind::BeyondFirstThousand => json!({
            "message": "Only the first 1000 search results are available",
            "documentation_url": "https://docs.github.com/v3/search/",
        })
        .to_string(),
        ValidationKind::PlainTextErrors => json!({
            "message": "Validation Failed",
            "errors": ["The search cannot be understood."],
            "documentation_url": DOCS,
        })
        .to_string(),
        ValidationKind::MessageOnly => message(422, "Validation Failed"),
    }
}

fn invalid_query(inner_message: &str) -> String {
    json!({
        "message": "Validation Failed",
        "errors": [
            {"message": inner_message, "resource": "Search", "field": "q", "code": "invalid"}
        ],
        "documentation_url": "https://docs.github.com/v3/search/",
        "status": "422",
    })
    .to_string()
}

/// The JSON body of a server error; a 503 has the documented shape of its own.
pub(crate) fn server_error(status: u16) -> String {
    if status == 503 {
        json!({
            "code": "service_unavailable",
            "message": "Service unavailable",
            "documentation_url": DOCS,
        })
        .to_string()
    } else {
        json!({"message": "Server Error"}).to_string()
    }
}

/// The page of a server error.
pub(crate) fn unicorn_page(status: u16) -> String {
    let text = match status {
        503 => "No server is currently available to service your request.",
        504 => "This page is taking too long to load.",
        _ => "We had issues producing the response to your request.",
    };
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Unicorn! &middot; GitHub</title>\n</head>\n<body>\n\
         <p><strong>{text}</strong></p>\n<p>Sorry about that.</p>\n</body>\n</html>\n"
    )
}

/// The body of a redirect.
pub(crate) fn redirect(location: &str) -> String {
    json!({"message": "Moved", "url": location, "documentation_url": DOCS}).to_string()
}

/// A page of search results.
#[derive(Debug, Clone)]
pub(crate) struct SearchPage {
    /// What stands behind `total_count`; `None` leaves the key out.
    pub(crate) total_count: Option<String>,
    /// The flag of a search that was stopped early.
    pub(crate) incomplete_results: bool,
    /// The number of items on this page.
    pub(crate) items: u64,
    /// How many items stand on the pages before.
    pub(crate) skipped: u64,
    /// The repositories on this page, where there is a population.
    pub(crate) repositories: Option<(&'static Population, Vec<usize>)>,
}

impl SearchPage {
    /// Writes the page as JSON, its keys in GitHub's order.
    pub(crate) fn to_json(&self) -> String {
        let count = self.total_count.as_ref();
        let count = count.map_or_else(String::new, |count| format!("\"total_count\":{count},"));
        let items: Vec<String> = match &self.repositories {
            None => {
                (1..=self.items).map(|nth| repository(self.skipped + nth).to_string()).collect()
            }
            Some((population, places)) => {
                let item = |place: &usize| {
                    let mut item = repository(1);
                    population.write_item(*place, &mut item);
                    item.to_string()
                };
                places.iter().map(item).collect()
            }
        };
        format!(
            "{{{count}\"incomplete_results\":{},\"items\":[{}]}}",
            self.incomplete_results,
            items.join(",")
        )
    }
}

/// Returns the sample repository with a number of its own.
fn repository(number: u64) -> Value {
    static ITEM: LazyLock<Value> = LazyLock::new(|| parse(SEARCH)["items"][0].clone());
    let mut item = ITEM.clone();
    let name = item["name"].as_str().unwrap_or_default();
    let name = format!("{name}-{number}");
    item["id"] = json!(3_081_285 + number);
    item["full_name"] = json!(format!("dtrupenn/{name}"));
    item["name"] = json!(name);
    item
}

/// The body of `/rate_limit`.
///
/// Everything but `core`, `search` and `graphql` is unused; `rate` is there up to version 2022-11-28.
pub(crate) fn rate_limit(
    (core, search, graphql): (Standing, Standing, Standing),
    is_anonymous: bool,
    with_rate: bool,
    now_ms: i64,
) -> String {
    let mut body = parse(if is_anonymous { RATE_LIMIT_ANONYMOUS } else { RATE_LIMIT_TOKEN });
    if let Some(resources) = body["resources"].as_object_mut() {
        for (name, resource) in resources {
            let limit = resource["limit"].as_u64().unwrap_or_default();
            let untouched = Standing {
                limit: u32::try_from(limit).unwrap_or(u32::MAX),
                used: 0,
                ends_ms: now_ms + 3_600_000,
            };
            let standing = match name.as_str() {
                "core" => core,
                "search" => search,
                "graphql" => graphql,
                _ => untouched,
            };
            fill_in(resource, standing);
        }
    }
    fill_in(&mut body["rate"], core);
    if !with_rate && let Some(body) = body.as_object_mut() {
        body.remove("rate");
    }
    body.to_string()
}

fn fill_in(resource: &mut Value, standing: Standing) {
    resource["limit"] = json!(standing.limit);
    resource["used"] = json!(standing.used);
    resource["remaining"] = json!(standing.remaining());
    resource["reset"] = json!(standing.reset_s());
}

fn parse(sample: &str) -> Value {
    serde_json::from_str(sample).expect("the samples are JSON")
}

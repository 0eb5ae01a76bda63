//! What GraphQL says instead of a good answer: published samples, and texts without one.
//!
//! Pure.

use serde_json::{Value, json};

use super::super::bodies::sample;
use super::document::Unreadable;

/// 401 without a token.
pub(crate) const UNAUTHENTICATED: &str = sample!("graphql-401-unauthenticated.json");
/// 504 in the manner of REST.
pub(crate) const COULD_NOT_RESPOND: &str = sample!("graphql-504-timeout.json");
/// A query that takes too many resources.
pub(crate) const RESOURCE_LIMITS: &str = sample!("graphql-200-resource-limits.json");

const SOMETHING_WENT_WRONG: &str = sample!("graphql-502-something-went-wrong.json");
const SAMPLE_ID: &str = "CFFD:3EF28A:4698D9:811EBA:66588DF3";
const RATE_LIMIT: &str = sample!("graphql-200-rate-limited.2026.json");

/// The body of a time-out in GraphQL's manner.
pub(crate) fn something_went_wrong(request_id: &str) -> String {
    SOMETHING_WENT_WRONG.replace(SAMPLE_ID, request_id)
}

/// Its error alone.
pub(crate) fn something_went_wrong_error(request_id: &str) -> Value {
    let body = something_went_wrong(request_id);
    let body: Value = serde_json::from_str(&body).expect("the samples are JSON");
    body["errors"][0].clone()
}

/// The refusal beyond the primary limit, as of 2026.
pub(crate) fn rate_limit(user_id: u64) -> String {
    RATE_LIMIT.replace("xxxxx", &user_id.to_string())
}

/// The same as documented, and sent before.
pub(crate) fn rate_limited(user_id: u64) -> String {
    errors(&[json!({
        "type": "RATE_LIMITED",
        "message": format!("API rate limit exceeded for user ID {user_id}."),
    })])
}

/// The end of a validation that took too long.
pub(crate) fn validation_timeout() -> String {
    errors(&[json!({"message": "Timeout on validation of query"})])
}

/// The refusal of a document that could ask for too many nodes.
pub(crate) fn node_limit() -> String {
    errors(&[json!({
        "type": "MAX_NODE_LIMIT_EXCEEDED",
        "message": "This query requests more than the 500,000 possible nodes, which exceeds the \
                    maximum limit of 500,000.",
    })])
}

/// The refusal of a document that cannot be parsed, as if it ended with a brace too many.
pub(crate) fn invalid_document() -> String {
    errors(&[parse_error("}", 1, 1)])
}

/// The error at a token of a document; an empty one stands for the end.
pub(crate) fn parse_error(token: &str, line: usize, column: usize) -> Value {
    let token = if token.is_empty() { "end of file" } else { token };
    json!({
        "message": format!("Parse error on \"{token}\" at [{line}, {column}]"),
        "locations": [{"line": line, "column": column}],
    })
}

/// The answer to what cannot be executed, with its status.
pub(crate) fn unreadable(problem: &Unreadable) -> (u16, String) {
    match problem {
        Unreadable::NotJson => (
            400,
            json!({
                "message": "Problems parsing JSON",
                "documentation_url": "https://docs.github.com/graphql",
            })
            .to_string(),
        ),
        Unreadable::NoDocument => (
            200,
            errors(&[json!({
                "message": "A query attribute must be specified and must be a string.",
            })]),
        ),
        Unreadable::Invalid(problems) => (200, errors(problems)),
    }
}

fn errors(errors: &[Value]) -> String {
    json!({"errors": errors}).to_string()
}

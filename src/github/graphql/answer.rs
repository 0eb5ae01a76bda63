//! What an answer of GraphQL means. A status of 200 says nothing: errors and each alias do.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::super::quota::Points;
use super::super::verdict::{Closed, Verdict, judge_refusal};
use super::super::wire::{Complaint, Response, first_words, without_mark};
use super::document::{alias, number_of};

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// Some of its searches have a number, or it is known which one is to blame.
    Counts(Counts),
    /// The hour's points were used up; the same may be sent when there are new ones.
    PrimaryLimit,
    /// GitHub wants nothing from us for a while.
    SecondaryLimit,
    /// It was too much: fewer searches may be answered.
    TooMuch {
        /// Our word for it.
        detail: String,
        /// What was said, for the terminal.
        said: String,
    },
    /// No document will be taken.
    NoDocument {
        /// What was said, for the terminal.
        said: String,
    },
    /// Nothing at all will be answered.
    NoFurther {
        /// Why.
        why: Closed,
        /// What was said, for the terminal.
        said: String,
    },
}

/// The numbers of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// The count of each search, in the order of the document; `None` where there is no number.
    pub(super) found: Vec<Option<u64>>,
    /// Why searches have no number.
    pub(super) lack: Lack,
    /// What was said of those without, for the terminal.
    pub(super) said: String,
    /// What it cost, and what is left.
    pub(super) points: Points,
}

/// Why searches of a document have no number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Lack {
    /// All have one.
    #[default]
    None,
    /// These searches are to blame: each is worth asking alone. Any others without a number were
    /// only lost with them.
    Searches(Vec<usize>),
    /// The document as a whole was too much.
    Document,
    /// The hour's points were used up in the middle of it.
    PrimaryLimit,
    /// GitHub wants nothing from us for a while.
    SecondaryLimit,
}

/// So many searches without a number in one answer are no longer to blame one by one.
const MOST_TO_BLAME: usize = 5;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    data: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

/// What the library behind GitHub's GraphQL calls errors of a document.
const SCHEMA_CODES: [&str; 8] = [
    "undefinedField",
    "undefinedType",
    "argumentNotAccepted",
    "argumentLiteralsIncompatible",
    "missingRequiredArguments",
    "variableMismatch",
    "variableNotDefined",
    "selectionMismatch",
];

/// An error of an answer, as far as it is understood.
struct Fault<'b> {
    kind: &'b str,
    message: &'b str,
    /// Which search it is about.
    search: Option<usize>,
    is_of_schema: bool,
}

impl<'b> Fault<'b> {
    fn is_secondary_limit(&self) -> bool {
        self.message.to_lowercase().contains("secondary rate")
    }

    fn read(error: &'b Value) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let path = error.get("path").and_then(Value::as_array);
        let code = error.pointer("/extensions/code").and_then(Value::as_str);
        let message = text("message");
        let starts = ["Parse error on", "Field '", "Argument '", "Variable $", "Type mismatch"];
        Self {
            kind: if text("type").is_empty() { text("code") } else { text("type") },
            message,
            search: path.and_then(|path| number_of(path.first()?.as_str()?)),
            is_of_schema: code.is_some_and(|code| SCHEMA_CODES.contains(&code))
                || starts.iter().any(|start| message.starts_with(start)),
        }
    }

    fn is_primary_limit(&self) -> bool {
        matches!(self.kind, "RATE_LIMITED" | "RATE_LIMIT" | "graphql_rate_limit")
            || self.message.to_lowercase().starts_with("api rate limit")
    }

    fn is_resource_limit(&self) -> bool {
        self.kind == "RESOURCE_LIMITS_EXCEEDED"
    }
}

/// Judges the answer to a document with so many searches.
pub(super) fn judge(response: &Response, searches: usize) -> Judged {
    let Response { status, head, body } = response;
    let complaint = || Complaint::parse(body);
    match *status {
        200..=299 => judge_success(response, searches),
        401 => Judged::NoFurther { why: Closed::TokenRefused, said: complaint().words() },
        403 | 429 => match judge_refusal(response) {
            Verdict::NoFurther { why, said } => Judged::NoFurther { why, said },
            Verdict::PrimaryLimit => Judged::PrimaryLimit,
            Verdict::SecondaryLimit => Judged::SecondaryLimit,
            // The document is refused, not a query of it.
            _ => Judged::NoDocument { said: format!("{status}, {}", complaint().words()) },
        },
        500..=599 => Judged::TooMuch { detail: status.to_string(), said: complaint().words() },
        status => {
            let hint = if status == 404 { "; is the address of GraphQL right?" } else { "" };
            let sunset = head.sunset.as_deref().map(first_words);
            let sunset = sunset.map(|at| format!(" (sunset {at})")).unwrap_or_default();
            Judged::NoDocument { said: format!("{status}, {}{hint}{sunset}", complaint().words()) }
        }
    }
}

fn judge_success(response: &Response, searches: usize) -> Judged {
    let Response { head, body, .. } = response;
    let complaint = Complaint::parse(body);
    let Ok(parsed) = serde_json::from_slice::<Body>(without_mark(body)) else {
        let is_page = !head.content_type.is_empty() && !head.content_type.contains("json");
        let said = complaint.words();
        return if is_page {
            Judged::NoDocument { said: format!("not JSON, {said}") }
        } else {
            Judged::TooMuch { detail: "unusable answer".to_owned(), said: String::new() }
        };
    };
    if complaint.marks_secondary_limit() {
        return Judged::SecondaryLimit;
    }
    let errors = parsed.errors.unwrap_or_default();
    let faults: Vec<Fault<'_>> = errors.iter().map(Fault::read).collect();
    let said = faults.first().map_or_else(|| complaint.words(), |fault| first_words(fault.message));
    match parsed.data {
        None if complaint.marks_primary_limit() => Judged::PrimaryLimit,
        None if faults.iter().any(|fault| fault.is_of_schema && fault.search.is_none()) => {
            Judged::NoDocument { said }
        }
        data => judge_data(&data.unwrap_or_default(), &faults, said, searches),
    }
}

/// Judges what has data, or what has none but errors that may name who is to blame.
fn judge_data(
    data: &BTreeMap<String, Value>,
    faults: &[Fault<'_>],
    said: String,
    searches: usize,
) -> Judged {
    let count = |number| {
        // An `Int` of GraphQL, so a whole number; anything else is no count.
        data.get(&alias(number))?.get("repositoryCount")?.as_u64()
    };
    let found: Vec<Option<u64>> = (0..searches).map(count).collect();
    let lacking: Vec<usize> = (0..searches).filter(|at| found[*at].is_none()).collect();
    let named: BTreeSet<usize> = faults
        .iter()
        .filter(|fault| !fault.is_resource_limit())
        .filter_map(|fault| fault.search)
        .filter(|search| lacking.contains(search))
        .collect();
    let nothing = lacking.len() == searches;
    let is_too_much = faults.iter().any(Fault::is_resource_limit) && named.is_empty();
    let lack = if lacking.is_empty() {
        Lack::None
    } else if faults.iter().any(Fault::is_secondary_limit) {
        // Before the primary limit: it may be told with that limit's type.
        Lack::SecondaryLimit
    } else if faults.iter().any(Fault::is_primary_limit) {
        Lack::PrimaryLimit
    } else if !named.is_empty() && named.len() < searches.max(2) && named.len() <= MOST_TO_BLAME {
        Lack::Searches(named.into_iter().collect())
    } else if is_too_much || nothing || lacking.len() > MOST_TO_BLAME {
        Lack::Document
    } else {
        Lack::Searches(lacking)
    };
    match lack {
        Lack::SecondaryLimit if nothing => return Judged::SecondaryLimit,
        Lack::PrimaryLimit if nothing => return Judged::PrimaryLimit,
        _ => {}
    }
    if nothing && lack == Lack::Document {
        let resource_limit = faults.iter().any(Fault::is_resource_limit);
        let detail = if resource_limit { "resource limits" } else { "no data" };
        return Judged::TooMuch { detail: detail.to_owned(), said };
    }
    Judged::Counts(Counts { found, lack, said, points: points_of(data) })
}

fn points_of(data: &BTreeMap<String, Value>) -> Points {
    let Some(told) = data.get("rateLimit") else { return Points::default() };
    let number = |name: &str| told.get(name).and_then(Value::as_u64);
    let reset_at = told.get("resetAt").and_then(Value::as_str);
    let reset_at = reset_at.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    Points {
        cost: number("cost"),
        remaining: number("remaining"),
        reset_s: reset_at.map(|at| at.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::wire::Head;
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        let head =
            Head { content_type: "application/json; charset=utf-8".into(), ..Head::default() };
        Response { status, head, body: body.as_bytes().to_vec() }
    }

    fn sample(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/github/");
        std::fs::read_to_string(format!("{folder}{name}")).expect("a sample")
    }

    fn counts(body: &str, searches: usize) -> Counts {
        match judge(&response(200, body), searches) {
            Judged::Counts(counts) => counts,
            other => panic!("{other:?}"),
        }
    }

    fn too_much(status: u16, body: &str) -> String {
        match judge(&response(status, body), 3) {
            Judged::TooMuch { detail, .. } => detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_found_by_their_alias() {
        let body = r#"{"data":{"a1":{"repositoryCount":7},"rateLimit":{"cost":1,"remaining":4999,
            "resetAt":"2026-11-21T06:00:04Z"},"a0":{"repositoryCount":0}}}"#;
        let found = counts(body, 2);
        assert_eq!((found.found, found.lack), (vec![Some(0), Some(7)], Lack::None));
        let told = Points { cost: Some(1), remaining: Some(4999), reset_s: Some(1_795_240_804) };
        assert_eq!(found.points, told);
    }

    #[test]
    fn what_has_no_number_is_never_a_zero() {
        for value in ["null", "{}", r#"{"repositoryCount":null}"#, r#"{"repositoryCount":"5"}"#] {
            let body = format!(r#"{{"data":{{"a0":{{"repositoryCount":7}},"a1":{value}}}}}"#);
            let found = counts(&body, 2);
            assert_eq!(found.found, [Some(7), None], "{value}");
            assert_eq!(found.lack, Lack::Searches(vec![1]), "{value}");
        }
    }

    #[test]
    fn an_error_that_names_a_search_blames_it_alone() {
        let error = r#"{"message":"Something went wrong","path":["a1","repositoryCount"]}"#;
        let partial = format!(
            r#"{{"data":{{"a0":{{"repositoryCount":7}},"a1":null,"a2":{{"repositoryCount":9}}}},"errors":[{error}]}}"#
        );
        assert_eq!(counts(&partial, 3).lack, Lack::Searches(vec![1]));
        let twice =
            partial.replace(error, &format!("{error},{error},{error},{error},{error},{error}"));
        assert_eq!(counts(&twice, 3).lack, Lack::Searches(vec![1]), "six errors of one search");
        let nothing = format!(r#"{{"data":null,"errors":[{error}]}}"#);
        let found = counts(&nothing, 3);
        assert_eq!((found.found, found.lack), (vec![None; 3], Lack::Searches(vec![1])));
    }

    #[test]
    fn too_much_is_the_fault_of_the_document() {
        assert_eq!(too_much(200, &sample("graphql-200-resource-limits.json")), "resource limits");
        assert_eq!(too_much(502, &sample("graphql-502-something-went-wrong.json")), "502");
        assert_eq!(too_much(200, &sample("graphql-502-something-went-wrong.json")), "no data");
        assert_eq!(too_much(504, &sample("graphql-504-timeout.json")), "504");
        assert_eq!(too_much(502, "<title>Unicorn! &middot; GitHub</title>"), "502");
        for body in [
            "{}",
            "{\"data\":null}",
            "{\"data\":{}}",
            "{\"errors\":[{\"message\":\"Timeout on validation of query\"}]}",
        ] {
            assert_eq!(too_much(200, body), "no data", "{body}");
        }
        assert_eq!(too_much(200, "{\"data\":"), "unusable answer");
        let error =
            r#"{"type":"RESOURCE_LIMITS_EXCEEDED","path":["a1"],"message":"Resource limits"}"#;
        let partial =
            format!(r#"{{"data":{{"a0":{{"repositoryCount":7}},"a1":null}},"errors":[{error}]}}"#);
        assert_eq!(counts(&partial, 2).lack, Lack::Document);
    }

    #[test]
    fn limits_are_told_by_kind_and_words() {
        let limited = judge(&response(200, &sample("graphql-200-rate-limited.2026.json")), 3);
        assert_eq!(limited, Judged::PrimaryLimit);
        let documented =
            r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user"}]}"#;
        assert_eq!(judge(&response(200, documented), 3), Judged::PrimaryLimit);
        let secondary = sample("rest-403-secondary-search.json");
        for status in [200, 403, 429] {
            assert_eq!(judge(&response(status, &secondary), 3), Judged::SecondaryLimit, "{status}");
        }
        let error = |kind: &str, message: &str| {
            format!(r#""errors":[{{"type":"{kind}","message":"{message}"}}]"#)
        };
        let secondary = error("RATE_LIMITED", "You have exceeded a secondary rate limit. Please");
        let primary = error("RATE_LIMIT", "API rate limit already exceeded for user ID 5.");
        for data in ["", r#""data":null,"#, r#""data":{},"#, r#""data":{"a0":null,"a1":null},"#] {
            let judged = |errors: &str| judge(&response(200, &format!("{{{data}{errors}}}")), 2);
            assert_eq!(judged(&secondary), Judged::SecondaryLimit, "{data}");
            assert_eq!(judged(&primary), Judged::PrimaryLimit, "{data}");
        }
        let some = r#""data":{"a0":{"repositoryCount":7},"a1":null},"#;
        let kept = counts(&format!("{{{some}{secondary}}}"), 2);
        assert_eq!((kept.found, kept.lack), (vec![Some(7), None], Lack::SecondaryLimit));
        assert_eq!(counts(&format!("{{{some}{primary}}}"), 2).lack, Lack::PrimaryLimit);
        let refused = judge(&response(401, &sample("graphql-401-unauthenticated.json")), 3);
        assert!(matches!(refused, Judged::NoFurther { why: Closed::TokenRefused, .. }));
    }

    #[test]
    fn a_document_that_is_not_understood_is_not_sent_again() {
        let no_document = |status, body: &str| {
            matches!(judge(&response(status, body), 3), Judged::NoDocument { .. })
        };
        assert!(no_document(200, r#"{"errors":[{"message":"Parse error on \"}\" at [1, 1]"}]}"#));
        assert!(no_document(
            200,
            r#"{"errors":[{"message":"Nope","extensions":{"code":"undefinedField"}}]}"#
        ));
        assert!(no_document(404, "{\"message\":\"Not Found\"}"));
        assert!(no_document(400, "{\"message\":\"Problems parsing JSON\"}"));
        assert!(no_document(403, "{\"message\":\"Resource not accessible by integration\"}"));
        let mut portal = response(200, "<html>Please log in</html>");
        portal.head.content_type = "text/html".into();
        assert!(matches!(judge(&portal, 3), Judged::NoDocument { .. }));
    }
}

//! The document that asks for many counts at once.

use serde_json::{Map, Value, json};

/// Returns the body of a request for the counts of these queries: a document whose text depends on
/// their number alone, and the queries as its variables.
///
/// Each search has the alias `a0`, `a1`, … in the order of the queries. `first: 1` is the smallest
/// bound that GitHub documents; nothing of the first result is asked for.
pub(super) fn render_request<'q>(queries: impl IntoIterator<Item = &'q str>) -> Vec<u8> {
    let mut variables = Map::new();
    let mut declarations = String::new();
    let mut searches = String::new();
    for (number, query) in queries.into_iter().enumerate() {
        variables.insert(format!("q{number}"), Value::from(query));
        declarations.push_str(&format!("$q{number}:String!,"));
        let alias = alias(number);
        searches.push_str(&format!(
            "{alias}:search(query:$q{number},type:REPOSITORY,first:1){{repositoryCount}}\n"
        ));
    }
    let declarations = declarations.trim_end_matches(',');
    let document = format!(
        "query({declarations}){{\n{searches}rateLimit{{cost limit nodeCount remaining resetAt used}}\n}}"
    );
    json!({ "query": document, "variables": variables }).to_string().into_bytes()
}

/// Returns the alias of a search.
pub(super) fn alias(number: usize) -> String {
    format!("a{number}")
}

/// Returns the number of an alias; `None` for any other name.
pub(super) fn number_of(alias: &str) -> Option<usize> {
    alias.strip_prefix('a')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_variables_and_need_no_escapes() {
        let queries = ["spring is:public", "\"a \\ b\" {c}"];
        let body: Value = serde_json::from_slice(&render_request(queries)).expect("JSON");
        assert_eq!(body["variables"], json!({"q0": queries[0], "q1": queries[1]}));
        insta::assert_snapshot!(body["query"].as_str().expect("a document"), @r"
        query($q0:String!,$q1:String!){
        a0:search(query:$q0,type:REPOSITORY,first:1){repositoryCount}
        a1:search(query:$q1,type:REPOSITORY,first:1){repositoryCount}
        rateLimit{cost limit nodeCount remaining resetAt used}
        }
        ");
    }

    #[test]
    fn the_document_depends_on_the_number_of_queries_alone() {
        let document = |queries: &[&str]| {
            let body = render_request(queries.iter().copied());
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            body["query"].clone()
        };
        assert_eq!(document(&["a", "b"]), document(&["c", "d"]));
        assert_ne!(document(&["a", "b"]), document(&["a"]));
        assert_eq!(number_of(&alias(17)), Some(17));
        assert_eq!(number_of("rateLimit"), None);
    }
}

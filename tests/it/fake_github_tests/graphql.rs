//! Documents: what they count, what they cost, how they die, and what can be wrong with an answer.

mod faults;
mod limits;

use serde_json::{Value, json};

use super::raw_client::{RawAnswer, get, post, search};
use crate::fake_github::{FakeGithub, GraphqlFault, GraphqlReply, When};

const TOKEN: &str = "ghp_one";

fn fake() -> FakeGithub {
    FakeGithub::builder().user("alice", &[TOKEN]).count("a", 7).count("b", 9).start()
}

/// Writes a body that asks for these queries as `a0`, `a1` and so on, by variables.
fn body_for(queries: &[&str]) -> String {
    let names: Vec<String> = (0..queries.len()).map(|at| format!("$q{at}:String!")).collect();
    let fields: Vec<String> = (0..queries.len())
        .map(|at| format!("a{at}: search(query:$q{at},type:REPOSITORY,first:1){{repositoryCount}}"))
        .collect();
    let document = format!(
        "query({}){{ rateLimit{{cost remaining resetAt limit used nodeCount}} {} }}",
        names.join(","),
        fields.join(" ")
    );
    let variables = queries.iter().enumerate().map(|(at, query)| (format!("q{at}"), json!(query)));
    json!({"query": document, "variables": variables.collect::<serde_json::Map<_, _>>()})
        .to_string()
}

/// Asks for as many different queries as wished.
fn body_of(searches: usize) -> String {
    let queries: Vec<String> = (0..searches).map(|number| format!("query {number}")).collect();
    let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
    body_for(&queries)
}

pub(super) fn ask(github: &FakeGithub, queries: &[&str]) -> RawAnswer {
    post(github, &body_for(queries), TOKEN)
}

/// Sends a document without variables.
fn ask_text(github: &FakeGithub, document: &str) -> RawAnswer {
    post(github, &json!({"query": document}).to_string(), TOKEN)
}

fn count(json: &Value, alias: &str) -> Option<u64> {
    json["data"][alias]["repositoryCount"].as_u64()
}

/// Asks for `a`, `b` and `c` with a fault on them.
fn faulty(reply: GraphqlReply) -> (RawAnswer, FakeGithub) {
    let github = fake();
    github.add_graphql_fault(GraphqlFault::new(When::Always, reply).times(1));
    let answer = ask(&github, &["a", "b", "c"]);
    (answer, github)
}

#[test]
fn counts_come_from_the_table_of_rest_under_their_aliases() {
    let github = fake();
    let answer = ask(&github, &["a", "not set", "b"]);
    assert_eq!(answer.status, Some(200));
    let json = answer.json();
    assert_eq!((count(&json, "a0"), count(&json, "a2")), (Some(7), Some(9)));
    let rest = search(&github, "not set", TOKEN).json();
    assert_eq!(count(&json, "a1"), rest["total_count"].as_u64());
    assert_eq!(json.get("errors"), None);
    let text = answer.text();
    assert!(text.starts_with("{\"data\":{\"rateLimit\":{\"cost\":1,\"remaining\":4999,"), "{text}");
    let order = ["\"a0\"", "\"a1\"", "\"a2\""].map(|alias| text.find(alias));
    assert!(order.is_sorted(), "{text}");

    let seen = &github.graphql_requests()[0];
    assert_eq!(seen.queries, ["a", "not set", "b"]);
    assert_eq!(seen.aliases, ["a0", "a1", "a2"]);
    assert_eq!((seen.cost, seen.status_sent, seen.refused), (1, Some(200), false));
    assert!(seen.document.starts_with("query($q0:String!,"), "{}", seen.document);
    assert_eq!(github.requests().len(), 2);
    assert_eq!(github.queries(), ["not set"]);
}

#[test]
fn graphql_may_count_differently() {
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).count("a", 7);
    let github = builder.graphql_count("a", 8).start();
    assert_eq!(count(&ask(&github, &["a"]).json(), "a0"), Some(8));
    assert_eq!(search(&github, "a", TOKEN).json()["total_count"], 7);
    github.set_graphql_count("a", 9);
    github.set_count("a", 6);
    assert_eq!(count(&ask(&github, &["a"]).json(), "a0"), Some(9));
    // What REST refuses, GraphQL does not find; what does not fit 32 bits is an error.
    assert_eq!(count(&ask(&github, &[" "]).json(), "a0"), Some(0));
    github.set_graphql_count("a", 3_000_000_000);
    let json = ask(&github, &["a"]).json();
    assert_eq!(json["data"], Value::Null);
    assert_eq!(json["errors"][0]["path"], json!(["a0", "repositoryCount"]));
}

#[test]
fn documents_may_be_written_in_many_ways() {
    let github = fake();
    let json = ask_text(
        &github,
        "{ search(type: REPOSITORY, query: \"a\") { ...n __typename } \
         users: search(query: \"b\", type: USER) { repositoryCount userCount } } \
         fragment n on SearchResultItemConnection { n: repositoryCount pageInfo { hasNextPage } }",
    )
    .json();
    assert_eq!(json["data"]["search"]["n"], 7);
    assert_eq!(json["data"]["search"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(json["data"]["search"]["__typename"], "SearchResultItemConnection");
    assert_eq!(count(&json, "users"), Some(0));
    let seen = &github.graphql_requests()[0];
    assert_eq!(seen.aliases, ["search", "users"]);

    let two = "query A { x: search(query: \"a\", type: REPOSITORY) { repositoryCount } } \
               query B { __typename }";
    let body = json!({"query": two, "operationName": "A", "variables": null}).to_string();
    assert_eq!(count(&post(&github, &body, TOKEN).json(), "x"), Some(7));
}

#[test]
fn the_answer_carries_the_headers_of_graphql() {
    let github = fake();
    let answer = ask(&github, &["a"]);
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4999"),
        ("x-ratelimit-used", "1"),
        ("x-ratelimit-resource", "graphql"),
        ("x-github-media-type", "github.v4; format=json"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("x-github-api-version-selected"), None);
    let now_s = github.now_ms() / 1000;
    let left = answer.number("x-ratelimit-reset") - now_s;
    assert!((3_598..=3_600).contains(&left), "{left}");
    let rate = &answer.json()["data"]["rateLimit"];
    let reset_at = rate["resetAt"].as_str().expect("a date");
    let reset_at = chrono::DateTime::parse_from_rfc3339(reset_at).expect("a date");
    assert_eq!(reset_at.timestamp(), answer.number("x-ratelimit-reset"));
    assert_eq!((&rate["limit"], &rate["used"]), (&json!(5_000), &json!(1)));
    assert_eq!(rate["nodeCount"], 1);
}

#[test]
fn a_token_is_needed_and_a_good_one() {
    let github = fake();
    let nobody = post(&github, &body_for(&["a"]), "");
    assert_eq!(nobody.status, Some(401));
    assert_eq!(nobody.json()["message"], "This endpoint requires you to be authenticated.");
    let wrong = post(&github, &body_for(&["a"]), "ghp_bad");
    assert_eq!((wrong.status, &wrong.json()["message"]), (Some(401), &json!("Bad credentials")));
    assert_eq!(get(&github, "/graphql", &[]).status, Some(404));
    let statuses = github.graphql_requests().into_iter().map(|seen| seen.status_sent);
    assert_eq!(statuses.collect::<Vec<_>>(), [Some(401), Some(401)]);
    assert_eq!(github.graphql_points_used(), 0);
}

#[test]
fn enterprise_servers_have_it_beside_rest_and_no_limits() {
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).enterprise("/api/v3");
    let github = builder.without_limits().start();
    assert_eq!(github.graphql_url(), format!("{}/api/graphql", github.base_url()));
    let answer = ask(&github, &["a"]);
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    assert!(answer.header("x-github-enterprise-version").is_some());
    let json = answer.json();
    assert_eq!(json["data"]["rateLimit"], Value::Null);
    assert!(count(&json, "a0").is_some());
}

#[test]
fn what_is_wrong_with_a_document_comes_with_200_and_is_free() {
    let github = fake();
    for (body, status, expected) in [
        (json!({"query": "{ a: search("}).to_string(), 200, "Parse error on"),
        (json!({"query": "{ nothing }"}).to_string(), 200, "Field 'nothing' doesn't exist on type"),
        (json!({"query": "query($q:String!){ __typename }"}).to_string(), 200, "$q"),
        (body_for(&["a"]).replace("\"q0\"", "\"q1\""), 200, "q0"),
        (json!({"variables": {}}).to_string(), 200, "A query attribute must be specified"),
        ("a=b".to_owned(), 400, "Problems parsing JSON"),
    ] {
        let answer = post(&github, &body, TOKEN);
        assert_eq!(answer.status, Some(status), "{body}");
        let json = answer.json();
        assert_eq!(json.get("data"), None, "{body}");
        assert!(json.to_string().contains(expected), "{json}");
        assert_eq!(answer.number("x-ratelimit-used"), 0, "{body}");
    }
    let seen = github.graphql_requests();
    assert!(seen.iter().all(|seen| seen.invalid && seen.cost == 0 && seen.queries.is_empty()));
    assert_eq!(seen[5].document, "a=b");
    let valid = ask(&github, &["a"]);
    assert_eq!(valid.status, Some(200));
    assert!(!github.graphql_requests()[6].invalid);
}

#[test]
fn cost_follows_the_formula_and_dry_runs_evaluate_nothing() {
    let github = fake();
    for (searches, cost) in [(1, 1), (149, 1), (150, 2), (250, 3)] {
        let rate = &post(&github, &body_of(searches), TOKEN).json()["data"]["rateLimit"];
        assert_eq!(rate["cost"], cost, "{searches}");
        assert_eq!(rate["nodeCount"], searches);
    }
    assert_eq!(github.graphql_points_used(), 7);

    let dry = body_of(250).replace("rateLimit{", "rateLimit(dryRun:true){");
    let json = post(&github, &dry, TOKEN).json();
    assert_eq!(json["data"]["rateLimit"]["cost"], 3);
    assert_eq!(json["data"]["rateLimit"]["used"], 8);
    assert_eq!(json["data"].as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn too_many_records_are_refused() {
    let github = fake();
    let search = |first| {
        let document =
            format!("{{ a: search(query:\"a\",type:REPOSITORY,first:{first}){{wikiCount}} }}");
        ask_text(&github, &document).json()
    };
    assert_eq!(search(100)["data"]["a"]["wikiCount"], 0);
    let json = search(101);
    assert_eq!(json["data"], Value::Null);
    assert_eq!(json["errors"][0]["type"], "EXCESSIVE_PAGINATION");
    assert_eq!(search(500_001)["errors"][0]["type"], "MAX_NODE_LIMIT_EXCEEDED");
}

//! Answers that are wrong on purpose.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use serde_json::{Value, json};

use super::{TOKEN, ask, body_for, count, fake, faulty};
use crate::fake_github::{GraphqlFault, GraphqlReply, When};
use crate::fake_github_tests::raw_client::{connect, send_graphql};

fn b() -> String {
    "b".to_owned()
}

#[test]
fn one_bad_alias_leaves_the_others_or_takes_them_along() {
    for (reply, kind) in [
        (GraphqlReply::BadAliasNull { query: b() }, Value::Null),
        (GraphqlReply::SamlForbidden { query: b() }, json!("FORBIDDEN")),
        (GraphqlReply::ResourceLimits { queries: vec![b()] }, json!("RESOURCE_LIMITS_EXCEEDED")),
    ] {
        let (answer, _github) = faulty(reply);
        let json = answer.json();
        assert_eq!(answer.status, Some(200));
        assert_eq!(json["data"]["a1"], Value::Null);
        assert_eq!(count(&json, "a0"), Some(7));
        assert!(count(&json, "a2").is_some());
        assert_eq!(json["errors"].as_array().map(Vec::len), Some(1));
        assert_eq!(json["errors"][0]["path"], json!(["a1"]));
        assert_eq!(json["errors"][0]["type"], kind);
        let is_saml = kind == "FORBIDDEN";
        assert_eq!(json["errors"][0]["extensions"]["saml_failure"] == true, is_saml);
    }
    let (answer, github) = faulty(GraphqlReply::BadAliasNullsAll { query: b() });
    let json = answer.json();
    assert_eq!((&json["data"], &json["errors"][0]["path"]), (&Value::Null, &json!(["a1"])));
    assert!(json.get("data").is_some());
    assert_eq!(github.graphql_points_used(), 1);
}

#[test]
fn resource_limits_may_take_some_or_all() {
    let queries = ["a", "c", "elsewhere"].map(str::to_owned).to_vec();
    let (answer, _github) = faulty(GraphqlReply::ResourceLimits { queries });
    let json = answer.json();
    assert_eq!((count(&json, "a0"), count(&json, "a1")), (None, Some(9)));
    let paths = [&json["errors"][0]["path"], &json["errors"][1]["path"]];
    assert_eq!(paths, [&json!(["a0"]), &json!(["a2"])]);

    let (answer, _github) = faulty(GraphqlReply::ResourceLimitsWhole);
    let json = answer.json();
    assert_eq!(json["data"], Value::Null);
    assert_eq!(json["errors"][0]["message"], "Resource limits for this query exceeded.");
    assert_eq!(json["errors"][0].get("path"), None);
}

#[test]
fn data_may_be_odd_without_an_error() {
    let json = |reply| {
        let json = faulty(reply).0.json();
        assert_eq!(json.get("errors"), None);
        json["data"].clone()
    };
    let null = json(GraphqlReply::NullWithoutError { query: b() });
    assert_eq!(null.get("a1"), Some(&Value::Null));
    let missing = json(GraphqlReply::MissingAlias { query: b() });
    assert_eq!((missing.get("a1"), missing["a0"]["repositoryCount"].as_u64()), (None, Some(7)));
    assert_eq!(json(GraphqlReply::EmptyData), json!({}));

    let text = faulty(GraphqlReply::ReversedOrder).0.text();
    let order = ["\"a2\"", "\"a1\"", "\"a0\"", "\"rateLimit\""].map(|alias| text.find(alias));
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{text}");
}

#[test]
fn time_outs_have_all_their_forms() {
    for (reply, status, words) in [
        (GraphqlReply::Html502, 502, "<title>Unicorn!"),
        (GraphqlReply::Html504, 504, "This page is taking too long to load."),
        (GraphqlReply::SomethingWentWrong { status: 502 }, 502, "{\n  \"data\": null,"),
        (GraphqlReply::SomethingWentWrong { status: 200 }, 200, "Something went wrong while"),
        (GraphqlReply::CouldNotRespond504, 504, "We couldn't respond to your request in time."),
    ] {
        let (answer, github) = faulty(reply);
        assert_eq!(answer.status, Some(status), "{words}");
        assert!(answer.text().contains(words), "{}", answer.text());
        let seen = &github.graphql_requests()[0];
        assert!(seen.timed_out && !seen.refused);
        assert_eq!(seen.cost, 11);
        assert!(!github.document_sent_twice_after_timeout());
        assert_eq!(ask(&github, &["a", "b", "c"]).status, Some(200));
        assert!(github.document_sent_twice_after_timeout());
    }
}

#[test]
fn a_document_may_be_refused_as_it_is() {
    for (reply, words, invalid) in [
        (GraphqlReply::ValidationTimeout, "Timeout on validation of query", false),
        (GraphqlReply::NodeLimit, "MAX_NODE_LIMIT_EXCEEDED", false),
        (GraphqlReply::InvalidDocument, "Parse error on", true),
    ] {
        let (answer, github) = faulty(reply);
        assert_eq!(answer.status, Some(200));
        assert_eq!(answer.json().get("data"), None);
        assert!(answer.text().contains(words), "{}", answer.text());
        assert_eq!(answer.number("x-ratelimit-used"), 0);
        assert_eq!(github.graphql_requests()[0].invalid, invalid);
    }
}

#[test]
fn answers_may_be_cut_foreign_or_none() {
    let (cut, github) = faulty(GraphqlReply::CutBody);
    let length = usize::try_from(cut.number("content-length")).expect("a length");
    assert_eq!(cut.body.len(), length / 2);
    assert_eq!(github.graphql_points_used(), 1);

    let (portal, github) = faulty(GraphqlReply::NotJson);
    assert_eq!(portal.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(portal.text().contains("Guest network"));
    assert_eq!(github.graphql_points_used(), 0);

    let (reset, github) = faulty(GraphqlReply::Reset);
    assert_eq!((reset.status, reset.problem), (None, Some(ErrorKind::ConnectionReset)));
    assert!(github.graphql_requests()[0].timed_out);

    let github = fake();
    github.add_graphql_fault(GraphqlFault::new(When::Always, GraphqlReply::Silence));
    let mut stream = connect(&github);
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a time-out");
    send_graphql(&mut stream, &github, &body_for(&["a"]), TOKEN);
    let silence = stream.read(&mut [0; 1]).expect_err("silence");
    assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    let seen = &github.graphql_requests()[0];
    assert_eq!((seen.status_sent, seen.timed_out), (None, true));
}

#[test]
fn faults_are_taken_by_number_by_query_and_when_they_can_happen() {
    let github = fake();
    let add = |when, reply| github.add_graphql_fault(GraphqlFault::new(when, reply).times(1));
    add(When::Nth(2), GraphqlReply::Html502);
    add(When::has_query("b"), GraphqlReply::Html504);
    add(When::Containing("arch".to_owned()), GraphqlReply::CouldNotRespond504);
    add(When::Always, GraphqlReply::NullWithoutError { query: "z".to_owned() });
    let status = |queries: &[&str]| ask(&github, queries).status;
    assert_eq!(status(&["a"]), Some(200));
    assert_eq!(status(&["a", "b"]), Some(502));
    assert_eq!(status(&["bb", "search"]), Some(504));
    assert_eq!(status(&["a", "b"]), Some(504));
    let json = ask(&github, &["a", "z"]).json();
    assert_eq!((count(&json, "a0"), count(&json, "a1")), (Some(7), None));
    assert!(count(&ask(&github, &["a", "z"]).json(), "a1").is_some());
}

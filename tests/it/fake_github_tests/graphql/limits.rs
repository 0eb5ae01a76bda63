//! Points, time, and how documents die of it.

use std::thread;
use std::time::{Duration, Instant};

use super::{TOKEN, ask, body_of, count};
use crate::fake_github::{
    FakeGithub, GraphqlFault, GraphqlReply, SecondaryLimits, SeenGraphql, TimeModel, When,
};
use crate::fake_github_tests::raw_client::{RawAnswer, get, post, search};

const NO_TIME: Duration = Duration::ZERO;

fn statuses(seen: &[SeenGraphql]) -> Vec<Option<u16>> {
    seen.iter().map(|seen| seen.status_sent).collect()
}

fn is_refused(answer: &RawAnswer, words: &str) {
    assert_eq!(answer.json().get("data"), None);
    assert!(answer.text().contains(words), "{}", answer.text());
}

#[test]
fn the_last_point_is_good_and_the_next_document_waits_for_the_window() {
    let window = Duration::from_millis(900);
    let builder = FakeGithub::builder().user("alice", &[TOKEN, "ghp_two"]).user("bob", &["ghp_b"]);
    let github = builder.graphql_points(3).graphql_window(window).start();
    let used = |token, searches| {
        let answer = post(&github, &body_of(searches), token);
        (answer.status, answer.number("x-ratelimit-used"), answer)
    };
    assert_eq!(used(TOKEN, 1).1, 1);
    let (status, used_now, last) = used("ghp_two", 200);
    assert_eq!((status, used_now), (Some(200), 3));
    assert_eq!(last.json()["data"]["rateLimit"]["remaining"], 0);
    let (status, used_now, refused) = used(TOKEN, 1);
    assert_eq!((status, used_now), (Some(200), 3));
    is_refused(&refused, "API rate limit already exceeded for user ID 9535539.");
    assert_eq!(refused.json()["errors"][0]["type"], "RATE_LIMIT");
    assert_eq!(used("ghp_b", 1).1, 1);
    thread::sleep(window);
    assert_eq!(used(TOKEN, 1).1, 1);
    let seen = github.graphql_requests();
    assert_eq!(seen.iter().map(|seen| seen.refused).collect::<Vec<_>>()[2..4], [true, false]);
    assert_eq!((github.graphql_points_used(), github.refused()), (5, 1));
}

#[test]
fn rest_and_graphql_have_windows_of_their_own() {
    let github = FakeGithub::builder().user("alice", &[TOKEN]).start();
    ask(&github, &["a"]);
    assert_eq!(search(&github, "a", TOKEN).number("x-ratelimit-used"), 1);
    github.eat_points(4_000);
    let resources = get(&github, "/rate_limit", &[("Authorization", "Bearer ghp_one")]).json();
    let resources = &resources["resources"];
    assert_eq!(
        (&resources["graphql"]["used"], &resources["search"]["used"]),
        (&4_001.into(), &1.into())
    );
    assert_eq!(resources["core"]["used"], 0);
    assert_eq!(ask(&github, &["a"]).number("x-ratelimit-remaining"), 998);
}

#[test]
fn scripted_limits_are_worded_in_both_ways_and_last() {
    for (reply, kind, words) in [
        (GraphqlReply::RateLimited, "RATE_LIMITED", "API rate limit exceeded for user ID"),
        (GraphqlReply::RateLimit, "RATE_LIMIT", "graphql_rate_limit"),
    ] {
        let github = FakeGithub::builder().user("alice", &[TOKEN]).start();
        github.add_graphql_fault(GraphqlFault::new(When::Nth(2), reply));
        assert_eq!(ask(&github, &["a"]).number("x-ratelimit-remaining"), 4_999);
        let refused = ask(&github, &["a"]);
        assert_eq!((refused.status, refused.number("x-ratelimit-remaining")), (Some(200), 0));
        assert_eq!(refused.json()["errors"][0]["type"], kind);
        is_refused(&refused, words);
        is_refused(&ask(&github, &["a"]), "API rate limit already exceeded");
        assert_eq!(github.refused(), 2);
    }
}

#[test]
fn secondary_limits_refuse_in_the_manner_of_rest() {
    let limits = SecondaryLimits { graphql_points: 1, ..SecondaryLimits::default() };
    let github = FakeGithub::builder().user("alice", &[TOKEN]).secondary_limits(limits).start();
    assert_eq!(search(&github, "a", TOKEN).status, Some(200));
    assert_eq!(ask(&github, &["a"]).status, Some(200));
    let refused = ask(&github, &["a"]);
    assert_eq!((refused.status, refused.number("retry-after")), (Some(403), 60));
    assert_eq!(refused.number("x-ratelimit-remaining"), 4_999);
    is_refused(&refused, "You have exceeded a secondary rate limit.");
    assert_eq!(search(&github, "a", TOKEN).status, Some(403));

    let github = FakeGithub::builder().user("alice", &[TOKEN]).start();
    for reply in [GraphqlReply::Secondary403 { retry_after: None }, GraphqlReply::Secondary200] {
        github.add_graphql_fault(GraphqlFault::new(When::Always, reply).times(1));
    }
    for status in [403, 200] {
        let refused = ask(&github, &["a"]);
        assert_eq!((refused.status, refused.header("retry-after")), (Some(status), None));
        is_refused(&refused, "You have exceeded a secondary rate limit.");
    }
    assert_eq!(ask(&github, &["a"]).number("x-ratelimit-used"), 1);
}

#[test]
fn computing_time_is_counted_without_waiting() {
    let eight = Duration::from_secs(8);
    let builder = FakeGithub::builder().user("alice", &[TOKEN]);
    let github = builder.graphql_time(TimeModel::counted(eight, NO_TIME)).start();
    let started = Instant::now();
    let answered = (0..10).take_while(|_| ask(&github, &["a"]).status == Some(200)).count();
    assert_eq!(answered, 8, "64 of 60 seconds");
    assert!(started.elapsed() < eight / 2);
    let seen = github.graphql_requests();
    assert!(seen[0].took >= eight, "{:?}", seen[0].took);
    assert!(seen[8].refused);
}

#[test]
fn time_passes_with_every_alias() {
    let time = TimeModel::real(Duration::from_millis(40), Duration::from_millis(20));
    let github = FakeGithub::builder().user("alice", &[TOKEN]).graphql_time(time).start();
    let started = Instant::now();
    ask(&github, &["a", "b", "c"]);
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert!(github.graphql_requests()[0].took >= Duration::from_millis(100));
}

#[test]
fn what_takes_too_long_dies_in_turns_of_three_and_costs_more() {
    let time = TimeModel::real(NO_TIME, Duration::from_millis(20));
    let longest = Duration::from_millis(50);
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).graphql_time(time);
    let github = builder.graphql_longest(longest).graphql_timeout_points(5).start();
    assert_eq!(ask(&github, &["a", "b"]).status, Some(200));
    let dead: Vec<RawAnswer> = (0..3).map(|_| ask(&github, &["a", "b", "c"])).collect();
    is_refused(&dead[1], "We couldn't respond to your request in time.");
    assert!(dead[0].text().contains("Something went wrong while executing your query."));
    let id = dead[0].header("x-github-request-id").expect("an id");
    assert!(dead[0].text().contains(id));
    assert_eq!(dead[0].number("x-ratelimit-used"), 1 + 6);
    assert!(dead[2].text().contains("Unicorn!"));
    assert_eq!(dead[2].header("x-ratelimit-used"), None);

    let seen = github.graphql_requests();
    assert_eq!(statuses(&seen), [Some(200), Some(502), Some(504), Some(502)]);
    assert_eq!(seen.iter().map(|seen| seen.cost).collect::<Vec<_>>(), [1, 6, 6, 6]);
    assert!(seen[1].timed_out && seen[1].took >= longest && !seen[0].timed_out);
    assert!(github.document_sent_twice_after_timeout());
}

#[test]
fn a_hidden_limit_lets_small_documents_live() {
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).count("a", 7);
    let github = builder.graphql_hidden_limit(2).start();
    let fault = GraphqlReply::MissingAlias { query: "a".to_owned() };
    github.add_graphql_fault(GraphqlFault::new(When::Always, fault).times(1));
    assert_eq!(ask(&github, &["a", "b", "c"]).status, Some(502));
    assert_eq!(count(&ask(&github, &["a", "b"]).json(), "a0"), None, "the fault was left");
    assert_eq!(count(&ask(&github, &["b", "a"]).json(), "a1"), Some(7));
    assert!(!github.document_sent_twice_after_timeout());
    github.set_hidden_limit(Some(1));
    assert_eq!(ask(&github, &["a", "b"]).status, Some(504));
    github.set_hidden_limit(None);
    assert_eq!(ask(&github, &["a", "b", "c"]).status, Some(200));
    assert!(github.document_sent_twice_after_timeout());
}

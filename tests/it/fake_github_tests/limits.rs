//! Windows, who shares them, and what counts.

use std::thread;
use std::time::{Duration, Instant};

use super::raw_client::{get, search};
use crate::fake_github::{FakeGithub, Fault, Reply, SecondaryLimits, When};

#[test]
fn the_tokens_of_one_user_share_a_window_and_users_do_not() {
    let github = FakeGithub::builder()
        .user("alice", &["ghp_aliceone", "ghp_alicetwo"])
        .user("bob", &["ghp_bob"])
        .search_limit_authenticated(3)
        .start();
    let used = |token| search(&github, "a", token).number("x-ratelimit-used");
    assert_eq!(used("ghp_aliceone"), 1);
    assert_eq!(used("ghp_alicetwo"), 2);
    assert_eq!(used("ghp_bob"), 1);
    assert_eq!(used("ghp_alicetwo"), 3);
    assert_eq!(github.refused(), 0);

    let refused = search(&github, "a", "ghp_aliceone");
    assert_eq!(refused.status, Some(403));
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    let message = refused.json()["message"].to_string();
    let id = refused.header("x-github-request-id").expect("an id");
    assert!(message.contains("API rate limit exceeded for user ID 9535539."), "{message}");
    assert!(message.contains(id), "{message}");
    assert_eq!(used("ghp_bob"), 2);
    assert_eq!(github.refused(), 1);
}

#[test]
fn ten_searches_without_a_token_and_a_refusal_that_counts_too() {
    let github = FakeGithub::builder().start();
    for number in 1..=10 {
        let answer = search(&github, "a", "");
        assert_eq!(answer.number("x-ratelimit-remaining"), 10 - number);
        assert_eq!(answer.status, Some(200));
    }
    search(&github, "a", "");
    let refused = search(&github, "a", "");
    assert_eq!(refused.status, Some(403));
    assert_eq!(refused.number("x-ratelimit-used"), 12);
    assert!(refused.text().contains("API rate limit exceeded for 127.0.0.1. (But"));
    assert_eq!(github.refused(), 2);
    assert!(github.requests()[11].refused);
}

#[test]
fn a_window_opens_with_the_first_call_and_ends_on_time() {
    let length = Duration::from_millis(600);
    let github = FakeGithub::builder().search_limit_anonymous(1).window(length).start();
    thread::sleep(length);
    let opened = Instant::now();
    assert_eq!(search(&github, "a", "").status, Some(200));
    while search(&github, "a", "").status != Some(200) {
        thread::sleep(Duration::from_millis(20));
    }
    let lasted = opened.elapsed();
    assert!(lasted >= length.saturating_sub(Duration::from_millis(20)), "{lasted:?}");
    assert!(lasted < length * 3, "{lasted:?}");
}

#[test]
fn date_and_reset_follow_the_servers_clock() {
    let github = FakeGithub::builder().clock_offset_s(-300).start();
    let answer = search(&github, "a", "");
    let machine = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let date = answer.header("date").expect("a date");
    let date = chrono::DateTime::parse_from_rfc2822(date).expect("an HTTP date");
    let behind = machine.timestamp() - date.timestamp();
    assert!((299..=303).contains(&behind), "{behind}");
    let left = answer.number("x-ratelimit-reset") - date.timestamp();
    assert!((59..=61).contains(&left), "{left}");
}

#[test]
fn asking_for_the_limits_is_free_and_another_client_eats_from_them() {
    let github = FakeGithub::builder().user("alice", &["ghp_one"]).start();
    let login = [("Authorization", "Bearer ghp_one")];
    search(&github, "a", "ghp_one");
    for _ in 0..2 {
        let answer = get(&github, "/rate_limit", &login);
        assert_eq!(answer.header("x-ratelimit-resource"), Some("core"));
        assert_eq!(answer.number("x-ratelimit-used"), 0);
        let resources = &answer.json()["resources"];
        assert_eq!(resources["search"]["used"], 1);
        assert_eq!(resources["core"]["remaining"], 5_000);
    }
    github.eat(28);
    assert_eq!(search(&github, "a", "ghp_one").number("x-ratelimit-remaining"), 0);
    assert_eq!(search(&github, "a", "ghp_one").status, Some(403));
}

#[test]
fn a_scripted_primary_limit_lasts_until_the_window_ends() {
    let github = FakeGithub::builder().window(Duration::from_millis(800)).start();
    github.add_fault(Fault::new(When::query("b"), Reply::PrimaryLimit).times(1));
    let statuses = ["a", "b", "b", "a"].map(|q| search(&github, q, "").status);
    assert_eq!(statuses, [Some(200), Some(403), Some(403), Some(403)]);
    thread::sleep(Duration::from_millis(850));
    assert_eq!(search(&github, "b", "").status, Some(200));
}

#[test]
fn answers_count_and_closed_doors_do_not() {
    let github = FakeGithub::builder().start();
    let used_after = |reply| {
        let before = search(&github, "a", "").number("x-ratelimit-used");
        github.add_fault(Fault::new(When::query("x"), reply).times(1));
        search(&github, "x", "");
        let used = search(&github, "a", "").number("x-ratelimit-used");
        used - before - 1
    };
    assert_eq!(used_after(Reply::CutBody), 1);
    assert_eq!(used_after(Reply::WrongType), 0);
    assert_eq!(used_after(Reply::secondary_limit(1)), 0);
}

#[test]
fn a_refused_request_leaves_its_fault_for_the_next_one() {
    let window = Duration::from_millis(800);
    let github = FakeGithub::builder().search_limit_anonymous(1).window(window).start();
    github.add_fault(Fault::new(When::query("b"), Reply::IncompleteResults).times(1));
    assert_eq!(search(&github, "a", "").status, Some(200));
    assert_eq!(search(&github, "b", "").status, Some(403));
    thread::sleep(window);
    let late = search(&github, "b", "");
    assert_eq!(late.json()["incomplete_results"], true);
}

#[test]
fn secondary_limits_refuse_with_budget_left() {
    let limits = SecondaryLimits {
        points: 2,
        per: Duration::from_millis(600),
        penalty: Duration::from_millis(600),
        ..SecondaryLimits::default()
    };
    let builder = FakeGithub::builder().secondary_limits(limits);
    let github = builder.refusal_status(429).start();
    search(&github, "a", "");
    search(&github, "a", "");
    let refused = search(&github, "a", "");
    assert_eq!(refused.status, Some(429));
    assert_eq!(refused.number("x-ratelimit-remaining"), 8);
    assert_eq!(refused.number("retry-after"), 1);
    assert!(refused.text().contains("You have exceeded a secondary rate limit."));
    // Asking again meanwhile starts the penalty anew.
    thread::sleep(Duration::from_millis(350));
    assert_eq!(search(&github, "a", "").status, Some(429));
    thread::sleep(Duration::from_millis(350));
    assert_eq!(search(&github, "a", "").status, Some(429));
    thread::sleep(Duration::from_millis(650));
    assert_eq!(search(&github, "a", "").status, Some(200));
    assert_eq!(github.refused(), 3);
}

#[test]
fn requests_at_once_are_noticed() {
    let latency = Duration::from_millis(300);
    let github = FakeGithub::builder().latency(latency).start();
    let started = Instant::now();
    search(&github, "a", "");
    assert!(started.elapsed() >= latency);
    search(&github, "b", "");
    assert_eq!(github.most_at_once(), 1);
    thread::scope(|scope| {
        scope.spawn(|| search(&github, "c", ""));
        scope.spawn(|| search(&github, "d", ""));
    });
    assert_eq!(github.most_at_once(), 2);
}

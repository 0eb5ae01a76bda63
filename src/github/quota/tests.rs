//! What the pacer does by the headers of answers: tables of cases.

mod refused;
mod simulated;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{LimitHeaders, Next, Pacer, Why};

const EPOCH_S: i64 = 1_795_240_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The local clock, which here agrees with the server's.
fn local(now: Duration) -> DateTime<Utc> {
    DateTime::from_timestamp(epoch_s(now), 0).expect("a moment")
}

fn epoch_s(now: Duration) -> i64 {
    EPOCH_S + i64::try_from(now.as_secs()).expect("an epoch second")
}

/// What GitHub says at that time of a window that ends so many seconds later.
fn told(now: Duration, remaining: u64, reset_in_s: i64) -> LimitHeaders {
    LimitHeaders {
        limit: Some(30),
        remaining: Some(remaining),
        used: Some(30 - remaining),
        reset_s: Some(epoch_s(now) + reset_in_s),
        resource: Some("search".into()),
        retry_after_s: None,
        date_s: Some(epoch_s(now)),
    }
}

fn fresh() -> Pacer {
    Pacer::new(30, Duration::ZERO)
}

/// A pacer whose first request was sent and answered at that time.
fn after_one(now: Duration, headers: &LimitHeaders) -> Pacer {
    let mut pacer = fresh();
    pacer.sent(now);
    pacer.answered(now, local(now), headers);
    pacer
}

fn at(at: Duration, why: Why) -> Next {
    Next::At { at, why }
}

/// Sends as many requests as may go at once, up to 100, and answers them with nothing.
fn send_all(pacer: &mut Pacer, now: Duration, still_to_ask: usize) -> usize {
    for sent in 0..still_to_ask.min(100) {
        if pacer.next_request(now, still_to_ask - sent) != Next::Now {
            return sent;
        }
        pacer.sent(now);
        pacer.answered(now, local(now), &LimitHeaders::default());
    }
    still_to_ask.min(100)
}

#[test]
fn without_headers_the_own_count_paces() {
    let now = seconds(1_000);
    for (limit, still_to_ask, at_once) in [(30, 60, 30), (10, 11, 10), (10, 10, 10), (1, 2, 1)] {
        let mut pacer = Pacer::new(limit, Duration::ZERO);
        assert_eq!(send_all(&mut pacer, now, still_to_ask), at_once);
        assert_eq!(pacer.next_request(now, 1), at(seconds(1_060), Why::Window));
        assert_eq!(pacer.next_request(seconds(1_060), 1), Next::Now);
    }
    let mut pacer = fresh();
    assert_eq!(send_all(&mut pacer, now, 61), 1);
    assert_eq!(pacer.next_request(now, 60), at(seconds(1_002), Why::Spread));
}

#[test]
fn what_needs_more_than_two_windows_is_spread_over_what_is_left() {
    let now = seconds(1_000);
    // The window is surely over at 1,041, a second after the reset.
    let pacer = after_one(now, &told(now, 19, 40));
    assert_eq!(pacer.next_request(now, 49), Next::Now);
    let spread = at(now + seconds(41) / 20, Why::Spread);
    assert_eq!(pacer.next_request(now, 50), spread);
    assert_eq!(pacer.next_request(now + seconds(41) / 20, 50), Next::Now);
    assert_eq!(pacer.next_request(seconds(1_041), 1_000), Next::Now);
}

#[test]
fn nothing_left_on_a_good_answer_is_a_planned_wait() {
    let now = seconds(1_000);
    let pacer = after_one(now, &told(now, 0, 12));
    assert_eq!(pacer.next_request(now, 1), at(seconds(1_013), Why::Window));
    assert!(Why::Window.is_planned() && Why::Spread.is_planned() && Why::Gap.is_planned());
    assert!(!Why::PrimaryLimit.is_planned() && !Why::SecondaryLimit.is_planned());
    assert_eq!(pacer.next_request(seconds(1_013), 60), Next::Now);
}

#[test]
fn requests_since_the_last_answer_count_too() {
    let now = seconds(1_000);
    let mut pacer = after_one(now, &told(now, 2, 50));
    for _ in 0..2 {
        assert_eq!(pacer.next_request(now, 5), Next::Now);
        pacer.sent(now);
        pacer.failed(now, local(now), &LimitHeaders::default());
    }
    assert_eq!(pacer.next_request(now, 5), at(seconds(1_051), Why::Window));
}

#[test]
fn a_limit_that_is_told_replaces_the_default() {
    let now = seconds(1_000);
    let headers = LimitHeaders { limit: Some(5), ..told(now, 4, 60) };
    let mut pacer = after_one(now, &headers);
    assert_eq!(send_all(&mut pacer, now, 9), 4);
    let next_window = seconds(1_061);
    assert_eq!(pacer.next_request(now, 5), at(next_window, Why::Window));
    // The four that no answer accounted for lie more than a window back by then.
    assert_eq!(pacer.next_request(next_window, 5), Next::Now);
    assert_eq!(send_all(&mut pacer, next_window, 5), 5);
}

#[test]
fn another_bucket_changes_nothing() {
    let now = seconds(1_000);
    for name in ["core", "graphql", "code_search", "something new"] {
        let headers = LimitHeaders { resource: Some(name.into()), ..told(now, 0, 50) };
        let pacer = after_one(now, &headers);
        assert_eq!(pacer.next_request(now, 1), Next::Now, "{name}");
        assert_eq!(pacer.next_request(now, 60), at(seconds(1_002), Why::Spread), "{name}");
    }
    for name in [None, Some(String::new()), Some(" Search".into())] {
        let headers = LimitHeaders { resource: name.clone(), ..told(now, 0, 50) };
        let pacer = after_one(now, &headers);
        assert_eq!(pacer.next_request(now, 1), at(seconds(1_051), Why::Window), "{name:?}");
    }
}

#[test]
fn what_cannot_be_true_is_passed_over() {
    let now = seconds(1_000);
    let sound = told(now, 20, 50);
    let spoiled = |spoil: fn(&mut LimitHeaders)| {
        let mut headers = sound.clone();
        spoil(&mut headers);
        headers
    };
    let no_quota = [
        spoiled(|h| h.limit = Some(0)),
        spoiled(|h| h.limit = Some(19)),
        spoiled(|h| h.limit = Some(u64::MAX)),
        spoiled(|h| h.remaining = Some(31)),
        spoiled(|h| h.remaining = Some(u64::MAX)),
        spoiled(|h| (h.remaining, h.used) = (None, None)),
        spoiled(|h| (h.remaining, h.used) = (None, Some(31))),
    ];
    for headers in no_quota {
        let mut pacer = after_one(now, &headers);
        assert_eq!(send_all(&mut pacer, now, 40), 29, "{headers:?}");
        assert_eq!(pacer.next_request(now, 1), at(seconds(1_051), Why::Window), "{headers:?}");
    }
    let no_reset = [
        spoiled(|h| h.reset_s = None),
        spoiled(|h| h.reset_s = Some(0)),
        spoiled(|h| h.reset_s = Some(i64::MIN)),
        spoiled(|h| h.reset_s = Some(i64::MAX)),
        spoiled(|h| h.reset_s = h.date_s.map(|date| date - 1)),
        spoiled(|h| h.reset_s = h.date_s.map(|date| date + 61)),
        spoiled(|h| h.date_s = Some(0)),
        spoiled(|h| h.date_s = Some(i64::MAX)),
    ];
    for headers in no_reset {
        let mut pacer = after_one(now, &headers);
        assert_eq!(send_all(&mut pacer, now, 40), 20, "{headers:?}");
        assert_eq!(pacer.next_request(now, 1), at(seconds(1_060), Why::Window), "{headers:?}");
    }
    let used_alone = after_one(now, &spoiled(|h| (h.remaining, h.used) = (None, Some(30))));
    assert_eq!(used_alone.next_request(now, 1), at(seconds(1_051), Why::Window));
}

#[test]
fn more_left_than_there_can_be_means_a_new_window() {
    let opened = seconds(1_000);
    let mut pacer = after_one(opened, &told(opened, 3, 59));
    let answer = |pacer: &mut Pacer, now: Duration, remaining: u64| {
        pacer.sent(now);
        let headers = LimitHeaders { reset_s: None, ..told(now, remaining, 0) };
        pacer.answered(now, local(now), &headers);
    };
    answer(&mut pacer, seconds(1_040), 2);
    answer(&mut pacer, seconds(1_050), 0);
    assert_eq!(pacer.next_request(seconds(1_050), 1), at(seconds(1_060), Why::Window));
    answer(&mut pacer, seconds(1_055), 29);
    answer(&mut pacer, seconds(1_056), 0);
    assert_eq!(pacer.next_request(seconds(1_056), 1), at(seconds(1_115), Why::Window));
}

#[test]
fn a_slow_answer_from_a_window_that_is_over_leaves_the_next_one_open() {
    let (sent, received) = (seconds(1_000), seconds(1_003));
    let mut pacer = fresh();
    pacer.sent(sent);
    let headers = LimitHeaders { date_s: Some(epoch_s(received)), ..told(sent, 0, 1) };
    pacer.answered(received, local(received), &headers);
    assert_eq!(pacer.next_request(received, 60), Next::Now);
}

#[test]
fn the_gap_that_the_user_wants_is_kept() {
    let mut pacer = Pacer::new(30, seconds(5));
    assert_eq!(pacer.next_request(Duration::ZERO, 3), Next::Now);
    pacer.sent(Duration::ZERO);
    pacer.answered(seconds(1), local(seconds(1)), &LimitHeaders::default());
    assert_eq!(pacer.next_request(seconds(1), 2), at(seconds(5), Why::Gap));
    let mut endless = Pacer::new(0, Duration::MAX);
    endless.sent(Duration::ZERO);
    assert_eq!(endless.next_request(Duration::ZERO, 2), at(seconds(3_600), Why::Gap));
}

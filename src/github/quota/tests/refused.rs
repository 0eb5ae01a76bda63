//! How long the pacer waits after a refusal.

use super::*;

#[test]
fn a_primary_limit_pauses_until_the_window_is_over() {
    let now = seconds(1_000);
    let cases = [
        (told(now, 0, 30), 31),
        (told(now, 0, -90), 60),
        (told(now, 0, 7_200), 3_600),
        (LimitHeaders::default(), 60),
        (LimitHeaders { retry_after_s: Some(7), ..LimitHeaders::default() }, 7),
        (LimitHeaders { retry_after_s: Some(45), ..told(now, 0, 30) }, 45),
        (LimitHeaders { retry_after_s: Some(u64::MAX), ..told(now, 0, 30) }, 3_600),
        // Another bucket's refusal pauses all the same.
        (LimitHeaders { resource: Some("core".into()), ..told(now, 0, 600) }, 601),
    ];
    for (headers, wait_s) in cases {
        let mut pacer = fresh();
        pacer.sent(now);
        pacer.refused_primary(now, local(now), &headers);
        let until = now + seconds(wait_s);
        assert_eq!(pacer.next_request(now, 1), at(until, Why::PrimaryLimit), "{headers:?}");
        assert_eq!(pacer.next_request(until, 1), Next::Now, "{headers:?}");
    }
}

#[test]
fn a_refusal_from_a_window_that_is_over_costs_no_wait_once() {
    let mut pacer = fresh();
    let refuse = |pacer: &mut Pacer, sent: Duration, received: Duration| {
        pacer.sent(sent);
        let headers = LimitHeaders { date_s: Some(epoch_s(received)), ..told(sent, 0, 1) };
        pacer.refused_primary(received, local(received), &headers);
    };
    refuse(&mut pacer, seconds(1_000), seconds(1_003));
    assert_eq!(pacer.next_request(seconds(1_003), 1), Next::Now);
    refuse(&mut pacer, seconds(1_003), seconds(1_006));
    assert_eq!(pacer.next_request(seconds(1_006), 1), at(seconds(1_066), Why::PrimaryLimit));
    pacer.sent(seconds(1_066));
    pacer.answered(seconds(1_067), local(seconds(1_067)), &LimitHeaders::default());
    refuse(&mut pacer, seconds(1_070), seconds(1_073));
    assert_eq!(pacer.next_request(seconds(1_073), 1), Next::Now);
}

#[test]
fn a_secondary_limit_pauses_by_what_github_says_first() {
    let now = seconds(1_000);
    let with_retry = |retry_after_s, headers| LimitHeaders { retry_after_s, ..headers };
    let cases = [
        (with_retry(Some(17), told(now, 0, 40)), 17),
        (with_retry(Some(86_400), told(now, 14, 40)), 3_600),
        (with_retry(Some(0), told(now, 14, 40)), 60),
        (told(now, 14, 31), 60),
        (told(now, 0, 31), 32),
        (told(now, 0, -31), 60),
        (told(now, 0, 90_000), 3_600),
        (LimitHeaders::default(), 60),
    ];
    for (headers, wait_s) in cases {
        let mut pacer = fresh();
        pacer.sent(now);
        pacer.refused_secondary(now, local(now), &headers);
        let until = now + seconds(wait_s);
        assert_eq!(pacer.next_request(now, 1), at(until, Why::SecondaryLimit), "{headers:?}");
    }
}

#[test]
fn trouble_is_waited_for_as_the_server_asks() {
    let mut pacer = fresh();
    pacer.sent(seconds(10));
    let asked = LimitHeaders { retry_after_s: Some(40), ..LimitHeaders::default() };
    pacer.failed(seconds(11), local(seconds(11)), &asked);
    assert_eq!(pacer.next_request(seconds(12), 1), at(seconds(51), Why::Asked));
    assert_eq!(pacer.next_request(seconds(51), 1), Next::Now);
}

#[test]
fn pauses_double_until_a_good_answer() {
    let mut pacer = fresh();
    let none = LimitHeaders::default();
    let mut now = seconds(1_000);
    let waits = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600];
    for (wait_s, in_a_row) in waits.into_iter().zip(1..) {
        pacer.sent(now);
        pacer.failed(now, local(now), &none);
        pacer.sent(now);
        pacer.refused_secondary(now, local(now), &none);
        assert_eq!(pacer.secondary_in_a_row(), in_a_row);
        let until = now + seconds(wait_s);
        assert_eq!(pacer.next_request(now, 9), at(until, Why::SecondaryLimit));
        now = until;
    }
    pacer.sent(now);
    pacer.answered(now, local(now), &none);
    assert_eq!(pacer.secondary_in_a_row(), 0);
    assert_eq!(pacer.next_request(now, 9), at(now + seconds(2), Why::Gap));
    now += seconds(2);
    pacer.sent(now);
    pacer.refused_secondary(now, local(now), &none);
    assert_eq!(pacer.next_request(now, 9), at(now + seconds(60), Why::SecondaryLimit));
}

#[test]
fn a_shorter_pause_never_cuts_a_longer_one() {
    let now = seconds(1_000);
    let mut pacer = fresh();
    pacer.sent(now);
    pacer.refused_secondary(now, local(now), &LimitHeaders::default());
    pacer.refused_primary(now, local(now), &told(now, 0, 5));
    pacer.answered(now, local(now), &told(now, 29, 60));
    assert_eq!(pacer.next_request(now, 1), at(seconds(1_060), Why::SecondaryLimit));
}

//! Answers as they come from the network, and what they say of limits. Built for tests and fuzzers
//! only; see `crate::fuzz`.

#![expect(clippy::missing_panics_doc, reason = "a panic is what a target has to say")]

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::graphql::fuzz::check_answer;
use super::quota::{Next, Pacer, Points, PointsPacer};
use super::verdict::{Verdict, judge};
use super::wire::{Head, Response};

/// An answer of REST: the status, then headers, a line each; after a blank line the body.
pub fn rest(data: &[u8]) {
    let Some(response) = response_of(data) else { return };
    match judge(&response) {
        Verdict::Count { .. } => assert!((200..300).contains(&response.status)),
        Verdict::PrimaryLimit | Verdict::SecondaryLimit => {
            assert!(matches!(response.status, 403 | 429));
        }
        Verdict::Again { detail, said, most } => {
            assert!(!detail.is_empty() && most > 0);
            check_said(&said);
        }
        Verdict::Refused { said, .. } | Verdict::NoFurther { said, .. } => check_said(&said),
    }
    let id = response.head.request_id.as_deref().unwrap_or_default();
    assert!(!id.contains(|c: char| c.is_control() || c.is_whitespace() || c == ','), "{id:?}");
}

/// An answer of GraphQL, as for [`rest`].
pub fn graphql(data: &[u8]) {
    let Some(response) = response_of(data) else { return };
    for searches in [1, 3, 100] {
        check_answer(&response, searches);
    }
}

/// The heads of answers that follow each other, with blank lines between; `x-after` is how many
/// seconds came before.
pub fn limits(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut rest = Pacer::new(30, Duration::ZERO);
    let mut graphql = PointsPacer::new(Duration::ZERO);
    let (mut now, local_at) = (Duration::ZERO, DateTime::<Utc>::UNIX_EPOCH);
    for part in text.split("\n\n") {
        let Some(Response { status, head, .. }) = response_of(part.as_bytes()) else { continue };
        let after = header_of(part, "x-after").and_then(|text| text.parse().ok());
        now += Duration::from_secs(after.unwrap_or(0_u64).min(100_000));
        let local_at = local_at + now;
        rest.sent(now);
        graphql.sent(now);
        now += Duration::from_secs(1);
        let limits = &head.limits;
        match status {
            403 => {
                rest.refused_primary(now, local_at, limits);
                graphql.refused_primary(now, local_at, limits);
            }
            429 => {
                rest.refused_secondary(now, local_at, limits);
                graphql.refused_secondary(now, local_at, limits);
            }
            500.. => {
                rest.failed(now, local_at, limits);
                graphql.failed(now, local_at, limits);
            }
            _ => {
                rest.answered(now, local_at, limits);
                graphql.answered(now, local_at, limits, Points::default());
            }
        }
        for still_to_ask in [1, 100, usize::MAX] {
            comes_soon(now, |at| rest.next_request(at, still_to_ask));
        }
        comes_soon(now, |at| graphql.next_document(at));
    }
}

/// Whatever was said, no wait is longer than an hour and what was rounded, and after few of them a
/// request may go out.
fn comes_soon(mut now: Duration, next: impl Fn(Duration) -> Next) {
    for _ in 0..4 {
        match next(now) {
            Next::Now => return,
            Next::At { at, why } => {
                let wait = at.checked_sub(now).expect("a later time");
                assert!(!wait.is_zero() && wait <= Duration::from_secs(3602), "{why:?} {wait:?}");
                now = at;
            }
        }
    }
    panic!("four waits, and nothing may be sent");
}

/// What is shown of GitHub's words is a line, and not a long one.
pub(super) fn check_said(said: &str) {
    assert!(!said.contains(char::is_control), "{said:?}");
    assert!(said.chars().count() <= 500, "{said}");
}

fn response_of(data: &[u8]) -> Option<Response> {
    let blank = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let head = std::str::from_utf8(&data[..blank]).ok()?;
    let status = head.lines().next()?.trim().parse().ok()?;
    let body = data.get(blank + 2..).unwrap_or_default().to_vec();
    Some(Response { status, head: Head::read(|name| header_of(head, name)), body })
}

/// Returns a header as HTTP lets it come: visible ASCII and spaces.
fn header_of<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    let value = pairs.into_iter().find(|(found, _)| *found == name)?.1.trim();
    value.bytes().all(|byte| (b' '..=b'~').contains(&byte)).then_some(value)
}

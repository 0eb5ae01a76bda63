//! What makes a period overdue, which gaps are found, and what of a run is remembered.

use jiff::tz::TimeZone;

use super::*;
use crate::domain::period::{Per, Schedule};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

fn daily() -> Periods {
    let schedule = Schedule::parse("17 6 * * *", TimeZone::UTC, "UTC").expect("a schedule");
    Periods::Scheduled(Box::new(schedule))
}

fn expectation(periods: impl Into<Option<Periods>>, now: &str, grace_h: u64) -> Expectation {
    let grace = Duration::from_secs(grace_h * 3600);
    Expectation { now: at(now), periods: periods.into(), grace, since: None }
}

fn run(start: &str, answered: usize) -> RunState {
    let progress = Progress { answered, planned: 2 };
    RunState { id: RunId::new(at(start), 1), progress, incomplete: 0 }
}

/// Finds the health of runs that are given the newest first.
fn health(expectation: Expectation, runs: &[RunState]) -> Health {
    let mut finder = HealthFinder::new(expectation);
    let _ = runs.iter().try_for_each(|run| finder.add(*run));
    finder.finish()
}

#[test]
fn a_period_is_overdue_when_its_grace_is_over() {
    let yesterday = run("2026-11-20T06:17:05Z", 2);
    let cases = [
        // now, grace, runs, is it overdue
        ("2026-11-21T06:16:59Z", 0, vec![yesterday], false),
        ("2026-11-21T06:17:00Z", 0, vec![yesterday], true),
        ("2026-11-21T07:16:59Z", 1, vec![yesterday], false),
        ("2026-11-21T07:17:00Z", 1, vec![yesterday], true),
        ("2026-11-21T07:17:00Z", 0, vec![run("2026-11-21T06:17:00Z", 2), yesterday], false),
        // A run that is not finished serves nothing.
        ("2026-11-21T07:17:00Z", 0, vec![run("2026-11-21T06:17:00Z", 1), yesterday], true),
        // A run of the next period serves one that is still in question by a long grace.
        ("2026-11-21T06:20:00Z", 24, vec![run("2026-11-21T06:17:00Z", 2)], false),
        ("2026-11-21T06:20:00Z", 0, vec![], true),
    ];
    for (now, grace, runs, overdue) in cases {
        let found = health(expectation(daily(), now, grace), &runs);
        assert_eq!(found.is_overdue(), overdue, "{now}, {grace} h, {runs:?}");
    }
}

#[test]
fn the_last_runs_are_told() {
    let runs = [run("2026-11-21T06:17:05Z", 1), run("2026-11-20T06:17:05Z", 2)];
    let found = health(expectation(daily(), "2026-11-21T09:00:00Z", 0), &runs);
    assert_eq!(found.last_run, Some(runs[0]));
    assert_eq!(found.last_run.map(|run| run.missing()), Some(1));
    assert_eq!(found.last_finished, Some(runs[1]));
    assert_eq!(found.next_due_at, Some(at("2026-11-22T06:17:00Z")));
}

#[test]
fn nothing_is_due_without_periods() {
    let runs = [run("2026-11-21T06:17:05Z", 2), run("2026-11-20T06:17:05Z", 2)];
    let found = health(expectation(None, "2027-11-21T09:00:00Z", 0), &runs);
    assert!(!found.is_overdue());
    assert_eq!((found.due, found.next_due_at, found.looked_at), (None, None, None));
    assert_eq!(found.last_finished, Some(runs[0]));
}

#[test]
fn gaps_are_looked_for_in_the_last_periods() {
    let days = |gaps: &[Gap]| -> Vec<(String, u64)> {
        gaps.iter().map(|gap| (gap.from.date_naive().to_string(), gap.periods)).collect()
    };
    // A gap of two days in a young history; today's period is still under way.
    let runs = [run("2026-11-20T06:18:00Z", 2), run("2026-11-17T06:18:00Z", 2)];
    let young = health(expectation(daily(), "2026-11-21T06:18:00Z", 0), &runs);
    let looked_at = young.looked_at.expect("a window");
    assert_eq!(looked_at.from, at("2026-11-17T06:17:00Z"));
    assert_eq!(days(&looked_at.gaps.0), [("2026-11-18".to_owned(), 2)]);
    // A history whose last run is long past: the window is all gap.
    let old =
        health(expectation(daily(), "2026-11-21T06:18:00Z", 0), &[run("2020-01-01T06:18:00Z", 2)]);
    let looked_at = old.looked_at.expect("a window");
    assert_eq!(looked_at.from, at("2026-08-13T06:17:00Z"));
    assert_eq!(days(&looked_at.gaps.0), [("2026-08-13".to_owned(), 100)]);
    // Since a moment within a period: from the next one on.
    let since = Some(at("2026-11-19T00:00:00Z"));
    let since = Expectation { since, ..expectation(daily(), "2026-11-21T06:18:00Z", 0) };
    let looked_at = health(since, &runs).looked_at.expect("a window");
    assert_eq!(looked_at.from, at("2026-11-19T06:17:00Z"));
    assert_eq!(days(&looked_at.gaps.0), [("2026-11-19".to_owned(), 1)]);
}

#[test]
fn older_runs_are_looked_at_until_one_is_finished() {
    let mut finder =
        HealthFinder::new(expectation(Periods::Calendar(Per::Hour), "2026-11-21T06:18:00Z", 0));
    assert!(finder.add(run("2026-11-21T05:00:00Z", 2)).is_continue(), "the window goes on");
    assert!(finder.add(run("2026-10-01T05:00:00Z", 1)).is_break());
    let mut finder = HealthFinder::new(expectation(daily(), "2026-11-21T06:18:00Z", 0));
    assert!(finder.add(run("2020-01-02T05:00:00Z", 1)).is_continue(), "none is finished yet");
    assert!(finder.add(run("2020-01-01T05:00:00Z", 2)).is_break());
}

#[test]
fn what_a_later_run_heard_counts() {
    let quota = |resource: &str, remaining, moment: &str| Quota {
        resource: resource.to_owned(),
        limit: 30,
        remaining,
        reset_at: at(moment),
        observed_at: at(moment),
    };
    let mut earlier = Observed::default();
    earlier.note_quota(quota("search", 9, "2026-11-20T06:00:00Z"));
    earlier.note_quota(quota("graphql", 8, "2026-11-20T06:00:00Z"));
    let mut later = Observed::default();
    later.note_quota(quota("search", 7, "2026-11-21T06:00:00Z"));
    later.note_quota(quota("search", 6, "2026-11-21T06:00:01Z"));
    let merged = later.or_earlier(earlier);
    let left: Vec<_> = merged.quotas.iter().map(|q| (&*q.resource, q.remaining)).collect();
    assert_eq!(left, [("graphql", 8), ("search", 6)]);
}

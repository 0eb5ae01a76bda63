//! One fixed health through both formats.

use super::*;
use crate::domain::gaps::Gap;
use crate::domain::health::{Due, LookedAt, Quota, RunState};
use crate::domain::period::{Per, Period};
use crate::domain::run::{Progress, RunId};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

fn run(id: &str, answered: usize, incomplete: usize) -> RunState {
    let id = RunId::parse(id).expect("a run id");
    RunState { id, progress: Progress { answered, planned: 11 }, incomplete }
}

/// A collector that fell behind, with a token that ends soon.
fn ailing() -> HealthReport {
    let period = Period { from: at("2026-11-21T06:17:00Z"), to: at("2026-11-22T06:17:00Z") };
    let gap = Gap { from: at("2026-11-02T06:17:00Z"), to: at("2026-11-04T06:17:00Z"), periods: 2 };
    let health = Health {
        checked_at: at("2026-11-21T09:00:00Z"),
        due: Some(Due { period, served_by: None }),
        next_due_at: Some(period.to),
        last_run: Some(run("20261121T061705Z-7f3a", 9, 1)),
        last_finished: Some(run("20261120T061705Z-0001", 11, 0)),
        looked_at: Some(LookedAt { from: at("2026-08-13T06:17:00Z"), gaps: (vec![gap], 3) }),
    };
    let mut observed = Observed::default();
    observed.note_quota(Quota {
        resource: "search".to_owned(),
        limit: 30,
        remaining: 12,
        reset_at: at("2026-11-21T06:18:00Z"),
        observed_at: at("2026-11-21T06:17:09Z"),
    });
    observed.token = Some(TokenState {
        fate: Some(TokenFate::Accepted),
        expires_at: Some(at("2026-12-01T00:00:00Z")),
        observed_at: at("2026-11-21T06:17:09Z"),
    });
    let periods = Periods::Calendar(Per::Day);
    let inputs = HealthInputs {
        survey: ("mine", "My survey"),
        periods: Some(&periods),
        grace_s: 3600,
        token_days: TOKEN_DAYS,
        is_damaged: false,
    };
    HealthReport::new(&inputs, health, observed)
}

/// A survey without schedule that was never collected.
fn untouched() -> HealthReport {
    let health = Health {
        checked_at: at("2026-11-21T09:00:00Z"),
        due: None,
        next_due_at: None,
        last_run: None,
        last_finished: None,
        looked_at: None,
    };
    let inputs = HealthInputs {
        survey: ("mine", "My survey"),
        periods: None,
        grace_s: 0,
        token_days: TOKEN_DAYS,
        is_damaged: false,
    };
    HealthReport::new(&inputs, health, Observed::default())
}

#[test]
fn people_read_it_line_by_line() {
    insta::assert_snapshot!("ailing_text", render_health_text(&ailing()));
    insta::assert_snapshot!("untouched_text", render_health_text(&untouched()));
}

#[test]
fn programs_read_it_as_a_document() {
    insta::assert_snapshot!("ailing_json", render_health_json(&ailing()));
    insta::assert_snapshot!("untouched_json", render_health_json(&untouched()));
}

#[test]
fn what_a_run_heard_reads_back() {
    for report in [ailing(), untouched()] {
        let document = render_health_json(&report);
        assert_eq!(parse_observed(&document), Some(report.observed));
    }
    let other =
        render_health_json(&ailing()).replace("\"schema_version\": 1", "\"schema_version\": 9");
    for text in ["", "{", "{}", "[]", other.as_str()] {
        assert_eq!(parse_observed(text), None, "{text}");
    }
}

#[test]
fn tokens_are_told_by_their_fate() {
    let told = |fate, expires_at: Option<&str>| {
        let mut report = ailing();
        let observed_at = at("2026-11-21T06:17:09Z");
        let expires_at = expires_at.map(at);
        report.observed.token = Some(TokenState { fate, expires_at, observed_at });
        let text = render_health_text(&report);
        let line = text.lines().last().expect("a line").to_owned();
        format!("{line} → {:?}", report.troubles().into_iter().skip(1).collect::<Vec<_>>())
    };
    let accepted = Some(TokenFate::Accepted);
    let lines = [
        told(None, None),
        told(Some(TokenFate::Refused), None),
        told(accepted, None),
        told(accepted, Some("2026-11-21T08:59:59Z")),
        told(accepted, Some("2026-11-21T09:00:01Z")),
        told(accepted, Some("2026-11-22T10:00:00Z")),
        told(accepted, Some("2026-12-05T08:59:59Z")),
        told(accepted, Some("2026-12-05T09:00:00Z")),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

//! The health as people read it: a line for each matter.

use chrono::{DateTime, Utc};

use super::{HealthReport, days_between};
use crate::domain::health::{LookedAt, Quota, RunState, TokenFate, TokenState};
use crate::domain::run::Progress;
use crate::report::number::count;

/// Renders the health: names in one column, what there is to say in the other.
#[must_use]
pub fn render_health_text(report: &HealthReport) -> String {
    let lines = lines(report);
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    lines.iter().map(|(name, text)| format!("{name:width$}  {text}\n")).collect()
}

type Line = (&'static str, String);

fn lines(report: &HealthReport) -> Vec<Line> {
    let health = &report.health;
    let troubles: Vec<&str> = report.troubles().into_iter().map(super::Trouble::as_str).collect();
    let state = if troubles.is_empty() { "healthy".to_owned() } else { troubles.join(", ") };
    let mut lines =
        vec![("survey", format!("{}: {}", report.survey, report.title)), ("state", state)];
    if let Some(per) = &report.per {
        lines.push(("period", per.clone()));
    }
    if let Some(due) = health.due {
        let from = minute(due.period.from);
        lines.push((
            "due",
            match due.served_by {
                Some(run) => format!("{from}, served by run {run}"),
                None => format!("{from}, and no finished run since"),
            },
        ));
    }
    if let Some(next) = health.next_due_at {
        lines.push(("next due", minute(next)));
    }
    let run = |run: Option<RunState>| run.map_or_else(|| "none".to_owned(), describe_run);
    lines.push(("last run", run(health.last_run)));
    if health.last_run != health.last_finished {
        lines.push(("last finished run", run(health.last_finished)));
    }
    if let Some(looked_at) = &health.looked_at {
        lines.extend(gap_lines(looked_at));
    }
    lines.extend(report.observed.quotas.iter().map(|quota| ("quota", describe_quota(quota))));
    if let Some(token) = report.observed.token {
        lines.push(("token", describe_token(token, health.checked_at)));
    }
    lines
}

fn describe_run(run: RunState) -> String {
    let Progress { answered, planned } = run.progress;
    let (answered, planned) = (count(answered as u64), count(planned as u64));
    let mut text = format!("{}: {answered} of {planned} counts have a number", run.id);
    if run.incomplete > 0 {
        text.push_str(&format!(", {} incomplete", count(run.incomplete as u64)));
    }
    text
}

fn gap_lines(looked_at: &LookedAt) -> Vec<Line> {
    let since = minute(looked_at.from);
    let (gaps, all) = &looked_at.gaps;
    let text = match all {
        0 => format!("none since {since}"),
        1 => format!("1 since {since}"),
        gaps => format!("{} since {since}", count(*gaps)),
    };
    let mut lines = vec![("gaps", text)];
    lines.extend(gaps.iter().map(|gap| ("", gap.to_string())));
    let more = all.saturating_sub(gaps.len() as u64);
    if more > 0 {
        lines.push(("", format!("and {} more", count(more))));
    }
    lines
}

fn describe_quota(quota: &Quota) -> String {
    let Quota { resource, limit, remaining, reset_at, observed_at } = quota;
    let (limit, remaining) = (count(*limit), count(*remaining));
    let (reset, observed) = (reset_at.format("%H:%M:%S"), observed_at.format("%Y-%m-%d %H:%M:%S"));
    format!("{remaining} of {limit} {resource} left until {reset} UTC, as of {observed} UTC")
}

fn describe_token(token: TokenState, now: DateTime<Utc>) -> String {
    let observed = minute(token.observed_at);
    match (token.fate, token.expires_at) {
        (None, _) => format!("none was used, as of {observed}"),
        (Some(TokenFate::Refused), _) => format!("GitHub refused it {observed}"),
        (Some(TokenFate::Accepted), None) => {
            format!("GitHub does not say when it ends, as of {observed}")
        }
        (Some(TokenFate::Accepted), Some(at)) if at <= now => format!("ended {}", minute(at)),
        (Some(TokenFate::Accepted), Some(at)) => {
            let ends = minute(at);
            match days_between(now, at) {
                0 => format!("ends {ends}, in less than a day"),
                1 => format!("ends {ends}, in 1 day"),
                days => format!("ends {ends}, in {days} days"),
            }
        }
    }
}

fn minute(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M UTC").to_string()
}

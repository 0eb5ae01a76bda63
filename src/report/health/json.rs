//! The health as JSON, with the version of its layout, and the way back for what only a run knows.

use serde::{Deserialize, Serialize};

use super::super::moment::moment;
use super::HealthReport;
use crate::domain::gaps::Gap;
use crate::domain::health::{Due, LookedAt, Observed, Quota, RunState, TokenFate, TokenState};

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    survey: &'a str,
    title: &'a str,
    checked_at: String,
    troubles: Vec<&'static str>,
    per: Option<&'a str>,
    grace_s: u64,
    due: Option<DueKeys>,
    next_due_at: Option<String>,
    last_run: Option<RunKeys>,
    last_finished_run: Option<RunKeys>,
    gaps: Option<GapsKeys>,
    quotas: Vec<QuotaKeys>,
    token: Option<TokenKeys>,
}

#[derive(Serialize)]
struct DueKeys {
    from: String,
    to: String,
    served_by: Option<String>,
}

#[derive(Serialize)]
struct RunKeys {
    run: String,
    started_at: String,
    finished: bool,
    counts_answered: usize,
    counts_planned: usize,
    counts_missing: usize,
    counts_incomplete: usize,
}

#[derive(Serialize)]
struct GapsKeys {
    since: String,
    count: u64,
    first: Vec<GapKeys>,
}

#[derive(Serialize)]
struct GapKeys {
    from: String,
    to: String,
    periods: u64,
}

#[derive(Serialize, Deserialize)]
struct QuotaKeys {
    resource: String,
    limit: u64,
    remaining: u64,
    reset_at: String,
    observed_at: String,
}

#[derive(Serialize, Deserialize)]
struct TokenKeys {
    used: bool,
    refused: bool,
    expires_at: Option<String>,
    observed_at: String,
}

/// Renders the health as JSON, indented, with a line feed at the end.
///
/// What is not known is `null`, never 0 and never left out.
#[must_use]
pub fn render_health_json(report: &HealthReport) -> String {
    let health = &report.health;
    let document = Document {
        schema_version: SCHEMA_VERSION,
        survey: &report.survey,
        title: &report.title,
        checked_at: moment(health.checked_at),
        troubles: report.troubles().into_iter().map(super::Trouble::as_str).collect(),
        per: report.per.as_deref(),
        grace_s: report.grace_s,
        due: health.due.map(due_keys),
        next_due_at: health.next_due_at.map(moment),
        last_run: health.last_run.map(run_keys),
        last_finished_run: health.last_finished.map(run_keys),
        gaps: health.looked_at.as_ref().map(gaps_keys),
        quotas: report.observed.quotas.iter().map(quota_keys).collect(),
        token: report.observed.token.map(token_keys),
    };
    // Plain values into memory: this cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads back what a run heard from the document that it left; `None` if that is no such document.
#[must_use]
pub fn parse_observed(text: &str) -> Option<Observed> {
    #[derive(Deserialize)]
    struct Left {
        schema_version: u32,
        quotas: Vec<QuotaKeys>,
        token: Option<TokenKeys>,
    }
    let left: Left = serde_json::from_str(text).ok()?;
    let mut observed = Observed::default();
    for quota in left.quotas {
        observed.note_quota(Quota {
            reset_at: quota.reset_at.parse().ok()?,
            observed_at: quota.observed_at.parse().ok()?,
            resource: quota.resource,
            limit: quota.limit,
            remaining: quota.remaining,
        });
    }
    observed.token = match left.token {
        None => None,
        Some(token) => {
            let fate = if token.refused { TokenFate::Refused } else { TokenFate::Accepted };
            let expires_at = token.expires_at.map(|at| at.parse()).transpose().ok()?;
            let observed_at = token.observed_at.parse().ok()?;
            Some(TokenState { fate: token.used.then_some(fate), expires_at, observed_at })
        }
    };
    (left.schema_version == SCHEMA_VERSION).then_some(observed)
}

fn due_keys(due: Due) -> DueKeys {
    DueKeys {
        from: moment(due.period.from),
        to: moment(due.period.to),
        served_by: due.served_by.map(|run| run.to_string()),
    }
}

fn run_keys(run: RunState) -> RunKeys {
    RunKeys {
        run: run.id.to_string(),
        started_at: moment(run.id.started_at()),
        finished: run.progress.is_finished(),
        counts_answered: run.progress.answered,
        counts_planned: run.progress.planned,
        counts_missing: run.missing(),
        counts_incomplete: run.incomplete,
    }
}

fn gaps_keys(looked_at: &LookedAt) -> GapsKeys {
    let keys =
        |gap: &Gap| GapKeys { from: moment(gap.from), to: moment(gap.to), periods: gap.periods };
    let (first, count) = &looked_at.gaps;
    GapsKeys {
        since: moment(looked_at.from),
        count: *count,
        first: first.iter().map(keys).collect(),
    }
}

fn quota_keys(quota: &Quota) -> QuotaKeys {
    QuotaKeys {
        resource: quota.resource.clone(),
        limit: quota.limit,
        remaining: quota.remaining,
        reset_at: moment(quota.reset_at),
        observed_at: moment(quota.observed_at),
    }
}

fn token_keys(token: TokenState) -> TokenKeys {
    TokenKeys {
        used: token.fate.is_some(),
        refused: token.fate == Some(TokenFate::Refused),
        expires_at: token.expires_at.map(moment),
        observed_at: moment(token.observed_at),
    }
}

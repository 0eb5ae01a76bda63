//! The health of a survey's collecting: the model, as lines for people and as a document for
//! programs. The document is also what a run leaves behind as `health.json`.

mod json;
mod text;

use chrono::{DateTime, TimeDelta, Utc};

pub use json::{parse_observed, render_health_json};
pub use text::render_health_text;

use super::trend::name_of;
use crate::domain::health::{Health, Observed, TokenFate, TokenState};
use crate::domain::period::Periods;

/// A token that ends within so many days is told of, if nobody says otherwise.
pub const TOKEN_DAYS: u32 = 14;

/// Everything that is told of the health of a survey's collecting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    /// The survey's id.
    pub survey: String,
    /// Its title.
    pub title: String,
    /// What a period is; `None` where nothing is ever due.
    pub per: Option<String>,
    /// How long after its due moment a period may lack a finished run, in seconds.
    pub grace_s: u64,
    /// What the history says.
    pub health: Health,
    /// Whether the history is damaged so that no run can be kept in it.
    pub is_damaged: bool,
    /// What GitHub said beside its counts.
    pub observed: Observed,
    /// A token that ends within so many days is a trouble.
    pub token_days: u32,
}

/// What a health is made a report with.
#[derive(Clone, Copy, Debug)]
pub struct HealthInputs<'a> {
    /// The survey's id and title.
    pub survey: (&'a str, &'a str),
    /// How periods are found, if anything is ever due.
    pub periods: Option<&'a Periods>,
    /// How long after its due moment a period may lack a finished run, in seconds.
    pub grace_s: u64,
    /// A token that ends within so many days is a trouble.
    pub token_days: u32,
    /// Whether the history is damaged so that no run can be kept in it.
    pub is_damaged: bool,
}

/// What somebody should look after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The history is damaged so that no run can be kept in it.
    Damaged,
    /// The clock is behind the last run, so that no other can begin.
    InTheFuture,
    /// The newest due period has no finished run.
    Overdue,
    /// The last run's token was refused.
    TokenRefused,
    /// The token has ended, or ends soon.
    TokenEnds,
}

impl Trouble {
    /// Returns the word that documents have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::InTheFuture => "in the future",
            Self::Overdue => "overdue",
            Self::TokenRefused => "token refused",
            Self::TokenEnds => "token ends soon",
        }
    }
}

impl HealthReport {
    /// Puts a report together.
    #[must_use]
    pub fn new(inputs: &HealthInputs<'_>, health: Health, observed: Observed) -> Self {
        Self {
            survey: inputs.survey.0.to_owned(),
            title: inputs.survey.1.to_owned(),
            per: inputs.periods.map(name_of),
            grace_s: inputs.grace_s,
            health,
            is_damaged: inputs.is_damaged,
            observed,
            token_days: inputs.token_days,
        }
    }

    /// Returns what somebody should look after, the most urgent first.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let token = self.observed.token;
        let is_refused = token.is_some_and(|token| token.fate == Some(TokenFate::Refused));
        let ends = |token: TokenState| token.ends_within(self.token_days, self.health.checked_at);
        [
            (Trouble::Damaged, self.is_damaged),
            (Trouble::InTheFuture, self.health.run_ahead().is_some()),
            (Trouble::Overdue, self.health.is_overdue()),
            (Trouble::TokenRefused, is_refused),
            (Trouble::TokenEnds, token.is_some_and(ends)),
        ]
        .into_iter()
        .filter_map(|(trouble, is_there)| is_there.then_some(trouble))
        .collect()
    }
}

/// Returns the whole days from one moment to another, rounded down; negative when it is past.
fn days_between(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_seconds().div_euclid(TimeDelta::days(1).num_seconds())
}

#[cfg(test)]
mod tests;

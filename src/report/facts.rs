//! What a run came to, as facts for the command that a user has called after it: which events there
//! were, and one document for each.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::model::{Inputs, RankingReport, reference_of_run};
use super::moment::moment;
use crate::domain::health::{Observed, TokenFate};
use crate::domain::ranking::Change;
use crate::domain::run::{Progress, Run, RunId};
use crate::domain::survey::Survey;

/// The version of the layout; it grows when a key goes or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// Why the command is called. A run has one of the first three; the others follow in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Every planned count has a number.
    Finished,
    /// Some have.
    Partial,
    /// None has.
    Failed,
    /// A count moved far from the one of the finished run before.
    Jump,
    /// Frameworks changed places since the finished run before.
    Rank,
    /// The token was refused, has ended, or ends soon.
    Token,
}

impl Event {
    /// Returns the word that documents have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Jump => "jump",
            Self::Rank => "rank",
            Self::Token => "token",
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The survey's id and title.
    pub survey: (String, String),
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// The exit code of the program.
    pub exit_code: u8,
    /// What failed, in words; `None` if nothing did.
    pub message: Option<String>,
    /// How far it got; `None` if no row of it can be found.
    pub progress: Option<Progress>,
    /// The history, as an absolute path.
    pub history: String,
    /// The files that were refreshed, as absolute paths.
    pub files: Vec<String>,
    /// What the run changed.
    pub moves: Moves,
    /// What GitHub said beside its counts.
    pub observed: Observed,
    /// A token that ends within so many days is an event.
    pub token_days: u32,
}

/// What a finished run changed since the finished run before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moves {
    /// The run before; `None` if there is none, or the run is not finished.
    pub before: Option<RunId>,
    /// The share, in percent, by which a count must have moved to be a jump.
    pub jump_percent: u32,
    /// Counts that moved further, in the order of metrics and rankings.
    pub jumps: Vec<Jump>,
    /// Frameworks that changed places, in the order of metrics and rankings.
    pub ranks: Vec<RankMove>,
}

/// A count that moved far. Both numbers are exact and of the same method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Jump {
    framework: String,
    metric: String,
    count: u64,
    count_before: u64,
    /// The change as a share of the count before; `None` if that was 0.
    relative_change: Option<f64>,
}

/// A framework that changed places among those that both runs rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RankMove {
    framework: String,
    metric: String,
    rank: u32,
    rank_before: u32,
}

impl Moves {
    /// Compares a finished run with the finished run before it, metric by metric.
    ///
    /// Lower bounds, missing counts and changed queries move nothing: they cannot be compared.
    #[must_use]
    pub fn between(survey: &Survey, before: &Run, run: &Run, jump_percent: u32) -> Self {
        let mut moves = Self { before: Some(before.id), jump_percent, ..Self::default() };
        for metric in survey.enabled_metrics() {
            let reference = reference_of_run(before, Some(survey), &metric.id);
            let report = RankingReport::new(&Inputs {
                survey: Some(survey),
                run,
                progress: run.progress(None, |_| true),
                before: Some(before),
                newer_unfinished: None,
                metric: Some(&metric.id),
                reference: Some(&reference),
                share: false,
                top: None,
                origin_notes: &[],
            });
            for line in report.map(|report| report.lines).unwrap_or_default() {
                let tally = &line.standing.entrant.tally;
                let (Some(then), Some(count)) = (line.compared, tally.exact()) else { continue };
                let framework = || line.standing.entrant.name.clone();
                if let (Change::By(change), Some(count_before)) =
                    (then.count_change, then.then_count)
                    && is_jump(change, count_before, jump_percent)
                {
                    moves.jumps.push(Jump {
                        framework: framework(),
                        metric: metric.id.clone(),
                        count,
                        count_before,
                        relative_change: relative(change, count_before),
                    });
                }
                let has_moved = then.then_exact && then.rank_change.is_some_and(|by| by != 0);
                if let (Some(rank), Some(rank_before)) = (line.standing.rank, then.then_rank)
                    && has_moved
                {
                    moves.ranks.push(RankMove {
                        framework: framework(),
                        metric: metric.id.clone(),
                        rank,
                        rank_before,
                    });
                }
            }
        }
        moves
    }
}

/// Tells whether a count moved by more than so many percent.
fn is_jump(change: i64, before: u64, percent: u32) -> bool {
    u128::from(change.unsigned_abs()) * 100 > u128::from(before) * u128::from(percent)
}

#[expect(clippy::cast_precision_loss, reason = "a share is for people")]
fn relative(change: i64, before: u64) -> Option<f64> {
    (before > 0).then(|| change as f64 / before as f64)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    event: &'static str,
    events: Vec<&'static str>,
    survey: &'a str,
    title: &'a str,
    run: String,
    started_at: String,
    ended_at: String,
    exit_code: u8,
    message: Option<&'a str>,
    counts_answered: Option<usize>,
    counts_planned: Option<usize>,
    history: &'a str,
    files: &'a [String],
    run_before: Option<String>,
    jump_percent: u32,
    jumps: &'a [Jump],
    ranks: &'a [RankMove],
    token: Option<TokenKeys>,
}

#[derive(Serialize)]
struct TokenKeys {
    used: bool,
    refused: bool,
    expires_at: Option<String>,
}

impl RunFacts {
    /// Returns what happened, in the order in which it is told.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let how = match self.progress {
            Some(progress) if progress.answered > 0 && progress.is_finished() => Event::Finished,
            Some(progress) if progress.answered > 0 => Event::Partial,
            _ => Event::Failed,
        };
        let token = self.observed.token.is_some_and(|token| {
            token.fate == Some(TokenFate::Refused)
                || token.ends_within(self.token_days, self.ended_at)
        });
        [
            (how, true),
            (Event::Jump, !self.moves.jumps.is_empty()),
            (Event::Rank, !self.moves.ranks.is_empty()),
            (Event::Token, token),
        ]
        .into_iter()
        .filter_map(|(event, happened)| happened.then_some(event))
        .collect()
    }

    /// Renders the document of an event as JSON in one line, with a line feed at the end.
    ///
    /// What is not known is `null`, never 0 and never left out. No token is in it.
    #[must_use]
    pub fn render(&self, event: Event) -> String {
        let document = Document {
            schema_version: SCHEMA_VERSION,
            event: event.as_str(),
            events: self.events().into_iter().map(Event::as_str).collect(),
            survey: &self.survey.0,
            title: &self.survey.1,
            run: self.run.to_string(),
            started_at: moment(self.run.started_at()),
            ended_at: moment(self.ended_at),
            exit_code: self.exit_code,
            message: self.message.as_deref(),
            counts_answered: self.progress.map(|progress| progress.answered),
            counts_planned: self.progress.map(|progress| progress.planned),
            history: &self.history,
            files: &self.files,
            run_before: self.moves.before.map(|run| run.to_string()),
            jump_percent: self.moves.jump_percent,
            jumps: &self.moves.jumps,
            ranks: &self.moves.ranks,
            token: self.observed.token.map(|token| TokenKeys {
                used: token.fate.is_some(),
                refused: token.fate == Some(TokenFate::Refused),
                expires_at: token.expires_at.map(moment),
            }),
        };
        // Plain values into memory: this cannot fail.
        let mut text = serde_json::to_string(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_more_than_so_many_percent() {
        let cases = [
            (20, 100, false),
            (21, 100, true),
            (-20, 100, false),
            (-21, 100, true),
            (1, 0, true),
            (0, 0, false),
            (i64::MIN, u64::MAX, true),
        ];
        for (change, before, expected) in cases {
            assert_eq!(is_jump(change, before, 20), expected, "{change} of {before}");
        }
        assert_eq!(relative(-5, 20), Some(-0.25));
        assert_eq!(relative(5, 0), None);
    }
}

//! What was answered about ranges of creation, by the exact query.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::run::RunId;
use crate::domain::sample::{Outcome, STOPPED_EARLY, Sample, SourceKind};

/// An answer to one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) run: RunId,
    /// Whether halves could be complete where this is not.
    pub(super) stopped_early: bool,
}

/// What is known of one query.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    /// What GraphQL, which tells no completeness, said last.
    pub(super) graphql: Option<Answered>,
    /// What was said last where completeness is told, a failure if nothing else was.
    pub(super) rest: Option<Answered>,
}

/// All answers that may be used.
#[derive(Clone, Debug, Default)]
pub struct Known {
    queries: HashMap<String, Counted>,
    answers: usize,
}

impl Known {
    /// Takes in rows of this run, failures too: what failed is not asked again before the next one.
    pub(super) fn note_all(&mut self, samples: &[Sample]) {
        for sample in samples {
            self.note(sample);
        }
    }

    /// Takes in a row that was kept before: a number, from this host, not older than `oldest`.
    pub fn note_earlier(&mut self, sample: &Sample, host: Option<&str>, oldest: DateTime<Utc>) {
        let is_here = sample.source.host.as_deref() == host;
        if is_here && sample.observed_at >= oldest && sample.outcome != Outcome::Failed {
            self.note(sample);
        }
    }

    fn note(&mut self, sample: &Sample) {
        self.answers += 1;
        let counted = self.queries.entry(sample.query_text.clone()).or_default();
        let answered = Answered {
            outcome: sample.outcome,
            observed_at: sample.observed_at,
            run: sample.run,
            stopped_early: sample.detail.has_item(STOPPED_EARLY),
        };
        let is_graphql = sample.source.kind == SourceKind::Graphql;
        let place = if is_graphql && sample.outcome != Outcome::Failed {
            &mut counted.graphql
        } else {
            &mut counted.rest
        };
        // A failure takes no number away.
        if sample.outcome != Outcome::Failed || place.is_none() {
            *place = Some(answered);
        }
    }

    /// Returns how many answers were taken in.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.answers
    }

    pub(super) fn get(&self, query: &str) -> Counted {
        self.queries.get(query).copied().unwrap_or_default()
    }
}

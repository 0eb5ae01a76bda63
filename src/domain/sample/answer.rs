//! The rule which of several attempts is the answer, and when no more are made.

use super::{Outcome, STOPPED_EARLY, SUSPICIOUS, Sample, Status};

/// How often a query whose answer was stopped early is asked again in a run.
pub const MOST_REASKS: u32 = 2;

/// Tells whether the attempts of one key, in file order, leave nothing to ask: there is an answer,
/// and the re-asks that it called for were made.
#[must_use]
pub fn is_settled(attempts: &[&Sample]) -> bool {
    let valid = valid_attempts(attempts);
    let Some(answer) = select_answer(valid) else { return false };
    let numbers = valid.iter().filter(|attempt| attempt.outcome.count().is_some()).count();
    Reasks::called_for(answer.outcome.status(), answer.detail.as_str())
        .were_made(valid.len(), numbers)
}

/// Returns the attempts of one key, given in file order, that still count: those since the method
/// last changed, for then the query was edited in the middle of the run.
fn valid_attempts<'s, 'a>(attempts: &'s [&'a Sample]) -> &'s [&'a Sample] {
    let method = attempts.last().and_then(|last| last.method);
    let changed_at = attempts.iter().rposition(|attempt| attempt.method != method);
    &attempts[changed_at.map_or(0, |at| at + 1)..]
}

/// The further attempts that an answer calls for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasks {
    /// Attempts, with or without a number.
    attempts: usize,
    /// Attempts with a number.
    numbers: usize,
}

impl Reasks {
    /// Returns what an answer calls for, by its status and the text of its detail: a lower bound
    /// for two more attempts, a doubted number for another number.
    #[must_use]
    pub fn called_for(status: Status, detail: &str) -> Self {
        let has = |item: &str| !detail.is_empty() && detail.split("; ").any(|other| other == item);
        match status {
            Status::Incomplete if has(STOPPED_EARLY) => {
                Self { attempts: MOST_REASKS as usize, numbers: 0 }
            }
            Status::Complete | Status::Unchecked if has(SUSPICIOUS) => {
                Self { attempts: 0, numbers: 1 }
            }
            _ => Self::default(),
        }
    }

    /// Tells whether so many attempts, and so many numbers among them, the answer with them, are
    /// enough.
    #[must_use]
    pub fn were_made(self, attempts: usize, numbers: usize) -> bool {
        attempts > self.attempts && numbers > self.numbers
    }
}

/// Selects the answer among the attempts of one key, given in file order.
///
/// The last with the best status counts: complete, then unchecked, then incomplete. Among
/// incomplete ones the highest counts, the last of equal ones. Attempts before a change of the
/// method do not count: the query was edited in the middle of the run. `None` means that no attempt
/// that counts has a number.
#[must_use]
pub fn select_answer<'a>(attempts: &[&'a Sample]) -> Option<&'a Sample> {
    let valid = valid_attempts(attempts).iter().copied();
    let numbered = valid.filter(|sample| sample.outcome.count().is_some());
    // `max_by_key` returns the last of equal ones.
    numbered.max_by_key(|sample| answer_order(sample.outcome, sample.attempt_no))
}

/// Returns what orders attempts that have a number, the answer last; of equal ones the last counts.
#[must_use]
pub fn answer_order(outcome: Outcome, attempt_no: u32) -> impl Ord + Copy {
    let bound = match outcome {
        Outcome::Incomplete(count) => count,
        _ => 0,
    };
    (outcome.status(), bound, attempt_no)
}

//! How many searches the next document carries: as many as GitHub answers soon, and fewer at once
//! when one was too much.
//!
//! GitHub publishes no number. It ends a document by time and by resources, so the size is felt
//! out: it grows while answers come in soon, halves when a document dies, and then stays below
//! what died. Now and then that mark is tried again, for such limits come and go.
//!
//! Where it fails: one expensive search looks like a document that is too large, until halving has
//! it alone.

use std::time::Duration;

/// The first document.
const FIRST: usize = 25;

/// The largest document: beyond it nobody has measured anything.
const LARGEST: usize = 100;

/// An answer that comes within this time leaves room for more searches.
const SOON: Duration = Duration::from_secs(3);

/// So many answers in a row show that the mark of what died is worth another trial.
///
/// Small enough to be back at large documents soon after a limit is gone; each trial that fails
/// costs about one and a half documents.
const ANSWERS_BEFORE_TRIAL: u32 = 12;

/// The size of the next document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    size: usize,
    /// The largest size that was answered since one died.
    good: Option<usize>,
    /// The smallest size that died, as long as it is believed.
    bad: Option<usize>,
    /// Answers since a document died.
    answers: u32,
    /// The size to go back to once one search turns out to be the cause of the deaths: what was
    /// answered before the first of them.
    before_deaths: Option<usize>,
    /// Whether a document was answered since a search last died alone.
    lives: bool,
    /// Whether the size grows in small steps only, for GitHub asked for a pause.
    is_careful: bool,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            size: FIRST,
            good: None,
            bad: None,
            answers: 0,
            before_deaths: None,
            lives: false,
            is_careful: false,
        }
    }
}

impl Batch {
    /// Returns how many searches the next document carries at most; at least 1.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Tells whether a document of that size tries more than was answered before, after one died:
    /// its death would be part of the plan.
    pub(super) fn is_trial(&self, searches: usize) -> bool {
        self.bad.is_some() && self.good.is_some_and(|good| searches > good)
    }

    /// Takes in that so many searches were answered in that time.
    pub(super) fn answered(&mut self, searches: usize, took: Duration) {
        self.answers = self.answers.saturating_add(1);
        self.lives = true;
        if self.bad.is_some_and(|bad| searches >= bad) {
            self.bad = None;
        }
        self.good = Some(self.good.map_or(searches, |good| good.max(searches)));
        if searches < self.size {
            // What was asked is all there was: it says nothing about larger ones.
            return;
        }
        let in_time = largest_in_time(searches, took);
        let step = if self.is_careful { searches + searches.div_ceil(4) } else { searches * 2 };
        let step = step.max(self.good.unwrap_or(step));
        self.size = self.below_bad(searches, step.min(in_time)).clamp(1, LARGEST);
    }

    /// Takes in that a document of so many searches was too much: the next one is half as large.
    pub(super) fn died(&mut self, searches: usize) {
        self.answers = 0;
        if self.bad.is_none() {
            self.before_deaths = self.good.filter(|good| *good < searches).or(Some(searches / 2));
        }
        self.bad = Some(searches);
        self.good = self.good.filter(|good| *good < searches);
        self.size = (searches / 2).max(1);
    }

    /// Takes in that the one search of a document died alone: it was the cause, not the size.
    ///
    /// The size is then again what it was before, unless nothing was answered since the last such
    /// death: then GitHub answers nothing, and one search at a time finds out when it does.
    pub(super) fn died_alone(&mut self) {
        let size = self.before_deaths.filter(|_| self.lives).unwrap_or(1).max(1);
        *self = Self { size, is_careful: self.is_careful, ..Self::default() };
    }

    /// Takes in that GitHub asked for a pause: back to half, and slowly up again.
    pub(super) fn paused(&mut self) {
        self.is_careful = true;
        self.good = None;
        self.size = (self.size / 2).max(1);
    }

    /// Keeps a wanted size below what died, half-way there at most, unless a trial is due.
    fn below_bad(&self, searches: usize, wanted: usize) -> usize {
        let Some(bad) = self.bad.filter(|bad| wanted >= *bad || wanted > searches) else {
            return wanted;
        };
        if self.answers >= ANSWERS_BEFORE_TRIAL && wanted >= bad {
            return bad;
        }
        let known = self.good.unwrap_or(searches).max(searches);
        let room = bad.saturating_sub(known);
        let is_close = room <= (known / 8).max(1);
        let highest = if known > searches || is_close { known } else { known + room / 2 };
        wanted.min(highest)
    }
}

/// Returns how many searches would have been answered just in time, at the pace of these.
fn largest_in_time(searches: usize, took: Duration) -> usize {
    let took_ms = took.as_millis().max(1);
    let searches = u128::try_from(searches).unwrap_or(u128::MAX / 3_000);
    usize::try_from(searches * SOON.as_millis() / took_ms).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asks so many searches with a limit that changes, and returns the documents that were sent.
    fn sizes(searches: usize, limit: impl Fn(usize) -> usize, alias_ms: u64) -> Vec<(usize, bool)> {
        let mut batch = Batch::default();
        let mut left = searches;
        let mut sent = Vec::new();
        while left > 0 {
            assert!(sent.len() < 100 * searches, "an end");
            let size = batch.size().min(left);
            let lives = size <= limit(searches - left);
            sent.push((size, lives));
            if lives {
                left -= size;
                let size_ms = u64::try_from(size).expect("a size") * alias_ms;
                batch.answered(size, Duration::from_millis(size_ms));
            } else if size == 1 {
                batch.died_alone();
                left -= 1;
            } else {
                batch.died(size);
            }
        }
        sent
    }

    #[test]
    fn it_grows_while_answers_come_soon() {
        let lives = |sizes: Vec<(usize, bool)>| sizes.into_iter().map(|s| s.0).collect::<Vec<_>>();
        assert_eq!(lives(sizes(11, |_| 1_000, 32)), [11]);
        assert_eq!(lives(sizes(400, |_| 1_000, 1)), [25, 50, 100, 100, 100, 25]);
        // 32 ms a search are 93 in three seconds.
        assert_eq!(lives(sizes(300, |_| 1_000, 32)), [25, 50, 93, 93, 39]);
        // A slow server is asked for less, not for nothing.
        assert_eq!(lives(sizes(40, |_| 1_000, 1_000)), [25, 3, 3, 3, 3, 3]);
    }

    #[test]
    fn a_hidden_limit_is_found_and_kept_to() {
        let sent = sizes(5_000, |_| 37, 1);
        let known = 5_000_usize.div_ceil(37);
        assert!(sent.len() * 10 <= known * 13, "{} of {known}", sent.len());
        let after_search: Vec<usize> =
            sent.iter().skip(12).take(8).map(|(size, _)| *size).collect();
        assert!(after_search.iter().all(|size| (34..=37).contains(size)), "{sent:?}");
    }

    #[test]
    fn limits_that_come_and_go_are_followed() {
        let limit = |done| match done {
            0..2_000 => 37,
            2_000..3_000 => 12,
            _ => usize::MAX,
        };
        let sent = sizes(5_000, limit, 1);
        let known = 2_000_usize.div_ceil(37) + 1_000_usize.div_ceil(12) + 2_000 / 100;
        assert!(sent.len() * 10 <= known * 16, "{} of {known}", sent.len());
        let mut done = 0;
        let gone = sent.iter().position(|(size, lives)| {
            done += if *lives { *size } else { 0 };
            done >= 3_000
        });
        let back = sent.iter().skip(gone.expect("a place")).position(|(size, _)| *size >= 50);
        assert!(back.expect("back") <= 20, "{back:?}: {sent:?}");
    }

    #[test]
    fn one_bad_search_is_found_by_halving() {
        let mut batch = Batch::default();
        for expected in [12, 6, 3, 1] {
            batch.died(batch.size());
            assert_eq!(batch.size(), expected);
        }
        batch.died_alone();
        for expected in [1, 2, 4, 8, 16, 32, 64, 100] {
            assert_eq!(batch.size(), expected);
            batch.answered(expected, Duration::from_millis(5));
        }
        for expected in [50, 25, 12, 6, 3, 1] {
            batch.died(batch.size());
            assert_eq!(batch.size(), expected);
        }
        batch.died_alone();
        assert_eq!(batch.size(), 50, "half of what died first, for nothing smaller is known");
        batch.died(50);
        batch.died_alone();
        assert_eq!(batch.size(), 1, "nothing lives");
    }

    #[test]
    fn after_a_pause_it_comes_back_slowly() {
        let mut batch = Batch::default();
        batch.answered(25, Duration::from_millis(5));
        batch.paused();
        for expected in [25, 32, 40, 50, 63, 79, 99, 100] {
            assert_eq!(batch.size(), expected);
            batch.answered(expected, Duration::from_millis(5));
        }
    }

    proptest! {
        /// Whatever the limit: every search is asked, no document is sent again as it was, and not
        /// many more are sent than with a known limit.
        #[test]
        fn any_limit_is_found(searches in 1..3_000_usize, limit in 1..200_usize) {
            let sent = sizes(searches, |_| limit, 1);
            let known = searches.div_ceil(limit.min(LARGEST));
            prop_assert!(sent.len() * 10 <= known * 15 + 140, "{} of {known}", sent.len());
            for pair in sent.windows(2) {
                // Those that died stand in front again.
                prop_assert!(pair[0].1 || pair[1].0 < pair[0].0, "{pair:?}");
            }
        }
    }
}

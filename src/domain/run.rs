//! One pass over a survey: its id, its samples, and whether it is finished.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use super::sample::{Outcome, Sample, SourceKind, is_settled, select_answer};

/// The id of a run: its start in UTC and four random hex digits, `20261121T060003Z-7f3a`.
///
/// Ids order by start, then by digits, which is also their order as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    started_s: i64,
    digits: u16,
}

const STAMP_LENGTH: usize = "20261121T060003Z".len();

impl RunId {
    /// Makes the id of a run that starts at that moment; fractions of a second are dropped.
    #[must_use]
    pub fn new(started_at: DateTime<Utc>, digits: u16) -> Self {
        Self { started_s: started_at.timestamp(), digits }
    }

    /// Reads an id; `None` for anything that is not exactly one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (stamp, digits) = bytes.split_at_checked(STAMP_LENGTH + 1)?;
        let is_stamp = stamp[8] == b'T' && stamp[15] == b'Z' && stamp[16] == b'-';
        let lower_hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if !is_stamp || digits.len() != 4 || !digits.iter().all(lower_hex) {
            return None;
        }
        let number = |from: usize, to: usize| {
            stamp[from..to].iter().try_fold(0_u32, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
            })
        };
        let year = i32::try_from(number(0, 4)?).ok()?;
        let day = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
        let started = day.and_hms_opt(number(9, 11)?, number(11, 13)?, number(13, 15)?)?;
        Some(Self::new(started.and_utc(), u16::from_str_radix(text.get(17..)?, 16).ok()?))
    }

    /// Returns the random digits, as a number.
    #[must_use]
    pub fn digits(self) -> u16 {
        self.digits
    }

    /// Returns when the run started.
    #[must_use]
    pub fn started_at(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.started_s, 0).unwrap_or_default()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.started_at();
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second, digits) = (at.hour(), at.minute(), at.second(), self.digits);
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z-{digits:04x}")
    }
}

/// What a run asks for: one framework, one metric, one pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The framework's name.
    pub framework: String,
    /// The metric's id.
    pub metric: String,
    /// The pass, from 1.
    pub sample_no: u32,
}

/// The samples of one run, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    /// Every row of the run, re-asks and failures too.
    pub samples: Vec<Sample>,
}

impl Run {
    /// Returns all attempts of each key, in file order.
    #[must_use]
    pub fn attempts(&self) -> BTreeMap<Key, Vec<&Sample>> {
        let mut attempts: BTreeMap<Key, Vec<&Sample>> = BTreeMap::new();
        for sample in &self.samples {
            attempts.entry(sample.key()).or_default().push(sample);
        }
        attempts
    }

    /// Returns the answer of each key that has one; see [`select_answer`] for the rule.
    #[must_use]
    pub fn answers(&self) -> BTreeMap<Key, &Sample> {
        let attempts = self.attempts().into_iter();
        attempts.filter_map(|(key, attempts)| Some((key, select_answer(&attempts)?))).collect()
    }

    /// Returns what came of each key, in file order: its answer, or its last attempt if none of them
    /// has a number.
    #[must_use]
    pub fn told(&self) -> Vec<&Sample> {
        let mut places: HashMap<(&str, &str, u32), Vec<usize>> =
            HashMap::with_capacity(self.samples.len());
        for (place, sample) in self.samples.iter().enumerate() {
            let key = (sample.framework.as_str(), sample.metric.as_str(), sample.sample_no);
            places.entry(key).or_default().push(place);
        }
        let mut is_told = vec![false; self.samples.len()];
        for attempts in places.into_values() {
            is_told[self.place_told(&attempts)] = true;
        }
        let told = self.samples.iter().zip(is_told);
        told.filter_map(|(sample, is_told)| is_told.then_some(sample)).collect()
    }

    /// Returns which of a key's attempts, given by their places in file order, is told.
    fn place_told(&self, attempts: &[usize]) -> usize {
        let last = attempts.last().copied().unwrap_or_default();
        if attempts.len() < 2 {
            return last;
        }
        let samples: Vec<&Sample> = attempts.iter().map(|place| &self.samples[*place]).collect();
        let answer = select_answer(&samples);
        let is_answer =
            |sample: &&Sample| answer.is_some_and(|answer| std::ptr::eq(answer, *sample));
        samples.iter().position(is_answer).map_or(last, |at| attempts[at])
    }

    /// Returns the keys that have an answer and whose re-asks were made.
    #[must_use]
    pub fn settled(&self) -> BTreeSet<Key> {
        let settled = self.attempts().into_iter().filter(|(_, attempts)| is_settled(attempts));
        settled.map(|(key, _)| key).collect()
    }

    /// Returns how many counts the run set out to take, as its rows say.
    ///
    /// The first row that a collecting process writes carries the number, a resumed run a second
    /// one; the last holds. `None` means that no row says so, as in a history made by hand.
    #[must_use]
    pub fn planned(&self) -> Option<usize> {
        self.samples.iter().rev().find_map(|s| s.detail.planned())
    }

    /// Returns how many counts the run first set out to take and how many in the end, if the survey
    /// changed in between.
    #[must_use]
    pub fn changed_plan(&self) -> Option<(usize, usize)> {
        let first = self.samples.iter().find_map(|sample| sample.detail.planned())?;
        Some((first, self.planned()?)).filter(|(first, last)| first != last)
    }

    /// Returns the counts that were taken over GraphQL and, telling completeness, over REST, and
    /// that differ by more than 1 % of the latter.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let difference = |(key, attempts): (Key, Vec<&Sample>)| {
            let answer = select_answer(&attempts)?;
            let Outcome::Complete(rest) = answer.outcome else { return None };
            let graphql = attempts.iter().rev().find_map(|sample| match sample.outcome {
                Outcome::Unchecked(count)
                    if sample.source.kind == SourceKind::Graphql
                        && sample.method == answer.method =>
                {
                    Some(count)
                }
                _ => None,
            })?;
            let is_far = u128::from(graphql.abs_diff(rest)) * 100 > u128::from(rest);
            is_far.then_some(Difference { key, graphql, rest })
        };
        self.attempts().into_iter().filter_map(difference).collect()
    }

    /// Returns how many of its counts over GraphQL were also taken over REST.
    #[must_use]
    pub fn cross_checked(&self) -> usize {
        let by = |attempts: &[&Sample], kind| {
            attempts.iter().any(|a| a.source.kind == kind && a.outcome.count().is_some())
        };
        let both = |attempts: &&Vec<&Sample>| {
            by(attempts, SourceKind::Graphql) && by(attempts, SourceKind::Rest)
        };
        self.attempts().values().filter(both).count()
    }

    /// Tells how far the run got; `before` is the run before it in the history, finished or not.
    ///
    /// A run without a planned number is measured by its own rows and by what the run before
    /// counted: it is unfinished if it lacks a number for anything of either. `still_asked` says
    /// which keys the survey has today, so that a framework that was taken out since is not missed.
    pub fn progress(&self, before: Option<&Run>, still_asked: impl Fn(&Key) -> bool) -> Progress {
        let settled = self.settled().len();
        let planned = self.planned().unwrap_or_else(|| {
            let mut keys: BTreeSet<Key> = self.attempts().into_keys().collect();
            let earlier = before.map(Run::answers).unwrap_or_default();
            keys.extend(earlier.into_keys().filter(|key| still_asked(key)));
            keys.len()
        });
        Progress { answered: settled, planned }
    }
}

/// A count for which the two APIs of GitHub gave numbers too far apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was counted.
    pub key: Key,
    /// What GraphQL said.
    pub graphql: u64,
    /// What REST said, of a search that was complete.
    pub rest: u64,
}

/// How many of a run's planned counts have a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Keys with a number: complete, unchecked, or incomplete after its re-asks.
    pub answered: usize,
    /// Keys that the run set out to count.
    pub planned: usize,
}

impl Progress {
    /// Tells whether every planned query has a number.
    #[must_use]
    pub fn is_finished(self) -> bool {
        self.answered >= self.planned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_printed() {
        for text in ["20261121T060003Z-7f3a", "19991231T235959Z-0000", "20240229T000000Z-ffff"] {
            assert_eq!(RunId::parse(text).map(|id| id.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_not_exactly_an_id_is_refused() {
        for text in [
            "",
            "20261121T060003Z",
            "20261121T060003Z-7F3A",
            "20261121T060003Z-7f3",
            "20261121T060003Z-7f3ab",
            "20261121T060003Z-+f3a",
            "20261321T060003Z-7f3a",
            "20230229T000000Z-0000",
            "20261121T060060Z-7f3a",
            "2026-11-21T06:00:03Z",
            " 20261121T060003Z-7f3a",
            "20261121t060003z-7f3a",
        ] {
            assert_eq!(RunId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_order_as_their_text_does() {
        let mut ids: Vec<RunId> =
            ["20261121T060004Z-0001", "20261121T060003Z-7f3a", "20251121T060003Z-ffff"]
                .iter()
                .filter_map(|text| RunId::parse(text))
                .collect();
        ids.sort();
        let mut texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let by_id = texts.clone();
        texts.sort();
        assert_eq!(texts, by_id);
    }

    #[test]
    fn counts_of_both_apis_are_compared() {
        let row = |name: &str, attempt_no, outcome, kind: SourceKind| {
            let sample = super::super::sample::tests::sample(name, attempt_no, outcome);
            Sample { source: kind.into(), ..sample }
        };
        let (rest, graphql) = (SourceKind::Rest, SourceKind::Graphql);
        let samples = vec![
            row("near", 1, Outcome::Unchecked(1_010), graphql),
            row("near", 2, Outcome::Complete(1_000), rest),
            row("far", 1, Outcome::Unchecked(1_011), graphql),
            row("far", 2, Outcome::Complete(1_000), rest),
            row("zero", 1, Outcome::Unchecked(0), graphql),
            row("zero", 2, Outcome::Complete(5), rest),
            row("alone", 1, Outcome::Unchecked(5), graphql),
            row("bound", 1, Outcome::Unchecked(5), graphql),
            row("bound", 2, Outcome::Incomplete(3), rest),
            row("again", 1, Outcome::Incomplete(3), rest),
            row("again", 2, Outcome::Complete(5), rest),
        ];
        let run = Run { id: samples[0].run, samples };
        let names: Vec<String> =
            run.differences().into_iter().map(|found| found.key.framework).collect();
        assert_eq!(names, ["far", "zero"]);
    }
}

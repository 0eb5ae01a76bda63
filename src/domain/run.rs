//! One pass over a survey: its id, its samples, and whether it is finished.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

use super::sample::{Sample, is_settled, select_answer};

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
        let stamp = text.get(..STAMP_LENGTH)?.as_bytes();
        let digits = text[STAMP_LENGTH..].strip_prefix('-').filter(|digits| digits.len() == 4)?;
        let lower_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if (stamp[8], stamp[15]) != (b'T', b'Z') || !digits.bytes().all(lower_hex) {
            return None;
        }
        let date = |from, to| number(&stamp[from..to]);
        let day =
            NaiveDate::from_ymd_opt(i32::try_from(date(0, 4)?).ok()?, date(4, 6)?, date(6, 8)?)?;
        let started = day.and_hms_opt(date(9, 11)?, date(11, 13)?, date(13, 15)?)?;
        Some(Self::new(started.and_utc(), u16::from_str_radix(digits, 16).ok()?))
    }

    /// Returns when the run started.
    #[must_use]
    pub fn started_at(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.started_s, 0).unwrap_or_default()
    }
}

/// Reads digits, and nothing but digits; as few as cannot overflow.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
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
        let select = |(key, attempts)| Some((key, select_answer(attempts)?));
        self.attempts().into_iter().filter_map(select).collect()
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
}

//! What people type of time: moments, `2026`, `2026-06`, `2026-06-30`, `-30d` or a run id, and lengths,
//! `15m`.

use std::time::Duration;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};

use super::period::midnight;
use super::run::RunId;

/// A moment as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A run.
    Run(RunId),
    /// Some whole UTC days: a year, a month or a day.
    Days {
        /// The first day.
        first: NaiveDate,
        /// The day after the last one.
        end: NaiveDate,
    },
}

impl When {
    /// Reads a moment; `-30d` counts back from `today`. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str, today: NaiveDate) -> Option<Self> {
        if let Some(run) = RunId::parse(text) {
            return Some(Self::Run(run));
        }
        if let Some(days) = text.strip_prefix('-').and_then(|t| t.strip_suffix('d')) {
            let days = parse_digits(days)?;
            let first = today.checked_sub_days(Days::new(u64::from(days)))?;
            return Some(Self::Days { first, end: first.succ_opt()? });
        }
        let mut fields = text.split('-');
        let year = fields.next().filter(|t| t.len() == 4).and_then(parse_digits)?;
        let year = i32::try_from(year).ok()?;
        let two_digits = |text: &str| (text.len() == 2).then(|| parse_digits(text)).flatten();
        let (month, day) = (fields.next(), fields.next());
        if fields.next().is_some() {
            return None;
        }
        let (first, end) = match (month, day) {
            (None, _) => {
                let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
                (first, first.checked_add_months(Months::new(12))?)
            }
            (Some(month), None) => {
                let first = NaiveDate::from_ymd_opt(year, two_digits(month)?, 1)?;
                (first, first.checked_add_months(Months::new(1))?)
            }
            (Some(month), Some(day)) => {
                let first = NaiveDate::from_ymd_opt(year, two_digits(month)?, two_digits(day)?)?;
                (first, first.succ_opt()?)
            }
        };
        Some(Self::Days { first, end })
    }

    /// Returns the first moment of it.
    #[must_use]
    pub fn begins_at(&self) -> DateTime<Utc> {
        match self {
            Self::Run(id) => id.started_at(),
            Self::Days { first, .. } => midnight(*first),
        }
    }

    /// Tells whether this moment, with all its days, is over when another begins.
    #[must_use]
    pub fn is_over_by(&self, other: &Self) -> bool {
        match self {
            Self::Run(id) => id.started_at() < other.begins_at(),
            Self::Days { end, .. } => midnight(*end) <= other.begins_at(),
        }
    }

    /// Tells whether this moment, with all its days, is after the start of a run.
    #[must_use]
    pub fn is_after(&self, run: RunId) -> bool {
        match self {
            Self::Run(id) => *id > run,
            Self::Days { first, .. } => midnight(*first) > run.started_at(),
        }
    }

    /// Tells whether a run that started at that moment is "at or before" this one.
    #[must_use]
    pub fn reaches(&self, run: RunId) -> bool {
        match self {
            Self::Run(id) => run <= *id,
            Self::Days { end, .. } => run.started_at() < midnight(*end),
        }
    }
}

/// The longest length of time that can be typed.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads a length of time, `500ms`, `2s`, `15m` or `1h`, at most a year; `None` for anything else.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let unit_ms = units.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms)?;
    let number: u64 = digits.parse().ok().filter(|_| !digits.starts_with('+'))?;
    let length = number.checked_mul(unit_ms).map(Duration::from_millis);
    length.filter(|length| *length <= LONGEST)
}

fn parse_digits(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: &str, end: &str) -> When {
        When::Days { first: first.parse().expect("a day"), end: end.parse().expect("a day") }
    }

    #[test]
    fn typed_moments() {
        let today: NaiveDate = "2026-03-01".parse().expect("a day");
        let run = "20261121T060003Z-7f3a";
        let cases = [
            ("2026", Some(days("2026-01-01", "2027-01-01"))),
            ("2026-12", Some(days("2026-12-01", "2027-01-01"))),
            ("2026-06-30", Some(days("2026-06-30", "2026-07-01"))),
            ("-1d", Some(days("2026-02-28", "2026-03-01"))),
            ("-0d", Some(days("2026-03-01", "2026-03-02"))),
            (run, RunId::parse(run).map(When::Run)),
            ("2026-02-29", None),
            ("2026-6", None),
            ("26", None),
            ("-d", None),
            ("--1d", None),
            ("-99999999999d", None),
            ("2026-01-01-01", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(When::parse(text, today), expected, "{text}");
        }
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        let cases = [("500ms", 500), ("2s", 2000), ("15m", 900_000), ("1h", 3_600_000), ("0s", 0)];
        for (text, ms) in cases {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in
            ["", "2", "s", "-1s", "+1s", "1.5s", "2 s", "2S", "99999999999999999999s", "9000h"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_reaches_to_its_last_second() {
        let day = days("2026-11-21", "2026-11-22");
        let run = |text| RunId::parse(text).expect("a run id");
        assert!(day.reaches(run("20261121T235959Z-ffff")));
        assert!(!day.reaches(run("20261122T000000Z-0000")));
        assert!(day.is_after(run("20261120T235959Z-ffff")));
        assert!(!day.is_after(run("20261121T000000Z-0000")));
    }
}

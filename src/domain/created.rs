//! Ranges of creation, and the ends of the periods of a reconstructed series.

use std::fmt;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeDelta, Utc};

use super::period::midnight;
use super::query::replace_created;

/// No repository of GitHub is older.
const FIRST_YEAR: i32 = 2007;

/// A time in which repositories were created, both ends included, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreatedRange {
    /// `None` for everything up to the end.
    from: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
}

impl CreatedRange {
    /// Makes the range of everything up to the end of a day.
    #[must_use]
    pub fn up_to(last_day: NaiveDate) -> Self {
        Self { from: None, until: last_second(last_day) }
    }

    /// Makes the range from the day after one to the end of another.
    #[must_use]
    pub fn after(day: NaiveDate, last_day: NaiveDate) -> Self {
        let from = last_second(day) + TimeDelta::seconds(1);
        Self { from: Some(from), until: last_second(last_day) }
    }

    /// Returns the two halves, which share no second; `None` for a single second.
    ///
    /// The first half of an open range is open, too, and ends in the middle of GitHub's time.
    #[must_use]
    pub fn halves(self) -> Option<(Self, Self)> {
        let first_day = || NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or_default();
        let from = self.from.unwrap_or_else(|| midnight(first_day()));
        let seconds = (self.until - from).num_seconds();
        if seconds < 1 {
            return None;
        }
        let middle = from + TimeDelta::seconds(seconds / 2);
        let first = Self { from: self.from, until: middle };
        let second = Self { from: Some(middle + TimeDelta::seconds(1)), until: self.until };
        Some((first, second))
    }

    /// Returns the query that finds what another one finds, in this range alone; its own `created:` is
    /// replaced.
    #[must_use]
    pub fn query(self, text: &str) -> String {
        replace_created(text, &self.to_string())
    }
}

impl fmt::Display for CreatedRange {
    /// Writes the qualifier, with explicit seconds in UTC: a bare day's time zone is not documented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = "%Y-%m-%dT%H:%M:%SZ";
        match self.from {
            None => write!(f, "created:<={}", self.until.format(moment)),
            Some(from) => {
                write!(f, "created:{}..{}", from.format(moment), self.until.format(moment))
            }
        }
    }
}

fn last_second(day: NaiveDate) -> DateTime<Utc> {
    midnight(day) + TimeDelta::seconds(24 * 3600 - 1)
}

/// How far apart the points of a reconstructed series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// The ends of months.
    Month,
    /// The ends of March, June, September and December.
    Quarter,
    /// The ends of years.
    Year,
}

impl Every {
    fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// Returns the last days of all periods that lie wholly between a first day and the day before
    /// `end`, in order.
    #[must_use]
    pub fn last_days(self, first: NaiveDate, end: NaiveDate) -> Vec<NaiveDate> {
        let length = Months::new(self.months());
        let mut days = Vec::new();
        let Some(mut start) = self.start_of_period(first) else { return days };
        while let Some(next) = start.checked_add_months(length) {
            if next > end {
                break;
            }
            if start >= first {
                days.extend(next.checked_sub_days(Days::new(1)));
            }
            start = next;
        }
        days
    }

    fn start_of_period(self, day: NaiveDate) -> Option<NaiveDate> {
        let month = (day.month0() / self.months()) * self.months();
        NaiveDate::from_ymd_opt(day.year(), month + 1, 1)
    }
}

/// Returns the ranges whose counts, added up, are those of everything created by each day: the first
/// is open at its beginning, each other goes from the day after the one before.
#[must_use]
pub fn ranges_up_to(last_days: &[NaiveDate]) -> Vec<CreatedRange> {
    let first = last_days.first().map(|day| CreatedRange::up_to(*day));
    let others = last_days.windows(2).map(|pair| CreatedRange::after(pair[0], pair[1]));
    first.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn days(every: Every, first: &str, end: &str) -> Vec<String> {
        every.last_days(day(first), day(end)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_whole_periods_have_an_end() {
        use Every::{Month, Quarter, Year};
        let cases: [(Every, &str, &str, &[&str]); 8] = [
            (Month, "2023-12-01", "2024-03-01", &["2023-12-31", "2024-01-31", "2024-02-29"]),
            (Month, "2023-12-02", "2024-02-29", &["2024-01-31"]),
            (Month, "2024-02-01", "2024-02-29", &[]),
            (Quarter, "2024-01-01", "2024-11-21", &["2024-03-31", "2024-06-30", "2024-09-30"]),
            (Quarter, "2024-02-01", "2024-07-01", &["2024-06-30"]),
            (Year, "2008-01-01", "2010-12-31", &["2008-12-31", "2009-12-31"]),
            (Year, "2008-02-01", "2011-01-01", &["2009-12-31", "2010-12-31"]),
            (Year, "2012-01-01", "2011-01-01", &[]),
        ];
        for (every, first, end, expected) in cases {
            assert_eq!(days(every, first, end), expected, "{every:?} {first} {end}");
        }
        assert_eq!(Month.last_days(day("2008-01-01"), day("2026-11-01")).len(), 226);
    }

    #[test]
    fn ranges_have_seconds_and_share_none() {
        let days = [day("2024-01-31"), day("2024-02-29"), day("2024-03-31")];
        let ranges: Vec<String> = ranges_up_to(&days).iter().map(ToString::to_string).collect();
        assert_eq!(
            ranges,
            [
                "created:<=2024-01-31T23:59:59Z",
                "created:2024-02-01T00:00:00Z..2024-02-29T23:59:59Z",
                "created:2024-03-01T00:00:00Z..2024-03-31T23:59:59Z",
            ]
        );
        assert!(ranges_up_to(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn halves_are_the_whole(length in 0_i64..1_000_000_000, is_open: bool) {
            let until = last_second(day("2026-10-31"));
            let from = (!is_open).then(|| until - TimeDelta::seconds(length));
            let range = CreatedRange { from, until };
            let Some((first, second)) = range.halves() else {
                prop_assert!(length == 0 && !is_open);
                return Ok(());
            };
            prop_assert_eq!((first.from, second.until), (range.from, range.until));
            prop_assert_eq!(second.from, Some(first.until + TimeDelta::seconds(1)));
            prop_assert!(first.from.is_none_or(|from| from <= first.until));
            prop_assert!(second.from <= Some(second.until));
        }
    }
}

//! The series that the file of the sums had before.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

/// The days of a series; displayed as how far apart they are, and from when to when.
pub(super) struct Earlier {
    days: BTreeSet<NaiveDate>,
}

impl Earlier {
    /// Makes it of the days of all points; `None` if there are none.
    pub(super) fn of(days: impl IntoIterator<Item = NaiveDate>) -> Option<Self> {
        let days: BTreeSet<NaiveDate> = days.into_iter().collect();
        (!days.is_empty()).then_some(Self { days })
    }

    /// Tells whether each of its days is one of some others, which are in order.
    pub(super) fn is_within(&self, days: &[NaiveDate]) -> bool {
        self.days.iter().all(|day| days.binary_search(day).is_ok())
    }

    /// Returns the days between the two points that are nearest to each other.
    fn gap(&self) -> Option<i64> {
        let next = self.days.iter().skip(1);
        self.days.iter().zip(next).map(|(day, next)| (*next - *day).num_days()).min()
    }
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else {
            return Ok(());
        };
        let (every, format) = match self.gap() {
            // No month has more days, and no quarter.
            Some(..=31) => ("month", "%Y-%m"),
            Some(..=92) => ("quarter", "%Y-%m"),
            Some(_) => ("year", "%Y"),
            None => return write!(f, "{first}"),
        };
        write!(f, "by {every}, {} to {}", first.format(format), last.format(format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::created::Every;

    #[test]
    fn a_series_is_named_by_its_spacing_and_its_ends() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let of = |every: Every, end: &str| {
            let days = every.last_days(day("2015-01-01"), day(end));
            Earlier::of(days).map(|earlier| earlier.to_string())
        };
        assert_eq!(of(Every::Year, "2026-01-01").as_deref(), Some("by year, 2015 to 2025"));
        let quarters = of(Every::Quarter, "2016-07-01");
        assert_eq!(quarters.as_deref(), Some("by quarter, 2015-03 to 2016-06"));
        assert_eq!(of(Every::Month, "2015-04-01").as_deref(), Some("by month, 2015-01 to 2015-03"));
        assert_eq!(of(Every::Year, "2016-01-01").as_deref(), Some("2015-12-31"));
        assert_eq!(of(Every::Year, "2015-06-01"), None);
    }

    #[test]
    fn more_points_hold_fewer_but_not_the_other_way_round() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let days = |every: Every| every.last_days(day("2015-01-01"), day("2018-01-01"));
        let years = Earlier::of(days(Every::Year)).expect("days");
        let quarters = Earlier::of(days(Every::Quarter)).expect("days");
        assert!(years.is_within(&days(Every::Quarter)));
        assert!(!quarters.is_within(&days(Every::Year)));
    }
}

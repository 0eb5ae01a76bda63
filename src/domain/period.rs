//! When runs are due, and which period a moment lies in.
//!
//! One rule serves everything that speaks of periods: `--once`, gaps, health and the daemon.
//! `schedule` knows the due moments of a cron line, `state` what a history says of a period.

mod schedule;
mod state;

use std::fmt;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};

pub use schedule::Schedule;
pub use state::{LastRuns, PeriodState};

/// From one due moment to the next; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The due moment that opens it.
    pub from: DateTime<Utc>,
    /// The due moment that opens the next one.
    pub to: DateTime<Utc>,
}

impl Period {
    /// Tells whether a moment lies in the period.
    #[must_use]
    pub fn contains(&self, moment: DateTime<Utc>) -> bool {
        self.from <= moment && moment < self.to
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = "%Y-%m-%d %H:%M";
        write!(f, "{} to {} UTC", self.from.format(minute), self.to.format(minute))
    }
}

/// Periods for surveys without a schedule, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday (ISO 8601).
    Week,
    /// From the first of a month to the first of the next.
    Month,
}

impl Per {
    /// Returns the period that a moment lies in; `None` at the ends of the calendar.
    #[must_use]
    pub fn period_at(self, moment: DateTime<Utc>) -> Option<Period> {
        let day = moment.date_naive();
        let (from, to) = match self {
            Self::Hour => {
                let from = moment.timestamp().div_euclid(3600) * 3600;
                let from = DateTime::from_timestamp(from, 0)?;
                return Some(Period { from, to: from + TimeDelta::hours(1) });
            }
            Self::Day => (day, day.checked_add_days(Days::new(1))?),
            Self::Week => {
                let days_in = u64::from(day.weekday().num_days_from_monday());
                let monday = day.checked_sub_days(Days::new(days_in))?;
                (monday, monday.checked_add_days(Days::new(7))?)
            }
            Self::Month => {
                let first = day.with_day(1)?;
                (first, first.checked_add_months(Months::new(1))?)
            }
        };
        Some(Period { from: midnight(from), to: midnight(to) })
    }
}

/// How a survey's periods are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Periods {
    /// By its schedule.
    Scheduled(Box<Schedule>),
    /// By the calendar.
    Calendar(Per),
    /// Each run is a period of its own, as long as the second in which it started; none is due.
    EachRun,
}

impl Periods {
    /// Returns the period that a moment lies in; `None` only at the ends of the calendar.
    #[must_use]
    pub fn period_at(&self, moment: DateTime<Utc>) -> Option<Period> {
        match self {
            Self::Scheduled(schedule) => Some(Period {
                from: schedule.last_until(moment)?,
                to: schedule.next_after(moment)?,
            }),
            Self::Calendar(per) => per.period_at(moment),
            Self::EachRun => Some(Period { from: moment, to: moment + TimeDelta::seconds(1) }),
        }
    }

    /// Returns the first due moment after that one; `None` if there is none before the calendar ends.
    #[must_use]
    pub fn next_due(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            // Quicker than by its period, whose beginning would be looked for too.
            Self::Scheduled(schedule) => schedule.next_after(moment),
            Self::Calendar(per) => per.period_at(moment).map(|period| period.to),
            Self::EachRun => None,
        }
    }

    /// Returns the due moments after that one, in order, until the calendar ends.
    pub fn due_after(&self, moment: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(self.next_due(moment), |due| self.next_due(*due))
    }
}

/// Returns the first moment of a UTC day.
#[must_use]
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    fn schedule(line: &str, zone: &str) -> Schedule {
        let zone_found = TimeZoneDatabase::bundled().get(zone).expect("a zone");
        Schedule::parse(line, zone_found, zone).expect("a schedule")
    }

    #[test]
    fn calendar_periods() {
        let moment = at("2026-11-21T06:00:03Z"); // a Saturday
        let cases = [
            (Per::Hour, "2026-11-21T06:00:00Z", "2026-11-21T07:00:00Z"),
            (Per::Day, "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
            (Per::Week, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            (Per::Month, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ];
        for (per, from, to) in cases {
            let expected = Some(Period { from: at(from), to: at(to) });
            assert_eq!(per.period_at(moment), expected, "{per:?}");
        }
    }

    #[test]
    fn a_due_moment_opens_its_period() {
        let periods = Periods::Scheduled(Box::new(schedule("17 6 * * *", "UTC")));
        let today = Period { from: at("2026-11-21T06:17:00Z"), to: at("2026-11-22T06:17:00Z") };
        for moment in ["2026-11-21T06:17:00Z", "2026-11-22T06:16:59Z"] {
            assert_eq!(periods.period_at(at(moment)), Some(today), "{moment}");
        }
    }

    #[test]
    fn days_follow_the_zone_over_daylight_saving() {
        let periods = Periods::Scheduled(Box::new(schedule("0 6 * * *", "Europe/Berlin")));
        let day = periods.period_at(at("2026-10-24T12:00:00Z")).expect("a period");
        assert_eq!((day.to - day.from).num_hours(), 25);
        let skipped = Periods::Scheduled(Box::new(schedule("30 2 * * *", "Europe/Berlin")));
        let spring = skipped.period_at(at("2026-03-29T12:00:00Z")).expect("a period");
        assert_eq!(spring.from.date_naive().to_string(), "2026-03-29");
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_its_period(seconds in 0i64..4_000_000_000, per in 0..4usize) {
            let per = [Per::Hour, Per::Day, Per::Week, Per::Month][per];
            let moment = DateTime::from_timestamp(seconds, 0).expect("a moment");
            let period = per.period_at(moment).expect("a period");
            prop_assert!(period.contains(moment));
            prop_assert!(!period.contains(period.to));
            prop_assert_eq!(per.period_at(period.from), Some(period));
            prop_assert_eq!(per.period_at(period.to).map(|next| next.from), Some(period.to));
        }
    }
}

//! Where moments lie along an axis of time, and which of them are written below it.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};

use super::words::text_width;
use crate::domain::period::midnight;

/// How far dates stand apart at least.
const GAP: f64 = 16.0;

/// An axis of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Time {
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    pub(super) left: f64,
    pub(super) right: f64,
}

/// From one date that is written to the next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Minutes(i64),
    Days(i64),
    Months(u32),
}

const STEPS: [Step; 20] = [
    Step::Minutes(5),
    Step::Minutes(15),
    Step::Minutes(60),
    Step::Minutes(180),
    Step::Minutes(360),
    Step::Minutes(720),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(240),
    Step::Months(600),
];
/// The most dates that are tried on an axis.
const MOST: usize = 200;

impl Time {
    /// Makes the axis; a single moment stands in its middle.
    pub(super) fn new(from: DateTime<Utc>, to: DateTime<Utc>, left: f64, right: f64) -> Self {
        let (from_s, to_s) = (from.timestamp(), to.timestamp());
        if to_s > from_s {
            return Self { from_s, to_s, left, right };
        }
        Self { from_s: from_s - 43_200, to_s: from_s + 43_200, left, right }
    }

    /// Returns where a moment lies; moments outside are put at the end.
    pub(super) fn place(&self, at: DateTime<Utc>) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "pixels are coarser")]
        let share = (at.timestamp() - self.from_s) as f64 / (self.to_s - self.from_s) as f64;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Returns the dates that are written below the axis, in UTC, each with its place: round ones
    /// if two of them fit, else the days of both ends, if there is room for these.
    pub(super) fn ticks(&self, size: f64) -> Vec<(f64, String)> {
        let all = STEPS.iter().filter_map(|step| self.ticks_of(*step));
        let fits = |ticks: &Vec<(f64, String)>| {
            ticks.windows(2).all(|pair| pair[1].0 - pair[0].0 >= text_width(&pair[1].1, size) + GAP)
        };
        let both_ends = || {
            let day = |seconds| moment(seconds).map(|at| (self.place(at), Step::Days(1).name(at)));
            [day(self.from_s), day(self.to_s)].into_iter().flatten().collect::<Vec<_>>()
        };
        let found = all.filter(|ticks| ticks.len() > 1).find(fits);
        found.or_else(|| Some(both_ends()).filter(fits)).unwrap_or_default()
    }

    /// Returns the dates of a step; `None` if they are far too many.
    fn ticks_of(&self, step: Step) -> Option<Vec<(f64, String)>> {
        let (from, to) = (moment(self.from_s)?, moment(self.to_s)?);
        let mut at = step.first_from(from)?;
        let mut ticks = Vec::new();
        while at <= to {
            if ticks.len() == MOST {
                return None;
            }
            ticks.push((self.place(at), step.name(at)));
            at = step.next(at)?;
        }
        Some(ticks)
    }
}

fn moment(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

impl Step {
    /// Returns the first date of the step that is not before a moment.
    fn first_from(self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = moment.date_naive();
        let mut at = match self {
            Self::Minutes(minutes) => {
                let seconds = moment.timestamp().div_euclid(minutes * 60) * minutes * 60;
                DateTime::from_timestamp(seconds, 0)?
            }
            Self::Days(days) => {
                // Weeks begin on a Monday, as periods do.
                let since = day.num_days_from_ce() - 1;
                let back = i64::from(since).rem_euclid(days);
                midnight(day.checked_sub_signed(TimeDelta::days(back))?)
            }
            Self::Months(months) => {
                let whole = day.year() * 12 + i32::try_from(day.month0()).ok()?;
                let whole =
                    whole.div_euclid(i32::try_from(months).ok()?) * i32::try_from(months).ok()?;
                let month = u32::try_from(whole.rem_euclid(12)).ok()? + 1;
                midnight(NaiveDate::from_ymd_opt(whole.div_euclid(12), month, 1)?)
            }
        };
        while at < moment {
            at = self.next(at)?;
        }
        Some(at)
    }

    fn next(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Minutes(minutes) => at.checked_add_signed(TimeDelta::minutes(minutes)),
            Self::Days(days) => at.checked_add_signed(TimeDelta::days(days)),
            Self::Months(months) => at.checked_add_months(Months::new(months)),
        }
    }

    fn name(self, at: DateTime<Utc>) -> String {
        let format = match self {
            Self::Minutes(_) => "%Y-%m-%d %H:%M",
            Self::Days(_) => "%Y-%m-%d",
            Self::Months(months) if months.is_multiple_of(12) => "%Y",
            Self::Months(_) => "%Y-%m",
        };
        at.format(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(from: &str, to: &str, width: f64) -> Vec<String> {
        let at = |text: &str| text.parse().expect("a moment");
        let ticks = Time::new(at(from), at(to), 0.0, width).ticks(12.0);
        ticks.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn dates_are_round_and_do_not_touch() {
        let cases: [(&str, &str, f64, &[&str]); 6] = [
            (
                "2024-11-21T06:00:00Z",
                "2026-11-20T06:00:00Z",
                600.0,
                &[
                    "2025-01", "2025-04", "2025-07", "2025-10", "2026-01", "2026-04", "2026-07",
                    "2026-10",
                ],
            ),
            ("2024-11-21T06:00:00Z", "2026-11-20T06:00:00Z", 200.0, &["2025", "2026"]),
            ("2026-03-01T06:00:00Z", "2026-03-15T06:00:00Z", 400.0, &["2026-03-02", "2026-03-09"]),
            (
                "2026-03-01T06:00:00Z",
                "2026-03-01T09:00:00Z",
                600.0,
                &["2026-03-01 06:00", "2026-03-01 07:00", "2026-03-01 08:00", "2026-03-01 09:00"],
            ),
            (
                "2000-01-01T00:00:00Z",
                "2100-01-01T00:00:00Z",
                300.0,
                &["2000", "2020", "2040", "2060", "2080", "2100"],
            ),
            (
                "2026-03-01T06:00:00Z",
                "2026-03-01T06:00:00Z",
                300.0,
                &["2026-03-01 00:00", "2026-03-01 12:00"],
            ),
        ];
        for (from, to, width, expected) in cases {
            assert_eq!(named(from, to, width), expected, "{from} to {to} in {width}");
        }
    }
}

//! Keeping a page small however long the history is: fewer, longer periods.

use crate::domain::period::{Per, Periods};
use crate::domain::series::Series;

/// The most counts over time that a page carries, of all metrics together.
const MOST_COUNTS: usize = 100_000;
/// The longer periods, shortest first.
const LONGER: [Per; 3] = [Per::Day, Per::Week, Per::Month];

/// What became of series that were too long for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinnedTo {
    /// All periods are there.
    Nothing,
    /// Of each of these periods the last finished run is there.
    Per(Per),
}

/// Takes the last finished run of longer periods if the series have too many counts for a page.
///
/// All series are treated alike. Very many frameworks can still be too many: the longest period is
/// the month.
pub fn thin(all: &mut [&mut Series]) -> ThinnedTo {
    let mut done = ThinnedTo::Nothing;
    for per in LONGER {
        let counts: usize = all.iter().map(|s| s.rows.len() * s.frameworks.len()).sum();
        if counts <= MOST_COUNTS {
            break;
        }
        for series in &mut *all {
            lengthen(series, &Periods::Calendar(per));
        }
        done = ThinnedTo::Per(per);
    }
    done
}

fn lengthen(series: &mut Series, periods: &Periods) {
    for row in &mut series.rows {
        if let Some(period) = periods.period_at(row.run.started_at()) {
            row.period = period;
        }
    }
    // Of those with the same period the last one stays.
    series.rows.reverse();
    series.rows.dedup_by_key(|row| row.period.from);
    series.rows.reverse();
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::run::RunId;
    use crate::domain::series::SeriesRow;

    /// A series of so many hours.
    fn hourly(hours: i64, frameworks: usize) -> Series {
        let row = |hour: i64| {
            let at = DateTime::from_timestamp(1_767_225_600 + hour * 3600, 0).expect("a moment");
            let period = Per::Hour.period_at(at).expect("a period");
            SeriesRow { period, run: RunId::new(at, 0), values: vec![None; frameworks] }
        };
        Series {
            frameworks: vec![String::new(); frameworks],
            rows: (0..hours).map(row).collect(),
            ..Series::default()
        }
    }

    #[test]
    fn long_series_get_longer_periods() {
        let two_years = 2 * 365 * 24;
        let cases = [
            (100, 16, ThinnedTo::Nothing, 100),
            (two_years, 2, ThinnedTo::Nothing, two_years),
            (two_years, 16, ThinnedTo::Per(Per::Day), 730),
            (two_years, 100, ThinnedTo::Per(Per::Day), 730),
            (two_years, 900, ThinnedTo::Per(Per::Week), 105),
        ];
        for (hours, frameworks, expected, rows) in cases {
            let mut series = hourly(hours, frameworks);
            assert_eq!(thin(&mut [&mut series]), expected, "{hours} × {frameworks}");
            assert_eq!(i64::try_from(series.rows.len()).expect("few"), rows);
        }
        let mut series = hourly(50_000, 16);
        let last = series.rows.last().map(|row| row.run);
        thin(&mut [&mut series]);
        assert_eq!(series.rows.last().map(|row| row.run), last, "the last run of a day stays");
        let first = series.rows.first().expect("a row").run;
        assert_eq!(first.started_at().format("%H").to_string(), "23");
    }
}

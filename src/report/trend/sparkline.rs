//! The course of a count in one line of text.

use chrono::{DateTime, Utc};

use super::TrendReport;
use crate::domain::sample::Status;
use crate::domain::trend::{CoursePoint, TrendLine};

/// A sparkline that is shorter says nothing, one that is longer nothing more.
pub(super) const SHORTEST: usize = 8;
const LONGEST: usize = 32;

/// What stands for counts from the lowest to the highest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN: [char; 6] = ['_', '.', '-', '=', '*', '#'];

/// Draws the counts of a line over the whole time of the report, from its lowest to its highest.
///
/// A column stands for equally long parts of the time and has the last count of its part, a lower
/// bound only if there is no other; it is
/// empty if there is none, and `│` if counts before and in it cannot be compared. Shorter than so
/// many columns if there are fewer periods.
pub(super) fn sparkline(
    report: &TrendReport,
    line: &TrendLine,
    columns: usize,
    blocks: bool,
) -> String {
    let columns = columns.min(LONGEST).min(report.rows.len() + report.gaps.len());
    if columns < SHORTEST.min(report.rows.len() + report.gaps.len()) {
        return String::new();
    }
    let mut parts: Vec<Option<CoursePoint>> = vec![None; columns];
    for point in &line.course {
        if let Some(part) = part_of(report, *point, columns).and_then(|part| parts.get_mut(part)) {
            let begins_anew = point.begins_anew || part.is_some_and(|point| point.begins_anew);
            let is_bound = |point: CoursePoint| point.status == Status::Incomplete;
            let counts = part.filter(|before| is_bound(*point) && !is_bound(*before));
            *part = Some(CoursePoint { begins_anew, ..counts.unwrap_or(*point) });
        }
    }
    let counts = || parts.iter().flatten().map(|point| point.count);
    let (low, high) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let steps: &[char] = if blocks { &BLOCKS } else { &PLAIN };
    let text = |part: &Option<CoursePoint>| match part {
        None => ' ',
        Some(point) if point.begins_anew && blocks => '│',
        Some(point) if point.begins_anew => '|',
        Some(point) => steps[step(point.count, low, high, steps.len())],
    };
    parts.iter().map(text).collect()
}

/// Returns the column of a point.
fn part_of(report: &TrendReport, point: CoursePoint, columns: usize) -> Option<usize> {
    let seconds =
        |from: DateTime<Utc>, to: DateTime<Utc>| usize::try_from((to - from).num_seconds()).ok();
    let period = report.rows.get(point.row)?.period;
    let (from, to) = (report.first.period.from, report.last.period.to);
    // The middle of a period lies in one column only.
    let middle = period.from + (period.to - period.from) / 2;
    Some(seconds(from, middle)?.saturating_mul(columns) / seconds(from, to)?.max(1))
}

/// Returns which of so many steps a count is; counts that are all alike are in the middle.
fn step(count: u64, low: u64, high: u64, steps: usize) -> usize {
    if high == low {
        return steps / 2 - 1;
    }
    let (above, range) = (u128::from(count - low), u128::from(high - low));
    let step = above * (steps as u128 - 1) * 2 / range;
    // Rounded to the nearest step.
    usize::try_from(step.div_ceil(2)).unwrap_or(0).min(steps - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_and_the_highest_count_are_the_ends() {
        let steps = |counts: [u64; 3]| counts.map(|count| step(count, counts[0], counts[2], 8));
        assert_eq!(steps([0, 50, 100]), [0, 4, 7]);
        assert_eq!(steps([5, 5, 5]), [3, 3, 3]);
        assert_eq!(steps([0, u64::MAX / 2, u64::MAX]), [0, 3, 7]);
    }
}

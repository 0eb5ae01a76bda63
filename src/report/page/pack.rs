//! Counts over time as the script reads them: numbers in few characters.
//!
//! A number is written in digits of 32, the lowest first, each but the last with 32 added to it, and
//! each as the character that has this place in [`DIGITS`]. What can be negative is doubled, and of
//! a negative number 1 is taken off its doubled size.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::PageMetric;
use crate::domain::run::RunId;
use crate::domain::sample::Status;
use crate::domain::trend::TrendLine;
use crate::report::escape;
use crate::report::trend::{EventKind, TrendEvent, TrendReport};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The runs of all metrics, each with its place among them.
type Places = BTreeMap<RunId, i128>;

/// All that the script is given.
#[derive(Serialize)]
pub(super) struct Data {
    /// Every framework once, those that lead by the first metric first; colours follow this order.
    frameworks: Vec<String>,
    /// The minutes at which runs started, since 1970; the first, then the difference to the one
    /// before.
    times: String,
    /// The runs, counted from 0, before which a period has no finished run: differences.
    gaps: String,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Metric {
    title: String,
    lines: Vec<Line>,
    /// The minute of a change in the way of counting, and whether a line begins anew there.
    events: Vec<(i64, bool)>,
}

#[derive(Serialize)]
struct Line {
    /// Which framework.
    f: usize,
    /// For each run 0 without a number, else 1 and the difference to the number before.
    n: String,
    /// Stretches of lower bounds: how many runs lie between, how many are.
    #[serde(skip_serializing_if = "String::is_empty")]
    b: String,
    /// The runs at which the line begins anew: differences.
    #[serde(skip_serializing_if = "String::is_empty")]
    t: String,
}

/// Packs the counts over time of all metrics.
pub(super) fn pack(metrics: &[PageMetric<'_>]) -> Data {
    let trends = || metrics.iter().filter_map(|metric| metric.trend);
    let mut frameworks: Vec<&str> = Vec::new();
    for line in trends().flat_map(|trend| &trend.lines) {
        if !frameworks.contains(&line.framework.as_str()) {
            frameworks.push(&line.framework);
        }
    }
    // As a rule all metrics have the same runs.
    let rows = || trends().flat_map(|trend| &trend.rows);
    let runs: BTreeSet<RunId> = rows().map(|row| row.run).collect();
    let behind_gaps: BTreeSet<RunId> =
        rows().filter(|row| row.follows_gap).map(|row| row.run).collect();
    let places: Places = runs.iter().copied().zip(0..).collect();
    let metric = |metric: &PageMetric<'_>| {
        let line = |(trend, line)| pack_line(trend, line, &frameworks, &places);
        let lines = metric.trend.map(|t| t.lines.iter().map(|l| line((t, l))).collect());
        Metric {
            title: escape::terminal(&metric.report.metric_title),
            lines: lines.unwrap_or_default(),
            events: metric.trend.map(events).unwrap_or_default(),
        }
    };
    Data {
        metrics: metrics.iter().map(metric).collect(),
        times: differences(runs.iter().map(|run| i128::from(minute(run.started_at())))),
        gaps: differences(behind_gaps.iter().filter_map(|run| places.get(run)).copied()),
        frameworks: frameworks.into_iter().map(escape::terminal).collect(),
    }
}

fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

fn events(trend: &TrendReport) -> Vec<(i64, bool)> {
    let event = |event: &TrendEvent| (minute(event.at), event.kind == EventKind::Break);
    trend.events.iter().map(event).collect()
}

fn pack_line(trend: &TrendReport, line: &TrendLine, frameworks: &[&str], places: &Places) -> Line {
    let mut counts = vec![None; places.len()];
    let mut bounds = vec![false; places.len()];
    let mut breaks = Vec::new();
    for point in &line.course {
        let row = trend.rows.get(point.row);
        let Some(place) = row.and_then(|row| places.get(&row.run)).copied() else { continue };
        let Ok(index) = usize::try_from(place) else { continue };
        counts[index] = Some(point.count);
        bounds[index] = point.status == Status::Incomplete;
        breaks.extend(point.begins_anew.then_some(place));
    }
    Line {
        f: frameworks.iter().position(|name| *name == line.framework).unwrap_or_default(),
        n: pack_counts(&counts),
        b: pack_stretches(&bounds),
        t: differences(breaks.into_iter()),
    }
}

fn pack_counts(counts: &[Option<u64>]) -> String {
    let (mut text, mut before) = (String::new(), 0);
    for count in counts {
        match count.map(i128::from) {
            None => push(&mut text, 0),
            Some(count) => {
                push(&mut text, zigzag(count - before) + 1);
                before = count;
            }
        }
    }
    text
}

fn pack_stretches(marked: &[bool]) -> String {
    let mut text = String::new();
    // Behind the last stretch there is nothing to tell.
    let end = marked.iter().rposition(|marked| *marked).map_or(0, |last| last + 1);
    let mut wanted = false;
    let mut rest = &marked[..end];
    while !rest.is_empty() {
        let length = rest.iter().position(|marked| *marked != wanted).unwrap_or(rest.len());
        push(&mut text, length as u128);
        rest = &rest[length..];
        wanted = !wanted;
    }
    text
}

fn differences(numbers: impl Iterator<Item = i128>) -> String {
    let (mut text, mut before) = (String::new(), 0);
    for number in numbers {
        push(&mut text, zigzag(number - before));
        before = number;
    }
    text
}

fn zigzag(number: i128) -> u128 {
    let doubled = number.unsigned_abs() * 2;
    if number < 0 { doubled - 1 } else { doubled }
}

fn push(text: &mut String, mut number: u128) {
    loop {
        let digit = (number % 32) as usize;
        number /= 32;
        text.push(char::from(DIGITS[if number > 0 { digit + 32 } else { digit }]));
        if number == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads numbers as the script does.
    fn read(text: &str) -> Vec<u128> {
        let (mut numbers, mut number, mut place) = (Vec::new(), 0, 1);
        for byte in text.bytes() {
            let digit = DIGITS.iter().position(|other| *other == byte).expect("a digit") as u128;
            number += digit % 32 * place;
            place *= 32;
            if digit < 32 {
                numbers.push(number);
                (number, place) = (0, 1);
            }
        }
        numbers
    }

    fn unzigzag(number: u128) -> i128 {
        let half = i128::try_from(number.div_ceil(2)).expect("fits");
        if number % 2 == 1 { -half } else { half }
    }

    #[test]
    fn small_numbers_take_one_character() {
        assert_eq!(pack_counts(&[Some(0), None, Some(10), Some(10), Some(9)]), "BAVBC");
        assert_eq!(pack_stretches(&[false, true, true, false, true, false]), "BCBB");
        assert_eq!(pack_stretches(&[true, true]), "AC");
        assert_eq!(pack_stretches(&[false, false]), "");
        assert_eq!(differences([3, 10, 11].into_iter()), "GOC");
        assert_eq!(read("gB"), [32]);
    }

    proptest! {
        #[test]
        fn what_is_packed_can_be_read(counts in prop::collection::vec(any::<Option<u64>>(), 0..40)) {
            let mut before = 0;
            let read: Vec<Option<u64>> = read(&pack_counts(&counts))
                .into_iter()
                .map(|number| {
                    let number = number.checked_sub(1)?;
                    before += unzigzag(number);
                    u64::try_from(before).ok()
                })
                .collect();
            prop_assert_eq!(read, counts);
        }
    }
}

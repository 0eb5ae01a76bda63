//! What one pass finds is what whole runs say, by the rules of runs and rankings.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::read::fold_runs;
use super::super::select::tests::{Piece, gaps, pieces, text_of, written};
use super::*;
use crate::domain::period::{Per, Periods};
use crate::domain::ranking::Tally;
use crate::domain::run::Run;
use crate::domain::when::When;

fn scope(metric: Option<&str>) -> Scope<'_> {
    let periods = Periods::Calendar(Per::Day);
    Scope { survey: None, metric, periods, since: None, until: None }
}

/// A count with its status, method and source.
type Told = (u64, Status, String);

/// Works out the same table from whole runs, by the rules of runs and rankings.
fn expected(path: &Path) -> BTreeMap<String, (RunId, BTreeMap<String, Told>)> {
    let mut table = BTreeMap::new();
    let step = |(table, last): &mut (BTreeMap<_, _>, Option<Run>), run: Run| {
        if run.progress(last.as_ref(), |_| true).is_finished() {
            let mut frameworks: BTreeMap<String, Vec<&Sample>> = BTreeMap::new();
            let wanted = |sample: &&Sample| sample.metric == "repositories";
            for sample in run.samples.iter().filter(wanted) {
                frameworks.entry(sample.framework.clone()).or_default().push(sample);
            }
            let told = |(name, samples): (String, Vec<&Sample>)| {
                let tally = Tally::of(&samples);
                let counted = tally.counted?;
                let origin = format!("{:?} {}", counted.method, counted.source);
                Some((name, (tally.outcome.count()?, tally.outcome.status(), origin)))
            };
            let values: BTreeMap<String, Told> = frameworks.into_iter().filter_map(told).collect();
            table.insert(run.id.started_at().date_naive().to_string(), (run.id, values));
        }
        *last = Some(run);
    };
    let start = || (BTreeMap::new(), None);
    let ((found, _), _) = fold_runs(path, start, step).expect("a history");
    table.extend(found);
    table
}

fn found(series: &Series) -> BTreeMap<String, (RunId, BTreeMap<String, Told>)> {
    let row = |row: &crate::domain::series::SeriesRow| {
        let told = |(at, name): (usize, &String)| {
            let value = row.value(at)?;
            let origin = &series.origins[value.origin as usize];
            let origin = format!("{:?} {}", origin.method, origin.source);
            Some((name.clone(), (value.count, value.status, origin)))
        };
        let values = series.frameworks.iter().enumerate().filter_map(told).collect();
        (row.period.from.date_naive().to_string(), (row.run, values))
    };
    series.rows.iter().map(row).collect()
}

fn damaged() -> impl Strategy<Value = u8> {
    let bytes = b"\",;x09-TZ \r\n\x7F\xC3\xFF".to_vec();
    prop_oneof![prop::sample::select(bytes), any::<u8>()]
}

proptest! {
    #[test]
    fn one_pass_finds_what_runs_and_rankings_say(
        pieces in pieces(),
        gaps in prop_oneof![3 => gaps(1..30), 1 => gaps(-3..30)],
    ) {
        let (text, _) = text_of(&pieces, &gaps);
        let (_folder, path) = written(&text);
        let (series, reading) = read_series(&path, &scope(None)).expect("a series");
        prop_assert_eq!(found(&series), expected(&path));
        let ((), whole) = fold_runs(&path, || (), |(), _| ()).expect("a history");
        prop_assert_eq!(reading, whole);
    }

    #[test]
    fn one_pass_finds_every_fault_that_a_thorough_reading_does(
        pieces in pieces(),
        gaps in gaps(1..30),
        damage in prop::collection::vec((any::<prop::sample::Index>(), damaged()), 1..9),
    ) {
        let (mut text, _) = text_of(&pieces, &gaps);
        let header = row::header().len();
        for (at, byte) in damage {
            if text.len() > header {
                let at = header + at.index(text.len() - header);
                text[at] = byte;
            }
        }
        let (_folder, path) = written(&text);
        let (series, reading) = read_series(&path, &scope(Some("repositories"))).expect("a series");
        let ((), whole) = fold_runs(&path, || (), |(), _| ()).expect("a history");
        prop_assert_eq!(reading, whole);
        prop_assert_eq!(found(&series), expected(&path));
    }

    #[test]
    fn a_window_leaves_out_what_is_before_and_behind(
        pieces in pieces(),
        gaps in gaps(1..30),
        since in 0..20usize,
        until in 0..20usize,
    ) {
        let (text, ids) = text_of(&pieces, &gaps);
        let (_folder, path) = written(&text);
        let bound = |at: usize| ids.get(at).copied();
        let window = Scope {
            since: bound(since).map(When::Run),
            until: bound(until).map(When::Run),
            ..scope(None)
        };
        let windowed = read_series(&path, &window).expect("a series").0;
        // Within the window nothing differs; at its end a period may have lost its last run.
        let whole = expected(&path);
        for (day, (run, values)) in found(&windowed) {
            prop_assert!(bound(since).is_none_or(|since| run >= since));
            prop_assert!(bound(until).is_none_or(|until| run <= until));
            if whole[&day].0 == run {
                prop_assert_eq!(&whole[&day].1, &values);
            }
        }
        for (day, (run, _)) in &whole {
            let inside = bound(since).is_none_or(|since| *run >= since)
                && bound(until).is_none_or(|until| *run <= until);
            prop_assert!(!inside || found(&windowed).contains_key(day));
        }
    }
}

#[test]
fn what_another_program_wrote_anew_reads_the_same() {
    let rows = vec![(0, Outcome::Complete(17), 0), (1, Outcome::Incomplete(4), 1)];
    let run = Piece::Run { digits: 7, planned: Some(1), rows };
    let (text, _) = text_of(&[run.clone(), run.clone(), run], &[20]);
    let text = String::from_utf8(text).expect("text");
    let (_folder, path) = written(text.as_bytes());
    let ours = found(&read_series(&path, &scope(None)).expect("a series").0);
    assert_eq!(ours.len(), 3);
    let quoted = |row: &str| format!("\"{}\"\n", row.replace(',', "\",\""));
    let moved = |row: &str| {
        let (first, rest) = row.split_once(',').expect("columns");
        format!("{rest},{first}\n")
    };
    for other in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        text.replace(',', ";"),
        text.replace(',', "\t"),
        text.lines().map(quoted).collect(),
        text.lines().map(moved).collect(),
    ] {
        std::fs::write(&path, &other).expect("a file");
        let (series, reading) = read_series(&path, &scope(None)).expect("a series");
        assert_eq!(found(&series), ours, "{other}");
        assert_eq!((reading.rows, reading.faulty, reading.runs), (6, 0, 3));
        assert!(!reading.differences.is_empty());
    }
}

#[test]
fn whatever_byte_is_damaged_is_seen() {
    let rows = vec![0, 1, 2, 1].into_iter().map(|name| (name, Outcome::Complete(17), 0));
    let run = Piece::Run { digits: 7, planned: Some(3), rows: rows.collect() };
    let (text, _) = text_of(&[run.clone(), run.clone(), run], &[1]);
    let ends: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b'\n').collect();
    let (_folder, path) = written(&text);
    for at in ends[ends.len() - 5]..text.len() {
        for byte in *b"\"x\n" {
            let mut damaged = text.clone();
            damaged[at] = byte;
            std::fs::write(&path, &damaged).expect("a file");
            let (series, reading) = read_series(&path, &scope(None)).expect("a series");
            let ((), whole) = fold_runs(&path, || (), |(), _| ()).expect("a history");
            assert_eq!(reading, whole, "{}", String::from_utf8_lossy(&damaged));
            assert_eq!(found(&series), expected(&path));
        }
    }
}

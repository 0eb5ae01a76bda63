//! What is read from the end and found by bisection is what a scan of the whole file chooses.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::super::row::{encode, header};
use super::*;
use crate::domain::query::Method;
use crate::domain::sample::tests::sample;
use crate::domain::sample::{Detail, Outcome, STOPPED_EARLY, SUSPICIOUS, Sample, SourceKind};

/// The start of the first run: the last hour of a UTC day.
const START_S: i64 = 1_795_301_999;

/// What stands in a made-up history: rows of a run, or a line that is none.
#[derive(Clone, Debug)]
pub(in super::super) enum Piece {
    Run { digits: u16, planned: Option<usize>, rows: Vec<(usize, Outcome, u8)> },
    Line(&'static str),
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => (0..9u64).prop_map(Outcome::Complete),
        1 => (0..9u64).prop_map(Outcome::Unchecked),
        2 => (0..9u64).prop_map(Outcome::Incomplete),
        2 => Just(Outcome::Failed),
    ]
}

fn piece() -> impl Strategy<Value = Piece> {
    let rows = prop::collection::vec((0..3usize, outcome(), 0..6u8), 1..7);
    let planned = prop_oneof![2 => Just(None), 3 => (1..4usize).prop_map(Some)];
    let run = (any::<u16>(), planned, rows);
    prop_oneof![
        8 => run.prop_map(|(digits, planned, rows)| Piece::Run { digits, planned, rows }),
        1 => Just(Piece::Line("\n")),
        1 => Just(Piece::Line("a,\"stray quote\n")),
        1 => Just(Piece::Line("not a row,5\n")),
    ]
}

pub(in super::super) fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    prop::collection::vec(piece(), 0..14)
}

/// Hours between runs, in turn.
pub(in super::super) fn gaps(hours: std::ops::Range<i64>) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(hours, 1..6)
}

fn rows_of(id: RunId, planned: Option<usize>, rows: &[(usize, Outcome, u8)]) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for (place, (name, outcome, remark)) in (0..).zip(rows) {
        let framework = ["A", "B", "C \"quoted\", too"][*name];
        let sample_no = if *remark == 2 { 2 } else { 1 };
        let is_same = |s: &&Sample| s.framework == framework && s.sample_no == sample_no;
        let attempts = samples.iter().filter(is_same).count();
        let attempt_no = u32::try_from(attempts).expect("few") + 1;
        let mut made = sample(framework, attempt_no, *outcome);
        made.detail = match (outcome, remark) {
            (Outcome::Incomplete(_), 1) => Detail::from_text(STOPPED_EARLY),
            (Outcome::Complete(_), 1) => Detail::from_text(SUSPICIOUS),
            _ => Detail::default(),
        };
        match remark {
            3 => made.method = Some(Method::of("another query")),
            4 => made.source = SourceKind::Graphql.into(),
            // As the first row of a resumed run says.
            5 if place > 0 => made.detail = made.detail.with_planned(2),
            _ => {}
        }
        let observed_at = id.started_at() + TimeDelta::seconds(place);
        samples.push(Sample { run: id, observed_at, sample_no, ..made });
    }
    if let Some(planned) = planned {
        samples[0].detail = samples[0].detail.clone().with_planned(planned);
    }
    samples
}

/// Writes the pieces: a run an hour, some hours apart, and returns the ids.
pub(in super::super) fn text_of(pieces: &[Piece], gaps: &[i64]) -> (Vec<u8>, Vec<RunId>) {
    let (mut text, mut ids) = (header(), Vec::new());
    let mut hour = 0;
    for (piece, gap) in pieces.iter().zip(gaps.iter().cycle()) {
        match piece {
            Piece::Line(line) => text.extend_from_slice(line.as_bytes()),
            Piece::Run { digits, planned, rows } => {
                hour += gap;
                let started = DateTime::from_timestamp(START_S + hour * 3600, 0).expect("a moment");
                let id = RunId::new(started, *digits);
                text.extend(encode(&rows_of(id, *planned, rows)));
                ids.push(id);
            }
        }
    }
    (text, ids)
}

pub(in super::super) fn written(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.csv");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

fn wishes(ids: &[RunId]) -> Vec<Wanted> {
    let mut wishes = vec![Wanted::Newest, Wanted::Last];
    for id in ids {
        let other = RunId::new(id.started_at(), id.digits() ^ 1);
        wishes.extend([Wanted::At(When::Run(*id)), Wanted::At(When::Run(other))]);
    }
    let start: NaiveDate = "2026-11-21".parse().expect("a day");
    for day in start.iter_days().take(4) {
        let end = day.succ_opt().expect("a day");
        wishes.push(Wanted::At(When::Days { first: day, end }));
    }
    wishes
}

fn still_asked(key: &Key) -> bool {
    key.framework != "B"
}

/// What a choice comes to, without what was noticed on the way.
fn told(result: &Result<Selection, HistoryError>) -> String {
    match result {
        Ok(chosen) => format!(
            "{:?} {:?} {:?} {:?}",
            chosen.run, chosen.progress, chosen.before, chosen.newer_unfinished
        ),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #[test]
    fn the_end_tells_what_the_whole_does(
        pieces in pieces(),
        gaps in gaps(1..30),
        cut in "[a-z,\"]{0,9}",
        step_bytes in 100..5000u64,
    ) {
        let (mut text, ids) = text_of(&pieces, &gaps);
        text.extend_from_slice(cut.as_bytes());
        let (_folder, path) = written(&text);
        for wanted in wishes(&ids) {
            let whole = select_by_scan(&path, wanted, &still_asked);
            let from_end = select_by_steps(step_bytes, &path, wanted, &still_asked);
            prop_assert_eq!(told(&from_end), told(&whole), "{:?}", wanted);
            if let (Ok(from_end), Ok(whole)) = (from_end, whole) {
                prop_assert_eq!(from_end.reading.cut_line, whole.reading.cut_line);
                prop_assert!(from_end.reading.faults.iter().all(|f| whole.reading.faults.contains(f)));
                prop_assert!(from_end.reading.disorder_at.is_none());
            }
        }
    }

    #[test]
    fn disorder_is_put_in_order_where_it_is_seen(
        pieces in pieces(),
        gaps in gaps(-3..30),
        step_bytes in 100..5000u64,
    ) {
        let (text, ids) = text_of(&pieces, &gaps);
        let (_folder, path) = written(&text);
        let in_disorder = fold_runs(&path, || (), |(), _| ()).expect("a history").1.disorder_at;
        for wanted in wishes(&ids) {
            let whole = select_by_scan(&path, wanted, &still_asked);
            // Read in one piece, all of it is seen.
            let at_once = select_by_steps(text.len() as u64, &path, wanted, &still_asked);
            prop_assert_eq!(told(&at_once), told(&whole));
            let from_end = select_by_steps(step_bytes, &path, wanted, &still_asked);
            if told(&from_end) != told(&whole) {
                prop_assert!(in_disorder.is_some());
                prop_assert!(from_end.is_err() || from_end.is_ok_and(|s| s.reading.disorder_at.is_none()));
            }
        }
    }
}

/// A history of so many runs of two frameworks, an hour apart.
fn long_history(runs: i64) -> Vec<u8> {
    let rows = vec![(0, Outcome::Complete(5), 0), (1, Outcome::Complete(6), 0)];
    let run = Piece::Run { digits: 7, planned: Some(2), rows };
    text_of(&vec![run; usize::try_from(runs).expect("few")], &[1]).0
}

#[test]
fn a_long_history_is_read_at_its_end_only() {
    let (_folder, path) = written(&long_history(5000));
    let asked = |_: &Key| true;
    let newest = select_run(&path, Wanted::Newest, asked).expect("a run");
    assert!(newest.reading.rows < 10, "{:?}", newest.reading);
    let whole = select_by_scan(&path, Wanted::Newest, &asked).expect("a run");
    assert_eq!((newest.run, newest.before), (whole.run, whole.before));
    let day: NaiveDate = "2027-01-01".parse().expect("a day");
    let then = When::Days { first: day, end: day.succ_opt().expect("a day") };
    let found = select_run(&path, Wanted::At(then), asked).expect("a run");
    assert_eq!(found.run.id.started_at().to_string(), "2027-01-01 23:59:59 UTC");
    assert!(found.reading.rows < 1000, "{:?}", found.reading);
}

#[test]
fn disorder_at_the_end_leads_to_a_full_scan() {
    let mut text = long_history(1000);
    let rows = [(0, Outcome::Complete(1), 0)];
    let earlier = Piece::Run { digits: 1, planned: Some(1), rows: rows.to_vec() };
    text.extend_from_slice(&text_of(&[earlier], &[0]).0[header().len()..]);
    let (_folder, path) = written(&text);
    let newest = select_run(&path, Wanted::Newest, |_| true).expect("a run");
    assert_eq!(newest.reading.disorder_at, Some(2002));
    assert_eq!(newest.reading.rows, 2001);
    assert_eq!(newest.run.samples.len(), 2);
}

#[test]
fn faults_at_the_end_are_told_with_their_lines() {
    let mut text = long_history(1000);
    text.extend_from_slice(b"garbage\n");
    let (_folder, path) = written(&text);
    let newest = select_run(&path, Wanted::Newest, |_| true).expect("a run");
    let told: Vec<String> = newest.reading.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["line 2002: has 1 column instead of 14"]);
}

#[test]
fn rubbish_of_any_length_leads_to_what_a_scan_chooses() {
    let whole = String::from_utf8(long_history(600)).expect("text");
    let (start, end) = whole.split_at(whole.match_indices('\n').nth(700).expect("a line").0 + 1);
    let first: NaiveDate = "2026-12-06".parse().expect("a day");
    let day = When::Days { first, end: first.succ_opt().expect("a day") };
    let lengths = [(5_000, 8), (5_000, 5_000), (50_000, 8), (50_000, 50_000), (600_000, 600_000)];
    for (length, of_line) in lengths {
        let rubbish = ("x".repeat(of_line - 1) + "\n").repeat(length / of_line);
        let (_folder, path) = written(format!("{start}{rubbish}{end}").as_bytes());
        for wanted in [Wanted::At(day), Wanted::Newest] {
            let scanned = select_by_scan(&path, wanted, &still_asked);
            let found = select_by_steps(4_000, &path, wanted, &still_asked);
            assert_eq!(told(&found), told(&scanned), "{length} in lines of {of_line}, {wanted:?}");
        }
    }
}

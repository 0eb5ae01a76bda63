//! What an examination finds, and that it finds the same however it gets there.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::domain::sample::tests::sample;
use crate::domain::sample::{Detail, Outcome};
use crate::history::row;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// A row of a run of one count, asked for one second after its start.
fn row_of(run: &str, outcome: Outcome) -> Sample {
    let run = RunId::parse(run).expect("a run id");
    let observed_at = run.started_at() + TimeDelta::seconds(1);
    let detail = Detail::default().with_planned(1);
    Sample { run, observed_at, detail, ..sample("Spring", 1, outcome) }
}

fn examined(samples: &[Sample], schedule: Option<&str>, now: &str) -> Examination {
    examined_text(&[row::header(), row::encode(samples)].concat(), schedule, now)
}

fn examined_text(text: &[u8], schedule: Option<&str>, now: &str) -> Examination {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.csv");
    std::fs::write(&path, text).expect("a history");
    let schedule =
        schedule.map(|line| Schedule::parse(line, TimeZone::UTC, "UTC").expect("a schedule"));
    let circumstances =
        Circumstances { now: at(now), schedule: schedule.as_ref(), still_asked: &|_| true };
    examine(&path, &circumstances).expect("an examination")
}

fn gaps(runs: &[(&str, bool)], now: &str) -> Vec<(String, u64)> {
    let outcome = |finished| if finished { Outcome::Complete(5) } else { Outcome::Failed };
    let rows: Vec<Sample> = runs.iter().map(|(run, done)| row_of(run, outcome(*done))).collect();
    let found = examined(&rows, Some("17 6 * * *"), now);
    assert!(found.is_sound(), "gaps are no damage");
    assert_eq!(found.gaps.1, found.gaps.0.len() as u64);
    let days = |gap: &Gap| format!("{} to {}", gap.from.format("%d"), gap.to.format("%d"));
    found.gaps.0.iter().map(|gap| (days(gap), gap.periods)).collect()
}

#[test]
fn gaps_are_periods_without_a_finished_run() {
    let (first, second, fifth) =
        ("20261101T061703Z-0001", "20261102T070000Z-0002", "20261105T061700Z-0003");
    let now = "2026-11-06T06:16:59Z";
    let none: Vec<(String, u64)> = vec![];
    assert_eq!(gaps(&[], now), none);
    assert_eq!(gaps(&[(fifth, true)], now), none, "the period under way is no gap");
    assert_eq!(gaps(&[(fifth, true)], "2026-11-06T06:17:00Z"), none);
    let missing = [("03 to 05".to_owned(), 2)];
    assert_eq!(gaps(&[(first, true), (second, true), (fifth, true)], now), missing);
    let longer = [("02 to 05".to_owned(), 3)];
    assert_eq!(gaps(&[(first, true), (second, false), (fifth, true)], now), longer);
    let at_both_ends = [("01 to 02".to_owned(), 1), ("03 to 05".to_owned(), 2)];
    assert_eq!(gaps(&[(first, false), (second, true)], now), at_both_ends);
    let twice = [(first, true), ("20261101T100000Z-0009", true), (second, true)];
    assert_eq!(gaps(&twice, "2026-11-03T06:00:00Z"), none, "two runs of one period");
}

#[test]
fn very_long_gaps_are_not_counted_to_the_end() {
    let rows = [row_of("20160101T000000Z-0001", Outcome::Complete(1))];
    let found = examined(&rows, Some("* * * * *"), "2026-01-01T00:00:00Z");
    let [gap] = &found.gaps.0[..] else { panic!("{:?}", found.gaps) };
    assert!(gap.to_string().ends_with("UTC, 1000 periods or more"), "{gap}");
    assert_eq!(examined(&rows, None, "2026-01-01T00:00:00Z").gaps.1, 0, "no schedule, no gaps");
}

#[test]
fn moments_out_of_sense_are_told_and_no_work_for_repair() {
    let mut rows = vec![row_of("20261101T061703Z-0001", Outcome::Complete(5))];
    let mut add = |observed_at: &str| {
        let mut row = rows[0].clone();
        row.attempt_no = u32::try_from(rows.len()).expect("a number") + 1;
        row.observed_at = at(observed_at);
        rows.push(row);
    };
    add("2026-11-01T06:12:03Z"); // just within the tolerance
    add("2026-11-01T06:12:02Z");
    add("2026-11-03T00:00:00Z"); // tomorrow, on another machine's clock
    add("2026-11-03T00:00:01Z");
    let found = examined(&rows, None, "2026-11-02T00:00:00Z");
    let told: Vec<String> = found.odd_moments.first.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 4: `observed_at` is `2026-11-01T06:12:02Z`, which is before the start of its run",
            "line 6: `observed_at` is `2026-11-03T00:00:01Z`, which is yet to come",
        ]
    );
    assert!(!found.is_sound() && !found.needs_repair());
}

#[test]
fn unknown_statuses_are_told_with_their_first_line_and_how_often_they_stand() {
    let row = row::encode(&[row_of("20261101T061703Z-0001", Outcome::Complete(5))]);
    let row = String::from_utf8(row).expect("text");
    let words: Vec<String> =
        (10..35).map(|no| format!("odd{no}")).chain(["odd10".into()]).collect();
    let rows = words.iter().map(|word| row.replace(",complete,", &format!(",{word},")));
    let text = String::from_utf8(row::header()).expect("text") + &rows.collect::<String>();
    let found = examined_text(text.as_bytes(), None, "2026-11-02T00:00:00Z");
    assert_eq!(found.unknown_statuses.len(), row::MOST_TOLD, "the first words");
    assert_eq!(found.unknown_statuses["odd10"], (2, 2), "the first line, and how often");
    assert_eq!(found.unknown_statuses["odd29"], (21, 1));
    assert_eq!(found.bad.count, 26);
}

#[test]
fn the_beginning_of_a_header_is_cut_off_and_an_empty_file_is_not() {
    let examined = |text: &[u8]| examined_text(text, None, "2026-11-02T00:00:00Z");
    assert_eq!(examined(b"run,obs").cut_line, Some(1));
    let empty = examined(b"");
    assert_eq!((empty.cut_line, empty.is_sound()), (None, true));
}

#[test]
fn changes_of_method_are_told_with_their_run() {
    let of_method = |run: &str, method: Option<&str>| {
        let method = method.map(|text| Method::parse(text).expect("a method"));
        Sample { method, ..row_of(run, Outcome::Complete(5)) }
    };
    let rows = [
        of_method("20261101T061703Z-0001", Some("00000001")),
        of_method("20261102T061703Z-0001", None),
        of_method("20261103T061703Z-0001", Some("00000001")),
        of_method("20261104T061703Z-0001", Some("00000002")),
        of_method("20261105T061703Z-0001", Some("00000002")),
    ];
    let found = examined(&rows, None, "2026-11-06T00:00:00Z");
    let told: Vec<String> = found.method_changes.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`Spring` repositories: method 00000002 instead of 00000001 since run 20261104T061703Z-0001"
        ]
    );
    assert_eq!(found.method_changes.1, 1);
    // Only the first are listed, and all are counted.
    let method = |day: u32| if day.is_multiple_of(2) { "00000001" } else { "00000002" };
    let run = |day: u32| format!("202611{day:02}T061703Z-0001");
    let rows: Vec<Sample> = (1..=30).map(|day| of_method(&run(day), Some(method(day)))).collect();
    let found = examined(&rows, None, "2026-12-06T00:00:00Z");
    assert_eq!((found.method_changes.0.len(), found.method_changes.1), (row::MOST_TOLD, 29));
    assert!(found.is_sound());
}

#[test]
fn disorder_and_doubles_are_found_across_the_file() {
    let (first, second) = ("20261101T061703Z-0001", "20261102T061703Z-0002");
    let row = |run| row_of(run, Outcome::Complete(5));
    let other = Sample { outcome: Outcome::Complete(6), ..row(first) };
    let rows = [row(first), row(second), row(first), other];
    let found = examined(&rows, None, "2026-11-06T00:00:00Z");
    assert_eq!((found.rows, found.runs, found.disorder), (4, 2, Some((4, 1))));
    let told: Vec<String> = found.doubled.first.iter().map(ToString::to_string).collect();
    let expected =
        ["line 4: repeats line 2", "line 5: has the key of line 2, but says something else"];
    assert_eq!(told, expected);
    assert!(found.needs_repair());
}

/// One row of a made-up run: which framework, attempt, outcome, detail and method.
type Made = (usize, u32, usize, usize, usize);

fn made(run: RunId, (framework, attempt, outcome, detail, method): Made) -> Sample {
    let frameworks = ["Spring", "Ruby, on \"Rails\"", "Žluťoučký", "Flask"];
    let outcomes =
        [Outcome::Complete(0), Outcome::Unchecked(907), Outcome::Incomplete(5), Outcome::Failed];
    let details =
        ["", "planned 3", "planned 2; stopped early", "stopped early", "suspicious", "502"];
    let methods = [Some("00000001"), Some("0000000a"), None];
    Sample {
        run,
        observed_at: run.started_at() + TimeDelta::seconds(i64::from(attempt) - 400),
        metric: ["repositories", "topic"][framework % 2].to_owned(),
        detail: Detail::from_text(details[detail]),
        method: methods[method].and_then(Method::parse),
        ..sample(frameworks[framework], attempt, outcomes[outcome])
    }
}

proptest! {
    #[test]
    fn known_rows_change_nothing_that_is_found(
        runs in prop::collection::vec(
            (0..40i64, prop::collection::vec((0..4usize, 1..600u32, 0..4usize, 0..6usize, 0..3usize), 1..6)),
            1..12,
        ),
        repeated in any::<bool>(),
    ) {
        let mut samples: Vec<Sample> = Vec::new();
        for (no, (day, rows)) in (0..).zip(&runs) {
            let start = at("2026-11-01T06:17:00Z") + TimeDelta::days(day + 40 * no);
            // Rows that come again and again are the ones that become known.
            let rows = if repeated { &runs[0].1 } else { rows };
            samples.extend(rows.iter().map(|row| made(RunId::new(start, 7), *row)));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        std::fs::write(&path, [row::header(), row::encode(&samples)].concat()).expect("a history");
        let zone = TimeZone::UTC;
        let schedule = Schedule::parse("17 6 * * *", zone, "UTC").expect("a schedule");
        let circumstances = Circumstances {
            now: at("2027-06-01T00:00:00Z"),
            schedule: Some(&schedule),
            still_asked: &|key| key.framework != "Flask",
        };
        let found = examine(&path, &circumstances).expect("an examination");
        let scan = Scan::of(&path, |line| of_history(&path, line), |_, _| {});
        let scan = scan.expect("a scan").expect("lines");
        let mut slowly = Examination { rows: scan.rows, ..Examination::default() };
        examine_runs(&path, &circumstances, scan).expect("runs").finish(&mut slowly);
        prop_assert_eq!(found, slowly);
    }
}

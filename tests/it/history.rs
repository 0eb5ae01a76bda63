//! Histories that were damaged or that another program wrote anew.

use crate::collect::{line, survey};
use crate::workdir::{Outcome, Workdir};

const HISTORY: &str = "output/mine/replay-r.csv";
const RESUME: [&str; 5] = ["collect", "mine", "--replay", "r.jsonl", "--resume"];

/// A history of two frameworks, F1 and F2, both counted.
fn collected() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", survey(2));
    workdir.write("r.jsonl", line("F1", "complete", Some(50)) + &line("F2", "complete", Some(60)));
    workdir.run(&["collect", "mine", "--replay", "r.jsonl"]).success();
    workdir
}

fn without_stamps(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = text.find("-line-3-2") {
        let stamp = at + "-line-3-".len();
        text.replace_range(stamp..stamp + "20261121T060003Z".len(), "[stamp]");
    }
    text
}

#[test]
fn a_cut_off_line_is_set_aside_and_asked_for_again() {
    let workdir = collected();
    let whole = workdir.read(HISTORY);
    for cut in [1, 2, 10, 100] {
        workdir.write(HISTORY, &whole[..whole.len() - cut]);
        let read = workdir.run(&["report", HISTORY]);
        assert_eq!(read.code, 0);
        assert!(read.stderr.contains("is cut off"), "{}", read.stderr);
        assert!(read.stdout.contains("not asked in this run"), "no row: {}", read.stdout);
        let resumed = workdir.run(&RESUME);
        assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
        if cut == 10 {
            insta::assert_snapshot!(without_stamps(&resumed.snapshot()));
        }
        let history = workdir.read(HISTORY);
        assert_eq!(history.lines().count(), 3, "{history}");
        let numbers: Vec<_> = history.lines().map(|row| row.split(',').nth(9)).collect();
        assert_eq!(numbers, [Some("repo_count"), Some("50"), Some("60")]);
        let aside: Vec<String> =
            workdir.files().into_iter().filter(|file| file.contains("set-aside")).collect();
        let lost = whole.lines().last().expect("a line");
        assert_eq!(workdir.read(&aside[0]), lost[..(lost.len() + 1).saturating_sub(cut)]);
        std::fs::remove_dir_all(workdir.path("output/mine/set-aside")).expect("a folder");
    }
}

#[test]
fn a_cut_off_header_is_begun_again() {
    let workdir = collected();
    workdir.write(HISTORY, "run,observed_at,surv");
    assert_eq!(workdir.run(&["report", HISTORY]).code, 1);
    let resumed = workdir.run(&RESUME);
    assert_eq!(resumed.code, 1, "nothing to resume: {}", resumed.snapshot());
    let once = ["collect", "mine", "--replay", "r.jsonl", "--once", "--per", "day"];
    assert_eq!(workdir.run(&once).code, 0);
    assert_eq!(workdir.read(HISTORY).lines().count(), 3);
}

type Change<'a> = &'a dyn Fn(&str) -> String;

fn rewritten(change: impl Fn(&str) -> String) -> (Workdir, String, Outcome, Outcome) {
    let workdir = collected();
    let text = change(&workdir.read(HISTORY));
    workdir.write(HISTORY, &text);
    let read = workdir.run(&["report", HISTORY]);
    let appended = workdir.run(&RESUME);
    assert_eq!(workdir.read(HISTORY), text, "nothing was changed");
    (workdir, text, read, appended)
}

#[test]
fn what_a_spreadsheet_wrote_is_refused_for_appending_and_still_read() {
    let local_date = |text: &str| {
        text.replace(',', ";")
            .replace("2026-11-21T06:00:04Z", "21.11.2026 06:00")
            .replace('\n', "\r\n")
    };
    let readable: [(&str, Change<'_>); 6] = [
        ("byte-order mark", &|text| format!("\u{feff}{text}")),
        ("CR LF", &|text| text.replace('\n', "\r\n")),
        ("semicolons", &|text| text.replace(',', ";")),
        ("tabs", &|text| text.replace(',', "\t")),
        ("quotes", &|text| {
            text.lines().map(|row| format!("\"{}\"\n", row.replace(',', "\",\""))).collect()
        }),
        ("a moved column", &|text| {
            let moved = |row: &str| {
                let (first, rest) = row.split_once(',').expect("columns");
                format!("{rest},{first}\n")
            };
            text.lines().map(moved).collect()
        }),
    ];
    let mut told = String::new();
    for (name, change) in readable {
        let (_workdir, _, read, appended) = rewritten(change);
        assert_eq!(read.code, 0, "{name}: {}", read.snapshot());
        assert!(read.stdout.contains("60") && read.stdout.contains("50"), "{name}");
        assert_eq!(appended.code, 1, "{name}: {}", appended.snapshot());
        told.push_str(&format!("===== {name}\n{}{}", read.stderr, appended.stderr));
    }
    let (_workdir, _, read, appended) = rewritten(local_date);
    assert_eq!((read.code, appended.code), (1, 1), "local dates cannot be read exactly");
    told.push_str(&format!("===== local dates\n{}{}", read.stderr, appended.stderr));
    insta::assert_snapshot!(told);
}

#[test]
fn other_files_are_never_appended_to() {
    for other in ["name,count\nSpring,5\n", "%PDF-1.7 no line feed", "\u{0}\u{0}\u{0}\n", "run\n"] {
        let (_workdir, _, read, appended) = rewritten(|_| other.to_owned());
        assert_eq!((read.code, appended.code), (1, 1), "{other}: {}", appended.snapshot());
        assert!(appended.stderr.contains("is no history"), "{}", appended.stderr);
    }
}

#[test]
fn damaged_rows_are_told_and_the_rest_is_read() {
    let (workdir, text, read, _) = rewritten(|text| {
        let mut rows: Vec<&str> = text.lines().collect();
        rows.insert(2, "20261121T060003Z-7f3a,2026-11-21T06:00:04Z,mine,\"stray quote,,x");
        rows.insert(3, "");
        rows.join("\n") + "\n"
    });
    assert_eq!(read.code, 0);
    assert!(read.stdout.contains("50") && read.stdout.contains("60"), "{}", read.stdout);
    insta::assert_snapshot!(read.stderr);
    // `check` looks at the history of the survey.
    workdir.write("output/mine/history.csv", text);
    let checked = workdir.run(&["check", "mine"]);
    assert_eq!(checked.code, 3, "{}", checked.snapshot());
    assert!(checked.stdout.contains("line 3"), "{}", checked.stdout);
}

#[test]
fn a_history_in_disorder_is_put_in_order_and_said_to_be_so() {
    let workdir = collected();
    let text = workdir.read(HISTORY);
    let (header, rows) = text.split_once('\n').expect("a header");
    let older = rows.replace("20261121T", "20251121T").replace(",60,", ",6,");
    workdir.write(HISTORY, format!("{header}\n{rows}{older}"));
    let newest = workdir.run(&["report", HISTORY]);
    insta::assert_snapshot!(newest.snapshot());
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let workdir = collected();
    workdir.write("blocked/output", "a file where a folder should be");
    let arguments = ["collect", "--replay", "codingnomads-2023", "--dir", "blocked"];
    let outcome = workdir.run(&arguments);
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome.stderr);
}

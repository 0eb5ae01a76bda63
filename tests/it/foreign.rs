//! Histories that other programs wrote, or that were damaged: each is read exactly, or what cannot
//! be read is named by its line. `tests/data/foreign/README.md` tells where each comes from.

use std::collections::BTreeSet;
use std::path::Path;

use crate::repair::{of_history, without_stamps};
use crate::workdir::{Outcome, Workdir, repository, repository_text};

const HISTORY: &str = "output/foreign/history.csv";

/// Files that were never a history, with what their columns are.
const FOREIGN: [(&str, &[&str]); 3] = [
    ("foreign-ambiguous.csv", &[]),
    (
        "foreign-long.csv",
        &["--date-column", "Day", "--map", "framework=Name", "--map", "repo_count=Stars"],
    ),
    ("foreign-wide.csv", &[]),
];

/// Files of which every row of `ours.csv` can be read.
const COMPLETE: [&str; 12] = [
    "concatenated.csv",
    "excel-month-first.csv",
    "excel-semicolon.csv",
    "header-lost.csv",
    "libreoffice-comma.csv",
    "libreoffice-date-cells.csv",
    "libreoffice-semicolon.csv",
    "libreoffice-xlsx-tab.csv",
    "newest-first.csv",
    "pandas-dates.csv",
    "pandas-index.csv",
    "remarks-quoted.csv",
];

fn ours() -> String {
    repository_text("tests/data/foreign/ours.csv")
}

fn workdir() -> Workdir {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/foreign/survey.toml");
    workdir.write("config/surveys/foreign.toml", survey);
    workdir
}

fn files() -> Vec<String> {
    let folder = repository("tests/data/foreign");
    let files = folder.read_dir().expect("a folder").map(|file| file.expect("a file").file_name());
    let mut names: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "csv"));
    names.retain(|name| name != "ours.csv");
    names.sort();
    assert!(names.len() >= 15, "{names:?}");
    names
}

fn rows(text: &str) -> BTreeSet<String> {
    text.lines().skip(1).map(str::to_owned).collect()
}

/// Expects that a history holds nothing that `ours.csv` does not say, each row once and in order.
fn says_nothing_new(workdir: &Workdir, file: &str) -> usize {
    let history = workdir.read(HISTORY);
    let (found, known) = (rows(&history), rows(&ours()));
    let new: Vec<&String> = found.difference(&known).collect();
    assert!(new.is_empty(), "{file}: {new:#?}");
    assert_eq!(history.lines().count(), found.len() + 1, "{file}: no row stands twice");
    let checked = workdir.run(&["check", "foreign"]);
    assert_eq!(checked.code, 0, "{file}: {}", checked.snapshot());
    found.len()
}

/// Expects that nothing was changed and that it is said what is in the way.
fn refused(workdir: &Workdir, file: &str, before: &[u8], outcome: &Outcome) {
    assert!(matches!(outcome.code, 1 | 2), "{file}: {}", outcome.snapshot());
    let after = std::fs::read(workdir.path(HISTORY)).expect("a history");
    assert!(after == before, "{file}: something was changed");
    let names_it = ["caused by: line ", "error: line ", "is no history", "UTF-16"];
    assert!(
        names_it.iter().any(|text| outcome.stderr.contains(text)),
        "{file}: {}",
        outcome.stderr
    );
}

fn check_and_repair(file: &str, bytes: &[u8]) -> String {
    let workdir = workdir();
    workdir.write(HISTORY, bytes);
    let checked = workdir.run(&["check", "foreign"]);
    assert_ne!(checked.code, 0, "{file} is not whole");
    let planned = workdir.run(&["repair", "foreign", "--dry-run"]);
    let repaired = workdir.run(&["repair", "foreign"]);
    assert_eq!(planned.code, repaired.code, "{file}");
    if repaired.code == 0 {
        let kept = says_nothing_new(&workdir, file);
        assert!(kept > 0, "{file}");
        if COMPLETE.contains(&file) {
            assert_eq!(workdir.read(HISTORY), ours(), "{file}");
        }
        let backup = std::fs::read(workdir.path(&format!("{HISTORY}.bak"))).expect("the old file");
        assert!(backup == bytes, "{file}");
    } else {
        refused(&workdir, file, bytes, &repaired);
    }
    format!("===== check\n{}===== repair --dry-run\n{}", of_history(&checked), planned.snapshot())
}

fn import(file: &str, bytes: &[u8]) -> String {
    let workdir = workdir();
    let first_run: String = ours().lines().take(6).map(|line| format!("{line}\n")).collect();
    workdir.write(HISTORY, &first_run);
    workdir.write(file, bytes);
    let mapping = FOREIGN.iter().find(|(name, _)| *name == file).map_or(&[][..], |(_, map)| *map);
    let arguments = [&["import", file, "--into", "foreign"], mapping].concat();
    let planned = workdir.run(&[&arguments[..], &["--dry-run"]].concat());
    let imported = workdir.run(&arguments);
    assert_eq!(planned.code, imported.code, "{file}: {}", imported.snapshot());
    if imported.code == 0 && file != "foreign-long.csv" {
        says_nothing_new(&workdir, file);
    } else if imported.code != 0 {
        refused(&workdir, file, first_run.as_bytes(), &imported);
    }
    if COMPLETE.contains(&file) {
        assert_eq!(workdir.read(HISTORY), ours(), "{file}");
    }
    let again = workdir.run(&arguments);
    assert_eq!(again.code, imported.code, "{file}: {}", again.snapshot());
    assert!(again.code != 0 || again.stderr.contains("nothing was changed"), "{file}");
    format!("===== import --dry-run\n{}", planned.snapshot())
}

/// Reads a file as rankings and tables do, without changing it.
fn report(file: &str, bytes: &[u8]) -> String {
    let read = |bytes: &[u8]| {
        let workdir = workdir();
        workdir.write(HISTORY, bytes);
        let reported = workdir.run(&["report", "foreign", "--format", "csv"]);
        let exported = workdir.run(&["export", "foreign", "--shape", "wide"]);
        let same = exported.code == reported.code || exported.stderr.contains("no finished run");
        assert!(same, "{file}: {}", exported.snapshot());
        (reported, exported.stdout)
    };
    let (reported, exported) = read(bytes);
    if COMPLETE.contains(&file) {
        let (of_ours, wide) = read(ours().as_bytes());
        assert_eq!((&reported.stdout, &exported), (&of_ours.stdout, &wide), "{file}");
        assert!(wide.lines().count() > 1, "{file}: {wide}");
    }
    format!("===== report\nexit {}\n{}", reported.code, reported.stderr)
}

#[test]
fn every_kind_is_read_exactly_or_named_by_line() {
    for file in files() {
        let bytes = std::fs::read(repository("tests/data/foreign").join(&file)).expect("a file");
        let mended = check_and_repair(&file, &bytes);
        let imported = import(&file, &bytes);
        let told = format!("{mended}{imported}{}", report(&file, &bytes));
        let name = format!("foreign_{}", file.trim_end_matches(".csv"));
        insta::assert_snapshot!(name, without_stamps(&told));
    }
}

#[test]
fn our_own_is_whole() {
    let workdir = workdir();
    workdir.write(HISTORY, ours());
    assert_eq!(workdir.run(&["check", "foreign"]).code, 0);
    assert!(workdir.run(&["repair", "foreign"]).stderr.contains("is whole"));
}

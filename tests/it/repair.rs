//! `repair`: what can be kept is kept, what cannot is set aside, and nothing is lost on the way.

use crate::workdir::{Workdir, repository_text};

pub(crate) const HISTORY: &str = "output/everything/history.csv";

/// A folder with the survey `everything` and a history of it.
pub(crate) fn with_history(text: impl AsRef<[u8]>) -> Workdir {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/surveys/everything.toml");
    workdir.write("config/surveys/everything.toml", survey);
    workdir.write(HISTORY, text);
    workdir
}

/// The whole history of three runs.
pub(crate) fn whole() -> String {
    repository_text("tests/data/histories/everything.csv")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// Takes the moment out of the names of files that were set aside.
pub(crate) fn without_stamps(text: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(at) = text[from..].find("history-lines-2").map(|at| from + at) {
        let stamp = at + "history-lines-".len();
        text.replace_range(stamp..stamp + "20261121T060003Z".len(), "[stamp]");
        from = stamp;
    }
    text
}

#[test]
fn a_whole_history_is_not_touched() {
    for history in [whole(), whole().lines().next().expect("a header").to_owned() + "\n"] {
        let workdir = with_history(&history);
        let before = workdir.files();
        let planned = workdir.run(&["repair", "everything", "--dry-run"]);
        assert_eq!(planned.code, 0, "{}", planned.snapshot());
        assert!(planned.stdout.contains("is whole"), "{}", planned.stdout);
        assert_eq!(workdir.files(), before, "a dry run writes nothing, not even a lock");
        let repaired = workdir.run(&["repair", "everything"]);
        assert_eq!((repaired.code, repaired.stdout.as_str()), (0, ""), "{}", repaired.snapshot());
        assert!(repaired.stderr.contains("is whole"), "{}", repaired.stderr);
        assert_eq!(workdir.read(HISTORY), history);
        assert!(!workdir.files().iter().any(|file| file.contains(".bak")));
    }
}

/// Every kind of damage at once, and the same rows without it.
fn damaged() -> (String, String) {
    let whole = whole();
    let mut rows: Vec<String> = whole.lines().map(str::to_owned).collect();
    let (header, second_run) = (rows[0].clone(), 32);
    let first_of_last =
        rows.iter().rposition(|row| row.starts_with("20261114")).expect("a run") + 1;
    // The last run stands before the second.
    let last_run = rows.split_off(first_of_last);
    rows.splice(second_run..second_run, last_run);
    rows.insert(5, "20261107T061702Z-1a2b,2026-11-07T06:17:04Z,everything,\"stray quote,,x".into());
    rows.insert(6, rows[1].clone());
    rows.insert(7, rows[2].replace(",4897,", ",4898,"));
    rows.insert(8, header);
    rows.insert(9, String::new());
    rows.insert(10, rows[3].replace("complete", "done"));
    let damaged = rows.join("\n") + "\n20261121T061703Z-7f3a,2026-11-21T06:1";
    (damaged, whole)
}

#[test]
fn a_file_is_mended_without_a_next_step_that_takes_none() {
    let (damaged, _) = damaged();
    let workdir = Workdir::new();
    workdir.write("mine.csv", &damaged);
    let repaired = workdir.run(&["repair", "mine.csv"]);
    assert_eq!(repaired.code, 0, "{}", repaired.snapshot());
    assert!(repaired.stderr.contains("`mine.csv` has now "), "{}", repaired.stderr);
    assert!(!repaired.stderr.contains("next:"), "{}", repaired.stderr);
    assert_eq!(workdir.run(&["check", "mine.csv"]).code, 2, "it takes surveys alone");
}

#[test]
fn a_damaged_history_is_mended_and_then_whole() {
    let (damaged, whole) = damaged();
    let workdir = with_history(&damaged);
    let planned = workdir.run(&["repair", "everything", "--dry-run"]);
    insta::assert_snapshot!("repair_planned", planned.snapshot());
    assert_eq!(workdir.read(HISTORY), damaged, "a dry run writes nothing");
    assert!(!workdir.files().iter().any(|file| file.contains(".lock") || file.contains("aside")));
    let repaired = workdir.run(&["repair", "everything"]);
    insta::assert_snapshot!("repair_done", without_stamps(&repaired.snapshot()));
    assert_eq!(sorted(&workdir.read(HISTORY)), sorted(&whole), "no row is lost and none is new");
    let runs: Vec<String> =
        workdir.read(HISTORY).lines().skip(1).map(|row| row[..21].to_owned()).collect();
    assert!(runs.is_sorted(), "runs stand in order");
    assert_eq!(workdir.read(&format!("{HISTORY}.bak")), damaged);
    let aside: Vec<String> =
        workdir.files().into_iter().filter(|file| file.contains("set-aside")).collect();
    assert_eq!(aside.len(), 1);
    insta::assert_snapshot!("repair_set_aside", workdir.read(&aside[0]));
    let again = workdir.run(&["repair", "everything"]);
    assert!(again.stderr.contains("is whole"), "{}", again.snapshot());
    assert_eq!(workdir.run(&["check", "everything"]).code, 0);
}

#[test]
fn what_a_spreadsheet_wrote_is_brought_back_to_the_byte() {
    type Change<'a> = &'a dyn Fn(&str) -> String;
    let quoted = |row: &str| format!("\"{}\"", row.replace(',', "\",\""));
    let changes: [(&str, Change<'_>); 10] = [
        ("byte-order mark", &|text| format!("\u{feff}{text}")),
        ("CR LF", &|text| text.replace('\n', "\r\n")),
        ("semicolons", &|text| text.replace(',', ";")),
        ("tabs", &|text| text.replace(',', "\t")),
        ("quotes", &|text| text.lines().map(|row| quoted(row) + "\n").collect()),
        ("local moments", &|text| text.replace("2026-11-07T06:", "07.11.2026 6:")),
        ("month first, as other rows tell", &|text| {
            text.replace("2026-11-07T06:", "11/7/2026 6:")
                .replace("2026-11-14T06:", "11/14/2026 6:")
        }),
        ("thousands", &|text| text.replace(",4997,", ",\"4,997\",")),
        ("floats", &|text| text.replace(",4997,", ",4997.0,").replace(",1,1,", ",1.0,1.0,")),
        ("a column more", &|text| text.lines().map(|row| format!("mine,{row}\n")).collect()),
    ];
    let whole = whole();
    // Texts that the crude changes above would change too are another test's business.
    let plain: String = whole
        .lines()
        .filter(|row| row.matches(',').count() == 13 && !row.contains(['"', ';']))
        .map(|row| format!("{row}\n"))
        .collect();
    assert!(plain.lines().count() > 60, "{plain}");
    for (name, change) in changes {
        let text = change(&plain);
        assert_ne!(text, plain, "{name}");
        let workdir = with_history(&text);
        let repaired = workdir.run(&["repair", "everything"]);
        assert_eq!(repaired.code, 0, "{name}: {}", repaired.snapshot());
        assert_eq!(workdir.read(HISTORY), plain, "{name}: {}", repaired.stderr);
        assert_eq!(workdir.read(&format!("{HISTORY}.bak")), text, "{name}");
    }
}

#[test]
fn a_status_that_became_a_fraction_is_brought_back() {
    let ours = whole().replace("\"502, gave up after 4 attempts; request 1C45:12F7\"", "502");
    let text = ours.replace(",502\n", ",502.0\n");
    assert_ne!(text, ours);
    let workdir = with_history(&text);
    let checked = workdir.run(&["check", "everything"]);
    assert_eq!(checked.code, 3, "{}", checked.snapshot());
    workdir.run(&["repair", "everything"]).success();
    assert_eq!(workdir.read(HISTORY), ours);
}

#[test]
fn what_lost_a_part_is_refused_and_not_touched() {
    let whole = whole();
    let losses = [
        ("2026-11-07T06:17:03Z", "07.11.2026 06:17"),
        (",4997,", ",5E+03,"),
        (",c2b246fc,", ",1.2E+09,"),
        ("2026-11-07T06:17:03Z", "46333.261840277"),
    ];
    let mut told = String::new();
    for (from, to) in losses {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole);
        let workdir = with_history(&text);
        for arguments in [&["repair", "everything", "--dry-run"][..], &["repair", "everything"]] {
            let refused = workdir.run(arguments);
            assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{to}");
            told.push_str(&refused.stderr);
        }
        assert_eq!(workdir.read(HISTORY), text, "{to}");
        assert!(
            !workdir.files().iter().any(|file| file.contains("aside") || file.contains(".bak"))
        );
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_header_that_is_cut_off_or_missing_comes_back() {
    let whole = whole();
    let (header, rows) = whole.split_once('\n').expect("a header");
    let workdir = with_history(rows);
    assert_eq!(workdir.run(&["repair", "everything"]).code, 0);
    assert_eq!(workdir.read(HISTORY), whole);
    let workdir = with_history("run,observed_at,surv");
    let repaired = workdir.run(&["repair", "everything"]);
    assert_eq!(repaired.code, 0, "{}", repaired.snapshot());
    assert_eq!(workdir.read(HISTORY), format!("{header}\n"));
}

#[test]
fn other_files_are_not_mended() {
    for other in
        ["", "name,count\nSpring,5\n", "%PDF-1.7 no line feed", "run,observed_at\rx\ry", "\u{0}\n"]
    {
        let workdir = with_history(other);
        let refused = workdir.run(&["repair", "everything"]);
        assert_eq!(refused.code, 1, "{other}: {}", refused.snapshot());
        assert_eq!(workdir.read(HISTORY), other);
    }
    let unknown = with_history("").run(&["repair", "elsewhere"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("there is no survey `elsewhere`"), "{}", unknown.stderr);
    let nothing = with_history("").run(&["repair", "backend-frameworks"]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("there is no history"), "{}", nothing.stderr);
}

#[test]
fn a_file_is_mended_too_and_a_broken_survey_is_in_nobodys_way() {
    let damaged = damaged().0;
    let workdir = with_history(&damaged);
    workdir.write("config/surveys/everything.toml", "title = ");
    workdir.write("copy.csv", &damaged);
    assert_eq!(workdir.run(&["repair", "everything"]).code, 0);
    assert_eq!(workdir.run(&["repair", "copy.csv"]).code, 0);
    assert_eq!(workdir.read("copy.csv"), workdir.read(HISTORY));
}

#[test]
fn nobody_is_disturbed_who_is_writing() {
    let damaged = damaged().0;
    let workdir = with_history(&damaged);
    let lock = workdir.write(&format!("{HISTORY}.lock"), "");
    let held = std::fs::File::open(lock).expect("a lock");
    held.try_lock().expect("the lock");
    let busy = workdir.run(&["repair", "everything"]);
    assert_eq!(busy.code, 75, "{}", busy.snapshot());
    assert_eq!(workdir.read(HISTORY), damaged);
    assert_eq!(
        workdir.run(&["repair", "everything", "--dry-run"]).code,
        0,
        "reading needs no lock"
    );
    drop(held);
    assert_eq!(workdir.run(&["repair", "everything"]).code, 0);
}

/// Returns what `check` says of the history.
pub(crate) fn of_history(outcome: &crate::workdir::Outcome) -> String {
    let at = outcome.stdout.find("\nhistory ").map_or(0, |at| at + 1);
    format!("exit code: {}\n{}{}", outcome.code, &outcome.stdout[at..], outcome.stderr)
}

#[test]
fn a_check_tells_everything_that_is_wrong_and_names_the_repair() {
    let sound = with_history(whole()).run(&["check", "everything"]);
    insta::assert_snapshot!("check_sound", of_history(&sound));
    let workdir = with_history(damaged().0);
    let checked = workdir.run(&["check", "everything"]);
    insta::assert_snapshot!("check_damaged", of_history(&checked));
    assert!(!workdir.files().iter().any(|file| file.contains(".lock")), "a check writes nothing");
    let later = whole().replace("2026-11-21T06:17", "2086-11-21T06:17");
    let odd = with_history(later).run(&["check", "everything", "--quiet"]);
    insta::assert_snapshot!("check_odd_moments", of_history(&odd));
}

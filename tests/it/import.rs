//! `import`: rows of other files, once each, in the order of the runs, all of them or none.

use crate::repair::{HISTORY, of_history, whole, with_history};
use crate::workdir::{Outcome, Workdir};

const IMPORT: [&str; 4] = ["import", "other.csv", "--into", "everything"];

/// Splits the whole history into two by a rule on rows; both get the header.
fn split(rule: impl Fn(usize, &str) -> bool) -> (String, String) {
    let whole = whole();
    let header = whole.lines().next().expect("a header");
    let part = |wanted: bool| -> String {
        let rows = whole.lines().enumerate().skip(1).filter(|(at, row)| rule(*at, row) == wanted);
        [header].into_iter().chain(rows.map(|(_, row)| row)).map(|row| format!("{row}\n")).collect()
    };
    (part(true), part(false))
}

fn imported(ours: &str, theirs: &str) -> (Workdir, Outcome) {
    let workdir = with_history(ours);
    workdir.write("other.csv", theirs);
    let outcome = workdir.run(&IMPORT);
    (workdir, outcome)
}

/// Expects that a file is refused with nothing changed; returns what was said.
fn refused(ours: &str, theirs: &str) -> String {
    let (workdir, outcome) = imported(ours, theirs);
    assert!(matches!(outcome.code, 1 | 2), "{}", outcome.snapshot());
    assert_eq!(workdir.read(HISTORY), ours);
    assert!(
        !workdir.files().iter().any(|file| file.contains(".bak") || file.contains("rewriting"))
    );
    let planned = workdir.run(&[&IMPORT[..], &["--dry-run"]].concat());
    assert_eq!(
        (planned.code, &planned.stderr),
        (outcome.code, &outcome.stderr),
        "the plan says so too"
    );
    outcome.stderr
}

#[test]
fn another_machines_history_is_merged_in_either_direction() {
    let whole = whole();
    let by_run = split(|_, row| row.starts_with("20261114"));
    let by_row = split(|at, _| at % 3 == 0);
    let overlapping = (split(|at, _| at < 50).0, split(|at, _| at < 20).1);
    for (name, (one, other)) in [("runs", by_run), ("rows", by_row), ("overlap", overlapping)] {
        for (ours, theirs) in [(&one, &other), (&other, &one)] {
            let (workdir, outcome) = imported(ours, theirs);
            assert_eq!(outcome.code, 0, "{name}: {}", outcome.snapshot());
            assert_eq!(workdir.read(HISTORY), whole, "{name}");
            assert_eq!(workdir.read(&format!("{HISTORY}.bak")), *ours, "{name}");
            let files = workdir.files();
            let again = workdir.run(&IMPORT);
            assert!(again.stderr.contains("already; nothing was changed"), "{}", again.stderr);
            assert_eq!(workdir.read(HISTORY), whole);
            assert_eq!(
                workdir.read(&format!("{HISTORY}.bak")),
                *ours,
                "the old file is still there"
            );
            assert_eq!(workdir.files(), files);
        }
    }
}

#[test]
fn of_rows_of_one_moment_ours_stand_first() {
    let whole = whole();
    let rows: Vec<&str> = whole.lines().collect();
    let row_of = |name: &str| rows[1].replacen(&fields(rows[1])[3], name, 1);
    let ours = format!("{}\n{}\n", rows[0], row_of("Zeta"));
    let theirs = format!("{}\n{}\n", rows[0], row_of("Alpha"));
    let (workdir, outcome) = imported(&ours, &theirs);
    outcome.success();
    let merged = workdir.read(HISTORY);
    let names: Vec<String> = merged.lines().skip(1).map(|row| fields(row)[3].clone()).collect();
    assert_eq!(names, ["Zeta", "Alpha"]);
}

fn fields(row: &str) -> Vec<String> {
    row.split(',').map(str::to_owned).collect()
}

#[test]
fn a_dry_run_says_what_would_be_added_and_writes_nothing() {
    let (one, other) = split(|_, row| row.starts_with("20261114"));
    let workdir = with_history(&one);
    workdir.write("other.csv", &other);
    let files = workdir.files();
    let planned = workdir.run(&[&IMPORT[..], &["--dry-run"]].concat());
    insta::assert_snapshot!("import_planned", planned.snapshot());
    assert_eq!((workdir.files(), workdir.read(HISTORY)), (files, one));
    insta::assert_snapshot!("import_done", workdir.run(&IMPORT).snapshot());
}

#[test]
fn what_a_spreadsheet_wrote_is_read_where_it_is_exact() {
    type Change<'a> = &'a dyn Fn(&str) -> String;
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    let quoted = |row: &str| format!("\"{}\"", row.replace(',', "\",\""));
    let moved = |row: &str| {
        let (first, rest) = row.split_once(',').expect("columns");
        format!("{rest},{first}\n")
    };
    let twice_headed = |text: &str| {
        let (header, rows) = text.split_once('\n').expect("a header");
        format!("{header}\n{}\n{header}\n\n{rows}", rows.lines().next().expect("a row"))
    };
    let changes: [(&str, Change<'_>); 8] = [
        ("byte-order mark and CR LF", &|text| format!("\u{feff}{}", text.replace('\n', "\r\n"))),
        ("semicolons", &|text| format!("sep=;\r\n{}", text.replace(',', ";"))),
        ("tabs", &|text| text.replace(',', "\t")),
        ("quotes", &|text| text.lines().map(|row| quoted(row) + "\n").collect()),
        ("moved", &|text| text.lines().map(moved).collect()),
        ("headers, repeats and blank lines", &twice_headed),
        ("local moments", &|text| {
            text.replace("2026-11-21T06:", "11/21/2026 6:")
                .replace("2026-11-07T06:", "11/7/2026 6:")
        }),
        ("backwards", &|text| {
            let mut rows: Vec<&str> = text.lines().collect();
            rows[1..].reverse();
            rows.join("\n") + "\n"
        }),
    ];
    // Fields with separators of their own are the business of the files in `tests/data/foreign`.
    // In a file that was sorted the rows of a run come by their moments: one was answered earlier
    // than the row above it.
    let is_plain = |row: &&str| {
        row.matches(',').count() == 13 && !row.contains(['"', ';']) && !row.contains("06:19:01Z")
    };
    let plain = |text: &str| -> String {
        text.lines().filter(is_plain).map(|row| format!("{row}\n")).collect()
    };
    for (name, change) in changes {
        let (workdir, outcome) = imported(&plain(&ours), &change(&plain(&theirs)));
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.snapshot());
        assert_eq!(workdir.read(HISTORY), plain(&whole()), "{name}");
        assert_eq!(workdir.run(&["check", "everything"]).code, 0, "{name}");
    }
}

#[test]
fn every_row_that_cannot_be_read_is_named_and_nothing_is_taken() {
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    let bad = theirs
        .replacen("2026-11-07T06:17:03Z", "07.11.2026 06:17", 1)
        .replacen(",4897,", ",1.000,", 1)
        .replacen(",2997,complete,", ",2997,done,", 1)
        .replacen("rest,delta is:public,", "rest", 1);
    let other_survey = theirs.replacen(",everything,", ",something,", 2);
    let cut = theirs.trim_end().replace(',', ";");
    let told = [bad, other_survey, cut].map(|theirs| refused(&ours, &theirs));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn rows_that_later_ones_decide_are_looked_at_like_the_others() {
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    // What stands first is 1 or 1000 until another row shows how thousands are written.
    let changed = theirs
        .replacen(",4997,", ",1.000,", 1)
        .replacen(",4897,", ",1.234.567,", 1)
        .replacen(",everything,Alpha,", ",something,Nobody,", 1);
    let told = refused(&ours, &changed);
    assert!(told.contains("line 2: `survey` is `something`, not `everything`"), "{told}");
    let (workdir, outcome) = imported(&ours, &changed.replacen(",something,", ",everything,", 1));
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(outcome.stderr.contains("`Nobody`, `Retired`"), "{}", outcome.stderr);
    assert!(
        workdir.read(HISTORY).contains(",everything,Nobody,Go,repositories,c2b246fc,1,1,1000,")
    );
}

#[test]
fn a_cut_off_last_line_of_a_history_is_left_out_and_told() {
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    let (workdir, outcome) = imported(&ours, &theirs[..theirs.len() - 20]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(outcome.stderr.contains("is cut off, or being written; it is left out"));
    let lost = whole().lines().last().expect("a row").to_owned();
    assert_eq!(workdir.read(HISTORY), whole().replace(&format!("{lost}\n"), ""));
}

#[test]
fn rows_that_contradict_are_refused_with_both_lines() {
    let whole = whole();
    let other =
        whole.replacen(",4997,complete,", ",4998,complete,", 1).replacen(",Rust,", ",C,", 1);
    let doubled = {
        let row = whole.lines().nth(1).expect("a row").replace(",4997,", ",4996,");
        format!("{whole}{row}\n")
    };
    let told = [other, doubled].map(|theirs| refused(&whole, &theirs));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_damaged_history_is_repaired_first() {
    let whole = whole();
    let (mut told, last) = (Vec::new(), whole.lines().last().expect("a row"));
    for damaged in [
        format!("{whole}garbage\n"),
        format!("{whole}{last}\n"),
        whole.replace('\n', "\r\n"),
        whole[..whole.len() - 5].to_owned(),
    ] {
        told.push(refused(&damaged, &whole));
        let workdir = with_history(&damaged);
        workdir.write("other.csv", &whole);
        workdir.run(&["repair", HISTORY]).success();
        workdir.run(&IMPORT).success();
        assert_eq!(workdir.read(HISTORY), whole);
    }
    insta::assert_snapshot!(told.join("\n"));
    // Only the first of many are listed, and all are counted.
    let garbage: String = (0..25).map(|no| format!("garbage {no}\n")).collect();
    let many = refused(&(whole.clone() + &garbage), &whole);
    assert!(many.contains("and 20 more like it"), "{many}");
}

#[test]
fn the_first_history_can_be_an_imported_one() {
    let workdir = with_history("");
    std::fs::remove_dir_all(workdir.path("output")).expect("a folder");
    workdir.write("other.csv", "name;stars\nAlpha;5\n");
    let refused = workdir.run(&IMPORT);
    assert_eq!(refused.code, 2, "{}", refused.snapshot());
    insta::assert_snapshot!("import_unmapped", refused.stderr);
    assert!(!workdir.path("output").exists(), "a refusal leaves nothing behind");
    workdir.write("other.csv", whole());
    workdir.run(&IMPORT).success();
    assert_eq!(workdir.read(HISTORY), whole());
    assert!(!workdir.path(&format!("{HISTORY}.bak")).exists(), "there was no old file");
}

#[test]
fn nobody_is_disturbed_who_is_writing() {
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    let workdir = with_history(&ours);
    workdir.write("other.csv", theirs);
    let lock = workdir.write(&format!("{HISTORY}.lock"), "");
    let held = std::fs::File::open(lock).expect("a lock");
    held.try_lock().expect("the lock");
    let busy = workdir.run(&IMPORT);
    assert_eq!(busy.code, 75, "{}", busy.snapshot());
    assert_eq!(workdir.read(HISTORY), ours);
    drop(held);
    assert_eq!(workdir.run(&IMPORT).code, 0);
}

const FOREIGN: &str = "\
Name;Day;Stars;Note\n\
Alpha;21.11.2023;1.240.033;good\n\
Beta;21.11.2023;999;\n\
Alpha;22.11.2023 06:30;1.240.034;\n\
Gamma;22.11.2023 06:30;;\n";

const MAPPED: [&str; 10] = [
    "import",
    "other.csv",
    "--into",
    "everything",
    "--date-column",
    "Day",
    "--map",
    "framework=Name",
    "--map",
    "repo_count=Stars",
];

#[test]
fn a_foreign_file_is_imported_by_the_names_of_its_columns() {
    let workdir = with_history(whole());
    workdir.write("other.csv", FOREIGN);
    insta::assert_snapshot!("import_foreign", workdir.run(&MAPPED).snapshot());
    let history = workdir.read(HISTORY);
    let rows: Vec<&str> = history.lines().skip(1).take(4).collect();
    assert_eq!(
        rows,
        [
            "20231121T000000Z-0000,2023-11-21T00:00:00Z,everything,Alpha,,repositories,,1,1,1240033,unchecked,import,,",
            "20231121T000000Z-0000,2023-11-21T00:00:00Z,everything,Beta,,repositories,,1,1,999,unchecked,import,,",
            "20231122T063000Z-0000,2023-11-22T06:30:00Z,everything,Alpha,,repositories,,1,1,1240034,unchecked,import,,",
            "20231122T063000Z-0000,2023-11-22T06:30:00Z,everything,Gamma,,repositories,,1,1,,failed,import,,no number in the file",
        ]
    );
    assert!(
        history.ends_with(whole().split_once('\n').expect("a header").1),
        "older runs stand first"
    );
    let again = workdir.run(&MAPPED);
    assert!(again.stderr.contains("has all 4 rows already"), "{}", again.stderr);
    assert_eq!(workdir.read(HISTORY), history, "twice adds nothing");
    let checked = of_history(&workdir.run(&["check", "everything"]));
    assert!(checked.starts_with("exit code: 0\n"), "{checked}");
    // A file with one more line adds that line.
    workdir.write("other.csv", format!("{FOREIGN}Beta;22.11.2023 06:30;1000;\n"));
    workdir.run(&MAPPED).success();
    let row = "20231122T063000Z-0000,2023-11-22T06:30:00Z,everything,Beta,,repositories,,1,1,1000,unchecked,import,,\n";
    assert!(workdir.read(HISTORY).contains(row));
}

#[test]
fn periods_make_runs_and_mapped_columns_say_more() {
    let workdir = with_history(whole());
    workdir.write(
        "other.csv",
        "framework,date,repo_count,status,Asked,language\n\
         Alpha,2023-11-21T10:00:00+02:00,5,complete,alpha is:public,Go\n\
         Beta,2023-11-21 23:59:59.5,6,incomplete,beta is:public,Rust\n\
         Beta,2023-11-22,7,unchecked,,\n",
    );
    let arguments = ["--per", "day", "--metric", "topic", "--map", "query_text=Asked"];
    workdir.run(&[&IMPORT[..], &arguments].concat()).success();
    let history = workdir.read(HISTORY);
    let rows: Vec<&str> = history.lines().skip(1).take(3).collect();
    assert_eq!(
        rows,
        [
            "20231121T000000Z-0000,2023-11-21T08:00:00Z,everything,Alpha,Go,topic,,1,1,5,complete,import,alpha is:public,",
            "20231121T000000Z-0000,2023-11-21T23:59:59Z,everything,Beta,Rust,topic,,1,1,6,incomplete,import,beta is:public,",
            "20231122T000000Z-0000,2023-11-22T00:00:00Z,everything,Beta,,topic,,1,1,7,unchecked,import,,",
        ]
    );
    let report = workdir.run(&[
        "report",
        "everything",
        "--metric",
        "topic",
        "--at",
        "2023-11-21",
        "--format",
        "csv",
    ]);
    assert!(report.stdout.contains("1,Beta,Rust,topic,6,incomplete"), "{}", report.snapshot());
}

#[test]
fn a_header_is_no_hint_for_a_spreadsheet() {
    for name in ["n", "sep=;name"] {
        let workdir = with_history(whole());
        workdir.write("other.csv", format!("{name},d,c\nAlpha,2023-11-21,5\n"));
        let name = format!("framework={name}");
        let columns = ["--date-column", "d", "--map", &name, "--map", "repo_count=c"];
        workdir.run(&[&IMPORT[..], &columns].concat()).success();
        let row = ",Alpha,,repositories,,1,1,5,unchecked,import,,\n";
        assert!(workdir.read(HISTORY).contains(row), "{name}");
    }
}

#[test]
fn names_that_the_survey_lacks_are_told_as_far_as_they_can_be_read() {
    let workdir = with_history(whole());
    let warned = |rows: String| {
        workdir.write("other.csv", format!("Name;Day;Stars\n{rows}"));
        let outcome = workdir.run(&[&MAPPED[..], &["--dry-run"]].concat());
        outcome.stderr.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        warned("Nobody;21.11.2023;5\n".to_owned()),
        ["warning: the survey `everything` has no framework of this name", "  `Nobody`"]
    );
    let many = warned((10..45).map(|name| format!("N{name};21.11.2023;5\n")).collect());
    assert_eq!(many[0], "warning: the survey `everything` has no frameworks of these names");
    assert!(
        many[1].starts_with("  `N10`, ") && many[1].ends_with("`N29`, and 15 more"),
        "{many:?}"
    );
}

#[test]
fn what_only_looks_like_a_time_zone_is_none() {
    let workdir = with_history(whole());
    for moment in ["2023-11-21 10:00:00++5", "2023-11-21T10:00:00-+5:30"] {
        workdir.write("other.csv", format!("Name;Day;Stars\nAlpha;{moment};5\n"));
        let refused = workdir.run(&MAPPED);
        assert!(refused.stderr.contains("line 2: `observed_at` is"), "{}", refused.snapshot());
        assert_eq!(workdir.read(HISTORY), whole());
    }
}

#[test]
fn rows_that_are_yet_to_come_are_refused() {
    let (ours, theirs) = split(|_, row| row.starts_with("20261114"));
    let row = theirs.lines().nth(1).expect("a row");
    // Of the first row the moment is wrong, of the second the run too.
    let (run, moment) = (&fields(row)[0], &fields(row)[1]);
    let later = |text: &str| text.replacen("2026", "2062", 1);
    let late = row.replacen(moment, &later(moment), 1);
    let rows = [&late, &row.replacen(run, &later(run), 1)].map(|row| format!("{row}\n")).concat();
    let header = theirs.lines().next().expect("a header");
    let said = refused(&ours, &format!("{header}\n{rows}"));
    let moment = format!("line 2: `observed_at` is `{}`, which is yet to come", later(moment));
    let run = format!("line 3: `run` is `{}`, which is yet to come", later(run));
    assert!(said.contains(&moment) && said.contains(&run), "{said}");

    let workdir = with_history(whole());
    workdir.write("other.csv", "Name;Day;Stars\nAlpha;2023-11-21;5\nAlpha;2062-11-20;5\n");
    let refused = workdir.run(&MAPPED);
    let line = "line 3: `observed_at` is `2062-11-20T00:00:00Z`, which is yet to come";
    assert!(refused.stderr.contains(line), "{}", refused.snapshot());
    assert_eq!((refused.code, workdir.read(HISTORY)), (1, whole()));
}

#[test]
fn utf_16_is_named_with_the_way_to_convert_it() {
    let workdir = with_history(whole());
    let units = |swap: bool| -> Vec<u8> {
        let bytes = |unit: u16| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() };
        FOREIGN.encode_utf16().flat_map(bytes).collect()
    };
    let cases = [
        ([&b"\xFF\xFE"[..], &units(false)].concat(), "UTF-16"),
        ([&b"\xFE\xFF"[..], &units(true)].concat(), "UTF-16"),
        (units(false), "UTF-16LE"),
        (units(true), "UTF-16BE"),
    ];
    for (bytes, encoding) in cases {
        workdir.write("other.csv", bytes);
        let refused = workdir.run(&MAPPED);
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
        assert_eq!(
            refused.stderr,
            format!(
                "error: `other.csv` is {encoding} text; only UTF-8 is read\n\nhint: save it as UTF-8, or \
                 make a copy with `iconv -f {encoding} -t UTF-8 other.csv > utf-8.csv`\n"
            )
        );
        assert_eq!(workdir.read(HISTORY), whole());
    }
}

#[test]
fn foreign_files_are_refused_with_all_their_problems() {
    let workdir = with_history(whole());
    let mut told = String::new();
    let mut refuse = |text: &str, arguments: &[&str]| {
        workdir.write("other.csv", text);
        let refused = workdir.run(arguments);
        assert!(matches!(refused.code, 1 | 2), "{}", refused.snapshot());
        assert_eq!(workdir.read(HISTORY), whole());
        told.push_str(&format!("===== {arguments:?}\n{}", refused.stderr));
    };
    let bad = "Name;Day;Stars\nAlpha;3/4/2023;5\n;21.11.2023;6\nBeta;soon;7\nBeta;21.11.2023;-7\nBeta;21.11.2023\n";
    refuse(bad, &MAPPED);
    refuse("Name;Stars;Stars\nAlpha;5;6\n", &MAPPED);
    refuse("Name;Day;Stars\nAlpha;21.11.2023;5\nAlpha;21.11.2023;6\n", &MAPPED);
    refuse("Name;Day;Stars\nAlpha;21.11.2023;5", &MAPPED);
    refuse("Name;Tag;Stars\nAlpha;21.11.2023;5\n", &MAPPED);
    let many: Vec<String> =
        (0..25).map(|at| format!("column number {at} {}", "x".repeat(at))).collect();
    refuse(&format!("{}\n", many.join(";")), &MAPPED);
    refuse("", &MAPPED);
    refuse("", &["import", "elsewhere.csv", "--into", "everything"]);
    refuse(FOREIGN, &[&IMPORT[..], &["--map", "stars=Stars"]].concat());
    refuse(FOREIGN, &[&MAPPED[..], &["--map", "framework=Note"]].concat());
    refuse(FOREIGN, &[&MAPPED[..], &["--metric", "All Of Them"]].concat());
    insta::assert_snapshot!(told);
}

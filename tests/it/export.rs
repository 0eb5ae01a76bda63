//! `export`: files for other programs.

#[cfg(feature = "xlsx")]
mod book;
#[cfg(feature = "parquet")]
mod columns;
mod package;
mod round_trip;

use crate::workdir::{Workdir, repository_text};

/// Names that a spreadsheet would run, take for numbers, or show as something else.
pub(crate) const HAZARDS: [&str; 12] = [
    "=HYPERLINK(\"http://example.com\",\"x\")",
    "+1",
    "-1",
    "@x",
    "＝1+1",
    "007",
    "12345e67",
    "'=x",
    "Comma, semicolon; \"quotes\"",
    "Ünïcode ✓ 日本",
    "TRUE",
    "Vue.js",
];

const HEADER: &str = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,\
repo_count,status,source,query_text,detail\n";

/// Returns a folder with the history of every status.
pub(crate) fn everything() -> Workdir {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/surveys/everything.toml");
    workdir.write("config/surveys/everything.toml", survey);
    let history = repository_text("tests/data/histories/everything.csv");
    workdir.write("output/everything/history.csv", history);
    workdir
}

/// Returns a folder with a history `h.csv` of two runs of names that are hard for spreadsheets.
pub(crate) fn hazards() -> Workdir {
    let mut writer = csv::Writer::from_writer(HEADER.as_bytes().to_vec());
    for day in ["20", "21"] {
        for (place, name) in HAZARDS.iter().enumerate() {
            let detail = if place == 0 { "planned 12" } else { "" };
            let row = [
                &format!("202611{day}T060003Z-7f3a"),
                &format!("2026-11-{day}T06:00:{:02}Z", place + 4),
                "hazards",
                name,
                "=1+1",
                "repositories",
                "12345e67",
                "1",
                "1",
                &(1000 * place).to_string(),
                "complete",
                "rest",
                &format!("-{name} is:public"),
                detail,
            ];
            writer.write_record(row).expect("a row");
        }
    }
    let workdir = Workdir::new();
    workdir.write("h.csv", writer.into_inner().expect("rows"));
    workdir
}

#[test]
fn a_tidy_table_has_what_came_of_every_count() {
    let workdir = everything();
    let tidy = workdir.run(&["export", "everything"]);
    insta::assert_snapshot!("tidy", tidy.snapshot());
    let history = workdir.read("output/everything/history.csv");
    let all = workdir.run(&["export", "everything", "--all-attempts"]).success();
    let rows = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let undated = |row: &String| row.split_once(',').expect("a date").1.to_owned();
    assert_eq!(rows(&all).iter().map(undated).collect::<Vec<_>>(), rows(&history));
    for row in rows(&all) {
        let (date, run) = row.split_once(',').expect("a date");
        assert!(run.starts_with(&date.replace('-', "")), "{row}");
    }
    let some = rows(&tidy.stdout);
    assert!(some.len() < rows(&all).len() && some.iter().all(|row| all.contains(row)));
}

#[test]
fn json_says_the_same_as_csv() {
    let workdir = everything();
    let csv = workdir.run(&["export", "everything"]).success();
    let array = workdir.run(&["export", "everything", "--format", "json"]).success();
    let lines = workdir.run(&["export", "everything", "--lines"]).success();
    let array: Vec<serde_json::Value> = serde_json::from_str(&array).expect("an array");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(array, lines);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), array.len());
    for (row, object) in rows.iter().zip(&array) {
        assert_eq!(object.as_object().expect("an object").len(), header.len());
        for (name, cell) in header.iter().zip(row) {
            let value = match &object[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            assert_eq!(value, cell, "{name}");
        }
    }
}

#[test]
fn what_is_wanted_is_chosen() {
    let workdir = everything();
    let mut told = String::new();
    for arguments in [
        &["--metric", "topic", "--framework", "Alpha"][..],
        &["--framework", "Gamma", "--metric", "repositories,topic", "--since", "2026-11-14"],
        &["--every", "month", "--framework", "Late", "--framework", "echo"],
        &["--every", "run", "--until", "2026-11-10", "--framework", "Delta"],
        &["--shape", "wide", "--every", "run", "--framework", "Beta", "--framework", "Alpha"],
    ] {
        let all = [&["export", "everything", "--quiet"], arguments].concat();
        let text = workdir.run(&all).success();
        let rows: Vec<&str> = text.lines().collect();
        told.push_str(&format!("{}\n{}\n\n", arguments.join(" "), rows.join("\n")));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn names_are_harmless_in_dialects_for_spreadsheets() {
    let workdir = hazards();
    for dialect in ["rfc4180", "excel", "excel-semicolon"] {
        for shape in ["tidy", "wide"] {
            let arguments = ["export", "h.csv", "--dialect", dialect, "--shape", shape];
            let text = workdir.run(&arguments).success();
            // Line ends are a part of it.
            insta::assert_snapshot!(format!("{dialect}_{shape}"), text.replace('\r', "\\r"));
            if dialect == "rfc4180" {
                continue;
            }
            let body = text.strip_prefix('\u{feff}').expect("a byte-order mark");
            let separator = if dialect == "excel" { b',' } else { b';' };
            let mut builder = csv::ReaderBuilder::new();
            let mut reader =
                builder.delimiter(separator).has_headers(false).from_reader(body.as_bytes());
            for cell in reader
                .records()
                .flat_map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>())
            {
                let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']);
                assert!(!is_formula, "{dialect} {shape}: {cell}");
            }
        }
    }
}

#[test]
fn files_and_folders_are_written() {
    let workdir = everything();
    let arguments = [
        "export",
        "everything",
        "--out",
        "a.csv",
        "--out",
        "a.txt",
        "--out",
        "all/",
        "--format",
        "csv",
    ];
    let outcome = workdir.run(&arguments);
    insta::assert_snapshot!(outcome.snapshot());
    let tidy = workdir.run(&["export", "everything"]).success();
    assert_eq!(workdir.read("a.csv"), tidy);
    assert_eq!(workdir.read("all/tidy.csv"), tidy);
    for dialect in ["excel-semicolon", "rfc4180"] {
        let again = ["export", "everything", "--out", "a.csv", "--dialect", dialect];
        workdir.run(&again).success();
    }
    assert_eq!(workdir.read("a.csv"), tidy, "an export is replaced, a history is not");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let workdir = everything();
    let history = workdir.read("output/everything/history.csv");
    let files = workdir.files();
    let mut told = String::new();
    for arguments in [
        &["--out", "a.xls"][..],
        &["--format", "csv", "--out", "a.json"],
        &["--out", "output/everything/history.csv"],
        &["--out", "config/surveys/everything.toml/a.csv"],
        &["--shape", "wide", "--out", "a.json"],
        &["--shape", "wide", "--out", "a.csv", "--metric", "repositories,topic"],
        &["--shape", "wide", "--all-attempts"],
        &["--lines", "--format", "csv"],
        &["--metric", "stars", "--out", "a.csv"],
        &["--framework", "Djanga", "--out", "a.csv"],
        &["--shape", "wide", "--framework", "Djanga"],
        &["--since", "2030", "--out", "a.csv"],
        &["--since", "tomorrow"],
    ] {
        let outcome = workdir.run(&[&["export", "everything"], arguments].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        told.push_str(&format!("{}\n{}\n", arguments.join(" "), outcome.stderr));
    }
    assert_eq!(workdir.files(), files, "nothing half written is left");
    assert_eq!(workdir.read("output/everything/history.csv"), history);
    insta::assert_snapshot!(told);
}

#[test]
fn disorder_is_put_in_order_before_anything_is_said() {
    let workdir = everything();
    let history = workdir.read("output/everything/history.csv");
    let whole = workdir.run(&["export", "everything"]).success();
    let (header, rows) = history.split_once('\n').expect("a header");
    let moved = rows.find("20261114").expect("the second run");
    let text = format!("{header}\n{}{}garbage\n", &rows[moved..], &rows[..moved]);
    workdir.write("output/everything/history.csv", text);
    let outcome = workdir.run(&["export", "everything"]);
    assert_eq!(outcome.stdout, whole);
    assert!(outcome.stderr.contains("line"), "{}", outcome.stderr);
    let folder = workdir.run(&["export", "everything", "--out", "all/", "--format", "csv"]);
    assert_eq!(folder.stderr.matches("warning").count(), outcome.stderr.matches("warning").count());
    assert_eq!(workdir.read("all/tidy.csv"), whole);
}

#[test]
#[cfg(not(all(feature = "xlsx", feature = "parquet")))]
fn what_was_not_built_in_is_refused() {
    let workdir = everything();
    for (is_there, ending) in
        [(cfg!(feature = "xlsx"), "xlsx"), (cfg!(feature = "parquet"), "parquet")]
    {
        let out = format!("a.{ending}");
        for asked in [["--out", &out], ["--format", ending]] {
            let outcome = workdir.run(&[&["export", "everything"], &asked[..]].concat());
            let said = outcome.stderr.contains(&format!("was built without `{ending}`"))
                && outcome.stderr.contains(&format!("--features {ending}"));
            assert_eq!((outcome.code, said), if is_there { (0, false) } else { (2, true) });
        }
    }
    workdir.run(&["export", "everything", "--out", "all/"]).success();
    assert!(workdir.files().contains(&"all/tidy.json".to_owned()));
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_rows() {
    let peak = |days: u32, ending: &str| {
        let workdir = Workdir::new();
        let mut text = HEADER.to_owned();
        for run in 0..days * 24 {
            let (month, day, hour) = (run / 24 / 28 + 1, run / 24 % 28 + 1, run % 24);
            for name in 0..10 {
                let detail = if name == 0 { "planned 10" } else { "" };
                text.push_str(&format!(
                    "2026{month:02}{day:02}T{hour:02}0000Z-0001,2026-{month:02}-{day:02}T{hour:02}:00:01Z,\
                     long,F{name},,repositories,aaaaaaaa,1,1,{run},complete,rest,f{name},{detail}\n"
                ));
            }
        }
        let history = workdir.write("h.csv", text);
        let out = format!("out.{ending}");
        let arguments = ["export", &history.to_string_lossy(), "--out", &out];
        let (outcome, peak_kb) = workdir.run_watched(&mut workdir.command(&arguments));
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        peak_kb
    };
    for ending in ["csv", "json"] {
        let (few, many) = (peak(14, ending), peak(280, ending));
        assert!(few > 0 && many < few + 3000, "{ending}: {few} kB, then {many} kB");
    }
}

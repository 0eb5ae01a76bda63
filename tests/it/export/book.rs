//! The workbook, read by another library.

use calamine::{Data, Range, Reader as _, Xlsx, open_workbook};

use super::{HAZARDS, everything, hazards};
use crate::workdir::Workdir;

fn sheet(workdir: &Workdir, file: &str, name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = open_workbook(workdir.path(file)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Ranking", "Trend", "Data", "About"]);
    for name in ["Ranking", "Trend", "Data", "About"] {
        let formulas = book.worksheet_formula(name).expect("a sheet");
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{name}");
    }
    book.worksheet_range(name).expect("a sheet")
}

/// Returns a cell as the tidy CSV has it.
fn text(cell: &Data, column: &str) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => number.to_string(),
        Data::DateTime(moment) => {
            // Days since the end of 1899, in which Excel sees a 29 February 1900.
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds of this century")]
            let seconds = ((moment.as_f64() - 25_569.0) * 86_400.0).round() as i64;
            let moment = chrono::DateTime::from_timestamp(seconds, 0).expect("a moment");
            let format = if column == "date" { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
            moment.format(format).to_string()
        }
        other => panic!("{column}: {other:?}"),
    }
}

#[test]
fn the_sheet_of_data_is_the_tidy_table() {
    for (workdir, survey) in [(everything(), "everything"), (hazards(), "h.csv")] {
        workdir.run(&["export", survey, "--out", "a.xlsx"]).success();
        let csv = workdir.run(&["export", survey]).success();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let data = sheet(&workdir, "a.xlsx", "Data");
        let mut rows = data.rows();
        let names: Vec<String> =
            rows.next().expect("a header").iter().map(ToString::to_string).collect();
        assert_eq!(names, header.iter().collect::<Vec<_>>());
        let mut compared = 0;
        for (row, expected) in rows.by_ref().zip(reader.records()) {
            let expected = expected.expect("a row");
            let cells = header.iter().zip(row).map(|(name, cell)| text(cell, name));
            assert_eq!(cells.collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
            compared += 1;
        }
        assert_eq!(compared, csv.lines().count() - 1);
        assert!(rows.next().is_none());
    }
}

#[test]
fn trend_and_ranking_say_the_same_as_elsewhere() {
    let workdir = everything();
    workdir.run(&["export", "everything", "--out", "a.xlsx"]).success();
    let wide = workdir.run(&["export", "everything", "--shape", "wide"]).success();
    let trend = sheet(&workdir, "a.xlsx", "Trend");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(wide.as_bytes());
    for (row, expected) in trend.rows().zip(reader.records()) {
        let expected = expected.expect("a row");
        let cells = row.iter().map(|cell| text(cell, "date"));
        assert_eq!(cells.collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    }
    assert_eq!(trend.rows().count(), wide.lines().count());
    let report = workdir.run(&["report", "everything", "--format", "csv"]).success();
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let ranking = sheet(&workdir, "a.xlsx", "Ranking");
    let names: Vec<String> =
        ranking.rows().next().expect("a header").iter().map(ToString::to_string).collect();
    for (row, expected) in ranking.rows().skip(1).zip(reader.records()) {
        let expected = expected.expect("a row");
        for (name, cell) in names.iter().zip(row) {
            let column = header.iter().position(|other| other == name).expect("a column");
            assert_eq!(text(cell, name), &expected[column], "{name}");
        }
    }
    let about = sheet(&workdir, "a.xlsx", "About");
    let cells: Vec<String> = about
        .cells()
        .map(|(_, _, cell)| cell.to_string())
        .filter(|cell| !cell.is_empty())
        .collect();
    insta::assert_snapshot!("about", cells.join("\n"));
}

#[test]
fn the_same_counts_make_the_same_bytes() {
    let workdir = everything();
    workdir.run(&["export", "everything", "--out", "a.xlsx"]).success();
    workdir.run(&["export", "everything", "--out", "b.xlsx"]).success();
    let bytes = |file: &str| std::fs::read(workdir.path(file)).expect("a file");
    assert_eq!(bytes("a.xlsx"), bytes("b.xlsx"));
    let piped = workdir.command(&["export", "everything", "--format", "xlsx"]).output();
    assert_eq!(piped.expect("it starts").stdout, bytes("a.xlsx"));
}

#[test]
fn names_stay_names_in_every_sheet() {
    let workdir = hazards();
    workdir.run(&["export", "h.csv", "--out", "a.xlsx"]).success();
    let trend = sheet(&workdir, "a.xlsx", "Trend");
    let names: Vec<String> =
        trend.rows().next().expect("a header").iter().map(ToString::to_string).collect();
    assert_eq!(names[1..=HAZARDS.len()], HAZARDS);
    let ranking = sheet(&workdir, "a.xlsx", "Ranking");
    for name in HAZARDS {
        assert!(ranking.rows().any(|row| row[1] == Data::String(name.to_owned())), "{name}");
    }
}

/// Writes a history `h.csv` of a run a day, with the frameworks of each.
fn history(workdir: &Workdir, runs: &[(&str, Vec<String>)]) {
    let mut text = super::HEADER.to_owned();
    for (day, frameworks) in runs {
        let run = format!("{}T060003Z-7f3a", day.replace('-', ""));
        for (place, name) in frameworks.iter().enumerate() {
            let detail =
                if place == 0 { format!("planned {}", frameworks.len()) } else { String::new() };
            text.push_str(&format!(
                "{run},{day}T06:00:04Z,s,{name},,m,,1,1,5,unchecked,rest,q,{detail}\n"
            ));
        }
    }
    workdir.write("h.csv", text);
}

fn said(workdir: &Workdir, sheet_name: &str) -> String {
    let cells = sheet(workdir, "a.xlsx", sheet_name);
    cells.cells().map(|(_, _, cell)| format!("{cell}\n")).collect()
}

#[test]
fn dates_that_spreadsheets_count_differently_are_text() {
    let workdir = Workdir::new();
    let days = ["1850-07-01", "1900-01-01", "1900-02-28", "1900-03-01", "9999-12-31"];
    history(&workdir, &days.map(|day| (day, vec!["A".to_owned()])));
    workdir.run(&["export", "h.csv", "--out", "a.xlsx", "--every", "run"]).success();
    for (name, column, time) in
        [("Data", 0, ""), ("Data", 2, " 06:00:04"), ("Trend", 0, " 06:00:03")]
    {
        let cells = sheet(&workdir, "a.xlsx", name);
        for (row, day) in cells.rows().skip(1).zip(days) {
            match &row[column] {
                Data::String(text) => assert_eq!(*text, format!("{day}{time}"), "{name}"),
                date => {
                    assert!(day >= "1900-03-01" && text(date, "date") == day, "{name}: {date:?}");
                }
            }
        }
    }
    assert!(said(&workdir, "About").contains("Dates before 1900-03-01 are text"));
    history(&workdir, &[("1900-03-01", vec!["A".to_owned()])]);
    workdir.run(&["export", "h.csv", "--out", "a.xlsx"]).success();
    assert!(!said(&workdir, "About").contains("Dates before"), "there are none");
}

#[test]
fn numbers_that_a_cell_would_round_are_text() {
    let workdir = Workdir::new();
    let exact = 1_u64 << 53;
    for (count, is_text) in [(exact, false), (exact + 1, true), (u64::MAX, true)] {
        history(&workdir, &[("2026-11-20", vec!["A".to_owned()])]);
        let text = workdir.read("h.csv").replace(",5,unchecked", &format!(",{count},unchecked"));
        workdir.write("h.csv", text);
        workdir.run(&["export", "h.csv", "--out", "a.xlsx"]).success();
        for (name, column) in [("Ranking", 3), ("Trend", 1), ("Data", 10)] {
            let cells = sheet(&workdir, "a.xlsx", name);
            let cell = cells.rows().nth(1).expect("a row")[column].clone();
            assert_eq!(cell == Data::String(count.to_string()), is_text, "{name}: {cell:?}");
        }
        assert_eq!(said(&workdir, "About").contains("a cell would round them"), is_text);
    }
}

#[test]
fn texts_longer_than_a_cell_are_cut_and_told() {
    let workdir = Workdir::new();
    // The last column of Trend names them all.
    let longest = "x".repeat(40_000);
    let names: Vec<String> = (0..900).map(|place| format!("{place:0>40}")).collect();
    history(&workdir, &[("2026-11-20", [names, vec![longest.clone()]].concat())]);
    workdir.run(&["export", "h.csv", "--out", "a.xlsx"]).success();
    let units = |cell: &Data| match cell {
        Data::String(text) => text.encode_utf16().count(),
        _ => 0,
    };
    let mut cut = 0;
    for name in ["Ranking", "Trend", "Data"] {
        for (_, _, cell) in sheet(&workdir, "a.xlsx", name).cells() {
            assert!(units(cell) <= 32_767, "{name}");
            cut += usize::from(cell.to_string().ends_with("… (cut)"));
        }
    }
    assert_eq!(cut, 4, "the name in each sheet, and the column `not_complete`");
    assert!(
        said(&workdir, "About").contains("Texts of more than 32767 characters end with `… (cut)`")
    );
    let csv = workdir.run(&["export", "h.csv"]).success();
    assert!(csv.contains(&longest), "a CSV has it whole");
}

#[test]
fn more_frameworks_than_columns_are_refused() {
    let workdir = Workdir::new();
    let names = (0..16_383).map(|place| format!("F{place}")).collect();
    history(&workdir, &[("2026-11-20", names)]);
    let refused = workdir.run(&["export", "h.csv", "--out", "a.xlsx"]);
    assert_eq!((refused.code, workdir.files()), (1, vec!["h.csv".to_owned()]));
    insta::assert_snapshot!("too_many_frameworks", refused.stderr);
}

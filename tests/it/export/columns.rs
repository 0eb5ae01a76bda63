//! Parquet: types, values, and the folder of partitions.

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use super::{everything, hazards};
use crate::workdir::Workdir;

fn open(workdir: &Workdir, file: &str) -> SerializedFileReader<std::fs::File> {
    let file = std::fs::File::open(workdir.path(file)).expect("a file");
    SerializedFileReader::new(file).expect("Parquet")
}

/// Returns the rows as the tidy CSV has them.
fn rows(workdir: &Workdir, file: &str) -> Vec<Vec<String>> {
    let reader = open(workdir, file);
    let rows = reader.get_row_iter(None).expect("rows");
    let text = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Int(number) => number.to_string(),
        Field::Long(number) => number.to_string(),
        Field::Date(days) => (chrono::NaiveDate::default()
            + chrono::Days::new(u64::try_from(*days).expect("a day")))
        .to_string(),
        Field::TimestampMicros(at) => {
            let at = chrono::DateTime::from_timestamp_micros(*at).expect("a moment");
            at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        }
        other => panic!("{other:?}"),
    };
    rows.map(|row| row.expect("a row").get_column_iter().map(|(_, field)| text(field)).collect())
        .collect()
}

fn tidy(workdir: &Workdir, survey: &str) -> Vec<Vec<String>> {
    let csv = workdir.run(&["export", survey]).success();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_columns_are_those_of_the_tidy_table() {
    for (workdir, survey) in [(everything(), "everything"), (hazards(), "h.csv")] {
        workdir.run(&["export", survey, "--out", "a.parquet"]).success();
        assert_eq!(rows(&workdir, "a.parquet"), tidy(&workdir, survey));
        workdir.run(&["export", survey, "--out", "b.parquet"]).success();
        let bytes = |file: &str| std::fs::read(workdir.path(file)).expect("a file");
        assert_eq!(bytes("a.parquet"), bytes("b.parquet"));
    }
    let workdir = everything();
    workdir.run(&["export", "everything", "--out", "a.parquet"]).success();
    let mut schema = Vec::new();
    let reader = open(&workdir, "a.parquet");
    parquet::schema::printer::print_schema(&mut schema, reader.metadata().file_metadata().schema());
    insta::assert_snapshot!("schema", String::from_utf8(schema).expect("text"));
}

#[test]
fn more_than_one_group_of_rows() {
    let workdir = Workdir::new();
    let mut text = super::HEADER.to_owned();
    for run in 0..400_u32 {
        let (day, hour) = (run / 24 + 1, run % 24);
        for name in 0..340 {
            let count = if name % 7 == 0 { String::new() } else { (run * name).to_string() };
            let status = if name % 7 == 0 { "failed" } else { "complete" };
            text.push_str(&format!(
                "202601{day:02}T{hour:02}0000Z-0001,2026-01-{day:02}T{hour:02}:00:01Z,s,F{name},,m,,1,1,\
                 {count},{status},rest,q{name} {day},\n"
            ));
        }
    }
    workdir.write("h.csv", text);
    workdir.run(&["export", "h.csv", "--out", "a.parquet"]).success();
    assert_eq!(open(&workdir, "a.parquet").num_row_groups(), 2);
    assert!(rows(&workdir, "a.parquet") == tidy(&workdir, "h.csv"), "other rows");
}

#[test]
fn a_folder_has_a_file_for_each_month_and_replaces_it_as_a_whole() {
    let workdir = Workdir::new();
    let row = |month: u32, survey: &str, count: u32| {
        format!(
            "2026{month:02}30T235900Z-0001,2026-{month:02}-30T23:59:59Z,{survey},A,,m,,1,1,{count},\
             complete,rest,,planned 1\n"
        )
    };
    let history = |count| {
        let rows: String = [3, 4, 6].map(|month| row(month, "a/b", count)).concat();
        format!("{}{rows}", super::HEADER)
    };
    workdir.write("h.csv", history(5));
    let export = |more: &[&str]| {
        let all = [&["export", "h.csv", "--format", "parquet", "--out", "set/"], more].concat();
        workdir.run(&all)
    };
    export(&[]).success();
    let file = |month: u32| format!("set/survey=a%2Fb/month=2026-{month:02}/data.parquet");
    let files = |workdir: &Workdir| {
        let mut files = workdir.files();
        files.retain(|file| file.starts_with("set/"));
        files
    };
    assert_eq!(files(&workdir), [file(3), file(4), file(6)]);
    workdir.write("h.csv", history(6));
    export(&["--since", "2026-04", "--until", "2026-05"]).success();
    let counts = [3, 4, 6].map(|month| rows(&workdir, &file(month))[0][9].clone());
    assert_eq!(counts, ["5", "6", "5"], "the month that was exported, and no other");
    assert_eq!(rows(&workdir, &file(4))[0].len(), 14, "the survey is in the name of its folder");
    let mut told = String::new();
    for since in ["2026-04-02", "20260430T235900Z-0001"] {
        let outcome = export(&["--since", since]);
        assert_eq!(outcome.code, 2);
        told.push_str(&outcome.stderr);
    }
    insta::assert_snapshot!("part_of_a_month", told);
    assert_eq!(files(&workdir), [file(3), file(4), file(6)]);
}

#[test]
fn numbers_beyond_the_type_are_refused() {
    let workdir = Workdir::new();
    workdir.write(
        "h.csv",
        format!(
            "{}20260430T235900Z-0001,2026-04-30T23:59:59Z,s,A,,m,,1,1,\
        18446744073709551615,complete,rest,,\n",
            super::HEADER
        ),
    );
    let outcome = workdir.run(&["export", "h.csv", "--out", "a.parquet"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("`repo_count` is 18446744073709551615"), "{}", outcome.stderr);
    assert_eq!(workdir.files(), ["h.csv"]);
}

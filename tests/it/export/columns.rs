//! Parquet: types, values, and the folder of partitions.

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;

use super::{everything, hazards};
use crate::workdir::{Outcome, Workdir};

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

/// A history `h.csv` of the survey `a/b` and its folder `set/`.
struct Months(Workdir);

impl Months {
    fn new() -> Self {
        Self(Workdir::new())
    }

    /// Writes the history: a run at the end of each of these months.
    fn write(&self, months: &[u32], count: u32) {
        let row = |month: &u32| {
            format!(
                "2026{month:02}28T235900Z-0001,2026-{month:02}-28T23:59:59Z,a/b,A,,m,,1,1,{count},\
                 complete,rest,,planned 1\n"
            )
        };
        let rows: String = months.iter().map(row).collect();
        self.0.write("h.csv", format!("{}{rows}", super::HEADER));
    }

    fn export(&self, more: &[&str]) -> Outcome {
        let all = [&["export", "h.csv", "--format", "parquet", "--out", "set/"], more].concat();
        self.0.run(&all)
    }

    fn file(month: u32) -> String {
        format!("set/survey=a%2Fb/month=2026-{month:02}/data.parquet")
    }

    /// Returns the files of the folder.
    fn files(&self) -> Vec<String> {
        let mut files = self.0.files();
        files.retain(|file| file.starts_with("set/"));
        files
    }

    /// Returns each month that is there, with its count.
    fn counts(&self) -> Vec<(u32, String)> {
        let is_there = |month: &u32| self.0.path(&Self::file(*month)).exists();
        let count = |month| (month, rows(&self.0, &Self::file(month))[0][9].clone());
        (1..=12).filter(is_there).map(count).collect()
    }
}

fn counts<const N: usize>(expected: [(u32, &str); N]) -> Vec<(u32, String)> {
    expected.map(|(month, count)| (month, count.to_owned())).to_vec()
}

#[test]
fn a_folder_has_a_file_for_each_month_and_replaces_it_as_a_whole() {
    let set = Months::new();
    set.write(&[3, 4, 6], 5);
    set.export(&[]).success();
    assert_eq!(set.files(), [3, 4, 6].map(Months::file));
    set.write(&[3, 4, 6], 6);
    set.export(&["--since", "2026-04", "--until", "2026-05"]).success();
    let changed = counts([(3, "5"), (4, "6"), (6, "5")]);
    assert_eq!(set.counts(), changed, "the month that was exported, and no other");
    let row = &rows(&set.0, &Months::file(4))[0];
    assert_eq!(row.len(), 14, "the survey is in the name of its folder");
    let mut told = String::new();
    for since in ["2026-04-02", "20260428T235900Z-0001"] {
        let outcome = set.export(&["--since", since]);
        assert_eq!(outcome.code, 2);
        told.push_str(&outcome.stderr);
    }
    insta::assert_snapshot!("part_of_a_month", told);
    assert_eq!(set.counts(), changed);
}

#[test]
fn months_without_rows_go_as_far_as_the_export_reaches() {
    let set = Months::new();
    set.write(&[1, 2, 3, 4, 5], 5);
    set.export(&[]).success();
    // A repair may have taken all rows of a month.
    set.write(&[2, 5], 6);
    let outcome = set.export(&["--since", "2026-02", "--until", "2026-03"]);
    insta::assert_snapshot!("months_that_went", outcome.snapshot());
    assert_eq!(set.counts(), counts([(1, "5"), (2, "6"), (4, "5"), (5, "5")]));
    assert!(!set.0.path("set/survey=a%2Fb/month=2026-03").exists(), "an empty folder is none");
    set.export(&[]).success();
    assert_eq!(set.counts(), counts([(2, "6"), (5, "6")]));
    // An export of nothing changes nothing.
    assert_eq!(set.export(&["--since", "2026-06"]).code, 2);
    assert_eq!(set.counts(), counts([(2, "6"), (5, "6")]));
}

#[test]
fn rows_that_cannot_be_read_cost_no_month() {
    let set = Months::new();
    set.write(&[2, 3], 5);
    set.export(&[]).success();
    set.write(&[2, 3], 6);
    let damaged = set.0.read("h.csv").replace("2026-03-28T23:59:59Z", "yesterday");
    set.0.write("h.csv", damaged);
    let outcome = set.export(&[]);
    assert!(outcome.stderr.contains("line 3"), "{}", outcome.snapshot());
    assert_eq!(set.counts(), counts([(2, "6"), (3, "5")]));
}

#[test]
fn what_somebody_else_keeps_in_the_folder_stays() {
    let set = Months::new();
    set.write(&[2, 3], 5);
    set.export(&[]).success();
    let theirs = [
        "set/notes.txt",
        "set/survey=a%2Fb/month=2026-03/other.parquet",
        "set/survey=a%2Fb/month=2026-3/data.parquet",
        "set/survey=a%2Fb/month=2026-13/data.parquet",
        "set/survey=a%2Fb/month=2026-05/data.parquet/in-the-way",
        "set/survey=other/month=2026-03/data.parquet",
        "set/year=2026/data.parquet",
    ];
    for file in theirs {
        set.0.write(file, "theirs");
    }
    // What a killed export left goes with its month.
    set.0.write("set/survey=a%2Fb/month=2026-03/.data.parquet.rewriting", "half");
    set.write(&[2], 6);
    set.export(&[]).success();
    let mut expected: Vec<String> = theirs.map(str::to_owned).to_vec();
    expected.push(Months::file(2));
    expected.sort();
    assert_eq!(set.files(), expected);
}

#[test]
fn what_cannot_be_written_leaves_every_month_as_it_was() {
    let set = Months::new();
    set.write(&[2, 3, 4], 5);
    set.export(&[]).success();
    set.write(&[2, 4], 6);
    let (first, last) =
        ("-28T23:59:59Z,a/b,A,,m,,1,1,6", "-28T23:59:59Z,a/b,A,,m,,1,1,18446744073709551615");
    let text = set.0.read("h.csv").replace(&format!("2026-04{first}"), &format!("2026-04{last}"));
    set.0.write("h.csv", text);
    assert_eq!(set.export(&[]).code, 1, "the last month cannot be written");
    assert_eq!(set.counts(), counts([(2, "5"), (3, "5"), (4, "5")]));
    assert_eq!(set.files(), [2, 3, 4].map(Months::file), "nothing half written is left");
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

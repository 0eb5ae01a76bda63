//! What is exported and imported again gives the same answers, for any names that a survey accepts.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use repo_census::domain::run::Key;
use repo_census::domain::sample::Outcome;
use repo_census::history::fold_runs;

use super::{HAZARDS, HEADER};
use crate::workdir::Workdir;

/// The answers of a history: by run and key, with method and query.
type Answers = BTreeMap<(String, Key), (Outcome, String, String)>;

fn answers(history: &Path) -> Answers {
    let (answers, reading) = fold_runs(history, Answers::new, |answers, run| {
        for (key, sample) in run.answers() {
            let method = sample.method.map(|method| method.to_string()).unwrap_or_default();
            let said = (sample.outcome, method, sample.query_text.clone());
            answers.insert((run.id.to_string(), key), said);
        }
    })
    .expect("a history");
    assert_eq!(reading.faulty, 0, "{:?}", reading.faults);
    answers
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(HAZARDS.to_vec()).prop_map(str::to_owned),
        "[=+@'0-9e.,;\"-]{1,6}",
        "[^\\p{Cc}]{1,12}",
    ]
}

/// What a count came to: its status, its number, and whether the query was edited before it.
fn attempts() -> impl Strategy<Value = Vec<(u8, u64, bool)>> {
    prop::collection::vec((0..4_u8, any::<u64>(), prop::bool::weighted(0.2)), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn answers_come_back(
        names in prop::collection::btree_set(names(), 1..5),
        runs in prop::collection::vec(prop::collection::vec(attempts(), 5), 1..4),
    ) {
        let workdir = Workdir::new();
        let quoted = |text: &str| serde_json::to_string(text).expect("text");
        let mut survey = "title = \"Any\"\n\n[[metrics]]\nid = \"repositories\"\ntitle = \"R\"\n\
                          query = \"{query}\"\n".to_owned();
        for (place, name) in names.iter().enumerate() {
            let name = quoted(name);
            survey.push_str(&format!("\n[[frameworks]]\nname = {name}\nquery = \"q{place}\"\n"));
        }
        workdir.write("config/surveys/any.toml", survey);
        // Some names no survey takes, such as one of spaces alone.
        prop_assume!(workdir.run(&["check", "any"]).code != 2);
        let mut writer = csv::Writer::from_writer(HEADER.as_bytes().to_vec());
        for (day, run) in runs.iter().enumerate() {
            for (name, attempts) in names.iter().zip(run) {
                let mut edits = 0;
                for (place, (kind, count, is_edited)) in attempts.iter().enumerate() {
                    let status = ["complete", "unchecked", "incomplete", "failed"][usize::from(*kind)];
                    edits += u32::from(*is_edited);
                    let count = if status == "failed" { String::new() } else { count.to_string() };
                    let row = [
                        &format!("202611{:02}T060003Z-7f3a", day + 1),
                        &format!("2026-11-{:02}T06:00:{:02}Z", day + 1, place + 4),
                        "any",
                        name,
                        name,
                        "repositories",
                        &format!("{:08}", 12_345_670 + edits),
                        "1",
                        &(place + 1).to_string(),
                        &count,
                        status,
                        "rest",
                        name,
                        "",
                    ];
                    writer.write_record(row).expect("a row");
                }
            }
        }
        let history = workdir.write("h.csv", writer.into_inner().expect("rows"));
        let expected = answers(&history);
        for dialect in ["rfc4180", "excel", "excel-semicolon"] {
            let exported = format!("{dialect}.csv");
            let arguments = ["export", "h.csv", "--dialect", dialect, "--out", &exported];
            workdir.run(&arguments).success();
            let outcome = workdir.run(&["import", &exported, "--into", "any"]);
            prop_assert_eq!(outcome.code, 0, "{}: {}", dialect, outcome.snapshot());
            let imported = workdir.path("output/any/history.csv");
            prop_assert_eq!(&answers(&imported), &expected, "{}", dialect);
            std::fs::remove_dir_all(workdir.path("output")).expect("it is there");
        }
    }
}

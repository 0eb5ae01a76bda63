//! Wrong input to every command: what is said of it, and that there is a way out.

use std::fmt::Write as _;

use crate::github::mask_moments;
use crate::workdir::{Outcome, Workdir};

const REPLAY: &str = "output/backend-frameworks/replay-codingnomads-2023.csv";

/// Wrong command lines, by command. Nothing listens where they would be sent.
const WRONG: &[&str] = &[
    "count --from nowhere.txt",
    "count a:b x\"y",
    "count django django",
    "count django, flask",
    "count django --save My\u{a0}Name",
    "collect nothing-like-it",
    "collect .",
    "collect ./nowhere.toml",
    "collect --replay nowhere.jsonl",
    "collect --replay REPLAY",
    "collect --replay codingnomads-2023 --record nowhere/mine.jsonl",
    "collect --token-file nowhere",
    "collect --token-file two-words",
    "collect --settings nowhere.toml",
    "collect --settings odd.toml",
    "collect --api-url nonsense",
    "collect --api graphql --no-token",
    "collect --no-token --max-wait 1ms",
    "report",
    "report databases",
    "report databases --out a.xlsx",
    "trend --top 2",
    "report nowhere.csv",
    "report two-words.csv",
    "report REPLAY --at 2020",
    "report REPLAY --at yesterday",
    "report REPLAY --metric stars",
    "report REPLAY --metric active",
    "report REPLAY --against nobody",
    "report REPLAY --against codingnomads",
    "report REPLAY --out ranking.pdf",
    "report REPLAY --out two-words/ranking.md",
    "report --reconstructed",
    "trend REPLAY --since 2030",
    "trend REPLAY --since 2024-01 --until 2023",
    "report REPLAY --top -3",
    "report REPLAY --top none",
    "trend REPLAY --metric active",
    "trend REPLAY --format methods",
    "trend --reconstructed",
    "export databases",
    "export REPLAY --since 2030",
    "export REPLAY --framework Nobody",
    "export REPLAY --framework Jango",
    "export REPLAY --dialect excel --out book.json",
    "export REPLAY --lines --out tidy.csv",
    "export REPLAY --out tidy.docx",
    "export REPLAY --shape wide --out wide.parquet",
    "export REPLAY --format csv --lines",
    "backfill --from someday",
    "backfill --from 2099",
    "backfill --metric active",
    "audit --framework Nobody",
    "audit --sample 3 --seed x",
    "daemon nowhere",
    "daemon unscheduled.toml",
    "daemon --next 1 --from someday",
    "daemon --next 0",
    "template crontab unscheduled.toml",
    "health unscheduled.toml",
    "health databases --since someday",
    "check odd.toml",
    "check --settings odd.toml",
    "import nowhere.csv --into databases",
    "import two-words --into databases",
    "import . --into databases",
    "import stars.csv --into databases --date-column Day --map observed_at=Day",
    "import stars.csv --into databases",
    "repair nowhere.csv",
    "repair databases",
    "init My\u{a0}Survey",
    "init databases",
    "init mine --from nowhere",
    "man --out two-words",
    "--dir elsewhere report databases",
];

fn run(command: &str) -> Outcome {
    let workdir = Workdir::new();
    workdir.run(&["collect", "--replay", "codingnomads-2023", "--quiet"]).success();
    workdir.write("two-words", "not a-token\n");
    workdir.write("two-words.csv", "one,two\n1,2\n");
    workdir.write("odd.toml", "titel = 1\n");
    workdir.write("stars.csv", "Name,Stars,Day\nRedis,1,2026-01-01\n");
    let unscheduled = "title = \"Mine\"\n[[metrics]]\nid = \"all\"\nquery = \"{query}\"\n\
                       [[frameworks]]\nname = \"axum\"\n";
    workdir.write("unscheduled.toml", unscheduled);
    let words: Vec<String> =
        command.split(' ').map(|word| word.replace("REPLAY", REPLAY)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Nothing listens there.
    workdir.run_command(workdir.command(&words).env("GITHUB_API_URL", "http://127.0.0.1:9"))
}

/// Takes out what is another tomorrow, or on another system.
fn masked(stderr: &str) -> String {
    let mut masked = mask_moments(stderr);
    for (start, length, what) in [
        ("today is ", 10, "[day]"),
        ("pushed:>=", 10, "[day]"),
        ("a time that is over, such as `--from ", 7, "[month]"),
    ] {
        if let Some(at) = masked.find(start) {
            masked.replace_range(at + start.len()..at + start.len() + length, what);
        }
    }
    let parts: Vec<&str> = masked.split("(os error ").collect();
    let numbers =
        parts.iter().skip(1).map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    let rest: String = numbers.map(|part| format!("(os error N{part}")).collect();
    format!("{}{rest}", parts[0])
}

#[test]
fn every_error_has_a_way_out() {
    let mut all = String::new();
    let mut lost = Vec::new();
    for command in WRONG {
        let Outcome { code, stdout, stderr } = run(command);
        assert!(![0, -1, 101].contains(&code), "{command}: {code}\n{stdout}{stderr}");
        let stderr = masked(&stderr);
        // A hint, or the list of what there is.
        let has_way_out = ["hint: ", "there are ", "expected ", "a moment is ", "it is "];
        if !has_way_out.iter().any(|way| stderr.contains(way)) {
            lost.push(*command);
        }
        let _ = write!(all, "===== {command}\nexit code: {code}\n{stderr}\n");
    }
    insta::assert_snapshot!(all);
    assert!(lost.is_empty(), "{lost:#?}");
}

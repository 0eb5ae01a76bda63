//! Reports on a history that has everything: ties, lower bounds, missing counts, several samples,
//! re-asks, an unfinished newest run, a renamed framework, a changed method.

use crate::workdir::{Workdir, repository_text};

fn everything() -> Workdir {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/surveys/everything.toml");
    workdir.write("config/surveys/everything.toml", survey);
    let history = repository_text("tests/data/histories/everything.csv");
    workdir.write("output/everything/history.csv", history);
    workdir
}

#[test]
fn every_format() {
    let workdir = everything();
    for format in ["table", "md", "csv", "json", "methods"] {
        let outcome = workdir.run(&["report", "--format", format]);
        insta::assert_snapshot!(format!("everything_{format}"), outcome.snapshot());
        assert_eq!(workdir.run(&["report", "--format", format]).stdout, outcome.stdout);
    }
}

#[test]
fn wide_and_narrow_terminals() {
    let workdir = everything();
    for columns in ["40", "120"] {
        let mut command = workdir.command(&["report"]);
        let outcome = workdir.run_command(command.env("COLUMNS", columns));
        insta::assert_snapshot!(format!("everything_{columns}_columns"), outcome.success());
    }
    let mut command = workdir.command(&["report"]);
    let plain = workdir.run_command(command.env("TERM", "dumb")).success();
    assert!(plain.contains('#') && !plain.contains('█'), "{plain}");
}

#[test]
fn colour_is_for_those_who_want_it() {
    let workdir = everything();
    let coloured = workdir.run(&["report", "--color", "always"]).success();
    let plain = workdir.run(&["report"]).success();
    assert!(coloured.contains("\u{1b}["));
    assert!(!plain.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_run_is_chosen_by_moment_or_id() {
    let workdir = everything();
    let run_of = |arguments: &[&str]| {
        let outcome = workdir.run(&[&["report", "--format", "json"], arguments].concat());
        let report: serde_json::Value =
            serde_json::from_str(&outcome.success()).expect("a JSON report");
        report["run"].as_str().expect("a run").to_owned()
    };
    let (first, second, third) =
        ("20261107T061702Z-1a2b", "20261114T061701Z-00ff", "20261121T061703Z-7f3a");
    assert_eq!(run_of(&[]), second, "the newest finished one");
    assert_eq!(run_of(&["--at", "2026-11-13"]), first);
    assert_eq!(run_of(&["--at", "2026-11-14"]), second);
    assert_eq!(run_of(&["--at", "2026"]), second);
    assert_eq!(run_of(&["--at", first]), first);
    assert_eq!(run_of(&["--at", third]), third, "a run that is named is taken as it is");
    let unfinished = workdir.run(&["report", "--at", third]);
    insta::assert_snapshot!(unfinished.snapshot());
}

#[test]
fn what_there_is_not_is_told() {
    let workdir = everything();
    let stderr = |arguments: &[&str]| {
        let outcome = workdir.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        outcome.stderr
    };
    insta::assert_snapshot!(
        [
            stderr(&["report", "--at", "2025"]),
            stderr(&["report", "--at", "20261107T061702Z-0000"]),
            stderr(&["report", "--at", "yesterday"]),
            stderr(&["report", "--metric", "stars"]),
            stderr(&["report", "--metric", "repositorys"]),
            stderr(&["report", "--against", "nobody-2023"]),
            stderr(&["report", "--against", "codingnomad-2023"]),
            stderr(&["report", "--against", "2023"]),
        ]
        .join("\n")
    );
    let nothing = Workdir::new().run(&["report"]);
    assert_eq!(nothing.code, 1);
    insta::assert_snapshot!(nothing.stderr);
}

#[test]
fn comparisons() {
    let workdir = everything();
    for (name, arguments) in [
        ("baseline", &["report", "--against", "kiguolis-2023"][..]),
        ("date", &["report", "--against", "2026-11-10"]),
        ("run", &["report", "--against", "20261107T061702Z-1a2b", "--format", "json"]),
        ("markdown", &["report", "--against", "2026-11-10", "--format", "md"]),
    ] {
        insta::assert_snapshot!(format!("against_{name}"), workdir.run(arguments).success());
    }
}

/// A survey of two frameworks with a run of the one source and then one of the other.
fn two_sources(before: &str, after: &str) -> Workdir {
    let workdir = Workdir::new();
    let survey = "title = \"Two\"\n[[metrics]]\nid = \"repositories\"\nquery = \"{query}\"\n\
                  [[frameworks]]\nname = \"Alpha\"\n[[frameworks]]\nname = \"Beta\"\n";
    workdir.write("config/surveys/two.toml", survey);
    let mut history = String::from(
        "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,status,source,query_text,detail\n",
    );
    for (day, source) in [(1, before), (2, after)] {
        let method = if source == "import" || source == "published" { "" } else { "aaaaaaaa" };
        for (name, count, detail) in [("Alpha", 1000, "planned 2"), ("Beta", 900, "")] {
            history.push_str(&format!(
                "2026030{day}T060000Z-0001,2026-03-0{day}T06:00:01Z,two,{name},,repositories,\
                 {method},1,1,{count},unchecked,{source},,{detail}\n"
            ));
        }
    }
    workdir.write("output/two/history.csv", history);
    workdir
}

#[test]
fn no_change_is_given_without_a_reason() {
    for (before, after, reason) in [
        ("import", "rest@github.example.com", "the run before was imported"),
        ("import", "graphql", "the run before was imported"),
        ("published", "rest", "the run before was published by others"),
        ("rest", "import", "this run was imported"),
        ("rest", "rest@github.example.com", "the run before asked another GitHub"),
    ] {
        let told = two_sources(before, after).run(&["report", "--format", "md"]).success();
        assert!(told.contains(&format!("- No change is given: {reason}.\n")), "{told}");
        assert!(!told.contains("query changed") && !told.contains("new query"), "{told}");
    }
    let told = two_sources("rest", "graphql").run(&["report", "--format", "md"]).success();
    assert!(!told.contains("No change is given"), "{told}");
}

#[test]
fn places_say_among_how_many_they_are_counted() {
    let workdir = Workdir::new();
    let history = repository_text("output/backend-frameworks/replay-codingnomads-2023.csv");
    workdir.write("output/backend-frameworks/history.csv", history);
    let against = |what: &str| {
        let arguments = ["report", "backend-frameworks", "--format", "md", "--against", what];
        workdir.run(&arguments).success()
    };
    let part = against("kiguolis-2023");
    let note = "- Places are counted among the 5 frameworks that both lists rank.\n";
    assert!(part.contains(note), "{part}");
    let all = against("codingnomads-2023");
    assert!(all.contains("Places") && !all.contains("Places are counted"), "{all}");
}

#[test]
fn imported_numbers_are_not_said_to_be_asked() {
    let workdir = two_sources("rest", "import");
    for format in ["methods", "html"] {
        if format == "html" && !cfg!(feature = "html") {
            continue;
        }
        let told = workdir.run(&["report", "--format", format]).success();
        for words in [
            "taken from elsewhere (imported), moments as in the file: 2026-03-02 06:00:01 UTC",
            "imported, of 2026-03-02, run 20260302T060000Z-0001",
            "imported, 2026-03-02 06:00:01 UTC",
        ] {
            let told = told.replace('\\', "");
            assert!(told.contains(words), "{words}: {told}");
        }
        for words in ["the answers arrived", "asked with", "counted 2026", "Counted 2026"] {
            assert!(!told.contains(words), "{words}: {told}");
        }
    }
    // Of a run of ours nothing else is said than before.
    let told = workdir.run(&["report", "--at", "2026-03-01", "--format", "methods"]).success();
    assert!(told.contains("the answers arrived") && told.contains("counted 2026-03-01"), "{told}");
    assert!(!told.contains("imported"), "{told}");
}

#[test]
fn shares_need_every_count() {
    let workdir = everything();
    let unknown = workdir.run(&["report", "--share"]).success();
    assert!(unknown.contains("No shares are given"), "{unknown}");
    assert!(!unknown.contains('%'), "{unknown}");
    let known = workdir.run(&["report", "--share", "--metric", "topic", "--top", "1"]).success();
    insta::assert_snapshot!(known);
}

#[test]
fn a_history_file_is_a_subject_too() {
    let workdir = everything();
    let by_name = workdir.run(&["report", "everything"]).success();
    assert_eq!(workdir.run(&["report", "output/everything/history.csv"]).success(), by_name);
    // Without its survey a history is taken as it is.
    std::fs::remove_file(workdir.path("config/surveys/everything.toml")).expect("a survey");
    let alone = workdir.run(&["report", "output/everything/history.csv", "--at", "2026-11-10"]);
    insta::assert_snapshot!(alone.snapshot());
}

#[test]
fn files_are_replaced_and_their_ending_chooses_the_format() {
    let workdir = everything();
    workdir.write("old.md", "old");
    let outcome = workdir.run(&["report", "--out", "old.md", "--out", "all/"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    // Not every build has them.
    let optional = ["wrote `all/page.html`\n", "wrote `all/ranking.png`\n"];
    let told = optional.iter().fold(outcome.stderr, |told, line| told.replace(line, ""));
    insta::assert_snapshot!(told);
    for (file, format) in [
        ("old.md", "md"),
        ("all/ranking.md", "md"),
        ("all/ranking.csv", "csv"),
        ("all/ranking.json", "json"),
        ("all/methods.md", "methods"),
    ] {
        assert_eq!(
            workdir.read(file),
            workdir.run(&["report", "--format", format]).stdout,
            "{file}"
        );
    }
    assert_eq!(workdir.path("all/page.html").exists(), cfg!(feature = "html"));
    assert_eq!(workdir.path("all/ranking.png").exists(), cfg!(feature = "png"));
    assert!(workdir.read("all/ranking.txt").contains('█'));
    assert!(!workdir.read("all/ranking.txt").contains('\u{1b}'));
    let refused = workdir.run(&["report", "--out", "ranking.docx"]);
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.stderr);
}

#[test]
fn a_closed_pipe_counts_as_done() {
    let workdir = everything();
    let mut command = workdir.command(&["report", "everything", "--format", "json"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    let outcome = workdir.outcome(&output);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[test]
fn a_history_is_never_written_over() {
    let workdir = everything();
    let history = workdir.read("output/everything/history.csv");
    workdir.write("backup.csv", &history);
    for out in ["output/everything/history.csv", "backup.csv"] {
        let outcome = workdir.run(&["report", "everything", "--out", out]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("is a history"), "{}", outcome.stderr);
        assert_eq!(workdir.read(out), history);
    }
    workdir.write("file", "");
    let blocked = workdir.run(&["report", "everything", "--out", "file/ranking.md"]);
    assert_eq!(blocked.code, 2, "{}", blocked.snapshot());
}

#[test]
fn the_next_command_is_about_the_same_run_and_metric() {
    let workdir = everything();
    let next = |arguments: &[&str]| {
        let outcome = workdir.run(&[arguments, &["--out", "a.md"]].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        let next = outcome.stderr.lines().find_map(|line| line.strip_prefix("next: repo-census "));
        next.expect("a command").to_owned()
    };
    assert_eq!(next(&["report", "everything"]), "report everything --format methods");
    assert_eq!(
        next(&["report", "--at", "2026-11-10", "--metric", "topic"]),
        "report --at 2026-11-10 --metric topic --format methods"
    );
    assert_eq!(
        next(&["trend", "everything", "--metric", "topic"]),
        "export everything --shape wide --metric topic --out wide.csv"
    );
}

/// As `/dev/stdout` and a named pipe are none.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt as _;
    let workdir = everything();
    let socket = workdir.path("socket.csv");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    for command in [["report", "everything"], ["trend", "everything"], ["export", "everything"]] {
        let outcome = workdir.run(&[&command[..], &["--out", "socket.csv"]].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("`socket.csv` is no file"), "{}", outcome.stderr);
        let kind = std::fs::metadata(&socket).expect("still there").file_type();
        assert!(kind.is_socket(), "{command:?}");
    }
}

#[test]
fn rows_that_cannot_be_read_are_a_note_in_every_format() {
    let workdir = everything();
    let history = workdir.read("output/everything/history.csv");
    workdir.write("output/everything/history.csv", history + "garbage\n");
    for format in ["table", "md", "json", "methods"] {
        let shown = workdir.run(&["report", "--format", format]).success();
        assert!(shown.contains("1 row of the history that cannot be read"), "{format}: {shown}");
    }
}

/// Names with what means something in some format.
const HOSTILE: [&str; 8] = [
    "a|b||c\\|d",
    "`code` ``more`` `",
    "<b>&amp; &lt;i&gt; ![x](y) *z* _u_ ~~s~~ # h",
    "\u{202e}turned\u{2066} \u{61c}round",
    "\u{200b}zero\u{feff} width",
    "=1+1, \"quoted\"; 'too'",
    "--- | ---: |",
    "日本語 עברית",
];

/// Returns how many cells a row of a table in Markdown has.
fn cells_of(row: &str) -> usize {
    let mut chars = row.chars();
    let mut pipes = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '|' => pipes += 1,
            _ => {}
        }
    }
    pipes - 1
}

#[test]
fn hostile_names_stay_names_in_every_text() {
    let workdir = Workdir::new();
    let mut text = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,\
                    repo_count,status,source,query_text,detail\n"
        .to_owned();
    for day in 1..=3 {
        for (place, name) in HOSTILE.iter().enumerate() {
            let quoted = format!("\"{}\"", name.replace('"', "\"\""));
            let detail = if place == 0 { "planned 8" } else { "" };
            // Notes name the one without a count, too.
            let (count, status) = match (place, day) {
                (3, 3) => (String::new(), "failed"),
                _ => ((9_000 - place * 1_000 + day).to_string(), "complete"),
            };
            text.push_str(&format!(
                "2026030{day}T060000Z-0001,2026-03-0{day}T06:00:01Z,hostile,{quoted},{quoted},\
                 repositories,aaaaaaaa,1,1,{count},{status},rest,{quoted},{detail}\n"
            ));
        }
    }
    workdir.write("h.csv", text);
    let is_control = |c: char| c.is_control() && c != '\n';
    let turns = |c: char| repo_census::report::is_bidi_control(c);
    for (command, formats) in [
        ("report", &["table", "md", "methods", "csv", "json"][..]),
        ("trend", &["table", "md", "csv", "json"]),
    ] {
        for format in formats {
            let at = ["--at", "20260303T060000Z-0001"];
            let more = if command == "report" { &at[..] } else { &[] };
            let all = [&[command, "h.csv", "--format", format], more].concat();
            let shown = workdir.run(&all).success();
            let what = format!("{command} {format}: {shown}");
            assert!(!shown.contains(is_control), "{what}");
            let names: Vec<String> = match *format {
                "csv" => {
                    let mut reader = csv::Reader::from_reader(shown.as_bytes());
                    let column = reader
                        .headers()
                        .expect("a header")
                        .iter()
                        .position(|name| name == "framework");
                    let rows = reader.records().map(|row| row.expect("a row"));
                    rows.map(|row| row[column.expect("a column")].to_owned()).collect()
                }
                "json" => {
                    let report: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
                    let lines = report["ranking"].as_array().or(report["trend"].as_array());
                    let name = |line: &serde_json::Value| {
                        line["framework"].as_str().expect("a name").to_owned()
                    };
                    lines.expect("lines").iter().map(name).collect()
                }
                "table" => {
                    assert!(!shown.contains(turns), "{what}");
                    continue;
                }
                _ => {
                    assert!(!shown.contains(turns), "{what}");
                    let rows: Vec<&str> =
                        shown.lines().filter(|line| line.starts_with("| ")).collect();
                    assert_eq!(rows.len(), HOSTILE.len() + 2, "{what}");
                    assert!(rows.iter().all(|row| cells_of(row) == cells_of(rows[0])), "{what}");
                    assert!(shown.contains("&amp;lt;i&amp;gt;"), "{what}");
                    // Between backticks of code a tag is none.
                    assert!(*format == "methods" || !shown.contains("<b>"), "{what}");
                    continue;
                }
            };
            let expected: std::collections::BTreeSet<&str> = HOSTILE.into_iter().collect();
            let names: std::collections::BTreeSet<&str> =
                names.iter().map(String::as_str).collect();
            assert_eq!(names, expected, "{what}");
        }
    }
}

#[cfg(not(feature = "html"))]
#[test]
fn without_the_feature_pages_are_refused_and_the_rest_is_written() {
    let workdir = everything();
    for arguments in [&["report", "--format", "html"][..], &["report", "--out", "page.html"]] {
        let refused = workdir.run(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
        assert!(refused.stderr.contains("makes no pages"), "{}", refused.stderr);
    }
    workdir.run(&["report", "--out", "all/"]).success();
    assert!(workdir.path("all/ranking.svg").exists() && !workdir.path("all/page.html").exists());
}

//! Trends and wide exports: gaps, breaks, earlier names, counts that are not complete, windows.

use crate::workdir::{Workdir, repository_text};

const HEADER: &str = "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,status,source,query_text,detail\n";

const SURVEY: &str = r#"
title = "Three of a kind"

[[metrics]]
id    = "repositories"
title = "Repositories"
query = "{query} is:public"

[[metrics]]
id    = "topic"
query = "topic:{topic}"

[[frameworks]]
name  = "Alpha"
topic = "alpha"

[[frameworks]]
name     = "Beta"
formerly = ["Old Beta"]

[[frameworks]]
name = "Comma, \"quoted\""
query = "comma"

[[notes]]
date = 2026-03-02
text = "GitHub renamed its qualifiers."
"#;

/// A row on a day of March 2026: framework, method, count, status and source, then the detail.
fn row(day: u32, what: &str, detail: &str) -> String {
    let fields: Vec<&str> = what.split('|').collect();
    let [framework, method, count, status, source] = fields[..] else { panic!("{what}") };
    format!(
        "202603{day:02}T060000Z-0001,2026-03-{day:02}T06:00:01Z,three,{framework},,repositories,\
         {method},1,1,{count},{status},{source},a query,{detail}\n"
    )
}

/// Two weeks: a renamed framework, a changed query, another API, a gap, a run that did not finish.
fn three() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("config/surveys/three.toml", SURVEY);
    let comma = "\"Comma, \"\"quoted\"\"\"";
    let mut text = HEADER.to_owned();
    let mut run = |day: u32, planned: usize, rows: &[String]| {
        for (place, what) in rows.iter().enumerate() {
            let detail = if place == 0 { format!("planned {planned}") } else { String::new() };
            text.push_str(&row(day, what, &detail));
        }
    };
    let of = |name: &str, rest: &str| format!("{name}|{rest}");
    run(
        1,
        4,
        &[
            of("Alpha", "aaaaaaaa|1000|complete|rest"),
            of("Old Beta", "bbbbbbbb|2000|complete|rest"),
            of(comma, "cccccccc|30|complete|rest"),
            of("Gone", "dddddddd|5|complete|rest"),
        ],
    );
    run(
        2,
        3,
        &[
            of("Alpha", "aaaaaaaa|1100|complete|rest"),
            of("Beta", "bbbbbbbb|2100|incomplete|rest"),
            of(comma, "cccccccc|31|complete|rest"),
        ],
    );
    // The third is missing, the fourth did not finish.
    run(4, 3, &[of("Alpha", "aaaaaaaa||failed|rest")]);
    run(
        5,
        3,
        &[
            of("Alpha", "aaaaaaaa|2400|complete|graphql"),
            of("Beta", "bbbbbbbb|2200|unchecked|rest"),
            of(comma, "eeeeeeee|900|complete|rest"),
        ],
    );
    run(
        15,
        3,
        &[
            of("Alpha", "aaaaaaaa|2500|complete|graphql"),
            of("Beta", "bbbbbbbb|2300|complete|rest"),
            of(comma, "eeeeeeee|800|complete|rest"),
        ],
    );
    workdir.write("output/three/history.csv", text);
    workdir
}

#[test]
fn every_format() {
    let workdir = three();
    for format in ["table", "md", "csv", "json"] {
        let outcome = workdir.run(&["trend", "three", "--format", format]);
        insta::assert_snapshot!(format!("three_{format}"), outcome.snapshot());
        let again = workdir.run(&["trend", "three", "--format", format]);
        assert_eq!(again.stdout, outcome.stdout);
    }
}

#[test]
fn a_wide_export_keeps_gaps_and_says_what_is_not_complete() {
    let workdir = three();
    let outcome = workdir.run(&["export", "three", "--shape", "wide"]);
    insta::assert_snapshot!(outcome.snapshot());
    let written = workdir.run(&["export", "three", "--shape", "wide", "--out", "wide.csv"]);
    assert_eq!((written.code, written.stdout.as_str()), (0, ""));
    assert!(written.stderr.contains("wrote `wide.csv`"), "{}", written.stderr);
    assert_eq!(workdir.read("wide.csv"), outcome.stdout);
}

#[test]
fn counts_from_elsewhere_are_no_other_github() {
    let sources = [
        ("import", "rest@github.example.com", "the counts of all frameworks were imported before"),
        ("published", "graphql", "the counts of all frameworks were published by others before"),
        ("rest", "import", "the counts of all frameworks are imported from here on"),
    ];
    for (before, after, words) in sources {
        let workdir = Workdir::new();
        workdir.write("config/surveys/three.toml", SURVEY);
        let method =
            |source| if ["import", "published"].contains(&source) { "" } else { "aaaaaaaa" };
        let mut text = HEADER.to_owned();
        for (day, source) in [(1, before), (2, after)] {
            for (name, detail) in
                [("Alpha", "planned 3"), ("Beta", ""), ("\"Comma, \"\"quoted\"\"\"", "")]
            {
                let what = format!("{name}|{}|1000|unchecked|{source}", method(source));
                text.push_str(&row(day, &what, detail));
            }
        }
        workdir.write("output/three/history.csv", text);
        let told = workdir.run(&["trend", "three", "--format", "md"]).success();
        let note = format!("2026-03-02: {words}; the trend begins anew.");
        assert!(told.contains(&note), "{told}");
        assert!(!told.contains("another GitHub") && !told.contains("the query changed"), "{told}");
        let json = workdir.run(&["trend", "three", "--format", "json"]).success();
        let kind = |source: &str| source.split('@').next().unwrap_or_default().to_owned();
        assert!(json.contains("\"kind\": \"source\""), "{json}");
        assert!(json.contains(&format!("\"from\": \"{}\"", kind(before))), "{json}");
        assert!(json.contains(&format!("\"to\": \"{}\"", kind(after))), "{json}");
    }
}

#[test]
fn windows_and_periods() {
    let workdir = three();
    let mut told = String::new();
    for arguments in [
        &["--since", "2026-03-05"][..],
        &["--until", "2026-03-02"],
        &["--since", "2026-03-02", "--until", "2026-03-05"],
        &["--since", "20260302T060000Z-0001", "--until", "20260305T060000Z-0001"],
        &["--per", "week"],
        &["--per", "hour", "--until", "2026-03-02"],
    ] {
        let all = [&["export", "three", "--shape", "wide", "--quiet"], arguments].concat();
        let text = workdir.run(&all).success();
        let mut rows: Vec<&str> = text.lines().skip(1).collect();
        // An hour's gaps are many and all alike.
        rows.retain(|row| !row.ends_with(",,,,") || !row.contains('T'));
        told.push_str(&format!("{}\n{}\n\n", arguments.join(" "), rows.join("\n")));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn periods_follow_the_schedule() {
    let workdir = three();
    // Sundays, to the second at which the runs of the first and the last one started.
    let scheduled =
        SURVEY.replacen("[[metrics]]", "[schedule]\ncron = \"0 6 * * 0\"\n\n[[metrics]]", 1);
    workdir.write("config/surveys/three.toml", scheduled);
    let wide = |arguments: &[&str]| {
        let all = [&["export", "three", "--shape", "wide"], arguments].concat();
        let text = workdir.run(&all).success();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        wide(&[]),
        [
            "2026-03-01,2400,2200,900,Beta (unchecked)",
            "2026-03-08,,,,",
            "2026-03-15,2500,2300,800,"
        ]
    );
    assert_eq!(wide(&["--per", "month"]), ["2026-03-01,2500,2300,800,"], "it overrules a schedule");
    let trend = workdir.run(&["trend", "three"]).success();
    let told = trend.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("weekly, Sundays at 06:00 UTC · 2 periods"), "{trend}");
    assert!(trend.contains("No finished run in 1 of 3 periods: 2026-03-08."), "{trend}");
    // Programs read the line itself, and so do people where no words fit.
    let json = workdir.run(&["trend", "three", "--format", "json"]).success();
    assert!(json.contains(r#""per": "`0 6 * * 0` UTC""#), "{json}");
    let two_days =
        SURVEY.replacen("[[metrics]]", "[schedule]\ncron = \"0 6 * * 0,3\"\n\n[[metrics]]", 1);
    workdir.write("config/surveys/three.toml", two_days);
    let markdown = workdir.run(&["trend", "three", "--format", "md"]).success();
    assert!(markdown.contains(" · by `0 6 * * 0,3` UTC · "), "{markdown}");
}

#[test]
fn a_history_of_everything_has_a_trend() {
    let workdir = Workdir::new();
    let survey = repository_text("tests/data/surveys/everything.toml");
    workdir.write("config/surveys/everything.toml", survey);
    let history = repository_text("tests/data/histories/everything.csv");
    workdir.write("output/everything/history.csv", &history);
    insta::assert_snapshot!("everything_table", workdir.run(&["trend"]).snapshot());
    let topic = workdir.run(&["trend", "--metric", "topic"]).success();
    assert!(topic.contains("Repositories with the topic"), "{topic}");
    // The last counts are those of the ranking.
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&workdir.run(arguments).success()).expect("JSON")
    };
    let trend = json(&["trend", "--format", "json"]);
    let ranking = json(&["report", "--format", "json"]);
    assert_eq!(trend["last_period"]["run"], ranking["run"]);
    for line in ranking["ranking"].as_array().expect("lines") {
        let lines = trend["trend"].as_array().expect("lines");
        let same = lines.iter().find(|other| other["framework"] == line["framework"]);
        let same = same.expect("every framework");
        assert_eq!(same["rank"], line["rank"], "{line}");
        if !line["count"].is_null() {
            assert_eq!(same["last"]["count"], line["count"], "{line}");
        }
    }
    // Without its survey a history is taken as it is.
    workdir.write("elsewhere/h.csv", history.replace(",everything,", ",unknown,"));
    insta::assert_snapshot!(
        "without_survey",
        workdir.run(&["trend", "elsewhere/h.csv"]).snapshot()
    );
}

#[test]
fn files_are_written_and_what_cannot_be_is_refused() {
    let workdir = three();
    workdir.run(&["trend", "three", "--out", "all/"]).success();
    let mut files: Vec<String> =
        workdir.files().into_iter().filter(|file| file.starts_with("all/")).collect();
    // Not every build has them.
    let pictures = files.extract_if(.., |file| file.contains(".png")).count();
    assert_eq!(pictures, if cfg!(feature = "png") { 2 } else { 0 });
    assert_eq!(
        files,
        [
            "all/ranks.svg",
            "all/trend.csv",
            "all/trend.json",
            "all/trend.md",
            "all/trend.svg",
            "all/trend.txt"
        ]
    );
    let history = workdir.read("output/three/history.csv");
    let mut told = String::new();
    for arguments in [
        &["trend", "three", "--format", "methods"][..],
        &["trend", "three", "--out", "methods.md"],
        &["trend", "three", "--metric", "stars"],
        &["trend", "three", "--since", "yesterday"],
        &["trend", "three", "--since", "2027"],
        &["trend", "three", "--since", "2026-03-04", "--until", "2026-03-04"],
        &["trend", "three", "--out", "output/three/history.csv"],
        &["export", "three", "--shape", "wide", "--out", "output/three/history.csv"],
        &["export", "three", "--shape", "wide", "--out", "wide.json"],
    ] {
        let outcome = workdir.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments:?}");
        told.push_str(&format!("{}\n{}\n", arguments.join(" "), outcome.stderr));
    }
    assert_eq!(workdir.read("output/three/history.csv"), history);
    insta::assert_snapshot!(told);
    let missing = Workdir::new().run(&["trend"]);
    assert_eq!(missing.code, 1, "{}", missing.snapshot());
}

#[test]
fn damaged_rows_and_disorder_are_told() {
    let workdir = three();
    let history = workdir.read("output/three/history.csv");
    let whole = workdir.run(&["export", "three", "--shape", "wide"]).success();
    let (header, rows) = history.split_once('\n').expect("a header");
    let moved = rows.find("20260315").expect("the last run");
    let text = format!("{header}\n{}{}garbage,\"\n", &rows[moved..], &rows[..moved]);
    workdir.write("output/three/history.csv", text);
    let outcome = workdir.run(&["export", "three", "--shape", "wide"]);
    assert_eq!(outcome.stdout, whole);
    insta::assert_snapshot!(outcome.stderr);
}

/// Returns the most memory that a trend over so many days of 24 runs of ten counts needs, in kB.
fn peak_of(days: u32) -> u64 {
    let workdir = Workdir::new();
    let mut text = HEADER.to_owned();
    for day in 0..days {
        for hour in 0..24 {
            let (month, day) = (day / 28 + 1, day % 28 + 1);
            for name in 0..10 {
                let detail = if name == 0 { "planned 10" } else { "" };
                text.push_str(&format!(
                    "2026{month:02}{day:02}T{hour:02}0000Z-0001,2026-{month:02}-{day:02}T{hour:02}:00:01Z,\
                     long,F{name},,repositories,aaaaaaaa,1,1,5,complete,rest,\"\"\"f {name}\"\"\",{detail}\n"
                ));
            }
        }
    }
    let history = workdir.write("h.csv", text);
    let history = history.to_string_lossy();
    let (outcome, peak_kb) = workdir.run_watched(&mut workdir.command(&["trend", &history]));
    assert!(outcome.success().contains("F9"));
    peak_kb
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_rows() {
    let (few, many) = (peak_of(14), peak_of(280));
    assert!(few > 0 && many < few + 3000, "{few} kB for 3,360 rows, {many} kB for 67,200");
}

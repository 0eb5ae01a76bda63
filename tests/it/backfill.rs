//! `backfill` as users see it: what is asked, kept, refused and said, and what a kill leaves.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use crate::fake_github::{FakeGithub, Fault, Population, Reply, StopsAbove, When};
use crate::github::{TOKEN, ask};
use crate::workdir::Workdir;

const SURVEY: &str = "\
title = \"Two\"

[[metrics]]
id = \"repositories\"
query = \"{query} is:public\"

[[metrics]]
id = \"active\"
query = \"{query} is:public pushed:>=2025-01-01\"

[[metrics]]
id = \"new\"
query = \"{query} is:public created:>={today-365d}\"
enabled = false

[[frameworks]]
name = \"Flask\"
language = \"Python\"

[[frameworks]]
name = \"CakePHP\"
language = \"PHP\"
";

const YEARS: [&str; 8] = ["backfill", "two", "--from", "2012", "--to", "2016", "--every", "year"];

fn workdir() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("config/surveys/two.toml", SURVEY);
    workdir
}

fn fake() -> FakeGithub {
    let population = Population::shared();
    // A window is over soon, for these tests wait in real time.
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).window(Duration::from_secs(1));
    builder.population(population, StopsAbove::default()).start()
}

#[test]
fn a_series_is_reconstructed_kept_and_told() {
    let (workdir, github) = (workdir(), fake());
    let plan = ask(&workdir, &github, &[&YEARS[..], &["--dry-run"]].concat());
    insta::assert_snapshot!("plan", plan.snapshot());
    assert!(github.requests().is_empty());
    let outcome = ask(&workdir, &github, &YEARS);
    insta::assert_snapshot!("outcome", outcome.snapshot());
    let masked = |file: &str| {
        let text = workdir.read(file).replace(github.base_url().split_at(7).1, "[host]");
        crate::github::mask_moments(&text)
    };
    insta::assert_snapshot!("points", masked("output/two/backfill.csv"));
    insta::assert_snapshot!("ranges", masked("output/two/backfill-ranges.csv"));
    let again = ask(&workdir, &github, &YEARS);
    insta::assert_snapshot!("again", again.snapshot());
    assert_eq!(github.queries().len(), 10, "nothing twice");
    // Another metric stands beside the first; its own `created:` is replaced, so it asks the same.
    let other = ask(&workdir, &github, &[&YEARS[..], &["--metric", "new"]].concat());
    assert_eq!((other.code, github.queries().len()), (0, 10), "{}", other.snapshot());
    let rows = workdir.read("output/two/backfill.csv");
    assert_eq!(rows.lines().count(), 1 + 2 * 10);
    assert!(rows.lines().all(|row| row.matches("created:").count() <= 1), "{rows}");
}

#[test]
fn what_cannot_be_reconstructed_is_refused_with_the_reason() {
    let (workdir, github) = (workdir(), fake());
    let mut told = String::new();
    for arguments in [
        &["backfill", "two", "--metric", "active"][..],
        &["backfill", "two", "--metric", "actve"],
        &["backfill", "two", "--from", "2999-01"],
        &["backfill", "two", "--from", "2020-01", "--to", "2020-06", "--every", "year"],
        &["backfill", "two", "--from", "yesterday"],
        &["backfill", "two", "--no-token", "--api", "graphql"],
    ] {
        let outcome = ask(&workdir, &github, arguments);
        let today = chrono::Utc::now().date_naive().to_string();
        let snapshot = outcome.snapshot().replace(&today, "[today]");
        told.push_str(&format!("{}\n{snapshot}\n", arguments.join(" ")));
        assert_eq!(outcome.code, 2);
    }
    insta::assert_snapshot!(told);
    assert!(github.requests().is_empty());
    assert_eq!(workdir.files(), ["config/surveys/two.toml"]);
}

#[test]
fn a_missing_answer_leaves_out_what_rests_on_it_until_it_comes() {
    let (workdir, github) = (workdir(), fake());
    let lost = "cakephp is:public created:2014-01-01T00:00:00Z..2014-12-31T23:59:59Z";
    github.add_fault(Fault::new(When::query(lost), Reply::NotFound).times(1));
    let outcome = ask(&workdir, &github, &YEARS);
    insta::assert_snapshot!(outcome.snapshot());
    let rows = workdir.read("output/two/backfill.csv");
    let failed: Vec<&str> = rows.lines().filter(|row| row.contains(",failed,")).collect();
    assert_eq!(failed.len(), 3, "{rows}");
    let asked = github.queries().len();
    assert_eq!(ask(&workdir, &github, &YEARS).code, 0);
    assert_eq!(github.queries()[asked..], [lost]);
    assert!(!workdir.read("output/two/backfill.csv").contains(",failed,"));
}

#[test]
fn a_kill_costs_the_request_in_flight_and_no_more() {
    let workdir = workdir();
    let population = Population::shared();
    let github = FakeGithub::builder()
        .user("alice", &[TOKEN])
        .population(population, StopsAbove { rest: Some(400), graphql: None })
        .latency(Duration::from_millis(2))
        .window(Duration::from_secs(1))
        .start();
    let arguments = ["backfill", "two", "--from", "2012", "--api", "rest", "--every", "year"];
    let mut kills = 0;
    for _ in 0..12 {
        let mut command = workdir.command(&arguments);
        command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(fastrand::u64(50..400)));
        let is_over = child.try_wait().expect("a child").is_some();
        child.kill().expect("a child");
        child.wait().expect("a child");
        kills += usize::from(!is_over);
    }
    assert!(kills > 3, "{kills} kills");
    let outcome = ask(&workdir, &github, &arguments);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for q in github.queries() {
        *times.entry(q).or_default() += 1;
    }
    let again: usize = times.values().map(|times| times - 1).sum();
    assert!(again <= kills, "{again} asked again after {kills} kills");
    let last = workdir.read("output/two/backfill.csv");
    let last = last.lines().rfind(|row| row.contains(",Flask,")).expect("a row").to_owned();
    let as_of = last.rsplit(',').next().expect("a day");
    let truth = population.count(&format!("flask is:public created:<={as_of}T23:59:59Z"));
    assert!(last.contains(&format!(",{truth},complete,")), "{truth}: {last}");
}

/// Every command and format that shows counts.
const SHOWN: [&[&str]; 10] = [
    &["report", "two", "--format", "table"],
    &["report", "two", "--format", "md"],
    &["report", "two", "--format", "csv"],
    &["report", "two", "--format", "json"],
    &["report", "two", "--format", "methods"],
    &["trend", "two", "--format", "table"],
    &["trend", "two", "--format", "md"],
    &["trend", "two", "--format", "csv"],
    &["trend", "two", "--format", "json"],
    &["export", "two", "--shape", "wide"],
];

#[test]
fn reconstructed_counts_show_only_on_demand_and_say_so_everywhere() {
    let (workdir, github) = (workdir(), fake());
    ask(&workdir, &github, &["collect", "two", "--quiet"]).success();
    let show = |more: &[&str]| -> Vec<String> {
        let shown = SHOWN.iter().map(|words| workdir.run(&[words, more].concat()).success());
        shown.collect()
    };
    let before = show(&[]);
    ask(&workdir, &github, &YEARS).success();
    assert_eq!(show(&[]), before, "nothing of it enters what was counted");
    for (words, text) in SHOWN.iter().zip(show(&["--reconstructed"])) {
        let label = if words[0] == "report" && words.contains(&"csv") {
            ",reconstructed@"
        } else {
            "econstructed: counts only repositories that still exist"
        };
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(label), "{words:?}: {text}");
        assert!(!text.contains("rest@"), "{words:?}: {text}");
    }
    let lines = workdir.run(&["trend", "two", "--reconstructed", "--format", "svg"]).success();
    assert!(lines.contains("stroke-dasharray=\"6 3\"") && lines.contains("reconstructed: counts"));
    let refused = workdir.run(&["report", "output/two/backfill.csv"]);
    assert_eq!(refused.code, 1, "{}", refused.snapshot());
    let import = ["import", "output/two/backfill.csv", "--into", "two"];
    assert_ne!(workdir.run(&import).code, 0);
    assert_eq!(show(&[]), before);
}

#[test]
fn the_time_of_the_article_stands_beside_the_article() {
    let (workdir, github) = (Workdir::new(), fake());
    let from = ["--from", "2021", "--to", "2024", "--every", "year", "--quiet"];
    let none = workdir.run(&["report", "backend-frameworks", "--reconstructed"]);
    ask(&workdir, &github, &[&["backfill", "backend-frameworks"], &from[..]].concat()).success();
    let report = |more: &[&str]| {
        let words = ["report", "backend-frameworks", "--reconstructed"];
        let outcome = ask(&workdir, &github, &[&words, more].concat());
        outcome.snapshot()
    };
    let told = [
        none.snapshot(),
        report(&["--at", "2023-06-30", "--against", "codingnomads-2023"]),
        report(&["--at", "2024", "--against", "2022", "--top", "3"]),
        report(&["--at", "2020-06-30"]),
        report(&["--metric", "starred"]),
        ask(&workdir, &github, &["trend", "backend-frameworks", "--reconstructed"]).snapshot(),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

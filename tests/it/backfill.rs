//! `backfill` as users see it: what is asked, kept, refused and said, and what a kill leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::fake_github::{FakeGithub, Fault, Population, Reply, SecondaryLimits, StopsAbove, When};
use crate::github::{QUERIES, TOKEN, ask};
use crate::workdir::{OPTIONAL_FORMATS, Outcome, Workdir};

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
    let whole = ask(&workdir, &github, &[&YEARS[..], &["--dry-run", "-v"]].concat()).success();
    assert_eq!(whole.matches("created:").count(), 10, "{whole}");
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
        &["backfill", "two", "--metric", "stars"],
        &["backfill", "two", "--from", "2999-01"],
        &["backfill", "two", "--from", "2007"],
        &["backfill", "two", "--from", "2015", "--to", "2012"],
        &["backfill", "two", "--from", "2015-13"],
        &["backfill", "two", "--to", "2015-02-30"],
        &["backfill", "two", "--to", "20261121T060003Z-7f3a"],
        &["backfill", "two", "--from", "2020-01", "--to", "2020-06", "--every", "year"],
        &["backfill", "two", "--from", "yesterday"],
        &["backfill", "two", "--no-token", "--api", "graphql"],
    ] {
        let outcome = ask(&workdir, &github, arguments);
        let today = chrono::Utc::now().date_naive();
        let year_ago = today.checked_sub_months(chrono::Months::new(12)).expect("a day");
        let snapshot = outcome.snapshot().replace(&today.to_string(), "[today]");
        let snapshot = snapshot.replace(&year_ago.format("%Y-%m").to_string(), "[a year ago]");
        told.push_str(&format!("{}\n{snapshot}\n", arguments.join(" ")));
        assert_eq!(outcome.code, 2);
    }
    insta::assert_snapshot!(told);
    assert!(github.requests().is_empty());
    assert_eq!(workdir.files(), ["config/surveys/two.toml"]);
    // A survey that asks nothing is refused before any of this.
    workdir.write("config/surveys/none.toml", "title = \"None\"\n");
    let none = ask(&workdir, &github, &["backfill", "none"]);
    insta::assert_snapshot!("a_survey_without_queries", none.snapshot());
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

/// The same time as [`YEARS`].
const QUARTERS: [&str; 8] =
    ["backfill", "two", "--from", "2012", "--to", "2016", "--every", "quarter"];

/// Asks for quarters until GitHub takes the token no more, in the second framework.
fn cut_short(workdir: &Workdir, github: &FakeGithub) -> Outcome {
    let last = "cakephp is:public created:2014-01-01T00:00:00Z..2014-03-31T23:59:59Z";
    github.add_fault(Fault::new(When::query(last), Reply::BadCredentials).times(1));
    let cut = ask(workdir, github, &QUARTERS);
    assert_eq!(cut.code, 4, "{}", cut.snapshot());
    cut
}

#[test]
fn a_finished_series_stays_until_the_next_one_is_whole() {
    let (workdir, github) = (workdir(), fake());
    let (file, ranges) = ("output/two/backfill.csv", "output/two/backfill-ranges.csv");
    assert_eq!(ask(&workdir, &github, &YEARS).code, 0);
    let years = workdir.read(file);
    let shown = |words: &[&str]| workdir.run(&[words, &["--reconstructed"][..]].concat()).success();
    let show = || [shown(&["report", "two"]), shown(&["trend", "two", "--format", "csv"])];
    let of_years = show();

    let cut = cut_short(&workdir, &github);
    assert!(workdir.read(ranges).lines().count() > 1 + 10, "some quarters were answered");
    assert_eq!(workdir.read(file), years, "half a series took the place of a whole one");
    assert_eq!(show(), of_years);
    let said = "`output/two/backfill.csv` still holds the earlier series (by year, 2012 to 2016)";
    assert!(cut.stderr.contains(said), "{}", cut.stderr);
    let rest = "ask only for the rest with `repo-census backfill two --from 2012 --to 2016 --every quarter";
    assert!(cut.stderr.contains(rest), "{}", cut.stderr);

    // The rest replaces it: the new days have the old ones among them, so nothing is to be said.
    let whole = ask(&workdir, &github, &QUARTERS);
    assert_eq!(whole.code, 0, "{}", whole.snapshot());
    assert_eq!(read_points(&workdir.path(file)).len(), 2 * 20);
    assert!(!whole.stderr.contains("replace"), "{}", whole.stderr);
    let queries = github.queries();
    let different: BTreeSet<&String> = queries.iter().collect();
    let again = queries.len() - different.len();
    let refused = 1 + github.refused();
    assert!(again <= refused, "{again} twice, {refused} were refused");

    // The other way round days get lost, which is told. No question is needed.
    let back = ask(&workdir, &github, &YEARS);
    let said = "they replace the earlier series (by quarter, 2012-03 to 2016-12), whose answers stay \
                in `output/two/backfill-ranges.csv`";
    assert_eq!((back.code, github.queries().len()), (0, queries.len()), "{}", back.snapshot());
    assert!(back.stderr.contains(said), "{}", back.stderr);
    assert_eq!(workdir.read(file), years);
}

#[test]
fn a_first_series_is_shown_when_it_is_whole() {
    let (workdir, github) = (workdir(), fake());
    let cut = cut_short(&workdir, &github);
    let said = "`output/two/backfill.csv` gets this series once every point was asked for";
    assert!(cut.stderr.contains(said), "{}", cut.stderr);
    for command in ["report", "trend"] {
        let shown = workdir.run(&[command, "two", "--reconstructed"]);
        assert_eq!((shown.code, shown.stdout.as_str()), (1, ""), "{}", shown.snapshot());
        let said = "the reconstructed series `output/two/backfill.csv` is not finished";
        assert!(shown.stderr.contains(said), "{}", shown.stderr);
        let said = "`output/two/backfill-ranges.csv` has the answers so far";
        assert!(shown.stderr.contains(said), "{}", shown.stderr);
        let said = "finish it with `repo-census backfill two --from 2012-01 --every quarter`, and the `--to`";
        assert!(shown.stderr.contains(said), "{}", shown.stderr);
    }
    assert_eq!(ask(&workdir, &github, &QUARTERS).code, 0);
    assert_eq!(read_points(&workdir.path("output/two/backfill.csv")).len(), 2 * 20);
    workdir.run(&["report", "two", "--reconstructed"]).success();
}

#[test]
fn a_query_that_is_always_refused_keeps_no_series_back() {
    let (workdir, github) = (workdir(), fake());
    let short = ["backfill", "two", "--from", "2012", "--to", "2014", "--every", "year"];
    assert_eq!(ask(&workdir, &github, &short).code, 0);
    let refused = "cakephp is:public created:2015-01-01T00:00:00Z..2015-12-31T23:59:59Z";
    github.add_fault(Fault::new(When::query(refused), Reply::NotFound).times(100));
    for _ in 0..2 {
        let outcome = ask(&workdir, &github, &YEARS);
        assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
        assert!(outcome.stderr.contains("`CakePHP` repositories: 3 of 5 points"));
        let rows = workdir.read("output/two/backfill.csv");
        assert_eq!(rows.lines().count(), 1 + 10, "{rows}");
        assert_eq!(rows.lines().filter(|row| row.contains(",failed,")).count(), 2, "{rows}");
        workdir.run(&["report", "two", "--reconstructed"]).success();
    }
}

/// Returns the points of a file: framework and day to count and status.
pub(crate) fn read_points(file: &Path) -> BTreeMap<(String, String), (u64, String)> {
    let mut reader = csv::Reader::from_path(file).expect("a file");
    assert_eq!(reader.headers().expect("a header").len(), 15);
    let point = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a row");
        let (framework, as_of) = (record[3].to_owned(), record[14].to_owned());
        assert!(record[11].starts_with("reconstructed@127.0.0.1:"), "{record:?}");
        ((framework, as_of), (record[9].parse().expect("a count"), record[10].to_owned()))
    };
    reader.records().map(point).collect()
}

/// Expects points of so many of the built-in frameworks for so many days, each of them the true count on
/// its day.
pub(crate) fn expect_true_points(file: &Path, (frameworks, days): (usize, usize), status: &str) {
    let points = read_points(file);
    let found: BTreeSet<&str> = points.keys().map(|(name, _)| name.as_str()).collect();
    assert_eq!((found.len(), points.len()), (frameworks, frameworks * days));
    let population = Population::shared();
    let mut truths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for framework in found {
        let like = |q: &&&str| q.contains(&framework.to_lowercase());
        let q = QUERIES.iter().find(like).expect("a query");
        let created = population.find(q).into_iter();
        let created = created.map(|place| population.get(place).created_at().to_rfc3339());
        truths.insert(framework, created.collect());
    }
    for ((framework, as_of), (count, found)) in &points {
        let truth = &truths[framework.as_str()];
        // Moments of that day are behind the day as text, those of the next one before this.
        let end = format!("{as_of}U");
        let expected = truth.partition_point(|created| *created < end) as u64;
        assert_eq!((*count, found.as_str()), (expected, status), "{framework} {as_of}");
    }
}

#[test]
fn eighteen_years_over_rest_outlast_any_kill_and_ask_nothing_twice() {
    let workdir = Workdir::new();
    let secondary = SecondaryLimits { points: 1_000_000, ..SecondaryLimits::default() };
    let github = FakeGithub::builder()
        .user("alice", &[TOKEN])
        .population(Population::shared(), StopsAbove { rest: Some(400), graphql: None })
        .search_limit_authenticated(9_000)
        .secondary_limits(secondary)
        .start();
    let arguments = ["backfill", "backend-frameworks", "--from", "2008-11", "--to", "2026-10"];
    let arguments = [&arguments[..], &["--api", "rest"]].concat();
    // The last query before each kill, which may have been in flight.
    let mut in_flight: Vec<String> = Vec::new();
    for round in 0.. {
        assert!(round < 500, "it comes to no end");
        let asked = github.queries().len();
        let mut command = workdir.command(&arguments);
        command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        std::thread::sleep(Duration::from_millis(fastrand::u64(100..2_500)));
        let is_over = child.try_wait().expect("a child").is_some();
        child.kill().expect("a child");
        let status = child.wait().expect("a child");
        if is_over {
            assert_eq!(status.code(), Some(0));
            break;
        }
        // What lies in a socket may still arrive.
        std::thread::sleep(Duration::from_millis(50));
        in_flight.extend(github.queries().split_off(asked).pop());
    }
    let queries = github.queries();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for q in &queries {
        *times.entry(q).or_default() += 1;
    }
    for (q, times) in &times {
        let kills = in_flight.iter().filter(|last| *last == q).count();
        assert!(*times <= 1 + kills, "`{q}` was asked {times} times, {kills} kills met it");
    }
    let again = queries.len() - times.len();
    assert!(in_flight.len() >= 3 && again <= in_flight.len(), "{} kills", in_flight.len());
    assert!(times.len() >= 11 * 12 * 18, "{} queries", times.len());
    assert!(github.graphql_requests().is_empty());
    let file = workdir.path("output/backend-frameworks/backfill.csv");
    expect_true_points(&file, (11, 12 * 18), "complete");
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

/// What every format of reconstructed counts says.
const LABEL: &str = "econstructed: counts only repositories that still exist";

/// Every command that shows counts with every format that it has, and whether it shows reconstructed ones.
fn shown() -> Vec<(Vec<&'static str>, bool)> {
    let mut shown = Vec::new();
    let mut add = |words: &[&'static str], formats: &[&'static str], reconstructed: bool| {
        for format in formats {
            if !OPTIONAL_FORMATS.contains(&(*format, false)) {
                shown.push(([words, &["--format", format]].concat(), reconstructed));
            }
        }
    };
    let of_ranking = ["table", "md", "csv", "json", "methods", "svg", "png", "html"];
    add(&["report", "two"], &of_ranking, true);
    add(&["trend", "two"], &["table", "md", "csv", "json", "svg", "png"], true);
    add(&["trend", "two", "--chart", "ranks"], &["svg", "png"], true);
    add(&["export", "two", "--shape", "wide"], &["csv"], true);
    add(&["export", "two", "--shape", "tidy"], &["csv", "json", "jsonl", "parquet"], false);
    add(&["export", "two"], &["xlsx"], false);
    shown
}

/// Tells whether a text has one of the counts, in full, with commas or in short.
fn has_count(text: &str, counts: &[u64]) -> bool {
    let with_commas = |count: &u64| {
        let digits = count.to_string();
        let (one, rest) = digits.split_at(3);
        let (two, three) = rest.split_at(3);
        [digits.clone(), format!("{one},{two},{three}"), format!("{one}M")]
    };
    counts.iter().flat_map(with_commas).any(|count| text.contains(&count))
}

#[test]
fn reconstructed_counts_show_only_on_demand_and_say_so_everywhere() {
    let (workdir, github) = (workdir(), fake());
    let written =
        "[after_run]\nwrite = [\"ranking.md\", \"wide.csv\", \"trend.svg\", \"trend.json\"]\n";
    let survey = SURVEY.replacen("\n\n", &format!("\n\n{written}\n"), 1);
    workdir.write("config/surveys/two.toml", survey);
    ask(&workdir, &github, &["collect", "two", "--quiet"]).success();
    let show = |words: &[&str], more: &[&str]| -> Vec<u8> {
        let output = workdir.command(&[words, more].concat()).output().expect("starts");
        let outcome =
            workdir.outcome(&std::process::Output { stdout: Vec::new(), ..output.clone() });
        assert!(outcome.code == 0, "{words:?} {more:?}: {}", outcome.snapshot());
        output.stdout
    };
    let show_all = || shown().iter().map(|(words, _)| show(words, &[])).collect::<Vec<_>>();
    let before = show_all();
    ask(&workdir, &github, &YEARS).success();
    // Numbers that nothing else has.
    let file = "output/two/backfill.csv";
    let mut counts = Vec::new();
    let mark = |(place, row): (u64, &str)| {
        let mut fields: Vec<&str> = row.split(',').collect();
        let count = 735_100_000 + 7_001_000 * place;
        let text = count.to_string();
        if place > 0 {
            counts.push(count);
            fields[9] = &text;
        }
        fields.join(",")
    };
    let marked: Vec<String> = (0..).zip(workdir.read(file).lines()).map(mark).collect();
    workdir.write(file, marked.join("\n") + "\n");
    assert_eq!(counts.len(), 10, "{marked:?}");

    assert_eq!(show_all(), before, "nothing of it enters what was counted");
    assert!(before.iter().all(|bytes| !has_count(&String::from_utf8_lossy(bytes), &counts)));
    for ((words, is_shown), before) in shown().iter().zip(&before) {
        if !is_shown {
            let refused = workdir.run(&[words, &["--reconstructed"][..]].concat());
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{words:?}");
            let said = "reconstructed counts are exported as a wide CSV only";
            assert!(refused.stderr.contains(said), "{}", refused.stderr);
            continue;
        }
        let bytes = show(words, &["--reconstructed"]);
        assert_ne!(bytes, *before, "{words:?}");
        if words.contains(&"png") {
            // Drawn from the same scene as the SVG.
            continue;
        }
        let text = String::from_utf8(bytes).expect("text");
        let is_rows = words[0] == "report" && words.contains(&"csv");
        let label = if is_rows { ",reconstructed@" } else { LABEL };
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(label) || wrapped(&text).contains(label), "{words:?}: {text}");
        assert!(!text.contains("rest@"), "{words:?}: {text}");
        let is_ranks = words.contains(&"ranks");
        assert!(is_ranks || has_count(&text, &counts), "{words:?}: {text}");
    }
    let lines = workdir.run(&["trend", "two", "--reconstructed", "--format", "svg"]).success();
    assert!(lines.contains("stroke-dasharray=\"6 3\""));

    // What a run refreshes has nothing of it either.
    ask(&workdir, &github, &["collect", "two", "--quiet"]).success();
    for name in ["ranking.md", "wide.csv", "trend.svg", "trend.json"] {
        let text = workdir.read(&format!("output/two/{name}"));
        assert!(!text.contains(LABEL) && !has_count(&text, &counts), "{name}: {text}");
    }

    // The file is no history, and no report takes its place.
    let kept = workdir.read(file);
    assert_eq!(workdir.run(&["report", file]).code, 1);
    assert_ne!(workdir.run(&["import", file, "--into", "two"]).code, 0);
    let over = workdir.run(&["report", "two", "--out", file]);
    assert_eq!((over.code, workdir.read(file) == kept), (2, true), "{}", over.snapshot());
}

/// Returns the texts of a picture, one after the other.
fn wrapped(svg: &str) -> String {
    let Ok(document) = roxmltree::Document::parse(svg) else { return String::new() };
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.filter_map(|node| node.text()).collect::<Vec<_>>().join(" ")
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

//! A run of thousands of queries that is killed, resumed, and watched for what it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{fake_many, write_survey};
use crate::fake_github::{FakeGithub, TimeModel};
use crate::github::TOKEN;
use crate::workdir::Workdir;

/// What a run may use at most, in kB. A debug build, whose code is memory too, uses two fifths more than
/// the one that ships.
const MOST_MEMORY_KB: u64 = 56_000;

fn collect(workdir: &Workdir, github: &FakeGithub, arguments: &[&str]) -> std::process::Command {
    let arguments = [&["collect", "many", "--api", "graphql"], arguments].concat();
    let mut command = workdir.command(&arguments);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    command
}

#[test]
fn a_thousand_counts_survive_kills_and_are_not_asked_twice() {
    let github = fake_many(1_000)
        .graphql_time(TimeModel::real(Duration::from_millis(60), Duration::ZERO))
        .start();
    let workdir = Workdir::new();
    let queries = write_survey(&workdir, 1_000);
    let mut in_flight: BTreeSet<String> = BTreeSet::new();
    let mut kills = 0;
    for round in 0..60 {
        // A run that was killed before its first answer left no rows to go on from.
        let resume: &[&str] = if has_rows(&workdir) { &["--resume"] } else { &[] };
        let before = github.graphql_requests().len();
        let mut child = collect(&workdir, &github, &[resume, &["--cross-check", "0"]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Documents are sent one by one, so the second tells that the first was answered, however busy
        // the machine is.
        let documents = before + fastrand::usize(1..5);
        let give_up_at = Instant::now() + Duration::from_secs(30);
        let mut ended = None;
        while github.graphql_requests().len() < documents && Instant::now() < give_up_at {
            std::thread::sleep(Duration::from_millis(10));
            ended = child.try_wait().expect("a child");
            if ended.is_some() {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..100)));
        if let Some(status) = ended.or_else(|| child.try_wait().expect("a child")) {
            assert!(status.success(), "round {round}: {status}");
            break;
        }
        child.kill().expect("a kill");
        child.wait().expect("an end");
        kills += 1;
        assert!(round < 59, "it comes to no end");
        // What was on its way when the program died may arrive a little later.
        std::thread::sleep(Duration::from_millis(300));
        let documents = github.graphql_requests();
        // Whatever was sent last may not have reached the history.
        in_flight.extend(documents.last().into_iter().flat_map(|seen| seen.queries.clone()));
    }
    assert!(kills >= 2, "{kills} kills");
    let rest = workdir.run_command(&mut collect(&workdir, &github, &["--resume"]));
    assert_eq!(rest.code, 0, "{}", rest.snapshot());
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for query in github.graphql_requests().into_iter().flat_map(|seen| seen.queries) {
        *asked.entry(query).or_default() += 1;
    }
    assert_eq!(asked.len(), queries.len());
    let twice = asked.iter().filter(|(_, times)| **times > 1);
    let wrong: Vec<_> = twice.filter(|(query, _)| !in_flight.contains(*query)).collect();
    assert!(wrong.is_empty(), "asked twice: {wrong:?}");
    expect_whole(&workdir, 1_000);
}

fn has_rows(workdir: &Workdir) -> bool {
    let history = std::fs::read_to_string(workdir.path("output/many/history.csv"));
    history.is_ok_and(|text| text.lines().count() > 1)
}

/// The history has one run with each count, and each is right.
fn expect_whole(workdir: &Workdir, frameworks: usize) {
    let path = workdir.path("output/many/history.csv");
    let mut reader = csv::Reader::from_path(path).expect("a history");
    let mut counted = BTreeSet::new();
    let mut runs = BTreeSet::new();
    for record in reader.records() {
        let record = record.expect("a row");
        let number: u64 = record[3][1..].parse().expect("a number");
        assert_eq!(record[9], (1_000 + number).to_string(), "{}", &record[3]);
        counted.insert(record[3].to_owned());
        runs.insert(record[0].to_owned());
    }
    assert_eq!((counted.len(), runs.len()), (frameworks, 1));
}

#[test]
fn ten_thousand_queries_need_little_memory() {
    let github = fake_many(10_000).start();
    let workdir = Workdir::new();
    write_survey(&workdir, 10_000);
    let (outcome, peak_kb) = workdir.run_watched(&mut collect(&workdir, &github, &[]));
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(peak_kb < MOST_MEMORY_KB, "{peak_kb} kB at its peak");
    assert!(github.graphql_requests().len() <= 200);
    expect_whole(&workdir, 10_000);
}

//! The program in a simulated time that it shares with its GitHub: days pass in seconds.
//!
//! It runs in this process, for a clock cannot be handed to another one. What is simulated is time
//! alone; sockets, files and documents are real.

mod audits;
mod clock;
mod daemon;
mod days;
mod machine;
mod past;
mod sizes;

use std::time::Duration;

use repo_census::cli;
use repo_census::clock::Clock;
use repo_census::platform::Stop;
use repo_census::settings::{Api, Environment, Layer, Setting};

use self::clock::SimulatedClock;
use crate::fake_github::{Builder, FakeGithub, SimulatedTime};
use crate::many::{self, with_counts};
use crate::workdir::Workdir;

const TOKEN: &str = "ghp_simulated";

/// 2026-11-21T00:00:00Z.
const MIDNIGHT_MS: i64 = 1_795_219_200_000;

/// A folder with a survey, a GitHub, and the time they share.
struct World {
    time: SimulatedTime,
    workdir: Workdir,
    github: FakeGithub,
}

impl World {
    /// Makes a world at midnight, in which `survey` stands as `it.toml`.
    fn new(survey: &str, set_up: impl FnOnce(Builder) -> Builder) -> Self {
        let time = SimulatedTime::starting_at_ms(MIDNIGHT_MS);
        let workdir = Workdir::new();
        workdir.write("config/surveys/it.toml", survey);
        let builder = FakeGithub::builder().user("alice", &[TOKEN]).time(&time);
        Self { github: set_up(builder).start(), time, workdir }
    }

    /// Runs the program, and returns its exit code.
    fn run(&self, arguments: &[&str]) -> u8 {
        self.run_with(arguments, Box::new(SimulatedClock(self.time.clone())), None)
    }

    /// Runs the program with a clock of its own, until it is asked to stop.
    fn run_with(&self, arguments: &[&str], clock: Box<dyn Clock>, stop: Option<Stop>) -> u8 {
        let root = Setting { value: self.workdir.path(""), layer: Layer::Default };
        let api = Setting { value: Api::Url(self.github.api_url().into()), layer: Layer::Default };
        let environment = Environment {
            root: Some(root),
            api: Some(api),
            api_url: Some(self.github.api_url().to_owned()),
            github_tokens: vec![("GH_TOKEN", TOKEN.to_owned().into())],
            ..Environment::default()
        };
        cli::run([&["repo-census", "--quiet"], arguments].concat(), environment, clock, stop)
    }

    /// Returns the rows of the history: run, framework, attempt, count, status, source.
    fn rows(&self) -> Vec<[String; 6]> {
        let path = self.workdir.path("output/it/history.csv");
        let mut reader = csv::Reader::from_path(path).expect("a history");
        let row = |record: csv::StringRecord| {
            [0, 3, 8, 9, 10, 11].map(|column| record[column].to_owned())
        };
        reader.records().map(|record| row(record.expect("a row"))).collect()
    }

    /// Returns how many searches each document had, in order.
    fn document_sizes(&self) -> Vec<usize> {
        self.github.graphql_requests().iter().map(|seen| seen.aliases.len()).collect()
    }
}

/// Returns a survey of so many frameworks; `head` stands before its metric.
fn survey_of(frameworks: usize, head: &str) -> String {
    many::survey_of("Many", head, frameworks)
}

/// Checks that the history has each framework once with its own count, cross-checks aside.
fn expect_every_count(world: &World, frameworks: usize) {
    let rows = world.rows();
    let first: Vec<&[String; 6]> = rows.iter().filter(|row| row[2] == "1").collect();
    assert_eq!(first.len(), frameworks);
    for [_, framework, _, count, status, _] in &rows {
        let number: u64 = framework[1..].parse().expect("a number");
        assert_eq!(*count, (1_000 + number).to_string(), "{framework} {status}");
    }
}

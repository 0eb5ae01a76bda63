//! REST and GraphQL side by side: requests, points, refusals and time for 11, 1,000 and 10,000
//! queries, and what the program itself computes and holds meanwhile.
//!
//! The server is the tests' own, with GitHub's limits: a search over REST takes 0.5 s, a document
//! 32 ms a count (25 in 0.8 s). Time is simulated, so that a run of hours is over in seconds; what
//! the program computes is real, measured as a process of its own against a server without delays.
//! `cargo bench --bench apis`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a benchmark looks at real clocks and prints"
)]

#[allow(unused_imports, reason = "the server's own tests do not run here")]
#[path = "../tests/it/fake_github/mod.rs"]
mod fake_github;
#[path = "../tests/it/many.rs"]
mod many;
#[path = "../tests/it/measured.rs"]
mod measured;
#[path = "../tests/it/simulated/clock.rs"]
mod simulated_clock;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fake_github::{Builder, FakeGithub, SimulatedTime, TimeModel};
use many::survey_of;
use measured::{children_computed, wait_watched};
use repo_census::cli;
use repo_census::settings::{Api, Environment, Layer, Setting};
use simulated_clock::SimulatedClock;

const TOKEN: &str = "ghp_bench";
const START_MS: i64 = 1_795_219_200_000;

fn main() {
    println!("queries  API      requests  points  refused  time at GitHub's pace");
    for queries in [11, 1_000, 10_000] {
        for api in ["rest", "graphql"] {
            let (requests, points, refused, taken) = simulate(queries, api);
            let taken = taken.as_secs_f64();
            println!(
                "{queries:>7}  {api:<7}  {requests:>8}  {points:>6}  {refused:>7}  {taken:>8.1} s"
            );
            if api == "graphql" && queries == 10_000 {
                let (computed, peak_kb) = compute(queries);
                let share = 100.0 * computed.as_secs_f64() / taken;
                println!(
                    "the program itself computes {computed:.2?} of it, {share:.2} %, and uses \
                     {peak_kb} kB of memory at most"
                );
            }
        }
    }
}

fn builder() -> Builder {
    FakeGithub::builder().user("alice", &[TOKEN])
}

fn write_survey(root: &Path, queries: usize) {
    let folder = root.join("config/surveys");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("bench.toml"), survey_of("Bench", "", queries)).expect("a survey");
}

/// Runs in simulated time; returns requests, points, refusals and the time that passed.
fn simulate(queries: usize, api: &str) -> (usize, u32, usize, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    write_survey(folder.path(), queries);
    let time = SimulatedTime::starting_at_ms(START_MS);
    let builder = builder().time(&time);
    let github = match api {
        "rest" => builder.latency(Duration::from_millis(500)),
        _ => builder.graphql_time(TimeModel::counted(Duration::ZERO, Duration::from_millis(32))),
    };
    let github = github.start();
    let url = github.api_url().to_owned();
    let environment = Environment {
        root: Some(Setting { value: folder.path().to_owned(), layer: Layer::Default }),
        api: Some(Setting { value: Api::Url(url.clone()), layer: Layer::Default }),
        api_url: Some(url),
        github_tokens: vec![("GH_TOKEN", TOKEN.to_owned().into())],
        ..Environment::default()
    };
    let arguments = ["repo-census", "collect", "bench", "--quiet", "--api", api];
    let code = cli::run(arguments, environment, Box::new(SimulatedClock(time.clone())), None);
    assert_eq!(code, 0);
    (github.requests().len(), github.graphql_points_used(), github.refused(), time.passed())
}

/// Runs the program as a process and returns what it computed, and its most memory in kB.
fn compute(queries: usize) -> (Duration, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    write_survey(folder.path(), queries);
    let github = builder().start();
    let before = children_computed();
    let mut child = Command::new(env!("CARGO_BIN_EXE_repo-census"))
        .args(["collect", "bench", "--api", "graphql", "--api-url", github.api_url()])
        .current_dir(folder.path())
        .env_clear()
        .env("GH_TOKEN", TOKEN)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let (status, peak_kb) = wait_watched(&mut child);
    assert!(status.success(), "{status}");
    (children_computed().saturating_sub(before), peak_kb)
}

//! How well a minute of GitHub's limit is used: 100 queries against a server with real windows of
//! 60 seconds and 50 ms of latency. Prints requests, refusals and time. Takes a little over three
//! minutes: `cargo bench --bench pacing`.

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

use std::process::Command;
use std::time::{Duration, Instant};

use fake_github::FakeGithub;

const QUERIES: usize = 100;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let survey = many::survey_of("Pacing", "", QUERIES);
    std::fs::write(folder.path().join("pacing.toml"), survey).expect("a survey");
    let github = FakeGithub::builder()
        .user("alice", &["ghp_pacing"])
        .latency(Duration::from_millis(50))
        .start();
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_repo-census"))
        .args(["collect", "pacing.toml", "--quiet", "--api-url", github.api_url()])
        .current_dir(folder.path())
        .env_clear()
        .env("GH_TOKEN", "ghp_pacing")
        .status()
        .expect("the program runs");
    let taken = started.elapsed();
    assert!(status.success(), "{status}");
    // Three full windows of 30, then the last ten.
    let ideal = Duration::from_secs(3 * 60);
    let ratio = taken.as_secs_f64() / ideal.as_secs_f64();
    println!(
        "{} requests, {} refused, {:.1} s, {ratio:.3} of the ideal {} s",
        github.requests().len(),
        github.refused(),
        taken.as_secs_f64(),
        ideal.as_secs()
    );
}

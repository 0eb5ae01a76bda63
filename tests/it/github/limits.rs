//! Limits obeyed and used, against a server with windows of its own.

use std::time::{Duration, Instant};

use super::{QUERIES, TOKEN, ask, fake, masked, rows};
use crate::fake_github::{Fault, Reply, When};
use crate::workdir::Workdir;

#[test]
fn without_a_token_ten_at_once_and_the_eleventh_in_the_next_window() {
    let github = fake().window(Duration::from_secs(6)).start();
    let workdir = Workdir::new();
    let mut command = workdir.command(&["collect", "--no-token"]);
    command.env("GITHUB_API_URL", github.api_url());
    let started = Instant::now();
    let outcome = masked(workdir.run_command(&mut command), &github);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    insta::assert_snapshot!(outcome.stderr);
    assert_eq!((github.queries().len(), github.refused()), (QUERIES.len(), 0));
    let requests = github.requests();
    let first = requests[0].received_at;
    assert!(requests[9].received_at - first < Duration::from_secs(3), "ten at once");
    assert!(requests[10].received_at - first >= Duration::from_secs(6), "then the next window");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(requests.iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn two_tokens_of_one_user_share_a_window() {
    let github = fake().search_limit_authenticated(12).window(Duration::from_secs(5)).start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "--quiet"]).code, 0);
    let mut command = workdir.command(&["collect", "--quiet"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", "ghp_alicetwo");
    let second = workdir.run_command(&mut command);
    assert_eq!(second.code, 0, "{}", second.snapshot());
    assert_eq!(github.refused(), 0, "what is left of the window is told by the first answer");
}

#[test]
fn a_used_up_limit_is_waited_for() {
    let github = fake().window(Duration::from_secs(4)).start();
    github.eat(30);
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(outcome.stderr.contains("because GitHub's limit is used up"), "{}", outcome.stderr);
    assert!(github.refused() <= 1, "{} refused", github.refused());
    assert_eq!(rows(&workdir, &github).len(), 11);
}

#[test]
fn patience_ends_with_try_again_later() {
    let github = fake().fault(Fault::new(When::Always, Reply::secondary_limit(600))).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--max-wait", "2s"]);
    assert_eq!(outcome.code, 75);
    insta::assert_snapshot!(outcome.stderr);
    assert_eq!(github.requests().len(), 1);
    // With something counted the run is unfinished instead, and is finished later.
    let github = fake().fault(Fault::new(When::Nth(4), Reply::secondary_limit(4)).times(1)).start();
    let partial = ask(&workdir, &github, &["collect", "--max-wait", "2s"]);
    assert_eq!(partial.code, 3);
    insta::assert_snapshot!(partial.stderr);
    let resumed = ask(&workdir, &github, &["collect", "--resume", "--quiet"]);
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert_eq!(github.queries().len(), 4 + 8);
    let requests = github.requests();
    let pause = requests[4].received_at - requests[3].received_at;
    assert!(pause >= Duration::from_secs(3), "the later process keeps the pause: {pause:?}");
}

#[test]
fn the_whole_run_can_be_bounded() {
    let github = fake().start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--pace", "1s", "--max-time", "2500ms"]);
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    let headline = "error: `--max-time` cut the run short; it lacks 8 of 11 counts\n";
    assert!(outcome.stderr.contains(headline), "{}", outcome.stderr);
    assert_eq!(rows(&workdir, &github).len(), 3);
}

#[test]
fn the_whole_run_is_bounded_when_answers_are_slow() {
    let github = fake().latency(Duration::from_millis(700)).start();
    let workdir = Workdir::new();
    let started = Instant::now();
    let outcome = ask(&workdir, &github, &["collect", "--max-time", "2s"]);
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_long_ban_is_not_cut_short() {
    let github =
        fake().fault(Fault::new(When::Nth(2), Reply::secondary_limit(7200)).times(1)).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--max-wait", "3h"]);
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    assert_eq!(github.requests().len(), 2);
}

#[test]
fn the_same_refusal_of_everything_ends_the_run() {
    let github = fake().fault(Fault::new(When::Always, Reply::WrongType)).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect"]);
    assert_eq!(outcome.code, 1, "{}", outcome.snapshot());
    assert_eq!(github.requests().len(), 5, "a captive portal answers everything alike");
    assert!(outcome.stderr.contains("Guest network"), "{}", outcome.stderr);
}

#[test]
fn clocks_may_differ() {
    for offset in [-300, 300] {
        let github = fake()
            .search_limit_authenticated(6)
            .window(Duration::from_secs(5))
            .clock_offset_s(offset)
            .start();
        let workdir = Workdir::new();
        let started = Instant::now();
        let outcome = ask(&workdir, &github, &["collect", "--quiet"]);
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        assert_eq!(github.refused(), 0, "{offset}");
        assert!(started.elapsed() < Duration::from_secs(20), "{offset}: {:?}", started.elapsed());
    }
}

#[test]
fn a_signal_ends_a_wait() {
    let github = fake().fault(Fault::new(When::Nth(3), Reply::secondary_limit(600))).start();
    let workdir = Workdir::new();
    let mut command = workdir.command(&["collect", "-v"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let child = command.spawn().expect("starts");
    let give_up_at = Instant::now() + Duration::from_secs(10);
    while github.requests().len() < 3 {
        assert!(Instant::now() < give_up_at, "three requests come");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(200));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a process");
    let asked_at = Instant::now();
    let outcome = workdir.outcome(&child.wait_with_output().expect("ends"));
    assert!(asked_at.elapsed() < Duration::from_secs(2));
    assert_eq!(outcome.code, 143, "{}", outcome.snapshot());
    assert!(outcome.stderr.contains("interrupted; 2 of 11 counts"), "{}", outcome.stderr);
}

//! `health` and the `health.json` that runs leave.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake_github::{FakeGithub, Fault, Reply, When};
use crate::github::{TOKEN, ask, fake, mask_moments};
use crate::workdir::{Outcome, Workdir};

const HISTORY: &str = "output/backend-frameworks/history.csv";
const LEFT: &str = "output/backend-frameworks/health.json";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns a text without days and minutes.
fn masked(text: &str) -> String {
    let is_day = |word: &str| word.len() == 10 && word.matches('-').count() == 2;
    let is_minute = |word: &str| word.len() == 5 && word.as_bytes()[2] == b':';
    let mask = |word: &str| match word {
        word if is_day(word) && word.starts_with("20") => "[day]".to_owned(),
        word if is_minute(word) => "[time]".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(mask).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}

fn snapshot(outcome: &Outcome) -> String {
    masked(&outcome.snapshot())
}

#[test]
fn a_survey_that_was_never_collected_is_overdue() {
    let workdir = Workdir::new();
    insta::assert_snapshot!("never_collected", snapshot(&workdir.run(&["health"])));
    assert_eq!(workdir.files(), [""; 0], "health writes nothing");
}

#[test]
fn a_run_leaves_what_it_heard() {
    let github = fake().token_expiry("2099-02-06 07:42:23 +0100").start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "-q"]).code, 0);
    let left = json(&workdir.read(LEFT));
    assert_eq!(left["schema_version"], 1);
    assert_eq!(left["last_run"]["counts_answered"], 11);
    assert_eq!(left["quotas"][0]["resource"], "search");
    assert_eq!(left["quotas"][0]["limit"], 30);
    assert_eq!(left["token"]["expires_at"], "2099-02-06T06:42:23Z");
    assert!(!workdir.read(LEFT).contains(TOKEN));

    let requests = github.requests().len();
    let outcome = ask(&workdir, &github, &["health"]);
    // A window of the fake may have begun anew during the run.
    let left_of_it = |left: usize| format!("{left} of 30 search");
    let text = (19..30).fold(snapshot(&outcome), |text, left| {
        text.replace(&left_of_it(left), "[left] of 30 search")
    });
    insta::assert_snapshot!("after_a_run", text);
    let told = ask(&workdir, &github, &["health", "--format", "json"]);
    let (mut told, mut left) = (json(&told.success()), left);
    // Between the two looks a second, or a due moment, may have passed; tokens and runs stay.
    for document in [&mut told, &mut left] {
        for key in ["checked_at", "due", "next_due_at", "gaps"] {
            document.as_object_mut().expect("an object").remove(key).expect(key);
        }
    }
    assert_eq!(told.to_string(), mask_moments(&left.to_string()));
    assert_eq!(
        ask(&workdir, &github, &["health", "-q"]).snapshot(),
        "exit code: 0\n----- stdout -----\n----- stderr -----\n"
    );
    assert_eq!(github.requests().len(), requests, "health asks nothing");
}

#[test]
fn a_token_that_ends_soon_is_told_and_with_a_bound_it_counts() {
    let soon = chrono::Utc::now() + chrono::TimeDelta::hours(9 * 24 + 12);
    let soon = soon.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let github = fake().token_expiry(&soon).start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "-q"]).code, 0);
    let code = |arguments: &[&str]| {
        let outcome = ask(&workdir, &github, &[&["health"], arguments].concat());
        (outcome.code, outcome.stderr.contains("the token has ended or ends soon"))
    };
    assert_eq!(code(&[]), (0, true), "nine days before");
    assert_eq!(code(&["--token-days", "9"]), (0, false));
    assert_eq!(code(&["--token-days", "10"]), (3, true));
}

#[test]
fn what_failed_leaves_its_health_too() {
    let github = FakeGithub::builder().start();
    let workdir = Workdir::new();
    let refused = ask(&workdir, &github, &["collect", "-q"]);
    assert_eq!(refused.code, 4, "{}", refused.snapshot());
    let left = json(&workdir.read(LEFT));
    assert_eq!(left["token"]["refused"], true);
    assert_eq!(left["last_run"], Value::Null);
    let outcome = ask(&workdir, &github, &["health"]);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("GitHub refused the token when it was last asked"));

    // A partial run, by which the token is known to be good again.
    let fault = Fault::new(When::query("flask is:public"), Reply::NotFound);
    let github = fake().fault(fault).start();
    let partial = ask(&workdir, &github, &["collect", "-q"]);
    assert_eq!(partial.code, 3, "{}", partial.snapshot());
    let left = json(&workdir.read(LEFT));
    assert_eq!(left["last_run"]["counts_missing"], 1);
    assert_eq!(left["last_finished_run"], Value::Null);
    assert_eq!(left["token"]["refused"], false);
}

#[test]
fn a_run_that_was_not_finished_is_told_with_the_way_to_finish_it() {
    let github = fake().start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "-q"]).code, 0);
    let sound = ask(&workdir, &github, &["health"]);
    assert_eq!((sound.code, sound.stderr.contains("--resume")), (0, false));
    let fault = Fault::new(When::query("flask is:public"), Reply::NotFound);
    let failing = fake().fault(fault).start();
    assert_eq!(ask(&workdir, &failing, &["collect", "-q"]).code, 3);
    let outcome = ask(&workdir, &github, &["health"]);
    assert_eq!(outcome.code, 0, "the first run serves the period: {}", outcome.snapshot());
    let way =
        "is not finished; ask for the rest with `repo-census collect backend-frameworks --resume`";
    assert!(outcome.stderr.contains(way), "{}", outcome.snapshot());
}

#[test]
fn a_document_that_cannot_be_written_is_a_warning() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write(&format!("{LEFT}/in-the-way"), "");
    let outcome = ask(&workdir, &github, &["collect", "-q"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(
        outcome
            .stderr
            .contains("warning: `output/backend-frameworks/health.json` cannot be written")
    );
    assert_eq!(ask(&workdir, &github, &["health"]).code, 0, "it is not needed");
}

#[cfg(unix)]
#[test]
fn a_run_at_work_is_told_and_a_killed_one_is_not() {
    let github = fake().latency(Duration::from_millis(700)).start();
    let workdir = Workdir::new();
    let mut command = workdir.command(&["collect", "-q"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let mut run = command.spawn().expect("the program starts");
    let note = workdir.path("output/backend-frameworks/history.csv.holder.json");
    let give_up_at = Instant::now() + Duration::from_secs(10);
    while std::fs::read_to_string(&note).unwrap_or_default().is_empty() {
        assert!(Instant::now() < give_up_at, "the run takes the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    let during = workdir.run(&["health"]);
    assert!(run.try_wait().expect("a child").is_none(), "the run works on");
    run.kill().expect("a child");
    run.wait().expect("a child");
    assert!(note.exists(), "whoever is killed leaves the note");
    let after = workdir.run(&["health"]);
    // No run is finished yet, whoever is at work.
    assert_eq!((during.code, after.code), (3, 3), "{}", during.snapshot());
    let at_work = |outcome: &Outcome| {
        let holder = format!("  caused by: process {} on ", run.id());
        let is_told =
            outcome.stderr.contains(&holder) && outcome.stderr.contains(" has been at work ");
        (is_told, outcome.stderr.contains("collect now"))
    };
    assert_eq!(at_work(&during), (true, false), "{}", during.stderr);
    assert_eq!(at_work(&after), (false, true), "{}", after.stderr);
}

#[test]
fn odd_documents_tell_nothing() {
    let github = fake().start();
    for text in ["", "{", "null", "{\"schema_version\": 99}", "\u{0}\u{0}"] {
        let workdir = Workdir::new();
        workdir.write(LEFT, text);
        let outcome = ask(&workdir, &github, &["health", "--format", "json"]);
        assert_eq!(json(&outcome.stdout)["token"], Value::Null, "{text}");
        assert_eq!(outcome.code, 3);
    }
}

#[test]
fn health_needs_a_period_and_a_history_that_can_be_read() {
    let workdir = Workdir::new();
    workdir.write(
        "mine.toml",
        "title = \"Mine\"\n[[metrics]]\nid = \"all\"\nquery = \"{query}\"\n[[frameworks]]\nname = \"A\"\n",
    );
    workdir.write("output/backend-frameworks/history.csv", "no,history\n1,2\n");
    let outcomes = [
        workdir.run(&["health", "mine.toml"]),
        workdir.run(&["health", "mine.toml", "--per", "month", "--since", "soon"]),
        workdir.run(&["health", "mine.toml", "--per", "month", "--grace", "2d"]),
        workdir.run(&["health"]),
        workdir.run(&["health", "mine.toml", "--per", "month"]),
    ];
    let text: Vec<String> = outcomes.iter().map(snapshot).collect();
    insta::assert_snapshot!("bad_input", text.join("\n"));
}

#[test]
fn a_run_in_the_future_is_told_with_the_ways_out() {
    let github = fake().start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "-q"]).code, 0);
    let rows = workdir.read(HISTORY);
    // The run goes to 2062, wherever its id stands.
    let run = rows.lines().nth(1).and_then(|row| row.split(',').next()).expect("a run");
    let ahead = format!("2062{}", &run[4..]);
    workdir.write(HISTORY, rows.replace(run, &ahead));
    let outcome = workdir.run(&["health", "--per", "day"]);
    let told = &outcome.stderr;
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    assert!(outcome.stdout.contains("state     in the future"), "{}", outcome.stdout);
    assert!(told.contains(&format!("is `{ahead}`, but the clock says ")), "{told}");
    assert!(told.contains("by hand, or put its `.bak` back"), "{told}");
    let refused = ask(&workdir, &github, &["collect", "-q"]);
    assert_eq!(refused.code, 75, "{}", refused.snapshot());
    assert!(refused.stderr.contains("by hand, or put its `.bak` back"), "{}", refused.stderr);
    let document = json(&workdir.run(&["health", "--format", "json"]).stdout);
    assert_eq!(
        document["troubles"].as_array().map(|all| all[0].clone()),
        Some("in the future".into())
    );
}

#[test]
fn a_history_that_would_refuse_a_run_is_told_and_left_alone() {
    let github = fake().start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "-q"]).code, 0);
    let whole = workdir.read(HISTORY);
    // What was cut off is moved aside by the next run.
    workdir.write(HISTORY, format!("{whole}rubb"));
    assert_eq!(workdir.run(&["health"]).code, 0);
    let damaged = format!("{whole}rubbish\n");
    workdir.write(HISTORY, &damaged);
    let files = workdir.files();
    let outcome = workdir.run(&["health"]);
    assert_eq!(outcome.code, 3, "{}", outcome.snapshot());
    let line = format!("  caused by: line {}, the last: ", damaged.lines().count());
    assert!(outcome.stderr.contains(&line), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`repo-census repair output/"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("state     damaged"), "{}", outcome.stdout);
    assert_eq!((workdir.read(HISTORY), workdir.files()), (damaged, files));
    let refused = ask(&workdir, &github, &["collect", "-q"]);
    assert_eq!(refused.code, 1, "{}", refused.snapshot());
    assert!(refused.stderr.contains(&line), "{}", refused.stderr);
}

#[test]
fn a_history_file_is_a_subject_too() {
    let workdir = Workdir::new();
    workdir.run(&["collect", "-q", "--replay", "codingnomads-2023"]).success();
    let file = "output/backend-frameworks/replay-codingnomads-2023.csv";
    let outcome = workdir.run(&["health", file]);
    assert_eq!(outcome.code, 3, "2023 is long past");
    assert!(
        outcome.stdout.contains("last run  20231231T000000Z-2023: 11 of 11"),
        "{}",
        outcome.stdout
    );
    assert!(!workdir.path(LEFT).exists(), "a replay is no run");
}

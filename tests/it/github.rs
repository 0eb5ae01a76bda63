//! Asking GitHub over REST: what is sent, what is kept, what is said, for everything that GitHub and
//! the network can answer.

mod faults;
mod limits;
mod tokens;

use crate::fake_github::{Builder, FakeGithub, Fault, Reply, When};
use crate::workdir::{Outcome, Workdir};

pub(crate) const TOKEN: &str = "ghp_aliceone";

/// The article's eleven queries with counts that are easy to recognise.
pub(crate) const QUERIES: [&str; 11] = [
    "spring is:public",
    "django is:public",
    "laravel is:public",
    "flask is:public",
    "\"ruby on rails\" is:public",
    "express.js is:public",
    "next.js is:public",
    "\"asp.net core\" is:public",
    "nestjs is:public",
    "meteor.js is:public",
    "cakephp is:public",
];

/// A fake that knows the eleven queries and one user.
pub(crate) fn fake() -> Builder {
    let start = FakeGithub::builder().user("alice", &[TOKEN, "ghp_alicetwo"]);
    let counts =
        QUERIES.iter().zip([11_000, 10_000, 9000, 8000, 7000, 6000, 5000, 4000, 3000, 2000, 1000]);
    counts.fold(start, |builder, (query, count)| builder.count(query, count))
}

/// Runs the program against a fake, with a token.
pub(crate) fn ask(workdir: &Workdir, github: &FakeGithub, arguments: &[&str]) -> Outcome {
    let mut command = workdir.command(arguments);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    masked(workdir.run_command(&mut command), github)
}

/// Takes out of an outcome what changes from run to run.
pub(crate) fn masked(outcome: Outcome, github: &FakeGithub) -> Outcome {
    let host = host_of(github);
    let mask = |text: String| mask_moments(&text.replace(host, "[host]"));
    Outcome { stdout: mask(outcome.stdout), stderr: mask(outcome.stderr), ..outcome }
}

/// Returns the fake's host and port.
fn host_of(github: &FakeGithub) -> &str {
    let url = github.base_url();
    url.split_once("//").map_or(url, |(_, host)| host)
}

/// Replaces run ids, moments and request ids by their kind.
pub(crate) fn mask_moments(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_digit) {
        masked.push_str(&rest[..at]);
        rest = &rest[at..];
        let shapes = [
            ("dddddddd\u{54}dddddd\u{5a}-xxxx", "[run]"),
            ("dddd-dd-dd\u{54}dd:dd:dd\u{5a}", "[moment]"),
            ("dddd-dd-dd dd:dd:dd", "[moment]"),
            ("dd:dd:dd", "[time]"),
        ];
        let found = shapes.iter().find(|(shape, _)| fits(rest, shape));
        let (length, name) = found.map_or((1, &rest[..1]), |(shape, name)| (shape.len(), *name));
        masked.push_str(name);
        rest = &rest[length..];
    }
    masked.push_str(rest);
    // Answers may fall into one second or two.
    masked.replace("[moment] to [time]", "[moment]").replace("[moment] to [moment]", "[moment]")
}

fn fits(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        other => byte == other,
    };
    text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// Returns the history's rows without what changes from run to run: framework, attempt, count,
/// status, source, detail.
pub(crate) fn rows(workdir: &Workdir, github: &FakeGithub) -> Vec<String> {
    let path = "output/backend-frameworks/history.csv";
    if !workdir.path(path).exists() {
        return Vec::new();
    }
    let host = host_of(github);
    let mut reader = csv::ReaderBuilder::new().from_path(workdir.path(path)).expect("a history");
    let row = |record: csv::StringRecord| {
        let field = |column: usize| record.get(column).expect("a field").to_owned();
        let detail = match field(13).split_once("; request ") {
            Some((before, _)) => format!("{before}; request [id]"),
            None => field(13),
        };
        [field(3), field(8), field(9), field(10), field(11).replace(host, "[host]"), detail]
            .join(",")
    };
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

#[test]
fn moments_are_masked() {
    let text = "run 20261121T060003Z-7f3a at 2026-11-21 06:00:04 UTC, 06:00:05, 11 of 11";
    assert_eq!(mask_moments(text), "run [run] at [moment] UTC, [time], 11 of 11");
}

#[test]
fn eleven_requests_make_a_ranking() {
    let github = fake().start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect"]);
    insta::assert_snapshot!(outcome.snapshot());
    assert_eq!(github.queries(), QUERIES);
    assert_eq!((github.refused(), github.most_at_once(), github.malformed()), (0, 1, vec![]));
    insta::assert_snapshot!("eleven_rows", rows(&workdir, &github).join("\n"));
    for request in github.requests() {
        assert_eq!(request.method, "GET");
        assert_eq!(request.path, "/search/repositories");
        assert_eq!(request.parameter("per_page"), Some("1"));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("accept"), Some("application/vnd.github+json"));
        assert_eq!(request.header("x-github-api-version"), Some("2022-11-28"));
        assert_eq!(request.header("accept-encoding"), Some("gzip"));
        let agent = format!("repo-census/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.header("user-agent"), Some(agent.as_str()));
    }
}

#[test]
fn a_second_run_shows_what_changed() {
    let github = fake().start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect"]).code, 0);
    github.set_count("flask is:public", 9500);
    let second = ask(&workdir, &github, &["collect"]);
    insta::assert_snapshot!(second.stdout);
    let once = ask(&workdir, &github, &["collect", "--once"]);
    assert_eq!((once.code, once.stdout.as_str()), (0, ""), "{}", once.stderr);
    assert_eq!(github.requests().len(), 22, "a period with a finished run is left alone");
}

#[test]
fn a_live_run_is_recorded_and_replayed() {
    let github = fake().start();
    let workdir = Workdir::new();
    let live = ask(&workdir, &github, &["collect", "--record", "today.jsonl", "--format", "csv"]);
    assert_eq!(live.code, 0, "{}", live.snapshot());
    let recording = workdir.read("today.jsonl");
    assert_eq!(recording.lines().count(), 11);
    assert!(recording.lines().all(|line| line.contains("\"rate\":{\"resource\":\"search\"")));
    let replayed = workdir.run(&["collect", "--replay", "today.jsonl", "--format", "csv"]);
    assert_eq!(masked(replayed, &github).stdout, live.stdout);
    let history = workdir.read("output/backend-frameworks/history.csv");
    assert_eq!(workdir.read("output/backend-frameworks/replay-today.csv"), history);
}

#[test]
fn the_plan_says_how_long_it_takes() {
    let github = fake().start();
    let workdir = Workdir::new();
    let plan = ask(&workdir, &github, &["collect", "--dry-run"]);
    insta::assert_snapshot!(plan.stdout.lines().take(3).collect::<Vec<_>>().join("\n"));
    assert_eq!(github.requests().len(), 0);
    assert_eq!(workdir.files(), Vec::<String>::new());
}

#[test]
fn enterprise_servers_have_another_path() {
    let github = fake().enterprise("/api/v3").without_limits().start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert!(github.requests().iter().all(|r| r.path == "/api/v3/search/repositories"));
    // The address without the path is wrong, and the failure says so.
    let mut command = workdir.command(&["collect", "--max-time", "30s"]);
    command.env("GITHUB_API_URL", github.base_url()).env("GH_TOKEN", TOKEN);
    let wrong = masked(workdir.run_command(&mut command), &github);
    assert_eq!(wrong.code, 1, "{}", wrong.snapshot());
    assert!(wrong.stderr.contains("404"), "{}", wrong.stderr);
}

#[test]
fn tls_works_with_an_own_authority_and_without_any_bundle() {
    let github = fake().tls(true).start();
    let workdir = Workdir::new();
    let authority = workdir.write("authority.pem", github.ca_pem());
    let mut command = workdir.command(&["collect", "--quiet"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    command.env("SSL_CERT_FILE", &authority);
    let outcome = workdir.run_command(&mut command);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert_eq!(github.requests().len(), 11);
    // Without the authority the connection is refused, and the failure says why.
    let mut command = workdir.command(&["collect", "--max-wait", "1s"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let refused = masked(workdir.run_command(&mut command), &github);
    assert_eq!(refused.code, 75, "{}", refused.snapshot());
    assert_eq!(github.requests().len(), 11);
    // A machine without any certificates: plain http on loopback must work all the same.
    let plain = fake().start();
    let mut command = workdir.command(&["collect", "--quiet"]);
    command.env("GITHUB_API_URL", plain.api_url()).env("GH_TOKEN", TOKEN);
    command.env("SSL_CERT_FILE", "/nowhere/file").env("SSL_CERT_DIR", "/nowhere/folder");
    let outcome = workdir.run_command(&mut command);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
}

#[test]
fn terms_are_counted_without_a_survey() {
    let github = fake().count("topic:cli", 77).start();
    let workdir = Workdir::new();
    let terms = ["count", "django", "Ruby on Rails", "CLI tools=topic:cli"];
    let outcome = ask(&workdir, &github, &terms);
    insta::assert_snapshot!(outcome.snapshot());
    assert_eq!(github.queries(), ["django is:public", "\"ruby on rails\" is:public", "topic:cli"]);
    assert_eq!(workdir.files(), Vec::<String>::new(), "nothing is kept");
    for format in ["md", "csv", "json", "methods"] {
        let outcome = ask(&workdir, &github, &[&terms[..], &["--format", format]].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        assert!(outcome.stdout.contains("Ruby on Rails"), "{}", outcome.stdout);
    }
}

#[test]
fn terms_come_from_a_list_and_are_saved_as_a_survey() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("terms.txt", "# Python\nflask\n\nRails = \"ruby on rails\"\n");
    let arguments = ["count", "django", "--from", "terms.txt", "--save", "mine"];
    let outcome = ask(&workdir, &github, &arguments);
    insta::assert_snapshot!(outcome.snapshot());
    insta::assert_snapshot!("saved_survey", workdir.read("config/surveys/mine.toml"));
    assert_eq!(workdir.run(&["check", "mine"]).code, 0);
    let again = ask(&workdir, &github, &arguments);
    assert_eq!(again.code, 2, "a survey is never written over: {}", again.snapshot());
    for wrong in
        [&["count"][..], &["count", "lang:x"], &["count", "a", "a"], &["count", "--from", "no"]]
    {
        let outcome = ask(&workdir, &github, wrong);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{wrong:?}");
    }
    // The last term that is read of a longer list would be a part of one.
    let requests = github.requests().len();
    workdir.write("terms.txt", "django\n".repeat(150_000));
    let long = ask(&workdir, &github, &["count", "--from", "terms.txt"]);
    assert_eq!(long.code, 2, "{}", long.snapshot());
    assert!(long.stderr.contains("`terms.txt` is too long a list"), "{}", long.stderr);
    assert_eq!(github.requests().len(), requests);
}

#[test]
fn a_sudden_zero_or_fall_is_asked_for_again() {
    let github = fake().start();
    let workdir = Workdir::new();
    assert_eq!(ask(&workdir, &github, &["collect", "--quiet"]).code, 0);
    github.set_count("flask is:public", 0);
    github.set_count("django is:public", 7000);
    github.set_count("spring is:public", 9000);
    assert_eq!(ask(&workdir, &github, &["collect", "--quiet"]).code, 0);
    let asked = github.queries();
    assert_eq!(&asked[22..], ["django is:public", "flask is:public"], "behind all others");
    let rows = rows(&workdir, &github);
    let suspicious: Vec<&String> = rows.iter().filter(|row| row.contains("suspicious")).collect();
    assert_eq!(
        suspicious,
        [
            "Django,1,7000,complete,rest@[host],suspicious",
            "Flask,1,0,complete,rest@[host],suspicious"
        ]
    );
    // Asked a second time it is believed, and the next run has nothing to doubt.
    assert_eq!(ask(&workdir, &github, &["collect", "--quiet"]).code, 0);
    assert_eq!(github.queries().len(), 11 + 13 + 11);
}

#[test]
fn a_run_is_of_one_github() {
    let github = fake().fault(Fault::new(When::Nth(4), Reply::secondary_limit(3)).times(1)).start();
    let other = fake().start();
    let workdir = Workdir::new();
    let partial = ask(&workdir, &github, &["collect", "--max-wait", "1s"]);
    assert_eq!(partial.code, 3, "{}", partial.snapshot());
    let mixed = ask(&workdir, &other, &["collect", "--resume"]);
    assert_eq!(mixed.code, 2, "{}", mixed.snapshot());
    assert!(mixed.stderr.contains("was counted on"), "{}", mixed.stderr);
    assert_eq!(other.requests().len(), 0);
    let finished = ask(&workdir, &github, &["collect", "--resume", "--quiet"]);
    assert_eq!(finished.code, 0, "{}", finished.snapshot());
    // Nor is a change given from one GitHub to another.
    let elsewhere = ask(&workdir, &other, &["collect", "--format", "csv"]);
    let changes: Vec<Option<&str>> =
        elsewhere.stdout.lines().skip(1).map(|line| line.split(',').nth(10)).collect();
    assert!(changes.iter().all(|change| *change == Some("")), "{}", elsewhere.stdout);
}

#[test]
fn an_outage_is_named() {
    let workdir = Workdir::new();
    let arguments =
        ["collect", "--api-url", "http://127.0.0.1:9", "--max-wait", "0s", "--no-token"];
    let outcome = workdir.run(&arguments);
    assert_eq!(outcome.code, 75, "{}", outcome.snapshot());
    assert!(outcome.stderr.contains("`spring is:public`: no connection"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Connection refused"), "{}", outcome.stderr);
    let history = workdir.read("output/backend-frameworks/history.csv");
    assert_eq!(history.lines().count(), 2, "what became of the query is on disk: {history}");
    assert!(history.contains(",failed,rest@127.0.0.1:9,"), "{history}");
    // A run of its own follows, and the failed one can still be resumed by then.
    let again = workdir.run(&[&arguments[..], &["--resume"]].concat());
    assert_eq!(again.code, 75, "{}", again.snapshot());
}

#[test]
fn a_check_asks_for_the_limits() {
    let github = fake().token_expiry("2099-02-06 07:42:23 +0100").start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["check", "--online"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let from_token =
        outcome.stdout.split("\ntoken").nth(1).expect("a line on the token").to_owned();
    insta::assert_snapshot!(format!(
        "token{from_token}{}",
        outcome.stdout.split("\ntoken").nth(2).unwrap_or_default()
    ));
    assert!(github.requests().iter().all(|request| request.path == "/rate_limit"));
    let mut command = workdir.command(&["check", "--online"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", "ghp_wrong");
    let refused = workdir.run_command(&mut command);
    assert_eq!(refused.code, 4, "{}", refused.snapshot());
    assert!(refused.stdout.contains("GitHub refuses this token: Bad credentials"));
}

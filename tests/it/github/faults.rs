//! Everything that GitHub and the network can answer to one query of eleven. Each costs no other
//! query its answer; an answer that never came is a failed row, never a 0.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::{QUERIES, TOKEN, ask, fake, masked, rows};
use crate::at_once;
use crate::fake_github::{
    Builder, ErrorBody, FakeGithub, Fault, RateHeaders, Reply, ValidationKind, When, Wording,
};
use crate::workdir::Workdir;

/// The query that has trouble: the fourth.
const TROUBLED: &str = "flask is:public";

/// The most memory that the program may use whatever it is answered: 30 MB, and room for the pages of
/// an unoptimised build, of which the shipped one has fewer.
const MOST_MEMORY_KB: u64 = 34_000;

/// One thing that can happen.
struct Scene {
    name: &'static str,
    builder: Builder,
}

fn troubled(name: &'static str, reply: Reply) -> Scene {
    Scene { name, builder: fake().fault(Fault::new(When::query(TROUBLED), reply)) }
}

fn once(name: &'static str, reply: Reply) -> Scene {
    Scene { name, builder: fake().fault(Fault::new(When::query(TROUBLED), reply).times(1)) }
}

fn secondary(retry_after: Option<u64>, wording: Wording) -> Reply {
    Reply::SecondaryLimit { retry_after, rate_headers: true, status: 403, wording }
}

fn too_many(retry_after: Option<u64>) -> Reply {
    Reply::SecondaryLimit {
        retry_after,
        rate_headers: false,
        status: 429,
        wording: Wording::Current,
    }
}

fn scenes_of_answers() -> Vec<Scene> {
    vec![
        once("incomplete once", Reply::IncompleteResults),
        troubled("incomplete always", Reply::IncompleteResults),
        troubled("bad credentials", Reply::BadCredentials),
        troubled("too many logins", Reply::TooManyLogins),
        Scene {
            name: "primary limit",
            builder: fake()
                .window(Duration::from_secs(4))
                .fault(Fault::new(When::query(TROUBLED), Reply::PrimaryLimit).times(1)),
        },
        once("secondary limit with retry-after", secondary(Some(2), Wording::Current)),
        once("secondary limit of old servers", secondary(Some(2), Wording::AbuseDetection)),
        once("secondary limit as a page", secondary(Some(2), Wording::WhoaTherePage)),
        once("secondary limit with terms", secondary(Some(2), Wording::WithTerms)),
        once("429 secondary limit", too_many(Some(2))),
        once("429 without any mark", Reply::TooManyRequests429),
        troubled("single sign-on required", Reply::SsoRequired),
        troubled("single sign-on partial", Reply::SsoPartial),
        troubled("IP allow list", Reply::IpAllowList),
        troubled("classic token forbidden", Reply::ClassicTokenForbidden),
        troubled("no user agent page", Reply::NoUserAgentPage),
        troubled("unknown 403", Reply::UnknownForbidden403),
        troubled("404", Reply::NotFound),
        troubled("410", Reply::Gone410),
        troubled("400", Reply::BadRequest400),
        troubled("422 missing query", Reply::ValidationFailed(ValidationKind::MissingQuery)),
        troubled("422 too long", Reply::ValidationFailed(ValidationKind::TooLong)),
        troubled(
            "422 too many operators",
            Reply::ValidationFailed(ValidationKind::TooManyOperators),
        ),
        troubled("422 unknown owner", Reply::ValidationFailed(ValidationKind::UnknownOwner)),
        troubled("422 plain errors", Reply::ValidationFailed(ValidationKind::PlainTextErrors)),
        troubled("422 message only", Reply::ValidationFailed(ValidationKind::MessageOnly)),
        once("500 JSON once", Reply::ServerError(500, ErrorBody::Json)),
        once("502 page once", Reply::ServerError(502, ErrorBody::UnicornHtml)),
        once("503 JSON once", Reply::ServerError(503, ErrorBody::Json)),
        once("504 empty once", Reply::ServerError(504, ErrorBody::Empty)),
        troubled("500 always", Reply::ServerError(500, ErrorBody::Json)),
        troubled("502 page always", Reply::ServerError(502, ErrorBody::UnicornHtml)),
        troubled("503 always", Reply::ServerError(503, ErrorBody::Json)),
        troubled("504 always", Reply::ServerError(504, ErrorBody::UnicornHtml)),
    ]
}

fn scenes_of_the_wire() -> Vec<Scene> {
    let every = Duration::from_millis(300);
    vec![
        once("silence once", Reply::Silence),
        troubled("silence always", Reply::Silence),
        once("reset once", Reply::Reset),
        troubled("reset always", Reply::Reset),
        troubled("close without answer", Reply::CloseWithoutAnswer),
        once("cut body once", Reply::CutBody),
        troubled("cut body always", Reply::CutBody),
        troubled("cut gzip", Reply::CutGzip),
        troubled("wrong type", Reply::WrongType),
        troubled("bad chunk", Reply::BadChunk),
        troubled("lying length", Reply::LyingLength),
        troubled("huge", Reply::Huge(200 << 20)),
        troubled("dripping", Reply::Dripping { every }),
        troubled("gzip bomb", Reply::GzipBomb(500 << 20)),
        troubled("byte-order mark", Reply::Bom),
        once("empty body once", Reply::EmptyBody),
        troubled("empty body always", Reply::EmptyBody),
        troubled("null", Reply::JsonNull),
        troubled("array", Reply::JsonArray),
        troubled("count as text", Reply::Count(json!("8000"))),
        troubled("count negative", Reply::Count(json!(-1))),
        troubled("count fractional", Reply::Count(json!(1.5))),
        troubled("count beyond floats", Reply::RawCount("1e400")),
        troubled("count beyond 64 bits", Reply::RawCount("18446744073709551616")),
        troubled("count missing", Reply::MissingCount),
        troubled("redirect to the same host", Reply::RedirectSameHost { status: 307, hops: 3 }),
        troubled("redirects without end", Reply::RedirectLoop),
        Scene { name: "no rate headers", builder: fake().rate_headers(RateHeaders::Missing) },
        Scene {
            name: "nonsense rate headers",
            builder: fake().rate_headers(RateHeaders::Nonsense),
        },
        Scene {
            name: "reset in the past",
            builder: fake().rate_headers(RateHeaders::ResetInThePast),
        },
        Scene { name: "reset far ahead", builder: fake().rate_headers(RateHeaders::ResetFarAhead) },
        Scene { name: "clock ahead", builder: fake().clock_offset_s(300) },
        Scene { name: "clock behind", builder: fake().clock_offset_s(-300) },
        Scene { name: "nothing wrong", builder: fake() },
    ]
}

/// Plays all scenes, and tells what came of each.
fn play(scenes: Vec<Scene>) -> String {
    at_once::for_each(scenes, play_one).concat()
}

fn play_one(scene: Scene) -> String {
    let github = scene.builder.start();
    let workdir = Workdir::new();
    let arguments = ["collect", "backend-frameworks", "--format", "csv", "--timeout", "1500ms"];
    let mut command = workdir.command(&arguments);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let (outcome, peak_kb) = workdir.run_watched(&mut command);
    let outcome = masked(outcome, &github);
    assert!(peak_kb < MOST_MEMORY_KB, "{}: {peak_kb} kB at its peak", scene.name);
    expect_no_token(scene.name, &workdir, &outcome.snapshot());
    let rows = rows(&workdir, &github);
    expect_no_harm(scene.name, &github, &rows);
    let mut told = format!("===== {}\n", scene.name);
    let requests = github.queries().len();
    writeln!(told, "{requests} requests, exit code {}", outcome.code).expect("a text");
    let usual = |row: &&String| row.contains(",complete,rest@[host],") && row.contains(",1,");
    let unusual: Vec<&String> = rows.iter().filter(|row| !usual(row)).collect();
    writeln!(told, "{} usual rows", rows.len() - unusual.len()).expect("a text");
    for row in unusual {
        writeln!(told, "  {row}").expect("a text");
    }
    told.push_str(&without_waits(&outcome.stderr));
    told
}

/// The token stands in nothing that was said or written.
fn expect_no_token(scene: &str, workdir: &Workdir, said: &str) {
    assert!(!said.contains("ghp_"), "{scene}: {said}");
    for file in workdir.files() {
        let bytes = std::fs::read(workdir.path(&file)).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("ghp_"), "{scene}: {file}");
    }
}

/// Whatever happens to one query, the other ten have their answers, unless the run had to end.
fn expect_no_harm(scene: &str, github: &FakeGithub, rows: &[String]) {
    // A server that is slow itself notices late that its client has gone away.
    let slow = scene.starts_with("silence") || scene == "dripping";
    assert!(slow || github.most_at_once() == 1, "{scene}: one request at a time");
    let ends_the_run = ["bad credentials", "too many logins", "410"];
    let expected = if ends_the_run.contains(&scene) { 3 } else { QUERIES.len() - 1 };
    let others = rows.iter().filter(|row| !row.starts_with("Flask,"));
    assert_eq!(others.clone().count(), expected, "{scene}: {rows:?}");
    assert!(others.clone().all(|row| row.contains(",complete,")), "{scene}: {rows:?}");
    assert!(rows.iter().all(|row| !row.contains(",0,")), "{scene}: {rows:?}");
}

/// Leaves out when waits ended, which is drawn, and what a request was called.
fn without_waits(stderr: &str) -> String {
    let kept = stderr.lines().filter(|line| !line.starts_with("waiting until"));
    let masked = |line: &str| match line.split_once("; request ") {
        Some((before, after)) => {
            let id = after.find(' ').unwrap_or(after.len());
            format!("{before}; request [id]{}\n", &after[id..])
        }
        None => format!("{line}\n"),
    };
    kept.map(masked).collect()
}

#[test]
fn every_answer_is_understood() {
    insta::assert_snapshot!(play(scenes_of_answers()));
}

#[test]
fn nothing_on_the_wire_costs_another_query_its_answer() {
    insta::assert_snapshot!(play(scenes_of_the_wire()));
}

#[test]
fn a_redirect_to_another_host_is_followed_without_the_token() {
    let second = fake().start();
    let away = Reply::RedirectOtherHost { status: 302, location: second.api_url().to_owned() };
    let github = fake().fault(Fault::new(When::query(TROUBLED), away)).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let requests = second.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("authorization"), None);
    let row = rows(&workdir, &github).into_iter().find(|row| row.starts_with("Flask,"));
    let row = row.expect("a row");
    assert!(row.contains(",8000,complete,rest@127.0.0.1:"), "its own host: {row}");
}

#[test]
fn a_secondary_limit_without_a_time_is_a_minute() {
    let reply = secondary(None, Wording::Current);
    let github = fake().fault(Fault::new(When::query(TROUBLED), reply).times(1)).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--quiet", "--max-wait", "70s"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let requests = github.requests();
    let pause = requests[4].received_at - requests[3].received_at;
    assert!(pause >= Duration::from_secs(60), "{pause:?}");
    let gaps = requests[4..].windows(2).map(|pair| pair[1].received_at - pair[0].received_at);
    assert!(gaps.min().expect("gaps") >= Duration::from_millis(1950), "then one every two seconds");
}

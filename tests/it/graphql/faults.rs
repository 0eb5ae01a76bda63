//! Everything that can go wrong with a document, one scene each: what is asked again and how, what
//! is kept, what is said. Nowhere a 0 that GitHub did not say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{fake_many, write_survey};
use crate::at_once;
use crate::fake_github::{Builder, FakeGithub, GraphqlFault, GraphqlReply as Reply, When};
use crate::github::{TOKEN, masked};
use crate::workdir::Workdir;

/// Enough for documents of 25, 50 and 100.
const FRAMEWORKS: usize = 190;
/// In the third document, the one of a hundred.
const BAD: &str = "f120 is:public";

struct Scene {
    name: &'static str,
    builder: Builder,
}

fn scene(name: &'static str, when: When, reply: Reply) -> Scene {
    let builder = fake_many(FRAMEWORKS).graphql_fault(GraphqlFault::new(when, reply));
    Scene { name, builder }
}

/// A fault that lasts, for whatever document has the bad query.
fn lasting(name: &'static str, reply: Reply) -> Scene {
    scene(name, When::has_query(BAD), reply)
}

/// A fault of the third document alone.
fn passing(name: &'static str, reply: Reply) -> Scene {
    let fault = GraphqlFault::new(When::Nth(3), reply).times(1);
    Scene { name, builder: fake_many(FRAMEWORKS).graphql_fault(fault) }
}

fn scenes() -> Vec<Scene> {
    let query = || BAD.to_owned();
    let some = || ["f80 is:public", BAD, "f150 is:public"].map(str::to_owned).to_vec();
    let many = || (76..=175).map(|number| format!("f{number} is:public")).collect::<Vec<_>>();
    vec![
        lasting("one bad alias", Reply::BadAliasNull { query: query() }),
        passing("one bad alias, once", Reply::BadAliasNull { query: query() }),
        lasting("data null for one bad alias", Reply::BadAliasNullsAll { query: query() }),
        lasting("a null without error", Reply::NullWithoutError { query: query() }),
        lasting("a missing alias", Reply::MissingAlias { query: query() }),
        lasting("single sign-on for one alias", Reply::SamlForbidden { query: query() }),
        passing("resource limits for three", Reply::ResourceLimits { queries: some() }),
        passing(
            "resource limits for most",
            Reply::ResourceLimits { queries: many()[10..].to_vec() },
        ),
        passing("resource limits for all", Reply::ResourceLimitsWhole),
        passing("502 with HTML", Reply::Html502),
        passing("504 with HTML", Reply::Html504),
        passing("something went wrong, 502", Reply::SomethingWentWrong { status: 502 }),
        passing("something went wrong, 200", Reply::SomethingWentWrong { status: 200 }),
        passing("could not respond", Reply::CouldNotRespond504),
        passing("RATE_LIMITED", Reply::RateLimited),
        passing("RATE_LIMIT", Reply::RateLimit),
        passing("secondary limit, 403", Reply::Secondary403 { retry_after: Some(2) }),
        passing("another order", Reply::ReversedOrder),
        passing("timeout on validation", Reply::ValidationTimeout),
        passing("too many nodes", Reply::NodeLimit),
        passing("an invalid document", Reply::InvalidDocument),
        passing("silence", Reply::Silence),
        passing("reset", Reply::Reset),
        passing("half a body", Reply::CutBody),
        passing("no data", Reply::EmptyData),
        passing("captive portal", Reply::NotJson),
        lasting("one query that always times out", Reply::Html502),
        Scene { name: "nothing wrong", builder: fake_many(FRAMEWORKS) },
    ]
}

/// Plays all scenes, and tells what came of each.
fn play(scenes: Vec<Scene>) -> String {
    at_once::for_each(scenes, play_one).concat()
}

fn play_one(Scene { name, builder }: Scene) -> String {
    // Used-up points come back soon.
    let github = builder.graphql_window(std::time::Duration::from_secs(4)).start();
    let workdir = Workdir::new();
    write_survey(&workdir, FRAMEWORKS);
    let arguments = [
        "collect",
        "many",
        "--api",
        "graphql",
        "--timeout",
        "1500ms",
        "--format",
        "csv",
        "--out",
        "r.csv",
        "--max-wait",
        "90s",
    ];
    let mut command = workdir.command(&arguments);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let outcome = masked(workdir.run_command(&mut command), &github);
    assert!(!outcome.snapshot().contains("ghp_"), "{name}: {}", outcome.snapshot());
    assert!(!github.document_sent_twice_after_timeout(), "{name}");
    let mut told = format!("===== {name}\nexit code {}\n", outcome.code);
    let sizes: Vec<String> =
        github.graphql_requests().iter().map(|seen| seen.aliases.len().to_string()).collect();
    writeln!(told, "documents of {}", sizes.join(", ")).expect("a text");
    writeln!(told, "over REST: {}", github.queries().join(", ")).expect("a text");
    told.push_str(&tell_history(name, &workdir));
    told.push_str(&without_waits(&outcome.stderr));
    told
}

/// Tells how many rows of each kind there are and which are unusual, and checks every count.
fn tell_history(name: &str, workdir: &Workdir) -> String {
    let path = workdir.path("output/many/history.csv");
    let mut reader = csv::Reader::from_path(path).expect("a history");
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut unusual = String::new();
    for record in reader.records() {
        let record = record.expect("a row");
        let (framework, attempt, count) = (&record[3], &record[8], &record[9]);
        let source = record[11].split('@').next().unwrap_or_default();
        let number: u64 = framework[1..].parse().expect("a number");
        if &record[10] != "failed" {
            assert_eq!(count, (1_000 + number).to_string(), "{name}: {framework}");
        }
        let kind = format!("{}, {source}", &record[10]);
        if kind != "unchecked, graphql" {
            writeln!(unusual, "  {framework}, attempt {attempt}: {kind}").expect("a text");
        }
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<String> =
        kinds.iter().map(|(kind, rows)| format!("{rows} rows {kind}")).collect();
    format!("{}\n{unusual}", kinds.join("; "))
}

/// Leaves out when waits ended, which is drawn, and the run.
fn without_waits(stderr: &str) -> String {
    let kept = |line: &&str| {
        !["waiting until", "collecting", "kept", "next:"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    stderr.lines().filter(kept).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_fault_of_a_document_costs_no_other_count() {
    insta::assert_snapshot!(play(scenes()));
}

#[test]
fn a_secondary_limit_without_a_time_is_a_minute_also_with_200() {
    let fault = GraphqlFault::new(When::Nth(1), Reply::Secondary200).times(1);
    let github: FakeGithub = fake_many(30).graphql_fault(fault).start();
    let workdir = Workdir::new();
    write_survey(&workdir, 30);
    let mut command = workdir.command(&["collect", "many", "--api", "graphql", "--quiet"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let outcome = workdir.run_command(&mut command);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let requests = github.requests();
    let pause = requests[1].received_at - requests[0].received_at;
    assert!(pause >= std::time::Duration::from_secs(60), "{pause:?}");
    let next = requests[2].received_at - requests[1].received_at;
    assert!(next >= std::time::Duration::from_secs(6), "more time between documents: {next:?}");
}

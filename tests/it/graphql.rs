//! Asking GitHub over GraphQL: the choice of the API, batches, cross-checks, resuming.

mod faults;
mod killed;

use crate::fake_github::{
    Builder, ErrorBody, FakeGithub, Fault, GraphqlFault, GraphqlReply, Reply, When,
};
use crate::github::{QUERIES, TOKEN, ask, fake, rows};
use crate::many::{queries_of, survey_of, with_counts};
use crate::workdir::{Outcome, Workdir};

/// Writes a survey of so many frameworks as `many`, and returns its queries.
pub(crate) fn write_survey(workdir: &Workdir, frameworks: usize) -> Vec<String> {
    workdir.write("config/surveys/many.toml", survey_of("Many", "", frameworks));
    queries_of(frameworks)
}

/// A fake with one user that counts a thousand and the number for each framework.
pub(crate) fn fake_many(frameworks: usize) -> Builder {
    with_counts(FakeGithub::builder().user("alice", &[TOKEN]), frameworks)
}

#[test]
fn eleven_counts_come_in_one_document() {
    let github = fake().start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--api", "graphql"]);
    insta::assert_snapshot!(outcome.snapshot());
    insta::assert_snapshot!("eleven_rows", rows(&workdir, &github).join("\n"));
    let documents = github.graphql_requests();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].queries, QUERIES);
    assert_eq!(documents[0].cost, 1);
    assert_eq!(github.queries(), [QUERIES[0], QUERIES[10]], "the highest and the lowest count");
    assert_eq!((github.refused(), github.most_at_once()), (0, 1));
    let request = &github.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/graphql"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    // The next run asks the same API by itself, and says when it must ask another one.
    let again = ask(&workdir, &github, &["collect", "--dry-run"]);
    insta::assert_snapshot!("as_in_the_last_run", again.stdout.lines().nth(1).expect("a line"));
    let other = ask(&workdir, &github, &["collect", "--dry-run", "--no-token"]);
    insta::assert_snapshot!(
        "another_api",
        format!("{}{}", other.stderr, other.stdout.lines().nth(1).expect("a line"))
    );
}

#[test]
fn a_long_plan_chooses_graphql_and_says_why() {
    let github = fake_many(200).start();
    let workdir = Workdir::new();
    write_survey(&workdir, 200);
    let plan = ask(&workdir, &github, &["collect", "many", "--dry-run"]);
    insta::assert_snapshot!(plan.stdout.lines().nth(1).expect("a line"));
    let rest = ask(&workdir, &github, &["collect", "many", "--dry-run", "--api", "rest"]);
    insta::assert_snapshot!("forced_rest", rest.stdout.lines().nth(1).expect("a line"));
    let outcome = ask(&workdir, &github, &["collect", "many", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert_eq!(github.graphql_requests().len(), 4, "25, 50, 100, 25");
    // The survey's own word counts, and that of the command line more.
    let survey = workdir.read("config/surveys/many.toml");
    workdir.write("config/surveys/many.toml", format!("{survey}\n[collect]\napi = \"rest\"\n"));
    let plan = ask(&workdir, &github, &["collect", "many", "--dry-run"]);
    assert!(plan.stdout.contains("by REST: 200 requests"), "{}", plan.stdout);
    let plan = ask(&workdir, &github, &["collect", "many", "--dry-run", "--api", "graphql"]);
    assert!(plan.stdout.contains("by GraphQL"), "{}", plan.stdout);
}

#[test]
fn without_a_token_graphql_is_refused_with_the_way_out() {
    let github = fake().start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--api", "graphql", "--no-token"]);
    insta::assert_snapshot!(outcome.snapshot());
    assert_eq!(github.requests().len(), 0);
    assert_eq!(workdir.files(), Vec::<String>::new(), "no history is begun");
}

#[test]
fn a_difference_to_rest_is_reported() {
    let github = fake().graphql_count(QUERIES[0], 12_000).graphql_count(QUERIES[10], 1_005).start();
    let workdir = Workdir::new();
    let outcome = ask(&workdir, &github, &["collect", "--api", "graphql"]);
    insta::assert_snapshot!(outcome.stdout);
    // A check that is not answered is told, and costs nothing else.
    let trouble = Reply::ServerError(502, ErrorBody::Json);
    let github = fake().fault(Fault::new(When::query(QUERIES[10]), trouble)).start();
    let workdir = Workdir::new();
    let unchecked = ask(&workdir, &github, &["collect", "--api", "graphql"]);
    assert_eq!(unchecked.code, 0, "{}", unchecked.snapshot());
    let told = "  `CakePHP` repositories: 1,000 (502, gave up after 4 attempts; request ";
    assert!(unchecked.stderr.contains(told), "{}", unchecked.stderr);
    // Off, and for more than two.
    let github = fake().start();
    let workdir = Workdir::new();
    let none = ["collect", "--api", "graphql", "--cross-check", "0", "--quiet"];
    assert_eq!(ask(&workdir, &github, &none).code, 0);
    assert_eq!(github.queries(), Vec::<String>::new());
    let three = ["collect", "--api", "graphql", "--cross-check", "3", "--quiet"];
    assert_eq!(ask(&workdir, &github, &three).code, 0);
    assert_eq!(github.queries(), [QUERIES[0], QUERIES[1], QUERIES[10]]);
}

#[test]
fn zeros_and_falls_of_graphql_are_asked_again_over_rest() {
    let github = fake().start();
    let workdir = Workdir::new();
    let collect = ["collect", "--api", "graphql", "--cross-check", "0", "--quiet"];
    assert_eq!(ask(&workdir, &github, &collect).code, 0);
    github.set_graphql_count(QUERIES[3], 0);
    github.set_graphql_count(QUERIES[1], 7_000);
    assert_eq!(ask(&workdir, &github, &collect).code, 0);
    assert_eq!(github.queries(), [QUERIES[1], QUERIES[3]]);
    let doubted: Vec<String> =
        rows(&workdir, &github).into_iter().filter(|row| !row.contains(",1,")).collect();
    assert_eq!(
        doubted,
        ["Django,2,10000,complete,rest@[host],", "Flask,2,8000,complete,rest@[host],"]
    );
}

#[test]
fn samples_of_a_query_never_share_a_document() {
    let github = fake().start();
    let workdir = Workdir::new();
    let survey = crate::workdir::repository_text("config/surveys/backend-frameworks.toml");
    workdir.write("config/surveys/thrice.toml", survey.replace("samples = 1", "samples = 3"));
    let outcome = ask(&workdir, &github, &["collect", "thrice", "--api", "graphql"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let sizes: Vec<usize> = github.graphql_requests().iter().map(|d| d.queries.len()).collect();
    assert_eq!(sizes, [11, 11, 11]);
}

#[test]
fn a_run_over_graphql_is_recorded_and_replayed() {
    let github = fake()
        .graphql_count(QUERIES[3], 0)
        .graphql_fault(GraphqlFault::new(
            When::Nth(1),
            GraphqlReply::BadAliasNull { query: QUERIES[4].into() },
        ))
        .start();
    let workdir = Workdir::new();
    let arguments = ["collect", "--api", "graphql", "--record", "today.jsonl", "--format", "csv"];
    let live = ask(&workdir, &github, &arguments);
    assert_eq!(live.code, 0, "{}", live.snapshot());
    let replayed = workdir.run(&["collect", "--replay", "today.jsonl", "--format", "csv"]);
    assert_eq!(crate::github::masked(replayed, &github).stdout, live.stdout);
    let sorted = |file: &str| {
        let text = workdir.read(file);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // Re-asks stand where a replay asks again, so the order of the rows may differ.
    assert_eq!(
        sorted("output/backend-frameworks/replay-today.csv"),
        sorted("output/backend-frameworks/history.csv")
    );
}

#[test]
fn a_run_that_gave_up_is_resumed_over_either_api() {
    for api in ["graphql", "rest"] {
        let github = fake_many(60)
            .graphql_fault(GraphqlFault::new(
                When::Nth(2),
                GraphqlReply::Secondary403 { retry_after: Some(600) },
            ))
            .search_limit_authenticated(100)
            .start();
        let workdir = Workdir::new();
        write_survey(&workdir, 60);
        let first = ["collect", "many", "--api", "graphql", "--max-wait", "1s"];
        let partial = ask(&workdir, &github, &first);
        assert_eq!(partial.code, 3, "{}", partial.snapshot());
        std::fs::remove_file(workdir.path("output/pause.json")).expect("the pause was kept");
        let finished = resume(&workdir, &github, api);
        assert_eq!(finished.code, 0, "{}", finished.snapshot());
        let history = workdir.read("output/many/history.csv");
        let mut runs: Vec<&str> = history.lines().skip(1).map(|l| &l[..21]).collect();
        runs.dedup();
        assert_eq!(runs.len(), 1, "the same run");
        let counted: std::collections::BTreeSet<&str> =
            history.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
        assert_eq!(counted.len(), 60);
    }
}

fn resume(workdir: &Workdir, github: &FakeGithub, api: &str) -> Outcome {
    ask(workdir, github, &["collect", "many", "--resume", "--api", api, "--quiet"])
}

#[test]
fn an_edited_survey_is_finished_as_it_is_now() {
    let limit = GraphqlReply::Secondary403 { retry_after: Some(600) };
    let github =
        fake_many(40).graphql_fault(GraphqlFault::new(When::Nth(2), limit).times(1)).start();
    let workdir = Workdir::new();
    write_survey(&workdir, 30);
    let first = ["collect", "many", "--api", "graphql", "--max-wait", "1s"];
    assert_eq!(ask(&workdir, &github, &first).code, 3, "25 of 30");
    std::fs::remove_file(workdir.path("output/pause.json")).expect("the pause was kept");
    // F26 to F30 go, and F1 to F4; F31 and F32 come.
    write_survey(&workdir, 32);
    let survey = workdir.read("config/surveys/many.toml");
    let gone = |number: usize| (1..=4).contains(&number) || (26..=30).contains(&number);
    let mut edited = survey;
    for number in (1..=30).filter(|number| gone(*number)) {
        edited = edited.replace(&format!("\n[[frameworks]]\nname = \"F{number}\"\n"), "");
    }
    workdir.write("config/surveys/many.toml", edited);
    let finished = ask(&workdir, &github, &["collect", "many", "--resume", "--cross-check", "0"]);
    assert_eq!(finished.code, 0, "{}", finished.snapshot());
    insta::assert_snapshot!(finished.stdout);
    let asked = github.graphql_requests().last().expect("a document").queries.clone();
    assert_eq!(asked, ["f31 is:public", "f32 is:public"], "only what is new");
}

#[test]
fn a_run_that_lacks_only_what_was_taken_out_is_finished_by_one_answer() {
    let limit = GraphqlReply::Secondary403 { retry_after: Some(600) };
    let github =
        fake_many(30).graphql_fault(GraphqlFault::new(When::Nth(2), limit).times(1)).start();
    let workdir = Workdir::new();
    write_survey(&workdir, 30);
    let first = ["collect", "many", "--api", "graphql", "--max-wait", "1s"];
    assert_eq!(ask(&workdir, &github, &first).code, 3, "25 of 30");
    std::fs::remove_file(workdir.path("output/pause.json")).expect("the pause was kept");
    write_survey(&workdir, 25);
    let resume = ["collect", "many", "--resume", "--cross-check", "0", "--quiet"];
    let finished = ask(&workdir, &github, &resume);
    assert_eq!(finished.code, 0, "{}", finished.snapshot());
    assert_eq!(github.graphql_requests().last().expect("a document").queries, ["f1 is:public"]);
    let again = ask(&workdir, &github, &["collect", "many", "--resume"]);
    assert!(again.stderr.contains("is finished: 25 of 25"), "{}", again.stderr);
}

#[test]
fn a_doubted_zero_is_believed_only_with_a_second_answer() {
    // Over GraphQL a zero, and REST is in trouble.
    let github = fake()
        .graphql_count(QUERIES[3], 0)
        .fault(
            Fault::new(When::query(QUERIES[3]), Reply::ServerError(503, ErrorBody::UnicornHtml))
                .times(4),
        )
        .start();
    let workdir = Workdir::new();
    let arguments = ["collect", "--api", "graphql", "--cross-check", "0"];
    let doubted = ask(&workdir, &github, &arguments);
    assert_eq!(doubted.code, 3, "{}", doubted.snapshot());
    assert!(doubted.stderr.contains("`Flask` repositories: 0 is doubted"), "{}", doubted.stderr);
    // The next process confirms it over REST, not with the API that said it.
    let before = github.graphql_requests().len();
    let resumed = ask(&workdir, &github, &["collect", "--api", "graphql", "--resume", "--quiet"]);
    assert_eq!(resumed.code, 0, "{}", resumed.snapshot());
    assert_eq!(github.graphql_requests().len(), before);
    let last = rows(&workdir, &github).into_iter().rfind(|row| row.starts_with("Flask,"));
    assert_eq!(last.as_deref(), Some("Flask,3,8000,complete,rest@[host],planned 11"));
}

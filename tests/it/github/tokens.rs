//! Where tokens are found, where they may go, and that they appear nowhere.

use super::{QUERIES, TOKEN, ask, fake, masked};
use crate::fake_github::{ErrorBody, FakeGithub, Fault, Reply, When};
use crate::workdir::{Outcome, Workdir};

fn with_environment(workdir: &Workdir, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let mut command = workdir.command(arguments);
    command.envs(variables.iter().copied());
    workdir.run_command(&mut command)
}

fn authorization(github: &FakeGithub) -> Vec<Option<String>> {
    let requests = github.requests();
    requests.iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
}

/// Variables, flags, and the token that is sent.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], Option<&'a str>);

#[test]
fn tokens_are_found_in_their_order() {
    let github = FakeGithub::builder()
        .user("a", &["ghp_file"])
        .user("b", &["ghp_gh"])
        .user("c", &["ghp_github"])
        .user("d", &["ghp_systemd"])
        .user("e", &["ghp_settings"])
        .start();
    let workdir = Workdir::new();
    let file = workdir.write("token", "ghp_file\n");
    workdir.write("credentials/github-token", "ghp_systemd\n");
    workdir.write("home/.config/repo-census/token", "ghp_settings\n");
    let url = github.api_url();
    let settings = format!("api_url = \"{url}\"\ntoken_file = \"token\"\n");
    workdir.write("home/.config/repo-census/settings.toml", settings);
    let credentials = workdir.path("credentials");
    let credentials = credentials.to_str().expect("a path");
    let file = file.to_str().expect("a path");
    let count = ["count", "x", "--quiet"];
    let all = [
        ("GH_TOKEN", "ghp_gh"),
        ("GITHUB_TOKEN", "ghp_github"),
        ("CREDENTIALS_DIRECTORY", credentials),
    ];
    let cases: [Case<'_>; 6] = [
        (&all, &["--token-file", file], Some("ghp_file")),
        (&all, &["--no-token"], None),
        (&all, &[], Some("ghp_gh")),
        (&all[1..], &[], Some("ghp_github")),
        (&all[2..], &[], Some("ghp_systemd")),
        (&[], &[], Some("ghp_settings")),
    ];
    for (variables, flags, token) in cases {
        let outcome = with_environment(&workdir, variables, &[&count[..], flags].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        let expected = token.map(|token| format!("Bearer {token}"));
        assert_eq!(authorization(&github).last(), Some(&expected), "{flags:?}");
    }
}

#[test]
fn a_place_that_was_named_is_never_passed_over() {
    let github = fake().start();
    let workdir = Workdir::new();
    workdir.write("empty", "\n");
    let mut said = String::new();
    for file in ["nowhere", "empty"] {
        let outcome = ask(&workdir, &github, &["count", "x", "--token-file", file]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
        said.push_str(&outcome.stderr);
    }
    for url in
        ["http://github.example.com/api/v3", "https://user:pass@github.example.com", "nonsense"]
    {
        let arguments = ["count", "x", "--api-url", url];
        let outcome = with_environment(&workdir, &[("GH_ENTERPRISE_TOKEN", "ghp_e")], &arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{url}: {}", outcome.stderr);
        said.push_str(&outcome.stderr);
    }
    insta::assert_snapshot!(said);
    assert_eq!(github.requests().len(), 0);
}

#[test]
fn no_proxy_sees_the_token_on_its_way_to_this_machine() {
    let (github, proxy) = (fake().start(), fake().start());
    let workdir = Workdir::new();
    let variables = [
        ("GITHUB_API_URL", github.api_url()),
        ("GH_TOKEN", TOKEN),
        ("http_proxy", proxy.base_url()),
        ("ALL_PROXY", proxy.base_url()),
    ];
    let outcome = with_environment(&workdir, &variables, &["collect", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert_eq!((github.requests().len(), proxy.requests().len()), (11, 0));
}

#[test]
fn other_hosts_are_reached_by_the_proxy_of_the_environment() {
    let proxy = fake().start();
    let workdir = Workdir::new();
    let variables = [("http_proxy", proxy.base_url())];
    let arguments = [
        "count",
        "x",
        "--no-token",
        "--api-url",
        "http://github.example.com/api/v3",
        "--max-wait",
        "0s",
    ];
    with_environment(&workdir, &variables, &arguments);
    // The fake is no proxy and refuses the full address, but it was asked.
    let asked = proxy.malformed().len() + proxy.requests().len();
    assert!(asked > 0, "the proxy was asked");
}

#[test]
fn a_bad_token_ends_the_run_at_once() {
    let github = fake().start();
    let workdir = Workdir::new();
    let variables = [("GITHUB_API_URL", github.api_url()), ("GH_TOKEN", "ghp_revoked")];
    let mut command = workdir.command(&["collect"]);
    let outcome = masked(workdir.run_command(command.envs(variables)), &github);
    assert_eq!(outcome.code, 4);
    insta::assert_snapshot!(outcome.stderr);
    assert_eq!(github.requests().len(), 1, "a bad token is never tried again");
}

#[test]
fn a_checkout_can_neither_change_the_host_nor_see_the_token() {
    let github = fake().start();
    let foreign = fake().start();
    let workdir = Workdir::new();
    // Files that a stranger's checkout might bring along.
    let settings = format!("api_url = \"{}\"\ntoken_file = \"t\"\n", foreign.api_url());
    for place in [
        "settings.toml",
        "config/settings.toml",
        ".config/repo-census/settings.toml",
        "repo-census.toml",
    ] {
        workdir.write(place, &settings);
    }
    let survey = format!(
        "title = \"Mine\"\napi_url = \"{}\"\n\n[after_run]\ncommand = \"touch ran\"\n\n[[metrics]]\n\
         id = \"m\"\nquery = \"{{query}}\"\n\n[[frameworks]]\nname = \"X\"\n",
        foreign.api_url()
    );
    workdir.write("config/surveys/mine.toml", survey);
    let refused = ask(&workdir, &github, &["collect", "mine"]);
    assert_eq!(refused.code, 2, "{}", refused.snapshot());
    let outcome = ask(&workdir, &github, &["collect", "backend-frameworks", "--quiet"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    assert_eq!((github.requests().len(), foreign.requests().len()), (11, 0));
    assert!(!workdir.path("ran").exists());
}

#[test]
fn the_token_appears_nowhere() {
    let second = fake().start();
    let away = second.api_url();
    let echo = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{{\"message\":\"You sent Bearer {TOKEN} and ghp_other1\"}}",
        44 + TOKEN.len()
    );
    let faults = [
        Reply::Raw(echo.into_bytes()),
        Reply::BadCredentials,
        Reply::SsoRequired,
        Reply::ServerError(502, ErrorBody::UnicornHtml),
        Reply::WrongType,
        Reply::CloseWithoutAnswer,
        Reply::RedirectOtherHost { status: 302, location: away.to_owned() },
        Reply::RedirectLoop,
        Reply::IncompleteResults,
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        let github = fake().fault(Fault::new(When::query(QUERIES[3]), fault)).start();
        let workdir = Workdir::new();
        let flags = ["--max-wait", "2s", "-vv"];
        let mut told = String::new();
        for command in [
            &["collect", "--record", "r.jsonl"][..],
            &["collect", "--resume"],
            &["count", "flask", "django"],
            &["check", "--online"],
        ] {
            let flags = if command[0] == "check" { &flags[2..] } else { &flags[..] };
            let outcome = ask(&workdir, &github, &[command, flags].concat());
            told.push_str(&outcome.snapshot());
        }
        for command in
            [&["report", "--format", "json"][..], &["check"], &["report", "--format", "methods"]]
        {
            told.push_str(&ask(&workdir, &github, command).snapshot());
        }
        assert!(!told.contains("ghp_"), "{name}: {told}");
        for file in workdir.files() {
            let bytes = std::fs::read(workdir.path(&file)).expect("a file");
            assert!(!String::from_utf8_lossy(&bytes).contains("ghp_"), "{name}: {file}");
        }
        assert!(github.requests().iter().all(|request| !request.path.contains("ghp_")));
    }
    assert!(!second.requests().is_empty(), "the second host was asked");
    let seen = format!("{:?}", second.requests());
    assert!(!seen.contains("ghp_"), "{seen}");
}

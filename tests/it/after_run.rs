//! What follows a run: refreshed files, and the command of the user's settings.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake_github::{Builder, FakeGithub, Fault, Reply, When};
use crate::github::{TOKEN, ask, fake, mask_moments};
use crate::workdir::{Outcome, Workdir};

const FOLDER: &str = "output/backend-frameworks";

/// Writes settings that have a shell script called after each run.
fn call(workdir: &Workdir, script: &str, more: &str) {
    let text =
        format!("[after_run]\ncommand = [\"/bin/sh\", \"-c\", {script:?}, \"it's\"]\n{more}");
    workdir.write("home/.config/repo-census/settings.toml", text);
}

/// Writes settings that keep the facts of each call, one a line.
fn keep_facts(workdir: &Workdir) {
    call(workdir, "cat >>facts", "");
}

fn facts(workdir: &Workdir) -> Vec<Value> {
    let text = workdir.read("facts");
    text.lines().map(|line| serde_json::from_str(line).expect("a document")).collect()
}

fn events(facts: &[Value]) -> Vec<&str> {
    facts.iter().map(|fact| fact["event"].as_str().expect("an event")).collect()
}

fn collect(workdir: &Workdir, github: &FakeGithub) -> Outcome {
    ask(workdir, github, &["collect", "-q"])
}

fn survey(write: &str) -> String {
    format!(
        "title = \"Mine\"\n[after_run]\nwrite = [{write}]\n[[metrics]]\nid = \"all\"\n\
         query = \"{{query}} is:public\"\n[[frameworks]]\nname = \"Django\"\n[[frameworks]]\nname = \"Flask\"\n"
    )
}

#[test]
fn files_are_refreshed_after_a_finished_run() {
    let fault = Fault::new(When::query("flask is:public"), Reply::NotFound).times(1);
    let github = fake().fault(fault).start();
    let workdir = Workdir::new();
    let mut names = vec!["ranking.md", "wide.csv", "trend.json", "methods.md", "ranking.txt"];
    if cfg!(feature = "html") {
        names.push("page.html");
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    workdir.write("config/surveys/mine.toml", survey(&quoted.join(", ")));
    assert_eq!(ask(&workdir, &github, &["collect", "mine", "-q"]).code, 3);
    let files = workdir.files();
    assert!(names.iter().all(|name| !files.contains(&format!("output/mine/{name}"))), "{files:?}");
    let outcome = ask(&workdir, &github, &["collect", "mine", "-q", "--resume"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    for name in names {
        let text = workdir.read(&format!("output/mine/{name}"));
        assert!(text.to_lowercase().contains("django"), "{name}: {text}");
    }
    assert!(workdir.read("output/mine/wide.csv").contains(",10000,8000,\n"));
}

#[test]
fn a_file_that_cannot_be_written_is_a_warning() {
    let github = fake().start();
    let workdir = Workdir::new();
    let names = "\"ranking.md\", \"page.odt\", \"history.csv\", \"health.json\", \"wide.csv\"";
    workdir.write("config/surveys/mine.toml", survey(names));
    workdir.write("output/mine/ranking.md/in-the-way", "");
    let outcome = ask(&workdir, &github, &["collect", "mine", "-q"]);
    insta::assert_snapshot!("warnings", outcome.snapshot());
    assert!(workdir.read("output/mine/wide.csv").contains("10000"));
    assert_eq!(workdir.read("output/mine/history.csv").lines().count(), 3);
    let checked = ask(&workdir, &github, &["check", "mine"]);
    let said = ["after a run", "wrong"];
    let lines =
        checked.stdout.lines().filter(|line| said.iter().any(|name| line.starts_with(name)));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(checked.code, 2, "{}", checked.snapshot());
    insta::assert_snapshot!("unwritable", format!("{}\n{}", lines.join("\n"), checked.stderr));
    workdir.write("config/surveys/mine.toml", survey("\"page.md\", \"wide.csv\""));
    let checked = ask(&workdir, &github, &["check", "mine"]).success();
    assert!(checked.contains("writes `page.md`, `wide.csv`\n"), "{checked}");
}

#[test]
fn the_command_hears_of_each_event_in_order() {
    let workdir = Workdir::new();
    keep_facts(&workdir);
    assert_eq!(collect(&workdir, &fake().start()).code, 0);
    let first = facts(&workdir);
    assert_eq!(events(&first), ["finished"]);
    assert_eq!(first[0]["run_before"], Value::Null);
    // Flask doubles and changes places; Django moves, but not far.
    let moved = |builder: Builder| {
        builder.count("flask is:public", 16_000).count("django is:public", 11_990)
    };
    let soon = chrono::Utc::now() + chrono::TimeDelta::days(3);
    let soon = soon.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let github = moved(fake()).token_expiry(&soon).start();
    assert_eq!(collect(&workdir, &github).code, 0);
    let second = &facts(&workdir)[1..];
    assert_eq!(events(second), ["finished", "jump", "rank", "token"]);
    let mut shown = second[1].clone();
    assert_eq!(shown["token"]["expires_at"].as_str().map(str::len), Some(20));
    shown["token"]["expires_at"] = "[soon]".into();
    let text = serde_json::to_string_pretty(&shown).expect("a text");
    let text = text.replace(&*workdir.path("").to_string_lossy(), "[folder]/");
    insta::assert_snapshot!("facts", mask_moments(&text));
    // An unfinished run is told as such, and moves nothing.
    let fault = Fault::new(When::query("flask is:public"), Reply::NotFound);
    assert_eq!(collect(&workdir, &fake().fault(fault).start()).code, 3);
    let third = &facts(&workdir)[5..];
    assert_eq!(events(third), ["partial"]);
    assert_eq!((&third[0]["exit_code"], &third[0]["counts_answered"]), (&3.into(), &10.into()));
    // A refused token, before anything was counted.
    assert_eq!(collect(&workdir, &FakeGithub::builder().start()).code, 4);
    let fourth = &facts(&workdir)[6..];
    assert_eq!(events(fourth), ["failed", "token"]);
    assert_eq!(
        (&fourth[0]["exit_code"], &fourth[0]["token"]["refused"]),
        (&4.into(), &true.into())
    );
    assert!(fourth[0]["message"].as_str().is_some_and(|message| message.contains("token")));
}

#[test]
fn a_replay_and_a_period_that_is_served_call_nothing() {
    let workdir = Workdir::new();
    keep_facts(&workdir);
    workdir.run(&["collect", "-q", "--replay", "codingnomads-2023"]).success();
    assert!(!workdir.path("facts").exists());
    let github = fake().start();
    for _ in 0..2 {
        assert_eq!(ask(&workdir, &github, &["collect", "-q", "--once"]).code, 0);
    }
    assert_eq!(events(&facts(&workdir)), ["finished"]);
}

#[test]
fn no_token_reaches_the_command() {
    let workdir = Workdir::new();
    call(&workdir, "env >seen; cat >>seen; echo \"$0\" >>seen", "");
    let github = fake().start();
    let mut command = workdir.command(&["collect", "-q"]);
    let secrets = ["GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
    command.envs(secrets.map(|name| (name, "ghp_another"))).env("CREDENTIALS_DIRECTORY", "/secret");
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN).env("KEPT", "kept");
    assert_eq!(workdir.run_command(&mut command).code, 0);
    let seen = workdir.read("seen");
    assert!(seen.contains("KEPT=kept") && seen.contains("\"event\":\"finished\""), "{seen}");
    assert!(seen.ends_with("it's\n"), "arguments go past no shell: {seen}");
    for secret in [TOKEN, "ghp_another", "/secret"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn commands_that_fail_are_warnings() {
    let github = fake().search_limit_authenticated(1000).start();
    let cases = [
        ("exits", "exit 7", ""),
        ("closes its stdin", "exec <&-; sleep 0.3", ""),
        ("does not read", "sleep 0.3", ""),
        ("talks", "echo data; echo talk >&2", ""),
        ("hangs with a child", "sleep 61.5 & sleep 61.5", "timeout = \"500ms\"\n"),
    ];
    let mut told = String::new();
    for (name, script, more) in cases {
        let workdir = Workdir::new();
        call(&workdir, script, more);
        let started = Instant::now();
        let outcome = ask(&workdir, &github, &["collect", "-q"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{name}");
        assert!(started.elapsed() < Duration::from_secs(20), "{name}: {:?}", started.elapsed());
        told.push_str(&format!("--- {name}\n{}", outcome.stderr));
    }
    insta::assert_snapshot!("failing_commands", told);
    #[cfg(target_os = "linux")]
    assert_eq!(running("sleep\u{0}61.5\u{0}"), 0, "its children are ended too");
}

/// Returns how many processes run with this command line.
#[cfg(target_os = "linux")]
fn running(command_line: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("a folder").filter_map(Result::ok);
    let lines = processes.filter_map(|p| std::fs::read_to_string(p.path().join("cmdline")).ok());
    lines.filter(|line| line == command_line).count()
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_command_and_the_run_stays_whole() {
    let github = fake().start();
    let workdir = Workdir::new();
    call(&workdir, "touch started; sleep 62.5", "");
    let mut command = workdir.command(&["collect", "-q"]);
    command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
    let child = command.stderr(std::process::Stdio::piped()).spawn().expect("the program starts");
    let give_up_at = Instant::now() + Duration::from_secs(20);
    while !workdir.path("started").exists() {
        assert!(Instant::now() < give_up_at, "it was never called");
        std::thread::sleep(Duration::from_millis(10));
    }
    let signalled = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    let output = child.wait_with_output().expect("an end");
    assert!(signalled.elapsed() < Duration::from_secs(5), "{:?}", signalled.elapsed());
    let outcome = workdir.outcome(&output);
    assert_eq!(outcome.code, 0, "the run was finished: {}", outcome.stderr);
    assert!(outcome.stderr.contains("what is called after a run was ended"), "{}", outcome.stderr);
    assert_eq!(workdir.read(&format!("{FOLDER}/history.csv")).lines().count(), 12);
}

#[test]
fn a_command_comes_from_the_users_settings_alone() {
    let github = fake().start();
    let workdir = Workdir::new();
    let settings = "[after_run]\ncommand = [\"touch\", \"ran\"]\n";
    workdir.write("settings.toml", settings);
    workdir.write("config/settings.toml", settings);
    assert_eq!(collect(&workdir, &github).code, 0);
    assert!(!workdir.path("ran").exists(), "a file of the working folder names no command");
    // A file that is named is the user's word; a path in it is relative to it, not to the folder.
    let script = workdir.write("elsewhere/tell", "#!/bin/sh\ntouch ran\n");
    #[cfg(unix)]
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    workdir.write("tell", "#!/bin/sh\ntouch wrong\n");
    workdir.write("elsewhere/settings.toml", "[after_run]\ncommand = [\"./tell\"]\n");
    let named = ["collect", "-q", "--settings", "elsewhere/settings.toml"];
    assert_eq!(ask(&workdir, &github, &named).code, 0);
    assert!(workdir.path("ran").exists() && !workdir.path("wrong").exists());
    // Wrong settings are refused before anything is asked.
    let requests = github.requests().len();
    let mut told = String::new();
    for text in [
        "command = \"touch ran\"",
        "command = []",
        "command = [\"\"]",
        "shell = true",
        "timeout = \"1\"",
    ] {
        workdir.write("bad.toml", format!("[after_run]\n{text}\n"));
        let outcome = ask(&workdir, &github, &["collect", "-q", "--settings", "bad.toml"]);
        assert_eq!(outcome.code, 2, "{text}");
        told.push_str(&outcome.stderr);
    }
    insta::assert_snapshot!("wrong_settings", told);
    assert_eq!(github.requests().len(), requests);
}

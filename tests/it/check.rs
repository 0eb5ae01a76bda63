//! `check`: whatever is wrong is told in one go, in lines that fit.

use crate::fake_github::FakeGithub;
use crate::github::{TOKEN, ask, fake};
use crate::workdir::Workdir;

const SURVEY: &str = "title = \"Mine\"\n[after_run]\nwrite = [\"page.htlm\"]\n[[metrics]]\nid = \"all\"\n\
                      query = \"{query} is:public\"\n[[frameworks]]\nname = \"Django\"\n";

#[test]
fn settings_files_and_history_are_told_together() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", SURVEY);
    workdir.write("output/mine/history.csv", "no,history\n1,2\n");
    let outcome = workdir.run(&["check", "mine", "--api-url", "nonsense", "--online"]);
    assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
    let wrong = [
        "error: `nonsense` is no address of an API (flag `--api-url`)\n",
        "error: `[after_run]` of survey `mine` names 1 file that cannot be written\n",
        "error: `output/mine/history.csv` is no history: ",
    ];
    let places: Vec<_> = wrong.iter().map(|wrong| outcome.stderr.find(wrong)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}", outcome.stderr);
    for line in
        ["survey              Mine", "history             `output/mine/history.csv`: cannot"]
    {
        assert!(outcome.stdout.contains(line), "{}", outcome.stdout);
    }
    // The history alone has a code of its own.
    workdir.write("config/surveys/mine.toml", SURVEY.replace("htlm", "html"));
    assert_eq!(workdir.run(&["check", "mine"]).code, 3);
}

#[test]
fn a_wrong_survey_does_not_hide_a_wrong_address() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", SURVEY.replace("title", "titel"));
    let outcome = workdir.run(&["check", "mine", "--api-url", "nonsense"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.snapshot());
    for wrong in ["unknown key `titel`", "`nonsense` is no address of an API"] {
        assert!(outcome.stderr.contains(wrong), "{}", outcome.stderr);
    }
}

#[test]
fn a_folder_in_the_way_of_a_file_is_told() {
    let workdir = Workdir::new();
    workdir.write("config/surveys/mine.toml", SURVEY.replace("htlm", "html"));
    workdir.write("output/mine/page.html/in-the-way", "");
    let outcome = workdir.run(&["check", "mine"]);
    assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
    assert!(outcome.stdout.contains("`output/mine/page.html` is a folder"), "{}", outcome.stdout);
}

#[test]
fn lines_fit_into_the_terminal() {
    let workdir = Workdir::new();
    let long = |columns: usize| {
        let mut command = workdir.command(&["check", "programming-languages"]);
        let text = workdir.run_command(command.env("COLUMNS", columns.to_string())).success();
        let ends = text.find("\nroot").expect("settings");
        let lines: Vec<&str> = text[..ends].lines().collect();
        let long = lines.iter().filter(|line| line.chars().count() > columns).count();
        (lines.len(), long)
    };
    let (narrow, wide) = (long(80), long(200));
    assert_eq!((narrow.1, wide.1), (0, 0));
    assert!(narrow.0 > wide.0, "{narrow:?} {wide:?}");
}

#[test]
fn the_token_is_made_on_the_host_that_refuses_it() {
    let github = FakeGithub::builder().start();
    let workdir = Workdir::new();
    let own = "hint: make a token without any scope at https://[host]/settings/tokens, ";
    for command in ["check --online", "collect", "count django", "audit", "backfill"] {
        let words: Vec<&str> = command.split(' ').collect();
        let outcome = ask(&workdir, &github, &words);
        assert_eq!(outcome.code, 4, "{command}: {}", outcome.snapshot());
        assert!(outcome.stderr.contains(own), "{command}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains(TOKEN));
    }
    assert_eq!(ask(&workdir, &fake().start(), &["check", "--online"]).code, 0);
}

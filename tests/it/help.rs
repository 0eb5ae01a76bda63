//! What `--help` says, of every command: nothing that can be typed changes by accident.

use std::fmt::Write as _;

use crate::workdir::Workdir;

/// Returns the commands that the help lists, in its order; `help` itself is clap's.
pub(crate) fn commands() -> Vec<String> {
    let help = Workdir::new().run(&["--help"]).success();
    let list = help.split("Commands:\n").nth(1).expect("commands");
    let list = list.lines().take_while(|line| !line.is_empty());
    // What a command does may take a second line, which is indented further.
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !["", "help"].contains(name));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() >= 16, "{names:?}");
    names
}

#[test]
fn the_help_of_every_command() {
    let workdir = Workdir::new();
    let mut all = String::new();
    let mut add = |arguments: &[&str]| {
        let outcome = workdir.run_command(workdir.command(arguments).env("COLUMNS", "100"));
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        let text = outcome.success();
        let _ = write!(all, "===== {}\n{text}\n", arguments.join(" "));
    };
    add(&["--help"]);
    for command in commands() {
        add(&[&command, "--help"]);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_version_goes_to_stdout() {
    let version = format!("repo-census {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Workdir::new().run(&["--version"]).success(), version);
}

#[test]
fn every_command_has_a_manual_page() {
    let workdir = Workdir::new();
    workdir.run(&["man", "--out", "pages"]).success();
    let mut expected: Vec<String> =
        commands().iter().map(|command| format!("pages/repo-census-{command}.1")).collect();
    expected.push("pages/repo-census.1".to_owned());
    expected.sort();
    assert_eq!(workdir.files(), expected);
    for file in expected {
        let page = workdir.read(&file);
        let headings: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXAMPLES",
            "\"EXIT STATUS\"",
            "ENVIRONMENT",
            "FILES",
        ] {
            assert!(headings.contains(&section), "{file} has {headings:?}");
        }
    }
    let page = workdir.read("pages/repo-census.1");
    assert_eq!(workdir.run(&["man"]).success(), page);
    let health = workdir.read("pages/repo-census-health.1");
    insta::assert_snapshot!("manual_page", health.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

#[test]
fn a_manual_page_that_cannot_be_written_says_what_to_do() {
    let workdir = Workdir::new();
    workdir.write("file", "");
    insta::assert_snapshot!(workdir.run(&["man", "--out", "file"]).snapshot());
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Workdir::new().run(&["completions", shell]).success();
        for command in commands() {
            assert!(script.contains(&command), "{shell} does not know {command}");
        }
        assert!(script.contains("repo-census") && script.contains("replay"), "{shell}");
    }
}

/// Other shells are seldom there; what is made for them was tried by hand.
#[cfg(unix)]
#[test]
fn bash_completes_commands_flags_and_values() {
    let workdir = Workdir::new();
    let script = workdir.run(&["completions", "bash"]).success();
    workdir.write("completions", script);
    // As bash calls it: the words, and which of them is completed.
    let complete = |words: &str| {
        let last = words.split_whitespace().count() - usize::from(!words.ends_with(' '));
        let text = format!(
            "source completions\nCOMP_WORDS=({words}{})\nCOMP_CWORD={last}\n\
             _repo__census repo-census \"${{COMP_WORDS[COMP_CWORD]}}\" \
             \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            if words.ends_with(' ') { "''" } else { "" }
        );
        let mut bash = std::process::Command::new("bash");
        let bash = bash.args(["-eu", "-c", &text]).current_dir(workdir.path(""));
        let outcome = workdir.run_command(bash);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{words}");
        outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("repo-census col"), ["collect"]);
    assert_eq!(complete("repo-census collect --dry"), ["--dry-run"]);
    assert_eq!(complete("repo-census trend --chart "), ["lines", "ranks"]);
}

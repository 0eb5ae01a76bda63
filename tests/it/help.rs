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

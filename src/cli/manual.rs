//! The manual pages: the arguments as the help has them, and what help has no room for.

use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::args::{Example, SURVEY_IS, examples_of};
use super::diagnostic::exit_codes;

/// A manual page and the name of its file.
pub(super) struct Page {
    pub(super) file: String,
    pub(super) text: String,
}

/// Variables of the environment, each with what it says; `docs/settings.md` has the same ones.
const VARIABLES: &[(&str, &str)] = &[
    ("REPO_CENSUS_DIR", "the root, if there is no --dir"),
    ("GH_TOKEN, GITHUB_TOKEN", "the token for github.com and *.ghe.com; the first one that is set"),
    (
        "GH_ENTERPRISE_TOKEN, GITHUB_ENTERPRISE_TOKEN",
        "the token for any other host; the first one that is set",
    ),
    ("CREDENTIALS_DIRECTORY", "systemd's credentials; github-token in it is a token"),
    ("GITHUB_API_URL", "the address of the API"),
    ("GITHUB_GRAPHQL_URL", "the address of GraphQL, on the same host"),
    ("GH_HOST", "the host of the API, if nothing names its address"),
    ("GH_PATH", "the program gh, if it has another name or place"),
    ("XDG_CONFIG_HOME, HOME, APPDATA", "where your config folder lies"),
    ("COLUMNS", "the width of tables"),
    ("TERM", "dumb draws bars of #"),
    ("NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "whether there is colour"),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "proxies; never for this machine itself"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "authorities of your own"),
    ("TZ", "the machine's time zone, in which template crontab writes its line"),
    ("NOTIFY_SOCKET, WATCHDOG_USEC", "set by systemd, for daemon"),
];

/// Files, each with what it holds; names in capitals stand for others.
const FILES: &[(&str, &str)] = &[
    ("config/surveys/NAME.toml", "surveys, under the root"),
    ("config/baselines/ID.toml", "published rankings to compare with"),
    ("config/recordings/ID.jsonl", "recordings"),
    ("output/SURVEY/history.csv", "the history, and its lock beside it"),
    ("output/SURVEY/backfill.csv", "the reconstructed series"),
    ("output/SURVEY/audit.json", "what audits found"),
    ("output/SURVEY/health.json", "the health after the last run"),
    ("output/SURVEY/set-aside/", "lines that could not stay in a history"),
    ("output/pause.json", "until when GitHub wants to be left alone"),
    ("~/.config/repo-census/settings.toml", "your settings, in your config folder"),
];

/// Returns the page of the program, then those of its commands.
///
/// # Errors
///
/// Writing to memory does not fail; what makes the pages may say otherwise.
pub(super) fn pages(command: Command) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let commands: Vec<Command> = command.get_subcommands().cloned().collect();
    std::iter::once(command).chain(commands).map(|command| page(&command)).collect()
}

fn page(command: &Command) -> io::Result<Page> {
    let man = Man::new(command.clone())
        .manual("repo-census")
        .source(concat!("repo-census ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    let is_whole = command.has_subcommands();
    let mut roff = Roff::default();
    if is_whole || command.get_arguments().any(takes_a_survey) {
        roff.control("PP", []);
        roff.text([roman(SURVEY_IS)]);
        roff.to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if is_whole {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::default();
    section(&mut roff, "EXAMPLES");
    if is_whole {
        let first = ["collect", "report", "export", "template", "health"];
        let first = first.into_iter().filter_map(|command| examples_of(command).next());
        first.for_each(|example| show(&mut roff, example));
    } else {
        examples_of(command.get_name()).for_each(|example| show(&mut roff, example));
    }
    section(&mut roff, "EXIT STATUS");
    for (code, meaning) in exit_codes() {
        line(&mut roff, [bold(code.to_string())], meaning);
    }
    section(&mut roff, "ENVIRONMENT");
    for (names, meaning) in VARIABLES {
        line(&mut roff, [bold(*names)], meaning);
    }
    section(&mut roff, "FILES");
    for (path, meaning) in FILES {
        line(&mut roff, [italic(*path)], meaning);
    }
    section(&mut roff, "SEE ALSO");
    let others = if is_whole { "the pages of the commands, named above" } else { "repo-census(1)" };
    roff.text([roman(others)]);
    roff.to_writer(&mut page)?;
    let text = String::from_utf8_lossy(&page).into_owned();
    Ok(Page { file: man.get_filename(), text })
}

fn takes_a_survey(argument: &Arg) -> bool {
    let names = argument.get_value_names().unwrap_or_default();
    names.iter().any(|name| name.as_str() == "SURVEY")
}

fn show(roff: &mut Roff, Example { purpose, line, .. }: &Example) {
    roff.control("PP", []);
    roff.text([roman(format!("{}:", with_capital(purpose)))]);
    roff.control("PP", []);
    roff.control("RS", ["4"]);
    // A command is one line, to be copied.
    roff.control("nf", []);
    roff.text([bold(*line)]);
    roff.control("fi", []);
    roff.control("RE", []);
}

fn with_capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

fn section(roff: &mut Roff, name: &str) {
    roff.control("SH", [name]);
}

fn line<const N: usize>(roff: &mut Roff, name: [Inline; N], meaning: &str) {
    roff.control("TP", []);
    roff.text(name);
    roff.text([roman(meaning)]);
}

//! What can be typed: here the commands and what goes everywhere; a file for the arguments of each
//! kind of command, and two for what kinds share.

#![expect(clippy::doc_markdown, reason = "help is shown as it stands, backticks and all")]
#![expect(rustdoc::bare_urls, reason = "help is shown as it stands")]

mod asking;
mod collecting;
mod examples;
mod exporting;
mod reporting;
mod tending;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::catalog::{Catalog, Kind};
use crate::settings::Flags;

pub(super) use asking::{ApiArg, ConnectionArgs};
pub(super) use collecting::{
    AuditArgs, BackfillArgs, CollectArgs, CountArgs, DEFAULT_SLICES, DaemonArgs, SpacingArg,
};
pub(super) use examples::{Example, examples_of};
pub(super) use exporting::{DialectArg, ExportArgs, ExportFormat, ShapeArg};
pub(super) use reporting::{
    ChartArg, Format, OutputArgs, ReportArgs, ThemeArg, TrendArgs, WindowArgs,
};
pub(super) use tending::{
    CheckArgs, HealthArgs, HealthFormat, ImportArgs, InitArgs, RepairArgs, TemplateArgs,
    TemplateKind,
};
pub(super) use values::{ColorChoice, PerArg};

/// Counts how many GitHub repositories match a query, keeps every answer, and ranks frameworks by it.
#[derive(Debug, Parser)]
#[command(name = "repo-census", version, arg_required_else_help = true)]
#[command(subcommand_value_name = "COMMAND", subcommand_help_heading = "Commands")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    /// The folder that holds config/ and output/ [default: REPO_CENSUS_DIR, else this folder]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub(super) dir: Option<PathBuf>,

    /// Say nothing when all is well
    #[arg(short, long, global = true, help_heading = "Everywhere", conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Show each request and answer
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub(super) verbose: u8,

    /// Whether to use colour; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Everywhere"
    )]
    pub(super) color: ColorChoice,
}

impl Cli {
    /// Reads a command line; the first argument is the program's name.
    pub(super) fn read<A: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::described();
        let matches =
            command.try_get_matches_from_mut(arguments).map_err(without_advice_on_values)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// Returns what can be typed, with examples below the help of each command.
    pub(super) fn described() -> clap::Command {
        let built_in = Catalog::built_in_names(Kind::Survey).join(", ");
        let surveys = format!("{SURVEY_IS} Those are {built_in}.");
        let command = Self::command().after_help(format!("{surveys}\n\n{FIRST_TRY}"));
        command.mut_subcommands(|command| {
            let mut help = String::new();
            for Example { purpose, line, .. } in examples_of(command.get_name()) {
                let heading = if help.is_empty() { "Examples:" } else { "" };
                help.push_str(&format!("{heading}\n  # {purpose}\n  {line}"));
            }
            if help.is_empty() { command } else { command.after_help(help) }
        })
    }

    /// Returns what the settings need to know of the command line.
    pub(super) fn flags(&self) -> Flags {
        let connection = match &self.command {
            Command::Count(arguments) => Some(&arguments.connection),
            Command::Collect(arguments) => Some(&arguments.connection),
            Command::Daemon(arguments) => Some(&arguments.connection),
            Command::Backfill(arguments) => Some(&arguments.connection),
            Command::Audit(arguments) => Some(&arguments.connection),
            Command::Check(arguments) => Some(&arguments.connection),
            _ => None,
        };
        let general = Flags { dir: self.dir.clone(), ..Flags::default() };
        let Some(connection) = connection else { return general };
        Flags {
            settings: connection.settings.clone(),
            api_url: connection.api_url.clone(),
            token_file: connection.token_file.clone(),
            no_token: connection.no_token,
            timeout: connection.timeout,
            max_wait: connection.max_wait,
            ..general
        }
    }
}

/// What may stand for SURVEY.
pub(super) const SURVEY_IS: &str = "\
SURVEY is a name, a TOML file, or (for reading) a history file. Names are looked for in \
config/surveys/ under the root, in your config folder, then among the built-in ones.";

const FIRST_TRY: &str = "\
Try it with neither token nor network:
  repo-census collect --replay codingnomads-2023";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Rank terms typed now: no survey file, no history
    Count(CountArgs),
    /// Ask once for every query, append to the history, show the ranking
    Collect(CollectArgs),
    /// Show the ranking of a run
    Report(ReportArgs),
    /// Show what changed from the first to the last run
    Trend(TrendArgs),
    /// Write files for spreadsheets, notebooks and databases
    Export(ExportArgs),
    /// Reconstruct counts of the past by creation dates, as a series of its own
    Backfill(BackfillArgs),
    /// Look at a random sample of what the queries find, and at how firm the ranks are
    Audit(AuditArgs),
    /// Stay in the foreground and collect when the schedule says so
    Daemon(DaemonArgs),
    /// Print ready files for cron, systemd, GitHub Actions or Kubernetes
    Template(TemplateArgs),
    /// Tell the last runs, what is due, gaps and token; for monitoring too
    Health(HealthArgs),
    /// Tell what is wrong with survey, settings or history; never writes
    Check(CheckArgs),
    /// Take rows of another history or of a foreign CSV into a history, without doubles
    Import(ImportArgs),
    /// Mend a damaged history
    Repair(RepairArgs),
    /// Start a survey of your own
    Init(InitArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands to a folder
    Man {
        /// Write a page for each command to this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// Leaves out how to pass an unknown flag as a value: who types one means a flag.
fn without_advice_on_values(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument {
        error.remove(ContextKind::Suggested);
    }
    error
}

#[cfg(test)]
mod tests;

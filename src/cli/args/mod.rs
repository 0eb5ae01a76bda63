//! What can be typed: here the commands and what goes everywhere; a file for the arguments of each
//! kind of command, and two for what kinds share.

#![expect(clippy::doc_markdown, reason = "help is shown as it stands, backticks and all")]
#![expect(rustdoc::bare_urls, reason = "help is shown as it stands")]

mod asking;
mod collecting;
mod exporting;
mod reporting;
mod tending;
mod values;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::settings::Flags;

pub(super) use asking::{ApiArg, ConnectionArgs};
pub(super) use collecting::{AuditArgs, BackfillArgs, CollectArgs, CountArgs, DaemonArgs};
pub(super) use exporting::{ExportArgs, ExportFormat, ShapeArg};
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
#[command(name = "repo-census", version, arg_required_else_help = true, after_help = AFTER_HELP)]
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

const AFTER_HELP: &str = "\
SURVEY is a name, a TOML file, or (for reading) a history file. Names are looked for in \
config/surveys/ under the root, in your config folder, then among the built-in ones.

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}

//! What is typed to set up, watch over and mend: surveys, templates, health, histories.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::asking::ConnectionArgs;
use super::values::{PerArg, parse_duration, whole_number_from};
use crate::history::MAPPABLE;

#[derive(Debug, Args)]
pub(in crate::cli) struct TemplateArgs {
    /// What is to start the runs
    pub(in crate::cli) kind: TemplateKind,

    /// The survey, a name or a TOML file; it needs a schedule
    pub(in crate::cli) survey: String,

    /// The file that holds the token [default: token in your config folder]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,

    /// Collect without a token: ten searches a minute
    #[arg(long, conflicts_with = "token_file")]
    pub(in crate::cli) no_token: bool,

    /// The container image, for kubernetes [default: repo-census:VERSION]
    #[arg(long, value_name = "IMAGE")]
    pub(in crate::cli) image: Option<String>,

    /// Write the files to this folder instead of stdout
    #[arg(long, value_name = "DIR/")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// What starts runs again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TemplateKind {
    /// Lines for `crontab -e`
    Crontab,
    /// A service and its timer
    Systemd,
    /// A workflow that keeps the history on a branch
    GithubActions,
    /// A CronJob with its volume
    Kubernetes,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {
    /// The survey, a name or a TOML file, or a history file [default: the only survey under the
    /// root, else backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// Give a period so long after its due moment before its run is missed, such as 90m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) grace: Option<Duration>,

    /// Look for gaps from here on: 2026, 2026-06, 2026-06-30, -30d; or a run id [default: the last
    /// 100 periods]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,

    /// Exit with 3 if the token was refused or ends within so many days [default: tell 14 days
    /// before, and exit with 0]
    #[arg(long, value_name = "N", value_parser = whole_number_from(0u32))]
    pub(in crate::cli) token_days: Option<u32>,

    /// The period, for surveys without a schedule
    #[arg(long, value_name = "PERIOD")]
    pub(in crate::cli) per: Option<PerArg>,

    /// The format on stdout
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: HealthFormat,
}

/// A format of the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HealthFormat {
    /// A line for each matter, for people
    Table,
    /// Everything, for programs: as in health.json
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// The survey, a name or a TOML file [default: the only one under the root, else
    /// backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// Ask GitHub about the token and its limits too
    #[arg(long)]
    pub(in crate::cli) online: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// A history, also one that a spreadsheet saved, or a foreign CSV with one count a line
    pub(in crate::cli) file: PathBuf,

    /// The survey whose history gets the rows
    #[arg(long, value_name = "SURVEY")]
    pub(in crate::cli) into: String,

    /// Say what would be added, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    /// Which column of a foreign file is which of ours; may be repeated
    #[arg(long, value_name = "OURS=THEIRS", value_parser = parse_mapping, help_heading = "Foreign files")]
    pub(in crate::cli) map: Vec<(String, String)>,

    /// The column with days or moments [default: observed_at, else date]
    #[arg(long, value_name = "THEIRS", help_heading = "Foreign files")]
    pub(in crate::cli) date_column: Option<String>,

    /// The metric of rows that name none [default: the survey's first]
    #[arg(long, value_name = "ID", help_heading = "Foreign files")]
    pub(in crate::cli) metric: Option<String>,

    /// Make one run of all rows of a period [default: of all rows with the same moment]
    #[arg(long, value_name = "PERIOD", help_heading = "Foreign files")]
    pub(in crate::cli) per: Option<PerArg>,
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    let (ours, theirs) =
        text.split_once('=').ok_or("expected OURS=THEIRS, such as `framework=Name`")?;
    if MAPPABLE.contains(&ours) && !theirs.is_empty() {
        return Ok((ours.to_owned(), theirs.to_owned()));
    }
    Err(format!("expected a name behind one of {}", MAPPABLE.join(", ")))
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RepairArgs {
    /// The survey, a name or a TOML file, or a history file
    pub(in crate::cli) survey: String,

    /// Say what would be mended, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArgs {
    /// The new survey's name: a-z, 0-9 and -
    pub(in crate::cli) name: String,

    /// Start from this survey instead of a short example
    #[arg(long, value_name = "SURVEY")]
    pub(in crate::cli) from: Option<String>,
}

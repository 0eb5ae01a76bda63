//! What is typed to ask GitHub: terms, runs, the daemon, the past, a sample.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::asking::{ApiArg, AskArgs, ConnectionArgs};
use super::reporting::OutputArgs;
use super::values::{PerArg, whole_number, whole_number_from};
use crate::domain::created::Every;

#[derive(Debug, Args)]
pub(in crate::cli) struct CountArgs {
    /// A name; with `:` or quotes in it a query, sent as typed; NAME=QUERY sets both
    #[arg(required_unless_present = "from")]
    pub(in crate::cli) terms: Vec<String>,

    /// Read terms from this file too, one a line, but for lines that begin with #; - is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(in crate::cli) from: Option<PathBuf>,

    /// Keep the terms as a survey of this name
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) save: Option<String>,

    /// Treat incomplete counts as missing ones: exit code 3
    #[arg(long)]
    pub(in crate::cli) strict: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,

    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(in crate::cli) struct CollectArgs {
    /// The survey, a name or a TOML file [default: the only one under the root, else
    /// backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// Answer from a recording, by its id or file, instead of asking GitHub
    #[arg(long, value_name = "ID|FILE")]
    pub(in crate::cli) replay: Option<String>,

    /// Keep each answer in this file too, so that the run can be replayed
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) record: Option<PathBuf>,

    /// Print what would be asked, and ask nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    /// Finish the last run: the same id, only what lacks a number
    #[arg(long, conflicts_with = "once")]
    pub(in crate::cli) resume: bool,

    /// Do nothing if this period has a finished run, finish its unfinished one
    #[arg(long)]
    pub(in crate::cli) once: bool,

    /// The period of --once, for surveys without a schedule
    #[arg(long, value_name = "PERIOD", requires = "once")]
    pub(in crate::cli) per: Option<PerArg>,

    /// Treat incomplete counts as missing ones: exit code 3
    #[arg(long)]
    pub(in crate::cli) strict: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,

    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DaemonArgs {
    /// The survey, a name or a TOML file [default: the only one under the root, else
    /// backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// Collect once in each such period, for surveys without a schedule
    #[arg(long, value_name = "PERIOD")]
    pub(in crate::cli) per: Option<PerArg>,

    /// Print the next so many due moments, one a line, and end
    #[arg(long, value_name = "N", value_parser = whole_number(1, MOST_DUE))]
    pub(in crate::cli) next: Option<u32>,

    /// Print those from here on: 2026, 2026-06, 2026-06-30, -30d [default: now]
    #[arg(long, value_name = "WHEN", requires = "next", allow_hyphen_values = true)]
    pub(in crate::cli) from: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,

    #[command(flatten)]
    pub(in crate::cli) ask: AskArgs,
}

/// The most due moments that are printed.
const MOST_DUE: u32 = 100_000;

#[derive(Debug, Args)]
pub(in crate::cli) struct BackfillArgs {
    /// The survey, a name or a TOML file [default: the only one under the root, else
    /// backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// The first period: 2008, 2008-01 or 2008-01-01
    #[arg(long, value_name = "WHEN", default_value = "2008-01")]
    pub(in crate::cli) from: String,

    /// The last period; only those count that are over [default: the last one that is]
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) to: Option<String>,

    /// How far apart the points are
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    pub(in crate::cli) every: SpacingArg,

    /// The metric, switched on or not [default: all that are switched on]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) metric: Option<String>,

    /// Print what would be asked, and ask nothing; with -v every query
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,

    /// Ask over this API [default: what the survey says, else auto]
    #[arg(long, value_name = "API", help_heading = "GitHub")]
    pub(in crate::cli) api: Option<ApiArg>,
}

/// How far apart the points of a reconstructed series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SpacingArg {
    /// The end of each month
    Month,
    /// The end of each quarter of the calendar
    Quarter,
    /// The end of each year
    Year,
}

impl From<SpacingArg> for Every {
    fn from(every: SpacingArg) -> Self {
        match every {
            SpacingArg::Month => Self::Month,
            SpacingArg::Quarter => Self::Quarter,
            SpacingArg::Year => Self::Year,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// The survey, a name or a TOML file [default: the only one under the root, else
    /// backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// Count in several ways instead, and show the ranks side by side, as a table or a chart
    #[arg(long, conflicts_with_all = ["sample", "seed", "metric"])]
    pub(in crate::cli) sensitivity: bool,

    /// Audit only this framework; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) framework: Vec<String>,

    /// The metric whose queries are audited [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) metric: Option<String>,

    /// Draw so many slices for each framework, each of up to a hundred repositories
    // Fewer than ten say nothing, more than a thousand take days.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SLICES, value_parser = whole_number(10usize, 1_000))]
    pub(in crate::cli) sample: usize,

    /// Draw the same slices again, but for those drawn today [default: goes on with an audit of
    /// today that lacks frameworks, else another number each time, which is said]
    #[arg(long, value_name = "N", value_parser = whole_number_from(0u64))]
    pub(in crate::cli) seed: Option<u64>,

    /// Show what was audited before, and ask nothing
    #[arg(long, conflicts_with_all = ["framework", "sample", "seed", "api"])]
    pub(in crate::cli) kept: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: ConnectionArgs,

    /// Ask for counts over this API; pages are read over REST [default: auto]
    #[arg(long, value_name = "API", help_heading = "GitHub")]
    pub(in crate::cli) api: Option<ApiArg>,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// How many slices an audit draws of each framework unless another number is given.
pub(in crate::cli) const DEFAULT_SLICES: usize = 40;

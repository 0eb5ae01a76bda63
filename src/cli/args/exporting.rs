//! What is typed to write files for other programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::period::{Per, Periods};
use crate::export::Dialect;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The survey, a name or a TOML file, or a history file [default: the only survey under the
    /// root, else backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// What a row is: an answer or a period [default: tidy]
    #[arg(long, value_name = "SHAPE")]
    pub(in crate::cli) shape: Option<ShapeArg>,

    /// From here on: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,

    /// Up to here, all of that day, month or year included
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,

    /// Only these metrics, ID,ID; may be repeated [default: all; wide: the survey's first]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(in crate::cli) metric: Vec<String>,

    /// Only this framework; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) framework: Vec<String>,

    /// Every run, or the last finished one of each period [default: run; wide: the schedule, else
    /// day]
    #[arg(long, value_name = "PERIOD", visible_alias = "per")]
    pub(in crate::cli) every: Option<EveryArg>,

    /// Keep attempts that were not the answer too
    #[arg(long)]
    pub(in crate::cli) all_attempts: bool,

    /// Take the counts that `backfill` reconstructed, as a wide table
    #[arg(long, conflicts_with_all = ["every", "all_attempts"])]
    pub(in crate::cli) reconstructed: bool,

    /// How CSV is written
    #[arg(long, value_name = "DIALECT", default_value = "rfc4180", help_heading = "Output")]
    pub(in crate::cli) dialect: DialectArg,

    /// The format on stdout, or of --out whose ending names none [default: csv]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(in crate::cli) format: Option<ExportFormat>,

    /// JSON as an object a line instead of an array
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) lines: bool,

    /// Write to a file, its ending chooses the format; DIR/ writes all; may be repeated
    #[arg(long, value_name = "FILE|DIR/", help_heading = "Output")]
    pub(in crate::cli) out: Vec<PathBuf>,
}

/// The shape of an exported table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShapeArg {
    /// A row for each answer: the columns of a history behind a date
    Tidy,
    /// A row for each period, a column for each framework: one metric
    Wide,
}

/// A format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormat {
    /// Tidy or wide, in the dialect
    Csv,
    /// Tidy, an array of objects
    Json,
    /// Tidy, an object a line
    Jsonl,
    /// A workbook: ranking, trend, data, about, with charts
    Xlsx,
    /// Tidy, typed columns; in DIR/ a folder for each survey and month
    Parquet,
}

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DialectArg {
    /// As it is, for programs
    Rfc4180,
    /// For spreadsheets with a comma between columns
    Excel,
    /// For spreadsheets with a decimal comma
    ExcelSemicolon,
}

impl From<DialectArg> for Dialect {
    fn from(dialect: DialectArg) -> Self {
        match dialect {
            DialectArg::Rfc4180 => Self::Rfc4180,
            DialectArg::Excel => Self::Excel,
            DialectArg::ExcelSemicolon => Self::ExcelSemicolon,
        }
    }
}

/// Which runs of a history count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EveryArg {
    Run,
    Hour,
    Day,
    Week,
    Month,
}

impl From<EveryArg> for Periods {
    fn from(every: EveryArg) -> Self {
        match every {
            EveryArg::Run => Self::EachRun,
            EveryArg::Hour => Self::Calendar(Per::Hour),
            EveryArg::Day => Self::Calendar(Per::Day),
            EveryArg::Week => Self::Calendar(Per::Week),
            EveryArg::Month => Self::Calendar(Per::Month),
        }
    }
}

//! What is typed to see rankings and trends: which run, which span, in which form.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{PerArg, whole_number, whole_number_from};
use crate::report::{ChartLook, ScaleChoice, Theme};

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// The survey, a name or a TOML file, or a history file [default: the only survey under the
    /// root, else backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    /// The newest finished run at or before: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) at: Option<String>,

    /// The metric [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) metric: Option<String>,

    /// Show only the first so many
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole_number_from(1u64))]
    pub(in crate::cli) top: Option<u64>,

    /// Add each framework's share of this list
    #[arg(long)]
    pub(in crate::cli) share: bool,

    /// Compare with a baseline, a date or a run
    #[arg(long, value_name = "BASELINE|WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) against: Option<String>,

    /// Take counts that `backfill` reconstructed: they count only repositories that still exist
    #[arg(long)]
    pub(in crate::cli) reconstructed: bool,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TrendArgs {
    /// The survey, a name or a TOML file, or a history file [default: the only survey under the
    /// root, else backend-frameworks]
    pub(in crate::cli) survey: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) window: WindowArgs,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,

    /// What pictures draw; files called ranks.svg and ranks.png draw ranks
    #[arg(long, value_name = "CHART", default_value = "lines", help_heading = "Output")]
    pub(in crate::cli) chart: ChartArg,

    /// How counts lie along the axis of pictures
    #[arg(long, value_name = "SCALE", default_value = "auto", help_heading = "Output")]
    pub(in crate::cli) scale: ScaleArg,
}

/// Which counts over time are wanted.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct WindowArgs {
    /// From here on: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,

    /// Up to here, all of that day, month or year included
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,

    /// The metric [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) metric: Option<String>,

    /// Take the last finished run of each period [default: the survey's schedule, else day]
    #[arg(long, value_name = "PERIOD")]
    pub(in crate::cli) per: Option<PerArg>,

    /// Take counts that `backfill` reconstructed: they count only repositories that still exist
    #[arg(long, conflicts_with = "per")]
    pub(in crate::cli) reconstructed: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// The format on stdout
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<Format>,

    /// Write to a file, its ending chooses the format; DIR/ writes all; may be repeated
    #[arg(long, value_name = "FILE|DIR/")]
    pub(in crate::cli) out: Vec<PathBuf>,

    /// The colours of pictures
    #[arg(long, value_name = "THEME", default_value = "light")]
    pub(in crate::cli) theme: ThemeArg,

    /// The width of pictures in pixels [default: 800, of PNG 1600]
    #[arg(long, value_name = "PX", value_parser = whole_number(ChartLook::NARROWEST_PX, WIDEST_PX))]
    pub(in crate::cli) width: Option<u32>,
}

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Columns and bars, for people
    Table,
    /// Markdown, to paste
    Md,
    /// One line a framework, plain numbers
    Csv,
    /// Everything, for programs
    Json,
    /// A chart that scales to any size
    Svg,
    /// A chart in pixels
    Png,
    /// A method section in Markdown: queries with links, moments, completeness, citation
    Methods,
    /// A page with every metric, its trend and how it was counted; one file
    Html,
}

/// The colours of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ThemeArg {
    /// Dark on white
    Light,
    /// Light on nearly black
    Dark,
}

impl From<ThemeArg> for Theme {
    fn from(theme: ThemeArg) -> Self {
        match theme {
            ThemeArg::Light => Self::Light,
            ThemeArg::Dark => Self::Dark,
        }
    }
}

/// What the picture of a trend draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ChartArg {
    /// Counts over time
    Lines,
    /// Ranks over time
    Ranks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScaleArg {
    /// Logarithmic where the largest count is many times the smallest one
    Auto,
    Linear,
    Log,
}

impl From<ScaleArg> for ScaleChoice {
    fn from(scale: ScaleArg) -> Self {
        match scale {
            ScaleArg::Auto => Self::ByData,
            ScaleArg::Linear => Self::Linear,
            ScaleArg::Log => Self::Log,
        }
    }
}

/// The widest picture that is made, in pixels.
const WIDEST_PX: u32 = 8000;

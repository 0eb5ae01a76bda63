//! What can be typed.

#![expect(clippy::doc_markdown, reason = "help is shown as it stands, backticks and all")]
#![expect(rustdoc::bare_urls, reason = "help is shown as it stands")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::collect::CROSS_CHECKS;
use crate::domain::created::Every;
use crate::domain::period::{Per, Periods};
use crate::domain::survey::ApiChoice;
use crate::domain::when;
use crate::export::Dialect;
use crate::history::MAPPABLE;
use crate::report::{ChartLook, ScaleChoice, Theme};
use crate::settings::Flags;

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

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct CollectArgs {
    /// The survey
    pub(super) survey: Option<String>,

    /// Answer from a recording, by its id or file, instead of asking GitHub
    #[arg(long, value_name = "ID|FILE")]
    pub(super) replay: Option<String>,

    /// Keep each answer in this file too, so that the run can be replayed
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,

    /// Print what would be asked, and ask nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Finish the last run: the same id, only what lacks a number
    #[arg(long, conflicts_with = "once")]
    pub(super) resume: bool,

    /// Do nothing if this period has a finished run, finish its unfinished one
    #[arg(long)]
    pub(super) once: bool,

    /// The period of --once, for surveys without a schedule
    #[arg(long, value_name = "PERIOD", requires = "once")]
    pub(super) per: Option<PerArg>,

    /// Treat incomplete counts as missing ones: exit code 3
    #[arg(long)]
    pub(super) strict: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    #[command(flatten)]
    pub(super) ask: AskArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GitHub")]
pub(super) struct ConnectionArgs {
    /// Read the token from this file
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,

    /// Ask without a token: ten searches a minute
    #[arg(long, conflicts_with = "token_file")]
    pub(super) no_token: bool,

    /// The address of the API [default: GITHUB_API_URL, GH_HOST, else https://api.github.com]
    #[arg(long, value_name = "URL")]
    pub(super) api_url: Option<String>,

    /// Read settings from this file [default: settings.toml in your config folder]
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,

    /// Give up on one request after so long [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    pub(super) timeout: Option<Duration>,

    /// Wait at most so long in all for limits hit, retries and outages [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) max_wait: Option<Duration>,

    /// End the run after so long, planned waits included
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) max_time: Option<Duration>,

    /// Leave at least so much time between requests, such as 500ms or 2s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) pace: Option<Duration>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GitHub")]
pub(super) struct AskArgs {
    /// Ask over this API [default: what the survey says, else auto]
    #[arg(long, value_name = "API")]
    pub(super) api: Option<ApiArg>,

    /// Ask so many queries of a run over GraphQL once more over REST: the highest count, then the
    /// lowest, and so on
    #[arg(long, value_name = "N", default_value_t = CROSS_CHECKS)]
    pub(super) cross_check: usize,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The survey, or a history file
    pub(super) survey: Option<String>,

    /// The newest finished run at or before: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) at: Option<String>,

    /// The metric [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(super) metric: Option<String>,

    /// Show only the first so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) top: Option<u64>,

    /// Add each framework's share of this list
    #[arg(long)]
    pub(super) share: bool,

    /// Compare with a baseline, a date or a run
    #[arg(long, value_name = "BASELINE|WHEN", allow_hyphen_values = true)]
    pub(super) against: Option<String>,

    /// Take counts that `backfill` reconstructed: they count only repositories that still exist
    #[arg(long)]
    pub(super) reconstructed: bool,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct TrendArgs {
    /// The survey, or a history file
    pub(super) survey: Option<String>,

    #[command(flatten)]
    pub(super) window: WindowArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    /// What pictures draw; files called ranks.svg and ranks.png draw ranks
    #[arg(long, value_name = "CHART", default_value = "lines", help_heading = "Output")]
    pub(super) chart: ChartArg,

    /// How counts lie along the axis of pictures
    #[arg(long, value_name = "SCALE", default_value = "auto", help_heading = "Output")]
    pub(super) scale: ScaleArg,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The survey, or a history file
    pub(super) survey: Option<String>,

    /// What a row is: an answer or a period [default: tidy]
    #[arg(long, value_name = "SHAPE")]
    pub(super) shape: Option<ShapeArg>,

    /// From here on: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) since: Option<String>,

    /// Up to here, all of that day, month or year included
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) until: Option<String>,

    /// Only these metrics, ID,ID; may be repeated [default: all; wide: the survey's first]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) metric: Vec<String>,

    /// Only this framework; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) framework: Vec<String>,

    /// Every run, or the last finished one of each period [default: run; wide: the schedule, else
    /// day]
    #[arg(long, value_name = "PERIOD", visible_alias = "per")]
    pub(super) every: Option<EveryArg>,

    /// Keep attempts that were not the answer too
    #[arg(long)]
    pub(super) all_attempts: bool,

    /// Take the counts that `backfill` reconstructed, as a wide table
    #[arg(long, conflicts_with_all = ["every", "all_attempts"])]
    pub(super) reconstructed: bool,

    /// How CSV is written
    #[arg(long, value_name = "DIALECT", default_value = "rfc4180", help_heading = "Output")]
    pub(super) dialect: DialectArg,

    /// The format on stdout, or of --out, whatever its ending [default: csv]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(super) format: Option<ExportFormat>,

    /// JSON as an object a line instead of an array
    #[arg(long, help_heading = "Output")]
    pub(super) lines: bool,

    /// Write to a file, its ending chooses the format; DIR/ writes all; may be repeated
    #[arg(long, value_name = "FILE|DIR/", help_heading = "Output")]
    pub(super) out: Vec<PathBuf>,
}

/// Which counts over time are wanted.
#[derive(Debug, Default, Args)]
pub(super) struct WindowArgs {
    /// From here on: 2026, 2026-06, 2026-06-30, -30d; or a run id
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) since: Option<String>,

    /// Up to here, all of that day, month or year included
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) until: Option<String>,

    /// The metric [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(super) metric: Option<String>,

    /// Take the last finished run of each period [default: the survey's schedule, else day]
    #[arg(long, value_name = "PERIOD")]
    pub(super) per: Option<PerArg>,

    /// Take counts that `backfill` reconstructed: they count only repositories that still exist
    #[arg(long, conflicts_with = "per")]
    pub(super) reconstructed: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The format on stdout
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,

    /// Write to a file, its ending chooses the format; DIR/ writes all; may be repeated
    #[arg(long, value_name = "FILE|DIR/")]
    pub(super) out: Vec<PathBuf>,

    /// The colours of pictures
    #[arg(long, value_name = "THEME", default_value = "light")]
    pub(super) theme: ThemeArg,

    /// The width of pictures in pixels [default: 800, of PNG 1600]
    #[arg(long, value_name = "PX", value_parser = parse_width())]
    pub(super) width: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct CountArgs {
    /// A name; with `:` or quotes in it a query, sent as typed; NAME=QUERY sets both
    #[arg(required_unless_present = "from")]
    pub(super) terms: Vec<String>,

    /// Read terms from this file too, one a line; - is standard input
    #[arg(long, value_name = "FILE|-")]
    pub(super) from: Option<PathBuf>,

    /// Keep the terms as a survey of this name
    #[arg(long, value_name = "NAME")]
    pub(super) save: Option<String>,

    /// Treat incomplete counts as missing ones: exit code 3
    #[arg(long)]
    pub(super) strict: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    #[command(flatten)]
    pub(super) ask: AskArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct TemplateArgs {
    /// What is to start the runs
    pub(super) kind: TemplateKind,

    /// The survey; it needs a schedule
    pub(super) survey: String,

    /// The file that holds the token [default: token in your config folder]
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,

    /// Collect without a token: ten searches a minute
    #[arg(long, conflicts_with = "token_file")]
    pub(super) no_token: bool,

    /// The container image, for kubernetes [default: repo-census:VERSION]
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<String>,

    /// Write the files to this folder instead of stdout
    #[arg(long, value_name = "DIR/")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DaemonArgs {
    /// The survey
    pub(super) survey: Option<String>,

    /// Collect once in each such period, for surveys without a schedule
    #[arg(long, value_name = "PERIOD")]
    pub(super) per: Option<PerArg>,

    /// Print the next so many due moments, one a line, and end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_DUE))]
    pub(super) next: Option<u32>,

    /// Print those from here on: 2026, 2026-06, 2026-06-30, -30d [default: now]
    #[arg(long, value_name = "WHEN", requires = "next", allow_hyphen_values = true)]
    pub(super) from: Option<String>,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    #[command(flatten)]
    pub(super) ask: AskArgs,
}

/// The most due moments that are printed.
const MOST_DUE: i64 = 100_000;

#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    /// The survey, or a history file
    pub(super) survey: Option<String>,

    /// Give a period so long after its due moment before its run is missed, such as 90m
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) grace: Option<Duration>,

    /// Look for gaps from here on: 2026, 2026-06, 2026-06-30, -30d; or a run id [default: the last
    /// 100 periods]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub(super) since: Option<String>,

    /// Exit with 3 if the token was refused or ends within so many days [default: tell 14 days
    /// before, and exit with 0]
    #[arg(long, value_name = "N")]
    pub(super) token_days: Option<u32>,

    /// The period, for surveys without a schedule
    #[arg(long, value_name = "PERIOD")]
    pub(super) per: Option<PerArg>,

    /// The format on stdout
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: HealthFormat,
}

#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// The survey
    pub(super) survey: Option<String>,

    /// The first period: 2008, 2008-01 or 2008-01-01
    #[arg(long, value_name = "WHEN", default_value = "2008-01")]
    pub(super) from: String,

    /// The last period; only those count that are over [default: the last one that is]
    #[arg(long, value_name = "WHEN")]
    pub(super) to: Option<String>,

    /// How far apart the points are
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    pub(super) every: SpacingArg,

    /// The metric, switched on or not [default: all that are switched on]
    #[arg(long, value_name = "ID")]
    pub(super) metric: Option<String>,

    /// Print what would be asked, and ask nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    /// Ask over this API [default: what the survey says, else auto]
    #[arg(long, value_name = "API", help_heading = "GitHub")]
    pub(super) api: Option<ApiArg>,
}

/// How far apart the points of a reconstructed series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SpacingArg {
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
pub(super) struct AuditArgs {
    /// The survey
    pub(super) survey: Option<String>,

    /// Count in several ways instead, and show the ranks side by side, as a table or a chart
    #[arg(long, conflicts_with_all = ["sample", "seed", "metric"])]
    pub(super) sensitivity: bool,

    /// Audit only this framework; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) framework: Vec<String>,

    /// The metric whose queries are audited [default: the survey's first]
    #[arg(long, value_name = "ID")]
    pub(super) metric: Option<String>,

    /// Draw so many slices for each framework, each of up to a hundred repositories
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SLICES, value_parser = parse_slices)]
    pub(super) sample: usize,

    /// Draw the same slices again, but for those drawn today [default: goes on with an audit of
    /// today that lacks frameworks, else another number each time, which is said]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Show what was audited before, and ask nothing
    #[arg(long, conflicts_with_all = ["framework", "sample", "seed", "api"])]
    pub(super) kept: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,

    /// Ask for counts over this API; pages are read over REST [default: auto]
    #[arg(long, value_name = "API", help_heading = "GitHub")]
    pub(super) api: Option<ApiArg>,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// How many slices an audit draws of each framework unless another number is given.
pub(super) const DEFAULT_SLICES: usize = 40;

/// Reads a number of slices: fewer than ten say nothing, more than a thousand take days.
fn parse_slices(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (10..=1_000).contains(number));
    number.ok_or_else(|| "a whole number from 10 to 1000".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The survey
    pub(super) survey: Option<String>,

    /// Ask GitHub about the token and its limits too
    #[arg(long)]
    pub(super) online: bool,

    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A history, also one that a spreadsheet saved, or a foreign CSV with one count a line
    pub(super) file: PathBuf,

    /// The survey whose history gets the rows
    #[arg(long, value_name = "SURVEY")]
    pub(super) into: String,

    /// Say what would be added, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Which column of a foreign file is which of ours; may be repeated
    #[arg(long, value_name = "OURS=THEIRS", value_parser = parse_mapping, help_heading = "Foreign files")]
    pub(super) map: Vec<(String, String)>,

    /// The column with days or moments [default: observed_at, else date]
    #[arg(long, value_name = "THEIRS", help_heading = "Foreign files")]
    pub(super) date_column: Option<String>,

    /// The metric of rows that name none [default: the survey's first]
    #[arg(long, value_name = "ID", help_heading = "Foreign files")]
    pub(super) metric: Option<String>,

    /// Make one run of all rows of a period [default: of all rows with the same moment]
    #[arg(long, value_name = "PERIOD", help_heading = "Foreign files")]
    pub(super) per: Option<PerArg>,
}

#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// The survey, or a history file
    pub(super) survey: String,

    /// Say what would be mended, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The new survey's name: a-z, 0-9 and -
    pub(super) name: String,

    /// Start from this survey instead of a short example
    #[arg(long, value_name = "SURVEY")]
    pub(super) from: Option<String>,
}

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
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

/// What starts runs again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TemplateKind {
    /// Lines for `crontab -e`
    Crontab,
    /// A service and its timer
    Systemd,
    /// A workflow that keeps the history on a branch
    GithubActions,
    /// A CronJob with its volume
    Kubernetes,
}

/// A format of the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum HealthFormat {
    /// A line for each matter, for people
    Table,
    /// Everything, for programs: as in health.json
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// The colours of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeArg {
    /// Dark on white
    Light,
    /// Light on nearly black
    Dark,
}

/// What the picture of a trend draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ChartArg {
    /// Counts over time
    Lines,
    /// Ranks over time
    Ranks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScaleArg {
    /// Logarithmic where the largest count is many times the smallest one
    Auto,
    Linear,
    Log,
}

/// The shape of an exported table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShapeArg {
    /// A row for each answer: the columns of a history behind a date
    Tidy,
    /// A row for each period, a column for each framework: one metric
    Wide,
}

/// A format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
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
pub(super) enum DialectArg {
    /// As it is, for programs
    Rfc4180,
    /// For spreadsheets with a comma between columns
    Excel,
    /// For spreadsheets with a decimal comma
    ExcelSemicolon,
}

/// Which runs of a history count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EveryArg {
    Run,
    Hour,
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PerArg {
    Hour,
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ApiArg {
    /// That of the last run, else REST if it takes at most five minutes or there is no token, else
    /// GraphQL
    Auto,
    /// One count a request; tells completeness
    Rest,
    /// Many counts a request; needs a token and does not tell completeness
    Graphql,
}

impl From<ApiArg> for ApiChoice {
    fn from(api: ApiArg) -> Self {
        match api {
            ApiArg::Auto => Self::Auto,
            ApiArg::Rest => Self::Rest,
            ApiArg::Graphql => Self::Graphql,
        }
    }
}

impl From<ThemeArg> for Theme {
    fn from(theme: ThemeArg) -> Self {
        match theme {
            ThemeArg::Light => Self::Light,
            ThemeArg::Dark => Self::Dark,
        }
    }
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

impl From<PerArg> for Per {
    fn from(per: PerArg) -> Self {
        match per {
            PerArg::Hour => Self::Hour,
            PerArg::Day => Self::Day,
            PerArg::Week => Self::Week,
            PerArg::Month => Self::Month,
        }
    }
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

/// The widest picture that is made, in pixels.
const WIDEST_PX: u32 = 8000;

fn parse_width() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(ChartLook::NARROWEST_PX)..=i64::from(WIDEST_PX))
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    let (ours, theirs) =
        text.split_once('=').ok_or("expected OURS=THEIRS, such as `framework=Name`")?;
    if MAPPABLE.contains(&ours) && !theirs.is_empty() {
        return Ok((ours.to_owned(), theirs.to_owned()));
    }
    Err(format!("expected a name behind one of {}", MAPPABLE.join(", ")))
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|length| {
        if length.is_zero() { Err("no answer comes so soon".to_owned()) } else { Ok(length) }
    })
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    when::parse_duration(text).ok_or_else(|| {
        "expected a whole number with `ms`, `s`, `m` or `h`, such as `500ms`".to_owned()
    })
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

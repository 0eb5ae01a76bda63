//! What is not the survey's: where the root is, which GitHub is asked, how long to wait. Each value
//! comes from a flag, the environment, the settings file or a default, in this order, and knows
//! which.
//!
//! `env` is the only place that reads the environment, `file` says what a settings file may hold,
//! `resolve` decides. Nothing here is ever taken from a survey or from a file in the working
//! folder, so that running in somebody else's checkout sends no token to them.

mod env;
mod file;
mod resolve;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub use env::{Environment, SECRET_VARIABLES};
pub use file::SettingsError;
pub use resolve::{Flags, resolve};

/// Which layer a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A flag of the command line, with its name.
    Flag(&'static str),
    /// A variable of the environment, with its name.
    Environment(&'static str),
    /// A settings file.
    File(PathBuf),
    /// Nobody said otherwise.
    Default,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag `{name}`"),
            Self::Environment(name) => write!(f, "environment, `{name}`"),
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and the layer it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Its layer.
    pub layer: Layer,
}

/// How an API is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Api {
    /// By its address.
    Url(String),
    /// By its host, as `gh` does.
    Host(String),
}

/// Everything that was resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The root: `config/` and `output/` lie there.
    pub root: Setting<PathBuf>,
    /// The user's config folder of this program, if the system has such a thing.
    pub user_folder: Option<Setting<PathBuf>>,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// Which GitHub is asked.
    pub api: Setting<Api>,
    /// Where its GraphQL is, if not in the usual place beside REST.
    pub graphql_url: Option<String>,
    /// How long one request may take.
    pub timeout: Setting<Duration>,
    /// How long unplanned waiting may take in all.
    pub max_wait: Setting<Duration>,
    /// What follows a run.
    pub after_run: AfterRun,
    /// Where a token may be found.
    pub tokens: TokenSettings,
    /// Whoever started the program and wants to be told of it.
    pub supervisor: Option<Supervisor>,
}

/// Who started the program and wants to be told of it, as systemd does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supervisor {
    /// Within which time it wants a sign of life, if it wants any.
    pub alive_within: Option<Duration>,
}

/// What follows a run, as far as the survey does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterRun {
    /// What is called with the facts of the run.
    pub command: Option<AfterRunCommand>,
    /// How long a call may take.
    pub timeout: Duration,
    /// By how many percent a count must move to be a jump.
    pub jump_percent: u32,
}

/// A program and its arguments; no shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterRunCommand {
    /// The program: an absolute path, or a name that is looked for in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Where a token may be found; which of them counts is decided where tokens are used.
#[derive(Clone, Debug, Default)]
pub struct TokenSettings {
    /// The user wants none.
    pub none_wanted: bool,
    /// A file named on the command line.
    pub file: Option<PathBuf>,
    /// A file named in the settings file.
    pub settings_file: Option<PathBuf>,
    /// The address that the settings file names.
    pub settings_address: Option<String>,
    /// Variables for github.com, with their names.
    pub github: Vec<(&'static str, SecretString)>,
    /// Variables for Enterprise Servers, with their names.
    pub enterprise: Vec<(&'static str, SecretString)>,
    /// The value of `GITHUB_API_URL`.
    pub environment_address: Option<String>,
    /// The folder of systemd's credentials.
    pub systemd_folder: Option<PathBuf>,
    /// The program `gh`.
    pub gh: Option<PathBuf>,
}

//! All variables of the environment that the program knows, read once.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::{Api, Layer, Setting, Supervisor};

/// Variables that hold a token for github.com, in the order in which they count.
const GITHUB_TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// Variables that hold a token for Enterprise Servers, in the order in which they count.
const ENTERPRISE_TOKENS: [&str; 2] = ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];

/// The folder of systemd's credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Variables that hold a token or lead to one: not for programs that we start.
pub const SECRET_VARIABLES: [&str; 5] =
    [GITHUB_TOKENS[0], GITHUB_TOKENS[1], ENTERPRISE_TOKENS[0], ENTERPRISE_TOKENS[1], CREDENTIALS];

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The root.
    pub root: Option<Setting<PathBuf>>,
    /// The user's config folder of this program.
    pub user_folder: Option<Setting<PathBuf>>,
    /// The width of the output.
    pub columns: Option<usize>,
    /// Whether `TERM` names a terminal that can do nothing.
    pub is_dumb_terminal: bool,
    /// The API, by `GITHUB_API_URL` or `GH_HOST`.
    pub api: Option<Setting<Api>>,
    /// The value of `GITHUB_API_URL`: tokens for github.com may go there.
    pub api_url: Option<String>,
    /// The value of `GITHUB_GRAPHQL_URL`.
    pub graphql_url: Option<String>,
    /// Tokens for github.com, with their variables, in the order in which they count.
    pub github_tokens: Vec<(&'static str, SecretString)>,
    /// Tokens for Enterprise Servers, with their variables, in the order in which they count.
    pub enterprise_tokens: Vec<(&'static str, SecretString)>,
    /// The folder of systemd's credentials.
    pub credentials_folder: Option<PathBuf>,
    /// The program `gh`, if it has another name.
    pub gh: Option<PathBuf>,
    /// Whoever started the program and wants to be told of it, as systemd does.
    pub supervisor: Option<Supervisor>,
}

impl Environment {
    /// Reads the environment; empty variables count as absent.
    #[must_use]
    pub fn read() -> Self {
        let path = |name: &'static str, inside: &str| {
            let value = PathBuf::from(read(name)?).join(inside);
            Some(Setting { value, layer: Layer::Environment(name) })
        };
        let user_folder = path("XDG_CONFIG_HOME", "repo-census")
            .or_else(|| path("APPDATA", "repo-census").filter(|_| cfg!(windows)))
            .or_else(|| path("HOME", ".config/repo-census"));
        let columns = read("COLUMNS").and_then(|text| text.to_str()?.parse().ok());
        let api_url = read_text("GITHUB_API_URL");
        let host = || {
            let value = Api::Host(read_text("GH_HOST")?);
            Some(Setting { value, layer: Layer::Environment("GH_HOST") })
        };
        let of_url = |url: &String| Setting {
            value: Api::Url(url.clone()),
            layer: Layer::Environment("GITHUB_API_URL"),
        };
        Self {
            root: read("REPO_CENSUS_DIR").map(|value| Setting {
                value: PathBuf::from(value),
                layer: Layer::Environment("REPO_CENSUS_DIR"),
            }),
            user_folder,
            columns: columns.filter(|columns| *columns > 0),
            is_dumb_terminal: read("TERM").is_some_and(|term| term == "dumb"),
            api: api_url.as_ref().map(of_url).or_else(host),
            api_url,
            graphql_url: read_text("GITHUB_GRAPHQL_URL"),
            github_tokens: read_secrets(GITHUB_TOKENS),
            enterprise_tokens: read_secrets(ENTERPRISE_TOKENS),
            credentials_folder: read(CREDENTIALS).map(PathBuf::from),
            gh: read("GH_PATH").map(PathBuf::from),
            supervisor: read("NOTIFY_SOCKET")
                .map(|_| Supervisor { alive_within: watchdog_interval() }),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns within which time a supervisor wants a sign of life, if it wants any.
#[cfg(unix)]
fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

#[cfg(not(unix))]
fn watchdog_interval() -> Option<Duration> {
    None
}

fn read_text(name: &str) -> Option<String> {
    Some(read(name)?.to_string_lossy().into_owned())
}

fn read_secrets(names: [&'static str; 2]) -> Vec<(&'static str, SecretString)> {
    let secret = |name| Some((name, SecretString::from(read_text(name)?)));
    names.into_iter().filter_map(secret).collect()
}

//! All variables of the environment that the program knows, read once.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Layer, Setting};

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
        Self {
            root: read("REPO_CENSUS_DIR").map(|value| Setting {
                value: PathBuf::from(value),
                layer: Layer::Environment("REPO_CENSUS_DIR"),
            }),
            user_folder,
            columns: columns.filter(|columns| *columns > 0),
            is_dumb_terminal: read("TERM").is_some_and(|term| term == "dumb"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

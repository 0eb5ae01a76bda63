//! What is not the survey's: where the root is, how the terminal looks. Each value comes from a
//! flag, the environment or a default, in this order, and knows which.
//!
//! `env` is the only place that reads the environment. Nothing here is ever taken from a survey or
//! from a file in the working folder.

mod env;

use std::fmt;
use std::path::PathBuf;

pub use env::Environment;

/// Which layer a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A flag of the command line, with its name.
    Flag(&'static str),
    /// A variable of the environment, with its name.
    Environment(&'static str),
    /// Nobody said otherwise.
    Default,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag `{name}`"),
            Self::Environment(name) => write!(f, "environment, `{name}`"),
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

/// Everything that was resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The root: `config/` and `output/` lie there.
    pub root: Setting<PathBuf>,
    /// The user's config folder of this program, if the system has such a thing.
    pub user_folder: Option<Setting<PathBuf>>,
    /// A width that was asked for, instead of the terminal's.
    pub columns: Option<usize>,
    /// Whether the terminal can draw more than plain characters.
    pub is_dumb_terminal: bool,
}

/// Resolves the settings: flag over environment over default.
#[must_use]
pub fn resolve(dir: Option<PathBuf>, environment: &Environment) -> Settings {
    let root = match (dir, &environment.root) {
        (Some(value), _) => Setting { value, layer: Layer::Flag("--dir") },
        (None, Some(root)) => root.clone(),
        (None, None) => Setting { value: PathBuf::from("."), layer: Layer::Default },
    };
    Settings {
        root,
        user_folder: environment.user_folder.clone(),
        columns: environment.columns,
        is_dumb_terminal: environment.is_dumb_terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_environment_beats_the_default() {
        let layer = Layer::Environment("REPO_CENSUS_DIR");
        let from_environment = Setting { value: PathBuf::from("/e"), layer };
        let set = Environment { root: Some(from_environment.clone()), ..Environment::default() };
        let flag = Setting { value: PathBuf::from("/f"), layer: Layer::Flag("--dir") };
        assert_eq!(resolve(Some("/f".into()), &set).root, flag);
        assert_eq!(resolve(None, &set).root, from_environment);
        let default = Setting { value: PathBuf::from("."), layer: Layer::Default };
        assert_eq!(resolve(None, &Environment::default()).root, default);
    }
}

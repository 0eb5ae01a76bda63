//! The settings file: what is written in it. What it overrides is decided by `resolve`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::domain::when::parse_duration;

/// The name of the settings file in the user's config folder.
pub(super) const NAME: &str = "settings.toml";

/// What a settings file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    /// The address of the API.
    pub(super) api_url: Option<String>,
    /// The file that holds the token; relative to the settings file's folder.
    pub(super) token_file: Option<PathBuf>,
    /// How long one request may take.
    #[serde(default, deserialize_with = "duration")]
    pub(super) timeout: Option<Duration>,
    /// How long unplanned waiting may take in all.
    #[serde(default, deserialize_with = "duration")]
    pub(super) max_wait: Option<Duration>,
}

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("the settings file `{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("the settings file `{}` cannot be used", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where and what, in words.
        reason: String,
    },
}

impl SettingsFile {
    /// Loads a settings file.
    pub(super) fn load(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        let mut file: Self = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let message = error.message().trim().replace('\n', ", ");
            let reason = format!("line {line}, column {column}: {message}");
            SettingsError::Invalid { path: path.to_owned(), reason }
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        file.token_file = file.token_file.map(|token| folder.join(token));
        Ok(file)
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let length = parse_duration(&text);
    let expected = "a whole number with `ms`, `s`, `m` or `h`, such as `20s`";
    length.map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is not {expected}")))
}

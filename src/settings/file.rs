//! The settings file: what is written in it. What it overrides is decided by `resolve`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::AfterRunCommand;
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
    /// What follows a run.
    #[serde(default)]
    pub(super) after_run: AfterRunTable,
}

/// What follows a run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AfterRunTable {
    /// The program and its arguments; a program with a `/` in it is relative to the settings file's
    /// folder.
    #[serde(default, deserialize_with = "command")]
    pub(super) command: Option<AfterRunCommand>,
    /// How long a call may take.
    #[serde(default, deserialize_with = "duration")]
    pub(super) timeout: Option<Duration>,
    /// By how many percent a count must move to be a jump.
    pub(super) jump_percent: Option<u32>,
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
        if let Some(command) = &mut file.after_run.command
            && command.program.components().count() > 1
        {
            // Never looked for in the working folder.
            let program = folder.join(&command.program);
            command.program = std::path::absolute(&program).unwrap_or(program);
        }
        Ok(file)
    }
}

fn command<'de, D: Deserializer<'de>>(from: D) -> Result<Option<AfterRunCommand>, D::Error> {
    let mut words = Vec::<String>::deserialize(from)?.into_iter();
    match words.next().filter(|program| !program.is_empty()) {
        Some(program) => {
            let (program, arguments) = (PathBuf::from(program), words.collect());
            Ok(Some(AfterRunCommand { program, arguments }))
        }
        None => Err(D::Error::custom("names no program, such as `[\"notify-send\", \"done\"]`")),
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let length = parse_duration(&text);
    let expected = "a whole number with `ms`, `s`, `m` or `h`, such as `20s`";
    length.map(Some).ok_or_else(|| D::Error::custom(format!("`{text}` is not {expected}")))
}

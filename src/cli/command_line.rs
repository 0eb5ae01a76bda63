//! Commands of this program as people would type them, for hints: what a command was given is said
//! again, so that what is pasted does the same.

use std::path::PathBuf;

use clap::ValueEnum;

use super::args::ConnectionArgs;

/// The words of a command, put together flag by flag. `Session::command` quotes them.
pub(super) struct CommandLine(Vec<String>);

impl CommandLine {
    /// Begins with the name of a command and the survey that it was given, if any.
    pub(super) fn new(command: &str, survey: Option<&str>) -> Self {
        let words = [command].into_iter().chain(survey);
        Self(words.map(str::to_owned).collect())
    }

    /// Adds a flag.
    pub(super) fn flag(mut self, name: &str) -> Self {
        self.0.push(name.to_owned());
        self
    }

    /// Adds a flag with its value, if it has one.
    pub(super) fn value(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.0.extend(value.into_iter().flat_map(|value| [name.to_owned(), value.into()]));
        self
    }

    /// Adds a flag with one of the words that it may have.
    pub(super) fn choice<V: ValueEnum>(self, name: &str, value: Option<&V>) -> Self {
        let value = value.and_then(V::to_possible_value);
        self.value(name, value.map(|value| value.get_name().to_owned()))
    }

    /// Adds a flag with a path.
    pub(super) fn path(self, name: &str, path: Option<&PathBuf>) -> Self {
        self.value(name, path.map(|path| path.to_string_lossy()))
    }

    /// Adds what it takes to ask the same GitHub as the same user. How patiently is not repeated.
    pub(super) fn connection(self, connection: &ConnectionArgs) -> Self {
        let line = self
            .value("--api-url", connection.api_url.as_deref())
            .path("--settings", connection.settings.as_ref())
            .path("--token-file", connection.token_file.as_ref());
        if connection.no_token { line.flag("--no-token") } else { line }
    }
}

impl IntoIterator for CommandLine {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

//! The door: arguments in; text, files and an exit code out.
//!
//! `args` is what can be typed, `ui` the only place that prints, `diagnostic` the only place that
//! knows hints and exit codes, `output` the only place that writes reports to files, `page` what a page is made of,
//! `connection` which GitHub is asked as whom, `command_line` a command as a hint repeats it; then a file for each command.

mod after_run;
mod args;
mod audit;
mod backfill;
mod check;
mod collect;
mod command_line;
mod connection;
mod count;
mod daemon;
mod diagnostic;
mod export;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod generate;
mod health;
mod import;
mod init;
mod manual;
mod output;
mod page;
mod reconstructed;
mod repair;
mod report;
mod template;
mod trend;
mod ui;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::catalog::{Catalog, CatalogError, Loaded};
use crate::clock::{Clock, SystemClock};
use crate::domain::survey::Survey;
use crate::platform::Stop;
use crate::report::count;
use crate::settings::{Environment, Layer, Settings, resolve};

use args::{Cli, Command};
use diagnostic::Failure;
use ui::Ui;

/// Runs the program with the arguments and the environment of the process.
#[must_use]
pub fn main() -> ExitCode {
    let clock = Box::new(SystemClock::start());
    ExitCode::from(run(std::env::args_os(), Environment::read(), clock, None))
}

/// Runs the program and returns its exit code. The first argument is the program's name.
///
/// What is printed goes to the process's stdout and stderr. Work ends early when `stop` is raised;
/// without one, when the process gets a signal.
#[must_use]
pub fn run<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    environment: Environment,
    clock: Box<dyn Clock>,
    stop: Option<Stop>,
) -> u8 {
    let arguments = match Cli::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return ui::show_usage(&error),
    };
    let ui = Ui::new(&arguments, &environment);
    let settings = match resolve(arguments.flags(), environment) {
        Ok(settings) => settings,
        Err(error) => return ui.end_with(&error.into()),
    };
    let session = Session { settings, ui, clock: clock.into(), stop };
    session.tell_of_new_root();
    match session.perform(arguments.command) {
        Ok(code) => code,
        Err(failure) => session.ui.end_with(&failure),
    }
}

/// What every command works with.
struct Session {
    settings: Settings,
    ui: Ui,
    clock: Arc<dyn Clock>,
    /// What ends work early; `None` means the signals of the process.
    stop: Option<Stop>,
}

impl Session {
    fn perform(&self, command: Command) -> Result<u8, Failure> {
        match command {
            Command::Count(arguments) => count::perform(self, &arguments),
            Command::Collect(arguments) => collect::perform(self, &arguments),
            Command::Report(arguments) => report::perform(self, &arguments),
            Command::Trend(arguments) => trend::show_trend(self, &arguments),
            Command::Export(arguments) => export::perform(self, &arguments),
            Command::Backfill(arguments) => backfill::perform(self, &arguments),
            Command::Audit(arguments) => audit::perform(self, &arguments),
            Command::Daemon(arguments) => daemon::perform(self, &arguments),
            Command::Health(arguments) => health::perform(self, &arguments),
            Command::Template(arguments) => template::perform(self, &arguments),
            Command::Check(arguments) => check::perform(self, &arguments),
            Command::Import(arguments) => import::perform(self, &arguments),
            Command::Repair(arguments) => repair::perform(self, &arguments),
            Command::Init(arguments) => init::perform(self, &arguments),
            Command::Completions { shell } => generate::completions(self, shell),
            Command::Man { out } => generate::man(self, out.as_deref()),
        }
    }

    /// Tells of a root that is not there, which may be misspelt: what is written makes it.
    fn tell_of_new_root(&self) {
        let root = &self.settings.root;
        if root.layer != Layer::Default && !root.value.exists() {
            let (path, layer) = (root.value.display(), &root.layer);
            self.ui.say(&format!("note: there is no folder `{path}` yet ({layer})"));
        }
    }

    /// Runs what waits, on one thread: one task, one writer.
    fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| Failure::failed("no work can start").caused_by(&error))?;
        runtime.block_on(work)
    }

    fn catalog(&self) -> Catalog {
        Catalog {
            root: self.root().to_owned(),
            user: self.settings.user_folder.as_ref().map(|folder| folder.value.clone()),
        }
    }

    /// Loads a survey, says which if none was named, and warns of what is odd about it.
    fn load_survey(&self, given: Option<&str>) -> Result<Loaded<Survey>, CatalogError> {
        let loaded = self.catalog().load_survey(given)?;
        if given.is_none() {
            self.ui.say(&format!("survey: {}, as none was named", loaded.origin));
        }
        for warning in &loaded.warnings {
            self.ui.warn(&format!("{}: {warning}", loaded.origin), &[], None);
        }
        Ok(loaded)
    }

    /// Returns a command of this program that can be pasted: with the root that was named, and words
    /// quoted where a shell needs it.
    fn command<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> String {
        let mut command = "repo-census".to_owned();
        let mut add = |word: &str| {
            command.push(' ');
            command.push_str(&quoted(word));
        };
        words.into_iter().for_each(|word| add(word.as_ref()));
        if self.settings.root.layer == Layer::Flag("--dir") {
            add("--dir");
            add(&self.settings.root.value.to_string_lossy());
        }
        command
    }

    /// Returns the root as messages show it: `output/…` reads better than `./output/…`.
    fn root(&self) -> &Path {
        let root = self.settings.root.value.as_path();
        if root == Path::new(".") { Path::new("") } else { root }
    }

    /// Returns the survey's output folder.
    fn output_folder(&self, survey: &str) -> PathBuf {
        self.root().join("output").join(survey)
    }

    /// Returns the survey's audits.
    fn audit(&self, survey: &str) -> PathBuf {
        self.output_folder(survey).join("audit.json")
    }

    /// Returns the survey's reconstructed series.
    fn backfill(&self, survey: &str) -> PathBuf {
        self.output_folder(survey).join("backfill.csv")
    }

    fn history(&self, survey: &str) -> PathBuf {
        self.output_folder(survey).join("history.csv")
    }
}

/// Returns a number with its noun: `1 run`, `1,200 runs`.
fn counted<N: TryInto<u64>>(number: N, one: &str, many: &str) -> String {
    // No number of anything here is larger.
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        number => format!("{} {many}", count(number)),
    }
}

/// Quotes a word as a POSIX shell wants it, if it has anything but plain characters.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_thousands_are_parted() {
        let cases = [(0_usize, "0 runs"), (1, "1 run"), (2, "2 runs"), (1_200, "1,200 runs")];
        for (number, expected) in cases {
            assert_eq!(counted(number, "run", "runs"), expected);
        }
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        let cases =
            [("a-b/c.toml", "a-b/c.toml"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("", "''")];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected);
        }
    }
}

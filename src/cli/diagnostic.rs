//! What a failure says to its user, and the exit code that goes with it. The only place that knows
//! hints and codes.

mod github;
mod ways_out;

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use crate::catalog::{CatalogError, Kind, Origin};
use crate::export::ExportError;
use crate::history::{Faults, HistoryError};
use crate::platform::Signal;
use crate::report::UnknownMetric;
use crate::settings::SettingsError;

pub(super) use ways_out::list;
use ways_out::{collect_first, listed, way_out};

/// Done; the run is finished.
pub(super) const DONE: u8 = 0;
/// Failed, nothing usable.
pub(super) const FAILED: u8 = 1;
/// Arguments, survey or settings.
pub(super) const USAGE: u8 = 2;
/// Not finished: some counts are missing. For `check`: something is wrong with the history.
pub(super) const NOT_FINISHED: u8 = 3;
/// Token refused.
pub(super) const TOKEN_REFUSED: u8 = 4;
/// Try again later.
pub(super) const TRY_LATER: u8 = 75;

/// What to do about a run that lies in the future.
pub(super) const CLOCK_BEHIND: &str = "set the clock right, or wait until it has passed that run; if the date of the rows is wrong, take \
     them out of the history by hand, or put its `.bak` back if they came by an import";

/// Every code with which the program ends, and what it says. `docs/exit-codes.md` tells what it says
/// of each command, and what a script should do.
pub(super) fn exit_codes() -> [(u8, &'static str); 8] {
    [
        (DONE, "done; a run is finished: every planned count has a number"),
        (FAILED, "failed, nothing usable"),
        (USAGE, "arguments, survey, baseline, recording or settings are wrong"),
        (
            NOT_FINISHED,
            "not finished: counts are missing; check: the history is not sound; health: overdue, or no \
             run can begin",
        ),
        (TOKEN_REFUSED, "GitHub refused the token"),
        (
            TRY_LATER,
            "try again later: the history is in use, the clock is behind, or waiting is too long",
        ),
        (
            Signal::Interrupt.exit_code(),
            "interrupted by Ctrl-C; everything answered so far is on disk",
        ),
        (Signal::Terminate.exit_code(), "ended by SIGTERM; everything answered so far is on disk"),
    ]
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint(String);

impl Hint {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a command ended without doing what it should.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u8,
    pub(super) message: String,
    pub(super) causes: Vec<String>,
    hints: Vec<Hint>,
    /// What the system said no to, if it did.
    refused: Option<io::ErrorKind>,
}

impl Failure {
    pub(super) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), hints: Vec::new(), refused: None }
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// A signal ended the work; `message` says what is on disk.
    pub(super) fn interrupted(signal: Signal, message: impl Into<String>) -> Self {
        Self::new(signal.exit_code(), message)
    }

    /// Adds an error and everything that led to it, a line each.
    pub(super) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            let refused = error.downcast_ref::<io::Error>().map(io::Error::kind);
            self.refused = refused.or(self.refused);
            next = error.source();
        }
        self
    }

    pub(super) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds lines of a file, the first of them one by one.
    fn because_of_lines(mut self, faults: &Faults) -> Self {
        self.causes.extend(faults.told());
        self
    }

    /// Ends with another code.
    pub(super) fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(Hint::new(hint));
        self
    }

    /// A name that a survey does not have, with those that it has.
    pub(super) fn not_in_survey<'k>(
        survey: &str,
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> Self {
        let known: Vec<String> = known.map(str::to_owned).collect();
        Self::usage(format!("survey `{survey}` has no {kind} `{name}`")).with_known(name, &known)
    }

    /// Adds the names that there are, and the one of them that was probably meant.
    pub(super) fn with_known(self, name: &str, known: &[String]) -> Self {
        let distance = |known: &&String| {
            strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase())
        };
        let near = known.iter().min_by_key(distance);
        let near = near.filter(|known| distance(known) <= (name.chars().count() / 3).min(3));
        // A part of a long name is enough to tell it by.
        let holds = |known: &&String| name.len() >= 4 && known.contains(name);
        match near.or_else(|| known.iter().find(holds)) {
            _ if known.is_empty() => self,
            Some(near) => self
                .because(format!("there are {}", list(known)))
                .hint(format!("did you mean `{near}`?")),
            None => self.hint(format!("there are {}", list(known))),
        }
    }

    /// Returns what to do about it; where nobody said so, what helps when the system refuses.
    pub(super) fn ways_out(&self) -> Vec<Hint> {
        if self.hints.is_empty() {
            return self.refused.and_then(way_out).map(Hint::new).into_iter().collect();
        }
        self.hints.clone()
    }

    /// A history that is not as it should be; what is wrong with it was told already.
    pub(super) fn of_damage(path: &Path, is_mendable: bool) -> Self {
        let failure = Self::new(NOT_FINISHED, format!("`{}` is not sound", path.display()));
        if is_mendable {
            let command = repair_command(path);
            failure.hint(format!("see what can be mended with `{command} --dry-run`"))
        } else {
            failure.hint("compare those rows with the last good copy: no program can mend them")
        }
    }

    fn of(code: u8, error: &(dyn Error + 'static)) -> Self {
        let failure = Self::new(code, error.to_string());
        match error.source() {
            Some(source) => failure.caused_by(source),
            None => failure,
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::History(error) => error.into(),
            error => Self::of(FAILED, &error),
        }
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        let mut failure = Self::of(USAGE, &error);
        match &error {
            CatalogError::NotFound { kind, name, searched, known } => {
                let places = searched.iter().map(|path| format!("`{}`", path.display()));
                let places = places.collect::<Vec<_>>().join(", ");
                failure =
                    failure.because(format!("looked for {places}, and among the built-in ones"));
                let near = known.iter().min_by_key(|k| strsim::damerau_levenshtein(k, name));
                // A slip or two in a long name; in a short one almost anything is near.
                let most = (name.chars().count() / 4).min(3);
                let near = near.filter(|k| strsim::damerau_levenshtein(k, name) <= most);
                // Half of a long name, `frontend` or `front-end`, is enough to tell it by.
                let holds = |known: &&String| {
                    name.len() >= 4 && known.replace('-', "").contains(&name.replace('-', ""))
                };
                let meant = near.or_else(|| known.iter().find(holds));
                match meant {
                    Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
                    None if *kind == Kind::Survey => failure
                        .hint(format!("there are {}", listed(known)))
                        .hint(format!("start one with `repo-census init {name}`")),
                    None => failure.hint(format!("there are {}", listed(known))),
                }
            }
            CatalogError::BadName { kind: Kind::Survey, name }
                if name.to_lowercase().ends_with(".csv") =>
            {
                failure
                    .because("it looks like a history, and this command takes a survey")
                    .hint(format!("to see its ranking: `repo-census report {name}`"))
            }
            CatalogError::BadName { kind, .. } => {
                let (word, ending) = (kind.as_str(), kind.ending());
                failure
                    .because(format!("the name of a {word} has 1 to 64 of a-z, 0-9 and -"))
                    .hint(format!("a file is told by its ending: `my-{word}.{ending}`"))
            }
            CatalogError::Unreadable { .. } => failure,
            CatalogError::Invalid { origin, problems } => {
                if let Origin::File(path) = origin
                    && path.extension().is_some_and(|ending| ending == "csv")
                {
                    let path = super::quoted(&path.to_string_lossy());
                    return failure
                        .because("it looks like a history")
                        .hint(format!("to see its ranking: `repo-census report {path}`"));
                }
                for problem in problems {
                    failure = failure.because(problem.to_string());
                }
                let mut hints: Vec<String> = Vec::new();
                for problem in problems.iter().filter(|problem| problem.suggestion.is_some()) {
                    let suggestion = problem.suggestion.clone().unwrap_or_default();
                    let hint = match (problems.len(), problem.line) {
                        (1, _) | (_, 0) => suggestion,
                        (_, line) => format!("line {line}: {suggestion}"),
                    };
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                hints.into_iter().fold(failure, Failure::hint)
            }
        }
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let code = match &error {
            HistoryError::Busy { .. } | HistoryError::ClockBehind { .. } => TRY_LATER,
            HistoryError::NoSuchRun { .. } | HistoryError::Unmapped { .. } => USAGE,
            _ => FAILED,
        };
        let failure = Self::of(code, &error);
        match &error {
            HistoryError::Missing { path } | HistoryError::Empty { path } => {
                failure.hint(collect_first(path))
            }
            HistoryError::Unreadable { faults, .. } => faults
                .iter()
                .take(5)
                .fold(failure, |failure, fault| failure.because(fault.to_string()))
                .hint("put the last good copy back: another program wrote this one"),
            HistoryError::Io { .. } => failure,
            HistoryError::NotAHistory { .. } => failure.hint(
                "a history is `output/SURVEY/history.csv`; the rows of another CSV are taken into one \
                 with `repo-census import FILE --into SURVEY`",
            ),
            HistoryError::Utf16 { path, encoding } => {
                let file = super::quoted(&path.to_string_lossy());
                let command = format!("iconv -f {encoding} -t UTF-8 {file} > utf-8.csv");
                failure.hint(format!("save it as UTF-8, or make a copy with `{command}`"))
            }
            HistoryError::Unsettled { .. } => failure
                .hint("run the same command again: it finds everything done, and makes sure of it"),
            HistoryError::Rewritten { path, differences } => {
                failure.because(differences.join(" and ")).hint(format!(
                    "bring it back to our form with `{}`, or put the last good copy back",
                    repair_command(path)
                ))
            }
            HistoryError::Inexact { faults, .. } => failure.because_of_lines(faults).hint(
                "put the last good copy back, or save it once more with every number in full and \
                 moments such as `2026-11-21T06:00:04Z`",
            ),
            HistoryError::Unimportable { faults, .. } => failure.because_of_lines(faults).hint(
                "correct those lines in a copy, or take them out: numbers stand in full, moments \
                 as `2026-11-21T06:00:04Z`, rows of another survey in its own history",
            ),
            HistoryError::NoLastLineEnd { path, .. } => failure.hint(format!(
                "if it is whole, end it with `echo >> {}`, else take it out",
                super::quoted(&path.to_string_lossy())
            )),
            HistoryError::Unmapped { problems, .. } => {
                problems.iter().fold(failure, Failure::because).hint(
                    "name its columns: `--date-column Date --map framework=Name --map repo_count=Stars`",
                )
            }
            HistoryError::Conflict { faults, .. } => failure
                .because_of_lines(faults)
                .hint("find out which is right, and take the others out of a copy"),
            HistoryError::Damaged { path, faults } => failure
                .because_of_lines(faults)
                .hint(format!("mend it with `{}`", repair_command(path))),
            HistoryError::Changed { .. } => failure
                .because("it is not the file that this run wrote to, although that is locked")
                .hint(
                    "close the program that has it open, then finish the run with \
                       `repo-census collect --resume`",
                ),
            HistoryError::Busy { holder, .. } => match holder {
                Some(holder) => failure.because(format!(
                    "process {} on {} has held its lock since {}",
                    holder.pid,
                    holder.host,
                    holder.since.format("%Y-%m-%d %H:%M:%S UTC")
                )),
                None => failure.because("its lock is held; the holder left no note"),
            }
            .hint("wait for it to end, then try again"),
            HistoryError::ClockBehind { .. } => failure
                .because("run ids must increase, so that the newest run stands last")
                .hint(CLOCK_BEHIND),
            HistoryError::NoSuchRun { span: (first, last), .. } => {
                failure.because(format!("its runs go from `{first}` to `{last}`")).hint(
                    "name one of these or a later moment; without a moment the newest finished run is \
                     meant",
                )
            }
        }
    }
}

/// Returns the command that mends a history.
pub(super) fn repair_command(path: &Path) -> String {
    format!("repo-census repair {}", super::quoted(&path.to_string_lossy()))
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let failure = Self::of(USAGE, &error);
        match error {
            SettingsError::Unreadable { .. } => failure,
            SettingsError::Invalid { reason, .. } => failure
                .because(reason)
                .hint("mend that line, or name another file with `--settings FILE`"),
        }
    }
}

impl From<UnknownMetric> for Failure {
    fn from(error: UnknownMetric) -> Self {
        Self::of(USAGE, &error).with_known(&error.metric, &error.known)
    }
}

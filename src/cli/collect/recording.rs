//! The recording that a run keeps beside its history, if one is wanted.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::super::diagnostic::{Failure, Hint, list};
use super::{Order, Origin};
use crate::catalog::Kind;
use crate::collect::Plan;
use crate::domain::recording::RecordedAnswer;
use crate::domain::run::RunId;
use crate::domain::survey::Survey;

impl Order<'_> {
    /// Warns of a recording that has no answer to anything the survey asks, and says of which
    /// surveys it may be: a recording does not name its own.
    pub(super) fn warn_of_other_recording(&self) {
        let Origin::Recording(recording) = &self.origin else { return };
        let today = self.now().date_naive();
        if percent_answered(&recording.value, &self.survey, today) > 0 {
            return;
        }
        let catalog = self.session.catalog();
        let loaded = catalog.names(Kind::Survey).into_iter();
        let loaded = loaded.filter_map(|name| catalog.load_survey(Some(&name)).ok());
        let rated: Vec<(usize, String)> = loaded
            .map(|found| (percent_answered(&recording.value, &found.value, today), found.id))
            .collect();
        // Another survey may have a framework in common with it.
        let most = rated.iter().map(|(percent, _)| *percent).max().unwrap_or_default();
        let fitting = rated.into_iter().filter(|(percent, _)| most > 0 && *percent == most);
        let fitting: Vec<String> = fitting.map(|(_, id)| id).collect();
        let (survey, name) = (&self.survey.id, &recording.id);
        let text = format!("recording `{name}` has no answer to what survey `{survey}` asks");
        let hint = (!fitting.is_empty())
            .then(|| Hint::new(format!("name a survey that it fits: {}", list(&fitting))));
        self.session.ui.warn(&text, &[], hint.as_ref());
    }

    /// Refuses a recording that is there, or that is the one being replayed.
    pub(super) fn refuse_recording(&self) -> Result<(), Failure> {
        let Some(path) = &self.arguments.record else { return Ok(()) };
        if path.exists() {
            return Err(recording_failure(path, &io::ErrorKind::AlreadyExists.into()));
        }
        Ok(())
    }

    /// Opens the recording, if one is wanted: a new file, or that of the run that is continued.
    pub(super) fn open_recording(
        &self,
        continued: Option<RunId>,
    ) -> Result<Option<(File, PathBuf)>, Failure> {
        let Some(path) = &self.arguments.record else { return Ok(None) };
        if let Origin::Recording(recording) = &self.origin
            && let crate::catalog::Origin::File(replayed) = &recording.origin
            && same_file(path, replayed)
        {
            let message = format!("`{}` is the recording that is replayed", path.display());
            return Err(Failure::usage(message).hint("name another file to record to"));
        }
        if let Some(run) = continued.filter(|_| path.exists()) {
            self.expect_recording_of(run, path)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true).create_new(continued.is_none());
        match options.open(path) {
            Ok(file) => Ok(Some((file, path.clone()))),
            Err(error) => Err(recording_failure(path, &error)),
        }
    }

    /// A recording without any answer is none, and would only be in the way.
    pub(super) fn remove_empty_recording(&self) {
        let Some(path) = &self.arguments.record else { return };
        if path.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            // If it stays, the next run says so.
            let _ = std::fs::remove_file(path);
        }
    }

    /// A recording that is continued must be whole, and of the same run.
    fn expect_recording_of(&self, run: RunId, path: &Path) -> Result<(), Failure> {
        let shown = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|error| recording_failure(path, &error))?;
        if text.is_empty() {
            return Ok(());
        }
        if !text.ends_with('\n') {
            return Err(Failure::usage(format!("`{shown}` ends in a line that was cut off"))
                .hint("remove its last line, or name another file"));
        }
        let answers = self.session.catalog().load_recording(&path.to_string_lossy())?.value;
        match answers.first().map(|answer| answer.run).filter(|other| *other != run) {
            None => Ok(()),
            Some(other) => {
                Err(Failure::usage(format!("`{shown}` is of run `{other}`, not `{run}`"))
                    .hint("name another file: a recording holds one run"))
            }
        }
    }
}

/// Returns of how many percent of a survey's queries on that day a recording has an answer.
fn percent_answered(recording: &[RecordedAnswer], survey: &Survey, today: NaiveDate) -> usize {
    // As a replay looks it up: by the text, or by the names where nobody knows the text.
    let (by_name, texts): (Vec<_>, Vec<_>) =
        recording.iter().partition(|answer| answer.query.is_empty());
    let by_name: BTreeSet<(&str, &str)> =
        by_name.iter().map(|answer| (&*answer.framework, &*answer.metric)).collect();
    let texts: BTreeSet<&str> = texts.iter().map(|answer| &*answer.query).collect();
    let queries = Plan::new(survey, today).queries;
    let answered = queries.iter().filter(|planned| {
        texts.contains(&*planned.query.text)
            || planned.targets.iter().any(|of| by_name.contains(&(&*of.framework, &*of.metric)))
    });
    // One of a thousand is more than none.
    (100 * answered.count()).div_ceil(queries.len().max(1))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn recording_failure(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::usage(format!("`{shown}` is already there; nothing was asked"))
            .hint("name another file: a recording is never written over");
    }
    Failure::failed(format!("`{shown}` cannot be written")).caused_by(error)
}

//! What follows a run: files that its survey wants refreshed, and the command that the user's
//! settings name. Whatever goes wrong here is a warning: the run is on disk, and its exit code stays.

mod command;
mod files;

use std::path::{Path, PathBuf};

pub(super) use files::make_of;

use super::Session;
use super::report::Subject;
use crate::domain::health::Observed;
use crate::domain::run::RunId;
use crate::domain::survey::Survey;
use crate::domain::when::When;
use crate::history::Wanted;
use crate::report::{Moves, RunFacts, TOKEN_DAYS};

/// A run that ended, as far as its history does not tell.
pub(super) struct EndedRun {
    pub(super) id: RunId,
    pub(super) exit_code: u8,
    /// What failed, in words.
    pub(super) message: Option<String>,
    pub(super) observed: Observed,
}

/// Refreshes files after a finished run, then calls the command, once for each event.
pub(super) async fn follow(session: &Session, survey: &Survey, ended: EndedRun) {
    let wanted = &session.settings.after_run;
    if survey.write_after_run.is_empty() && wanted.command.is_none() {
        return;
    }
    let history = session.history(&survey.id);
    let subject = Subject { survey: Some(survey.clone()), history };
    let selection = subject.select(session, Wanted::At(When::Run(ended.id))).ok();
    let finished = selection.as_ref().filter(|selection| selection.progress.is_finished());
    let files = finished.map(|finished| files::refresh(session, &subject, finished));
    let Some(command) = &wanted.command else { return };
    let before = finished.and_then(|finished| Some((finished.before.as_ref()?, &finished.run)));
    let jump_percent = wanted.jump_percent;
    let moves = match before {
        Some((before, run)) => Moves::between(survey, before, run, jump_percent),
        None => Moves { jump_percent, ..Moves::default() },
    };
    let facts = RunFacts {
        survey: (survey.id.clone(), survey.title.clone()),
        run: ended.id,
        ended_at: session.clock.now_utc(),
        exit_code: ended.exit_code,
        message: ended.message,
        progress: selection.as_ref().map(|selection| selection.progress),
        history: shown(&subject.history),
        files: files.unwrap_or_default().iter().map(|path| shown(path)).collect(),
        moves,
        observed: ended.observed,
        token_days: TOKEN_DAYS,
    };
    let documents = facts.events().into_iter().map(|event| (event.as_str(), facts.render(event)));
    command::call(session, command, wanted.timeout, documents).await;
}

/// Returns a path that means the same to a program in another folder.
fn shown(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    path.to_string_lossy().into_owned()
}

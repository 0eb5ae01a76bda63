//! Choosing the run that a report is about: from the end of the file, by bisection, or by a scan.

use std::path::Path;

use super::HistoryError;
use super::backward::{Backward, GaveUp, STEP_BYTES};
use super::opened::{Opened, unreadable};
use super::read::{Reading, fold_runs};
use crate::domain::run::{Key, Progress, Run, RunId};
use crate::domain::when::When;

/// Which run is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The newest finished one; an unfinished one only if there is no finished one.
    Newest,
    /// The newest finished one at or before that moment; a run that is named is taken as it is.
    At(When),
    /// The last one in the file, finished or not.
    Last,
}

/// A run chosen from a history.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The run.
    pub run: Run,
    /// How far it got.
    pub progress: Progress,
    /// The finished run before it.
    pub before: Option<Run>,
    /// A newer run that did not finish.
    pub newer_unfinished: Option<(RunId, Progress)>,
    /// What was noticed while reading.
    pub reading: Reading,
}

/// Reads what is needed of a history and chooses the wanted run.
///
/// The newest runs are read from the end, a run further back is found by bisection: the cost does
/// not grow with the history. A history in disorder is read whole if that is seen, and
/// [`Reading::disorder_at`] says so. `still_asked` says which keys the survey has today; see
/// [`Run::progress`].
///
/// # Errors
///
/// Fails if the history cannot be read, has no rows, or has no such run.
pub fn select_run(
    path: &Path,
    wanted: Wanted,
    still_asked: impl Fn(&Key) -> bool,
) -> Result<Selection, HistoryError> {
    select_by_steps(STEP_BYTES, path, wanted, &still_asked)
}

fn select_by_steps(
    step_bytes: u64,
    path: &Path,
    wanted: Wanted,
    still_asked: &dyn Fn(&Key) -> bool,
) -> Result<Selection, HistoryError> {
    let mut opened = Opened::open(path)?;
    if opened.layout.is_ours() && !opened.is_small(step_bytes) {
        let backward = Backward::new(&mut opened, step_bytes);
        match (Walk { backward, peeked: None, still_asked }).select(wanted) {
            Ok(Found::Selection(selection)) => return Ok(*selection),
            Ok(Found::Nothing { span }) => return Err(no_such_run(path, wanted, span)),
            Err(GaveUp::Io(error)) => return Err(unreadable(path, error)),
            Err(GaveUp::ReadWhole) => {}
        }
    }
    select_by_scan(path, wanted, still_asked)
}

/// What was found from the end.
enum Found {
    Selection(Box<Selection>),
    /// No such run among those from the first to the last.
    Nothing {
        span: (RunId, RunId),
    },
}

/// A way back through the runs of a history, each with its progress.
struct Walk<'a> {
    backward: Backward<'a>,
    /// The next run, if it was already read to judge the one before it.
    peeked: Option<Run>,
    still_asked: &'a dyn Fn(&Key) -> bool,
}

impl Walk<'_> {
    fn select(mut self, wanted: Wanted) -> Result<Found, GaveUp> {
        // If not a single row can be read, the scan tells why.
        let last = self.next()?.ok_or(GaveUp::ReadWhole)?;
        let last_id = last.0.id;
        let newest = match wanted {
            Wanted::Newest | Wanted::Last => Some(last),
            Wanted::At(when) if when.reaches(last_id) => Some(last),
            Wanted::At(when) => self.find(when)?,
        };
        let is_wanted = |run: &Run| match wanted {
            Wanted::At(When::Run(id)) => run.id == id,
            _ => true,
        };
        let Some((newest, progress)) = newest.filter(|(run, _)| is_wanted(run)) else {
            let first = self.backward.first_run()?.ok_or(GaveUp::ReadWhole)?;
            return Ok(Found::Nothing { span: (first, last_id) });
        };
        let as_it_is = matches!(wanted, Wanted::Last | Wanted::At(When::Run(_)));
        let mut newer_unfinished = None;
        let (run, progress) = if as_it_is || progress.is_finished() {
            (newest, progress)
        } else if let Some(finished) = self.next_finished()? {
            newer_unfinished = Some((newest.id, progress));
            finished
        } else {
            (newest, progress)
        };
        let before = self.next_finished()?.map(|(run, _)| run);
        let reading = self.backward.reading()?;
        let selection = Selection { run, progress, before, newer_unfinished, reading };
        Ok(Found::Selection(Box::new(selection)))
    }

    /// Finds the last run that a moment reaches.
    fn find(&mut self, when: When) -> Result<Option<(Run, Progress)>, GaveUp> {
        self.backward.bisect(|run| when.reaches(run))?;
        self.peeked = None;
        while let Some((run, progress)) = self.next()? {
            if when.reaches(run.id) {
                return Ok(Some((run, progress)));
            }
        }
        Ok(None)
    }

    fn next(&mut self) -> Result<Option<(Run, Progress)>, GaveUp> {
        let run = match self.peeked.take() {
            Some(run) => Some(run),
            None => self.backward.next_run()?,
        };
        let Some(run) = run else { return Ok(None) };
        if run.planned().is_none() {
            self.peeked = self.backward.next_run()?;
        }
        let progress = run.progress(self.peeked.as_ref(), self.still_asked);
        Ok(Some((run, progress)))
    }

    fn next_finished(&mut self) -> Result<Option<(Run, Progress)>, GaveUp> {
        while let Some((run, progress)) = self.next()? {
            if progress.is_finished() {
                return Ok(Some((run, progress)));
            }
        }
        Ok(None)
    }
}

fn no_such_run(path: &Path, wanted: Wanted, span: (RunId, RunId)) -> HistoryError {
    let wanted = match wanted {
        Wanted::At(When::Run(id)) => format!("run `{id}`"),
        _ => "run so early".to_owned(),
    };
    HistoryError::NoSuchRun { path: path.to_owned(), wanted, span }
}

/// What the runs read so far come to.
#[derive(Default)]
struct Choice {
    chosen: Option<(Run, Progress)>,
    /// The finished run before the chosen one.
    before: Option<Run>,
    /// The newest finished run so far.
    finished: Option<Run>,
    newer_unfinished: Option<(RunId, Progress)>,
    last: Option<Run>,
    span: Option<(RunId, RunId)>,
}

/// Reads the whole history, run by run, and chooses the wanted one.
fn select_by_scan(
    path: &Path,
    wanted: Wanted,
    still_asked: &dyn Fn(&Key) -> bool,
) -> Result<Selection, HistoryError> {
    let step = |choice: &mut Choice, run: Run| {
        let progress = run.progress(choice.last.as_ref(), still_asked);
        let first = choice.span.map_or(run.id, |(first, _)| first);
        choice.span = Some((first, run.id));
        consider(choice, wanted, &run, progress);
        if progress.is_finished() {
            choice.finished = Some(run.clone());
        }
        choice.last = Some(run);
    };
    let (choice, reading) = fold_runs(path, Choice::default, step)?;
    let Some(ends) = choice.span else {
        let path = path.to_owned();
        return Err(match reading.faults {
            faults if faults.is_empty() => HistoryError::Empty { path },
            faults => HistoryError::Unreadable { path, faults },
        });
    };
    let Some((run, progress)) = choice.chosen else { return Err(no_such_run(path, wanted, ends)) };
    let Choice { before, newer_unfinished, .. } = choice;
    Ok(Selection { run, progress, before, newer_unfinished, reading })
}

fn consider(choice: &mut Choice, wanted: Wanted, run: &Run, progress: Progress) {
    let finished = progress.is_finished();
    let take = match wanted {
        Wanted::Last => true,
        Wanted::At(When::Run(id)) => run.id == id,
        Wanted::At(when) if !when.reaches(run.id) => return,
        Wanted::At(_) | Wanted::Newest => {
            // An unfinished run stands in as long as no finished one was seen.
            finished || choice.finished.is_none()
        }
    };
    if take {
        choice.before = choice.finished.clone();
        choice.chosen = Some((run.clone(), progress));
        choice.newer_unfinished = None;
    } else if !finished && !matches!(wanted, Wanted::At(When::Run(_))) {
        choice.newer_unfinished = Some((run.id, progress));
    }
}

#[cfg(test)]
pub(super) mod tests;

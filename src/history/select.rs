//! Choosing the run that a report is about.

use std::path::Path;

use super::HistoryError;
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

#[derive(Default)]
struct Scan {
    chosen: Option<(Run, Progress)>,
    /// The finished run before the chosen one.
    before: Option<Run>,
    /// The newest finished run so far.
    finished: Option<Run>,
    newer_unfinished: Option<(RunId, Progress)>,
    last: Option<Run>,
    span: Option<(RunId, RunId)>,
}

/// Reads a history and chooses the wanted run.
///
/// `still_asked` says which keys the survey has today; see [`Run::progress`].
///
/// # Errors
///
/// Fails if the history cannot be read, has no rows, or has no such run.
pub fn select_run(
    path: &Path,
    wanted: Wanted,
    still_asked: impl Fn(&Key) -> bool,
) -> Result<Selection, HistoryError> {
    let step = |scan: &mut Scan, run: Run| {
        let progress = run.progress(scan.last.as_ref(), &still_asked);
        let first = scan.span.map_or(run.id, |(first, _)| first);
        scan.span = Some((first, run.id));
        consider(scan, wanted, &run, progress);
        if progress.is_finished() {
            scan.finished = Some(run.clone());
        }
        scan.last = Some(run);
    };
    let (scan, reading) = fold_runs(path, Scan::default, step)?;
    let Some(ends) = scan.span else {
        let path = path.to_owned();
        return Err(match reading.faults {
            faults if faults.is_empty() => HistoryError::Empty { path },
            faults => HistoryError::Unreadable { path, faults },
        });
    };
    match scan.chosen {
        Some((run, progress)) => Ok(Selection {
            run,
            progress,
            before: scan.before,
            newer_unfinished: scan.newer_unfinished,
            reading,
        }),
        None => Err(HistoryError::NoSuchRun {
            path: path.to_owned(),
            wanted: match wanted {
                Wanted::At(When::Run(id)) => format!("run `{id}`"),
                _ => "run so early".to_owned(),
            },
            span: ends,
        }),
    }
}

fn consider(scan: &mut Scan, wanted: Wanted, run: &Run, progress: Progress) {
    let finished = progress.is_finished();
    let take = match wanted {
        Wanted::Last => true,
        Wanted::At(When::Run(id)) => run.id == id,
        Wanted::At(when) if !when.reaches(run.id) => return,
        Wanted::At(_) | Wanted::Newest => {
            // An unfinished run stands in as long as no finished one was seen.
            finished || scan.finished.is_none()
        }
    };
    if take {
        scan.before = scan.finished.clone();
        scan.chosen = Some((run.clone(), progress));
        scan.newer_unfinished = None;
    } else if !finished && !matches!(wanted, Wanted::At(When::Run(_))) {
        scan.newer_unfinished = Some((run.id, progress));
    }
}

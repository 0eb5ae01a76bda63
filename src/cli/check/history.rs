//! What `check` says of a history: what it holds, what is wrong, and what is worth a note.

use super::Line;
use crate::cli::diagnostic::{Failure, NOT_FINISHED};
use crate::cli::{Session, counted};
use crate::domain::run::Progress;
use crate::domain::survey::Survey;
use crate::history::{Circumstances, Examination, HistoryError, examine};
use crate::report::count;

/// Examines the history of a survey; a failure says that it cannot be read, or is not sound.
pub(super) fn examine_history(session: &Session, survey: &Survey) -> (Option<Failure>, Vec<Line>) {
    let path = session.history(&survey.id);
    let shown = format!("`{}`", path.display());
    let circumstances = Circumstances {
        now: session.clock.now_utc(),
        schedule: survey.schedule.as_ref(),
        still_asked: &|key| survey.still_asks(key),
    };
    let found = match examine(&path, &circumstances) {
        Ok(found) => found,
        Err(HistoryError::Missing { .. }) => {
            return (None, vec![("history", format!("{shown}: none yet"))]);
        }
        Err(error) => {
            let failure = Failure::from(error).with_code(NOT_FINISHED);
            return (Some(failure), vec![("history", format!("{shown}: cannot be read"))]);
        }
    };
    let mut lines = summary(&shown, &found);
    lines.extend(wrong(&found).into_iter().map(|text| ("wrong", text)));
    lines.extend(notes(&found).into_iter().map(|text| ("note", text)));
    let failure = (!found.is_sound()).then(|| Failure::of_damage(&path, found.needs_repair()));
    (failure, lines)
}

fn summary(shown: &str, found: &Examination) -> Vec<Line> {
    let Examination { rows, runs, unfinished, .. } = found;
    let (rows, runs) = (counted(*rows, "row", "rows"), counted(*runs, "run", "runs"));
    let text = format!("{rows}, {runs}, {} not finished", count(*unfinished));
    let mut lines = vec![("history", shown.to_owned()), ("", text)];
    if let (Some(first), Some((last, progress))) = (found.first, found.last) {
        let Progress { answered, planned } = progress;
        lines.push(("", format!("first run {first}")));
        lines.push(("", format!("last run {last}: {answered} of {planned} counts")));
        let finished = found.last_finished;
        let finished = finished.map_or_else(|| "none".to_owned(), |run| run.to_string());
        lines.push(("", format!("last finished run {finished}")));
    }
    lines
}

fn wrong(found: &Examination) -> Vec<String> {
    let mut wrong = found.bad.told();
    // A single row has told it itself.
    for (word, (line, rows)) in found.unknown_statuses.iter().filter(|(_, (_, rows))| *rows > 1) {
        let rows = count(*rows);
        wrong.push(format!("status `{word}` is unknown: {rows} rows, the first is line {line}"));
    }
    wrong.extend(found.empty.told());
    wrong.extend(found.doubled.told());
    if let Some((line, times)) = found.disorder {
        let more = match times {
            1 => String::new(),
            2 => ", and once more further down".to_owned(),
            times => format!(", and {} times more further down", times - 1),
        };
        wrong.push(format!("line {line}: run ids go backwards here{more}"));
    }
    wrong.extend(found.cut_line.map(|line| format!("line {line}: is cut off, or being written")));
    wrong.extend(found.differences.iter().cloned());
    // That every row was rewritten is told best by what happened to the first line.
    if found.differences.is_empty() {
        wrong.extend(found.rewritten.told());
    }
    wrong.extend(found.odd_moments.told());
    wrong
}

fn notes(found: &Examination) -> Vec<String> {
    let mut notes = Vec::new();
    let mut add = |first: Vec<String>, all: u64, (one, many): (&str, &str)| {
        let more = all.saturating_sub(first.len() as u64);
        notes.extend(first);
        if more > 0 {
            notes.push(format!(
                "and {}",
                counted(more, &format!("more {one}"), &format!("more {many}"))
            ));
        }
    };
    let (gaps, changes) = (&found.gaps, &found.method_changes);
    add(gaps.0.iter().map(ToString::to_string).collect(), gaps.1, ("gap", "gaps"));
    let changes_of = ("change of method", "changes of method");
    add(changes.0.iter().map(ToString::to_string).collect(), changes.1, changes_of);
    notes
}

//! What `check` says of a history: what it holds, what is wrong, and what is worth a note.

use super::Line;
use crate::cli::diagnostic::{Failure, NOT_FINISHED, told};
use crate::cli::{Session, still_asks};
use crate::domain::run::Progress;
use crate::domain::survey::Survey;
use crate::history::{Circumstances, Examination, HistoryError, examine};

/// Examines the history of a survey; a failure says that it is not sound.
pub(super) fn examine_history(
    session: &Session,
    survey: &Survey,
) -> Result<(Option<Failure>, Vec<Line>), Failure> {
    let path = session.history(&survey.id);
    let shown = format!("`{}`", path.display());
    let circumstances = Circumstances {
        now: session.clock.now_utc(),
        schedule: survey.schedule.as_ref(),
        still_asked: &|key| still_asks(survey, key),
    };
    let found = match examine(&path, &circumstances) {
        Ok(found) => found,
        Err(HistoryError::Missing { .. }) => {
            return Ok((None, vec![("history", format!("{shown}: none yet"))]));
        }
        Err(error) => return Err(Failure::from(error).with_code(NOT_FINISHED)),
    };
    let mut lines = summary(&shown, &found);
    lines.extend(wrong(&found).into_iter().map(|text| ("wrong", text)));
    lines.extend(notes(&found).into_iter().map(|text| ("note", text)));
    let failure = (!found.is_sound()).then(|| Failure::of_damage(&path, found.needs_repair()));
    Ok((failure, lines))
}

fn summary(shown: &str, found: &Examination) -> Vec<Line> {
    let Examination { rows, runs, unfinished, .. } = found;
    let text = format!("{shown}: {rows} rows, {runs} runs, {unfinished} not finished");
    let mut lines = vec![("history", text)];
    if let (Some(first), Some((last, progress))) = (found.first, found.last) {
        let Progress { answered, planned } = progress;
        let text = format!("first run {first}, last run {last}: {answered} of {planned} counts");
        lines.push(("", text));
        let finished = found.last_finished;
        let finished = finished.map_or_else(|| "none".to_owned(), |run| run.to_string());
        lines.push(("", format!("last finished run {finished}")));
    }
    lines
}

fn wrong(found: &Examination) -> Vec<String> {
    let mut wrong = told(&found.bad);
    // A single row has told it itself.
    for (word, (line, rows)) in found.unknown_statuses.iter().filter(|(_, (_, rows))| *rows > 1) {
        wrong.push(format!("status `{word}` is unknown: {rows} rows, the first is line {line}"));
    }
    wrong.extend(told(&found.empty));
    wrong.extend(told(&found.doubled));
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
        wrong.extend(told(&found.rewritten));
    }
    wrong.extend(told(&found.odd_moments));
    wrong
}

fn notes(found: &Examination) -> Vec<String> {
    let mut notes = Vec::new();
    let mut add = |first: Vec<String>, count: u64, what: &str| {
        let more = count.saturating_sub(first.len() as u64);
        notes.extend(first);
        if more > 0 {
            notes.push(format!("and {more} more {what}"));
        }
    };
    let (gaps, changes) = (&found.gaps, &found.method_changes);
    add(gaps.0.iter().map(ToString::to_string).collect(), gaps.1, "gaps");
    add(changes.0.iter().map(ToString::to_string).collect(), changes.1, "changes of method");
    notes
}

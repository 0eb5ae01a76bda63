//! `repair`: mends a damaged history, or says what would be mended.

use std::path::{Path, PathBuf};

use super::args::RepairArgs;
use super::diagnostic::{DONE, Failure};
use super::{Session, counted};
use crate::domain::survey::is_id;
use crate::history::{Repair, Reread, plan_repair, repair};

pub(super) fn perform(session: &Session, arguments: &RepairArgs) -> Result<u8, Failure> {
    let path = find_history(session, &arguments.survey)?;
    let shown = format!("`{}`", path.display());
    if arguments.dry_run {
        let plan = plan_repair(&path)?;
        session.ui.data(&(describe(&shown, &plan, Tense::Would).join("\n") + "\n"))?;
        if !plan.is_whole() {
            session.ui.next(&session.command(["repair", &arguments.survey]));
        }
        return Ok(DONE);
    }
    let done = repair(&path, session.clock.now_utc())?;
    for line in describe(&shown, &done, Tense::Did) {
        session.ui.say(&line);
    }
    // `check` takes surveys alone.
    if !done.is_whole() && !is_file(&arguments.survey) {
        session.ui.next(&session.command(["check", &arguments.survey]));
    }
    Ok(DONE)
}

/// Finds the history; a survey that cannot be loaded is no reason not to mend its history.
fn find_history(session: &Session, given: &str) -> Result<PathBuf, Failure> {
    if is_file(given) {
        return Ok(PathBuf::from(given));
    }
    if is_id(given) && session.history(given).exists() {
        return Ok(session.history(given));
    }
    Ok(session.history(&session.load_survey(Some(given))?.value.id))
}

/// Tells whether a history itself is named instead of its survey.
fn is_file(given: &str) -> bool {
    Path::new(given).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// Whether something was done or only worked out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    Did,
    Would,
}

/// Stands above values that another program wrote in its own way.
pub(super) const READ_SO: &str = "values in another form, and how they are read:";

/// Tells how the values of a column were read.
pub(super) fn reread(reread: &Reread) -> String {
    let Reread { column, first, count } = reread;
    let shown = |(value, read): &(String, String)| match read.as_str() {
        "" => format!("`{value}` as nothing"),
        read => format!("`{value}` as `{read}`"),
    };
    let all: Vec<String> = first.iter().map(shown).collect();
    let more = match count.saturating_sub(first.len() as u64) {
        0 => String::new(),
        more => format!(", and {}", counted(more, "more value", "more values")),
    };
    format!("`{column}`: {}{more}", all.join(", "))
}

/// Returns how many rows there are in how many runs.
pub(super) fn of_runs(rows: u64, runs: u64) -> String {
    format!("{} in {}", counted(rows, "row", "rows"), counted(runs, "run", "runs"))
}

/// Tells of a repair, a line each.
fn describe(shown: &str, repair: &Repair, tense: Tense) -> Vec<String> {
    let would = |done: &str, planned: &str| match tense {
        Tense::Did => done.to_owned(),
        Tense::Would => planned.to_owned(),
    };
    let rows = of_runs(repair.rows, repair.runs);
    if repair.is_whole() {
        return vec![format!(
            "{shown} is whole: {rows}; nothing {} changed",
            would("was", "would be")
        )];
    }
    let mut lines = vec![format!("{shown} {} {rows}", would("has now", "would have"))];
    let mut list = |heading: String, items: Vec<String>| {
        if !items.is_empty() {
            lines.push(format!("  {heading}"));
            lines.extend(items.into_iter().map(|item| format!("    {item}")));
        }
    };
    let mut ours = repair.differences.clone();
    // What happened to the first line happened to the others too.
    if ours.is_empty() {
        ours = repair.rewritten.told();
    }
    list(would("brought back to our form:", "would be brought back to our form:"), ours);
    list(READ_SO.to_owned(), repair.reread.iter().map(reread).collect());
    let order = repair.disorder.map(|(first, times)| match times {
        1 => format!("line {first} stands behind a later run"),
        2 => format!("line {first} stands behind a later run, and so does 1 more"),
        _ => format!("line {first} stands behind a later run, and so do {} more", times - 1),
    });
    list(
        would("put into the order of the runs:", "would be put into the order of the runs:"),
        order.into_iter().collect(),
    );
    list(would("left out:", "would be left out:"), repair.empty.told());
    list(would("set aside:", "would be set aside:"), repair.set_aside.told());
    if let Some(path) = &repair.moved_to {
        lines.push(format!("  the lines set aside are in `{}`", path.display()));
    }
    if let Some(path) = &repair.backup {
        lines.push(format!("  the old file is `{}`", path.display()));
    }
    lines
}

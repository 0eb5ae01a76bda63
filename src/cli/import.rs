//! `import`: takes the rows of another file into a history, or says what would be taken.

use std::collections::BTreeSet;

use super::args::ImportArgs;
use super::diagnostic::{DONE, Failure};
use super::repair::{READ_SO, Tense, of_runs, reread};
use super::{Session, counted};
use crate::domain::survey::{Survey, is_id};
use crate::history::{Import, Importing, Mapping, import, plan_import};

/// How many names that the survey lacks are told.
const MOST_NAMED: usize = 20;

pub(super) fn perform(session: &Session, arguments: &ImportArgs) -> Result<u8, Failure> {
    let survey = session.load_survey(Some(&arguments.into))?.value;
    let mapping = find_mapping(&survey, arguments)?;
    let history = session.history(&survey.id);
    let importing = Importing {
        file: &arguments.file,
        history: &history,
        survey: &survey.id,
        mapping: &mapping,
        now: session.clock.now_utc(),
    };
    let shown = format!("`{}`", history.display());
    let done = if arguments.dry_run {
        let plan = plan_import(&importing)?;
        session.ui.data(&(describe(&shown, &plan, Tense::Would).join("\n") + "\n"))?;
        plan
    } else {
        let done = import(&importing)?;
        for line in describe(&shown, &done, Tense::Did) {
            session.ui.say(&line);
        }
        done
    };
    warn(session, &survey, arguments, &done);
    if !arguments.dry_run && done.added > 0 {
        session.ui.next(&session.command(["report", &arguments.into]));
    }
    Ok(DONE)
}

fn find_mapping(survey: &Survey, arguments: &ImportArgs) -> Result<Mapping, Failure> {
    let mut columns = arguments.map.clone();
    columns.extend(arguments.date_column.clone().map(|name| ("observed_at".to_owned(), name)));
    let mut seen = BTreeSet::new();
    for (column, _) in &columns {
        if !seen.insert(column) {
            return Err(Failure::usage(format!("`{column}` is mapped twice"))
                .hint("name one column for it; `--date-column` is `--map observed_at=` too"));
        }
    }
    let first = survey.enabled_metrics().next().map(|metric| metric.id.clone());
    let metric = arguments.metric.clone().or(first).unwrap_or_default();
    if !is_id(&metric) {
        return Err(Failure::usage(format!("`--metric {metric}` cannot be the id of a metric"))
            .because("an id has 1 to 64 of a-z, 0-9 and -"));
    }
    Ok(Mapping { columns, metric, per: arguments.per.map(Into::into) })
}

/// Tells of an import, a line each.
fn describe(shown: &str, import: &Import, tense: Tense) -> Vec<String> {
    let is_done = tense == Tense::Did;
    let Import { added, new_runs, total_rows, total_runs, .. } = import;
    let rows = counted(import.rows, "row", "rows");
    if *added == 0 {
        let nothing = if is_done { "nothing was changed" } else { "nothing would be changed" };
        let all = if import.rows == 1 { "the" } else { "all" };
        return vec![format!("{shown} has {all} {rows} already; {nothing}")];
    }
    let verb = if is_done { "added to" } else { "would be added to" };
    let new = counted(*new_runs, "new run", "new runs");
    let mut lines = vec![format!("{added} of {rows} {verb} {shown}, {new}")];
    let has = if is_done { "it has now" } else { "it would have" };
    let total = of_runs(*total_rows, *total_runs);
    lines.push(format!("  {has} {total}"));
    match import.repeated {
        0 => {}
        1 => lines.push("  1 row stands in the file more than once".to_owned()),
        rows => lines.push(format!("  {rows} rows stand in the file more than once")),
    }
    let mut list = |heading: &str, items: Vec<String>| {
        if !items.is_empty() {
            lines.push(format!("  {heading}"));
            lines.extend(items.into_iter().map(|item| format!("    {item}")));
        }
    };
    list("another program wrote the file:", import.differences.clone());
    list(READ_SO, import.reread.iter().map(reread).collect());
    list("passed over:", import.empty.told());
    if let Some(path) = &import.backup {
        lines.push(format!("  the old file is `{}`", path.display()));
    }
    lines
}

/// Warns of what may not be meant.
fn warn(session: &Session, survey: &Survey, arguments: &ImportArgs, import: &Import) {
    let file = arguments.file.display();
    if let Some(line) = import.cut_line {
        let text = format!("line {line} of `{file}` is cut off, or being written; it is left out");
        session.ui.warn(&text, &[], None);
    }
    if !import.is_foreign && (arguments.metric.is_some() || arguments.per.is_some()) {
        let text = format!("`{file}` is a history: `--metric` and `--per` have no effect on it");
        session.ui.warn(&text, &[], None);
    }
    let unknown = import.frameworks.iter().filter(|name| survey.framework_called(name).is_none());
    warn_of_unknown(session, survey, ("framework", "name"), &unknown.collect::<Vec<_>>());
    let is_unknown = |id: &&String| !survey.metrics.iter().any(|metric| metric.id == **id);
    let unknown = import.metrics.iter().filter(is_unknown);
    warn_of_unknown(session, survey, ("metric", "id"), &unknown.collect::<Vec<_>>());
}

/// Warns of what the survey does not have: of what kind, what it goes by, and which.
fn warn_of_unknown(
    session: &Session,
    survey: &Survey,
    (kind, by): (&str, &str),
    unknown: &[&String],
) {
    let text = match unknown.len() {
        0 => return,
        1 => format!("the survey `{}` has no {kind} of this {by}", survey.id),
        _ => format!("the survey `{}` has no {kind}s of these {by}s", survey.id),
    };
    let mut shown: Vec<String> =
        unknown.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    if unknown.len() > MOST_NAMED {
        shown.push(format!("and {} more", unknown.len() - MOST_NAMED));
    }
    session.ui.warn(&text, &[shown.join(", ")], None);
}

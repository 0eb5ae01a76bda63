//! `check`: what is wrong with survey, settings or history; with `--online` with the token too. It
//! never writes, and tells all that it finds.

mod history;

use std::path::Path;
use std::time::Duration;

use chrono::DateTime;

use super::after_run::make_of;
use super::args::CheckArgs;
use super::connection::{Connection, address_of};
use super::diagnostic::{DONE, Failure, Hint, list};
use super::{Session, counted};
use crate::catalog::Loaded;
use crate::collect::Plan;
use crate::domain::audit::find_other_meaning;
use crate::domain::survey::Survey;
use crate::github::{Allowance, ApiAddress, fetch_limits};
use crate::platform::time_zone_version;

pub(super) fn perform(session: &Session, arguments: &CheckArgs) -> Result<u8, Failure> {
    let address = address_of(session);
    let survey = match session.load_survey(arguments.survey.as_deref()) {
        Ok(survey) => survey,
        Err(error) => return Ok(end_with_all(session, &[Some(error.into()), address.err()])),
    };
    let of_survey = survey_lines(session, &survey);
    let of_settings = setting_lines(session, address.as_ref().ok());
    let (unwritable, mut of_folder) = after_run_lines(session, &survey.value);
    let (damage, lines) = history::examine_history(session, &survey.value);
    of_folder.extend(lines);
    let (refused, of_github) = if arguments.online && address.is_ok() {
        Session::block_on(online_lines(session, arguments))?
    } else {
        (None, Vec::new())
    };
    // A path is copied in one piece, so that settings are never parted.
    let blocks = [(of_survey, true), (of_settings, false), (of_folder, true), (of_github, true)];
    let failures = [address.err(), unwritable, refused, damage];
    if failures.iter().any(Option::is_some) || !session.ui.is_quiet() {
        session.ui.data(&render(&blocks, session.ui.look().columns))?;
    }
    Ok(end_with_all(session, &failures))
}

/// Tells failures one after the other; returns the code of the first, which is the most urgent one.
fn end_with_all(session: &Session, failures: &[Option<Failure>]) -> u8 {
    let codes: Vec<u8> = failures.iter().flatten().map(|f| session.ui.end_with(f)).collect();
    codes.first().copied().unwrap_or(DONE)
}

type Line = (&'static str, String);

/// Renders blocks of lines in two columns, of which the second may be parted into several lines.
fn render(blocks: &[(Vec<Line>, bool)], columns: usize) -> String {
    let names = blocks.iter().flat_map(|(lines, _)| lines).map(|(name, _)| name.len());
    let width = names.max().unwrap_or_default();
    let most =
        |may_part: bool| if may_part { columns.saturating_sub(width + 2) } else { usize::MAX };
    let block = |(lines, may_part): &(Vec<Line>, bool)| -> String {
        lines.iter().map(|line| render_line(line, width, most(*may_part))).collect()
    };
    blocks.iter().map(block).collect()
}

fn render_line((name, text): &Line, width: usize, most: usize) -> String {
    let mut rendered = String::new();
    for (index, piece) in wrap(text, most).into_iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        rendered.push_str(&format!("{name:width$}  {piece}\n"));
    }
    rendered
}

/// Parts a text at spaces into lines of at most so many characters, if it can be; what stands in
/// backticks stays in one piece.
fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut is_code = false;
    let mut lines = vec![String::new()];
    let words = text.split(|c| {
        is_code ^= c == '`';
        c == ' ' && !is_code
    });
    for word in words {
        let length = |text: &str| text.chars().count();
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if length(line) + 1 + length(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn survey_lines(session: &Session, loaded: &Loaded<Survey>) -> Vec<Line> {
    let survey = &loaded.value;
    let now = session.clock.now_utc();
    let plan = Plan::new(survey, now.date_naive());
    let asked = format!(
        "{}, {} of {} switched on",
        counted(survey.frameworks.len(), "framework", "frameworks"),
        survey.enabled_metrics().count(),
        counted(survey.metrics.len(), "metric", "metrics"),
    );
    let queries = counted(plan.queries.len(), "query", "queries");
    let counts = counted(plan.counts, "count", "counts");
    let mut lines = vec![
        ("survey", format!("{}, {}", survey.title, loaded.origin)),
        ("", asked),
        ("", format!("{queries} for {counts} a run")),
    ];
    for skipped in &plan.skipped {
        let text = format!(
            "skipped: {} {}, which has no {}",
            skipped.framework, skipped.metric, skipped.placeholder
        );
        lines.push(("", text));
    }
    for query in &plan.queries {
        let names = query.targets.iter().map(|t| format!("{} {}", t.framework, t.metric));
        if let Some((word, meaning)) = find_other_meaning(&query.query.text) {
            let names = names.collect::<Vec<_>>().join(", ");
            lines.push(("", format!("ambiguous: {names}: `{word}` also finds {meaning}")));
        }
    }
    lines.push((
        "schedule",
        match &survey.schedule {
            None => "none".to_owned(),
            Some(schedule) => {
                let next = schedule.next_after(now);
                let next = next.map_or_else(
                    || "never".to_owned(),
                    |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
                );
                format!("`{}` {}, next due {next}", schedule.line(), schedule.zone_name())
            }
        },
    ));
    lines.push(("baseline", survey.baseline.clone().unwrap_or_else(|| "none".to_owned())));
    lines
}

/// Says what is written after a run; a failure names what cannot be.
fn after_run_lines(session: &Session, survey: &Survey) -> (Option<Failure>, Vec<Line>) {
    if survey.write_after_run.is_empty() {
        return (None, Vec::new());
    }
    let (mut written, mut wrong) = (Vec::new(), Vec::new());
    for name in &survey.write_after_run {
        let path = session.output_folder(&survey.id).join(name);
        match make_of(name) {
            Ok(_) if path.is_dir() => {
                let way_out = Hint::new("move that folder away, or choose another name");
                wrong.push((format!("`{}` is a folder", path.display()), Some(way_out)));
            }
            Ok(_) => written.push(name.clone()),
            Err(failure) => wrong.push((failure.message.clone(), failure.ways_out().pop())),
        }
    }
    let text = if written.is_empty() { "nothing".to_owned() } else { list(&written) };
    let mut lines = vec![("after a run", format!("writes {text}"))];
    lines.extend(wrong.iter().map(|(message, _)| ("wrong", message.clone())));
    let number =
        counted(wrong.len(), "file that cannot be written", "files that cannot be written");
    let message = format!("`[after_run]` of survey `{}` names {number}", survey.id);
    let failure = (!wrong.is_empty()).then(|| {
        let mut ways_out: Vec<Hint> =
            wrong.into_iter().filter_map(|(_, way_out)| way_out).collect();
        ways_out.dedup();
        let add = |failure: Failure, way_out: Hint| failure.hint(way_out.to_string());
        ways_out.into_iter().fold(Failure::usage(message), add)
    });
    (failure, lines)
}

fn setting_lines(session: &Session, address: Option<&ApiAddress>) -> Vec<Line> {
    let settings = &session.settings;
    let root = &settings.root;
    let mut lines = vec![("root", format!("`{}` ({})", root.value.display(), root.layer))];
    if let Some(folder) = &settings.user_folder {
        let there = if folder.value.is_dir() { "" } else { ", not there" };
        let text = format!("`{}` ({}){there}", folder.value.display(), folder.layer);
        lines.push(("your config folder", text));
    }
    let file = settings.file.as_ref().map(|path| format!("`{}`", path.display()));
    lines.push(("settings file", file.unwrap_or_else(|| "none".to_owned())));
    let address = address.map_or("cannot be used", ApiAddress::as_str);
    lines.push(("api", format!("{address} ({})", settings.api.layer)));
    let (timeout, max_wait) = (&settings.timeout, &settings.max_wait);
    lines.push(("timeout", format!("{} ({})", as_typed(timeout.value), timeout.layer)));
    lines.push(("max-wait", format!("{} ({})", as_typed(max_wait.value), max_wait.layer)));
    if let Some(command) = &settings.after_run.command {
        // It can come from there only.
        let file = settings.file.as_deref().unwrap_or(Path::new("")).display();
        let words = [command.program.to_string_lossy().into_owned()];
        let words: Vec<&str> = words.iter().chain(&command.arguments).map(String::as_str).collect();
        lines.push(("after a run", format!("calls {words:?} (`{file}`)")));
    }
    lines.push(("time zones", time_zone_version()));
    lines
}

/// Returns a time as one would type it, in the largest unit that takes it whole.
fn as_typed(length: Duration) -> String {
    let (seconds, ms) = (length.as_secs(), length.as_millis());
    if length.subsec_millis() > 0 || seconds == 0 {
        return format!("{ms}ms");
    }
    [(3_600, 'h'), (60, 'm')].into_iter().find(|(unit, _)| seconds % unit == 0).map_or_else(
        || format!("{seconds}s"),
        |(unit, letter)| format!("{}{letter}", seconds / unit),
    )
}

/// Asks GitHub about the token, once.
async fn online_lines(
    session: &Session,
    arguments: &CheckArgs,
) -> Result<(Option<Failure>, Vec<Line>), Failure> {
    let connection = Connection::find(session, &arguments.connection).await?;
    let token = match &connection.token {
        Some(found) => format!("from {}", found.origin),
        None => "none".to_owned(),
    };
    let mut lines = vec![("token", token)];
    let asked =
        fetch_limits(&connection.address, connection.secret(), session.settings.timeout.value);
    let limits = match asked.await {
        Ok(limits) => limits,
        Err((401, said)) => {
            lines.push(("wrong", format!("GitHub refuses this token: {said}")));
            return Ok((Some(Failure::of_refused_token(&connection)), lines));
        }
        Err((0, said)) => {
            let message = format!("{} does not answer", connection.address.host());
            lines.push(("wrong", format!("{message}: {said}")));
            let failure = Failure::failed(message);
            return Ok((Some(failure.hint("look at the network, and at `--api-url`")), lines));
        }
        Err((404, _)) => {
            // An Enterprise Server whose limits are switched off has nothing to tell.
            lines.push(("limits", "the host tells none".to_owned()));
            return Ok((None, lines));
        }
        Err((status, said)) => {
            let message = format!("`rate_limit` answers {status}");
            lines.push(("wrong", format!("{message}: {said}")));
            let hint =
                "look at the address of the API: it is that of another program, or GitHub is ill";
            return Ok((Some(Failure::failed(message).hint(hint)), lines));
        }
    };
    let allowance = |of: &Allowance, unit: &str| {
        let until = DateTime::from_timestamp(of.reset, 0).unwrap_or_default();
        let until = until.format("%H:%M:%S");
        format!("{} of {} {unit} left until {until} UTC", of.remaining, of.limit)
    };
    lines.push(("search", allowance(&limits.search, "searches")));
    if let Some(graphql) = &limits.graphql {
        lines.push(("graphql", allowance(graphql, "points")));
    }
    if connection.token.is_some() {
        let ends = limits.token_expires_at;
        let ends = ends.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        lines.push(("token ends", ends.unwrap_or_else(|| "GitHub does not say".to_owned())));
    }
    Ok((None, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_parted_at_spaces_outside_of_code() {
        let cases: [(&str, usize, &[&str]); 6] = [
            ("", 10, &[""]),
            ("one two", 7, &["one two"]),
            ("one two", 6, &["one", "two"]),
            ("a `b c d` e", 5, &["a", "`b c d`", "e"]),
            ("abcdefghij k", 4, &["abcdefghij", "k"]),
            ("äöü äöü", 7, &["äöü äöü"]),
        ];
        for (text, most, expected) in cases {
            assert_eq!(wrap(text, most), expected, "{text}");
        }
        let line = ("note", "one two".to_owned());
        assert_eq!(render_line(&line, 6, 3), "note    one\n        two\n");
    }

    #[test]
    fn times_are_said_as_they_are_typed() {
        let cases =
            [(0, "0ms"), (500, "500ms"), (20_000, "20s"), (90_000, "90s"), (90_500, "90500ms")];
        for (ms, expected) in cases {
            assert_eq!(as_typed(Duration::from_millis(ms)), expected);
        }
        let cases = [(15 * 60, "15m"), (90 * 60, "90m"), (2 * 3_600, "2h")];
        for (seconds, expected) in cases {
            assert_eq!(as_typed(Duration::from_secs(seconds)), expected);
        }
    }
}

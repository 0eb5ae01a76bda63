//! `check`: what is wrong with survey, settings or history; with `--online` with the token too. It
//! never writes.

mod history;

use std::path::Path;

use chrono::DateTime;

use super::Session;
use super::after_run::make_of;
use super::args::CheckArgs;
use super::connection::{Connection, address_of};
use super::diagnostic::{DONE, FAILED, Failure, TOKEN_REFUSED};
use crate::catalog::Loaded;
use crate::collect::Plan;
use crate::domain::survey::Survey;
use crate::github::{Allowance, fetch_limits};
use crate::platform::time_zone_version;

pub(super) fn perform(session: &Session, arguments: &CheckArgs) -> Result<u8, Failure> {
    let survey = session.load_survey(arguments.survey.as_deref())?;
    let mut lines = survey_lines(session, &survey);
    lines.extend(setting_lines(session)?);
    let (damage, history_lines) = history::examine_history(session, &survey.value)?;
    lines.extend(history_lines);
    let mut code = damage.as_ref().map_or(DONE, |failure| failure.code);
    if arguments.online {
        let (online, online_lines) = Session::block_on(online_lines(session, arguments))?;
        lines.extend(online_lines);
        code = if online == DONE { code } else { online };
    }
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let text: String =
        lines.iter().map(|(name, text)| format!("{name:width$}  {text}\n")).collect();
    if code != DONE || !session.ui.is_quiet() {
        session.ui.data(&text)?;
    }
    if let Some(failure) = damage {
        session.ui.end_with(&failure);
    }
    Ok(code)
}

type Line = (&'static str, String);

fn survey_lines(session: &Session, loaded: &Loaded<Survey>) -> Vec<Line> {
    let survey = &loaded.value;
    let now = session.clock.now_utc();
    let plan = Plan::new(survey, now.date_naive());
    let mut lines = vec![
        ("survey", format!("{}, {}", survey.title, loaded.origin)),
        (
            "",
            format!(
                "{} frameworks, {} of {} metrics switched on, {} queries for {} counts a run",
                survey.frameworks.len(),
                survey.enabled_metrics().count(),
                survey.metrics.len(),
                plan.queries.len(),
                plan.counts,
            ),
        ),
    ];
    for skipped in &plan.skipped {
        let text = format!(
            "skipped: {} {}, which has no {}",
            skipped.framework, skipped.metric, skipped.placeholder
        );
        lines.push(("", text));
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
    if !survey.write_after_run.is_empty() {
        let describe = |name: &String| match make_of(name) {
            Ok(_) => format!("`{name}`"),
            Err(failure) => format!("not {}", failure.message),
        };
        let files: Vec<String> = survey.write_after_run.iter().map(describe).collect();
        lines.push(("after a run", format!("writes {}", files.join(", "))));
    }
    lines.push(("baseline", survey.baseline.clone().unwrap_or_else(|| "none".to_owned())));
    lines
}

fn setting_lines(session: &Session) -> Result<Vec<Line>, Failure> {
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
    let address = address_of(session)?;
    lines.push(("api", format!("{} ({})", address.as_str(), settings.api.layer)));
    let (timeout, max_wait) = (&settings.timeout, &settings.max_wait);
    lines.push(("timeout", format!("{:?} ({})", timeout.value, timeout.layer)));
    lines.push(("max-wait", format!("{:?} ({})", max_wait.value, max_wait.layer)));
    if let Some(command) = &settings.after_run.command {
        // It can come from there only.
        let file = settings.file.as_deref().unwrap_or(Path::new("")).display();
        let words = [command.program.to_string_lossy().into_owned()];
        let words: Vec<&str> = words.iter().chain(&command.arguments).map(String::as_str).collect();
        lines.push(("after a run", format!("calls {words:?} (`{file}`)")));
    }
    lines.push(("time zones", time_zone_version()));
    Ok(lines)
}

/// Asks GitHub about the token, once.
async fn online_lines(
    session: &Session,
    arguments: &CheckArgs,
) -> Result<(u8, Vec<Line>), Failure> {
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
            return Ok((TOKEN_REFUSED, lines));
        }
        Err((0, said)) => {
            lines.push(("wrong", format!("{} does not answer: {said}", connection.address.host())));
            return Ok((FAILED, lines));
        }
        Err((404, _)) => {
            // An Enterprise Server whose limits are switched off has nothing to tell.
            lines.push(("limits", "the host tells none".to_owned()));
            return Ok((DONE, lines));
        }
        Err((status, said)) => {
            lines.push(("wrong", format!("`rate_limit` answers {status}: {said}")));
            return Ok((FAILED, lines));
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
    Ok((DONE, lines))
}

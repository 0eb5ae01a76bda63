//! A workflow for GitHub Actions: collects, keeps history and page on a branch of their own, and
//! fails only then.

use super::super::diagnostic::Failure;
use super::super::output::VERSION;
use super::{File, Task, Token};
use crate::domain::cron_line::{CronFields, constant_minutes_ahead, minutes_ahead};

/// The workflow, with words in capitals between `<` and `>` to fill in.
const WORKFLOW: &str = include_str!("github_actions.yml");

pub(super) fn render(task: &Task<'_>) -> Result<Vec<File>, Failure> {
    let Task { id, survey, .. } = task;
    if survey != id {
        return Err(Failure::usage(format!("a workflow cannot see `{survey}`")).hint(format!(
            "put the survey into `config/surveys/{id}.toml` of the repository, and name it `{id}`"
        )));
    }
    let (lines, remark) = when(task);
    let schedule: String =
        lines.iter().map(|line| format!("    - cron: \"{}\"\n", line.line())).collect();
    let (flag, environment) = match task.token {
        Token::None => (" --no-token", String::new()),
        Token::File(_) => (
            "",
            "        env:\n          # A token of your own as the secret REPO_CENSUS_TOKEN, else the \
             workflow's.\n          GH_TOKEN: ${{ secrets.REPO_CENSUS_TOKEN || github.token }}\n"
                .to_owned(),
        ),
    };
    let text = WORKFLOW
        .replace("<SURVEY>", id)
        .replace("<DUE>", &task.due())
        .replace("    # <REMARK>\n", &remark)
        .replace("    - cron: <CRON>\n", &schedule)
        .replace("        # <ENVIRONMENT>\n", &environment)
        .replace("<FLAG>", flag)
        .replace("<VERSION>", VERSION);
    Ok(vec![(format!("repo-census-{id}.yml"), text)])
}

/// Returns when the workflow must start, in UTC, and a remark on it.
fn when(task: &Task<'_>) -> (Vec<CronFields>, String) {
    let (schedule, utc) = (task.schedule, jiff::tz::TimeZone::UTC);
    let fields = schedule.fields();
    let ahead = constant_minutes_ahead(&utc, schedule.zone(), task.now);
    let exact = fields.as_ref().zip(ahead).and_then(|(fields, ahead)| fields.shifted(ahead));
    if let Some(lines) = exact {
        return (lines, String::new());
    }
    let is_hourly = fields.as_ref().is_some_and(CronFields::is_hourly);
    let minutes = fields.map_or_else(|| vec![17], |fields| fields.minutes);
    let ahead = minutes_ahead(&utc, schedule.zone(), task.now);
    let hourly = CronFields::at_minutes(minutes);
    let remark = "    # GitHub's schedules are in UTC and cannot say this, so it starts every hour: of a \
                  period only the\n    # first run does anything.\n";
    (vec![hourly.hourly(ahead)], if is_hourly { String::new() } else { remark.to_owned() })
}

//! Lines for cron: quoted for the shell, then for cron, in the machine's own time.

use super::super::diagnostic::Failure;
use super::super::quoted;
use super::{File, Task, Token};
use crate::domain::cron_line::{CronFields, constant_minutes_ahead, minutes_ahead};

/// Debian's cron refuses a command that is longer.
const LONGEST_COMMAND_BYTES: usize = 998;

pub(super) fn render(task: &Task<'_>) -> Result<Vec<File>, Failure> {
    let (lines, remark) = when(task);
    let command = command(task);
    if command.len() > LONGEST_COMMAND_BYTES {
        let bytes = command.len();
        return Err(Failure::usage("the line would be too long for cron")
            .because(format!("{bytes} bytes; cron takes {LONGEST_COMMAND_BYTES}"))
            .hint("choose shorter folders with `--dir` and `--token-file`, or use systemd"));
    }
    let jobs: String = lines.iter().map(|line| format!("{} {command}\n", line.line())).collect();
    let Task { id, .. } = task;
    let due = task.due();
    let (health, token) = match task.token {
        Token::File(_) => {
            (health(task, " --token-days 7"), ",\n# or the token was refused or ends within a week")
        }
        Token::None => (health(task, ""), ""),
    };
    let text = format!(
        "# repo-census: survey `{id}`, due {due}.\n\
         # {remark}\n\
         # Add this with `crontab -e`. What a run has to say goes to cron.log beside the history, or is\n\
         # mailed if that cannot be written; only of a run that failed the end of it is mailed. 75 is no\n\
         # failure: another run was at work. A run that was killed (137) is finished at once.\n\
         {jobs}\
         # Once a day a mail, while a period has no finished run two hours after it was due{token}:\n\
         41 9 * * * {health}\n"
    );
    Ok(vec![(format!("repo-census-{id}.crontab"), text)])
}

/// Returns when cron must start, and a remark on it.
fn when(task: &Task<'_>) -> (Vec<CronFields>, String) {
    let (zone, name) = &task.machine;
    let survey_zone = task.schedule.zone_name();
    let every_hour = |fields, why: &str| {
        let remark = format!(
            "cron starts every hour, for {why}:\n# of a period only the first run does anything."
        );
        (vec![hourly(task, fields)], remark)
    };
    let Some(fields) = task.schedule.fields() else {
        return every_hour(None, "it does not know such days");
    };
    let in_own_time = format!("cron takes it in this machine's time, {name}.");
    if fields.is_hourly() {
        return (vec![hourly(task, Some(&fields))], in_own_time);
    }
    let Some(ahead) = constant_minutes_ahead(zone, task.schedule.zone(), task.now) else {
        let why = format!("this machine's time, {name}, is not always as far from {survey_zone}");
        return every_hour(Some(&fields), &why);
    };
    match fields.shifted(ahead) {
        Some(lines) if ahead == 0 => (lines, in_own_time),
        Some(lines) => (lines, format!("Below it stands in this machine's time, {name}.")),
        None => {
            let why =
                format!("in this machine's time, {name}, it is due on other days of the month");
            every_hour(Some(&fields), &why)
        }
    }
}

/// Returns the line that is due every hour, as far as the clocks allow at the minutes of the
/// schedule.
fn hourly(task: &Task<'_>, fields: Option<&CronFields>) -> CronFields {
    let ahead = minutes_ahead(&task.machine.0, task.schedule.zone(), task.now);
    let minutes = fields.map_or_else(|| vec![17], |fields| fields.minutes.clone());
    CronFields::at_minutes(minutes).hourly(ahead)
}

/// Returns the command of a run: a log, a mail only of failures, and a killed run finished. A log that
/// cannot be written is no reason to count nothing: the mail takes its place.
fn command(task: &Task<'_>) -> String {
    let Task { program, survey, root, id, .. } = task;
    let token = match &task.token {
        Token::File(path) => format!("--token-file {}", quoted(path)),
        Token::None => "--no-token".to_owned(),
    };
    // Cron knows HOME, but not every variable that leads to the settings.
    let settings = task.settings.iter().map(|path| format!(" --settings {}", quoted(path)));
    let settings: String = settings.collect();
    let variables = task.address.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
    let address: String = variables.collect();
    let (program, survey, root, folder) =
        (quoted(program), quoted(survey), quoted(root), quoted(&format!("{root}/output/{id}")));
    escaped(&format!(
        "o={folder}; mkdir -p \"$o\"; l=\"$o/cron.log\"; true >>\"$l\" && exec 3>>\"$l\" || {{ l=; exec 3>&1; }}; \
         r() {{ {address}{program} collect {survey} --once --quiet --dir {root} {token}{settings} \
         >&3 2>&1; }}; r; c=$?; [ $c != 137 ] || {{ r; c=$?; }}; case $c in 0|75) ;; *) \
         echo \"repo-census ended with $c:\"; [ -z \"$l\" ] || tail -n 20 \"$l\";; esac"
    ))
}

/// Returns the command that looks after the runs, with a flag more; it is silent when all is well.
fn health(task: &Task<'_>, flag: &str) -> String {
    let (program, survey, root) = (quoted(&task.program), quoted(&task.survey), quoted(&task.root));
    escaped(&format!("{program} health {survey} --quiet --grace 2h{flag} --dir {root}"))
}

/// Escapes what cron takes for a line's end.
fn escaped(command: &str) -> String {
    command.replace('%', "\\%")
}

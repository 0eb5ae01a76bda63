//! A service and a timer for systemd, hardened, in the survey's own time zone.

use super::super::diagnostic::Failure;
use super::{File, Task, Token};

/// The credential that the program looks for.
const CREDENTIAL: &str = "github-token";

/// Said where hours were added.
const BEHIND_SKIPS: &str = "# The later hour is for the day on which the clocks skip the earlier one; on others it does nothing.\n";

pub(super) fn render(task: &Task<'_>) -> Result<Vec<File>, Failure> {
    let name = format!("repo-census-{}", task.id);
    Ok(vec![(format!("{name}.service"), service(task)?), (format!("{name}.timer"), timer(task)?)])
}

fn service(task: &Task<'_>) -> Result<String, Failure> {
    let Task { id, survey, root, owner, .. } = task;
    let (token, flag) = match &task.token {
        Token::File(path) => (credential(path)?, ""),
        Token::None => (String::new(), " --no-token"),
    };
    let user = match owner {
        Some(0) | None => {
            "# User=          # better not root: who may write the folder below\n".to_owned()
        }
        Some(owner) => format!("# The owner of the folder below.\nUser={owner}\n"),
    };
    // Without a user a service has no HOME, in which settings would be looked for.
    let settings = task.settings.iter().map(|path| format!(" --settings {}", argument(path)));
    let settings: String = settings.collect();
    let variables = task.address.iter();
    let address: String = variables
        .map(|(name, value)| format!("Environment={}\n", path(&format!("{name}={value}"))))
        .collect();
    let (program, survey) = (program(&task.program)?, argument(survey));
    let (root, writable) = (argument(root), path(root));
    Ok(format!(
        "# Collects the survey `{id}`. Try it with `systemctl start repo-census-{id}.service`.\n\
         [Unit]\n\
         Description=Collect the repo-census survey {id}\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart={program} collect {survey} --once --quiet --dir {root}{flag}{settings}\n\
         {address}\
         {token}\
         {user}\
         # 3: some counts are missing, and `repo-census health` tells; 75: another run was at work.\n\
         SuccessExitStatus=3 75\n\
         # A run that was killed is finished.\n\
         Restart=on-abnormal\n\
         RestartSec=60\n\
         \n\
         ReadWritePaths={writable}\n\
         ProtectSystem=strict\n\
         # Settings, and maybe the program, are in a home.\n\
         ProtectHome=read-only\n\
         PrivateTmp=true\n\
         PrivateDevices=true\n\
         ProtectClock=true\n\
         ProtectControlGroups=true\n\
         ProtectHostname=true\n\
         ProtectKernelLogs=true\n\
         ProtectKernelModules=true\n\
         ProtectKernelTunables=true\n\
         ProtectProc=invisible\n\
         NoNewPrivileges=true\n\
         CapabilityBoundingSet=\n\
         LockPersonality=true\n\
         MemoryDenyWriteExecute=true\n\
         RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
         RestrictNamespaces=true\n\
         RestrictRealtime=true\n\
         RestrictSUIDSGID=true\n\
         SystemCallArchitectures=native\n\
         SystemCallFilter=@system-service\n\
         UMask=0022\n"
    ))
}

fn timer(task: &Task<'_>) -> Result<String, Failure> {
    let Task { id, schedule, .. } = task;
    let due = task.due();
    let Some(fields) = schedule.fields() else {
        return Err(Failure::usage(format!("{due} cannot be said in systemd's calendar"))
            .because(
                "it has `L`, `W` or `#`, or a day that must fit two fields (`*/2` and a weekday)",
            )
            .hint(format!(
                "use `repo-census template crontab {}`, which starts every hour, or name the days",
                crate::cli::quoted(&task.survey)
            )));
    };
    let all = fields.with_hours_behind_skips(schedule.zone(), task.now);
    let events = all.calendar_events(schedule.zone_name());
    let events: String = events.iter().map(|event| format!("OnCalendar={event}\n")).collect();
    let remark = if all == fields { "" } else { BEHIND_SKIPS };
    Ok(format!(
        "# Due {due}. Install both files in /etc/systemd/system, then:\n\
         #   systemctl daemon-reload && systemctl enable --now repo-census-{id}.timer\n\
         [Unit]\n\
         Description=Collect the repo-census survey {id} when it is due\n\
         \n\
         [Timer]\n\
         {remark}\
         {events}\
         # What was missed while the machine was off is made up for once.\n\
         Persistent=true\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n"
    ))
}

/// The file is read by systemd itself, which starts nothing without it.
fn credential(file: &str) -> Result<String, Failure> {
    // Versions of systemd differ in what these mean there.
    if file.contains(['\'', '"', '\\']) {
        return Err(Failure::usage(format!("`{file}` cannot be named as a credential of systemd"))
            .because("it has a quote or a backslash in its name")
            .hint("name a plainer place with `--token-file`"));
    }
    let file = file.replace('%', "%%");
    Ok(format!("LoadCredential={CREDENTIAL}:{file}\n"))
}

/// Quotes the program to be started; systemd starts none whose name has quotes or a backslash.
fn program(word: &str) -> Result<String, Failure> {
    // `$` would be a variable in the name that the program sees of itself.
    if let Some(odd) = word.chars().find(|c| ['\'', '"', '\\', '$'].contains(c)) {
        return Err(Failure::usage(format!("`{word}` cannot be started by systemd"))
            .because(format!("it has a `{odd}` in its name"))
            .hint("put the program somewhere else, such as /usr/local/bin"));
    }
    Ok(path(word))
}

/// Quotes an argument of a program.
fn argument(word: &str) -> String {
    path(word).replace('$', "$$")
}

/// Quotes a path; `%` stands for systemd's own words.
fn path(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%$".contains(c);
    let text = word.replace('%', "%%");
    if !word.is_empty() && word.chars().all(is_plain) {
        return text;
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

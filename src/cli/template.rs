//! `template`: ready files for whatever runs `collect` again and again.
//!
//! A [`Task`] says what is to be run; each kind has a file that renders it and knows the quoting of
//! its readers. Nothing is installed: files are printed, or written where the user wants them.

mod crontab;
mod github_actions;
mod kubernetes;
mod systemd;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::args::{TemplateArgs, TemplateKind};
use super::connection::address_of;
use super::diagnostic::{DONE, Failure, list};
use super::output::replace_file;
use super::{Session, quoted};
use crate::catalog::{Loaded, Origin};
use crate::domain::period::Schedule;
use crate::domain::survey::Survey;
use crate::platform::owner_of;
use crate::settings::Layer;

/// The file in the user's config folder that holds the token, if no other is named.
const TOKEN_FILE: &str = "token";

/// What is to be run, and when. Texts are exactly what a program must get, nothing is quoted yet.
struct Task<'a> {
    /// The survey's id.
    id: &'a str,
    /// The survey as `collect` takes it: its id, or an absolute path.
    survey: String,
    /// This program.
    program: String,
    /// The root.
    root: String,
    /// Whom the root belongs to, where the system knows such a thing.
    owner: Option<u32>,
    token: Token,
    /// Variables that name the GitHub to be asked, if the run would not find it by itself.
    address: Vec<(&'static str, String)>,
    /// The settings file that is in effect here.
    settings: Option<String>,
    schedule: &'a Schedule,
    /// The zone of this machine's clock, and its name as far as it has one.
    machine: (TimeZone, String),
    now: chrono::DateTime<chrono::Utc>,
    /// The text of the survey, if it is not built in.
    text: Option<String>,
}

/// Where a token comes from; never from nowhere by accident.
enum Token {
    /// A file with an absolute path.
    File(String),
    /// The user wants none.
    None,
}

/// A file of a template, with its name.
type File = (String, String);

pub(super) fn perform(session: &Session, arguments: &TemplateArgs) -> Result<u8, Failure> {
    let loaded = session.load_survey(Some(&arguments.survey))?;
    let task = task(session, arguments, &loaded)?;
    let files = match arguments.kind {
        TemplateKind::Crontab => crontab::render(&task)?,
        TemplateKind::Systemd => systemd::render(&task)?,
        TemplateKind::GithubActions => github_actions::render(&task)?,
        TemplateKind::Kubernetes => kubernetes::render(&task, arguments.image.as_deref())?,
    };
    match &arguments.out {
        Some(folder) => {
            refuse_no_folder(folder, &files)?;
            write(session, folder, &files)?;
        }
        None => session.ui.data(&on_one_page(&files))?,
    }
    let of_this_machine = [TemplateKind::Crontab, TemplateKind::Systemd].contains(&arguments.kind);
    if arguments.kind == TemplateKind::GithubActions && session.settings.api.layer != Layer::Default
    {
        session.ui.say(&format!(
            "note: the workflow asks the GitHub on which it runs, not `{}` ({})",
            address_of(session)?.as_str().trim_end_matches('/'),
            session.settings.api.layer
        ));
    }
    if let Token::File(path) = &task.token
        && of_this_machine
        && !Path::new(path).exists()
    {
        session.ui.say(&format!("note: put the token into `{path}`; without it no run will start"));
    }
    Ok(DONE)
}

/// Gathers what is to be run.
fn task<'a>(
    session: &Session,
    arguments: &TemplateArgs,
    loaded: &'a Loaded<Survey>,
) -> Result<Task<'a>, Failure> {
    let survey = &loaded.value;
    let Some(schedule) = &survey.schedule else {
        let message = format!("survey `{}` has no schedule", survey.id);
        return Err(Failure::usage(message)
            .hint("add one to the survey: `[schedule]` with `cron = \"17 6 * * *\"`"));
    };
    let program = std::env::current_exe().map_err(|error| {
        Failure::failed("the path of this program is not known").caused_by(&error)
    })?;
    let root = absolute(&session.settings.root.value)?;
    let in_root = absolute(&session.settings.root.value.join("config").join("surveys"))?;
    let named = match &loaded.origin {
        Origin::BuiltIn { .. } => survey.id.clone(),
        // A name that looks like a flag is better written as a path.
        Origin::File(path)
            if absolute(path)?.parent() == Some(&in_root) && !survey.id.starts_with('-') =>
        {
            survey.id.clone()
        }
        Origin::File(path) => as_text(&absolute(path)?)?,
    };
    let text = match &loaded.origin {
        Origin::BuiltIn { .. } => None,
        Origin::File(_) => Some(session.catalog().read_survey_text(&arguments.survey)?),
    };
    let settings = session.settings.file.as_ref();
    let settings = settings.map(|path| as_text(&absolute(path)?)).transpose()?;
    let machine = TimeZone::system();
    let machine_name = machine.iana_name().unwrap_or("the time of this machine").to_owned();
    Ok(Task {
        id: &survey.id,
        survey: named,
        program: as_text(&program)?,
        owner: owner_of(&root),
        root: as_text(&root)?,
        token: token(session, arguments)?,
        address: address(session, arguments.kind)?,
        settings,
        schedule,
        machine: (machine, machine_name),
        now: session.clock.now_utc(),
        text,
    })
}

/// Decides where the token comes from: as the user says, else from a file in the config folder.
fn token(session: &Session, arguments: &TemplateArgs) -> Result<Token, Failure> {
    if arguments.no_token {
        return Ok(Token::None);
    }
    let usual = || Some(session.settings.user_folder.as_ref()?.value.join(TOKEN_FILE));
    let Some(path) = arguments.token_file.clone().or_else(usual) else {
        return Err(Failure::usage("it is not known where the token is")
            .because("there is no config folder: `HOME` is not set")
            .hint("name its file with `--token-file FILE`, or say `--no-token`"));
    };
    Ok(Token::File(as_text(&absolute(&path)?)?))
}

/// Returns the variables that name the GitHub to be asked.
///
/// They say it as the environment here does: systemd's credential goes to a server that is named
/// there, not to one that only a flag names, and GraphQL may lie elsewhere.
fn address(session: &Session, kind: TemplateKind) -> Result<Vec<(&'static str, String)>, Failure> {
    let is_needed = match (kind, &session.settings.api.layer) {
        // A workflow runs on the GitHub that its runner names; its token is for no other.
        (TemplateKind::GithubActions, _) | (_, Layer::Default) => false,
        // No settings file is in the container.
        (TemplateKind::Kubernetes, _) => true,
        (_, layer) => !matches!(layer, Layer::File(_)),
    };
    if !is_needed {
        return Ok(Vec::new());
    }
    let mut variables =
        vec![("GITHUB_API_URL", address_of(session)?.as_str().trim_end_matches('/').to_owned())];
    let graphql = session.settings.graphql_url.clone();
    variables.extend(graphql.map(|url| ("GITHUB_GRAPHQL_URL", url)));
    Ok(variables)
}

/// Returns the path without looking at the disk: what is to be run may run elsewhere.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let absolute = std::path::absolute(path).map_err(|error| {
        Failure::failed(format!("`{}` leads nowhere", path.display())).caused_by(&error)
    })?;
    // `.` as the root would leave a slash at the end.
    Ok(absolute.components().collect())
}

/// Returns a path as text; no file that is rendered could name any other.
fn as_text(path: &Path) -> Result<String, Failure> {
    let unfit = |why: &str| {
        let shown = path.display().to_string().escape_debug().to_string();
        Failure::usage(format!("`{shown}` cannot be named in a template")).because(why)
    };
    let text = path.to_str().ok_or_else(|| unfit("its name is not UTF-8"))?;
    if text.chars().any(char::is_control) {
        return Err(unfit("its name has a control character"));
    }
    Ok(text.to_owned())
}

impl Task<'_> {
    /// Returns when the survey is due, for people.
    fn due(&self) -> String {
        format!("`{}` {}", self.schedule.line(), self.schedule.zone_name())
    }
}

/// Puts files below each other, each with its name above it.
fn on_one_page(files: &[File]) -> String {
    match files {
        [(_, text)] => text.clone(),
        files => {
            let page = files.iter().map(|(name, text)| format!("# ----- {name} -----\n{text}"));
            page.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Refuses what does not look like a folder: the files have names of their own.
fn refuse_no_folder(folder: &Path, files: &[File]) -> Result<(), Failure> {
    let shown = folder.to_string_lossy();
    if folder.is_dir() || shown.ends_with(['/', '\\']) {
        return Ok(());
    }
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let made = quoted(&format!("{shown}/"));
    let failure = Failure::usage(format!("`--out {shown}` names no folder"))
        .because(format!("files have names of their own there: {}", list(&names)))
        .hint(format!("to have the folder made, end its name with `/`: `--out {made}`"));
    let [_] = files else { return Err(failure) };
    let file = quoted(&shown);
    Err(failure.hint(format!("for a file of that name, write `> {file}` instead of `--out`")))
}

/// Writes the files; one that is there and says something else stays, and then none is written.
fn write(session: &Session, folder: &Path, files: &[File]) -> Result<(), Failure> {
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|old| old != text.as_bytes()) {
            let message = format!("`{}` is there already and says something else", path.display());
            return Err(Failure::usage(message)
                .hint("look at it, then take it away or name another folder"));
        }
    }
    for (name, text) in files {
        let path = folder.join(name);
        replace_file(&path, text.as_bytes()).map_err(|error| {
            Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
        })?;
        session.ui.say(&format!("wrote `{}`", path.display()));
    }
    Ok(())
}

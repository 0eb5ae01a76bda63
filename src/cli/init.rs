//! `init`: starts a survey of one's own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};

use super::Session;
use super::args::InitArgs;
use super::diagnostic::{DONE, Failure};
use crate::catalog::Kind;
use crate::domain::survey::is_id;

/// A short survey that explains itself.
const EXAMPLE: &str = r#"# A survey: which counts are taken of which frameworks.
# Check it with `repo-census check NAME`; see what it would ask with `repo-census collect NAME --dry-run`.

title = "Web servers in Rust by number of GitHub repositories"

[collect]
samples = 1              # ask each query this many times, in separate passes; reports use the median

[schedule]
cron     = "17 6 * * *"  # minute hour day month weekday; an odd minute, the full hour is crowded
timezone = "UTC"

# Placeholders: {query} {topic} {language} {name} {today} {today-365d}
[[metrics]]
id    = "repositories"
title = "Repositories"
query = "{query} is:public"

[[metrics]]
id      = "topic"
title   = "Repositories with the topic"
query   = "topic:{topic} is:public"
enabled = false          # true switches it on

[[frameworks]]
name     = "Actix Web"
language = "Rust"
topic    = "actix-web"
query    = '"actix web" OR "actix-web"'   # default: the lower-cased name, as a phrase when it has several words

[[frameworks]]
name     = "axum"
language = "Rust"
topic    = "axum"
"#;

pub(super) fn perform(session: &Session, arguments: &InitArgs) -> Result<u8, Failure> {
    let name = &arguments.name;
    if !is_id(name) {
        return Err(Failure::usage(format!("`{name}` cannot be the name of a survey"))
            .because("a name has 1 to 64 of a-z, 0-9 and -")
            .hint(format!("try `repo-census init {}`", slug(name))));
    }
    refuse_name(session, name)?;
    let text = match &arguments.from {
        Some(from) => as_ones_own(&session.catalog().read_survey_text(from)?, from),
        None => EXAMPLE.replace("NAME", name),
    };
    write_survey(session, name, &text)?;
    if let Some(from) = &arguments.from {
        let text = format!(
            "note: it has the title of `{from}`, which heads reports; change `title` in it"
        );
        session.ui.say(&text);
    } else {
        session.ui.say("note: it is an example about web servers; edit it before you collect");
    }
    session.ui.next(&session.command(["check", name]));
    Ok(DONE)
}

/// Takes out of a survey's head what is true of the built-in one alone.
fn as_ones_own(text: &str, from: &str) -> String {
    let Some((before, rest)) = text.split_once("# This file is built into the program.") else {
        return text.to_owned();
    };
    let rest = rest.find("\n\n").map_or("", |at| &rest[at..]);
    format!("{before}# Begun as a copy of `{from}`.{rest}")
}

/// Refuses a name that is taken: a file would be written over, or a built-in survey be hidden.
pub(super) fn refuse_name(session: &Session, name: &str) -> Result<(), Failure> {
    let path = session.root().join("config").join("surveys").join(format!("{name}.toml"));
    if path.exists() {
        return Err(taken(&path.display().to_string()));
    }
    if session.catalog().is_built_in(Kind::Survey, name) {
        return Err(Failure::usage(format!("`{name}` is the name of a built-in survey"))
            .because("a survey of that name would continue its history with other queries")
            .hint(format!("copy it: `repo-census init my-{name} --from {name}`")));
    }
    Ok(())
}

fn taken(shown: &str) -> Failure {
    Failure::usage(format!("`{shown}` is already there; nothing was changed"))
        .hint("choose another name, or remove the file")
}

/// Writes a new survey to the root; one that is there is never written over.
pub(super) fn write_survey(session: &Session, name: &str, text: &str) -> Result<(), Failure> {
    let folder = session.root().join("config").join("surveys");
    let path = folder.join(format!("{name}.toml"));
    let shown = path.display();
    let written = fs::create_dir_all(&folder)
        .and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path))
        .and_then(|mut file| {
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
            // Half a survey would be in the way of the next try.
            written.inspect_err(|_| drop(fs::remove_file(&path)))
        });
    match written {
        Ok(()) => {
            session.ui.say(&format!("wrote `{shown}`"));
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(taken(&shown.to_string()))
        }
        Err(error) => {
            Err(Failure::failed(format!("`{shown}` cannot be written")).caused_by(&error))
        }
    }
}

/// Turns what was typed into a name that would do.
pub(super) fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let mut slug = parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    slug.truncate(64);
    if slug.is_empty() { "my-survey".to_owned() } else { slug }
}

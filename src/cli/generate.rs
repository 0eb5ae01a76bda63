//! `completions` and `man`: what is made from the arguments themselves.

use std::io;
use std::path::Path;

use super::Session;
use super::args::Cli;
use super::diagnostic::{DONE, Failure};
use super::manual;

pub(super) fn completions(session: &Session, shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::described(), "repo-census", &mut script);
    // clap_complete spells a program's name with a hyphen in two ways for bash, so that no flag of a
    // command is ever found (clap-rs/clap#6421). Where it is spelled in one way, this changes nothing.
    let script = String::from_utf8_lossy(&script);
    session.ui.data(&script.replace("repo__subcmd__census__subcmd__", "repo__census__subcmd__"))?;
    Ok(DONE)
}

pub(super) fn man(session: &Session, out: Option<&Path>) -> Result<u8, Failure> {
    let pages = manual::pages(Cli::described());
    let pages =
        pages.map_err(|error| Failure::failed("the page cannot be made").caused_by(&error))?;
    let Some(folder) = out else {
        // The program's own page comes first.
        let text = pages.first().map(|page| page.text.as_str()).unwrap_or_default();
        session.ui.data(text)?;
        return Ok(DONE);
    };
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        pages.iter().try_for_each(|page| std::fs::write(folder.join(&page.file), &page.text))
    };
    write().map_err(|error| {
        Failure::failed(format!("`{}` cannot be written", folder.display()))
            .caused_by(&error)
            .hint("name a folder of yours with `--out DIR`, such as `~/.local/share/man/man1`")
    })?;
    session.ui.say(&format!("wrote a page for each command to `{}`", folder.display()));
    Ok(DONE)
}

//! `completions` and `man`: what is made from the arguments themselves.

use std::path::Path;

use clap::CommandFactory as _;

use super::Session;
use super::args::Cli;
use super::diagnostic::{DONE, Failure};

pub(super) fn completions(session: &Session, shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "repo-census", &mut script);
    session.ui.data(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}

pub(super) fn man(session: &Session, out: Option<&Path>) -> Result<u8, Failure> {
    let Some(folder) = out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
        rendered.map_err(|error| Failure::failed("the page cannot be made").caused_by(&error))?;
        session.ui.data(&String::from_utf8_lossy(&page))?;
        return Ok(DONE);
    };
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| {
        Failure::failed(format!("`{}` cannot be written", folder.display())).caused_by(&error)
    })?;
    session.ui.say(&format!("wrote a page for each command to `{}`", folder.display()));
    Ok(DONE)
}

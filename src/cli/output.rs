//! Formats and files: what goes to stdout, and what replaces which file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Session;
use super::args::{Format, OutputArgs};
use super::diagnostic::Failure;
use crate::history::is_history;
use crate::platform::sync_folder;
use crate::report::{
    Look, RankingReport, render_csv, render_json, render_markdown, render_methods, render_terminal,
};

/// The version that method sections and citations name.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a table looks in a file.
const FILE_LOOK: Look = Look { columns: 100, blocks: true };

/// The files that `--out DIR/` writes.
const ALL_FILES: [(&str, Format); 5] = [
    ("ranking.txt", Format::Table),
    ("ranking.md", Format::Md),
    ("ranking.csv", Format::Csv),
    ("ranking.json", Format::Json),
    ("methods.md", Format::Methods),
];

/// What is to be written where, known before any work begins.
pub(super) struct Outputs {
    stdout: Option<Format>,
    files: Vec<(PathBuf, Format)>,
}

impl Outputs {
    /// Chooses formats; without `--out` and `--format` the table goes to stdout.
    pub(super) fn choose(arguments: &OutputArgs) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in &arguments.out {
            if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) {
                files.extend(ALL_FILES.iter().map(|(name, format)| (path.join(name), *format)));
            } else {
                files.push((path.clone(), format_of(path)?));
            }
        }
        for (path, _) in &files {
            refuse_target(path)?;
        }
        let stdout = match arguments.format {
            None if files.is_empty() => Some(Format::Table),
            format => format,
        };
        Ok(Self { stdout, files })
    }

    /// Tells whether anything but the table on stdout was asked for.
    pub(super) fn were_chosen(arguments: &OutputArgs) -> bool {
        arguments.format.is_some() || !arguments.out.is_empty()
    }

    /// Tells whether the method section is written to a file.
    pub(super) fn has_methods(&self) -> bool {
        self.files.iter().any(|(_, format)| *format == Format::Methods)
    }

    /// Renders the report and writes everything; files first, so that a closed pipe loses none.
    pub(super) fn write(&self, session: &Session, report: &RankingReport) -> Result<(), Failure> {
        for (path, format) in &self.files {
            // A history may have come to be since the target was looked at.
            refuse_target(path)?;
            let text =
                anstream::adapter::strip_str(&render(report, *format, FILE_LOOK)).to_string();
            replace_file(path, text.as_bytes()).map_err(|error| {
                Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
            })?;
            session.ui.say(&format!("wrote `{}`", path.display()));
        }
        match self.stdout {
            Some(format) => session.ui.data(&render(report, format, session.ui.look())),
            None => Ok(()),
        }
    }
}

fn render(report: &RankingReport, format: Format, look: Look) -> String {
    match format {
        Format::Table => render_terminal(report, look),
        Format::Md => render_markdown(report),
        Format::Csv => render_csv(report),
        Format::Json => render_json(report),
        Format::Methods => render_methods(report, VERSION),
    }
}

/// Refuses what must not, or cannot, be written, before any work is spent on it.
fn refuse_target(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if is_history(path) {
        return Err(Failure::usage(format!("`{shown}` is a history; nothing is written over it"))
            .hint("name another file for the ranking"));
    }
    let existing = path.ancestors().skip(1).find(|folder| folder.exists());
    match existing.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(file) => Err(Failure::usage(format!("`{shown}` cannot be written"))
            .because(format!("`{}` is no folder", file.display()))),
    }
}

fn format_of(path: &Path) -> Result<Format, Failure> {
    if path.file_name().is_some_and(|name| name == "methods.md") {
        return Ok(Format::Methods);
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "txt" => Ok(Format::Table),
        "md" => Ok(Format::Md),
        "csv" => Ok(Format::Csv),
        "json" => Ok(Format::Json),
        _ => Err(Failure::usage(format!("`--out {}` names no format", path.display()))
            .because("the ending must be `.txt`, `.md`, `.csv` or `.json`; `methods.md` is the method section")
            .hint("to write all formats to a folder, end its name with `/`")),
    }
}

/// Replaces a file by a temporary one in its folder, which is made if need be.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // A new file gets the usual mode, not the private one of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

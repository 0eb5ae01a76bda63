//! Formats and files: what goes to stdout, and what replaces which file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Session;
use super::args::{Format, OutputArgs};
use super::diagnostic::Failure;
use crate::export::NewFile;
use crate::history::is_history;
use crate::report::{
    Look, RankingReport, TrendReport, render_csv, render_json, render_markdown, render_methods,
    render_terminal, render_trend_csv, render_trend_json, render_trend_markdown,
    render_trend_terminal,
};

/// The version that method sections and citations name.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a table looks in a file.
const FILE_LOOK: Look = Look { columns: 100, blocks: true };

/// The files that `--out DIR/` writes for a ranking, and for a trend.
const RANKING_FILES: [(&str, Format); 5] = [
    ("ranking.txt", Format::Table),
    ("ranking.md", Format::Md),
    ("ranking.csv", Format::Csv),
    ("ranking.json", Format::Json),
    ("methods.md", Format::Methods),
];
const TREND_FILES: [(&str, Format); 4] = [
    ("trend.txt", Format::Table),
    ("trend.md", Format::Md),
    ("trend.csv", Format::Csv),
    ("trend.json", Format::Json),
];

/// A report that can be written in every format that was chosen for it.
pub(super) trait Render {
    /// Returns the report as text.
    fn render(&self, format: Format, look: Look) -> String;
}

/// What is to be written where, known before any work begins.
pub(super) struct Outputs {
    stdout: Option<Format>,
    files: Vec<(PathBuf, Format)>,
}

impl Outputs {
    /// Chooses formats; without `--out` and `--format` the table goes to stdout.
    pub(super) fn choose(arguments: &OutputArgs) -> Result<Self, Failure> {
        Self::choose_among(&RANKING_FILES, arguments)
    }

    /// As [`Outputs::choose`], for a trend, which has no method section.
    pub(super) fn choose_for_trend(arguments: &OutputArgs) -> Result<Self, Failure> {
        let outputs = Self::choose_among(&TREND_FILES, arguments)?;
        if outputs.stdout == Some(Format::Methods) || outputs.has_methods() {
            return Err(Failure::usage("a trend has no method section")
                .hint("one of its last run: `repo-census report --format methods`"));
        }
        Ok(outputs)
    }

    fn choose_among(all: &[(&str, Format)], arguments: &OutputArgs) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in &arguments.out {
            if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) {
                files.extend(all.iter().map(|(name, format)| (path.join(name), *format)));
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
    pub(super) fn write(&self, session: &Session, report: &impl Render) -> Result<(), Failure> {
        for (path, format) in &self.files {
            // A history may have come to be since the target was looked at.
            refuse_target(path)?;
            let text = anstream::adapter::strip_str(&report.render(*format, FILE_LOOK)).to_string();
            replace_file(path, text.as_bytes()).map_err(|error| {
                Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
            })?;
            session.ui.say(&format!("wrote `{}`", path.display()));
        }
        match self.stdout {
            Some(format) => session.ui.data(&report.render(format, session.ui.look())),
            None => Ok(()),
        }
    }
}

impl Render for RankingReport {
    fn render(&self, format: Format, look: Look) -> String {
        match format {
            Format::Table => render_terminal(self, look),
            Format::Md => render_markdown(self),
            Format::Csv => render_csv(self),
            Format::Json => render_json(self),
            Format::Methods => render_methods(self, VERSION),
        }
    }
}

impl Render for TrendReport {
    fn render(&self, format: Format, look: Look) -> String {
        match format {
            Format::Md => render_trend_markdown(self),
            Format::Csv => render_trend_csv(self),
            Format::Json => render_trend_json(self),
            // The method section was refused when formats were chosen.
            Format::Table | Format::Methods => render_trend_terminal(self, look),
        }
    }
}

/// Refuses what must not, or cannot, be written, before any work is spent on it.
pub(super) fn refuse_target(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if is_history(path) {
        return Err(Failure::usage(format!("`{shown}` is a history; nothing is written over it"))
            .hint("name another file"));
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
    let mut file = NewFile::begin(path)?;
    file.write_all(bytes)?;
    file.keep()
}

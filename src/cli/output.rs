//! Formats and files: what goes to stdout, and what replaces which file. What a report becomes in each
//! format is in `render`.

mod render;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Session;
use super::args::{AuditArgs, Format, OutputArgs, TrendArgs};
use super::diagnostic::{Failure, Hint};
use super::page;
use super::ui::Ui;
use crate::export::{HAS_PNG, NewFile, PngError, render_png};
use crate::history::is_history;
use crate::report::{Scene, render_svg};

use render::FILE_LOOK;
pub(super) use render::{Render, Rendered, Wishes, WithPage};

/// The version that method sections and citations name.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Which format the ending of a file chooses. The method section has none: it goes by its name.
const ENDINGS: [(&str, Format); 7] = [
    ("txt", Format::Table),
    ("md", Format::Md),
    ("csv", Format::Csv),
    ("json", Format::Json),
    ("svg", Format::Svg),
    ("png", Format::Png),
    ("html", Format::Html),
];
/// The files that `--out DIR/` writes for a ranking, and for a trend.
const RANKING_FILES: &[(&str, Format)] = &[
    ("ranking.txt", Format::Table),
    ("ranking.md", Format::Md),
    ("ranking.csv", Format::Csv),
    ("ranking.json", Format::Json),
    ("ranking.svg", Format::Svg),
    ("ranking.png", Format::Png),
    ("methods.md", Format::Methods),
    #[cfg(feature = "html")]
    ("page.html", Format::Html),
];
pub(super) const TREND_FILES: &[(&str, Format)] = &[
    ("trend.txt", Format::Table),
    ("trend.md", Format::Md),
    ("trend.csv", Format::Csv),
    ("trend.json", Format::Json),
    ("trend.svg", Format::Svg),
    ("trend.png", Format::Png),
    ("ranks.svg", Format::Svg),
    ("ranks.png", Format::Png),
];
/// The files that `--out DIR/` writes for an audit, and for ranks by several ways of counting.
const AUDIT_FILES: &[(&str, Format)] =
    &[("audit.txt", Format::Table), ("audit.md", Format::Md), ("audit.csv", Format::Csv)];
const SENSITIVITY_FILES: &[(&str, Format)] = &[
    ("sensitivity.txt", Format::Table),
    ("sensitivity.md", Format::Md),
    ("sensitivity.csv", Format::Csv),
    ("sensitivity.json", Format::Json),
    ("sensitivity.svg", Format::Svg),
    ("sensitivity.png", Format::Png),
];
/// How many texts that lost characters are named.
const MOST_NAMED: usize = 5;

/// What is to be written where, known before any work begins.
pub(super) struct Outputs {
    stdout: Option<Format>,
    files: Vec<(PathBuf, Format)>,
    wishes: Wishes,
}

impl Outputs {
    /// Chooses formats; without `--out` and `--format` the table goes to stdout. `command` is what
    /// was typed, its name first.
    pub(super) fn choose(
        session: &Session,
        command: &[&str],
        arguments: &OutputArgs,
    ) -> Result<Self, Failure> {
        Self::choose_among(RANKING_FILES, session, command, arguments)?.built()
    }

    /// As [`Outputs::choose`], for a trend, which has no method section.
    pub(super) fn choose_for_trend(
        session: &Session,
        arguments: &TrendArgs,
    ) -> Result<Self, Failure> {
        let command: Vec<&str> = ["trend"].into_iter().chain(arguments.survey.as_deref()).collect();
        let mut outputs = Self::choose_among(TREND_FILES, session, &command, &arguments.output)?;
        outputs.wishes.chart = arguments.chart;
        outputs.wishes.scale = arguments.scale.into();
        if outputs.stdout == Some(Format::Methods) || outputs.has_methods() {
            return Err(Failure::usage("a trend has no method section")
                .hint("one of its last run: `repo-census report --format methods`"));
        }
        if outputs.has(Format::Html) {
            return Err(Failure::usage("a trend alone has no page")
                .hint("one of rankings and trends: `repo-census report --format html`"));
        }
        outputs.built()
    }

    /// As [`Outputs::choose`], for an audit; only ranks by several ways of counting have a chart.
    pub(super) fn choose_for_audit(
        session: &Session,
        arguments: &AuditArgs,
    ) -> Result<Self, Failure> {
        let mut command: Vec<&str> =
            ["audit"].into_iter().chain(arguments.survey.as_deref()).collect();
        command.extend(arguments.sensitivity.then_some("--sensitivity"));
        let all = if arguments.sensitivity { SENSITIVITY_FILES } else { AUDIT_FILES };
        let outputs = Self::choose_among(all, session, &command, &arguments.output)?;
        let lacks = |what: &str| Failure::usage(format!("an audit has no {what} of its own"));
        if outputs.has(Format::Methods) {
            return Err(lacks("method section").hint("its table for one: `--format md`"));
        }
        if outputs.has(Format::Html) {
            let hint =
                "that of the ranking has a sentence of it: `repo-census report --format html`";
            return Err(lacks("page").hint(hint));
        }
        if !arguments.sensitivity && (outputs.has(Format::Svg) || outputs.has(Format::Png)) {
            let words =
                command.iter().copied().chain(["--sensitivity", "--out", "sensitivity.svg"]);
            let hint = format!("ranks by several ways have one: `{}`", session.command(words));
            return Err(lacks("chart").hint(hint));
        }
        outputs.built()
    }

    /// Chooses one file and nothing else.
    pub(super) fn to_file(path: &Path, format: Format) -> Self {
        let wishes = Wishes::plain(FILE_LOOK);
        Self { stdout: None, files: vec![(path.to_owned(), format)], wishes }
    }

    /// Refuses what this build lacks; what there never is was refused by then.
    fn built(self) -> Result<Self, Failure> {
        let files = self.files.iter().map(|(_, format)| *format);
        files.chain(self.stdout).try_for_each(refuse_missing)?;
        Ok(self)
    }

    fn choose_among(
        all: &[(&str, Format)],
        session: &Session,
        command: &[&str],
        arguments: &OutputArgs,
    ) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for path in &arguments.out {
            if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) {
                let built = all.iter().filter(|(_, format)| HAS_PNG || *format != Format::Png);
                files.extend(built.map(|(name, format)| (path.join(name), *format)));
            } else {
                files.push((path.clone(), format_of(path)?));
            }
        }
        for (path, _) in &files {
            refuse_target(path)?;
        }
        if HAS_PNG && arguments.format == Some(Format::Png) && Ui::is_terminal() {
            let words = command.iter().copied().chain(["--out", "picture.png"]);
            return Err(Failure::usage("a picture in pixels is not for a terminal")
                .hint(format!("write it to a file: `{}`", session.command(words))));
        }
        let stdout = match arguments.format {
            None if files.is_empty() => Some(Format::Table),
            format => format,
        };
        let wishes = Wishes {
            theme: arguments.theme.into(),
            width_px: arguments.width,
            ..Wishes::plain(session.ui.look())
        };
        Ok(Self { stdout, files, wishes })
    }

    /// Tells whether anything but the table on stdout was asked for.
    pub(super) fn were_chosen(arguments: &OutputArgs) -> bool {
        arguments.format.is_some() || !arguments.out.is_empty()
    }

    /// Tells whether a format is wanted, on stdout or in a file.
    pub(super) fn has(&self, wanted: Format) -> bool {
        let files = self.files.iter().map(|(_, format)| *format);
        files.chain(self.stdout).any(|format| format == wanted)
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
            let bytes = match report.render(*format, &self.wishes.for_file(path)) {
                Rendered::Text(text) => {
                    anstream::adapter::strip_str(&text).to_string().into_bytes()
                }
                Rendered::Picture(scene) => self.encode(session, *format, &scene)?,
            };
            replace_file(path, &bytes).map_err(|error| {
                Failure::failed(format!("`{}` cannot be written", path.display())).caused_by(&error)
            })?;
            session.ui.say(&format!("wrote `{}`", path.display()));
        }
        let Some(format) = self.stdout else { return Ok(()) };
        match report.render(format, &self.wishes) {
            Rendered::Text(text) => session.ui.data(&text),
            Rendered::Picture(scene) => Ui::bytes(&self.encode(session, format, &scene)?),
        }
    }

    /// Writes a picture down as PNG if that is the format, else as SVG.
    fn encode(&self, session: &Session, format: Format, scene: &Scene) -> Result<Vec<u8>, Failure> {
        if format != Format::Png {
            return Ok(render_svg(scene, self.wishes.theme).into_bytes());
        }
        let png = render_png(scene, self.wishes.theme).map_err(|error| {
            Failure::failed(error.to_string()).hint("an SVG has no bounds: `--out picture.svg`")
        })?;
        if !png.not_drawn.is_empty() {
            let hint = Hint::new("an SVG has them: `--out picture.svg`");
            let text = "the font of PNGs lacks characters of these texts and shows `�` instead";
            let mut lines: Vec<String> = png.not_drawn.iter().take(MOST_NAMED).cloned().collect();
            if png.not_drawn.len() > lines.len() {
                lines.push(format!("and {} more", png.not_drawn.len() - lines.len()));
            }
            session.ui.warn(text, &lines, Some(&hint));
        }
        Ok(png.bytes)
    }
}

/// Refuses a format that this build lacks, before any work is spent on it.
fn refuse_missing(format: Format) -> Result<(), Failure> {
    if format == Format::Html {
        return page::refuse_if_left_out();
    }
    if format != Format::Png || HAS_PNG {
        return Ok(());
    }
    Err(Failure::usage(PngError::NotBuilt.to_string())
        .because("it was built without the feature `png`")
        .hint("the same picture as SVG: `--out picture.svg`"))
}

/// Refuses what must not, or cannot, be written, before any work is spent on it.
pub(super) fn refuse_target(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    // A new file would take the place of the device, and reading a pipe would wait for somebody.
    if path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(Failure::usage(format!("`{shown}` is no file; nothing is put in its place"))
            .hint("leave `--out` out, and send stdout there with `>`"));
    }
    if is_history(path) {
        return Err(Failure::usage(format!("`{shown}` is a history; nothing is written over it"))
            .hint("name another file"));
    }
    let existing = path.ancestors().skip(1).find(|folder| folder.exists());
    match existing.filter(|folder| !folder.is_dir()) {
        None => Ok(()),
        Some(file) => Err(Failure::usage(format!("`{shown}` cannot be written"))
            .because(format!("`{}` is no folder", file.display()))
            .hint("name another folder, or move that file away")),
    }
}

pub(super) fn format_of(path: &Path) -> Result<Format, Failure> {
    if path.file_name().is_some_and(|name| name == "methods.md") {
        return Ok(Format::Methods);
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if let Some((_, format)) = ENDINGS.iter().find(|(known, _)| *known == ending) {
        return Ok(*format);
    }
    let endings = ENDINGS.map(|(ending, _)| format!("`.{ending}`"));
    let refused = Failure::usage(format!("`--out {}` names no format", path.display()));
    if matches!(ending.as_str(), "xlsx" | "parquet" | "jsonl") {
        let hint = format!("`repo-census export` writes such files: `--out {}`", path.display());
        return Err(refused.because("reports are no data files").hint(hint));
    }
    Err(refused
        .because(format!(
            "the ending must be one of {}; `methods.md` is the method section",
            endings.join(", ")
        ))
        .hint("to write all formats to a folder, end its name with `/`"))
}

/// Replaces a file by a temporary one in its folder, which is made if need be.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::begin(path)?;
    file.write_all(bytes)?;
    file.keep()
}

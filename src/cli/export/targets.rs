//! What an export writes where, known before any work begins.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::super::Session;
use super::super::args::{DialectArg, ExportArgs, ExportFormat, ShapeArg};
use super::super::diagnostic::Failure;
use super::super::output::refuse_target;
use super::super::ui::Ui;
use crate::export::JsonLayout;

/// A form that counts can be written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A tidy table as CSV.
    Tidy,
    /// A wide table as CSV, of this metric; `None` for the survey's first.
    Wide(Option<String>),
    /// A tidy table as JSON.
    Json(JsonLayout),
    /// A workbook.
    Xlsx,
    /// A tidy table of typed columns.
    Parquet,
    /// The same as a folder for each survey and month.
    Dataset,
}

/// A file or folder to write; without a path it is stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) path: Option<PathBuf>,
    pub(super) form: Form,
    /// Whether it is one of several that a folder gets: what it cannot hold is left out there.
    pub(super) is_one_of_all: bool,
}

/// All that is to be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Targets {
    pub(super) all: Vec<Target>,
    /// Folders that get several files.
    pub(super) folders: Vec<PathBuf>,
}

const HAS_XLSX: bool = cfg!(feature = "xlsx");
const HAS_PARQUET: bool = cfg!(feature = "parquet");

/// Names of files in a folder that gets everything.
pub(super) const BOOK: &str = "export.xlsx";

impl Targets {
    /// Chooses them; without `--out` the one target is stdout.
    pub(super) fn choose(session: &Session, arguments: &ExportArgs) -> Result<Self, Failure> {
        let wish = Wish::of(arguments)?;
        let mut targets = Self::default();
        if arguments.out.is_empty() {
            let format = wish.format.unwrap_or(ExportFormat::Csv);
            refuse_terminal(session, arguments, format)?;
            targets.all.push(Target {
                path: None,
                form: wish.form(format, "stdout")?,
                is_one_of_all: false,
            });
        }
        for path in &arguments.out {
            if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', '\\']) {
                targets.all.extend(wish.all_in(path));
                targets.folders.push(path.clone());
            } else {
                let format = match wish.format {
                    Some(format) => agreed(format, path)?,
                    None => format_of(path)?,
                };
                let form = wish.form(format, &path.to_string_lossy())?;
                targets.all.push(Target { path: Some(path.clone()), form, is_one_of_all: false });
            }
        }
        targets.refuse_idle_flags(arguments)?;
        for target in &targets.all {
            refuse_missing_feature(&target.form)?;
            if let Some(path) = target.path.as_deref().filter(|_| target.form != Form::Dataset) {
                refuse_target(path)?;
            }
        }
        Ok(targets)
    }

    /// Refuses what says how to write a format that nothing is written in.
    fn refuse_idle_flags(&self, arguments: &ExportArgs) -> Result<(), Failure> {
        let has = |is_it: fn(&Form) -> bool| self.all.iter().any(|target| is_it(&target.form));
        let is_json = |form: &Form| matches!(form, Form::Json(_));
        if arguments.lines && !has(is_json) {
            return Err(Failure::usage("`--lines` is for JSON, and none is written")
                .hint("let the name of a file end in `.jsonl`, or leave `--lines` out"));
        }
        let is_csv = |form: &Form| matches!(form, Form::Tidy | Form::Wide(_));
        if arguments.dialect != DialectArg::Rfc4180 && !has(is_csv) {
            return Err(Failure::usage("`--dialect` is for CSV, and none is written")
                .hint("let the name of a file end in `.csv`, or leave `--dialect` out"));
        }
        Ok(())
    }
}

/// What was asked for of every target.
struct Wish<'a> {
    shape: Option<ShapeArg>,
    format: Option<ExportFormat>,
    lines: bool,
    metrics: &'a [String],
}

impl<'a> Wish<'a> {
    fn of(arguments: &'a ExportArgs) -> Result<Self, Failure> {
        let ExportArgs { shape, format, lines, metric, all_attempts, .. } = arguments;
        let format = match (format, lines) {
            (None | Some(ExportFormat::Json | ExportFormat::Jsonl), true) => {
                // With `--out` an ending still chooses.
                format
                    .map(|_| ExportFormat::Jsonl)
                    .or_else(|| arguments.out.is_empty().then_some(ExportFormat::Jsonl))
            }
            (Some(_), true) => {
                return Err(Failure::usage("`--lines` is for JSON alone")
                    .hint("add `--format json`, or leave `--lines` out"));
            }
            (format, false) => *format,
        };
        if *all_attempts && *shape == Some(ShapeArg::Wide) {
            return Err(Failure::usage("`--all-attempts` is for tidy tables")
                .because("a wide table has one value for each framework and period"));
        }
        Ok(Self { shape: *shape, format, lines: *lines, metrics: metric })
    }

    fn form(&self, format: ExportFormat, place: &str) -> Result<Form, Failure> {
        let is_wide = self.shape == Some(ShapeArg::Wide);
        Ok(match format {
            ExportFormat::Csv if is_wide => match self.metrics {
                [] => Form::Wide(None),
                [metric] => Form::Wide(Some(metric.clone())),
                _ => {
                    return Err(Failure::usage("a wide table has one metric")
                        .because(format!("`{place}` would get {}", self.metrics.len()))
                        .hint("write each to a file of its own: `--shape wide --out DIR/`"));
                }
            },
            ExportFormat::Csv => Form::Tidy,
            ExportFormat::Xlsx => Form::Xlsx,
            _ if is_wide => {
                let value = format.to_possible_value();
                let name = value.map(|value| value.get_name().to_owned()).unwrap_or_default();
                return Err(Failure::usage(format!(
                    "`{place}` cannot be a wide table as `{name}`"
                ))
                .because("a wide table is CSV, or the sheet Trend of an `.xlsx`")
                .hint("leave `--shape` out for the tidy table, or take `--format csv`"));
            }
            ExportFormat::Json if self.lines => Form::Json(JsonLayout::Lines),
            ExportFormat::Json => Form::Json(JsonLayout::Array),
            ExportFormat::Jsonl => Form::Json(JsonLayout::Lines),
            ExportFormat::Parquet => Form::Parquet,
        })
    }

    /// Returns everything that a folder gets.
    fn all_in(&self, folder: &Path) -> Vec<Target> {
        if self.format == Some(ExportFormat::Parquet) {
            return vec![Target {
                path: Some(folder.to_owned()),
                form: Form::Dataset,
                is_one_of_all: false,
            }];
        }
        let has = |format, is_there: bool| match self.format {
            None => is_there,
            Some(wanted) => wanted == format,
        };
        let (is_tidy, is_wide) =
            (self.shape != Some(ShapeArg::Wide), self.shape != Some(ShapeArg::Tidy));
        let mut targets = Vec::new();
        let mut add = |name: &str, form| {
            let is_one_of_all = self.format.is_none();
            targets.push(Target { path: Some(folder.join(name)), form, is_one_of_all });
        };
        if is_tidy && has(ExportFormat::Csv, true) {
            add("tidy.csv", Form::Tidy);
        }
        if is_wide && has(ExportFormat::Csv, true) {
            match self.metrics {
                [] => add("wide.csv", Form::Wide(None)),
                [metric] => add("wide.csv", Form::Wide(Some(metric.clone()))),
                metrics => metrics.iter().for_each(|metric| {
                    add(&format!("wide-{metric}.csv"), Form::Wide(Some(metric.clone())));
                }),
            }
        }
        if is_tidy && has(ExportFormat::Json, true) {
            if self.lines {
                add("tidy.jsonl", Form::Json(JsonLayout::Lines));
            } else {
                add("tidy.json", Form::Json(JsonLayout::Array));
            }
        }
        if is_tidy && self.format == Some(ExportFormat::Jsonl) {
            add("tidy.jsonl", Form::Json(JsonLayout::Lines));
        }
        if self.shape.is_none() && has(ExportFormat::Xlsx, HAS_XLSX) {
            add(BOOK, Form::Xlsx);
        }
        if is_tidy && has(ExportFormat::Parquet, HAS_PARQUET) {
            add("tidy.parquet", Form::Parquet);
        }
        targets
    }
}

fn refuse_missing_feature(form: &Form) -> Result<(), Failure> {
    let (is_there, feature) = match form {
        Form::Xlsx => (HAS_XLSX, "xlsx"),
        Form::Parquet | Form::Dataset => (HAS_PARQUET, "parquet"),
        Form::Tidy | Form::Wide(_) | Form::Json(_) => return Ok(()),
    };
    if is_there {
        return Ok(());
    }
    Err(Failure::usage(format!("this repo-census was built without `{feature}`"))
        .hint(format!("build it with `cargo build --release --features {feature}`")))
}

/// Refuses to send binary data to a terminal, with a command that writes it to a file.
fn refuse_terminal(
    session: &Session,
    arguments: &ExportArgs,
    format: ExportFormat,
) -> Result<(), Failure> {
    let ending = match format {
        ExportFormat::Xlsx => "xlsx",
        ExportFormat::Parquet => "parquet",
        ExportFormat::Csv | ExportFormat::Json | ExportFormat::Jsonl => return Ok(()),
    };
    if !Ui::is_terminal() {
        return Ok(());
    }
    let words = ["export".to_owned()].into_iter().chain(arguments.survey.clone());
    let words = words.chain(["--out".to_owned(), format!("export.{ending}")]);
    let command = session.command(words);
    Err(Failure::usage(format!("`{ending}` is binary, and stdout is a terminal"))
        .hint(format!("write it to a file: `{command}`")))
}

/// Returns a format that was asked for, unless the file's name says another: who opens it goes by that.
fn agreed(format: ExportFormat, path: &Path) -> Result<ExportFormat, Failure> {
    let is_json = |format| matches!(format, ExportFormat::Json | ExportFormat::Jsonl);
    match format_of(path) {
        Ok(named) if named != format && !(is_json(named) && is_json(format)) => {
            let shown = path.display();
            Err(Failure::usage(format!("`--out {shown}` and `--format` name two formats"))
                .hint("leave `--format` out, or give the file another ending"))
        }
        _ => Ok(format),
    }
}

fn format_of(path: &Path) -> Result<ExportFormat, Failure> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match ending.as_str() {
        "csv" => Ok(ExportFormat::Csv),
        "json" => Ok(ExportFormat::Json),
        "jsonl" | "ndjson" => Ok(ExportFormat::Jsonl),
        "xlsx" => Ok(ExportFormat::Xlsx),
        "parquet" => Ok(ExportFormat::Parquet),
        _ => Err(Failure::usage(format!("`--out {}` names no format", path.display()))
            .because("the ending must be `.csv`, `.json`, `.jsonl`, `.xlsx` or `.parquet`")
            .hint(
                "name a format with `--format`; to write all to a folder, end its name with `/`",
            )),
    }
}

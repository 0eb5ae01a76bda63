//! The files that a survey wants refreshed after each finished run.

use std::path::{Path, PathBuf};

use super::super::Session;
use super::super::args::Format;
use super::super::diagnostic::Failure;
use super::super::output::{Outputs, TREND_FILES, format_of};
use super::super::report::{Subject, Wishes, write_run};
use super::super::trend::{refresh_trend, refresh_wide};
use crate::history::Selection;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Make {
    /// The ranking of the run.
    Ranking(Format),
    /// What changed over time.
    Trend(Format),
    /// The counts over time.
    Wide,
}

/// The table of counts over time, as `export` writes it.
const WIDE: &str = "wide.csv";

/// Files and endings that the program itself keeps in the folder.
const OURS: [&str; 6] = [
    "history.csv",
    "backfill.csv",
    "backfill-ranges.csv",
    "health.json",
    "audit.json",
    "datapackage.json",
];

/// Returns what a file is to hold, by its name: those of `--out DIR/` first, else by its ending.
pub(in crate::cli) fn make_of(name: &str) -> Result<Make, Failure> {
    if OURS.contains(&name) || name.starts_with("replay-") {
        return Err(Failure::usage(format!("`{name}` is a file of the program's own"))
            .hint("choose another name, such as `ranking.csv`"));
    }
    if name == WIDE {
        return Ok(Make::Wide);
    }
    if let Some((_, format)) = TREND_FILES.iter().find(|(trend, _)| *trend == name) {
        return Ok(Make::Trend(*format));
    }
    format_of(Path::new(name)).map(Make::Ranking).map_err(|_| {
        Failure::usage(format!("`{name}` names nothing that can be written")).hint(
            "a ranking is told by its ending, such as `ranking.md` or `page.html`; the others are \
             `methods.md`, `wide.csv`, `trend.csv` and the like",
        )
    })
}

/// Replaces the files; returns those that were. What fails is a warning.
pub(super) fn refresh(session: &Session, subject: &Subject, run: &Selection) -> Vec<PathBuf> {
    let mut written = Vec::new();
    let names = subject.survey.iter().flat_map(|survey| &survey.write_after_run);
    for name in names {
        let path = subject.history.with_file_name(name);
        match make_of(name).and_then(|make| write(session, subject, run, make, &path)) {
            Ok(()) => written.push(path),
            Err(failure) => {
                let text = format!("`{}` was not refreshed after the run", path.display());
                let lines = [&[failure.message.clone()][..], &failure.causes].concat();
                session.ui.warn(&text, &lines, failure.ways_out().first());
            }
        }
    }
    written
}

fn write(
    session: &Session,
    subject: &Subject,
    run: &Selection,
    make: Make,
    path: &Path,
) -> Result<(), Failure> {
    match make {
        Make::Ranking(format) => {
            let outputs = Outputs::to_file(path, format);
            write_run(session, subject, run, &Wishes::default(), &outputs)
        }
        Make::Trend(format) => refresh_trend(session, subject, &Outputs::to_file(path, format)),
        Make::Wide => refresh_wide(session, subject, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_file_holds() {
        let cases = [
            ("wide.csv", Some(Make::Wide)),
            ("trend.csv", Some(Make::Trend(Format::Csv))),
            ("trend.json", Some(Make::Trend(Format::Json))),
            ("methods.md", Some(Make::Ranking(Format::Methods))),
            ("ranking.md", Some(Make::Ranking(Format::Md))),
            ("page.html", Some(Make::Ranking(Format::Html))),
            ("latest.csv", Some(Make::Ranking(Format::Csv))),
            ("trend.odt", None),
            ("ranking", None),
            ("history.csv", None),
            ("health.json", None),
            ("replay-x.csv", None),
        ];
        for (name, expected) in cases {
            assert_eq!(make_of(name).ok(), expected, "{name}");
        }
    }
}

//! Hints that follow from a path, from a list of names, or from what the system said no to.

use std::io::ErrorKind;
use std::path::Path;

use crate::catalog::DEFAULT_SURVEY;
use crate::cli::quoted;

/// The most characters of a line of names.
const LONGEST_LINE_CHARS: usize = 88;

/// Returns what helps when the system refuses a file or a folder; `None` where nothing general does.
pub(super) fn way_out(refused: ErrorKind) -> Option<&'static str> {
    Some(match refused {
        ErrorKind::NotFound => {
            "look at the path, folder by folder; a relative one begins at the folder you are in"
        }
        ErrorKind::PermissionDenied => {
            "name a place that is yours, or run this as somebody who may read and write there"
        }
        ErrorKind::IsADirectory => "that is a folder: name a file in it",
        ErrorKind::NotADirectory => "a part of that path is a file: name another folder",
        ErrorKind::ReadOnlyFilesystem => "nothing can be written there: name another place",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room, then give the same command again"
        }
        ErrorKind::InvalidData => "the file is not UTF-8 text: save it as UTF-8",
        _ => return None,
    })
}

/// Returns how the history that would be at a path comes to be.
pub(super) fn collect_first(path: &Path) -> String {
    let Some((root, survey)) = root_and_survey(path) else {
        return "look at the path; the history of a survey goes by the survey's name, as in \
                `repo-census report databases`"
            .to_owned();
    };
    let is_here = root.as_os_str().is_empty();
    let root =
        if is_here { String::new() } else { format!(" --dir {}", quoted(&root.to_string_lossy())) };
    let asked = format!("collect first: `repo-census collect {survey}{root}`");
    if survey != DEFAULT_SURVEY {
        return asked;
    }
    let replayed = format!("`repo-census collect --replay codingnomads-2023{root}`");
    format!("{asked}, or without token and network {replayed}")
}

/// Takes `ROOT/output/SURVEY/history.csv` apart.
fn root_and_survey(path: &Path) -> Option<(&Path, &str)> {
    let folder = path.parent().filter(|_| path.ends_with("history.csv"))?;
    let output = folder.parent().filter(|output| output.ends_with("output"))?;
    Some((output.parent()?, folder.file_name()?.to_str()?))
}

/// Returns words in backticks, in one line.
pub(in crate::cli) fn list(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns words in backticks, in as many lines as they take.
pub(super) fn listed(words: &[String]) -> String {
    let mut lines = vec![String::new()];
    for (index, word) in words.iter().enumerate() {
        let comma = if index + 1 < words.len() { "," } else { "" };
        let word = format!("`{word}`{comma}");
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.len() + word.len() < LONGEST_LINE_CHARS => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_history_is_collected_where_it_is_missed() {
        let cases = [
            ("output/mine/history.csv", "collect first: `repo-census collect mine`"),
            (
                "/srv/my census/output/mine/history.csv",
                "collect first: `repo-census collect mine --dir '/srv/my census'`",
            ),
            (
                "output/backend-frameworks/history.csv",
                "collect first: `repo-census collect backend-frameworks`, or without token and \
                 network `repo-census collect --replay codingnomads-2023`",
            ),
        ];
        for (path, expected) in cases {
            assert_eq!(collect_first(Path::new(path)), expected);
        }
        for path in ["nowhere.csv", "output/history.csv", "history.csv"] {
            assert!(collect_first(Path::new(path)).starts_with("look at the path"), "{path}");
        }
    }

    #[test]
    fn long_lists_take_several_lines() {
        let words: Vec<String> = (0..20).map(|number| format!("survey-number-{number}")).collect();
        let lines = listed(&words);
        assert!(lines.lines().count() > 3, "{lines}");
        assert!(lines.lines().all(|line| line.len() <= LONGEST_LINE_CHARS), "{lines}");
        assert_eq!(lines.replace('\n', " "), list(&words));
        assert_eq!(listed(&words[..1]), "`survey-number-0`");
    }
}

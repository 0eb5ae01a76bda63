//! What can be typed, and that everything that the docs and the program itself tell people to type can
//! be.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::*;

#[test]
fn the_arguments_do_not_contradict_each_other() {
    Cli::described().debug_assert();
}

/// Why a command line cannot be typed; `None` if it can, or if it stands for several.
fn find_fault(line: &str) -> Option<String> {
    // `repo-census COMMAND --help` stands for all of them.
    let stands_for_several = ["COMMAND", "KIND", "SHELL", "…"];
    if line.split_whitespace().any(|word| stands_for_several.contains(&word)) {
        return None;
    }
    match Cli::read(words(line)) {
        Err(error) if error.use_stderr() => Some(format!("{line}: {error}")),
        _ => None,
    }
}

/// Splits a command line as a shell does; what goes to or comes from elsewhere is cut off.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '|' | '>' | '<' | ';' | '#') => break,
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (_, c) => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the program's command lines in a text: lines of code blocks, and whatever stands in
/// backticks.
fn command_lines(text: &str) -> BTreeSet<String> {
    let of_line = |line: &str| {
        let line = line.trim().trim_start_matches("$ ");
        let line =
            line.strip_prefix("cargo run --release --").map(|rest| format!("repo-census{rest}"));
        line.unwrap_or_default()
    };
    let whole = text
        .lines()
        .map(of_line)
        .chain(text.lines().map(|line| line.trim().trim_start_matches("$ ").to_owned()));
    let in_backticks = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let lines = whole.chain(in_backticks);
    lines.filter(|line| line.starts_with("repo-census ") && !line.contains('`')).collect()
}

fn repository(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// Returns the pages for who uses the program.
fn pages() -> Vec<PathBuf> {
    let folder = fs::read_dir(repository("docs")).expect("the docs");
    let mut pages: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    pages.retain(|page| page.extension().is_some_and(|end| end == "md"));
    pages.push(repository("README.md"));
    pages
}

#[test]
fn every_command_line_of_the_docs_can_be_typed() {
    let mut tried = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for line in command_lines(&text) {
            assert_eq!(find_fault(&line), None, "{}", page.display());
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} command lines");
}

/// Returns a text without its code blocks.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    };
    text.lines().filter(is_prose).map(|line| format!("{line}\n")).collect()
}

/// `report --share` and `--share` in the middle of a sentence.
#[test]
fn every_flag_that_the_docs_name_is_there() {
    let cli = Cli::described();
    let flags = |command: &clap::Command| -> BTreeSet<String> {
        let flags = command.get_arguments().chain(cli.get_arguments());
        let names = flags.flat_map(|flag| flag.get_long_and_visible_aliases().unwrap_or_default());
        names.map(|name| format!("--{name}")).chain(["--help".to_owned()]).collect()
    };
    let mut all: BTreeSet<String> = cli.get_subcommands().flat_map(flags).collect();
    // It is cargo's.
    all.insert("--no-default-features".to_owned());
    let mut tried = 0;
    // Figures are of other programs too.
    for page in pages().into_iter().filter(|page| !page.ends_with("performance.md")) {
        let text = fs::read_to_string(&page).expect("a page");
        // Code blocks show other programs too.
        let prose = prose(&text);
        for span in prose.split('`').skip(1).step_by(2) {
            let mut words = span.split_whitespace().peekable();
            let first = words.peek().copied().unwrap_or_default();
            let known = match cli.find_subcommand(first) {
                Some(command) => flags(command),
                None if first.starts_with("--") => all.clone(),
                None => continue,
            };
            for word in words.filter(|word| word.starts_with("--")) {
                assert!(known.contains(word), "{}: `{span}` has {word}", page.display());
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} flags");
}

#[test]
fn the_formats_are_those_that_the_guide_names() {
    let guide = fs::read_to_string(repository("docs/guide.md")).expect("the guide");
    let table = guide.split("\n### Formats and files\n").nth(1).expect("a section");
    let rows = table.split("\n#").next().into_iter().flat_map(str::lines);
    let named = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    let named: BTreeSet<&str> = named.filter(|name| *name != "--format").collect();
    let formats = Format::value_variants().iter().filter_map(Format::to_possible_value);
    let formats: Vec<String> = formats.map(|format| format.get_name().to_owned()).collect();
    assert_eq!(named, formats.iter().map(String::as_str).collect());
    // Whatever is a format can be written to a file.
    for format in Format::value_variants() {
        let name = format.to_possible_value().expect("a name").get_name().to_owned();
        let file = if *format == Format::Methods { "methods.md".to_owned() } else { name };
        let file = file.replace("table", "txt");
        let file = if file.contains('.') { file } else { format!("ranking.{file}") };
        let chosen =
            crate::cli::output::format_of(Path::new(&file)).map_err(|failure| failure.message);
        assert_eq!(chosen, Ok(*format), "{file}");
    }
}

#[test]
fn every_example_of_the_help_can_be_typed() {
    for command in Cli::described().get_subcommands() {
        let mut count = 0;
        for example in examples_of(command.get_name()) {
            let start = format!("repo-census {}", command.get_name());
            assert!(example.line.starts_with(&start), "{}", example.line);
            assert_eq!(find_fault(example.line), None);
            count += 1;
        }
        assert!(count > 0 || command.get_name() == "help", "{}", command.get_name());
    }
}

#[test]
fn every_fixed_hint_can_be_typed() {
    let mut tried = 0;
    let mut folders = vec![repository("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            // Long texts go on in the next line of code.
            let joined: String = text.split("\\\n").map(str::trim_start).collect();
            for part in joined.split("`repo-census ").skip(1) {
                let line = part.split('`').next().unwrap_or_default();
                // A line with a value in it is only known when it is made.
                if line.contains(['{', '\n', '"']) {
                    continue;
                }
                let fault = find_fault(&format!("repo-census {line}"));
                assert_eq!(fault, None, "{}", path.display());
                tried += 1;
            }
        }
    }
    assert!(tried > 5, "{tried} hints");
}

#[test]
fn a_wrong_command_line_is_seen() {
    let wrong = ["repo-census colect", "repo-census trend --chart pie", "repo-census report a b"];
    for line in wrong {
        assert!(find_fault(line).is_some(), "{line}");
    }
    assert_eq!(find_fault("repo-census count \"ruby on rails\" | head"), None);
}

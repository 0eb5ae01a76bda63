//! The repository itself: the README's commands run, its pictures and the example are true.

use crate::github::{ask, fake};
use crate::workdir::{Workdir, repository, repository_text};

/// Returns the code blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim_start() == format!("```{language}") {
            let block = lines.by_ref().take_while(|line| line.trim_start() != "```");
            blocks.push(block.collect::<Vec<_>>().join("\n"));
        }
    }
    blocks
}

/// Returns the arguments of a command line of the docs; quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, c) => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the arguments that a line gives to the program; `None` for other commands.
fn program_arguments(line: &str) -> Option<Vec<String>> {
    let line = line.split(" # ").next().unwrap_or_default().trim();
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let rest = ["cargo run --release -- ", "./target/release/repo-census ", "repo-census "]
        .iter()
        .find_map(|start| line.strip_prefix(start))?;
    Some(words(rest))
}

#[test]
fn the_commands_of_the_readme_and_the_docs_work() {
    let mut ran = 0;
    for file in
        ["README.md", "docs/guide.md", "docs/surveys.md", "docs/data.md", "docs/operations.md"]
    {
        // Later commands may build on earlier ones of the same page. Live ones ask the fake GitHub.
        let workdir = Workdir::new();
        let github = fake().search_limit_authenticated(1000).start();
        for block in blocks(&repository_text(file), "sh") {
            for line in block.lines() {
                let Some(arguments) = program_arguments(line) else { continue };
                if line.contains(".png") && !cfg!(feature = "png") {
                    continue;
                }
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let outcome = ask(&workdir, &github, &arguments);
                assert_eq!(outcome.code, 0, "{file}: {line}\n{}", outcome.snapshot());
                ran += 1;
            }
        }
    }
    assert!(ran >= 30, "{ran} commands");
}

#[test]
fn the_readme_shows_what_the_main_job_prints() {
    let readme = repository_text("README.md");
    let printed = Workdir::new().run(&["collect", "--replay", "codingnomads-2023"]).success();
    let shown = blocks(&readme, "text");
    assert!(shown.iter().any(|block| format!("{block}\n") == printed), "{printed}");
}

#[test]
fn the_survey_blocks_of_the_docs_are_sound() {
    let mut checked = 0;
    for block in blocks(&repository_text("docs/surveys.md"), "toml") {
        // A block with a title is a whole survey, any other one a part of it.
        let whole = if block.contains("title") && block.contains("[[frameworks]]") {
            block
        } else {
            format!(
                "title = \"Docs\"\n{block}\n[[metrics]]\nid = \"all\"\nquery = \"{{query}}\"\n\
                 [[frameworks]]\nname = \"Docs\"\n"
            )
        };
        let workdir = Workdir::new();
        workdir.write("docs.toml", &whole);
        let outcome = workdir.run(&["check", "docs.toml"]);
        assert_eq!(outcome.stderr, "", "{whole}");
        checked += 1;
    }
    assert!(checked >= 3, "{checked} blocks");
}

#[test]
fn the_settings_blocks_of_the_docs_are_sound() {
    let page = repository_text("docs/operations.md");
    for block in blocks(&page, "toml") {
        let workdir = Workdir::new();
        workdir.write("settings.toml", &block);
        let outcome = workdir.run(&["check", "--settings", "settings.toml"]);
        assert_eq!(outcome.code, 0, "{block}\n{}", outcome.snapshot());
        assert!(
            outcome.stdout.contains("calls [\"[folder]/tell-me\", \"--channel\""),
            "{}",
            outcome.stdout
        );
    }
    assert_eq!(blocks(&page, "toml").len(), 1);
}

#[test]
fn the_example_is_what_a_replay_makes() {
    let workdir = Workdir::new();
    let folder = "output/backend-frameworks/replay-codingnomads-2023/";
    let outcome = workdir.run(&["collect", "--replay", "codingnomads-2023", "--out", folder]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let mut made: Vec<String> = workdir.files();
    // Pixels are not kept: they come from the same picture as the SVG. Nor is the page, which has
    // snapshots and a browser of its own.
    let is_kept = |file: &String| [".lock", ".png", ".html"].iter().all(|end| !file.contains(end));
    made.retain(is_kept);
    for file in &made {
        assert_eq!(workdir.read(file), repository_text(file), "{file} is not as a replay makes it");
    }
    assert_eq!(made.len(), 7);
}

#[test]
fn the_survey_that_init_writes_is_sound() {
    let workdir = Workdir::new();
    workdir.run(&["init", "servers"]).success();
    let outcome = workdir.run(&["check", "servers"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
}

#[test]
fn change_log_and_citation_know_this_version() {
    let log = repository_text("CHANGELOG.md");
    assert!(log.contains(&format!("## {}", env!("CARGO_PKG_VERSION"))), "{log}");
    let citation = repository_text("CITATION.cff");
    let version = format!("version: {}", env!("CARGO_PKG_VERSION"));
    assert!(citation.lines().any(|line| line == version), "{citation}");
}

#[test]
fn nothing_here_is_left_open() {
    // Spelled apart, so that this line is not found.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimple", "mented!")];
    for folder in ["src", "tests/it"] {
        for file in files_below(&repository(folder)) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            for mark in marks {
                assert!(!text.contains(mark), "{} has {mark}", file.display());
            }
        }
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

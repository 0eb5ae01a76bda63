//! The book: its commands run, its files are read by the program, its tables are those of the code,
//! and its links lead somewhere.

use std::collections::BTreeSet;

use crate::github::{ask, fake};
use crate::workdir::{OPTIONAL_FORMATS, Workdir, repository, repository_text};

/// Returns the pages that people read, from the root of the repository.
fn pages() -> Vec<String> {
    let folder = repository("docs").read_dir().expect("the docs");
    let names = folder.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| format!("docs/{}", name.to_string_lossy()));
    // Pictures lie among them.
    let mut pages: Vec<String> = names.filter(|name| !name.contains(".svg")).collect();
    pages.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    pages.sort();
    assert!(pages.len() >= 12, "{pages:?}");
    pages
}

/// Returns the code blocks of a language, in order; a second word belongs to the language.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<String> {
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

/// Returns a text without its code blocks.
pub(crate) fn prose(text: &str) -> String {
    let mut is_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    };
    text.lines().filter(is_prose).map(|line| format!("{line}\n")).collect()
}

/// Returns the lines of a section, from its heading to the next one of any level.
fn section(text: &str, heading: &str) -> String {
    let mut lines = text.lines().skip_while(|line| *line != heading);
    lines.next().unwrap_or_else(|| panic!("there is no `{heading}`"));
    lines.take_while(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Returns what stands in backticks in a cell, of every line of the tables of a text.
fn cells(text: &str, cell: usize) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(cell + 1));
    cells.flat_map(|cell| quoted(cell).collect::<Vec<_>>()).collect()
}

fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn sorted(words: impl IntoIterator<Item = impl Into<String>>) -> BTreeSet<String> {
    words.into_iter().map(Into::into).collect()
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

/// Tells whether a line names a format that this build lacks.
fn needs_what_is_not_built_in(line: &str) -> bool {
    OPTIONAL_FORMATS.iter().any(|(format, is_there)| !is_there && line.contains(format))
}

#[test]
fn the_commands_of_the_readme_and_the_docs_work() {
    let mut ran = 0;
    for page in pages() {
        // Later commands may build on earlier ones of the same page. Live ones ask the fake GitHub.
        let workdir = Workdir::new();
        let github = fake().search_limit_authenticated(1000).start();
        for block in blocks(&repository_text(&page), "sh") {
            for line in block.lines() {
                let Some(arguments) = program_arguments(line) else { continue };
                if needs_what_is_not_built_in(line) {
                    continue;
                }
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let outcome = ask(&workdir, &github, &arguments);
                assert_eq!(outcome.code, 0, "{page}: {line}\n{}", outcome.snapshot());
                ran += 1;
            }
        }
    }
    assert!(ran >= 40, "{ran} commands");
}

#[test]
fn the_survey_blocks_of_the_docs_are_sound() {
    let mut checked = 0;
    for page in pages() {
        for block in blocks(&repository_text(&page), "toml") {
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
            assert_eq!(outcome.stderr, "", "{page}: {whole}");
            checked += 1;
        }
    }
    assert!(checked >= 7, "{checked} blocks");
}

#[test]
fn the_settings_baselines_and_recordings_of_the_docs_are_sound() {
    let (mut settings, mut baselines, mut recordings) = (0, 0, 0);
    for page in pages() {
        let text = repository_text(&page);
        for block in blocks(&text, "toml settings") {
            let workdir = Workdir::new();
            workdir.write("settings.toml", &block);
            let shown = workdir.run(&["check", "--settings", "settings.toml"]).success();
            assert!(shown.contains("calls [\"[folder]/tell-me\", \"--channel\""), "{shown}");
            settings += 1;
        }
        for block in blocks(&text, "toml baseline") {
            let workdir = Workdir::new();
            workdir.write("config/baselines/docs.toml", &block);
            workdir.run(&["collect", "--replay", "codingnomads-2023"]).success();
            let history = "output/backend-frameworks/replay-codingnomads-2023.csv";
            workdir.run(&["report", history, "--against", "docs"]).success();
            baselines += 1;
        }
        for block in blocks(&text, "json recording") {
            let workdir = Workdir::new();
            workdir.write("docs.jsonl", &block);
            let plan = workdir.run(&["collect", "--replay", "docs.jsonl", "--dry-run"]).success();
            assert!(plan.contains("docs.jsonl"), "{plan}");
            recordings += 1;
        }
        // Every other block of these languages would be read by nobody.
        let kinds = text.lines().filter(|line| line.starts_with("```toml")).count();
        let read = ["toml", "toml settings", "toml baseline"].map(|kind| blocks(&text, kind).len());
        assert_eq!(kinds, read.iter().sum::<usize>(), "{page}");
    }
    assert_eq!((settings, baselines, recordings), (2, 1, 1));
}

/// Returns the keys that a reader expects in each table that has the unknown key `zzz`.
fn expected_keys(stderr: &str) -> Vec<BTreeSet<String>> {
    let unknown = stderr.lines().filter(|line| line.contains("`zzz`"));
    let lists = unknown.filter_map(|line| line.split_once("expected one of").map(|(_, list)| list));
    lists.map(|list| sorted(quoted(list))).collect()
}

#[test]
fn the_keys_of_surveys_are_those_that_the_docs_name() {
    let page = repository_text("docs/surveys.md");
    let headings =
        ["[collect]", "[schedule]", "[after_run]", "[[metrics]]", "[[frameworks]]", "[[notes]]"];
    let keys = |heading: &str| sorted(cells(&section(&page, &format!("## `{heading}`")), 0));
    let mut top = sorted(cells(&section(&page, "## Keys at the top"), 0));
    top.extend(headings.map(|heading| heading.trim_matches(['[', ']']).to_owned()));
    for (place, documented) in
        [("", top)].into_iter().chain(headings.map(|heading| (heading, keys(heading))))
    {
        let workdir = Workdir::new();
        workdir.write("odd.toml", format!("{place}\nzzz = 1\n"));
        let outcome = workdir.run(&["check", "odd.toml"]);
        let accepted = expected_keys(&outcome.stderr).pop();
        let accepted = accepted.unwrap_or_else(|| panic!("{}", outcome.stderr));
        assert_eq!(accepted, documented, "{place}");
    }
    let workdir = Workdir::new();
    workdir.write("odd.toml", "[[metrics]]\nid = \"odd\"\nquery = \"{zzz}\"\n");
    let outcome = workdir.run(&["check", "odd.toml"]).stderr;
    let known = outcome.lines().find_map(|line| line.split_once("`{zzz}`, expected one of"));
    let known = sorted(quoted(known.expect("placeholders").1));
    assert_eq!(known, sorted(cells(&section(&page, "### Placeholders"), 0)));
}

#[test]
fn the_keys_of_baselines_and_recordings_are_those_that_the_docs_name() {
    let page = repository_text("docs/surveys.md");
    let workdir = Workdir::new();
    workdir.write("odd.toml", "zzz = 1\n[[ranking]]\nzzz = 1\n");
    let history = "output/backend-frameworks/replay-codingnomads-2023.csv";
    workdir.run(&["collect", "--replay", "codingnomads-2023"]).success();
    let outcome = workdir.run(&["report", history, "--against", "./odd.toml"]);
    let accepted: BTreeSet<String> = expected_keys(&outcome.stderr).into_iter().flatten().collect();
    let documented = cells(&section(&page, "## Baselines"), 0);
    assert_eq!(accepted, sorted(documented.iter().map(|key| key.trim_matches(['[', ']']))));

    workdir.write("odd.jsonl", "{\"zzz\":1}\n");
    let outcome = workdir.run(&["collect", "--replay", "odd.jsonl"]);
    let accepted = expected_keys(&outcome.stderr).pop().expect("keys");
    assert_eq!(accepted, sorted(cells(&section(&page, "## Recordings"), 0)));
}

#[test]
fn the_qualifiers_are_those_that_the_docs_name() {
    let page = repository_text("docs/surveys.md");
    let rules = repository_text("src/domain/query/rules.rs");
    let known = rules.lines().filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix("(\"")?.split_once("\", Repeats::")?;
        Some(format!("{name} {}", rest.trim_end_matches("),")))
    });
    let known: BTreeSet<String> = known.collect();
    assert!(known.len() > 20, "{known:?}");
    let table = section(&page, "### Qualifiers");
    let row = |start: &str| {
        let row = table.lines().find(|line| line.starts_with(&format!("| {start} |")));
        cells(row.expect("a row"), 1)
    };
    let once = row("once in a query").into_iter().map(|name| format!("{name} Never"));
    let often = row("as often as you like").into_iter().filter(|name| !name.contains('.'));
    let often = often.map(|name| format!("{name} Freely"));
    assert_eq!(known, once.chain(often).collect());
}

#[test]
fn the_built_in_surveys_are_those_that_the_docs_name() {
    let page = repository_text("docs/surveys.md");
    let table = section(&page, "## Built-in surveys");
    let named = sorted(cells(&table, 0));
    let files = repository("config/surveys").read_dir().expect("the surveys");
    let stem = |entry: std::fs::DirEntry| {
        let path = entry.path();
        path.file_stem().expect("a name").to_string_lossy().into_owned()
    };
    assert_eq!(named, files.map(|file| stem(file.expect("an entry"))).collect());
    // `24, from React to Yew`
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let name = &cells(row, 0)[0];
        let what = row.split('|').nth(2).expect("a cell").trim();
        let Some((count, range)) = what.split_once(", from ") else { continue };
        let survey = repository_text(&format!("config/surveys/{name}.toml"));
        assert_eq!(survey.matches("[[frameworks]]").count().to_string(), count, "{name}");
        for framework in range.split(" to ") {
            assert!(survey.contains(&format!("\"{framework}\"")), "{name} has no {framework}");
        }
    }
}

#[test]
fn the_keys_of_settings_are_those_that_the_docs_name() {
    let keys = cells(&section(&repository_text("docs/settings.md"), "## The settings file"), 0);
    let workdir = Workdir::new();
    let mut accepted = Vec::new();
    for text in ["zzz = 1\n", "[after_run]\nzzz = 1\n"] {
        workdir.write("settings.toml", text);
        let outcome = workdir.run(&["check", "--settings", "settings.toml"]);
        assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
        accepted.push(expected_keys(&outcome.stderr).pop().expect("keys"));
    }
    // `after_run` is the table that the second list is of.
    accepted[0].remove("after_run");
    let accepted: Vec<String> = accepted.into_iter().flatten().collect();
    let mut sorted_keys = keys.clone();
    let mut sorted_accepted = accepted;
    sorted_keys.sort();
    sorted_accepted.sort();
    assert_eq!(sorted_keys, sorted_accepted);
}

#[test]
fn the_variables_are_those_that_the_docs_name() {
    let page = repository_text("docs/settings.md");
    let ours = section(&page, "## The environment");
    let (ours, theirs) = ours.split_once("And libraries").expect("two tables");
    let is_name =
        |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let code = repository_text("src/settings/env.rs");
    let mut read = sorted(code.split('"').skip(1).step_by(2).filter(|word| is_name(word)));
    // A library reads this one, for `watchdog_interval`.
    read.insert("WATCHDOG_USEC".to_owned());
    assert_eq!(read, sorted(cells(ours, 0)));

    let page = Workdir::new().run(&["man"]).success();
    let start = page.find(".SH ENVIRONMENT").expect("a section");
    let end = page.find(".SH FILES").expect("a section");
    let bold = page[start..end].split("\\fB").skip(1);
    let bold = bold.filter_map(|text| text.split('\\').next());
    let told = bold.flat_map(|names| names.split(", ").map(str::to_owned)).collect();
    let documented: BTreeSet<String> = cells(ours, 0).into_iter().chain(cells(theirs, 0)).collect();
    assert_eq!(documented, told);
}

#[test]
fn the_exit_codes_are_those_that_the_docs_name() {
    let codes = |text: &str| -> BTreeSet<u8> {
        let first = text.lines().filter_map(|line| line.split('|').nth(1)?.trim().parse().ok());
        first.collect()
    };
    let documented = codes(&repository_text("docs/exit-codes.md"));
    let page = Workdir::new().run(&["man"]).success();
    let start = page.find(".SH \"EXIT STATUS\"").expect("a section");
    let end = page.find(".SH ENVIRONMENT").expect("a section");
    let bold = page[start..end].split("\\fB").skip(1);
    let told: BTreeSet<u8> =
        bold.filter_map(|text| text.split('\\').next()?.parse().ok()).collect();
    assert_eq!(told, documented);
    assert_eq!(told, BTreeSet::from([0, 1, 2, 3, 4, 75, 130, 143]));
    // Every command stands in one line of the second table.
    let table = section(&repository_text("docs/exit-codes.md"), "## By command");
    assert_eq!(sorted(cells(&table, 0)), sorted(crate::help::commands()));
}

#[cfg(unix)]
#[test]
fn the_script_of_the_docs_does_what_it_says() {
    use std::os::unix::fs::PermissionsExt as _;

    let scripts = blocks(&repository_text("docs/exit-codes.md"), "sh script");
    let [script] = &scripts[..] else { panic!("{} scripts", scripts.len()) };
    for (code, expected, said) in [
        (0, 0, "called with report databases --format md"),
        (3, 0, "not finished yet"),
        (75, 0, "not finished yet"),
        (4, 4, "a new token is needed"),
        (1, 1, "look at it: exit code 1"),
        (143, 143, "look at it: exit code 143"),
    ] {
        let workdir = Workdir::new();
        let fake =
            format!("#!/bin/sh\necho called with \"$@\"\n[ \"$1\" != collect ] || exit {code}\n");
        let program = workdir.write("bin/repo-census", fake);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, executable).expect("a program");
        let mut shell = std::process::Command::new("sh");
        let path = format!("{}:/usr/bin:/bin", workdir.path("bin").display());
        shell.args(["-c", script]).env("PATH", path);
        let outcome = workdir.run_command(&mut shell);
        let all = outcome.snapshot();
        assert!(outcome.code == expected && all.contains(said), "{code}: {all}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let anchors = |text: &str| -> BTreeSet<String> {
        let prose = prose(text);
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    };
    let mut followed = 0;
    for page in pages() {
        let text = repository_text(&page);
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in prose(&text).split("](").skip(1) {
            let target = link.split(')').next().unwrap_or_default();
            if target.starts_with("http") {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let path = match (file, file.strip_prefix("../")) {
                ("", _) => page.clone(),
                (_, Some(above)) => above.to_owned(),
                (file, None) if folder.is_empty() => file.to_owned(),
                (file, None) => format!("{folder}/{file}"),
            };
            assert!(repository(&path).exists(), "{page} links to {target}");
            let is_there = || anchors(&repository_text(&path)).contains(place);
            assert!(place.is_empty() || is_there(), "{page} links to {target}");
            followed += 1;
        }
    }
    assert!(followed > 100, "{followed} links");
}

/// Returns where GitHub's pages put a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn the_book_names_every_page() {
    let contents = repository_text("docs/README.md");
    for page in pages() {
        let Some(name) = page.strip_prefix("docs/").filter(|name| *name != "README.md") else {
            continue;
        };
        assert!(contents.contains(&format!("({name})")), "docs/README.md does not name {name}");
    }
}

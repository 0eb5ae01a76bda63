//! The repository itself: what the README shows, the example, versions, what is left open.

use crate::docs::{blocks, prose};
use crate::workdir::{Workdir, repository, repository_text};

#[test]
fn the_guide_shows_what_the_main_job_prints() {
    let guide = repository_text("docs/guide.md");
    let printed = Workdir::new().run(&["collect", "--replay", "codingnomads-2023"]).success();
    let shown = blocks(&guide, "text");
    assert!(shown.iter().any(|block| format!("{block}\n") == printed), "{printed}");
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

#[test]
fn the_files_that_the_map_names_are_there() {
    let map = repository_text("ARCHITECTURE.md");
    let mut files: Vec<String> = Vec::new();
    for folder in ["src", "tests", "docs", "fuzz", "config"] {
        let below = files_below(&repository(folder));
        files.extend(below.iter().map(|file| format!("/{}", file.to_string_lossy())));
    }
    files.extend(["/askama.toml", "/clippy.toml"].map(str::to_owned));
    let is_there = |name: &str| match name.strip_suffix('/') {
        Some(folder) => files.iter().any(|file| file.contains(&format!("/{folder}/"))),
        None => files.iter().any(|file| file.ends_with(&format!("/{name}"))),
    };
    let prose = prose(&map);
    let endings = [".rs", ".html", ".css", ".js", ".toml", ".md", ".py", "/"];
    let mut looked_for = 0;
    for name in prose.split('`').skip(1).step_by(2) {
        // What the program writes is in no repository, and capitals stand for other names.
        let is_written = ["output/", "set-aside/"].iter().any(|start| name.starts_with(start));
        let is_file = endings.iter().any(|ending| name.ends_with(ending)) && !name.contains(' ');
        if !is_file || is_written || name.chars().any(char::is_uppercase) {
            continue;
        }
        assert!(is_there(name), "there is no `{name}`");
        looked_for += 1;
    }
    assert!(looked_for > 50, "{looked_for} files");
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

#[test]
fn the_package_has_all_that_its_build_reads() {
    let listed = std::process::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked"])
        .current_dir(repository("."))
        .output()
        .expect("cargo starts");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let is_packed = |file: &str| listed.lines().any(|line| line.replace('\\', "/") == file);
    for file in
        ["Cargo.lock", "LICENSE-MIT", "askama.toml", "src/report/page/page.html", "src/main.rs"]
    {
        assert!(is_packed(file), "{file} is not among\n{listed}");
    }
}

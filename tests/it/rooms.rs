//! Who imports whom: reads the code and holds it, and `ARCHITECTURE.md`, to the same table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::workdir::{repository, repository_text};

/// The rooms and what each may import of the others.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("platform", &[]),
    ("catalog", &["domain"]),
    ("settings", &["domain"]),
    ("history", &["domain", "platform"]),
    ("github", &["clock", "domain", "platform"]),
    ("collect", &["clock", "domain", "github", "history", "platform"]),
    ("audit", &["domain", "github", "platform"]),
    ("report", &["domain"]),
    ("export", &["domain", "history", "platform", "report"]),
    (
        "cli",
        &[
            "audit", "catalog", "clock", "collect", "domain", "export", "github", "history",
            "platform", "report", "settings",
        ],
    ),
];

/// Libraries that stay in some rooms, and where those are.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("indicatif", &["src/cli/"]),
    (
        "csv",
        &[
            "src/history/",
            "src/export/",
            "src/report/csv.rs",
            "src/report/audit/csv.rs",
            "src/report/trend/csv.rs",
            "src/report/wide.rs",
        ],
    ),
    ("csv_core", &["src/history/row.rs"]),
    ("memchr", &["src/history/"]),
    ("parquet", &["src/export/"]),
    ("rust_xlsxwriter", &["src/export/"]),
    ("toml", &["src/catalog/", "src/settings/file.rs"]),
    ("reqwest", &["src/github/"]),
    ("url", &["src/github/"]),
    ("secrecy", &["src/github/", "src/settings/", "src/cli/connection.rs"]),
    ("croner", &["src/domain/period/"]),
    ("sd_notify", &["src/platform.rs", "src/settings/env.rs"]),
    ("resvg", &["src/export/png.rs"]),
    ("askama", &["src/report/page.rs"]),
    ("base64", &["src/report/page.rs"]),
    ("sha2", &["src/report/page.rs"]),
    ("rustix", &["src/platform.rs"]),
    ("unicode_segmentation", &["src/report/chart/words.rs", "src/export/png.rs"]),
    ("tempfile", &["src/history/", "src/export/new_file.rs", "src/github/pause.rs"]),
];

/// Calls that belong in one file.
const CALLS: &[(&str, &str)] = &[
    ("env::var", "src/settings/env.rs"),
    ("Instant::now", "src/clock.rs"),
    ("Utc::now", "src/clock.rs"),
    ("io::stdout", "src/cli/ui.rs"),
    ("io::stderr", "src/cli/ui.rs"),
    ("process::exit", "nowhere"),
];

fn sources() -> Vec<(String, String)> {
    let root = repository("src");
    let mut files: Vec<PathBuf> = Vec::new();
    gather(&root, &mut files);
    files.sort();
    assert!(files.len() > 30, "{} files", files.len());
    let name = |path: &Path| {
        let inside = path.strip_prefix(repository("")).expect("inside the repository");
        inside.to_string_lossy().replace('\\', "/")
    };
    let names = files.iter().map(|path| name(path));
    // What is fuzzed belongs to the tests.
    let names = names.filter(|name| !name.starts_with("src/fuzz") && !name.ends_with("/fuzz.rs"));
    names.map(|name| (name.clone(), shipped_code(&repository_text(&name)))).collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Returns the code without comments and without the tests at its end.
fn shipped_code(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").expect("a source");
    inside.split(['/', '.']).next().expect("a room")
}

/// Returns the rooms that a file names with `crate::`, in braces too.
fn imported_rooms(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for part in code.split("crate::").skip(1) {
        let names: Vec<&str> = match part.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![part],
        };
        for name in names {
            let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            rooms.insert(name.trim().split(end).next().unwrap_or_default().to_owned());
        }
    }
    rooms.remove("");
    rooms
}

/// Tells whether the code names a library: `name::` that is not part of a longer path or word.
fn uses_library(code: &str, library: &str) -> bool {
    code.match_indices(&format!("{library}::")).any(|(at, _)| {
        !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
    })
}

#[test]
fn every_room_imports_only_what_it_may() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (file, code) in sources() {
        let room = room_of(&file);
        if matches!(room, "main" | "lib") {
            continue;
        }
        let may = allowed.get(room).unwrap_or_else(|| panic!("`{file}` is in no known room"));
        seen.insert(room.to_owned());
        for import in imported_rooms(&code) {
            let fine = import == room || may.contains(&import.as_str());
            assert!(fine, "`{file}` imports `{import}`, which `{room}` may not");
        }
    }
    let known: BTreeSet<String> = allowed.keys().map(|room| (*room).to_owned()).collect();
    assert_eq!(seen, known, "every room of the table is there");
}

#[test]
fn libraries_and_calls_stay_where_they_belong() {
    for (file, code) in sources() {
        for (library, places) in LIBRARIES {
            let fine = places.iter().any(|place| file.starts_with(place));
            assert!(fine || !uses_library(&code, library), "`{file}` uses `{library}`");
        }
        for (call, place) in CALLS {
            assert!(file == *place || !code.contains(call), "`{file}` calls `{call}`");
        }
    }
}

#[test]
fn the_check_itself_sees_imports() {
    let rooms = imported_rooms("use crate::{cli::ui, history};\nlet x = crate::domain::run::Run;");
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["cli", "domain", "history"]);
    assert!(uses_library("use csv::Writer;", "csv"));
    assert!(!uses_library("super::csv::render_csv; my_csv::x", "csv"));
    assert_eq!(shipped_code("use a;\n// crate::cli\n\n#[cfg(test)]\nmod tests {}"), "use a;");
}

#[test]
fn every_module_says_what_lives_in_it() {
    for (file, _) in sources() {
        let text = repository_text(&file);
        assert!(text.starts_with("//! "), "`{file}` has no module comment");
    }
}

#[test]
fn the_map_shows_the_same_rooms() {
    let map = repository_text("ARCHITECTURE.md");
    for (room, imports) in ROOMS {
        let imports = match imports {
            [] => "nothing of ours".to_owned(),
            some => some.join(", "),
        };
        let line = map.lines().find(|line| line.starts_with(&format!("| `{room}` |")));
        let line = line.unwrap_or_else(|| panic!("ARCHITECTURE.md does not show `{room}`"));
        assert!(line.ends_with(&format!("| {imports} |")), "ARCHITECTURE.md: {line}");
    }
    let shown = map.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(shown, ROOMS.len(), "ARCHITECTURE.md shows rooms that are not there");
}

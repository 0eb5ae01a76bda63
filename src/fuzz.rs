//! What is fuzzed: for each kind of input from outside a function that takes any bytes as such an
//! input, and panics if what must hold of it does not.
//!
//! Built for tests and fuzzers only. The tests replay the inputs kept in `tests/data/fuzz/TARGET/`;
//! `fuzz/` gives each target to a fuzzer, a line each. Targets that need what a room keeps to itself
//! are in that room.

#![expect(clippy::missing_panics_doc, reason = "a panic is what a target has to say")]

mod files;
mod history;
mod typed;

pub use crate::cli::fuzz::terms;
pub use crate::github::fuzz::{graphql, limits, rest};
pub use files::{baseline, pause, recording, settings, survey};
pub use history::{history, import};
pub use typed::{moment, schedule};

/// Takes any bytes as an input of its kind.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 13] = [
    ("baseline", baseline),
    ("graphql", graphql),
    ("history", history),
    ("import", import),
    ("limits", limits),
    ("moment", moment),
    ("pause", pause),
    ("recording", recording),
    ("rest", rest),
    ("schedule", schedule),
    ("settings", settings),
    ("survey", survey),
    ("terms", terms),
];

/// Writes bytes to a file of that name in a folder of its own.
fn kept(name: &str, data: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, data).expect("a file");
    (folder, path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn repository(inside: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
    }

    fn files_in(folder: &Path) -> Vec<PathBuf> {
        let files = folder.read_dir().unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        files.sort();
        files
    }

    #[test]
    fn every_kept_input_is_taken() {
        for (name, target) in TARGETS {
            let inputs = files_in(&repository("tests/data/fuzz").join(name));
            assert!(inputs.len() >= 5, "{name}: {} inputs", inputs.len());
            for input in inputs {
                let data = fs::read(&input).expect("an input");
                // Whatever fails, its input is named.
                let taken = std::panic::catch_unwind(|| target(&data));
                assert!(taken.is_ok(), "{}", input.display());
            }
            target(b"");
        }
    }

    #[test]
    fn every_target_is_fuzzed() {
        let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        let stem =
            |path: &PathBuf| path.file_stem().expect("a name").to_string_lossy().into_owned();
        for folder in ["fuzz/targets", "tests/data/fuzz"] {
            let found: BTreeSet<String> = files_in(&repository(folder)).iter().map(stem).collect();
            assert_eq!(found, names, "{folder}");
        }
        let manifest = fs::read_to_string(repository("fuzz/Cargo.toml")).expect("a manifest");
        for name in names {
            let line = format!("name = \"{name}\"\npath = \"targets/{name}.rs\"\n");
            assert!(manifest.contains(&line), "fuzz/Cargo.toml lacks {line}");
            let target = repository(&format!("fuzz/targets/{name}.rs"));
            let target = fs::read_to_string(target).expect("a target");
            assert!(target.contains(&format!("repo_census::fuzz::{name}(data)")), "{target}");
        }
    }
}

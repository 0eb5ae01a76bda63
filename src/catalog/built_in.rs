//! The surveys, baselines and recordings that the binary carries: the files of `config/`.

use super::Kind;

macro_rules! files {
    ($folder:literal, $ending:literal: $($name:literal),* $(,)?) => {
        &[$((
            $name,
            include_str!(concat!("../../config/", $folder, "/", $name, ".", $ending)),
        )),*]
    };
}

const SURVEYS: &[(&str, &str)] =
    files!("surveys", "toml": "backend-frameworks", "backend-frameworks-extended");
const BASELINES: &[(&str, &str)] =
    files!("baselines", "toml": "codingnomads-2023", "kiguolis-2023");
const RECORDINGS: &[(&str, &str)] = files!("recordings", "jsonl": "codingnomads-2023");

fn all(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Survey => SURVEYS,
        Kind::Baseline => BASELINES,
        Kind::Recording => RECORDINGS,
    }
}

/// Returns the names of all built-in ones of a kind.
pub(super) fn names(kind: Kind) -> Vec<String> {
    all(kind).iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Returns the text of a built-in one.
pub(super) fn text(kind: Kind, name: &str) -> Option<&'static str> {
    all(kind).iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

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

const SURVEYS: &[(&str, &str)] = files!("surveys", "toml":
    "backend-frameworks",
    "backend-frameworks-extended",
    "databases",
    "frontend-frameworks",
    "machine-learning-libraries",
    "mobile-desktop-frameworks",
    "programming-languages",
    "test-frameworks",
);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use chrono::NaiveDate;

    use super::super::{Catalog, names_in};
    use super::*;

    #[test]
    fn the_files_of_config_are_built_in() {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        for kind in [Kind::Survey, Kind::Baseline, Kind::Recording] {
            let mut files = names_in(&config.join(kind.folder()), kind);
            files.sort();
            assert_eq!(names(kind), files, "{kind:?}");
        }
    }

    #[test]
    fn built_in_surveys_compare_some_ten_to_thirty_by_queries_of_their_own() {
        let nowhere = Catalog { root: "/nowhere".into(), user: None };
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
        for id in names(Kind::Survey) {
            let loaded = nowhere.load_survey(Some(&id)).expect("a survey");
            assert_eq!(loaded.warnings, [], "{id}");
            let frameworks = &loaded.value.frameworks;
            assert!((10..=30).contains(&frameworks.len()), "{id}: {}", frameworks.len());
            for metric in &loaded.value.metrics {
                let query = |f| metric.query.query_for(f, today).map(|query| query.text);
                let queries: Option<BTreeSet<String>> = frameworks.iter().map(query).collect();
                let queries = queries.unwrap_or_else(|| panic!("{id}: {} has gaps", metric.id));
                assert_eq!(queries.len(), frameworks.len(), "{id}: {}", metric.id);
                assert!(queries.iter().all(|query| query.ends_with(" is:public") || query.contains(" is:public ")));
            }
        }
    }
}

//! Lists of terms, as `count --from` reads them. Built for tests and fuzzers only; see `crate::fuzz`.

#![expect(clippy::missing_panics_doc, reason = "a panic is what a target has to say")]

use super::count::{render_survey, survey_of, terms_of};
use crate::catalog::Catalog;

/// A list of terms: what can be counted can be saved, and is read back the same.
pub fn terms(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let terms: Vec<String> = terms_of(text).map(str::to_owned).collect();
    let Ok(survey) = survey_of(&terms, None) else { return };
    assert_eq!(survey.frameworks.len(), terms.len());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved.toml");
    let saved = render_survey(&survey);
    std::fs::write(&path, &saved).expect("a file");
    if terms.is_empty() {
        return;
    }
    let catalog = Catalog { root: folder.path().to_owned(), user: None };
    let loaded =
        catalog.load_survey(path.to_str()).unwrap_or_else(|error| panic!("{error:?}\n{saved}"));
    assert_eq!(loaded.value.frameworks, survey.frameworks, "{saved}");
    assert_eq!(loaded.value.metrics, survey.metrics, "{saved}");
}

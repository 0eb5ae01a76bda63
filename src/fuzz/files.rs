//! Files that people write or keep: surveys, baselines, recordings, settings, pauses.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::kept;
use crate::catalog::{Catalog, CatalogError, Loaded};
use crate::domain::query::{QueryProblem, find_query_problems};
use crate::domain::recording::{RecordedAnswer, parse_recording};
use crate::github::{Limited, Pause, keep_pause, load_pauses};
use crate::settings::{Environment, Flags, SettingsError, resolve};

/// A survey file.
pub fn survey(data: &[u8]) {
    let Some(loaded) = load("fuzzed.toml", data, |catalog, path| catalog.load_survey(Some(path)))
    else {
        return;
    };
    let survey = loaded.value;
    assert!(survey.enabled_metrics().next().is_some() && !survey.frameworks.is_empty());
    assert!(survey.title.chars().all(|c| !c.is_control()), "{:?}", survey.title);
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    for metric in &survey.metrics {
        for framework in &survey.frameworks {
            let Some(query) = metric.query.query_for(framework, today) else {
                assert!(metric.query.lacking(framework).is_some());
                continue;
            };
            let mut problems = find_query_problems(&query.text, &[]);
            // What the survey allows is not known any more.
            problems.retain(|problem| !matches!(problem, QueryProblem::UnknownQualifier(_)));
            assert_eq!(problems, [], "{}", query.text);
        }
    }
}

/// A baseline file.
pub fn baseline(data: &[u8]) {
    let Some(loaded) = load("fuzzed.toml", data, Catalog::load_baseline) else { return };
    let mut names: Vec<&str> = loaded.value.ranking.iter().map(|line| &*line.name).collect();
    let lines = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), lines, "names are ranked once");
}

/// A recording.
pub fn recording(data: &[u8]) {
    let Some(loaded) = load("fuzzed.jsonl", data, Catalog::load_recording) else { return };
    let written: String = loaded.value.iter().map(RecordedAnswer::render_line).collect();
    assert_eq!(parse_recording(&written).as_ref(), Ok(&loaded.value), "{written}");
}

/// A settings file.
pub fn settings(data: &[u8]) {
    let (_folder, path) = kept("settings.toml", data);
    let flags = Flags { settings: Some(path.clone()), ..Flags::default() };
    match resolve(flags, Environment::default()) {
        Ok(settings) => assert_eq!(settings.file, Some(path)),
        Err(SettingsError::Invalid { reason, .. }) => assert!(reason.starts_with("line ")),
        Err(SettingsError::Unreadable { .. }) => assert!(std::str::from_utf8(data).is_err()),
    }
}

/// The pauses that GitHub asked for.
pub fn pause(data: &[u8]) {
    let (_folder, path) = kept("pause.json", data);
    let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
    let before = load_pauses(&path, "github.com", now);
    assert!(before.iter().all(|pause| now < pause.until));
    let until = now + TimeDelta::minutes(1);
    let mine = Pause { host: "github.com".into(), limited: Limited::All, since: now, until };
    keep_pause(&path, mine.clone()).expect("a file");
    let lasts = |pause: &Pause| pause.limited == Limited::All && pause.until >= mine.until;
    assert!(load_pauses(&path, "github.com", now).iter().any(lasts));
}

/// Loads a file; if it cannot be used, what is said of it must be about lines that it has.
fn load<T>(
    name: &str,
    data: &[u8],
    load: impl Fn(&Catalog, &str) -> Result<Loaded<T>, CatalogError>,
) -> Option<Loaded<T>> {
    let (folder, path) = kept(name, data);
    let catalog = Catalog { root: folder.path().to_owned(), user: None };
    let lines = data.split(|byte| *byte == b'\n').count();
    let problems = match load(&catalog, path.to_str().expect("text")) {
        Ok(loaded) => {
            assert!(loaded.warnings.iter().all(|problem| problem.line <= lines));
            return Some(loaded);
        }
        Err(CatalogError::Invalid { problems, .. }) => problems,
        Err(error) => panic!("{error}"),
    };
    assert!(!problems.is_empty(), "a refusal says why");
    for problem in problems {
        assert!(problem.line <= lines, "{problem}");
        assert!(
            !problem.message.is_empty() && !problem.message.contains(char::is_control),
            "{problem}"
        );
    }
    None
}

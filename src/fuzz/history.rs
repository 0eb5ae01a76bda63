//! Histories, whoever wrote them, and files of other programs.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::kept;
use crate::domain::period::{Per, Periods};
use crate::domain::run::RunId;
use crate::domain::sample::{Detail, Outcome, Sample, SourceKind};
use crate::domain::series::{Scope, SeriesBuilder};
use crate::history::{
    Appender, Circumstances, Examination, HistoryError, Import, Importing, Mapping, Repair, Wanted,
    examine, fold_runs, import as import_rows, plan_import, plan_repair, read_series, repair,
    select_run, visit_last_runs,
};

/// A history, read in every way, mended, and gone on with.
pub fn history(data: &[u8]) {
    let (_folder, path) = kept("history.csv", data);
    read_every_way(&path);
    let before = samples_of(&path);
    let examined = examined(&path);
    let mended = mend(&path);
    if let (Some(examined), Some(mended)) = (&examined, &mended) {
        assert_eq!(examined.needs_repair(), !mended.is_whole(), "{examined:?}\n{mended:?}");
    }
    if mended.is_some() {
        let after = samples_of(&path);
        let lost: Vec<_> = before.iter().filter(|row| !after.contains(*row)).collect();
        assert!(lost.is_empty(), "a repair lost {lost:?}");
    }
    go_on(&path);
    // What was in it before is still there, whether it could be gone on with or not.
    let after = samples_of(&path);
    assert!(before.is_subset(&after), "{} of {} rows", after.len(), before.len());
}

/// A file of another program, imported into a history that is not there, and once more.
pub fn import(data: &[u8]) {
    let named = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect()
    };
    let metric = || "repositories".to_owned();
    let columns = named(&[("observed_at", "Date"), ("framework", "Name"), ("repo_count", "Stars")]);
    let mappings = [
        Mapping { columns: Vec::new(), metric: metric(), per: None },
        Mapping { columns, metric: metric(), per: Some(Per::Day) },
    ];
    for mapping in mappings {
        let (folder, file) = kept("foreign.csv", data);
        let history = folder.path().join("output/history.csv");
        let survey = "backend-frameworks";
        let importing =
            Importing { file: &file, history: &history, survey, mapping: &mapping, now: now() };
        let planned = plan_import(&importing);
        match (planned, import_rows(&importing)) {
            (Ok(plan), Ok(done)) => {
                assert_eq!(plan, Import { backup: None, ..done });
                let again = plan_import(&importing).expect("what was taken can be taken again");
                assert_eq!((again.added, again.total_rows), (0, plan.total_rows), "{again:?}");
                if plan.added > 0 {
                    let examined = examined(&history).expect("a history");
                    assert!(!examined.needs_repair(), "{examined:?}");
                    assert_eq!(examined.rows, plan.total_rows);
                }
            }
            (Err(planned), Err(error)) => {
                assert_eq!(planned.to_string(), error.to_string());
                assert!(!history.exists(), "{error}");
            }
            (plan, done) => panic!("{plan:?}\n{done:?}"),
        }
        assert!(fs::read(&file).is_ok_and(|now| now == data), "the file itself stays as it is");
    }
}

fn now() -> DateTime<Utc> {
    "2031-01-01T00:00:00Z".parse().expect("a moment")
}

/// What tells a row from another.
type Row = (RunId, String, String, u32, u32);

fn row_of(sample: &Sample) -> Row {
    let Sample { run, framework, metric, sample_no, attempt_no, .. } = sample;
    (*run, framework.clone(), metric.clone(), *sample_no, *attempt_no)
}

fn samples_of(path: &Path) -> BTreeSet<Row> {
    let folded = fold_runs(path, BTreeSet::new, |rows, run| {
        rows.extend(run.samples.iter().map(row_of));
    });
    folded.map(|(rows, _)| rows).unwrap_or_default()
}

fn examined(path: &Path) -> Option<Examination> {
    let circumstances = Circumstances { now: now(), schedule: None, still_asked: &|_| true };
    examine(path, &circumstances).ok()
}

/// Reads runs from the front, from the end, one of them, and the counts of all.
fn read_every_way(path: &Path) {
    let folded = fold_runs(path, Vec::new, |ids: &mut Vec<RunId>, run| ids.push(run.id));
    let mut from_end = Vec::new();
    let visited = visit_last_runs(path, usize::MAX, |run| {
        from_end.push(run.id);
        ControlFlow::Continue(())
    });
    let (ids, reading) = match folded {
        Ok(found) => found,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(ids.is_sorted() && ids.len() as u64 == reading.runs, "{ids:?} {reading:?}");
    visited.expect("what can be read from the front can be read from the end");
    let backwards: Vec<RunId> = ids.iter().rev().copied().collect();
    // What turned out to be in disorder is visited again from the start.
    assert!(from_end.ends_with(&backwards), "{from_end:?} {backwards:?}");
    match select_run(path, Wanted::Last, |_| true) {
        Ok(chosen) => assert_eq!(Some(&chosen.run.id), ids.last()),
        Err(error) => assert!(ids.is_empty(), "{error}"),
    }
    let scope = Scope {
        survey: None,
        metric: None,
        periods: Periods::Calendar(Per::Day),
        since: None,
        until: None,
    };
    let (mut series, of_series) = read_series(path, &scope).expect("a series");
    let start = || SeriesBuilder::new(scope.clone());
    let (builder, _) = fold_runs(path, start, |builder, run| builder.add_run(&run)).expect("runs");
    let mut of_runs = builder.finish();
    for row in series.rows.iter_mut().chain(&mut of_runs.rows) {
        // Who has no value may be left out or not.
        row.values.resize(series.frameworks.len(), None);
    }
    assert_eq!((series, of_series), (of_runs, reading));
}

/// Mends a history; a plan and the deed must be the same.
fn mend(path: &Path) -> Option<Repair> {
    let bytes = fs::read(path).expect("a history");
    match (plan_repair(path), repair(path, now())) {
        (Ok(plan), Ok(done)) => {
            assert_eq!(plan, Repair { moved_to: None, backup: None, ..done.clone() });
            if !plan.is_whole() {
                let backup = fs::read(done.backup.expect("the old history")).expect("its bytes");
                assert_eq!(backup, bytes, "the old history stays");
                let examined = examined(path).expect("a history");
                assert!(!examined.needs_repair(), "{examined:?}");
                assert_eq!(examined.rows, plan.rows);
            }
            Some(plan)
        }
        (Err(planned), Err(error)) => {
            assert_eq!(planned.to_string(), error.to_string());
            assert_eq!(fs::read(path).expect("a history"), bytes, "nothing was changed");
            None
        }
        (plan, done) => panic!("{plan:?}\n{done:?}"),
    }
}

/// Appends a row, if the history lets us.
fn go_on(path: &Path) {
    let mut appender = match Appender::open(path, now()) {
        Ok(appender) => appender,
        Err(HistoryError::Io { source, .. }) => panic!("{source}"),
        Err(_) => return,
    };
    let run = RunId::new(now(), 0);
    if appender.last_run().is_some_and(|last| last >= run) {
        return;
    }
    let sample = Sample {
        run,
        observed_at: now(),
        survey: "backend-frameworks".into(),
        framework: "Spring".into(),
        language: "Java".into(),
        metric: "repositories".into(),
        method: None,
        sample_no: 1,
        attempt_no: 1,
        outcome: Outcome::Complete(1),
        source: SourceKind::Rest.into(),
        query_text: "spring".into(),
        detail: Detail::default(),
    };
    appender.append(std::slice::from_ref(&sample)).expect("a row");
    drop(appender);
    assert!(samples_of(path).contains(&row_of(&sample)), "a row that was appended can be read");
}

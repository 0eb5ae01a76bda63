//! Everything that can be said of a history without writing: damage, odd moments, gaps against the
//! schedule, changes of method. Memory is bounded by two runs, not by the file.

mod run_counter;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::HistoryError;
use super::exact::CLOCK_TOLERANCE;
use super::faults::Faults;
use super::folders::io_error;
use super::known::Known;
use super::merge::{Placed, part_doubles};
use super::opened::of_history;
use super::row::MOST_TOLD;
use super::scan::{Scan, Visit};
use crate::domain::gaps::{Gap, GapFinder};
use crate::domain::period::{Periods, Schedule};
use crate::domain::query::Method;
use crate::domain::run::{Key, Progress, Run, RunId};
use crate::domain::sample::Sample;
use run_counter::RunCounter;

/// How far ahead of this clock another machine's may be.
pub(super) const FAR_FUTURE: TimeDelta = TimeDelta::days(1);

/// What a history is held against.
pub struct Circumstances<'a> {
    /// The time; later moments are odd.
    pub now: DateTime<Utc>,
    /// When runs are due; `None` looks for no gaps.
    pub schedule: Option<&'a Schedule>,
    /// Which keys the survey has today; see [`Run::progress`].
    pub still_asked: &'a dyn Fn(&Key) -> bool,
}

/// What a history holds and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// How many rows can be read, doubled ones too.
    pub rows: u64,
    /// How many runs they belong to.
    pub runs: u64,
    /// How many of those are not finished.
    pub unfinished: u64,
    /// The first run.
    pub first: Option<RunId>,
    /// The last run, and how far it got.
    pub last: Option<(RunId, Progress)>,
    /// The last finished run.
    pub last_finished: Option<RunId>,
    /// Rows that cannot be read.
    pub bad: Faults,
    /// Words that stand for a status and are none, with the first line and how many there are; of
    /// many different words the first found.
    pub unknown_statuses: BTreeMap<String, (u64, u64)>,
    /// Blank lines and repeated headers.
    pub empty: Faults,
    /// Rows whose key another row of their run has already.
    pub doubled: Faults,
    /// The first line whose run stands behind a later one, and how often the order breaks.
    pub disorder: Option<(u64, u64)>,
    /// The line that is cut off at the end, or being written.
    pub cut_line: Option<u64>,
    /// What another program changed in the first line.
    pub differences: Vec<String>,
    /// Rows that can be read, but are not written as we write them.
    pub rewritten: Faults,
    /// Rows that were observed before their run, or are yet to come.
    pub odd_moments: Faults,
    /// Stretches of time without a finished run, the first of them, and how many there are.
    pub gaps: (Vec<Gap>, u64),
    /// Changes of a method, the first of them, and how many there are.
    pub method_changes: (Vec<MethodChange>, u64),
}

impl Examination {
    /// Tells whether `repair` has anything to mend.
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        let faults = [&self.bad, &self.empty, &self.doubled, &self.rewritten];
        faults.iter().any(|faults| !faults.is_empty())
            || self.disorder.is_some()
            || self.cut_line.is_some()
            || !self.differences.is_empty()
    }

    /// Tells whether anything is wrong. Gaps and changes of method are facts, not faults.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.needs_repair() && self.odd_moments.is_empty()
    }
}

/// The run from which on a framework's metric is counted by another query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodChange {
    /// The framework.
    pub framework: String,
    /// The metric.
    pub metric: String,
    /// The run.
    pub run: RunId,
    /// The method before.
    pub before: Method,
    /// The method since.
    pub since: Method,
}

impl fmt::Display for MethodChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { framework, metric, run, before, since } = self;
        write!(f, "`{framework}` {metric}: method {since} instead of {before} since run {run}")
    }
}

/// Examines a history; writes nothing and takes no lock.
///
/// # Errors
///
/// Fails if there is no file, if it cannot be read, or if it is no history.
pub fn examine(
    path: &Path,
    circumstances: &Circumstances<'_>,
) -> Result<Examination, HistoryError> {
    let mut examiner = Examiner::new(circumstances);
    let scan = Scan::of(
        path,
        |line| of_history(path, line),
        |known, visit| examiner.add_row(known, visit),
    )?;
    let Some(scan) = scan else { return Ok(of_beginning(path)) };
    let mut found = Examination {
        rows: scan.rows,
        bad: scan.bad.clone(),
        unknown_statuses: scan.unknown_statuses.clone(),
        empty: scan.empty.clone(),
        disorder: scan.disorder,
        cut_line: scan.tail.map(|place| place.line),
        differences: scan.layout.differences.clone(),
        rewritten: scan.rewritten.clone(),
        ..Examination::default()
    };
    if scan.disorder.is_some() || scan.was_read_twice {
        // What was gathered in file order does not hold.
        examiner = examine_runs(path, circumstances, scan)?;
    } else {
        examiner.close_run(&scan.known);
    }
    examiner.finish(&mut found);
    Ok(found)
}

/// Examines the runs of a file in their order, whatever order they stand in.
fn examine_runs<'a>(
    path: &Path,
    circumstances: &'a Circumstances<'a>,
    scan: Scan,
) -> Result<Examiner<'a>, HistoryError> {
    let mut examiner = Examiner::new(circumstances);
    let (mut runs, mut odd) = (scan.into_runs(), Vec::new());
    loop {
        let rows = runs.next_run(&mut odd).map_err(|source| io_error(path, "read", source))?;
        let Some(rows) = rows else { return Ok(examiner) };
        odd.clear();
        examiner.add_run(rows, &Known::default());
    }
}

/// A file without a whole line: empty, or the beginning of a header.
fn of_beginning(path: &Path) -> Examination {
    let length = path.metadata().map_or(0, |found| found.len());
    Examination { cut_line: (length > 0).then_some(1), ..Examination::default() }
}

struct Examiner<'a> {
    circumstances: &'a Circumstances<'a>,
    rows: Vec<Visit>,
    first: Option<RunId>,
    last: Option<(LastRun, Progress)>,
    last_finished: Option<RunId>,
    runs: u64,
    unfinished: u64,
    doubled: Faults,
    odd_moments: Faults,
    methods: HashMap<(String, String), Method>,
    method_changes: (Vec<MethodChange>, u64),
    gaps: GapFinder,
    counter: RunCounter,
}

/// The run before, as it was read.
enum LastRun {
    Read(Run),
    Known(RunId, Vec<Visit>),
}

impl LastRun {
    fn id(&self) -> RunId {
        match self {
            Self::Read(run) => run.id,
            Self::Known(id, _) => *id,
        }
    }

    fn read(&self, known: &Known) -> Run {
        match self {
            Self::Read(run) => run.clone(),
            Self::Known(id, rows) => {
                let samples = rows.iter().map(|visit| known.sample_of(*id, &visit.row));
                Run { id: *id, samples: samples.collect() }
            }
        }
    }
}

impl<'a> Examiner<'a> {
    fn new(circumstances: &'a Circumstances<'a>) -> Self {
        let schedule = circumstances.schedule.cloned();
        let periods = schedule.map(|schedule| Periods::Scheduled(Box::new(schedule)));
        Self {
            circumstances,
            rows: Vec::new(),
            first: None,
            last: None,
            last_finished: None,
            runs: 0,
            unfinished: 0,
            doubled: Faults::default(),
            odd_moments: Faults::default(),
            methods: HashMap::new(),
            method_changes: (Vec::new(), 0),
            gaps: GapFinder::new(periods, MOST_TOLD),
            counter: RunCounter::default(),
        }
    }

    /// Adds a row; those of a run stand together.
    fn add_row(&mut self, known: &Known, visit: Visit) {
        if self.rows.first().is_some_and(|first| first.run != visit.run) {
            self.close_run(known);
        }
        self.rows.push(visit);
    }

    /// Adds the run whose rows were gathered: by their parts if all are known, else one by one.
    fn close_run(&mut self, known: &Known) {
        let rows = std::mem::take(&mut self.rows);
        let Some(id) = rows.first().map(|visit| visit.run) else { return };
        let Some(progress) = self.counter.run(known, &rows) else {
            self.counter.forget_methods();
            self.add_run(rows.into_iter().map(|visit| visit.placed(known)).collect(), known);
            return;
        };
        let bounds = self.bounds(id);
        for visit in rows.iter().filter(|visit| !bounds.contains(&visit.row.observed_at())) {
            self.look_at_moment(&visit.clone().placed(known));
        }
        for Visit { row, .. } in &rows {
            let Some((series_no, method)) = row.front().map(|front| known.series(front)) else {
                continue;
            };
            if self.counter.is_other_method(series_no, method) {
                self.look_at_method(&known.sample_of(id, row));
            }
        }
        let last = self.note_run(LastRun::Known(id, rows), progress);
        // The room is used again.
        if let Some((LastRun::Known(_, mut rows), _)) = last {
            rows.clear();
            self.rows = rows;
        }
    }

    fn add_run(&mut self, rows: Vec<Placed>, known: &Known) {
        let Some(id) = rows.first().map(|row| row.sample.run) else { return };
        for row in &rows {
            self.look_at_moment(row);
        }
        let (kept, doubles) = part_doubles(rows);
        for double in doubles {
            self.doubled.add(double.row.place.line, double.reason());
        }
        for row in &kept {
            self.look_at_method(&row.sample);
        }
        let run = Run { id, samples: kept.into_iter().map(|row| row.sample).collect() };
        let before = self.last.as_ref().map(|(run, _)| run.read(known));
        let progress = run.progress(before.as_ref(), self.circumstances.still_asked);
        self.note_run(LastRun::Read(run), progress);
    }

    /// Counts a run; returns the one before.
    fn note_run(&mut self, run: LastRun, progress: Progress) -> Option<(LastRun, Progress)> {
        let id = run.id();
        self.runs += 1;
        self.first.get_or_insert(id);
        self.gaps.add(id.started_at(), progress.is_finished());
        if progress.is_finished() {
            self.last_finished = Some(id);
        } else {
            self.unfinished += 1;
        }
        self.last.replace((run, progress))
    }

    /// Returns the moments at which a run can have been observed.
    fn bounds(&self, run: RunId) -> RangeInclusive<DateTime<Utc>> {
        run.started_at() - CLOCK_TOLERANCE..=self.circumstances.now + FAR_FUTURE
    }

    fn look_at_moment(&mut self, row: &Placed) {
        let Sample { run, observed_at, .. } = &row.sample;
        let bounds = self.bounds(*run);
        let reason = if observed_at < bounds.start() {
            "is before the start of its run"
        } else if observed_at > bounds.end() {
            "is yet to come"
        } else {
            return;
        };
        let shown = super::row::moment(*observed_at);
        self.odd_moments.add(row.place.line, format!("`observed_at` is `{shown}`, which {reason}"));
    }

    fn look_at_method(&mut self, sample: &Sample) {
        let Some(since) = sample.method else { return };
        let key = (sample.framework.clone(), sample.metric.clone());
        let Some(before) = self.methods.insert(key, since).filter(|before| *before != since) else {
            return;
        };
        self.method_changes.1 += 1;
        if self.method_changes.0.len() < MOST_TOLD {
            self.method_changes.0.push(MethodChange {
                framework: sample.framework.clone(),
                metric: sample.metric.clone(),
                run: sample.run,
                before,
                since,
            });
        }
    }

    fn finish(self, found: &mut Examination) {
        found.runs = self.runs;
        found.unfinished = self.unfinished;
        found.first = self.first;
        found.last = self.last.map(|(run, progress)| (run.id(), progress));
        found.last_finished = self.last_finished;
        found.doubled = self.doubled;
        found.odd_moments = self.odd_moments;
        found.method_changes = self.method_changes;
        found.gaps = self.gaps.finish(self.circumstances.now);
    }
}

#[cfg(test)]
mod tests;

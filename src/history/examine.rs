//! Everything that can be said of a history without writing: damage, odd moments, gaps against the
//! schedule, changes of method. Memory is bounded by two runs, not by the file.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::HistoryError;
use super::append::io_error;
use super::exact::CLOCK_TOLERANCE;
use super::layout::Layout;
use super::scan::{Faults, MOST_TOLD, Placed, Scan, part_doubles};
use crate::domain::period::{Periods, Schedule};
use crate::domain::query::Method;
use crate::domain::run::{Key, Progress, Run, RunId};
use crate::domain::sample::Sample;

/// How far ahead of this clock another machine's may be.
const FAR_FUTURE: TimeDelta = TimeDelta::days(1);

/// The most periods of one gap that are counted.
const MOST_PERIODS: u64 = 1000;

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

/// Successive periods without a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The due moment that opens the first.
    pub from: DateTime<Utc>,
    /// The due moment behind the last.
    pub to: DateTime<Utc>,
    /// How many there are; very many are not counted to the end.
    pub periods: u64,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = "%Y-%m-%d %H:%M";
        let (from, to) = (self.from.format(minute), self.to.format(minute));
        let periods = match self.periods {
            1 => "1 period".to_owned(),
            MOST_PERIODS.. => format!("{MOST_PERIODS} periods or more"),
            periods => format!("{periods} periods"),
        };
        write!(f, "no finished run from {from} to {to} UTC, {periods}")
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
    let recognise = |line: &[u8]| {
        Layout::of_history(line)
            .map_err(|reason| HistoryError::NotAHistory { path: path.to_owned(), reason })
    };
    let mut examiner = Examiner::new(circumstances);
    let scan = Scan::of(path, recognise, |place, sample| {
        examiner.add_row(Placed { place, sample });
    })?;
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
        examiner = Examiner::new(circumstances);
        let mut runs = scan.into_runs();
        let mut odd = Vec::new();
        while let Some(rows) =
            runs.next_run(&mut odd).map_err(|source| io_error(path, "read", source))?
        {
            odd.clear();
            examiner.add_run(rows);
        }
    }
    examiner.finish(&mut found);
    Ok(found)
}

/// A file without a whole line: empty, or the beginning of a header.
fn of_beginning(path: &Path) -> Examination {
    let length = path.metadata().map_or(0, |found| found.len());
    Examination { cut_line: (length > 0).then_some(1), ..Examination::default() }
}

struct Examiner<'a> {
    circumstances: &'a Circumstances<'a>,
    rows: Vec<Placed>,
    first: Option<RunId>,
    last: Option<(Run, Progress)>,
    last_finished: Option<RunId>,
    runs: u64,
    unfinished: u64,
    doubled: Faults,
    odd_moments: Faults,
    methods: HashMap<(String, String), Method>,
    method_changes: (Vec<MethodChange>, u64),
    gaps: GapFinder<'a>,
}

impl<'a> Examiner<'a> {
    fn new(circumstances: &'a Circumstances<'a>) -> Self {
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
            gaps: GapFinder::new(circumstances.schedule),
        }
    }

    /// Adds a row; those of a run stand together.
    fn add_row(&mut self, row: Placed) {
        if self.rows.first().is_some_and(|first| first.sample.run != row.sample.run) {
            let rows = std::mem::take(&mut self.rows);
            self.add_run(rows);
        }
        self.rows.push(row);
    }

    fn add_run(&mut self, rows: Vec<Placed>) {
        let Some(id) = rows.first().map(|row| row.sample.run) else { return };
        self.runs += 1;
        self.first.get_or_insert(id);
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
        let before = self.last.as_ref().map(|(run, _)| run);
        let progress = run.progress(before, self.circumstances.still_asked);
        self.gaps.add(id.started_at(), progress.is_finished());
        if progress.is_finished() {
            self.last_finished = Some(id);
        } else {
            self.unfinished += 1;
        }
        self.last = Some((run, progress));
    }

    fn look_at_moment(&mut self, row: &Placed) {
        let Sample { run, observed_at, .. } = &row.sample;
        let reason = if *observed_at < run.started_at() - CLOCK_TOLERANCE {
            "is before the start of its run"
        } else if *observed_at > self.circumstances.now + FAR_FUTURE {
            "is yet to come"
        } else {
            return;
        };
        let shown = observed_at.format(super::row::RFC3339_SECONDS);
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

    fn finish(mut self, found: &mut Examination) {
        let rows = std::mem::take(&mut self.rows);
        self.add_run(rows);
        self.gaps.end(self.circumstances.now);
        found.runs = self.runs;
        found.unfinished = self.unfinished;
        found.first = self.first;
        found.last = self.last.map(|(run, progress)| (run.id, progress));
        found.last_finished = self.last_finished;
        found.doubled = self.doubled;
        found.odd_moments = self.odd_moments;
        found.method_changes = self.method_changes;
        found.gaps = self.gaps.found;
    }
}

/// Finds periods without a finished run.
struct GapFinder<'a> {
    schedule: Option<(&'a Schedule, Periods)>,
    /// The due moment up to which all is told; `None` before the first run.
    told_until: Option<DateTime<Utc>>,
    found: (Vec<Gap>, u64),
}

impl<'a> GapFinder<'a> {
    fn new(schedule: Option<&'a Schedule>) -> Self {
        let schedule =
            schedule.map(|schedule| (schedule, Periods::Scheduled(Box::new(schedule.clone()))));
        Self { schedule, told_until: None, found: (Vec::new(), 0) }
    }

    /// Adds a run; runs come in order.
    fn add(&mut self, started_at: DateTime<Utc>, is_finished: bool) {
        let Some((_, periods)) = &self.schedule else { return };
        if self.told_until.is_some_and(|until| !is_finished || started_at < until) {
            return;
        }
        let Some(period) = periods.period_at(started_at) else { return };
        if let Some(until) = self.told_until {
            self.tell(until, period.from);
        }
        self.told_until = Some(if is_finished { period.to } else { period.from });
    }

    /// Ends the search: the period that is still under way is no gap yet.
    fn end(&mut self, now: DateTime<Utc>) {
        let Some((_, periods)) = &self.schedule else { return };
        if let (Some(until), Some(period)) = (self.told_until, periods.period_at(now)) {
            self.tell(until, period.from);
        }
    }

    fn tell(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let Some((schedule, _)) = &self.schedule else { return };
        if from >= to {
            return;
        }
        self.found.1 += 1;
        if self.found.0.len() == MOST_TOLD {
            return;
        }
        let (mut periods, mut due) = (0, from);
        while due < to && periods < MOST_PERIODS {
            periods += 1;
            let Some(next) = schedule.next_after(due) else { break };
            due = next;
        }
        self.found.0.push(Gap { from, to, periods });
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::sample::tests::sample;
    use crate::domain::sample::{Detail, Outcome};
    use crate::history::row;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    /// A row of a run of one count, asked for one second after its start.
    fn row_of(run: &str, outcome: Outcome) -> Sample {
        let run = RunId::parse(run).expect("a run id");
        let observed_at = run.started_at() + TimeDelta::seconds(1);
        let detail = Detail::default().with_planned(1);
        Sample { run, observed_at, detail, ..sample("Spring", 1, outcome) }
    }

    fn examined(samples: &[Sample], schedule: Option<&str>, now: &str) -> Examination {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        let text = [row::header(), row::encode(samples)].concat();
        std::fs::write(&path, text).expect("a history");
        let schedule =
            schedule.map(|line| Schedule::parse(line, TimeZone::UTC, "UTC").expect("a schedule"));
        let circumstances =
            Circumstances { now: at(now), schedule: schedule.as_ref(), still_asked: &|_| true };
        examine(&path, &circumstances).expect("an examination")
    }

    fn gaps(runs: &[(&str, bool)], now: &str) -> Vec<(String, u64)> {
        let outcome = |finished| if finished { Outcome::Complete(5) } else { Outcome::Failed };
        let rows: Vec<Sample> =
            runs.iter().map(|(run, done)| row_of(run, outcome(*done))).collect();
        let found = examined(&rows, Some("17 6 * * *"), now);
        assert!(found.is_sound(), "gaps are no damage");
        assert_eq!(found.gaps.1, found.gaps.0.len() as u64);
        let days = |gap: &Gap| format!("{} to {}", gap.from.format("%d"), gap.to.format("%d"));
        found.gaps.0.iter().map(|gap| (days(gap), gap.periods)).collect()
    }

    #[test]
    fn gaps_are_periods_without_a_finished_run() {
        let (first, second, fifth) =
            ("20261101T061703Z-0001", "20261102T070000Z-0002", "20261105T061700Z-0003");
        let now = "2026-11-06T06:16:59Z";
        let none: Vec<(String, u64)> = vec![];
        assert_eq!(gaps(&[], now), none);
        assert_eq!(gaps(&[(fifth, true)], now), none, "the period under way is no gap");
        assert_eq!(gaps(&[(fifth, true)], "2026-11-06T06:17:00Z"), none);
        let missing = [("03 to 05".to_owned(), 2)];
        assert_eq!(gaps(&[(first, true), (second, true), (fifth, true)], now), missing);
        let longer = [("02 to 05".to_owned(), 3)];
        assert_eq!(gaps(&[(first, true), (second, false), (fifth, true)], now), longer);
        let at_both_ends = [("01 to 02".to_owned(), 1), ("03 to 05".to_owned(), 2)];
        assert_eq!(gaps(&[(first, false), (second, true)], now), at_both_ends);
        let twice = [(first, true), ("20261101T100000Z-0009", true), (second, true)];
        assert_eq!(gaps(&twice, "2026-11-03T06:00:00Z"), none, "two runs of one period");
    }

    #[test]
    fn very_long_gaps_are_not_counted_to_the_end() {
        let rows = [row_of("20160101T000000Z-0001", Outcome::Complete(1))];
        let found = examined(&rows, Some("* * * * *"), "2026-01-01T00:00:00Z");
        let [gap] = &found.gaps.0[..] else { panic!("{:?}", found.gaps) };
        assert!(gap.to_string().ends_with("UTC, 1000 periods or more"), "{gap}");
        assert_eq!(examined(&rows, None, "2026-01-01T00:00:00Z").gaps.1, 0, "no schedule, no gaps");
    }

    #[test]
    fn moments_out_of_sense_are_told_and_no_work_for_repair() {
        let mut rows = vec![row_of("20261101T061703Z-0001", Outcome::Complete(5))];
        let mut add = |observed_at: &str| {
            let mut row = rows[0].clone();
            row.attempt_no = u32::try_from(rows.len()).expect("a number") + 1;
            row.observed_at = at(observed_at);
            rows.push(row);
        };
        add("2026-11-01T06:12:03Z"); // just within the tolerance
        add("2026-11-01T06:12:02Z");
        add("2026-11-03T00:00:00Z"); // tomorrow, on another machine's clock
        add("2026-11-03T00:00:01Z");
        let found = examined(&rows, None, "2026-11-02T00:00:00Z");
        let told: Vec<String> = found.odd_moments.first.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 4: `observed_at` is `2026-11-01T06:12:02Z`, which is before the start of its run",
                "line 6: `observed_at` is `2026-11-03T00:00:01Z`, which is yet to come",
            ]
        );
        assert!(!found.is_sound() && !found.needs_repair());
    }

    #[test]
    fn changes_of_method_are_told_with_their_run() {
        let of_method = |run: &str, method: Option<&str>| {
            let method = method.map(|text| Method::parse(text).expect("a method"));
            Sample { method, ..row_of(run, Outcome::Complete(5)) }
        };
        let rows = [
            of_method("20261101T061703Z-0001", Some("00000001")),
            of_method("20261102T061703Z-0001", None),
            of_method("20261103T061703Z-0001", Some("00000001")),
            of_method("20261104T061703Z-0001", Some("00000002")),
            of_method("20261105T061703Z-0001", Some("00000002")),
        ];
        let found = examined(&rows, None, "2026-11-06T00:00:00Z");
        let told: Vec<String> = found.method_changes.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`Spring` repositories: method 00000002 instead of 00000001 since run 20261104T061703Z-0001"
            ]
        );
        assert!(found.is_sound());
    }

    #[test]
    fn disorder_and_doubles_are_found_across_the_file() {
        let (first, second) = ("20261101T061703Z-0001", "20261102T061703Z-0002");
        let row = |run| row_of(run, Outcome::Complete(5));
        let other = Sample { outcome: Outcome::Complete(6), ..row(first) };
        let rows = [row(first), row(second), row(first), other];
        let found = examined(&rows, None, "2026-11-06T00:00:00Z");
        assert_eq!((found.rows, found.runs, found.disorder), (4, 2, Some((4, 1))));
        let told: Vec<String> = found.doubled.first.iter().map(ToString::to_string).collect();
        let expected =
            ["line 4: repeats line 2", "line 5: has the key of line 2, but says something else"];
        assert_eq!(told, expected);
        assert!(found.needs_repair());
    }
}

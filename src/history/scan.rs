//! One look at every line of a file: what it holds, what is wrong, and how to read it in order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::path::Path;

use super::HistoryError;
use super::exact::LONGEST_START;
use super::faults::{Faults, Reread, note_reread};
use super::known::{Content, Known};
use super::layout::{BLANK, Bad, Form, Layout, Meaning, REPEATED_HEADER};
use super::lines::{Lines, Place};
use super::merge::Placed;
use super::opened::{Opened, unreadable};
use super::row::{LineSplitter, MOST_TOLD, RowFault};
use crate::domain::run::RunId;
use crate::domain::sample::Sample;

/// A line with something that is no row, or none that can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Odd {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// A row that was met.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) place: Place,
    pub(super) run: RunId,
    pub(super) row: Content,
}

impl Visit {
    /// Returns the row's sample with its place.
    pub(super) fn placed(self, known: &Known) -> Placed {
        let sample = match self.row {
            Content::Known(row) => known.sample(self.run, &row),
            Content::Partly(_, sample) | Content::New(sample) => *sample,
        };
        Placed { place: self.place, sample }
    }
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) layout: Layout,
    /// How many rows can be read.
    pub(super) rows: u64,
    /// Rows that cannot be read.
    pub(super) bad: Faults,
    /// Those of them that another program robbed of something.
    pub(super) inexact: Faults,
    /// Repeated headers and blank lines.
    pub(super) empty: Faults,
    /// Rows that are read, but not written as we write them.
    pub(super) rewritten: Faults,
    /// Values of those rows that stand in another form, by column.
    pub(super) reread: Vec<Reread>,
    /// Words that stand for a status and are none: the first line and how many.
    pub(super) unknown_statuses: BTreeMap<String, (u64, u64)>,
    /// The first line whose run stands behind a later one, and how often the order breaks.
    pub(super) disorder: Option<(u64, u64)>,
    /// What stands behind the last line feed.
    pub(super) tail: Option<Place>,
    /// Whether the file was read twice because later rows decide what earlier ones mean.
    pub(super) was_read_twice: bool,
    /// The parts of its rows.
    pub(super) known: Known,
    stretches: Vec<Stretch>,
    lines: Lines,
}

/// Lines whose runs follow each other in order.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Its first line, and where that starts.
    start: (u64, u64),
    /// The byte behind its last line.
    end: u64,
    first: RunId,
    last: RunId,
}

impl Scan {
    /// Looks at every line; `recognise` knows the file by its first line, `visit` gets each row.
    ///
    /// Returns `None` for a file without a whole line: an empty one, or one that was cut off in its
    /// first line.
    pub(super) fn of(
        path: &Path,
        recognise: impl FnOnce(&[u8]) -> Result<Layout, HistoryError>,
        mut visit: impl FnMut(&Known, Visit),
    ) -> Result<Option<Self>, HistoryError> {
        let Some(opened) = Opened::recognise(path, recognise)? else { return Ok(None) };
        let Opened { lines, layout, start } = opened;
        let failed = |error| unreadable(path, error);
        let mut scan = Self::new(lines, layout);
        scan.pass(start, &mut visit).map_err(failed)?;
        if scan.layout.habits.were_asked {
            scan = Self::new(scan.lines, scan.layout);
            scan.was_read_twice = true;
            scan.pass(start, &mut |_, _| {}).map_err(failed)?;
        }
        Ok(Some(scan))
    }

    fn new(lines: Lines, layout: Layout) -> Self {
        Self {
            layout,
            rows: 0,
            bad: Faults::default(),
            inexact: Faults::default(),
            empty: Faults::default(),
            rewritten: Faults::default(),
            reread: Vec::new(),
            unknown_statuses: BTreeMap::new(),
            disorder: None,
            tail: None,
            was_read_twice: false,
            known: Known::default(),
            stretches: Vec::new(),
            lines,
        }
    }

    fn pass(&mut self, start: (u64, u64), visit: &mut impl FnMut(&Known, Visit)) -> io::Result<()> {
        self.lines.go_to(start.0, start.1);
        let mut splitter = self.layout.splitter();
        let mut known = Known::default();
        let is_ours = self.layout.is_ours();
        let (mut line, mut next_start) = (Vec::new(), start);
        while let Some(place) = self.lines.read(&mut line)? {
            next_start = (place.end, place.line + 1);
            if is_ours && let Some((run, row)) = known.recognise(&line) {
                self.put(place, run, start);
                visit(&known, Visit { place, run, row: Content::Known(row) });
                continue;
            }
            match self.layout.read(&line, &mut splitter) {
                Meaning::Row(sample, form) => {
                    self.put(place, sample.run, start);
                    if form == Form::Rewritten {
                        self.rewritten.add(place.line, "is not written as we write it");
                        note_reread(&mut self.reread, self.layout.values(&splitter), &sample);
                    }
                    let (run, sample) = (sample.run, Box::new(sample));
                    let row = if is_ours && form == Form::Ours {
                        known.learn(&line, sample)
                    } else {
                        Content::New(sample)
                    };
                    visit(&known, Visit { place, run, row });
                }
                Meaning::Header => self.empty.add(place.line, REPEATED_HEADER),
                Meaning::Blank => self.empty.add(place.line, BLANK),
                Meaning::Bad(bad) => self.add_bad(place.line, bad),
            }
            if let Some(stretch) = self.stretches.last_mut() {
                stretch.end = place.end;
            }
        }
        self.tail = self.lines.tail(next_start.1 - 1);
        self.known = known;
        Ok(())
    }

    /// Puts a row into the stretch it continues, or begins another one; the first begins where
    /// the rows do.
    fn put(&mut self, place: Place, run: RunId, start: (u64, u64)) {
        self.rows += 1;
        let from = match self.stretches.last_mut() {
            Some(stretch) if stretch.last <= run => {
                (stretch.last, stretch.end) = (run, place.end);
                return;
            }
            Some(_) => {
                let (first, times) = self.disorder.unwrap_or((place.line, 0));
                self.disorder = Some((first, times + 1));
                (place.start, place.line)
            }
            None => start,
        };
        self.stretches.push(Stretch { start: from, end: place.end, first: run, last: run });
    }

    fn add_bad(&mut self, line: u64, bad: Bad) {
        if let Some(word) = bad.unknown_status
            && (self.unknown_statuses.len() < MOST_TOLD
                || self.unknown_statuses.contains_key(&word))
        {
            self.unknown_statuses.entry(word).or_insert((line, 0)).1 += 1;
        }
        if bad.is_inexact {
            self.inexact.add(line, bad.reason.clone());
        }
        self.bad.add(line, bad.reason);
    }

    /// Reads the runs again, in order. Their rows stand as in the file.
    pub(super) fn into_runs(self) -> OrderedRuns {
        let splitter = self.layout.splitter();
        let queue = (0..).zip(&self.stretches).map(|(at, stretch)| Reverse((stretch.first, at)));
        let queue = queue.collect();
        OrderedRuns {
            lines: self.lines,
            layout: self.layout,
            splitter,
            stretches: self.stretches,
            queue,
        }
    }
}

/// The runs of a file in their order, whatever order they stand in.
///
/// Memory is bounded by one run and by how often the file's order breaks.
pub(super) struct OrderedRuns {
    lines: Lines,
    layout: Layout,
    splitter: LineSplitter,
    /// What is left of each stretch.
    stretches: Vec<Stretch>,
    queue: BinaryHeap<Reverse<(RunId, usize)>>,
}

impl OrderedRuns {
    /// Returns the rows of the next run, in file order; `odd` gets the bad lines between them.
    ///
    /// In a file whose runs are in disorder, as after a spreadsheet sorted it, the file's order
    /// says nothing: there the rows of a run stand by their moments.
    pub(super) fn next_run(&mut self, odd: &mut Vec<Odd>) -> io::Result<Option<Vec<Placed>>> {
        let Some(Reverse((run, _))) = self.queue.peek().copied() else { return Ok(None) };
        let mut rows = Vec::new();
        while let Some(Reverse((next, at))) = self.queue.peek().copied()
            && next == run
        {
            self.queue.pop();
            if let Some(later) = self.read_stretch(at, run, &mut rows, odd)? {
                self.queue.push(Reverse((later, at)));
            }
        }
        if self.stretches.len() > 1 {
            rows.sort_by_key(|row| row.sample.observed_at);
        }
        Ok(Some(rows))
    }

    /// Tells of a run whose moments came without their zone and are all so late that they were
    /// written in another one than UTC.
    pub(super) fn doubt_zone(&self, rows: &[Placed]) -> Option<RowFault> {
        if !self.layout.is_history() || !self.layout.habits.has_bare_moments {
            return None;
        }
        let first = rows.iter().min_by_key(|row| row.sample.observed_at)?;
        let Sample { run, observed_at, .. } = first.sample;
        let late = observed_at - run.started_at();
        (late > LONGEST_START).then(|| RowFault {
            line: first.place.line,
            reason: format!(
                "`observed_at` is {} minutes behind the start of its run in the first of its rows, \
                 as if it were in another time zone",
                late.num_minutes()
            ),
        })
    }

    /// Returns the lines, to copy some of them.
    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Reads the rows of a run from a stretch; returns the run that follows in it.
    fn read_stretch(
        &mut self,
        at: usize,
        run: RunId,
        rows: &mut Vec<Placed>,
        odd: &mut Vec<Odd>,
    ) -> io::Result<Option<RunId>> {
        let Stretch { start, end, .. } = self.stretches[at];
        self.lines.go_to(start.0, start.1);
        let mut line = Vec::new();
        while self.lines.next_start().0 < end {
            let Some(place) = self.lines.read(&mut line)? else { break };
            let reason = match self.layout.read(&line, &mut self.splitter) {
                Meaning::Row(sample, _) if sample.run == run => {
                    rows.push(Placed { place, sample });
                    continue;
                }
                Meaning::Row(sample, _) => {
                    self.stretches[at].start = (place.start, place.line);
                    return Ok(Some(sample.run));
                }
                Meaning::Header | Meaning::Blank => continue,
                Meaning::Bad(bad) => bad.reason,
            };
            odd.push(Odd { place, reason });
        }
        Ok(None)
    }
}

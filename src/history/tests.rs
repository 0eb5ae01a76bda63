//! Any sequence of appends, kills, damage, repairs and imports leaves exactly what was acknowledged.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::run::RunId;
use crate::domain::sample::tests::sample;
use crate::domain::sample::{Detail, Outcome, Sample, SourceKind};

/// Something that happens to one of two machines' histories.
#[derive(Clone, Debug)]
enum Event {
    /// So many rows are appended in one piece, to the run before if it is this machine's.
    Append {
        rows: usize,
        resumes: bool,
    },
    /// The process dies in the middle of writing a row: so much of it, in thousandths, is written.
    Kill {
        thousandths: usize,
    },
    /// The power goes, and a line of rubbish is left somewhere.
    Rubbish {
        bytes: Vec<u8>,
        at: prop::sample::Index,
    },
    /// Somebody copies a row to the end.
    Double {
        of: prop::sample::Index,
    },
    /// Another program saves the file in its own way.
    Rewrite {
        how: Rewrite,
    },
    Repair,
    /// The other machine's history is imported.
    Import,
}

#[derive(Clone, Copy, Debug)]
enum Rewrite {
    Marked,
    CarriageReturns,
    Semicolons,
    Backwards,
    HeaderLost,
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..4usize, any::<bool>()).prop_map(|(rows, resumes)| Event::Append { rows, resumes }),
        2 => (0..1000usize).prop_map(|thousandths| Event::Kill { thousandths }),
        1 => (prop::collection::vec(any::<u8>(), 0..40), any::<prop::sample::Index>())
            .prop_map(|(bytes, at)| Event::Rubbish { bytes, at }),
        1 => any::<prop::sample::Index>().prop_map(|of| Event::Double { of }),
        1 => prop_oneof![
            Just(Rewrite::Marked),
            Just(Rewrite::CarriageReturns),
            Just(Rewrite::Semicolons),
            Just(Rewrite::Backwards),
            Just(Rewrite::HeaderLost),
        ]
        .prop_map(|how| Event::Rewrite { how }),
        2 => Just(Event::Repair),
        2 => Just(Event::Import),
    ]
}

/// How a history stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// With a row at its end that was cut off.
    Cut,
    /// Damaged or rewritten by others than us.
    Damaged,
}

/// A machine with its history, and what it was told is kept.
struct Machine {
    path: PathBuf,
    digits: u16,
    acknowledged: Vec<Sample>,
    state: State,
}

struct World {
    now: DateTime<Utc>,
    /// Makes every row's key another one.
    next_no: u32,
    machines: [Machine; 2],
}

impl World {
    fn new(folder: &Path) -> Self {
        let machine = |name: &str, digits| Machine {
            path: folder.join(name).join("history.csv"),
            digits,
            acknowledged: Vec::new(),
            state: State::Whole,
        };
        Self {
            now: "2026-11-21T06:00:00Z".parse().expect("a moment"),
            next_no: 1,
            machines: [machine("one", 1), machine("two", 2)],
        }
    }

    fn rows(&mut self, which: usize, rows: usize, resumes: bool) -> Vec<Sample> {
        let machine = &self.machines[which];
        let last = machine.acknowledged.iter().map(|sample| sample.run).max();
        let own =
            |run: &RunId| resumes && run.to_string().ends_with(&format!("{:04x}", machine.digits));
        let run = last.filter(own).unwrap_or_else(|| RunId::new(self.now, machine.digits));
        (0..rows)
            .map(|_| {
                self.next_no += 1;
                self.now += TimeDelta::seconds(1);
                row(run, self.now, self.next_no)
            })
            .collect()
    }

    fn happen(&mut self, which: usize, event: &Event) {
        self.now += TimeDelta::seconds(60);
        match event {
            Event::Append { rows, resumes } => self.append(which, *rows, *resumes),
            Event::Kill { thousandths } => self.kill(which, *thousandths),
            Event::Rubbish { bytes, at } => self.machines[which].spoil(|lines| {
                let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
                lines.insert(1 + at.index(lines.len()), bytes);
            }),
            Event::Double { of } => self.machines[which].spoil(|lines| {
                lines.push(lines[1 + of.index(lines.len() - 1)].clone());
            }),
            Event::Rewrite { how } => self.machines[which].rewrite(*how),
            Event::Repair => self.repair(which),
            Event::Import => self.import(which),
        }
    }

    fn append(&mut self, which: usize, rows: usize, resumes: bool) {
        let rows = self.rows(which, rows, resumes);
        let (now, machine) = (self.now, &mut self.machines[which]);
        if machine.state == State::Damaged {
            // Whether damage is seen depends on where it is; rows go behind it only by a repair.
            return;
        }
        let mut appender = Appender::open(&machine.path, now).expect("an appender");
        assert_eq!(appender.set_aside().is_some(), machine.state == State::Cut);
        appender.append(&rows).expect("kept");
        machine.acknowledged.extend(rows);
        machine.state = State::Whole;
    }

    fn kill(&mut self, which: usize, thousandths: usize) {
        let lost = self.rows(which, 1, true);
        let machine = &mut self.machines[which];
        if machine.state != State::Whole || !machine.path.exists() {
            return;
        }
        let bytes = row::encode(&lost);
        let written = bytes.len() * thousandths / 1000;
        let mut file = OpenOptions::new().append(true).open(&machine.path).expect("a history");
        file.write_all(&bytes[..written]).expect("written");
        machine.state = if written == 0 { State::Whole } else { State::Cut };
    }

    fn repair(&mut self, which: usize) {
        let (now, machine) = (self.now, &mut self.machines[which]);
        match repair(&machine.path, now) {
            Err(HistoryError::Missing { .. }) => assert!(!machine.path.exists()),
            mended => {
                let was_whole = mended.expect("mended").is_whole();
                assert_eq!(was_whole, machine.state == State::Whole, "{:?}", machine.state);
                machine.state = State::Whole;
            }
        }
        if machine.path.exists() {
            assert!(repair(&machine.path, now).expect("whole").is_whole(), "twice mends nothing");
        }
    }

    fn import(&mut self, which: usize) {
        let [one, two] = &mut self.machines;
        let (into, from) = if which == 0 { (one, two) } else { (two, one) };
        let (mapping, survey) = (Mapping::default(), "backend-frameworks");
        let importing = Importing {
            file: &from.path,
            history: &into.path,
            survey,
            mapping: &mapping,
            now: self.now,
        };
        let before = fs::read(&into.path).ok();
        match (import(&importing), into.state, from.state) {
            (Err(HistoryError::Io { .. }), _, _) => assert!(!from.path.exists()),
            (Err(HistoryError::Damaged { .. }), State::Cut | State::Damaged, _)
            | (Err(HistoryError::Unimportable { .. }), _, State::Damaged) => {
                assert!(fs::read(&into.path).ok() == before, "all or nothing");
            }
            // Damage that can be read exactly is no reason to refuse another machine's rows.
            (Ok(done), State::Whole, _) => {
                let known = |sample: &&Sample| !into.acknowledged.contains(sample);
                let new: Vec<Sample> = from.acknowledged.iter().filter(known).cloned().collect();
                assert_eq!(done.added, new.len() as u64);
                into.acknowledged.extend(new);
            }
            (outcome, into, from) => panic!("{outcome:?} for {into:?} from {from:?}"),
        }
    }

    /// Looks whether each history holds what was acknowledged, and nothing else.
    fn look(&self) {
        for machine in self.machines.iter().filter(|machine| machine.state != State::Damaged) {
            let gather =
                |all: &mut Vec<Sample>, run: crate::domain::run::Run| all.extend(run.samples);
            let found = match fold_runs(&machine.path, Vec::new, gather) {
                Ok((found, reading)) => {
                    assert_eq!(reading.cut_line, machine.state == State::Cut);
                    assert_eq!((reading.faulty, reading.disorder_at), (0, None));
                    found
                }
                Err(HistoryError::Missing { .. }) => Vec::new(),
                Err(error) => panic!("{error:?}"),
            };
            assert_eq!(in_order(&found), in_order(&machine.acknowledged));
        }
    }
}

impl Machine {
    /// Changes the lines of a history that has rows and no cut-off end.
    fn spoil(&mut self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        if self.state == State::Cut || self.acknowledged.is_empty() || !self.path.exists() {
            return;
        }
        let text = fs::read(&self.path).expect("a history");
        let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        lines.pop();
        if self.state == State::Damaged || lines.len() < 2 {
            return;
        }
        change(&mut lines);
        fs::write(&self.path, [lines.join(&b'\n'), b"\n".to_vec()].concat()).expect("written");
        self.state = State::Damaged;
    }

    fn rewrite(&mut self, how: Rewrite) {
        let has_one_run = self.acknowledged.iter().all(|s| s.run == self.acknowledged[0].run);
        if matches!(how, Rewrite::Backwards) && has_one_run {
            return; // The order of rows within a run is not held against it.
        }
        self.spoil(|lines| match how {
            Rewrite::Marked => lines[0].splice(0..0, *b"\xEF\xBB\xBF").for_each(drop),
            Rewrite::CarriageReturns => lines.iter_mut().for_each(|line| line.push(b'\r')),
            Rewrite::Semicolons => {
                for line in lines {
                    let mut splitter = row::LineSplitter::new(b',');
                    splitter.split(line);
                    let fields = (0..splitter.len()).filter_map(|at| splitter.field(at));
                    let mut writer =
                        csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
                    writer.write_record(fields).expect("a row");
                    *line = writer.into_inner().expect("a row").trim_ascii_end().to_vec();
                }
            }
            Rewrite::Backwards => lines[1..].reverse(),
            Rewrite::HeaderLost => drop(lines.remove(0)),
        });
    }
}

/// A row that is unlike every other one, with texts that need care.
fn row(run: RunId, observed_at: DateTime<Utc>, no: u32) -> Sample {
    let texts = ["Spring", "Ruby, on \"Rails\"", "Žluťoučký; kůň", "'=1+1", "Kit 157"];
    let outcomes = [
        Outcome::Complete(u64::from(no)),
        Outcome::Unchecked(u64::from(no) * 1000),
        Outcome::Incomplete(u64::MAX - u64::from(no)),
        Outcome::Failed,
    ];
    let of = |kinds: usize| no as usize % kinds;
    Sample {
        run,
        observed_at,
        language: ["", "C, or \"C\""][of(2)].to_owned(),
        source: if no.is_multiple_of(7) {
            SourceKind::Graphql.into()
        } else {
            SourceKind::Rest.into()
        },
        detail: Detail::from_text(["", "502", "planned 3; request A:1;B"][of(3)]),
        ..sample(texts[of(texts.len())], no, outcomes[of(outcomes.len())])
    }
}

fn in_order(samples: &[Sample]) -> Vec<&Sample> {
    let mut samples: Vec<&Sample> = samples.iter().collect();
    samples.sort_by_key(|sample| (sample.run, sample.attempt_no));
    samples
}

#[test]
fn moments_are_written_as_chrono_writes_them() {
    let seconds = (-62_135_596_800..253_402_300_800).step_by(7_654_321_987);
    let odd = [0, 59, 86_399, 951_782_400, 253_402_300_799, 253_402_300_800, -62_167_219_201];
    for second in seconds.chain(odd) {
        let at = DateTime::from_timestamp(second, 0).expect("a moment");
        assert_eq!(super::row::moment(at), at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_was_acknowledged_is_left(
        events in prop::collection::vec((0..2usize, events()), 1..30),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut world = World::new(folder.path());
        for (which, event) in &events {
            world.happen(*which, event);
            world.look();
        }
        // In the end both machines can have everything.
        for event in [Event::Repair, Event::Import] {
            for which in 0..2 {
                world.happen(which, &event);
            }
        }
        world.look();
        let [one, two] = &world.machines;
        prop_assert_eq!(in_order(&one.acknowledged), in_order(&two.acknowledged));
        if one.path.exists() && two.path.exists() {
            // Only the order of rows within a run that both wrote to may differ.
            let lines = |path: &Path| {
                let text = fs::read_to_string(path).expect("a history");
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[1..].sort();
                lines
            };
            prop_assert_eq!(lines(&one.path), lines(&two.path));
        }
    }
}

//! How far a run got, counted by the known parts of its rows.

use std::collections::BTreeMap;

use super::super::known::Known;
use super::super::scan::Visit;
use crate::domain::query::Method;
use crate::domain::run::Progress;
use crate::domain::sample::{Sample, is_settled};

/// Counts the rows of runs by the numbers of their known parts.
#[derive(Default)]
pub(super) struct RunCounter {
    /// Tells the marks of this run from those of earlier ones.
    run_no: u64,
    /// By the number of a row's key: the last run that had it.
    rows: Vec<u64>,
    /// By the number of a key: the last run that had it, and how many attempts.
    keys: Vec<(u64, u32)>,
    /// By the number of framework and metric: the method that was looked at last.
    methods: Vec<Option<Method>>,
}

impl RunCounter {
    /// Returns how far a run got.
    ///
    /// `None` means that the run must be looked at row by row: it has rows of unknown parts, doubles,
    /// or does not say how much it planned.
    pub(super) fn run(&mut self, known: &Known, rows: &[Visit]) -> Option<Progress> {
        self.run_no += 1;
        let mut planned = None;
        for Visit { row, .. } in rows {
            let front = row.front()?;
            let mark = at(&mut self.rows, known.row_no(front));
            if std::mem::replace(mark, self.run_no) == self.run_no {
                return None;
            }
            let (run_no, attempts) = at(&mut self.keys, known.key_no(front));
            *attempts = if *run_no == self.run_no { *attempts + 1 } else { 1 };
            *run_no = self.run_no;
            planned = known.planned(row).or(planned);
        }
        let planned = planned?;
        let mut answered = 0;
        let mut tried_again: BTreeMap<u32, Vec<Sample>> = BTreeMap::new();
        for Visit { run, row, .. } in rows {
            let key_no = known.key_no(row.front()?);
            if at(&mut self.keys, key_no).1 == 1 {
                answered += usize::from(known.settles(row));
            } else {
                tried_again.entry(key_no).or_default().push(known.sample_of(*run, row));
            }
        }
        for attempts in tried_again.values() {
            let attempts: Vec<&Sample> = attempts.iter().collect();
            answered += usize::from(is_settled(&attempts));
        }
        Some(Progress { answered, planned })
    }

    /// Tells whether a method is another than the last of its framework and metric, as far as is
    /// known, and keeps it.
    pub(super) fn is_other_method(&mut self, series_no: u32, method: Option<Method>) -> bool {
        let last = at(&mut self.methods, series_no);
        method.is_some() && std::mem::replace(last, method) != method
    }

    /// Forgets the methods, because others were looked at since.
    pub(super) fn forget_methods(&mut self) {
        self.methods.clear();
    }
}

/// Returns the mark of a number; numbers are given out one after the other.
fn at<T: Clone + Default>(marks: &mut Vec<T>, no: u32) -> &mut T {
    let no = no as usize;
    if no >= marks.len() {
        marks.resize(no + 1, T::default());
    }
    &mut marks[no]
}

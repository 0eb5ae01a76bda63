//! Making a series of rows: what the current run has said so far, key by key.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Origin, Scope, Series, SeriesRow, Value};
use crate::domain::query::Method;
use crate::domain::ranking::{Facts, select_middle};
use crate::domain::run::{Key, Progress, Run, RunId};
use crate::domain::sample::{Outcome, Reasks, Sample, Source, answer_order};
use crate::domain::survey::Framework;

/// A moment as the history writes it: bytes that order as moments do.
pub type MomentBytes = [u8; 20];

/// What is counted under one key by one method; an index given by [`SeriesBuilder::slot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    key: u32,
    method: Option<Method>,
}

/// What a row says apart from what it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// 1, and 2, 3, … for re-asks and resumes.
    pub attempt_no: u32,
    /// The number, and how far it can be trusted.
    pub outcome: Outcome,
    /// When the answer arrived.
    pub observed_at: MomentBytes,
    /// Where it came from: an index given by [`SeriesBuilder::source`].
    pub source: u32,
    /// What further attempts it calls for, if it is the answer.
    pub reasks: Reasks,
    /// How many counts the run set out to take, if the row says so.
    pub planned: Option<usize>,
}

/// A key of the history and what the current run knows of it.
#[derive(Clone, Debug)]
struct KeyState {
    /// The framework's column; `None` if the key is of another metric or left out.
    column: Option<u32>,
    sample_no: u32,
    still_asked: bool,
    /// The last run that asked for it, counted from 1.
    asked_in: u32,
    /// Attempts of this run since the method last changed.
    attempts: usize,
    /// Those of them with a number.
    numbers: usize,
    method: Option<Method>,
    answer: Option<Answer>,
}

/// The best attempt so far.
#[derive(Clone, Copy, Debug)]
struct Answer {
    outcome: Outcome,
    attempt_no: u32,
    /// Its place among the rows of the run.
    place: u32,
    observed_at: MomentBytes,
    method: Option<Method>,
    source: u32,
    reasks: Reasks,
}

/// Makes a [`Series`] of rows that come in the order of their runs.
#[derive(Debug)]
pub struct SeriesBuilder<'a> {
    scope: Scope<'a>,
    series: Series,
    sources: Vec<Source>,
    key_ids: HashMap<Key, u32>,
    keys: Vec<KeyState>,
    run: Option<RunId>,
    run_no: u32,
    planned: Option<usize>,
    /// The keys of the current run, in the order in which they were first asked.
    asked: Vec<u32>,
    /// Those that the run before answered.
    answered_before: Vec<u32>,
    rows_of_run: u32,
}

impl<'a> SeriesBuilder<'a> {
    /// Starts without any row.
    #[must_use]
    pub fn new(scope: Scope<'a>) -> Self {
        let mut series = Series::default();
        if let Some(survey) = scope.survey {
            let first = || survey.enabled_metrics().next().map(|metric| metric.id.as_str());
            scope.metric.or_else(first).unwrap_or_default().clone_into(&mut series.metric);
            let metric = survey.metrics.iter().find(|metric| metric.id == series.metric);
            let fits = |framework: &&Framework| {
                metric.is_none_or(|metric| metric.query.lacking(framework).is_none())
            };
            series.frameworks =
                survey.frameworks.iter().filter(fits).map(|f| f.name.clone()).collect();
        } else {
            scope.metric.unwrap_or_default().clone_into(&mut series.metric);
        }
        Self {
            scope,
            series,
            sources: Vec::new(),
            key_ids: HashMap::new(),
            keys: Vec::new(),
            run: None,
            run_no: 0,
            planned: None,
            asked: Vec::new(),
            answered_before: Vec::new(),
            rows_of_run: 0,
        }
    }

    /// Returns what the series is made of.
    #[must_use]
    pub fn scope(&self) -> &Scope<'a> {
        &self.scope
    }

    /// Returns the slot of a sample: what it was asked for, by which method.
    pub fn slot(&mut self, sample: &Sample) -> Slot {
        let key = sample.key();
        if let Some(id) = self.key_ids.get(&key) {
            return Slot { key: *id, method: sample.method };
        }
        let id = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        if self.keys.is_empty() {
            self.series.survey.clone_from(&sample.survey);
            if self.series.metric.is_empty() {
                self.series.metric.clone_from(&key.metric);
            }
        }
        if !self.series.metrics.contains(&key.metric) {
            self.series.metrics.push(key.metric.clone());
        }
        let column = self.column(&key);
        self.keys.push(KeyState {
            column,
            sample_no: key.sample_no,
            still_asked: self.scope.still_asks(&key),
            asked_in: 0,
            attempts: 0,
            numbers: 0,
            method: None,
            answer: None,
        });
        self.key_ids.insert(key, id);
        Slot { key: id, method: sample.method }
    }

    fn column(&mut self, key: &Key) -> Option<u32> {
        if key.metric != self.series.metric {
            return None;
        }
        let survey = self.scope.survey;
        let name = survey.map_or(key.framework.as_str(), |s| s.current_name(&key.framework));
        let found = self.series.frameworks.iter().position(|framework| framework == name);
        if found.is_none() && survey.is_some_and(|survey| survey.framework_called(name).is_none()) {
            if !self.series.left_out.iter().any(|other| other == name) {
                self.series.left_out.push(name.to_owned());
            }
            return None;
        }
        let column = found.unwrap_or_else(|| {
            self.series.frameworks.push(name.to_owned());
            self.series.frameworks.len() - 1
        });
        u32::try_from(column).ok()
    }

    /// Returns the index of a source.
    pub fn source(&mut self, source: &Source) -> u32 {
        let found = self.sources.iter().position(|other| other == source);
        let index = found.unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Ends the run before, and starts one; its id must be past all earlier ones.
    pub fn start_run(&mut self, run: RunId) {
        self.end_run();
        self.run = Some(run);
        self.run_no += 1;
    }

    /// Takes a row of the current run.
    pub fn add(&mut self, slot: Slot, attempt: Attempt) {
        let Some(state) = self.keys.get_mut(slot.key as usize) else { return };
        if state.asked_in != self.run_no {
            state.asked_in = self.run_no;
            (state.attempts, state.numbers) = (0, 0);
            state.answer = None;
            self.asked.push(slot.key);
        } else if state.method != slot.method {
            // The query was edited in the middle of the run.
            (state.attempts, state.numbers) = (0, 0);
            state.answer = None;
        }
        state.method = slot.method;
        state.attempts += 1;
        self.rows_of_run += 1;
        self.planned = attempt.planned.or(self.planned);
        if attempt.outcome.count().is_none() {
            return;
        }
        state.numbers += 1;
        let Attempt { outcome, attempt_no, observed_at, source, reasks, .. } = attempt;
        let order = answer_order(outcome, attempt_no);
        if state.answer.is_none_or(|old| answer_order(old.outcome, old.attempt_no) <= order) {
            let (method, place) = (slot.method, self.rows_of_run);
            let answer = Answer { outcome, attempt_no, place, observed_at, method, source, reasks };
            state.answer = Some(answer);
        }
    }

    /// Takes a whole run, which must be past all earlier ones.
    pub fn add_run(&mut self, run: &Run) {
        self.start_run(run.id);
        for sample in &run.samples {
            let slot = self.slot(sample);
            let attempt = self.attempt(sample);
            self.add(slot, attempt);
        }
    }

    /// Returns what a sample says.
    pub fn attempt(&mut self, sample: &Sample) -> Attempt {
        Attempt {
            attempt_no: sample.attempt_no,
            outcome: sample.outcome,
            observed_at: moment_bytes(sample.observed_at),
            source: self.source(&sample.source),
            reasks: Reasks::called_for(sample.outcome.status(), sample.detail.as_str()),
            planned: sample.detail.planned(),
        }
    }

    /// Ends the last run and returns the table.
    #[must_use]
    pub fn finish(mut self) -> Series {
        self.end_run();
        self.series
    }

    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        let is_finished = self.progress().is_finished();
        if self.scope.has_begun(run) && !self.scope.is_over(run) {
            if is_finished {
                self.keep(run);
            } else {
                self.series.unfinished += 1;
            }
        }
        self.answered_before.clear();
        let answered = self
            .asked
            .drain(..)
            .filter(|key| self.keys.get(*key as usize).is_some_and(|state| state.answer.is_some()));
        self.answered_before.extend(answered);
        self.planned = None;
        self.rows_of_run = 0;
    }

    /// Tells how far the current run got; the rule is that of [`Run::progress`].
    fn progress(&self) -> Progress {
        let states = || self.asked.iter().filter_map(|key| self.keys.get(*key as usize));
        let settled = |state: &&KeyState| {
            let made = |answer: Answer| answer.reasks.were_made(state.attempts, state.numbers);
            state.answer.is_some_and(made)
        };
        let missed = |key: &&u32| {
            let state = self.keys.get(**key as usize);
            state.is_some_and(|state| state.still_asked && state.asked_in != self.run_no)
        };
        let planned = self.planned.unwrap_or_else(|| {
            self.asked.len() + self.answered_before.iter().filter(missed).count()
        });
        Progress { answered: states().filter(settled).count(), planned }
    }

    /// Keeps what the current run counted as the values of its period.
    fn keep(&mut self, run: RunId) {
        let started_at = run.started_at();
        let same = self.series.rows.last().is_some_and(|row| row.period.contains(started_at));
        let values = self.values();
        if same {
            if let Some(row) = self.series.rows.last_mut() {
                (row.run, row.values) = (run, values);
            }
        } else if let Some(period) = self.scope.periods.period_at(started_at) {
            self.series.rows.push(SeriesRow { period, run, values });
        }
    }

    /// Returns the current run's value of each framework; the rule is that of
    /// [`crate::domain::ranking::Tally::of`].
    fn values(&mut self) -> Vec<Option<Value>> {
        let mut answers: Vec<(u32, u32, Answer)> = Vec::new();
        for key in &self.asked {
            let Some(state) = self.keys.get(*key as usize) else { continue };
            if let (Some(column), Some(answer)) = (state.column, state.answer) {
                answers.push((column, state.sample_no, answer));
            }
        }
        // Of attempts under an earlier and today's name the best counts, as if the name were one.
        let order =
            |answer: &Answer| (answer_order(answer.outcome, answer.attempt_no), answer.place);
        answers.sort_by_key(|(column, pass, answer)| (*column, *pass, answer.place));
        answers.dedup_by(|later, kept| {
            let is_same = (later.0, later.1) == (kept.0, kept.1);
            let is_better = order(&later.2) > order(&kept.2) || later.2.method != kept.2.method;
            if is_same && is_better {
                *kept = *later;
            }
            is_same
        });
        let mut values = vec![None; self.series.frameworks.len()];
        for group in answers.chunk_by(|one, other| one.0 == other.0) {
            let Some(answer) = middle_of(group) else { continue };
            let value = answer.outcome.count().map(|count| Value {
                count,
                status: answer.outcome.status(),
                origin: self.origin(answer),
            });
            if let (Some(value), Some((column, ..))) = (value, group.first())
                && let Some(cell) = values.get_mut(*column as usize)
            {
                *cell = Some(value);
            }
        }
        values
    }

    fn origin(&mut self, answer: Answer) -> u32 {
        let origins = &mut self.series.origins;
        let source = self.sources.get(answer.source as usize);
        let is_same =
            |origin: &Origin| origin.method == answer.method && Some(&origin.source) == source;
        let index = origins.iter().position(is_same).unwrap_or_else(|| {
            origins.extend(
                source.map(|source| Origin { method: answer.method, source: source.clone() }),
            );
            origins.len().saturating_sub(1)
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}

/// Returns the answer that counts of those that the passes gave.
fn middle_of(group: &[(u32, u32, Answer)]) -> Option<Answer> {
    if let [(_, _, answer)] = group {
        return Some(*answer);
    }
    let mut passes: Vec<Answer> = group.iter().map(|(_, _, answer)| *answer).collect();
    let facts = |answer: &Answer| Facts {
        outcome: answer.outcome,
        observed_at: answer.observed_at,
        method: answer.method,
    };
    let middle = select_middle(&mut passes, facts)?;
    passes.get(middle).copied()
}

/// Returns a moment as the history writes it.
fn moment_bytes(moment: DateTime<Utc>) -> MomentBytes {
    let mut bytes = MomentBytes::default();
    let text = moment.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    bytes
}

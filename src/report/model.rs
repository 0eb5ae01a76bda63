//! The ranking report: everything that every format may say, worked out once.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::notes;
use crate::domain::baseline::Baseline;
use crate::domain::ranking::{
    Change, ComparedLine, Comparison, CountedSample, Entrant, ReferenceLine, Standing, Tally,
    compare, rank,
};
use crate::domain::run::{Progress, Run, RunId};
use crate::domain::sample::{Sample, SourceKind, Status};
use crate::domain::survey::Survey;

/// What a ranking report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The survey; `None` for a history whose survey is not at hand.
    pub survey: Option<&'a Survey>,
    /// The run.
    pub run: &'a Run,
    /// How far it got.
    pub progress: Progress,
    /// The finished run before it.
    pub before: Option<&'a Run>,
    /// A newer run that did not finish.
    pub newer_unfinished: Option<(RunId, Progress)>,
    /// The metric; `None` for the survey's first one.
    pub metric: Option<&'a str>,
    /// What to compare with.
    pub reference: Option<&'a Reference>,
    /// Whether each framework's share of the list is wanted.
    pub share: bool,
    /// How many lines are wanted; `None` for all.
    pub top: Option<usize>,
    /// What must be said about the origin of the numbers.
    pub origin_notes: &'a [String],
}

/// Another ranking to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it is.
    pub kind: ReferenceKind,
    /// What it is called in a heading: the baseline's title, or the run's moment.
    pub label: String,
    /// A short form for a column: the baseline's date, or the run's day.
    pub short: String,
    /// Its lines.
    pub lines: Vec<ReferenceLine>,
    /// What a reader must know about it.
    pub notes: Vec<String>,
}

/// What kind of ranking a [`Reference`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// A published one.
    Baseline(String),
    /// A run of the same history.
    Run(RunId),
}

/// A ranking with all that is said about it.
#[derive(Clone, Debug)]
pub struct RankingReport {
    /// The survey's title, or its id if the survey is not at hand.
    pub title: String,
    /// The survey's id.
    pub survey: String,
    /// The metric's id.
    pub metric: String,
    /// The metric's title.
    pub metric_title: String,
    /// The run.
    pub run: RunId,
    /// How far it got.
    pub progress: Progress,
    /// When the first and the last of the counted answers arrived.
    pub moments: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When the numbers were published, if they come from a publication.
    pub published: Option<String>,
    /// The frameworks whose numbers were imported.
    pub imported: Vec<String>,
    /// The day that the numbers are for, if they are reconstructed.
    pub reconstructed: Option<NaiveDate>,
    /// Where the counted answers came from, each source once.
    pub sources: Vec<String>,
    /// The ranking.
    pub lines: Vec<Line>,
    /// How many lines `--top` left out.
    pub not_shown: usize,
    /// How many counts there are of each status, shown or not; the best status first.
    pub statuses: Vec<(Status, usize)>,
    /// The most passes that entered a count.
    pub samples: usize,
    /// The run that `change` speaks of.
    pub before: Option<RunId>,
    /// The comparison asked for.
    pub compared: Option<Compared>,
    /// The shares asked for.
    pub shares: Shares,
    /// What a reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// A line of the report.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where the framework stands.
    pub standing: Standing,
    /// What changed since the run before; `None` if there is no run before.
    pub change: Option<Change>,
    /// Its share of the list, 1 being all of it.
    pub share: Option<f64>,
    /// How it compares; `None` if nothing was asked for or the other ranking lacks it.
    pub compared: Option<ComparedLine>,
}

impl Line {
    /// Tells whether its number was imported.
    fn is_imported(&self) -> bool {
        let counted = self.standing.entrant.tally.counted.as_ref();
        self.standing.rank.is_some() && counted.is_some_and(|c| c.source.kind == SourceKind::Import)
    }
}

/// What a comparison says about the whole list.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What is compared with.
    pub kind: ReferenceKind,
    /// Its name.
    pub label: String,
    /// Its short name.
    pub short: String,
    /// How many frameworks both rank.
    pub frameworks: usize,
    /// Kendall's τ-b, 1 for the same order.
    pub order_agreement: Option<f64>,
    /// Names that only the other ranking has.
    pub only_there: Vec<String>,
}

/// Whether shares are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shares {
    /// Nobody asked.
    NotWanted,
    /// A count is missing or only a lower bound, so that no share is known.
    Unknown,
    /// They are.
    Given,
}

/// A metric that neither the survey nor the run has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no metric `{metric}`")]
pub struct UnknownMetric {
    /// What was asked for.
    pub metric: String,
    /// What there is.
    pub known: Vec<String>,
}

impl RankingReport {
    /// Tells whether all its numbers were imported.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        let numbers = self.statuses.iter().filter(|(status, _)| *status != Status::Failed);
        let numbers: usize = numbers.map(|(_, count)| count).sum();
        numbers > 0 && self.imported.len() == numbers
    }

    /// Works out the report.
    ///
    /// # Errors
    ///
    /// Fails if the metric is unknown.
    pub fn new(inputs: &Inputs<'_>) -> Result<Self, UnknownMetric> {
        let metric = choose_metric(inputs)?;
        let (entrants, left_out) = gather(inputs.run, inputs.survey, &metric);
        let standings = rank(entrants);
        let earlier = inputs.before.map(|run| tallies(run, inputs.survey, &metric));
        let comparison = inputs.reference.map(|reference| compare(&standings, &reference.lines));
        let (shares, total) = sum_up(&standings, inputs.share);
        let mut lines = Vec::new();
        for (index, standing) in standings.into_iter().enumerate() {
            let before = earlier.as_ref().map(|all| all.get(&standing.entrant.name));
            let change = before.map(|tally| {
                tally.map_or(Change::Unknown, |tally| standing.entrant.tally.change_since(tally))
            });
            let exact = standing.entrant.tally.exact();
            lines.push(Line {
                change,
                share: exact.filter(|_| shares == Shares::Given).map(|n| ratio(n, total)),
                compared: comparison.as_ref().and_then(|c| c.lines[index].clone()),
                standing,
            });
        }
        let shown = inputs.top.unwrap_or(lines.len()).min(lines.len());
        let not_shown = lines.len() - shown;
        let mut report = Self::head(inputs, metric, &lines);
        report.compared = inputs.reference.zip(comparison).map(summarise);
        report.shares = shares;
        report.not_shown = not_shown;
        report.samples = lines.iter().map(|l| l.standing.entrant.tally.samples).max().unwrap_or(0);
        report.statuses = Status::ALL.map(|status| (status, count_of(&lines, status))).into();
        report.lines = lines;
        report.notes = notes::write(&report, inputs, &left_out);
        report.lines.truncate(shown);
        Ok(report)
    }

    fn head(inputs: &Inputs<'_>, metric: String, lines: &[Line]) -> Self {
        let counted = || {
            let numbered = lines.iter().filter(|line| line.standing.rank.is_some());
            numbered.filter_map(|line| line.standing.entrant.tally.counted.as_ref())
        };
        let first = counted().map(|sample| sample.observed_at).min();
        let last = counted().map(|sample| sample.observed_at).max();
        let name = |line: &Line| line.standing.entrant.name.clone();
        let mut sources: Vec<String> = counted().map(|sample| sample.source.to_string()).collect();
        sources.sort();
        sources.dedup();
        let of_run = || inputs.run.samples.first().map(|sample| sample.survey.clone());
        let survey = inputs.survey.map(|survey| survey.id.clone()).or_else(of_run);
        let survey = survey.unwrap_or_default();
        let known = inputs.survey.and_then(|s| s.metrics.iter().find(|m| m.id == metric));
        Self {
            title: inputs.survey.map_or_else(|| survey.clone(), |survey| survey.title.clone()),
            survey,
            metric_title: known.map_or_else(|| metric.clone(), |metric| metric.title.clone()),
            metric,
            run: inputs.run.id,
            progress: inputs.progress,
            moments: first.zip(last),
            published: published_as_one(counted()),
            imported: lines.iter().filter(|line| line.is_imported()).map(name).collect(),
            reconstructed: counted().find_map(|sample| sample.as_of),
            sources,
            lines: Vec::new(),
            not_shown: 0,
            statuses: Vec::new(),
            samples: 0,
            before: inputs.before.map(|run| run.id),
            compared: None,
            shares: Shares::NotWanted,
            notes: Vec::new(),
        }
    }
}

fn count_of(lines: &[Line], status: Status) -> usize {
    let of = |line: &&Line| line.standing.entrant.tally.outcome.status() == status;
    lines.iter().filter(of).count()
}

/// Returns when the numbers were published, if all of them were, and at the same time.
fn published_as_one<'a>(mut counted: impl Iterator<Item = &'a CountedSample>) -> Option<String> {
    let first = counted.next()?.published.clone()?;
    counted.all(|sample| sample.published.as_ref() == Some(&first)).then_some(first)
}

/// Makes a reference of a published ranking; names follow the survey.
#[must_use]
pub fn reference_of_baseline(baseline: &Baseline, survey: Option<&Survey>) -> Reference {
    let line = |line: &crate::domain::baseline::BaselineLine| ReferenceLine {
        name: survey.map_or(line.name.as_str(), |s| s.current_name(&line.name)).to_owned(),
        rank: Some(line.rank),
        count: line.count,
        exact: true,
        method: None,
    };
    Reference {
        kind: ReferenceKind::Baseline(baseline.id.clone()),
        label: format!("\"{}\", {}, {}", baseline.title, baseline.origin, baseline.published),
        short: baseline.published.clone(),
        lines: baseline.ranking.iter().map(line).collect(),
        notes: notes_of_baseline(baseline),
    }
}

/// Returns what a reader must know about a published ranking, with the name of its origin.
#[must_use]
pub fn notes_of_baseline(baseline: &Baseline) -> Vec<String> {
    baseline.notes.iter().map(|note| format!("{}: {note}", baseline.origin)).collect()
}

/// Makes a reference of a run's ranking.
#[must_use]
pub fn reference_of_run(run: &Run, survey: Option<&Survey>, metric: &str) -> Reference {
    let standings = rank(gather(run, survey, metric).0);
    let line = |standing: Standing| {
        let tally = &standing.entrant.tally;
        ReferenceLine {
            rank: standing.rank,
            count: tally.outcome.count(),
            exact: tally.exact().is_some(),
            method: tally.counted.as_ref().and_then(|counted| counted.method),
            name: standing.entrant.name,
        }
    };
    let counted = || standings.iter().filter_map(|s| s.entrant.tally.counted.as_ref());
    // The moment of published numbers is a placeholder.
    let short = match published_as_one(counted()) {
        Some(published) => format!("published {published}"),
        None => run.id.started_at().date_naive().to_string(),
    };
    Reference {
        kind: ReferenceKind::Run(run.id),
        label: format!("run {}", run.id),
        short,
        lines: standings.into_iter().map(line).collect(),
        notes: Vec::new(),
    }
}

/// Returns the ids of all metrics that can be reported: those that the survey asks for, in its
/// order, then further ones of the run.
#[must_use]
pub fn known_metrics(survey: Option<&Survey>, run: &Run) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    if let Some(survey) = survey {
        known.extend(survey.enabled_metrics().map(|metric| metric.id.clone()));
    }
    for sample in &run.samples {
        if !known.contains(&sample.metric) {
            known.push(sample.metric.clone());
        }
    }
    known
}

/// Chooses the metric: the one asked for, else the survey's first, else the run's first.
fn choose_metric(inputs: &Inputs<'_>) -> Result<String, UnknownMetric> {
    let known = known_metrics(inputs.survey, inputs.run);
    match inputs.metric {
        None => Ok(known.into_iter().next().unwrap_or_default()),
        Some(metric) if known.iter().any(|k| k == metric) => Ok(metric.to_owned()),
        Some(metric) => Err(UnknownMetric { metric: metric.to_owned(), known }),
    }
}

/// Gathers the frameworks of a ranking, and the names that the survey no longer has.
///
/// Those of the survey that the metric fits take part, asked or not; a history without a survey is
/// taken as it is.
fn gather(run: &Run, survey: Option<&Survey>, metric: &str) -> (Vec<Entrant>, Vec<String>) {
    let mut found = tallies(run, survey, metric);
    let Some(survey) = survey else {
        let language = |name: &str| {
            let row = run.samples.iter().rev().find(|sample| sample.framework == name);
            row.map(|sample| sample.language.clone()).unwrap_or_default()
        };
        let entrant =
            |(name, tally): (String, Tally)| Entrant { language: language(&name), name, tally };
        return (found.into_iter().map(entrant).collect(), Vec::new());
    };
    let template = survey.metrics.iter().find(|m| m.id == metric).map(|m| &m.query);
    let mut entrants = Vec::new();
    for framework in &survey.frameworks {
        let fits = template.is_none_or(|template| template.lacking(framework).is_none());
        let tally = found.remove(&framework.name);
        if fits || tally.is_some() {
            entrants.push(Entrant {
                name: framework.name.clone(),
                language: framework.language.clone().unwrap_or_default(),
                tally: tally.unwrap_or_else(Tally::not_asked),
            });
        }
    }
    (entrants, found.into_keys().collect())
}

/// Tallies a run's samples of a metric by framework, under the names that they have now.
fn tallies(run: &Run, survey: Option<&Survey>, metric: &str) -> BTreeMap<String, Tally> {
    let mut attempts: BTreeMap<String, Vec<&Sample>> = BTreeMap::new();
    for sample in run.samples.iter().filter(|sample| sample.metric == metric) {
        let name = survey.map_or(sample.framework.as_str(), |s| s.current_name(&sample.framework));
        attempts.entry(name.to_owned()).or_default().push(sample);
    }
    attempts.into_iter().map(|(name, samples)| (name, Tally::of(&samples))).collect()
}

/// Returns the sum of all counts, if shares are wanted and every count is exact.
fn sum_up(standings: &[Standing], wanted: bool) -> (Shares, u128) {
    if !wanted {
        return (Shares::NotWanted, 0);
    }
    let exact = standings.iter().map(|standing| standing.entrant.tally.exact());
    match exact.map(|count| count.map(u128::from)).sum::<Option<u128>>() {
        Some(total) if total > 0 => (Shares::Given, total),
        _ => (Shares::Unknown, 0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to one decimal")]
fn ratio(part: u64, whole: u128) -> f64 {
    part as f64 / whole as f64
}

fn summarise((reference, comparison): (&Reference, Comparison)) -> Compared {
    Compared {
        kind: reference.kind.clone(),
        label: reference.label.clone(),
        short: reference.short.clone(),
        frameworks: comparison.compared,
        order_agreement: comparison.order_agreement,
        only_there: comparison.only_there,
    }
}

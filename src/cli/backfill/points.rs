//! The file of the sums, and how firm they are.

use std::collections::BTreeSet;
use std::path::Path;

use super::earlier::Earlier;
use super::{Order, last_of};
use crate::cli::Session;
use crate::cli::diagnostic::{DONE, Failure, Hint, NOT_FINISHED};
use crate::collect::{Check, Known, Point, SeriesPlan, Target};
use crate::domain::created::CreatedRange;
use crate::domain::sample::{Detail, Outcome, Sample, Source, SourceKind};
use crate::history::{HistoryError, Reconstructed, read_backfill, replace_backfill};
use crate::report::count;

/// What became of the file of the sums.
struct Written {
    /// How many points of the plan are in it.
    points: usize,
    /// The series that lack some, and how many they have.
    lacking: Vec<String>,
    /// What it had of the same frameworks and metrics.
    replaced: Option<Earlier>,
}

impl Order<'_> {
    /// Writes the points and tells how firm they are.
    pub(super) fn close(&self, known: &Known, host: Option<&str>) -> Result<u8, Failure> {
        let Written { points, lacking, replaced } = self.write(known, host)?;
        let path = self.sums();
        self.session.ui.say(&format!(
            "wrote `{}`: {} points; they count only repositories that still exist",
            path.display(),
            count(points as u64)
        ));
        if let Some(earlier) = replaced.filter(|earlier| !earlier.is_within(&self.plan.last_days)) {
            let ranges = self.ranges();
            let ranges = ranges.display();
            self.session.ui.say(&format!(
                "they replace the earlier series ({earlier}), whose answers stay in `{ranges}`"
            ));
        }
        let (differed, unchecked) = self.checks(known);
        if !differed.is_empty() {
            let text = "GraphQL and REST differ by more than 1 %; these were counted over REST";
            self.session.ui.warn(text, &differed, None);
        }
        if !unchecked.is_empty() {
            let text = "the sums over GraphQL could not be checked over REST";
            self.session.ui.warn(text, &unchecked, None);
        }
        if !lacking.is_empty() {
            let hint = Hint::new(format!("ask again with `{}`", self.command()));
            let text = "some points have no number, for an answer before them is missing";
            self.session.ui.warn(text, &lacking, Some(&hint));
            return Ok(NOT_FINISHED);
        }
        let words = ["report".to_owned()].into_iter().chain(self.arguments.survey.clone());
        let at = ["--reconstructed".to_owned(), "--at".to_owned(), last_of(&self.plan.last_days)];
        self.session.ui.next(&self.session.command(words.chain(at)));
        Ok(DONE)
    }

    /// Says which series GraphQL and REST counted differently, and which could not be compared.
    fn checks(&self, known: &Known) -> (Vec<String>, Vec<String>) {
        let (mut differed, mut unchecked) = (Vec::new(), Vec::new());
        for series in &self.plan.series {
            let Some(done) = self.plan.reconstruct(series, known) else { continue };
            match done.check {
                Check::Differed { graphql, rest } => differed.push(format!(
                    "{}: {} over GraphQL, {} over REST",
                    names(series),
                    count(graphql),
                    count(rest)
                )),
                Check::Impossible => unchecked.push(names(series)),
                Check::NotNeeded | Check::Agrees => {}
            }
        }
        (differed, unchecked)
    }

    /// Says what the file of the sums holds while this backfill is not finished.
    pub(super) fn what_stays(&self) -> String {
        let path = self.sums();
        let is_planned = self.planned();
        let rows = read_backfill(&path).unwrap_or_default();
        let days = rows.iter().filter(|row| is_planned(&row.sample)).map(|row| row.as_of);
        let path = path.display();
        match Earlier::of(days) {
            Some(earlier) => format!("`{path}` still holds the earlier series ({earlier})"),
            None => format!("`{path}` gets this series once every point was asked for"),
        }
    }

    /// Returns a test for samples of the frameworks and metrics of the plan.
    fn planned(&self) -> impl Fn(&Sample) -> bool + '_ {
        let targets = self.plan.series.iter().flat_map(|series| &series.targets);
        let planned: BTreeSet<(&str, &str)> =
            targets.map(|target| (target.framework.as_str(), target.metric.as_str())).collect();
        move |sample| planned.contains(&(sample.framework.as_str(), sample.metric.as_str()))
    }

    /// Replaces the file of the sums; series of other metrics stay in it.
    ///
    /// Only when every point was asked for: half a series must not take the place of a whole one. A
    /// point whose answer failed has its row, without a number.
    fn write(&self, known: &Known, host: Option<&str>) -> Result<Written, Failure> {
        let path = self.sums();
        let is_planned = self.planned();
        let mut rows = read_others(self.session, &path)?;
        let earlier = rows.iter().filter(|row| is_planned(&row.sample)).map(|row| row.as_of);
        let replaced = Earlier::of(earlier);
        rows.retain(|row| {
            let sample = &row.sample;
            !is_planned(sample)
                && self.survey.metrics.iter().any(|metric| metric.id == sample.metric)
        });
        let others = rows.len();
        let mut lacking = Vec::new();
        for series in &self.plan.series {
            let Some(done) = self.plan.reconstruct(series, known) else { continue };
            let numbered = |point: &&Point| point.outcome != Outcome::Failed;
            let found = done.points.iter().filter(numbered).count();
            if found < self.plan.last_days.len() {
                let all = self.plan.last_days.len();
                lacking.push(format!("{}: {found} of {all} points", names(series)));
            }
            rows.extend(done.points.iter().flat_map(|point| self.rows_of(series, point, host)));
        }
        replace_backfill(&path, &rows)?;
        Ok(Written { points: rows.len() - others, lacking, replaced })
    }

    /// Makes the rows of a point, one for each framework and metric that it counts for.
    fn rows_of(
        &self,
        series: &SeriesPlan,
        point: &Point,
        host: Option<&str>,
    ) -> Vec<Reconstructed> {
        // A point without any answer says nothing at all.
        let Some((run, observed_at)) = point.last else { return Vec::new() };
        let row = |target: &Target| Reconstructed {
            as_of: point.as_of,
            sample: Sample {
                run,
                observed_at,
                survey: self.survey.id.clone(),
                framework: target.framework.clone(),
                language: target.language.clone(),
                metric: target.metric.clone(),
                method: Some(series.query.method),
                sample_no: 1,
                attempt_no: 1,
                outcome: point.outcome,
                source: Source { kind: SourceKind::Reconstructed, host: host.map(str::to_owned) },
                query_text: CreatedRange::up_to(point.as_of).query(&series.query.text),
                detail: Detail::from_as_of(point.as_of).with_item(&match point.answers {
                    1 => "1 answer".to_owned(),
                    answers => format!("sum of {answers} answers"),
                }),
            },
        };
        series.targets.iter().map(row).collect()
    }
}

/// Reads the points that are there; a file that cannot be read is worth a word, and is replaced.
fn read_others(session: &Session, path: &Path) -> Result<Vec<Reconstructed>, Failure> {
    match read_backfill(path) {
        Ok(rows) => Ok(rows),
        Err(HistoryError::Missing { .. }) => Ok(Vec::new()),
        Err(error @ HistoryError::Io { .. }) => Err(error.into()),
        Err(error) => {
            let text = "the series of other metrics are not kept: the old file cannot be read";
            session.ui.warn(text, &[error.to_string()], None);
            Ok(Vec::new())
        }
    }
}

fn names(series: &SeriesPlan) -> String {
    let name = |t: &Target| format!("`{}` {}", t.framework, t.metric);
    series.targets.iter().map(name).collect::<Vec<_>>().join(", ")
}

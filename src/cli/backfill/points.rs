//! The file of the sums, and how firm they are.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Order, last_of};
use crate::cli::Session;
use crate::cli::diagnostic::{DONE, Failure, Hint, NOT_FINISHED};
use crate::collect::{Check, Known, Point, SeriesPlan, Target};
use crate::domain::created::CreatedRange;
use crate::domain::sample::{Detail, Outcome, Sample, Source, SourceKind};
use crate::history::{HistoryError, Reconstructed, read_backfill, replace_backfill};
use crate::report::count;

impl Order<'_> {
    /// Writes the points and tells how firm they are.
    pub(super) fn close(&self, known: &Known, host: Option<&str>) -> Result<u8, Failure> {
        let (points, lacking) = self.write(known, host)?;
        let path = self.sums();
        self.session.ui.say(&format!(
            "wrote `{}`: {} points; they count only repositories that still exist",
            path.display(),
            count(points as u64)
        ));
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

    /// Replaces the file of the sums; series of other metrics stay in it. Returns how many points
    /// were written, and which series lack some.
    pub(super) fn write(
        &self,
        known: &Known,
        host: Option<&str>,
    ) -> Result<(usize, Vec<String>), Failure> {
        let path = self.sums();
        let planned: BTreeSet<(&str, &str)> = self
            .plan
            .series
            .iter()
            .flat_map(|series| &series.targets)
            .map(|target| (target.framework.as_str(), target.metric.as_str()))
            .collect();
        let mut rows = read_others(self.session, &path)?;
        rows.retain(|row| {
            let sample = &row.sample;
            !planned.contains(&(sample.framework.as_str(), sample.metric.as_str()))
                && self.survey.metrics.iter().any(|metric| metric.id == sample.metric)
        });
        let others = rows.len();
        let mut lacking = Vec::new();
        for series in &self.plan.series {
            let points = match self.plan.reconstruct(series, known) {
                Some(done) => done.points,
                None => self.plan.known_points(series, known),
            };
            let numbered = |point: &&Point| point.outcome != Outcome::Failed;
            let found = points.iter().filter(numbered).count();
            if found < self.plan.last_days.len() {
                let all = self.plan.last_days.len();
                lacking.push(format!("{}: {found} of {all} points", names(series)));
            }
            rows.extend(points.iter().flat_map(|point| self.rows_of(series, point, host)));
        }
        replace_backfill(&path, &rows)?;
        Ok((rows.len() - others, lacking))
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

//! The sentences under a ranking: what a reader must know before quoting a number of it.

use std::collections::BTreeMap;

use super::markdown::capitalised;
use super::model::{Inputs, Line, RankingReport, Shares};
use super::number::count;
use crate::domain::ranking::Change;
use crate::domain::run::Difference;
use crate::domain::sample::{Outcome, RECONSTRUCTED, SourceKind};

/// The mark of a count that is only a lower bound.
pub(super) const LOWER_BOUND: &str = "≥";
/// The mark of a rank that can only be better.
pub(super) const UPPER_RANK: &str = "≤";
/// The mark of a rank that the samples do not tell from another.
pub(super) const NOT_DISTINGUISHABLE: &str = "~";
/// What stands for a number that is not there.
pub(super) const MISSING: &str = "–";

/// What empty triangles are, in charts.
pub(super) const TRIANGLES: &str = "Empty triangles: lower bounds.";

/// Writes the notes of a report whose lines are all still there.
pub(super) fn write(
    report: &RankingReport,
    inputs: &Inputs<'_>,
    left_out: &[String],
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(as_of) = report.reconstructed {
        notes.push(explain_reconstruction(&format!("were created by {as_of}")));
    }
    let progress = report.progress;
    if !progress.is_finished() {
        notes.push(format!(
            "This run is not finished: {} of {} counts have a number.",
            progress.answered, progress.planned
        ));
    }
    if let Some((run, progress)) = inputs.newer_unfinished {
        notes.push(format!(
            "A newer run, {run}, is not finished: {} of {} counts have a number.",
            progress.answered, progress.planned
        ));
    }
    notes.extend(explain_marks(report));
    if !left_out.is_empty() {
        notes.push(format!("Left out, no longer in the survey: {}.", left_out.join(", ")));
    }
    if let Some((first, last)) = inputs.run.changed_plan() {
        notes.push(format!(
            "The survey changed in the middle of this run: {first} counts were planned at first, \
             {last} in the end."
        ));
    }
    notes.extend(tell_differences(report, inputs));
    let changed = |line: &&Line| line.change == Some(Change::MethodChanged);
    let changed = names(report.lines.iter().filter(changed));
    if !changed.is_empty() {
        notes.push(format!("No change is given where the query changed since: {changed}."));
    }
    notes.extend(explain_sources(report));
    match report.shares {
        Shares::NotWanted => {}
        Shares::Given => notes.push(
            "Shares are of this list only, and a repository that matches several queries counts \
             in each."
                .to_owned(),
        ),
        Shares::Unknown => notes.push(
            "No shares are given: a count is missing or only a lower bound, so that the sum is \
             not known."
                .to_owned(),
        ),
    }
    if report.not_shown > 0 {
        let are = if report.not_shown == 1 { "is" } else { "are" };
        notes.push(format!("{} more {are} not shown.", count(report.not_shown as u64)));
    }
    notes.extend(compare(report));
    let of_reference = inputs.reference.map(|r| r.notes.as_slice()).unwrap_or_default();
    for note in inputs.origin_notes.iter().chain(of_reference) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes
}

/// Says what reconstructed numbers are.
pub(super) fn explain_reconstruction(which: &str) -> String {
    format!(
        "{}, those that match today and {which}. What was deleted or made private since is \
         missing, and names, topics and languages are today's: a search of that day gave another \
         number.",
        capitalised(RECONSTRUCTED)
    )
}

fn explain_marks(report: &RankingReport) -> Vec<String> {
    let mut notes = Vec::new();
    let outcome = |line: &&Line| line.standing.entrant.tally.outcome;
    let bounds = report.lines.iter().filter(|l| matches!(outcome(l), Outcome::Incomplete(_)));
    if bounds.count() > 0 {
        notes.push(format!(
            "{LOWER_BOUND} GitHub stopped the search early: at least so many. {UPPER_RANK} The rank \
             can only be better."
        ));
    }
    let unchecked = || report.lines.iter().filter(|l| matches!(outcome(l), Outcome::Unchecked(_)));
    let whose = match unchecked().count() {
        0 => None,
        all if all == report.lines.len() => Some(String::new()),
        _ => Some(format!(" of {}", names(unchecked()))),
    };
    if let Some(whose) = whose.filter(|_| report.published.is_none()) {
        notes.push(format!("The source does not say whether the searches{whose} were complete."));
    }
    let close = |line: &&Line| !line.standing.not_distinguishable_from.is_empty();
    if report.lines.iter().filter(close).count() > 0 {
        notes.push(format!(
            "{NOT_DISTINGUISHABLE} Ranks that the samples do not tell apart: their ranges overlap."
        ));
    }
    notes
}

/// Says where no change is given because the two numbers come from different places.
fn explain_sources(report: &RankingReport) -> Vec<String> {
    let reason = |change: Change| match change {
        Change::HostChanged => Some("the run before asked another GitHub"),
        Change::SourceChanged(SourceKind::Import, _) => Some("the run before was imported"),
        Change::SourceChanged(SourceKind::Published, _) => {
            Some("the run before was published by others")
        }
        Change::SourceChanged(_, SourceKind::Published) => Some("this run was published by others"),
        Change::SourceChanged(..) => Some("this run was imported"),
        Change::By(_) | Change::MethodChanged | Change::Unknown => None,
    };
    let mut together: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &report.lines {
        if let Some(reason) = line.change.and_then(reason) {
            together.entry(reason).or_default().push(line);
        }
    }
    let ranked = report.lines.iter().filter(|line| line.standing.rank.is_some()).count();
    let tell = |(reason, lines): (&str, Vec<&Line>)| {
        if lines.len() == ranked {
            return format!("No change is given: {reason}.");
        }
        format!("No change is given where {reason}: {}.", names(lines.into_iter()))
    };
    together.into_iter().map(tell).collect()
}

fn tell_differences(report: &RankingReport, inputs: &Inputs<'_>) -> Option<String> {
    let mut found = inputs.run.differences();
    found.retain(|difference| difference.key.metric == report.metric);
    let told: Vec<String> = found
        .iter()
        .map(|Difference { key, graphql, rest }| {
            format!("{} ({} and {})", key.framework, count(*graphql), count(*rest))
        })
        .collect();
    let told = told.join(", ");
    (!told.is_empty()).then(|| format!("GraphQL and REST differ by more than 1 % for {told}."))
}

fn compare(report: &RankingReport) -> Vec<String> {
    let Some(compared) = &report.compared else { return Vec::new() };
    let mut notes = Vec::new();
    let frameworks = compared.frameworks;
    notes.push(match compared.order_agreement {
        Some(agreement) => format!(
            "Compared with {}: order agreement {agreement:.2}, 1 = same order, over the \
             {frameworks} that both lists rank.",
            compared.label
        ),
        None => format!(
            "Compared with {}: no order agreement can be given over {frameworks} that both lists \
             rank.",
            compared.label
        ),
    });
    let ranked = report.lines.iter().filter(|line| line.standing.rank.is_some()).count();
    let is_part = frameworks < ranked || !compared.only_there.is_empty();
    if is_part && frameworks > 1 {
        notes.push(format!(
            "Places are counted among the {frameworks} frameworks that both lists rank."
        ));
    }
    if !compared.only_there.is_empty() {
        notes.push(format!("Only in the other list: {}.", compared.only_there.join(", ")));
    }
    notes
}

fn names<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    lines.map(|line| line.standing.entrant.name.as_str()).collect::<Vec<_>>().join(", ")
}

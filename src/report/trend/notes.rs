//! The sentences under a trend.

use std::collections::BTreeMap;

use super::super::notes::{LOWER_BOUND, UPPER_RANK, explain_reconstruction};
use super::{EventKind, TrendEvent, TrendInputs, TrendReport};
use crate::domain::period::{Period, midnight};
use crate::domain::run::RunId;
use crate::domain::sample::{SourceKind, Status};
use crate::domain::survey::Note;
use crate::domain::trend::{TrendLine, TurnKind};

/// The most stretches of gaps that are named.
const MOST_GAPS: usize = 6;

/// Writes the notes of a report that is otherwise complete.
pub(super) fn write(report: &TrendReport, inputs: &TrendInputs<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if report.is_reconstructed {
        notes.push(explain_reconstruction("were created by each day"));
    }
    notes.extend(gaps(report));
    if inputs.series.unfinished > 0 {
        notes.push(format!("Left out, not finished: {}.", plural(inputs.series.unfinished, "run")));
    }
    notes.extend(turns(report).into_iter().map(|(.., text)| text));
    notes.extend(missing(report));
    let ends = || report.lines.iter().flat_map(|line| [line.first, line.last]).flatten();
    if ends().any(|point| point.status == Status::Incomplete) {
        notes.push(format!(
            "{LOWER_BOUND} GitHub stopped the search early: at least so many. {UPPER_RANK} The rank \
             can only be better. No change is given from or to such a count."
        ));
    }
    let published =
        |origin: &crate::domain::series::Origin| origin.source.kind == SourceKind::Published;
    if inputs.series.origins.iter().any(published) {
        notes.push("The days of published counts are placeholders.".to_owned());
    } else if ends().any(|point| point.status == Status::Unchecked) {
        notes.push(
            "The source does not say of every count whether its search was complete.".to_owned(),
        );
    }
    if !inputs.series.left_out.is_empty() {
        let names = inputs.series.left_out.join(", ");
        notes.push(format!("Left out, no longer in the survey: {names}."));
    }
    notes.extend(of_survey(report, inputs).map(|note| format!("{}: {}", note.date, note.text)));
    notes.extend(inputs.origin_notes.iter().cloned());
    notes
}

/// Returns the survey's notes within the time of the report.
fn of_survey<'a>(
    report: &TrendReport,
    inputs: &TrendInputs<'a>,
) -> impl Iterator<Item = &'a Note> + use<'a> {
    let (from, to) = (report.first.period.from.date_naive(), report.last.period.to.date_naive());
    let own = inputs.survey.into_iter().flat_map(|survey| &survey.notes);
    own.filter(move |note| from <= note.date && note.date <= to)
}

/// Returns the breaks and the survey's notes, in the order of their moments.
pub(super) fn find_events(report: &TrendReport, inputs: &TrendInputs<'_>) -> Vec<TrendEvent> {
    let turns = turns(report).into_iter().filter(|(_, kind, _)| kind.is_break());
    let breaks = turns.map(|(run, _, text)| TrendEvent {
        at: run.started_at(),
        kind: EventKind::Break,
        text,
    });
    let noted = of_survey(report, inputs).map(|note| TrendEvent {
        at: midnight(note.date),
        kind: EventKind::Note,
        text: format!("{}: {}", note.date, note.text),
    });
    let mut events: Vec<TrendEvent> = breaks.chain(noted).collect();
    events.sort_by_key(|event| event.at);
    events
}

fn gaps(report: &TrendReport) -> Option<String> {
    let stretches: Vec<&[Period]> = report.gaps.chunk_by(|gap, next| gap.to == next.from).collect();
    let name = |stretch: &&[Period]| match stretch {
        [] => String::new(),
        [gap] => day_or_hour(report, gap.from),
        [first, .., last] => {
            format!("{} to {}", day_or_hour(report, first.from), day_or_hour(report, last.from))
        }
    };
    let mut named: Vec<String> = stretches.iter().take(MOST_GAPS).map(name).collect();
    if stretches.len() > named.len() {
        named.push("and more".to_owned());
    }
    let gaps = report.gaps.len();
    let all = gaps + report.periods;
    (gaps > 0).then(|| format!("No finished run in {gaps} of {all} periods: {}.", named.join(", ")))
}

fn day_or_hour(report: &TrendReport, at: chrono::DateTime<chrono::Utc>) -> String {
    let is_short = (report.first.period.to - report.first.period.from).num_hours() < 23;
    at.format(if is_short { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" }).to_string()
}

/// Tells of changes in the way of counting, those at the same run together.
fn turns(report: &TrendReport) -> Vec<(RunId, TurnKind, String)> {
    let mut together: BTreeMap<(RunId, TurnKind), Vec<&str>> = BTreeMap::new();
    for line in &report.lines {
        for turn in &line.turns {
            together.entry((turn.run, turn.kind.clone())).or_default().push(&line.framework);
        }
    }
    let note = |((run, kind), names): ((RunId, TurnKind), Vec<&str>)| {
        let day = run.started_at().date_naive();
        let whose = if names.len() == report.lines.len() && names.len() > 1 {
            "all frameworks".to_owned()
        } else {
            names.join(", ")
        };
        let text = match &kind {
            TurnKind::Method => {
                format!("{day}: the query changed for {whose}; the trend begins anew.")
            }
            TurnKind::Host => {
                format!("{day}: another GitHub was asked for {whose}; the trend begins anew.")
            }
            TurnKind::Source(before, after) => {
                format!("{day}: {}; the trend begins anew.", tell_source(*before, *after, &whose))
            }
            TurnKind::Api(before, after)
                if before.is_from_elsewhere() || after.is_from_elsewhere() =>
            {
                format!("{day}: {}.", tell_source(*before, *after, &whose))
            }
            TurnKind::Api(before, after) => {
                let (before, after) = (before.as_str(), after.as_str());
                format!("{day}: counted over {after}, before over {before}: {whose}.")
            }
        };
        (run, kind, text)
    };
    together.into_iter().map(note).collect()
}

/// Says on which side of a turn the numbers come from elsewhere.
fn tell_source(before: SourceKind, after: SourceKind, whose: &str) -> String {
    let how = |kind| match kind {
        SourceKind::Published => "published by others",
        _ => "imported",
    };
    if after.is_from_elsewhere() {
        format!("the counts of {whose} are {} from here on", how(after))
    } else {
        format!("the counts of {whose} were {} before", how(before))
    }
}

/// Names those without a count in the last period.
fn missing(report: &TrendReport) -> Option<String> {
    let gone = report.lines.iter().filter(|line| line.rank_now.is_none());
    let tell = |line: &TrendLine| match line.last {
        Some(last) => {
            format!("{} (last on {})", line.framework, last.run.started_at().date_naive())
        }
        None => format!("{} (never)", line.framework),
    };
    let names: Vec<String> = gone.map(tell).collect();
    (!names.is_empty())
        .then(|| format!("Without a count in the last period: {}.", names.join(", ")))
}

fn plural(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

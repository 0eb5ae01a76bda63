//! The columns of a ranking and what their cells say, for the formats that people read.

use chrono::{DateTime, Utc};

use super::model::{Line, RankingReport, Shares};
use super::notes::{LOWER_BOUND, MISSING, NOT_DISTINGUISHABLE, UPPER_RANK};
use super::number::{count, percent, signed};
use crate::domain::ranking::{Change, ComparedLine};
use crate::domain::sample::{Outcome, RECONSTRUCTED};

/// The heading of the column that is ranked.
pub(super) const COUNT: &str = "count";

/// The heading of the column with names.
pub(super) const FRAMEWORK: &str = "framework";

/// On which side a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

impl Align {
    /// Returns what stands under a heading in Markdown.
    pub(super) fn markdown(self) -> &'static str {
        match self {
            Self::Left => "---",
            Self::Right => "---:",
        }
    }
}

/// A column with a cell for each line of the report.
pub(super) struct Column {
    pub(super) heading: String,
    pub(super) align: Align,
    pub(super) cells: Vec<String>,
    /// When it is left out for want of width: the highest first, 0 never.
    pub(super) goes: u8,
}

/// Returns the columns that the report has something to say in.
pub(super) fn columns(report: &RankingReport) -> Vec<Column> {
    let make = |heading: &str, align: Align, cell: &dyn Fn(&Line) -> String| Column {
        heading: heading.to_owned(),
        align,
        cells: report.lines.iter().map(cell).collect(),
        goes: when_it_goes(heading),
    };
    let mut columns = vec![
        make("rank", Align::Right, &rank_text),
        make(FRAMEWORK, Align::Left, &|line| line.standing.entrant.name.clone()),
        make(COUNT, Align::Right, &|line| count_text(line.standing.entrant.tally.outcome)),
    ];
    if report.lines.iter().any(|line| !line.standing.entrant.language.is_empty()) {
        let language = |line: &Line| line.standing.entrant.language.clone();
        columns.insert(2, make("language", Align::Left, &language));
    }
    if report.lines.iter().any(|line| line.standing.entrant.tally.samples > 1) {
        columns.push(make("low – high", Align::Right, &range_text));
    }
    if report.before.is_some() {
        columns.push(make("change", Align::Right, &|line| change_text(line.change)));
    }
    if report.shares == Shares::Given {
        let share = |line: &Line| line.share.map(percent).unwrap_or_default();
        columns.push(make("share", Align::Right, &share));
    }
    let Some(compared) = &report.compared else { return columns };
    let short = &compared.short;
    let of = |value: fn(&ComparedLine) -> String| {
        move |line: &Line| line.compared.as_ref().map_or_else(|| MISSING.to_owned(), value)
    };
    let then_rank = of(|c| c.then_rank.map_or_else(|| MISSING.to_owned(), |rank| rank.to_string()));
    let places = of(|c| c.rank_change.map_or_else(|| MISSING.to_owned(), signed));
    columns.push(make(&format!("rank {short}"), Align::Right, &then_rank));
    columns.push(make("places", Align::Right, &places));
    let counted = |line: &Line| line.compared.as_ref().is_some_and(|c| c.then_count.is_some());
    if report.lines.iter().any(counted) {
        let difference = of(|c| change_text(Some(c.count_change)));
        columns.push(make(&format!("count {short}"), Align::Right, &of(then_count_text)));
        columns.push(make("difference", Align::Right, &difference));
    }
    columns
}

/// Says which columns of a ranking are left out first for want of width.
fn when_it_goes(heading: &str) -> u8 {
    match heading {
        "rank" | FRAMEWORK | COUNT => 0,
        "low – high" => 6,
        "language" => 5,
        "change" => 4,
        // What was asked for goes last: shares, and the ranking that is compared with.
        count if count.starts_with(COUNT) => 3,
        "places" => 2,
        _ => 1,
    }
}

/// Names the metric, the moment, the run and the source.
pub(super) fn subtitle(report: &RankingReport) -> String {
    let moment = match (&report.published, report.moments) {
        (Some(published), _) => format!("published {published}, day and query unknown"),
        (None, Some((first, last))) => match report.reconstructed {
            None => moments(first, last),
            Some(as_of) => format!("created by {as_of}, counted {}", moments(first, last)),
        },
        (None, None) => "no answer".to_owned(),
    };
    let mut parts = vec![report.metric_title.clone(), moment, format!("run {}", report.run)];
    if report.published.is_none() && !report.sources.is_empty() {
        parts.push(match report.reconstructed {
            None => report.sources.join(", "),
            Some(_) => RECONSTRUCTED.to_owned(),
        });
    }
    parts.join(" · ")
}

/// Writes when the counted answers arrived, the day once if it is the same.
pub(super) fn moments(first: DateTime<Utc>, last: DateTime<Utc>) -> String {
    let from = first.format("%Y-%m-%d %H:%M:%S");
    if first == last {
        format!("{from} UTC")
    } else if first.date_naive() == last.date_naive() {
        format!("{from} to {} UTC", last.format("%H:%M:%S"))
    } else {
        format!("{from} to {} UTC", last.format("%Y-%m-%d %H:%M:%S"))
    }
}

/// Writes a rank with its marks.
pub(super) fn rank_text(line: &Line) -> String {
    let Some(rank) = line.standing.rank else { return MISSING.to_owned() };
    let incomplete = matches!(line.standing.entrant.tally.outcome, Outcome::Incomplete(_));
    let close = !line.standing.not_distinguishable_from.is_empty();
    let upper = if incomplete { UPPER_RANK } else { "" };
    let mark = if close { NOT_DISTINGUISHABLE } else { "" };
    format!("{mark}{upper}{rank}")
}

/// Writes a count with its mark.
pub(super) fn count_text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Complete(number) | Outcome::Unchecked(number) => count(number),
        Outcome::Incomplete(number) => format!("{LOWER_BOUND} {}", count(number)),
        Outcome::Failed => MISSING.to_owned(),
    }
}

/// Writes a change, or why there is none.
fn change_text(change: Option<Change>) -> String {
    match change {
        Some(Change::By(change)) => signed(change),
        Some(Change::MethodChanged) => "new query".to_owned(),
        Some(Change::HostChanged | Change::SourceChanged(..) | Change::Unknown) => {
            MISSING.to_owned()
        }
        None => String::new(),
    }
}

/// Writes the range of several samples; empty for a single one.
fn range_text(line: &Line) -> String {
    let tally = &line.standing.entrant.tally;
    match tally.range {
        Some((low, high)) if tally.samples > 1 => format!("{} – {}", count(low), count(high)),
        _ => String::new(),
    }
}

fn then_count_text(compared: &ComparedLine) -> String {
    match (compared.then_count, compared.then_exact) {
        (Some(number), true) => count(number),
        (Some(number), false) => format!("{LOWER_BOUND} {}", count(number)),
        (None, _) => MISSING.to_owned(),
    }
}

//! Files that never were a history: whose columns are ours, and what they leave unsaid.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::super::row::COLUMNS;
use super::super::row::column::{
    ATTEMPT_NO, DETAIL, FRAMEWORK, METRIC, OBSERVED_AT, REPO_COUNT, RUN, SAMPLE_NO, SOURCE, STATUS,
    SURVEY,
};
use super::Layout;
use super::meaning::{Bad, owned};
use crate::domain::period::Per;
use crate::domain::run::RunId;
use crate::domain::sample::{SourceKind, Status};
use crate::domain::survey::{ID_RULE, is_id};

/// The columns of a history that a column of a foreign file can be named for.
pub const MAPPABLE: [&str; 11] = [
    "observed_at",
    "framework",
    "language",
    "metric",
    "method",
    "sample_no",
    "attempt_no",
    "repo_count",
    "status",
    "query_text",
    "detail",
];

/// The columns that a foreign file must have.
const NEEDED: [&str; 3] = ["observed_at", "framework", "repo_count"];

/// How many of a file's columns are told, and how much of the name of each.
const MOST_NAMES: usize = 20;
const LONGEST_NAME_CHARS: usize = 40;

/// The detail of a row that came without a number.
const NO_NUMBER: &str = "no number in the file";

/// How the rows of a foreign file become samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Pairs of one of [`MAPPABLE`] and the name of the file's column.
    pub columns: Vec<(String, String)>,
    /// The metric of rows that name none.
    pub metric: String,
    /// The UTC periods that make one run each; without, each moment makes one.
    pub per: Option<Per>,
}

/// What a foreign file does not say of its rows.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    survey: String,
    metric: String,
    per: Option<Per>,
}

impl Layout {
    /// Recognises a foreign file by its first line and by what was said of its columns; the others
    /// are found by our names, and `date` stands for `observed_at`.
    ///
    /// # Errors
    ///
    /// Returns what is missing or doubled, all of it.
    pub(in super::super) fn of_foreign(
        line: &[u8],
        survey: &str,
        mapping: &Mapping,
    ) -> Result<Self, Vec<String>> {
        let mut layout = Self::of_header(line);
        let (mut problems, mut lacks_named) = (Vec::new(), false);
        for (column, name) in &mapping.columns {
            let Some(at) = COLUMNS.iter().position(|known| known == column) else { continue };
            let is_it = |place: &usize| layout.names[*place] == *name;
            let found: Vec<usize> = (0..layout.names.len()).filter(is_it).collect();
            match found[..] {
                [place] => layout.places[at] = Some(place),
                [] => {
                    lacks_named = true;
                    problems.push(format!("line 1 has no column `{name}`"));
                }
                _ => problems.push(format!("line 1 has {} columns `{name}`", found.len())),
            }
        }
        if layout.places[OBSERVED_AT].is_none() {
            layout.places[OBSERVED_AT] = layout.find("date");
        }
        let missing = layout.missing(&NEEDED);
        if problems.is_empty() && !missing.is_empty() {
            problems.push(format!("line 1 lacks {}", missing.join(", ")));
            lacks_named = true;
        }
        if lacks_named {
            problems.push(format!("its columns are {}", listed(&layout.names)));
        }
        let (survey, metric) = (survey.to_owned(), mapping.metric.clone());
        layout.filling = Some(Filling { survey, metric, per: mapping.per });
        layout.differences.clear();
        if problems.is_empty() { Ok(layout) } else { Err(problems) }
    }

    /// Says what a foreign file does not say of its rows.
    pub(super) fn fill(
        &self,
        values: &mut [Cow<'_, [u8]>; COLUMNS.len()],
        at: DateTime<Utc>,
    ) -> Result<(), Bad> {
        let Some(filling) = &self.filling else { return Ok(()) };
        let started_at = match filling.per.map(|per| per.period_at(at)) {
            None => at,
            Some(Some(period)) => period.from,
            Some(None) => {
                return Err(Bad::garbage("`observed_at` is at the end of the calendar".to_owned()));
            }
        };
        let has_number = !values[REPO_COUNT].is_empty();
        let status = if has_number { Status::Unchecked } else { Status::Failed };
        let mut set = |column: usize, text: &str| {
            if self.places[column].is_none() {
                values[column] = owned(text);
            }
        };
        set(RUN, &RunId::new(started_at, 0).to_string());
        set(SURVEY, &filling.survey);
        set(METRIC, &filling.metric);
        set(SAMPLE_NO, "1");
        set(ATTEMPT_NO, "1");
        set(STATUS, status.as_str());
        set(DETAIL, if has_number { "" } else { NO_NUMBER });
        values[SOURCE] = owned(SourceKind::Import.as_str());
        for column in [FRAMEWORK, METRIC] {
            let text = String::from_utf8_lossy(&values[column]).trim().to_owned();
            values[column] = owned(&text);
        }
        let metric = String::from_utf8_lossy(&values[METRIC]);
        if is_id(&metric) {
            Ok(())
        } else {
            Err(Bad::garbage(format!(
                "`metric` is `{}`, which is no id: {ID_RULE}",
                metric.escape_debug()
            )))
        }
    }
}

/// Returns the names of columns as far as a reader wants to see them.
fn listed(names: &[String]) -> String {
    let shown = |name: &String| {
        let start: String = name.chars().take(LONGEST_NAME_CHARS).collect();
        let more = if start.len() < name.len() { "…" } else { "" };
        format!("`{}{more}`", start.escape_debug())
    };
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(shown).collect();
    if names.len() > shown.len() {
        shown.push(format!("and {} more", names.len() - shown.len()));
    }
    shown.join(", ")
}

//! The sheet About: what the numbers are, and what a reader must know of them.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::cells::{CUT, LARGEST_EXACT, MOST_CELL_UNITS, Styles};
use super::trend::MOST_LINES;
use super::{Book, begin};
use crate::domain::sample::Outcome;
use crate::export::rows::{Attempts, Told};

/// What a status means, in the words of the documentation.
const STATUSES: [(Outcome, &str); 4] = [
    (Outcome::Complete(1234), "complete: GitHub searched to the end"),
    (Outcome::Unchecked(1234), "unchecked: the source does not say whether it searched to the end"),
    (Outcome::Incomplete(1234), "incomplete: the search stopped early, there are at least so many"),
    (Outcome::Failed, "failed: no number came; an empty cell is never 0"),
];

const CAVEATS: [&str; 4] = [
    "A count says how many repositories match a search query on GitHub. A match mentions the words; \
     it need not use the framework, and a repository can match several queries.",
    "GitHub leaves forks out unless a query says otherwise, and its counts are approximate.",
    "Days and moments are in UTC. A value is never carried forward: a period without a finished run is \
     a row of empty cells.",
    "The rank of an incomplete count, marked ≤, can only be better.",
];

pub(super) fn sheet(book: &Book<'_>, told: &Told, styles: &Styles) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    begin(&mut sheet, "About")?;
    sheet.set_column_width(0, 26.0)?;
    sheet.set_column_width(1, 100.0)?;
    let mut page = Page { sheet, styles, next: 0 };
    let (ranking, trend) = (book.ranking, book.trend.1);
    page.heading(&ranking.title)?;
    page.line("survey", &ranking.survey)?;
    page.line("metric", &format!("{} ({})", ranking.metric_title, ranking.metric))?;
    page.line("ranking of", &format!("run {}", ranking.run))?;
    let (answered, planned) = (ranking.progress.answered, ranking.progress.planned);
    page.line("counts of that run", &format!("{answered} of {planned}"))?;
    page.line("trend by", &trend.per)?;
    page.line("periods with a run", &format!("{}; without: {}", trend.periods, trend.gaps.len()))?;
    if let Some((first, last)) = told.span {
        page.line("runs in Data", &format!("{} from {first} to {last}", told.runs))?;
    }
    page.line("rows in Data", &told.rows.to_string())?;
    page.line(
        "a row of Data is",
        match book.wanted.attempts {
            Attempts::Told => "an answer; of a count without one its last attempt",
            Attempts::All => "an attempt; several can belong to one count",
        },
    )?;
    page.line("sources", &trend.sources.join(", "))?;
    page.line("made with", &format!("repo-census {}", book.version))?;
    page.gap();
    page.heading("Statuses")?;
    for (outcome, meaning) in STATUSES {
        let row = page.next;
        styles.write_outcome(&mut page.sheet, row, 0, outcome)?;
        page.note(meaning)?;
    }
    page.gap();
    page.heading("What to know")?;
    for caveat in CAVEATS {
        page.note(caveat)?;
    }
    if book.trend.0.frameworks.len() > MOST_LINES {
        let text = "The chart of Trend shows the frameworks with the highest last counts.";
        page.note(text)?;
    }
    for note in unheld(styles) {
        page.note(&note)?;
    }
    let mut seen = Vec::new();
    for note in ranking.notes.iter().chain(&trend.notes) {
        if !seen.contains(&note) {
            page.note(note)?;
            seen.push(note);
        }
    }
    page.gap();
    page.heading("Queries")?;
    if let Some(survey) = book.survey {
        for metric in survey.enabled_metrics() {
            page.line(&metric.id, &metric.title)?;
        }
    }
    for line in &ranking.lines {
        let entrant = &line.standing.entrant;
        let Some(counted) = &entrant.tally.counted else { continue };
        let method = counted.method.map(|method| format!(" (method {method})")).unwrap_or_default();
        let query = match counted.query_text.as_str() {
            "" => "query not known".to_owned(),
            query => format!("{query}{method}"),
        };
        page.line(&entrant.name, &query)?;
    }
    Ok(page.sheet)
}

/// Tells what the cells of the other sheets could not hold as it is.
fn unheld(styles: &Styles) -> Vec<String> {
    let mut notes = Vec::new();
    if styles.has_early.get() {
        let text = "Dates before 1900-03-01 are text, on yellow: spreadsheets do not agree how to count them.";
        notes.push(text.to_owned());
    }
    if styles.has_large.get() {
        notes.push(format!("Numbers above {LARGEST_EXACT} are text: a cell would round them."));
    }
    if styles.has_cut.get() {
        notes.push(format!(
            "Texts of more than {MOST_CELL_UNITS} characters end with `{CUT}`, because a cell holds no more; a CSV has \
             them whole."
        ));
    }
    notes
}

/// The sheet, filled from above.
struct Page<'a> {
    sheet: Worksheet,
    styles: &'a Styles,
    next: u32,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) -> Result<(), XlsxError> {
        self.styles.write_string(&mut self.sheet, self.next, 0, text, &self.styles.heading)?;
        self.gap();
        Ok(())
    }

    fn line(&mut self, name: &str, value: &str) -> Result<(), XlsxError> {
        self.styles.write_text(&mut self.sheet, self.next, 0, name)?;
        self.styles.write_text(&mut self.sheet, self.next, 1, value)?;
        self.gap();
        Ok(())
    }

    fn note(&mut self, text: &str) -> Result<(), XlsxError> {
        self.styles.write_string(&mut self.sheet, self.next, 1, text, &self.styles.wrapped)?;
        self.gap();
        Ok(())
    }

    fn gap(&mut self) {
        self.next += 1;
    }
}

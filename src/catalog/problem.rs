//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;

use crate::domain::recording::RecordingProblem;

/// Something wrong with a loaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
    /// The column in characters, from 1; 0 for the whole line.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or the way out.
    pub suggestion: Option<String>,
}

impl Problem {
    /// Makes a problem at a line and column, without a suggestion. Its message is one line: control
    /// characters of what it quotes are shown as escapes.
    pub(super) fn at(line: usize, column: usize, message: String) -> Self {
        let message = if message.contains(char::is_control) { visible(&message) } else { message };
        Self { line, column, message, suggestion: None }
    }

    /// Makes a problem of the whole file.
    pub(super) fn whole(message: String) -> Self {
        Self::at(0, 0, message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => write!(f, "line {line}: ")?,
            (line, column) => write!(f, "line {line}, column {column}: ")?,
        }
        f.write_str(&self.message)
    }
}

impl From<RecordingProblem> for Problem {
    fn from(problem: RecordingProblem) -> Self {
        Self::at(problem.line, problem.column, problem.message)
    }
}

/// Collects the problems and warnings of one text.
pub(super) struct Findings<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    has_syntax_errors: bool,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, problems: Vec::new(), warnings: Vec::new(), has_syntax_errors: false }
    }

    /// Adds a problem where `span`, in bytes, begins.
    pub(super) fn add(&mut self, span: &Range<usize>, message: impl Into<String>) {
        let problem = self.locate(span, message.into());
        self.problems.push(problem);
    }

    /// Adds a problem of the text's form: what follows it may have been read as something else.
    pub(super) fn add_syntax_error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.has_syntax_errors = true;
        self.add(span, message);
    }

    /// Adds that something is missing, unless a syntax error may have hidden it.
    pub(super) fn add_missing(&mut self, span: &Range<usize>, message: impl Into<String>) {
        if !self.has_syntax_errors {
            self.add(span, message);
        }
    }

    /// Returns the text at a place.
    pub(super) fn text_at(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// Adds a problem with what was probably meant.
    pub(super) fn suggest(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let problem = self.locate(span, message.into());
        self.problems.push(Problem { suggestion, ..problem });
    }

    /// Adds a warning: allowed, but probably not meant.
    pub(super) fn warn(&mut self, span: &Range<usize>, message: impl Into<String>) {
        let warning = self.locate(span, message.into());
        self.warnings.push(warning);
    }

    /// Returns the value with its warnings, or else all problems, in file order.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        let by_place = |p: &Problem| (p.line, p.column);
        self.problems.sort_by_key(by_place);
        self.problems.dedup();
        self.warnings.sort_by_key(by_place);
        match value {
            Some(value) if self.problems.is_empty() => Ok((value, self.warnings)),
            _ => Err(self.problems),
        }
    }

    fn locate(&self, span: &Range<usize>, message: String) -> Problem {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Problem::at(line, before[line_start..].chars().count() + 1, message)
    }
}

fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Returns the candidate that was probably meant: at most two slips away, or one in short words.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let most = if word.chars().count() <= 4 { 1 } else { 2 };
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(slips, _)| *slips <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Writes words as a list in backticks: "`a`, `b`".
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

//! What is told of lines: what is wrong with the first of each kind, how many are like them, and how
//! values that another program wrote were read.

use super::row::column::{ATTEMPT_NO, DETAIL, METHOD, OBSERVED_AT, REPO_COUNT, SAMPLE_NO};
use super::row::{self, COLUMNS, MOST_TOLD, RowFault};
use crate::domain::sample::Sample;

/// How many lines of a kind are told one by one.
const MOST_OF_A_KIND: u64 = 5;
/// How many values of a column are told one by one.
const MOST_VALUES: usize = 3;
/// How much of a value is told, in characters.
const MOST_OF_A_VALUE: usize = 40;

/// Lines with something to tell: the first of each kind, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first of each kind, in the order in which they were found.
    pub first: Vec<RowFault>,
    /// How many there are in all.
    pub count: u64,
    kinds: Vec<Kind>,
}

/// Reasons that differ only in values and numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind {
    pattern: String,
    /// The reason of its first line; many have the same.
    reason: String,
    count: u64,
}

impl Faults {
    pub(super) fn add(&mut self, line: u64, reason: impl Into<String>) {
        self.count += 1;
        let reason = reason.into();
        let known = match self.place_of(&reason) {
            Some(place) => {
                self.kinds[place].count += 1;
                self.kinds[place].count
            }
            None if self.first.len() < MOST_TOLD => {
                let pattern = pattern_of(&reason);
                self.kinds.push(Kind { pattern, reason: reason.clone(), count: 1 });
                1
            }
            None => return,
        };
        if known <= MOST_OF_A_KIND && self.first.len() < MOST_TOLD {
            self.first.push(RowFault { line, reason });
        }
    }

    /// Adds others behind these.
    pub(super) fn extend(&mut self, others: &Self) {
        for fault in &others.first {
            self.add(fault.line, fault.reason.clone());
        }
        self.count += others.count - others.first.len() as u64;
        for kind in &others.kinds {
            let shown = others.first.iter().filter(|fault| kind.has(&fault.reason)).count() as u64;
            if let Some(place) = self.place_of(&kind.reason) {
                self.kinds[place].count += kind.count - shown;
            }
        }
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns a line for each of the first, the last of a kind with how many are like it, and one for
    /// all of which nothing is told.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.first.iter().map(ToString::to_string).collect();
        let mut told = 0;
        for kind in &self.kinds {
            let of_kind = || (0..self.first.len()).filter(|at| kind.has(&self.first[*at].reason));
            told += kind.count;
            let more = kind.count - of_kind().count() as u64;
            if let Some(last) = of_kind().next_back().filter(|_| more > 0) {
                lines[last].push_str(&format!(", and {more} more like it"));
            }
        }
        match self.count.saturating_sub(told) {
            0 => {}
            1 => lines.push("and 1 more line".to_owned()),
            more => lines.push(format!("and {more} more lines")),
        }
        lines
    }

    fn place_of(&self, reason: &str) -> Option<usize> {
        let same = self.kinds.iter().position(|kind| kind.reason == reason);
        same.or_else(|| {
            let pattern = pattern_of(reason);
            self.kinds.iter().position(|kind| kind.pattern == pattern)
        })
    }
}

impl Kind {
    fn has(&self, reason: &str) -> bool {
        self.reason == reason || self.pattern == pattern_of(reason)
    }
}

/// Takes numbers, and what stands in backticks but for names of columns, out of a reason.
fn pattern_of(reason: &str) -> String {
    let mut pattern = String::new();
    for (at, part) in reason.split('`').enumerate() {
        let is_quoted = at % 2 == 1;
        if is_quoted && COLUMNS.contains(&part) {
            pattern.push_str(part);
        } else if is_quoted {
            pattern.push('`');
        } else {
            pattern.extend(part.chars().filter(|c| !c.is_ascii_digit()));
        }
    }
    pattern
}

/// Values of a column that stand otherwise than we write them, and as what they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reread {
    /// The column, by our name.
    pub column: &'static str,
    /// The first of them that differ from each other, as they stand and as they were read.
    pub first: Vec<(String, String)>,
    /// How many there are in all.
    pub count: u64,
}

/// The columns whose values other programs write in forms of their own.
const VALUES: [usize; 6] = [OBSERVED_AT, METHOD, SAMPLE_NO, ATTEMPT_NO, REPO_COUNT, DETAIL];

/// Notes those values of a row that stand otherwise than we write them.
pub(super) fn note_reread(
    all: &mut Vec<Reread>,
    fields: [Option<&[u8]>; COLUMNS.len()],
    sample: &Sample,
) {
    for column in VALUES {
        let Some(field) = fields[column] else { continue };
        let read = match column {
            OBSERVED_AT => row::moment(sample.observed_at),
            METHOD => sample.method.map(|method| method.to_string()).unwrap_or_default(),
            SAMPLE_NO => sample.sample_no.to_string(),
            ATTEMPT_NO => sample.attempt_no.to_string(),
            REPO_COUNT => sample.outcome.count().map(|count| count.to_string()).unwrap_or_default(),
            _ => sample.detail.as_str().to_owned(),
        };
        if field == read.as_bytes() || (field.is_empty() && column == DETAIL) {
            continue;
        }
        let name = COLUMNS[column];
        let at = all.iter().position(|reread| reread.column == name).unwrap_or_else(|| {
            all.push(Reread { column: name, first: Vec::new(), count: 0 });
            all.len() - 1
        });
        let reread = &mut all[at];
        reread.count += 1;
        if reread.first.len() < MOST_VALUES {
            let shown = shown(field);
            if !reread.first.iter().any(|(earlier, _)| *earlier == shown) {
                reread.first.push((shown, read));
            }
        }
    }
}

fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let start: String = text.chars().take(MOST_OF_A_VALUE).collect();
    start.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(reasons: &[&str]) -> Faults {
        let mut faults = Faults::default();
        for (line, reason) in (2..).zip(reasons) {
            faults.add(line, *reason);
        }
        faults
    }

    #[test]
    fn lines_of_a_kind_are_folded() {
        let empty = faults(&["is empty"; 8]);
        assert_eq!(empty.told()[3..], ["line 5: is empty", "line 6: is empty, and 3 more like it"]);
        let bad = |count: u64| format!("`repo_count` is `{count}`, not a whole number");
        let reasons: Vec<String> = (0..7).map(bad).collect();
        let mut reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
        reasons.insert(1, "is empty");
        reasons.insert(3, "`sample_no` is `2`, not a whole number");
        let mixed = faults(&reasons);
        assert_eq!(
            mixed.told()[3..],
            [
                "line 5: `sample_no` is `2`, not a whole number",
                "line 6: `repo_count` is `2`, not a whole number",
                "line 7: `repo_count` is `3`, not a whole number",
                "line 8: `repo_count` is `4`, not a whole number, and 2 more like it",
            ]
        );
        let mut both = faults(&["is cut off"]);
        both.extend(&empty);
        both.extend(&mixed);
        assert_eq!(both.count, 18);
        let told = both.told();
        assert_eq!(told.len(), 12, "{told:#?}");
        assert_eq!(told[0], "line 2: is cut off");
        assert_eq!(told[5], "line 6: is empty, and 4 more like it");
        assert_eq!(told[11], "line 8: `repo_count` is `4`, not a whole number, and 2 more like it");
    }

    #[test]
    fn what_comes_behind_many_kinds_is_counted() {
        let letters: Vec<String> = ('a'..='z').map(|c| format!("is {c}")).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        let told = faults(&letters).told();
        assert_eq!((told.len(), told[MOST_TOLD].as_str()), (MOST_TOLD + 1, "and 6 more lines"));
    }
}

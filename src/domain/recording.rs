//! The answers of a run, kept so that it can be replayed without a network.
//!
//! One JSON object a line. A recording holds no token, address or account: only what is listed
//! here is ever written.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::run::RunId;
use super::sample::{Outcome, Source, Status};

/// One recorded answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an answer, as an object")]
pub struct RecordedAnswer {
    /// The run it was recorded in.
    #[serde(with = "as_text")]
    pub run: RunId,
    /// When the answer arrived, in UTC.
    pub observed_at: DateTime<Utc>,
    /// The framework it was asked for.
    pub framework: String,
    /// The metric it was asked for.
    pub metric: String,
    /// The pass, from 1; left out if it is the first.
    #[serde(default = "first_pass", skip_serializing_if = "is_first_pass")]
    pub sample_no: u32,
    /// The exact text sent; empty where nobody knows the query.
    pub query: String,
    /// How far the number can be trusted.
    #[serde(with = "as_text")]
    pub status: Status,
    /// The number, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Where the answer came from.
    #[serde(with = "as_text")]
    pub source: Source,
    /// Our own short vocabulary, as in the history.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What GitHub said about its limits, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateHeaders>,
}

fn first_pass() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_first_pass(pass: &u32) -> bool {
    *pass == first_pass()
}

/// What an answer's headers say about the limit it counted against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateHeaders {
    /// The bucket: `search`, `graphql`, `core`, …
    pub resource: String,
    /// The size of the window's budget.
    pub limit: u64,
    /// What is left in this window.
    pub remaining: u64,
    /// What is used in this window.
    pub used: u64,
    /// When the window ends, by the server's clock.
    pub reset_at: DateTime<Utc>,
}

impl RecordedAnswer {
    /// Returns the number with its status; `None` where the line contradicts itself.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::new(self.status, self.count)
    }

    /// Returns the answer as a line of a recording, with its line feed.
    #[must_use]
    pub fn render_line(&self) -> String {
        // Strings, numbers and moments always have a JSON form.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Why a line is no recorded answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingProblem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, or 0 for the whole line.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads a recording; blank lines are passed over.
///
/// # Errors
///
/// Returns every line that cannot be read, and a problem at line 1 for a recording without any
/// answer or with those of several runs.
pub fn parse_recording(text: &str) -> Result<Vec<RecordedAnswer>, Vec<RecordingProblem>> {
    let mut answers: Vec<RecordedAnswer> = Vec::new();
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let problem = |column, message| RecordingProblem { line: index + 1, column, message };
        match serde_json::from_str::<RecordedAnswer>(line) {
            Ok(answer) if answer.outcome().is_none() => problems.push(problem(
                0,
                "`status` and `count` contradict each other: a failed answer has no count, any \
                 other has one"
                    .into(),
            )),
            Ok(answer) if answers.first().is_some_and(|first| first.run != answer.run) => {
                problems.push(problem(0, format!("belongs to another run, `{}`", answer.run)));
            }
            Ok(answer) if has_control(&answer) => {
                problems.push(problem(0, "has a control character in a text".into()));
            }
            Ok(answer) => answers.push(answer),
            Err(error) => problems.push(problem(error.column(), strip_position(&error))),
        }
    }
    if answers.is_empty() && problems.is_empty() {
        problems.push(RecordingProblem { line: 1, column: 0, message: "has no answer".into() });
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

fn has_control(answer: &RecordedAnswer) -> bool {
    let texts = [&answer.framework, &answer.metric, &answer.query, &answer.detail];
    texts.iter().any(|text| text.chars().any(char::is_control))
}

/// `serde_json` counts lines within one line; only its message is of use.
fn strip_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// Serde for types that are one word in files.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::{RunId, Source, Status, fmt};

    pub(super) trait Word: Sized {
        const EXPECTED: &str;
        fn from_word(word: &str) -> Option<Self>;
        fn to_word(&self) -> String;
    }

    impl Word for RunId {
        const EXPECTED: &str = "a run id such as 20261121T060003Z-7f3a";
        fn from_word(word: &str) -> Option<Self> {
            Self::parse(word)
        }
        fn to_word(&self) -> String {
            self.to_string()
        }
    }

    impl Word for Status {
        const EXPECTED: &str = "complete, unchecked, incomplete or failed";
        fn from_word(word: &str) -> Option<Self> {
            Self::parse(word)
        }
        fn to_word(&self) -> String {
            self.as_str().to_owned()
        }
    }

    impl Word for Source {
        const EXPECTED: &str = "rest, graphql, import or published";
        fn from_word(word: &str) -> Option<Self> {
            Self::parse(word)
        }
        fn to_word(&self) -> String {
            self.to_string()
        }
    }

    pub(super) fn serialize<T: Word, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&value.to_word())
    }

    pub(super) fn deserialize<'de, T: Word, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let word = String::deserialize(from)?;
        let unknown = || D::Error::custom(unknown_word(&word, T::EXPECTED));
        T::from_word(&word).ok_or_else(unknown)
    }

    fn unknown_word(word: &str, expected: &str) -> impl fmt::Display {
        format!("`{word}` is not {expected}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"run":"20261121T060003Z-7f3a","observed_at":"2026-11-21T06:00:04Z","framework":"Spring","metric":"repositories","query":"spring is:public","status":"complete","count":1240033,"source":"rest","rate":{"resource":"search","limit":30,"remaining":29,"used":1,"reset_at":"2026-11-21T06:01:04Z"}}"#;

    #[test]
    fn a_line_reads_back_to_the_same_bytes() {
        let answers = parse_recording(LINE).expect("a recording");
        assert_eq!(answers[0].render_line(), format!("{LINE}\n"));
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = [
            LINE,
            "{",
            "",
            &LINE.replace("complete", "done"),
            &LINE.replace(",\"count\":1240033", ""),
            &LINE.replace("7f3a", "7f3b"),
            &LINE.replace("1240033", "-1"),
            &LINE.replace("\"query\"", "\"quary\""),
            &LINE.replace("Spring", "Spr\\u0007ing"),
        ]
        .join("\n");
        let problems = parse_recording(&text).expect_err("problems");
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(parse_recording(" \n").expect_err("no answer")[0].message, "has no answer");
    }
}

//! Surveys of as many frameworks as are wanted, F1, F2, …, and what is counted for each.

#![allow(dead_code, reason = "each test and benchmark uses a part")]

use std::fmt::Write as _;

use crate::fake_github::Builder;

/// Returns the text of a survey of so many frameworks; `head` stands before its metric.
pub(crate) fn survey_of(title: &str, head: &str, frameworks: usize) -> String {
    let mut survey = format!("title = \"{title}\"\n{head}\n[[metrics]]\nid = \"repositories\"\n");
    survey.push_str("query = \"{query} is:public\"\n");
    for number in 1..=frameworks {
        write!(survey, "\n[[frameworks]]\nname = \"F{number}\"\n").expect("a text");
    }
    survey
}

/// Returns the queries of such a survey.
pub(crate) fn queries_of(frameworks: usize) -> Vec<String> {
    (1..=frameworks).map(|number| format!("f{number} is:public")).collect()
}

/// Sets the count of each framework to a thousand and its number.
pub(crate) fn with_counts(builder: Builder, frameworks: usize) -> Builder {
    (1_001..).zip(queries_of(frameworks)).fold(builder, |b, (count, query)| b.count(&query, count))
}

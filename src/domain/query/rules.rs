//! GitHub's rules for search queries, as far as they can be checked before anything is sent.

use std::fmt;

/// GitHub's longest query; whether operators and qualifiers count is not settled, so that more is
/// a warning here and GitHub decides.
pub const LONGEST_QUERY_CHARS: usize = 256;

/// GitHub refuses a query with more `AND`, `OR` and `NOT` than this.
pub const MOST_OPERATORS: usize = 5;

/// The qualifiers of repository search, and whether one may stand several times in a query.
const QUALIFIERS: [(&str, Repeats); 23] = [
    ("archived", Repeats::Never),
    ("created", Repeats::Never),
    ("followers", Repeats::Never),
    ("fork", Repeats::Never),
    ("forks", Repeats::Never),
    ("good-first-issues", Repeats::Never),
    ("has", Repeats::Never),
    ("help-wanted-issues", Repeats::Never),
    ("in", Repeats::Never),
    ("is", Repeats::Freely),
    ("language", Repeats::Never),
    ("license", Repeats::Never),
    ("mirror", Repeats::Never),
    ("org", Repeats::Freely),
    ("props", Repeats::Freely),
    ("pushed", Repeats::Never),
    ("repo", Repeats::Freely),
    ("size", Repeats::Never),
    ("stars", Repeats::Never),
    ("template", Repeats::Never),
    ("topic", Repeats::Freely),
    ("topics", Repeats::Never),
    ("user", Repeats::Freely),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Never,
    Freely,
}

/// What GitHub would refuse, or would silently count wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryProblem {
    /// Nothing to search for.
    Empty,
    /// A `"` without its partner.
    UnbalancedQuotes,
    /// More than [`MOST_OPERATORS`].
    TooManyOperators(usize),
    /// A line break, tab or other control character.
    ControlCharacter(char),
    /// A `word:` outside quotes that is no qualifier of repository search.
    UnknownQualifier(String),
    /// A qualifier that takes one value, given several times.
    RepeatedQualifier(String),
    /// A qualifier with a value that it does not have, or with none.
    UnknownValue {
        /// The qualifier.
        word: String,
        /// The value given.
        value: String,
    },
}

impl fmt::Display for QueryProblem {
    /// Goes on after the name of what has the problem: "has 6 operators …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::UnbalancedQuotes => f.write_str("has a quote without its partner"),
            Self::TooManyOperators(found) => {
                write!(f, "has {found} operators (AND, OR, NOT); GitHub allows {MOST_OPERATORS}")
            }
            Self::ControlCharacter(control) => {
                write!(f, "has the control character U+{:04X}", u32::from(*control))
            }
            Self::UnknownQualifier(word) => {
                write!(f, "has `{word}:`, which is no qualifier of GitHub's repository search")
            }
            Self::RepeatedQualifier(word) => write!(f, "has `{word}:` more than once"),
            Self::UnknownValue { word, value } if value.is_empty() => {
                write!(f, "has `{word}:` without a value")
            }
            Self::UnknownValue { word, value } => {
                write!(f, "has `{word}:{value}`, which GitHub does not know")
            }
        }
    }
}

/// Checks a query against GitHub's rules; `allowed` are further qualifiers the user vouches for.
#[must_use]
pub fn find_query_problems(text: &str, allowed: &[String]) -> Vec<QueryProblem> {
    let mut problems = Vec::new();
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        problems.push(QueryProblem::ControlCharacter(control));
    }
    if !text.matches('"').count().is_multiple_of(2) {
        problems.push(QueryProblem::UnbalancedQuotes);
        return problems;
    }
    let terms = split_terms(text);
    if terms.is_empty() {
        problems.push(QueryProblem::Empty);
    }
    let operators = terms.iter().filter(|term| matches!(**term, "AND" | "OR" | "NOT")).count();
    if operators > MOST_OPERATORS {
        problems.push(QueryProblem::TooManyOperators(operators));
    }
    let mut seen: Vec<String> = Vec::new();
    for term in terms {
        let Some(qualifier) = qualifier_of(term) else { continue };
        let word = qualifier.trim_start_matches('-').to_ascii_lowercase();
        let known = find_qualifier(&word);
        if known.is_none() && !allowed.iter().any(|a| a.eq_ignore_ascii_case(&word)) {
            problems.push(QueryProblem::UnknownQualifier(word.clone()));
        }
        let value = &term[qualifier.len() + 1..];
        let values = values_of(&word);
        let fits = values.is_empty() || values.iter().any(|v| value.eq_ignore_ascii_case(v));
        if known.is_some() && (value.is_empty() || !fits) {
            let value = value.to_owned();
            problems.push(QueryProblem::UnknownValue { word: word.clone(), value });
        }
        // Two exclusions narrow a search further; two positive ones contradict or widen it.
        if known == Some(Repeats::Never) && !qualifier.starts_with('-') {
            if seen.contains(&word) {
                problems.push(QueryProblem::RepeatedQualifier(word.clone()));
            }
            seen.push(word);
        }
    }
    problems
}

/// Returns the values that a qualifier may have; empty if it takes others.
#[must_use]
pub fn values_of(word: &str) -> &'static [&'static str] {
    match word {
        "is" => &["public", "private", "internal", "sponsorable"],
        "archived" | "mirror" | "template" => &["true", "false"],
        "fork" => &["true", "only", "false"],
        _ => &[],
    }
}

/// Returns the names of all qualifiers, for suggestions.
pub fn qualifier_names() -> impl Iterator<Item = &'static str> {
    QUALIFIERS.iter().map(|(name, _)| *name)
}

fn find_qualifier(word: &str) -> Option<Repeats> {
    let name = if word.starts_with("props.") { "props" } else { word };
    QUALIFIERS.iter().find(|(known, _)| *known == name).map(|(_, repeats)| *repeats)
}

/// Splits a query at white space outside quotes.
pub(super) fn split_terms(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        !quoted && c.is_whitespace()
    })
    .filter(|term| !term.is_empty())
    .collect()
}

/// Returns what stands before the first `:` outside quotes, if anything does.
pub(super) fn qualifier_of(term: &str) -> Option<&str> {
    let word = &term[..term.find([':', '"'])?];
    let ends_with_colon = term[word.len()..].starts_with(':');
    (ends_with_colon && !word.trim_start_matches('-').is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_are_checked() {
        use QueryProblem::{
            ControlCharacter, Empty, RepeatedQualifier, TooManyOperators, UnbalancedQuotes,
            UnknownQualifier, UnknownValue,
        };
        let cases: [(&str, &[QueryProblem]); 24] = [
            ("spring is:public", &[]),
            ("\"asp.net core\" in:name,description", &[]),
            ("language:\"Jupyter Notebook\" x", &[]),
            ("\"a:b c:d\"", &[]),
            ("a OR b OR c OR d OR e OR f", &[]),
            ("a OR b OR c OR d OR e OR f OR g", &[TooManyOperators(6)]),
            ("\"a OR b OR c OR d OR e OR f OR g\"", &[]),
            ("or and not a or and not b", &[]),
            ("", &[Empty]),
            ("   ", &[Empty]),
            ("\"rails", &[UnbalancedQuotes]),
            ("a\tb", &[ControlCharacter('\t')]),
            ("lang:rust", &[UnknownQualifier("lang".into())]),
            ("updated:>2020-01-01 x", &[UnknownQualifier("updated".into())]),
            ("https://x.org", &[UnknownQualifier("https".into())]),
            ("language:a language:b", &[RepeatedQualifier("language".into())]),
            ("Language:a language:b", &[RepeatedQualifier("language".into())]),
            ("-language:a -language:b language:c", &[]),
            ("topic:a topic:b -topic:c user:d user:e is:public is:sponsorable", &[]),
            ("org:x props.team:y props.stage:z", &[]),
            (":x", &[]),
            ("x is:puplic", &[UnknownValue { word: "is".into(), value: "puplic".into() }]),
            ("x license:", &[UnknownValue { word: "license".into(), value: String::new() }]),
            ("x -archived:true fork:only license:mit", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(find_query_problems(text, &[]), expected, "{text}");
        }
        assert_eq!(find_query_problems("lang:rust", &["lang".into()]), []);
    }

    proptest! {
        #[test]
        fn any_text_is_checked_without_a_panic(text in "\\PC*") {
            let problems = find_query_problems(&text, &[]);
            prop_assert!(problems.iter().all(|problem| !problem.to_string().is_empty()));
        }
    }
}

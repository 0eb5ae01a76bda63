//! Query templates and the method of a series. The rules for search queries are in `rules`.

mod created;
mod rules;

use std::fmt;

use chrono::{Days, NaiveDate};

pub use created::{find_undatable, replace_created};
pub use rules::{
    LONGEST_QUERY_CHARS, MOST_OPERATORS, QueryProblem, find_query_problems, qualifier_names,
    values_of,
};

use super::survey::Framework;

/// What must stay the same for a series to be one: the query before days are filled in, hashed.
///
/// 32-bit FNV-1a over the UTF-8 bytes, printed as 8 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method(u32);

impl Method {
    /// Hashes a query whose day placeholders are still in place.
    #[must_use]
    pub fn of(query: &str) -> Self {
        const OFFSET_BASIS: u32 = 0x811c_9dc5;
        const PRIME: u32 = 0x0100_0193;
        let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(PRIME);
        Self(query.bytes().fold(OFFSET_BASIS, step))
    }

    /// Reads 8 lower-case hex digits; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 8 || !hex {
            return None;
        }
        u32::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A metric's query with its placeholders: `{query} is:public pushed:>={today-365d}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Query,
    Topic,
    Language,
    Name,
    /// The day on which the run started, less so many days.
    Today(u32),
}

/// The placeholders a template may use, for messages.
pub const PLACEHOLDERS: [&str; 6] =
    ["{query}", "{topic}", "{language}", "{name}", "{today}", "{today-365d}"];

/// A query made from a template for one framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The exact text to send.
    pub text: String,
    /// Its method.
    pub method: Method,
}

impl Template {
    /// Makes the template that is the framework's query and nothing else.
    #[must_use]
    pub fn query_alone() -> Self {
        Self { parts: vec![Part::Query] }
    }

    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Returns every placeholder that is not known, with its braces, and an unclosed `{` as it
    /// stands.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let mut parts = Vec::new();
        let mut unknown = Vec::new();
        let mut rest = text;
        while let Some((before, from)) = rest.split_once('{') {
            push_text(&mut parts, before);
            let Some((inside, after)) = from.split_once('}') else {
                unknown.push(format!("{{{from}"));
                rest = "";
                break;
            };
            match parse_placeholder(inside) {
                Some(part) => parts.push(part),
                None => unknown.push(format!("{{{inside}}}")),
            }
            rest = after;
        }
        push_text(&mut parts, rest);
        if unknown.is_empty() { Ok(Self { parts }) } else { Err(unknown) }
    }

    /// Tells whether anything of a framework enters the query; without it, all counts are the same.
    #[must_use]
    pub fn names_a_framework(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_) | Part::Today(_)))
    }

    /// Makes the query of a framework; `{today}` is the UTC day on which the run started.
    ///
    /// `{name}` and `{language}` are quoted when they have several words. `None` means that the
    /// framework lacks what a placeholder asks for (see [`Template::lacking`]).
    #[must_use]
    pub fn query_for(&self, framework: &Framework, today: NaiveDate) -> Option<Query> {
        let mut text = String::new();
        let mut before_days = String::new();
        for part in &self.parts {
            if let Part::Today(days) = part {
                let day = today.checked_sub_days(Days::new(u64::from(*days)))?;
                text.push_str(&day.to_string());
                before_days.push_str(&placeholder(part));
            } else {
                let filled = fill(part, framework)?;
                text.push_str(&filled);
                before_days.push_str(&filled);
            }
        }
        Some(Query { text, method: Method::of(&before_days) })
    }

    /// Returns the first placeholder that the framework does not fill.
    #[must_use]
    pub fn lacking(&self, framework: &Framework) -> Option<String> {
        let today = |part: &Part| matches!(part, Part::Today(_));
        let lacks = |part: &&Part| !today(part) && fill(part, framework).is_none();
        self.parts.iter().find(lacks).map(placeholder)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| f.write_str(&placeholder(part)))
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn parse_placeholder(inside: &str) -> Option<Part> {
    Some(match inside {
        "query" => Part::Query,
        "topic" => Part::Topic,
        "language" => Part::Language,
        "name" => Part::Name,
        "today" => Part::Today(0),
        _ => {
            let days = inside.strip_prefix("today-")?.strip_suffix('d')?;
            let digits = days.bytes().all(|b| b.is_ascii_digit());
            Part::Today(days.parse().ok().filter(|days| digits && *days <= 36_500)?)
        }
    })
}

fn placeholder(part: &Part) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Query => "{query}".into(),
        Part::Topic => "{topic}".into(),
        Part::Language => "{language}".into(),
        Part::Name => "{name}".into(),
        Part::Today(0) => "{today}".into(),
        Part::Today(days) => format!("{{today-{days}d}}"),
    }
}

fn fill(part: &Part, framework: &Framework) -> Option<String> {
    match part {
        Part::Text(text) => Some(text.clone()),
        Part::Query => Some(framework.query.clone()),
        Part::Topic => framework.topic.clone(),
        Part::Language => framework.language.as_deref().map(as_phrase),
        Part::Name => Some(as_phrase(&framework.name)),
        Part::Today(_) => None,
    }
}

/// Makes a text one term: quoted if it has several words, which keeps them together, a `:`, which
/// would make it a qualifier, or a `-` in front, which would exclude it. Quotes of its own go: inside
/// a phrase they would end it.
#[must_use]
pub fn as_phrase(text: &str) -> String {
    let text = text.replace('"', "");
    let needs_quotes =
        text.starts_with('-') || text.contains(|c: char| c.is_whitespace() || c == ':');
    if needs_quotes { format!("\"{text}\"") } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rails() -> Framework {
        Framework {
            name: "Ruby on Rails".into(),
            language: Some("Ruby".into()),
            topic: None,
            query: "\"ruby on rails\"".into(),
            formerly: Vec::new(),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn templates_are_filled() {
        let cases = [
            ("{query} is:public", Some("\"ruby on rails\" is:public")),
            ("{name} in:name", Some("\"Ruby on Rails\" in:name")),
            ("language:{language} x", Some("language:Ruby x")),
            ("{query} pushed:>={today-365d}", Some("\"ruby on rails\" pushed:>=2025-11-21")),
            (
                "{query} created:{today-1d}..{today}",
                Some("\"ruby on rails\" created:2026-11-20..2026-11-21"),
            ),
            ("topic:{topic}", None),
        ];
        for (template, expected) in cases {
            let template = Template::parse(template).expect("a template");
            let query = template.query_for(&rails(), day("2026-11-21"));
            assert_eq!(query.map(|q| q.text).as_deref(), expected, "{template}");
        }
        let lacking = Template::parse("{query} topic:{topic}").expect("a template");
        assert_eq!(lacking.lacking(&rails()).as_deref(), Some("{topic}"));
    }

    #[test]
    fn the_method_does_not_change_from_day_to_day() {
        let template = Template::parse("{query} pushed:>={today-365d}").expect("a template");
        let monday = template.query_for(&rails(), day("2026-11-23")).expect("a query");
        let tuesday = template.query_for(&rails(), day("2026-11-24")).expect("a query");
        assert_ne!(monday.text, tuesday.text);
        assert_eq!(monday.method, tuesday.method);
    }

    #[test]
    fn the_method_is_fnv_1a() {
        // Worked out apart from this code, with the published constants.
        assert_eq!(Method::of("spring is:public").to_string(), "62e9187b");
        assert_eq!(Method::of("{query} is:public").to_string(), "70ecf342");
        assert_eq!(Method::parse("62e9187b"), Some(Method::of("spring is:public")));
        for text in ["62E9187B", "62e9187", "62e9187bb", "+2e9187b"] {
            assert_eq!(Method::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_become_one_term() {
        let cases = [
            ("spring", "spring"),
            ("ruby on rails", "\"ruby on rails\""),
            ("deno:fresh", "\"deno:fresh\""),
            ("the \"a\" b", "\"the a b\""),
            ("\"quoted\"", "quoted"),
            ("-rf", "\"-rf\""),
        ];
        for (name, term) in cases {
            assert_eq!(as_phrase(name), term);
        }
    }

    #[test]
    fn unknown_placeholders_are_named() {
        let unknown = |text| Template::parse(text).expect_err("a problem");
        assert_eq!(unknown("{qury} {today-3w} {query"), ["{qury}", "{today-3w}", "{query"]);
        assert_eq!(unknown("{today-d} {today-+1d}"), ["{today-d}", "{today-+1d}"]);
    }

    proptest! {
        #[test]
        fn a_template_prints_as_it_was_written(text in "\\PC*") {
            if let Ok(template) = Template::parse(&text) {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}

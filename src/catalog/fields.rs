//! Reads TOML tables key by key and notes everything that is wrong instead of stopping.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Findings, closest, list};

/// A value with its place in the text, in bytes.
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A table of a file, with the keys it may have.
pub(super) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    /// Where the table begins: problems that have no key of their own are put there.
    pub(super) span: Range<usize>,
    /// The table's heading; empty for the outermost one.
    heading: String,
}

/// Keys that people look for in a survey, and that must not come from somebody else's checkout.
const SETTINGS: [&str; 6] =
    ["api_url", "graphql_url", "token", "token_file", "command", "max_wait"];

/// Parses a file's outermost table; syntax errors are added to the findings, and what could be
/// read all the same is returned.
pub(super) fn parse_table<'i>(text: &'i str, findings: &mut Findings<'_>) -> DeTable<'i> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        // The parser's message may have several lines; ours is one.
        let mut message = error.message().trim().replace('\n', ", ");
        if message == "duplicate key" {
            message = format!("key `{}` is there twice", findings.text_at(&span));
        }
        findings.add_syntax_error(&span, message);
    }
    table.into_inner()
}

impl<'a, 'i> Fields<'a, 'i> {
    /// Wraps a file's outermost table and notes the keys that are not among `known`.
    pub(super) fn outermost(
        table: &'a DeTable<'i>,
        known: &[&str],
        findings: &mut Findings<'_>,
    ) -> Self {
        Self::new(table, 0..0, String::new(), known, findings)
    }

    fn new(
        table: &'a DeTable<'i>,
        span: Range<usize>,
        heading: String,
        known: &[&str],
        findings: &mut Findings<'_>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let message =
                format!("unknown key `{name}`, expected one of {}", list(known.iter().copied()));
            let meant = closest(name, known.iter().copied());
            let suggestion = match meant {
                Some(key) => Some(format!("did you mean `{key}`?")),
                None if SETTINGS.contains(&name) => Some(format!(
                    "`{name}` is no part of this file: settings come from flags, the environment \
                     or your own settings file, so that nobody else's survey can set them"
                )),
                None => None,
            };
            findings.suggest(&key.span(), message, suggestion);
        }
        Self { table, span, heading }
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    /// Tells whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Returns a text; a text that is blank or has control characters is a problem.
    pub(super) fn text(&self, key: &str, findings: &mut Findings<'_>) -> Option<Placed<String>> {
        self.get(key).and_then(|value| text_of(key, value, findings))
    }

    /// Returns a text that must be there.
    pub(super) fn required_text(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<Placed<String>> {
        self.require(key, findings);
        self.text(key, findings)
    }

    /// Notes a problem if the key is not there.
    pub(super) fn require(&self, key: &str, findings: &mut Findings<'_>) {
        if !self.has(key) {
            let place = match self.heading.as_str() {
                "" => String::new(),
                heading => format!(" in `{heading}`"),
            };
            findings.add_missing(&self.span, format!("missing key `{key}`{place}"));
        }
    }

    /// Returns a list of texts; empty if the key is not there.
    pub(super) fn texts(&self, key: &str, findings: &mut Findings<'_>) -> Vec<Placed<String>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(all) => {
                all.iter().filter_map(|value| text_of(key, value, findings)).collect()
            }
            other => {
                wrong_type(key, value, "a list of texts", other, findings);
                Vec::new()
            }
        }
    }

    /// Returns a whole number within bounds.
    pub(super) fn integer(
        &self,
        key: &str,
        bounds: &RangeInclusive<u64>,
        findings: &mut Findings<'_>,
    ) -> Option<u64> {
        let value = self.get(key)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            wrong_type(key, value, "a whole number", value.get_ref(), findings);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let within = number.filter(|number| bounds.contains(number));
        if within.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            findings.add(&value.span(), format!("`{key}` must lie between {least} and {most}"));
        }
        within
    }

    /// Returns `true` or `false`.
    pub(super) fn boolean(&self, key: &str, findings: &mut Findings<'_>) -> Option<bool> {
        let value = self.get(key)?;
        let DeValue::Boolean(boolean) = value.get_ref() else {
            wrong_type(key, value, "true or false", value.get_ref(), findings);
            return None;
        };
        Some(*boolean)
    }

    /// Returns a date, written as a TOML date or as a text, in the form that it has in the file.
    pub(super) fn date_text(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> Option<Placed<String>> {
        self.require(key, findings);
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Datetime(date) => Some(Placed { value: date.to_string(), span: value.span() }),
            _ => text_of(key, value, findings),
        }
    }

    /// Returns a table.
    pub(super) fn table(
        &self,
        key: &str,
        known: &[&str],
        findings: &mut Findings<'_>,
    ) -> Option<Fields<'a, 'i>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => {
                Some(Fields::new(table, value.span(), format!("[{key}]"), known, findings))
            }
            other => {
                wrong_type(key, value, "a table", other, findings);
                None
            }
        }
    }

    /// Returns a list of tables; empty if the key is not there.
    pub(super) fn tables(
        &self,
        key: &str,
        known: &[&str],
        findings: &mut Findings<'_>,
    ) -> Vec<Fields<'a, 'i>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(all) = value.get_ref() else {
            let expected = format!("a list of tables, each headed `[[{key}]]`");
            wrong_type(key, value, &expected, value.get_ref(), findings);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in all {
            match element.get_ref() {
                DeValue::Table(table) => {
                    let heading = format!("[[{key}]]");
                    tables.push(Fields::new(table, element.span(), heading, known, findings));
                }
                other => wrong_type(key, element, "tables", other, findings),
            }
        }
        tables
    }
}

fn text_of(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    findings: &mut Findings<'_>,
) -> Option<Placed<String>> {
    let DeValue::String(text) = value.get_ref() else {
        wrong_type(key, value, "a text in quotes", value.get_ref(), findings);
        return None;
    };
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let code = u32::from(control);
        findings.add(&value.span(), format!("`{key}` has the control character U+{code:04X}"));
        return None;
    }
    if text.trim().is_empty() {
        findings.add(&value.span(), format!("`{key}` is empty"));
        return None;
    }
    Some(Placed { value: text.clone().into_owned(), span: value.span() })
}

fn wrong_type(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    expected: &str,
    found: &DeValue<'_>,
    findings: &mut Findings<'_>,
) {
    let found = match found {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    findings.add(&value.span(), format!("`{key}` must be {expected}, found {found}"));
}

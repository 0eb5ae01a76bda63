//! Baseline files: a published ranking as TOML.

use super::fields::{Fields, parse_table};
use super::problem::{Findings, Problem};
use super::survey_file::parse_day;
use crate::domain::baseline::{Baseline, BaselineLine};
use crate::domain::survey::{ID_RULE, is_id};

const KEYS: [&str; 5] = ["title", "published", "origin", "notes", "ranking"];
const LINE_KEYS: [&str; 4] = ["name", "language", "rank", "count"];

/// Reads a baseline; `id` is its file's stem.
pub(super) fn parse(id: &str, text: &str) -> Result<(Baseline, Vec<Problem>), Vec<Problem>> {
    let mut findings = Findings::new(text);
    let table = parse_table(text, &mut findings);
    let fields = Fields::outermost(&table, &KEYS, &mut findings);
    if !is_id(id) {
        findings.add(&(0..0), format!("the file's name `{id}` cannot name a baseline: {ID_RULE}"));
    }
    let title = fields.required_text("title", &mut findings);
    let published = fields.date_text("published", &mut findings);
    if let Some(published) = &published
        && !is_year(&published.value)
        && parse_day(&published.value).is_none()
    {
        let message = format!("`{}` is neither a year nor a day", published.value);
        findings.add(&published.span, message);
    }
    let origin = fields.required_text("origin", &mut findings);
    let notes = fields.texts("notes", &mut findings);
    fields.require("ranking", &mut findings);
    let lines = fields.tables("ranking", &LINE_KEYS, &mut findings);
    let mut ranking: Vec<BaselineLine> = Vec::new();
    for line in lines {
        let name = line.required_text("name", &mut findings);
        line.require("rank", &mut findings);
        let rank = line.integer("rank", &(1..=1_000_000), &mut findings);
        let language = line.text("language", &mut findings).map(|text| text.value);
        let count = line.integer("count", &(0..=u64::MAX >> 1), &mut findings);
        let (Some(name), Some(rank)) = (name, rank) else { continue };
        if ranking.iter().any(|other| other.name == name.value) {
            findings.add(&name.span, format!("`{}` is ranked twice", name.value));
        }
        let rank = u32::try_from(rank).unwrap_or(u32::MAX);
        ranking.push(BaselineLine { name: name.value, language, rank, count });
    }
    let value = title.zip(published).zip(origin).map(|((title, published), origin)| Baseline {
        id: id.to_owned(),
        title: title.value,
        published: published.value,
        origin: origin.value,
        notes: notes.into_iter().map(|note| note.value).collect(),
        ranking,
    });
    findings.finish(value)
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}

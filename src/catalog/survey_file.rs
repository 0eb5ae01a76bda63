//! Survey files: TOML into a [`Survey`], with every problem found at once.

mod queries;

use chrono::NaiveDate;
use jiff::tz::TimeZone;

use super::fields::{Fields, Placed, parse_table};
use super::problem::{Findings, Problem, closest, list};
use crate::domain::period::Schedule;
use crate::domain::query::{self, Template};
use crate::domain::survey::{ApiChoice, Framework, ID_RULE, Metric, Note, Survey, is_id};

const KEYS: [&str; 9] = [
    "title",
    "baseline",
    "allow_qualifiers",
    "collect",
    "schedule",
    "after_run",
    "metrics",
    "frameworks",
    "notes",
];
const COLLECT_KEYS: [&str; 2] = ["samples", "api"];
const SCHEDULE_KEYS: [&str; 2] = ["cron", "timezone"];
const AFTER_RUN_KEYS: [&str; 1] = ["write"];
const METRIC_KEYS: [&str; 4] = ["id", "title", "query", "enabled"];
const FRAMEWORK_KEYS: [&str; 5] = ["name", "language", "topic", "query", "formerly"];
const NOTE_KEYS: [&str; 2] = ["date", "text"];

/// The most passes a run can make.
const MOST_SAMPLES: u64 = 99;
/// The longest name, language or title, in characters.
const LONGEST_NAME_CHARS: usize = 200;
/// GitHub's longest topic.
const LONGEST_TOPIC_CHARS: usize = 50;

/// Reads a survey; `id` is its file's stem.
pub(super) fn parse(
    id: &str,
    text: &str,
    baseline_exists: &dyn Fn(&str) -> bool,
) -> Result<(Survey, Vec<Problem>), Vec<Problem>> {
    let mut findings = Findings::new(text);
    let table = parse_table(text, &mut findings);
    let fields = Fields::outermost(&table, &KEYS, &mut findings);
    if !is_id(id) {
        findings.add(&(0..0), format!("the file's name `{id}` cannot name a survey: {ID_RULE}"));
    }
    let title = fields.required_text("title", &mut findings);
    let baseline = fields.text("baseline", &mut findings);
    if let Some(baseline) = &baseline
        && !baseline_exists(&baseline.value)
    {
        findings.add(&baseline.span, format!("there is no baseline `{}`", baseline.value));
    }
    let (samples, api) = parse_collect(&fields, &mut findings);
    let schedule = parse_schedule(&fields, &mut findings);
    let write_after_run = parse_after_run(&fields, &mut findings);
    let metrics = parse_metrics(&fields, &mut findings);
    let frameworks = parse_frameworks(&fields, &mut findings);
    let notes = parse_notes(&fields, &mut findings);
    let allowed = parse_allowed(&fields, &mut findings);
    queries::check(&metrics, &frameworks, &allowed, &mut findings);
    let value = title.map(|title| Survey {
        id: id.to_owned(),
        title: title.value,
        baseline: baseline.map(|baseline| baseline.value),
        samples,
        api,
        schedule,
        write_after_run,
        metrics: metrics.into_iter().map(|placed| placed.value).collect(),
        frameworks: frameworks.into_iter().map(|placed| placed.value.framework).collect(),
        notes,
    });
    findings.finish(value)
}

fn parse_collect(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> (u32, ApiChoice) {
    let defaults = (1, ApiChoice::Auto);
    let Some(collect) = fields.table("collect", &COLLECT_KEYS, findings) else { return defaults };
    let samples = collect.integer("samples", &(1..=MOST_SAMPLES), findings);
    let samples = samples.and_then(|n| u32::try_from(n).ok()).unwrap_or(defaults.0);
    let Some(api) = collect.text("api", findings) else { return (samples, defaults.1) };
    let known =
        [("auto", ApiChoice::Auto), ("rest", ApiChoice::Rest), ("graphql", ApiChoice::Graphql)];
    let found = known.iter().find(|(word, _)| *word == api.value);
    if found.is_none() {
        let words = || known.iter().map(|(word, _)| *word);
        let message = format!("unknown api `{}`, expected one of {}", api.value, list(words()));
        let meant = closest(&api.value, words()).map(|word| format!("did you mean `{word}`?"));
        findings.suggest(&api.span, message, meant);
    }
    (samples, found.map_or(defaults.1, |(_, choice)| *choice))
}

fn parse_schedule(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> Option<Schedule> {
    let schedule = fields.table("schedule", &SCHEDULE_KEYS, findings)?;
    let line = schedule.required_text("cron", findings);
    let zone_name = schedule.text("timezone", findings);
    let zone_name = zone_name.unwrap_or_else(|| Placed { value: "UTC".to_owned(), span: 0..0 });
    let zone = TimeZone::get(&zone_name.value).ok();
    if zone.is_none() {
        let message = format!("unknown time zone `{}`", zone_name.value);
        let example = "names are those of the IANA database, such as `Europe/Berlin`";
        findings.suggest(&zone_name.span, message, Some(example.to_owned()));
    }
    let line = line?;
    // A line is wrong in any time zone.
    match Schedule::parse(&line.value, zone.clone().unwrap_or(TimeZone::UTC), &zone_name.value) {
        Ok(schedule) => zone.map(|_| schedule),
        Err(reason) => {
            let message = format!("`{}` is no cron line: {}", line.value, lower_first(&reason));
            let example = "five fields, minute hour day month weekday, such as `17 6 * * *`";
            findings.suggest(&line.span, message, Some(example.to_owned()));
            None
        }
    }
}

fn parse_after_run(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> Vec<String> {
    let Some(after) = fields.table("after_run", &AFTER_RUN_KEYS, findings) else {
        return Vec::new();
    };
    let files = after.texts("write", findings);
    for file in &files {
        if file.value.contains(['/', '\\']) || file.value.starts_with('.') {
            let message = format!("`{}` must be a plain file name", file.value);
            let place = "files are written to the survey's own output folder";
            findings.suggest(&file.span, message, Some(place.to_owned()));
        }
    }
    files.into_iter().map(|file| file.value).collect()
}

fn parse_metrics(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> Vec<Placed<Metric>> {
    let tables = fields.tables("metrics", &METRIC_KEYS, findings);
    if tables.is_empty() {
        findings
            .add_missing(&fields.span, "has no metric: a survey needs at least one `[[metrics]]`");
    }
    let mut metrics: Vec<Placed<Metric>> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for table in tables {
        let id = table.required_text("id", findings);
        let title = short_text(&table, "title", findings);
        let query = table.required_text("query", findings);
        let enabled = table.boolean("enabled", findings).unwrap_or(true);
        if let Some(id) = &id {
            if !is_id(&id.value) {
                findings.add(&id.span, format!("`{}` is no id: {ID_RULE}", id.value));
            }
            if ids.contains(&id.value) {
                findings.add(&id.span, format!("metric `{}` is there twice", id.value));
            }
            ids.push(id.value.clone());
        }
        let (Some(id), Some(query)) = (id, query) else { continue };
        let Placed { value: text, span } = query;
        match Template::parse(&text) {
            Ok(query) => {
                let title = title.map_or_else(|| id.value.clone(), |title| title.value);
                let metric = Metric { id: id.value, title, query, enabled };
                metrics.push(Placed { value: metric, span });
            }
            Err(unknown) => unknown.iter().for_each(|placeholder| {
                let known = query::PLACEHOLDERS;
                let message =
                    format!("unknown placeholder `{placeholder}`, expected one of {}", list(known));
                let meant = closest(placeholder, known).map(|p| format!("did you mean `{p}`?"));
                findings.suggest(&span, message, meant);
            }),
        }
    }
    if metrics.iter().all(|metric| !metric.value.enabled) && !metrics.is_empty() {
        findings.add(&fields.span, "has no metric that is enabled");
    }
    metrics
}

/// A framework with the place of its query, or of its table if the query is the default.
pub(super) struct ReadFramework {
    pub(super) framework: Framework,
    pub(super) has_query: bool,
}

fn parse_frameworks(
    fields: &Fields<'_, '_>,
    findings: &mut Findings<'_>,
) -> Vec<Placed<ReadFramework>> {
    let tables = fields.tables("frameworks", &FRAMEWORK_KEYS, findings);
    if tables.is_empty() {
        findings.add_missing(
            &fields.span,
            "has no framework: a survey needs at least one `[[frameworks]]`",
        );
    }
    let mut frameworks = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    for table in tables {
        let name = short_text_required(&table, "name", findings);
        let language = short_text(&table, "language", findings);
        let topic = table.text("topic", findings);
        let query = table.text("query", findings);
        let formerly = table.texts("formerly", findings);
        if let Some(topic) = &topic {
            check_topic(topic, findings);
        }
        for name in name.iter().chain(&formerly) {
            if taken.contains(&name.value) {
                findings.add(&name.span, format!("framework `{}` is there twice", name.value));
            }
            taken.push(name.value.clone());
        }
        let Some(name) = name else { continue };
        let has_query = query.is_some();
        let span = query.as_ref().map_or(name.span, |query| query.span.clone());
        let default = || query::as_phrase(&name.value.to_lowercase());
        let framework = Framework {
            language: language.map(|language| language.value),
            topic: topic.map(|topic| topic.value),
            query: query.map_or_else(default, |query| query.value),
            formerly: formerly.into_iter().map(|name| name.value).collect(),
            name: name.value,
        };
        frameworks.push(Placed { value: ReadFramework { framework, has_query }, span });
    }
    frameworks
}

/// A topic with other characters can match nothing on GitHub.
fn check_topic(topic: &Placed<String>, findings: &mut Findings<'_>) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let text = &topic.value;
    if text.chars().all(allowed) && text.len() <= LONGEST_TOPIC_CHARS && !text.starts_with('-') {
        return;
    }
    let spelled = text.to_lowercase().replace("++", "pp").replace('#', "sharp").replace(' ', "-");
    let spelled = match spelled.strip_prefix('.') {
        Some(rest) => format!("dot{rest}"),
        None => spelled,
    };
    let slug: String = spelled.chars().filter(|c| allowed(*c)).collect();
    let message = format!(
        "`{text}` is no topic: at most {LONGEST_TOPIC_CHARS} lower-case letters, digits and hyphens"
    );
    let meant = (!slug.is_empty()).then(|| format!("did you mean `{slug}`?"));
    findings.suggest(&topic.span, message, meant);
}

fn parse_notes(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for table in fields.tables("notes", &NOTE_KEYS, findings) {
        let date = table.date_text("date", findings);
        let text = table.required_text("text", findings);
        let (Some(date), Some(text)) = (date, text) else { continue };
        match parse_day(&date.value) {
            Some(date) => notes.push(Note { date, text: text.value }),
            None => {
                findings.add(&date.span, format!("`{}` is no day such as 2026-06-30", date.value));
            }
        }
    }
    notes
}

fn parse_allowed(fields: &Fields<'_, '_>, findings: &mut Findings<'_>) -> Vec<String> {
    let allowed = fields.texts("allow_qualifiers", findings);
    allowed.into_iter().map(|word| word.value.trim_end_matches(':').to_owned()).collect()
}

fn short_text(
    table: &Fields<'_, '_>,
    key: &str,
    findings: &mut Findings<'_>,
) -> Option<Placed<String>> {
    let text = table.text(key, findings)?;
    if text.value.chars().count() > LONGEST_NAME_CHARS {
        let message = format!("`{key}` is longer than {LONGEST_NAME_CHARS} characters");
        findings.add(&text.span, message);
    }
    Some(text)
}

fn short_text_required(
    table: &Fields<'_, '_>,
    key: &str,
    findings: &mut Findings<'_>,
) -> Option<Placed<String>> {
    table.require(key, findings);
    short_text(table, key, findings)
}

/// Reads a day, `2026-06-30`; nothing else.
pub(super) fn parse_day(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

//! Two years of a daily survey, 16 frameworks by 5 metrics, as a real history would have it: the
//! same bytes each time, for tests and benchmarks.
//!
//! It has days without a run and a run that did not finish, lower bounds, a changed query, a
//! framework that was left out for a while and one that came later, frameworks that overtake each
//! other, some with equal counts, and a change of the API.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

/// The survey's id.
pub(crate) const ID: &str = "two-years";
/// The first run's day is the 21 November 2024, the last one's the 20 November 2026.
pub(crate) const DAYS: u64 = 730;
/// The days without a run, counted from 0, ends included.
const GAPS: [(u64, u64); 4] = [(96, 102), (300, 300), (431, 433), (505, 536)];
/// The run that did not finish.
const UNFINISHED: u64 = 200;
/// From here on Spring's query is another one.
const NEW_QUERY: u64 = 400;
/// While Phoenix was left out.
const LEFT_OUT: (u64, u64) = (610, 641);
/// From here on Hono is there.
const NEWCOMER: u64 = 260;
/// From here on the second metric is counted over GraphQL.
const GRAPHQL: u64 = 660;
/// NestJS and Meteor.js have equal counts from here on.
const TIES: u64 = 700;

/// Name, language, first count of the first metric, and growth a day in millionths.
const FRAMEWORKS: [(&str, &str, u64, u64); 16] = [
    ("Spring", "Java", 1_240_033, 240),
    ("Django", "Python", 629_039, 390),
    ("Laravel", "PHP", 483_735, 310),
    ("Flask", "Python", 336_145, 420),
    ("Next.js", "JavaScript", 184_347, 1400),
    ("Express.js", "JavaScript", 198_663, 520),
    ("Ruby on Rails", "Ruby", 92_366, 60),
    ("ASP.NET Core", "C#", 64_595, 480),
    ("NestJS", "TypeScript", 53_535, 900),
    ("FastAPI", "Python", 47_020, 1900),
    ("Meteor.js", "JavaScript", 49_488, 15),
    ("Gin", "Go", 21_377, 830),
    ("CakePHP", "PHP", 12_347, 45),
    ("Phoenix", "Elixir", 9_611, 260),
    ("Actix Web", "Rust", 5_204, 720),
    ("Hono", "TypeScript", 310, 6200),
];

/// Id and title of each metric, and its share of the first one in hundredths.
const METRICS: [(&str, &str, u64); 5] = [
    ("repositories", "Repositories", 100),
    ("active", "Pushed to in the last 12 months", 31),
    ("starred", "With at least 10 stars", 4),
    ("topic", "With the topic", 9),
    ("fresh", "Created in the last 12 months", 17),
];

/// Writes the survey's file.
pub(crate) fn survey() -> String {
    let mut text = "title = \"Backend frameworks over two years\"\n\n\
                    [schedule]\ncron = \"17 6 * * *\"\ntimezone = \"UTC\"\n"
        .to_owned();
    for (id, title, _) in METRICS {
        let query = match id {
            "repositories" => "{query} is:public".to_owned(),
            id => format!("{{query}} is:public {id}"),
        };
        let _ =
            write!(text, "\n[[metrics]]\nid = \"{id}\"\ntitle = \"{title}\"\nquery = '{query}'\n");
    }
    for (name, language, ..) in FRAMEWORKS {
        let _ = write!(text, "\n[[frameworks]]\nname = \"{name}\"\nlanguage = \"{language}\"\n");
    }
    text.push_str(
        "\n[[notes]]\ndate = 2025-03-04\ntext = \"GitHub changed how it stems words.\"\n\
         \n[[notes]]\ndate = 2026-08-18\ntext = \"Archived repositories are counted again.\"\n",
    );
    text
}

/// Writes the history: about 55,000 rows.
pub(crate) fn history() -> String {
    let mut text = String::with_capacity(7 << 20);
    text.push_str(
        "run,observed_at,survey,framework,language,metric,method,sample_no,attempt_no,repo_count,\
         status,source,query_text,detail\n",
    );
    let start: DateTime<Utc> = "2024-11-21T06:17:03Z".parse().expect("a moment");
    for day in 0..DAYS {
        if GAPS.iter().all(|(from, to)| !(*from..=*to).contains(&day)) {
            let days = TimeDelta::days(i64::try_from(day).expect("a few days"));
            write_run(&mut text, day, start + days);
        }
    }
    text
}

fn write_run(text: &mut String, day: u64, start: DateTime<Utc>) {
    let id = format!("{}-{:04x}", start.format("%Y%m%dT%H%M%SZ"), day * 7919 % 65_536);
    let asked = |framework: &usize| match FRAMEWORKS[*framework].0 {
        "Phoenix" => !(LEFT_OUT.0..=LEFT_OUT.1).contains(&day),
        "Hono" => day >= NEWCOMER,
        _ => true,
    };
    let frameworks: Vec<usize> = (0..FRAMEWORKS.len()).filter(asked).collect();
    let planned = frameworks.len() * METRICS.len();
    let mut rows = 0_usize;
    for (place, (metric, _, share)) in METRICS.iter().enumerate() {
        for framework in &frameworks {
            if day == UNFINISHED && rows == 33 {
                return;
            }
            let (name, language, ..) = FRAMEWORKS[*framework];
            let is_new_query = name == "Spring" && day >= NEW_QUERY;
            let count = count(day, *framework, place) * share / 100;
            let count = if is_new_query { count * 4 / 5 } else { count };
            let method =
                (framework * 5 + place + usize::from(is_new_query) * 1000 + 1) * 2_654_435_761;
            let over_graphql = place == 1 && day >= GRAPHQL;
            let stopped = !over_graphql && noise(day, *framework, place + 7).is_multiple_of(83)
                || day == DAYS - 1 && name == "Flask";
            let (status, attempts) = match (over_graphql, stopped) {
                (true, _) => ("unchecked", 1),
                (_, true) => ("incomplete", 3),
                _ => ("complete", 1),
            };
            for attempt in 1..=attempts {
                let seconds = i64::try_from(rows / 30 + attempt).expect("a few seconds");
                let observed_at = start + TimeDelta::seconds(seconds);
                let count = if stopped { count * 9 / 10 } else { count };
                let mut details = Vec::new();
                if rows == 0 {
                    details.push(format!("planned {planned}"));
                }
                if stopped {
                    details.push("stopped early".to_owned());
                }
                let _ = writeln!(
                    text,
                    "{id},{},{ID},{name},{language},{metric},{:08x},1,{attempt},{count},{status},{},\
                     {} is:public{},{}",
                    observed_at.format("%Y-%m-%dT%H:%M:%SZ"),
                    method % (1 << 32),
                    if over_graphql { "graphql" } else { "rest" },
                    name.to_lowercase(),
                    if is_new_query { " fork:true" } else { "" },
                    details.join("; ")
                );
                rows += 1;
            }
        }
    }
}

/// Returns how many a framework has on a day: it grows, a little unevenly.
fn count(day: u64, framework: usize, metric: usize) -> u64 {
    let (name, _, first, growth) = FRAMEWORKS[framework];
    if name == "Meteor.js" && day >= TIES {
        let nest = FRAMEWORKS.iter().position(|(name, ..)| *name == "NestJS").expect("NestJS");
        return count(day, nest, metric);
    }
    let grown = first + first * growth * day / 1_000_000;
    grown + grown * (noise(day, framework, metric) % 1000) / 400_000
}

/// Returns a number that looks like chance and is the same each time.
fn noise(day: u64, framework: usize, metric: usize) -> u64 {
    let mut number = (day << 16) ^ ((framework as u64) << 8) ^ metric as u64;
    for _ in 0..3 {
        number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number ^= number >> 29;
    }
    number
}

//! Checks every query that a survey can make, as far as GitHub's rules can be checked offline.

use std::ops::Range;

use chrono::NaiveDate;

use super::ReadFramework;
use crate::catalog::fields::Placed;
use crate::catalog::problem::{Findings, closest};
use crate::domain::query::{
    LONGEST_QUERY_CHARS, QueryProblem, find_query_problems, qualifier_names, values_of,
};
use crate::domain::survey::{Framework, Metric};

/// Checks frameworks and metrics apart, then what they make together.
pub(super) fn check(
    metrics: &[Placed<Metric>],
    frameworks: &[Placed<ReadFramework>],
    allowed: &[String],
    findings: &mut Findings<'_>,
) {
    let mut sound: Vec<&Framework> = Vec::new();
    for Placed { value: ReadFramework { framework, has_query }, span } in frameworks {
        let query = &framework.query;
        let problems = find_query_problems(query, allowed);
        if problems.is_empty() {
            sound.push(framework);
        }
        let about = if *has_query {
            format!("query `{query}`")
        } else {
            format!("query `{query}`, made from the name (a `query` of its own would help),")
        };
        report(span, &about, problems, findings);
    }
    for metric in metrics {
        let Placed { value: metric, span } = metric;
        if !metric.query.names_a_framework() {
            let message = format!(
                "metric `{}` asks the same for every framework: its query needs `{{query}}`, \
                 `{{topic}}`, `{{name}}` or `{{language}}`",
                metric.id
            );
            findings.add(span, message);
        }
        let fits = |f: &Placed<ReadFramework>| metric.query.lacking(&f.value.framework).is_none();
        if !frameworks.iter().any(fits) {
            let message = format!("metric `{}` fits no framework of this survey", metric.id);
            findings.warn(span, message);
        }
    }
    for metric in metrics {
        check_together(metric, &sound, allowed, findings);
    }
}

/// A problem that a metric has with every framework is told once.
fn check_together(
    metric: &Placed<Metric>,
    frameworks: &[&Framework],
    allowed: &[String],
    findings: &mut Findings<'_>,
) {
    let Placed { value: metric, span } = metric;
    // Any day will do: all have the same length.
    let day = NaiveDate::default();
    let mut told: Vec<QueryProblem> = Vec::new();
    for framework in frameworks {
        let Some(query) = metric.query.query_for(framework, day) else { continue };
        let mut problems = find_query_problems(&query.text, allowed);
        problems.retain(|problem| !told.contains(problem));
        told.extend(problems.iter().cloned());
        let about = format!("metric `{}` for `{}`", metric.id, framework.name);
        report(span, &about, problems, findings);
        let chars = query.text.chars().count();
        if chars > LONGEST_QUERY_CHARS {
            let message = format!(
                "{about} has {chars} characters; GitHub may refuse more than {LONGEST_QUERY_CHARS}"
            );
            findings.warn(span, message);
        }
    }
}

fn report(
    span: &Range<usize>,
    about: &str,
    problems: Vec<QueryProblem>,
    findings: &mut Findings<'_>,
) {
    for problem in problems {
        findings.suggest(span, format!("{about} {problem}"), way_out(&problem));
    }
}

/// Returns the way out of a problem, if there is more than one would think of.
fn way_out(problem: &QueryProblem) -> Option<String> {
    match problem {
        QueryProblem::Empty
        | QueryProblem::UnbalancedQuotes
        | QueryProblem::ControlCharacter(_) => None,
        QueryProblem::TooManyOperators(_) => {
            Some("split it into several frameworks, or write the words in lower case".into())
        }
        QueryProblem::UnknownQualifier(word) => {
            let meant = match word.as_str() {
                "updated" => Some("pushed"),
                word => closest(word, qualifier_names()),
            };
            let ways_out = format!(
                "put it in quotes to search for it as text, or add `{word}` to `allow_qualifiers`"
            );
            Some(match meant {
                Some(meant) => format!("did you mean `{meant}:`? Else {ways_out}"),
                None => ways_out,
            })
        }
        QueryProblem::UnknownValue { word, value } => {
            let values = values_of(word);
            let meant = closest(value, values.iter().copied());
            meant.map(|meant| format!("did you mean `{word}:{meant}`?"))
        }
        QueryProblem::RepeatedQualifier(word) => {
            matches!(word.as_str(), "created" | "pushed" | "stars" | "forks" | "size" | "followers")
                .then(|| format!("write a range, such as `{word}:FROM..TO`"))
        }
    }
}

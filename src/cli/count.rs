//! `count`: terms typed now, ranked. No survey file, no history.

use std::io::Read as _;

use super::Session;
use super::args::CountArgs;
use super::collect::{Heard, describe_api, doubts, is_incomplete, make_pass, teller};
use super::connection::Connection;
use super::diagnostic::{DONE, FAILED, Failure, Hint, NOT_FINISHED};
use super::output::Outputs;
use crate::collect::{Ending, Plan, choose_api};
use crate::domain::query::{Template, as_phrase, find_query_problems};
use crate::domain::run::{Run, RunId};
use crate::domain::sample::Sample;
use crate::domain::survey::{ApiChoice, Framework, Metric, Survey, is_id};
use crate::report::{Inputs, RankingReport};

/// The longest list of terms that is read.
const LONGEST_LIST_BYTES: u64 = 1 << 20;

pub(super) fn perform(session: &Session, arguments: &CountArgs) -> Result<u8, Failure> {
    let words = ["count"].into_iter().chain(arguments.terms.iter().map(String::as_str));
    let outputs = Outputs::choose(session, &words.collect::<Vec<_>>(), &arguments.output)?;
    let terms = read_terms(arguments)?;
    let survey = survey_of(&terms, arguments.save.as_deref())?;
    if let Some(name) = &arguments.save {
        super::init::refuse_name(session, name)?;
    }
    Session::block_on(ask(session, arguments, &survey, &outputs))
}

async fn ask(
    session: &Session,
    arguments: &CountArgs,
    survey: &Survey,
    outputs: &Outputs,
) -> Result<u8, Failure> {
    let connection = Connection::find(session, &arguments.connection).await?;
    let run = RunId::new(session.clock.now_utc(), fastrand::u16(..));
    let plan = Plan::new(survey, run.started_at().date_naive());
    let plan = Plan { cross_checks: arguments.ask.cross_check, ..plan };
    let (queries, has_token) = (plan.queries.len(), connection.token.is_some());
    let wanted = arguments.ask.api.map_or(ApiChoice::Auto, ApiChoice::from);
    let chosen = choose_api(wanted, None, has_token, queries)?;
    let work = describe_api(chosen, &plan, has_token);
    session.ui.say(&format!("asking {}, {work}", connection.describe()));
    connection.advise(session);
    if has_token {
        warn_of_two_rules(session, &plan);
    }
    let heard = Heard::default();
    let bar = session.ui.progress(plan.queries.len() as u64);
    let tell = teller(session, None, &bar, &heard);
    let source = connection.source(chosen.api, &*session.clock, tell)?;
    let mut samples: Vec<Sample> = Vec::new();
    let ended = make_pass(session, &plan, &survey.id, run, source, &mut samples, &bar).await?;
    let run = Run { id: run, samples };
    let progress = run.progress(None, |_| true);
    let failure = match ended {
        Ok(collected) => match collected.ending {
            Ending::Done => None,
            Ending::Interrupted(signal) => Some(Failure::interrupted(signal, "interrupted")),
        },
        Err(crate::collect::CollectError::Source(error)) => {
            let has_counts = progress.answered > 0;
            let failure = Failure::of_source(&error, Some(&connection), has_counts);
            Some(failure.lacking(&error, progress))
        }
        Err(crate::collect::CollectError::History(error)) => Some(error.into()),
    };
    // Nothing is on disk, so what was answered is shown even if the rest is missing.
    if failure.is_none() || progress.answered > 0 {
        let inputs = Inputs {
            survey: Some(survey),
            run: &run,
            progress,
            before: None,
            newer_unfinished: None,
            metric: None,
            reference: None,
            share: false,
            top: None,
            origin_notes: &[],
        };
        outputs.write(session, &RankingReport::new(&inputs)?)?;
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let doubts = doubts(&run, &heard.troubles.borrow());
    if !doubts.is_empty() {
        let text = if progress.is_finished() {
            "some counts are only lower bounds".to_owned()
        } else {
            format!("{} of {} counts have a number", progress.answered, progress.planned)
        };
        session.ui.warn(&text, &doubts, None);
    }
    if let Some(name) = &arguments.save {
        super::init::write_survey(session, name, &render_survey(survey))?;
    }
    if !progress.is_finished() {
        return Ok(if progress.answered == 0 { FAILED } else { NOT_FINISHED });
    }
    let incomplete = run.answers().values().any(|answer| is_incomplete(answer));
    if let Some(name) = &arguments.save {
        session.ui.next(&session.command(["collect", name]));
    }
    Ok(if incomplete && arguments.strict { NOT_FINISHED } else { DONE })
}

/// Warns where some queries count what is private and others do not: with a token GitHub searches
/// the user's private repositories too, unless a query says otherwise.
fn warn_of_two_rules(session: &Session, plan: &Plan) {
    let is_open = |text: &&str| !text.contains("is:public") && !text.contains("is:private");
    let texts = || plan.queries.iter().map(|planned| planned.query.text.as_str());
    let open: Vec<String> = texts().filter(is_open).map(|text| format!("`{text}`")).collect();
    if !open.is_empty() && open.len() < plan.queries.len() {
        let hint = Hint::new("add `is:public` to each, as names get it");
        let text = "private repositories that the token may see count for some queries only";
        session.ui.warn(text, &open, Some(&hint));
    }
}

/// Returns the terms of the command line, then those of the list.
fn read_terms(arguments: &CountArgs) -> Result<Vec<String>, Failure> {
    let mut terms = arguments.terms.clone();
    if let Some(path) = &arguments.from {
        let unreadable = |error: &std::io::Error| {
            Failure::usage(format!("`{}` cannot be read", path.display())).caused_by(error)
        };
        let mut list = Vec::new();
        // A byte more than is taken tells that there is more.
        let read = if path.as_os_str() == "-" {
            std::io::stdin().lock().take(LONGEST_LIST_BYTES + 1).read_to_end(&mut list)
        } else {
            let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
            file.take(LONGEST_LIST_BYTES + 1).read_to_end(&mut list)
        };
        if read.map_err(|error| unreadable(&error))? as u64 > LONGEST_LIST_BYTES {
            return Err(Failure::usage(format!("`{}` is too long a list", path.display()))
                .because(format!("more than {LONGEST_LIST_BYTES} bytes are not read"))
                .hint("a list has one term a line; make a survey of so many"));
        }
        let list = String::from_utf8(list);
        let list = list.map_err(|error| {
            unreadable(&std::io::Error::new(std::io::ErrorKind::InvalidData, error))
        })?;
        terms.extend(terms_of(&list).map(str::to_owned));
    }
    if terms.is_empty() {
        return Err(Failure::usage("there is no term to count")
            .hint("name some: `repo-census count django flask \"ruby on rails\"`"));
    }
    Ok(terms)
}

/// Returns the terms of a list: its lines, but for blank ones and those that begin with `#`, which are
/// comments. A query that begins so can be written as `Name=query`.
pub(super) fn terms_of(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Makes the survey of some terms; every wrong term is told.
pub(super) fn survey_of(terms: &[String], name: Option<&str>) -> Result<Survey, Failure> {
    if let Some(name) = name.filter(|name| !is_id(name)) {
        return Err(Failure::usage(format!("`{name}` cannot be the name of a survey"))
            .because("a name has 1 to 64 of a-z, 0-9 and -")
            .hint(format!("try `--save {}`", super::init::slug(name))));
    }
    let mut frameworks: Vec<Framework> = Vec::new();
    let mut wrong: Vec<String> = Vec::new();
    for term in terms {
        let framework = framework_of(term);
        if framework.name.chars().any(char::is_control) || framework.name.chars().count() > 200 {
            wrong.push("a name has a control character or more than 200 characters".to_owned());
        } else if framework.name.trim().is_empty() {
            wrong.push(format!("`{term}` has no name"));
        } else if term.trim_end().ends_with(',') {
            wrong.push(format!("`{term}` ends with a comma; terms have spaces between them"));
        } else if frameworks.iter().any(|other| other.name == framework.name) {
            wrong.push(format!("`{}` is there twice", framework.name));
        }
        for problem in find_query_problems(&framework.query, &[]) {
            wrong.push(format!("`{term}` {problem}"));
        }
        frameworks.push(framework);
    }
    if !wrong.is_empty() {
        let failure = Failure::usage("these terms cannot be counted");
        return Err(wrong.into_iter().fold(failure, Failure::because).hint(
            "a term is a name, such as `\"ruby on rails\"`, a query, such as `topic:cli`, or both, such as \
             `\"CLI tools=topic:cli is:public\"`",
        ));
    }
    let query = Template::query_alone();
    let id = "repositories".to_owned();
    Ok(Survey {
        id: name.unwrap_or("count").to_owned(),
        title: "Terms by number of GitHub repositories".to_owned(),
        baseline: None,
        samples: 1,
        api: ApiChoice::Auto,
        schedule: None,
        write_after_run: Vec::new(),
        metrics: vec![Metric { id, title: "Repositories".to_owned(), query, enabled: true }],
        frameworks,
        notes: Vec::new(),
    })
}

/// Reads a term: `Name=query`, a query (it has `:` or quotes), or a name.
fn framework_of(term: &str) -> Framework {
    let is_query = |text: &str| text.contains([':', '"']);
    let (name, query) = match term.split_once('=') {
        Some((name, query)) if !is_query(name) => (name.trim(), query.trim().to_owned()),
        _ if is_query(term) => (term, term.to_owned()),
        _ => (term, format!("{} is:public", as_phrase(&term.to_lowercase()))),
    };
    Framework { name: name.to_owned(), language: None, topic: None, query, formerly: Vec::new() }
}

/// Writes a survey of terms as a file.
pub(super) fn render_survey(survey: &Survey) -> String {
    let text = |value: &str| toml_text(value);
    let mut file = format!(
        "title = {}\n\n[[metrics]]\nid    = \"repositories\"\ntitle = \"Repositories\"\n\
         query = \"{{query}}\"\n",
        text(&survey.title)
    );
    for framework in &survey.frameworks {
        file.push_str(&format!(
            "\n[[frameworks]]\nname  = {}\nquery = {}\n",
            text(&framework.name),
            text(&framework.query)
        ));
    }
    file
}

/// Writes a text as a TOML string.
fn toml_text(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_become_queries() {
        let cases = [
            ("Spring", "Spring", "spring is:public"),
            ("Ruby on Rails", "Ruby on Rails", "\"ruby on rails\" is:public"),
            ("topic:cli", "topic:cli", "topic:cli"),
            ("stars:>=10 x", "stars:>=10 x", "stars:>=10 x"),
            ("\"a b\"", "\"a b\"", "\"a b\""),
            ("Rails=\"ruby on rails\" in:name", "Rails", "\"ruby on rails\" in:name"),
            ("My Name = x", "My Name", "x"),
        ];
        for (term, name, query) in cases {
            let framework = framework_of(term);
            assert_eq!(
                (framework.name.as_str(), framework.query.as_str()),
                (name, query),
                "{term}"
            );
        }
    }

    #[test]
    fn blank_lines_and_comments_of_a_list_are_no_terms() {
        let list = "# Python\r\ndjango\r\n\r\n  # flask\n C# \nHash=#x is:public";
        assert_eq!(terms_of(list).collect::<Vec<_>>(), ["django", "C#", "Hash=#x is:public"]);
    }

    #[test]
    fn every_wrong_term_is_told() {
        let terms = ["a", "a", "lang:x", "\"b", "c=", "", "=d"].map(str::to_owned);
        let failure = survey_of(&terms, None).expect_err("wrong terms");
        assert_eq!(failure.causes.len(), 6, "{:?}", failure.causes);
    }
}

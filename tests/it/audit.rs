//! Audits of a population whose true shares are known.

use std::collections::{BTreeSet, HashMap};
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Utc};
use repo_census::audit::{Draw, audit};
use repo_census::domain::audit::{Audited, Rule, Share, estimate_share};
use repo_census::domain::created::CreatedRange;
use repo_census::domain::sample::{Detail, Outcome, SourceKind};
use repo_census::domain::survey::Framework;
use repo_census::github::{
    Again, Answer, AnswerSource, Found, Page, PageSource, Question, Reply, SourceError,
};
use repo_census::platform::{Stop, stop_flag};
use serde_json::json;

use crate::fake_github::{FakeGithub, Population, SecondaryLimits, StopsAbove};
use crate::github::{TOKEN, ask, mask_moments};
use crate::workdir::Workdir;

/// The population without a network between; what was answered once is remembered.
struct Direct {
    counts: HashMap<String, u64>,
    pages: HashMap<(String, u32), Vec<Found>>,
}

impl Direct {
    fn new() -> Self {
        Self { counts: HashMap::new(), pages: HashMap::new() }
    }
}

impl AnswerSource for Direct {
    fn most_at_once(&self) -> usize {
        100
    }

    async fn ask(
        &mut self,
        questions: &[Question],
        _still_to_ask: usize,
        _stop: &mut Stop,
    ) -> Result<Vec<Reply>, SourceError> {
        let mut count = |q: &str| {
            let count = || Population::shared().count(q);
            *self.counts.entry(q.to_owned()).or_insert_with(count)
        };
        let reply = |question: &Question| {
            Reply::Answer(Box::new(Answer {
                observed_at: DateTime::default(),
                outcome: Outcome::Complete(count(&question.query)),
                source: SourceKind::Rest.into(),
                query: question.query.clone(),
                detail: Detail::default(),
                rate: None,
                again: Again::No,
            }))
        };
        Ok(questions.iter().map(reply).collect())
    }
}

impl PageSource for Direct {
    async fn read_page(
        &mut self,
        query: &str,
        page: u32,
        _stop: &mut Stop,
    ) -> Result<Page, SourceError> {
        let read = || {
            let all = Population::shared().find(query);
            let skipped = (page as usize - 1) * 100;
            all.into_iter().skip(skipped).take(100).map(found).collect()
        };
        let found = self.pages.entry((query.to_owned(), page)).or_insert_with(read).clone();
        let outcome = Outcome::Complete(Population::shared().count(query));
        Ok(Page { outcome, detail: String::new(), found })
    }
}

fn found(place: usize) -> Found {
    let mut item = json!({});
    Population::shared().write_item(place, &mut item);
    serde_json::from_value(item).expect("an item")
}

fn framework(name: &str, language: &str, topic: &str, query: &str) -> Framework {
    Framework {
        name: name.into(),
        language: Some(language.into()),
        topic: Some(topic.into()),
        query: query.into(),
        formerly: Vec::new(),
    }
}

const UNTIL: &str = "2026-11-20";

fn draw(seed: u64) -> Draw {
    let until = UNTIL.parse().expect("a day");
    let now: DateTime<Utc> = "2026-11-21T00:00:00Z".parse().expect("a moment");
    Draw { slices: 40, seed, range: CreatedRange::up_to(until), now }
}

fn run(framework: &Framework, source: &mut Direct, seed: u64) -> Audited {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (_stopper, mut stop) = stop_flag();
    let query = format!("{} is:public", framework.query);
    let draw = draw(seed);
    let work = audit(framework, &query, &draw, source, &mut stop);
    runtime.block_on(work).expect("an audit")
}

fn fits(rule: &Rule, found: &Found) -> bool {
    let texts = [found.name.as_str(), found.description.as_str()];
    rule.fits(texts, &found.topics, found.language.as_deref())
}

/// Returns how many of 500 audits have the true share in their interval, and whether the interval
/// of the 100 best matches has it.
fn coverage(framework: &Framework) -> (usize, bool) {
    let population = Population::shared();
    let query = format!("{} is:public created:<={UNTIL}T23:59:59Z", framework.query);
    let rule = Rule::of(framework);
    let all = population.find(&query);
    let hits = all.iter().filter(|place| fits(&rule, &found(**place))).count();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let truth = hits as f64 / all.len() as f64;
    let covers = |share: &Share| {
        let (low, high) = share.interval.expect("an interval");
        low <= truth && truth <= high
    };
    let mut source = Direct::new();
    let audits = (0..500).map(|seed| run(framework, &mut source, seed));
    let covered = audits.filter(|audited| covers(&audited.fits)).count();
    let best = population.ordered(&query, None);
    let best = best.iter().take(100).map(|place| f64::from(u8::from(fits(&rule, &found(*place)))));
    let best = estimate_share(&best.collect::<Vec<_>>()).expect("a share");
    (covered, covers(&best))
}

#[test]
fn intervals_have_the_true_share_as_often_as_they_say() {
    let (covered, is_covered_by_best) = coverage(&framework("Spring", "Java", "spring", "spring"));
    assert!((465..=485).contains(&covered), "{covered} of 500");
    assert!(!is_covered_by_best, "the best matches are no sample");
}

#[test]
fn a_seed_draws_the_same_and_a_small_query_is_read_whole() {
    let spring = framework("Spring", "Java", "spring", "spring");
    let mut source = Direct::new();
    let one = run(&spring, &mut source, 7);
    assert_eq!(one, run(&spring, &mut Direct::new(), 7));
    assert_ne!(one, run(&spring, &mut source, 8));
    assert_eq!((one.slices, one.hits.len(), one.misses.len()), (Some(40), 5, 5));
    assert!(source.counts.keys().all(|q| q.matches("created:").count() == 1));
    let small = "cakephp stars:>=2 pushed:>=2020-01-01";
    let small = run(&framework("CakePHP", "PHP", "cakephp", small), &mut source, 7);
    assert_eq!((small.slices, small.looked_at as u64), (None, small.total));
    assert_eq!(small.fits.interval, None);
}

#[test]
fn what_cannot_be_audited_is_refused() {
    let workdir = Workdir::new();
    let mut told = String::new();
    for words in [
        &["audit", "backend-frameworks", "--framework", "Sprong"][..],
        &["audit", "backend-frameworks", "--metric", "stars"],
        &["audit", "backend-frameworks", "--sample", "3"],
    ] {
        let outcome = workdir.run(words);
        assert_eq!(outcome.code, 2);
        told.push_str(&outcome.stderr);
    }
    insta::assert_snapshot!("refusals", told);
}

#[test]
fn names_that_are_ordinary_words_are_warned_of_with_the_reason() {
    let workdir = Workdir::new();
    let mut survey =
        "title = \"Words\"\n[[metrics]]\nid = \"all\"\nquery = \"{query}\"\n".to_owned();
    let names = "Actix Bottle Buffalo Chi Dash Derby Echo Ember Express Falcon Feathers Fiber Flask Gin Grape \
                 Hanami Hono Iris Lift Loopback Lumen Martini Meteor Nest Next Phoenix Play Poem Pyramid \
                 Rails Ring Rocket Sails Sinatra Slim Spark Spring Tide Tornado Vapor Warp";
    // These say enough.
    let clear = "Laravel Django Spring-Boot Express.js Next.js NestJS CakePHP FastAPI";
    for name in names.split(' ').chain(clear.split(' ')) {
        survey.push_str(&format!("[[frameworks]]\nname = \"{name}\"\n"));
    }
    workdir.write("config/surveys/words.toml", survey);
    let mut check = workdir.command(&["check", "words"]);
    let told = workdir.run_command(check.env("COLUMNS", "200")).success();
    let told: Vec<&str> =
        told.lines().filter_map(|line| line.trim().strip_prefix("ambiguous: ")).collect();
    assert_eq!(told.len(), names.split(' ').count());
    insta::assert_snapshot!("ambiguous", told.join("\n"));
}

/// Five frameworks, one of them without a topic.
const SURVEY: &str = "title = \"Five\"\n[[metrics]]\nid = \"repositories\"\nquery = \"{query} is:public\"\n\
    [[frameworks]]\nname = \"CakePHP\"\nlanguage = \"PHP\"\ntopic = \"cakephp\"\n\
    [[frameworks]]\nname = \"Flask\"\nlanguage = \"Python\"\ntopic = \"flask\"\n\
    [[frameworks]]\nname = \"NestJS\"\nlanguage = \"TypeScript\"\ntopic = \"nestjs\"\n\
    [[frameworks]]\nname = \"Meteor\"\nquery = \"meteor.js\"\n\
    [[frameworks]]\nname = \"Spring\"\nlanguage = \"Java\"\ntopic = \"spring\"\n";

/// A GitHub that no window holds up.
fn github(latency: Duration) -> FakeGithub {
    let builder = FakeGithub::builder().user("alice", &[TOKEN]).latency(latency);
    let secondary = SecondaryLimits { points: 1_000_000, ..SecondaryLimits::default() };
    let builder = builder.search_limit_authenticated(9_000).secondary_limits(secondary);
    builder.population(Population::shared(), StopsAbove::default()).start()
}

fn workdir() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("config/surveys/five.toml", SURVEY);
    workdir
}

/// Takes out the counts of what was pushed to of late: they are others tomorrow.
fn without_days(told: &str) -> String {
    let masked = told.lines().map(|line| match line.split_once(",active,") {
        Some((name, rest)) => {
            format!(
                "{name},active,[count]{}",
                rest.trim_start_matches(|c: char| c.is_ascii_digit())
            )
        }
        None => line.to_owned(),
    });
    masked.collect::<Vec<_>>().join("\n")
}

#[test]
fn ranks_by_every_way_have_a_table_and_a_chart() {
    let (workdir, github) = (workdir(), github(Duration::ZERO));
    let host = github.base_url().split_at("http://".len()).1;
    let kept = ["audit", "five", "--sensitivity", "--kept"];
    let none = workdir.run(&kept);
    let outcome = ask(&workdir, &github, &["audit", "five", "--sensitivity", "--out", "made/"]);
    let asked = github.requests().len();
    assert_eq!(asked, 7 * 5 - 2, "a way that does not fit is not asked");
    let mut told = mask_moments(&[none.snapshot(), outcome.snapshot()].join("\n"));
    let shown = |more: &[&str]| workdir.run(&[&kept[..], more].concat());
    for (file, format) in [
        ("sensitivity.md", "md"),
        ("sensitivity.csv", "csv"),
        ("sensitivity.json", "json"),
        ("sensitivity.svg", "svg"),
    ] {
        let text = shown(&["--format", format]).success();
        assert_eq!(workdir.read(&format!("made/{file}")), text, "{file}");
        if format == "md" || format == "csv" {
            told.push_str(&mask_moments(&text.replace(host, "[host]")));
        }
    }
    let svg = workdir.read("made/sensitivity.svg");
    assert!(roxmltree::Document::parse(&svg).is_ok());
    for name in ["CakePHP", "Flask", "NestJS", "Meteor", "Spring"] {
        assert_eq!(svg.matches(&format!(">{name}</text>")).count(), 2, "{name} at both ends");
    }
    let dark = shown(&["--format", "svg", "--theme", "dark", "--width", "400"]).success();
    assert!(dark.contains("width=\"400\"") && dark.contains("#16181d"));
    assert_eq!(workdir.path("made/sensitivity.png").exists(), cfg!(feature = "png"));
    for arguments in [
        &["--sensitivity", "--format", "methods"][..],
        &["--sensitivity", "--kept", "--out", "page.html"],
        &["--out", "spring.svg"],
        &["--kept"],
        &["--kept", "--seed", "7"],
        &["--sensitivity", "--out", "output/five/audit.json"],
        &["--sensitivity", "--metric", "repositories"],
    ] {
        let outcome = ask(&workdir, &github, &[&["audit", "five"], arguments].concat());
        assert!(outcome.code == 2 || arguments == ["--kept"], "{arguments:?}");
        told.push_str(&format!("{}\n{}", arguments.join(" "), outcome.stderr));
    }
    assert_eq!(github.requests().len(), asked, "nothing of this asked anything");
    workdir.write("output/five/audit.json", "{}");
    told.push_str(&shown(&[]).stderr);
    insta::assert_snapshot!("sensitivity", without_days(&told));
}

#[test]
fn a_killed_audit_keeps_what_is_done_and_goes_on_with_the_rest() {
    let (workdir, github) = (workdir(), github(Duration::from_millis(1)));
    let audits = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(workdir.path("output/five/audit.json"));
        let document = text.map(|text| serde_json::from_str(&text).expect("a whole document"));
        let document: serde_json::Value = document.unwrap_or_default();
        document["frameworks"].as_array().cloned().unwrap_or_default()
    };
    let command = || {
        let mut command = workdir.command(&["audit", "five"]);
        command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    // Each audit is killed when it has done one more.
    for done in [1, 3] {
        let mut child = command().spawn().expect("starts");
        for _ in 0..3_000 {
            if audits().len() >= done {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().expect("a child");
        child.wait().expect("a child");
        assert!((done..5).contains(&audits().len()), "{} of {done}", audits().len());
    }
    let (before, asked) = (audits(), github.queries().len());
    let outcome = ask(&workdir, &github, &["audit", "five"]);
    assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
    let told = format!("{} of them audited earlier today", before.len());
    assert!(outcome.stderr.contains(&told), "{}", outcome.snapshot());
    assert_eq!(audits()[..before.len()], before, "what is done is left alone");
    let seeds: BTreeSet<u64> = audits().iter().filter_map(|audit| audit["seed"].as_u64()).collect();
    assert_eq!((audits().len(), seeds.len()), (5, 1), "{seeds:?}");
    let rest = github.queries().split_off(asked);
    for audit in &before {
        let query = audit["query"].as_str().expect("a query");
        assert!(!rest.iter().any(|q| q.starts_with(query)), "{query} was asked for again");
    }
    // With its seed nothing is left to ask; without one another audit begins.
    let (seed, asked) = (seeds.first().expect("a seed").to_string(), github.requests().len());
    let same = ask(&workdir, &github, &["audit", "five", "--seed", &seed]);
    assert_eq!((same.code, github.requests().len()), (0, asked), "{}", same.snapshot());
    // Alone, a framework is drawn as it is among all others.
    let spring = audits().pop().expect("an audit");
    workdir.write("output/five/audit.json", "{}");
    let alone = ["audit", "five", "--framework", "Spring", "--seed", &seed];
    let alone = ask(&workdir, &github, &alone);
    assert!(alone.stderr.contains("is not understood and is replaced"), "{}", alone.snapshot());
    let mut again = audits().pop().expect("an audit");
    again["audited_at"] = spring["audited_at"].clone();
    assert_eq!(again, spring);
}

#[test]
fn an_interrupted_audit_says_what_is_kept_and_how_to_go_on() {
    let (workdir, github) = (workdir(), github(Duration::from_millis(2)));
    let mut told = String::new();
    for (arguments, file) in [
        (&["audit", "five", "--seed", "7"][..], "output/five/audit.json"),
        (&["audit", "five", "--sensitivity"], "config/surveys/five.toml"),
    ] {
        let mut command = workdir.command(arguments);
        command.env("GITHUB_API_URL", github.api_url()).env("GH_TOKEN", TOKEN);
        let asked = github.requests().len();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        for _ in 0..3_000 {
            if workdir.path(file).exists() && github.requests().len() > asked + 2 {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a child");
        let outcome = workdir.outcome(&child.wait_with_output().expect("an end"));
        assert_eq!(outcome.code, 130, "{}", outcome.snapshot());
        let stderr = outcome.stderr.replace(github.base_url().split_at(7).1, "[host]");
        told.push_str(&stderr);
    }
    // How many were done when the signal came.
    let mask = |told: String, done| told.replace(&format!("{done} of 5 audits"), "[n] of 5 audits");
    insta::assert_snapshot!("interrupted", (1..5).fold(told, mask));
}

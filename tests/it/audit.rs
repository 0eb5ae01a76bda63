//! Audits of a population whose true shares are known.

use std::collections::HashMap;

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

use crate::fake_github::Population;
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

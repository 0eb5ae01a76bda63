//! The population's GitHub: what queries find, how soon, and which searches stop early.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::raw_client::search;
use crate::fake_github::{FakeGithub, KINDS, Population, StopsAbove};

const TOKEN: &str = "ghp_one";

/// What an item is that a query finds.
type Rule<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

fn item(place: usize) -> Value {
    let mut item = serde_json::json!({});
    Population::shared().write_item(place, &mut item);
    item
}

/// Returns the words of name, description and topics, each text by itself.
fn texts(item: &Value) -> Vec<String> {
    let topics = item["topics"].as_array().expect("topics");
    let topics = topics.iter().map(|topic| topic.as_str().expect("a topic"));
    let texts = [&item["name"], &item["description"]].map(|text| text.as_str().expect("a text"));
    let spaced = |text: &str| format!(" {} ", text.replace('-', " "));
    texts.into_iter().chain(topics).map(spaced).collect()
}

#[test]
fn queries_find_what_their_words_say() {
    let population = Population::shared();
    let is_plain = |item: &Value| !(item["fork"] == true || item["private"] == true);
    let has = |item: &Value, words: &str| {
        texts(item).iter().any(|text| text.contains(&format!(" {words} ")))
    };
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let cases: [(&str, Rule<'_>); 9] = [
        ("spring is:public", Box::new(|i| is_plain(i) && has(i, "spring"))),
        ("\"ruby on rails\" is:public", Box::new(|i| is_plain(i) && has(i, "ruby on rails"))),
        ("express.js is:public", Box::new(|i| is_plain(i) && has(i, "express") && has(i, "js"))),
        (
            "flask in:name is:public",
            Box::new(|i| is_plain(i) && format!("-{}", text(i, "name")).contains("-flask-")),
        ),
        (
            "topic:django is:public",
            Box::new(|i| is_plain(i) && i["topics"].to_string().contains("\"django\"")),
        ),
        (
            "laravel language:php stars:>=10 is:public",
            Box::new(|i| {
                let stars = i["stargazers_count"].as_u64() >= Some(10);
                is_plain(i) && has(i, "laravel") && i["language"] == "PHP" && stars
            }),
        ),
        (
            "django is:public created:2019-02-01T00:00:00Z..2019-02-28T23:59:59Z",
            Box::new(|i| {
                is_plain(i) && has(i, "django") && text(i, "created_at").starts_with("2019-02")
            }),
        ),
        (
            "django is:public archived:false pushed:>=2025-01-01",
            Box::new(|i| {
                let pushed = text(i, "pushed_at").as_str() >= "2025";
                is_plain(i) && has(i, "django") && pushed && i["archived"] == false
            }),
        ),
        (
            "django fork:true is:public -language:python",
            Box::new(|i| i["private"] == false && has(i, "django") && i["language"] != "Python"),
        ),
    ];
    let sampled: Vec<(usize, Value)> = (0..200_000).step_by(97).map(|p| (p, item(p))).collect();
    for (q, rule) in cases {
        let found = population.find(q);
        assert!(found.is_sorted(), "{q}");
        let mut hits = 0;
        for (place, item) in &sampled {
            let is_found = found.binary_search(place).is_ok();
            assert_eq!(is_found, rule(item), "{q}: {item}");
            hits += usize::from(is_found);
        }
        assert!(hits > 0, "{q}");
    }
    // Two of them find what either finds.
    let both = "spring is:public created:<=2010-12-31 created:2010-06-01..2011-12-31";
    assert_eq!(population.count(both), population.count("spring is:public created:<=2011-12-31"));
    assert_eq!(population.count("unheard is:public"), 0);
}

#[test]
fn a_narrow_query_takes_no_time() {
    let population = Population::shared();
    let begun = Instant::now();
    let mut found = 0;
    for month in 1..=12 {
        for day in 1..=28 {
            found +=
                population.count(&format!("spring is:public created:2024-{month:02}-{day:02}"));
        }
    }
    assert!(found > 500, "{found}");
    let each = begun.elapsed() / (12 * 28);
    assert!(each < Duration::from_millis(5), "{each:?}");
}

#[test]
fn both_apis_search_it_and_stop_early_each_in_its_way() {
    let population = Population::shared();
    let stops = StopsAbove { rest: Some(1_000), graphql: Some(2_000) };
    let github =
        FakeGithub::builder().user("alice", &[TOKEN]).population(population, stops).start();
    let narrow = "cakephp is:public created:2012-01-01..2012-01-31";
    let json = search(&github, narrow, TOKEN).json();
    assert_eq!(json["incomplete_results"], false);
    assert_eq!(json["total_count"], population.count(narrow));
    let broad = "nestjs is:public";
    let all = population.count(broad);
    let json = search(&github, broad, TOKEN).json();
    assert_eq!(json["incomplete_results"], true);
    assert!(json["total_count"].as_u64() < Some(all), "{all}");
    let json = super::graphql::ask(&github, &[narrow, broad]).json();
    let counts = ["a0", "a1"].map(|alias| json["data"][alias]["repositoryCount"].as_u64());
    assert_eq!(counts, [Some(population.count(narrow)), Some(all - all / 4)]);
}

#[test]
fn items_stand_in_their_order_page_by_page() {
    let population = Population::shared();
    let github = FakeGithub::builder().population(population, StopsAbove::default()).start();
    let q = "meteor.js is:public created:2014-01-01..2014-03-31";
    let all = population.count(q);
    assert!((101..200).contains(&all), "{all}");
    let page = |rest: &str| {
        let target = format!("/search/repositories?q={}&per_page=100{rest}", q.replace(' ', "%20"));
        let json = super::raw_client::get(&github, &target, &[]).json();
        json["items"].as_array().expect("items").clone()
    };
    let (first, second) = (page("&page=1"), page("&page=2"));
    assert_eq!((first.len(), second.len() as u64), (100, all - 100));
    let stars = |items: &[Value]| -> Vec<u64> {
        items.iter().filter_map(|item| item["stargazers_count"].as_u64()).collect()
    };
    assert!(!stars(&first).is_sorted_by(|one, other| one >= other), "best match is another order");
    assert!(stars(&page("&sort=stars")).is_sorted_by(|one, other| one >= other));
    let mut names: Vec<&str> =
        first.iter().chain(&second).filter_map(|item| item["full_name"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len() as u64, all, "each once");
}

#[test]
fn what_names_a_framework_does_not_always_mean_it() {
    let population = Population::shared();
    let per_mille = |kind: usize| {
        let kind = &KINDS[kind];
        let phrase = format!("\"{}\" is:public", kind.words.join(" "));
        let own = population.count(&format!("{phrase} language:{}", kind.language));
        own * 1_000 / population.count(&phrase)
    };
    let (spring, laravel) = (per_mille(0), per_mille(2));
    assert!((550..700).contains(&spring) && (850..950).contains(&laravel), "{spring} {laravel}");
}

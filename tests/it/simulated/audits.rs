//! Audits of a population over both APIs, at a moment that is always the same.

use serde_json::{Value, json};

use super::*;
use crate::fake_github::{Population, SeenRequest, StopsAbove};

const SURVEY: &str = "\
title = \"Two\"

[[metrics]]
id = \"repositories\"
query = \"{query} is:public\"

[[frameworks]]
name = \"Spring\"
language = \"Java\"
topic = \"spring\"

[[frameworks]]
name = \"CakePHP\"
language = \"PHP\"
topic = \"cakephp\"
";

fn world() -> World {
    let population = Population::shared();
    World::new(SURVEY, |builder| builder.population(population, StopsAbove::default()))
}

fn kept(world: &World, survey: &str) -> Value {
    let text = world.workdir.read(&format!("output/{survey}/audit.json"));
    serde_json::from_str(&text).expect("JSON")
}

fn is_page(seen: &SeenRequest) -> bool {
    seen.parameters.iter().any(|(name, value)| name == "per_page" && value == "100")
}

#[test]
fn a_sample_is_the_same_over_both_apis_and_stands_under_rankings() {
    let over_graphql = world();
    let words = ["audit", "it", "--seed", "7", "--api"];
    assert_eq!(over_graphql.run(&[&words[..], &["graphql"]].concat()), 0);
    let requests = over_graphql.github.requests();
    let pages = requests.iter().filter(|seen| is_page(seen)).count();
    let documents = over_graphql.github.graphql_requests().len();
    assert!(pages <= 80 && documents <= 30, "{pages} pages, {documents} documents");
    assert_eq!(over_graphql.github.refused(), 0);
    let mut first = kept(&over_graphql, "it");
    let spring = &first["frameworks"][0];
    assert_eq!((&spring["framework"], &spring["slices"]), (&json!("Spring"), &json!(40)));
    let (low, high) = (spring["fits"]["low"].as_f64(), spring["fits"]["high"].as_f64());
    assert!(low < Some(0.65) && high > Some(0.65), "{spring}");
    assert_eq!(spring["languages"][0]["language"], "Java");
    assert_eq!(spring["narrower"].as_array().map(Vec::len), Some(3));

    let over_rest = world();
    assert_eq!(over_rest.run(&[&words[..], &["rest"]].concat()), 0);
    assert_eq!(over_rest.github.refused(), 0);
    let mut second = kept(&over_rest, "it");
    for audits in [&mut first, &mut second] {
        for framework in audits["frameworks"].as_array_mut().expect("audits") {
            framework["audited_at"] = Value::Null;
            framework["host"] = Value::Null;
        }
    }
    assert_eq!(first, second);

    // One framework anew takes the place of its first audit, and leaves the other.
    assert_eq!(over_rest.run(&["audit", "it", "--framework", "cakephp", "--seed", "8"]), 0);
    let third = kept(&over_rest, "it");
    assert_eq!(third["frameworks"].as_array().map(Vec::len), Some(2));
    assert_eq!(third["frameworks"][1]["seed"], 8);
    assert_eq!(over_rest.run(&["collect", "it"]), 0);
    let out = over_rest.workdir.path("ranking.md");
    let out = out.to_string_lossy();
    assert_eq!(over_rest.run(&["report", "it", "--out", &out]), 0);
    let report = over_rest.workdir.read("ranking.md");
    let note = report.lines().find(|line| line.contains("Audited")).expect("a note");
    assert!(note.contains("Spring") && note.contains("CakePHP"), "{note}");
}

#[test]
fn ranks_by_every_way_stand_side_by_side() {
    let world = world();
    let words = ["audit", "backend-frameworks", "--sensitivity", "--framework", "spring"];
    let more = ["--framework", "Ruby on Rails", "--framework", "CakePHP", "--framework", "nestjs"];
    assert_eq!(world.run(&[&words[..], &more].concat()), 0);
    let kept = kept(&world, "backend-frameworks");
    let ways: Vec<&str> = kept["sensitivity"]["ways"]
        .as_array()
        .expect("ways")
        .iter()
        .filter_map(|way| way["id"].as_str())
        .collect();
    assert_eq!(ways, ["plain", "name", "topic", "language", "active", "starred", "forks"]);
    let ranks = |place: usize| kept["sensitivity"]["frameworks"][place]["ranks"].clone();
    assert_eq!(ranks(0), json!([1, 1, 1, 1, 1, 1, 1]));
    assert_eq!(ranks(1), json!([2, 2, 3, 2, 3, 2, 2]));
    let keeps = |place: usize| &kept["sensitivity"]["frameworks"][place]["keeps_rank"];
    assert_eq!((keeps(0), keeps(1)), (&json!(true), &json!(false)));
    // Rankings of the survey say it, and so does their method section.
    assert_eq!(world.run(&["collect", "backend-frameworks"]), 0);
    for name in ["ranking.md", "methods.md"] {
        let out = world.workdir.path(name);
        let out = out.to_string_lossy();
        assert_eq!(world.run(&["report", "backend-frameworks", "--out", &out]), 0);
        let note =
            "Counted in 7 ways on 2026-11-21, only Spring keeps its rank; NestJS moves most, 2–4.";
        let text = world.workdir.read(name);
        assert!(text.contains(note), "{text}");
    }
}

#[test]
fn a_search_that_stops_early_is_asked_again_and_its_rank_is_a_bound() {
    let stops = StopsAbove { rest: Some(2_000), graphql: None };
    let world = World::new(SURVEY, |builder| builder.population(Population::shared(), stops));
    assert_eq!(world.run(&["audit", "it", "--sensitivity"]), 0);
    let kept = kept(&world, "it");
    let spring = &kept["sensitivity"]["frameworks"][0];
    assert_eq!(spring["statuses"], json!(vec!["incomplete"; 7]));
    assert_eq!(kept["sensitivity"]["frameworks"][1]["statuses"], json!(vec!["complete"; 7]));
    // Three times each of the seven that stopped, once each of the others.
    assert_eq!(world.github.queries().len(), 7 * 3 + 7);
    let out = world.workdir.path("ranks.md");
    let out = out.to_string_lossy();
    assert_eq!(world.run(&["audit", "it", "--sensitivity", "--kept", "--out", &out]), 0);
    assert!(world.workdir.read("ranks.md").contains("| Spring | ≤1 | ≤1 |"));
}

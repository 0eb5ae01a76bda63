//! Counts of the past: what a backfill makes of a population whose true counts are known.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::fake_github::{Population, StopsAbove};
use crate::github::QUERIES;

const MONTHS: usize = 226;
const BACKFILL: [&str; 6] =
    ["backfill", "backend-frameworks", "--from", "2008-01", "--to", "2026-10"];

/// Three of the frameworks, so that each may be asked for alone.
const SHORT: &str = "title = \"Three\"\n[[metrics]]\nid = \"repositories\"\n\
    query = \"{query} is:public\"\n[[frameworks]]\nname = \"Spring\"\n[[frameworks]]\n\
    name = \"Ruby on Rails\"\n[[frameworks]]\nname = \"Meteor.js\"\n";

fn world(stops: StopsAbove) -> World {
    World::new("", |builder| builder.population(Population::shared(), stops))
}

/// Returns the points of the file: framework and day to count and status.
fn points(world: &World) -> BTreeMap<(String, String), (u64, String)> {
    let path = world.workdir.path("output/backend-frameworks/backfill.csv");
    let mut reader = csv::Reader::from_path(path).expect("a file");
    assert_eq!(reader.headers().expect("a header").len(), 15);
    let point = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a row");
        let (framework, as_of) = (record[3].to_owned(), record[14].to_owned());
        assert!(record[11].starts_with("reconstructed@127.0.0.1:"), "{record:?}");
        ((framework, as_of), (record[9].parse().expect("a count"), record[10].to_owned()))
    };
    reader.records().map(point).collect()
}

/// Expects every point of so many frameworks to be the true count on that day.
fn expect_truth(world: &World, expected: usize, status: &str) {
    let points = points(world);
    assert_eq!(points.len(), expected * MONTHS);
    let frameworks: BTreeSet<&str> = points.keys().map(|(name, _)| name.as_str()).collect();
    let population = Population::shared();
    let mut truths: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for framework in frameworks {
        let like = |q: &&&str| q.contains(&framework.to_lowercase());
        let q = QUERIES.iter().find(like).expect("a query");
        let created = population.find(q).into_iter();
        let created = created.map(|place| population.get(place).created_at().to_rfc3339());
        truths.insert(framework, created.collect());
    }
    for ((framework, as_of), (count, found)) in &points {
        let truth = &truths[framework.as_str()];
        // Moments of that day are behind the day as text, those of the next one before this.
        let end = format!("{as_of}U");
        let expected = truth.partition_point(|created| *created < end) as u64;
        assert_eq!((*count, found.as_str()), (expected, status), "{framework} {as_of}");
    }
}

#[test]
fn graphql_reconstructs_every_month_in_few_documents() {
    let world = world(StopsAbove { rest: Some(1_000), graphql: None });
    assert_eq!(world.run(&BACKFILL), 0);
    expect_truth(&world, QUERIES.len(), "unchecked");
    let documents = world.github.graphql_requests();
    assert!(documents.len() <= 30, "{}", documents.len());
    assert!(documents.iter().all(|document| document.aliases.len() <= 100));
    assert_eq!(world.github.refused(), 0);
    assert_eq!(world.github.most_at_once(), 1);
    // The sums are checked over REST, in parts as small as it takes for a complete answer.
    let checks = world.github.queries();
    assert!(checks.iter().all(|q| q.matches("created:").count() == 1));
    assert_eq!(checks.iter().collect::<BTreeSet<_>>().len(), checks.len(), "nothing twice");
    // What is known is not asked again.
    assert_eq!(world.run(&BACKFILL), 0);
    assert_eq!(world.github.graphql_requests().len(), documents.len());
    assert_eq!(world.github.queries().len(), checks.len());
}

#[test]
fn rest_reconstructs_the_same_and_splits_what_stops_early() {
    let world = world(StopsAbove { rest: Some(150), graphql: None });
    world.workdir.write("config/surveys/backend-frameworks.toml", SHORT);
    assert_eq!(world.run(&[&BACKFILL[..], &["--api", "rest"]].concat()), 0);
    expect_truth(&world, 3, "complete");
    let queries = world.github.queries();
    // Of the queries up to each day nearly all would have been stopped.
    let broad = points(&world).values().filter(|(count, _)| *count > 150).count();
    assert!(queries.len() > 3 * MONTHS && broad > 3 * MONTHS / 2, "{} {broad}", queries.len());
    assert_eq!(queries.iter().collect::<BTreeSet<_>>().len(), queries.len(), "nothing twice");
    assert_eq!((world.github.refused(), world.github.graphql_requests().len()), (0, 0));
}

#[test]
fn what_graphql_counts_short_is_counted_over_rest() {
    let world = world(StopsAbove { rest: None, graphql: Some(400) });
    let yearly = ["--every", "quarter", "--api", "graphql"];
    assert_eq!(world.run(&[&BACKFILL[..], &yearly].concat()), 0);
    let points = points(&world);
    let last = |framework: &str| points[&(framework.to_owned(), "2026-09-30".to_owned())].clone();
    let truth = Population::shared().count("spring is:public created:<=2026-09-30T23:59:59Z");
    assert_eq!(last("Spring"), (truth, "complete".to_owned()));
    assert_eq!(last("CakePHP").1, "unchecked", "no quarter of it is above the bound");
}

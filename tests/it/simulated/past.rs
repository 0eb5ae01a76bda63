//! Counts of the past: what a backfill makes of a population whose true counts are known.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;
use crate::backfill::{expect_true_points, read_points};
use crate::fake_github::{Population, StopsAbove};

/// All months that GitHub has, up to the last one that is over.
const MONTHS: usize = 226;
const BACKFILL: [&str; 6] =
    ["backfill", "backend-frameworks", "--from", "2008-01", "--to", "2026-10"];

/// Eighteen years.
const EIGHTEEN_YEARS: [&str; 6] =
    ["backfill", "backend-frameworks", "--from", "2008-11", "--to", "2026-10"];

/// Three of the frameworks, so that each may be asked for alone.
const SHORT: &str = "title = \"Three\"\n[[metrics]]\nid = \"repositories\"\n\
    query = \"{query} is:public\"\n[[frameworks]]\nname = \"Spring\"\n[[frameworks]]\n\
    name = \"Ruby on Rails\"\n[[frameworks]]\nname = \"Meteor.js\"\n";

fn world(stops: StopsAbove) -> World {
    World::new("", |builder| builder.population(Population::shared(), stops))
}

/// The file of the points.
fn file(world: &World) -> PathBuf {
    world.workdir.path("output/backend-frameworks/backfill.csv")
}

#[test]
fn graphql_reconstructs_every_month_in_few_documents() {
    let world = world(StopsAbove { rest: Some(1_000), graphql: None });
    assert_eq!(world.run(&EIGHTEEN_YEARS), 0);
    expect_true_points(&file(&world), (11, 12 * 18), "unchecked");
    let documents = world.github.graphql_requests();
    // 24 would do if each was full; they grow to that, and 120 are allowed.
    assert!(documents.len() <= 30, "{}", documents.len());
    assert!(documents.iter().all(|document| document.aliases.len() <= 100));
    let asked: Vec<&String> = documents.iter().flat_map(|document| &document.queries).collect();
    assert_eq!(asked.len(), 11 * 12 * 18, "each range of each framework");
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "nothing twice");
    assert_eq!(world.github.refused(), 0);
    assert_eq!(world.github.most_at_once(), 1);
    // The sums are checked over REST, in parts as small as it takes for a complete answer.
    let checks = world.github.queries();
    assert!(checks.iter().all(|q| q.matches("created:").count() == 1));
    assert_eq!(checks.iter().collect::<BTreeSet<_>>().len(), checks.len(), "nothing twice");
    // What is known is not asked again.
    assert_eq!(world.run(&EIGHTEEN_YEARS), 0);
    assert_eq!(world.github.graphql_requests().len(), documents.len());
    assert_eq!(world.github.queries().len(), checks.len());
}

#[test]
fn rest_reconstructs_the_same_and_splits_what_stops_early() {
    let world = world(StopsAbove { rest: Some(150), graphql: None });
    world.workdir.write("config/surveys/backend-frameworks.toml", SHORT);
    assert_eq!(world.run(&[&BACKFILL[..], &["--api", "rest"]].concat()), 0);
    expect_true_points(&file(&world), (3, MONTHS), "complete");
    let queries = world.github.queries();
    // Of the queries up to each day nearly all would have been stopped.
    let broad = read_points(&file(&world)).values().filter(|(count, _)| *count > 150).count();
    assert!(queries.len() > 3 * MONTHS && broad > 3 * MONTHS / 2, "{} {broad}", queries.len());
    assert_eq!(queries.iter().collect::<BTreeSet<_>>().len(), queries.len(), "nothing twice");
    assert_eq!((world.github.refused(), world.github.graphql_requests().len()), (0, 0));
}

#[test]
fn what_graphql_counts_short_is_counted_over_rest() {
    let world = world(StopsAbove { rest: None, graphql: Some(400) });
    let yearly = ["--every", "quarter", "--api", "graphql"];
    assert_eq!(world.run(&[&BACKFILL[..], &yearly].concat()), 0);
    let points = read_points(&file(&world));
    let last = |framework: &str| points[&(framework.to_owned(), "2026-09-30".to_owned())].clone();
    let truth = Population::shared().count("spring is:public created:<=2026-09-30T23:59:59Z");
    assert_eq!(last("Spring"), (truth, "complete".to_owned()));
    assert_eq!(last("CakePHP").1, "unchecked", "no quarter of it is above the bound");
}

//! Thousands of queries over GraphQL: how many requests they take, also when GitHub hides a limit.

use super::*;
use crate::fake_github::{GraphqlFault, GraphqlReply, TimeModel, When};

/// As measured by others: 25 counts in 0.8 seconds.
fn usual_time() -> TimeModel {
    TimeModel::counted(Duration::ZERO, Duration::from_millis(32))
}

/// Asks so many queries and returns the sizes of the documents.
fn ask(frameworks: usize, set_up: impl FnOnce(Builder) -> Builder) -> (World, Vec<usize>) {
    let world = World::new(&survey_of(frameworks, ""), |builder| {
        set_up(with_counts(builder, frameworks).graphql_time(usual_time()))
    });
    let code = world.run(&["collect", "it", "--api", "graphql"]);
    assert_eq!(code, 0);
    expect_every_count(&world, frameworks);
    assert_eq!(world.github.refused(), 0);
    assert_eq!(world.github.most_at_once(), 1);
    let sizes = world.document_sizes();
    (world, sizes)
}

/// Expects that no minute had more than 2,000 documents; each is a point of the secondary limit.
fn expect_points_a_minute(world: &World) {
    let sent_ms: Vec<i64> =
        world.github.graphql_requests().iter().map(|seen| seen.received_at_ms).collect();
    for at_ms in &sent_ms {
        let minute = *at_ms..*at_ms + 60_000;
        assert!(sent_ms.iter().filter(|sent| minute.contains(sent)).count() < 2_000);
    }
}

#[test]
fn eleven_counts_are_one_request() {
    let (world, sizes) = ask(11, |builder| builder);
    assert_eq!(sizes, [11]);
    assert_eq!(world.github.queries(), ["f1 is:public", "f11 is:public"], "the cross-checks");
    assert_eq!(world.run(&["collect", "it", "--api", "rest"]), 0);
    assert_eq!(world.github.queries().len(), 2 + 11, "over REST each is a request");
}

#[test]
fn a_thousand_counts_are_a_dozen_requests() {
    let (world, sizes) = ask(1_000, |builder| builder);
    assert!(sizes.len() <= 40, "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 1_000, "each once");
    expect_points_a_minute(&world);
}

#[test]
fn ten_thousand_counts_stay_within_every_limit() {
    let (world, sizes) = ask(10_000, |builder| builder);
    assert!(sizes.len() <= 200, "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 10_000, "each once");
    expect_points_a_minute(&world);
    assert_eq!(world.github.graphql_points_used() as usize, sizes.len());
}

#[test]
fn a_hidden_limit_that_comes_and_goes_is_followed() {
    let (world, sizes) = ask(5_000, |builder| {
        builder
            .graphql_hidden_limit_from(0, Some(37))
            .graphql_hidden_limit_from(2_000, Some(12))
            .graphql_hidden_limit_from(3_000, None)
    });
    // 93 searches take three seconds.
    let known = 2_000_usize.div_ceil(37) + 1_000_usize.div_ceil(12) + 2_000_usize.div_ceil(93);
    assert!(sizes.len() * 10 <= known * 16, "{} of {known}: {sizes:?}", sizes.len());
    assert!(!world.github.document_sent_twice_after_timeout());
    let documents = world.github.graphql_requests();
    let mut answered = 0;
    let gone = documents.iter().position(|seen| {
        answered += if seen.timed_out { 0 } else { seen.aliases.len() };
        answered >= 3_000
    });
    let gone = gone.expect("the limit went") + 1;
    let back = sizes[gone..].iter().position(|size| *size >= 50).expect("back");
    assert!(back < 20, "back at fifty with request {}", back + 1);
}

#[test]
fn computing_time_is_left_for_others() {
    let (world, _) = ask(4_000, |builder| builder);
    let documents = world.github.graphql_requests();
    for seen in &documents {
        let minute = seen.received_at_ms - 60_000..=seen.received_at_ms;
        let busy = documents.iter().filter(|other| minute.contains(&other.received_at_ms));
        let busy: Duration = busy.map(|other| other.took).sum();
        assert!(busy <= Duration::from_secs(60), "{busy:?} in a minute");
    }
}

#[test]
fn where_graphql_does_not_answer_rest_takes_over() {
    let fault = GraphqlFault::new(When::Always, GraphqlReply::Html502);
    let world =
        World::new(&survey_of(100, ""), |builder| with_counts(builder, 100).graphql_fault(fault));
    assert_eq!(world.run(&["collect", "it", "--api", "graphql"]), 0);
    expect_every_count(&world, 100);
    let sizes = world.document_sizes();
    assert_eq!(sizes[..6], [25, 12, 6, 3, 1, 1]);
    assert!(sizes.len() <= 12, "then it is tried now and then only: {sizes:?}");
    assert!(world.time.passed() < Duration::from_secs(8 * 60), "{:?}", world.time.passed());
}

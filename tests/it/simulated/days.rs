//! Days of periodic collecting, with everything that can come in between.

use std::collections::BTreeSet;

use super::*;
use crate::fake_github::{Fault, GraphqlFault, GraphqlReply, Reply, TimeModel, When};

const FRAMEWORKS: usize = 80;
const HOUR_MS: i64 = 3_600_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Returns the ids of the runs in the history, each once, in order.
fn runs(world: &World) -> Vec<String> {
    let mut runs: Vec<String> = world.rows().into_iter().map(|[run, ..]| run).collect();
    runs.dedup();
    runs
}

#[test]
fn once_a_minute_makes_one_run_a_day() {
    let head = "[schedule]\ncron = \"17 6 * * *\"\n";
    let world = World::new(&survey_of(60, head), |builder| {
        with_counts(builder, 60)
            .graphql_fault(GraphqlFault::new(When::Nth(2), GraphqlReply::Html502).times(1))
    });
    // From one due moment to just before the next.
    world.time.advance_to_ms(MIDNIGHT_MS + 6 * HOUR_MS + 17 * 60_000);
    let mut codes = Vec::new();
    for minute in 0..24 * 60 {
        world.time.advance_to_ms(MIDNIGHT_MS + 6 * HOUR_MS + (17 + minute) * 60_000);
        codes.push(world.run(&["collect", "it", "--api", "graphql", "--once"]));
    }
    assert!(codes.iter().all(|code| *code == 0), "{codes:?}");
    assert_eq!(runs(&world).len(), 1);
    expect_every_count(&world, 60);
    assert_eq!(world.rows().len(), 62, "sixty counts and two cross-checks");
    // The next due moment is a new period.
    world.time.advance_to_ms(MIDNIGHT_MS + 30 * HOUR_MS + 17 * 60_000);
    assert_eq!(world.run(&["collect", "it", "--once"]), 0);
    assert_eq!(runs(&world).len(), 2);
}

/// No request was sent while the refusal of an earlier one lasted; tells how many there were.
fn expect_pauses_kept(world: &World) -> usize {
    let requests = world.github.requests();
    let pauses =
        requests.iter().filter_map(|seen| Some((seen.received_at_ms, seen.stay_away_until_ms?)));
    let mut refusals = 0;
    for (from_ms, until_ms) in pauses {
        refusals += 1;
        let within = |at_ms: i64| from_ms < at_ms && at_ms < until_ms;
        let early = requests.iter().find(|seen| within(seen.received_at_ms));
        let early = early.map(|seen| seen.received_at_ms);
        assert_eq!(early, None, "a pause from {from_ms} to {until_ms}");
    }
    refusals
}

/// Plays a day of hourly runs with trouble, over one API, and returns the hours whose period, from
/// seven minutes past to the next, has no finished run.
fn play_day(api: &str, set_up: impl FnOnce(Builder) -> Builder) -> (Vec<i64>, World) {
    let head = "[schedule]\ncron = \"7 * * * *\"\n";
    let outage = (MIDNIGHT_MS + 9 * HOUR_MS, MIDNIGHT_MS + 15 * HOUR_MS);
    let world = World::new(&survey_of(FRAMEWORKS, head), |builder| {
        let builder = with_counts(builder, FRAMEWORKS).outage_ms(outage.0, outage.1);
        set_up(builder.graphql_points(100).graphql_time(TimeModel::counted(
            Duration::from_millis(200),
            Duration::from_millis(30),
        )))
    });
    for hour in 0..24 {
        // As cron would: at the due moment, and every ten minutes until the run is there.
        for minute in [7, 17, 27, 37, 47, 57] {
            let due_ms = MIDNIGHT_MS + hour * HOUR_MS + minute * 60_000;
            if world.time.now_ms() >= due_ms + HOUR_MS - minute * 60_000 {
                break;
            }
            world.time.advance_to_ms(due_ms);
            // Another program of the same user draws on the same quota.
            world.github.eat(12);
            if minute == 7 {
                world.github.eat_points(90);
            }
            world.run(&["collect", "it", "--api", api, "--once"]);
        }
    }
    let finished = finished_runs(&world);
    let missed = (0..24).filter(|hour| {
        let period = MIDNIGHT_MS + hour * HOUR_MS + 7 * 60_000;
        let within = |at_ms: &i64| (period..period + HOUR_MS).contains(at_ms);
        assert!(finished.iter().filter(|at| within(at)).count() <= 1, "hour {hour}");
        !finished.iter().any(within)
    });
    (missed.collect(), world)
}

/// The outage lasts from 9:00 to 15:00. Only periods that lie within it are lost: the one that began
/// at 14:07 has seven minutes left afterwards, and that which began at 8:07 was served before.
const LOST: [i64; 5] = [9, 10, 11, 12, 13];

#[test]
fn a_day_with_an_outage_over_rest_loses_only_the_outage() {
    let limit = |nth| Fault::new(When::Nth(nth), Reply::secondary_limit(90)).times(1);
    let (missed, world) = play_day("rest", |builder| builder.fault(limit(200)).fault(limit(1_200)));
    assert_eq!(missed, LOST);
    assert!(expect_pauses_kept(&world) >= 2);
}

#[test]
fn a_day_with_an_outage_over_graphql_loses_only_the_outage() {
    let limit = |nth, retry_after| {
        let reply = GraphqlReply::Secondary403 { retry_after: Some(retry_after) };
        GraphqlFault::new(When::Nth(nth), reply).times(1)
    };
    let (missed, world) = play_day("graphql", |builder| {
        builder.graphql_fault(limit(4, 90)).graphql_fault(limit(40, 120))
    });
    assert_eq!(missed, LOST);
    assert!(expect_pauses_kept(&world) >= 2);
}

/// Returns when the runs began that have every count, in milliseconds since the epoch.
fn finished_runs(world: &World) -> Vec<i64> {
    let rows = world.rows();
    let is_finished = |run: &String| {
        let numbered = rows.iter().filter(|row| row[0] == *run && row[4] != "failed");
        let names: BTreeSet<&String> = numbered.map(|row| &row[1]).collect();
        names.len() == FRAMEWORKS
    };
    let started = |run: String| {
        let stamp = run.split('-').next().expect("a moment").to_owned();
        let at = chrono::NaiveDateTime::parse_from_str(&stamp, "%Y%m%dT%H%M%SZ").expect("a moment");
        at.and_utc().timestamp_millis()
    };
    runs(world).into_iter().filter(is_finished).map(started).collect()
}

#[test]
fn a_pause_that_outlasts_the_run_is_kept_by_the_next_one() {
    let reply = Reply::secondary_limit(1_800);
    let world = World::new(&survey_of(20, ""), |builder| {
        with_counts(builder, 20).fault(Fault::new(When::Nth(5), reply).times(1))
    });
    let once = ["collect", "it", "--once", "--per", "day", "--api", "rest"];
    let mut codes = Vec::new();
    for _ in 0..35 {
        codes.push(world.run(&once));
        world.time.advance(MINUTE);
    }
    assert_eq!(expect_pauses_kept(&world), 1);
    assert_eq!(codes[0], 3, "four counts are kept: {codes:?}");
    // Fifteen minutes before its end the rest of the pause is no longer than a run may wait.
    assert!(codes[1..15].iter().all(|code| *code == 3), "{codes:?}");
    assert!(codes[15..].iter().all(|code| *code == 0), "{codes:?}");
    expect_every_count(&world, 20);
}

#[test]
fn a_collector_that_died_is_noticed() {
    let head = "[schedule]\ncron = \"17 6 * * *\"\n";
    let world = World::new(&survey_of(3, head), |builder| with_counts(builder, 3));
    let at =
        |day: i64, hour: i64| world.time.advance_to_ms(MIDNIGHT_MS + (day * 24 + hour) * HOUR_MS);
    assert_eq!(world.run(&["health", "it"]), 3, "never collected");
    at(0, 7);
    assert_eq!(world.run(&["collect", "it", "--once"]), 0);
    assert_eq!(world.run(&["health", "it"]), 0);
    at(1, 6);
    assert_eq!(world.run(&["health", "it"]), 0, "not due yet");
    at(1, 7);
    assert_eq!(world.run(&["health", "it"]), 3);
    assert_eq!(world.run(&["health", "it", "--grace", "1h"]), 0);
    // The document that the last run left says that all is well; the command knows better.
    at(3, 7);
    assert_eq!(world.run(&["health", "it", "--grace", "1h"]), 3);
    assert_eq!(world.run(&["collect", "it", "--once"]), 0);
    assert_eq!(world.run(&["health", "it"]), 0);
    let left = world.workdir.read("output/it/health.json");
    let left: serde_json::Value = serde_json::from_str(&left).expect("a document");
    assert_eq!(left["gaps"]["count"], 1);
    assert_eq!(left["gaps"]["first"][0]["from"], "2026-11-22T06:17:00Z");
    assert_eq!(left["gaps"]["first"][0]["periods"], 2);
}

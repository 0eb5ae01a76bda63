//! Two years of a daemon on a machine to which everything happens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::SeqCst;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc, Weekday};
use jiff::tz::TimeZone;
use repo_census::domain::period::Schedule;
use repo_census::history::{Circumstances, examine};

use super::machine::{Happening, Machine};
use super::*;

const FRAMEWORKS: usize = 2;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A time of the day that is skipped on a Sunday of March in Berlin, and doubled on one of October.
const CRON: &str = "30 2 * * 0,3";
const ZONE: &str = "Europe/Berlin";

/// Returns the due moments of so many days from 18 November 2026 on, worked out from the rule of the European Union: clocks
/// change on the last Sundays of March and October at 01:00 UTC.
fn due_moments(days: u64) -> Vec<i64> {
    let first = NaiveDate::from_ymd_opt(2026, 11, 18).expect("a day");
    let last_sunday = |year, month| {
        let last = NaiveDate::from_ymd_opt(year, month, 31).expect("a day");
        let back = u64::from(last.weekday().num_days_from_sunday());
        last - Days::new(back)
    };
    let due = |day: NaiveDate| {
        let (spring, autumn) = (last_sunday(day.year(), 3), last_sunday(day.year(), 10));
        assert!(spring.weekday() == Weekday::Sun && autumn.weekday() == Weekday::Sun);
        let (hour, minute) = match day {
            // Half past two is skipped: right after, at three, which is 01:00 UTC.
            _ if day == spring => (1, 0),
            // It comes twice, and the first time counts.
            _ if day > spring && day <= autumn => (0, 30),
            _ => (1, 30),
        };
        day.and_hms_opt(hour, minute, 0).expect("a time").and_utc().timestamp_millis()
    };
    let days = (0..days).map(|number| first + Days::new(number));
    let named = |day: &NaiveDate| matches!(day.weekday(), Weekday::Sun | Weekday::Wed);
    days.filter(named).map(due).collect()
}

/// What happens, in order of true time, and when GitHub is out.
#[derive(Default)]
struct Story {
    happenings: Vec<(i64, Happening)>,
    outages_ms: Vec<(i64, i64)>,
}

impl Story {
    /// Makes up a story over the days that begin with these due moments. Whatever happens leaves a
    /// period either hours in which it can be served, or no minute.
    fn new(due: &[i64], seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut story = Self::default();
        let mut day = 2;
        while day + 6 < due.len() {
            let at = due[day];
            let periods = rng.usize(1..4);
            let (before, after) = (rng.i64(1..5) * HOUR_MS, rng.i64(2..8) * HOUR_MS);
            // In the middle of the run, which takes a second.
            let within_run = at + rng.i64(1..1_000);
            match rng.u32(0..11) {
                0 => story.push(at - before, Happening::Asleep { until_ms: at + after }),
                1 => story
                    .push(at - before, Happening::Asleep { until_ms: due[day + periods] + after }),
                2 => story.push(within_run, Happening::Asleep { until_ms: at + after }),
                3 => story
                    .push(at - before, Happening::Stopped { until_ms: due[day + periods] + after }),
                4 => story.push(within_run, Happening::Stopped { until_ms: at + after }),
                5 => story.push(at - before, Happening::Killed { until_ms: at + after }),
                6 => story.push(within_run, Happening::Killed { until_ms: at + after }),
                7 => story.outages_ms.push((at - before, at + after)),
                8 => story.outages_ms.push((at - before, due[day + periods] + after)),
                // Days ahead, and set right again.
                9 => {
                    let ahead_ms = due[day + periods] - at;
                    story.push(at + after, Happening::ClockSet { ahead_ms });
                    story.push(at + after + 6 * HOUR_MS, Happening::ClockSet { ahead_ms: 0 });
                }
                // Behind, over the due moment that just passed, and set right again.
                _ => {
                    let ahead_ms = -after - HOUR_MS;
                    story.push(at + HOUR_MS, Happening::ClockSet { ahead_ms });
                    story.push(at + 3 * HOUR_MS, Happening::ClockSet { ahead_ms: 0 });
                }
            }
            day += periods + 2;
        }
        let end = due[due.len() - 1] + 12 * HOUR_MS;
        story.push(end, Happening::Stopped { until_ms: end });
        story
    }

    fn push(&mut self, at_ms: i64, happening: Happening) {
        self.happenings.push((at_ms, happening));
    }

    /// Works out, minute by minute, which periods can be served: the machine runs, GitHub answers,
    /// and the clock is past the last run. A period is named by its place among the due moments.
    fn served(&self, due: &[i64], until_ms: i64) -> BTreeSet<usize> {
        let mut served = BTreeSet::new();
        let (mut ahead_ms, mut down_until_ms, mut last_run_ms) = (0, 0, 0);
        let mut happenings = self.happenings.iter().peekable();
        let mut open_minutes: BTreeMap<usize, u32> = BTreeMap::new();
        for now_ms in (MIDNIGHT_MS..until_ms).step_by(usize::try_from(MINUTE_MS).expect("a step")) {
            while let Some((_, happening)) = happenings.next_if(|(at_ms, _)| *at_ms <= now_ms) {
                match *happening {
                    Happening::ClockSet { ahead_ms: set } => ahead_ms = set,
                    Happening::Asleep { until_ms }
                    | Happening::Stopped { until_ms }
                    | Happening::Killed { until_ms } => down_until_ms = until_ms,
                }
            }
            let is_out = self.outages_ms.iter().any(|(from, to)| (*from..*to).contains(&now_ms));
            let clock_ms = now_ms + ahead_ms;
            if now_ms < down_until_ms || is_out || clock_ms <= last_run_ms {
                continue;
            }
            let period = due.partition_point(|due| *due <= clock_ms) - 1;
            *open_minutes.entry(period).or_default() += 1;
            if served.insert(period) {
                last_run_ms = clock_ms;
            }
        }
        // The pauses between tries must not matter.
        for (period, minutes) in open_minutes.into_iter().skip(1) {
            assert!(minutes >= 120, "a story that leaves period {period} only {minutes} minutes");
        }
        served
    }
}

/// Returns the start of each finished run, by the machine's clock, and how many runs there are.
fn finished_runs_of(world: &World, frameworks: usize) -> (Vec<i64>, usize) {
    let mut counts: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for [run, framework, _, _, status, _] in world.rows() {
        let run = counts.entry(run).or_default();
        *run.entry(framework).or_default() += u32::from(status != "failed");
    }
    for (run, frameworks) in &counts {
        assert!(frameworks.values().all(|times| *times <= 1), "doubled counts in {run}");
    }
    let is_finished = |counts: &BTreeMap<String, u32>| {
        counts.len() == frameworks && counts.values().all(|times| *times == 1)
    };
    let started = |run: &String| {
        let at = chrono::NaiveDateTime::parse_from_str(&run[..16], "%Y%m%dT%H%M%SZ");
        at.expect("a moment").and_utc().timestamp_millis()
    };
    let finished = counts.iter().filter(|(_, frameworks)| is_finished(frameworks));
    (finished.map(|(run, _)| started(run)).collect(), counts.len())
}

/// Plays a story and returns what became of it.
fn play(days: u64, seed: u64) {
    let due = due_moments(days);
    let story = Story::new(&due, seed);
    let head = format!("[schedule]\ncron = \"{CRON}\"\ntimezone = \"{ZONE}\"\n");
    let world = World::new(&survey_of(FRAMEWORKS, &head), |builder| {
        let builder = with_counts(builder, FRAMEWORKS).latency(Duration::from_millis(300));
        let outages = story.outages_ms.iter();
        outages.fold(builder, |builder, (from, to)| builder.outage_ms(*from, *to))
    });
    let machine = Machine::new(&world.time, &story.happenings);
    let end_ms = due[due.len() - 1] + 12 * HOUR_MS;
    let starts = machine.run_until(end_ms, |clock, stop| {
        world.run_with(&["daemon", "it", "--api", "rest"], clock, Some(stop))
    });

    let period_of = |clock_ms: i64| due.partition_point(|due| *due <= clock_ms) - 1;
    let (finished, runs) = finished_runs_of(&world, FRAMEWORKS);
    let mut served = BTreeSet::new();
    for started_ms in &finished {
        let period = period_of(*started_ms);
        assert!(served.insert(period), "seed {seed}: two finished runs in period {period}");
    }
    let expected = story.served(&due, end_ms);
    assert_eq!(served, expected, "seed {seed}");
    // Every answer is a row, but for those that came while the program was being ended.
    let rows = world.rows().iter().filter(|row| row[4] == "complete").count();
    let answers =
        world.github.requests().iter().filter(|seen| seen.status_sent == Some(200)).count();
    let is_end = |happening: &Happening| {
        matches!(happening, Happening::Killed { .. } | Happening::Stopped { .. })
    };
    let ends = story.happenings.iter().filter(|(_, happening)| is_end(happening)).count();
    assert!(rows <= answers && answers <= rows + ends, "{rows} rows of {answers} answers");

    expect_gaps(&world, &due, &expected);
    expect_health(&world, &due, &expected);
    let missed = due.len() - 1 - served.len();
    // A story in which much happens.
    assert!(starts > 5 && missed > 5 && runs > finished.len(), "{starts} {missed} {runs}");
}

fn moment(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("a moment")
}

/// Returns the gaps between two periods: start, end, and how many periods each has.
fn gaps_between(
    periods: std::ops::Range<usize>,
    due: &[i64],
    served: &BTreeSet<usize>,
) -> Vec<(DateTime<Utc>, DateTime<Utc>, u64)> {
    let mut gaps: Vec<(DateTime<Utc>, DateTime<Utc>, u64)> = Vec::new();
    for period in periods.filter(|period| !served.contains(period)) {
        let (from, to) = (moment(due[period]), moment(due[period + 1]));
        match gaps.last_mut().filter(|gap| gap.1 == from) {
            Some(gap) => (gap.1, gap.2) = (to, gap.2 + 1),
            None => gaps.push((from, to, 1)),
        }
    }
    gaps
}

/// The health that the last run left tells the gaps of the time that it looked at.
fn expect_health(world: &World, due: &[i64], served: &BTreeSet<usize>) {
    let text = world.workdir.read("output/it/health.json");
    let health: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let at = |value: &serde_json::Value| -> DateTime<Utc> {
        value.as_str().and_then(|text| text.parse().ok()).expect("a moment")
    };
    let since = at(&health["gaps"]["since"]).timestamp_millis();
    let first = due.iter().position(|due| *due == since).expect("a due moment");
    let last = *served.last().expect("a run");
    assert!(last > first + 50, "{text}");
    let gaps = gaps_between(first..last, due, served);
    assert_eq!(health["gaps"]["count"], gaps.len(), "{text}");
    let told = health["gaps"]["first"].as_array().expect("gaps").iter();
    let told: Vec<_> = told
        .map(|gap| (at(&gap["from"]), at(&gap["to"]), gap["periods"].as_u64().expect("a number")))
        .collect();
    assert_eq!(told, gaps[..told.len()]);
}

/// The gaps that `check` tells are the periods that could not be served.
fn expect_gaps(world: &World, due: &[i64], served: &BTreeSet<usize>) {
    let (first, last) = (*served.first().expect("a run"), due.len() - 1);
    let gaps = gaps_between(first..last, due, served);
    let zone = TimeZone::get(ZONE).expect("a zone");
    let schedule = Schedule::parse(CRON, zone, ZONE).expect("a schedule");
    let circumstances = Circumstances {
        now: moment(due[last]) + TimeDelta::hours(1),
        schedule: Some(&schedule),
        still_asked: &|_| true,
    };
    let found = examine(&world.workdir.path("output/it/history.csv"), &circumstances);
    let found = found.expect("a history");
    assert!(found.is_sound());
    assert_eq!(found.gaps.1, gaps.len() as u64);
    let told: Vec<_> = found.gaps.0.iter().map(|gap| (gap.from, gap.to, gap.periods)).collect();
    assert_eq!(told, gaps[..told.len()]);
}

#[test]
fn two_years_of_a_daemon_serve_every_period_that_could_be_served() {
    play(2 * 365, 1);
}

#[test]
fn an_idle_daemon_wakes_up_once_a_minute() {
    const HOURS: i64 = 7 * 24;
    let world = World::new(&survey_of(1, "[schedule]\ncron = \"7 * * * *\"\n"), |builder| {
        with_counts(builder, 1)
    });
    let end_ms = MIDNIGHT_MS + HOURS * HOUR_MS;
    let machine = Machine::new(&world.time, &[(end_ms, Happening::Stopped { until_ms: end_ms })]);
    let starts = machine
        .run_until(end_ms, |clock, stop| world.run_with(&["daemon", "it"], clock, Some(stop)));
    assert_eq!(starts, 1);
    assert_eq!(finished_runs_of(&world, 1).1, usize::try_from(HOURS).expect("a number") + 1);
    let sleeps = machine.sleeps.load(SeqCst);
    let minutes = u64::try_from(HOURS * 60).expect("a number");
    assert!(sleeps <= minutes + 2, "{sleeps} sleeps in {minutes} minutes");
}

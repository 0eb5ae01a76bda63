//! Due moments over changes of the clock, by a table and against every minute of some days.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

fn schedule(line: &str, zone: &str) -> Schedule {
    let zone_found = TimeZoneDatabase::bundled().get(zone).expect("a zone");
    Schedule::parse(line, zone_found, zone).expect("a schedule")
}

/// Returns the due moments of a span, its start included.
fn due(schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let first = schedule.next_after(from - TimeDelta::seconds(1));
    let all = std::iter::successors(first, |due| schedule.next_after(*due));
    all.take_while(|due| *due < until).collect()
}

#[test]
fn times_of_the_day_come_once_and_real_time_as_it_is() {
    // Clocks go forward in Berlin at 01:00 UTC on 29 March, and back on 25 October 2026.
    let (spring, autumn) = ("2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z");
    let cases = [
        // A skipped time comes right after the gap, a doubled one the first time.
        ("30 2 * * *", spring, "01:00"),
        ("30 2 * * *", autumn, "00:30"),
        // What comes right after the gap anyway comes once.
        ("0 2,3 * * *", spring, "01:00"),
        ("0,30 2 * * *", spring, "01:00"),
        ("15 1-3 * * *", spring, "00:15 01:00 01:15"),
        ("15 1-3 * * *", autumn, "00:15 02:15"),
        ("59 1 * * *", spring, "00:59"),
        // As in Debian's cron, a minute field that begins with `*` follows real time too.
        ("*/30 2 * * *", spring, ""),
        ("*/30 2 * * *", autumn, "00:00 00:30 01:00 01:30"),
        ("30 * * * *", spring, "00:30 01:30 02:30"),
        ("30 * * * *", autumn, "00:30 01:30 02:30"),
        ("@hourly", spring, "00:00 01:00 02:00"),
        ("0 */2 * * *", spring, "02:00"),
        ("0 */2 * * *", autumn, "00:00 01:00"),
    ];
    for (line, day, expected) in cases {
        let from = at(day);
        let due = due(&schedule(line, "Europe/Berlin"), from, from + TimeDelta::hours(3));
        let shown: Vec<String> = due.iter().map(|due| due.format("%H:%M").to_string()).collect();
        assert_eq!(shown.join(" "), expected, "`{line}` from {day}");
    }
}

#[test]
fn a_doubled_time_that_came_is_not_due_again() {
    let daily = schedule("30 2 * * *", "Europe/Berlin");
    let (first, next) = (at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z"));
    for moment in ["00:30:00", "00:59:59", "01:00:00", "01:29:59", "01:30:00", "01:30:01"] {
        let moment = at(&format!("2026-10-25T{moment}Z"));
        assert_eq!(daily.last_until(moment), Some(first), "{moment}");
        assert_eq!(daily.next_after(moment), Some(next), "{moment}");
    }
}

#[test]
fn a_day_that_a_zone_left_out_is_made_up_for() {
    // Samoa went from the 29th to the 31st of December 2011.
    let daily = schedule("0 6 * * *", "Pacific/Apia");
    let span = (at("2011-12-29T00:00:00Z"), at("2012-01-01T00:00:00Z"));
    let due = due(&daily, span.0, span.1);
    let expected = ["2011-12-29T16:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T16:00:00Z"];
    assert_eq!(due[..3], expected.map(at));
}

#[test]
fn both_day_fields_are_read_as_cron_reads_them() {
    let from = at("2026-11-01T00:00:00Z");
    let days = |line: &str| -> Vec<String> {
        let due = due(&schedule(line, "UTC"), from, from + TimeDelta::days(14));
        due.iter().map(|due| due.format("%d").to_string()).collect()
    };
    // The 2nd and the 9th of November 2026 are Mondays.
    assert_eq!(days("0 6 5 * 1"), ["02", "05", "09"], "either");
    assert_eq!(days("0 6 */2 * 1"), ["09"], "both");
    assert_eq!(days("0 6 1-7 * */7"), ["01"], "both");
    assert_eq!(days("0 6 L * *"), [] as [&str; 0]);
}

#[test]
fn bad_lines_are_refused() {
    let zone = TimeZone::UTC;
    for line in [
        "",
        "* * * *",
        "61 * * * *",
        "0 0 31 2 *",
        "0 0 1 1 * 2027",
        "* * * * * *",
        "@reboot",
        "@midnight *",
        "0 0 * 0 *",
        "9-5 * * * *",
    ] {
        assert!(Schedule::parse(line, zone.clone(), "UTC").is_err(), "{line}");
    }
    for line in ["@daily", "@Midnight", "@hourly", "17 6 * * 1-5", "*/15 * * * *", "0 0 29 2 *"] {
        assert!(Schedule::parse(line, zone.clone(), "UTC").is_ok(), "{line}");
    }
    assert_eq!(schedule("@daily", "UTC").line(), "0 0 * * *");
}

/// What a line says, kept apart from how it is read.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    follows_real_time: bool,
}

fn list(values: &[i8]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

prop_compose! {
    fn lines()(
        minutes in proptest::collection::btree_set(0..60i8, 1..4),
        hours in proptest::collection::btree_set(0..24i8, 1..9),
        minute_step in 0..30usize,
        hour_step in 0..9usize,
    ) -> Line {
        let of_step = |step: usize, end: i8| (0..end).step_by(step).collect::<Vec<_>>();
        let (mut minutes, mut hours) = (Vec::from_iter(minutes), Vec::from_iter(hours));
        let (mut minute_text, mut hour_text) = (list(&minutes), list(&hours));
        // Some fields begin with a star.
        if minute_step >= 10 {
            (minutes, minute_text) = (of_step(minute_step, 60), format!("*/{minute_step}"));
        }
        if (1..5).contains(&hour_step) {
            (hours, hour_text) = (of_step(hour_step, 24), format!("*/{hour_step}"));
        }
        Line {
            text: format!("{minute_text} {hour_text} * * *"),
            follows_real_time: minute_text.starts_with('*') || hour_text.starts_with('*'),
            minutes,
            hours,
        }
    }
}

/// Works out the due moments from what the clock on the wall shows at each minute of a span.
fn by_every_minute(
    line: &Line,
    zone: &TimeZone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<DateTime<Utc>> {
    let minutes = (until - from).num_minutes();
    let shown: Vec<(DateTime<Utc>, civil::DateTime)> = (-1..minutes)
        .map(|minute| from + TimeDelta::minutes(minute))
        .map(|moment| {
            let timestamp = Timestamp::from_second(moment.timestamp()).expect("a moment");
            (moment, zone.to_datetime(timestamp))
        })
        .collect();
    let fits = |time: civil::DateTime| {
        line.minutes.contains(&time.minute()) && line.hours.contains(&time.hour())
    };
    let mut due = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for pair in shown.windows(2) {
        let ((_, before), (moment, time)) = (pair[0], pair[1]);
        if line.follows_real_time {
            due.extend(fits(time).then_some(moment));
            continue;
        }
        // What the clock passed over, and what it shows for the first time.
        let mut passed = before;
        while passed < time {
            passed = passed.checked_add(jiff::Span::new().minutes(1)).expect("a time");
            due.extend((fits(passed) && seen.insert(passed)).then_some(moment));
        }
    }
    due.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn due_moments_are_those_that_the_clock_on_the_wall_shows(
        line in lines(),
        place in proptest::sample::select(vec![
            ("Europe/Berlin", "2026-03-28T00:00:00Z"),
            ("Europe/Berlin", "2026-10-24T00:00:00Z"),
            ("America/New_York", "2027-03-13T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-02T00:00:00Z"),
            // At midnight: a day begins at one, and another has two last hours.
            ("America/Santiago", "2026-09-05T00:00:00Z"),
            ("America/Santiago", "2026-04-03T12:00:00Z"),
            ("Africa/Casablanca", "2026-02-14T00:00:00Z"),
            ("Asia/Kolkata", "2028-02-28T00:00:00Z"),
        ]),
    ) {
        let (name, from) = place;
        let (from, until) = (at(from), at(from) + TimeDelta::days(3));
        let zone = TimeZoneDatabase::bundled().get(name).expect("a zone");
        let schedule = schedule(&line.text, name);
        let expected = by_every_minute(&line, &zone, from, until);
        prop_assert_eq!(&due(&schedule, from, until), &expected, "{} {}", line.text, name);
        // Backward, from every minute behind the first.
        let Some(first) = expected.first() else { return Ok(()) };
        let mut moment = *first;
        while moment < until {
            let last = expected.iter().rev().find(|due| **due <= moment);
            prop_assert_eq!(schedule.last_until(moment), last.copied(), "{} {}", line.text, moment);
            moment += TimeDelta::minutes(13);
        }
    }
}

//! Lines as other programs want them, and that a moved line is due that much later.

use std::collections::BTreeSet;

use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;
use crate::domain::period::Schedule;

fn fields(line: &str) -> CronFields {
    let schedule = Schedule::parse(line, TimeZone::UTC, "UTC").expect("a schedule");
    schedule.fields().unwrap_or_else(|| panic!("{line} has no plain fields"))
}

#[test]
fn lines_are_written_for_every_cron() {
    let cases = [
        ("17 6 * * *", "17 6 * * *"),
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("*/15 * * * *", "0,15,30,45 * * * *"),
        ("0 9-17 * * MON-FRI", "0 9-17 * * 1-5"),
        ("0 0 1,15 JAN,FEB *", "0 0 1,15 1,2 *"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("5 4 1 * 1", "5 4 1 * 1"),
        ("5 4 */15 * *", "5 4 1,16,31 * *"),
        ("5 4 * * */2", "5 4 * * 0,2,4,6"),
        // All days of the month or some weekdays: any day.
        ("5 4 1-31 * 1", "5 4 * * *"),
        ("5 4 * * 0-6", "5 4 * * *"),
    ];
    for (line, expected) in cases {
        assert_eq!(fields(line).line(), expected, "{line}");
    }
    // A day that must fit two fields, as Debian's cron has it.
    for line in ["0 0 */2 * 5", "0 0 L * *", "0 0 15W * *", "0 0 * * 5#2", "0 0 * * 5L"] {
        let schedule = Schedule::parse(line, TimeZone::UTC, "UTC").expect("a schedule");
        assert_eq!(schedule.fields(), None, "{line}");
    }
}

#[test]
fn lines_move_to_another_clock() {
    let moved = |line: &str, by| {
        let lines = fields(line).shifted(by)?;
        Some(lines.iter().map(CronFields::line).collect::<Vec<_>>().join(" | "))
    };
    let cases = [
        ("17 6 * * *", 60, Some("17 7 * * *")),
        ("17 6 * * *", 330, Some("47 11 * * *")),
        ("47 6 * * *", 330, Some("17 12 * * *")),
        ("17 23 * * *", 60, Some("17 0 * * *")),
        ("17 23 * * 1-5", 60, Some("17 0 * * 2-6")),
        ("17 0 * * 0", -60, Some("17 23 * * 6")),
        ("17 23 1 * *", 60, None),
        ("17 6 1 * *", 60, Some("17 7 1 * *")),
        ("0 6,18 * * *", 480, Some("0 2,14 * * *")),
        ("0 6,18 * * 1", 480, Some("0 14 * * 1 | 0 2 * * 2")),
        ("0,40 6 * * *", 30, Some("30 6 * * * | 10 7 * * *")),
        ("*/15 * * * *", 60, Some("0,15,30,45 * * * *")),
        ("7 * * * 1", 60, Some("7 1-23 * * 1 | 7 0 * * 2")),
    ];
    for (line, by, expected) in cases {
        assert_eq!(moved(line, by).as_deref(), expected, "{line} by {by}");
    }
}

#[test]
fn calendar_events_of_systemd() {
    let events = |line: &str| fields(line).calendar_events("Europe/Berlin").join(" | ");
    let cases = [
        ("17 6 * * *", "*-*-* 06:17:00 Europe/Berlin"),
        ("*/30 * * * *", "*-*-* *:00,30:00 Europe/Berlin"),
        ("0 6 * * 1-5", "Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00 Europe/Berlin"),
        ("0 6 1 1,7 *", "*-01,07-01 06:00:00 Europe/Berlin"),
        ("0 6 13 * 5", "*-*-13 06:00:00 Europe/Berlin | Fri *-*-* 06:00:00 Europe/Berlin"),
    ];
    for (line, expected) in cases {
        assert_eq!(events(line), expected, "{line}");
    }
}

#[test]
fn zones_keep_their_distance_or_not() {
    let now = "2026-11-21T06:00:00Z".parse().expect("a moment");
    let zone = |name: &str| TimeZoneDatabase::bundled().get(name).expect("a zone");
    let cases = [
        ("UTC", "UTC", Some(0)),
        ("Europe/Berlin", "Europe/Paris", Some(0)),
        ("Europe/Berlin", "Europe/London", Some(60)),
        ("Asia/Kolkata", "UTC", Some(330)),
        ("UTC", "Asia/Tokyo", Some(-540)),
        ("Europe/Berlin", "UTC", None),
        ("America/New_York", "Europe/London", None),
    ];
    for (name, other, expected) in cases {
        let found = constant_minutes_ahead(&zone(name), &zone(other), now);
        assert_eq!(found, expected, "{name} and {other}");
    }
}

#[test]
fn hours_are_added_behind_those_that_clocks_skip() {
    let now = "2026-11-21T06:00:00Z".parse().expect("a moment");
    let cases = [
        ("30 2 * * *", "Europe/Berlin", "30 2,3 * * *"),
        ("30 3 * * *", "Europe/Berlin", "30 3 * * *"),
        ("0 3 * * *", "Europe/Berlin", "0 3 * * *"),
        ("0 2 * * 1", "Europe/Berlin", "0 2,3 * * 1"),
        ("30 2 * * *", "UTC", "30 2 * * *"),
        ("30 2 * * *", "Asia/Kolkata", "30 2 * * *"),
        ("30 2 * * *", "America/New_York", "30 2,3 * * *"),
        ("15 2 * * *", "Australia/Lord_Howe", "15 2,3 * * *"),
        ("45 2 * * *", "Australia/Lord_Howe", "45 2 * * *"),
        ("30 0 * * *", "Africa/Cairo", "30 0,1 * * *"),
        ("30 * * * *", "Europe/Berlin", "30 * * * *"),
    ];
    for (line, zone, expected) in cases {
        let found = TimeZoneDatabase::bundled().get(zone).expect("a zone");
        let line_with = fields(line).with_hours_behind_skips(&found, now);
        assert_eq!(line_with.line(), expected, "{line} {zone}");
    }
}

/// Returns the minutes of a week at which lines without days of the month are due.
fn minutes_of_week(lines: &[CronFields]) -> BTreeSet<i32> {
    let mut due = BTreeSet::new();
    for line in lines {
        let weekdays = line.weekdays.clone().unwrap_or_else(|| (0..7).collect());
        for day in weekdays {
            for hour in &line.hours {
                for minute in &line.minutes {
                    let minute = i32::from(day) * 1440 + i32::from(*hour) * 60 + i32::from(*minute);
                    assert!(due.insert(minute), "due twice");
                }
            }
        }
    }
    due
}

proptest! {
    #[test]
    fn what_moved_is_due_that_much_later(
        minutes in prop::collection::btree_set(0..60u8, 1..5),
        hours in prop::collection::btree_set(0..24u8, 1..24),
        weekdays in prop::option::of(prop::collection::btree_set(0..7u8, 1..7)),
        by in -1439..1440i32,
    ) {
        let line = CronFields {
            minutes: minutes.into_iter().collect(),
            hours: hours.into_iter().collect(),
            days: None,
            months: None,
            weekdays: weekdays.map(|days| days.into_iter().collect()),
        };
        let moved = line.shifted(by).expect("no days of a month move");
        let expected: BTreeSet<i32> = minutes_of_week(&[line])
            .into_iter()
            .map(|minute| (minute + by).rem_euclid(7 * 1440))
            .collect();
        prop_assert_eq!(minutes_of_week(&moved), expected);
    }
}

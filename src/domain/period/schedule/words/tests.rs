//! Words for plain lines, and that what is due is what the words say.

use chrono::{DateTime, TimeDelta, Utc};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _, civil};
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("a zone")
}

fn schedule(line: &str, name: &str) -> Schedule {
    Schedule::parse(line, zone(name), name).expect("a schedule")
}

#[test]
fn plain_lines_have_words() {
    let cases = [
        ("17 6 * * *", "UTC", "daily at 06:17 UTC"),
        ("@daily", "UTC", "daily at 00:00 UTC"),
        ("@midnight", "Asia/Kolkata", "daily at 00:00 Asia/Kolkata"),
        ("5 23 1-31 * 0-6", "UTC", "daily at 23:05 UTC"),
        ("17 6 * * 1", "Europe/Berlin", "weekly, Mondays at 06:17 Europe/Berlin"),
        ("17 6 * * sun", "UTC", "weekly, Sundays at 06:17 UTC"),
        ("17 6 * * 7", "UTC", "weekly, Sundays at 06:17 UTC"),
        ("17 6 * * 6", "UTC", "weekly, Saturdays at 06:17 UTC"),
        ("@weekly", "UTC", "weekly, Sundays at 00:00 UTC"),
        ("17 6 1 * *", "UTC", "monthly, on day 1 at 06:17 UTC"),
        ("@monthly", "UTC", "monthly, on day 1 at 00:00 UTC"),
        ("0 0 28 * *", "UTC", "monthly, on day 28 at 00:00 UTC"),
        ("17 * * * *", "UTC", "hourly at minute 17 UTC"),
        ("@hourly", "Asia/Kolkata", "hourly at minute 0 Asia/Kolkata"),
        ("17 */1 * * *", "UTC", "hourly at minute 17 UTC"),
    ];
    for (line, zone, words) in cases {
        assert_eq!(schedule(line, zone).in_words().as_deref(), Some(words), "{line}");
    }
}

#[test]
fn other_lines_have_none() {
    for line in [
        "*/15 * * * *",
        "* * * * *",
        "17,47 6 * * *",
        "17 6,18 * * *",
        "17 */6 * * *",
        "17 6 * * 1-5",
        "17 6 1,15 * *",
        // Some months lack the day.
        "17 6 29 * *",
        "17 6 31 * *",
        "17 6 L * *",
        "17 6 * 1 *",
        "@yearly",
        "17 6 1 * 1",
        "17 6 */2 * 1",
        "17 6 * * 1#2",
        "17 * 1 * *",
        "17 * * * 1",
        // A doubled hour comes once, unlike that of `17 * * * *`.
        "17 0-23 * * *",
        // A skipped time does not come, unlike that of `17 0 * * *`.
        "17 */24 * * *",
    ] {
        assert_eq!(schedule(line, "Europe/Berlin").in_words(), None, "{line}");
    }
}

/// Returns the moments of a time of the day: the first at which the clock shows it or has passed it.
fn first_at_or_past(zone: &TimeZone, time: civil::DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    // By the offset behind a gap the time lies behind it.
    let at = if is_gap { ambiguous.later() } else { ambiguous.earlier() }.expect("a moment");
    let change = zone.preceding(at).next().map(|change| change.timestamp());
    if is_gap { change.expect("the gap's end") } else { at }
}

/// Returns what words say is due within the years of 2026 and 2027 of a zone's calendar.
fn due_by_words(words: &str, zone: &TimeZone) -> Vec<Timestamp> {
    let number = |text: &str| text.parse::<i8>().expect("a number");
    let (words, _) = words.rsplit_once(' ').expect("a zone");
    let first = civil::date(2026, 1, 1);
    let end = civil::date(2028, 1, 1);
    if let Some(minute) = words.strip_prefix("hourly at minute ") {
        // Clocks differ from UTC by whole quarters of an hour.
        let from = first_at_or_past(zone, first.at(0, 0, 0, 0));
        let until = first_at_or_past(zone, end.at(0, 0, 0, 0));
        let quarters = std::iter::successors(Some(from), |at| at.checked_add(15.minutes()).ok());
        return quarters
            .take_while(|at| *at < until)
            .filter_map(|at| {
                let ahead = number(minute) - zone.to_datetime(at).minute();
                (0..15).contains(&ahead).then(|| at + i64::from(ahead).minutes())
            })
            .collect();
    }
    let (days, time) = words.split_once(" at ").expect("days and a time");
    let (hour, minute) = time.split_once(':').expect("a time");
    let is_meant = |date: civil::Date| match days.split_once(", ") {
        None => days == "daily",
        Some(("weekly", name)) => {
            let all = ["Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"];
            let day = date.weekday().to_monday_zero_offset();
            name == format!("{}days", all[usize::try_from(day).expect("a day")])
        }
        Some(("monthly", day)) => date.day() == number(day.trim_start_matches("on day ")),
        Some(_) => panic!("{words}"),
    };
    let dates = first.series(1.day()).take_while(|date| *date < end);
    let due: Vec<Timestamp> = dates
        .filter(|date| is_meant(*date))
        .map(|date| first_at_or_past(zone, date.at(number(hour), number(minute), 0, 0)))
        .collect();
    let expected = match &days[..5] {
        "daily" => 730..=730,
        "weekl" => 104..=105,
        _ => 24..=24,
    };
    assert!(expected.contains(&due.len()), "{words}: {}", due.len());
    due
}

/// A value, now and then as other lines have it: a list, a range, a step, every one.
fn field(values: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = String> {
    let (first, last) = (*values.start(), *values.end());
    let one = values.clone();
    prop_oneof![
        4 => Just("*".to_owned()),
        8 => one.prop_map(|value| value.to_string()),
        1 => (values.clone(), values.clone()).prop_map(|(a, b)| format!("{a},{b}")),
        1 => (values.clone(), values).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => Just(format!("{first}-{last}")),
        1 => (2..=last).prop_map(|step| format!("*/{step}")),
    ]
}

prop_compose! {
    fn lines()(
        minute in field(0..=59),
        hour in field(0..=23),
        day in field(1..=31),
        month in field(1..=12),
        weekday in field(0..=7),
        // Of all five fields few are needed for a plain line.
        plain in proptest::array::uniform3(0..4_u8),
    ) -> String {
        let or_any = |field: String, place: usize| {
            if plain[place] > 0 { "*".to_owned() } else { field }
        };
        let (day, month, weekday) = (or_any(day, 0), or_any(month, 1), or_any(weekday, 2));
        format!("{minute} {hour} {day} {month} {weekday}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_due_is_what_the_words_say(
        line in lines(),
        name in proptest::sample::select(vec![
            "UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu",
        ]),
    ) {
        // Some lines never come due.
        let Ok(schedule) = Schedule::parse(&line, zone(name), name) else { return Ok(()) };
        let Some(words) = schedule.in_words() else { return Ok(()) };
        let expected = due_by_words(&words, &zone(name));
        let moment = |at: &Timestamp| DateTime::from_timestamp(at.as_second(), 0).expect("a moment");
        let expected: Vec<DateTime<Utc>> = expected.iter().map(moment).collect();
        let mut due = expected[0] - TimeDelta::seconds(1);
        for wanted in &expected {
            due = schedule.next_after(due).expect("a moment");
            prop_assert_eq!(due, *wanted, "{}: {}", line, words);
        }
    }
}

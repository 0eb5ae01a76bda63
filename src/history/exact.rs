//! Values as other programs write them: which of them say exactly what ours would.
//!
//! A value is read only if there is one thing that it can mean. Where its own text leaves two, the
//! rest of the file may decide: no month has the number 21, and no row was observed before its run.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// How far apart the clock of a run's start and that of its rows may be.
pub(super) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Whole numbers above this have lost digits if a program held them as floating point.
const EXACT_FLOAT: u64 = 1 << 53;

/// Why a value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It is nothing of its kind.
    Nonsense,
    /// Another program left out a part of it, or it can mean two things. The text ends a sentence
    /// that begins with the column and its value.
    Inexact(&'static str),
    /// As [`Doubt::Inexact`], but other rows of the file may decide it.
    Undecided(&'static str),
}

/// What a file's rows show of the ways in which its program writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// `21/11/2026` was seen, or a date that cannot be month first.
    day_first: bool,
    /// `11/21/2026` was seen, or a date that cannot be day first.
    month_first: bool,
    /// What stands between groups of three digits.
    groups: Vec<char>,
    /// What stands before decimals.
    decimals: Vec<char>,
    /// Whether any value was left to the other rows: what was read before all rows were seen may
    /// then read otherwise.
    pub(super) were_asked: bool,
}

/// How exact a moment must be to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// To the second: the file was a history.
    Seconds,
    /// As given: a day begins at midnight, fractions of a second are dropped.
    AsGiven,
}

/// Reads a moment. One without a zone is in UTC.
///
/// `not_before` is the start of the row's run, if it is known: an order of day and month that puts
/// the moment before it is not the file's.
///
/// # Errors
///
/// Returns what is in the way.
pub(super) fn read_moment(
    text: &str,
    grain: Grain,
    not_before: Option<DateTime<Utc>>,
    habits: &mut Habits,
) -> Result<DateTime<Utc>, Doubt> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        let is_day_number = text.bytes().filter(u8::is_ascii_digit).count() >= 5
            && text.bytes().filter(|b| !b.is_ascii_digit()).count() <= 1;
        if is_day_number {
            return Err(Doubt::Inexact("a day number of a spreadsheet"));
        }
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let (days, order_matters) = read_day(date)?;
    let (seconds, offset_s) = match (time, grain) {
        (Some(time), _) => read_time(time, grain)?,
        (None, Grain::AsGiven) => (0, 0),
        (None, Grain::Seconds) => return Err(Doubt::Inexact("a day without its time")),
    };
    let at = |day: NaiveDate| -> DateTime<Utc> {
        NaiveDateTime::from(day).and_utc() + TimeDelta::seconds(seconds - offset_s)
    };
    let possible =
        |day: &NaiveDate| not_before.is_none_or(|start| at(*day) >= start - CLOCK_TOLERANCE);
    let [day_first, month_first] = days.map(|day| day.filter(possible));
    if !order_matters {
        return match day_first.or(month_first) {
            Some(day) => Ok(at(day)),
            None if days == [None, None] => Err(Doubt::Nonsense),
            None => Err(Doubt::Inexact("before the start of its run")),
        };
    }
    match (day_first, month_first) {
        (Some(day), None) => {
            habits.day_first = true;
            Ok(at(day))
        }
        (None, Some(day)) => {
            habits.month_first = true;
            Ok(at(day))
        }
        (Some(one), Some(other)) => {
            habits.were_asked = true;
            match (habits.day_first, habits.month_first) {
                (true, false) => Ok(at(one)),
                (false, true) => Ok(at(other)),
                _ => Err(Doubt::Undecided("where day and month cannot be told apart")),
            }
        }
        (None, None) if days == [None, None] => Err(Doubt::Nonsense),
        (None, None) => Err(Doubt::Inexact("before the start of its run")),
    }
}

/// Returns the day if the day stands first and if the month does, and whether that makes a
/// difference.
fn read_day(text: &str) -> Result<([Option<NaiveDate>; 2], bool), Doubt> {
    let Some(mark) = text.chars().find(|c| !c.is_ascii_digit()) else {
        return Err(Doubt::Nonsense);
    };
    let parts: Vec<&str> = text.split(mark).collect();
    let [first, second, third] = parts[..] else { return Err(Doubt::Nonsense) };
    let number = |part: &str| -> Result<u32, Doubt> {
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits).ok_or(Doubt::Nonsense)
    };
    if !['-', '/', '.'].contains(&mark) {
        return Err(Doubt::Nonsense);
    }
    let (a, b, c) = (number(first)?, number(second)?, number(third)?);
    let day = |year: u32, month: u32, day: u32| {
        NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or_default(), month, day)
    };
    if first.len() == 4 {
        let day = day(a, b, c);
        return if day.is_some() { Ok(([day, day], false)) } else { Err(Doubt::Nonsense) };
    }
    if third.len() != 4 {
        return Err(Doubt::Inexact("a day whose year has lost its century"));
    }
    let (day_first, month_first) = (day(c, b, a), day(c, a, b));
    if mark == '.' {
        // Where points stand in dates, the day stands first.
        return if day_first.is_some() {
            Ok(([day_first, day_first], false))
        } else {
            Err(Doubt::Nonsense)
        };
    }
    Ok(([day_first, month_first], a != b))
}

/// Returns the seconds since midnight and those that the zone is ahead of UTC.
fn read_time(text: &str, grain: Grain) -> Result<(i64, i64), Doubt> {
    let text = text.trim();
    let clock_end =
        text.find(|c: char| !c.is_ascii_digit() && !":.,".contains(c)).unwrap_or(text.len());
    let (clock, rest) = text.split_at(clock_end);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    if grain == Grain::Seconds && fraction.bytes().any(|b| b != b'0') {
        return Err(Doubt::Inexact("finer than a second"));
    }
    let mut parts = Vec::new();
    for part in clock.split(':') {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        parts.push(part.parse::<i64>().ok().filter(|_| digits).ok_or(Doubt::Nonsense)?);
    }
    let (hour, minute, second) = match (parts[..].as_ref(), grain) {
        ([hour, minute, second], _) => (*hour, *minute, *second),
        ([hour, minute], Grain::AsGiven) => (*hour, *minute, 0),
        ([_, _], Grain::Seconds) => {
            return Err(Doubt::Inexact("a moment that has lost its seconds"));
        }
        _ => return Err(Doubt::Nonsense),
    };
    let rest = rest.trim();
    let half = rest.get(..2).map(str::to_ascii_lowercase);
    let (hour, rest) = match half.as_deref() {
        Some("am" | "pm") if !(1..=12).contains(&hour) => return Err(Doubt::Nonsense),
        Some("am") => (hour % 12, rest[2..].trim()),
        Some("pm") => (hour % 12 + 12, rest[2..].trim()),
        _ => (hour, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return Err(Doubt::Nonsense);
    }
    Ok((hour * 3600 + minute * 60 + second, read_offset(rest)?))
}

fn read_offset(text: &str) -> Result<i64, Doubt> {
    if matches!(text, "" | "Z" | "z" | "UTC" | "GMT") {
        return Ok(0);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err(Doubt::Inexact("in a time zone that only has a name")),
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.parse::<i64>(), Ok(0)),
        4 if digits.is_ascii() => (digits[..2].parse(), digits[2..].parse::<i64>()),
        _ => return Err(Doubt::Nonsense),
    };
    match (hours, minutes) {
        (Ok(hours @ 0..=14), Ok(minutes @ 0..=59)) => Ok(sign * (hours * 3600 + minutes * 60)),
        _ => Err(Doubt::Nonsense),
    }
}

/// Reads a whole number, also with separators between thousands or with decimals that are zeros.
///
/// # Errors
///
/// Returns what is in the way.
pub(super) fn read_whole(text: &str, habits: &mut Habits) -> Result<u64, Doubt> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Doubt::Nonsense);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| Doubt::Nonsense);
    }
    if let Some((mantissa, exponent)) = text.split_once(['E', 'e']) {
        let is_number =
            |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b"+-.,".contains(&b));
        if is_number(mantissa) && is_number(exponent) && !exponent.is_empty() {
            return Err(Doubt::Inexact("a number that has lost its last digits"));
        }
    }
    let is_mark = |c: char| ".,'’ \u{a0}\u{202f}_".contains(c);
    let marks: Vec<char> = text.chars().filter(|c| is_mark(*c)).collect();
    let parts: Vec<&str> = text.split(is_mark).collect();
    if !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
        return Err(Doubt::Nonsense);
    }
    let (last_mark, first_mark) = (marks[marks.len() - 1], marks[0]);
    let last = parts[parts.len() - 1];
    let is_grouped =
        |parts: &[&str]| parts[0].len() <= 3 && parts[1..].iter().all(|part| part.len() == 3);
    let joined = |parts: &[&str]| parts.concat().parse::<u64>().map_err(|_| Doubt::Nonsense);
    let is_point = matches!(last_mark, '.' | ',');
    let zeros = last.bytes().all(|b| b == b'0');
    let same_marks = |marks: &[char]| marks.iter().all(|mark| *mark == first_mark);
    // What stands before the last mark is whole by itself, if the mark begins decimals.
    let before = &parts[..parts.len() - 1];
    let decimal = is_point
        && zeros
        && (before.len() == 1
            || (last_mark != first_mark
                && same_marks(&marks[..marks.len() - 1])
                && is_grouped(before)));
    let grouped = same_marks(&marks) && is_grouped(&parts);
    match (grouped, decimal) {
        (true, true) => {
            habits.were_asked = true;
            let seen = (habits.groups.contains(&last_mark), habits.decimals.contains(&last_mark));
            match seen {
                (true, false) => joined(&parts),
                (false, true) => joined(before),
                _ => Err(Doubt::Undecided(
                    "with a point that can stand before decimals or thousands",
                )),
            }
        }
        (true, false) => {
            note(&mut habits.groups, first_mark);
            joined(&parts)
        }
        (false, true) => {
            note(&mut habits.decimals, last_mark);
            if before.len() > 1 {
                note(&mut habits.groups, first_mark);
            }
            let number = joined(before)?;
            if number > EXACT_FLOAT {
                return Err(Doubt::Inexact("a number that has lost its last digits"));
            }
            Ok(number)
        }
        (false, false) => Err(Doubt::Nonsense),
    }
}

fn note(seen: &mut Vec<char>, mark: char) {
    if !seen.contains(&mark) {
        seen.push(mark);
    }
}

/// Returns a method as it was before a program took it for a number: with its leading zeros, and
/// without decimals.
pub(super) fn restore_method(text: &str) -> Result<Cow<'_, str>, Doubt> {
    let text = text.trim();
    if is_nothing(text) {
        return Ok(Cow::Borrowed(""));
    }
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0")).unwrap_or(text);
    if !whole.is_empty() && whole.len() < 8 && whole.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Cow::Owned(format!("{whole:0>8}")));
    }
    let is_float = |b: u8| b.is_ascii_digit() || b"+-.,eE".contains(&b);
    if text.bytes().all(is_float) && text.contains(['+', '-', '.', ',']) && whole.len() != 8 {
        return Err(Doubt::Inexact("a method that was taken for a number"));
    }
    Ok(Cow::Borrowed(whole))
}

/// Returns whether a cell says in a word that it is empty.
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(text, "NaN" | "nan" | "NULL" | "#N/A" | "<NA>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str, grain: Grain) -> Result<String, Doubt> {
        let read = read_moment(text, grain, None, &mut Habits::default());
        read.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    #[test]
    fn moments_that_say_one_thing_are_read() {
        for text in [
            "2026-11-21T06:00:04Z",
            "2026-11-21 06:00:04",
            "2026-11-21 06:00:04+00:00",
            "2026-11-21 06:00:04 UTC",
            "2026-11-21 08:00:04+02:00",
            "2026-11-21T00:30:04-0530",
            "2026/11/21 6:00:04",
            "21.11.2026 06:00:04",
            "21/11/2026 06:00:04",
            "11/21/2026 6:00:04 AM",
            "11/21/2026 6:00:04",
            " 21-11-2026 6:00:04.000 ",
        ] {
            assert_eq!(
                moment(text, Grain::Seconds).as_deref(),
                Ok("2026-11-21T06:00:04Z"),
                "{text}"
            );
        }
        assert_eq!(
            moment("11/21/2026 12:00:00 AM", Grain::Seconds).as_deref(),
            Ok("2026-11-21T00:00:00Z")
        );
        assert_eq!(
            moment("11/21/2026 12:00:00 pm", Grain::Seconds).as_deref(),
            Ok("2026-11-21T12:00:00Z")
        );
        assert_eq!(
            moment("6/6/2026 1:00:00", Grain::Seconds).as_deref(),
            Ok("2026-06-06T01:00:00Z")
        );
        assert_eq!(moment("2026-11-21", Grain::AsGiven).as_deref(), Ok("2026-11-21T00:00:00Z"));
        assert_eq!(
            moment("21.11.2026 06:00", Grain::AsGiven).as_deref(),
            Ok("2026-11-21T06:00:00Z")
        );
        assert_eq!(
            moment("2026-11-21T06:00:04.9Z", Grain::AsGiven).as_deref(),
            Ok("2026-11-21T06:00:04Z")
        );
    }

    #[test]
    fn moments_that_lost_something_or_say_two_things_are_not() {
        for (text, part) in [
            ("21.11.2026 06:00", "seconds"),
            ("11/21/2026 6:00", "seconds"),
            ("2026-11-21", "time"),
            ("2026-11-21T06:00:04.5Z", "finer"),
            ("21.11.26 06:00:04", "century"),
            ("46347.25005", "day number"),
            ("46347,25005", "day number"),
            ("2026-11-21 06:00:04 CET", "zone"),
        ] {
            let Err(Doubt::Inexact(why)) = moment(text, Grain::Seconds) else { panic!("{text}") };
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(matches!(moment("3/4/2026 6:00:04", Grain::Seconds), Err(Doubt::Undecided(_))));
        for text in [
            "",
            "soon",
            "31.02.2026 06:00:04",
            "2026-13-01 06:00:04",
            "13/13/2026 6:00:04",
            "2026-11-21 25:00:04",
            "2026-11-21 06:61:04",
            "2026-11-21 13:00:00 PM",
            "21.11.2026.1 06:00:04",
            "2026-11-21 06:00:04+99:00",
            "2026-11-21 06:00:04+é0",
            "1.2",
        ] {
            assert_eq!(moment(text, Grain::Seconds), Err(Doubt::Nonsense), "{text}");
        }
    }

    #[test]
    fn other_rows_tell_the_order_of_day_and_month() {
        let mut habits = Habits::default();
        let mut read = |text, not_before: Option<&str>| {
            let start = not_before.map(|text| text.parse().expect("a moment"));
            read_moment(text, Grain::Seconds, start, &mut habits).map(|at| at.to_rfc3339())
        };
        assert!(read("3/4/2026 6:00:04", None).is_err());
        // Before its run started nothing was observed, so it is the fourth of March.
        let of_run = read("3/4/2026 6:00:04", Some("2026-03-04T06:00:03Z"));
        assert!(of_run.is_err(), "the third of April is possible too");
        assert!(
            read("4/3/2026 6:00:04", Some("2026-04-03T06:00:03Z"))
                .is_ok_and(|at| at.contains("-04-03T"))
        );
        assert!(
            read("3/4/2026 6:00:04", None).is_ok_and(|at| at.contains("-03-04T")),
            "month first"
        );
        assert!(read("21/11/2026 6:00:04", None).is_ok(), "a contradiction");
        assert!(read("3/4/2026 6:00:04", None).is_err());
        let early = read("2/1/2026 6:00:04", Some("2026-03-04T06:00:03Z"));
        assert_eq!(early, Err(Doubt::Inexact("before the start of its run")));
    }

    #[test]
    fn whole_numbers_with_separators() {
        let whole = |text| read_whole(text, &mut Habits::default());
        for text in [
            "1240033",
            "1,240,033",
            "1.240.033",
            "1 240 033",
            "1\u{a0}240\u{a0}033",
            "1'240'033",
            "1240033.0",
            "1240033,00",
            "1,240,033.00",
            "1.240.033,0",
            "1240033.000",
            " 001240033 ",
        ] {
            assert_eq!(whole(text), Ok(1_240_033), "{text}");
        }
        for (text, number) in
            [("0", 0), ("0.0", 0), ("1.240", 1240), ("999,001", 999_001), ("1,000,000", 1_000_000)]
        {
            assert_eq!(whole(text), Ok(number), "{text}");
        }
        for text in ["1.24E+06", "1.24003e6", "1E9", "9007199254740993.0"] {
            assert!(matches!(whole(text), Err(Doubt::Inexact(_))), "{text}");
        }
        for text in ["1.000", "1,000", "12.000", "100.000"] {
            assert!(matches!(whole(text), Err(Doubt::Undecided(_))), "{text}");
        }
        for text in [
            "",
            "-5",
            "5.5",
            "1,24,033",
            "1.240,033.1",
            "1,240.5",
            "5.",
            "x",
            "1..2",
            "12a",
            "18446744073709551616",
            "1,240.033",
        ] {
            assert_eq!(whole(text), Err(Doubt::Nonsense), "{text}");
        }
    }

    #[test]
    fn other_rows_tell_decimals_from_thousands() {
        let mut habits = Habits::default();
        assert!(read_whole("1.000", &mut habits).is_err());
        assert_eq!(read_whole("12.0", &mut habits), Ok(12));
        assert_eq!(read_whole("1.000", &mut habits), Ok(1));
        let mut habits = Habits::default();
        assert_eq!(read_whole("1.240.033", &mut habits), Ok(1_240_033));
        assert_eq!(read_whole("1.000", &mut habits), Ok(1000));
        assert_eq!(read_whole("12.0", &mut habits), Ok(12), "a contradiction");
        assert!(read_whole("1.000", &mut habits).is_err());
    }

    #[test]
    fn methods_get_their_zeros_back() {
        let restored = |text| restore_method(text).map(Cow::into_owned);
        for (text, method) in [
            ("62e9187b", "62e9187b"),
            ("123456", "00123456"),
            ("12345678.0", "12345678"),
            ("12345.0", "00012345"),
            ("", ""),
            ("NaN", ""),
            ("12345678", "12345678"),
        ] {
            assert_eq!(restored(text).as_deref(), Ok(method), "{text}");
        }
        for text in ["1.23457E+12", "6.2E+9"] {
            assert!(matches!(restored(text), Err(Doubt::Inexact(_))), "{text}");
        }
    }
}

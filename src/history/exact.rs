//! Values as other programs write them: which of them say exactly what ours would.
//!
//! A value is read only if there is one thing that it can mean. Where its own text leaves two, the
//! rest of the file may decide: no month has the number 21, and no row was observed before its run.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// How far apart the clock of a run's start and that of its rows may be.
pub(super) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// By how much the first answer of a run comes later than its start at most. What stands later in
/// every row was written in another time zone, and zones differ by half an hour at least.
pub(super) const LONGEST_START: TimeDelta = TimeDelta::minutes(25);

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
#[expect(clippy::struct_excessive_bools, reason = "each was seen or not")]
pub(super) struct Habits {
    /// `21/11/2026` was seen, or a date that cannot be month first.
    day_first: bool,
    /// `11/21/2026` was seen, or a date that cannot be day first.
    month_first: bool,
    /// What stands between groups of three digits.
    groups: Vec<char>,
    /// What stands before decimals.
    decimals: Vec<char>,
    /// Whether any moment came without its zone.
    pub(super) has_bare_moments: bool,
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
        // Eight digits are a day without its marks.
        let is_day = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        let is_day_number = !is_day
            && text.bytes().filter(u8::is_ascii_digit).count() >= 5
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
        (None, Grain::AsGiven) => (0, None),
        (None, Grain::Seconds) => return Err(Doubt::Inexact("a day without its time")),
    };
    habits.has_bare_moments |= offset_s.is_none();
    let offset_s = offset_s.unwrap_or_default();
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
        let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8);
        return day.map(|day| ([Some(day); 2], false)).ok_or(Doubt::Nonsense);
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

/// Returns the seconds since midnight, and those that the zone is ahead of UTC if there is one.
fn read_time(text: &str, grain: Grain) -> Result<(i64, Option<i64>), Doubt> {
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

fn read_offset(text: &str) -> Result<Option<i64>, Doubt> {
    match text {
        "" => return Ok(None),
        "Z" | "z" | "UTC" | "GMT" => return Ok(Some(0)),
        _ => {}
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err(Doubt::Inexact("in a time zone that only has a name")),
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        _ if !digits.bytes().all(|b| b.is_ascii_digit()) => return Err(Doubt::Nonsense),
        2 => (digits.parse::<i64>(), Ok(0)),
        4 => (digits[..2].parse(), digits[2..].parse::<i64>()),
        _ => return Err(Doubt::Nonsense),
    };
    match (hours, minutes) {
        (Ok(hours @ 0..=14), Ok(minutes @ 0..=59)) => {
            Ok(Some(sign * (hours * 3600 + minutes * 60)))
        }
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
mod tests;

//! A cron line as the values that its fields allow: shifted to another time zone, and written for
//! programs that know less of cron lines than we do.
//!
//! When a line is due is decided in `period`; nothing here knows a day.

use chrono::{DateTime, Utc};
use jiff::{Timestamp, tz::TimeZone};

/// The values that the fields of a cron line allow, each in order.
///
/// Where both days and weekdays are restricted, a day needs to be in one of them only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronFields {
    /// From 0 to 59.
    pub minutes: Vec<u8>,
    /// From 0 to 23.
    pub hours: Vec<u8>,
    /// Days of the month; `None` for any.
    pub days: Option<Vec<u8>>,
    /// From 1 to 12; `None` for any.
    pub months: Option<Vec<u8>>,
    /// From 0, Sunday, to 6; `None` for any.
    pub weekdays: Option<Vec<u8>>,
}

const HOUR_M: i32 = 60;
const DAY_H: i32 = 24;

impl CronFields {
    /// Returns the line that is due at these minutes of every hour.
    #[must_use]
    pub fn at_minutes(minutes: Vec<u8>) -> Self {
        Self { minutes, hours: (0..24).collect(), days: None, months: None, weekdays: None }
    }

    /// Returns lines that are due so many minutes later on the clock; `None` where no lines can say
    /// it, because days of a month would have to move.
    ///
    /// The minutes must be less than a day, forward or back.
    #[must_use]
    pub fn shifted(&self, by_m: i32) -> Option<Vec<Self>> {
        if self.is_hourly() {
            return Some(vec![self.hourly(by_m)]);
        }
        let mut lines: Vec<Self> = Vec::new();
        // By how many days the moment moves, and which minutes move the hour alike.
        for (hours_moved, minutes) in moved(&self.minutes, by_m, HOUR_M) {
            for (days_moved, hours) in moved(&self.hours, hours_moved, DAY_H) {
                if days_moved != 0 && (self.days.is_some() || self.months.is_some()) {
                    return None;
                }
                let weekday = |day: &u8| wrapped(i32::from(*day) + days_moved, 7);
                let weekdays = self.weekdays.as_ref().map(|days| {
                    let mut days: Vec<u8> = days.iter().map(weekday).collect();
                    days.sort_unstable();
                    days
                });
                let line = Self { minutes: minutes.clone(), hours, weekdays, ..self.clone() };
                match lines.iter_mut().find(|known| known.is_same_but_hours(&line)) {
                    Some(known) => {
                        known.hours.extend(&line.hours);
                        known.hours.sort_unstable();
                    }
                    None => lines.push(line),
                }
            }
        }
        Some(lines)
    }

    /// Returns the line of every hour whose minutes are so many later on the clock.
    #[must_use]
    pub fn hourly(&self, by_m: i32) -> Self {
        let mut minutes: Vec<u8> =
            self.minutes.iter().map(|m| wrapped(i32::from(*m) + by_m, HOUR_M)).collect();
        minutes.sort_unstable();
        Self::at_minutes(minutes)
    }

    /// Returns the line with hours added behind those that a zone's clocks will skip.
    ///
    /// For programs that pass over what is due in a skipped hour, and start what does nothing when it
    /// is started again. An hour that would be on the next day is added only where days do not matter.
    #[must_use]
    pub fn with_hours_behind_skips(&self, zone: &TimeZone, now: DateTime<Utc>) -> Self {
        let mut hours = self.hours.clone();
        for (from_m, length_m) in skips(zone, now) {
            for hour in &self.hours {
                let is_skipped = |minute: &u8| {
                    let due_m = i32::from(*hour) * HOUR_M + i32::from(*minute);
                    (from_m..from_m + length_m).contains(&due_m)
                };
                let behind = i32::from(*hour) + (length_m + HOUR_M - 1) / HOUR_M;
                let is_free = behind < DAY_H || self.days.is_none() && self.weekdays.is_none();
                if is_free && self.minutes.iter().any(is_skipped) {
                    hours.push(wrapped(behind, DAY_H));
                }
            }
        }
        hours.sort_unstable();
        hours.dedup();
        Self { hours, ..self.clone() }
    }

    /// Tells whether the line is due in every hour: then only minutes tell clocks apart.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        let is_daily = self.days.is_none() && self.months.is_none() && self.weekdays.is_none();
        is_daily && self.hours.len() == 24
    }

    fn is_same_but_hours(&self, other: &Self) -> bool {
        Self { hours: Vec::new(), ..self.clone() } == Self { hours: Vec::new(), ..other.clone() }
    }

    /// Returns the line in the form that every cron reads: numbers, ranges and lists.
    #[must_use]
    pub fn line(&self) -> String {
        let any = |values: &Option<Vec<u8>>| values.as_deref().map_or("*".to_owned(), list);
        let all = |values: &[u8], all| {
            if values.len() == all { "*".to_owned() } else { list(values) }
        };
        format!(
            "{} {} {} {} {}",
            all(&self.minutes, 60),
            all(&self.hours, 24),
            any(&self.days),
            any(&self.months),
            any(&self.weekdays)
        )
    }

    /// Returns the calendar events of systemd that are together due when the line is, in a zone.
    #[must_use]
    pub fn calendar_events(&self, zone: &str) -> Vec<String> {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        let two = |value: &u8| format!("{value:02}");
        let joined = |values: &[u8]| values.iter().map(two).collect::<Vec<_>>().join(",");
        let all = |values: &[u8], all| {
            if values.len() == all { "*".to_owned() } else { joined(values) }
        };
        let any = |values: Option<&Vec<u8>>| values.map_or("*".to_owned(), |v| joined(v));
        let time = format!("{}:{}:00", all(&self.hours, 24), all(&self.minutes, 60));
        let event = |weekdays: Option<&Vec<u8>>, days: Option<&Vec<u8>>| {
            let names = weekdays.map(|days| {
                let names = days.iter().filter_map(|day| NAMES.get(usize::from(*day)).copied());
                names.collect::<Vec<_>>().join(",") + " "
            });
            let names = names.unwrap_or_default();
            format!("{names}*-{}-{} {time} {zone}", any(self.months.as_ref()), any(days))
        };
        match (&self.days, &self.weekdays) {
            (Some(days), Some(weekdays)) => {
                vec![event(None, Some(days)), event(Some(weekdays), None)]
            }
            (days, weekdays) => vec![event(weekdays.as_ref(), days.as_ref())],
        }
    }
}

/// Moves values within a cycle, and gathers those that leave it equally often, each in order.
fn moved(values: &[u8], by: i32, cycle: i32) -> Vec<(i32, Vec<u8>)> {
    let mut groups: Vec<(i32, Vec<u8>)> = Vec::new();
    for value in values {
        let moved = i32::from(*value) + by;
        let (cycles, value) = (moved.div_euclid(cycle), wrapped(moved, cycle));
        match groups.iter_mut().find(|(known, _)| *known == cycles) {
            Some((_, group)) => group.push(value),
            None => groups.push((cycles, vec![value])),
        }
    }
    groups
}

fn wrapped(value: i32, cycle: i32) -> u8 {
    u8::try_from(value.rem_euclid(cycle)).unwrap_or_default()
}

/// Writes values as a list, with ranges for three and more in a row.
fn list(values: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = values;
    while let Some(first) = rest.first() {
        let run = rest.iter().zip(*first..).take_while(|(value, next)| **value == *next).count();
        let (row, behind) = rest.split_at(run.max(1));
        match row {
            [first, .., last] if row.len() > 2 => parts.push(format!("{first}-{last}")),
            row => parts.extend(row.iter().map(ToString::to_string)),
        }
        rest = behind;
    }
    parts.join(",")
}

/// For so many years two zones must keep their distance to be taken for constant.
const YEARS_AHEAD: i64 = 5;

/// Returns by how many minutes the clocks of a zone are ahead of those of another, now and for the
/// next years; `None` if that changes.
#[must_use]
pub fn constant_minutes_ahead(
    zone: &TimeZone,
    other: &TimeZone,
    now: DateTime<Utc>,
) -> Option<i32> {
    let start = Timestamp::from_second(now.timestamp()).ok()?;
    let end = Timestamp::from_second(now.timestamp() + YEARS_AHEAD * 366 * 24 * 3600).ok()?;
    let ahead = |at| zone.to_offset(at).seconds() - other.to_offset(at).seconds();
    let changes = [zone, other].into_iter().flat_map(|zone| {
        zone.following(start).map(|change| change.timestamp()).take_while(|at| *at < end)
    });
    let first = ahead(start);
    let is_constant = changes.into_iter().all(|at| ahead(at) == first);
    Some(first / HOUR_M).filter(|_| is_constant && first % HOUR_M == 0)
}

/// Returns the times that a zone's clocks will skip, each as its start, in minutes of the day, and its
/// length in minutes.
fn skips(zone: &TimeZone, now: DateTime<Utc>) -> Vec<(i32, i32)> {
    let start = Timestamp::from_second(now.timestamp()).unwrap_or_default();
    let end = now.timestamp() + YEARS_AHEAD * 366 * 24 * 3600;
    let changes = zone.following(start).take_while(|change| change.timestamp().as_second() < end);
    let skip = |at: Timestamp| {
        let before = at.checked_sub(jiff::SignedDuration::from_secs(1)).ok()?;
        let (before, after) = (zone.to_offset(before), zone.to_offset(at));
        let length_s = after.seconds() - before.seconds();
        let clock = before.to_datetime(at).time();
        let from_m = i32::from(clock.hour()) * HOUR_M + i32::from(clock.minute());
        (length_s > 0).then_some((from_m, length_s / 60))
    };
    changes.filter_map(|change| skip(change.timestamp())).collect()
}

/// Returns by how many minutes the clocks of a zone are ahead of those of another at a moment.
#[must_use]
pub fn minutes_ahead(zone: &TimeZone, other: &TimeZone, now: DateTime<Utc>) -> i32 {
    let at = Timestamp::from_second(now.timestamp()).unwrap_or_default();
    (zone.to_offset(at).seconds() - other.to_offset(at).seconds()) / HOUR_M
}

#[cfg(test)]
mod tests;

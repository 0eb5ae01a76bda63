//! A cron line in a time zone: its due moments.
//!
//! The calendar of a line is croner's work; what daylight saving makes of it is decided here, as
//! Debian's cron does: a line whose minute and hour both begin with something other than `*` names
//! times of the day, and each of them comes once. One that is skipped comes right after the gap, one
//! that is doubled comes the first time. Every other line follows real time: what is skipped is not
//! made up for, what is doubled comes twice.

mod words;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeZone as _, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

use crate::domain::cron_line::CronFields;

/// A survey's schedule: a cron line in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    zone_name: String,
    kind: Kind,
}

/// What a line does when the clocks are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its times of the day come once each.
    FixedTimes,
    /// It comes whenever the clock shows one of its times.
    RealTime,
}

impl Schedule {
    /// Reads a five-field cron line, or a name such as `@daily`.
    ///
    /// # Errors
    ///
    /// Returns the reason in words: a bad field, or a line that never comes due.
    pub fn parse(line: &str, zone: TimeZone, zone_name: &str) -> Result<Self, String> {
        let line = match line.trim() {
            // Names of cron that croner does not know.
            name if name.eq_ignore_ascii_case("@midnight") => "@daily",
            other => other,
        };
        let fields: Vec<&str> = line.split_whitespace().collect();
        let has_star = |at: usize| fields.get(at).is_some_and(|field| field.starts_with('*'));
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            // A day must fit both fields if one of them begins with `*`, else either of them.
            .dom_and_dow(has_star(2) || has_star(4));
        let cron = parser.build().parse(line).map_err(|error| error.to_string())?;
        let kind = match line.to_ascii_lowercase().as_str() {
            "@hourly" => Kind::RealTime,
            _ if has_star(0) || has_star(1) => Kind::RealTime,
            _ => Kind::FixedTimes,
        };
        let schedule = Self { cron, zone, zone_name: zone_name.to_owned(), kind };
        // Lines such as `0 0 31 2 *` read well and never come due; 2024 holds a 29 February.
        let start = Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).single().unwrap_or_default();
        schedule.next_after(start).map(|_| schedule).ok_or_else(|| "never comes due".to_owned())
    }

    /// Returns the five fields of the line; a name such as `@daily` stands for its fields.
    #[must_use]
    pub fn line(&self) -> &str {
        self.cron.as_str()
    }

    /// Returns the time zone's name as it was written.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// Returns the first due moment after that one; `None` if there is none before the year 5000,
    /// where croner's calendar ends.
    #[must_use]
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zoned = self.zoned(moment)?;
        if self.kind == Kind::RealTime {
            return self.cron.find_next_occurrence(&zoned, false).ok().and_then(|z| to_utc(&z));
        }
        // The times of the day are in the order of their moments, so that none before this one can
        // come after it. In a doubled hour, and right after a skipped one, some come no more.
        let mut time = zoned.datetime();
        loop {
            time = self.cron.find_next_occurrence(&time, false).ok()?;
            let due = self.moment_of(time)?;
            if due > moment {
                return Some(due);
            }
        }
    }

    /// Returns the last due moment that is not after that one.
    #[must_use]
    pub fn last_until(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zoned = self.zoned(moment)?;
        if self.kind == Kind::RealTime {
            return self.cron.find_previous_occurrence(&zoned, true).ok().and_then(|z| to_utc(&z));
        }
        let mut time = self.cron.find_previous_occurrence(&zoned.datetime(), true).ok()?;
        let mut due = self.moment_of(time)?;
        // When a doubled hour comes for the second time, all of it came before.
        loop {
            let Ok(later) = self.cron.find_next_occurrence(&time, false) else { return Some(due) };
            match self.moment_of(later) {
                Some(moment_of_later) if moment_of_later <= moment => {
                    (time, due) = (later, moment_of_later);
                }
                _ => return Some(due),
            }
        }
    }

    /// Returns the time zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns the values that the line's fields allow; `None` where which days they mean depends on
    /// the month (`L`, `W`, `#`), or a day must be in two fields that each leave some out.
    #[must_use]
    pub fn fields(&self) -> Option<CronFields> {
        let pattern = &self.cron.pattern;
        if pattern.days.has_modifiers() || pattern.days_of_week.has_modifiers() {
            return None;
        }
        let values = |values: Vec<u16>| -> BTreeSet<u8> {
            values.into_iter().filter_map(|value| value.try_into().ok()).collect()
        };
        let days = values(pattern.days.values());
        // Sunday is 0 and 7.
        let weekdays = values(pattern.days_of_week.values()).into_iter().map(|day| day % 7);
        let weekdays: BTreeSet<u8> = weekdays.collect();
        let (any_day, any_weekday) = (days.len() == 31, weekdays.len() == 7);
        if pattern.matches_dom_and_dow() && !any_day && !any_weekday {
            return None;
        }
        // Where one of two fields is enough, any day of one is any day; but a bare `*` says nothing.
        let is_said_twice = !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard();
        let is_enough = is_said_twice && !pattern.matches_dom_and_dow();
        let restricted = if is_enough && (any_day || any_weekday) {
            (None, None)
        } else {
            (Some(days).filter(|_| !any_day), Some(weekdays).filter(|_| !any_weekday))
        };
        let list = |values: BTreeSet<u8>| -> Vec<u8> { values.into_iter().collect() };
        Some(CronFields {
            minutes: list(values(pattern.minutes.values())),
            hours: list(values(pattern.hours.values())),
            days: restricted.0.map(list),
            months: Some(list(values(pattern.months.values()))).filter(|all| all.len() < 12),
            weekdays: restricted.1.map(list),
        })
    }

    fn zoned(&self, moment: DateTime<Utc>) -> Option<Zoned> {
        Some(Timestamp::from_second(moment.timestamp()).ok()?.to_zoned(self.zone.clone()))
    }

    /// Returns the moment at which a time of the day comes: the end of a gap that holds it, the first
    /// of two.
    fn moment_of(&self, time: civil::DateTime) -> Option<DateTime<Utc>> {
        let ambiguous = self.zone.to_ambiguous_timestamp(time);
        let timestamp = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(time).ok()?,
            AmbiguousOffset::Gap { after, .. } => {
                // By the clock as it is after the gap, the time lies before it.
                let before_gap = after.to_timestamp(time).ok()?;
                self.zone.following(before_gap).next()?.timestamp()
            }
        };
        DateTime::from_timestamp(timestamp.as_second(), 0)
    }
}

fn to_utc(zoned: &Zoned) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(zoned.timestamp().as_second(), 0)
}

#[cfg(test)]
mod tests;

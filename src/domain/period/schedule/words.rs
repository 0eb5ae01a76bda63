//! A schedule as a sentence says it, where the line is one of the plain forms.

use super::{Kind, Schedule};
use crate::domain::cron_line::CronFields;

const WEEKDAYS: [&str; 7] =
    ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];
/// Every month has these days.
const LAST_DAY_OF_ALL: u8 = 28;

impl Schedule {
    /// Says when the schedule is due for those who do not read cron lines: `daily at 06:17 UTC`,
    /// `weekly, Mondays at 06:17 UTC`, `monthly, on day 1 at 06:17 UTC`, `hourly at minute 17 UTC`.
    ///
    /// `None` for every other line: several times a day, some months only, a day of the month that
    /// some months lack, or times that fall out when clocks are changed.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let CronFields { minutes, hours, days, months: None, weekdays } = self.fields()? else {
            return None;
        };
        let [minute] = minutes[..] else { return None };
        let zone = &self.zone_name;
        let is_hourly = hours.len() == 24 && days.is_none() && weekdays.is_none();
        if is_hourly && self.kind == Kind::RealTime {
            return Some(format!("hourly at minute {minute} {zone}"));
        }
        let [hour] = hours[..] else { return None };
        let days = match (days.as_deref(), weekdays.as_deref()) {
            (None, None) => "daily".to_owned(),
            (None, Some([day])) => format!("weekly, {}", WEEKDAYS.get(usize::from(*day))?),
            (Some([day]), None) if *day <= LAST_DAY_OF_ALL => format!("monthly, on day {day}"),
            _ => return None,
        };
        let is_fixed = self.kind == Kind::FixedTimes;
        is_fixed.then(|| format!("{days} at {hour:02}:{minute:02} {zone}"))
    }
}

#[cfg(test)]
mod tests;

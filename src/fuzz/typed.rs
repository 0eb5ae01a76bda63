//! What people type: moments, lengths of time, cron lines.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use jiff::tz::TimeZone;

use crate::domain::period::Schedule;
use crate::domain::query::Method;
use crate::domain::run::RunId;
use crate::domain::when::{When, parse_duration};

/// A moment, a length of time, a run id, or a method.
pub fn moment(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    if let Some(when) = When::parse(text, today) {
        let run = RunId::new(when.begins_at(), 0);
        assert!(when.reaches(run), "{text}: what begins with it is not after it");
    }
    if let Some(length) = parse_duration(text) {
        assert!(length.as_secs() <= 366 * 24 * 3600, "{text}");
    }
    if let Some(run) = RunId::parse(text) {
        assert_eq!(run.to_string(), text);
    }
    if let Some(method) = Method::parse(text) {
        assert_eq!(method.to_string(), text);
    }
}

/// A cron line, on the second line its time zone, on the third a moment.
pub fn schedule(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (line, zone_name, moment) = (next(), next(), next());
    let Ok(zone) = TimeZone::get(zone_name) else { return };
    let moment: DateTime<Utc> = moment.parse().unwrap_or_default();
    let schedule = match Schedule::parse(line, zone.clone(), zone_name) {
        Ok(schedule) => schedule,
        Err(reason) => {
            assert!(!reason.is_empty(), "a refusal says why");
            return;
        }
    };
    let again = Schedule::parse(schedule.line(), zone, zone_name);
    assert!(again.is_ok(), "`{line}` is told as `{}`: {again:?}", schedule.line());
    let (last, next) = (schedule.last_until(moment), schedule.next_after(moment));
    let second = TimeDelta::seconds(1);
    if let Some(next) = next {
        assert!(moment < next, "{moment} < {next}");
        assert_eq!(schedule.last_until(next), Some(next), "what is due is the last until then");
        assert_eq!(schedule.last_until(next - second), last, "nothing is due in between");
    }
    if let Some(last) = last {
        assert!(last <= moment, "{last} <= {moment}");
        assert_eq!(schedule.next_after(last), next, "nothing is due in between");
        assert_eq!(schedule.next_after(last - second), Some(last), "what is due is next before it");
    }
}

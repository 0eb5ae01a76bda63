//! The days that get a point, as `--from`, `--to` and `--every` say.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::cli::args::{BackfillArgs, SpacingArg};
use crate::cli::diagnostic::Failure;
use crate::domain::created::Every;
use crate::domain::when::When;

/// GitHub opened to the public in this year; the first point has what was there before, too.
const FIRST_YEAR: i32 = 2008;

/// Returns the last days of all periods that lie wholly in the time that is asked for and are over.
pub(super) fn last_days(
    arguments: &BackfillArgs,
    today: NaiveDate,
) -> Result<Vec<NaiveDate>, Failure> {
    let BackfillArgs { from, to, every, .. } = arguments;
    let (first, _) = days_of("--from", from, today)?;
    let asked_end = to.as_deref().map(|to| days_of("--to", to, today)).transpose()?;
    let asked_end = asked_end.map(|(_, end)| end);
    if first.year() < FIRST_YEAR {
        return Err(Failure::usage(format!("`--from {from}` is before GitHub's time"))
            .because(format!("it opened in {FIRST_YEAR}"))
            .hint(format!(
                "begin with `--from {FIRST_YEAR}`: what is older is in the first point, too"
            )));
    }
    let today_is = || format!("today is {today}, in UTC");
    if first > today {
        let year_ago = today.checked_sub_months(Months::new(12)).unwrap_or(today);
        return Err(Failure::usage(format!("`--from {from}` lies in the future"))
            .because(today_is())
            .hint(format!(
                "begin with a time that is over, such as `--from {}`",
                month(year_ago)
            )));
    }
    if let (Some(to), Some(end)) = (to, asked_end)
        && end <= first
    {
        return Err(Failure::usage(format!("`--to {to}` is before `--from {from}`"))
            .hint(format!("the other way round: `--from {to} --to {from}`")));
    }
    // A period that is not over has no count yet.
    let end = asked_end.map_or(today, |end| end.min(today));
    let last_days = Every::from(*every).last_days(first, end);
    if last_days.is_empty() {
        let to = to.as_ref().map(|to| format!(" --to {to}")).unwrap_or_default();
        let name = match every {
            SpacingArg::Month => "month",
            SpacingArg::Quarter => "quarter of the calendar",
            SpacingArg::Year => "year",
        };
        let message = format!("`--from {from}{to}` has no whole {name} that is over");
        let mut ways_out = vec!["begin earlier"];
        ways_out.extend((!to.is_empty()).then_some("end later"));
        let is_shortest = *every == SpacingArg::Month;
        ways_out.extend((!is_shortest).then_some("take shorter periods: `--every month`"));
        return Err(Failure::usage(message).because(today_is()).hint(ways_out.join(", or ")));
    }
    Ok(last_days)
}

/// Reads a year, a month or a day; returns the first day and the one after the last.
fn days_of(flag: &str, text: &str, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Failure> {
    match When::parse(text, today) {
        Some(When::Days { first, end }) => Ok((first, end)),
        Some(When::Run(_)) => Err(Failure::usage(format!("`{flag} {text}` names a run"))
            .because("what is reconstructed is no run")
            .hint(format!("name a month, such as `{flag} 2015-06`"))),
        None => Err(Failure::usage(format!("`{flag} {text}` names no year, month or day"))
            .hint(format!("write it as `{flag} 2015`, `{flag} 2015-06` or `{flag} 2015-06-30`"))),
    }
}

fn month(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

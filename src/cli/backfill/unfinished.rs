//! What a backfill was asked for, as far as the answers that it kept tell.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};

use crate::cli::args::SpacingArg;
use crate::domain::run::Run;
use crate::history::visit_last_runs;

/// So many runs are looked at: each time a backfill goes on is one.
const MOST_RUNS: usize = 100;

/// The beginning and the spacing of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Unfinished {
    /// The first day of the first period.
    from: NaiveDate,
    pub(in crate::cli) every: SpacingArg,
}

impl Unfinished {
    /// Reads it from the file of the answers; `None` if they are too few to tell, or cannot be read.
    pub(in crate::cli) fn of_answers(path: &Path) -> Option<Self> {
        let mut seen = Seen::default();
        let visited = visit_last_runs(path, MOST_RUNS, |run| {
            seen.note(&run);
            if seen.tell().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        visited.ok().and_then(|()| seen.tell())
    }

    /// Returns the first period as `--from` takes it.
    pub(in crate::cli) fn from(self) -> String {
        let format = if self.every == SpacingArg::Year { "%Y" } else { "%Y-%m" };
        self.from.format(format).to_string()
    }
}

/// What the queries of some runs say.
#[derive(Debug, Default)]
struct Seen {
    /// The day after the first period. Halves of it end earlier.
    first_end: Option<NaiveDate>,
    /// The end of each other range of whole months, and how many these are.
    others: BTreeSet<(NaiveDate, u32)>,
}

impl Seen {
    fn note(&mut self, run: &Run) {
        for sample in &run.samples {
            let Some((from, end)) = range_of(&sample.query_text) else { continue };
            match from {
                None => self.first_end = self.first_end.max(Some(end)),
                Some(from) => self.others.extend(months_between(from, end).map(|n| (end, n))),
            }
        }
    }

    fn tell(&self) -> Option<Unfinished> {
        let end = self.first_end?;
        // Halves are shorter than their period, but for those of the first, which is as long as GitHub's time.
        let later = self.others.iter().filter(|(other, _)| *other > end);
        let months = later.map(|(_, months)| *months).max()?;
        let every = match months {
            1 => SpacingArg::Month,
            3 => SpacingArg::Quarter,
            12 => SpacingArg::Year,
            _ => return None,
        };
        Some(Unfinished { from: end.checked_sub_months(Months::new(months))?, every })
    }
}

/// Returns the first day of a query's range, `None` if it is open, and the day after the last.
/// `None` for a range that does not begin and end with whole days.
fn range_of(query: &str) -> Option<(Option<NaiveDate>, NaiveDate)> {
    let range = query.split_whitespace().find_map(|word| word.strip_prefix("created:"))?;
    let moment = |text: &str| text.parse::<DateTime<Utc>>().ok();
    let day_of = |moment: DateTime<Utc>| {
        let day = moment.date_naive();
        (moment.time() == chrono::NaiveTime::MIN).then_some(day)
    };
    let after = |until: &str| day_of(moment(until)? + chrono::TimeDelta::seconds(1));
    if let Some(until) = range.strip_prefix("<=") {
        return Some((None, after(until)?));
    }
    let (from, until) = range.split_once("..")?;
    Some((Some(day_of(moment(from)?)?), after(until)?))
}

/// Returns the months from one first day of a month to another.
fn months_between(from: NaiveDate, end: NaiveDate) -> Option<u32> {
    let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    let is_whole = from.day() == 1 && end.day() == 1;
    u32::try_from(months(end) - months(from)).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::created::{CreatedRange, Every, ranges_up_to};
    use crate::domain::sample::Outcome;
    use crate::domain::sample::tests::sample;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn tell(ranges: &[CreatedRange]) -> Option<(String, SpacingArg)> {
        let row = |range: &CreatedRange| {
            let mut row = sample("Flask", 1, Outcome::Complete(1));
            row.query_text = range.query("flask is:public");
            row
        };
        let samples: Vec<_> = ranges.iter().map(row).collect();
        let mut seen = Seen::default();
        seen.note(&Run { id: samples[0].run, samples });
        seen.tell().map(|unfinished| (unfinished.from(), unfinished.every))
    }

    #[test]
    fn the_first_answers_tell_where_a_series_begins_and_its_spacing() {
        let ranges =
            |every: Every, from: &str| ranges_up_to(&every.last_days(day(from), day("2016-01-01")));
        let cases = [
            (Every::Month, "2012-02-01", "2012-02", SpacingArg::Month),
            (Every::Quarter, "2012-04-01", "2012-04", SpacingArg::Quarter),
            (Every::Year, "2012-01-01", "2012", SpacingArg::Year),
        ];
        for (every, begun, from, spacing) in cases {
            let ranges = ranges(every, begun);
            assert_eq!(tell(&ranges[..2]), Some((from.to_owned(), spacing)), "{every:?}");
            assert_eq!(tell(&ranges[..1]), None, "one end says nothing of the next");
            // What stopped early was asked in halves, which are no periods.
            let halves = |range: &CreatedRange| range.halves().map(|(one, two)| [one, two]);
            let with_halves: Vec<CreatedRange> =
                ranges[..2].iter().filter_map(halves).flatten().chain(ranges.clone()).collect();
            assert_eq!(tell(&with_halves), Some((from.to_owned(), spacing)), "{every:?}");
        }
    }
}

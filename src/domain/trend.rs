//! What changed between the first and the last count of each framework.

use super::period::Period;
use super::run::RunId;
use super::sample::{SourceKind, Status};
use super::series::{Origin, Series, SeriesRow, Value};

const WEEK_S: f64 = 7.0 * 24.0 * 3600.0;
/// Over less than a day a weekly rate would only magnify noise.
const SHORTEST_RATE_S: i64 = 24 * 3600;

/// What changed over the periods of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// The first and the last period that have a finished run; `None` if there is none.
    pub span: Option<(TrendEnd, TrendEnd)>,
    /// A line for each framework: by the last period's rank, those without one at the end; equal
    /// ones by name.
    pub lines: Vec<TrendLine>,
}

/// A period at one end of a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrendEnd {
    /// The period.
    pub period: Period,
    /// Its last finished run.
    pub run: RunId,
}

/// What changed for one framework.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendLine {
    /// The framework's name now.
    pub framework: String,
    /// Its first count since the last break; `None` if it has no count at all.
    pub first: Option<TrendPoint>,
    /// Its last count.
    pub last: Option<TrendPoint>,
    /// How many more the last one is; `None` unless there are two, and both are exact.
    pub change: Option<i64>,
    /// The change as a share of the first count; `None` also if that is 0.
    pub relative: Option<f64>,
    /// The change a week; `None` also if the two counts are less than a day apart.
    pub per_week: Option<f64>,
    /// Its rank in the first period of the trend; `None` if it has no count there, or if a break
    /// lies behind it.
    pub rank_then: Option<u32>,
    /// Its rank in the last period of the trend; `None` if it has no count there.
    pub rank_now: Option<u32>,
    /// In how many periods it has a count.
    pub periods: usize,
    /// Where the ways of counting changed, in order.
    pub turns: Vec<Turn>,
    /// Every count it has, in the order of the periods.
    pub course: Vec<CoursePoint>,
}

/// A count of a framework in one of the periods of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoursePoint {
    /// Which of [`Series::rows`] it stands in.
    pub row: usize,
    /// The number of repositories.
    pub count: u64,
    /// How far it can be trusted.
    pub status: Status,
    /// Its rank in that period, from 1; equal counts share one.
    pub rank: u32,
    /// Whether a break lies between this count and the one before.
    pub begins_anew: bool,
}

/// A count at one end of a framework's trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrendPoint {
    /// The run that counted it.
    pub run: RunId,
    /// The number of repositories.
    pub count: u64,
    /// How far it can be trusted.
    pub status: Status,
}

impl TrendPoint {
    fn exact(self) -> Option<u64> {
        Some(self.count).filter(|_| matches!(self.status, Status::Complete | Status::Unchecked))
    }
}

/// A change in how a framework is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What changed.
    pub kind: TurnKind,
    /// The first run that counted in the new way.
    pub run: RunId,
}

/// What can change in how a framework is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TurnKind {
    /// The query: a break, behind which a new trend begins.
    Method,
    /// The GitHub that was asked: a break.
    Host,
    /// Whether we counted: numbers of an import or of a publication stand on one side, and nothing
    /// says that both were counted alike; a break. From one kind of source to another.
    Source(SourceKind, SourceKind),
    /// Only the interface that was asked, or who asked the same query; from one kind of source to
    /// another.
    Api(SourceKind, SourceKind),
}

impl TurnKind {
    /// Tells whether counts before and after cannot be compared.
    #[must_use]
    pub fn is_break(&self) -> bool {
        !matches!(self, Self::Api(..))
    }

    /// Returns what changed from the origin of one count to that of a later one; `None` if nothing did.
    pub(super) fn between(before: &Origin, after: &Origin) -> Option<Self> {
        let kinds = (before.source.kind, after.source.kind);
        let same_host = before.source.host == after.source.host;
        let same_method = before.method == after.method;
        if same_host && same_method {
            return (kinds.0 != kinds.1).then_some(Self::Api(kinds.0, kinds.1));
        }
        // Numbers from elsewhere name no host, and often no query: nothing of ours changed.
        let both_known = same_host && before.method.is_some() && after.method.is_some();
        let from_elsewhere = kinds.0.is_from_elsewhere() || kinds.1.is_from_elsewhere();
        if from_elsewhere && kinds.0 != kinds.1 && !both_known {
            return Some(Self::Source(kinds.0, kinds.1));
        }
        Some(if same_host { Self::Method } else { Self::Host })
    }
}

impl Trend {
    /// Works out the trend of a series.
    #[must_use]
    pub fn of(series: &Series) -> Self {
        let end = |row: &SeriesRow| TrendEnd { period: row.period, run: row.run };
        let (first, last) = (series.rows.first(), series.rows.last());
        let ranks: Vec<Vec<u64>> = series.rows.iter().map(counts_in_order).collect();
        let mut lines: Vec<TrendLine> =
            (0..series.frameworks.len()).map(|framework| line(series, &ranks, framework)).collect();
        lines.sort_by_cached_key(|line| {
            let rank = line.rank_now.unwrap_or(u32::MAX);
            (rank, line.framework.to_lowercase(), line.framework.clone())
        });
        Self { span: first.map(end).zip(last.map(end)), lines }
    }
}

/// Returns the counts of a period, the highest first.
fn counts_in_order(row: &SeriesRow) -> Vec<u64> {
    let mut counts: Vec<u64> = row.values.iter().flatten().map(|value| value.count).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Returns the rank of a count among those of its period, from 1; equal counts share one.
fn rank(counts: &[u64], count: u64) -> u32 {
    u32::try_from(counts.partition_point(|other| *other > count) + 1).unwrap_or(u32::MAX)
}

fn line(series: &Series, counts: &[Vec<u64>], framework: usize) -> TrendLine {
    let origin = |value: Value| series.origins.get(value.origin as usize);
    let (mut first, mut last): (Option<TrendPoint>, Option<TrendPoint>) = (None, None);
    let (mut before, mut turns, mut course) = (None, Vec::new(), Vec::new());
    for (place, (row, counts)) in series.rows.iter().zip(counts).enumerate() {
        let Some(value) = row.value(framework) else { continue };
        let mut begins_anew = false;
        let point = TrendPoint { run: row.run, count: value.count, status: value.status };
        if before.is_some_and(|before: Value| before.origin != value.origin) {
            let origins = before.and_then(origin).zip(origin(value));
            let kind = origins.and_then(|(before, after)| TurnKind::between(before, after));
            if kind.as_ref().is_some_and(TurnKind::is_break) {
                first = None;
                begins_anew = true;
            }
            turns.extend(kind.map(|kind| Turn { kind, run: row.run }));
        }
        first = first.or(Some(point));
        (last, before) = (Some(point), Some(value));
        let Value { count, status, .. } = value;
        let rank = rank(counts, count);
        course.push(CoursePoint { row: place, count, status, rank, begins_anew });
    }
    // Behind a break the rank before it says nothing.
    let was_broken = course.iter().any(|point| point.begins_anew);
    let rank_in = |place: Option<usize>, point: Option<&CoursePoint>| {
        point.filter(|point| Some(point.row) == place).map(|point| point.rank)
    };
    let exact = |point: Option<TrendPoint>| point.and_then(TrendPoint::exact);
    // A single count is no trend.
    let is_single = first.map(|point| point.run) == last.map(|point| point.run);
    let counts = exact(first).zip(exact(last)).filter(|_| !is_single);
    let difference = counts.map(|(first, last)| i128::from(last) - i128::from(first));
    let length_s = first
        .zip(last)
        .map_or(0, |(first, last)| (last.run.started_at() - first.run.started_at()).num_seconds());
    TrendLine {
        framework: series.frameworks[framework].clone(),
        first,
        last,
        change: difference.and_then(|change| i64::try_from(change).ok()),
        relative: difference.zip(counts).and_then(|(change, (first, _))| ratio(change, first)),
        per_week: difference.filter(|_| length_s >= SHORTEST_RATE_S).map(|d| a_week(d, length_s)),
        rank_then: rank_in(Some(0), course.first().filter(|_| !was_broken)),
        rank_now: rank_in(series.rows.len().checked_sub(1), course.last()),
        periods: course.len(),
        turns,
        course,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to one decimal")]
fn ratio(change: i128, first: u64) -> Option<f64> {
    (first > 0).then(|| change as f64 / first as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a rate to one decimal")]
fn a_week(change: i128, length_s: i64) -> f64 {
    change as f64 * WEEK_S / length_s as f64
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::period::Per;
    use crate::domain::query::Method;
    use crate::domain::sample::Source;

    /// What a framework has in a period: a count, a status and an origin.
    type Cell = Option<(u64, Status, u32)>;

    fn origins() -> Vec<Origin> {
        let origin = |query: &str, source: &str| Origin {
            method: Some(Method::of(query)),
            source: Source::parse(source).expect("a source"),
        };
        vec![
            origin("a", "rest"),
            origin("b", "rest"),
            origin("a", "graphql"),
            origin("a", "rest@example.com"),
        ]
    }

    /// A series of a week for each row of cells.
    fn trend(rows: &[&[Cell]]) -> Trend {
        let row = |(week, cells): (i64, &&[Cell])| {
            let at = DateTime::from_timestamp(1_795_305_600 + week * 7 * 86_400, 0).expect("a day");
            let value = |(count, status, origin)| Value { count, origin, status };
            SeriesRow {
                period: Per::Day.period_at(at).expect("a period"),
                run: RunId::new(at, 0),
                values: cells.iter().map(|cell| cell.map(value)).collect(),
            }
        };
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        Trend::of(&Series {
            frameworks: ["A", "B", "C"][..width].iter().map(|name| (*name).to_owned()).collect(),
            origins: origins(),
            rows: (0..).zip(rows).map(row).collect(),
            ..Series::default()
        })
    }

    #[expect(clippy::unnecessary_wraps, reason = "a cell of a table whose cells may be empty")]
    fn complete(count: u64) -> Cell {
        Some((count, Status::Complete, 0))
    }

    /// Returns a line as `name then>now first>last change relative per_week`.
    fn told(trend: &Trend) -> Vec<String> {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let line = |line: &TrendLine| {
            let ranks = [line.rank_then, line.rank_now].map(|r| or_none(r.map(|r| r.to_string())));
            let ends =
                [line.first, line.last].map(|p| or_none(p.map(|point| point.count.to_string())));
            format!(
                "{} {} {} {} {} {}",
                line.framework,
                ranks.join(">"),
                ends.join(">"),
                or_none(line.change.map(|change| change.to_string())),
                or_none(line.relative.map(|relative| format!("{relative:.2}"))),
                or_none(line.per_week.map(|rate| format!("{rate:.1}"))),
            )
        };
        trend.lines.iter().map(line).collect()
    }

    #[test]
    fn a_course_has_every_count_with_its_rank() {
        let other = |count| Some((count, Status::Incomplete, 1));
        let trend = trend(&[
            &[complete(7), complete(7), None],
            &[None, complete(9), complete(8)],
            &[other(10), complete(9), complete(9)],
        ]);
        let told = |line: &TrendLine| {
            let point = |point: &CoursePoint| {
                let mark = if point.begins_anew { " anew" } else { "" };
                format!("{}: {} at {}{mark}", point.row, point.count, point.rank)
            };
            line.course.iter().map(point).collect::<Vec<_>>().join(", ")
        };
        let told: Vec<String> = trend.lines.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "0: 7 at 1, 2: 10 at 1 anew",
                "0: 7 at 1, 1: 9 at 1, 2: 9 at 2",
                "1: 8 at 2, 2: 9 at 2"
            ]
        );
    }

    #[test]
    fn first_and_last_counts_make_a_trend() {
        let trend = trend(&[
            &[complete(100), complete(200), None],
            &[complete(5), complete(5), complete(5)],
            &[complete(300), complete(150), complete(300)],
        ]);
        assert_eq!(
            told(&trend),
            [
                "A 2>1 100>300 200 2.00 100.0",
                "C ->1 5>300 295 59.00 295.0",
                "B 1>3 200>150 -50 -0.25 -25.0"
            ]
        );
        let (first, last) = trend.span.expect("a span");
        assert_eq!((last.period.from - first.period.from).num_days(), 14);
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let bound = |count| Some((count, Status::Incomplete, 0));
        let cases: [(&[&[Cell]], &str); 6] = [
            (&[&[complete(0)], &[complete(7)]], "A 1>1 0>7 7 - 7.0"),
            (&[&[complete(9)]], "A 1>1 9>9 - - -"),
            (&[&[bound(9)], &[complete(10)]], "A 1>1 9>10 - - -"),
            (&[&[complete(9)], &[bound(3)]], "A 1>1 9>3 - - -"),
            (&[&[None], &[complete(4)], &[None]], "A ->- 4>4 - - -"),
            (&[&[None]], "A ->- ->- - - -"),
        ];
        for (rows, expected) in cases {
            assert_eq!(told(&trend(rows)), [expected]);
        }
        assert_eq!(trend(&[]).span, None);
    }

    #[test]
    fn who_takes_numbers_from_elsewhere_asks_no_other_github() {
        use SourceKind::{Graphql, Import, Published, Rest};
        let origin = |source: &str, query: Option<&str>| Origin {
            method: query.map(Method::of),
            source: Source::parse(source).expect("a source"),
        };
        let (ours, theirs) = (origin("rest", Some("a")), origin("import", None));
        let cases = [
            (&theirs, &ours, TurnKind::Source(Import, Rest)),
            (&theirs, &origin("rest@example.com", Some("a")), TurnKind::Source(Import, Rest)),
            (&origin("import", Some("a")), &origin("graphql@example.com", Some("a")), {
                TurnKind::Source(Import, Graphql)
            }),
            (&origin("published", None), &ours, TurnKind::Source(Published, Rest)),
            (&ours, &theirs, TurnKind::Source(Rest, Import)),
            // Both queries are known: the same one, or not.
            (&origin("import", Some("a")), &ours, TurnKind::Api(Import, Rest)),
            (&origin("import", Some("b")), &ours, TurnKind::Method),
            (&origin("import", Some("b")), &theirs, TurnKind::Method),
        ];
        for (before, after, kind) in cases {
            assert_eq!(TurnKind::between(before, after), Some(kind), "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_trend_begins_behind_its_last_break() {
        let cell = |count, origin| Some((count, Status::Complete, origin));
        let turned = trend(&[&[cell(10, 0)], &[None], &[cell(50, 1)], &[cell(60, 1)]]);
        assert_eq!(told(&turned), ["A ->1 50>60 10 0.20 10.0"]);
        let kinds = |trend: &Trend| -> Vec<TurnKind> {
            trend.lines[0].turns.iter().map(|turn| turn.kind.clone()).collect()
        };
        assert_eq!(kinds(&turned), [TurnKind::Method]);
        let elsewhere = trend(&[&[cell(10, 0)], &[cell(50, 3)]]);
        assert_eq!(
            (told(&elsewhere), kinds(&elsewhere)),
            (vec!["A ->1 50>50 - - -".to_owned()], vec![TurnKind::Host])
        );
        // Another interface counts the same.
        let other_api = trend(&[&[cell(10, 0)], &[cell(15, 2)]]);
        assert_eq!(told(&other_api), ["A 1>1 10>15 5 0.50 5.0"]);
        assert_eq!(kinds(&other_api), [TurnKind::Api(SourceKind::Rest, SourceKind::Graphql)]);
    }
}

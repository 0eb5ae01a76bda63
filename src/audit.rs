//! What the queries really find: a random sample of it, drawn and looked at.
//!
//! Pages of a search show the best matches, which are the least suspicious; so the sample is drawn
//! from the time of creation. A number between nothing and the whole count is thrown for each slice,
//! and the range of time that holds the repository of that number is halved, counting, until it is
//! small enough to be read whole. So every slice is as likely as it is full. Which shares follow is
//! `domain::audit`'s business.

mod drawn;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::audit::{Audited, Rule};
use crate::domain::created::CreatedRange;
use crate::domain::sample::Outcome;
use crate::domain::survey::Framework;
use crate::github::{
    Again, AnswerSource, Found, Means, PageSource, Question, REPOSITORIES_PER_PAGE, Reply,
    SourceError,
};
use crate::platform::Stop;

/// A range with no more repositories than this is a slice: a page.
const LARGEST_SLICE: u64 = 100;

/// All of so many repositories are read; GitHub shows no more of a search.
const ALL_READ: u64 = 1_000;

/// How often a count that was stopped early is asked for again.
const ASKED_AGAIN: usize = 2;

/// A repository without a push for so long is untouched.
const UNTOUCHED_FOR: TimeDelta = TimeDelta::days(2 * 365);

/// How a sample is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// How many slices.
    pub slices: usize,
    /// What the random numbers start from; the same seed draws the same slices of the same counts.
    pub seed: u64,
    /// The time that is drawn from.
    pub range: CreatedRange,
    /// When it is drawn.
    pub now: DateTime<Utc>,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// No further answer can come.
    #[error("no further answer can come")]
    Source(#[from] SourceError),
    /// A count or a page is missing.
    #[error("`{query}` was not answered: {detail}")]
    Missing {
        /// The query.
        query: String,
        /// Why not.
        detail: String,
    },
    /// The query finds nothing.
    #[error("`{query}` finds nothing")]
    Nothing {
        /// The query.
        query: String,
    },
}

/// A slice that was drawn, and how often.
#[derive(Clone, Debug)]
struct Slice {
    found: Vec<Found>,
    times: usize,
}

/// Draws and reads a sample of what a framework's query finds.
///
/// # Errors
///
/// Fails if a count or a page does not come, or if there is nothing to draw from.
pub async fn audit<S: AnswerSource + PageSource>(
    framework: &Framework,
    query: &str,
    draw: &Draw,
    source: &mut S,
    stop: &mut Stop,
) -> Result<Audited, AuditError> {
    let mut counts = Counts { query, known: BTreeMap::new() };
    counts.count_all(&[draw.range], source, stop).await?;
    let total = counts.get(draw.range);
    if total == 0 {
        return Err(AuditError::Nothing { query: query.to_owned() });
    }
    let is_whole = total <= ALL_READ;
    let drawn = if is_whole {
        BTreeMap::from([(draw.range, 1)])
    } else {
        counts.draw(draw, total, source, stop).await?
    };
    let mut slices = Vec::new();
    for (range, times) in drawn {
        let found = read_whole(&range.query(query), source, stop).await?;
        // Repositories go between counting and reading.
        if !found.is_empty() {
            slices.push(Slice { found, times });
        }
    }
    let untouched_before = draw.now - UNTOUCHED_FOR;
    let rule = Rule::of(framework);
    Ok(drawn::sum_up(query, total, is_whole, &slices, &rule, untouched_before, draw.seed))
}

/// The counts of ranges, each asked for once.
struct Counts<'q> {
    query: &'q str,
    known: BTreeMap<CreatedRange, u64>,
}

impl Counts<'_> {
    fn get(&self, range: CreatedRange) -> u64 {
        self.known.get(&range).copied().unwrap_or_default()
    }

    /// Goes down from the whole to slices, all draws at the same time, so that the counts of a level
    /// can be asked for together.
    async fn draw<S: AnswerSource>(
        &mut self,
        draw: &Draw,
        total: u64,
        source: &mut S,
        stop: &mut Stop,
    ) -> Result<BTreeMap<CreatedRange, usize>, AuditError> {
        let mut random = fastrand::Rng::with_seed(draw.seed);
        // Where in the range each draw lies, and how many the range has.
        let mut open: Vec<(CreatedRange, u64, u64)> =
            (0..draw.slices).map(|_| (draw.range, random.u64(..total), total)).collect();
        let mut drawn = BTreeMap::new();
        while !open.is_empty() {
            let mut halved = Vec::new();
            for (range, place, count) in open {
                match range.halves().filter(|_| count > LARGEST_SLICE) {
                    Some((first, second)) => halved.push((first, second, place, count)),
                    None => *drawn.entry(range).or_default() += 1,
                }
            }
            let firsts: Vec<CreatedRange> = halved.iter().map(|(first, ..)| *first).collect();
            self.count_all(&firsts, source, stop).await?;
            let down = |(first, second, place, count): (CreatedRange, CreatedRange, u64, u64)| {
                // The halves are of one moment, or nearly so.
                let in_first = self.get(first).min(count);
                if place < in_first {
                    (first, place, in_first)
                } else {
                    (second, place - in_first, count - in_first)
                }
            };
            open = halved.into_iter().map(down).collect();
        }
        Ok(drawn)
    }

    /// Asks for what is not known yet.
    async fn count_all<S: AnswerSource>(
        &mut self,
        ranges: &[CreatedRange],
        source: &mut S,
        stop: &mut Stop,
    ) -> Result<(), AuditError> {
        let mut wanted: Vec<CreatedRange> =
            ranges.iter().filter(|range| !self.known.contains_key(range)).copied().collect();
        wanted.sort();
        wanted.dedup();
        while !wanted.is_empty() {
            let most = source.most_at_once().max(1).min(wanted.len());
            let questions: Vec<Question> =
                wanted[..most].iter().map(|range| question(&range.query(self.query))).collect();
            let replies = source.ask(&questions, wanted.len(), stop).await?;
            let mut left = Vec::new();
            let looked_at = replies.len().min(most);
            for ((range, question), reply) in wanted.iter().zip(&questions).zip(replies) {
                let missing = |detail: String| {
                    let query = question.query.clone();
                    Err(AuditError::Missing { query, detail })
                };
                match reply {
                    Reply::NotYet => left.push(*range),
                    Reply::NothingMore => return missing("no answer".to_owned()),
                    Reply::Answer(answer) => match answer.outcome.count() {
                        // A lower bound makes its range a little less likely; it is read whole.
                        Some(count) => {
                            self.known.insert(*range, count);
                        }
                        None => return missing(answer.detail.reason()),
                    },
                }
            }
            left.extend_from_slice(&wanted[looked_at..]);
            wanted = left;
        }
        Ok(())
    }
}

fn question(query: &str) -> Question {
    Question {
        query: query.to_owned(),
        framework: String::new(),
        metric: String::new(),
        sample_no: 1,
        means: Means::Any,
    }
}

/// Reads all pages of a query that GitHub shows.
async fn read_whole<S: PageSource>(
    query: &str,
    source: &mut S,
    stop: &mut Stop,
) -> Result<Vec<Found>, AuditError> {
    let mut all: Vec<Found> = Vec::new();
    for page in 1..=ALL_READ / REPOSITORIES_PER_PAGE as u64 {
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        let read = source.read_page(query, page, stop).await?;
        if read.outcome == Outcome::Failed {
            let query = query.to_owned();
            return Err(AuditError::Missing { query, detail: read.detail });
        }
        let is_last = read.found.len() < REPOSITORIES_PER_PAGE;
        all.extend(read.found);
        if is_last || read.outcome.count().is_some_and(|count| all.len() as u64 >= count) {
            break;
        }
    }
    Ok(all)
}

/// Counts queries one after the other, so that each tells whether it is complete; those that were
/// stopped early are asked again, twice at most, behind all others, and the best answer counts.
///
/// # Errors
///
/// Fails when no further answer can come; a query without an answer is a failed one.
pub async fn count_queries<S: AnswerSource>(
    queries: &[String],
    source: &mut S,
    stop: &mut Stop,
) -> Result<Vec<Outcome>, AuditError> {
    let mut outcomes = vec![Outcome::Failed; queries.len()];
    let mut wanted: Vec<usize> = (0..queries.len()).collect();
    for _ in 0..=ASKED_AGAIN {
        let mut again = Vec::new();
        for (done, place) in wanted.iter().enumerate() {
            let still_to_ask = wanted.len() - done;
            let (outcome, is_worth_it) =
                count_query(&queries[*place], still_to_ask, source, stop).await?;
            let best = &mut outcomes[*place];
            if (outcome.status(), outcome.count()) > (best.status(), best.count()) {
                *best = outcome;
            }
            if is_worth_it && matches!(outcome, Outcome::Incomplete(_)) {
                again.push(*place);
            }
        }
        wanted = again;
    }
    Ok(outcomes)
}

/// Counts a query, and says whether asking again may give a better answer.
async fn count_query<S: AnswerSource>(
    query: &str,
    still_to_ask: usize,
    source: &mut S,
    stop: &mut Stop,
) -> Result<(Outcome, bool), AuditError> {
    let asked = [Question { means: Means::TellingCompleteness, ..question(query) }];
    loop {
        match source.ask(&asked, still_to_ask, stop).await?.pop() {
            Some(Reply::Answer(answer)) => {
                return Ok((answer.outcome, answer.again == Again::Yes));
            }
            Some(Reply::NotYet) => {}
            Some(Reply::NothingMore) | None => return Ok((Outcome::Failed, false)),
        }
    }
}

//! What a query finds: words and phrases in name, description and topics, and the qualifiers that
//! clients send.
//!
//! Punctuation only separates words. Words must all be there, a phrase side by side in one text. Two
//! values of `created:` find what either finds, as GitHub does. What is not known here finds nothing,
//! so that a test that needs it fails.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate};

use super::super::query::split_terms;
use super::words::LANGUAGES;
use super::{NONE, Population, Repository};

/// A moment or number, both ends included.
type Span = RangeInclusive<i64>;

/// Where words are looked for.
#[derive(Debug, Clone, Copy)]
struct Places {
    name: bool,
    description: bool,
    topics: bool,
}

/// A query, taken apart.
#[derive(Debug)]
struct Wanted {
    /// Each a word, or several side by side.
    phrases: Vec<Vec<u16>>,
    places: Places,
    topics: Vec<(u16, bool)>,
    languages: Vec<(u8, bool)>,
    created: Vec<Span>,
    pushed: Vec<Span>,
    stars: Vec<Span>,
    archived: Option<bool>,
    private: Option<bool>,
    /// Whether forks are found, and whether others are.
    forks: (bool, bool),
}

pub(super) fn find(population: &Population, q: &str) -> Vec<usize> {
    let Some(wanted) = Wanted::read(population, q) else { return Vec::new() };
    let lists = wanted.phrases.iter().flatten().map(|w| &population.with_word[usize::from(*w)]);
    let topics = wanted.topics.iter().filter(|(_, is_wanted)| *is_wanted);
    let lists = lists.chain(topics.map(|(topic, _)| &population.with_topic[usize::from(*topic)]));
    let shortest = lists.min_by_key(|list| list.len());
    let spans = wanted.spans(population);
    let fits = |place: &usize| wanted.fits(population, &population.repositories[*place]);
    let mut found = Vec::new();
    for (from, to) in spans {
        match shortest {
            None => found.extend((from..to).filter(fits)),
            Some(list) => {
                let start = list.partition_point(|place| (*place as usize) < from);
                let end = list.partition_point(|place| (*place as usize) < to);
                found.extend(list[start..end].iter().map(|place| *place as usize).filter(fits));
            }
        }
    }
    found
}

impl Wanted {
    /// Takes a query apart; `None` if it asks for anything that is not known.
    fn read(population: &Population, q: &str) -> Option<Self> {
        let mut wanted = Self {
            phrases: Vec::new(),
            places: Places { name: true, description: true, topics: true },
            topics: Vec::new(),
            languages: Vec::new(),
            created: Vec::new(),
            pushed: Vec::new(),
            stars: Vec::new(),
            archived: None,
            private: None,
            forks: (false, true),
        };
        for term in split_terms(q) {
            if term.starts_with('"') || !term.contains(':') {
                wanted.add_words(population, &term)?;
                continue;
            }
            let (is_wanted, term) = match term.strip_prefix('-') {
                Some(rest) => (false, rest),
                None => (true, term.as_str()),
            };
            let (name, value) = term.split_once(':')?;
            wanted.add(population, name, &value.replace('"', "").to_lowercase(), is_wanted)?;
        }
        Some(wanted)
    }

    fn add_words(&mut self, population: &Population, term: &str) -> Option<()> {
        let lower = term.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        let numbers: Option<Vec<u16>> =
            words.map(|word| population.word_numbers.get(word).copied()).collect();
        if term.starts_with('"') {
            self.phrases.push(numbers?);
        } else {
            self.phrases.extend(numbers?.into_iter().map(|word| vec![word]));
        }
        Some(())
    }

    fn add(&mut self, population: &Population, name: &str, value: &str, is: bool) -> Option<()> {
        match name {
            "topic" => self.topics.push((*population.topic_numbers.get(value)?, is)),
            "language" => {
                let mut languages = LANGUAGES.iter().map(|l| l.unwrap_or_default().to_lowercase());
                let place = languages.position(|known| known == value)?;
                self.languages.push((u8::try_from(place).ok()?, is));
            }
            "created" if is => self.created.push(read_days(value)?),
            "pushed" if is => self.pushed.push(read_days(value)?),
            "stars" if is => {
                let number = |text: &str| text.parse().ok().map(|number| (number, number));
                self.stars.push(read_span(value, number)?);
            }
            "archived" if is => self.archived = Some(value == "true"),
            "is" if is => self.private = Some(value == "private"),
            "fork" if is => self.forks = (value != "false", value != "only"),
            "in" if is => {
                let has = |place: &str| value.split(',').any(|named| named == place);
                self.places = Places {
                    name: has("name"),
                    description: has("description"),
                    topics: has("topics"),
                };
            }
            _ => return None,
        }
        Some(())
    }

    /// Returns the places of those created in the wanted time, each once.
    fn spans(&self, population: &Population) -> Vec<(usize, usize)> {
        if self.created.is_empty() {
            return vec![(0, population.repositories.len())];
        }
        let at = |bound: i64| population.repositories.partition_point(|r| r.created_s < bound);
        let spans = self.created.iter();
        let mut spans: Vec<(usize, usize)> =
            spans.map(|s| (at(*s.start()), at(s.end().saturating_add(1)))).collect();
        spans.sort_unstable();
        let mut next = 0;
        for (from, to) in &mut spans {
            *from = (*from).max(next);
            *to = (*to).max(*from);
            next = *to;
        }
        spans
    }

    fn fits(&self, population: &Population, repository: &Repository) -> bool {
        let within = |spans: &[Span], value: i64| {
            spans.is_empty() || spans.iter().any(|span| span.contains(&value))
        };
        let is_fork = repository.is_fork;
        (if is_fork { self.forks.0 } else { self.forks.1 })
            && self.private.is_none_or(|private| private == repository.is_private)
            && self.archived.is_none_or(|archived| archived == repository.is_archived)
            && within(&self.pushed, repository.pushed_s)
            && within(&self.stars, i64::from(repository.stars))
            && self.languages.iter().all(|(language, is)| (repository.language == *language) == *is)
            && self.topics.iter().all(|(topic, is)| repository.topics.contains(topic) == *is)
            && self.phrases.iter().all(|phrase| self.stands(population, phrase, repository))
    }

    fn stands(&self, population: &Population, phrase: &[u16], repository: &Repository) -> bool {
        let holds = |text: &[u16]| text.windows(phrase.len()).any(|words| words == phrase);
        let in_topic = |topic: &u16| {
            let slug = population.topics[usize::from(*topic)];
            let words = slug.split('-').filter_map(|word| population.word_numbers.get(word));
            *topic != NONE && holds(&words.copied().collect::<Vec<_>>())
        };
        (self.places.name && holds(&repository.name))
            || (self.places.description && holds(&repository.description))
            || (self.places.topics && repository.topics.iter().any(in_topic))
    }
}

/// Reads a span of days or moments; a bare day is all of it, in UTC.
fn read_days(value: &str) -> Option<Span> {
    read_span(value, |text| {
        let text = text.to_uppercase();
        if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
            return Some((at.timestamp(), at.timestamp()));
        }
        let day: NaiveDate = text.parse().ok()?;
        let start = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
        Some((start, start + 86_399))
    })
}

/// Reads `a..b`, `a..*`, `*..b`, `>=a`, `>a`, `<=b`, `<b` and `a`; a value has a first and a last.
fn read_span(value: &str, read: impl Fn(&str) -> Option<(i64, i64)>) -> Option<Span> {
    if let Some((from, to)) = value.split_once("..") {
        let from = if from == "*" { i64::MIN } else { read(from)?.0 };
        let to = if to == "*" { i64::MAX } else { read(to)?.1 };
        return Some(from..=to);
    }
    if let Some(from) = value.strip_prefix(">=") {
        return Some(read(from)?.0..=i64::MAX);
    }
    if let Some(to) = value.strip_prefix("<=") {
        return Some(i64::MIN..=read(to)?.1);
    }
    if let Some(from) = value.strip_prefix('>') {
        return Some(read(from)?.1 + 1..=i64::MAX);
    }
    if let Some(to) = value.strip_prefix('<') {
        return Some(i64::MIN..=read(to)?.0 - 1);
    }
    let (first, last) = read(value)?;
    Some(first..=last)
}

//! Makes the repositories, from a seed.

use std::collections::HashMap;

use chrono::{NaiveDate, Utc};

use super::words::{KINDS, Kind, LANGUAGES, TOPICS, WORDS};
use super::{NONE, Population, Repository};

/// The first moment after all creations.
const END: (i32, u32, u32) = (2026, 11, 21);

/// Topics exist since then.
const TOPICS_SINCE: (i32, u32, u32) = (2017, 1, 31);

/// Mixes a number into one that looks random.
pub(super) fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scatter(self.0) % sides
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        let place = self.roll(things.len() as u64);
        things[usize::try_from(place).expect("a place")]
    }
}

/// What the texts are numbered by.
struct Texts {
    words: Vec<&'static str>,
    word_numbers: HashMap<&'static str, u16>,
    topics: Vec<&'static str>,
    topic_numbers: HashMap<&'static str, u16>,
}

impl Texts {
    fn new() -> Self {
        let of_kinds = || KINDS.iter().flat_map(|kind| kind.words.iter().copied());
        let topics = KINDS.iter().map(|kind| kind.topic).chain(TOPICS);
        let of_topics = topics.clone().flat_map(|topic| topic.split('-'));
        let (words, word_numbers) = number(WORDS.into_iter().chain(of_kinds()).chain(of_topics));
        let (topics, topic_numbers) = number(topics);
        Self { words, word_numbers, topics, topic_numbers }
    }

    fn word(&self, word: &str) -> u16 {
        self.word_numbers[word]
    }

    fn topic(&self, topic: &str) -> u16 {
        self.topic_numbers[topic]
    }
}

/// Numbers texts from 1, each once.
fn number(
    texts: impl Iterator<Item = &'static str>,
) -> (Vec<&'static str>, HashMap<&'static str, u16>) {
    let mut all = vec![""];
    let mut numbers = HashMap::new();
    for text in texts {
        numbers.entry(text).or_insert_with(|| {
            all.push(text);
            u16::try_from(all.len() - 1).expect("a few words")
        });
    }
    (all, numbers)
}

fn day((year, month, day): (i32, u32, u32)) -> i64 {
    let day = NaiveDate::from_ymd_opt(year, month, day).expect("a day");
    day.and_time(chrono::NaiveTime::MIN).and_local_timezone(Utc).unwrap().timestamp()
}

/// Makes so many repositories.
pub(super) fn make(size: usize, seed: u64) -> Population {
    let texts = Texts::new();
    let mut dice = Dice(seed);
    let mut repositories: Vec<Repository> =
        (0..size).map(|_| make_one(&texts, &mut dice)).collect();
    repositories.sort_by_key(|repository| repository.created_s);
    let mut with_word = vec![Vec::new(); texts.words.len()];
    let mut with_topic = vec![Vec::new(); texts.topics.len()];
    let note = |list: &mut Vec<u32>, place: usize| {
        let place = u32::try_from(place).expect("a place");
        if list.last() != Some(&place) {
            list.push(place);
        }
    };
    let topic_words: Vec<Vec<u16>> = texts
        .topics
        .iter()
        .map(|topic| topic.split('-').filter(|w| !w.is_empty()).map(|w| texts.word(w)).collect())
        .collect();
    for (place, repository) in repositories.iter().enumerate() {
        for word in repository.name.iter().chain(&repository.description) {
            note(&mut with_word[usize::from(*word)], place);
        }
        for topic in repository.topics.iter().map(|topic| usize::from(*topic)) {
            note(&mut with_topic[topic], place);
            for word in &topic_words[topic] {
                note(&mut with_word[usize::from(*word)], place);
            }
        }
    }
    let Texts { words, word_numbers, topics, topic_numbers } = texts;
    Population { repositories, words, word_numbers, topics, topic_numbers, with_word, with_topic }
}

fn make_one(texts: &Texts, dice: &mut Dice) -> Repository {
    let mut choice = dice.roll(1_000);
    let kind = KINDS.iter().find(|kind| {
        let is_it = choice < kind.per_mille;
        choice = choice.saturating_sub(kind.per_mille);
        is_it
    });
    let (first_year, half) = kind.map_or((2008, 70), |kind| kind.since);
    let (start, end) = (day((first_year, 1, 14)), day(END));
    let length = u64::try_from(end - start).expect("a time");
    let middle = length / 100 * half;
    let offset =
        if dice.percent(50) { dice.roll(middle) } else { middle + dice.roll(length - middle) };
    let created_s = start + i64::try_from(offset).expect("a time");
    let age = u64::try_from(end - created_s).expect("a time");
    let is_true = kind.is_some_and(|kind| {
        let (then, now) = kind.meant;
        let meant = then * (length - offset) / length + now * offset / length;
        dice.percent(meant)
    });
    // Most are left alone soon.
    let longest = if dice.percent(60) { age / 20 } else { age };
    let mut repository = Repository {
        created_s,
        pushed_s: created_s + i64::try_from(dice.roll(longest + 1)).expect("a time"),
        stars: stars(dice, is_true),
        language: language(kind, is_true, dice),
        is_archived: dice.percent(5),
        is_fork: dice.percent(8),
        is_private: dice.percent(1),
        is_true,
        name: [NONE; 5],
        description: [NONE; 9],
        topics: [NONE; 3],
    };
    write_texts(&mut repository, kind, texts, dice);
    repository
}

fn stars(dice: &mut Dice, is_true: bool) -> u32 {
    if dice.percent(if is_true { 55 } else { 80 }) {
        return 0;
    }
    let most = 1_u64 << dice.roll(if is_true { 15 } else { 8 });
    u32::try_from(1 + dice.roll(most)).expect("a few")
}

fn language(kind: Option<&Kind>, is_true: bool, dice: &mut Dice) -> u8 {
    let own = kind.and_then(|kind| LANGUAGES.iter().position(|l| *l == Some(kind.language)));
    let any = dice.roll(LANGUAGES.len() as u64);
    let chosen = match own.filter(|_| dice.percent(if is_true { 92 } else { 4 })) {
        Some(own) => own,
        None => usize::try_from(any).expect("a place"),
    };
    u8::try_from(chosen).expect("a place")
}

/// Writes name, description and topics; the framework's name stands in at least one of them.
fn write_texts(repository: &mut Repository, kind: Option<&Kind>, texts: &Texts, dice: &mut Dice) {
    let is_true = repository.is_true;
    let has_topics = repository.created_s > day(TOPICS_SINCE) && dice.percent(50);
    let in_topics = kind.is_some() && is_true && has_topics && dice.percent(70);
    let in_name = kind.is_some() && dice.percent(if is_true { 65 } else { 40 });
    let in_description = kind.is_some() && (!(in_name || in_topics) || dice.percent(30));
    let fill = |place: &mut [u16], with_kind: bool, dice: &mut Dice| {
        let words = kind.filter(|_| with_kind).map_or(&[][..], |kind| kind.words);
        let at = usize::try_from(dice.roll((place.len() - words.len()).max(1) as u64));
        let at = at.expect("a place");
        for (nth, slot) in place.iter_mut().enumerate() {
            *slot = match nth.checked_sub(at).and_then(|nth| words.get(nth)) {
                Some(word) => texts.word(word),
                None => texts.word(dice.one_of(&WORDS)),
            };
        }
    };
    fill(&mut repository.name[..if in_name { 5 } else { 2 }], in_name, dice);
    if in_description || dice.percent(70) {
        fill(&mut repository.description, in_description, dice);
    }
    if has_topics {
        repository.topics[0] = texts.topic(dice.one_of(&TOPICS));
    }
    if let Some(kind) = kind.filter(|_| in_topics) {
        repository.topics[1] = texts.topic(kind.topic);
    }
}

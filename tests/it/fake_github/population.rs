//! A GitHub full of synthetic repositories, the same ones each time.
//!
//! What makes them lives in `made`, the texts they are made of in `words`, and what a query finds
//! among them in `found`. Pure: a query goes in, counts and items come out; limits and answers that
//! stop early are not its business.

mod found;
mod made;
mod words;

use std::collections::HashMap;
use std::sync::OnceLock;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

pub(crate) use words::KINDS;

use words::LANGUAGES;

/// How many repositories there are.
const REPOSITORIES: usize = 200_000;
const SEED: u64 = 20_082_026;

/// A place without a word or topic.
const NONE: u16 = 0;

/// A repository, its texts as numbers of words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(crate) struct Repository {
    created_s: i64,
    pushed_s: i64,
    stars: u32,
    language: u8,
    is_archived: bool,
    is_fork: bool,
    is_private: bool,
    /// Whether it is about the framework that it names.
    is_true: bool,
    name: [u16; 5],
    description: [u16; 9],
    topics: [u16; 3],
}

impl Repository {
    /// Returns when it was created.
    pub(crate) fn created_at(&self) -> DateTime<Utc> {
        moment(self.created_s)
    }

    /// Returns when it was last pushed to.
    pub(crate) fn pushed_at(&self) -> DateTime<Utc> {
        moment(self.pushed_s)
    }

    /// Returns its main language; `None` for one without code.
    pub(crate) fn language(&self) -> Option<&'static str> {
        LANGUAGES[usize::from(self.language)]
    }

    /// Returns its stars.
    pub(crate) fn stars(&self) -> u32 {
        self.stars
    }

    /// Tells whether it is archived.
    pub(crate) fn is_archived(&self) -> bool {
        self.is_archived
    }
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a moment of these years")
}

/// All repositories, by their creation, with what finds them soon.
#[derive(Debug)]
pub(crate) struct Population {
    repositories: Vec<Repository>,
    words: Vec<&'static str>,
    word_numbers: HashMap<&'static str, u16>,
    topics: Vec<&'static str>,
    topic_numbers: HashMap<&'static str, u16>,
    /// The repositories in whose name, description or topics a word stands, by its number.
    with_word: Vec<Vec<u32>>,
    with_topic: Vec<Vec<u32>>,
}

impl Population {
    /// Returns the one population of all tests.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Population> = OnceLock::new();
        SHARED.get_or_init(|| made::make(REPOSITORIES, SEED))
    }

    /// Returns the places of the repositories that a query finds, by creation.
    pub(crate) fn find(&self, q: &str) -> Vec<usize> {
        found::find(self, q)
    }

    /// Returns how many repositories a query finds.
    pub(crate) fn count(&self, q: &str) -> u64 {
        self.find(q).len() as u64
    }

    /// Returns a repository by its place.
    pub(crate) fn get(&self, place: usize) -> &Repository {
        &self.repositories[place]
    }

    /// Returns the places that a query finds, in the order of a page: the best match first, or by
    /// stars.
    ///
    /// The best match prefers names over other texts and what is really meant over what is not, as
    /// GitHub's does by means of its own.
    pub(crate) fn ordered(&self, q: &str, sort: Option<&str>) -> Vec<usize> {
        let mut places = self.find(q);
        let by_stars = sort == Some("stars");
        places.sort_by_cached_key(|place| {
            let repository = &self.repositories[*place];
            let score = if by_stars {
                u64::from(repository.stars)
            } else {
                let stars = u64::from(repository.stars.checked_ilog2().unwrap_or_default());
                u64::from(repository.is_true) * 40 + stars * 8 + made::scatter(*place as u64) % 24
            };
            (std::cmp::Reverse(score), *place)
        });
        places
    }

    /// Writes a repository into an item of a search answer.
    pub(crate) fn write_item(&self, place: usize, item: &mut Value) {
        let repository = &self.repositories[place];
        let text = |words: &[u16], between: &str| {
            let words = words.iter().filter(|word| **word != NONE);
            let words: Vec<&str> = words.map(|word| self.words[usize::from(*word)]).collect();
            words.join(between)
        };
        let name = format!("{}-{place}", text(&repository.name, "-"));
        let full_name = format!("owner{}/{name}", place % 5_003);
        let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let topics = repository.topics.iter().filter(|topic| **topic != NONE);
        let topics: Vec<&str> = topics.map(|topic| self.topics[usize::from(*topic)]).collect();
        let fields = json!({
            "id": 1_000_000 + place,
            "name": name,
            "full_name": full_name,
            "html_url": format!("https://github.com/{full_name}"),
            "description": text(&repository.description, " "),
            "topics": topics,
            "language": repository.language(),
            "created_at": stamp(repository.created_at()),
            "updated_at": stamp(repository.pushed_at()),
            "pushed_at": stamp(repository.pushed_at()),
            "stargazers_count": repository.stars,
            "watchers_count": repository.stars,
            "watchers": repository.stars,
            "archived": repository.is_archived,
            "fork": repository.is_fork,
            "private": repository.is_private,
            "visibility": if repository.is_private { "private" } else { "public" },
        });
        if let (Some(item), Value::Object(fields)) = (item.as_object_mut(), fields) {
            item.extend(fields);
        }
    }
}

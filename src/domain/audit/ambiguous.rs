//! Names that a search finds for other reasons than the framework.

/// Names of frameworks that are words of their own, and what else they mean.
const AMBIGUOUS: [(&str, &str); 41] = [
    ("actix", "the actor library it grew from"),
    ("bottle", "bottles"),
    ("buffalo", "the animal, and the city"),
    ("chi", "the letter, and statistics"),
    ("dash", "dashboards, the shell, and whatever is fast"),
    ("derby", "races, and a database"),
    ("echo", "commands and bots that echo"),
    ("ember", "embers, and a game engine"),
    ("express", "the adjective, the verb, and delivery services"),
    ("falcon", "rockets, birds and models"),
    ("feathers", "birds, icons and blurred edges"),
    ("fiber", "threads, networks and food"),
    ("flask", "laboratory flasks"),
    ("gin", "the drink, and the index of a database"),
    ("grape", "fruit, and wine"),
    ("hanami", "the looking at blossoms, and what is named after it"),
    ("hono", "names of persons"),
    ("iris", "flowers, a data set of them, and eyes"),
    ("lift", "elevators, and the verb"),
    ("loopback", "network and audio devices"),
    ("lumen", "light, and image models"),
    ("martini", "the drink, and the name of many persons"),
    ("meteor", "meteors and meteorology"),
    ("nest", "bird's nests, thermostats, and what is nested"),
    ("next", "the ordinary word"),
    ("phoenix", "cities, birds and many other projects"),
    ("play", "games, players and the app store"),
    ("poem", "poems"),
    ("pyramid", "pyramids, in geometry and machine learning"),
    ("rails", "railways, and guard rails"),
    ("ring", "rings, doorbells and buffers"),
    ("rocket", "rockets, and a chat"),
    ("sails", "boats"),
    ("sinatra", "the singer"),
    ("slim", "whatever is small"),
    ("spark", "the engine for large data"),
    ("spring", "the season, springs in physics, and animations"),
    ("tide", "the sea, and its predictions"),
    ("tornado", "the weather, and data about it"),
    ("vapor", "steam, games and waves"),
    ("warp", "threads of a GPU, a terminal, and distortion"),
];

/// Returns what else a query finds that is one ordinary word and no phrase; `None` if nothing is
/// known of it.
///
/// Qualifiers do not matter but for those that say what is meant: a language or a topic.
#[must_use]
pub fn find_other_meaning(query: &str) -> Option<(&'static str, &'static str)> {
    let terms: Vec<&str> = query.split_whitespace().collect();
    let says_more = |term: &&str| term.starts_with("language:") || term.starts_with("topic:");
    if terms.iter().any(says_more) {
        return None;
    }
    let mut words = terms.iter().filter(|term| !term.contains(':'));
    let word = words.next()?.trim_matches('"').to_lowercase();
    if words.next().is_some() {
        return None;
    }
    let found = AMBIGUOUS.iter().find(|(name, _)| *name == word);
    found.map(|(name, meaning)| (*name, *meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_another_meaning() {
        let names: Vec<&str> = AMBIGUOUS.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted_by(|one, other| one < other), "in order, and none twice");
        for (name, meaning) in AMBIGUOUS {
            assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{name}");
            assert!(meaning.len() >= 4 && meaning != name, "{name}: {meaning}");
        }
    }

    #[test]
    fn ordinary_words_are_known_where_nothing_else_narrows_them() {
        let name = |query: &str| find_other_meaning(query).map(|(name, _)| name);
        for (query, expected) in [
            ("spring is:public", Some("spring")),
            ("Spring", Some("spring")),
            ("\"express\" is:public stars:>9", Some("express")),
            ("spring boot", None),
            ("\"ruby on rails\" is:public", None),
            ("spring language:java", None),
            ("topic:spring", None),
            ("laravel is:public", None),
            ("", None),
        ] {
            assert_eq!(name(query), expected, "{query}");
        }
    }
}

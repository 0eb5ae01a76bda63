//! Names that a search finds for other reasons than the framework.

/// Names of frameworks that are words of their own, and what else they mean.
const AMBIGUOUS: [(&str, &str); 22] = [
    ("actix", "the actor library it grew from"),
    ("bottle", "bottles"),
    ("chi", "the letter, and statistics"),
    ("echo", "commands and bots that echo"),
    ("ember", "embers, and a game engine"),
    ("express", "the adjective, the verb, and delivery services"),
    ("falcon", "rockets, birds and models"),
    ("fiber", "threads, networks and food"),
    ("flask", "laboratory flasks"),
    ("gin", "the drink, and the index of a database"),
    ("hono", "names of persons"),
    ("meteor", "meteors and meteorology"),
    ("next", "the ordinary word"),
    ("phoenix", "cities, birds and many other projects"),
    ("play", "games, players and the app store"),
    ("pyramid", "pyramids, in geometry and machine learning"),
    ("rails", "railways, and guard rails"),
    ("rocket", "rockets, and a chat"),
    ("sails", "boats"),
    ("slim", "whatever is small"),
    ("spring", "the season, springs in physics, and animations"),
    ("tornado", "the weather, and data about it"),
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

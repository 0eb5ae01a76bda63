//! A query asked for one time of creation alone, and why some queries cannot be.

use super::rules::{qualifier_of, split_terms};

/// Qualifiers whose values are today's and were others then.
const GROWING: [&str; 5] = ["pushed", "stars", "forks", "followers", "size"];

/// Returns a query with its `created:` replaced, or with one behind it if it has none.
///
/// GitHub takes two of them for either of both, so that there must never be two.
#[must_use]
pub fn replace_created(text: &str, created: &str) -> String {
    let terms = split_terms(text).into_iter().filter(|term| !is_created(term));
    terms.chain([created]).collect::<Vec<_>>().join(" ")
}

fn is_created(term: &str) -> bool {
    qualifier_of(term).is_some_and(|word| word.eq_ignore_ascii_case("created"))
}

/// Returns the first qualifier, with its value, that keeps a query from being asked for the past:
/// one whose value was another then, or `-created:`, which cannot be replaced.
#[must_use]
pub fn find_undatable(text: &str) -> Option<&str> {
    split_terms(text).into_iter().find(|term| {
        let Some(word) = qualifier_of(term) else { return false };
        let name = word.trim_start_matches('-').to_ascii_lowercase();
        GROWING.contains(&name.as_str()) || (name == "created" && word.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_creation_is_never_doubled() {
        let range = "created:<=2024-01-31T23:59:59Z";
        for (text, expected) in [
            ("spring is:public", "spring is:public created:<=2024-01-31T23:59:59Z"),
            ("a created:>=2025-01-01 b", "a b created:<=2024-01-31T23:59:59Z"),
            ("Created:2025 a", "a created:<=2024-01-31T23:59:59Z"),
            ("\"not created:2025\" a", "\"not created:2025\" a created:<=2024-01-31T23:59:59Z"),
        ] {
            assert_eq!(replace_created(text, range), expected, "{text}");
        }
    }

    #[test]
    fn values_of_today_say_nothing_of_then() {
        for (text, expected) in [
            ("spring is:public", None),
            ("spring topic:x language:java archived:false", None),
            ("a pushed:>=2025-01-01", Some("pushed:>=2025-01-01")),
            ("a -Stars:0", Some("-Stars:0")),
            ("a -created:>2020", Some("-created:>2020")),
            ("a created:>2020", None),
            ("\"stars: 5\"", None),
        ] {
            assert_eq!(find_undatable(text), expected, "{text}");
        }
    }
}

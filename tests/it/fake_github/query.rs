//! What a search query is to GitHub: decoding the query string, the rules that give a 422, and the
//! count of a query nobody set one for.
//!
//! Pure. The bodies of the errors live in `bodies`.

use super::fault::ValidationKind;

const MOST_CHARACTERS: usize = 256;
const MOST_OPERATORS: usize = 5;
const UNKNOWN_OWNER_PREFIX: &str = "nobody-";
/// The number of results that can be reached by turning pages.
pub(crate) const MOST_RESULTS: u64 = 1000;

/// Decodes a query string into its parameters, in order.
pub(crate) fn decode_parameters(query_string: &str) -> Vec<(String, String)> {
    query_string
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode_component(name), decode_component(value))
        })
        .collect()
}

/// Decodes percent signs and plus signs; what is not a pair of hexadecimal digits stays as it is.
fn decode_component(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes
            .get(at + 1..at + 3)
            .filter(|pair| pair.iter().all(u8::is_ascii_hexdigit))
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], pair) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Returns the error that GitHub finds in a query, `None` when it would search for it.
///
/// All characters count towards the longest query: GitHub's documentation contradicts itself about
/// operators and qualifiers, and the strict reading is the one a client has to survive.
pub(crate) fn find_error(q: Option<&str>) -> Option<ValidationKind> {
    let q = q.unwrap_or_default();
    if q.trim().is_empty() {
        return Some(ValidationKind::MissingQuery);
    }
    if q.chars().count() > MOST_CHARACTERS {
        return Some(ValidationKind::TooLong);
    }
    let terms = split_terms(q);
    let operators =
        terms.iter().filter(|term| matches!(term.as_str(), "AND" | "OR" | "NOT")).count();
    if operators > MOST_OPERATORS {
        return Some(ValidationKind::TooManyOperators);
    }
    let owners: Vec<&str> = terms.iter().filter_map(|term| owner_of(term)).collect();
    let all_unknown = owners.iter().all(|owner| owner.starts_with(UNKNOWN_OWNER_PREFIX));
    (!owners.is_empty() && all_unknown).then_some(ValidationKind::UnknownOwner)
}

/// Splits a query at spaces and parentheses outside quotes.
pub(super) fn split_terms(q: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut quoted = false;
    for character in q.chars() {
        if character == '"' {
            quoted = !quoted;
        }
        if !quoted && (character.is_whitespace() || matches!(character, '(' | ')')) {
            terms.push(String::new());
        } else if let Some(term) = terms.last_mut() {
            term.push(character);
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

/// Returns the owner that a `user:`, `org:` or `repo:` term asks for.
fn owner_of(term: &str) -> Option<&str> {
    let (name, value) = term.split_once(':')?;
    let value = value.trim_matches('"');
    match name.to_ascii_lowercase().as_str() {
        "user" | "org" => Some(value),
        "repo" => value.split('/').next(),
        _ => None,
    }
}

/// Returns the count of a query that no test set one for: always the same for the same text.
pub(crate) fn invent_count(q: &str) -> u64 {
    let hash = q.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    1 + (hash >> 16) % 250_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_errors_of_a_query() {
        let long = "x".repeat(256);
        let too_long = "é".repeat(257);
        let cases: [(Option<&str>, Option<ValidationKind>); 14] = [
            (None, Some(ValidationKind::MissingQuery)),
            (Some("  "), Some(ValidationKind::MissingQuery)),
            (Some(&long), None),
            (Some(&too_long), Some(ValidationKind::TooLong)),
            (Some("a OR b OR c OR d OR e OR f"), None),
            (Some("(a OR b) OR c OR d OR e OR f NOT g"), Some(ValidationKind::TooManyOperators)),
            (Some("a \"OR OR OR OR OR OR\""), None),
            (Some("a or b or c or d or e or f or g"), None),
            (Some("user:nobody-home"), Some(ValidationKind::UnknownOwner)),
            (Some("org:nobody-a repo:nobody-b/c x"), Some(ValidationKind::UnknownOwner)),
            (Some("user:nobody-home user:octocat"), None),
            (Some("-user:nobody-home rust"), None),
            (Some("repo:\"nobody-b/c\""), Some(ValidationKind::UnknownOwner)),
            (Some("language:\"Jupyter Notebook\" is:public"), None),
        ];
        for (q, expected) in cases {
            assert_eq!(find_error(q), expected, "{q:?}");
        }
    }

    #[test]
    fn decodes_what_forms_encode() {
        let decoded = decode_parameters("q=c%2B%2B+is%3Apublic&per_page=1&x&y=%zz%4");
        let expected = [("q", "c++ is:public"), ("per_page", "1"), ("x", ""), ("y", "%zz%4")];
        let decoded: Vec<(&str, &str)> =
            decoded.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(decoded, expected);
    }

    #[test]
    fn invents_the_same_count_again() {
        assert_eq!(invent_count("rust"), invent_count("rust"));
        assert_ne!(invent_count("rust"), invent_count("go"));
    }
}

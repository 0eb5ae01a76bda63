//! Making text harmless in the formats that give some characters a meaning.

use std::fmt::Write as _;

/// Escapes a text for Markdown, in a cell of a table or outside.
///
/// Characters that control or turn the direction of what follows are left out: a text stays on its
/// line.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| is_harmless(*c)) {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes a text as Markdown code, in a table or outside; nothing for an empty one.
///
/// Inside a table `|` ends a cell even in code, and code knows no escapes: the HTML element does.
pub(super) fn markdown_code(text: &str) -> String {
    let text = terminal(text);
    if text.is_empty() {
        return text;
    }
    if !text.contains(['`', '|', '\\']) {
        return format!("`{text}`");
    }
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '`' | '|' | '\\' | '*' | '_' | '[' | ']' | '~' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    format!("<code>{escaped}</code>")
}

/// Returns a text without the characters that control a terminal or turn the direction of what
/// follows, so that a name cannot rearrange the line it stands in.
pub(super) fn terminal(text: &str) -> String {
    text.chars().filter(|c| is_harmless(*c)).collect()
}

/// Escapes a text for XML and HTML, between tags and in quoted attributes.
///
/// Characters that XML does not know, or that turn the direction of what follows, are left out.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| is_harmless(*c)) {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Tells whether a character leaves what stands around it as it is.
fn is_harmless(c: char) -> bool {
    !c.is_control() && !is_bidi_control(c)
}

/// Tells whether a character turns the direction of what follows.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Percent-encodes a text as one value of a URL's query.
pub(super) fn url_value(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                escaped.push(char::from(byte));
            }
            byte => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn meaning_is_taken_away() {
        assert_eq!(markdown("a|b <i> *c* `d`"), "a\\|b &lt;i&gt; \\*c\\* \\`d\\`");
        assert_eq!(markdown_code("spring is:public"), "`spring is:public`");
        assert_eq!(markdown_code("a|`b`"), "<code>a&#124;&#96;b&#96;</code>");
        assert_eq!(terminal("ab\u{202e}cd\u{1b}[31m"), "abcd[31m");
        assert_eq!(
            xml("<a b='c'>\"&\u{0}\u{ffff}\u{202e}\n"),
            "&lt;a b=&#39;c&#39;&gt;&quot;&amp;"
        );
    }

    #[test]
    fn nothing_leaves_its_line() {
        assert_eq!(markdown("a\nb\r\u{202e}c\u{61c}d"), "abcd");
        assert_eq!(markdown_code("a\n\u{202e}b"), "`ab`");
        assert_eq!(markdown_code("\u{202e}"), "");
        // What only has no width says no harm, and stays.
        assert_eq!(terminal("a\u{200b}b\u{200d}c"), "a\u{200b}b\u{200d}c");
    }

    /// Takes the escapes of Markdown away again, as its readers do.
    fn unescaped(text: &str) -> String {
        let mut plain = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let entities = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];
            let entity = entities.iter().find(|(entity, _)| rest.starts_with(entity));
            let (read, length) = match (c, entity) {
                (_, Some((entity, read))) => (*read, entity.len()),
                ('\\', None) => (rest.chars().nth(1).expect("an escaped character"), 2),
                ('&' | '<' | '>' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' | '!', None) => {
                    panic!("`{c}` means something in `{text}`")
                }
                _ => (c, c.len_utf8()),
            };
            plain.push(read);
            rest = &rest[length..];
        }
        plain
    }

    /// Returns what readers of HTML make of the entities that are written in code.
    fn without_entities(text: &str) -> String {
        let mut parts = text.split("&#");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, rest) = part.split_once(';').expect("the end of an entity");
            let c = number.parse().ok().and_then(char::from_u32).expect("a character");
            plain.push(c);
            plain.push_str(rest);
        }
        plain
    }

    /// Letters, and everything that means something somewhere.
    fn texts() -> impl Strategy<Value = String> {
        const MEANING: &str = "<>&\"'`|\\*_[]~#!;=,#&lt;\u{0}\n\r\t\u{1b}";
        const INVISIBLE: &str = "\u{85}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2028}\
                                 \u{2066}\u{2069}\u{feff}\u{fffe}\u{ffff}";
        let one_of = |text: &str| prop::sample::select(text.chars().collect::<Vec<char>>());
        let some = prop_oneof![
            4 => one_of(MEANING),
            1 => one_of(INVISIBLE),
            2 => any::<char>(),
            2 => prop::char::range('a', 'e'),
        ];
        prop::collection::vec(some, 0..24).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn every_text_reads_back_as_it_was(text in texts()) {
            let plain = terminal(&text);
            prop_assert!(plain.chars().all(|c| !c.is_control() && !is_bidi_control(c)));
            prop_assert_eq!(unescaped(&markdown(&text)), plain.as_str());

            let code = markdown_code(&text);
            let inner = |from, to| code.strip_prefix(from).and_then(|c: &str| c.strip_suffix(to));
            let read = match inner("<code>", "</code>") {
                Some(escaped) => {
                    prop_assert!(!escaped.contains(['<', '>', '`', '|', '\\', '*', '_']), "{}", code);
                    without_entities(escaped)
                }
                None => inner("`", "`").unwrap_or_default().to_owned(),
            };
            prop_assert_eq!(&read, &plain);
            prop_assert!(!code.contains('|'), "{}", code);

            let known = |c: &char| !matches!(c, '\u{fffe}' | '\u{ffff}');
            let of_xml: String = plain.chars().filter(known).collect();
            let document = format!("<a b=\"{0}\" c='{0}'>{0}</a>", xml(&text));
            let document = roxmltree::Document::parse(&document).expect("XML");
            let root = document.root_element();
            let read = [root.attribute("b"), root.attribute("c"), root.text().or(Some(""))];
            prop_assert_eq!(read, [Some(of_xml.as_str()); 3]);
        }
    }

    #[test]
    fn queries_travel_as_one_url_value() {
        assert_eq!(url_value("\"c++\" language:C#"), "%22c%2B%2B%22%20language:C%23");
        assert_eq!(url_value("pushed:>=2026-01-01&x=é"), "pushed:%3E%3D2026-01-01%26x%3D%C3%A9");
    }
}

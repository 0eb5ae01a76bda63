//! Making text harmless in the formats that give some characters a meaning.

use std::fmt::Write as _;

/// Escapes a text for a cell of a Markdown table.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if is_bidi_control(c) => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes a text as Markdown code, in a table or outside.
///
/// Inside a table `|` ends a cell even in code, and code knows no escapes: the HTML element does.
pub(super) fn markdown_code(text: &str) -> String {
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

/// Returns a text without the characters that turn the direction of what follows, so that a name
/// cannot rearrange the line it stands in.
pub(super) fn terminal(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !is_bidi_control(*c)).collect()
}

/// Escapes a text for XML and HTML, between tags and in quoted attributes.
///
/// Characters that XML does not know, or that turn the direction of what follows, are left out.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() || is_bidi_control(c) => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Tells whether a character turns the direction of what follows.
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    fn queries_travel_as_one_url_value() {
        assert_eq!(url_value("\"c++\" language:C#"), "%22c%2B%2B%22%20language:C%23");
        assert_eq!(url_value("pushed:>=2026-01-01&x=é"), "pushed:%3E%3D2026-01-01%26x%3D%C3%A9");
    }
}

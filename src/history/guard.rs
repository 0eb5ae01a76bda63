//! Text that a spreadsheet must leave as it is: how tidy tables for spreadsheets guard it, and how
//! such a table is read again.

use std::borrow::Cow;

/// What stands before a guarded text; spreadsheets know it as the sign of text.
const GUARD: char = '\'';

/// What spreadsheets take for the beginning of a formula, also in the wide forms of East Asia.
const FORMULA_SIGNS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Returns a text that no spreadsheet runs as a formula or takes for a number or a truth value: such a one with a
/// `'` in front, and likewise one that looks as if it were guarded; any other as it is.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_in_danger(text) { Cow::Owned(format!("{GUARD}{text}")) } else { Cow::Borrowed(text) }
}

/// Returns the bytes of the text that [`guarded`] made these of.
pub(super) fn unguarded(bytes: &[u8]) -> &[u8] {
    let is_guarded = |rest: &&[u8]| std::str::from_utf8(rest).is_ok_and(is_in_danger);
    bytes.strip_prefix(b"'").filter(is_guarded).unwrap_or(bytes)
}

fn is_in_danger(text: &str) -> bool {
    let bare = text.trim_start_matches(GUARD);
    bare.starts_with(FORMULA_SIGNS) || is_value(bare)
}

/// Tells whether a spreadsheet would read the text as a number or a truth value, and so write it
/// otherwise.
fn is_value(text: &str) -> bool {
    let is_number = || text.parse::<f64>().is_ok();
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && is_number()
        || ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_and_numbers_are_guarded() {
        let cases = [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("＝x", "'＝x"),
            ("12345e67", "'12345e67"),
            ("007", "'007"),
            ("'=x", "''=x"),
            ("'x", "'x"),
            ("", ""),
            ("True", "'True"),
            ("inf", "inf"),
            ("Vue.js", "Vue.js"),
            ("62e9187b", "62e9187b"),
            ("a=b", "a=b"),
        ];
        for (text, expected) in cases {
            assert_eq!(guarded(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_was_guarded_is_found_again(text in "'{0,3}[=+@0-9e.x\t-]{0,5}") {
            let guarded = guarded(&text);
            prop_assert_eq!(unguarded(guarded.as_bytes()), text.as_bytes());
        }
    }
}

//! How wide texts are, and how they are made to fit.
//!
//! Widths are those of the font that pictures embed (Arimo), which has those of Arial, Helvetica
//! and Liberation Sans. Characters that it lacks are as wide as other fonts draw them at most, or
//! nearly so. No library of fonts is asked: layouts are the same in every build.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::super::escape;

/// The widths of U+0020 to U+007E, in thousandths of the size.
const BASIC: [u16; 95] = [
    278, 278, 355, 557, 557, 890, 667, 191, 334, 334, 390, 584, 278, 334, 278, 278, 557, 557, 557,
    557, 557, 557, 557, 557, 557, 557, 278, 278, 584, 584, 584, 557, 1016, 667, 667, 723, 723, 667,
    611, 778, 723, 278, 500, 667, 557, 834, 723, 778, 667, 778, 723, 667, 611, 723, 667, 944, 667,
    667, 611, 278, 278, 278, 470, 557, 334, 557, 557, 500, 557, 557, 278, 557, 557, 223, 223, 500,
    223, 834, 557, 557, 557, 557, 334, 500, 278, 557, 500, 723, 500, 500, 500, 334, 260, 334, 584,
];
/// The widths of a few signs that every chart writes.
const SIGNS: [(char, u16); 5] = [('≥', 549), ('≤', 549), ('–', 557), ('…', 1000), ('·', 334)];
/// About the widths of other characters: small letters, all others that take one column of a
/// terminal, and those that take two.
const SMALL_LETTER: u16 = 650;
const ONE_COLUMN: u16 = 850;
const TWO_COLUMNS: u16 = 1300;
/// The most marks that stand on one letter; a pile of them would cover the lines above.
const MOST_MARKS: usize = 2;
const JOINER: char = '\u{200d}';

/// Returns a text without what does harm in a picture: characters that control or turn the direction
/// of others, and piles of marks.
pub(super) fn clean(text: &str) -> String {
    let mut marks = 0;
    let mut cleaned = escape::terminal(text);
    cleaned.retain(|c| {
        let is_mark = c.width() == Some(0) && c != JOINER;
        marks = if is_mark { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    });
    cleaned
}

/// Returns about how wide a text is at a size.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    let thousandths: u32 = text.graphemes(true).map(grapheme_width).sum();
    f64::from(thousandths) * size / 1000.0
}

fn grapheme_width(grapheme: &str) -> u32 {
    let mut chars = grapheme.chars();
    let single = chars.next().filter(|_| chars.next().is_none());
    let known = single.and_then(|c| {
        let basic = u32::from(c).checked_sub(0x20).and_then(|place| BASIC.get(place as usize));
        basic.copied().or_else(|| SIGNS.iter().find(|(sign, _)| *sign == c).map(|(_, w)| *w))
    });
    u32::from(known.unwrap_or_else(|| match grapheme.width() {
        0 => 0,
        1 if single.is_some_and(char::is_lowercase) => SMALL_LETTER,
        1 => ONE_COLUMN,
        _ => TWO_COLUMNS,
    }))
}

/// Shortens a text to a width and says so with an ellipsis; nothing is cut in the middle of what
/// is read as one character.
pub(super) fn cut(text: &str, size: f64, most: f64) -> String {
    if text_width(text, size) <= most {
        return text.to_owned();
    }
    let room = most - text_width("…", size);
    let (mut kept, mut used) = (String::new(), 0.0);
    for grapheme in text.graphemes(true) {
        used += text_width(grapheme, size);
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Breaks a text into lines of a width, at spaces, and inside words that are too long for a line.
pub(super) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let gap = if line.is_empty() { "" } else { " " };
        let together = format!("{line}{gap}{word}");
        if text_width(&together, size) <= most {
            line = together;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for grapheme in word.graphemes(true) {
            if !line.is_empty() && text_width(&line, size) + text_width(grapheme, size) > most {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// As [`wrap`], with so many lines at most; the last one says with an ellipsis that more is meant.
pub(super) fn wrap_at_most(text: &str, size: f64, most: f64, lines: usize) -> Vec<String> {
    let mut wrapped = wrap(text, size, most);
    if wrapped.len() > lines {
        let rest = wrapped.split_off(lines.saturating_sub(1)).join(" ");
        wrapped.push(cut(&rest, size, most));
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn piles_of_marks_are_taken_down() {
        assert_eq!(clean("e\u{301}\u{302}\u{303}\u{304}x\u{301}"), "e\u{301}\u{302}x\u{301}");
        assert_eq!(clean("\u{202e}a\u{7}b👨‍👩‍👧‍👦"), "ab👨‍👩‍👧‍👦");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("Spring", 10.0, 100.0), "Spring");
        assert_eq!(cut("Ruby on Rails", 10.0, 50.0), "Ruby on…");
        // A family of four is one character, and so is an accent on its letter.
        assert_eq!(cut("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 10.0, 24.0), "👨‍👩‍👧‍👦…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}e\u{301}", 10.0, 20.0), "e\u{301}…");
        assert_eq!(cut("x", 10.0, 1.0), "…");
    }

    #[test]
    fn lines_break_at_spaces_or_anywhere() {
        assert_eq!(wrap("one two three", 10.0, 40.0), ["one two", "three"]);
        assert_eq!(wrap("iiiiiiiiii", 10.0, 12.0), ["iiiii", "iiiii"]);
        assert_eq!(wrap_at_most("one two three four", 10.0, 40.0, 2), ["one two", "three f…"]);
        assert!(wrap("", 10.0, 40.0).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_made_to_fit_fits(text in "\\PC{0,60}", most in 30.0..300.0_f64) {
            prop_assert!(text_width(&cut(&text, 12.0, most), 12.0) <= most);
            for line in wrap(&text, 12.0, most) {
                prop_assert!(text_width(&line, 12.0) <= most, "{line}");
            }
            let words = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(words(&wrap(&text, 12.0, most).concat()), words(&text));
        }
    }
}

//! What every picture has around it: heading above, remarks below, and how wide it is.

use super::super::number::count;
use super::scene::{Anchor, Plot, Role, Scene, Shape};
use super::words::{clean, cut, text_width, wrap, wrap_at_most};

/// How a chart is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartLook {
    /// How wide the picture is shown, in pixels. Up to [`ChartLook::WIDEST_LAYOUT`] it is laid out
    /// for that width; a wider one is the same layout, larger.
    pub width_px: u32,
    /// Which words it has.
    pub words: Words,
}

/// Which words a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// All: it can stand alone.
    All,
    /// Names and axes only: title, moment, source and notes stand beside it on a page.
    Names,
}

impl ChartLook {
    /// The width of the widest layout.
    pub const WIDEST_LAYOUT: u32 = 800;
    /// The least width that can be read.
    pub const NARROWEST_PX: u32 = 320;

    /// Returns the width of the layout.
    pub(super) fn layout_width(self) -> f64 {
        f64::from(self.width_px.clamp(Self::NARROWEST_PX, Self::WIDEST_LAYOUT))
    }
}

pub(super) const TEXT: f64 = 13.0;
pub(super) const SMALL: f64 = 12.0;
/// How far lines of text stand apart, in sizes of their font.
pub(super) const LINE: f64 = 1.35;
pub(super) const MARGIN: f64 = 16.0;
const TITLE: f64 = 20.0;
const NARROW_TITLE: f64 = 17.0;
const MOST_TITLE_LINES: usize = 3;
const MOST_SUBTITLE_LINES: usize = 5;
const MOST_REMARK_LINES: usize = 14;
/// How many lines of a report a description tells.
const MOST_TOLD: usize = 3;
/// Narrower layouts put names above their bars.
const NARROW: f64 = 560.0;

/// What no picture of such counts may go without.
const CAVEAT: &str = "Counted are repositories whose name, description or topics mention the words, \
                      not those that use the framework.";

/// A picture in the making: shapes so far, and down to where it is filled.
pub(super) struct Sheet {
    pub(super) width: f64,
    /// The next free `y`.
    pub(super) y: f64,
    pub(super) shapes: Vec<Shape>,
    /// How many lines of remarks it has at most.
    pub(super) most_remarks: usize,
    look: ChartLook,
}

impl Sheet {
    /// Starts with the heading.
    pub(super) fn new(look: ChartLook, title: &str, subtitle: &str) -> Self {
        let width = look.layout_width();
        let (shapes, most_remarks) = (Vec::new(), MOST_REMARK_LINES);
        let mut sheet = Self { width, y: MARGIN, shapes, most_remarks, look };
        if look.words == Words::All {
            let size = if sheet.is_narrow() { NARROW_TITLE } else { TITLE };
            let room = width - 2.0 * MARGIN;
            for line in wrap_at_most(title, size, room, MOST_TITLE_LINES) {
                sheet.line_of_text(&line, size, Role::Ink);
            }
            sheet.y += 2.0;
            for line in wrap_at_most(subtitle, TEXT, room, MOST_SUBTITLE_LINES) {
                sheet.line_of_text(&line, TEXT, Role::Muted);
            }
            sheet.y += 10.0;
        }
        sheet
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// Adds a line of text at the left, as much of it as there is room for.
    pub(super) fn line_of_text(&mut self, text: &str, size: f64, role: Role) {
        self.y += size * LINE;
        let text = cut(&clean(text), size, self.width - 2.0 * MARGIN);
        self.text((MARGIN, self.y - size * 0.3), size, Anchor::Start, role, &text);
    }

    pub(super) fn text(
        &mut self,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        role: Role,
        text: &str,
    ) {
        self.shapes.push(text_shape(at, size, anchor, role, text));
    }

    /// Ends with the remarks: the caveat, then sentences of the report, as many as there is room for.
    pub(super) fn finish(
        mut self,
        title: &str,
        description: String,
        plot: Option<Plot>,
        remarks: &[String],
    ) -> Scene {
        if self.look.words == Words::All {
            self.y += 8.0;
            let room = self.width - 2.0 * MARGIN;
            let sentences = || std::iter::once(CAVEAT).chain(remarks.iter().map(String::as_str));
            let mut lines: Vec<String> = sentences().flat_map(|s| wrap(s, SMALL, room)).collect();
            if lines.len() > self.most_remarks {
                lines.truncate(self.most_remarks - 1);
                lines.push("… More notes are in the report.".to_owned());
            }
            for line in lines {
                self.line_of_text(&line, SMALL, Role::Muted);
            }
        }
        Scene {
            width: self.width,
            height: (self.y + MARGIN).ceil(),
            width_px: self.look.width_px.max(ChartLook::NARROWEST_PX),
            title: title.to_owned(),
            description,
            plot,
            shapes: self.shapes,
        }
    }
}

pub(super) fn text_shape(
    at: (f64, f64),
    size: f64,
    anchor: Anchor,
    role: Role,
    text: &str,
) -> Shape {
    Shape::Text { at, size, anchor, role, text: clean(text) }
}

/// Says the first ones of so many lines of a report, and how many more there are.
pub(super) fn first_of(all: usize, told: impl Iterator<Item = String>) -> String {
    let told: Vec<String> = told.take(MOST_TOLD).collect();
    match all - told.len() {
        0 => told.join("; "),
        more => format!("{}; and {} more", told.join("; "), count(more as u64)),
    }
}

/// Returns the letter that stands for something which is explained below; behind `z` they begin
/// again.
pub(super) fn letter(place: usize) -> String {
    ('a'..='z').nth(place % 26).map(String::from).unwrap_or_default()
}

/// Returns the width of the widest of some texts.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a str>, size: f64) -> f64 {
    texts.map(|text| text_width(text, size)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_text_leaves_the_sheet() {
        for width_px in [320, 800] {
            let look = ChartLook { width_px, words: Words::All };
            let (title, long) = ("W".repeat(900), "W".repeat(150));
            let mut sheet = Sheet::new(look, &title, &long);
            sheet.line_of_text(&format!("{long}, logarithmic scale"), SMALL, Role::Muted);
            let scene = sheet.finish("", String::new(), None, &[long]);
            for shape in &scene.shapes {
                let Shape::Text { at, size, text, .. } = shape else { panic!("{shape:?}") };
                assert!(at.0 + text_width(text, *size) <= scene.width - MARGIN, "{text}");
            }
            assert!(scene.shapes.len() > MOST_TITLE_LINES + 2);
        }
    }

    #[test]
    fn descriptions_tell_the_first_ones() {
        let told = |all: usize| first_of(all, (0..all).map(|n| n.to_string()));
        assert_eq!([told(2), told(3), told(1004)], ["0; 1", "0; 1; 2", "0; 1; 2; and 1,001 more"]);
    }
}

//! A scene as PNG.
//!
//! Texts are drawn with one embedded font and no other, so that a picture is the same pixels
//! everywhere. What the font lacks (it has Latin, Greek, Cyrillic and Hebrew) is drawn as `�`, one for
//! what is read as one character; the SVG of the same scene has the text itself.

use crate::report::{Scene, Theme};

/// Whether this build can make PNGs.
pub const HAS_PNG: bool = cfg!(feature = "png");

/// A picture in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Texts that the font could not draw as they are, in the order in which they appear.
    pub not_drawn: Vec<String>,
}

/// Why a scene did not become a PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The program was built without what is needed.
    #[error("this build has no PNG")]
    NotBuilt,
    /// The picture is larger than any program could show.
    #[error("a picture of {width} by {height} pixels is too large")]
    TooLarge {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// The picture could not be drawn or written.
    #[error("the picture cannot be drawn: {0}")]
    Broken(String),
}

/// Renders a scene as PNG, as wide as the scene says, on the theme's background.
///
/// # Errors
///
/// Fails if this build has no PNG, and if the picture is too large.
#[cfg(feature = "png")]
pub fn render_png(scene: &Scene, theme: Theme) -> Result<Png, PngError> {
    drawn::render(scene, theme)
}

/// Fails, as this build has no PNG.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "png"))]
pub fn render_png(_: &Scene, _: Theme) -> Result<Png, PngError> {
    Err(PngError::NotBuilt)
}

#[cfg(feature = "png")]
mod drawn {
    use std::sync::Arc;

    use resvg::tiny_skia::{Pixmap, Transform};
    use resvg::usvg::fontdb::Database;
    use resvg::usvg::{Options, Tree};

    use unicode_segmentation::UnicodeSegmentation as _;
    use unicode_width::UnicodeWidthStr as _;

    use super::{Png, PngError};
    use crate::report::{Scene, Shape, Theme, render_svg};

    /// Arimo, a part of it; its licence lies beside it.
    const FONT: &[u8] = include_bytes!("arimo/Arimo-Regular.ttf");
    const FAMILY: &str = "Arimo";
    /// More pixels take more memory than a small machine has.
    const MOST_PIXELS: u64 = 100_000_000;
    /// What stands for a character that the font lacks.
    const LACKING: &str = "\u{fffd}";

    /// Whether the font has a character; the ranges are those that it was cut to.
    fn is_drawn(c: char) -> bool {
        matches!(c,
            ' '..='~' | '\u{a0}'..='\u{52f}' | '\u{591}'..='\u{5c7}' | '\u{5d0}'..='\u{5ea}' | '\u{1e00}'..='\u{1eff}'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{2070}'..='\u{20be}'
            | '\u{2100}'..='\u{214f}' | '\u{2190}'..='\u{2195}' | '−' | '≈' | '≠' | '≤' | '≥' | '\u{fffd}')
    }

    pub(super) fn render(scene: &Scene, theme: Theme) -> Result<Png, PngError> {
        let (mut scene, mut not_drawn) = (scene.clone(), Vec::new());
        replace_not_drawn(&mut scene.shapes, &mut not_drawn);
        let mut fonts = Database::new();
        fonts.load_font_data(FONT.to_vec());
        // Without this, texts in an unknown family would be left out without a word.
        fonts.set_sans_serif_family(FAMILY);
        let options = Options {
            font_family: FAMILY.to_owned(),
            fontdb: Arc::new(fonts),
            ..Options::default()
        };
        let broken = |error: &dyn std::fmt::Display| PngError::Broken(error.to_string());
        let tree = Tree::from_str(&render_svg(&scene, theme), &options).map_err(|e| broken(&e))?;
        let size = tree.size().to_int_size();
        let (width, height) = (size.width(), size.height());
        let too_large = PngError::TooLarge { width, height };
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(too_large);
        }
        let mut pixels = Pixmap::new(width, height).ok_or(too_large)?;
        resvg::render(&tree, Transform::default(), &mut pixels.as_mut());
        let bytes = pixels.encode_png().map_err(|error| broken(&error))?;
        Ok(Png { bytes, not_drawn })
    }

    /// Returns what is drawn for what is read as one character; nothing for what nobody sees.
    fn drawn(grapheme: &str) -> &str {
        match grapheme {
            seen if seen.chars().all(is_drawn) => seen,
            unseen if unseen.width() == 0 => "",
            _ => LACKING,
        }
    }

    /// Puts a sign in the place of what the font lacks.
    fn replace_not_drawn(shapes: &mut [Shape], not_drawn: &mut Vec<String>) {
        for shape in shapes {
            match shape {
                Shape::Group { shapes, .. } => replace_not_drawn(shapes, not_drawn),
                Shape::Text { text, .. } => {
                    let new: String = text.graphemes(true).map(drawn).collect();
                    if new.contains(LACKING) && !text.contains(LACKING) {
                        not_drawn.push(text.clone());
                    }
                    *text = new;
                }
                _ => {}
            }
        }
    }
}

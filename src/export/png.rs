//! A scene as PNG.
//!
//! Texts are drawn with one embedded font and no other, so that a picture is the same pixels
//! everywhere. What the font lacks (it has Latin, Greek, Cyrillic and Hebrew) is drawn as an empty
//! box; the SVG of the same scene has the text itself.

use crate::report::{Scene, Theme};

/// Whether this build can make PNGs.
pub const HAS_PNG: bool = cfg!(feature = "png");

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
pub fn render_png(scene: &Scene, theme: Theme) -> Result<Vec<u8>, PngError> {
    drawn::render(scene, theme)
}

/// Fails, as this build has no PNG.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "png"))]
pub fn render_png(_: &Scene, _: Theme) -> Result<Vec<u8>, PngError> {
    Err(PngError::NotBuilt)
}

#[cfg(feature = "png")]
mod drawn {
    use std::sync::Arc;

    use resvg::tiny_skia::{Pixmap, Transform};
    use resvg::usvg::fontdb::Database;
    use resvg::usvg::{Options, Tree};

    use super::PngError;
    use crate::report::{Scene, Theme, render_svg};

    /// Arimo, a part of it; its licence lies beside it.
    const FONT: &[u8] = include_bytes!("arimo/Arimo-Regular.ttf");
    const FAMILY: &str = "Arimo";
    /// More pixels take more memory than a small machine has.
    const MOST_PIXELS: u64 = 100_000_000;

    pub(super) fn render(scene: &Scene, theme: Theme) -> Result<Vec<u8>, PngError> {
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
        let tree = Tree::from_str(&render_svg(scene, theme), &options).map_err(|e| broken(&e))?;
        let size = tree.size().to_int_size();
        let (width, height) = (size.width(), size.height());
        let too_large = PngError::TooLarge { width, height };
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(too_large);
        }
        let mut pixels = Pixmap::new(width, height).ok_or(too_large)?;
        resvg::render(&tree, Transform::default(), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| broken(&error))
    }
}

//! Charts: a report becomes a scene of shapes and text, and a scene becomes SVG.
//!
//! A scene knows roles instead of colours, so that one layout is drawn light, dark, and inside a
//! page. Whatever turns scenes into pixels lives elsewhere.
//!
//! - [`draw_ranking`]: a bar for each framework
//! - [`draw_trend`]: a line of counts for each framework
//! - [`draw_ranks`]: a line of ranks for each framework
//! - [`draw_sensitivity`]: the same from way to way of counting instead of over time

mod bars;
mod course;
mod days;
mod labels;
mod lines;
mod ranks;
mod scale;
mod scene;
mod sheet;
mod simplify;
mod stroke;
mod svg;
mod theme;
mod ways;
mod words;

pub use bars::draw_ranking;
#[cfg(feature = "html")]
pub(super) use course::MOST_FLAGS;
pub use lines::draw_trend;
pub use ranks::draw_ranks;
pub use scale::ScaleChoice;
pub use scene::{Anchor, Dash, MarkKind, Plot, Role, SERIES_COLOURS, Scale, Scene, Shape, Spot};
pub use sheet::{ChartLook, Words};
pub use svg::{render_chart_colours, render_chart_style, render_inline_svg, render_svg};
pub use theme::Theme;
pub use ways::draw_sensitivity;

use words::clean;

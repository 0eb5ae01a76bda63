//! Files for other programs that take a library to write. So far: pictures of charts.
//!
//! What is in them is decided in `report`; nothing here opens a file.

mod png;

pub use png::{HAS_PNG, Png, PngError, render_png};

//! A model for each kind of report, and a file for each format that renders it into text.
//!
//! Nothing here opens a file or prints: a format takes the model and returns a text, the same text
//! each time.

mod audit;
mod csv;
mod escape;
mod json;
mod markdown;
mod methods;
mod model;
mod notes;
mod number;
mod table;
mod terminal;
mod trend;
mod wide;

pub use self::audit::{AuditReport, FrameworkAudit, Sensitivity, WayCounted};
pub use self::csv::render_csv;
pub use escape::is_bidi_control;
pub use json::render_json;
pub use markdown::render_markdown;
pub use methods::render_methods;
pub use model::{
    Compared, Inputs, Line, RankingReport, Reference, ReferenceKind, Shares, UnknownMetric,
    notes_of_baseline, reference_of_baseline, reference_of_run,
};
pub use number::{count, signed};
pub use terminal::{Look, render_terminal};
pub use trend::{
    TrendInputs, TrendReport, render_trend_csv, render_trend_json, render_trend_markdown,
    render_trend_terminal,
};
pub use wide::render_wide;

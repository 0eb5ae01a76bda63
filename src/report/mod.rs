//! A model for each kind of report, and a file for each format that renders it into text.
//!
//! Nothing here opens a file or prints: a format takes the model and returns a text, the same text
//! each time.

mod audit;
mod chart;
mod csv;
mod escape;
mod facts;
mod health;
mod json;
mod markdown;
mod methods;
mod model;
mod moment;
mod notes;
mod number;
#[cfg(feature = "html")]
mod page;
mod table;
mod terminal;
mod trend;
mod wide;

pub use self::audit::{AuditReport, Drawn, FrameworkAudit, Sensitivity, WayCounted};
pub use self::csv::render_csv;
pub use chart::{
    Anchor, ChartLook, Dash, MarkKind, Plot, Role, SERIES_COLOURS, Scale, ScaleChoice, Scene,
    Shape, Spot, Theme, Words, draw_ranking, draw_ranks, draw_sensitivity, draw_trend,
    render_chart_colours, render_chart_style, render_inline_svg, render_svg,
};
pub use escape::is_bidi_control;
pub use facts::{Event, Jump, Moves, RankMove, RunFacts};
pub use health::{
    HealthInputs, HealthReport, TOKEN_DAYS, Trouble, parse_observed, render_health_json,
    render_health_text,
};
pub use json::render_json;
pub use markdown::render_markdown;
pub use methods::render_methods;
pub use model::{
    Compared, Inputs, Line, RankingReport, Reference, ReferenceKind, Shares, UnknownMetric,
    known_metrics, notes_of_baseline, reference_of_baseline, reference_of_run,
};
pub use number::{count, signed};
#[cfg(feature = "html")]
pub use page::{PageMetric, ThinnedTo, render_page, thin};
pub use terminal::{Look, render_terminal};
pub use trend::{
    EventKind, TrendEvent, TrendInputs, TrendReport, TrendRow, render_trend_csv, render_trend_json,
    render_trend_markdown, render_trend_terminal,
};
pub use wide::{WideRow, WideTable};

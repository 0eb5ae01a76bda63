//! Collecting: what to ask (a plan), one serial pass over it (a run), when (a daemon), and the past by
//! creation dates (backfill).
//!
//! Where answers come from is behind `github`'s trait; how things are shown is not known here.

mod api;
mod backfill;
mod daemon;
mod earlier;
mod plan;
mod queue;
mod run;

pub use api::{Api, ChosenApi, NeedsToken, WhyApi, choose_api};
pub use backfill::{
    Ask, BackfillPlan, Check, Known, Point, Reconstruction, Refused, SeriesPlan, backfill,
};
pub use daemon::{Came, Next, Watch};
pub use plan::{CROSS_CHECKS, Past, Plan, PlannedQuery, Skipped, Target};
pub use run::{CollectError, Collected, Ending, Keep, Progressed, collect, start_run};

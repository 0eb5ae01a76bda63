//! Collecting: what to ask (a plan), and one serial pass over it (a run).
//!
//! Where answers come from is behind `github`'s trait; how things are shown is not known here.

mod api;
mod earlier;
mod plan;
mod queue;
mod run;

pub use api::{Api, ChosenApi, NeedsToken, WhyApi, choose_api};
pub use plan::{CROSS_CHECKS, Past, Plan, PlannedQuery, Skipped, Target};
pub use run::{CollectError, Collected, Ending, Keep, Progressed, collect, start_run};

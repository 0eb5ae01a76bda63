//! Collecting: what to ask (a plan), and one serial pass over it (a run).
//!
//! Where answers come from is behind `github`'s trait; how things are shown is not known here.

mod plan;
mod run;

pub use plan::{LastCounts, Plan, PlannedQuery, Skipped, Target, note_last_counts};
pub use run::{CollectError, Collected, Ending, Keep, Progressed, collect, start_run};

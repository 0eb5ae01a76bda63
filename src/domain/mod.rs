//! What the program is about, as plain values and pure functions: surveys, queries, samples, runs,
//! periods, cron lines, typed moments, ranges of creation, gaps, health, rankings, series, trends,
//! baselines, recordings and audits.
//!
//! Nothing here reads a file, a clock, the environment or a network, and nothing here knows how a
//! thing is shown.

pub mod audit;
pub mod baseline;
pub mod created;
pub mod cron_line;
pub mod gaps;
pub mod health;
pub mod period;
pub mod query;
pub mod ranking;
pub mod recording;
pub mod run;
pub mod sample;
pub mod series;
pub mod survey;
pub mod trend;
pub mod when;

//! What the program is about, as plain values and pure functions: surveys, queries, samples, runs,
//! periods, gaps, health, rankings, series, trends, baselines and recordings.
//!
//! Nothing here reads a file, a clock, the environment or a network, and nothing here knows how a
//! thing is shown.

pub mod baseline;
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

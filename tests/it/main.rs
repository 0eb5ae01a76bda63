//! One test binary for whole runs of the program, with real files and real processes.

// Tests wait for real processes and look at real clocks.
#![allow(clippy::disallowed_methods)]

mod after_run;
mod at_once;
mod audit;
mod backfill;
mod charts;
mod check;
mod collect;
mod daemon;
mod docs;
mod errors;
mod export;
mod fake_github;
mod fake_github_tests;
mod foreign;
mod github;
mod graphql;
mod health;
mod help;
mod history;
mod import;
mod interrupted;
mod interrupted_mending;
mod many;
mod measured;
#[cfg(feature = "html")]
mod page;
mod repair;
mod report;
mod repository;
mod rooms;
mod simulated;
mod surveys;
mod template;
mod trend;
mod two_years;
mod workdir;

//! One test binary for whole runs of the program, with real files and real processes.

// Tests wait for real processes and look at real clocks.
#![allow(clippy::disallowed_methods)]

mod audit;
mod backfill;
mod collect;
mod fake_github;
mod fake_github_tests;
mod foreign;
mod github;
mod graphql;
mod history;
mod import;
mod interrupted;
mod interrupted_mending;
mod repair;
mod report;
mod repository;
mod rooms;
mod simulated;
mod surveys;
mod trend;
mod workdir;

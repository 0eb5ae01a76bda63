//! Counts how many GitHub repositories match a query, keeps every answer in a CSV history, and
//! reports rankings and trends from it.
//!
//! The rooms, from the inside out. Imports run one way only, from the door inwards; a test reads
//! the code and keeps it so (`ARCHITECTURE.md` draws the same picture).
//!
//! | room | kind | what lives there |
//! | --- | --- | --- |
//! | [`domain`] | pure | surveys, queries, samples, runs, rankings, trends: values into values |
//! | [`clock`] | edge | the only place that asks for the time |
//! | [`platform`] | edge | what differs between systems: signals, syncing a folder |
//! | [`catalog`] | edge | loads surveys, baselines and recordings, with the line of every problem |
//! | [`settings`] | edge | what is not the survey's: flag over environment over file over default |
//! | [`history`] | edge | the only code that touches histories |
//! | [`github`] | edge | the source of answers |
//! | [`collect`] | use | a plan of queries, and one serial pass over it |
//! | [`audit`] | use | what the queries really find: a random sample of it |
//! | [`report`] | pure | a model for each kind of report, a file for each format |
//! | [`export`] | edge | files for other programs: tidy and wide tables, workbooks, pictures |
//! | [`cli`] | door | arguments in; text, files and an exit code out |
//!
//! `fuzz`, what must hold of any input from outside, is built for tests and fuzzers only.

pub mod audit;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod domain;
pub mod export;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod github;
pub mod history;
pub mod platform;
pub mod report;
pub mod settings;

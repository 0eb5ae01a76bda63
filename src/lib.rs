//! Counts how many GitHub repositories match a query, keeps every answer in a CSV history, and
//! reports rankings from it.
//!
//! The rooms, from the inside out. Imports run one way only, from the door inwards; a test reads
//! the code and keeps it so (`ARCHITECTURE.md` draws the same picture).
//!
//! | room | kind | what lives there |
//! | --- | --- | --- |
//! | [`domain`] | pure | surveys, queries, samples, runs, periods, rankings: values into values |
//! | [`clock`] | edge | the only place that asks for the time |
//! | [`catalog`] | edge | loads surveys, baselines and recordings, with the line of every problem |

pub mod catalog;
pub mod clock;
pub mod domain;

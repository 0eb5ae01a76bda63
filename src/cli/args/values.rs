//! Values that commands of several kinds take: periods, lengths of time, colour.

use std::time::Duration;

use clap::ValueEnum;

use crate::domain::period::Per;
use crate::domain::when;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PerArg {
    Hour,
    Day,
    Week,
    Month,
}

impl From<PerArg> for Per {
    fn from(per: PerArg) -> Self {
        match per {
            PerArg::Hour => Self::Hour,
            PerArg::Day => Self::Day,
            PerArg::Week => Self::Week,
            PerArg::Month => Self::Month,
        }
    }
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    when::parse_duration(text).ok_or_else(|| {
        "expected a whole number with `ms`, `s`, `m` or `h`, such as `500ms`".to_owned()
    })
}

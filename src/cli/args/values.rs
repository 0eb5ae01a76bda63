//! Values that commands of several kinds take: periods, lengths of time, colour.

use std::fmt::Display;
use std::str::FromStr;
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

/// Returns a reader of whole numbers from `lowest` to `highest`, both of them allowed.
pub(super) fn whole_number<T>(
    lowest: T,
    highest: T,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Copy + Display + FromStr + PartialOrd + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (lowest..=highest).contains(number));
        number.ok_or_else(|| format!("expected a whole number from {lowest} to {highest}"))
    }
}

/// The same without an upper end.
pub(super) fn whole_number_from<T>(
    lowest: T,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Copy + Display + FromStr + PartialOrd + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| *number >= lowest);
        number.ok_or_else(|| format!("expected a whole number, {lowest} or more"))
    }
}

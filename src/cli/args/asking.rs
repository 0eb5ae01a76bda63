//! What every command that asks GitHub takes: how to reach it, and over which API.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::{parse_duration, whole_number_from};
use crate::collect::CROSS_CHECKS;
use crate::domain::survey::ApiChoice;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GitHub")]
pub(in crate::cli) struct ConnectionArgs {
    /// Read the token from this file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: Option<PathBuf>,

    /// Ask without a token: ten searches a minute
    #[arg(long, conflicts_with = "token_file")]
    pub(in crate::cli) no_token: bool,

    /// The address of the API [default: GITHUB_API_URL, GH_HOST, else https://api.github.com]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) api_url: Option<String>,

    /// Read settings from this file [default: settings.toml in your config folder]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) settings: Option<PathBuf>,

    /// Give up on one request after so long [default: 20s]
    #[arg(long, value_name = "TIME", value_parser = parse_timeout)]
    pub(in crate::cli) timeout: Option<Duration>,

    /// Wait at most so long in all for limits hit, retries and outages [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) max_wait: Option<Duration>,

    /// End the run after so long, planned waits included
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) max_time: Option<Duration>,

    /// Leave at least so much time between requests, such as 500ms or 2s
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(in crate::cli) pace: Option<Duration>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "GitHub")]
pub(in crate::cli) struct AskArgs {
    /// Ask over this API [default: what the survey says, else auto]
    #[arg(long, value_name = "API")]
    pub(in crate::cli) api: Option<ApiArg>,

    /// Ask so many queries of a run over GraphQL once more over REST: the highest count, then the
    /// lowest, and so on
    #[arg(long, value_name = "N", default_value_t = CROSS_CHECKS, value_parser = whole_number_from(0usize))]
    pub(in crate::cli) cross_check: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ApiArg {
    /// That of the last run, else REST if it takes at most five minutes or there is no token, else
    /// GraphQL
    Auto,
    /// One count a request; tells completeness
    Rest,
    /// Many counts a request; needs a token and does not tell completeness
    Graphql,
}

impl From<ApiArg> for ApiChoice {
    fn from(api: ApiArg) -> Self {
        match api {
            ApiArg::Auto => Self::Auto,
            ApiArg::Rest => Self::Rest,
            ApiArg::Graphql => Self::Graphql,
        }
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|length| {
        if length.is_zero() { Err("no answer comes so soon".to_owned()) } else { Ok(length) }
    })
}

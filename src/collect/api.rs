//! Which API a run asks: REST, which tells completeness, or GraphQL, which counts many at once.

use std::time::Duration;

use crate::domain::run::Run;
use crate::domain::sample::SourceKind;
use crate::domain::survey::ApiChoice;
use crate::github::{LIMIT_WITH_TOKEN, LIMIT_WITHOUT_TOKEN};

/// A run that takes no longer than this over REST is not worth counts of unknown completeness.
const LONGEST_BY_REST: Duration = Duration::from_secs(5 * 60);

/// The length of a window of GitHub's search limit.
const WINDOW: Duration = Duration::from_secs(60);

/// Searches in a document, and what one takes, as a plan reckons; both are measured values of
/// others, on the safe side.
const SEARCHES_IN_DOCUMENT: usize = 25;
const SEARCH_BY_GRAPHQL: Duration = Duration::from_millis(80);

/// An API of GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// One count a request, 30 a minute; tells completeness.
    Rest,
    /// Many counts a request; does not tell completeness.
    Graphql,
}

impl Api {
    /// Returns the API that a run asked; `None` if it asked none, as an import. A run that asked
    /// both was one over GraphQL, for that asks REST too.
    #[must_use]
    pub fn of_run(run: &Run) -> Option<Self> {
        let asked = |kind| run.samples.iter().any(|sample| sample.source.kind == kind);
        match (asked(SourceKind::Graphql), asked(SourceKind::Rest)) {
            (true, _) => Some(Self::Graphql),
            (false, true) => Some(Self::Rest),
            (false, false) => None,
        }
    }

    /// Returns how many requests that many queries take at most, and how long that takes without
    /// limits hit: over REST whole windows of a minute but for the last one.
    #[must_use]
    pub fn estimate(self, queries: usize, has_token: bool) -> (usize, Duration) {
        match self {
            Self::Rest => {
                let limit = if has_token { LIMIT_WITH_TOKEN } else { LIMIT_WITHOUT_TOKEN };
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                (queries, times(WINDOW, queries.saturating_sub(1) / limit))
            }
            Self::Graphql => {
                (queries.div_ceil(SEARCHES_IN_DOCUMENT), times(SEARCH_BY_GRAPHQL, queries))
            }
        }
    }
}

fn times(length: Duration, number: usize) -> Duration {
    length.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX))
}

/// An API with the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChosenApi {
    /// The API.
    pub api: Api,
    /// Why this one.
    pub why: WhyApi,
    /// The API of the last run, if it was another one.
    pub instead_of: Option<Api>,
}

/// Why an API was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyApi {
    /// The command line or the survey says so.
    Wanted,
    /// The last run of the history asked it.
    LastRun,
    /// There is no token, which GraphQL needs.
    NoToken,
    /// REST takes no more than five minutes.
    Short,
    /// REST would take so long.
    Long(Duration),
}

/// GraphQL is wanted, and there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("GraphQL answers only with a token")]
pub struct NeedsToken;

/// Chooses the API of a run of so many queries: the wanted one; else that of the last run; else
/// REST if there is no token or if it takes five minutes at most; else GraphQL.
///
/// # Errors
///
/// Fails if GraphQL is wanted without a token.
pub fn choose_api(
    wanted: ApiChoice,
    last: Option<Api>,
    has_token: bool,
    queries: usize,
) -> Result<ChosenApi, NeedsToken> {
    let (_, by_rest) = Api::Rest.estimate(queries, has_token);
    let (api, why) = match (wanted, last) {
        (ApiChoice::Graphql, _) if !has_token => return Err(NeedsToken),
        (ApiChoice::Graphql, _) => (Api::Graphql, WhyApi::Wanted),
        (ApiChoice::Rest, _) => (Api::Rest, WhyApi::Wanted),
        (ApiChoice::Auto, _) if !has_token => (Api::Rest, WhyApi::NoToken),
        (ApiChoice::Auto, Some(last)) => (last, WhyApi::LastRun),
        (ApiChoice::Auto, None) if by_rest <= LONGEST_BY_REST => (Api::Rest, WhyApi::Short),
        (ApiChoice::Auto, None) => (Api::Graphql, WhyApi::Long(by_rest)),
    };
    Ok(ChosenApi { api, why, instead_of: last.filter(|last| *last != api) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_chosen_by_wish_history_token_and_length() {
        use Api::{Graphql, Rest};
        use ApiChoice as Wanted;
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let cases = [
            ((Wanted::Auto, None, true, 11), Ok((Rest, WhyApi::Short, None))),
            ((Wanted::Auto, None, true, 180), Ok((Rest, WhyApi::Short, None))),
            ((Wanted::Auto, None, true, 181), Ok((Graphql, WhyApi::Long(minutes(6)), None))),
            ((Wanted::Auto, None, false, 5000), Ok((Rest, WhyApi::NoToken, None))),
            ((Wanted::Auto, Some(Rest), true, 5000), Ok((Rest, WhyApi::LastRun, None))),
            ((Wanted::Auto, Some(Graphql), true, 11), Ok((Graphql, WhyApi::LastRun, None))),
            ((Wanted::Auto, Some(Graphql), false, 11), Ok((Rest, WhyApi::NoToken, Some(Graphql)))),
            ((Wanted::Rest, Some(Graphql), true, 11), Ok((Rest, WhyApi::Wanted, Some(Graphql)))),
            ((Wanted::Graphql, Some(Rest), true, 1), Ok((Graphql, WhyApi::Wanted, Some(Rest)))),
            ((Wanted::Graphql, None, true, 1), Ok((Graphql, WhyApi::Wanted, None))),
            ((Wanted::Graphql, Some(Rest), false, 1), Err(NeedsToken)),
        ];
        for ((wanted, last, has_token, queries), expected) in cases {
            let chosen = choose_api(wanted, last, has_token, queries);
            let chosen = chosen.map(|chosen| (chosen.api, chosen.why, chosen.instead_of));
            assert_eq!(chosen, expected, "{wanted:?} {last:?} {has_token} {queries}");
        }
    }

    #[test]
    fn requests_and_time_are_told_on_the_safe_side() {
        let seconds = Duration::from_secs;
        assert_eq!(Api::Rest.estimate(11, true), (11, seconds(0)));
        assert_eq!(Api::Rest.estimate(11, false), (11, seconds(60)));
        assert_eq!(Api::Rest.estimate(1_000, true), (1_000, seconds(33 * 60)));
        assert_eq!(Api::Graphql.estimate(11, true), (1, Duration::from_millis(880)));
        assert_eq!(Api::Graphql.estimate(1_000, true), (40, seconds(80)));
    }
}

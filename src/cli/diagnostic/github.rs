//! What is said when GitHub, or whatever else answers, can be asked no more, and of tokens.

use super::{FAILED, Failure, NOT_FINISHED, TOKEN_REFUSED, TRY_LATER, USAGE};
use crate::cli::connection::Connection;
use crate::collect::NeedsToken;
use crate::domain::run::Progress;
use crate::github::{Bound, Closed, SourceError, TokenError};

impl Failure {
    /// A source that can answer nothing any more: that of a connection, or of a recording. `has_counts`
    /// tells whether the run has any number.
    pub(in crate::cli) fn of_source(
        error: &SourceError,
        connection: Option<&Connection>,
        has_counts: bool,
    ) -> Self {
        let (some, none) = (NOT_FINISHED, TRY_LATER);
        let later = if has_counts { some } else { none };
        match error {
            SourceError::Interrupted(signal) => Self::interrupted(*signal, "interrupted"),
            SourceError::TooLong { until, why, bound, trouble } => {
                let until = until.format("%Y-%m-%d %H:%M:%S");
                let failure = match bound {
                    Bound::Unplanned => {
                        Self::new(later, "gave up: `--max-wait` bounds unplanned waiting")
                            .because(format!("the next wait, {why}, would last until {until} UTC"))
                            .hint("try again later, or allow more, such as `--max-wait 1h`")
                    }
                    Bound::Whole => Self::new(later, "`--max-time` cut the run short")
                        .because(format!("{why}, the next request would be sent at {until} UTC"))
                        .hint("allow more time, such as `--max-time 1h`"),
                };
                match trouble {
                    Some(trouble) => failure.because(trouble.clone()),
                    None => failure,
                }
            }
            SourceError::Unwelcome => Self::new(later, error.to_string())
                .hint("wait an hour; other programs of the same user count too"),
            SourceError::Closed { why, said, has_token } if why.blames_the_token() => {
                let token = connection.and_then(|connection| connection.token.as_ref());
                let origin = token.map_or_else(|| "nowhere".to_owned(), |t| t.origin.clone());
                let message = match (why, has_token) {
                    (Closed::TooManyLogins, _) => {
                        format!(
                            "GitHub refuses all logins for a while, that with the token from {origin} too"
                        )
                    }
                    (_, true) => format!("GitHub refuses the token from {origin}"),
                    (_, false) => "GitHub asks for a token".to_owned(),
                };
                Self::new(TOKEN_REFUSED, message)
                    .because(format!("GitHub says: {said}"))
                    .hint(another_token(connection))
            }
            SourceError::Closed { said, .. } => {
                let code = if has_counts { some } else { FAILED };
                Self::new(code, "GitHub no longer serves this version of its API")
                    .because(format!("GitHub says: {said}"))
                    .hint("a newer repo-census speaks a newer version")
            }
            SourceError::NoDocument { said } => {
                let code = if has_counts { some } else { FAILED };
                Self::new(code, "GitHub does not take our documents over GraphQL")
                    .because(format!("GitHub says: {said}"))
                    .hint("ask over the other API with `--api rest`")
            }
            SourceError::Hopeless { trouble } => {
                let code = if has_counts { some } else { FAILED };
                Self::new(code, "everything asked so far was refused for the same reason")
                    .because(trouble.clone())
                    .hint("look at the address of the API and at the network: `repo-census check --online`")
            }
            SourceError::NoClient(_) => Self::of(FAILED, error).hint(
                "look at what the environment says of certificates and proxies: `SSL_CERT_FILE`, \
                 `SSL_CERT_DIR`, `HTTPS_PROXY`",
            ),
            SourceError::Recording { .. } => Self::of(FAILED, error),
        }
    }

    /// Adds how much a run lacks that its time cut short.
    pub(in crate::cli) fn lacking(mut self, error: &SourceError, progress: Progress) -> Self {
        if matches!(error, SourceError::TooLong { bound: Bound::Whole, .. }) {
            let Progress { answered, planned } = progress;
            let missing = planned.saturating_sub(answered);
            self.message.push_str(&format!("; it lacks {missing} of {planned} counts"));
        }
        self
    }

    /// A token that GitHub refused when it was asked about its limits.
    pub(in crate::cli) fn of_refused_token(connection: &Connection) -> Self {
        let origin = connection.token.as_ref().map_or("nowhere", |token| token.origin.as_str());
        Self::new(TOKEN_REFUSED, format!("GitHub refuses the token from {origin}"))
            .hint(another_token(Some(connection)))
    }
}

/// Says where a token is made: each GitHub has its own.
fn another_token(connection: Option<&Connection>) -> String {
    let host = connection.map(|connection| connection.address.gh_host());
    let host = host.as_deref().unwrap_or("github.com");
    format!(
        "make a token without any scope at https://{host}/settings/tokens, or ask without one with \
         `--no-token`"
    )
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::of_source(&error, None, false)
    }
}

impl From<NeedsToken> for Failure {
    fn from(error: NeedsToken) -> Self {
        Self::of(USAGE, &error)
            .hint("set GH_TOKEN or name a `--token-file`, or ask with `--api rest`")
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let failure = Self::of(USAGE, &error);
        match error {
            TokenError::Unreadable { .. } => failure,
            TokenError::NoToken { .. } => failure
                .because("a token is one word of letters, digits and `_`")
                .hint("put the token there and nothing else, or ask without one with `--no-token`"),
            TokenError::InTheOpen { .. } => {
                failure.hint("use https, or ask without a token with `--no-token`")
            }
        }
    }
}

//! Which GitHub is asked, with which token, and how patiently: settings and flags put together.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::Session;
use super::args::ConnectionArgs;
use super::diagnostic::Failure;
use crate::clock::Clock;
use crate::collect::Api;
use crate::github::{
    ApiAddress, FoundToken, Graphql, Limited, Live, Notice, Patience, Pause, Rest, SourceError,
    TokenPlaces, find_token, keep_pause, load_pauses,
};
use crate::settings;

/// Everything that asking GitHub needs.
pub(super) struct Connection {
    pub(super) address: ApiAddress,
    pub(super) token: Option<FoundToken>,
    pub(super) patience: Patience,
    /// The pauses that this host asked for and that last.
    pauses: Vec<Pause>,
}

impl Connection {
    /// Finds the address and a token that may go there.
    pub(super) async fn find(
        session: &Session,
        arguments: &ConnectionArgs,
    ) -> Result<Self, Failure> {
        let settings = &session.settings;
        let address = address_of(session)?;
        let tokens = settings.tokens.clone();
        let places = TokenPlaces {
            none_wanted: tokens.none_wanted,
            file: tokens.file,
            github: tokens.github,
            enterprise: tokens.enterprise,
            environment_address: tokens.environment_address,
            systemd_folder: tokens.systemd_folder,
            settings_file: tokens.settings_file,
            settings_address: tokens.settings_address,
            gh: tokens.gh,
        };
        let token = find_token(&places, &address).await?;
        let patience = Patience {
            request: settings.timeout.value,
            unplanned: settings.max_wait.value,
            whole: arguments.max_time,
            gap: arguments.pace.unwrap_or(Duration::ZERO),
        };
        let pauses = load_pauses(&pause_path(session), &address.host(), session.clock.now_utc());
        Ok(Self { address, token, patience, pauses })
    }

    /// Says which GitHub is asked as whom.
    pub(super) fn describe(&self) -> String {
        let host = self.address.gh_host();
        match &self.token {
            Some(found) => format!("{host}, token from {}", found.origin),
            None => format!("{host}, without a token"),
        }
    }

    /// Says what a token would change, if there is none.
    pub(super) fn advise(&self, session: &Session) {
        if self.token.is_none() && !session.settings.tokens.none_wanted {
            session.ui.say(
                "note: no token was found, so that GitHub allows 10 searches a minute instead of \
                 30; set GH_TOKEN, name a `--token-file`, or say `--no-token`",
            );
        }
    }

    /// Makes the source of answers.
    pub(super) fn source<'c>(
        &self,
        api: Api,
        clock: &'c dyn Clock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Live<'c>, SourceError> {
        let (address, patience, pauses) =
            (self.address.clone(), self.patience, self.pauses.clone());
        Ok(match (api, self.secret()) {
            (Api::Graphql, Some(token)) => Live::Graphql(Box::new(Graphql::new(
                address, token, patience, pauses, clock, tell,
            )?)),
            (_, token) => {
                Live::Rest(Box::new(Rest::new(address, token, patience, pauses, clock, tell)?))
            }
        })
    }

    /// Keeps until when GitHub wants to be left alone, for whoever asks next.
    pub(super) fn keep_pause(&self, session: &Session, limited: Limited, until: DateTime<Utc>) {
        let (host, since) = (self.address.host(), session.clock.now_utc());
        if let Err(error) = keep_pause(&pause_path(session), Pause { host, limited, since, until })
        {
            // The run itself knows; only later ones may ask too early.
            session.ui.detail(&format!("the pause cannot be kept: {error}"));
        }
    }

    pub(super) fn secret(&self) -> Option<SecretString> {
        self.token.as_ref().map(|found| found.token.clone())
    }
}

/// The pause is one for all surveys of a root, for they ask as the same user.
fn pause_path(session: &Session) -> PathBuf {
    session.root().join("output").join("pause.json")
}

/// Returns the address that the settings name.
pub(super) fn address_of(session: &Session) -> Result<ApiAddress, Failure> {
    let api = &session.settings.api;
    let (text, address) = match &api.value {
        settings::Api::Url(url) => (url, ApiAddress::parse(url)),
        settings::Api::Host(host) => (host, ApiAddress::of_host(host)),
    };
    let address = address.map_err(|reason| {
        // A login that was typed into an address is not repeated.
        let text = match text.rsplit_once('@') {
            Some((_, host)) => format!("…@{host}"),
            None => text.clone(),
        };
        Failure::usage(format!("`{text}` is no address of an API ({})", api.layer))
            .because(reason)
            .hint("an address looks like `https://api.github.com` or `https://HOST/api/v3`")
    })?;
    let Some(graphql) = &session.settings.graphql_url else { return Ok(address) };
    address.with_graphql(graphql).map_err(|reason| {
        Failure::usage("the address in `GITHUB_GRAPHQL_URL` cannot be used").because(reason)
    })
}

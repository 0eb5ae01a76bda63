//! Which GitHub is asked, with which token, and how patiently: settings and flags put together.

use std::time::Duration;

use secrecy::SecretString;

use super::Session;
use super::args::ConnectionArgs;
use super::diagnostic::Failure;
use crate::clock::SystemClock;
use crate::github::{
    ApiAddress, FoundToken, Notice, Patience, Rest, SourceError, TokenPlaces, find_token,
};
use crate::settings::Api;

/// Everything that asking GitHub needs.
pub(super) struct Connection {
    pub(super) address: ApiAddress,
    pub(super) token: Option<FoundToken>,
    pub(super) patience: Patience,
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
        Ok(Self { address, token, patience })
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
        clock: &'c SystemClock,
        tell: impl FnMut(Notice) + 'c,
    ) -> Result<Rest<'c, SystemClock>, SourceError> {
        Rest::new(self.address.clone(), self.secret(), self.patience, clock, tell)
    }

    pub(super) fn secret(&self) -> Option<SecretString> {
        self.token.as_ref().map(|found| found.token.clone())
    }
}

/// Returns the address that the settings name.
pub(super) fn address_of(session: &Session) -> Result<ApiAddress, Failure> {
    let api = &session.settings.api;
    let (text, address) = match &api.value {
        Api::Url(url) => (url, ApiAddress::parse(url)),
        Api::Host(host) => (host, ApiAddress::of_host(host)),
    };
    address.map_err(|reason| {
        // A login that was typed into an address is not repeated.
        let text = match text.rsplit_once('@') {
            Some((_, host)) => format!("…@{host}"),
            None => text.clone(),
        };
        Failure::usage(format!("`{text}` is no address of an API ({})", api.layer))
            .because(reason)
            .hint("an address looks like `https://api.github.com` or `https://HOST/api/v3`")
    })
}

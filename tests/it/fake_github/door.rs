//! What GitHub looks at before it counts a request: the program, the API version, the login.
//!
//! Pure but for its memory of bad logins.

use std::net::IpAddr;

use super::answer::Answer;
use super::bodies;
use super::builder::Settings;
use super::clock::millis;
use super::request::Request;
use super::scripted::{TOO_MANY_LOGINS, json_message, no_user_agent};
use super::secondary::Endpoint;

/// The API versions that GitHub supports; the first one is taken when none is asked for.
pub(crate) const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];
/// Bad logins after which all logins are refused for the length of a search window.
const TOLERATED_BAD_LOGINS: u32 = 5;

/// Whom a request counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// The user with this place among the settings, with any token.
    User(usize),
    /// Everyone without a token at an address.
    Anonymous(IpAddr),
}

/// The memory of bad logins.
#[derive(Debug, Default)]
pub(crate) struct Door {
    bad_logins: u32,
    locked_until_ms: Option<i64>,
}

impl Door {
    /// Returns who is calling and the API version, or the answer to turn the request away with.
    ///
    /// Versions are a matter of REST; GraphQL has none and looks at none.
    pub(crate) fn let_in(
        &mut self,
        settings: &Settings,
        (request, endpoint): (&Request, Endpoint),
        address: IpAddr,
        now_ms: i64,
    ) -> Result<(Caller, Option<&'static str>), Answer> {
        if request.header("user-agent").unwrap_or_default().is_empty() {
            return Err(no_user_agent());
        }
        let version = match endpoint {
            Endpoint::Rest => Some(choose_version(request)?),
            Endpoint::Graphql => None,
        };
        let caller = match request.header("authorization") {
            None => Caller::Anonymous(address),
            Some(login) => self.log_in(settings, login, now_ms)?,
        };
        Ok((caller, version))
    }

    /// Finds the user of a token. A bad token cannot say whose it should have been, so after
    /// several of them nobody's logins are let in for a while.
    fn log_in(&mut self, settings: &Settings, login: &str, now_ms: i64) -> Result<Caller, Answer> {
        if self.locked_until_ms.is_some_and(|until| now_ms >= until) {
            *self = Self::default();
        }
        let user = token_of(login).and_then(|token| {
            let mut users = settings.users.iter();
            users.position(|user| user.tokens.iter().any(|known| known == token))
        });
        if user.is_none() {
            self.bad_logins += 1;
        }
        if self.bad_logins > TOLERATED_BAD_LOGINS {
            self.locked_until_ms.get_or_insert(now_ms + millis(settings.window));
            return Err(json_message(403, TOO_MANY_LOGINS));
        }
        user.map(Caller::User).ok_or_else(|| Answer::json(401, bodies::BAD_CREDENTIALS))
    }
}

fn choose_version(request: &Request) -> Result<&'static str, Answer> {
    let Some(wanted) = request.header("x-github-api-version") else {
        return Ok(VERSIONS[0]);
    };
    let version = VERSIONS.into_iter().find(|version| *version == wanted);
    version.ok_or_else(|| {
        let text = format!("API version {wanted} is not supported.");
        json_message(400, &text)
    })
}

/// Returns the token of a `Bearer` or `token` login; passwords are no longer taken.
fn token_of(login: &str) -> Option<&str> {
    let (scheme, token) = login.split_once(' ')?;
    let is_token = ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_token.then(|| token.trim())
}

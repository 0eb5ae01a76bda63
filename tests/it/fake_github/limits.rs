//! The primary and secondary limits of every caller.
//!
//! Pure but for its memory: the time is an argument. How a refusal is worded is not known here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::builder::Settings;
use super::clock::millis;
use super::door::Caller;
use super::headers::Resource;
use super::secondary::{Endpoint, Secondary};
use super::window::{Standing, Window};

const CORE_WINDOW_MS: i64 = 3_600_000;
const CORE_LIMIT_USER: u32 = 5_000;
const CORE_LIMIT_ANONYMOUS: u32 = 60;

/// The windows of all callers, opened when first needed.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    windows: HashMap<(Caller, Resource), Window>,
    secondary: HashMap<Caller, Secondary>,
    last_callers: HashMap<Resource, Caller>,
}

impl Limits {
    /// Counts calls against a window; of none, returns the standing only.
    pub(crate) fn spend(
        &mut self,
        settings: &Settings,
        caller: Caller,
        resource: Resource,
        calls: u32,
        now_ms: i64,
    ) -> Standing {
        self.last_callers.insert(resource, caller);
        let window = self.window(settings, caller, resource);
        if calls == 0 { window.standing(now_ms) } else { window.spend(calls, now_ms) }
    }

    /// Returns how a window stands.
    pub(crate) fn standing(
        &mut self,
        settings: &Settings,
        caller: Caller,
        resource: Resource,
        now_ms: i64,
    ) -> Standing {
        self.window(settings, caller, resource).standing(now_ms)
    }

    /// Uses up what is left of a window.
    pub(crate) fn exhaust(
        &mut self,
        settings: &Settings,
        caller: Caller,
        resource: Resource,
        now_ms: i64,
    ) {
        self.window(settings, caller, resource).exhaust(now_ms);
    }

    /// Spends calls of the last caller, else of the first user, else of this machine.
    pub(crate) fn eat(&mut self, settings: &Settings, resource: Resource, calls: u32, now_ms: i64) {
        let first = if settings.users.is_empty() {
            Caller::Anonymous(IpAddr::V4(Ipv4Addr::LOCALHOST))
        } else {
            Caller::User(0)
        };
        let caller = self.last_callers.get(&resource).copied().unwrap_or(first);
        self.spend(settings, caller, resource, calls, now_ms);
    }

    /// Counts a request against the secondary limits; `Some` is the milliseconds to wait.
    pub(crate) fn check_secondary(
        &mut self,
        settings: &Settings,
        (caller, endpoint): (Caller, Endpoint),
        at_once: usize,
        now_ms: i64,
    ) -> Option<i64> {
        let secondary = self.secondary.entry(caller).or_default();
        secondary.check(&settings.secondary, endpoint, at_once, now_ms)
    }

    /// Adds the time that an answer took.
    pub(crate) fn add_busy(
        &mut self,
        (caller, endpoint): (Caller, Endpoint),
        length_ms: i64,
        now_ms: i64,
    ) {
        let secondary = self.secondary.entry(caller).or_default();
        secondary.add_busy(endpoint, length_ms, now_ms);
    }

    fn window(&mut self, settings: &Settings, caller: Caller, resource: Resource) -> &mut Window {
        let (limit, length_ms) = match (resource, caller) {
            (Resource::Core, Caller::User(_)) => (CORE_LIMIT_USER, CORE_WINDOW_MS),
            (Resource::Core, Caller::Anonymous(_)) => (CORE_LIMIT_ANONYMOUS, CORE_WINDOW_MS),
            (Resource::Search, Caller::User(_)) => {
                (settings.search_limit_authenticated, millis(settings.window))
            }
            (Resource::Search, Caller::Anonymous(_)) => {
                (settings.search_limit_anonymous, millis(settings.window))
            }
            (Resource::Graphql, Caller::User(_)) => {
                (settings.graphql.points, millis(settings.graphql.window))
            }
            (Resource::Graphql, Caller::Anonymous(_)) => (0, millis(settings.graphql.window)),
        };
        self.windows.entry((caller, resource)).or_insert_with(|| Window::new(limit, length_ms))
    }
}

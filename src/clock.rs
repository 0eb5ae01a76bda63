//! The only place that asks for the time. Everything else gets a [`Clock`] or a moment.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};

/// A wait that ends by itself.
pub type Sleep<'c> = Pin<Box<dyn Future<Output = ()> + Send + 'c>>;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// Returns the moment in UTC, cut to whole seconds: histories keep no finer ones.
    fn now_utc(&self) -> DateTime<Utc>;

    /// Returns the time since some fixed start; it never goes back, whatever is done to the
    /// system's clock.
    fn monotonic(&self) -> Duration;

    /// Waits that long.
    fn sleep(&self, duration: Duration) -> Sleep<'_>;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts a clock whose monotonic time begins now.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let started = Instant::now();
        Self { started }
    }
}

impl Clock for SystemClock {
    fn now_utc(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = Utc::now();
        now.trunc_subsecs(0)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

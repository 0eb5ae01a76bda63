//! The program's clock in a simulation.

use std::time::Duration;

use chrono::{DateTime, Utc};
use repo_census::clock::{Clock, Sleep};

use crate::fake_github::SimulatedTime;

/// Tells the time that a server shares, and lets it pass by waiting.
pub(crate) struct SimulatedClock(pub(crate) SimulatedTime);

impl Clock for SimulatedClock {
    fn now_utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.now_ms().div_euclid(1_000), 0).expect("a moment")
    }

    fn monotonic(&self) -> Duration {
        self.0.passed()
    }

    fn sleep(&self, duration: Duration) -> Sleep<'_> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.0.advance(duration);
        })
    }
}

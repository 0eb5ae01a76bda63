//! The server's clock: the machine's time or a simulated one, plus an offset, and the ways GitHub
//! writes an instant.
//!
//! Nothing else in this module tree asks the machine for the date.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;

use super::visit::Takes;

/// Tells the server's time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    time: Time,
    offset_ms: i64,
}

#[derive(Debug, Clone)]
enum Time {
    /// Ticks with the machine's monotonic clock from the date at which it was made.
    Machine { started: Instant, started_ms: i64 },
    /// Goes on only when told to.
    Simulated(SimulatedTime),
}

/// A time that server and client share in a simulation: it goes on when one of them lets it.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedTime {
    now_ms: Arc<AtomicI64>,
    started_ms: i64,
}

impl SimulatedTime {
    /// Starts at that moment, in milliseconds since the epoch.
    pub(crate) fn starting_at_ms(started_ms: i64) -> Self {
        Self { now_ms: Arc::new(AtomicI64::new(started_ms)), started_ms }
    }

    /// Returns the moment in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    /// Returns the time since the start.
    pub(crate) fn passed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_ms() - self.started_ms).unwrap_or_default())
    }

    /// Lets time pass; what is less than a millisecond counts as one.
    pub(crate) fn advance(&self, length: Duration) {
        let length_ms =
            millis(length) + i64::from(!length.subsec_nanos().is_multiple_of(1_000_000));
        self.now_ms.fetch_add(length_ms, Ordering::SeqCst);
    }

    /// Lets time pass until that moment, unless it is past already.
    pub(crate) fn advance_to_ms(&self, at_ms: i64) {
        self.now_ms.fetch_max(at_ms, Ordering::SeqCst);
    }
}

impl Clock {
    /// Makes a clock that is `offset_s` seconds ahead of the machine's, or of the simulated time
    /// (behind, when negative).
    pub(crate) fn new(offset_s: i64, simulated: Option<SimulatedTime>) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let machine = Time::Machine { started: Instant::now(), started_ms: millis(since_epoch) };
        Self { time: simulated.map_or(machine, Time::Simulated), offset_ms: offset_s * 1000 }
    }

    /// Returns the machine's time in milliseconds since the epoch, or the simulated one.
    pub(crate) fn machine_ms(&self) -> i64 {
        match &self.time {
            Time::Machine { started, started_ms } => started_ms + millis(started.elapsed()),
            Time::Simulated(time) => time.now_ms(),
        }
    }

    /// Returns the server's time in milliseconds since the epoch; `Date` and all windows follow it.
    pub(crate) fn server_ms(&self) -> i64 {
        self.machine_ms() + self.offset_ms
    }

    /// Lets the time of an answer pass. In a simulation all of it does; otherwise what is only
    /// counted does not.
    pub(crate) async fn pass(&self, takes: Takes) {
        match &self.time {
            Time::Machine { .. } => tokio::time::sleep(takes.real).await,
            Time::Simulated(time) => time.advance(takes.real + takes.counted),
        }
    }

    /// Returns how long an answer took that was begun at that machine's time.
    pub(crate) fn took(&self, received_at_ms: i64, takes: Takes) -> Duration {
        let passed = self.machine_ms() - received_at_ms;
        let passed = Duration::from_millis(u64::try_from(passed).unwrap_or_default());
        match &self.time {
            Time::Machine { .. } => passed + takes.counted,
            Time::Simulated(_) => passed,
        }
    }
}

/// Returns a length of time in whole milliseconds.
pub(crate) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Writes an instant as the `Date` header does.
pub(crate) fn http_date(at_ms: i64) -> String {
    format_utc(at_ms, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Writes an instant as GitHub's rate-limit messages do, such as `2025-05-02 07:12:28 UTC`.
pub(crate) fn timestamp(at_ms: i64) -> String {
    format_utc(at_ms, "%Y-%m-%d %H:%M:%S UTC")
}

/// Writes an instant as GraphQL's `DateTime` is written, such as `2025-07-31T21:38:16Z`.
pub(crate) fn date_time(at_ms: i64) -> String {
    format_utc(at_ms, "%Y-%m-%dT%H:%M:%SZ")
}

fn format_utc(at_ms: i64, format: &str) -> String {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default().format(format).to_string()
}

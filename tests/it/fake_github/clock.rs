//! The server's clock: the machine's time plus an offset, and the ways GitHub writes an instant.
//!
//! Nothing else in this module tree asks the machine for the date.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::DateTime;

/// Ticks with the machine's monotonic clock from the date at which it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    started_ms: i64,
    offset_ms: i64,
}

impl Clock {
    /// Makes a clock that is `offset_s` seconds ahead of the machine's (behind, when negative).
    pub(crate) fn new(offset_s: i64) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            started_ms: millis(since_epoch),
            offset_ms: offset_s * 1000,
        }
    }

    /// Returns the machine's time in milliseconds since the epoch.
    pub(crate) fn machine_ms(&self) -> i64 {
        self.started_ms + millis(self.started.elapsed())
    }

    /// Returns the server's time in milliseconds since the epoch; `Date` and all windows follow it.
    pub(crate) fn server_ms(&self) -> i64 {
        self.machine_ms() + self.offset_ms
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

//! Moments as programs read them.

use chrono::{DateTime, Utc};

/// Writes a moment in RFC 3339, in whole seconds of UTC.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

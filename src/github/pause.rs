//! The pause that GitHub asked for last, kept on disk: a process that starts while it lasts, as
//! cron starts one, must not ask either.

use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A pause that ends later than this is the work of a wrong clock.
const LONGEST: TimeDelta = TimeDelta::days(1);

#[derive(Serialize, Deserialize)]
struct Pause {
    host: String,
    until: DateTime<Utc>,
}

/// Loads until when a host wants to be left alone; `None` if it does not, or if the file tells
/// nothing that can be used.
#[must_use]
pub fn load_pause(path: &Path, host: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pause: Pause = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let lasts = pause.host == host && now < pause.until && pause.until <= now + LONGEST;
    lasts.then_some(pause.until)
}

/// Keeps until when a host wants to be left alone, by temporary file and rename.
///
/// # Errors
///
/// Fails if the file cannot be written; the earlier one stays.
pub fn replace_pause(path: &Path, host: &str, until: DateTime<Utc>) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut text = serde_json::to_string(&Pause { host: host.to_owned(), until })?;
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_for_its_host_until_it_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("output/pause.json");
        let at =
            |seconds: i64| DateTime::from_timestamp(1_795_240_800 + seconds, 0).expect("a moment");
        assert_eq!(load_pause(&path, "api.github.com", at(0)), None);
        replace_pause(&path, "api.github.com", at(90)).expect("kept");
        assert_eq!(load_pause(&path, "api.github.com", at(0)), Some(at(90)));
        assert_eq!(load_pause(&path, "other", at(0)), None);
        assert_eq!(load_pause(&path, "api.github.com", at(90)), None);
        assert_eq!(load_pause(&path, "api.github.com", at(-100_000)), None, "a wrong clock");
        std::fs::write(&path, "{").expect("a file");
        assert_eq!(load_pause(&path, "api.github.com", at(0)), None);
    }
}

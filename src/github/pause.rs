//! The pauses that GitHub asked for, kept on disk: a process that starts while one lasts, as cron
//! starts it, must not ask either.

use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A pause that was noted so far in the future is the work of a wrong clock.
const LARGEST_CLOCK_ERROR: TimeDelta = TimeDelta::minutes(5);

/// What a pause is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limited {
    /// Everything: a secondary limit.
    All,
    /// Searches over REST: their window is used up.
    Rest,
    /// Documents over GraphQL: their points are used up.
    Graphql,
}

/// A pause that a host asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The host, as histories name it.
    pub host: String,
    /// What must not be asked.
    pub limited: Limited,
    /// When it was noted, in UTC.
    pub since: DateTime<Utc>,
    /// When it is over, in UTC.
    pub until: DateTime<Utc>,
}

impl Pause {
    fn lasts(&self, now: DateTime<Utc>) -> bool {
        now < self.until && self.since <= now + LARGEST_CLOCK_ERROR
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Pauses {
    pauses: Vec<Pause>,
}

fn load(path: &Path) -> Pauses {
    let text = std::fs::read(path).unwrap_or_default();
    // A file that tells nothing is as good as none: GitHub would tell again.
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Loads the pauses of a host that last.
#[must_use]
pub fn load_pauses(path: &Path, host: &str, now: DateTime<Utc>) -> Vec<Pause> {
    let mut pauses = load(path).pauses;
    pauses.retain(|pause| pause.host == host && pause.lasts(now));
    pauses
}

/// Adds a pause to those kept, by temporary file and rename; those that are over go. Of two for the
/// same host and matter the later end counts.
///
/// # Errors
///
/// Fails if the file cannot be written; the earlier one stays.
pub fn keep_pause(path: &Path, pause: Pause) -> std::io::Result<()> {
    let mut kept = load(path);
    kept.pauses.retain(|other| other.lasts(pause.since));
    let same = |other: &&mut Pause| (&other.host, other.limited) == (&pause.host, pause.limited);
    match kept.pauses.iter_mut().find(same) {
        Some(other) if other.until >= pause.until => return Ok(()),
        Some(other) => *other = pause,
        None => kept.pauses.push(pause),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    // Whoever else collects here must be able to read it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    let mut text = serde_json::to_string(&kept)?;
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
        let pause = |host: &str, limited, until| Pause {
            host: host.to_owned(),
            limited,
            since: at(0),
            until: at(until),
        };
        let until = |host: &str, now| -> Vec<(Limited, i64)> {
            let pauses = load_pauses(&path, host, at(now));
            pauses.iter().map(|p| (p.limited, (p.until - at(0)).num_seconds())).collect()
        };
        assert_eq!(until("a", 0), []);
        keep_pause(&path, pause("a", Limited::All, 100_000)).expect("kept");
        keep_pause(&path, pause("a", Limited::All, 30)).expect("kept");
        keep_pause(&path, pause("a", Limited::Graphql, 50)).expect("kept");
        keep_pause(&path, pause("b", Limited::All, 60)).expect("kept");
        keep_pause(&path, pause("b", Limited::All, 70)).expect("kept");
        assert_eq!(until("a", 40), [(Limited::All, 100_000), (Limited::Graphql, 50)]);
        assert_eq!(until("a", 50), [(Limited::All, 100_000)], "the later end counts");
        assert_eq!(until("b", 40), [(Limited::All, 70)]);
        assert_eq!(until("a", 100_000), []);
        assert_eq!(until("a", -1_000), [], "noted by a wrong clock");
        std::fs::write(&path, "{").expect("a file");
        assert_eq!(until("a", 0), []);
    }
    #[cfg(unix)]
    #[test]
    fn other_users_can_read_what_must_not_be_asked() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let (path, usual) = (folder.path().join("pause.json"), folder.path().join("usual"));
        let since = DateTime::UNIX_EPOCH;
        let until = since + TimeDelta::minutes(1);
        let pause = Pause { host: "a".to_owned(), limited: Limited::All, since, until };
        keep_pause(&path, pause).expect("kept");
        std::fs::write(&usual, "").expect("a file");
        let mode = |path| std::fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode(&path), mode(&usual));
    }
}

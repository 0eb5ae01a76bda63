//! One writer at a time: a lock file beside the history, and a note saying who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::HistoryError;
use crate::platform::is_running;

/// Who holds the lock of a history.
///
/// The lock itself is the system's and ends with its process; the note only names the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// When it took the lock, in UTC.
    pub since: DateTime<Utc>,
}

/// Returns who writes to a history now; `None` if nobody does, or if that cannot be known: the holder
/// left no note, or is on another machine.
#[must_use]
pub fn holder_of(history: &Path) -> Option<Holder> {
    let holder = read_note(&beside(history, "holder.json"))?;
    // A note outlives whoever was killed. The lock is tried only while there is such a process, for that
    // would be in the way of one that takes it in this very moment.
    if holder.host != host_name() || !is_running(holder.pid) {
        return None;
    }
    let lock = File::open(beside(history, "lock")).ok()?;
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)).then_some(holder)
}

/// A held lock; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    note: PathBuf,
}

impl Lock {
    /// Takes the lock of a history without waiting.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Busy`] names the holder; a file system without locks is an I/O error.
    pub(super) fn take(history: &Path, now: DateTime<Utc>) -> Result<Self, HistoryError> {
        let path = beside(history, "lock");
        let note = beside(history, "holder.json");
        let io = |source| HistoryError::Io { path: path.clone(), doing: "locked", source };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(HistoryError::Busy {
                    path: history.to_owned(),
                    holder: read_note(&note),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        let holder = Holder { pid: std::process::id(), host: host_name(), since: now };
        let text = serde_json::to_vec(&holder).unwrap_or_default();
        // The note is a courtesy: without it the lock still holds.
        let _ = std::fs::write(&note, text);
        Ok(Self { file, note })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.note);
        // Closing the file gives the lock back too, but not while a process that is just being started
        // still has it open.
        let _ = self.file.unlock();
    }
}

fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

fn read_note(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Returns the path with something appended to the file's name.
fn beside(history: &Path, ending: &str) -> PathBuf {
    let mut name = history.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    history.with_file_name(name)
}

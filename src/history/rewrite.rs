//! Replacing a history as a whole: at each moment either the old file or the new one stands there.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::HistoryError;
use super::folders::{folder_of, io_error, sync_place};
use crate::platform::{sync_file, sync_folder};

/// What the names of files end in that a killed rewriting left behind.
pub(super) const UNFINISHED: &str = ".rewriting";

/// A new history being written beside the old one; dropped, it goes without a trace.
#[derive(Debug)]
pub(super) struct Rewriting {
    /// The history's real place, behind links.
    target: PathBuf,
    file: BufWriter<tempfile::NamedTempFile>,
}

impl Rewriting {
    /// Begins a new file; the lock of the history must be held.
    pub(super) fn begin(history: &Path) -> Result<Self, HistoryError> {
        let is_link = fs::symlink_metadata(history).is_ok_and(|found| found.is_symlink());
        let behind = if is_link { fs::canonicalize(history).ok() } else { None };
        let target = behind.unwrap_or_else(|| history.to_owned());
        let folder = folder_of(&target);
        let failed = |source| io_error(folder, "written", source);
        let file = begin_file(folder, &target).map_err(failed)?;
        if let Ok(old) = fs::metadata(&target) {
            file.as_file().set_permissions(old.permissions()).map_err(failed)?;
        }
        Ok(Self { file: BufWriter::with_capacity(1 << 16, file), target })
    }

    pub(super) fn write(&mut self, rows: &[u8]) -> Result<(), HistoryError> {
        self.file.write_all(rows).map_err(|source| io_error(&self.target, "written", source))
    }

    /// Puts the new file in the place of the old one, which stays as `.bak`; returns the latter's
    /// path, `None` if there was no old file.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, HistoryError> {
        let target = self.target;
        let failed = |source| io_error(&target, "written", source);
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        let backup = keep_backup(&target).map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        sync_place(&target)
            .map_err(|error| HistoryError::Unsettled { path: target, source: Box::new(error) })?;
        Ok(backup)
    }
}

/// Makes durable what stands there, for commands that find nothing to do: the one that did it may
/// have been killed before it could.
pub(super) fn settle(history: &Path) -> Result<(), HistoryError> {
    let target = fs::canonicalize(history).unwrap_or_else(|_| history.to_owned());
    sync_file(&target).map_err(|source| io_error(history, "synced", source))?;
    sync_place(&target)
}

/// Gives the old file a second name, so that its first one is never without a file.
fn keep_backup(target: &Path) -> io::Result<Option<PathBuf>> {
    if !target.exists() {
        return Ok(None);
    }
    let backup = target.with_file_name(format!("{}.bak", name_of(target)));
    let fresh = target.with_file_name(format!("{}.bak{UNFINISHED}", name_of(target)));
    // One that a killed program left may be the history itself under a second name.
    remove_if_there(&fresh)?;
    if fs::hard_link(target, &fresh).is_err() {
        // Not every file system has hard links.
        fs::copy(target, &fresh)?;
        sync_file(&fresh)?;
    }
    fs::rename(&fresh, &backup)?;
    // Renaming does nothing if both already name one file, as after a kill right here.
    remove_if_there(&fresh)?;
    sync_folder(folder_of(target))?;
    Ok(Some(backup))
}

/// Begins a file that gets its name when all is in it. What a killed program had begun goes: the lock
/// of the history must be held.
pub(super) fn begin_file(folder: &Path, history: &Path) -> io::Result<tempfile::NamedTempFile> {
    let name = format!("{}{UNFINISHED}", name_of(history));
    remove_if_there(&folder.join(&name))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).rand_bytes(0);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_beside_the_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        let left_behind = folder.path().join("history.csv.rewriting");
        let other = folder.path().join("other.csv.rewriting");
        for file in [&left_behind, &other] {
            fs::write(file, "left").expect("a file");
        }
        let mut first = Rewriting::begin(&path).expect("begun");
        first.write(b"one\n").expect("written");
        assert_eq!(first.finish().expect("finished"), None);
        let mut abandoned = Rewriting::begin(&path).expect("begun");
        abandoned.write(b"two\n").expect("written");
        drop(abandoned);
        let mut second = Rewriting::begin(&path).expect("begun");
        second.write(b"three\n").expect("written");
        let backup = second.finish().expect("finished").expect("an old file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "three\n");
        assert_eq!(fs::read_to_string(&backup).expect("a file"), "one\n");
        assert!(!left_behind.exists() && other.exists(), "only what is the history's goes");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 3);
    }

    #[test]
    fn a_second_name_that_a_killed_rewriting_left_is_not_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        fs::write(&path, "one\n").expect("a file");
        fs::hard_link(&path, folder.path().join("history.csv.bak.rewriting")).expect("a link");
        let mut rewriting = Rewriting::begin(&path).expect("begun");
        rewriting.write(b"two\n").expect("written");
        let backup = rewriting.finish().expect("finished").expect("an old file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "two\n");
        assert_eq!(fs::read_to_string(&backup).expect("a file"), "one\n");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("history.csv"));
        fs::write(&real, "old").expect("a file");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("a mode");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        let mut rewriting = Rewriting::begin(&link).expect("begun");
        rewriting.write(b"new").expect("written");
        rewriting.finish().expect("finished");
        assert_eq!(fs::read_to_string(&real).expect("a file"), "new");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o640);
    }
}

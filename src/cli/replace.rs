//! Replacing a file in one step, so that nobody ever reads half of it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::platform::{leads_to, sync_folder};

/// What is added to the name of a file while its successor is written.
const UNFINISHED: &str = ".rewriting";

/// Replaces a file by a new one that is made in its folder, which is made if need be.
///
/// What a killed program had begun beside it goes.
pub(super) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = begin(folder, path)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Begins the new file under a name that the next program finds again, if this one is killed. A
/// program that writes to it holds its lock: who comes meanwhile takes a name of its own.
fn begin(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    let name = format!("{}{UNFINISHED}", path.file_name().unwrap_or_default().to_string_lossy());
    let left_behind = File::open(folder.join(&name)).ok().filter(can_lock);
    if left_behind.is_some() {
        fs::remove_file(folder.join(&name))?;
    }
    match make(folder, &name, 0) {
        Ok(file) if can_lock(file.as_file()) && leads_to(file.path(), file.as_file())? => {
            return Ok(file);
        }
        // Another program took it for one that was left behind; what has its name now is not ours.
        Ok(file) => drop(file.keep()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    make(folder, &name, 8)
}

/// Tells whether nobody else holds the lock; where a file system has none, nobody does.
fn can_lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

fn make(folder: &Path, name: &str, random_letters: usize) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(name).rand_bytes(random_letters);
    // A new file gets the usual mode, not the private one of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_began_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("health.json");
        let begun = folder.path().join("health.json.rewriting");
        fs::write(&begun, "half").expect("a file");
        replace_file(&path, b"one").expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one");
        assert!(!begun.exists());

        let mut living = begin(folder.path(), &path).expect("begun");
        assert_eq!(living.path(), begun);
        replace_file(&path, b"two").expect("replaced");
        assert!(begun.exists());
        living.write_all(b"three").expect("written");
        living.persist(&path).expect("persisted");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "three");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }
}

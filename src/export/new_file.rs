//! A file that is written beside the place it is meant for, and put there when it is whole.

#[cfg(feature = "parquet")]
mod hidden;

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::platform::{leads_to, sync_folder};

/// What is added to the name of a file while its successor is written.
const UNFINISHED: &str = ".rewriting";
/// How much is held back before the file system is asked.
const BUFFER_BYTES: usize = 1 << 16;
/// How much of what is held back stays in memory.
const MOST_HELD_BYTES: usize = 4 << 20;

/// A file being written; dropped, it goes without a trace.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: io::BufWriter<NamedTempFile>,
}

/// A file that is whole and on disk, but not yet in its place; dropped, it goes without a trace.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl NewFile {
    /// Begins a file; its folder is made if need be.
    ///
    /// # Errors
    ///
    /// Fails if nothing can be written in the folder.
    pub fn begin(path: &Path) -> io::Result<Self> {
        Self::begin_as(path, &unfinished_name(path))
    }

    fn begin_as(path: &Path, name: &str) -> io::Result<Self> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        let file = begin(folder, name)?;
        if let Ok(old) = fs::metadata(path) {
            file.as_file().set_permissions(old.permissions())?;
        }
        Ok(Self { path: path.to_owned(), file: io::BufWriter::with_capacity(BUFFER_BYTES, file) })
    }

    /// Puts the file in its place, for good; an older one is replaced in one step.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written out or put there; the older one then stays.
    pub fn keep(self) -> io::Result<()> {
        self.end()?.keep()
    }

    /// Writes out what was held back, so that nothing is left to do but to put the file in its place.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written out.
    pub(super) fn end(self) -> io::Result<WholeFile> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        Ok(WholeFile { path: self.path, file })
    }
}

impl WholeFile {
    /// Puts the file in its place, for good; an older one is replaced in one step.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be put there; the older one then stays.
    pub(super) fn keep(self) -> io::Result<()> {
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(&self.path))
    }
}

#[cfg(feature = "parquet")]
pub(super) use hidden::remove_with_folder;

/// What an export is written to.
#[derive(Debug)]
pub enum Out {
    /// A file.
    File(NewFile),
    /// Nothing yet: what is written is held back, beyond a few megabytes on disk, so that nothing is
    /// said before all of it is known to be right.
    Held(tempfile::SpooledTempFile),
}

impl Out {
    /// Begins a file, or what is held back if there is no path.
    ///
    /// # Errors
    ///
    /// Fails if nothing can be written there.
    pub fn begin(path: Option<&Path>) -> io::Result<Self> {
        match path {
            Some(path) => NewFile::begin(path).map(Self::File),
            None => Ok(Self::Held(tempfile::spooled_tempfile(MOST_HELD_BYTES))),
        }
    }

    /// Puts a file in its place; returns what was held back, from its beginning.
    ///
    /// # Errors
    ///
    /// As [`NewFile::keep`].
    pub fn keep(self) -> io::Result<Option<impl io::Read>> {
        match self {
            Self::File(file) => file.keep().map(|()| None),
            Self::Held(mut held) => {
                held.rewind()?;
                Ok(Some(held))
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Held(held) => held.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Held(held) => held.flush(),
        }
    }
}

impl Seek for Out {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.file.seek(to),
            Self::Held(held) => held.seek(to),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unfinished_name(path: &Path) -> String {
    format!("{}{UNFINISHED}", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Removes an unfinished file, unless a program that lives writes to it.
fn remove_left_behind(path: &Path) -> io::Result<()> {
    match File::open(path).ok().filter(can_lock) {
        Some(_) => fs::remove_file(path),
        None => Ok(()),
    }
}

/// Begins the new file under a name that the next program finds again, if this one is killed. A
/// program that writes to it holds its lock: who comes meanwhile takes a name of its own.
fn begin(folder: &Path, name: &str) -> io::Result<NamedTempFile> {
    remove_left_behind(&folder.join(name))?;
    match make(folder, name, 0) {
        Ok(file) if can_lock(file.as_file()) && leads_to(file.path(), file.as_file())? => {
            return Ok(file);
        }
        // Another program took it for one that was left behind; what has its name now is not ours.
        Ok(file) => drop(file.keep()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    make(folder, name, 8)
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

    fn replace(path: &Path, bytes: &[u8]) {
        let mut file = NewFile::begin(path).expect("begun");
        file.write_all(bytes).expect("written");
        file.keep().expect("kept");
    }

    #[test]
    fn what_a_killed_program_began_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("health.json");
        let begun = folder.path().join("health.json.rewriting");
        fs::write(&begun, "half").expect("a file");
        replace(&path, b"one");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "one");
        assert!(!begun.exists());

        let mut living = begin(folder.path(), "health.json.rewriting").expect("begun");
        assert_eq!(living.path(), begun);
        replace(&path, b"two");
        assert!(begun.exists());
        living.write_all(b"three").expect("written");
        living.persist(&path).expect("persisted");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "three");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1);
    }
}

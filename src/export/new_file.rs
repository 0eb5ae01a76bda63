//! A file that is written beside the place it is meant for, and put there when it is whole.

use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::platform::sync_folder;

/// How much is held back before the file system is asked.
const BUFFER_BYTES: usize = 1 << 16;
/// How much of what is held back stays in memory.
const MOST_HELD_BYTES: usize = 4 << 20;

/// A file being written; dropped, it goes without a trace.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    file: io::BufWriter<tempfile::NamedTempFile>,
}

impl NewFile {
    /// Begins a file; its folder is made if need be.
    ///
    /// # Errors
    ///
    /// Fails if nothing can be written in the folder.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // A new file gets the usual mode, not the private one of temporary files.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
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
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(folder_of(&self.path))
    }
}

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

//! Files in folders that other programs read as a whole: hidden until they are whole, and removed for good.

use std::fs;
use std::io;
use std::path::Path;

use super::{NewFile, folder_of, remove_left_behind, unfinished_name};
use crate::platform::sync_folder;

impl NewFile {
    /// Begins a file under a name that begins with a dot, for folders that are read as a whole: what
    /// reads them passes it over.
    ///
    /// # Errors
    ///
    /// Fails if nothing can be written in the folder.
    pub(in crate::export) fn begin_hidden(path: &Path) -> io::Result<Self> {
        Self::begin_as(path, &hidden_name(path))
    }
}

/// Removes a file for good, with what a killed program left of a hidden successor, and then its folder
/// if nothing else is in it.
///
/// # Errors
///
/// Fails if the file is there and cannot be removed.
pub(in crate::export) fn remove_with_folder(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // Another program was quicker, or it is gone now.
        _ => {}
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Ok(());
    }
    remove_left_behind(&folder.join(hidden_name(path)))?;
    sync_folder(folder)?;
    // Somebody may keep something there.
    if fs::remove_dir(folder).is_ok() {
        sync_folder(folder_of(folder))?;
    }
    Ok(())
}

fn hidden_name(path: &Path) -> String {
    format!(".{}", unfinished_name(path))
}

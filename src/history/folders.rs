//! The folders of histories, made for good, and what is said when the file system refuses.

use std::io;
use std::path::Path;

use super::HistoryError;
use crate::platform::sync_folder;

/// Makes a history's folder if need be, durably also where folders far above it are new.
pub(super) fn make_folder(folder: &Path) -> Result<(), HistoryError> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    std::fs::create_dir_all(folder).map_err(|source| io_error(folder, "created", source))?;
    for made in missing {
        let above = folder_of(made);
        sync_folder(above).map_err(|source| io_error(above, "synced", source))?;
    }
    Ok(())
}

/// Makes a history's name durable, and those of its folder and the one above, `output/SURVEY`: who
/// made them may have been killed before.
pub(super) fn sync_place(history: &Path) -> Result<(), HistoryError> {
    let mut folder = folder_of(history);
    for above in 0..3 {
        match sync_folder(folder) {
            // Who may not read a folder has not made anything in it either.
            Err(error) if above > 0 && error.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced.map_err(|source| io_error(folder, "synced", source))?,
        }
        folder = folder_of(folder);
    }
    Ok(())
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn io_error(path: &Path, doing: &'static str, source: io::Error) -> HistoryError {
    HistoryError::Io { path: path.to_owned(), doing, source }
}

//! Files that this run has made and not filled yet: whatever ends the run removes
//! them, a signal too.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::safe_path::FileId;

/// The files, by name and by what was made there.
static MADE: Mutex<Vec<(PathBuf, FileId)>> = Mutex::new(Vec::new());

fn made() -> MutexGuard<'static, Vec<(PathBuf, FileId)>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that was made empty. Dropped before it is filled it is removed.
#[derive(Debug)]
pub(crate) struct Made(FileId);

impl Made {
    /// Makes a file by `open`.
    ///
    /// # Errors
    /// Those of `open`.
    pub(crate) fn new(
        path: &Path,
        open: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<(File, Self)> {
        // Under the lock: a signal finds it in the list, or finds no file.
        let mut made = made();
        let file = open()?;
        let identity = FileId::of(&file.metadata()?);
        made.push((path.to_owned(), identity));
        Ok((file, Self(identity)))
    }

    /// Fills it by `write`, and keeps it where that succeeds. A signal waits.
    ///
    /// # Errors
    /// Those of `write`.
    pub(crate) fn fill(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut made = made();
        write()?;
        made.retain(|(_, known)| *known != self.0);
        Ok(())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let mut made = made();
        if let Some(at) = made.iter().position(|(_, known)| *known == self.0) {
            remove(&made.swap_remove(at));
        }
    }
}

/// Removes all that have not been filled.
#[cfg(unix)]
pub(crate) fn remove_all() {
    made().drain(..).for_each(|file| remove(&file));
}

/// Removes a file that is still the one that was made, and empty.
fn remove((path, identity): &(PathBuf, FileId)) {
    let same = |found: fs::Metadata| found.len() == 0 && FileId::of(&found) == *identity;
    if fs::metadata(path).is_ok_and(same) {
        // What cannot be removed stays: it is empty.
        let _ = fs::remove_file(path);
    }
}

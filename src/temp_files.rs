//! Files that this run has made and not filled yet: whatever ends the run removes
//! them, a signal too. Imports nothing of the crate.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The files, by name and by what was made there.
static MADE: Mutex<Vec<(PathBuf, Identity)>> = Mutex::new(Vec::new());

fn made() -> MutexGuard<'static, Vec<(PathBuf, Identity)>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that was made empty. Dropped before it is filled it is removed.
#[derive(Debug)]
pub(crate) struct Made(Identity);

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
        let identity = Identity::of(&file.metadata()?);
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
fn remove((path, identity): &(PathBuf, Identity)) {
    let same = |found: fs::Metadata| found.len() == 0 && Identity::of(&found) == *identity;
    if fs::metadata(path).is_ok_and(same) {
        // What cannot be removed stays: it is empty.
        let _ = fs::remove_file(path);
    }
}

/// What tells a file from another that has its name: device and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(file: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(file.dev(), file.ino())
    }

    /// An open file keeps its name there.
    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        Self(0, 0)
    }
}

//! Empty files that this run has created. Those that are still empty at the end of the
//! run, or after a signal, are removed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path::FileId;

/// The created files, by name and identity.
static CREATED: Mutex<Vec<(PathBuf, FileId)>> = Mutex::new(Vec::new());

fn created() -> MutexGuard<'static, Vec<(PathBuf, FileId)>> {
    CREATED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty file. Dropping this value removes the file unless it was filled.
#[derive(Debug)]
pub(crate) struct TempFile(FileId);

impl TempFile {
    /// Creates a file with `open`.
    ///
    /// # Errors
    /// Those of `open`.
    pub(crate) fn create(
        path: &Path,
        open: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<(File, Self)> {
        // Hold the lock, so that a signal finds the file in the list or no file at all.
        let mut created = created();
        let file = open()?;
        let identity = FileId::of(&file.metadata()?);
        created.push((path.to_owned(), identity));
        Ok((file, Self(identity)))
    }

    /// Fills the file with `write`, and keeps it if that succeeds. A signal waits until
    /// `write` returns.
    ///
    /// # Errors
    /// Those of `write`.
    pub(crate) fn fill(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut created = created();
        write()?;
        created.retain(|(_, known)| *known != self.0);
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let mut created = created();
        if let Some(at) = created.iter().position(|(_, known)| *known == self.0) {
            remove(&created.swap_remove(at));
        }
    }
}

/// Removes all files that were not filled.
#[cfg(unix)]
pub(crate) fn remove_all() {
    created().drain(..).for_each(|file| remove(&file));
}

/// Removes a file if it is still the one that was created, and empty.
fn remove((path, identity): &(PathBuf, FileId)) {
    let same = |found: fs::Metadata| found.len() == 0 && FileId::of(&found) == *identity;
    if fs::metadata(path).is_ok_and(same) {
        // If it cannot be removed, an empty file stays.
        let _ = fs::remove_file(path);
    }
}

/// The failure of a file without a name in the folder for temporary files.
#[allow(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
pub(crate) fn unusable(error: io::Error) -> Failure {
    let what = format!("a temporary file cannot be used: {error}");
    Failure::new(Class::Internal, what).hint("set TMPDIR to a folder with more room")
}

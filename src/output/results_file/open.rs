//! The path of `-o` → the file that results are written to, locked, and what an
//! earlier run left in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Journal, scan};
use crate::error::Failure;
use crate::safe_path;
use crate::temp_files::Made;

impl Journal {
    /// Opens it; none where the path is no regular file's. With `resume` what
    /// is in it is kept.
    ///
    /// # Errors
    /// It cannot be used, or holds what would be lost: exit 2.
    pub(in crate::output) fn open(path: &Path, resume: bool) -> Result<Option<Self>, Failure> {
        let failed = |error: io::Error| {
            Failure::usage(format!("--output {}: {error}", path.display())).hint("nothing was sent")
        };
        let target = safe_path::resolved(path).map_err(failed)?;
        let found = fs::metadata(&target).ok();
        if found.as_ref().is_some_and(|found| !found.is_file()) {
            return Ok(None);
        }
        let partial = partial(&target);
        let left = partial.as_deref().filter(|partial| holds_results(partial));
        let full = found.as_ref().is_some_and(|found| found.len() > 0);
        let place = match (left, &partial) {
            (Some(left), _) if !resume => {
                let what = format!("{} has results of a run that did not end", left.display());
                return Err(Failure::usage(what)
                    .hint("--resume goes on with it; to begin anew remove it first"));
            }
            (Some(left), _) => left.to_owned(),
            (None, Some(partial)) if full && !resume => {
                // A file that may not be written is not to be replaced either.
                OpenOptions::new()
                    .write(true)
                    .open(&target)
                    .map_err(failed)?;
                match fs::remove_file(partial) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed(error));
                    }
                    _ => partial.clone(),
                }
            }
            _ => target.clone(),
        };
        safe_path::resolved(&place).map_err(failed)?;
        let (file, made) = make(&place).map_err(failed)?;
        lock(&file, &place)?;
        let scanned = scan::scan(&file, &place)?;
        Ok(Some(Self {
            known: found.map(|found| found.permissions()),
            file,
            path: place,
            target,
            made,
            parts: scanned.parts,
            end: scanned.end,
            resumed: scanned.known,
            settled: false,
            synced: Instant::now(),
        }))
    }
}

/// FILE.partial.
fn partial(target: &Path) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(".partial");
    Some(target.with_file_name(name))
}

/// Whether a file is one of results, and not what another command left there.
fn holds_results(path: &Path) -> bool {
    let first = || -> io::Result<String> {
        // Looked at before it is opened: a pipe would wait for its writer.
        if !fs::symlink_metadata(path)?.is_file() {
            return Ok(String::new());
        }
        let mut first = String::new();
        BufReader::new(File::open(path)?)
            .take(4096)
            .read_line(&mut first)?;
        Ok(first)
    };
    let results = [r#"{"type":"result","#, r#"{"type":"start","#];
    first().is_ok_and(|line| results.iter().any(|start| line.starts_with(start)))
}

/// Opens the file, or makes it with mode 0600.
fn make(path: &Path) -> io::Result<(File, Option<Made>)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(|file| (file, None)),
    }
    options.create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let (file, made) = Made::new(path, || options.open(path))?;
    Ok((file, Some(made)))
}

/// Two runs would mix their results, and the first to end would remove those of
/// the other.
fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    let busy = || {
        let what = format!("--output {}: another run is writing it", path.display());
        Failure::usage(what).hint("wait for its end, or name another file")
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(busy()),
        // It ended just now, and has put another file in its place.
        Ok(()) if !is_at(file, path) => Err(busy()),
        // Not every file system has locks.
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

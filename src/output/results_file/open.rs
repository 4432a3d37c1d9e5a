//! Opens and locks the file that results are written to, and reads what an earlier
//! run left in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Replaced, ResultsFile, scan, stamp};
use crate::error::Failure;
use crate::output::atomic_file::{create_temporary, remove_leftovers, replaceable};
use crate::output::destination::unusable;
use crate::safe_path;
use crate::temp_files::TempFile;

impl ResultsFile {
    /// Opens the file. Returns `None` if the path does not name a regular file. With
    /// `resume` its content is kept.
    pub(in crate::output) fn open(path: &Path, resume: bool) -> Result<Option<Self>, Failure> {
        let failed = |error: io::Error| unusable(path, &error);
        let target = safe_path::resolved(path).map_err(failed)?;
        let found = match fs::metadata(&target) {
            Ok(found) if !found.is_file() => return Ok(None),
            Ok(found) => Some(found),
            Err(_) => None,
        };
        remove_leftovers(&target);
        // The target is locked in any case, so that two runs on one FILE
        // exclude each other.
        let existing = match &found {
            Some(found) => {
                let file = appending().open(&target).map_err(failed)?;
                lock(&file, &target)?;
                replaceable(&target, found).map_err(failed)?;
                // The end of the run needs a temporary file. Try this before any
                // request costs money.
                create_temporary(&target).map_err(failed)?;
                Some(file)
            }
            None => None,
        };
        let full = found.as_ref().is_some_and(|found| found.len() > 0);
        let place = place(&target, full, resume).map_err(|wrong| match wrong {
            Wrong::Io(error) => failed(error),
            Wrong::Unfinished(failure) => failure,
        })?;
        safe_path::resolved(&place).map_err(failed)?;
        let (file, created, held) = match existing {
            Some(file) if place == target => (file, None, None),
            existing => {
                let (file, created) = open_or_create(&place).map_err(failed)?;
                lock(&file, &place)?;
                (file, created, existing)
            }
        };
        let scanned = scan::scan(&file, &place)?;
        Ok(Some(Self {
            replaced: found.map(|found| Replaced {
                _lock: held,
                permissions: found.permissions(),
                stamp: stamp(&found),
            }),
            file,
            path: place,
            target,
            created,
            start: scanned.end,
            end: scanned.end,
            results: scanned.earlier.count(),
            earlier: scanned.earlier,
            settled: false,
            disturbed: None,
            synced: Instant::now(),
        }))
    }
}

enum Wrong {
    Io(io::Error),
    Unfinished(Failure),
}

/// The file to write to: the target, or FILE.partial.
fn place(target: &Path, full: bool, resume: bool) -> Result<PathBuf, Wrong> {
    let Some(partial) = partial(target) else {
        return Ok(target.to_owned());
    };
    if holds_results(&partial) {
        if resume {
            return Ok(partial);
        }
        let what = format!(
            "{} has results of a run that did not end",
            partial.display()
        );
        let hint = "continue that run with --resume, or remove the file to start again";
        return Err(Wrong::Unfinished(Failure::usage(what).hint(hint)));
    }
    if !full || resume {
        return Ok(target.to_owned());
    }
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Wrong::Io(error)),
        _ => Ok(partial),
    }
}

pub(super) fn partial(target: &Path) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(".partial");
    Some(target.with_file_name(name))
}

/// Whether a file holds results, and not the output of another command.
fn holds_results(path: &Path) -> bool {
    let first = || -> io::Result<String> {
        // Check the type before opening it: a pipe would wait for its writer.
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

fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    options
}

fn open_or_create(path: &Path) -> io::Result<(File, Option<TempFile>)> {
    match appending().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(|file| (file, None)),
    }
    let (file, created) = create(path)?;
    Ok((file, Some(created)))
}

/// Creates the file with mode 0600.
pub(super) fn create(path: &Path) -> io::Result<(File, TempFile)> {
    let mut options = appending();
    options.create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    TempFile::create(path, || options.open(path))
}

/// Locks the file at `path` against other runs.
pub(super) fn lock(file: &File, path: &Path) -> Result<(), Failure> {
    let busy = || {
        let what = format!("--output {}: another run is writing it", path.display());
        Failure::usage(what).hint("wait until it ends, or name another file")
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(busy()),
        // The other run has just ended and replaced the file.
        Ok(()) if !safe_path::is_at(file, path) => Err(busy()),
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

//! Where the answer goes: standard output, or the file of `--output`.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Journal;
use super::beside::{beside, reason, remove_leftovers, replaceable};
use super::descriptor::{is_descriptor, open_descriptor};
use crate::error::Failure;
use crate::safe_path;

/// The place that the answer is written to.
#[derive(Debug)]
pub enum Output {
    /// Standard output, a pipe or a device: written as it comes.
    Straight(File),
    /// A regular file: written beside itself until the run has succeeded.
    Atomic {
        /// What is written.
        beside: NamedTempFile,
        /// The file to replace, links resolved.
        target: PathBuf,
        /// The mode of the file that is replaced.
        known: Option<Permissions>,
    },
    /// A regular file that takes each result of `--each` when it is there.
    Results(Box<Journal>),
    /// Nothing; after the end.
    Closed,
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn stdout() -> io::Result<Self> {
        #[cfg(unix)]
        let file = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let file = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::Straight(file.into()))
    }

    /// The file of `--output`, opened before anything is sent.
    ///
    /// # Errors
    /// It cannot be written, nor its folder: exit 2.
    pub fn file(path: &Path) -> Result<Self, Failure> {
        if is_descriptor(path) {
            return Ok(Self::Straight(open_descriptor("--output", path)?));
        }
        let failed = |error: io::Error| {
            Failure::usage(format!("--output {}: {}", path.display(), reason(&error)))
                .hint("nothing was sent")
        };
        let target = safe_path::resolved(path).map_err(failed)?;
        let known = match std::fs::metadata(&target) {
            Ok(metadata) if !metadata.is_file() => {
                let file = safe_path::open_to_write(&target, false).map_err(failed)?;
                return Ok(Self::Straight(file));
            }
            Ok(metadata) => {
                replaceable(&target, &metadata).map_err(failed)?;
                // A file that may not be written is not to be replaced either.
                OpenOptions::new()
                    .write(true)
                    .open(&target)
                    .map_err(failed)?;
                Some(metadata.permissions())
            }
            // Seen now, and not when the answer has been paid for.
            Err(error) if error.kind() == ErrorKind::NotFound && names_folder(&target) => {
                return Err(failed(ErrorKind::IsADirectory.into()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        remove_leftovers(&target);
        let beside = beside(&target).map_err(failed)?;
        Ok(Self::Atomic {
            beside,
            target,
            known,
        })
    }

    /// The file of `--output` under `--each`.
    ///
    /// # Errors
    /// It cannot be written: exit 2.
    pub fn results(path: &Path, resume: bool) -> Result<Self, Failure> {
        if !is_descriptor(path)
            && let Some(journal) = Journal::open(path, resume)?
        {
            return Ok(Self::Results(Box::new(journal)));
        }
        if resume {
            let what = format!("--resume: {} is not a regular file", path.display());
            return Err(Failure::usage(what));
        }
        Self::file(path)
    }

    /// Whether people read it as it comes.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Straight(file) if file.is_terminal())
    }

    /// The run has succeeded: the file takes its place, synced.
    ///
    /// # Errors
    /// It cannot; what was written stays in `FILE.partial`.
    pub fn keep(&mut self) -> Result<(), Failure> {
        let (beside, target, known) = match std::mem::replace(self, Self::Closed) {
            Self::Atomic {
                beside,
                target,
                known,
            } => (beside, target, known),
            Self::Results(journal) => return journal.keep(),
            Self::Straight(_) | Self::Closed => return Ok(()),
        };
        let failed = |error: &io::Error| {
            Failure::new(
                crate::exit::Class::Internal,
                format!("--output {}: {error}", target.display()),
            )
        };
        let file = beside.as_file();
        if let Err(error) = take_mode(file, known).and_then(|()| file.sync_all()) {
            set_aside(beside, &target);
            return Err(failed(&error));
        }
        match beside.persist(&target) {
            Ok(_) => Ok(()),
            Err(error) => {
                let failure = failed(&error.error);
                set_aside(error.file, &target);
                Err(failure)
            }
        }
    }

    /// The run has failed: the file stays as it was, what came is set aside.
    /// The place of it, where anything came.
    pub fn set_aside(&mut self) -> Option<PathBuf> {
        let (beside, target) = match std::mem::replace(self, Self::Closed) {
            Self::Atomic { beside, target, .. } => (beside, target),
            Self::Results(journal) => return journal.set_aside(),
            Self::Straight(_) | Self::Closed => return None,
        };
        let came = beside
            .as_file()
            .metadata()
            .is_ok_and(|metadata| metadata.len() > 0);
        came.then(|| set_aside(beside, &target)).flatten()
    }
}

/// Gives the file the mode of the one that it replaces: who may read and write,
/// not whom to run as.
#[cfg(unix)]
pub(super) fn take_mode(file: &File, known: Option<Permissions>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Some(known) = known else {
        return Ok(());
    };
    let (now, mode) = (file.metadata()?.permissions().mode(), known.mode() & 0o777);
    // Not every file system has modes: there the two are the same.
    if now & 0o777 == mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn take_mode(file: &File, known: Option<Permissions>) -> io::Result<()> {
    known.map_or(Ok(()), |known| file.set_permissions(known))
}

/// Keeps what came, for its owner alone.
fn set_aside(beside: NamedTempFile, target: &Path) -> Option<PathBuf> {
    let mut name = target.file_name()?.to_owned();
    name.push(".partial");
    let partial = target.with_file_name(name);
    match beside.persist(&partial) {
        Ok(_) => Some(partial),
        // A folder has that name, or it is too long: kept under its own.
        Err(error) => error.file.keep().ok().map(|(_, path)| path),
    }
}

/// Whether a path that leads to nothing can lead to a folder only.
fn names_folder(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b"/") || name.ends_with(b"/.")
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Straight(file) => loop {
                match file.write(bytes) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => wait_for_room(file)?,
                    written => return written,
                }
            },
            Self::Atomic { beside, .. } => beside.write(bytes),
            Self::Results(journal) => journal.write(bytes).map(|()| bytes.len()),
            Self::Closed => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe that another program made non-blocking is full: waits for its reader.
#[cfg(unix)]
fn wait_for_room(file: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let mut polled = [PollFd::new(file, PollFlags::OUT)];
    match poll(&mut polled, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn wait_for_room(_: &File) -> io::Result<()> {
    std::thread::yield_now();
    Ok(())
}

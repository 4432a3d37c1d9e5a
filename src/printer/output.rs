//! Where the answer goes: standard output, or the file of `--output`.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Failure;
use crate::links;

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
        let target = links::resolved(path).map_err(failed)?;
        let known = match std::fs::metadata(&target) {
            Ok(metadata) if !metadata.is_file() => {
                let file = OpenOptions::new()
                    .write(true)
                    .open(&target)
                    .map_err(failed)?;
                return Ok(Self::Straight(file));
            }
            Ok(metadata) => {
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
        let folder = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        // Mode 0600: what is in it has not been shown to anybody yet.
        let beside = tempfile::Builder::new()
            .prefix(".airx-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(failed)?;
        Ok(Self::Atomic {
            beside,
            target,
            known,
        })
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
        let Self::Atomic {
            beside,
            target,
            known,
        } = std::mem::replace(self, Self::Closed)
        else {
            return Ok(());
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
        let Self::Atomic { beside, target, .. } = std::mem::replace(self, Self::Closed) else {
            return None;
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
fn take_mode(file: &File, known: Option<Permissions>) -> io::Result<()> {
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
fn take_mode(file: &File, known: Option<Permissions>) -> io::Result<()> {
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

/// Opens the file of `--meta`, leaving what is in it.
///
/// # Errors
/// It cannot be written: exit 2.
pub(super) fn meta(path: &Path) -> Result<File, Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage("--meta -: standard output is the answer's")
            .hint("name a file or a descriptor: --meta /dev/fd/3"));
    }
    if is_descriptor(path) {
        return open_descriptor("--meta", path);
    }
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| {
            Failure::usage(format!("--meta {}: {error}", path.display())).hint("nothing was sent")
        })
}

/// Whether `path` names a descriptor that the caller has opened. What is behind
/// it is the caller's: it is added to, neither cut nor replaced.
pub(super) fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|folder| path.starts_with(folder))
        || ["/dev/stdout", "/dev/stderr"]
            .iter()
            .any(|name| path == Path::new(name))
}

/// Whether `path` is standard output: `-`, or one of its names.
pub(super) fn is_stdout(path: &Path) -> bool {
    let named = |name| cfg!(unix) && path == Path::new(name);
    path == Path::new("-")
        || ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
            .map(named)
            .contains(&true)
}

/// Why, without the name of the file beside, which tempfile adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((why, _)) => why.to_owned(),
        None => text,
    }
}

/// The caller's own descriptor, which shares its place in the file: one opened
/// anew has a place of its own, and what the caller writes next would fall on
/// the answer. A socket cannot be opened anew at all.
#[cfg(target_os = "linux")]
fn shared_descriptor(path: &Path) -> Option<File> {
    use rustix::fs::{OFlags, fcntl_getfl};
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let number = match path.to_str()? {
        "/dev/stderr" => 2,
        name => name.rsplit('/').next()?.parse().ok()?,
    };
    let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let descriptor = pidfd_getfd(process, number, PidfdGetfdFlags::empty()).ok()?;
    let readable = fcntl_getfl(&descriptor).ok()? & OFlags::ACCMODE == OFlags::RDONLY;
    (!readable).then(|| descriptor.into())
}

/// Elsewhere to open its name is to share it.
#[cfg(not(target_os = "linux"))]
fn shared_descriptor(_: &Path) -> Option<File> {
    None
}

fn open_descriptor(option: &str, path: &Path) -> Result<File, Failure> {
    if let Some(file) = shared_descriptor(path) {
        return Ok(file);
    }
    OpenOptions::new().append(true).open(path).map_err(|error| {
        Failure::usage(format!("{option} {}: {error}", path.display()))
            .hint("is the descriptor open?")
    })
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

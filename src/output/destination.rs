//! Where a run writes: standard output, the files of `--output` and `--meta`, or a
//! descriptor that the caller passes by name.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::ResultsFile;
use super::atomic_file::{AtomicFile, reason};
use crate::error::Failure;
use crate::exit::Class;
use crate::safe_path;

/// The place that the answer is written to.
#[derive(Debug)]
pub enum Output {
    /// Standard output, a pipe or a device: written as the answer arrives.
    Direct(File),
    /// A regular file, replaced when the run has succeeded.
    Atomic(Box<AtomicFile>),
    /// A regular file that gets each result of `--each` as it arrives.
    Results(Box<ResultsFile>),
    /// Nowhere, after the end of the run.
    Closed,
}

impl Output {
    /// Standard output.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn stdout() -> Result<Self, Failure> {
        #[cfg(unix)]
        let file = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let file = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::Direct(file.into()))
    }

    /// The file of `--output`, opened before anything is sent.
    ///
    /// # Errors
    /// It cannot be written, nor its folder: exit 2.
    pub fn file(path: &Path) -> Result<Self, Failure> {
        if is_descriptor(path) {
            return Ok(Self::Direct(open_descriptor("--output", path)?));
        }
        let open = || {
            let target = safe_path::resolved(path)?;
            let found = match target.metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                found => Some(found?),
            };
            if found.as_ref().is_some_and(|found| !found.is_file()) {
                return safe_path::open_to_write(&target, false).map(Self::Direct);
            }
            let file = AtomicFile::open(target, found.as_ref())?;
            Ok(Self::Atomic(Box::new(file)))
        };
        open().map_err(|error| unusable(path, &error))
    }

    /// The file of `--output` with `--each`.
    ///
    /// # Errors
    /// It cannot be written: exit 2.
    pub fn results(path: &Path, resume: bool) -> Result<Self, Failure> {
        if !is_descriptor(path)
            && let Some(file) = ResultsFile::open(path, resume)?
        {
            return Ok(Self::Results(Box::new(file)));
        }
        if resume {
            let what = format!("--resume: {} is not a regular file", path.display());
            return Err(Failure::usage(what));
        }
        Self::file(path)
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Direct(file) if file.is_terminal())
    }

    /// Call this if the run has succeeded: the file gets the answer.
    ///
    /// # Errors
    /// It cannot be replaced.
    pub fn keep(&mut self) -> Result<(), Failure> {
        match std::mem::replace(self, Self::Closed) {
            Self::Atomic(file) => file.keep(),
            Self::Results(file) => file.keep(),
            Self::Direct(_) | Self::Closed => Ok(()),
        }
    }

    /// Call this if the run has failed: the file stays as it was. Returns the path of
    /// the part that arrived, if it is in another file.
    pub fn set_aside(&mut self) -> Option<PathBuf> {
        match std::mem::replace(self, Self::Closed) {
            Self::Atomic(file) => file.set_aside(),
            Self::Results(file) => file.set_aside(),
            Self::Direct(_) | Self::Closed => None,
        }
    }
}

/// The file of `--meta`, open: one object about how the run ended.
#[derive(Debug)]
pub struct Meta {
    path: PathBuf,
    file: File,
}

impl Meta {
    /// Opens the file before anything is sent. Its content stays until the end of the run.
    pub(super) fn open(path: PathBuf) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Err(
                Failure::usage("--meta -: standard output is for the answer")
                    .hint("name a file or a descriptor: --meta /dev/fd/3"),
            );
        }
        if is_descriptor(&path) {
            let file = open_descriptor("--meta", &path)?;
            return Ok(Self { path, file });
        }
        let file = safe_path::resolved(&path)
            .and_then(|target| safe_path::open_to_write(&target, true))
            .map_err(|error| {
                let what = format!("--meta {}: {error}", path.display());
                Failure::usage(what).hint("nothing was sent")
            })?;
        Ok(Self { path, file })
    }

    /// Replaces the content of the file by the object.
    pub(super) fn write(mut self, mut line: Vec<u8>) -> Result<(), Failure> {
        // Do not truncate a pipe, a device, or a descriptor of the caller.
        if !is_descriptor(&self.path) {
            let _ = self.file.set_len(0);
        }
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| {
            let what = format!("--meta {}: {error}", self.path.display());
            Failure::new(Class::Internal, what)
        })
    }
}

/// A file that cannot be used for the answer.
pub(super) fn unusable(path: &Path, error: &io::Error) -> Failure {
    let what = format!("--output {}: {}", path.display(), reason(error));
    let hint = match error.kind() {
        ErrorKind::IsADirectory => "name a file in the folder; nothing was sent",
        ErrorKind::NotFound => "its folder does not exist; nothing was sent",
        _ => "nothing was sent",
    };
    Failure::usage(what).hint(hint)
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(file) => loop {
                match file.write(bytes) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => wait_for_room(file)?,
                    written => return written,
                }
            },
            Self::Atomic(file) => file.write(bytes),
            Self::Results(file) => file.write(bytes).map(|()| bytes.len()),
            Self::Closed => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for the reader of a full pipe that another program made non-blocking.
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

/// Whether `path` names a descriptor that the caller has opened. airx appends to its
/// file, but does not truncate or replace it.
pub(super) fn is_descriptor(path: &Path) -> bool {
    let is = |name| path == Path::new(name);
    let folders = ["/dev/fd", "/proc/self/fd"];
    is("/dev/stdout") || is("/dev/stderr") || folders.iter().any(|it| path.starts_with(it))
}

/// Whether `path` is standard output: `-`, or one of its names.
pub(super) fn is_stdout(path: &Path) -> bool {
    let is = |name| path == Path::new(name);
    let is_device = || is("/dev/stdout") || is("/dev/fd/1") || is("/proc/self/fd/1");
    is("-") || (cfg!(unix) && is_device())
}

/// A duplicate of the caller's descriptor, which shares its position in the file. If the
/// path were opened again, the caller's next write would overwrite the answer; and a
/// socket cannot be opened again.
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

/// On other systems, opening the name returns a duplicate.
#[cfg(not(target_os = "linux"))]
fn shared_descriptor(_: &Path) -> Option<File> {
    None
}

/// Opens a descriptor of the caller by its name.
pub(super) fn open_descriptor(option: &str, path: &Path) -> Result<File, Failure> {
    if let Some(file) = shared_descriptor(path) {
        return Ok(file);
    }
    OpenOptions::new().append(true).open(path).map_err(|error| {
        Failure::usage(format!("{option} {}: {error}", path.display()))
            .hint("is the descriptor open?")
    })
}

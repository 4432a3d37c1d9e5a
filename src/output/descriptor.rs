//! Descriptors that the caller has opened and passes by name.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::error::Failure;

/// Whether `path` names a descriptor that the caller has opened. airx appends to its
/// file, but does not truncate or replace it.
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

/// On other systems, opening the name gives a duplicate.
#[cfg(not(target_os = "linux"))]
fn shared_descriptor(_: &Path) -> Option<File> {
    None
}

/// Opens a descriptor of the caller by its name.
///
/// # Errors
/// It is not open: exit 2.
pub(super) fn open_descriptor(option: &str, path: &Path) -> Result<File, Failure> {
    if let Some(file) = shared_descriptor(path) {
        return Ok(file);
    }
    OpenOptions::new().append(true).open(path).map_err(|error| {
        Failure::usage(format!("{option} {}: {error}", path.display()))
            .hint("is the descriptor open?")
    })
}

//! How many files and connections the process may have open.

use crate::error::Failure;
use crate::exit::Class;

/// Descriptors kept free for files that a run opens for a short time, such as a
/// temporary file or a folder.
const RESERVE: u64 = 4;

/// How many requests may be in flight at once, at most `wanted`, if each needs this
/// number of descriptors.
pub(super) fn fit(wanted: u32, per_request: u64) -> Result<u32, Failure> {
    let (Some(limit), Some(open)) = (limit(), open()?) else {
        return Ok(wanted);
    };
    let free = limit.saturating_sub(open);
    match free.saturating_sub(RESERVE) / per_request {
        0 if free > per_request + 1 => Ok(1),
        0 => Err(exhausted()),
        room => Ok(u32::try_from(room).map_or(wanted, |room| room.min(wanted))),
    }
}

/// The failure when a system call finds no free descriptor.
pub(super) fn exhausted() -> Failure {
    let limit = limit().map(|limit| format!(" (the limit is {limit})"));
    let what = format!("too many open files{}", limit.unwrap_or_default());
    Failure::new(Class::Internal, what).hint("raise the limit with ulimit -n, or lower -c")
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// The number of open descriptors; `None` if the system does not list them.
fn open() -> Result<Option<u64>, Failure> {
    for place in ["/proc/self/fd", "/dev/fd"] {
        match std::fs::read_dir(place) {
            // One of them is the descriptor of the list itself.
            Ok(list) => return Ok(Some((list.count() as u64).saturating_sub(1))),
            Err(error) if is_exhausted(&error) => return Err(exhausted()),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// Whether the error says that no descriptor was free.
pub(super) fn is_exhausted(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let errno = Errno::from_io_error(error);
        errno.is_some_and(|errno| [Errno::MFILE, Errno::NFILE].contains(&errno))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

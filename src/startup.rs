//! What Rust's runtime does before `main`, done by airx itself on Linux: an
//! eighth of what a short run takes went into finding the stack's bounds, and a
//! closed standard output was replaced by `/dev/null`, where an answer would be
//! lost with exit 0.

use std::sync::atomic::{AtomicBool, Ordering};

static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Makes the process what the rest expects: standard descriptors that are open,
/// and a write to a closed pipe, or past `ulimit -f`, that is an error instead of
/// the end.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn prepare() {
    use rustix::fs::{Mode, OFlags};
    use rustix::stdio::{stderr, stdin, stdout};
    use signal_hook::consts::{SIGPIPE, SIGXFSZ};

    let closed = |descriptor| rustix::io::fcntl_getfd(descriptor).is_err();
    // In the order of their numbers: what is opened takes the lowest free one.
    for descriptor in [stdin(), stdout(), stderr()] {
        if closed(descriptor) {
            use std::os::fd::{AsRawFd, IntoRawFd};
            if descriptor.as_raw_fd() == stdout().as_raw_fd() {
                STDOUT_CLOSED.store(true, Ordering::Relaxed);
            }
            // A read of standard input still fails as of what is closed: a `-` that
            // names it is refused, and is no empty part.
            let reading = descriptor.as_raw_fd() == stdin().as_raw_fd();
            let access = if reading {
                OFlags::WRONLY
            } else {
                OFlags::RDWR
            };
            if let Ok(null) = rustix::fs::open("/dev/null", access, Mode::empty()) {
                // Open for as long as the process lives.
                let _ = null.into_raw_fd();
            }
        }
    }
    // A handler and not "ignored", which the programs that airx runs would inherit.
    let seen = std::sync::Arc::new(AtomicBool::new(false));
    for signal in [SIGPIPE, SIGXFSZ] {
        let _ = signal_hook::flag::register(signal, std::sync::Arc::clone(&seen));
    }
}

/// Whether standard output was closed when the process began. Where Rust's own
/// runtime comes first it cannot be told, and counts as open.
pub(crate) fn stdout_was_closed() -> bool {
    STDOUT_CLOSED.load(Ordering::Relaxed)
}

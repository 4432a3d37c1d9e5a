//! What the process was given, seen before the runtime mends it: Rust opens
//! `/dev/null` in place of a standard descriptor that is closed, and an answer
//! written there would be lost with exit 0.

#[cfg(target_os = "linux")]
mod seen {
    use std::sync::atomic::{AtomicBool, Ordering};

    pub(super) static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

    extern "C" fn look() {
        let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
        STDOUT_CLOSED.store(closed, Ordering::Relaxed);
    }

    // The loader calls what stands in this section before main. Nothing but a
    // system call and an atomic is used there, neither of which needs the runtime.
    #[allow(
        unsafe_code,
        reason = "the section's name is a promise to the linker, and kept"
    )]
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}

/// Whether standard output was closed when the process began. Where it cannot
/// be told, it counts as open.
pub(crate) fn stdout_was_closed() -> bool {
    #[cfg(target_os = "linux")]
    return seen::STDOUT_CLOSED.load(std::sync::atomic::Ordering::Relaxed);
    #[cfg(not(target_os = "linux"))]
    false
}

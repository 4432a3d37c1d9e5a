//! Work that may need a deep stack, or never end.

use std::sync::mpsc;
use std::time::Duration;

/// The stack that a schema is compiled and run on; memory is taken as it is used.
const STACK: usize = 256 << 20;

/// Runs `work` on a stack of its own: a schema that refers to its parts can go
/// through many of them at each level of a value. None where it takes longer than
/// `limit`; it then goes on until the run ends.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl Fn() -> T + Clone + Send + 'static,
) -> Option<T> {
    let (done, result) = mpsc::channel();
    let there = work.clone();
    let builder = std::thread::Builder::new().stack_size(STACK);
    match builder.spawn(move || done.send(there())) {
        Ok(_) => result.recv_timeout(limit).ok(),
        // Where there is no room for such a stack the present one has to do.
        Err(_) => Some(work()),
    }
}

/// The same for what borrows, and ends.
pub(super) fn deep<T: Send>(work: impl Fn() -> T + Sync) -> T {
    let there = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK);
        let thread = builder.spawn_scoped(scope, &work).ok()?;
        thread.join().ok()
    });
    there.unwrap_or_else(work)
}

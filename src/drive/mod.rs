//! Decides on the next request and what becomes of each answer.

mod once;
mod rounds;
mod tell;

use std::time::Instant;

use crate::transport::Transport;

pub use once::once;
pub use rounds::rounds;

/// When a run that begins now has used up `--timeout`.
fn deadline(transport: &Transport) -> Option<Instant> {
    let total = transport.connection().timeouts.total;
    total.map(|total| Instant::now() + total)
}

//! Waiting until a moment, but not past bytes that have arrived: a process that was
//! stopped and continued finds its clocks run out, and its answers in the socket.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How long a last look at the connection may take once a clock has run out.
pub const LAST_LOOK: Duration = Duration::from_millis(200);

/// What the future gives until `limit`; none where it gives nothing.
pub(super) async fn until<F: Future>(limit: Option<Instant>, future: F) -> Option<F::Output> {
    let Some(limit) = limit else {
        return Some(future.await);
    };
    let mut future = pin!(future);
    match tokio::time::timeout_at(limit.into(), &mut future).await {
        Ok(output) => Some(output),
        Err(_) => tokio::time::timeout(LAST_LOOK, future).await.ok(),
    }
}

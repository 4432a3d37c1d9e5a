//! Waits until a deadline, but prefers bytes that have arrived: when a stopped process
//! continues, its deadlines may have passed while an answer waits in the socket.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How long the last check of the connection may take after the deadline.
pub const LAST_LOOK: Duration = Duration::from_millis(200);

/// The result of the future, or `None` if it is not ready by `limit`.
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

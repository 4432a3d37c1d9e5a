//! The bytes of a stream between the task that reads the connection and the
//! run that prints: they gather here until they are asked for.
//!
//! Handed over one by one, each chunk would cost a turn of the event loop and
//! with it a system call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::body::Bytes;
use reqwest::Response;

/// Bytes that may wait here: the connection is not read much faster than the
/// answer is printed, and memory does not grow with the stream.
const ENOUGH: usize = 64 * 1024;

/// Both ends of the hand-over.
#[derive(Debug, Default, Clone)]
pub(super) struct Gather(Arc<Mutex<Gathered>>);

#[derive(Debug, Default)]
struct Gathered {
    bytes: Vec<u8>,
    end: Option<Result<(), reqwest::Error>>,
    /// Who waits for bytes.
    reader: Option<Waker>,
    /// Who waits for room.
    writer: Option<Waker>,
}

impl Gather {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a body's chunks to its end; the task that a runtime drives.
    pub(super) async fn fill(self, mut response: Response) {
        while self.put(response.chunk().await) {
            std::future::poll_fn(|context| self.poll_room(context)).await;
        }
    }

    /// Puts one chunk in; says whether more can follow.
    fn put(&self, chunk: Result<Option<Bytes>, reqwest::Error>) -> bool {
        let mut gathered = self.lock();
        match chunk {
            Ok(Some(bytes)) => gathered.bytes.extend_from_slice(&bytes),
            Ok(None) => gathered.end = Some(Ok(())),
            Err(error) => gathered.end = Some(Err(error)),
        }
        if let Some(reader) = gathered.reader.take() {
            reader.wake();
        }
        gathered.end.is_none()
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut gathered = self.lock();
        if gathered.bytes.len() < ENOUGH {
            return Poll::Ready(());
        }
        gathered.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Moves what has gathered into `buffer`, which is emptied first. Ready
    /// with the body's end once all of it has been taken.
    pub(super) fn poll_take(
        &self,
        buffer: &mut Vec<u8>,
        context: &Context<'_>,
    ) -> Poll<Option<Result<(), reqwest::Error>>> {
        buffer.clear();
        let mut gathered = self.lock();
        if gathered.bytes.is_empty() {
            if let Some(end) = gathered.end.take() {
                return Poll::Ready(Some(end));
            }
            gathered.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut gathered.bytes, buffer);
        if let Some(writer) = gathered.writer.take() {
            writer.wake();
        }
        Poll::Ready(None)
    }
}

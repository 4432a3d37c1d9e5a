//! Passes the bytes of a stream from the task that reads the connection to the thread
//! that prints them. All waiting chunks are passed together: passing them one by one
//! would cost a turn of the event loop, and a system call, for each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::body::Bytes;
use reqwest::Response;

/// Bytes that may wait here: the connection is not read much faster than the
/// answer is printed, and memory does not grow with the stream.
const ENOUGH: usize = 64 * 1024;

/// The queue that the task and the reader share.
#[derive(Debug, Default, Clone)]
pub(super) struct ChunkQueue(Arc<Mutex<Queued>>);

#[derive(Debug, Default)]
struct Queued {
    buffer: Buffer,
    end: Option<Result<(), reqwest::Error>>,
    /// The reader, if it waits for bytes.
    reader: Option<Waker>,
    /// The task, if it waits for room.
    writer: Option<Waker>,
}

impl Queued {
    fn has_room(&self) -> bool {
        self.buffer.bytes().len() < ENOUGH
    }
}

/// The state of the queue after a chunk was added.
enum Put {
    Room,
    /// The task must wait until the reader takes bytes.
    Full,
    /// The body has ended.
    End,
}

/// Chunks end to end. A single chunk is not copied.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    one: Bytes,
    /// All of them, if there is more than one.
    more: Vec<u8>,
}

impl Buffer {
    fn push(&mut self, chunk: Bytes) {
        if self.bytes().is_empty() {
            self.one = chunk;
            return;
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.one));
        }
        self.more.extend_from_slice(&chunk);
    }

    fn clear(&mut self) {
        self.one = Bytes::new();
        self.more.clear();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        if self.more.is_empty() {
            &self.one
        } else {
            &self.more
        }
    }
}

impl ChunkQueue {
    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the chunks of a body until its end. The runtime drives this task.
    pub(super) async fn fill(self, mut response: Response) {
        loop {
            match self.put(response.chunk().await) {
                Put::Room => {}
                Put::Full => std::future::poll_fn(|context| self.poll_room(context)).await,
                Put::End => return,
            }
        }
    }

    fn put(&self, chunk: Result<Option<Bytes>, reqwest::Error>) -> Put {
        let mut queued = self.lock();
        match chunk {
            Ok(Some(bytes)) => queued.buffer.push(bytes),
            Ok(None) => queued.end = Some(Ok(())),
            Err(error) => queued.end = Some(Err(error)),
        }
        if let Some(reader) = queued.reader.take() {
            reader.wake();
        }
        match queued.end {
            Some(_) => Put::End,
            None if queued.has_room() => Put::Room,
            None => Put::Full,
        }
    }

    /// Whether there is something to take, the body's end included.
    pub(super) fn has_some(&self) -> bool {
        let queued = self.lock();
        queued.end.is_some() || !queued.buffer.bytes().is_empty()
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut queued = self.lock();
        if queued.has_room() {
            return Poll::Ready(());
        }
        queued.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Moves the queued bytes into `taken`, which is emptied first so that its memory
    /// can be reused. Once all bytes have been taken, it is ready with the body's end.
    pub(super) fn poll_take(
        &self,
        taken: &mut Buffer,
        context: &Context<'_>,
    ) -> Poll<Option<Result<(), reqwest::Error>>> {
        taken.clear();
        let mut queued = self.lock();
        if queued.buffer.bytes().is_empty() {
            if let Some(end) = queued.end.take() {
                return Poll::Ready(Some(end));
            }
            queued.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut queued.buffer, taken);
        if let Some(writer) = queued.writer.take() {
            writer.wake();
        }
        Poll::Ready(None)
    }
}

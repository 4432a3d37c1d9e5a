//! The bytes of a stream on their way from the task that reads the connection to the
//! run that prints. They are handed over together: one by one, each chunk would cost a
//! turn of the event loop and with it a system call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::body::Bytes;
use reqwest::Response;

/// Bytes that may wait here: the connection is not read much faster than the
/// answer is printed, and memory does not grow with the stream.
const ENOUGH: usize = 64 * 1024;

/// Both ends of the hand-over.
#[derive(Debug, Default, Clone)]
pub(super) struct ChunkQueue(Arc<Mutex<Queued>>);

#[derive(Debug, Default)]
struct Queued {
    buffer: Buffer,
    end: Option<Result<(), reqwest::Error>>,
    /// Who waits for bytes.
    reader: Option<Waker>,
    /// Who waits for room.
    writer: Option<Waker>,
}

impl Queued {
    fn has_room(&self) -> bool {
        self.buffer.bytes().len() < ENOUGH
    }
}

/// What there is after a chunk has been put in.
enum Put {
    Room,
    /// None, until the reader has taken what waits.
    Full,
    /// Nothing more will come.
    End,
}

/// Chunks end to end. One by itself stays where it was read.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    one: Bytes,
    /// Where there are more than one: all of them.
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

    /// Takes a body's chunks to its end; the task that a runtime drives.
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

    /// Moves what has queued into `taken`, which is emptied first, so that what
    /// it lay in can be read into again. Ready with the body's end once all of
    /// it has been taken.
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

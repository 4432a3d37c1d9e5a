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
    pile: Pile,
    end: Option<Result<(), reqwest::Error>>,
    /// Who waits for bytes.
    reader: Option<Waker>,
    /// Who waits for room.
    writer: Option<Waker>,
}

impl Gathered {
    fn has_room(&self) -> bool {
        self.pile.bytes().len() < ENOUGH
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
pub(super) struct Pile {
    one: Bytes,
    /// Where there are more than one: all of them.
    more: Vec<u8>,
}

impl Pile {
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

impl Gather {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
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
        let mut gathered = self.lock();
        match chunk {
            Ok(Some(bytes)) => gathered.pile.push(bytes),
            Ok(None) => gathered.end = Some(Ok(())),
            Err(error) => gathered.end = Some(Err(error)),
        }
        if let Some(reader) = gathered.reader.take() {
            reader.wake();
        }
        match gathered.end {
            Some(_) => Put::End,
            None if gathered.has_room() => Put::Room,
            None => Put::Full,
        }
    }

    /// Whether there is something to take, the body's end included.
    pub(super) fn has_some(&self) -> bool {
        let gathered = self.lock();
        gathered.end.is_some() || !gathered.pile.bytes().is_empty()
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut gathered = self.lock();
        if gathered.has_room() {
            return Poll::Ready(());
        }
        gathered.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Moves what has gathered into `taken`, which is emptied first, so that what
    /// it lay in can be read into again. Ready with the body's end once all of
    /// it has been taken.
    pub(super) fn poll_take(
        &self,
        taken: &mut Pile,
        context: &Context<'_>,
    ) -> Poll<Option<Result<(), reqwest::Error>>> {
        taken.clear();
        let mut gathered = self.lock();
        if gathered.pile.bytes().is_empty() {
            if let Some(end) = gathered.end.take() {
                return Poll::Ready(Some(end));
            }
            gathered.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut gathered.pile, taken);
        if let Some(writer) = gathered.writer.take() {
            writer.wake();
        }
        Poll::Ready(None)
    }
}

//! A streamed response, by reqwest's asynchronous client. Each step returns all the bytes
//! that have arrived, so that a burst is printed at once, and waits only if there are none.
//!
//! A task reads the connection into a queue; the thread that prints takes all queued chunks at
//! once. Passing them one by one would cost a turn of the event loop, and a system call, for each.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use hyper::body::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use tokio::runtime::Runtime;

use super::client::{self, AsyncClient, REUSED_MAX};
use super::error::{self, Target};
use super::{Head, until};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

/// The client for streams.
#[derive(Debug)]
pub(super) struct StreamClient {
    client: AsyncClient,
    /// Whether an answer has been received, so that its connection may be reused.
    answered: bool,
}

/// A response whose head has been read.
#[derive(Debug)]
pub struct LiveStream<'a> {
    queue: ChunkQueue,
    runtime: &'a Runtime,
    target: Target<'a>,
    /// Whether the body has a length or chunks, so that its end is known.
    framed: bool,
    taken: Buffer,
}

/// If the last step took at least this many bytes, the socket may contain more. If it took fewer,
/// the socket is probably empty, and polling it would delay these bytes.
const MUCH: usize = 16 * 1024;

/// The result of one step of a stream.
#[derive(Debug)]
pub enum Next<'a> {
    /// Bytes that have arrived.
    Bytes(&'a [u8]),
    /// The limit has passed.
    TimedOut,
    /// The end of the body. If it ended only because the connection closed, bytes
    /// may be missing.
    End {
        /// Whether the length or the chunks show that nothing is missing.
        complete: bool,
    },
}

impl StreamClient {
    pub(super) fn new(connection: &Connection) -> Result<Self, Failure> {
        Ok(Self {
            client: AsyncClient::new(connection, usize::MAX)?,
            answered: false,
        })
    }

    pub(super) fn send<'a>(
        &'a mut self,
        connection: &'a Connection,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, LiveStream<'a>), Failure> {
        let target = Target::chat(connection);
        let AsyncClient { http, runtime } = &self.client;
        let request = http
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, true))
            .body(body);
        let sent = sent(request, if self.answered { REUSED_MAX } else { 0 });
        let response = match runtime.block_on(until(limit, sent)) {
            None => return Err(Failure::new(Class::Network, "no response arrived in time")),
            Some(sent) => sent.map_err(|error| target.before_head(&error))?,
        };
        self.answered = true;
        let head = client::head(&response);
        let framed = is_framed(response.headers());
        let queue = ChunkQueue::default();
        runtime.spawn(queue.clone().fill(response));
        let stream = LiveStream {
            queue,
            runtime,
            target,
            framed,
            taken: Buffer::default(),
        };
        Ok((head, stream))
    }
}

impl LiveStream<'_> {
    /// Whether bytes can be taken without waiting.
    pub(crate) fn has_arrived(&self) -> bool {
        if !self.queue.has_some() && self.taken.bytes().len() >= MUCH {
            // Let the tasks take the bytes in the socket; then the runtime polls it again.
            self.runtime.block_on(tokio::task::yield_now());
        }
        self.queue.has_some()
    }

    /// Returns all the bytes that have arrived. If there are none, waits for them until
    /// `limit`.
    pub(crate) fn next(&mut self, limit: Option<Instant>) -> Result<Next<'_>, Failure> {
        let (queue, taken) = (&self.queue, &mut self.taken);
        let waited = self.runtime.block_on(async {
            // Poll before setting a timer: the timer costs more than the poll.
            let look = poll_fn(|context| Poll::Ready(queue.poll_take(taken, context)));
            if let Poll::Ready(end) = look.await {
                return Some(end);
            }
            let more = poll_fn(|context| queue.poll_take(taken, context));
            until(limit, more).await
        });
        match waited {
            None => Ok(Next::TimedOut),
            Some(None) => Ok(Next::Bytes(taken.bytes())),
            Some(Some(Ok(()))) => Ok(Next::End {
                complete: self.framed,
            }),
            Some(Some(Err(error))) => Err(self.target.in_body(&error)),
        }
    }
}

/// Sends a request, as `sent` in `complete.rs` does.
async fn sent(
    mut request: reqwest::RequestBuilder,
    mut reused: usize,
) -> reqwest::Result<reqwest::Response> {
    while reused > 0
        && let Some(again) = request.try_clone()
    {
        reused -= 1;
        match request.send().await {
            Err(error) if error::is_closed(&error) => request = again,
            sent => return sent,
        }
    }
    request.send().await
}

/// Whether the end of a body is known: by chunks, or else by a length. With any other
/// transfer coding it ends with its connection, and a length does not count. RFC 9112
/// §6.3.
fn is_framed(headers: &HeaderMap) -> bool {
    let last = |codings: &str| {
        let last = codings.rsplit(',').next().unwrap_or_default();
        last.trim().eq_ignore_ascii_case("chunked")
    };
    match headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        Some(codings) => codings.to_str().is_ok_and(last),
        None => headers.contains_key(CONTENT_LENGTH),
    }
}

/// The most bytes that wait in the queue before the task stops reading the connection, so that
/// memory does not grow with the stream.
const ENOUGH: usize = 64 * 1024;

/// The end of a body.
type End = Result<(), reqwest::Error>;

/// The queue that the task and the reader share.
#[derive(Debug, Default, Clone)]
struct ChunkQueue(Arc<Mutex<Queued>>);

#[derive(Debug, Default)]
struct Queued {
    buffer: Buffer,
    end: Option<End>,
    /// The reader, if it waits for bytes.
    reader: Option<Waker>,
    /// The task, if it waits for room.
    writer: Option<Waker>,
}

/// Joins chunks. A single chunk is not copied.
#[derive(Debug, Default)]
struct Buffer {
    one: Bytes,
    /// All chunks joined, if there is more than one.
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

    fn bytes(&self) -> &[u8] {
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
    async fn fill(self, mut response: Response) {
        while self.put(response.chunk().await) {
            poll_fn(|context| self.poll_room(context)).await;
        }
    }

    /// Adds a chunk or the end. Returns whether more can follow.
    fn put(&self, chunk: Result<Option<Bytes>, reqwest::Error>) -> bool {
        let mut queued = self.lock();
        match chunk {
            Ok(Some(bytes)) => queued.buffer.push(bytes),
            Ok(None) => queued.end = Some(Ok(())),
            Err(error) => queued.end = Some(Err(error)),
        }
        if let Some(reader) = queued.reader.take() {
            reader.wake();
        }
        queued.end.is_none()
    }

    /// Whether there are bytes, or the end of the body, to take.
    fn has_some(&self) -> bool {
        let queued = self.lock();
        queued.end.is_some() || !queued.buffer.bytes().is_empty()
    }

    fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut queued = self.lock();
        if queued.buffer.bytes().len() < ENOUGH {
            return Poll::Ready(());
        }
        queued.writer = Some(context.waker().clone());
        Poll::Pending
    }

    /// Moves the queued bytes into `taken`, which is emptied first so that its memory can be
    /// reused. Once all bytes have been taken, returns the end of the body.
    fn poll_take(&self, taken: &mut Buffer, context: &Context<'_>) -> Poll<Option<End>> {
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

//! A streamed response, by reqwest's asynchronous client. Each step returns all the bytes
//! that have arrived, so that a burst is printed at once, and waits only if there are none.

use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::task::Poll;
use std::time::Instant;

use reqwest::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use tokio::runtime::{Builder, Runtime};

use super::buffer::{Buffer, ChunkQueue};
use super::client::REUSED_MAX;
use super::error::{self, Limits};
use super::{Head, client, until};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

/// The async client and the runtime it lives on. Neither is ever dropped.
pub(super) struct StreamClient {
    http: ManuallyDrop<reqwest::Client>,
    runtime: ManuallyDrop<Runtime>,
    /// An answer has been received, and its connection may be reused.
    answered: bool,
}

/// A response whose head has been read.
#[derive(Debug)]
pub struct LiveStream<'a> {
    queue: ChunkQueue,
    runtime: &'a Runtime,
    limits: Limits,
    /// The body has a length or chunks, so that its end is known.
    framed: bool,
    taken: Buffer,
}

/// Turns of the tasks until the socket is polled again: two for each chunk.
const TURNS_A_ROUND: u32 = 1024;

/// After this many bytes the socket may hold more. After fewer it is probably empty, and
/// polling it would delay these bytes.
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
        /// The length or the chunks say that nothing is missing.
        complete: bool,
    },
}

impl StreamClient {
    pub(super) fn new(connection: &Connection) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Two tasks take turns for each chunk; the socket is polled when
            // they have nothing left to do.
            .event_interval(TURNS_A_ROUND)
            .build()
            .map_err(error::no_runtime)?;
        let http = client::asynchronous(connection)?;
        Ok(Self {
            http: ManuallyDrop::new(http),
            runtime: ManuallyDrop::new(runtime),
            answered: false,
        })
    }

    pub(super) fn send(
        &mut self,
        connection: &Connection,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, LiveStream<'_>), Failure> {
        let limits = Limits::of(connection);
        let request = self
            .http
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, true))
            .body(body);
        let sent = sent(request, if self.answered { REUSED_MAX } else { 0 });
        let sent = self.runtime.block_on(until(limit, sent));
        let response = match sent {
            None => return Err(Failure::new(Class::Network, "no response arrived in time")),
            Some(sent) => sent.map_err(|error| error::before_head(&error, &limits))?,
        };
        self.answered = true;
        let head = client::head(
            response.version(),
            response.status(),
            response.headers(),
            response.remote_addr(),
        );
        let framed = is_framed(response.headers());
        let queue = ChunkQueue::default();
        self.runtime.spawn(queue.clone().fill(response));
        let stream = LiveStream {
            queue,
            runtime: &self.runtime,
            limits,
            framed,
            taken: Buffer::default(),
        };
        Ok((head, stream))
    }
}

impl LiveStream<'_> {
    /// Whether bytes can be taken without a wait.
    pub(crate) fn has_arrived(&self) -> bool {
        if !self.queue.has_some() && self.taken.bytes().len() >= MUCH {
            // The tasks take the bytes in the socket; then it is polled again.
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
        waited.map_or(Ok(Next::TimedOut), |end| self.took(end))
    }

    fn took(&mut self, end: Option<Result<(), reqwest::Error>>) -> Result<Next<'_>, Failure> {
        match end {
            None => Ok(Next::Bytes(self.taken.bytes())),
            Some(Ok(())) => Ok(Next::End {
                complete: self.framed,
            }),
            Some(Err(error)) => Err(error::in_body(&error, &self.limits)),
        }
    }
}

/// Sends a request, as `sent` in `complete.rs` does.
async fn sent(
    mut request: reqwest::RequestBuilder,
    reused: usize,
) -> reqwest::Result<reqwest::Response> {
    for _ in 0..reused {
        let Some(again) = request.try_clone() else {
            break;
        };
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

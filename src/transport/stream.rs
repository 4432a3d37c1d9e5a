//! A streamed response as a blocking iterator that can tell "nothing has
//! arrived yet" from "wait for more".

use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use hyper::body::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::fault::{self, Limits};
use super::{Head, policy};
use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

/// The async client and the runtime it lives on. Neither is ever dropped.
pub(super) struct Client {
    http: std::mem::ManuallyDrop<reqwest::Client>,
    runtime: std::mem::ManuallyDrop<Runtime>,
}

/// A response whose head has been read.
///
/// A task of its own takes the body's chunks from the connection's task, and
/// they gather until they are asked for: handed over one by one, each would
/// cost a turn of the event loop and with it a system call.
pub struct Stream<'a> {
    chunks: mpsc::Receiver<Chunk>,
    runtime: &'a Runtime,
    limits: Limits,
    /// The body tells its own end: by its length or by chunks.
    framed: bool,
    /// What was gathered and not yet handed over.
    gathered: Vec<Chunk>,
    buffer: Vec<u8>,
    failure: Option<Failure>,
}

type Chunk = Result<Bytes, reqwest::Error>;

/// The most chunks that gather: the connection is not read faster than the
/// answer is printed.
const GATHERED: usize = 256;

/// Turns of the two tasks until the socket is looked at again: two a chunk.
const TURNS_A_ROUND: u32 = 512;

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Stream")
            .field("framed", &self.framed)
            .finish_non_exhaustive()
    }
}

/// What a stream has to give.
#[derive(Debug)]
pub enum Next<'a> {
    /// Bytes that have arrived.
    Bytes(&'a [u8]),
    /// Nothing has arrived; only [`Stream::ready`] says so.
    WouldWait,
    /// The limit has passed; only [`Stream::wait`] says so.
    TimedOut,
    /// The body's end. Whether it is a proper one: a body that ends with its
    /// connection may have been cut anywhere.
    End {
        /// The length or the chunks say that nothing is missing.
        whole: bool,
    },
}

impl Client {
    pub(super) fn new(connection: &Connection) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Two tasks take turns for each chunk; the socket is looked at
            // when they have nothing left to do.
            .event_interval(TURNS_A_ROUND)
            .build()?;
        let http = policy::asynchronous(connection)?;
        let keep = std::mem::ManuallyDrop::new;
        Ok(Self {
            http: keep(http),
            runtime: std::mem::ManuallyDrop::new(runtime),
        })
    }

    pub(super) fn send(
        &mut self,
        connection: &Connection,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, Stream<'_>), Failure> {
        let limits = Limits::of(connection);
        let request = self
            .http
            .post(connection.endpoint.url.clone())
            .headers(policy::headers(connection, true))
            .body(body);
        let sent = self.runtime.block_on(async {
            match limit {
                Some(limit) => tokio::time::timeout_at(limit.into(), request.send())
                    .await
                    .ok(),
                None => Some(request.send().await),
            }
        });
        let response = match sent {
            None => return Err(Failure::new(Class::Network, "no response has come in time")),
            Some(sent) => sent.map_err(|error| fault::before_head(&error, &limits))?,
        };
        let head = policy::head(
            response.version(),
            response.status(),
            response.headers(),
            response.remote_addr(),
        );
        let framed = response.headers().contains_key(CONTENT_LENGTH)
            || response.headers().contains_key(TRANSFER_ENCODING);
        let (to, chunks) = mpsc::channel(GATHERED);
        self.runtime.spawn(pump(response, to));
        let stream = Stream {
            chunks,
            runtime: &self.runtime,
            limits,
            framed,
            gathered: Vec::new(),
            buffer: Vec::new(),
            failure: None,
        };
        Ok((head, stream))
    }
}

/// Takes a body's chunks until its end, or until nobody wants more.
async fn pump(mut response: Response, to: mpsc::Sender<Chunk>) {
    while let Some(chunk) = response.chunk().await.transpose() {
        let last = chunk.is_err();
        if to.send(chunk).await.is_err() || last {
            return;
        }
    }
}

impl Stream<'_> {
    /// What has arrived already, without waiting.
    ///
    /// # Errors
    /// The body broke off.
    pub fn ready(&mut self) -> Result<Next<'_>, Failure> {
        /// Turns of the scheduler that it takes from bytes in the socket to a
        /// chunk here: one to see them, one for the tasks to read and pass them.
        const TURNS: usize = 2;
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let (chunks, gathered) = (&mut self.chunks, &mut self.gathered);
        let ready = self.runtime.block_on(async {
            for _ in 0..=TURNS {
                let mut more = std::pin::pin!(chunks.recv_many(gathered, GATHERED));
                let polled = poll_fn(|context| Poll::Ready(more.as_mut().poll(context)));
                if let Poll::Ready(count) = polled.await {
                    return Some(count);
                }
                tokio::task::yield_now().await;
            }
            None
        });
        match ready {
            Some(count) => self.took(count),
            None => Ok(Next::WouldWait),
        }
    }

    /// Waits for the next bytes, until `limit` at most.
    ///
    /// # Errors
    /// The body broke off.
    pub fn wait(&mut self, limit: Option<Instant>) -> Result<Next<'_>, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let (chunks, gathered) = (&mut self.chunks, &mut self.gathered);
        let waited = self.runtime.block_on(async {
            let more = chunks.recv_many(gathered, GATHERED);
            match limit {
                Some(limit) => tokio::time::timeout_at(limit.into(), more).await.ok(),
                None => Some(more.await),
            }
        });
        match waited {
            Some(count) => self.took(count),
            None => Ok(Next::TimedOut),
        }
    }

    /// Hands over what was gathered; a failure behind it comes with the next call.
    fn took(&mut self, count: usize) -> Result<Next<'_>, Failure> {
        if count == 0 {
            return Ok(Next::End { whole: self.framed });
        }
        self.buffer.clear();
        for chunk in self.gathered.drain(..) {
            match chunk {
                Ok(bytes) => self.buffer.extend_from_slice(&bytes),
                Err(error) => self.failure = Some(fault::in_body(&error, &self.limits)),
            }
        }
        match self.failure.take_if(|_| self.buffer.is_empty()) {
            Some(failure) => Err(failure),
            None => Ok(Next::Bytes(&self.buffer)),
        }
    }
}

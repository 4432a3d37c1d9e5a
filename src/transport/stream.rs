//! A streamed response as a blocking iterator that can tell "nothing has
//! arrived yet" from "wait for more".

use std::time::Instant;

use hyper::body::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use tokio::runtime::{Builder, Runtime};

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
pub struct Stream<'a> {
    response: Response,
    runtime: &'a Runtime,
    limits: Limits,
    /// The body tells its own end: by its length or by chunks.
    framed: bool,
    piece: Bytes,
}

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
        let stream = Stream {
            response,
            runtime: &self.runtime,
            limits,
            framed,
            piece: Bytes::new(),
        };
        Ok((head, stream))
    }
}

impl Stream<'_> {
    /// What has arrived already, without waiting.
    ///
    /// # Errors
    /// The body broke off.
    pub fn ready(&mut self) -> Result<Next<'_>, Failure> {
        /// Turns of the scheduler that it takes from bytes in the socket to a
        /// chunk here: one to see them, one for the connection's task to read them.
        const TURNS: usize = 2;
        let response = &mut self.response;
        let polled = self.runtime.block_on(async {
            for _ in 0..=TURNS {
                let mut chunk = std::pin::pin!(response.chunk());
                let ready = std::future::poll_fn(|context| {
                    let polled = chunk.as_mut().poll(context);
                    std::task::Poll::Ready(match polled {
                        std::task::Poll::Ready(chunk) => Some(chunk),
                        std::task::Poll::Pending => None,
                    })
                });
                if let Some(chunk) = ready.await {
                    return Some(chunk);
                }
                tokio::task::yield_now().await;
            }
            None
        });
        match polled {
            Some(chunk) => self.took(chunk),
            None => Ok(Next::WouldWait),
        }
    }

    /// Waits for the next bytes, until `limit` at most.
    ///
    /// # Errors
    /// The body broke off.
    pub fn wait(&mut self, limit: Option<Instant>) -> Result<Next<'_>, Failure> {
        let response = &mut self.response;
        let waited = self.runtime.block_on(async {
            match limit {
                Some(limit) => tokio::time::timeout_at(limit.into(), response.chunk())
                    .await
                    .ok(),
                None => Some(response.chunk().await),
            }
        });
        match waited {
            Some(chunk) => self.took(chunk),
            None => Ok(Next::TimedOut),
        }
    }

    fn took(&mut self, chunk: Result<Option<Bytes>, reqwest::Error>) -> Result<Next<'_>, Failure> {
        match chunk {
            Ok(Some(piece)) => {
                self.piece = piece;
                Ok(Next::Bytes(&self.piece))
            }
            Ok(None) => Ok(Next::End { whole: self.framed }),
            Err(error) => Err(fault::in_body(&error, &self.limits)),
        }
    }
}

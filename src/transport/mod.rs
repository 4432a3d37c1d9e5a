//! One attempt: a request → the head of the response and its bytes. The only
//! folder that names reqwest; none of its types leave it.
//!
//! Whole replies go by reqwest's blocking client. Streams go by its async
//! client on a runtime of their own, since the blocking one hands over one
//! chunk a pair of context switches and cannot hand over all that has arrived,
//! which the printer's flush rule is built on.

mod fault;
mod gather;
mod policy;
mod stream;

use std::io::Read;
use std::mem::ManuallyDrop;
use std::time::Instant;

use crate::error::Failure;
use crate::exit::Class;
use crate::settings::Connection;

pub use stream::{Next, Stream};

/// Most bytes of a body: 64 MiB.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Status line and headers of a response.
#[derive(Debug)]
pub struct Head {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: &'static str,
    /// The status code.
    pub status: u16,
    /// The status' standard phrase.
    pub reason: &'static str,
    /// Names in lower case; a value that is not UTF-8 has its odd bytes replaced.
    pub headers: Vec<(String, String)>,
    /// The address that answered: the server's or a proxy's.
    pub peer: Option<String>,
}

impl Head {
    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A response that was read to its end, or as far as it came.
#[derive(Debug)]
pub struct Whole {
    /// Status and headers.
    pub head: Head,
    /// What came of the body.
    pub body: Vec<u8>,
    /// Why no more came, where the body broke off.
    pub broken: Option<Failure>,
}

/// The way to the server, set up at the first attempt and kept for the next.
///
/// It is never dropped: a client's end would wait for a resolver that hangs.
pub struct Transport {
    connection: Connection,
    blocking: Option<ManuallyDrop<reqwest::blocking::Client>>,
    streaming: Option<stream::Client>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Transport")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// Takes the connection's settings; nothing is opened yet.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            blocking: None,
            streaming: None,
        }
    }

    /// What it was set up with.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The request's head as it goes out, for people to read; the key and the
    /// values of `--header` are hidden.
    pub fn request_head(&self, streamed: bool) -> Vec<String> {
        let url = &self.connection.endpoint.url;
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let mut lines = vec![
            format!("POST {}{query} HTTP/1.1", url.path()),
            format!(
                "host: {}",
                &url[url::Position::BeforeHost..url::Position::AfterPort]
            ),
        ];
        let headers = policy::headers(&self.connection, streamed);
        for (name, value) in &headers {
            let value = if value.is_sensitive() {
                b"[hidden]"
            } else {
                value.as_bytes()
            };
            lines.push(format!("{name}: {}", String::from_utf8_lossy(value)));
        }
        lines
    }

    /// Sends `body` and reads the whole response.
    ///
    /// # Errors
    /// Nothing usable came back. A body that breaks off is no error here.
    pub fn whole(&mut self, body: Vec<u8>, deadline: Option<Instant>) -> Result<Whole, Failure> {
        let limits = fault::Limits::of(&self.connection);
        let client = match &self.blocking {
            Some(client) => client,
            None => self
                .blocking
                .insert(ManuallyDrop::new(policy::blocking(&self.connection)?)),
        };
        let request = client
            .post(self.connection.endpoint.url.clone())
            .headers(policy::headers(&self.connection, false))
            .body(body);
        let request = match deadline {
            Some(deadline) => request.timeout(deadline.saturating_duration_since(Instant::now())),
            None => request,
        };
        let mut response = request
            .send()
            .map_err(|error| fault::before_head(&error, &limits))?;
        let head = policy::head(
            response.version(),
            response.status(),
            response.headers(),
            response.remote_addr(),
        );
        let length = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        let mut body = Vec::with_capacity(length.unwrap_or(0).min(BODY_LIMIT));
        let read = response
            .by_ref()
            .take(BODY_LIMIT as u64 + 1)
            .read_to_end(&mut body);
        let broken = match read {
            Err(error) => Some(fault::in_body(&error, &limits)),
            Ok(_) if body.len() > BODY_LIMIT => {
                return Err(Failure::new(
                    Class::Incomplete,
                    format!(
                        "the response's body is longer than {} MiB",
                        BODY_LIMIT >> 20
                    ),
                ));
            }
            Ok(_) => None,
        };
        // Reading on or dropping it would wait for the connection's thread.
        std::mem::forget(response);
        Ok(Whole { head, body, broken })
    }

    /// Sends `body` and reads the response's head; the rest follows from the
    /// stream. `limit` bounds the wait for the head.
    ///
    /// # Errors
    /// No head came.
    pub fn stream(
        &mut self,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, Stream<'_>), Failure> {
        let client = match self.streaming.take() {
            Some(client) => client,
            None => stream::Client::new(&self.connection)?,
        };
        let client = self.streaming.insert(client);
        client.send(&self.connection, body, limit)
    }
}

//! One attempt over the network: a request → the head of the response and its bytes.
//! Only this module uses reqwest and rustls; none of their types leave it.
//!
//! Complete replies use reqwest's blocking client. Streams use its asynchronous client
//! on their own runtime: the output flushes when no bytes are waiting, and the blocking
//! client cannot return all the bytes that have arrived. Files and batches also use the
//! asynchronous client: the blocking one loses the reason when a connection fails while
//! a body is sent.

mod client;
mod complete;
mod descriptors;
mod error;
mod resource;
mod stream;
mod tls_roots;

use std::fs::File;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::{Position, Url};

use crate::error::Failure;
use crate::settings::Connection;

use client::AsyncClient;
use complete::CompleteClient;
pub(crate) use error::{CUT, too_long};
use resource::unsent;
pub use resource::{Payload, ResourceRequest};
use stream::StreamClient;
pub use stream::{LiveStream, Next};

/// Most bytes of a body: 64 MiB.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Most header lines of a response.
const HEADER_LIMIT: usize = 200;

/// Status line and headers of a response.
#[derive(Debug, Clone)]
pub struct Head {
    /// `HTTP/1.1` or `HTTP/1.0`.
    pub version: &'static str,
    /// The status code.
    pub status: u16,
    /// Names in lower case; bytes of a value that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The address that answered: the server's or a proxy's.
    pub peer: Option<String>,
    /// The recording that the response comes from, instead of the network.
    pub recording: Option<String>,
}

impl Head {
    /// The status' standard phrase.
    pub fn reason(&self) -> &'static str {
        let status = StatusCode::from_u16(self.status).ok();
        let phrase = status.and_then(|status| status.canonical_reason());
        phrase.unwrap_or_default()
    }

    /// The first header of this name, in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every header of this name, in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.headers.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// A response, read to its end or to the point where it broke off.
#[derive(Debug)]
pub struct Response {
    /// Status and headers.
    pub head: Head,
    /// The bytes of the body that arrived.
    pub body: Vec<u8>,
    /// Why the body broke off, if it did.
    pub broken: Option<Failure>,
}

/// The clients for the three kinds of requests to a server. Each is set up when it is
/// first needed.
#[derive(Debug)]
pub(crate) struct HttpClient {
    connection: Arc<Connection>,
    complete: CompleteClient,
    stream: Option<StreamClient>,
    resource: Option<AsyncClient>,
}

impl HttpClient {
    /// Takes the connection's settings; nothing is opened yet.
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            complete: CompleteClient::default(),
            stream: None,
            resource: None,
        }
    }

    /// A client for another thread. It shares the connections for complete replies.
    pub(crate) fn share(&mut self) -> Result<Self, Failure> {
        Ok(Self {
            complete: self.complete.share(&self.connection)?,
            ..Self::new(Arc::clone(&self.connection))
        })
    }

    /// How many requests may be in flight at once, at most `wanted`, if each needs
    /// this number of descriptors. Fails if there are not enough for one.
    pub(crate) fn fit(&mut self, wanted: u32, per_request: u64) -> Result<u32, Failure> {
        // The client opens files: set it up before they are counted.
        self.complete.client(&self.connection)?;
        descriptors::fit(wanted, per_request)
    }

    /// Sends `body` to the chat and reads the complete response. A body that breaks off is
    /// not an error here.
    pub(crate) fn complete(
        &mut self,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        self.complete.send(&self.connection, body, deadline)
    }

    /// Sends `body` to the chat and reads the response's head; `limit` bounds the wait
    /// for it.
    pub(crate) fn stream(
        &mut self,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, LiveStream<'_>), Failure> {
        let client = match &mut self.stream {
            Some(client) => client,
            none => none.insert(StreamClient::new(&self.connection)?),
        };
        client.send(&self.connection, body, limit)
    }

    /// Makes a request for a file or a batch and reads the complete response. If `into`
    /// is given, the body of a successful response is written to it. A body that breaks off
    /// is not an error here.
    pub(crate) fn resource(
        &mut self,
        request: &ResourceRequest<'_>,
        deadline: Option<Instant>,
        into: Option<&mut File>,
    ) -> Result<Response, Failure> {
        let client = match &mut self.resource {
            Some(client) => client,
            // Keep no connection: the server would close it between two polls of a batch.
            none => none.insert(AsyncClient::new(&self.connection, 0).map_err(unsent)?),
        };
        resource::send(client, &self.connection, request, deadline, into)
    }
}

/// The head of a chat request as it is sent, for people to read. The key and the
/// values of `--header` are hidden.
pub(crate) fn chat_head(connection: &Connection, streamed: bool) -> Vec<String> {
    let headers = client::chat_headers(connection, streamed);
    head_lines(&Method::POST, &connection.endpoint.url, &headers)
}

/// The head of a request for a file or a batch, like [`chat_head`].
pub(crate) fn resource_head(connection: &Connection, request: &ResourceRequest<'_>) -> Vec<String> {
    let endpoint = &connection.endpoint;
    let url = endpoint.resource_url(request.path, request.query);
    head_lines(&request.method(), &url, &request.headers(connection))
}

fn head_lines(method: &Method, url: &Url, headers: &HeaderMap) -> Vec<String> {
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let mut lines = vec![
        format!("{method} {target} HTTP/1.1"),
        format!("host: {host}"),
    ];
    for (name, value) in headers {
        let value = if value.is_sensitive() {
            b"[hidden]"
        } else {
            value.as_bytes()
        };
        lines.push(format!("{name}: {}", String::from_utf8_lossy(value)));
    }
    lines
}

/// How long the last check of the connection may take after the deadline.
pub const LAST_LOOK: Duration = Duration::from_millis(200);

/// The result of the future, or `None` if it is not ready by `limit`.
async fn until<F: Future>(limit: Option<Instant>, future: F) -> Option<F::Output> {
    let Some(limit) = limit else {
        return Some(future.await);
    };
    let mut future = pin!(future);
    match tokio::time::timeout_at(limit.into(), &mut future).await {
        Ok(output) => Some(output),
        Err(_) => tokio::time::timeout(LAST_LOOK, future).await.ok(),
    }
}

//! A request for a complete reply, by reqwest's blocking client.
//!
//! A separate thread makes the request, and the caller waits for it with a deadline:
//! the library's own time-out would discard an answer that arrived while the process
//! was stopped.

use std::io::{ErrorKind, Read};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use reqwest::blocking::RequestBuilder;

use super::client::{self, REUSED_MAX};
use super::error::{self, Target};
use super::{BODY_LIMIT, Head, LAST_LOOK, Response};
use crate::error::Failure;
use crate::settings::Connection;

/// The client. It is never dropped, because dropping it would wait for a resolver that
/// hangs. Threads can share its connections.
#[derive(Debug, Default, Clone)]
pub(super) struct CompleteClient {
    http: Option<ManuallyDrop<reqwest::blocking::Client>>,
    /// Whether more requests follow, also from other threads.
    shared: bool,
    /// Whether there was an answer: if so, the next request may use a connection that the server is
    /// about to close.
    answered: Arc<AtomicBool>,
}

/// Bytes that are read from a response at a time.
const CHUNK: usize = 64 * 1024;

/// How long after the deadline an abandoned request is ended.
const GIVEN_UP: Duration = Duration::from_secs(60);

impl CompleteClient {
    pub(super) fn share(&mut self, connection: &Connection) -> Result<Self, Failure> {
        self.shared = true;
        self.client(connection)?;
        Ok(self.clone())
    }

    /// The client, which is set up before the first request.
    pub(super) fn client(
        &mut self,
        connection: &Connection,
    ) -> Result<&reqwest::blocking::Client, Failure> {
        match &mut self.http {
            Some(client) => Ok(client),
            none => Ok(none.insert(ManuallyDrop::new(client::blocking(connection)?))),
        }
    }

    /// See [`super::HttpClient::complete`].
    pub(super) fn send(
        &mut self,
        connection: &Arc<Connection>,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        let request = self
            .client(connection)?
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, false))
            .body(body);
        // Only a run with more requests sets a time-out, which ends the abandoned ones.
        let request = match deadline.filter(|_| self.shared) {
            Some(deadline) => request.timeout(left(deadline) + GIVEN_UP),
            None => request,
        };
        let (sender, parts) = channel();
        let exchange = Exchange {
            connection: Arc::clone(connection),
            request,
            shared: self.shared,
            answered: Arc::clone(&self.answered),
            parts: sender,
        };
        let thread = std::thread::Builder::new().name("request".to_owned());
        thread.spawn(move || exchange.run())?;
        collect(&parts, deadline, connection)
    }
}

fn left(limit: Instant) -> Duration {
    limit.saturating_duration_since(Instant::now())
}

/// A request that a separate thread makes.
struct Exchange {
    connection: Arc<Connection>,
    request: RequestBuilder,
    shared: bool,
    answered: Arc<AtomicBool>,
    parts: Sender<Part>,
}

/// A part of the response.
enum Part {
    /// The head, and the length of the body if it is known.
    Head(Head, Option<usize>),
    Body(Vec<u8>),
    /// The end, with a failure if there is no response or its body broke off.
    End(Option<Failure>),
}

impl Exchange {
    fn run(self) {
        let target = Target::chat(&self.connection);
        // The caller may have given up.
        let give = |part| self.parts.send(part).is_ok();
        let answered = self.answered.load(Ordering::Relaxed);
        let reused = if answered { REUSED_MAX } else { 0 };
        let mut response = match sent(self.request, reused) {
            Ok(response) => response,
            Err(error) => {
                give(Part::End(Some(target.before_head(&error))));
                return;
            }
        };
        self.answered.store(true, Ordering::Relaxed);
        let (version, status) = (response.version(), response.status());
        let peer = response.remote_addr();
        let head = client::head_of(version, status, response.headers(), peer);
        let length = response.content_length();
        let length = length.and_then(|length| usize::try_from(length).ok());
        let mut more = give(Part::Head(head, length));
        let mut buffer = vec![0; length.unwrap_or(CHUNK).clamp(1, CHUNK)];
        let mut room = BODY_LIMIT;
        while more {
            let part = match response.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Part::End(Some(target.in_body(&error))),
                Ok(0) => Part::End(None),
                Ok(read) if read > room => Part::End(Some(error::too_long(BODY_LIMIT as u64))),
                Ok(read) => {
                    room -= read;
                    Part::Body(buffer[..read].to_vec())
                }
            };
            more = !matches!(part, Part::End(_)) & give(part);
        }
        // Reading more of the response, or dropping it, would wait for the connection's thread. If
        // many requests follow, forgotten responses would accumulate.
        if !self.shared {
            std::mem::forget(response);
        }
    }
}

/// Collects the parts of the response until `deadline`.
fn collect(
    parts: &Receiver<Part>,
    deadline: Option<Instant>,
    connection: &Connection,
) -> Result<Response, Failure> {
    let timed_out = || Target::chat(connection).timed_out();
    let mut response: Option<Response> = None;
    let mut last = None;
    let broken = loop {
        let part = match deadline {
            None => parts.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => parts.recv_timeout(left(deadline)).or_else(|_| {
                let last = *last.get_or_insert_with(|| Instant::now() + LAST_LOOK);
                parts.recv_timeout(left(last))
            }),
        };
        match (part, &mut response) {
            (Ok(Part::Head(head, length)), _) => {
                let body = Vec::with_capacity(length.unwrap_or(0).min(BODY_LIMIT));
                let broken = None;
                response = Some(Response { head, body, broken });
            }
            (Ok(Part::Body(bytes)), Some(response)) => response.body.extend_from_slice(&bytes),
            (Ok(Part::Body(_)), None) => {}
            (Ok(Part::End(broken)), _) => break broken,
            (Err(_), _) => break Some(timed_out()),
        }
    };
    match response {
        Some(response) => Ok(Response { broken, ..response }),
        None => Err(broken.unwrap_or_else(timed_out)),
    }
}

/// Sends a request. If the connection was closed before any response, sends it again,
/// as often as `reused` allows.
fn sent(
    mut request: RequestBuilder,
    mut reused: usize,
) -> reqwest::Result<reqwest::blocking::Response> {
    while reused > 0
        && let Some(again) = request.try_clone()
    {
        reused -= 1;
        match request.send() {
            Err(error) if error::is_closed(&error) => request = again,
            sent => return sent,
        }
    }
    request.send()
}

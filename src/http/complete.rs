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

use super::client::REUSED_MAX;
use super::error::Limits;
use super::{BODY_LIMIT, Head, LAST_LOOK, Response, client, error};
use crate::error::Failure;
use crate::settings::Connection;

/// The client. It is never dropped, because dropping it would wait for a resolver that
/// hangs. Threads can share its connections.
#[derive(Default)]
pub(super) struct CompleteClient {
    http: Option<ManuallyDrop<reqwest::blocking::Client>>,
    /// More requests follow, by other threads too.
    shared: bool,
    /// There was an answer: the next request may use a connection that the server is
    /// about to close.
    answered: Arc<AtomicBool>,
}

/// Bytes that are read from a response at a time.
const CHUNK: usize = 64 * 1024;

/// How long an abandoned request lives.
const GIVEN_UP: Duration = Duration::from_secs(60);

impl CompleteClient {
    pub(super) fn share(&mut self, connection: &Connection) -> Result<Self, Failure> {
        self.shared = true;
        let client = self.client(connection)?.clone();
        Ok(Self {
            http: Some(ManuallyDrop::new(client)),
            shared: true,
            answered: Arc::clone(&self.answered),
        })
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
        connection: &Connection,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        let request = self
            .client(connection)?
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, false))
            .body(body);
        // Only a run with more requests sets a time-out: it ends the abandoned ones.
        let request = match deadline.filter(|_| self.shared) {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                request.timeout(left + GIVEN_UP)
            }
            None => request,
        };
        let limits = Limits::of(connection);
        let exchange = Exchange {
            request,
            limits: Limits::of(connection),
            shared: self.shared,
            answered: Arc::clone(&self.answered),
        };
        let (sender, parts) = channel();
        let thread = std::thread::Builder::new().name("request".to_owned());
        thread.spawn(move || exchange.run(&sender))?;
        collect(&parts, deadline, &limits)
    }
}

/// A request that a separate thread makes, and its response.
struct Exchange {
    request: reqwest::blocking::RequestBuilder,
    limits: Limits,
    shared: bool,
    answered: Arc<AtomicBool>,
}

/// A message from the thread.
enum Part {
    /// The head, and the length of the body if it is known.
    Head(Head, usize),
    Body(Vec<u8>),
    /// The end of the body, with a failure if it broke off.
    End(Option<Failure>),
    /// There is no response.
    Failed(Failure),
}

impl Exchange {
    fn run(self, parts: &Sender<Part>) {
        // The caller may have given up.
        let give = |part| parts.send(part).is_ok();
        let reused = if self.answered.load(Ordering::Relaxed) {
            REUSED_MAX
        } else {
            0
        };
        let mut response = match sent(self.request, reused) {
            Ok(response) => response,
            Err(error) => {
                give(Part::Failed(error::before_head(&error, &self.limits)));
                return;
            }
        };
        self.answered.store(true, Ordering::Relaxed);
        let head = client::head(
            response.version(),
            response.status(),
            response.headers(),
            response.remote_addr(),
        );
        let length = response.content_length();
        let length = length.and_then(|length| usize::try_from(length).ok());
        let mut more = give(Part::Head(head, length.unwrap_or(0)));
        let mut buffer = vec![0; length.unwrap_or(CHUNK).clamp(1, CHUNK)];
        let mut left = BODY_LIMIT;
        while more {
            let part = match response.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => Part::End(Some(error::in_body(&error, &self.limits))),
                Ok(0) => Part::End(None),
                Ok(read) if read > left => Part::End(Some(error::too_long())),
                Ok(read) => {
                    left -= read;
                    Part::Body(buffer[..read].to_vec())
                }
            };
            more = !matches!(part, Part::End(_)) & give(part);
        }
        // Reading on or dropping it would wait for the connection's thread. If many
        // requests follow, forgotten responses would accumulate.
        if !self.shared {
            std::mem::forget(response);
        }
    }
}

/// Puts the parts together until `deadline`.
fn collect(
    parts: &Receiver<Part>,
    deadline: Option<Instant>,
    limits: &Limits,
) -> Result<Response, Failure> {
    let mut response: Option<Response> = None;
    let mut last = None;
    loop {
        let part = match deadline {
            None => parts.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => {
                let left = |limit: Instant| limit.saturating_duration_since(Instant::now());
                parts.recv_timeout(left(deadline)).or_else(|_| {
                    let last = *last.get_or_insert_with(|| Instant::now() + LAST_LOOK);
                    parts.recv_timeout(left(last))
                })
            }
        };
        let broken = match part {
            Ok(Part::Failed(failure)) => return Err(failure),
            Ok(Part::Head(head, length)) => {
                response = Some(Response {
                    head,
                    body: Vec::with_capacity(length.min(BODY_LIMIT)),
                    broken: None,
                });
                continue;
            }
            Ok(Part::Body(bytes)) => {
                if let Some(response) = &mut response {
                    response.body.extend_from_slice(&bytes);
                }
                continue;
            }
            Ok(Part::End(broken)) => broken,
            Err(_) => Some(error::timed_out(limits)),
        };
        return match (response, broken) {
            (Some(response), broken) => Ok(Response { broken, ..response }),
            (None, broken) => Err(broken.unwrap_or_else(|| error::timed_out(limits))),
        };
    }
}

/// Sends a request. If the connection was closed before any response, sends it again,
/// as often as `reused` allows.
fn sent(
    mut request: reqwest::blocking::RequestBuilder,
    reused: usize,
) -> reqwest::Result<reqwest::blocking::Response> {
    for _ in 0..reused {
        let Some(again) = request.try_clone() else {
            break;
        };
        match request.send() {
            Err(error) if error::is_closed(&error) => request = again,
            sent => return sent,
        }
    }
    request.send()
}

//! The network itself: one attempt by the client for whole replies or by the
//! one for streams, each set up at the first attempt and kept for the next.
//!
//! Neither is ever dropped: a client's end would wait for a resolver that hangs.
//! The client for whole replies can be shared by threads.

use std::io::{ErrorKind, Read};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::error::Limits;
use super::patience::LAST_LOOK;
use super::stream::{self, LiveStream};
use super::{BODY_LIMIT, Head, Whole, client, descriptors, error};
use crate::error::Failure;
use crate::settings::Connection;

/// Both clients, as far as they have been needed.
#[derive(Default)]
pub(super) struct Live {
    blocking: Option<ManuallyDrop<reqwest::blocking::Client>>,
    streaming: Option<stream::Client>,
    /// More requests follow, by other threads too.
    shared: bool,
    /// The client for whole replies has had one: the next request may go by a
    /// connection that the server is about to close.
    answered: Arc<AtomicBool>,
}

/// Read from a response at a time.
const CHUNK: usize = 64 * 1024;

/// How long a request lives that nobody waits for any more.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// How often a request is sent once more at once, because the connection that it
/// was to go by has been closed since its last answer. Nothing has failed then,
/// and no retry is used up: the next connection is a new one, or as old as that.
pub(super) const REUSED_MAX: usize = 2;

impl Live {
    /// Another by the same client for whole replies.
    pub(super) fn share(&mut self, connection: &Connection) -> Result<Self, Failure> {
        self.shared = true;
        let client = self.client(connection)?.clone();
        Ok(Self {
            blocking: Some(ManuallyDrop::new(client)),
            streaming: None,
            shared: true,
            answered: Arc::clone(&self.answered),
        })
    }

    /// How many requests may be in flight at once, `wanted` at most, where each needs
    /// so many descriptors.
    pub(super) fn fit(
        &mut self,
        connection: &Connection,
        wanted: u32,
        per_request: u64,
    ) -> Result<u32, Failure> {
        // The client itself needs some.
        self.client(connection)?;
        descriptors::fit(wanted, per_request)
    }

    fn client(&mut self, connection: &Connection) -> Result<&reqwest::blocking::Client, Failure> {
        match &mut self.blocking {
            Some(client) => Ok(client),
            none => Ok(none.insert(ManuallyDrop::new(client::blocking(connection)?))),
        }
    }

    /// As [`super::Transport::whole`].
    pub(super) fn whole(
        &mut self,
        connection: &Connection,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Whole, Failure> {
        let request = self
            .client(connection)?
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, false))
            .body(body);
        // The library's own time-out would discard an answer that arrived while the
        // process was stopped. It only ends what a run with more requests has given up.
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

    /// As [`super::Transport::stream`].
    pub(super) fn stream(
        &mut self,
        connection: &Connection,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, LiveStream<'_>), Failure> {
        let client = match self.streaming.take() {
            Some(client) => client,
            None => stream::Client::new(connection)?,
        };
        let client = self.streaming.insert(client);
        client.send(connection, body, limit)
    }
}

/// A request with its response, made by a thread of its own.
struct Exchange {
    request: reqwest::blocking::RequestBuilder,
    limits: Limits,
    shared: bool,
    answered: Arc<AtomicBool>,
}

/// What the thread hands over.
enum Part {
    /// The head, and how long the body will be, as far as that is known.
    Head(Head, usize),
    /// Bytes of the body.
    Body(Vec<u8>),
    /// The body's end; a failure where it broke off.
    End(Option<Failure>),
    /// There is no response.
    Failed(Failure),
}

impl Exchange {
    fn run(self, parts: &Sender<Part>) {
        // Who waits may have given up: then nobody takes the parts.
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
        // Reading on or dropping it would wait for the connection's thread. Where
        // many requests follow, what is forgotten would add up.
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
) -> Result<Whole, Failure> {
    let mut whole: Option<Whole> = None;
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
                whole = Some(Whole {
                    head,
                    body: Vec::with_capacity(length.min(BODY_LIMIT)),
                    broken: None,
                });
                continue;
            }
            Ok(Part::Body(bytes)) => {
                whole
                    .iter_mut()
                    .for_each(|whole| whole.body.extend_from_slice(&bytes));
                continue;
            }
            Ok(Part::End(broken)) => broken,
            Err(_) => Some(error::timed_out(limits)),
        };
        return match (whole, broken) {
            (Some(whole), broken) => Ok(Whole { broken, ..whole }),
            (None, broken) => Err(broken.unwrap_or_else(|| error::timed_out(limits))),
        };
    }
}

/// Sends a request, and again as often as `reused` says where the connection was
/// closed before any response.
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

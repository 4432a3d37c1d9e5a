//! The network itself: one attempt by the client for whole replies or by the
//! one for streams, each set up at the first attempt and kept for the next.
//!
//! Neither is ever dropped: a client's end would wait for a resolver that hangs.
//! The client for whole replies can be shared by threads.

use std::io::Read;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::stream::{self, LiveStream};
use super::{BODY_LIMIT, Head, Whole, client, error};
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
        let limits = error::Limits::of(connection);
        let shared = self.shared;
        let answered = Arc::clone(&self.answered);
        let request = self
            .client(connection)?
            .post(connection.endpoint.url.clone())
            .headers(client::chat_headers(connection, false))
            .body(body);
        let request = match deadline {
            Some(deadline) => request.timeout(deadline.saturating_duration_since(Instant::now())),
            None => request,
        };
        let reused = if answered.load(Ordering::Relaxed) {
            REUSED_MAX
        } else {
            0
        };
        let mut response =
            sent(request, reused).map_err(|error| error::before_head(&error, &limits))?;
        answered.store(true, Ordering::Relaxed);
        let head = client::head(
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
            Err(error) => Some(error::in_body(&error, &limits)),
            Ok(_) if body.len() > BODY_LIMIT => Some(error::too_long()),
            Ok(_) => None,
        };
        // Reading on or dropping it would wait for the connection's thread. Where
        // many requests follow, what is forgotten would add up.
        if !shared {
            std::mem::forget(response);
        }
        Ok(Whole { head, body, broken })
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

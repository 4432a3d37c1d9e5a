//! One attempt: a request → the head of the response and its bytes. The only
//! folder that names reqwest; none of its types leave it.
//!
//! Whole replies go by reqwest's blocking client. Streams go by its async
//! client on a runtime of their own, since the blocking one hands over one
//! chunk a pair of context switches and cannot hand over all that has arrived,
//! which the printer's flush rule is built on.
//!
//! `--record` keeps each exchange in a file, `--replay` takes it from there.

mod call;
pub(crate) mod client;
mod descriptors;
mod digest;
mod error;
mod gather;
mod live;
mod multipart;
mod patience;
mod stream;
mod tls_roots;

use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use reqwest::header::HeaderMap;

use crate::client::in_flight::Gate;
use crate::error::Failure;
use crate::settings::Connection;

use crate::cassette::{Cassette, Pieces, Tape};
pub use call::{Call, Payload, Unanswered};
pub use digest::digest;
pub(crate) use error::too_long;
use live::Live;
pub use patience::LAST_LOOK;
use stream::LiveStream;
pub use stream::Next;

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
    /// The status' standard phrase.
    pub reason: &'static str,
    /// Names in lower case; a value that is not UTF-8 has its odd bytes replaced.
    pub headers: Vec<(String, String)>,
    /// The address that answered: the server's or a proxy's.
    pub peer: Option<String>,
    /// The recording that it was taken from, in the network's place.
    pub recording: Option<String>,
}

impl Head {
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

/// The way to the server, or to what it once answered.
pub struct Transport {
    connection: Arc<Connection>,
    live: Live,
    calls: Option<call::Client>,
    cassette: Option<Cassette>,
    gate: Option<Arc<Gate>>,
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
    pub fn new(mut connection: Connection) -> Self {
        Self {
            live: Live::default(),
            calls: None,
            cassette: connection.cassette.take().map(Cassette::new),
            connection: Arc::new(connection),
            gate: None,
        }
    }

    /// Another for a thread of its own, by the same client and to the same folder;
    /// the requests of all that are made with this gate pass it.
    ///
    /// # Errors
    /// The client cannot be set up.
    pub fn another(&mut self, gate: &Arc<Gate>) -> Result<Self, Failure> {
        Ok(Self {
            live: if self.replays() {
                Live::default()
            } else {
                self.live.share(&self.connection)?
            },
            calls: None,
            cassette: self.cassette.as_ref().map(Cassette::another),
            connection: Arc::clone(&self.connection),
            gate: Some(Arc::clone(gate)),
        })
    }

    /// How many requests may be in flight at once, `wanted` at most: each needs a
    /// connection, most another descriptor to find the host, and those of a slot.
    ///
    /// # Errors
    /// The process may not have enough descriptors open for one.
    pub fn fit(&mut self, wanted: u32) -> Result<u32, Failure> {
        if self.replays() {
            return Ok(wanted);
        }
        let slot = self.connection.max_in_flight.map_or(0, |_| 3);
        self.live.fit(&self.connection, wanted, 2 + slot)
    }

    /// Where its requests wait for their turn, if they do.
    pub fn gate(&self) -> Option<Arc<Gate>> {
        self.gate.clone()
    }

    /// Whether answers come from recordings: then no wait helps anybody.
    pub fn replays(&self) -> bool {
        matches!(self.cassette, Some(Cassette::Replay(_)))
    }

    /// What it was set up with.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The request's head as it goes out, for people to read; the key and the
    /// values of `--header` are hidden.
    pub fn request_head(&self, streamed: bool) -> Vec<String> {
        let headers = client::chat_headers(&self.connection, streamed);
        head_lines("POST", &self.connection.endpoint.url, &headers)
    }

    /// The same of a request beside the chat.
    pub fn call_head(&self, call: &Call<'_>) -> Vec<String> {
        let url = self.connection.endpoint.beside(call.path, call.query);
        head_lines(call.method(), &url, &call.headers(&self.connection))
    }

    /// Makes a request beside the chat and reads its whole response; the body of
    /// a success goes `into` a file, where one is given.
    ///
    /// # Errors
    /// No response came. A body that breaks off is no error here.
    pub fn call(
        &mut self,
        call: &Call<'_>,
        deadline: Option<Instant>,
        into: Option<&mut File>,
    ) -> Result<Whole, Unanswered> {
        let client = match self.calls.take() {
            Some(client) => client,
            None => call::Client::new(&self.connection)?,
        };
        let client = self.calls.insert(client);
        client.call(&self.connection, call, deadline, into)
    }

    /// Sends `body` and reads the whole response.
    ///
    /// # Errors
    /// Nothing usable came back. A body that breaks off is no error here.
    pub fn whole(&mut self, body: Vec<u8>, deadline: Option<Instant>) -> Result<Whole, Failure> {
        let connection = &*self.connection;
        match &mut self.cassette {
            None => self.live.whole(connection, body, deadline),
            Some(Cassette::Replay(player)) => {
                let (head, pieces) = player.next(&body)?;
                Ok(pieces.whole(head))
            }
            Some(Cassette::Record(recorder)) => {
                let tape = recorder.begin(&body)?;
                let whole = self.live.whole(connection, body, deadline)?;
                tape.whole(&whole);
                Ok(whole)
            }
        }
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
        let connection = &*self.connection;
        match &mut self.cassette {
            None => {
                let (head, live) = self.live.stream(connection, body, limit)?;
                Ok((head, Stream(Source::Live(live))))
            }
            Some(Cassette::Replay(player)) => {
                let (head, pieces) = player.next(&body)?;
                Ok((head, Stream(Source::Replayed(pieces))))
            }
            Some(Cassette::Record(recorder)) => {
                let tape = recorder.begin(&body)?;
                let (head, live) = self.live.stream(connection, body, limit)?;
                tape.head(&head);
                Ok((head, Stream(Source::Recorded(live, tape))))
            }
        }
    }

    /// Keeps the exchange that has just ended, where exchanges are recorded.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&mut self) -> Result<Option<Kept>, Failure> {
        match &mut self.cassette {
            Some(Cassette::Record(recorder)) => recorder.keep(),
            _ => Ok(None),
        }
    }
}

/// A request's head as people read it.
fn head_lines(method: &str, url: &url::Url, headers: &HeaderMap) -> Vec<String> {
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut lines = vec![
        format!("{method} {}{query} HTTP/1.1", url.path()),
        format!(
            "host: {}",
            &url[url::Position::BeforeHost..url::Position::AfterPort]
        ),
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

/// An exchange that has been written to a file.
#[derive(Debug)]
pub struct Kept {
    /// The file's path.
    pub file: String,
    /// The answer held a text that must not be shown, and was kept without it.
    pub masked: bool,
}

/// A response whose head has been read.
pub struct Stream<'a>(Source<'a>);

enum Source<'a> {
    Live(LiveStream<'a>),
    /// Kept, too.
    Recorded(LiveStream<'a>, &'a mut Tape),
    Replayed(Pieces),
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Stream")
    }
}

impl Stream<'_> {
    /// Whether there is more to take without a wait: if not, what the reader could
    /// use is owed to it first.
    pub fn has_arrived(&self) -> bool {
        match &self.0 {
            Source::Live(live) | Source::Recorded(live, _) => live.has_arrived(),
            Source::Replayed(_) => true,
        }
    }

    /// All that has arrived; waits for it until `limit` at most.
    ///
    /// # Errors
    /// The body broke off.
    pub fn next(&mut self, limit: Option<Instant>) -> Result<Next<'_>, Failure> {
        match &mut self.0 {
            Source::Live(live) => live.next(limit),
            Source::Recorded(live, tape) => tape.listen(live.next(limit)),
            Source::Replayed(pieces) => pieces.next(),
        }
    }
}

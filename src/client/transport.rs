//! Where one attempt goes: to the network, or to a folder of recordings.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::concurrency::ConcurrencyLimit;
use crate::cassette::{Cache, Cassette, OpenRecording, Recorded, ReplayedBody};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::http::{Head, HttpClient, LiveStream, Next, ResourceRequest, Response, Unanswered};
use crate::settings::Connection;

/// The way to the server, or to its recorded answers.
pub struct Transport {
    connection: Arc<Connection>,
    http: HttpClient,
    cassette: Option<Cassette>,
    concurrency: Option<Arc<ConcurrencyLimit>>,
    /// The models that the server does not serve, with its answer to a request for one.
    unserved: Arc<Mutex<BTreeMap<String, Failure>>>,
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
        let cassette = connection.cassette.take();
        let url = connection.endpoint.url.as_str();
        Self {
            http: HttpClient::default(),
            cassette: cassette.map(|settings| Cassette::new(settings, url)),
            connection: Arc::new(connection),
            concurrency: None,
            unserved: Arc::default(),
        }
    }

    /// A transport for another thread, with the same connections and folder. All
    /// transports with the same `concurrency` share its limit.
    ///
    /// # Errors
    /// The client cannot be set up.
    pub fn share(&mut self, concurrency: &Arc<ConcurrencyLimit>) -> Result<Self, Failure> {
        Ok(Self {
            http: if self.replays() {
                HttpClient::default()
            } else {
                self.http.share(&self.connection)?
            },
            cassette: self.cassette.as_ref().map(Cassette::share),
            connection: Arc::clone(&self.connection),
            concurrency: Some(Arc::clone(concurrency)),
            unserved: Arc::clone(&self.unserved),
        })
    }

    /// How many requests may be in flight at once, at most `wanted`. Each needs
    /// descriptors for its connection, for finding the host, for a slot and for the budget.
    ///
    /// # Errors
    /// The process may not open enough descriptors for one request.
    pub fn fit(&mut self, wanted: u32) -> Result<u32, Failure> {
        if self.replays() {
            return Ok(wanted);
        }
        let slot = self.connection.max_in_flight.map_or(0, |_| 3);
        let budget = self.connection.budget.map_or(0, |_| 5);
        self.http.fit(&self.connection, wanted, 2 + slot + budget)
    }

    /// The limit on the requests in flight of this run, if there is one.
    pub fn concurrency(&self) -> Option<Arc<ConcurrencyLimit>> {
        self.concurrency.clone()
    }

    /// Remembers that the server does not serve `model`. Returns whether that is new.
    pub fn remember_unserved(&self, model: &str, failure: &Failure) -> bool {
        let unserved = self.unserved.lock();
        let mut unserved = unserved.unwrap_or_else(PoisonError::into_inner);
        unserved.insert(model.to_owned(), failure.clone()).is_none()
    }

    /// The server's answer if an earlier request of this run found that it does not serve
    /// `model`. Recordings hold each request of a run, so that a replay finds them all.
    pub fn unserved(&self, model: &str) -> Option<Failure> {
        if self.cassette.is_some() {
            return None;
        }
        let unserved = self.unserved.lock();
        let unserved = unserved.unwrap_or_else(PoisonError::into_inner);
        unserved.get(model).cloned()
    }

    /// Whether answers come from recordings, so that waiting is of no use.
    pub fn replays(&self) -> bool {
        matches!(self.cassette, Some(Cassette::Replay(_)))
    }

    /// The cache, if answers are kept.
    pub(super) fn cache(&mut self) -> Option<&mut Cache> {
        match &mut self.cassette {
            Some(Cassette::Cache(cache)) => Some(cache),
            _ => None,
        }
    }

    /// Whether answers are kept (`--cache`).
    pub fn caches(&self) -> bool {
        matches!(self.cassette, Some(Cassette::Cache(_)))
    }

    /// Checks the folder of the cache, if there is one, before anything is sent.
    ///
    /// # Errors
    /// The folder cannot be used: exit 2.
    pub fn prepare(&mut self) -> Result<(), Failure> {
        self.cache().map_or(Ok(()), Cache::prepare)
    }

    /// Makes the key known before a request is sent, and hides it.
    ///
    /// # Errors
    /// There is no key, or it cannot be used: exit 3.
    pub(super) fn require_key(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let connection = Arc::clone(&self.connection);
        let key = connection.require_key(&mut |line| sink.note(Level::Always, &line))?;
        if let Some(key) = key {
            sink.hide_key(key);
            if let Some(cache) = self.cache() {
                cache.hide_key(key);
            }
        }
        Ok(())
    }

    /// The settings of the connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Makes a request for a file or a batch and reads the complete response. If `into`
    /// is given, the body of a successful response is written to it.
    ///
    /// # Errors
    /// No response arrived. A body that breaks off is not an error here.
    pub fn resource(
        &mut self,
        request: &ResourceRequest<'_>,
        deadline: Option<Instant>,
        into: Option<&mut File>,
    ) -> Result<Response, Unanswered> {
        self.http
            .resource(&self.connection, request, deadline, into)
    }

    /// Sends `body` to the chat and reads the complete response.
    ///
    /// # Errors
    /// No usable response arrived. A body that breaks off is not an error here.
    pub fn complete(
        &mut self,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        let connection = &*self.connection;
        match &mut self.cassette {
            None => self.http.complete(connection, body, deadline),
            Some(Cassette::Replay(folder)) => {
                let (head, replayed) = folder.next(&body)?;
                Ok(replayed.response(head))
            }
            Some(Cassette::Record(folder)) => {
                let open = folder.start(&body)?;
                let response = self.http.complete(connection, body, deadline)?;
                open.response(&response);
                Ok(response)
            }
            Some(Cassette::Cache(cache)) => {
                let open = cache.start(&body);
                let response = self.http.complete(connection, body, deadline)?;
                open.response(&response);
                Ok(response)
            }
        }
    }

    /// Sends `body` to the chat and reads the response's head; the rest follows from the
    /// stream. `limit` bounds the wait for the head.
    ///
    /// # Errors
    /// No head arrived.
    pub fn stream(
        &mut self,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, Stream<'_>), Failure> {
        let connection = &*self.connection;
        match &mut self.cassette {
            None => {
                let (head, live) = self.http.stream(connection, body, limit)?;
                Ok((head, Stream(Source::Live(live))))
            }
            Some(Cassette::Replay(folder)) => {
                let (head, replayed) = folder.next(&body)?;
                Ok((head, Stream(Source::Replayed(replayed))))
            }
            Some(Cassette::Record(folder)) => {
                let open = folder.start(&body)?;
                let (head, live) = self.http.stream(connection, body, limit)?;
                open.head(&head);
                Ok((head, Stream(Source::Recorded(live, open))))
            }
            Some(Cassette::Cache(cache)) => {
                let open = cache.start(&body);
                let (head, live) = self.http.stream(connection, body, limit)?;
                open.head(&head);
                Ok((head, Stream(Source::Recorded(live, open))))
            }
        }
    }

    /// If exchanges are recorded, writes the exchange that has just ended to a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(&mut self) -> Result<Option<Recorded>, Failure> {
        match &mut self.cassette {
            Some(Cassette::Record(folder)) => folder.finish(),
            _ => Ok(None),
        }
    }
}

/// A response whose head has been read.
pub struct Stream<'a>(Source<'a>);

enum Source<'a> {
    Live(LiveStream<'a>),
    /// From the network, and recorded.
    Recorded(LiveStream<'a>, &'a mut OpenRecording),
    Replayed(ReplayedBody),
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Stream")
    }
}

impl Stream<'_> {
    /// The stream of a response that was recorded.
    pub(super) fn replayed(body: ReplayedBody) -> Self {
        Self(Source::Replayed(body))
    }

    /// Whether bytes can be read without waiting. If not, the caller prints what it
    /// has before it waits.
    pub fn has_arrived(&self) -> bool {
        match &self.0 {
            Source::Live(live) | Source::Recorded(live, _) => live.has_arrived(),
            Source::Replayed(_) => true,
        }
    }

    /// Returns all the bytes that have arrived. If there are none, waits for them until
    /// `limit`.
    ///
    /// # Errors
    /// The body broke off.
    pub fn next(&mut self, limit: Option<Instant>) -> Result<Next<'_>, Failure> {
        match &mut self.0 {
            Source::Live(live) => live.next(limit),
            Source::Recorded(live, recording) => recording.listen(live.next(limit)),
            Source::Replayed(replayed) => replayed.next(),
        }
    }
}

//! Where one attempt goes: to the network, or to a folder of recordings.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::concurrency::ConcurrencyLimit;
use crate::cassette::{Cache, Cassette, Exchange, OpenRecording, Recorded, ReplayedBody};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::http::{Head, HttpClient, LiveStream, Next, Response};
use crate::settings::Connection;

/// The way to the server, or to its recorded answers.
#[derive(Debug)]
pub struct Transport {
    connection: Arc<Connection>,
    pub(super) http: HttpClient,
    cassette: Option<Cassette>,
    concurrency: Option<Arc<ConcurrencyLimit>>,
    /// The models that the server does not serve, with its answer to a request for one.
    unserved: Arc<Mutex<BTreeMap<String, Failure>>>,
}

impl Transport {
    /// Takes the connection's settings; nothing is opened yet.
    pub fn new(mut connection: Connection) -> Self {
        let cassette = connection.cassette.take();
        let connection = Arc::new(connection);
        let url = connection.endpoint.url.as_str();
        Self {
            http: HttpClient::new(Arc::clone(&connection)),
            cassette: cassette.map(|settings| Cassette::new(settings, url)),
            connection,
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
                HttpClient::new(Arc::clone(&self.connection))
            } else {
                self.http.share()?
            },
            cassette: self.cassette.clone(),
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
        self.http.fit(wanted, 2 + slot + budget)
    }

    /// The limit on the requests in flight of this run, if there is one.
    pub(super) fn concurrency(&self) -> Option<Arc<ConcurrencyLimit>> {
        self.concurrency.clone()
    }

    /// Remembers that the server does not serve `model`. Returns whether that is new.
    pub(super) fn remember_unserved(&self, model: &str, failure: &Failure) -> bool {
        let mut unserved = self.unserved.lock().unwrap_or_else(PoisonError::into_inner);
        unserved.insert(model.to_owned(), failure.clone()).is_none()
    }

    /// The server's answer if an earlier request of this run found that it does not serve `model`.
    /// `None` with a cassette: recordings contain each request, so that a replay finds them all.
    pub(super) fn unserved(&self, model: &str) -> Option<Failure> {
        if self.cassette.is_some() {
            return None;
        }
        let unserved = self.unserved.lock().unwrap_or_else(PoisonError::into_inner);
        unserved.get(model).cloned()
    }

    /// Whether answers come from recordings. If so, waiting is useless.
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

    /// Makes sure that the key is known before a request is sent, and hides it. Exit 3 if there is
    /// none.
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

    /// Sends `body` to the chat and reads the complete response.
    ///
    /// # Errors
    /// No usable response arrived. A body that breaks off is not an error here.
    pub fn complete(
        &mut self,
        body: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        let recording = match start(&mut self.cassette, &body)? {
            Exchange::Replayed(head, body) => return Ok(body.response(head)),
            Exchange::Live(recording) => recording,
        };
        let response = self.http.complete(body, deadline)?;
        if let Some(recording) = recording {
            recording.response(&response);
        }
        Ok(response)
    }

    /// Sends `body` to the chat and reads the response's head. The returned stream reads the body.
    /// `limit` bounds the wait for the head.
    ///
    /// # Errors
    /// No head arrived.
    pub fn stream(
        &mut self,
        body: Vec<u8>,
        limit: Option<Instant>,
    ) -> Result<(Head, Stream<'_>), Failure> {
        let mut recording = match start(&mut self.cassette, &body)? {
            Exchange::Replayed(head, body) => return Ok((head, Stream::replayed(body))),
            Exchange::Live(recording) => recording,
        };
        let (head, live) = self.http.stream(body, limit)?;
        if let Some(recording) = &mut recording {
            recording.head(&head);
        }
        Ok((head, Stream(Source::Live(live, recording))))
    }

    /// If exchanges are recorded, writes the exchange that has just ended to a file.
    pub(super) fn record(&mut self) -> Result<Option<Recorded>, Failure> {
        match &mut self.cassette {
            Some(Cassette::Record(folder)) => folder.finish(),
            _ => Ok(None),
        }
    }
}

/// Starts an exchange for a request with this body.
fn start<'a>(cassette: &'a mut Option<Cassette>, body: &[u8]) -> Result<Exchange<'a>, Failure> {
    match cassette {
        Some(cassette) => cassette.start(body),
        None => Ok(Exchange::Live(None)),
    }
}

/// A response whose head has been read.
#[derive(Debug)]
pub struct Stream<'a>(Source<'a>);

#[derive(Debug)]
enum Source<'a> {
    /// From the network, and recorded if there is a recording.
    Live(LiveStream<'a>, Option<&'a mut OpenRecording>),
    Replayed(ReplayedBody),
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
            Source::Live(live, _) => live.has_arrived(),
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
            Source::Live(live, None) => live.next(limit),
            Source::Live(live, Some(recording)) => recording.listen(live.next(limit)),
            Source::Replayed(replayed) => replayed.next(),
        }
    }
}

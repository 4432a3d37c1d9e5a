//! `--record`, `--replay` and `--cache`: exchanges with the server as files of a folder, in
//! a format for people and for version control.

mod cache;
mod record;
mod recording;
mod redact;
mod replay;
mod request_view;

use crate::error::Failure;
use crate::http::Head;
use crate::settings;

use record::Recorder;
use replay::Replayer;

pub(crate) use cache::{Cache, Lookup};
pub(crate) use record::OpenRecording;
pub use record::Recorded;
pub(crate) use replay::ReplayedBody;
pub(crate) use request_view::RequestView;

/// Records or replays exchanges.
#[derive(Debug)]
pub(crate) enum Cassette {
    /// Exchanges are written to files.
    Record(Box<Recorder>),
    /// Responses are read from recorded files.
    Replay(Replayer),
    /// Answers are kept, and used again for the same request.
    Cache(Box<Cache>),
}

impl Cassette {
    /// `url` is where requests go.
    pub(crate) fn new(settings: settings::Cassette, url: &str) -> Self {
        match settings {
            settings::Cassette::Record(folder, scrubber) => {
                Self::Record(Box::new(Recorder::new(folder, scrubber)))
            }
            settings::Cassette::Replay(folder) => Self::Replay(Replayer::new(folder)),
            settings::Cassette::Cache(folder, ttl, scrubber) => {
                Self::Cache(Box::new(Cache::new(folder, ttl, url.to_owned(), scrubber)))
            }
        }
    }

    /// Starts an exchange for a request with this body.
    ///
    /// # Errors
    /// The folder cannot be used: exit 2. No recording fits: exit 13.
    pub(crate) fn start(&mut self, body: &[u8]) -> Result<Exchange<'_>, Failure> {
        match self {
            Self::Record(recorder) => Ok(Exchange::Live(Some(recorder.start(body)?))),
            Self::Replay(replayer) => {
                let (head, body) = replayer.next(body)?;
                Ok(Exchange::Replayed(head, body))
            }
            Self::Cache(cache) => Ok(Exchange::Live(Some(cache.start(body)))),
        }
    }

    /// A cassette for another thread, with the same folder.
    pub(crate) fn share(&self) -> Self {
        match self {
            Self::Record(recorder) => Self::Record(Box::new(recorder.share())),
            Self::Replay(player) => Self::Replay(player.clone()),
            Self::Cache(cache) => Self::Cache(Box::new(cache.share())),
        }
    }
}

/// An exchange that starts with a request.
pub(crate) enum Exchange<'a> {
    /// The recorded response.
    Replayed(Head, ReplayedBody),
    /// The request goes to the server, and the response is recorded here.
    Live(Option<&'a mut OpenRecording>),
}

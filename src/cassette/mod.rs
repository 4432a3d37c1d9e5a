//! `--record`, `--replay` and `--cache`: exchanges with the server as files of a folder, in
//! a format for people and for version control.

mod cache;
mod file_format;
mod record;
mod redact;
mod replay;

use crate::error::Failure;
use crate::http::Head;
use crate::settings;

use record::Recorder;
use replay::Replayer;

pub(crate) use cache::{Cache, Miss};
pub(crate) use file_format::RequestView;
pub(crate) use record::OpenRecording;
pub use record::Recorded;
pub(crate) use replay::ReplayedBody;

/// Records or replays exchanges. Clones share the folder.
#[derive(Debug, Clone)]
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

    /// Starts an exchange for a request with this body. If the folder cannot be used: exit 2;
    /// if no recording fits: exit 13.
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
}

/// An exchange that starts with a request.
pub(crate) enum Exchange<'a> {
    /// The recorded response.
    Replayed(Head, ReplayedBody),
    /// The request goes to the server, and the response is recorded here.
    Live(Option<&'a mut OpenRecording>),
}

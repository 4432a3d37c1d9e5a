//! `--record` and `--replay`: exchanges with the server ↔ files in a folder, one for
//! each exchange, in a form that people can read and version control can keep.

mod record;
mod recording;
mod redact;
mod replay;
mod request_view;

use crate::settings;

use record::Recorder;
use replay::Replayer;

pub(crate) use record::OpenRecording;
pub use record::Recorded;
pub(crate) use replay::ReplayedBody;

/// What is done with exchanges.
pub(crate) enum Cassette {
    /// They are kept.
    Record(Box<Recorder>),
    /// They are taken from what was kept.
    Replay(Replayer),
}

impl Cassette {
    pub(crate) fn new(settings: settings::Cassette) -> Self {
        match settings {
            settings::Cassette::Record(folder, scrubber) => {
                Self::Record(Box::new(Recorder::new(folder, scrubber)))
            }
            settings::Cassette::Replay(folder) => Self::Replay(Replayer::new(folder)),
        }
    }

    /// Another over the same folder, for a thread of its own.
    pub(crate) fn share(&self) -> Self {
        match self {
            Self::Record(recorder) => Self::Record(Box::new(recorder.share())),
            Self::Replay(player) => Self::Replay(player.clone()),
        }
    }
}

//! `--record` and `--replay`: keeps each exchange with the server in a file of a folder,
//! in a format for people and for version control.

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

/// Records or replays exchanges.
pub(crate) enum Cassette {
    /// Exchanges are written to files.
    Record(Box<Recorder>),
    /// Responses are read from recorded files.
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

    /// A cassette for another thread, with the same folder.
    pub(crate) fn share(&self) -> Self {
        match self {
            Self::Record(recorder) => Self::Record(Box::new(recorder.share())),
            Self::Replay(player) => Self::Replay(player.clone()),
        }
    }
}

//! `--record` and `--replay`: exchanges with the server ↔ files of a folder,
//! one an exchange, that people can read and version control can keep.

mod asked;
mod clean;
mod form;
mod record;
mod replay;

use crate::settings;

use record::Recorder;
use replay::Player;

pub(crate) use record::Tape;
pub(crate) use replay::Pieces;

/// What is done with exchanges.
pub(crate) enum Cassette {
    /// They are kept.
    Record(Box<Recorder>),
    /// They are taken from what was kept.
    Replay(Player),
}

impl Cassette {
    pub(crate) fn new(settings: settings::Cassette) -> Self {
        match settings {
            settings::Cassette::Record(folder, scrubber) => {
                Self::Record(Box::new(Recorder::new(folder, scrubber)))
            }
            settings::Cassette::Replay(folder) => Self::Replay(Player::new(folder)),
        }
    }

    /// Another over the same folder, for a thread of its own.
    pub(crate) fn another(&self) -> Self {
        match self {
            Self::Record(recorder) => Self::Record(Box::new(recorder.another())),
            Self::Replay(player) => Self::Replay(player.clone()),
        }
    }
}

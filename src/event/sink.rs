//! The seam between a run and its output: a run hands over events and data, the
//! output decides how to print them.

use std::fmt::Display;

use super::{Count, Event};
use crate::error::Failure;

/// Hands events to a sink.
pub type Work<'a> = dyn FnMut(&mut dyn Sink) -> Result<(), Failure> + 'a;

/// Takes what happens in a run: the printer, in every run.
///
/// A returned failure ends the run; one of class `ok` does so quietly, since the
/// reader has gone.
pub trait Sink {
    /// Takes an event.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure>;

    /// Takes what only one of the formats prints.
    fn data(&mut self, data: Data<'_>) -> Result<(), Failure>;

    /// Lets `work` hand over what has arrived together, under one lock.
    fn burst(&mut self, work: &mut Work<'_>) -> Result<(), Failure>;

    /// Prints what is held back: the run is about to wait.
    fn flush(&mut self) -> Result<(), Failure>;

    /// Drops what has come of an answer and was not printed: another request follows.
    fn retry(&mut self);

    /// Whether any part of the answer was printed. Then no request is repeated, since
    /// a reader would see the answer twice.
    fn printed(&self) -> bool;

    /// Adds to the tally.
    fn count(&mut self, what: Count<'_>);

    /// Takes a message for standard error. It is formatted only where it is shown.
    fn note(&mut self, level: Level, text: &dyn Display);
}

/// What one of the formats prints and the others do not.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// `text`: the answer, where it was not printed as deltas. Begins a line.
    Answer(&'a str),
    /// `text`: a JSON value, such as a call. Begins a line.
    Json(&'a str),
    /// `json`: a body, or the data of a frame as one line.
    Body {
        /// As the server sent them.
        bytes: &'a [u8],
        /// A part of the answer is in it. Bodies before it are held back, so that a
        /// request that fails before it can be repeated.
        token: bool,
    },
    /// The answer is complete.
    End,
}

/// Decides when a note is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Even under `--quiet`: part of what was asked for.
    Always,
    /// Text of the model that is not part of the answer. It is shown only if the
    /// format has no other place for it.
    ExtraText,
    /// Text of the model that replaces an answer that is withheld.
    Withheld,
    /// Something the user should know; not under `--quiet`.
    Warning,
    /// What was done; not under `--quiet`.
    Notice,
    /// Under `--verbose` only.
    Verbose,
}

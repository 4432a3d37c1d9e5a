//! The interface between a run and its output: a run passes on events and data, and the
//! output decides how to print them.

use std::fmt::Display;

use super::{Count, Event};
use crate::error::Failure;

/// Receives what happens in a run. The printer is the sink of every run.
///
/// A returned failure ends the run. One of class `ok` ends it without a message, since the
/// reader has closed the output.
pub trait Sink {
    /// Receives an event. At [`Event::Retry`] the sink drops what it holds back of the answer
    /// that failed.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure>;

    /// Receives what only one of the formats prints.
    fn data(&mut self, data: Data<'_>) -> Result<(), Failure>;

    /// Prints buffered output before the run waits.
    fn flush(&mut self) -> Result<(), Failure>;

    /// Whether any part of the answer was printed. If so, no request is repeated, since the
    /// reader would see the answer twice.
    fn printed(&self) -> bool;

    /// Adds to the tally.
    fn count(&mut self, what: Count<'_>);

    /// Masks a key that was not known before.
    fn hide_key(&mut self, key: &str);

    /// Receives a message for standard error. It is formatted only if it is shown.
    fn note(&mut self, level: Level, text: &dyn Display);
}

/// Output that only one of the formats prints.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// `text`: the answer, if it was not printed as deltas. Starts a new line.
    Answer(&'a str),
    /// `text`: a JSON value, such as a call. Starts a new line.
    Json(&'a str),
    /// `json`: a body, or the data of a frame as one line.
    Body {
        /// As the server sent it.
        bytes: &'a [u8],
        /// It has a part of the answer. Earlier bodies are held back, so that a request that fails
        /// before this one can be repeated.
        token: bool,
    },
    /// The answer is complete.
    End,
}

/// Decides when a note is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Always, even under `--quiet`: the user asked for it.
    Always,
    /// The model's text that is not the answer, if the format has no other place for it.
    Prose,
    /// The model's text of an answer that is not printed.
    Withheld,
    /// Something that the user should know; not under `--quiet`.
    Warning,
    /// What was done; not under `--quiet`.
    Notice,
    /// Under `--verbose` only.
    Verbose,
}

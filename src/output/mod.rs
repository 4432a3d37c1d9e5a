//! Events and data → standard output, standard error and files. All printing happens
//! here.
//!
//! [`Printer`] consists of parts that own their state: the buffer, the answer's text,
//! the events, the messages with the status line, and the meta file. The output is
//! collected and written before the run waits, so that a burst costs one write and a
//! single delta is written at once.

mod answer_text;
mod atomic_file;
mod buffer;
mod destination;
mod events;
mod extract;
mod json_text;
mod messages;
mod open;
mod printer;
mod rendering;
mod results_file;
mod status;

use crate::cli::Format;
use crate::markdown;

pub use destination::{Meta, Output};
pub use events::Done;
pub use extract::Which;
pub use messages::refuse;
pub use open::{Kind, open, print};
pub use printer::{Printer, SharedPrinter};
pub use results_file::ResultsFile;

/// How and what to print.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Options {
    /// `--format`.
    pub format: Format,
    /// The command's name.
    pub command: &'static str,
    /// Deltas are printed as they arrive. Otherwise the text arrives as
    /// [`Data::Answer`](crate::event::Data::Answer).
    pub live: bool,
    /// `--extract`.
    pub extract: Option<Which>,
    /// `--render`: how to render, or `None` to print the text as it is.
    pub render: Option<markdown::Options>,
    /// `--meta`, opened before anything is sent.
    pub meta: Option<Meta>,
    /// `--usage`.
    pub usage: bool,
    /// `--reasoning`.
    pub reasoning: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// `--verbose`.
    pub verbose: bool,
    /// Standard error is a terminal.
    pub progress: bool,
    /// The run has many items, and their number is shown.
    pub many: bool,
    /// Results are printed in input order.
    pub ordered: bool,
}

impl Options {
    /// Options that print everything unchanged.
    pub fn bare(format: Format, command: &'static str) -> Self {
        Self {
            format,
            command,
            ..Self::default()
        }
    }
}

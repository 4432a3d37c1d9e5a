//! Events → standard output and standard error. All printing happens here.
//!
//! Output is gathered in one buffer and leaves when the run is about to wait,
//! so that a burst costs one write and a lone delta leaves at once.

mod atomic_file;
mod beside;
mod descriptor;
mod extract;
mod finish;
mod hint;
mod in_order;
mod open;
mod reasoning;
mod rendering;
mod result;
mod results_file;
mod shared;
mod sink;
pub(crate) mod status;
mod text;

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Event, Items, Tally, Unfinished};
use crate::exit::Class;
use crate::output::status::{Bar, Spinner};
use crate::secret::Scrubber;
use crate::terminal;

pub use atomic_file::Output;
pub use extract::Which;
pub use finish::Done;
pub use open::{Kind, open, print};
pub use results_file::Journal;
pub use shared::Shared;

use crate::markdown::{self, Renderer};
use extract::Extract;
use in_order::InOrder;
use terminal::{Pieces, one_line, sanitize};

/// How and what to print.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Options {
    /// `--format`.
    pub format: Format,
    /// The command's name.
    pub command: &'static str,
    /// Deltas are printed as they come; else text comes by
    /// [`Sink::text`](crate::event::Sink::text).
    pub live: bool,
    /// `--extract`.
    pub extract: Option<Which>,
    /// `--render`: how, or `None` to print text as it is.
    pub render: Option<markdown::Options>,
    /// `--meta`, opened before anything is sent.
    pub meta: Option<(PathBuf, File)>,
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
    /// It is about items, whose number is told.
    pub many: bool,
    /// Results are printed in input order.
    pub ordered: bool,
}

impl Options {
    /// Only what is handed over is printed, whole texts as they are.
    pub fn bare(format: Format, command: &'static str) -> Self {
        Self {
            format,
            command,
            live: false,
            extract: None,
            render: None,
            meta: None,
            usage: false,
            reasoning: false,
            quiet: false,
            verbose: false,
            progress: false,
            many: false,
            ordered: false,
        }
    }
}

/// Tells `err` of a failure before there is a printer, without what `scrubber` hides.
pub fn refuse(err: &mut impl Write, failure: &Failure, scrubber: &Scrubber) {
    let line = |text: &str| one_line(&scrubber.scrub(text)).into_owned();
    let hint = failure
        .hint
        .as_deref()
        .map(|hint| format!("hint: {}\n", line(hint)));
    let text = format!(
        "airx: {}\n{}",
        line(&failure.to_string()),
        hint.unwrap_or_default()
    );
    let _ = err.write_all(text.as_bytes());
}

/// Buffered output leaves at this size even in the middle of a burst.
const BURST: usize = 64 * 1024;

/// Takes the events of one run and prints them.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "what is known of the output is not one state"
)]
pub struct Printer<O: Write, E: Write> {
    options: Options,
    out: O,
    err: E,
    /// People read `out` as it comes: control characters are shown, not sent.
    terminal: bool,
    buffer: Vec<u8>,
    /// The buffer holds payloads without any token yet.
    held: bool,
    printed: bool,
    /// The last byte of the answer's text.
    last: u8,
    pieces: Pieces,
    extract: Option<Extract>,
    render: Option<Box<Renderer>>,
    thoughts: Pieces,
    /// Thinking that may be the beginning of a secret.
    unsettled: String,
    /// The thinking on `err` has not ended its line.
    thinking: bool,
    scrubber: Scrubber,
    tally: Tally,
    spinner: Option<Spinner>,
    bar: Option<Bar>,
    items: Option<Items>,
    request_id: Option<String>,
    /// What a signal's message tells besides.
    unfinished: Option<Unfinished>,
    finished: bool,
    /// Results that wait for those before them.
    in_order: Option<InOrder>,
    /// Counts the writes to `out`.
    writes: Arc<AtomicU64>,
}

impl<O: Write, E: Write> Printer<O, E> {
    /// Prints to `out`, and to `err` what is not the answer.
    pub fn new(mut options: Options, out: O, terminal: bool, err: E) -> Self {
        let extract = options.extract.take().map(Extract::new);
        let in_order = options.ordered.then(InOrder::default);
        let render = options.render.map(|how| Box::new(Renderer::new(how)));
        Self {
            options,
            out,
            err,
            terminal,
            buffer: Vec::new(),
            held: false,
            printed: false,
            last: b'\n',
            pieces: Pieces::default(),
            extract,
            render,
            thoughts: Pieces::default(),
            unsettled: String::new(),
            thinking: false,
            scrubber: Scrubber::default(),
            tally: Tally::default(),
            spinner: None,
            bar: None,
            items: None,
            request_id: None,
            unfinished: None,
            finished: false,
            in_order,
            writes: Arc::default(),
        }
    }

    /// Hides these from now on.
    pub fn hide(&mut self, scrubber: Scrubber) {
        self.scrubber = scrubber;
    }

    /// Puts an event's line into the buffer.
    fn push_event(&mut self, event: &Event<'_>) {
        let from = self.buffer.len();
        // Into memory, and of strings and numbers only: nothing can fail.
        let _ = event.write_json(&mut self.buffer);
        self.make_line(from);
    }

    /// Ends the line that begins at `from` and makes it safe for a terminal.
    fn make_line(&mut self, from: usize) {
        self.make_safe(from);
        if self.buffer.last() != Some(&b'\n') || self.buffer.len() == from {
            self.buffer.push(b'\n');
        }
    }

    /// Shows the control characters behind `from`, where people read the output.
    fn make_safe(&mut self, from: usize) {
        if self.terminal {
            let text = String::from_utf8_lossy(&self.buffer[from..]).into_owned();
            self.buffer.truncate(from);
            self.buffer.extend_from_slice(sanitize(&text).as_bytes());
        }
    }

    fn flush_burst(&mut self) -> Result<(), Failure> {
        if self.buffer.len() >= BURST {
            self.flush_buffer()
        } else {
            Ok(())
        }
    }

    fn flush_buffer(&mut self) -> Result<(), Failure> {
        if self.buffer.is_empty() || (self.held && self.buffer.len() < BURST) {
            return Ok(());
        }
        // What was held back leaves for its length, token or not.
        self.printed |= std::mem::take(&mut self.held);
        self.spinner = None;
        self.end_thinking();
        let (out, buffer) = (&mut self.out, &self.buffer);
        let written = match &self.bar {
            Some(bar) if self.terminal => bar.apart(|| out.write_all(buffer)),
            _ => out.write_all(buffer),
        };
        self.buffer.clear();
        self.writes.fetch_add(1, Ordering::Relaxed);
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::new(Class::Ok, "the reader has gone"),
            _ => Failure::new(Class::Internal, format!("cannot write the output: {error}")),
        })
    }

    /// A message or a hint without what must not be shown, and not longer than
    /// people read: a server may have put anything into it. It is cut when it has
    /// been scrubbed, since half of a secret is not known for one.
    fn told(&self, text: &str) -> String {
        const MAX: usize = 1000;
        let clean = self.scrubber.scrub(text);
        match clean.char_indices().nth(MAX) {
            Some((cut, _)) => format!("{}…", &clean[..cut]),
            None => clean.into_owned(),
        }
    }

    /// Writes whole lines to standard error, scrubbed and safe.
    fn say(&mut self, text: &str) {
        self.spinner = None;
        self.end_thinking();
        let scrubbed = self.scrubber.scrub(text);
        let mut lines = sanitize(&scrubbed).into_owned();
        if !lines.ends_with('\n') {
            lines.push('\n');
        }
        // A standard error that cannot be written to leaves nobody to tell.
        let err = &mut self.err;
        let _ = match &self.bar {
            Some(bar) => bar.apart(|| err.write_all(lines.as_bytes())),
            None => err.write_all(lines.as_bytes()),
        };
    }
}

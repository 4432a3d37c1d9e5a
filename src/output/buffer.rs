//! Collects the bytes for the output and writes them before the run waits.

use std::io::{BufRead, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Failure;
use crate::exit::Class;
use crate::terminal::sanitize;

/// The buffer is written at this size even in the middle of a burst.
const BURST: usize = 64 * 1024;

/// Bytes that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// The output is a terminal: control characters are shown, not sent.
    pub(super) terminal: bool,
    pub(super) bytes: Vec<u8>,
    /// The bytes are bodies without any part of the answer, and are held back.
    held: bool,
    /// A part of the answer was printed, or is in the buffer.
    pub(super) printed: bool,
    /// Counts the writes. Can be read while a write is blocked.
    pub(super) writes: Arc<AtomicU64>,
}

impl Buffer {
    pub(super) fn new(terminal: bool) -> Self {
        Self {
            terminal,
            ..Self::default()
        }
    }

    /// Adds the line that `write` writes.
    pub(super) fn line(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let from = self.bytes.len();
        write(&mut self.bytes);
        self.make_safe(from);
        if self.bytes.last() != Some(&b'\n') || self.bytes.len() == from {
            self.bytes.push(b'\n');
        }
    }

    /// Adds a body as a line. Bodies are held back until one contains a `token` of the answer.
    pub(super) fn body(&mut self, bytes: &[u8], token: bool) {
        if self.bytes.is_empty() && !self.printed {
            self.held = true;
        }
        self.line(|buffer| buffer.extend_from_slice(bytes));
        if token {
            self.held = false;
            self.printed = true;
        }
    }

    /// Adds the next line of `from`. Returns whether there was one.
    pub(super) fn copy_line(&mut self, from: &mut dyn BufRead) -> std::io::Result<bool> {
        let start = self.bytes.len();
        let length = from.read_until(b'\n', &mut self.bytes)?;
        self.make_safe(start);
        Ok(length > 0)
    }

    /// If the output is a terminal, shows the control characters after `from`.
    fn make_safe(&mut self, from: usize) {
        if self.terminal {
            let text = String::from_utf8_lossy(&self.bytes[from..]).into_owned();
            self.bytes.truncate(from);
            self.bytes.extend_from_slice(sanitize(&text).as_bytes());
        }
    }

    /// Stops holding bytes back: keeps them for the next write, or drops them.
    pub(super) fn release(&mut self, keep: bool) {
        if std::mem::take(&mut self.held) && !keep {
            self.bytes.clear();
        }
    }

    /// Whether it must be written before the burst ends.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= BURST
    }

    /// Whether there is something to write.
    pub(super) fn is_due(&self) -> bool {
        !self.bytes.is_empty() && (!self.held || self.is_full())
    }

    pub(super) fn write(&mut self, out: &mut impl Write) -> Result<(), Failure> {
        // Bodies that were held back are written once they are too long.
        self.printed |= std::mem::take(&mut self.held);
        let written = out.write_all(&self.bytes);
        self.bytes.clear();
        self.writes.fetch_add(1, Ordering::Relaxed);
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::new(Class::Ok, "the reader has gone"),
            _ => Failure::new(Class::Internal, format!("cannot write the output: {error}")),
        })
    }
}

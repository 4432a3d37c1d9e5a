//! Takes the events and data of one run and prints them.

use std::fmt::Display;
use std::io::{BufRead, Stderr, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::answer_text::AnswerText;
use super::buffer::Buffer;
use super::events::{Done, Events};
use super::json_text::pretty;
use super::messages::{Messages, has_colour};
use super::{Options, Output, status};
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Count, Data, Earlier, Event, Level, Sink, Tally, Unfinished};
use crate::exit::Class;
use crate::secret::Scrubber;
use crate::terminal::sanitize;

/// Prints a run: the answer to `out`, everything else to `err`.
#[derive(Debug)]
pub struct Printer<O: Write, E: Write> {
    options: Options,
    /// If set, JSON is indented for people, and coloured if the value is true.
    pretty: Option<bool>,
    out: O,
    buffer: Buffer,
    text: AnswerText,
    events: Events,
    messages: Messages<E>,
    tally: Tally,
    /// The work that a signal would leave unfinished.
    unfinished: Option<Unfinished>,
    finished: bool,
}

impl<O: Write, E: Write> Printer<O, E> {
    /// `terminal`: `out` is a terminal.
    pub fn new(mut options: Options, out: O, terminal: bool, err: E) -> Self {
        let pretty =
            terminal && options.extract.is_none() && matches!(options.command, "json" | "tools");
        Self {
            pretty: pretty.then(has_colour),
            out,
            buffer: Buffer::new(terminal),
            text: AnswerText::new(&mut options),
            events: Events::new(options.ordered),
            messages: Messages::new(err, &options),
            options,
            tally: Tally::default(),
            unfinished: None,
            finished: false,
        }
    }

    /// From now on masks the secrets of `scrubber`.
    pub fn hide(&mut self, scrubber: Scrubber) {
        self.messages.scrubber = scrubber;
    }

    fn write(&mut self) -> Result<(), Failure> {
        if !self.buffer.is_due() {
            return Ok(());
        }
        self.messages.clear_line();
        let (buffer, out) = (&mut self.buffer, &mut self.out);
        if buffer.terminal {
            self.messages.status.suspend(|| buffer.write(out))
        } else {
            buffer.write(out)
        }
    }

    fn write_if_full(&mut self) -> Result<(), Failure> {
        if self.buffer.is_full() {
            self.write()
        } else {
            Ok(())
        }
    }

    /// Prints lines, each by one write.
    fn push_lines(&mut self, lines: Vec<Vec<u8>>) -> Result<(), Failure> {
        for line in lines {
            self.write()?;
            self.buffer.line(|buffer| buffer.extend_from_slice(&line));
            self.buffer.printed = true;
        }
        Ok(())
    }

    /// Prints a JSON value: laid out for people, or on one line.
    fn push_json(&mut self, json: &str) -> Result<(), Failure> {
        let Some(colour) = self.pretty else {
            return self.text.push_own_line(json, &mut self.buffer);
        };
        let lines = pretty(&sanitize(json), colour);
        self.text.push_lines(&lines, &mut self.buffer);
        Ok(())
    }

    fn reason(&mut self, content: &str) -> Result<(), Failure> {
        if self.options.format == Format::Text {
            // Print the earlier text first.
            self.write()?;
        }
        self.buffer.printed |= !content.is_empty();
        self.messages.reason(content);
        Ok(())
    }

    /// Prints the rest of the answer's text.
    ///
    /// # Errors
    /// It has no code block for `--extract`.
    fn end_text(&mut self) -> Result<(), Failure> {
        let without_block = self.text.end_extract(&mut self.buffer);
        if self.options.format == Format::Text {
            // In the same write as the text, so that other runs that share the output
            // cannot write a line in between.
            self.text.end_line(&mut self.buffer);
        }
        let Some(text) = without_block else {
            return Ok(());
        };
        let failure = Failure::new(Class::Invalid, "the answer has no such code block");
        if text.trim().is_empty() {
            return Err(failure);
        }
        self.messages.lines(&text);
        Err(failure.hint("the answer is above; without --extract airx prints it"))
    }
}

impl<O: Write, E: Write> Sink for Printer<O, E> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.messages.status.event(event);
        match (event, self.options.format) {
            (Event::Result(_), Format::Json) => return Ok(()),
            (Event::Result(result), _) => {
                let lines = self.events.result(result, &self.messages.scrubber);
                return self.push_lines(lines);
            }
            (_, Format::Ndjson) => {
                Events::push(event, &self.messages.scrubber, &mut self.buffer);
            }
            (Event::Delta { content }, Format::Text) if self.text.streamed => {
                self.text.push(content, &mut self.buffer)?;
            }
            (Event::Round { .. }, Format::Text) => self.text.end_prose(&mut self.buffer),
            _ => {}
        }
        match event {
            Event::Start { request_id, .. } => {
                self.events.request_id = request_id.map(str::to_owned);
            }
            Event::Retry { .. } => self.buffer.release(false),
            Event::Reasoning { content } if self.options.reasoning => self.reason(content)?,
            // The next step may take long or ask on the terminal.
            Event::ToolCall { .. } => {
                self.messages.status.clear_spinner();
                self.text.end_render(&mut self.buffer);
            }
            // The answer that was printed is complete; another follows.
            Event::Round { .. } => self.buffer.printed = false,
            _ => {}
        }
        self.write_if_full()
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        match (data, self.options.format) {
            (Data::Answer(text), Format::Text) => self.text.push_line(text, &mut self.buffer)?,
            (Data::Json(json), Format::Text) => self.push_json(json)?,
            (Data::Body { bytes, token }, Format::Json) => self.buffer.body(bytes, token),
            (Data::End, _) => self.end_text()?,
            _ => return Ok(()),
        }
        self.write_if_full()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.write()
    }

    fn printed(&self) -> bool {
        self.buffer.printed
    }

    fn count(&mut self, what: Count<'_>) {
        self.tally.count(&what);
        self.messages.status.count(&what, &self.tally);
        if let Count::Unfinished(unfinished) = what {
            self.unfinished = unfinished;
        }
    }

    fn hide_key(&mut self, key: &str) {
        self.messages.scrubber.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.messages.note(level, text);
    }
}

impl<E: Write> Printer<Output, E> {
    /// The results of an earlier run, if results go to a file. Such a file puts its
    /// results in order itself.
    pub fn resume(&mut self) -> Option<Earlier> {
        match &mut self.out {
            Output::Results(file) => Some(std::mem::take(&mut file.earlier)),
            _ => None,
        }
    }

    /// Call this when no request is in flight any more and only the end of the run
    /// follows.
    pub fn settle(&mut self) {
        if let Output::Results(file) = &mut self.out {
            file.settled = true;
        }
    }

    /// Prints the lines of `from` instead of an answer, and returns the exit status.
    pub fn print(&mut self, from: &mut dyn BufRead) -> u8 {
        self.finished = true;
        let copied = self.copy_lines(from);
        self.tally.stop();
        self.end(copied.map(|()| Done::default()))
    }

    fn copy_lines(&mut self, from: &mut dyn BufRead) -> Result<(), Failure> {
        while self.buffer.copy_line(from)? {
            self.write_if_full()?;
        }
        self.write()
    }

    /// Ends the run: prints the rest and returns the exit status. Only the first call
    /// prints, since a signal may call it too.
    pub fn finish(&mut self, result: Result<Done, Failure>) -> u8 {
        if std::mem::replace(&mut self.finished, true) {
            return result.map_or_else(|failure| failure.exit(), |_| 0);
        }
        self.tally.stop();
        let result = result.map_err(|failure| self.with_unfinished(failure));
        let lines = self.events.rest();
        let printed = self.push_lines(lines);
        let result = result.and_then(|done| printed.map(|()| done));
        // If the run failed before any of the answer was printed, print none of it.
        self.buffer.release(result.is_ok());
        let ended = self.end_text();
        let result = result.and_then(|done| ended.map(|()| done));
        let result = self.last_event(result);
        self.end(result)
    }

    /// Adds the unfinished work to the failure of a signal.
    fn with_unfinished(&mut self, mut failure: Failure) -> Failure {
        if failure.class == Class::Signal
            && let Some(unfinished) = self.unfinished.take()
        {
            failure.message.push_str(&unfinished.message);
            failure.hint = unfinished.hint.or(failure.hint);
        }
        failure
    }

    /// Prints the last event and the rest of the buffer.
    fn last_event(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        if has_gone(&result) {
            self.buffer.bytes.clear();
            return result;
        }
        if self.options.format == Format::Ndjson {
            let line = self.last_line(&result);
            self.buffer.line(|buffer| buffer.extend_from_slice(&line));
        }
        match self.write() {
            Ok(()) => result,
            // The reader has gone, but the run had failed before that.
            Err(closed) if closed.class == Class::Ok && result.is_err() => result,
            Err(failure) => Err(failure),
        }
    }

    fn last_line(&self, result: &Result<Done, Failure>) -> Vec<u8> {
        let (format, scrubber) = (self.options.format, &self.messages.scrubber);
        self.events.last(result, format, &self.tally, scrubber)
    }

    /// Closes the output, reports on standard error how the run ended, writes the meta
    /// file, and returns the exit status.
    fn end(&mut self, result: Result<Done, Failure>) -> u8 {
        self.messages.status.end();
        self.messages.clear_line();
        let result = match result {
            Ok(done) => self.out.keep().map(|()| done),
            Err(failure) => {
                if let Some(partial) = self.out.set_aside() {
                    let text = format!("airx: the part that arrived is in {}", partial.display());
                    self.messages.note(Level::Always, &text);
                }
                Err(failure)
            }
        };
        self.report(&result);
        let written = match self.options.meta.take() {
            Some(meta) => meta.write(self.last_line(&result)),
            None => Ok(()),
        };
        if let Err(failure) = &written {
            self.messages.failure(failure);
        }
        // A failure of the answer is more important than one of the meta file.
        let result = result.and(written);
        result.map_or_else(|failure| failure.exit(), |()| 0)
    }

    fn report(&mut self, result: &Result<Done, Failure>) {
        let has_summary = self.options.progress || self.options.verbose;
        if has_summary
            && !has_gone(result)
            && let Some(summary) = self.messages.status.summary(&self.tally)
        {
            self.messages.note(Level::Notice, &summary);
        }
        if let Err(failure) = result
            && failure.class != Class::Ok
        {
            self.messages.failure(failure);
        }
        if self.options.usage && (self.tally.requests > 0 || self.tally.cached > 0) {
            self.messages.lines(&status::usage(&self.tally));
        }
    }
}

/// Whether the reader closed the pipe.
fn has_gone(result: &Result<Done, Failure>) -> bool {
    matches!(result, Err(failure) if failure.class == Class::Ok)
}

/// A printer that the thread of the run and the thread that waits for signals share.
#[derive(Debug, Clone)]
pub struct SharedPrinter {
    printer: Arc<Mutex<Printer<Output, Stderr>>>,
    writes: Arc<AtomicU64>,
}

impl SharedPrinter {
    pub(super) fn new(printer: Printer<Output, Stderr>) -> Self {
        Self {
            writes: Arc::clone(&printer.buffer.writes),
            printer: Arc::new(Mutex::new(printer)),
        }
    }

    /// The number of writes to the output so far. Needs no lock.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// The printer itself.
    pub fn lock(&self) -> MutexGuard<'_, Printer<Output, Stderr>> {
        self.printer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the printer. Returns `None` if the run keeps it locked and writes nothing for
    /// `limit`, because the run may be blocked in a write to a full pipe.
    pub fn lock_within(&self, limit: Duration) -> Option<MutexGuard<'_, Printer<Output, Stderr>>> {
        let (mut start, mut before) = (Instant::now(), self.writes());
        loop {
            let now = self.writes();
            if now != before {
                (start, before) = (Instant::now(), now);
            }
            match self.printer.try_lock() {
                Ok(printer) => return Some(printer),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if start.elapsed() >= limit => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Sink for SharedPrinter {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.lock().event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        self.lock().data(data)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.lock().flush()
    }

    fn printed(&self) -> bool {
        self.lock().printed()
    }

    fn count(&mut self, what: Count<'_>) {
        self.lock().count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.lock().hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.lock().note(level, text);
    }
}

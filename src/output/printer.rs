//! Takes the events and data of one run and prints them.

use std::fmt::Display;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::answer_text::AnswerText;
use super::buffer::Buffer;
use super::events::{self, Events};
use super::json_text::pretty;
use super::messages::{Messages, View, hint};
use super::meta::Meta;
use super::status::Status;
use super::style::{Style, has_colour};
use super::{Options, Output};
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{
    Count, Data, Earlier, Event, ItemResult, Level, Sink, Tally, Unfinished, millis,
};
use crate::exit::Class;
use crate::secret::Scrubber;
use crate::terminal::sanitize;

/// The facts about a complete answer that are reported at the end.
#[derive(Debug, Default, Clone)]
pub struct Done {
    /// The accepted finish_reason; `None` if nothing was sent or the reader has gone.
    pub finish_reason: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The server's id of the answer.
    pub id: Option<String>,
    /// The request's id, as the server echoed it.
    pub request_id: Option<String>,
}

/// Prints a run: the answer to `out`, everything else to `err`.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "two options, a decision and a state"
)]
pub struct Printer<O: Write, E: Write> {
    format: Format,
    /// `--reasoning`.
    reasoning: bool,
    /// `--usage`.
    usage: bool,
    /// If set, JSON is indented for people; the value says whether with colour.
    pretty: Option<bool>,
    /// Show the summary line at the end of a run with many items.
    summary: bool,
    buffer: Buffer<O>,
    text: AnswerText,
    events: Events,
    messages: Messages<E>,
    meta: Option<Meta>,
    tally: Tally,
    /// The work that a signal would leave unfinished.
    unfinished: Option<Unfinished>,
    finished: bool,
}

impl<O: Write, E: Write> Printer<O, E> {
    /// `terminal`: `out` is a terminal.
    pub fn new(options: Options, out: O, terminal: bool, err: E) -> Self {
        let Options { quiet, verbose, .. } = options;
        let pretty =
            terminal && options.extract.is_none() && matches!(options.command, "json" | "tools");
        let shown = options.progress && !quiet && !verbose;
        let status = Status::new(shown, options.many, options.command);
        let style = if options.progress {
            Style::of_stderr()
        } else {
            Style::default()
        };
        Self {
            format: options.format,
            reasoning: options.reasoning,
            usage: options.usage,
            pretty: pretty.then(has_colour),
            summary: options.progress || verbose,
            buffer: Buffer::new(out, terminal),
            text: AnswerText::new(options.live, options.extract, options.render),
            events: Events::new(options.ordered),
            messages: Messages::new(err, options.format, (quiet, verbose), style, status),
            meta: options.meta,
            tally: Tally::default(),
            unfinished: None,
            finished: false,
        }
    }

    /// From now on masks the secrets of `scrubber`.
    pub fn hide(&mut self, scrubber: Scrubber) {
        self.messages.scrubber = scrubber;
    }

    /// The counter of the writes to the output.
    pub(super) fn writes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.buffer.writes)
    }

    fn write(&mut self) -> Result<(), Failure> {
        if !self.buffer.is_due() {
            return Ok(());
        }
        self.messages.clear_line();
        let (status, buffer) = (&self.messages.status, &mut self.buffer);
        if buffer.terminal {
            status.suspend(|| buffer.write())
        } else {
            buffer.write()
        }
    }

    fn write_if_full(&mut self) -> Result<(), Failure> {
        if self.buffer.is_full() {
            self.write()
        } else {
            Ok(())
        }
    }

    /// Prints an event as a line, if the format is NDJSON.
    fn push_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start { .. }
            | Event::Retry { .. }
            | Event::Part { .. }
            | Event::Invalid { .. } => {}
            // Another answer follows. None of it has been printed.
            Event::Round { .. } => self.buffer.printed = false,
            _ => self.buffer.printed = true,
        }
        events::push(event, &self.messages.scrubber, &mut self.buffer);
    }

    fn push_result(&mut self, result: &ItemResult<'_>) -> Result<(), Failure> {
        if self.format == Format::Json {
            return Ok(());
        }
        let lines = self.events.result(result, &self.messages.scrubber);
        self.push_lines(lines)
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
        if self.format == Format::Text {
            // Print the earlier text first.
            self.write()?;
        }
        self.buffer.printed |= !content.is_empty();
        self.messages.reason(content);
        Ok(())
    }

    fn end_extract(&mut self) -> Result<(), Failure> {
        self.text.end_extract(&mut self.buffer).map_err(|none| {
            if !none.text.trim().is_empty() {
                self.messages.lines(&none.text);
            }
            none.failure
        })
    }

    fn view(&self) -> View {
        match self.format {
            Format::Text => View::Text,
            Format::Json => View::Bodies,
            Format::Ndjson => View::Events,
        }
    }
}

impl<O: Write, E: Write> Sink for Printer<O, E> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        self.messages.status.event(event);
        match event {
            Event::Start { request_id, .. } => {
                self.events.request_id = request_id.map(str::to_owned);
            }
            Event::Result(result) => return self.push_result(result),
            Event::Retry { .. } => self.buffer.drop_held(),
            Event::Delta { content } if self.format == Format::Text && self.text.streamed => {
                self.text.push(content, &mut self.buffer)?;
                return self.write_if_full();
            }
            Event::Round { .. } if self.format == Format::Text => {
                self.text.end_prose(&mut self.buffer);
            }
            _ => {}
        }
        if self.format == Format::Ndjson {
            self.push_event(event);
        }
        match event {
            Event::Reasoning { content } if self.reasoning => self.reason(content)?,
            // The next step may take long or ask on the terminal.
            Event::ToolCall { .. } => {
                self.messages.status.clear_spinner();
                self.text.end_render(&mut self.buffer);
            }
            // The answer that was printed is complete.
            Event::Round { .. } => self.buffer.printed = false,
            _ => {}
        }
        self.write_if_full()
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        match (data, self.format) {
            (Data::Answer(text), Format::Text) => self.text.push_line(text, &mut self.buffer)?,
            (Data::Json(json), Format::Text) => self.push_json(json)?,
            (Data::Body { bytes, token }, Format::Json) => self.buffer.body(bytes, token),
            (Data::End, format) => {
                self.end_extract()?;
                if format == Format::Text {
                    // In the same write as the text, so that lines of other runs that
                    // share the output do not come in between.
                    self.text.end_line(&mut self.buffer);
                }
            }
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
        match &mut self.buffer.out {
            Output::Results(file) => Some(file.take_earlier()),
            _ => None,
        }
    }

    /// Call this when no request is in flight any more and only the end of the run
    /// follows.
    pub fn settle(&mut self) {
        if let Output::Results(file) = &mut self.buffer.out {
            file.settle();
        }
    }

    /// Ends the run: prints the rest and returns the exit status. Only the first call
    /// prints, since a signal may call it too.
    pub fn finish(&mut self, result: Result<Done, Failure>) -> u8 {
        if std::mem::replace(&mut self.finished, true) {
            return result.map_or_else(|failure| failure.exit(), |_| 0);
        }
        self.tally.stop();
        let result = result.map_err(|failure| self.with_unfinished(failure));
        let rest = self.events.rest();
        let released = self.push_lines(rest);
        let result = result.and_then(|done| released.map(|()| done));
        let result = self.end_answer(result);
        let result = self.last_event(result);
        self.messages.status.end();
        self.messages.clear_line();
        let result = match result {
            Ok(done) => self.buffer.out.keep().map(|()| done),
            Err(failure) => {
                if let Some(partial) = self.buffer.out.set_aside() {
                    let text = format!("airx: the part that arrived is in {}", partial.display());
                    self.messages.note(Level::Always, &text);
                }
                Err(failure)
            }
        };
        self.report(&result);
        self.exit(result)
    }

    /// Prints `bytes` instead of an answer.
    pub fn print(&mut self, mut bytes: &[u8]) -> u8 {
        self.copy(&mut bytes)
    }

    /// Prints the lines of `from` instead of an answer, for data too long for memory.
    pub fn copy(&mut self, from: &mut dyn BufRead) -> u8 {
        self.finished = true;
        let copied = self.copy_lines(from);
        let result = copied.and_then(|()| self.buffer.out.keep());
        let result = result.map(|()| Done::default());
        self.tally.stop();
        self.report(&result);
        self.exit(result)
    }

    fn copy_lines(&mut self, from: &mut dyn BufRead) -> Result<(), Failure> {
        while self.buffer.copy_line(from)? {
            self.write_if_full()?;
        }
        self.write()
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

    /// Ends the text. If the run fails before any of the answer was printed, prints
    /// nothing of it.
    fn end_answer(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        if result.is_err() {
            self.buffer.drop_held();
        }
        self.buffer.held = false;
        let extracted = self.end_extract();
        if self.format == Format::Text {
            self.text.end_line(&mut self.buffer);
        }
        result.and_then(|done| extracted.map(|()| done))
    }

    /// Prints the last event and the rest of the buffer.
    fn last_event(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        if has_gone(&result) {
            self.buffer.bytes.clear();
            return result;
        }
        if self.format == Format::Ndjson {
            let line = self.last_line(&result);
            self.buffer
                .line(|buffer| buffer.extend_from_slice(line.as_bytes()));
        }
        match self.write() {
            Ok(()) => result,
            // The reader has gone, but the run had failed before that.
            Err(closed) if closed.class == Class::Ok && result.is_err() => result,
            Err(failure) => Err(failure),
        }
    }

    fn last_line(&self, result: &Result<Done, Failure>) -> String {
        let scrubber = &self.messages.scrubber;
        self.events.last(result, self.view(), &self.tally, scrubber)
    }

    /// Reports on standard error how the run ended.
    fn report(&mut self, result: &Result<Done, Failure>) {
        let summary = self.messages.status.summary(&self.tally);
        if let Some(summary) = summary.filter(|_| self.summary && !has_gone(result)) {
            self.messages.note(Level::Notice, &summary);
        }
        if let Err(failure) = result
            && failure.class != Class::Ok
        {
            let hint = hint(failure.look, failure.hint.as_deref(), self.view());
            self.messages.failure(failure, hint.as_deref());
        }
        if self.usage && (self.tally.requests > 0 || self.tally.cached > 0) {
            let line = usage(&self.tally);
            self.messages.lines(&line);
        }
    }

    /// Writes the meta file and returns the exit status.
    fn exit(&mut self, result: Result<Done, Failure>) -> u8 {
        let written = match self.meta.take() {
            Some(meta) => meta.write(&self.last_line(&result)),
            None => Ok(()),
        };
        if let Err(failure) = &written {
            self.messages.failure(failure, None);
        }
        // A failure of the answer is more important than one of the meta file.
        let result = result.and_then(|done| written.map(|()| done));
        result.map_or_else(|failure| failure.exit(), |_| 0)
    }
}

/// Whether the reader closed the pipe.
fn has_gone(result: &Result<Done, Failure>) -> bool {
    matches!(result, Err(failure) if failure.class == Class::Ok)
}

/// `--usage`: tokens, cost, time to the first token, total time.
fn usage(tally: &Tally) -> String {
    let tokens = match tally.usage {
        Some(usage) => format!(
            "{} + {} tokens",
            usage.prompt_tokens, usage.completion_tokens
        ),
        None => "tokens unknown".to_owned(),
    };
    let cost = match tally.cost {
        Some(cost) => format!("{} {}", cost.amount(), cost.currency()),
        None => "cost unknown".to_owned(),
    };
    let cached = match tally.cached {
        0 => String::new(),
        1 if tally.is_cached() => "from the cache, ".to_owned(),
        1 => "1 answer from the cache, ".to_owned(),
        count => format!("{count} answers from the cache, "),
    };
    let first = match tally.ttft {
        Some(ttft) => format!("first token after {} ms, ", millis(ttft)),
        None => String::new(),
    };
    let models: Vec<&str> = tally.fallback.iter().map(String::as_str).collect();
    let fallback = match models.join(" and ") {
        models if models.is_empty() => models,
        models => format!("answered by {models}, "),
    };
    let elapsed = millis(tally.elapsed());
    format!("airx: {tokens}, {cost}, {cached}{fallback}{first}{elapsed} ms in total")
}

//! Events, payloads and notes → the printer's buffer and standard error.

use std::fmt::Display;
use std::io::Write;

use super::Printer;
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink, Work};
use crate::output::status::Spinner;
use crate::terminal::one_line;

impl<O: Write, E: Write> Sink for Printer<O, E> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        if let Event::Start { request_id, .. } = event {
            self.request_id = request_id.map(str::to_owned);
        }
        if let Event::Result(result) = event {
            return self.push_result(result);
        }
        match (self.options.format, event) {
            (Format::Ndjson, Event::Retry { message, .. }) => {
                let message = &self.told(message);
                if let Event::Retry {
                    request,
                    after_ms,
                    class,
                    http_status,
                    code,
                    model,
                    ..
                } = *event
                {
                    let code = code.map(|code| self.scrubber.scrub(code).into_owned());
                    let code = code.as_deref();
                    self.push_event(&Event::Retry {
                        request,
                        after_ms,
                        class,
                        http_status,
                        code,
                        message,
                        model,
                    });
                }
            }
            (Format::Ndjson, Event::Batch { id, status, .. }) => {
                let (id, status) = (self.scrubber.scrub(id), self.scrubber.scrub(status));
                let (id, status) = (&id.into_owned(), &status.into_owned());
                if let Event::Batch {
                    total,
                    completed,
                    failed,
                    ..
                } = *event
                {
                    self.push_event(&Event::Batch {
                        id,
                        status,
                        total,
                        completed,
                        failed,
                    });
                }
            }
            (Format::Text, Event::Round { .. }) => self.end_prose(),
            (Format::Ndjson, event) => {
                match event {
                    Event::Start { .. } | Event::Invalid { .. } => {}
                    // Another answer follows, of which nothing has been shown.
                    Event::Round { .. } => self.printed = false,
                    _ => self.printed = true,
                }
                self.push_event(event);
            }
            (Format::Text, Event::Delta { content }) if self.options.live => {
                return self.push_text(content);
            }
            _ => {}
        }
        if let (true, Event::Reasoning { content }) = (self.options.reasoning, event) {
            if self.options.format == Format::Text {
                // What came before it is read before it.
                self.flush_buffer()?;
            }
            self.think(content);
        }
        match event {
            // What follows may take long, or be asked for on the terminal.
            Event::ToolCall { .. } => {
                self.spinner = None;
                self.end_render();
            }
            // What was shown belongs to an answer that is complete.
            Event::Round { .. } => self.printed = false,
            _ => {}
        }
        self.flush_burst()
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        match data {
            Data::Answer(text) => self.push_line(text),
            Data::Line(line) => {
                self.end_render();
                // What is no text of the model's is printed as it is.
                let render = self.render.take();
                let result = self.push_line(line);
                self.render = render;
                result
            }
            Data::Body { bytes, token } => self.push_body(bytes, token),
            Data::End => {
                self.end_extract()?;
                // With the text: runs that share an output keep their lines apart.
                self.end_text();
                Ok(())
            }
        }
    }

    fn burst(&mut self, work: &mut Work<'_>) -> Result<(), Failure> {
        work(self)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.flush_buffer()
    }

    fn retry(&mut self) {
        if self.held {
            self.buffer.clear();
            self.held = false;
        }
    }

    fn printed(&self) -> bool {
        self.printed
    }

    fn count(&mut self, what: Count<'_>) {
        self.tally.count(&what);
        if let Count::Unfinished(unfinished) = what {
            self.unfinished = unfinished;
            return;
        }
        if self.options.many {
            return self.show_items(&what);
        }
        let waiting = matches!(what, Count::Request) && self.spinner.is_none();
        if waiting && self.options.progress && !self.options.quiet && !self.options.verbose {
            self.spinner = Spinner::start(&format!("airx {}", self.options.command));
        }
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        let wanted = match level {
            Level::Always => true,
            Level::Beside => self.options.format == Format::Text,
            Level::Withheld => self.options.format != Format::Ndjson,
            Level::Warning | Level::Notice => !self.options.quiet,
            Level::Verbose => self.options.verbose,
        };
        if !wanted {
            return;
        }
        let text = text.to_string();
        match level {
            Level::Beside | Level::Withheld if text.trim().is_empty() => {}
            Level::Always | Level::Beside | Level::Withheld => self.say(&text),
            Level::Warning => self.say(&format!("airx: warning: {}", one_line(&text))),
            Level::Notice => self.say(&format!("airx: {}", one_line(&text))),
            Level::Verbose => self.say(&one_line(&text)),
        }
    }
}

impl<O: Write, E: Write> Printer<O, E> {
    /// Prints text that begins a line.
    fn push_line(&mut self, text: &str) -> Result<(), Failure> {
        if self.options.format != Format::Text {
            return Ok(());
        }
        if self.last != b'\n' {
            self.push_text("\n")?;
        }
        self.push_text(text)
    }

    fn push_body(&mut self, bytes: &[u8], token: bool) -> Result<(), Failure> {
        if self.options.format != Format::Json {
            return Ok(());
        }
        if self.buffer.is_empty() && !self.printed {
            self.held = true;
        }
        let from = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        self.make_line(from);
        if token {
            self.held = false;
            self.printed = true;
        }
        self.flush_burst()
    }
}

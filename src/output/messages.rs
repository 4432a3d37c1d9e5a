//! Standard error: messages, the model's reasoning, and the status line. All of it is
//! masked and made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use super::status::Status;
use super::style::Style;
use crate::cli::Format;
use crate::error::{Failure, Look};
use crate::event::Level;
use crate::secret::Scrubber;
use crate::terminal::{Pieces, one_line, sanitize, shortened};

/// Writes to standard error, as the options allow.
#[derive(Debug)]
pub(super) struct Messages<E: Write> {
    err: E,
    format: Format,
    quiet: bool,
    verbose: bool,
    style: Style,
    pub(super) scrubber: Scrubber,
    pub(super) status: Status,
    pieces: Pieces,
    /// Reasoning that is held back because it may be the start of a secret.
    unsettled: String,
    /// The last line of the reasoning has no newline yet.
    reasoning: bool,
}

impl<E: Write> Messages<E> {
    pub(super) fn new(
        err: E,
        format: Format,
        (quiet, verbose): (bool, bool),
        style: Style,
        status: Status,
    ) -> Self {
        Self {
            err,
            format,
            quiet,
            verbose,
            style,
            scrubber: Scrubber::default(),
            status,
            pieces: Pieces::default(),
            unsettled: String::new(),
            reasoning: false,
        }
    }

    /// Shows a note, if the options allow its level.
    pub(super) fn note(&mut self, level: Level, text: &dyn Display) {
        let wanted = match level {
            Level::Always => true,
            Level::Prose => self.format == Format::Text,
            Level::Withheld => self.format != Format::Ndjson,
            Level::Warning | Level::Notice => !self.quiet,
            Level::Verbose => self.verbose,
        };
        if !wanted {
            return;
        }
        let text = text.to_string();
        match level {
            Level::Prose | Level::Withheld if text.trim().is_empty() => {}
            Level::Always | Level::Prose | Level::Withheld => self.lines(&text),
            Level::Verbose => self.lines(&one_line(&text)),
            Level::Notice => self.message("", &one_line(&text)),
            Level::Warning => self.message("warning", &one_line(&text)),
        }
    }

    /// Shows lines unchanged, except that secrets are masked and control characters shown.
    pub(super) fn lines(&mut self, text: &str) {
        let mut lines = sanitize(&self.scrubber.scrub(text)).into_owned();
        if !lines.ends_with('\n') {
            lines.push('\n');
        }
        self.write(&lines);
    }

    pub(super) fn failure(&mut self, failure: &Failure, hint: Option<&str>) {
        let body = failure
            .server
            .as_deref()
            .and_then(|server| server.body.as_deref());
        if let Some(body) = body.filter(|body| self.verbose && !body.is_empty()) {
            self.lines(&String::from_utf8_lossy(body));
        }
        let message = one_line(&excerpt(&failure.message, &self.scrubber)).into_owned();
        self.message(failure.class.name(), &message);
        if let Some(hint) = hint {
            let hint = one_line(&excerpt(hint, &self.scrubber)).into_owned();
            let line = self.style.hint(&hint);
            self.write(&line);
        }
    }

    /// Shows one of airx's own messages; `kind` is a class, `warning` or empty.
    fn message(&mut self, kind: &str, text: &str) {
        let text = sanitize(&self.scrubber.scrub(text)).into_owned();
        let line = self.style.message(kind, &text);
        self.write(&line);
    }

    fn write(&mut self, lines: &str) {
        self.clear_line();
        let err = &mut self.err;
        // If standard error cannot be written to, there is nowhere to report it.
        let _ = self.status.suspend(|| err.write_all(lines.as_bytes()));
    }

    /// Shows a part of the model's reasoning.
    pub(super) fn reason(&mut self, content: &str) {
        self.status.clear_spinner();
        self.unsettled.push_str(content);
        let settled = self.scrubber.settled(&self.unsettled);
        let text: String = self.unsettled.drain(..settled).collect();
        self.write_reasoning(&text);
    }

    fn write_reasoning(&mut self, text: &str) {
        let mut safe = Vec::new();
        self.pieces.push(&self.scrubber.scrub(text), &mut safe);
        let Some(last) = safe.last() else { return };
        self.reasoning = *last != b'\n';
        let dimmed = self.style.dim(&String::from_utf8_lossy(&safe));
        let _ = self.err.write_all(dimmed.as_bytes());
    }

    /// Wipes the spinner and ends the line of the reasoning, so that the next output
    /// begins a new line.
    pub(super) fn clear_line(&mut self) {
        self.status.clear_spinner();
        let rest = std::mem::take(&mut self.unsettled);
        self.write_reasoning(&rest);
        let mut end = Vec::new();
        self.pieces.end(&mut end);
        if std::mem::take(&mut self.reasoning) || !end.is_empty() {
            end.push(b'\n');
            let _ = self.err.write_all(&end);
        }
    }
}

/// Masks the secrets in a text and shortens it: the text may come from a server and
/// hold anything.
pub(super) fn excerpt(text: &str, scrubber: &Scrubber) -> String {
    const MAX: usize = 1000;
    // Mask before cutting: half of a secret would not be recognised.
    let clean = scrubber.scrub(text);
    shortened(&clean, MAX).into_owned()
}

/// Shows a failure before a printer exists.
pub fn refuse(err: &mut impl Write, failure: &Failure, scrubber: &Scrubber) {
    let mut messages = Messages::new(
        err,
        Format::Text,
        (false, false),
        Style::of_stderr(),
        Status::default(),
    );
    messages.scrubber = scrubber.clone();
    messages.failure(failure, failure.hint.as_deref());
}

/// How the result of a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Text: a rejected answer is on standard error, above the message.
    Text,
    /// The server's bodies. A withheld body is on standard error.
    Bodies,
    /// Events. Standard error has no text of the model.
    Events,
    /// The result object of one item.
    Item,
}

/// Builds the hint of a failure: the place to look at, then the advice.
pub(super) fn hint(look: Option<Look>, hint: Option<&str>, view: View) -> Option<Cow<'_, str>> {
    match (look.map(|look| words(look, view)), hint) {
        (Some(look), Some(hint)) => Some(format!("{look}; {hint}").into()),
        (Some(look), None) => Some(look.into()),
        (None, hint) => hint.map(Cow::Borrowed),
    }
}

fn words(look: Look, view: View) -> &'static str {
    use View::{Bodies, Events, Item, Text};
    match (look, view) {
        (Look::Answer, Text | Bodies) => "the answer is above",
        (Look::Answer, Events) => "the answer is in `content` of the last `invalid` event",
        (Look::Answer, Item) => "the answer is in `partial`",
        (Look::Errors, Text | Bodies) => "all violations are above",
        (Look::Errors, Events) => "all violations are in `errors` of the last `invalid` event",
        (Look::AnswerAndErrors, Text | Bodies) => "the answer and all violations are above",
        (Look::AnswerAndErrors, Events) => {
            "the answer and all violations are in `content` and `errors` of the last `invalid` event"
        }
        (Look::AnswerAndErrors, Item) => "the answer is in `partial`, all violations in `errors`",
        (Look::Arguments, Text | Events) => "they are in arguments_text",
        (Look::Arguments, Bodies) => "they are in the body as the model wrote them",
        (Look::Arguments, Item) => "they are in `partial`, as arguments_text",
        (Look::ArgumentErrors, Text) => "all violations are in `invalid`",
        (Look::ArgumentErrors, Bodies) => "--format text shows all violations, in `invalid`",
        (Look::ArgumentErrors, Events) => "all violations are in `errors` of the `invalid` event",
        (Look::Errors | Look::ArgumentErrors, Item) => "all violations are in `errors`",
    }
}

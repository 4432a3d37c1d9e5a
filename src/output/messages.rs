//! Standard error: messages, the model's reasoning, and the status line. All of it is
//! masked and made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

use terminal_size::{Height, Width, terminal_size_of};
use textwrap::WordSplitter;

use super::Options;
use super::status::Status;
use crate::cli::Format;
use crate::error::{Failure, Look};
use crate::event::Level;
use crate::secret::Scrubber;
use crate::terminal::{Pieces, one_line, sanitize, shortened};

const ERROR: &str = "\u{1b}[1;31m";
const WARNING: &str = "\u{1b}[1;33m";
const HINT: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// The narrowest terminal that lines are wrapped for.
const WIDTH_MIN: usize = 20;

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
    pub(super) fn new(err: E, options: &Options) -> Self {
        Self {
            err,
            format: options.format,
            quiet: options.quiet,
            verbose: options.verbose,
            style: if options.progress {
                Style::of_stderr()
            } else {
                Style::default()
            },
            scrubber: Scrubber::default(),
            status: Status::new(options),
            pieces: Pieces::default(),
            unsettled: String::new(),
            reasoning: false,
        }
    }

    /// Shows a note, if the options allow its level.
    pub(super) fn note(&mut self, level: Level, text: &dyn Display) {
        let text = || text.to_string();
        match level {
            Level::Always => self.lines(&text()),
            Level::Prose if self.format == Format::Text => self.prose(&text()),
            Level::Withheld if self.format != Format::Ndjson => self.prose(&text()),
            Level::Warning if !self.quiet => self.message("warning", &one_line(&text())),
            Level::Notice if !self.quiet => self.message("", &one_line(&text())),
            Level::Verbose if self.verbose => self.lines(&one_line(&text())),
            _ => {}
        }
    }

    fn prose(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.lines(text);
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

    /// Shows why the run failed.
    pub(super) fn failure(&mut self, failure: &Failure) {
        let server = failure.server.as_deref();
        let body = server.and_then(|server| server.body.as_deref());
        if let Some(body) = body.filter(|body| self.verbose && !body.is_empty()) {
            self.lines(&String::from_utf8_lossy(body));
        }
        let message = excerpt(&failure.message, &self.scrubber);
        self.message(failure.class.name(), &one_line(&message));
        if let Some(hint) = hint(failure.look, failure.hint.as_deref(), Some(self.format)) {
            let hint = excerpt(&hint, &self.scrubber);
            self.write(&self.style.hint(&one_line(&hint)));
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

/// Masks the secrets in a text and shortens it: a server may have sent it, with any
/// content.
pub(super) fn excerpt(text: &str, scrubber: &Scrubber) -> String {
    const MAX: usize = 1000;
    // Mask before cutting: half of a secret would not be recognised.
    let clean = scrubber.scrub(text);
    shortened(&clean, MAX).into_owned()
}

/// Shows a failure before a printer exists.
pub fn refuse(failure: &Failure, scrubber: Scrubber) {
    let options = Options {
        progress: true,
        ..Options::bare(Format::Text, "")
    };
    let mut messages = Messages::new(std::io::stderr(), &options);
    messages.scrubber = scrubber;
    messages.failure(failure);
}

/// Builds the hint of a failure: the place to look at, then the advice. `format` is that
/// of the run, or `None` for the result object of one item.
pub(super) fn hint(
    look: Option<Look>,
    hint: Option<&str>,
    format: Option<Format>,
) -> Option<Cow<'_, str>> {
    match (look.map(|look| words(look, format)), hint) {
        (Some(look), Some(hint)) => Some(format!("{look}; {hint}").into()),
        (Some(look), None) => Some(look.into()),
        (None, hint) => hint.map(Cow::Borrowed),
    }
}

/// Where a reader sees more. The formats text and json print it on standard error above
/// the message; events and results have members for it.
fn words(look: Look, format: Option<Format>) -> &'static str {
    use Format::{Json, Ndjson, Text};
    match (look, format) {
        (Look::Answer, Some(Text | Json)) => "the answer is above",
        (Look::Answer, Some(Ndjson)) => "the answer is in `content` of the last `invalid` event",
        (Look::Answer, None) => "the answer is in `partial`",
        (Look::Errors, Some(Text | Json)) => "all violations are above",
        (Look::Errors, Some(Ndjson)) => {
            "all violations are in `errors` of the last `invalid` event"
        }
        (Look::AnswerAndErrors, Some(Text | Json)) => "the answer and all violations are above",
        (Look::AnswerAndErrors, Some(Ndjson)) => {
            "the answer and all violations are in `content` and `errors` of the last `invalid` event"
        }
        (Look::AnswerAndErrors, None) => "the answer is in `partial`, all violations in `errors`",
        (Look::Arguments, Some(Text | Ndjson)) => "they are in arguments_text",
        (Look::Arguments, Some(Json)) => "they are in the body as the model wrote them",
        (Look::Arguments, None) => "they are in `partial`, as arguments_text",
        (Look::ArgumentErrors, Some(Text)) => "all violations are in `invalid`",
        (Look::ArgumentErrors, Some(Json)) => "--format text shows all violations, in `invalid`",
        (Look::ArgumentErrors, Some(Ndjson)) => {
            "all violations are in `errors` of the `invalid` event"
        }
        (Look::Errors | Look::ArgumentErrors, None) => "all violations are in `errors`",
    }
}

/// How messages look on a terminal: the class coloured, lines wrapped at words. The
/// default, for a pipe or a file, has neither.
#[derive(Debug, Clone, Copy, Default)]
struct Style {
    colour: bool,
    width: Option<usize>,
}

impl Style {
    /// The style for standard error.
    fn of_stderr() -> Self {
        let stderr = std::io::stderr();
        if !stderr.is_terminal() {
            return Self::default();
        }
        let size = terminal_size_of(&stderr);
        Self {
            colour: has_colour(),
            width: size.map(|(Width(columns), Height(_))| columns.into()),
        }
    }

    /// A message of airx. `kind` is a class, `warning`, or empty.
    fn message(self, kind: &str, text: &str) -> String {
        match kind {
            "" => self.wrap("airx: ", "airx: ", text),
            "warning" => self.labelled("airx: ", kind, WARNING, text),
            _ => self.labelled("airx: ", kind, ERROR, text),
        }
    }

    fn hint(self, text: &str) -> String {
        self.labelled("", "hint", HINT, text)
    }

    /// Dimmed text, for the model's reasoning.
    fn dim(self, text: &str) -> String {
        if self.colour {
            format!("{DIM}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }

    fn labelled(self, before: &str, label: &str, colour: &str, text: &str) -> String {
        let plain = format!("{before}{label}: ");
        if self.colour {
            let coloured = format!("{before}{colour}{label}:{RESET} ");
            self.wrap(&plain, &coloured, text)
        } else {
            self.wrap(&plain, &plain, text)
        }
    }

    /// Wraps the text after its label at words. Words are never broken, so that a path
    /// or a URL can be copied.
    fn wrap(self, plain: &str, label: &str, text: &str) -> String {
        let Some(width) = self.width.filter(|width| *width >= WIDTH_MIN) else {
            return format!("{label}{text}\n");
        };
        let options = textwrap::Options::new(width)
            .initial_indent(plain)
            .subsequent_indent("  ")
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        let wrapped = textwrap::fill(text, options);
        match wrapped.strip_prefix(plain.trim_end()) {
            Some(rest) => format!("{}{rest}\n", label.trim_end()),
            None => format!("{label}{text}\n"),
        }
    }
}

/// Whether the environment allows colours on a terminal.
pub(super) fn has_colour() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_some_and(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Style = Style {
        colour: true,
        width: Some(40),
    };

    #[test]
    fn a_pipe_gets_one_plain_line() {
        let style = Style::default();
        let text = "HTTP 500 ".repeat(20);
        assert_eq!(
            style.message("busy", &text),
            format!("airx: busy: {text}\n")
        );
        assert_eq!(style.hint("try later"), "hint: try later\n");
        assert_eq!(style.dim("so"), "so");
    }

    #[test]
    fn on_a_terminal_the_class_is_coloured_and_lines_wrap_at_words() {
        let text = "the server did not answer within the time that was given";
        assert_eq!(
            TERMINAL.message("busy", text),
            "airx: \u{1b}[1;31mbusy:\u{1b}[0m the server did not answer\n  within the time that was given\n"
        );
        assert_eq!(
            TERMINAL.message("warning", "short"),
            "airx: \u{1b}[1;33mwarning:\u{1b}[0m short\n"
        );
        assert_eq!(TERMINAL.message("", "2 done"), "airx: 2 done\n");
    }

    #[test]
    fn what_can_be_copied_is_not_broken() {
        let url = "https://open.bigmodel.cn/api/paas/v4/chat/completions";
        assert_eq!(
            TERMINAL.hint(&format!("see {url} for more")),
            format!("\u{1b}[1mhint:\u{1b}[0m see\n  {url}\n  for more\n")
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        let style = Style {
            colour: false,
            width: Some(20),
        };
        assert_eq!(
            style.hint("模型 不存在 检查 代码"),
            "hint: 模型 不存在\n  检查 代码\n"
        );
    }
}

//! The run's end: the last event, the message, the meta file, the exit status.

use std::io::{BufRead, Write};

use serde::Serialize;

use super::descriptor::is_descriptor;
use super::hint::hint;
use super::result::summary;
use super::{Output, Printer, one_line, sanitize};
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Earlier, Event, Fault, Level, Sink, Tally, millis};
use crate::exit::Class;

/// What a complete answer leaves to tell.
#[derive(Debug, Default, Clone)]
pub struct Done {
    /// The accepted finish_reason; none where nothing was sent or nobody read on.
    pub finish_reason: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The server's id of the answer.
    pub id: Option<String>,
    /// The request's id, as the server echoed it.
    pub request_id: Option<String>,
}

impl<E: Write> Printer<Output, E> {
    /// Whether results go into a file, which puts them in order itself; and what an
    /// earlier run has put there, by index.
    pub fn resume(&mut self) -> Option<Earlier> {
        match &mut self.out {
            Output::Results(journal) => Some(journal.take_resumed()),
            _ => None,
        }
    }

    /// All that was begun has ended: there is nothing more to come but the end.
    pub fn settle(&mut self) {
        if let Output::Results(journal) = &mut self.out {
            journal.settle();
        }
    }

    /// Ends the run: prints what is left and returns the exit status. Only the
    /// first call does anything, since a signal may come in between.
    pub fn finish(&mut self, result: Result<Done, Failure>) -> u8 {
        if std::mem::replace(&mut self.finished, true) {
            return result.map_or_else(|failure| failure.exit(), |_| 0);
        }
        self.tally.stop();
        let result = result.map_err(|failure| self.with_left(failure));
        let released = self.release_results();
        let result = result.and_then(|done| released.map(|()| done));
        let result = self.end_answer(result);
        let result = self.last_event(result);
        self.spinner = None;
        self.bar = None;
        self.end_thinking();
        let result = match result {
            Ok(done) => self.out.keep().map(|()| done),
            Err(failure) => {
                if let Some(partial) = self.out.set_aside() {
                    self.say(&format!("airx: what came is in {}", partial.display()));
                }
                Err(failure)
            }
        };
        self.report(&result);
        let result = self.write_meta(result);
        result.map_or_else(|failure| failure.exit(), |_| 0)
    }

    /// A signal's failure, with what it leaves behind.
    fn with_left(&mut self, mut failure: Failure) -> Failure {
        if failure.class == Class::Signal
            && let Some(left) = self.unfinished.take()
        {
            failure.message.push_str(&left.message);
            failure.hint = left.hint.or(failure.hint);
        }
        failure
    }

    /// Prints `bytes` instead of an answer, as they are but on a terminal.
    pub fn print(&mut self, mut bytes: &[u8]) -> u8 {
        self.copy(&mut bytes)
    }

    /// The same for what is too long to be held, line by line.
    pub fn copy(&mut self, from: &mut dyn BufRead) -> u8 {
        self.finished = true;
        let result = self.copy_lines(from).and_then(|()| self.out.keep());
        let result = result.map(|()| Done::default());
        self.tally.stop();
        self.report(&result);
        let result = self.write_meta(result);
        result.map_or_else(|failure| failure.exit(), |_| 0)
    }

    fn copy_lines(&mut self, from: &mut dyn BufRead) -> Result<(), Failure> {
        loop {
            let at = self.buffer.len();
            if from.read_until(b'\n', &mut self.buffer)? == 0 {
                return self.flush_buffer();
            }
            self.make_safe(at);
            self.flush_burst()?;
        }
    }

    /// Puts the text's end behind it; a failure before any of the answer was
    /// shown leaves nothing.
    fn end_answer(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        if self.held && result.is_err() {
            self.buffer.clear();
        }
        self.held = false;
        let extracted = self.end_extract();
        let result = result.and_then(|done| extracted.map(|()| done));
        self.end_text();
        result
    }

    /// Prints the terminal event and whatever is still in the buffer.
    fn last_event(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        let gone = matches!(&result, Err(failure) if failure.class == Class::Ok);
        if gone {
            self.buffer.clear();
            return result;
        }
        if self.options.format == Format::Ndjson {
            let line = self.line(&result);
            let from = self.buffer.len();
            self.buffer.extend_from_slice(line.as_bytes());
            self.make_line(from);
        }
        match self.flush_buffer() {
            Ok(()) => result,
            // The reader went while a failure was on its way: the failure is told.
            Err(closed) if closed.class == Class::Ok && result.is_err() => result,
            Err(failure) => Err(failure),
        }
    }

    /// The terminal event as JSON.
    fn line(&self, result: &Result<Done, Failure>) -> String {
        let tally = &self.tally;
        let asked = self.request_id.as_deref();
        // Whatever a server put there: it may have echoed the key anywhere.
        let hide = |text: Option<&str>| text.map(|text| self.scrubber.scrub(text).into_owned());
        let unread = Done::default();
        let result = match result {
            Err(failure) if failure.class == Class::Ok => Ok(&unread),
            result => result.as_ref(),
        };
        match result {
            Ok(done) => json(&Event::Done {
                finish_reason: hide(done.finish_reason.as_deref()).as_deref(),
                model: hide(done.model.as_deref()).as_deref(),
                id: hide(done.id.as_deref()).as_deref(),
                request_id: hide(done.request_id.as_deref().or(asked)).as_deref(),
                usage: tally.usage,
                cost: tally.cost,
                ttft_ms: tally.ttft.map(millis),
                elapsed_ms: millis(tally.elapsed()),
                requests: tally.requests,
            }),
            Err(failure) => {
                let mut fault = Fault::of(failure, tally.usage, tally.requests);
                fault.request_id = fault.request_id.or(asked);
                let masked = self.masked(&fault, self.view());
                json(&Event::Error(masked.put_on(fault)))
            }
        }
    }

    /// Tells standard error how the run ended.
    fn report(&mut self, result: &Result<Done, Failure>) {
        let gone = matches!(result, Err(failure) if failure.class == Class::Ok);
        if let Some(items) = self.items.filter(|_| !gone) {
            let line = summary(&items, &self.tally);
            self.note(Level::Notice, &line);
        }
        if let Err(failure) = result
            && failure.class != Class::Ok
        {
            let body = failure
                .server
                .as_deref()
                .and_then(|server| server.body.as_deref());
            if let Some(body) = body.filter(|body| self.options.verbose && !body.is_empty()) {
                self.say(&String::from_utf8_lossy(body));
            }
            let hint = hint(failure.look, failure.hint.as_deref(), self.view());
            let hint = hint.map(|hint| format!("\nhint: {}", one_line(&self.told(&hint))));
            let message = self.told(&failure.message);
            self.say(&format!(
                "airx: {}: {}{}",
                failure.class.name(),
                one_line(&message),
                hint.unwrap_or_default()
            ));
        }
        if self.options.usage && self.tally.requests > 0 {
            let line = usage_line(&self.tally);
            self.say(&line);
        }
    }

    fn write_meta(&mut self, result: Result<Done, Failure>) -> Result<Done, Failure> {
        let Some((path, mut file)) = self.options.meta.take() else {
            return result;
        };
        let mut line = self.line(&result);
        line.push('\n');
        // Cut only now: until the end there is nothing to put in its place. A
        // pipe or a device has no length to cut.
        if !is_descriptor(&path) {
            let _ = file.set_len(0);
        }
        let Err(error) = file.write_all(line.as_bytes()) else {
            return result;
        };
        let failure = Failure::new(
            Class::Internal,
            format!("--meta {}: {error}", path.display()),
        );
        let message = failure.to_string();
        self.say(&format!("airx: {message}"));
        // The answer's own failure says more than that of its meta file.
        result.and(Err(failure))
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// `--usage`: tokens, cost, time to first token, total time.
fn usage_line(tally: &Tally) -> String {
    let tokens = tally.usage.map_or_else(
        || "tokens unknown".to_owned(),
        |usage| {
            format!(
                "{} + {} tokens",
                usage.prompt_tokens, usage.completion_tokens
            )
        },
    );
    let cost = tally.cost.map_or_else(
        || "cost unknown".to_owned(),
        |cost| format!("{} {}", cost.amount(), cost.currency()),
    );
    let first = tally
        .ttft
        .map(|ttft| format!("first token after {} ms, ", millis(ttft)))
        .unwrap_or_default();
    let elapsed = millis(tally.elapsed());
    sanitize(&format!(
        "airx: {tokens}, {cost}, {first}{elapsed} ms in all"
    ))
    .into_owned()
}

//! One attempt: sends a body and reads an answer or a failure, within the time-outs.

use std::borrow::Cow;
use std::time::Instant;

use crate::answer::{Answer, End, one_line};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::http::{BODY_LIMIT, Head, Next, Response, too_long};
use crate::sse;

use super::AnswerRequest;
use super::clocks::Clocks;
use super::response::{check, is_success};
use super::transport::{Stream, Transport};
use super::verbose;

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// The most bytes to hold back until it is known whether the body is a stream.
const BLANK_MAX: usize = 1024;

/// Sends `body` once and adds the response to `answer`.
pub(super) fn run(
    wanted: &AnswerRequest<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    deadline: Option<Instant>,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let started = Instant::now();
    verbose::request(transport, &body, wanted.request.stream, sink);
    sink.flush()?;
    let result = if wanted.request.stream {
        streamed(
            wanted,
            body,
            transport,
            Clocks::new(transport, started, deadline),
            answer,
            sink,
        )
    } else {
        complete(wanted, body, transport, deadline, answer, sink)
    };
    let elapsed = started.elapsed().as_millis();
    sink.note(Level::Verbose, &format!("* the attempt took {elapsed} ms"));
    // A time-out of airx is not an answer of the server, so it is not recorded.
    let own = matches!(&result, Err(failure) if failure.class == Class::Network);
    let kept = if own { Ok(None) } else { transport.record() };
    if let Ok(Some(kept)) = &kept {
        verbose::recorded(kept, sink);
    }
    let result = result.map_err(|failure| {
        answer.with_context(answer.prefer_finish_reason(failure, wanted.accept))
    });
    result.and(kept.map(drop))
}

fn complete(
    wanted: &AnswerRequest<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    deadline: Option<Instant>,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let response = transport.complete(body, deadline)?;
    verbose::response(&response.head, sink);
    read_complete(wanted, response, answer)
}

/// Reads the answer from a complete response.
pub(super) fn read_complete(
    wanted: &AnswerRequest<'_>,
    response: Response,
    answer: &mut Answer,
) -> Result<(), Failure> {
    check(&response.head, &response.body)?;
    match answer.accept_body(response.body) {
        Ok(()) => answer.check(wanted.accept, End::Proper),
        // If the body broke off, report that and not what is missing from it.
        Err(failure) if failure.class == Class::Incomplete => {
            Err(response.broken.unwrap_or(failure))
        }
        Err(failure) => Err(failure),
    }
}

fn streamed(
    wanted: &AnswerRequest<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    clocks: Clocks,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let timed_out = |clocks: &Clocks| {
        let limit = clocks.limit(false);
        limit.is_some_and(|limit| limit <= Instant::now())
    };
    let (head, stream) = match transport.stream(body, clocks.limit(false)) {
        Err(failure) if failure.class == Class::Network && timed_out(&clocks) => {
            return Err(clocks.ran_out(false));
        }
        sent => sent?,
    };
    verbose::response(&head, sink);
    read_stream(wanted, &head, stream, clocks, answer, sink)
}

/// Reads the answer from a stream while it arrives.
pub(super) fn read_stream(
    wanted: &AnswerRequest<'_>,
    head: &Head,
    mut stream: Stream<'_>,
    mut clocks: Clocks,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if !is_success(head) || check(head, &[]).is_err() {
        return unstreamed(wanted, head, Vec::new(), &mut stream, &clocks, answer);
    }
    let mut parser = sse::Parser::default();
    let mut opening = Opening::default();
    let end = loop {
        if !stream.has_arrived() {
            sink.flush()?;
        }
        let ended = match stream.next(clocks.limit(answer.started)) {
            Ok(Next::Bytes(bytes)) => {
                clocks.heard = Instant::now();
                let bytes = match opening.read(bytes) {
                    Content::Events(bytes) => bytes,
                    Content::Other(start) => {
                        return unstreamed(wanted, head, start, &mut stream, &clocks, answer);
                    }
                };
                parser.feed(&bytes, |frame| {
                    answer.accept_frame(frame, wanted.keep_text, sink)
                })?;
                if answer.done {
                    break End::Proper;
                }
                // Checked here too, because a stream that never pauses is never waited for.
                if !clocks.have_run_out(answer.started) {
                    continue;
                }
                Err(clocks.ran_out(answer.started))
            }
            Ok(Next::End { complete: true }) => Ok(End::Proper),
            Ok(Next::End { complete: false }) => Ok(End::Open),
            Ok(Next::TimedOut) => Err(clocks.ran_out(answer.started)),
            Err(failure) => Err(failure),
        };
        // The last [DONE] may lack the end of its line.
        parser.finish(|frame| answer.accept_frame(frame, wanted.keep_text, sink))?;
        answer.finish(wanted.keep_text, sink)?;
        break if answer.done { End::Proper } else { ended? };
    };
    answer.check(wanted.accept, end)
}

/// The first bytes of a body, until they show what it is.
#[derive(Default)]
struct Opening {
    held: Vec<u8>,
    known: bool,
}

/// What a body holds.
enum Content<'a> {
    /// Events, or nothing that can be used yet.
    Events(Cow<'a, [u8]>),
    /// The start of JSON or HTML.
    Other(Vec<u8>),
}

impl Opening {
    fn read<'a>(&mut self, bytes: &'a [u8]) -> Content<'a> {
        if self.known {
            return Content::Events(Cow::Borrowed(bytes));
        }
        self.held.extend_from_slice(bytes);
        match first_byte(&self.held) {
            None if self.held.len() < BLANK_MAX => Content::Events(Cow::Borrowed(&[])),
            // JSON and HTML are not event streams, even if the content type says so: no
            // field of a stream starts with these characters.
            Some(b'{' | b'[' | b'<') => Content::Other(std::mem::take(&mut self.held)),
            _ => {
                self.known = true;
                Content::Events(Cow::Owned(std::mem::take(&mut self.held)))
            }
        }
    }
}

/// The first byte after white space and a byte order mark, or `None` if it has not
/// arrived yet.
fn first_byte(body: &[u8]) -> Option<u8> {
    if body.len() < BOM.len() && BOM.starts_with(body) {
        return None;
    }
    let body = body.strip_prefix(BOM).unwrap_or(body);
    body.trim_ascii_start().first().copied()
}

/// Reads the complete body of a response that is not an event stream although one was
/// requested: an error, or the answer of a server that does not stream.
fn unstreamed(
    wanted: &AnswerRequest<'_>,
    head: &Head,
    mut body: Vec<u8>,
    stream: &mut Stream<'_>,
    clocks: &Clocks,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let broken = loop {
        match stream.next(clocks.limit(false)) {
            Ok(Next::Bytes(bytes)) if body.len() + bytes.len() <= BODY_LIMIT => {
                body.extend_from_slice(bytes);
            }
            // The start of an error, or its status, is enough.
            Ok(Next::Bytes(_)) => break Some(too_long()),
            Ok(Next::TimedOut) => break Some(clocks.ran_out(false)),
            Ok(Next::End { .. }) => break None,
            Err(failure) => break Some(failure),
        }
    };
    check(head, &body)?;
    match answer.accept_body(body) {
        Ok(()) => {
            // It is printed like the payloads of a stream, on one line.
            answer.body = one_line(&answer.body).into_owned();
            answer.check(wanted.accept, End::Proper)
        }
        Err(failure) if failure.class == Class::Incomplete => Err(broken.unwrap_or(failure)),
        Err(failure) => Err(failure),
    }
}

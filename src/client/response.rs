//! Reads an answer from a response: complete, or from a stream while it arrives.

use std::borrow::Cow;
use std::time::Instant;

use super::AnswerRequest;
use super::retry::retry_after;
use super::transport::Stream;
use crate::answer::{Accept, Answer, End, one_line, refused};
use crate::api::error_body::without_bom;
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::http::{BODY_LIMIT, Head, LAST_LOOK, Next, Response, too_long};
use crate::settings::Timeouts;
use crate::sse;

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// The most bytes to hold back until it is known whether the body is a stream.
const BLANK_MAX: usize = 1024;

/// Reports the head of a response for `--verbose`.
pub(super) fn report_head(head: &Head, sink: &mut dyn Sink) {
    let mut note = |line: std::fmt::Arguments<'_>| sink.note(Level::Verbose, &line);
    if let Some(peer) = &head.peer {
        note(format_args!("* connected to {peer}"));
    }
    if let Some(file) = &head.recording {
        note(format_args!("* replayed from {file}"));
    }
    let (version, status, reason) = (head.version, head.status, head.reason());
    note(format_args!("< {version} {status} {reason}"));
    for (name, value) in &head.headers {
        note(format_args!("< {name}: {value}"));
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Fails unless the response is a success whose body can be read.
pub(super) fn check(head: &Head, body: &[u8]) -> Result<(), Failure> {
    if !is_success(head.status) {
        let mut failure = refused(head.status, &first_data(body));
        if (300..400).contains(&head.status) {
            let place = head.header("location").unwrap_or("nowhere");
            failure.message = format!(
                "the server answered HTTP {} and points to {place}",
                head.status
            );
        }
        failure.server_mut().retry_after = head.header("retry-after").and_then(retry_after);
        return Err(failure);
    }
    let codings = head.all("content-encoding");
    let mut codings = codings.flat_map(|value| value.split(',')).map(str::trim);
    let plain = ["", "identity", "none"];
    match codings.find(|coding| !plain.contains(&&*coding.to_ascii_lowercase())) {
        None => Ok(()),
        Some(coding) => Err(Failure::new(
            Class::Incomplete,
            format!("the response is encoded ({coding}), which airx did not request"),
        )
        .hint("switch compression off at the server or proxy for this path")),
    }
}

/// Reads an answer from a body that came with another request, such as that of a batch.
pub fn read(status: u16, body: Vec<u8>, accept: Accept<'_>) -> (Answer, Result<(), Failure>) {
    let mut answer = Answer::default();
    let result = if is_success(status) {
        answer.accept_body(body)
    } else {
        Err(refused(status, &body))
    };
    let result = result.and_then(|()| answer.check(accept, End::Proper));
    let result =
        result.map_err(|failure| answer.with_context(answer.prefer_finish_reason(failure, accept)));
    (answer, result)
}

/// Reads the answer from a complete response.
pub(super) fn read_complete(
    accept: Accept<'_>,
    response: Response,
    answer: &mut Answer,
) -> Result<(), Failure> {
    check(&response.head, &response.body)?;
    match answer.accept_body(response.body) {
        Ok(()) => answer.check(accept, End::Proper),
        // If the body broke off, report that and not what is missing from it.
        Err(failure) if failure.class == Class::Incomplete => {
            Err(response.broken.unwrap_or(failure))
        }
        Err(failure) => Err(failure),
    }
}

/// Reads the answer from a stream while it arrives.
pub(super) fn read_stream(
    wanted: &AnswerRequest<'_>,
    head: Head,
    mut stream: Stream<'_>,
    mut clocks: Clocks,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if check(&head, &[]).is_err() {
        return read_unstreamed(wanted, head, Vec::new(), &mut stream, &clocks, answer);
    }
    answer.keep_text = wanted.keep_text;
    let mut parser = sse::Parser::default();
    let mut opening = Opening::default();
    let end = loop {
        if !stream.has_arrived() {
            sink.flush()?;
        }
        let ended = match stream.next(clocks.limit(answer.started)) {
            Ok(Next::Bytes(bytes)) => {
                clocks.heard = Instant::now();
                let Some(bytes) = opening.events(bytes) else {
                    let start = opening.held;
                    return read_unstreamed(wanted, head, start, &mut stream, &clocks, answer);
                };
                parser.feed(&bytes, |frame| answer.accept_frame(frame, sink))?;
                if answer.done {
                    break End::Proper;
                }
                // Check here too: if bytes always arrive in time, `next` never times out.
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
        // The last [DONE] may come without a line end.
        parser.finish(|frame| answer.accept_frame(frame, sink))?;
        answer.finish(sink)?;
        break if answer.done { End::Proper } else { ended? };
    };
    answer.check(wanted.accept, end)
}

/// Reads a response that is not an event stream although one was requested: an error, or
/// the answer of a server that does not stream. `body` is the start of its body.
fn read_unstreamed(
    wanted: &AnswerRequest<'_>,
    head: Head,
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
            Ok(Next::Bytes(_)) => break Some(too_long(BODY_LIMIT as u64)),
            Ok(Next::TimedOut) => break Some(clocks.ran_out(false)),
            Ok(Next::End { .. }) => break None,
            Err(failure) => break Some(failure),
        }
    };
    let result = read_complete(wanted.accept, Response { head, body, broken }, answer);
    // It is printed like the payloads of a stream, on one line.
    answer.body = one_line(&answer.body).into_owned();
    result
}

/// The time-outs of a stream, and when each of them ends.
pub(super) struct Clocks {
    timeouts: Timeouts,
    deadline: Option<Instant>,
    sent: Instant,
    /// When the last bytes arrived.
    heard: Instant,
    /// Until when to keep reading bytes that arrived while the process was stopped.
    last_look: Option<Instant>,
}

impl Clocks {
    /// Starts now.
    pub(super) fn new(timeouts: Timeouts, deadline: Option<Instant>) -> Self {
        let now = Instant::now();
        Self {
            timeouts,
            deadline,
            sent: now,
            heard: now,
            last_look: None,
        }
    }

    /// The time at which the current wait must end. The idle time-out applies only after
    /// the first token; before it, the first-token time-out applies.
    pub(super) fn limit(&self, started: bool) -> Option<Instant> {
        let own = if started {
            self.timeouts.idle.map(|idle| self.heard + idle)
        } else {
            self.timeouts.first_token.map(|limit| self.sent + limit)
        };
        own.into_iter().chain(self.deadline).min()
    }

    /// Whether a time-out has passed and the bytes that arrived before it have been
    /// read.
    fn have_run_out(&mut self, started: bool) -> bool {
        if self.limit(started).is_none_or(|limit| self.heard < limit) {
            return false;
        }
        self.heard >= *self.last_look.get_or_insert(self.heard + LAST_LOOK)
    }

    /// The failure for the time-out that has passed.
    pub(super) fn ran_out(&self, started: bool) -> Failure {
        let limits = self.timeouts;
        let (first, idle, total) = (limits.first_token, limits.idle, limits.total);
        let is_over = |deadline| deadline <= Instant::now();
        let (what, flag, limit) = if self.deadline.is_some_and(is_over) {
            ("no complete answer within", "--timeout", total)
        } else if started {
            ("the stream has been silent for", "--idle-timeout", idle)
        } else {
            ("no first token within", "--first-token-timeout", first)
        };
        let seconds = limit.unwrap_or_default().as_secs_f64();
        Failure::new(Class::Network, format!("{what} {seconds} s")).hint(format!("raise {flag}"))
    }
}

/// The first bytes of a body, kept until they show whether it is a stream.
#[derive(Default)]
struct Opening {
    held: Vec<u8>,
    known: bool,
}

impl Opening {
    /// Returns the bytes to read as events, or `None` if the body is JSON or HTML; then `held`
    /// contains its start.
    fn events<'a>(&mut self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.known {
            return Some(Cow::Borrowed(bytes));
        }
        self.held.extend_from_slice(bytes);
        match first_byte(&self.held) {
            None if self.held.len() < BLANK_MAX => Some(Cow::Borrowed(&[])),
            Some(byte) if starts_other(byte) => None,
            _ => {
                self.known = true;
                Some(Cow::Owned(std::mem::take(&mut self.held)))
            }
        }
    }
}

/// Whether a body that starts with this byte is JSON or HTML, even if the content type says
/// that it is a stream: no field of a stream starts with these characters.
fn starts_other(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'<')
}

/// The first byte after white space and a byte order mark, or `None` if it has not
/// arrived yet.
fn first_byte(body: &[u8]) -> Option<u8> {
    if body.len() < BOM.len() && BOM.starts_with(body) {
        return None;
    }
    without_bom(body).trim_ascii_start().first().copied()
}

/// The text of an error's body. An error may come in a frame of an event stream.
fn first_data(body: &[u8]) -> Cow<'_, [u8]> {
    let body = without_bom(body);
    if first_byte(body).is_none_or(starts_other) {
        return Cow::Borrowed(body);
    }
    let mut first = None;
    let mut parser = sse::Parser::default();
    // The last frame of an error may lack its blank line.
    for bytes in [body, b"\n\n"] {
        let fed: Result<(), sse::TooLong> = parser.feed(bytes, |frame| {
            first.get_or_insert_with(|| frame.data.to_vec());
            Ok(())
        });
        if fed.is_err() {
            break;
        }
    }
    first.map_or(Cow::Borrowed(body), Cow::Owned)
}

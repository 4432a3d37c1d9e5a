//! One attempt: a body out, an answer or a failure back, under the clocks.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::answer::{Answer, End, one_line};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::http::{BODY_LIMIT, Head, LAST_LOOK, Next, too_long};
use crate::models;
use crate::sse;

use super::Ask;
use super::response::{check, is_success};
use super::transport::{Stream, Transport};
use super::verbose;

/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// Most bytes that are held back until it is known whether the body is a stream.
const BLANK_MAX: usize = 1024;

/// Sends `body` once and folds what comes into `answer`.
pub(super) fn run(
    ask: &Ask<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    deadline: Option<Instant>,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let started = Instant::now();
    verbose::request(transport, &body, ask.request.stream, sink);
    sink.flush()?;
    let result = if ask.request.stream {
        streamed(
            ask,
            body,
            transport,
            Clocks::new(transport, started, deadline),
            answer,
            sink,
        )
    } else {
        whole(ask, body, transport, deadline, answer, sink)
    };
    let elapsed = started.elapsed().as_millis();
    sink.note(Level::Verbose, &format!("* the attempt took {elapsed} ms"));
    // What a clock of airx's own ended is no answer of the server's.
    let own = matches!(&result, Err(failure) if failure.class == Class::Network);
    let kept = if own { Ok(None) } else { transport.record() };
    if let Ok(Some(kept)) = &kept {
        verbose::recorded(kept, sink);
    }
    let result = result.map_err(|failure| {
        with_model_suggestion(
            answer.with_context(answer.prefer_finish_reason(failure, ask.accept)),
            &ask.request.model,
        )
    });
    result.and(kept.map(drop))
}

/// Where the server does not know the model: the name that was probably meant.
fn with_model_suggestion(failure: Failure, model: &str) -> Failure {
    let server = failure.server.as_deref();
    let code = server.and_then(|server| server.code.as_deref());
    match models::suggestion(model) {
        Some(near) if matches!(code, Some("1211" | "model_not_found")) => failure.hint(format!(
            "did you mean -m {near}? airx models lists the known models"
        )),
        _ => failure,
    }
}

fn whole(
    ask: &Ask<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    deadline: Option<Instant>,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let response = transport.complete(body, deadline)?;
    verbose::response(&response.head, sink);
    check(&response.head, &response.body)?;
    match answer.accept_body(response.body) {
        Ok(()) => answer.check(ask.accept, End::Proper),
        // A body that broke off cannot be blamed for what it does not say.
        Err(failure) if failure.class == Class::Incomplete => {
            Err(response.broken.unwrap_or(failure))
        }
        Err(failure) => Err(failure),
    }
}

/// The clocks of a streamed attempt.
struct Clocks {
    first_token: Option<(Instant, Duration)>,
    idle: Option<Duration>,
    deadline: Option<Instant>,
    total: Option<Duration>,
    heard: Instant,
    /// How long bytes are read on that arrived while the process was stopped.
    last_look: Option<Instant>,
}

impl Clocks {
    fn new(transport: &Transport, started: Instant, deadline: Option<Instant>) -> Self {
        let timeouts = transport.connection().timeouts;
        Self {
            first_token: timeouts.first_token.map(|limit| (started + limit, limit)),
            idle: timeouts.idle,
            deadline,
            total: timeouts.total,
            heard: started,
            last_look: None,
        }
    }

    /// The next moment at which the wait must end. The idle clock runs once the
    /// first token is there; before, it would cut the first-token clock short.
    fn limit(&self, begun: bool) -> Option<Instant> {
        let own = if begun {
            self.idle.map(|idle| self.heard + idle)
        } else {
            self.first_token.map(|(limit, _)| limit)
        };
        own.into_iter().chain(self.deadline).min()
    }

    /// Whether a clock has run out over the bytes that have just come, and those that
    /// had arrived with them are read.
    fn have_run_out(&mut self, begun: bool) -> bool {
        if self.limit(begun).is_none_or(|limit| self.heard < limit) {
            return false;
        }
        self.heard >= *self.last_look.get_or_insert(self.heard + LAST_LOOK)
    }

    /// Which clock it was that ran out.
    fn ran_out(&self, begun: bool) -> Failure {
        let (what, flag, limit) = if self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now())
        {
            ("no complete answer", "--timeout", self.total)
        } else if begun {
            ("the stream has been silent", "--idle-timeout", self.idle)
        } else {
            (
                "no first token",
                "--first-token-timeout",
                self.first_token.map(|(_, limit)| limit),
            )
        };
        let limit = limit.unwrap_or_default().as_secs_f64();
        let joint = if begun && flag == "--idle-timeout" {
            "for"
        } else {
            "within"
        };
        Failure::new(Class::Network, format!("{what} {joint} {limit} s"))
            .hint(format!("raise {flag}"))
    }
}

fn streamed(
    ask: &Ask<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    mut clocks: Clocks,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let sent = transport.stream(body, clocks.limit(false));
    let (head, mut stream) = match sent {
        Err(failure)
            if failure.class == Class::Network
                && clocks
                    .limit(false)
                    .is_some_and(|limit| limit <= Instant::now()) =>
        {
            return Err(clocks.ran_out(false));
        }
        sent => sent?,
    };
    verbose::response(&head, sink);
    if !is_success(&head) || check(&head, &[]).is_err() {
        return unstreamed(ask, &head, Vec::new(), &mut stream, &clocks, answer);
    }
    let mut parser = sse::Parser::default();
    // Bytes before the first that says what the body is.
    let mut blank = Some(Vec::new());
    let end = loop {
        let limit = clocks.limit(answer.started);
        if !stream.has_arrived() {
            sink.flush()?;
        }
        let ended = match stream.next(limit) {
            Ok(Next::Bytes(bytes)) => {
                clocks.heard = Instant::now();
                let mut bytes = Cow::Borrowed(bytes);
                if let Some(before) = blank.take() {
                    let begun = [&before[..], &bytes].concat();
                    match first_byte(&begun) {
                        None if begun.len() < BLANK_MAX => blank = Some(begun),
                        // Neither JSON nor HTML is an event stream, whatever the
                        // content type says: no field begins so.
                        Some(b'{' | b'[' | b'<') => {
                            return unstreamed(ask, &head, begun, &mut stream, &clocks, answer);
                        }
                        _ => bytes = begun.into(),
                    }
                }
                let bytes = if blank.is_some() { &[] } else { &*bytes };
                sink.burst(&mut |sink| {
                    parser.feed(bytes, |frame| answer.accept_frame(frame, ask.keep, sink))
                })?;
                if answer.done {
                    break End::Proper;
                }
                // Checked here too: a stream that never pauses meets no wait.
                if !clocks.have_run_out(answer.started) {
                    continue;
                }
                Err(clocks.ran_out(answer.started))
            }
            Ok(Next::End { whole: true }) => Ok(End::Proper),
            Ok(Next::End { whole: false }) => Ok(End::Open),
            Ok(Next::TimedOut) => Err(clocks.ran_out(answer.started)),
            Err(failure) => Err(failure),
        };
        // However it ended: a last [DONE] may lack the end of its line.
        parser.finish(|frame| answer.accept_frame(frame, ask.keep, sink))?;
        answer.finish(ask.keep, sink)?;
        break if answer.done { End::Proper } else { ended? };
    };
    answer.check(ask.accept, end)
}

/// The first byte after white space and a byte order mark; none until it has come.
fn first_byte(body: &[u8]) -> Option<u8> {
    if body.len() < BOM.len() && BOM.starts_with(body) {
        return None;
    }
    let body = body.strip_prefix(BOM).unwrap_or(body);
    body.trim_ascii_start().first().copied()
}

/// A response to a streamed request that is no event stream: an error, or a
/// server that does not stream. Its body is read whole.
fn unstreamed(
    ask: &Ask<'_>,
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
            // Of an error the beginning is enough, or its status.
            Ok(Next::Bytes(_)) => break Some(too_long()),
            Ok(Next::TimedOut) => break Some(clocks.ran_out(false)),
            Ok(Next::End { .. }) => break None,
            Err(failure) => break Some(failure),
        }
    };
    check(head, &body)?;
    match answer.accept_body(body) {
        Ok(()) => {
            // It is printed where a stream's payloads are, a line each.
            answer.body = one_line(&answer.body).into_owned();
            answer.check(ask.accept, End::Proper)
        }
        Err(failure) if failure.class == Class::Incomplete => Err(broken.unwrap_or(failure)),
        Err(failure) => Err(failure),
    }
}

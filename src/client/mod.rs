//! One answer, reliably: a request → attempts, with retries, a deadline, and limits on
//! the requests in flight. `retry.rs` is the one loop for chat, files and batches.

mod attempt;
mod backoff;
mod clocks;
pub mod in_flight;
mod lock_dir;
mod resource;
mod response;
mod retry;
mod slots;
mod transport;
mod verbose;

use std::time::{Duration, Instant};

use crate::answer::{Accept, Answer};
use crate::api::error_codes::is_rate_limit;
use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Count, Level, Sink};
use crate::exit::Class;

use in_flight::Permit;
pub use resource::{Repeat, Unfulfilled, request as request_resource};
pub use response::read;
pub use transport::{Stream, Transport};

/// Requests that follow an empty answer at most: each of them is paid for.
const EMPTY_RETRIES: u32 = 2;

/// What one answer is asked for with.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The request; a retry gets an id of its own.
    pub request: &'a Request,
    /// What counts as complete.
    pub accept: Accept<'a>,
    /// Keep the text of a stream.
    pub keep: bool,
}

/// What all requests for one answer share: retries, re-asks and rounds of tools.
#[derive(Debug)]
pub struct Span {
    /// When the last of them has to be answered.
    deadline: Option<Instant>,
    /// Requests sent.
    requests: u32,
    /// The last one met a rate limit because others of this run were under way.
    crowded: bool,
}

impl Span {
    /// Starts now, and ends with `--timeout`.
    pub fn new(transport: &Transport) -> Self {
        let total = transport.connection().timeouts.total;
        Self {
            deadline: total.map(|total| Instant::now() + total),
            requests: 0,
            crowded: false,
        }
    }

    /// Moves the deadline: this time was not spent on requests.
    pub fn pause(&mut self, spent: Duration) {
        self.deadline = self
            .deadline
            .and_then(|deadline| deadline.checked_add(spent));
    }

    /// Time until the deadline.
    fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Asks until there is an answer or nothing left to try. The answer is what came, even
/// where the result is a failure.
pub fn run(
    ask: &Ask<'_>,
    span: &mut Span,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    let mut empty_answers = 0;
    let answered = retry::retry(
        Some(&ask.request.model),
        span,
        transport,
        sink,
        |span, transport, sink| {
            let mut answer = Box::<Answer>::default();
            match request(ask, span, transport, &mut answer, sink) {
                Ok(()) => Ok(answer),
                Err(failure) => {
                    empty_answers += u32::from(answer.is_only_empty(ask.accept));
                    Err(retry::Failed {
                        may_retry: empty_answers <= EMPTY_RETRIES
                            && may_retry(&failure, &answer, ask.accept),
                        failure,
                        detail: answer,
                    })
                }
            }
        },
    );
    match answered {
        Ok(answer) => (*answer, Ok(())),
        Err((failure, answer)) => (*answer, Err(failure)),
    }
}

/// Makes the next request. Where the requests in flight are limited it waits for its
/// turn, which moves the deadline.
fn request(
    ask: &Ask<'_>,
    span: &mut Span,
    transport: &mut Transport,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let in_flight = transport.in_flight();
    let permit = match &in_flight {
        Some(limit) => Some(limit.acquire(span.requests > 0).ok_or_else(not_started)?),
        None => None,
    };
    if let Some(permit) = &permit {
        span.pause(permit.waited);
    }
    span.requests += 1;
    let slot = slots::take(transport.connection(), &ask.request.model, sink)?;
    if let Some(slot) = &slot {
        span.pause(slot.waited);
    }
    let body = numbered(ask.request, span.requests);
    sink.count(Count::Request);
    let result = attempt::run(ask, body, transport, span.deadline, answer, sink);
    if let Some(usage) = answer.usage {
        sink.count(Count::Usage(
            usage,
            answer.model.as_deref().unwrap_or(&ask.request.model),
        ));
    }
    span.crowded = permit.is_some_and(|permit| is_crowded(&permit, &result, sink));
    result
}

/// Reports to the limit what became of a request. Whether it met a rate limit because
/// of other requests of this run.
fn is_crowded(permit: &Permit<'_>, result: &Result<(), Failure>, sink: &mut dyn Sink) -> bool {
    let Err(failure) = result else {
        permit.answered();
        return false;
    };
    let server = failure.server.as_deref();
    let (status, code) = server.map_or((None, None), |server| {
        (server.http_status, server.code.as_deref())
    });
    if !is_rate_limit(failure.class, status, code) {
        return false;
    }
    let (crowded, limit) = permit.rate_limited();
    let text = format_args!("* rate limit: {limit} in flight at most from now on");
    sink.note(Level::Verbose, &text);
    crowded
}

/// The run was ended before anything was sent.
fn not_started() -> Failure {
    Failure::new(Class::Signal, "not started")
}

/// The body of the request of this number. An id must not be used twice
/// (code 1231), so a repeated request has its number added.
fn numbered(request: &Request, number: u32) -> Vec<u8> {
    match &request.request_id {
        Some(id) if number > 1 => {
            let request_id = Some(format!("{id}-{number}"));
            Request {
                request_id,
                ..request.clone()
            }
            .body()
        }
        _ => request.body(),
    }
}

/// Class `busy`, a failure to connect or a reset before any response byte, and
/// class `incomplete` unless the server meant it so.
fn may_retry(failure: &Failure, answer: &Answer, accept: Accept<'_>) -> bool {
    match failure.class {
        Class::Busy => true,
        Class::Incomplete => answer.may_retry(accept),
        _ => failure.retryable,
    }
}

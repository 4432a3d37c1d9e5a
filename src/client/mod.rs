//! One answer: a request → attempts until one is answered, the tries are used
//! up or the deadline has passed. Alone sees code, body and what was printed
//! together, and so alone decides on retries.

mod attempt;
mod backoff;
mod call;
pub mod in_flight;
mod lock_dir;
mod response;
mod slots;
mod trace;

use std::time::{Duration, Instant};

use crate::answer::{Accept, Answer};
use crate::api::error_codes::is_rate_limit;
use crate::api::request::Request;
use crate::client::in_flight::Turn;
use crate::error::{Failure, Server};
use crate::event::{Count, Event, Level, Sink};
use crate::exit::Class;
use crate::http::Transport;

use backoff::{Backoff, Next};
pub use call::{Again, Failed, call};
pub use response::read;

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

/// What all requests of a run share: those asked again, and those of rounds.
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
    /// Begins now, and ends with `--timeout`.
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
}

/// Asks until there is an answer or no more hope. The answer is what came, even
/// where the result is a failure.
pub fn run(
    ask: &Ask<'_>,
    span: &mut Span,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    let mut backoff = Backoff::new(transport.connection().retries);
    let mut empty_answers = 0;
    loop {
        let mut answer = Answer::default();
        let result = request(ask, span, transport, &mut answer, sink);
        let Err(failure) = result else {
            return (answer, Ok(()));
        };
        empty_answers += u32::from(answer.is_only_empty(ask.accept));
        if sink.printed()
            || empty_answers > EMPTY_RETRIES
            || !is_worth_a_try(&failure, &answer, ask.accept)
        {
            return (answer, Err(failure));
        }
        let left = span
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let wait = match backoff.next(&failure, left, span.crowded) {
            Next::Wait(wait) => wait,
            Next::GiveUp(failure) => return (answer, Err(failure)),
        };
        if let Err(failure) = {
            let model = Some(ask.request.model.as_str());
            announce(&failure, span.requests + 1, wait, model, sink)
        } {
            return (answer, Err(failure));
        }
        if !transport.replays() {
            std::thread::sleep(wait);
        }
    }
}

/// Makes the next request, in its turn and in a slot where their number is
/// limited. The wait for both moves the deadline.
fn request(
    ask: &Ask<'_>,
    span: &mut Span,
    transport: &mut Transport,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let gate = transport.gate();
    let turn = match &gate {
        Some(gate) => Some(gate.enter(span.requests > 0).ok_or_else(not_begun)?),
        None => None,
    };
    if let Some(turn) = &turn {
        span.pause(turn.waited);
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
    span.crowded = turn.is_some_and(|turn| crowded(&turn, &result, sink));
    result
}

/// Tells the gate what became of a request. Whether it met a rate limit because
/// of the run's others.
fn crowded(turn: &Turn<'_>, result: &Result<(), Failure>, sink: &mut dyn Sink) -> bool {
    let Err(failure) = result else {
        turn.answered();
        return false;
    };
    let server = failure.server.as_deref();
    let (status, code) = server.map_or((None, None), |server| {
        (server.http_status, server.code.as_deref())
    });
    if !is_rate_limit(failure.class, status, code) {
        return false;
    }
    let (crowded, limit) = turn.limited();
    let told = format!("* rate limit: {limit} in flight at most from now on");
    sink.note(Level::Verbose, &told);
    crowded
}

/// The run was ended before anything was sent.
fn not_begun() -> Failure {
    Failure::new(Class::Signal, "not begun")
}

/// Says that the request of this number follows after `wait`.
fn announce(
    failure: &Failure,
    number: u32,
    wait: Duration,
    model: Option<&str>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    sink.retry();
    let none = Server::default();
    let server = failure.server.as_deref().unwrap_or(&none);
    let after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    sink.event(&Event::Retry {
        request: number,
        after_ms,
        class: failure.class,
        http_status: server.http_status,
        code: server.code.as_deref(),
        message: &failure.message,
        model,
    })?;
    sink.note(
        Level::Verbose,
        &format!("* {failure}; request {number} follows in {after_ms} ms"),
    );
    sink.flush()
}

/// The body of the request of this number. An id must not be used twice
/// (code 1231), so a repeated request has its number behind it.
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
fn is_worth_a_try(failure: &Failure, answer: &Answer, accept: Accept<'_>) -> bool {
    match failure.class {
        Class::Busy => true,
        Class::Incomplete => answer.is_fault(accept),
        _ => failure.retryable,
    }
}

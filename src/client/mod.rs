//! Sends a request until it is answered, with retries, a deadline, and limits on the
//! requests in flight. Chat, files and batches share the loop in `retry.rs`.

mod attempt;
mod backoff;
mod budget;
mod cached;
mod clocks;
mod concurrency;
mod fallback;
mod max_in_flight;
mod private_dir;
mod resource;
mod response;
mod retry;

mod stream_buffer;
mod transport;
mod verbose;

use std::time::{Duration, Instant};

use crate::answer::{Accept, Answer};
use crate::api::error_codes::is_rate_limit;
use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Count, Level, Sink};
use crate::exit::Class;

pub use budget::{Summary, settle_all, summaries};
pub use cached::{CacheUse, keep};
pub use concurrency::ConcurrencyLimit;
use concurrency::Permit;
pub use fallback::{FallbackModel, unserved};
pub use resource::{Repeat, Unfulfilled, request as request_resource};
pub use response::read;
pub use transport::{Stream, Transport};

/// The most retries after an empty answer, because each request costs money.
const EMPTY_RETRIES: u32 = 2;

/// The request for one answer, and how to read the answer.
#[derive(Debug, Clone, Copy)]
pub struct AnswerRequest<'a> {
    /// The request; each retry gets a new id.
    pub request: &'a Request,
    /// The models to ask if the request's own is unavailable, in order.
    pub fallback: &'a [FallbackModel],
    /// What counts as complete.
    pub accept: Accept<'a>,
    /// Keep the text of a stream in the answer.
    pub keep_text: bool,
    /// How `--cache` is used.
    pub cache: CacheUse<'a>,
}

/// The state that all requests for one answer share: the first request, its retries,
/// the repeats of `airx json`, and the rounds of tools.
#[derive(Debug)]
pub struct RequestSeries {
    /// The time by which the last of them must be answered.
    deadline: Option<Instant>,
    /// The number of requests sent.
    requests: u32,
    /// The model that is asked: 0 is the request's own, 1 the first of the fallback. Later
    /// requests of the series stay with the model that answered.
    model: usize,
    /// The last request met a rate limit because other requests of this run were in
    /// flight.
    crowded: bool,
}

impl RequestSeries {
    /// Starts a series now. Its deadline follows from `--timeout`.
    pub fn new(transport: &Transport) -> Self {
        let total = transport.connection().timeouts.total;
        Self {
            deadline: total.map(|total| Instant::now() + total),
            requests: 0,
            model: 0,
            crowded: false,
        }
    }

    /// Moves the deadline by `spent`, a time in which no request was in flight.
    pub fn pause(&mut self, spent: Duration) {
        self.deadline = self
            .deadline
            .and_then(|deadline| deadline.checked_add(spent));
    }

    /// Whether no request has been sent.
    pub fn is_new(&self) -> bool {
        self.requests == 0
    }

    /// The time until the deadline.
    fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

/// Sends requests until there is an answer or no retry and no model is left. An answer may
/// come from the cache. If the result is a failure, the answer holds the part that arrived.
pub fn run(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    fallback::run(wanted, series, transport, sink)
}

/// Takes the answer of one model from the cache, or sends requests to it until there is an
/// answer or no retry is left.
fn answered(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> (Answer, Result<(), Failure>) {
    match cached::look_up(wanted, transport, sink) {
        Ok(None) => {}
        Ok(Some(answer)) => return (answer, Ok(())),
        Err(failure) => return (Answer::default(), Err(failure)),
    }
    let mut empty_answers = 0;
    let answered = retry::retry(
        Some(&wanted.request.model),
        series,
        transport,
        sink,
        |series, transport, sink| {
            let mut answer = Box::<Answer>::default();
            let model = &wanted.request.model;
            let has_next = !wanted.fallback.is_empty();
            if let Some(failure) = transport.unserved(model).filter(|_| has_next) {
                return Err(retry::Failed {
                    failure,
                    may_retry: false,
                    detail: answer,
                });
            }
            match request(wanted, series, transport, &mut answer, sink) {
                Ok(()) => Ok(answer),
                Err(failure) => {
                    empty_answers += u32::from(answer.is_only_empty(wanted.accept));
                    let gives_way = has_next && fallback::gives_way_at_once(&failure);
                    Err(retry::Failed {
                        may_retry: empty_answers <= EMPTY_RETRIES
                            && !gives_way
                            && may_retry(&failure, &answer, wanted.accept),
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

/// Makes the next request. If the number of requests in flight is limited, waits for a
/// permit and moves the deadline by the time waited.
fn request(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    transport.require_key(sink)?;
    let concurrency = transport.concurrency();
    let permit = match &concurrency {
        Some(limit) => Some(limit.acquire(series.requests > 0).ok_or_else(not_started)?),
        None => None,
    };
    if let Some(permit) = &permit {
        series.pause(permit.waited);
    }
    series.requests += 1;
    let slot = max_in_flight::take_slot(transport.connection(), &wanted.request.model, sink)?;
    if let Some(slot) = &slot {
        series.pause(slot.waited);
    }
    let body = numbered(wanted.request, series.requests);
    let reservation = budget::reserve(transport.connection(), wanted.request, &body, sink)?;
    if let Some(reservation) = &reservation {
        series.pause(reservation.waited);
    }
    sink.count(Count::Request);
    let result = attempt::run(wanted, body, transport, series.deadline, answer, sink);
    let result = match reservation {
        Some(reservation) => reservation.settle(wanted, answer, &result).and(result),
        None => result,
    };
    if let Some(usage) = answer.usage {
        sink.count(Count::Usage(
            usage,
            answer.model.as_deref().unwrap_or(&wanted.request.model),
            transport.connection().endpoint.price_list(),
        ));
    }
    series.crowded = permit.is_some_and(|permit| is_crowded(&permit, &result, sink));
    result
}

/// Reports the result of a request to the limit. Returns whether the request met a rate
/// limit because of other requests of this run.
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
    let text = format_args!("* rate limit: {limit} requests in flight at most from now on");
    sink.note(Level::Verbose, &text);
    crowded
}

/// The failure when the run ends before the request is sent.
fn not_started() -> Failure {
    Failure::new(Class::Signal, "not started")
}

/// The body of the request with this number. An id must not be used twice
/// (code 1231), so the id of a repeated request has the number added.
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

/// Whether a retry may help: after class `busy`, after a failure to connect or a reset
/// before any response byte, and after class `incomplete` unless the server ended the
/// answer on purpose.
fn may_retry(failure: &Failure, answer: &Answer, accept: Accept<'_>) -> bool {
    match failure.class {
        Class::Busy => true,
        Class::Incomplete => answer.may_retry(accept),
        _ => failure.retryable,
    }
}

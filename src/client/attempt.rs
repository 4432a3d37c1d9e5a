//! One attempt: waits until the limits allow a request, sends it, reads an answer or a
//! failure, and counts what it cost.

use std::time::Instant;

use super::concurrency::Permit;
use super::response::{self, Clocks};
use super::transport::Transport;
use super::{AnswerRequest, RequestSeries, budget, max_in_flight};
use crate::answer::Answer;
use crate::api::error_codes::is_rate_limit;
use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Count, Level, Sink};
use crate::exit::Class;
use crate::http;

/// Makes the next request of the series and adds the response to `answer`. Moves the
/// deadline by the time that the limits on requests in flight make it wait.
pub(super) fn run(
    wanted: &AnswerRequest<'_>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    transport.require_key(sink)?;
    let waiting = Instant::now();
    let concurrency = transport.concurrency();
    let started = series.requests > 0;
    let permit = match &concurrency {
        Some(limit) => Some(limit.acquire(started).ok_or_else(not_started)?),
        None => None,
    };
    series.requests += 1;
    let _slot = max_in_flight::take_slot(transport.connection(), &wanted.request.model, sink)?;
    let body = numbered(wanted.request, series.requests);
    let reservation = budget::reserve(transport.connection(), wanted.request, &body, sink)?;
    series.pause(waiting.elapsed());
    sink.count(Count::Request);
    let result = send(wanted, body, transport, series.deadline, answer, sink);
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

/// The failure when the run ends before the request is sent.
fn not_started() -> Failure {
    Failure::new(Class::Signal, "not started")
}

/// Reports the result of a request to the limit. Returns whether the request met a rate limit that
/// other requests of this run caused.
fn is_crowded(permit: &Permit<'_>, result: &Result<(), Failure>, sink: &mut dyn Sink) -> bool {
    let Err(failure) = result else {
        permit.answered();
        return false;
    };
    if !is_rate_limit(failure.class, failure.http_status(), failure.code()) {
        return false;
    }
    let (crowded, limit) = permit.rate_limited();
    let text = format_args!("* rate limit: {limit} requests in flight at most from now on");
    sink.note(Level::Verbose, &text);
    crowded
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

/// Sends `body` once.
fn send(
    wanted: &AnswerRequest<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    deadline: Option<Instant>,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let started = Instant::now();
    let clocks = Clocks::new(transport.connection().timeouts, deadline);
    for line in http::chat_head(transport.connection(), wanted.request.stream) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
    let length = body.len();
    sink.note(Level::Verbose, &format_args!("> content-length: {length}"));
    sink.flush()?;
    let result = if wanted.request.stream {
        stream(wanted, body, transport, clocks, answer, sink)
    } else {
        transport.complete(body, deadline).and_then(|response| {
            response::report_head(&response.head, sink);
            response::read_complete(wanted.accept, response, answer)
        })
    };
    let elapsed = started.elapsed().as_millis();
    sink.note(Level::Verbose, &format!("* the attempt took {elapsed} ms"));
    let recorded = record(&result, transport, sink);
    let result = result.map_err(|failure| {
        answer.with_context(answer.prefer_finish_reason(failure, wanted.accept))
    });
    result.and(recorded)
}

fn stream(
    wanted: &AnswerRequest<'_>,
    body: Vec<u8>,
    transport: &mut Transport,
    clocks: Clocks,
    answer: &mut Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let limit = clocks.limit(false);
    let (head, stream) = transport.stream(body, limit).map_err(|failure| {
        let is_late = limit.is_some_and(|limit| limit <= Instant::now());
        if is_late && failure.class == Class::Network {
            clocks.ran_out(false)
        } else {
            failure
        }
    })?;
    response::report_head(&head, sink);
    response::read_stream(wanted, head, stream, clocks, answer, sink)
}

/// With `--record`, writes the exchange to a file. A time-out of airx is not an answer of
/// the server, so it is not recorded.
fn record(
    result: &Result<(), Failure>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if matches!(result, Err(failure) if failure.class == Class::Network) {
        return Ok(());
    }
    let Some(recorded) = transport.record()? else {
        return Ok(());
    };
    let file = &recorded.file;
    sink.note(Level::Verbose, &format_args!("* recorded in {file}"));
    if recorded.masked {
        let text = format!("{file} has its secrets masked: its replay will differ");
        sink.note(Level::Warning, &text);
    }
    Ok(())
}

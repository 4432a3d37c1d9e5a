//! Retries a request until there is an answer, the retries are used up or the deadline
//! has passed.

use std::time::Duration;

use super::RequestSeries;
use super::backoff::{Backoff, Next};
use super::transport::Transport;
use crate::error::{Failure, Server};
use crate::event::{Event, Level, Sink};

/// An attempt that failed.
pub(super) struct Failed<E> {
    pub(super) failure: Failure,
    /// Another attempt may succeed.
    pub(super) may_retry: bool,
    /// What the caller receives together with the failure.
    pub(super) detail: E,
}

/// Makes attempts until one succeeds. Once a part of the answer was printed, there is no
/// other attempt. `model` is the name for events.
pub(super) fn retry<T, E>(
    model: Option<&str>,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
    mut attempt: impl FnMut(&mut RequestSeries, &mut Transport, &mut dyn Sink) -> Result<T, Failed<E>>,
) -> Result<T, (Failure, E)> {
    let mut backoff = Backoff::new(transport.connection().retries);
    loop {
        let failed = match attempt(series, transport, sink) {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let Failed {
            failure, detail, ..
        } = failed;
        if sink.printed() || !failed.may_retry {
            return Err((failure, detail));
        }
        let wait = match backoff.next(&failure, series.left(), series.crowded) {
            Next::Wait(wait) => wait,
            Next::GiveUp(failure) => return Err((failure, detail)),
        };
        sink.count(backoff.count());
        let next = NextRequest {
            number: series.requests + 1,
            wait,
            model,
            replaced: None,
        };
        if let Err(failure) = next.announce(&failure, sink) {
            return Err((failure, detail));
        }
        if !transport.replays() {
            std::thread::sleep(wait);
        }
    }
}

/// The request that follows one that failed.
pub(super) struct NextRequest<'a> {
    pub(super) number: u32,
    /// How long after the failure it is sent.
    pub(super) wait: Duration,
    /// The model that it asks, if it asks one.
    pub(super) model: Option<&'a str>,
    /// The model that was asked before, if that was another.
    pub(super) replaced: Option<&'a str>,
}

impl NextRequest<'_> {
    /// Reports the failure and the request.
    pub(super) fn announce(&self, failure: &Failure, sink: &mut dyn Sink) -> Result<(), Failure> {
        let none = Server::default();
        let server = failure.server.as_deref().unwrap_or(&none);
        let Self { number, model, .. } = *self;
        let after_ms = u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX);
        sink.event(&Event::Retry {
            request: number,
            after_ms,
            class: failure.class,
            http_status: server.http_status,
            code: server.code.as_deref(),
            message: &failure.message,
            model,
        })?;
        let follows = match (model, self.replaced) {
            (Some(model), Some(replaced)) => format!("asks {model} in place of {replaced}"),
            _ => format!("follows in {after_ms} ms"),
        };
        let text = format_args!("* {failure}; request {number} {follows}");
        sink.note(Level::Verbose, &text);
        sink.flush()
    }
}

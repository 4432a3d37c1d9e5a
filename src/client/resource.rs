//! Requests for files and batches. A request that must not be carried out twice is
//! retried only if the server cannot have carried it out.

use std::fs::File;
use std::io::{Read, Seek};
use std::time::Instant;

use super::retry::{self, retry};
use super::transport::Transport;
use super::{RequestSeries, response};
use crate::answer::refused;
use crate::api::batch::is_refusal;
use crate::api::error_codes::is_turned_away;
use crate::error::Failure;
use crate::event::{Count, Level, Sink};
use crate::exit::Class;
use crate::http::{self, Head, ResourceRequest, Response};

/// Up to this length in bytes, a downloaded file is checked for a refusal.
const SHORT: u64 = 64 << 10;

/// A request that was not answered with success.
#[derive(Debug)]
pub struct Unfulfilled {
    /// Why.
    pub failure: Failure,
    /// Whether the server may still have carried out the request.
    pub unsure: bool,
}

/// When a request may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// As often as the retries allow: repeating it has no further effect.
    Freely,
    /// Only if the server has not carried it out.
    IfUndone,
}

/// Makes the request until there is an answer or no retry is left. If `into` is given,
/// the body is written to it.
///
/// # Errors
/// There was no answer, or its status is not a success.
pub fn request(
    request: &ResourceRequest<'_>,
    repeat: Repeat,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Unfulfilled> {
    let mut series = RequestSeries::new(transport);
    let attempt = |series: &mut RequestSeries, transport: &mut Transport, sink: &mut dyn Sink| {
        series.requests += 1;
        sink.count(Count::Request);
        let file = into.as_deref_mut();
        attempt(request, series.deadline, file, transport, sink).map_err(|mut failed| {
            failed.may_retry &= repeat == Repeat::Freely || !failed.detail;
            failed
        })
    };
    retry(None, &mut series, transport, sink, attempt).map_err(|failed| Unfulfilled {
        failure: failed.failure,
        unsure: failed.detail,
    })
}

/// An attempt that failed, and whether the server may still have carried out the request.
type Failed = retry::Failed<bool>;

/// A failure on this machine, which another attempt would not change.
impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            may_retry: false,
            detail: false,
        }
    }
}

/// A request that received no response.
fn unanswered(failure: Failure) -> Failed {
    Failed {
        may_retry: failure.retryable || failure.class == Class::Busy,
        detail: !failure.unsent,
        failure,
    }
}

/// A failure that the server answered with this status.
fn refusal(status: u16, failure: Failure) -> Failed {
    // If the answer has a code, the code decides the class.
    let fault = status >= 500 || matches!(failure.class, Class::Busy | Class::Incomplete);
    Failed {
        may_retry: failure.class == Class::Busy,
        detail: fault && !is_turned_away(status, failure.code()),
        failure,
    }
}

fn attempt(
    request: &ResourceRequest<'_>,
    deadline: Option<Instant>,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Failed> {
    for line in http::resource_head(transport.connection(), request) {
        sink.note(Level::Verbose, &format_args!("> {line}"));
    }
    sink.flush()?;
    let response = transport
        .http
        .resource(request, deadline, into.as_deref_mut());
    let Response { head, body, broken } = response.map_err(unanswered)?;
    response::report_head(&head, sink);
    response::check(&head, &body).map_err(|failure| refusal(head.status, failure))?;
    if let Some(failure) = broken {
        return Err(Failed {
            may_retry: failure.class == Class::Incomplete,
            detail: true,
            failure,
        });
    }
    if into.is_some() && !has_an_end(&head) {
        let what = "the response has neither a length nor an end: it may be cut off";
        return Err(Failure::new(Class::Incomplete, what).into());
    }
    let short = into.map(short_content).transpose().map_err(Failure::from)?;
    let answer = short.as_ref().unwrap_or(&body);
    if is_refusal(answer) {
        return Err(refusal(head.status, refused(head.status, answer)));
    }
    Ok(body)
}

/// Whether the head says where the body ends, so that a body that breaks off is noticed.
fn has_an_end(head: &Head) -> bool {
    head.status == 204
        || head.header("content-length").is_some()
        || head.header("transfer-encoding").is_some()
}

/// The content of a short file, which may be a refusal; empty if the file is long.
fn short_content(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= SHORT {
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

//! Requests for files and batches. A request that must not be carried out twice is
//! retried only if the server cannot have carried it out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use super::transport::Transport;
use super::{RequestSeries, response, retry, verbose};
use crate::answer::refused;
use crate::api::batch::is_refusal;
use crate::api::error_codes::is_turned_away;
use crate::error::Failure;
use crate::event::{Count, Sink};
use crate::exit::Class;
use crate::http::{Head, ResourceRequest, Response, Unanswered};

/// The longest downloaded file that is checked for a refusal.
const SHORT: u64 = 64 << 10;

/// A request that was not answered with success.
#[derive(Debug)]
pub struct Unfulfilled {
    /// Why.
    pub failure: Failure,
    /// The server may still have carried out the request.
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
    let answered = retry::retry(
        None,
        &mut series,
        transport,
        sink,
        |series, transport, sink| {
            series.requests += 1;
            sink.count(Count::Request);
            let file = into.as_deref_mut();
            attempt(request, series.deadline, file, transport, sink).map_err(|failed| {
                retry::Failed {
                    may_retry: failed.may_retry && !(failed.unsure && repeat == Repeat::IfUndone),
                    failure: failed.failure,
                    detail: failed.unsure,
                }
            })
        },
    );
    answered.map_err(|(failure, unsure)| Unfulfilled { failure, unsure })
}

/// An attempt that failed.
struct Failed {
    failure: Failure,
    may_retry: bool,
    unsure: bool,
}

impl Failed {
    /// A failure that the server answered with this status.
    fn answered(status: u16, failure: Failure) -> Self {
        let server = failure.server.as_deref();
        let code = server.and_then(|server| server.code.as_deref());
        // If the answer has a code, the code decides the class.
        let fault = status >= 500 || matches!(failure.class, Class::Busy | Class::Incomplete);
        Self {
            may_retry: failure.class == Class::Busy,
            unsure: fault && !is_turned_away(status, code),
            failure,
        }
    }
}

/// A failure on this machine, which another attempt would not change.
impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            may_retry: false,
            unsure: false,
        }
    }
}

impl From<Unanswered> for Failed {
    fn from(Unanswered { failure, sent }: Unanswered) -> Self {
        Self {
            may_retry: failure.retryable || failure.class == Class::Busy,
            unsure: sent,
            failure,
        }
    }
}

fn attempt(
    request: &ResourceRequest<'_>,
    deadline: Option<Instant>,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Failed> {
    verbose::resource(transport, request, sink);
    sink.flush()?;
    let Response { head, body, broken } =
        transport.resource(request, deadline, into.as_deref_mut())?;
    verbose::response(&head, sink);
    response::check(&head, &body).map_err(|failure| Failed::answered(head.status, failure))?;
    if let Some(failure) = broken {
        return Err(Failed {
            may_retry: failure.class == Class::Incomplete,
            unsure: true,
            failure,
        });
    }
    if into.is_some() && !has_an_end(&head) {
        let what = "the response has neither a length nor an end: it may be cut off";
        return Err(Failure::new(Class::Incomplete, what).into());
    }
    let short = into.map_or(Ok(None), |file| short(file).map(Some));
    let short = short.map_err(Failure::from)?;
    let answer = short.as_ref().unwrap_or(&body);
    if is_refusal(answer) {
        return Err(Failed::answered(head.status, refused(head.status, answer)));
    }
    Ok(body)
}

/// Whether the head makes it possible to see that a body broke off.
fn has_an_end(head: &Head) -> bool {
    head.status == 204
        || head.header("content-length").is_some()
        || head.header("transfer-encoding").is_some()
}

/// The content of a short file, which may be a refusal; empty if the file is long.
fn short(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= SHORT {
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

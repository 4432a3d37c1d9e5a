//! Requests for files and batches. One that must not be done twice is retried only
//! where the server cannot have done it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use super::transport::Transport;
use super::{Span, response, retry, verbose};
use crate::answer::refused;
use crate::api::batch::is_refusal;
use crate::api::error_codes::is_turned_away;
use crate::error::Failure;
use crate::event::{Count, Sink};
use crate::exit::Class;
use crate::http::{Head, ResourceRequest, Response, Unanswered};

/// Longest body that is checked for a refusal in place of a file.
const SHORT: u64 = 64 << 10;

/// A request that was not answered with success.
#[derive(Debug)]
pub struct Unfulfilled {
    /// Why.
    pub failure: Failure,
    /// The server may have done what it was asked for all the same.
    pub unsure: bool,
}

/// When a request may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// As often as the retries allow: nothing is done twice by it.
    Freely,
    /// Only where the server has not done it.
    IfUndone,
}

/// Asks until there is an answer or nothing left to try; its body goes `into` a file
/// where one is given.
///
/// # Errors
/// There was no answer, or it is no success.
pub fn request(
    request: &ResourceRequest<'_>,
    repeat: Repeat,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Unfulfilled> {
    let mut span = Span::new(transport);
    let answered = retry::retry(None, &mut span, transport, sink, |span, transport, sink| {
        span.requests += 1;
        sink.count(Count::Request);
        let file = into.as_deref_mut();
        attempt(request, span.deadline, file, transport, sink).map_err(|failed| retry::Failed {
            may_retry: failed.may_retry && !(failed.unsure && repeat == Repeat::IfUndone),
            failure: failed.failure,
            detail: failed.unsure,
        })
    });
    answered.map_err(|(failure, unsure)| Unfulfilled { failure, unsure })
}

/// An attempt that failed.
struct Failed {
    failure: Failure,
    may_retry: bool,
    unsure: bool,
}

impl Failed {
    /// What a server answered, with this status, instead of success.
    fn answered(status: u16, failure: Failure) -> Self {
        let server = failure.server.as_deref();
        let code = server.and_then(|server| server.code.as_deref());
        // Where there is a code, it says what the fault is.
        let fault = status >= 500 || matches!(failure.class, Class::Busy | Class::Incomplete);
        Self {
            may_retry: failure.class == Class::Busy,
            unsure: fault && !is_turned_away(status, code),
            failure,
        }
    }
}

/// A failure of this machine, which no other attempt would change.
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

/// Whether a response that breaks off differs from one that has ended.
fn has_an_end(head: &Head) -> bool {
    head.status == 204
        || head.header("content-length").is_some()
        || head.header("transfer-encoding").is_some()
}

/// What a short file holds: it may be a refusal instead.
fn short(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= SHORT {
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

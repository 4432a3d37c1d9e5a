//! A request beside the chat: made again like one of the chat until it is answered,
//! the tries are used up or the deadline has passed. One that must not be done
//! twice is made again only where it cannot have been done.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use super::backoff::{Backoff, Next};
use super::{Span, announce, response, trace};
use crate::answer::refused;
use crate::api::batch::is_refusal;
use crate::api::error_codes::is_turned_away;
use crate::error::Failure;
use crate::event::{Count, Sink};
use crate::exit::Class;
use crate::http::{Call, Head, Transport, Unanswered, Whole};

/// Longest refusal that is looked for in place of a file.
const SHORT: u64 = 64 << 10;

/// A request that was not answered with success.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub failure: Failure,
    /// Whether the server may have done what it was asked for all the same.
    pub unsure: bool,
}

/// How a request may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// As often as the tries allow: nothing is done twice by it.
    Freely,
    /// Only where the server has not done it.
    Undone,
}

/// Asks until there is an answer or no more hope; its body goes `into` a file
/// where one is given.
///
/// # Errors
/// There was none, or it is no success.
pub fn call(
    call: &Call<'_>,
    again: Again,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Failed> {
    let mut backoff = Backoff::new(transport.connection().retries);
    let span = Span::new(transport);
    let mut requests = 0;
    loop {
        requests += 1;
        sink.count(Count::Request);
        let file = into.as_deref_mut();
        let Attempt {
            failure,
            worth,
            unsure,
        } = match attempt(call, span.deadline, file, transport, sink) {
            Ok(body) => return Ok(body),
            Err(failed) => failed,
        };
        if !worth || (unsure && again == Again::Undone) {
            return Err(Failed { failure, unsure });
        }
        let left = span
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let wait = match backoff.next(&failure, left, false) {
            Next::Wait(wait) => wait,
            Next::GiveUp(failure) => return Err(Failed { failure, unsure }),
        };
        announce(&failure, requests + 1, wait, None, sink)
            .map_err(|failure| Failed { failure, unsure })?;
        std::thread::sleep(wait);
    }
}

/// An attempt that failed.
struct Attempt {
    failure: Failure,
    /// Another may succeed.
    worth: bool,
    unsure: bool,
}

impl Attempt {
    /// What a server said, with this status, in place of success.
    fn told(status: u16, failure: Failure) -> Self {
        let server = failure.server.as_deref();
        let code = server.and_then(|server| server.code.as_deref());
        // Where it can be read, it is the code that says what the fault is.
        let fault = status >= 500 || matches!(failure.class, Class::Busy | Class::Incomplete);
        Self {
            worth: failure.class == Class::Busy,
            unsure: fault && !is_turned_away(status, code),
            failure,
        }
    }
}

/// Something of this machine, which no other attempt would change.
impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            worth: false,
            unsure: false,
        }
    }
}

impl From<Unanswered> for Attempt {
    fn from(Unanswered { failure, sent }: Unanswered) -> Self {
        Self {
            worth: failure.retryable || failure.class == Class::Busy,
            unsure: sent,
            failure,
        }
    }
}

fn attempt(
    call: &Call<'_>,
    deadline: Option<Instant>,
    mut into: Option<&mut File>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Vec<u8>, Attempt> {
    trace::call(transport, call, sink);
    sink.flush()?;
    let Whole { head, body, broken } = transport.call(call, deadline, into.as_deref_mut())?;
    trace::response(&head, sink);
    response::check(&head, &body).map_err(|failure| Attempt::told(head.status, failure))?;
    if let Some(failure) = broken {
        return Err(Attempt {
            worth: failure.class == Class::Incomplete,
            unsure: true,
            failure,
        });
    }
    if into.is_some() && !tells_its_end(&head) {
        let what =
            "the response tells neither its length nor its end: whether all has come is not known";
        return Err(Failure::new(Class::Incomplete, what).into());
    }
    let begun = into.map_or(Ok(None), |file| short(file).map(Some));
    let begun = begun.map_err(Failure::from)?;
    let told = begun.as_ref().unwrap_or(&body);
    if is_refusal(told) {
        return Err(Attempt::told(head.status, refused(head.status, told)));
    }
    Ok(body)
}

/// Whether a response that breaks off can be known from one that has ended.
fn tells_its_end(head: &Head) -> bool {
    head.status == 204
        || head.header("content-length").is_some()
        || head.header("transfer-encoding").is_some()
}

/// What a short file holds: it may be no file, but the refusal of one.
fn short(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.metadata()?.len() <= SHORT {
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

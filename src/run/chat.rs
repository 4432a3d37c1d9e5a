//! One request, one answer.

use super::report::{calls, cut, extend, start, tell};
use crate::answer::{Accept, Answer, Empty};
use crate::client::Transport;
use crate::client::{self, Ask, Span};
use crate::error::Failure;
use crate::event::Sink;
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::{Expect, Job};

/// Asks once and hands the answer to `sink`. What is returned with success is
/// the accepted answer.
///
/// # Errors
/// Whatever kept the answer from being complete.
pub fn once(
    job: &Job,
    expect: &Expect,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    start(job, sink)?;
    let ask = Ask {
        request: &job.request,
        accept: Accept {
            reasons: &job.accept,
            empty: Empty::allowed(job.allow_empty),
        },
        keep: session.is_some(),
    };
    let (mut answer, result) = client::run(&ask, &mut Span::new(transport), transport, sink);
    if let Err(failure) = result {
        // A cut answer is shown; the exit code says that it is cut.
        if failure.class == Class::Truncated {
            match expect {
                Expect::Answer => tell(&answer, job, sink)?,
                Expect::Calls { .. } => cut(&answer, job, sink)?,
            }
        }
        return Err(failure);
    }
    match expect {
        Expect::Answer => tell(&answer, job, sink)?,
        Expect::Calls { required } => calls(&answer, job, *required, sink)?,
    }
    extend(session, &answer, sink)?;
    // Its bytes have been handed over; the rest is for the run's last event.
    answer.body = Vec::new();
    Ok(answer)
}

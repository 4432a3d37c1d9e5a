//! Events as lines of NDJSON. Secrets are masked in texts that may come from a server,
//! except in the answer itself.

use std::collections::BTreeMap;

use super::buffer::Buffer;
use super::messages::{excerpt, hint};
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Event, Fault, ItemResult, Tally, millis};
use crate::exit::Class;
use crate::secret::Scrubber;

/// The facts about a complete answer that are reported at the end.
#[derive(Debug, Default, Clone)]
pub struct Done {
    /// The accepted finish_reason; `None` if nothing was sent or the reader has gone.
    pub finish_reason: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// The server's id of the answer.
    pub id: Option<String>,
    /// The request's id, as the server echoed it.
    pub request_id: Option<String>,
}

/// The state that later events need.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The id that was sent with the request.
    pub(super) request_id: Option<String>,
    /// The results that wait for earlier ones, if results are printed in order.
    in_order: Option<InOrder>,
}

impl Events {
    pub(super) fn new(ordered: bool) -> Self {
        Self {
            request_id: None,
            in_order: ordered.then(InOrder::default),
        }
    }

    /// Adds the line of an event that is neither a result nor the last one.
    pub(super) fn push(event: &Event<'_>, scrubber: &Scrubber, buffer: &mut Buffer) {
        // The listed events contain no part of the final answer.
        buffer.printed |= !matches!(
            event,
            Event::Start { .. } | Event::Retry { .. } | Event::Part { .. } | Event::Invalid { .. }
        );
        let hide = |text: &str| scrubber.scrub(text).into_owned();
        buffer.line(|line| match *event {
            Event::Retry {
                request,
                after_ms,
                class,
                http_status,
                code,
                message,
                model,
            } => write(
                &Event::Retry {
                    request,
                    after_ms,
                    class,
                    http_status,
                    code: code.map(hide).as_deref(),
                    message: &excerpt(message, scrubber),
                    model,
                },
                line,
            ),
            Event::Batch {
                id,
                status,
                total,
                completed,
                failed,
            } => write(
                &Event::Batch {
                    id: &hide(id),
                    status: &hide(status),
                    total,
                    completed,
                    failed,
                },
                line,
            ),
            _ => write(event, line),
        });
    }

    /// The lines to print now: the result and those that waited for it. Each needs one write.
    pub(super) fn result(&mut self, result: &ItemResult<'_>, scrubber: &Scrubber) -> Vec<Vec<u8>> {
        let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
        let line = |error: Option<Fault<'_>>| {
            line(&Event::Result(&ItemResult {
                custom_id: hide(result.custom_id).as_deref(),
                error,
                model: hide(result.model).as_deref(),
                finish_reason: hide(result.finish_reason).as_deref(),
                ..result.clone()
            }))
        };
        let line = match result.error {
            Some(fault) => masked(fault, None, scrubber, |fault| line(Some(fault))),
            None => line(None),
        };
        match &mut self.in_order {
            Some(in_order) => in_order.push(result.index, line),
            None => vec![line],
        }
    }

    /// The lines that still wait when no more results will arrive.
    pub(super) fn rest(&mut self) -> Vec<Vec<u8>> {
        let in_order = self.in_order.as_mut();
        in_order.map(InOrder::rest).unwrap_or_default()
    }

    /// The line of the event that ends the run.
    pub(super) fn last(
        &self,
        result: &Result<Done, Failure>,
        format: Format,
        tally: &Tally,
        scrubber: &Scrubber,
    ) -> Vec<u8> {
        let sent = self.request_id.as_deref();
        let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
        let unread = Done::default();
        let done = match result {
            Ok(done) => done,
            Err(failure) if failure.class == Class::Ok => &unread,
            Err(failure) => {
                let mut fault = Fault::of(failure, tally.usage, tally.requests);
                fault.request_id = fault.request_id.or(sent);
                return masked(fault, Some(format), scrubber, |fault| {
                    line(&Event::Error(fault))
                });
            }
        };
        // An answer from the cache has the id of the request that was sent for it.
        let sent = sent.filter(|_| !tally.is_cached());
        line(&Event::Done {
            finish_reason: hide(done.finish_reason.as_deref()).as_deref(),
            model: hide(done.model.as_deref()).as_deref(),
            id: hide(done.id.as_deref()).as_deref(),
            request_id: hide(done.request_id.as_deref().or(sent)).as_deref(),
            usage: tally.usage,
            cost: tally.cost,
            ttft_ms: tally.ttft.map(millis),
            elapsed_ms: millis(tally.elapsed()),
            requests: tally.requests,
            cached: tally.is_cached(),
        })
    }
}

fn write(event: &Event<'_>, line: &mut Vec<u8>) {
    // Writing strings and numbers to memory cannot fail.
    let _ = event.write_json(line);
}

fn line(event: &Event<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    write(event, &mut line);
    line
}

/// Masks the texts of a failure, since a server may have sent them, and calls `then` with
/// it. `format` is that of the run, or `None` for the failure of one item.
fn masked<T>(
    fault: Fault<'_>,
    format: Option<Format>,
    scrubber: &Scrubber,
    then: impl FnOnce(Fault<'_>) -> T,
) -> T {
    let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
    let hint = hint(fault.look, fault.hint, format);
    then(Fault {
        message: &excerpt(fault.message, scrubber),
        hint: hint.map(|hint| excerpt(&hint, scrubber)).as_deref(),
        look: None,
        code: hide(fault.code).as_deref(),
        request_id: hide(fault.request_id).as_deref(),
        finish_reason: hide(fault.finish_reason).as_deref(),
        ..fault
    })
}

/// The lines that wait for earlier ones.
#[derive(Debug, Default)]
struct InOrder {
    /// The index of the next line to print.
    next: u64,
    waiting: BTreeMap<u64, Vec<u8>>,
}

impl InOrder {
    /// Takes a line and returns the lines that can be printed now.
    fn push(&mut self, index: u64, line: Vec<u8>) -> Vec<Vec<u8>> {
        self.waiting.insert(index, line);
        let mut ready = Vec::new();
        while let Some(line) = self.waiting.remove(&self.next) {
            ready.push(line);
            self.next += 1;
        }
        ready
    }

    /// Returns the remaining lines when no more will arrive.
    fn rest(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_leave_in_order_and_once(order in Just((0..50_u64).collect::<Vec<_>>()).prop_shuffle(), cut in 0..50_usize) {
            let (mut in_order, mut left) = (InOrder::default(), Vec::new());
            let line = |index: u64| index.to_string().into_bytes();
            for index in &order[..cut] {
                left.extend(in_order.push(*index, line(*index)));
            }
            left.extend(in_order.rest());
            let mut expected = order[..cut].to_vec();
            expected.sort_unstable();
            prop_assert_eq!(left, expected.into_iter().map(line).collect::<Vec<_>>());
        }
    }
}

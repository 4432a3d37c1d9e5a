//! Events as lines of NDJSON. Secrets are masked in texts that may come from a server,
//! except in the answer itself.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::buffer::Buffer;
use super::messages::{View, excerpt, hint};
use super::printer::Done;
use crate::error::Failure;
use crate::event::{Event, Fault, ItemResult, Tally, millis};
use crate::exit::Class;
use crate::secret::Scrubber;

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

    /// The lines of a result and of those that waited for it. Each needs one write.
    pub(super) fn result(&mut self, result: &ItemResult<'_>, scrubber: &Scrubber) -> Vec<Vec<u8>> {
        let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
        let masked = result
            .error
            .map(|fault| (Masked::new(&fault, View::Item, scrubber), fault));
        let (reason, custom_id) = (hide(result.finish_reason), hide(result.custom_id));
        let model = hide(result.model);
        let event = Event::Result(&ItemResult {
            custom_id: custom_id.as_deref(),
            error: masked.as_ref().map(|(masked, fault)| masked.put_on(*fault)),
            model: model.as_deref(),
            finish_reason: reason.as_deref(),
            ..result.clone()
        });
        let mut line = Vec::new();
        write(&event, &mut line);
        match &mut self.in_order {
            Some(in_order) => in_order.push(result.index, line),
            None => vec![line],
        }
    }

    /// The lines that still wait when no more results will arrive.
    pub(super) fn rest(&mut self) -> Vec<Vec<u8>> {
        self.in_order
            .as_mut()
            .map(InOrder::rest)
            .unwrap_or_default()
    }

    /// The event that ends the run.
    pub(super) fn last(
        &self,
        result: &Result<Done, Failure>,
        view: View,
        tally: &Tally,
        scrubber: &Scrubber,
    ) -> String {
        let sent = self.request_id.as_deref();
        let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
        let unread = Done::default();
        let done = match result {
            Ok(done) => done,
            Err(failure) if failure.class == Class::Ok => &unread,
            Err(failure) => {
                let mut fault = Fault::of(failure, tally.usage, tally.requests);
                fault.request_id = fault.request_id.or(sent);
                let masked = Masked::new(&fault, view, scrubber);
                return json(&Event::Error(masked.put_on(fault)));
            }
        };
        // An answer from the cache has the id of the request that was sent for it.
        let sent = sent.filter(|_| !tally.is_cached());
        json(&Event::Done {
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

/// Adds an event's line to the buffer.
pub(super) fn push<O: Write>(event: &Event<'_>, scrubber: &Scrubber, buffer: &mut Buffer<O>) {
    let hide = |text: &str| scrubber.scrub(text).into_owned();
    match *event {
        Event::Retry {
            request,
            after_ms,
            class,
            http_status,
            code,
            message,
            model,
        } => {
            let (message, code) = (excerpt(message, scrubber), code.map(hide));
            let event = Event::Retry {
                request,
                after_ms,
                class,
                http_status,
                code: code.as_deref(),
                message: &message,
                model,
            };
            buffer.line(|line| write(&event, line));
        }
        Event::Batch {
            id,
            status,
            total,
            completed,
            failed,
        } => {
            let event = Event::Batch {
                id: &hide(id),
                status: &hide(status),
                total,
                completed,
                failed,
            };
            buffer.line(|line| write(&event, line));
        }
        _ => buffer.line(|line| write(event, line)),
    }
}

fn write(event: &Event<'_>, line: &mut Vec<u8>) {
    // Writing strings and numbers to memory cannot fail.
    let _ = event.write_json(line);
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The texts of a failure that may come from a server, with secrets masked.
struct Masked {
    message: String,
    hint: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
    finish_reason: Option<String>,
}

impl Masked {
    fn new(fault: &Fault<'_>, view: View, scrubber: &Scrubber) -> Self {
        let hide = |text: Option<&str>| text.map(|text| scrubber.scrub(text).into_owned());
        let hint = hint(fault.look, fault.hint, view);
        Self {
            message: excerpt(fault.message, scrubber),
            hint: hint.map(|hint| excerpt(&hint, scrubber)),
            code: hide(fault.code),
            request_id: hide(fault.request_id),
            finish_reason: hide(fault.finish_reason),
        }
    }

    /// The failure with its texts replaced by these.
    fn put_on<'a>(&'a self, fault: Fault<'_>) -> Fault<'a> {
        Fault {
            class: fault.class,
            exit: fault.exit,
            message: &self.message,
            hint: self.hint.as_deref(),
            look: None,
            http_status: fault.http_status,
            code: self.code.as_deref(),
            request_id: self.request_id.as_deref(),
            finish_reason: self.finish_reason.as_deref(),
            usage: fault.usage,
            requests: fault.requests,
            retry_after_ms: fault.retry_after_ms,
        }
    }
}

/// The lines that wait for earlier ones.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    /// The index of the next line to print.
    next: u64,
    waiting: BTreeMap<u64, Vec<u8>>,
}

impl InOrder {
    /// Takes a line and returns the lines that can be printed now.
    pub(super) fn push(&mut self, index: u64, line: Vec<u8>) -> Vec<Vec<u8>> {
        self.waiting.insert(index, line);
        let mut ready = Vec::new();
        while let Some(line) = self.waiting.remove(&self.next) {
            ready.push(line);
            self.next += 1;
        }
        ready
    }

    /// Returns the remaining lines when no more will arrive.
    pub(super) fn rest(&mut self) -> Vec<Vec<u8>> {
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

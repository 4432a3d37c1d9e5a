//! Results of `--each` → a line each, and failures without what must not be
//! shown.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use super::Printer;
use super::hint::{View, hint};
use super::in_order::InOrder;
use crate::cli::Format;
use crate::error::Failure;
use crate::event::{Count, Event, Fault, ItemResult, Items, Tally, millis};
use crate::output::status::Bar;

/// The texts of a failure that a server may have had a hand in, masked.
pub(super) struct Masked {
    message: String,
    hint: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
    finish_reason: Option<String>,
}

impl Masked {
    /// The failure with these in place of its own.
    pub(super) fn put_on<'a>(&'a self, fault: Fault<'_>) -> Fault<'a> {
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

impl<O: Write, E: Write> Printer<O, E> {
    /// Shows how far the items are, where a person watches.
    pub(super) fn show_items(&mut self, what: &Count<'_>) {
        let shown = self.options.progress && !self.options.quiet && !self.options.verbose;
        let Count::Items(items) = what else { return };
        self.items = Some(*items);
        if shown && !self.finished {
            let line = line(items, &self.tally);
            self.bar.get_or_insert_with(Bar::start).show(line);
        }
    }

    /// How a reader sees this run.
    pub(super) fn view(&self) -> View {
        match self.options.format {
            Format::Text => View::Text,
            Format::Json => View::Bodies,
            Format::Ndjson => View::Events,
        }
    }

    pub(super) fn masked(&self, fault: &Fault<'_>, view: View) -> Masked {
        // Whatever a server put there: it may have echoed the key anywhere.
        let hide = |text: Option<&str>| text.map(|text| self.scrubber.scrub(text).into_owned());
        Masked {
            message: self.told(fault.message),
            hint: hint(fault.look, fault.hint, view).map(|hint| self.told(&hint)),
            code: hide(fault.code),
            request_id: hide(fault.request_id),
            finish_reason: hide(fault.finish_reason),
        }
    }

    /// Prints a result, and those that waited for it; the answer itself is not
    /// altered. Each line is one write.
    pub(super) fn push_result(&mut self, result: &ItemResult<'_>) -> Result<(), Failure> {
        if self.options.format == Format::Json {
            return Ok(());
        }
        let masked = result
            .error
            .map(|fault| (self.masked(&fault, View::Item), fault));
        let reason = result.finish_reason;
        let reason = reason.map(|reason| self.scrubber.scrub(reason).into_owned());
        let custom_id = result.custom_id;
        let custom_id = custom_id.map(|id| self.scrubber.scrub(id).into_owned());
        let event = Event::Result(&ItemResult {
            custom_id: custom_id.as_deref(),
            error: masked.as_ref().map(|(masked, fault)| masked.put_on(*fault)),
            finish_reason: reason.as_deref(),
            ..result.clone()
        });
        let Some(in_order) = &mut self.in_order else {
            self.flush_buffer()?;
            self.push_event(&event);
            self.printed = true;
            return Ok(());
        };
        let mut line = Vec::new();
        // Into memory, and of strings and numbers only: nothing can fail.
        let _ = event.write_json(&mut line);
        let ready = in_order.push(result.index, line);
        self.push_lines(ready)
    }

    /// Prints the results that wait for others: those will not come.
    pub(super) fn release_results(&mut self) -> Result<(), Failure> {
        let rest = self.in_order.as_mut().map(InOrder::rest);
        self.push_lines(rest.unwrap_or_default())
    }

    fn push_lines(&mut self, lines: Vec<Vec<u8>>) -> Result<(), Failure> {
        for line in lines {
            self.flush_buffer()?;
            let from = self.buffer.len();
            self.buffer.extend_from_slice(&line);
            self.make_line(from);
            self.printed = true;
        }
        Ok(())
    }
}

/// What a run came to, when it is over.
pub(super) fn summary(items: &Items, tally: &Tally) -> String {
    format!("{}, {} ms", sum(items, tally), millis(tally.elapsed()))
}

/// Items, tokens and money.
fn sum(items: &Items, tally: &Tally) -> String {
    let mut line = format!("{} done", items.done + items.kept);
    if items.kept > 0 {
        let _ = write!(line, " ({} before)", items.kept);
    }
    let _ = write!(line, ", {} failed", items.failed);
    if items.in_flight > 0 {
        let _ = write!(line, ", {} in flight", items.in_flight);
    }
    if let Some(usage) = tally.usage {
        let tokens = usage.prompt_tokens + usage.completion_tokens;
        let _ = write!(line, ", {tokens} tokens");
    }
    if let Some(cost) = tally.cost {
        let _ = write!(line, ", {} {}", cost.amount(), cost.currency());
    }
    line
}

/// The words of the progress bar.
fn line(items: &Items, tally: &Tally) -> String {
    let mut line = sum(items, tally);
    if let Some(left) = left(items, tally.elapsed()) {
        let seconds = left.as_secs();
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let _ = write!(line, ", {minutes}:{seconds:02} left");
    }
    line
}

/// The time that is left, by how much of the input has been read and is no
/// longer in flight; none where the input's size is not known.
fn left(items: &Items, elapsed: Duration) -> Option<Duration> {
    let (read, size) = items.read?;
    let ended = items.done + items.failed;
    let begun = ended + items.in_flight + items.kept;
    if ended == 0 || read == 0 || size < read {
        return None;
    }
    let whole = u128::from(begun) * u128::from(size) / u128::from(read);
    let open = whole.saturating_sub(u128::from(ended + items.kept));
    let left = elapsed.as_millis() * open / u128::from(ended);
    Some(Duration::from_millis(u64::try_from(left).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::usage::Usage;

    #[test]
    fn what_is_left_follows_from_what_has_ended() {
        let items = |done, in_flight, read| Items {
            done,
            in_flight,
            read: Some((read, 1000)),
            ..Items::default()
        };
        let left = |items: &Items| left(items, Duration::from_secs(10)).map(|left| left.as_secs());
        assert_eq!(left(&items(4, 1, 500)), Some(15));
        assert_eq!(left(&items(10, 0, 1000)), Some(0));
        assert_eq!(left(&items(0, 5, 500)), None);
        assert_eq!(
            left(&Items {
                read: None,
                ..items(4, 1, 1)
            }),
            None
        );
    }

    #[test]
    fn the_line_tells_what_is_known() {
        let mut tally = Tally::default();
        let items = Items {
            done: 3,
            failed: 1,
            in_flight: 5,
            kept: 2,
            read: None,
        };
        assert_eq!(
            line(&items, &tally),
            "5 done (2 before), 1 failed, 5 in flight"
        );
        let usage = Usage {
            prompt_tokens: 10,
            completion_tokens: 20,
            ..Usage::default()
        };
        tally.count(&Count::Usage(usage, "glm-4-airx"));
        assert!(line(&items, &tally).ends_with("5 in flight, 30 tokens, 0.0003 CNY"));
    }
}

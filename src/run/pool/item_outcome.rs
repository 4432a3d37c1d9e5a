//! The outcome of an item → its `result` event.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::Failure;
use crate::event::{Fault, ItemResult, Tally, Violation, millis};
use crate::exit::Class;

/// The outcome of an item.
#[derive(Debug)]
pub(in crate::run) struct ItemOutcome {
    pub(in crate::run) index: u64,
    /// Hash of the request; none where no request was made.
    pub(in crate::run) hash: Option<String>,
    /// The item, if results show it.
    pub(in crate::run) item: Option<Box<RawValue>>,
    pub(in crate::run) result: Result<Content, Failure>,
    /// The text of an answer that failed.
    pub(in crate::run) partial: String,
    pub(in crate::run) errors: Vec<Violation>,
    pub(in crate::run) search: Option<Value>,
    pub(in crate::run) finish_reason: Option<String>,
    pub(in crate::run) tally: Tally,
    /// The item's name in its batch, if airx did not give it.
    pub(in crate::run) custom_id: Option<String>,
    /// The model that answered, if it says so.
    pub(in crate::run) model: Option<String>,
    /// The server's body, if it was kept.
    pub(in crate::run) body: Vec<u8>,
    /// The model that answered, if results name it.
    pub(in crate::run) answered_by: Option<String>,
    /// What its requests count against `--max-cost`.
    pub(in crate::run) spent: u128,
    /// What was reserved in addition to its bound.
    pub(in crate::run) more: u128,
}

/// An answer.
#[derive(Debug)]
pub(in crate::run) enum Content {
    Text(String),
    Value(Box<RawValue>),
    /// The calls of `tools`, and the text that came with them.
    Calls(Vec<Box<RawValue>>, String),
}

impl ItemOutcome {
    /// An item for which nothing was sent.
    pub(in crate::run) fn unsent(index: u64, failure: Failure) -> Self {
        let mut tally = Tally::default();
        tally.stop();
        Self {
            index,
            hash: None,
            item: None,
            result: Err(failure),
            partial: String::new(),
            errors: Vec::new(),
            search: None,
            finish_reason: None,
            tally,
            custom_id: None,
            model: None,
            body: Vec::new(),
            answered_by: None,
            spent: 0,
            more: 0,
        }
    }

    /// Whether the run ended before the item was started.
    pub(in crate::run) fn is_nothing(&self) -> bool {
        self.tally.requests == 0
            && matches!(&self.result, Err(failure) if failure.class == Class::Signal)
    }

    /// A failure that would repeat for every later item.
    pub(in crate::run) fn ends_run(&self) -> Option<&Failure> {
        let failure = self.result.as_ref().err()?;
        let common = match failure.class {
            Class::Account | Class::Internal => true,
            // The request was made, so an option that holds for all items is wrong.
            Class::Usage => self.hash.is_some(),
            _ => false,
        };
        common.then_some(failure)
    }

    /// The item's `result` event.
    pub(in crate::run) fn to_item_result(&self) -> ItemResult<'_> {
        let tally = &self.tally;
        let failed = self.result.is_err();
        let (content, value, tool_calls) = match &self.result {
            Ok(Content::Text(text)) => (Some(text.as_str()), None, None),
            Ok(Content::Value(value)) => (None, Some(&**value), None),
            Ok(Content::Calls(calls, words)) => {
                let words = Some(words.as_str()).filter(|words| !words.trim().is_empty());
                (words, None, Some(calls.as_slice()))
            }
            Err(_) => (None, None, None),
        };
        let error = self.result.as_ref().err();
        ItemResult {
            index: self.index,
            hash: self.hash.as_deref(),
            item: self.item.as_deref(),
            custom_id: self.custom_id.as_deref(),
            content,
            value,
            tool_calls,
            error: error.map(|failure| Fault::of(failure, tally.usage, tally.requests)),
            partial: (failed && !self.partial.is_empty()).then_some(&self.partial),
            errors: (failed && !self.errors.is_empty()).then_some(&self.errors),
            search: self.search.as_ref(),
            model: self.answered_by.as_deref(),
            finish_reason: self.finish_reason.as_deref(),
            usage: tally.usage,
            cost: tally.cost,
            requests: tally.requests,
            elapsed_ms: millis(tally.elapsed()),
        }
    }
}

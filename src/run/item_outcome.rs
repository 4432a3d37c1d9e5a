//! One item of many: it is requested like a run of one request, its output is kept instead of
//! printed, and its outcome becomes a `result` event.

use std::fmt::Display;

use serde_json::Value;
use serde_json::value::RawValue;

use super::conversation::Strategy;
use super::max_cost::ItemCost;
use super::report::call_json;
use super::start::Printer;
use crate::answer::Answer;
use crate::client::Transport;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Fault, ItemResult, Level, Sink, Tally, Violation, millis};
use crate::exit::Class;
use crate::request::{CostBounds, Expect, PreparedRequest};

/// An item to request.
pub(super) struct Task {
    pub(super) index: u64,
    /// The prefix of messages about the item.
    pub(super) label: String,
    pub(super) hash: Option<String>,
    /// The item, if its result shows it.
    pub(super) item: Option<Box<RawValue>>,
    pub(super) request: PreparedRequest,
    /// The highest cost of its requests.
    pub(super) bounds: CostBounds,
    /// Whether the outcome contains the server's body.
    pub(super) keep_body: bool,
}

/// The outcome of an item.
#[derive(Debug)]
pub(super) struct ItemOutcome {
    pub(super) index: u64,
    /// Hash of the request; none if no request was made.
    pub(super) hash: Option<String>,
    /// The item, if results show it.
    pub(super) item: Option<Box<RawValue>>,
    pub(super) result: Result<Content, Failure>,
    /// The text of an answer that failed.
    pub(super) partial: String,
    pub(super) errors: Vec<Violation>,
    pub(super) search: Option<Value>,
    pub(super) finish_reason: Option<String>,
    pub(super) tally: Tally,
    /// The item's id in its batch, if airx did not make it.
    pub(super) custom_id: Option<String>,
    /// The model that answered, if it says so.
    pub(super) model: Option<String>,
    /// The server's body, if it was kept.
    pub(super) body: Vec<u8>,
    /// The model that answered, if results name it.
    pub(super) answered_by: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Value(Box<RawValue>),
    /// The calls of `tools`, and the text of the same answer.
    Calls(Vec<Box<RawValue>>, String),
}

impl Content {
    /// The calls of an answer and its text, or its text alone.
    pub(super) fn of(answer: Answer) -> Self {
        if answer.calls.is_empty() {
            return Self::Text(answer.text);
        }
        let calls = answer.calls.iter().map(|call| call_json(call, &[]));
        Self::Calls(calls.collect(), answer.text)
    }

    /// The text, or the value as JSON.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Calls(_, text) => text,
            Self::Value(value) => value.get().to_owned(),
        }
    }
}

impl ItemOutcome {
    /// An outcome with this result. All other fields are empty.
    pub(super) fn new(index: u64, result: Result<Content, Failure>) -> Self {
        let mut tally = Tally::default();
        tally.stop();
        Self {
            index,
            hash: None,
            item: None,
            result,
            partial: String::new(),
            errors: Vec::new(),
            search: None,
            finish_reason: None,
            tally,
            custom_id: None,
            model: None,
            body: Vec::new(),
            answered_by: None,
        }
    }

    /// Whether the run ended before the item was started.
    pub(super) fn is_nothing(&self) -> bool {
        self.tally.requests == 0
            && matches!(&self.result, Err(failure) if failure.class == Class::Signal)
    }

    /// A failure that would repeat for every later item.
    pub(super) fn ends_run(&self) -> Option<&Failure> {
        let failure = self.result.as_ref().err()?;
        let common = match failure.class {
            Class::Account | Class::Internal => true,
            // The request was made, so an option that applies to all items is wrong.
            Class::Usage => self.hash.is_some(),
            _ => false,
        };
        common.then_some(failure)
    }

    /// The item's `result` event.
    pub(super) fn to_item_result(&self) -> ItemResult<'_> {
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

/// Requests one item.
pub(super) fn ask_item(
    task: Task,
    cost: ItemCost,
    strategy: &Strategy,
    transport: &mut Transport,
    printer: Printer,
) -> ItemOutcome {
    let mut kept = ItemSink {
        printer,
        label: task.label,
        tally: Tally::default(),
        value: None,
        search: None,
        text: String::new(),
        errors: Vec::new(),
        body: task.keep_body.then(Vec::new),
        cost,
    };
    let result = strategy.ask(&task.request, None, transport, &mut kept);
    kept.tally.stop();
    kept.cost.end(&result);
    let (finish_reason, model) = match &result {
        Ok(answer) => (answer.finish_reason.clone(), answer.model.clone()),
        Err(failure) => {
            let server = failure.server.as_ref();
            (server.and_then(|server| server.finish_reason.clone()), None)
        }
    };
    let has_choice = !task.request.fallback.is_empty();
    let content = |answer: Answer| match (strategy, kept.value) {
        (_, Some(value)) => Content::Value(value),
        (Strategy::Once(Expect::Calls { .. }), None) => Content::of(answer),
        _ => Content::Text(answer.text),
    };
    ItemOutcome {
        index: task.index,
        hash: task.hash,
        item: task.item,
        result: result.map(content),
        partial: kept.text,
        errors: kept.errors,
        search: kept.search,
        finish_reason,
        tally: kept.tally,
        custom_id: None,
        answered_by: model.clone().filter(|_| has_choice),
        model,
        body: kept.body.unwrap_or_default(),
    }
}

/// Keeps the output of one item. Messages for the user go to the printer, with the item's
/// number.
struct ItemSink {
    printer: Printer,
    /// The prefix of messages about the item.
    label: String,
    /// The requests, tokens and cost of this item.
    tally: Tally,
    /// The value that `json` accepted.
    value: Option<Box<RawValue>>,
    /// The results of the provider's web search.
    search: Option<Value>,
    /// The text of an answer that failed.
    text: String,
    /// The errors of the last answer.
    errors: Vec<Violation>,
    /// The server's body, if it is kept.
    body: Option<Vec<u8>>,
    cost: ItemCost,
}

impl Sink for ItemSink {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Value { value } => self.value = Some((*value).to_owned()),
            Event::Search { results } => self.search = Some((*results).clone()),
            Event::Invalid { errors, .. } => self.errors = errors.to_vec(),
            Event::Retry { .. } | Event::Round { .. } => {
                self.text.clear();
                self.errors.clear();
            }
            _ => {}
        }
        self.cost.event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        match data {
            Data::Answer(text) | Data::Json(text) => self.text.push_str(text),
            Data::Body { bytes, .. } if self.body.is_some() => self.body = Some(bytes.to_vec()),
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn printed(&self) -> bool {
        false
    }

    fn count(&mut self, what: Count<'_>) {
        self.tally.count(&what);
        self.cost.count(&what);
        self.printer.count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.printer.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        match level {
            // A tool's own output, unchanged.
            Level::Always => self.printer.note(level, text),
            // The result contains this already.
            Level::Withheld if self.text.is_empty() => self.text = text.to_string(),
            Level::Withheld | Level::Prose => {}
            _ => self
                .printer
                .note(level, &format_args!("{}: {text}", self.label)),
        }
    }
}

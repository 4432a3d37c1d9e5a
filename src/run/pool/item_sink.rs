//! Keeps the output of one item instead of printing it. Messages for the user go to the
//! printer, with the item's number.

use std::fmt::Display;

use serde_json::Value;
use serde_json::value::RawValue;

use super::item_cost::ItemCost;
use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink, Tally, Violation};
use crate::exit::Class;

/// The sink of one item.
pub(super) struct ItemSink<S> {
    sink: S,
    /// What messages about it begin with.
    label: String,
    /// What this item used.
    pub(super) tally: Tally,
    /// The value that `json` accepted.
    pub(super) value: Option<Box<RawValue>>,
    /// What the provider's web search found.
    pub(super) search: Option<Value>,
    /// The text of an answer that failed.
    pub(super) text: String,
    /// The errors of the last answer.
    pub(super) errors: Vec<Violation>,
    /// The server's body, if it is kept.
    pub(super) body: Option<Vec<u8>>,
    /// What its requests count against `--max-cost`.
    pub(super) spent: ItemCost,
}

impl<S: Sink> ItemSink<S> {
    pub(super) fn new(label: String, spent: ItemCost, keep_body: bool, sink: S) -> Self {
        Self {
            sink,
            label,
            tally: Tally::default(),
            value: None,
            search: None,
            text: String::new(),
            errors: Vec::new(),
            body: keep_body.then(Vec::new),
            spent,
        }
    }
}

impl<S: Sink> Sink for ItemSink<S> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        if matches!(event, Event::Retry { .. } | Event::Round { .. }) {
            self.text.clear();
            self.errors.clear();
        }
        match event {
            Event::Value { value } => self.value = Some((*value).to_owned()),
            Event::Search { results } => self.search = Some((*results).clone()),
            Event::Invalid { errors, .. } => self.errors = errors.to_vec(),
            Event::Retry {
                class,
                http_status,
                code,
                message,
                model,
                ..
            } => {
                if !self.spent.retry(*class) {
                    return Err(no_money(*class, *http_status, *code, message));
                }
                if let Some(model) = model {
                    self.spent.asks(model);
                }
            }
            Event::Round { .. } => self.spent.round(),
            _ => {}
        }
        Ok(())
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
        self.spent.count(&what);
        self.sink.count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.sink.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        match level {
            // A tool's own output, unchanged.
            Level::Always => self.sink.note(level, text),
            // The result holds this already.
            Level::Withheld if self.text.is_empty() => self.text = text.to_string(),
            Level::Withheld | Level::Prose => {}
            _ => self
                .sink
                .note(level, &format_args!("{}: {text}", self.label)),
        }
    }
}

/// The failure of a request that cannot be made again.
pub(in crate::run) fn no_money(
    class: Class,
    status: Option<u16>,
    code: Option<&str>,
    message: &str,
) -> Failure {
    let mut failure =
        Failure::new(class, message).hint("--max-cost leaves no room for another try: raise it");
    let server = failure.server_mut();
    server.http_status = status;
    server.code = code.map(str::to_owned);
    failure
}

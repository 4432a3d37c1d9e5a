//! One item of `--each`: what a template puts into the prompt.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Failure;

/// One item.
#[derive(Debug)]
pub struct Item {
    /// What it is, or why it cannot be used.
    pub content: Result<ItemContent, Failure>,
    /// What results show of it: its text, its value, the record as an object, or the
    /// path; none where it cannot be shown.
    pub shown: Option<Box<RawValue>>,
    /// Where it stands in the input.
    pub place: Place,
    /// Bytes of the input up to its end.
    pub read: u64,
}

/// What an item is.
#[derive(Debug)]
pub struct ItemContent {
    /// What `{}` stands for.
    pub text: String,
    /// Where `{name}` finds its values; none where items have no members.
    pub members: Option<Value>,
}

/// Where an item stands, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It begins in this line.
    Line(u64),
    /// It is this record of CSV, or of what NUL bytes separate.
    Record(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(out, "line {number}"),
            Self::Record(number) => write!(out, "record {number}"),
        }
    }
}

impl Item {
    /// Whether it is a line of a provider's batch input: a request, not a text.
    pub fn is_request_line(&self) -> bool {
        let content = self.content.as_ref();
        content.is_ok_and(ItemContent::is_request_line)
    }
}

impl ItemContent {
    /// A value, and the same as JSON, spelled as it came.
    pub(super) fn of_value(value: Value, json: &str) -> Self {
        Self {
            text: match &value {
                Value::String(text) => text.clone(),
                _ => json.to_owned(),
            },
            members: Some(value),
        }
    }

    /// The request object of a batch: an id, and the body that is to be posted.
    pub(super) fn is_request_line(&self) -> bool {
        #[derive(Deserialize)]
        struct Request {
            custom_id: Option<IgnoredAny>,
            body: Option<serde_json::Map<String, Value>>,
        }
        self.text.starts_with('{')
            && serde_json::from_str::<Request>(&self.text)
                .is_ok_and(|request| request.custom_id.is_some() && request.body.is_some())
    }
}

/// A value as it stands in a prompt: a string without its quotes, anything else as JSON.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A text as results show it.
pub(super) fn shown_text(text: &str) -> Option<Box<RawValue>> {
    to_raw_value(text).ok()
}

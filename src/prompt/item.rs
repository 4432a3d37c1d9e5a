//! One item of `--each`, which a template inserts into the prompt.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Failure;

/// One item.
#[derive(Debug)]
pub struct Item {
    /// The content, or the reason why it cannot be used.
    pub content: Result<ItemContent, Failure>,
    /// The item in results: its text, its value, the record as an object, or the path.
    /// `None` if it cannot be shown.
    pub shown: Option<Box<RawValue>>,
    /// Its position in the input.
    pub place: Place,
    /// Bytes of the input up to its end.
    pub read: u64,
}

/// The content of an item.
#[derive(Debug)]
pub struct ItemContent {
    /// The text for `{}`.
    pub text: String,
    /// The members for `{name}`; `None` if items have no members.
    pub members: Option<Value>,
}

/// The position of an item, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line where it starts.
    Line(u64),
    /// The number of the CSV record, or of the text between NUL bytes.
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
    /// A value, with its original JSON text.
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

/// A value as text for a prompt: a string without its quotes, anything else as JSON.
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

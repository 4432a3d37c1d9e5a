//! What happens during a run, as the events that `--format ndjson` prints and
//! every printer is driven by; and [`Sink`], who takes them.

mod earlier;
mod sink;
mod tally;

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::usage::Usage;
use crate::error::{Failure, Look, Server};
use crate::exit::Class;
use crate::models::Cost;

pub use earlier::{Earlier, Found, short_hash};
pub use sink::{Data, Level, Sink, Work};
pub use tally::{Count, Items, Tally, Unfinished};

/// Version of the event contract; members and types are added within it, none
/// is renamed or removed.
pub const VERSION: u8 = 1;

/// One line of NDJSON. The members are documented by `airx help events`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the events' own help topic and JSON Schema tell the members"
)]
pub enum Event<'a> {
    /// The request is about to be sent; once.
    Start {
        v: u8,
        command: &'a str,
        model: Option<&'a str>,
        request_id: Option<&'a str>,
    },
    /// A request failed and the one with this number follows after a wait.
    Retry {
        request: u32,
        after_ms: u64,
        class: Class,
        http_status: Option<u16>,
        code: Option<&'a str>,
        message: &'a str,
    },
    /// A part of the answer's text.
    Delta { content: &'a str },
    /// A part of the model's thinking.
    Reasoning { content: &'a str },
    /// A whole call; `arguments_text` where the arguments are not JSON.
    ToolCall {
        index: usize,
        id: &'a str,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments_text: Option<&'a str>,
    },
    /// A call was run, or why it was not.
    ToolResult {
        id: &'a str,
        name: &'a str,
        exit_status: Option<i32>,
        content: &'a str,
        elapsed_ms: u64,
    },
    /// An answer that another request follows.
    Round {
        number: u32,
        finish_reason: &'a str,
        usage: Option<Usage>,
    },
    /// An answer of `json`, or the arguments of a call, that are not what was
    /// asked for.
    Invalid {
        #[serde(rename = "try")]
        attempt: u32,
        errors: &'a [Violation],
        content: &'a str,
    },
    /// The accepted value of `json`.
    Value { value: &'a RawValue },
    /// What the provider's web search found.
    Search { results: &'a Value },
    /// What there is to tell of a batch.
    Batch {
        id: &'a str,
        status: &'a str,
        total: Option<u64>,
        completed: Option<u64>,
        failed: Option<u64>,
    },
    /// What became of an item of `--each`, or of a batch.
    Result(&'a ItemResult<'a>),
    /// The run's end: a complete answer.
    Done {
        finish_reason: Option<&'a str>,
        model: Option<&'a str>,
        id: Option<&'a str>,
        request_id: Option<&'a str>,
        usage: Option<Usage>,
        cost: Option<Cost>,
        ttft_ms: Option<u64>,
        elapsed_ms: u64,
        requests: u32,
    },
    /// The run's end: anything else.
    Error(Fault<'a>),
}

/// What became of an item.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "as of the events")]
pub struct ItemResult<'a> {
    pub index: u64,
    pub hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<&'a [Box<RawValue>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<&'a [Violation]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<&'a Value>,
    pub finish_reason: Option<&'a str>,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
    pub requests: u32,
    pub elapsed_ms: u64,
}

/// A failure, as events tell it.
#[derive(Debug, Clone, Copy, Serialize)]
#[allow(missing_docs, reason = "as of the events")]
pub struct Fault<'a> {
    pub class: Class,
    pub exit: u8,
    pub message: &'a str,
    pub hint: Option<&'a str>,
    /// Becomes a part of the hint where it is printed.
    #[serde(skip)]
    pub look: Option<Look>,
    pub http_status: Option<u16>,
    pub code: Option<&'a str>,
    pub request_id: Option<&'a str>,
    pub finish_reason: Option<&'a str>,
    pub usage: Option<Usage>,
    pub requests: u32,
    pub retry_after_ms: Option<u64>,
}

impl<'a> Fault<'a> {
    /// What there is to tell of a failure after these requests.
    pub fn of(failure: &'a Failure, usage: Option<Usage>, requests: u32) -> Self {
        let server = failure.server.as_deref();
        let text = |of: fn(&Server) -> Option<&str>| server.and_then(of);
        Self {
            class: failure.class,
            exit: failure.exit(),
            message: &failure.message,
            hint: failure.hint.as_deref(),
            look: failure.look,
            http_status: server.and_then(|server| server.http_status),
            code: text(|server| server.code.as_deref()),
            request_id: text(|server| server.request_id.as_deref()),
            finish_reason: text(|server| server.finish_reason.as_deref()),
            usage,
            requests,
            retry_after_ms: server.and_then(|server| server.retry_after).map(millis),
        }
    }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Event<'_> {
    /// Writes the event as JSON, without a line's end.
    ///
    /// # Errors
    /// Those of `serde_json`, which strings and numbers never bring about.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        // By hand, for there is one for each token: the tag and the members by way
        // of serde's own types take four times as long.
        let Event::Delta { content } = self else {
            return serde_json::to_writer(out, self);
        };
        out.extend_from_slice(br#"{"type":"delta","content":"#);
        serde_json::to_writer(&mut *out, content)?;
        out.push(b'}');
        Ok(())
    }
}

/// One way in which an answer is not what was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Violation {
    /// Where: a JSON Pointer into the answer, empty for the whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Violation {
    /// A violation of the answer's root.
    pub fn of_root(message: String) -> Self {
        let path = String::new();
        Self { path, message }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_delta_written_by_hand_is_what_serde_makes_of_it(content in any::<String>()) {
            let event = Event::Delta { content: &content };
            let mut written = Vec::new();
            event.write_json(&mut written).unwrap();
            prop_assert_eq!(written, serde_json::to_vec(&event).unwrap());
        }
    }
}

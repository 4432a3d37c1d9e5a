//! What happens during a run: the events that `--format ndjson` prints and that drive every
//! printer, and [`Sink`], which receives them.

mod earlier_results;
mod sink;
mod tally;

use std::fmt;
use std::time::Duration;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::usage::Usage;
use crate::error::{Failure, Look, Server};
use crate::exit::{self, Class};
use crate::models::Cost;

pub use earlier_results::{Earlier, ResumeState, short_hash};
pub use sink::{Data, Level, Sink};
pub use tally::{Count, Items, Parts, Tally, Unfinished};

/// Version of the event contract. Within a version members and types may be added, but not
/// renamed or removed.
pub const VERSION: u8 = 1;

/// One line of `--format ndjson`.
///
/// `airx help events`, the man page and the JSON Schema show the doc comments of its
/// members.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(deny_unknown_fields)]
pub enum Event<'a> {
    /// Once, before the first request is sent.
    Start {
        /// Version of these events: 1.
        #[schemars(extend("const" = VERSION))]
        v: u8,
        /// The command: chat, stream, tools, json or batch.
        #[schemars(extend("enum" = ["chat", "stream", "tools", "json", "batch"]))]
        command: &'a str,
        /// The model asked for; null where batch asks none.
        model: Option<&'a str>,
        /// The id of the request; null where it has none. It is not sent if --cache has the
        /// answer.
        request_id: Option<&'a str>,
    },
    /// A request failed and another follows: to the same model, or to the next of --fallback.
    Retry {
        /// The number of the request that follows.
        #[schemars(range(min = 1))]
        request: u32,
        /// Milliseconds until it is sent.
        after_ms: u64,
        /// Why the last one failed, as in airx help exit-codes.
        #[schemars(schema_with = "class_schema")]
        class: Class,
        /// HTTP status of the reply, if there was one.
        #[schemars(range(min = 100, max = 999))]
        http_status: Option<u16>,
        /// The server's own code.
        code: Option<&'a str>,
        /// What happened, in one line.
        message: &'a str,
        /// The model that is asked next; null where no model is asked.
        model: Option<&'a str>,
    },
    /// A part of the answer's text; joined in order they are the text. `json` prints
    /// none.
    Delta {
        /// The text.
        content: &'a str,
    },
    /// A part of the model's reasoning.
    Reasoning {
        /// The text.
        content: &'a str,
    },
    /// A call that the model wants, once it is complete.
    #[schemars(extend("oneOf" = [{"required": ["arguments"]}, {"required": ["arguments_text"]}]))]
    ToolCall {
        /// Which call of the answer, from 0.
        index: usize,
        /// What a message with the result must name.
        id: &'a str,
        /// The function.
        name: &'a str,
        /// The arguments as a JSON value; absent where they are not JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Value")]
        arguments: Option<&'a RawValue>,
        /// The arguments as the model wrote them; only where they are not JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        arguments_text: Option<&'a str>,
    },
    /// The result of a call of `tools --run`, or why the call was not run.
    ToolResult {
        /// The call's id.
        id: &'a str,
        /// The function.
        name: &'a str,
        /// Status of the command, 128 + n where a signal n ended it; of an MCP server's
        /// tool 0, or 1 for an error. Null where nothing ran to its end: a time-out, a
        /// refusal, an unknown tool, arguments that do not fit.
        #[schemars(range(min = 0))]
        exit_status: Option<i32>,
        /// What the model is given.
        content: &'a str,
        /// Milliseconds that the call took.
        elapsed_ms: u64,
    },
    /// The end of an answer after which another request is sent, with the results of its
    /// calls or with what is wrong with it.
    Round {
        /// Which answer of the run, from 1.
        #[schemars(range(min = 1))]
        number: u32,
        /// Why the model stopped.
        finish_reason: &'a str,
        /// Tokens of this answer alone; as in `done`.
        usage: Option<Usage>,
    },
    /// A part of a long input was answered (--split). The parts are reported in their order.
    Part {
        /// Which part, from 0.
        index: usize,
        /// The number of parts known so far. It grows when a part is cut in two.
        #[schemars(range(min = 1))]
        count: usize,
        /// Where the part begins in the text: bytes from its start.
        offset: usize,
        /// Its length in bytes, without repeated headers.
        #[schemars(range(min = 1))]
        bytes: usize,
        /// The model that answered; only with --fallback.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "String")]
        model: Option<&'a str>,
        /// Why the model stopped.
        finish_reason: Option<&'a str>,
        /// Tokens of the part's requests; as in `done`.
        usage: Option<Usage>,
    },
    /// The model's answer, or the arguments of the preceding call, are not what was
    /// asked for.
    Invalid {
        /// Which try it was, from 1.
        #[serde(rename = "try")]
        #[schemars(range(min = 1))]
        attempt: u32,
        /// What is wrong: objects of `path` (a JSON Pointer, empty for the root) and
        /// `message`.
        errors: &'a [Violation],
        /// The answer as it was received.
        content: &'a str,
    },
    /// The value that `json` accepted; under --lines each element of it.
    Value {
        /// The value; its digits and the order of its members are kept.
        #[schemars(with = "Value")]
        value: &'a RawValue,
    },
    /// The provider's web search found something.
    Search {
        /// The server's web_search items, as it sent them.
        results: &'a Value,
    },
    /// The state of a batch that was submitted or cancelled, that has ended, or that batch
    /// status shows.
    Batch {
        /// Its id.
        id: &'a str,
        /// As the server reports it: validating, in_progress, finalizing, completed, failed,
        /// expired, cancelling or cancelled.
        status: &'a str,
        /// The number of its items; null until the server has counted them.
        total: Option<u64>,
        /// How many were answered.
        completed: Option<u64>,
        /// How many failed.
        failed: Option<u64>,
    },
    /// The outcome of an item of --each or of a batch; --each prints these lines in every
    /// format. It holds `content`, `value`, `tool_calls` or `error`; `content` comes with
    /// `tool_calls` where the answer has text too.
    Result(&'a ItemResult<'a>),
    /// The end of a run that exits 0; the last line.
    Done {
        /// Why the model stopped; null under --each, and in --meta where nothing was sent
        /// or the reader went away.
        finish_reason: Option<&'a str>,
        /// The model that answered.
        model: Option<&'a str>,
        /// The server's id of the answer.
        id: Option<&'a str>,
        /// The request's id.
        request_id: Option<&'a str>,
        /// Tokens of all requests of the run: `prompt_tokens`, `completion_tokens`,
        /// `total_tokens` and, where a server sends them,
        /// `prompt_tokens_details.cached_tokens` and
        /// `completion_tokens_details.reasoning_tokens`.
        usage: Option<Usage>,
        /// What they cost at the provider that was asked: `amount` (a decimal number in a
        /// string, so that no digit is lost), `currency` (ISO 4217) and `price_date`, the day
        /// the price was read, null for a price from the configuration file. Null where the
        /// model's price is not known.
        cost: Option<Cost>,
        /// Milliseconds from the first request to the first token.
        ttft_ms: Option<u64>,
        /// Milliseconds from the first request to the end.
        elapsed_ms: u64,
        /// How many requests were sent.
        requests: u32,
        /// Whether the answer came from --cache. Then no request was sent, and usage and cost
        /// are 0. False where some of a run's answers came from there.
        cached: bool,
    },
    /// The end of a run that failed; the last line.
    Error(Fault<'a>),
}

/// The outcome of an item.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields, extend(
    "oneOf" = [
        {"required": ["content"], "not": {"required": ["tool_calls"]}},
        {"required": ["value"]},
        {"required": ["tool_calls"]},
        {"required": ["error"]},
    ],
    "dependentRequired" = {"partial": ["error"], "errors": ["error"]},
))]
pub struct ItemResult<'a> {
    /// Which item, from 0; blank lines are not counted.
    pub index: u64,
    /// SHA-256 of the request's body without request_id, in hexadecimal digits; null
    /// where no request was made.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub hash: Option<&'a str>,
    /// The item of `--each`: its text, its JSON value, the record of CSV as an object,
    /// or the file's path; left out with --no-item and where it cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub item: Option<&'a RawValue>,
    /// The request's name in its batch; only where airx did not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub custom_id: Option<&'a str>,
    /// The answer's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub content: Option<&'a str>,
    /// The value that `json` accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub value: Option<&'a RawValue>,
    /// The calls of `tools`: objects of `id`, `name` and `arguments`, or
    /// `arguments_text` where those are not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<serde_json::Map<String, Value>>", length(min = 1))]
    pub tool_calls: Option<&'a [Box<RawValue>]>,
    /// Why it failed: what an `error` event holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Fault")]
    pub error: Option<Fault<'a>>,
    /// The text of an answer that failed, was cut or is not what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub partial: Option<&'a str>,
    /// What is wrong with it; as in `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Violation>")]
    pub errors: Option<&'a [Violation]>,
    /// What the provider's web search found; as in `search`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub search: Option<&'a Value>,
    /// The model that answered; only with --fallback.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub model: Option<&'a str>,
    /// Why the model stopped.
    pub finish_reason: Option<&'a str>,
    /// Tokens of the item's requests; as in `done`.
    pub usage: Option<Usage>,
    /// What they cost; as in `done`. For a batch, half of the list price where the
    /// provider is known to charge that.
    pub cost: Option<Cost>,
    /// How many requests were sent; 1 for an answer from a batch.
    pub requests: u32,
    /// Milliseconds from the item's first request to its end; 0 for one of a batch.
    pub elapsed_ms: u64,
}

/// A failure, as events show it.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fault<'a> {
    /// Who can fix it, as in airx help exit-codes.
    #[schemars(schema_with = "class_schema")]
    pub class: Class,
    /// The exit status.
    #[schemars(range(min = 1))]
    pub exit: u8,
    /// What happened, in one line.
    pub message: &'a str,
    /// What to do about it.
    pub hint: Option<&'a str>,
    /// Becomes a part of the hint where it is printed.
    #[serde(skip)]
    #[schemars(skip)]
    pub look: Option<Look>,
    /// HTTP status of the reply, if there was one.
    #[schemars(range(min = 100, max = 999))]
    pub http_status: Option<u16>,
    /// The server's own code.
    pub code: Option<&'a str>,
    /// The request's id.
    pub request_id: Option<&'a str>,
    /// Why the model stopped, where that is the failure.
    pub finish_reason: Option<&'a str>,
    /// Tokens spent in spite of the failure; as in `done`.
    pub usage: Option<Usage>,
    /// How many requests were sent.
    pub requests: u32,
    /// Milliseconds that the server asked to wait.
    pub retry_after_ms: Option<u64>,
}

/// The names of the classes, without `ok`: success is not a failure.
fn class_schema(_: &mut SchemaGenerator) -> Schema {
    let failures = exit::TABLE.iter().filter(|row| row.class != Class::Ok);
    let names: Vec<&str> = failures.map(|row| row.name).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// The JSON Schema (draft 2020-12) of one line of `--format ndjson`. It ships as
/// `src/event.schema.json`, from which `airx help events` is made.
pub fn json_schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Event<'_>>();
    let title = format!("One line of airx --format ndjson, contract version {VERSION}");
    schema.insert("title".to_owned(), title.into());
    let note = "Types and members may be added within a version: validate to test a producer, not to read one.";
    schema.insert("description".to_owned(), note.into());
    schema
}

impl<'a> Fault<'a> {
    /// The event of a failure after these requests.
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

/// Milliseconds, rounded down.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Event<'_> {
    /// Writes the event as JSON, without a line end.
    ///
    /// # Errors
    /// Those of `serde_json`. Strings and numbers cause none.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        // Written by hand, since each token makes a delta, and serde's own tagged types take four
        // times as long.
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Violation {
    /// Where: a JSON Pointer into the answer, empty for the root.
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

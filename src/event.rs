//! What happens during a run, as the events that `--format ndjson` prints and
//! every printer is driven by; and [`Sink`], who takes them.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::api::reply::Usage;
use crate::error::Failure;
use crate::model::Cost;

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
        model: &'a str,
        request_id: Option<&'a str>,
    },
    /// A request failed and the one with this number follows after a wait.
    Retry {
        request: u32,
        after_ms: u64,
        class: &'static str,
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
        arguments: Option<&'a Value>,
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
    Value { value: &'a Value },
    /// What the provider's web search found.
    Search { results: &'a Value },
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
    Error {
        class: &'static str,
        exit: u8,
        message: &'a str,
        hint: Option<&'a str>,
        http_status: Option<u16>,
        code: Option<&'a str>,
        request_id: Option<&'a str>,
        finish_reason: Option<&'a str>,
        usage: Option<Usage>,
        requests: u32,
        retry_after_ms: Option<u64>,
    },
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

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        out.write_str(&self.message)
    }
}

/// How loud a note is: what `--quiet` and `--verbose` decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Shown even under `--quiet`: part of what was asked for.
    Always,
    /// Something the user should know.
    Warning,
    /// Shown under `--verbose` only.
    Verbose,
}

/// What is added up over a run's requests.
#[derive(Debug)]
pub struct Tally {
    /// Requests sent.
    pub requests: u32,
    /// Tokens of all requests, where the server told any.
    pub usage: Option<Usage>,
    /// What they cost, where the model's price is known.
    pub cost: Option<Cost>,
    /// From the first request to the first token.
    pub ttft: Option<Duration>,
    started: Instant,
    ended: Option<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            usage: None,
            cost: None,
            ttft: None,
            started: Instant::now(),
            ended: None,
        }
    }
}

/// One thing to add to the [`Tally`].
#[derive(Debug)]
pub enum Count<'a> {
    /// A request goes out.
    Request,
    /// The first token of an answer has come.
    FirstToken,
    /// A request's token counts, as told by this model.
    Usage(Usage, &'a str),
}

impl Tally {
    /// Adds one thing up.
    pub fn count(&mut self, what: &Count<'_>) {
        match what {
            Count::Request => {
                if self.requests == 0 {
                    self.started = Instant::now();
                }
                self.requests += 1;
            }
            Count::FirstToken => {
                self.ttft.get_or_insert_with(|| self.started.elapsed());
            }
            Count::Usage(usage, model) => {
                *self.usage.get_or_insert_default() += *usage;
                if let Some(cost) = crate::model::cost(model, usage) {
                    self.cost = Some(cost.plus(self.cost.take()));
                }
            }
        }
    }

    /// The run is over: the clock stops, so that all who tell the time agree.
    pub fn stop(&mut self) {
        self.ended = Some(self.started.elapsed());
    }

    /// Since the first request, or since the run began where none was sent.
    pub fn elapsed(&self) -> Duration {
        self.ended.unwrap_or_else(|| self.started.elapsed())
    }
}

/// What hands events to a sink.
pub type Work<'a> = dyn FnMut(&mut dyn Sink) -> Result<(), Failure> + 'a;

/// Who takes the events: the printer, in every run.
///
/// A returned failure ends the run; one of class `ok` does so quietly, since
/// the reader has gone.
pub trait Sink {
    /// Takes an event.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure>;

    /// Takes a body, or a frame's data as one line, for `--format json`. Until
    /// one holds a `token` of the answer they are held back, so that a request
    /// that fails before can be made again.
    fn payload(&mut self, bytes: &[u8], token: bool) -> Result<(), Failure>;

    /// Lets `work` hand over what has arrived together: what there is to be locked
    /// is locked once.
    fn burst(&mut self, work: &mut Work<'_>) -> Result<(), Failure>;

    /// Nothing more has arrived: whatever is held back goes out before the wait.
    fn wait(&mut self) -> Result<(), Failure>;

    /// The whole answer has come: what was asked for is in it, and has gone out.
    fn complete(&mut self) -> Result<(), Failure> {
        self.wait()
    }

    /// Whether any part of the answer has been shown: then no request is
    /// repeated, lest a reader sees it twice.
    fn printed(&self) -> bool;

    /// Another request follows: what was taken of the answer, and not shown,
    /// is dropped.
    fn again(&mut self);

    /// Adds to the tally.
    fn count(&mut self, what: Count<'_>);

    /// Takes text for standard output that only `--format text` prints; it
    /// begins a line.
    fn text(&mut self, text: &str) -> Result<(), Failure>;

    /// Takes the model's words for standard error, for formats that do not put
    /// them on standard output: `--format text`, and `--format json` where the
    /// body is `withheld`.
    fn aside(&mut self, text: &str, withheld: bool);

    /// Says something on standard error.
    fn note(&mut self, level: Level, text: &str);

    /// Whether [`Level::Verbose`] notes are shown.
    fn verbose(&self) -> bool;
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

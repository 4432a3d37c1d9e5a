//! Files and batches: a line of a batch's input, the request that creates a batch, and what
//! the server reports about it. api.md §8.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::error_body;
use super::request::{Batched, Request};
use super::scalar::Text;

/// The most lines of an input file.
pub const LINES_MAX: u64 = 50_000;
/// Every index is below this, because not every JSON reader handles larger integers exactly.
pub const INDEX_END: u64 = 1 << 53;
/// The most bytes of an input file.
pub const BYTES_MAX: u64 = 100_000_000;

/// The line of an input file for `request`, including its newline. `url` is the chat
/// endpoint of the batch engine.
pub fn line(custom_id: &str, url: &str, request: &Request) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a> {
        custom_id: &'a str,
        method: &'static str,
        url: &'a str,
        body: Batched<'a>,
    }
    let line = Line {
        custom_id,
        method: "POST",
        url,
        body: Batched(request),
    };
    // Strings and raw JSON only: serialisation cannot fail.
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}

/// The request that creates a batch. Its metadata says which items the batch has, so that
/// items without a line of output can be reported.
#[derive(Debug, Serialize)]
pub struct Order<'a> {
    /// The uploaded file.
    pub input_file_id: &'a str,
    /// The chat endpoint of the engine.
    pub endpoint: &'a str,
    /// Required by servers other than the two providers, whose documents call it deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_window: Option<&'static str>,
    /// Only for the providers, which keep at most a thousand batch files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_delete_input_file: Option<bool>,
    /// The metadata with which airx finds the items; `None` for lines that airx did not make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Span>,
}

/// The items of a batch: the first index and their number, as in the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Index of the first item.
    #[serde(rename = "airx_first", serialize_with = "as_text")]
    pub first: u64,
    /// The number of items.
    #[serde(rename = "airx_items", serialize_with = "as_text")]
    pub items: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_text<S: serde::Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

/// The id of an object, if it has one.
pub fn id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        id: Option<Text<'a>>,
    }
    let object: Object<'_> = serde_json::from_slice(body).ok()?;
    word(object.id)
}

fn word(text: Option<Text<'_>>) -> Option<String> {
    text.map(Text::into_string).filter(|text| !text.is_empty())
}

/// Whether a body that came with status 200 reports an error. A line of an error file reports
/// a failure of its request, not of the file.
pub fn is_refusal(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "'de: 'a"))]
    struct Body<'a> {
        error: Option<&'a RawValue>,
        success: Option<bool>,
        custom_id: Option<Text<'a>>,
    }
    serde_json::from_slice::<Body<'_>>(body).is_ok_and(|body| {
        let error = body.error.is_some_and(|error| !error_body::is_empty(error));
        body.custom_id.is_none() && (error || body.success == Some(false))
    })
}

/// What a batch's status means, however a server spells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// Its requests were answered or have failed individually.
    Completed,
    /// It failed validation.
    Failed,
    /// Its time limit passed before all requests were answered.
    Expired,
    /// It was cancelled.
    Cancelled,
    /// It has not ended.
    UnderWay,
    /// A word that is in no document.
    #[default]
    Unknown,
}

impl State {
    fn of(status: &str) -> Self {
        match status.to_ascii_lowercase().as_str() {
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            "cancelled" | "canceled" => Self::Cancelled,
            "validating" | "in_progress" | "finalizing" | "cancelling" | "canceling" => {
                Self::UnderWay
            }
            _ => Self::Unknown,
        }
    }
}

/// A batch, as the server reports it.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// `validating`, `in_progress`, … as the server sent it.
    pub status: String,
    /// The meaning of the status.
    pub state: State,
    /// File of the answers.
    pub output: Option<String>,
    /// File of the failures.
    pub errors: Option<String>,
    /// The number of requests; `None` until the server has counted them.
    pub total: Option<u64>,
    /// The number of requests that were answered.
    pub completed: Option<u64>,
    /// The number of requests that failed.
    pub failed: Option<u64>,
    /// The errors of its validation, as the server wrote them.
    pub wrong: Vec<String>,
    /// Its items, if airx made the batch.
    pub span: Option<Span>,
    /// The object, as the server wrote it.
    pub raw: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct WireBatch<'a> {
    id: Option<Text<'a>>,
    status: Option<Text<'a>>,
    output_file_id: Option<Text<'a>>,
    error_file_id: Option<Text<'a>>,
    request_counts: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    metadata: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Counts {
    total: Option<u64>,
    completed: Option<u64>,
    failed: Option<u64>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Marks<'a> {
    airx_first: Text<'a>,
    airx_items: Text<'a>,
}

impl Batch {
    /// Reads a batch. Returns `None` if it has no id or no status.
    pub fn read(raw: &[u8]) -> Option<Self> {
        let wire: WireBatch<'_> = serde_json::from_slice(raw).ok()?;
        // Read each separately, so that an unreadable one does not hide the others.
        let counts = wire.request_counts.map(RawValue::get);
        let counts: Counts = counts
            .and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default();
        let status = word(wire.status)?;
        Some(Self {
            id: word(wire.id)?,
            state: State::of(&status),
            status,
            output: word(wire.output_file_id),
            errors: word(wire.error_file_id),
            total: counts.total,
            completed: counts.completed,
            failed: counts.failed,
            wrong: wire.errors.map(wrong).unwrap_or_default(),
            span: wire.metadata.and_then(span),
            raw: raw.to_vec(),
        })
    }

    /// Whether its status is final.
    pub fn has_ended(&self) -> bool {
        !matches!(self.state, State::UnderWay | State::Unknown)
    }
}

/// Returns the readable errors, in any shape. Skips unreadable ones.
fn wrong(errors: &RawValue) -> Vec<String> {
    let mut errors: Value = serde_json::from_str(errors.get()).unwrap_or_default();
    if let Some(data) = errors.get_mut("data").filter(|data| !data.is_null()) {
        errors = data.take();
    }
    match errors {
        Value::Array(listed) => listed.iter().filter_map(fault).collect(),
        one => fault(&one).into_iter().collect(),
    }
}

/// Returns the text and the line number of an error: a string, or an object that contains a text.
fn fault(one: &Value) -> Option<String> {
    let words = |value: &Value| {
        let words = value.as_str().filter(|words| !words.trim().is_empty());
        words.map(str::to_owned)
    };
    let mut members = ["message", "error", "code"].into_iter();
    let words = words(one).or_else(|| members.find_map(|name| words(one.get(name)?)))?;
    let line = one.get("line");
    let number = line.and_then(|line| line.as_u64().or_else(|| line.as_str()?.trim().parse().ok()));
    Some(match number {
        Some(line) => format!("line {line}: {words}"),
        None => words,
    })
}

fn span(metadata: &RawValue) -> Option<Span> {
    let marks: Marks<'_> = serde_json::from_str(metadata.get()).ok()?;
    let span = Span {
        first: marks.airx_first.as_str().parse().ok()?,
        items: marks.airx_items.as_str().parse().ok()?,
    };
    // Only airx should have written these numbers; ignore impossible ones.
    let possible = span.items <= LINES_MAX && span.first <= INDEX_END - span.items;
    possible.then_some(span)
}

/// A line of an output or error file.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct OutputLine<'a> {
    /// The request's name.
    pub custom_id: Option<Text<'a>>,
    /// The chat's answer.
    pub response: Option<Response<'a>>,
    /// Why the engine did not ask the chat.
    pub error: Option<&'a RawValue>,
    /// The members of `error`, which some servers put next to `custom_id`.
    code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
}

impl OutputLine<'_> {
    /// Whether it has an answer or an error.
    pub fn has_outcome(&self) -> bool {
        self.response.is_some() || self.error_body().is_some()
    }

    /// The error of an item without an answer, as an error body.
    pub fn error_body(&self) -> Option<Vec<u8>> {
        let raw = |member: Option<&RawValue>| member.map_or("null", RawValue::get).to_owned();
        if self.error.is_some() {
            return Some(format!(r#"{{"error":{}}}"#, raw(self.error)).into());
        }
        let (code, message) = (raw(self.code), raw(self.message));
        let is_error = self.code.is_some() || self.message.is_some();
        is_error.then(|| format!(r#"{{"error":{{"code":{code},"message":{message}}}}}"#).into())
    }
}

/// The chat's answer to a line.
#[derive(Debug, Deserialize)]
pub struct Response<'a> {
    /// The HTTP status.
    pub status_code: Option<u16>,
    /// The reply, or the error.
    #[serde(borrow)]
    pub body: Option<&'a RawValue>,
}

/// A page of the list of batches.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Page<'a> {
    /// Its batches, as the server wrote them.
    pub data: Vec<&'a RawValue>,
    /// Whether another page follows.
    #[serde(default)]
    pub has_more: Option<bool>,
    last_id: Option<Text<'a>>,
}

impl Page<'_> {
    /// The id after which the next page starts.
    pub fn last(&self) -> Option<String> {
        let named = self.last_id.as_ref().map(|id| id.as_str().to_owned());
        let named = named.filter(|id| !id.is_empty());
        let listed = self.data.iter().rev();
        named.or_else(|| listed.into_iter().find_map(|raw| id(raw.get().as_bytes())))
    }
}

#[cfg(test)]
mod tests;

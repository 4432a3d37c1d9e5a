//! One line of a script in, what it asks for out, or what is wrong with it.

use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::answer::{Answer, Call};
use crate::api::whole::whole_or_null;
use crate::cli::{FaultKind, MockArgs};

/// One answer of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scripted {
    /// Takes the place of the server's latency.
    pub(super) delay: Option<Duration>,
    /// What is answered.
    pub(super) play: Play,
}

/// What a line of a script asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Play {
    /// A made-up answer, spoiled or not.
    Invented(Option<FaultKind>),
    /// An answer that the mock puts into shape.
    Answer(Answer),
    /// A body as it is, or the payloads of a stream.
    Exact {
        /// HTTP status.
        status: u16,
        /// They take the place of the mock's own.
        headers: Vec<(String, String)>,
        /// What follows the head.
        body: Exact,
    },
}

/// What follows the head of an exact answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Exact {
    /// A whole body.
    Body(String),
    /// The payloads of an event stream.
    Sse(Vec<String>),
}

/// The members of a line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an answer: an object")]
struct Line {
    content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<CallLine>>,
    /// Null is not absent: it leaves the reason out.
    #[serde(default, deserialize_with = "present")]
    finish_reason: Option<Value>,
    #[serde(default, deserialize_with = "whole_or_null")]
    status: Option<u16>,
    headers: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Value>,
    sse: Option<Vec<Value>>,
    delay: Option<Value>,
    fail: Option<String>,
}

/// A call in the API's shape, or with name and arguments beside its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "a tool call: an object")]
struct CallLine {
    id: Option<String>,
    #[serde(rename = "type")]
    _kind: Option<String>,
    #[serde(rename = "index", default, deserialize_with = "whole_or_null")]
    _index: Option<u64>,
    function: Option<FunctionLine>,
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an object with name and arguments")]
struct FunctionLine {
    name: String,
    #[serde(default)]
    arguments: Value,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(line: &str) -> Result<Scripted, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| {
        // The number of the line is the script's, and known to the caller alone.
        let wrong = error.to_string();
        wrong.replace(" at line 1 column ", ", column ")
    })?;
    let delay = match &line.delay {
        None => None,
        Some(Value::String(text)) => Some(MockArgs::delay(text)),
        Some(other) => Some(MockArgs::delay(&other.to_string())),
    };
    let delay = delay
        .transpose()
        .map_err(|wrong| format!("delay: {wrong}"))?;
    Ok(Scripted {
        delay,
        play: play(line)?,
    })
}

fn play(line: Line) -> Result<Play, String> {
    let answers = line.content.is_some()
        || line.reasoning.is_some()
        || line.tool_calls.is_some()
        || line.finish_reason.is_some();
    let headed = line.status.is_some() || line.headers.is_some();
    let groups = [
        ("content", answers),
        ("body", line.body.is_some()),
        ("sse", line.sse.is_some()),
        ("fail", line.fail.is_some()),
    ];
    let mut given = groups.iter().filter(|(_, is_given)| *is_given);
    if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
        return Err(format!("{first} and {second} exclude each other"));
    }
    if headed && (answers || line.fail.is_some()) {
        return Err("status and headers go with body or sse alone".into());
    }
    if let Some(name) = line.fail {
        let kind = FaultKind::named(&name);
        return kind
            .map(|kind| Play::Invented(Some(kind)))
            .ok_or_else(|| format!("fail: no kind `{name}`"));
    }
    if answers {
        return answer(line).map(Play::Answer);
    }
    let body = match (line.sse, line.body) {
        (Some(payloads), _) => Exact::Sse(payloads.into_iter().map(as_is).collect()),
        (None, Some(body)) => Exact::Body(as_is(body)),
        (None, None) if headed => Exact::Body(String::new()),
        (None, None) => return Ok(Play::Invented(None)),
    };
    let headers = line.headers.unwrap_or_default();
    Ok(Play::Exact {
        status: status(line.status.unwrap_or(200))?,
        headers: headers
            .into_iter()
            .map(header)
            .collect::<Result<_, String>>()?,
        body,
    })
}

fn status(status: u16) -> Result<u16, String> {
    if (200..=599).contains(&status) {
        Ok(status)
    } else {
        Err(format!("status {status}: write one from 200 to 599"))
    }
}

fn header((name, value): (String, Value)) -> Result<(String, String), String> {
    let value = as_is(value);
    if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(&value).is_err() {
        return Err(format!("headers: `{name}` cannot be sent"));
    }
    Ok((name, value))
}

fn answer(line: Line) -> Result<Answer, String> {
    let calls = line.tool_calls.unwrap_or_default();
    let calls = calls.into_iter().map(call).collect::<Result<Vec<_>, _>>()?;
    let usual = if calls.is_empty() {
        "stop"
    } else {
        "tool_calls"
    };
    Ok(Answer {
        content: line.content,
        reasoning: line.reasoning.unwrap_or_default(),
        calls,
        finish: match line.finish_reason {
            None => Some(usual.into()),
            Some(Value::Null) => None,
            Some(reason) => Some(as_is(reason)),
        },
        ..Answer::default()
    })
}

fn call(line: CallLine) -> Result<Call, String> {
    let (name, arguments) = match line.function {
        Some(function) => (function.name, function.arguments),
        None => match line.name {
            Some(name) => (name, line.arguments.unwrap_or_default()),
            None => return Err("tool_calls: a call has no name".into()),
        },
    };
    Ok(Call {
        id: line.id,
        name,
        arguments: match arguments {
            Value::Null => "{}".into(),
            other => as_is(other),
        },
    })
}

/// A string as it is, any other value as JSON.
fn as_is(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Play {
        read(line).unwrap().play
    }

    #[test]
    fn a_call_is_read_in_the_api_s_shape_and_in_the_simple_one() {
        let api = r#"{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#;
        let simple = r#"{"tool_calls":[{"id":"c","name":"f","arguments":{"a":1}}]}"#;
        assert_eq!(one(api), one(simple));
        let Play::Answer(answer) = one(api) else {
            panic!()
        };
        assert_eq!(answer.finish.as_deref(), Some("tool_calls"));
        assert_eq!(answer.calls[0].arguments, r#"{"a":1}"#);
    }

    #[test]
    fn a_finish_reason_of_null_is_none_at_all() {
        let finish = |line| match one(line) {
            Play::Answer(answer) => answer.finish,
            other => panic!("{other:?}"),
        };
        assert_eq!(finish(r#"{"content":"a","finish_reason":null}"#), None);
        assert_eq!(finish(r#"{"content":"a"}"#).as_deref(), Some("stop"));
    }

    #[test]
    fn a_body_is_sent_as_it_is_and_an_empty_line_is_made_up() {
        let body = |line| match one(line) {
            Play::Exact { status, body, .. } => (status, body),
            other => panic!("{other:?}"),
        };
        assert_eq!(body(r#"{"body":"x{"}"#), (200, Exact::Body("x{".into())));
        assert_eq!(
            body(r#"{"status":500,"body":{"a":[1.0]}}"#),
            (500, Exact::Body(r#"{"a":[1.0]}"#.into()))
        );
        assert_eq!(body(r#"{"body":null}"#), (200, Exact::Body("null".into())));
        assert_eq!(one("{}"), Play::Invented(None));
        assert_eq!(
            one(r#"{"fail":"cut"}"#),
            Play::Invented(Some(FaultKind::CutOutput))
        );
    }
}

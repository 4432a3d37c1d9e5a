//! `--script`: a file of NDJSON whose lines say what to reply, one line a request, in
//! order. The last line repeats.

use std::path::Path;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::chat::{Answer, Call};
use super::reply::{JSON, Reply};
use super::stream::Frames;
use crate::api::whole_number::whole_number_or_null;
use crate::cli::{FaultKind, duration};
use crate::error::Failure;

/// The lines of a script; at least one.
#[derive(Debug)]
pub(super) struct Script(Vec<Line>);

impl Script {
    /// Reads `file`.
    pub(super) fn load(file: &Path) -> Result<Self, Failure> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!("--script: cannot read {name}: {error}"))
                .hint("FILE is NDJSON, one answer a line: {\"content\":\"Hello\"}")
        })?;
        Self::parse(&text).map_err(|(line, wrong)| {
            let place = if line == 0 {
                name.to_string()
            } else {
                format!("{name}, line {line}")
            };
            Failure::usage(format!("{place}: {wrong}"))
                .hint("one answer a line, like {\"content\":\"Hello\"}; see airx help mock")
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = Vec::new();
        for (position, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                let line = read(line).map_err(|wrong| (position + 1, wrong))?;
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return Err((0, "the script is empty".into()));
        }
        Ok(Self(lines))
    }

    /// The line for the request of this number, from 0.
    pub(super) fn line(&self, number: usize) -> &Line {
        &self.0[number.min(self.0.len() - 1)]
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Replaces `--latency`.
    pub(super) delay: Option<Duration>,
    pub(super) reply: ScriptedReply,
}

/// What a line says to reply.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ScriptedReply {
    /// An answer that the mock makes up, with this fault.
    MadeUp(Option<FaultKind>),
    /// An answer that the mock puts into the API's form.
    Answer(Answer),
    Exact {
        status: u16,
        /// They replace the mock's own headers.
        headers: Vec<(String, String)>,
        body: ExactBody,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExactBody {
    Complete(String),
    /// The payloads of an event stream.
    Sse(Vec<String>),
}

/// The members of a line as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "an answer: an object")]
struct LineMembers {
    content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<CallLine>>,
    /// `null` leaves the reason out; an absent member means the usual one.
    #[serde(default, deserialize_with = "present")]
    finish_reason: Option<Value>,
    #[serde(default, deserialize_with = "whole_number_or_null")]
    status: Option<u16>,
    headers: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Value>,
    sse: Option<Vec<Value>>,
    delay: Option<Value>,
    fail: Option<String>,
}

/// A call in the API's form, or `{"id","name","arguments"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "a tool call: an object")]
struct CallLine {
    id: Option<String>,
    #[serde(rename = "type")]
    _kind: Option<String>,
    #[serde(rename = "index", default, deserialize_with = "whole_number_or_null")]
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

fn read(line: &str) -> Result<Line, String> {
    let line: LineMembers = serde_json::from_str(line).map_err(|error| {
        // Each line is read on its own: serde's line number is always 1.
        let wrong = error.to_string();
        wrong.replace(" at line 1 column ", ", column ")
    })?;
    let delay = match &line.delay {
        None => None,
        Some(Value::String(text)) => Some(duration(text)),
        Some(other) => Some(duration(&other.to_string())),
    };
    let delay = delay
        .transpose()
        .map_err(|wrong| format!("delay: {wrong}"))?;
    Ok(Line {
        delay,
        reply: reply(line)?,
    })
}

fn reply(line: LineMembers) -> Result<ScriptedReply, String> {
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
        return Err("status and headers need body or sse".into());
    }
    if let Some(name) = line.fail {
        let kind = FaultKind::named(&name);
        return kind
            .map(|kind| ScriptedReply::MadeUp(Some(kind)))
            .ok_or_else(|| format!("fail: no kind `{name}`"));
    }
    if answers {
        return answer(line).map(ScriptedReply::Answer);
    }
    let body = match (line.sse, line.body) {
        (Some(payloads), _) => ExactBody::Sse(payloads.into_iter().map(as_is).collect()),
        (None, Some(body)) => ExactBody::Complete(as_is(body)),
        (None, None) if headed => ExactBody::Complete(String::new()),
        (None, None) => return Ok(ScriptedReply::MadeUp(None)),
    };
    let headers = line.headers.unwrap_or_default();
    Ok(ScriptedReply::Exact {
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

fn answer(line: LineMembers) -> Result<Answer, String> {
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
        finish_reason: match line.finish_reason {
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

/// The reply of [`ScriptedReply::Exact`].
pub(super) fn exact(
    status: u16,
    headers: &[(String, String)],
    body: &ExactBody,
    rate: Option<f64>,
) -> Reply {
    let mut reply = match body {
        ExactBody::Complete(body) => {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
            let kind = if is_json {
                JSON
            } else {
                "text/plain; charset=utf-8"
            };
            Reply::new(status, kind, body.clone())
        }
        ExactBody::Sse(payloads) => {
            let mut frames = Frames::new(rate);
            for payload in payloads {
                frames.pace();
                frames.payload(payload);
            }
            Reply::stream(status, frames.finish())
        }
    };
    for (name, value) in headers {
        reply
            .headers
            .retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        reply.headers.push((name.clone(), value.clone()));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_and_the_last_repeats() {
        let script = Script::parse("{\"content\":\"a\"}\n\n{\"content\":\"b\"}\n").unwrap();
        let content = |number| match &script.line(number).reply {
            ScriptedReply::Answer(answer) => answer.content.clone().unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!([content(0), content(1), content(9)], ["a", "b", "b"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| Script::parse(text).unwrap_err();
        let (line, message) = wrong("{}\n{\"contents\":1}");
        assert_eq!(line, 2);
        assert!(message.contains("contents"), "{message}");
        for (text, names) in [
            ("nonsense", "expected"),
            (r#"{"content":"a","body":"b"}"#, "exclude"),
            (r#"{"content":"a","status":200}"#, "status"),
            (r#"{"delay":"soon"}"#, "delay"),
            (r#"{"status":99}"#, "99"),
            (r#"{"status":"200"}"#, "a whole number of at most 16 bits"),
            ("7", "expected an answer: an object"),
            (r#"{"headers":{"a b":"c"}}"#, "a b"),
            (r#"{"tool_calls":[{}]}"#, "no name"),
            (r#"{"fail":"explode"}"#, "explode"),
        ] {
            let (line, message) = wrong(text);
            assert_eq!(line, 1);
            assert!(message.contains(names), "{text}: {message}");
        }
        assert_eq!(wrong("\n").0, 0);
    }

    fn one(line: &str) -> ScriptedReply {
        read(line).unwrap().reply
    }

    #[test]
    fn a_call_is_read_in_the_api_s_shape_and_in_the_simple_one() {
        let api = r#"{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#;
        let simple = r#"{"tool_calls":[{"id":"c","name":"f","arguments":{"a":1}}]}"#;
        assert_eq!(one(api), one(simple));
        let ScriptedReply::Answer(answer) = one(api) else {
            panic!()
        };
        assert_eq!(answer.finish_reason.as_deref(), Some("tool_calls"));
        assert_eq!(answer.calls[0].arguments, r#"{"a":1}"#);
    }

    #[test]
    fn a_finish_reason_of_null_is_none_at_all() {
        let finish = |line| match one(line) {
            ScriptedReply::Answer(answer) => answer.finish_reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(finish(r#"{"content":"a","finish_reason":null}"#), None);
        assert_eq!(finish(r#"{"content":"a"}"#).as_deref(), Some("stop"));
    }

    #[test]
    fn a_body_is_sent_as_it_is_and_an_empty_line_is_made_up() {
        let body = |line| match one(line) {
            ScriptedReply::Exact { status, body, .. } => (status, body),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            body(r#"{"body":"x{"}"#),
            (200, ExactBody::Complete("x{".into()))
        );
        assert_eq!(
            body(r#"{"status":500,"body":{"a":[1.0]}}"#),
            (500, ExactBody::Complete(r#"{"a":[1.0]}"#.into()))
        );
        assert_eq!(
            body(r#"{"body":null}"#),
            (200, ExactBody::Complete("null".into()))
        );
        assert_eq!(one("{}"), ScriptedReply::MadeUp(None));
        assert_eq!(
            one(r#"{"fail":"cut"}"#),
            ScriptedReply::MadeUp(Some(FaultKind::Cut))
        );
    }
}

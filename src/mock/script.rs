//! `--script`: a file of NDJSON with one line for each request, in order, that says what
//! to reply. The last line repeats.

use std::path::Path;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::answer::{Answer, Call};
use super::reply::{Frames, JSON, Reply};
use crate::api::scalar::whole_number_or_null;
use crate::cli::{FaultKind, duration};
use crate::error::Failure;

/// The lines of a script; at least one.
#[derive(Debug)]
pub(super) struct Script(Vec<Line>);

impl Script {
    /// Reads `file`. Frames of streams are sent at `rate` a second.
    pub(super) fn load(file: &Path, rate: Option<f64>) -> Result<Self, Failure> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!("--script: cannot read {name}: {error}"))
                .hint("FILE is NDJSON, one answer a line: {\"content\":\"Hello\"}")
        })?;
        Self::parse(&text, rate).map_err(|wrong| {
            Failure::usage(format!("{name}{wrong}"))
                .hint("one answer a line, like {\"content\":\"Hello\"}; see airx help mock")
        })
    }

    /// Parses the lines. An error begins with the line number, since the caller puts the
    /// file name before it.
    fn parse(text: &str, rate: Option<f64>) -> Result<Self, String> {
        let lines = (1..).zip(text.lines());
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let lines: Vec<Line> = lines
            .map(|(number, line)| {
                Line::read(line, rate).map_err(|wrong| format!(", line {number}: {wrong}"))
            })
            .collect::<Result<_, _>>()?;
        if lines.is_empty() {
            return Err(": the script is empty".into());
        }
        Ok(Self(lines))
    }

    /// The line for the request with this number, counted from 0.
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
    Exact(Reply),
}

impl Line {
    fn read(line: &str, rate: Option<f64>) -> Result<Self, String> {
        let mut line: LineMembers = serde_json::from_str(line).map_err(|error| {
            // Each line is read on its own: serde's line number is always 1.
            let wrong = error.to_string();
            wrong.replace(" at line 1 column ", ", column ")
        })?;
        let delay = line
            .delay
            .take()
            .map(|delay| duration(&as_is(delay)).map_err(|wrong| format!("delay: {wrong}")));
        Ok(Self {
            delay: delay.transpose()?,
            reply: line.reply(rate)?,
        })
    }
}

/// The members of a line in the file.
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

impl LineMembers {
    fn reply(self, rate: Option<f64>) -> Result<ScriptedReply, String> {
        let answers = self.content.is_some()
            || self.reasoning.is_some()
            || self.tool_calls.is_some()
            || self.finish_reason.is_some();
        let headed = self.status.is_some() || self.headers.is_some();
        let groups = [
            ("content", answers),
            ("body", self.body.is_some()),
            ("sse", self.sse.is_some()),
            ("fail", self.fail.is_some()),
        ];
        let mut given = groups.iter().filter(|(_, is_given)| *is_given);
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            return Err(format!("{first} and {second} exclude each other"));
        }
        if headed && (answers || self.fail.is_some()) {
            return Err("status and headers need body or sse".into());
        }
        if let Some(name) = self.fail {
            let kind = FaultKind::named(&name).ok_or_else(|| format!("fail: no kind `{name}`"))?;
            return Ok(ScriptedReply::MadeUp(Some(kind)));
        }
        if answers {
            return self.answer().map(ScriptedReply::Answer);
        }
        if !headed && self.body.is_none() && self.sse.is_none() {
            return Ok(ScriptedReply::MadeUp(None));
        }
        self.exact(rate).map(ScriptedReply::Exact)
    }

    fn answer(self) -> Result<Answer, String> {
        let calls = self.tool_calls.unwrap_or_default();
        let calls = calls
            .into_iter()
            .map(CallLine::call)
            .collect::<Result<_, _>>()?;
        let mut answer = Answer::new(self.content, calls);
        answer.reasoning = self.reasoning.unwrap_or_default();
        match self.finish_reason {
            None => {}
            Some(Value::Null) => answer.finish_reason = None,
            Some(reason) => answer.finish_reason = Some(as_is(reason)),
        }
        Ok(answer)
    }

    fn exact(self, rate: Option<f64>) -> Result<Reply, String> {
        let status = self.status.unwrap_or(200);
        if !(200..=599).contains(&status) {
            return Err(format!("status {status}: write one from 200 to 599"));
        }
        let mut reply = if let Some(payloads) = self.sse {
            let mut frames = Frames::new(rate);
            for payload in payloads {
                frames.pace();
                frames.payload(&as_is(payload));
            }
            frames.reply(status)
        } else {
            let body = self.body.map(as_is).unwrap_or_default();
            let content_type = match serde_json::from_str::<IgnoredAny>(&body) {
                Ok(_) => JSON,
                Err(_) => "text/plain; charset=utf-8",
            };
            Reply::new(status, content_type, body)
        };
        // They replace the mock's own headers.
        for (name, value) in self.headers.unwrap_or_default() {
            let value = as_is(value);
            if HeaderName::from_bytes(name.as_bytes()).is_err()
                || HeaderValue::from_str(&value).is_err()
            {
                return Err(format!("headers: `{name}` cannot be sent"));
            }
            let own = &mut reply.headers;
            own.retain(|(own, _)| !own.eq_ignore_ascii_case(&name));
            own.push((name, value));
        }
        Ok(reply)
    }
}

impl CallLine {
    fn call(self) -> Result<Call, String> {
        let (name, arguments) = match self.function {
            Some(function) => (Some(function.name), Some(function.arguments)),
            None => (self.name, self.arguments),
        };
        Ok(Call {
            id: self.id,
            name: name.ok_or("tool_calls: a call has no name")?,
            arguments: match arguments {
                None | Some(Value::Null) => "{}".into(),
                Some(other) => as_is(other),
            },
        })
    }
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
    use crate::mock::reply::Step;

    #[test]
    fn answers_come_in_order_and_the_last_repeats() {
        let script = Script::parse("{\"content\":\"a\"}\n\n{\"content\":\"b\"}\n", None).unwrap();
        let content = |number| match &script.line(number).reply {
            ScriptedReply::Answer(answer) => answer.content.clone().unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!([content(0), content(1), content(9)], ["a", "b", "b"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &str| Script::parse(text, None).unwrap_err();
        let message = wrong("{}\n{\"contents\":1}");
        assert!(message.starts_with(", line 2: "), "{message}");
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
            let message = wrong(text);
            assert!(message.starts_with(", line 1: "), "{message}");
            assert!(message.contains(names), "{text}: {message}");
        }
        assert_eq!(wrong("\n"), ": the script is empty");
    }

    fn one(line: &str) -> ScriptedReply {
        Line::read(line, None).unwrap().reply
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
            ScriptedReply::Exact(reply) => (reply.status, reply.steps),
            other => panic!("{other:?}"),
        };
        for (line, status, bytes) in [
            (r#"{"body":"x{"}"#, 200, "x{"),
            (
                r#"{"status":500,"body":{"a":[1.0]}}"#,
                500,
                r#"{"a":[1.0]}"#,
            ),
            (r#"{"body":null}"#, 200, "null"),
        ] {
            assert_eq!(body(line), (status, vec![Step::Bytes(bytes.into())]));
        }
        assert_eq!(one("{}"), ScriptedReply::MadeUp(None));
        assert_eq!(
            one(r#"{"fail":"cut"}"#),
            ScriptedReply::MadeUp(Some(FaultKind::Cut))
        );
    }
}

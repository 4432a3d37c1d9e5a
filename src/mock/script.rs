//! `--script`: NDJSON in, exact answers out, or a failure that names the line.

use std::path::Path;

use super::frames::Frames;
use super::line::{self, Exact, Scripted};
use super::reply::{JSON, Reply};
use crate::error::Failure;

/// The answers of a script, in the order of the requests.
#[derive(Debug)]
pub(super) struct Script(Vec<Scripted>);

impl Script {
    /// Reads `file`.
    ///
    /// # Errors
    /// Of class usage: the file, the line and what is wrong with it.
    pub(super) fn load(file: &Path) -> Result<Self, Failure> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
        Self::parse(&text).map_err(|(line, wrong)| {
            let place = if line == 0 {
                name.to_string()
            } else {
                format!("{name}, line {line}")
            };
            Failure::usage(format!("{place}: {wrong}"))
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut answers = Vec::new();
        for (position, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                let scripted = line::read(line).map_err(|wrong| (position + 1, wrong))?;
                answers.push(scripted);
            }
        }
        if answers.is_empty() {
            return Err((0, "no answer stands in it".into()));
        }
        Ok(Self(answers))
    }

    /// The answer to the request of this number, counted from 0.
    pub(super) fn answer(&self, number: usize) -> &Scripted {
        // A script holds one answer at least.
        &self.0[number.min(self.0.len() - 1)]
    }
}

/// The reply of an exact answer.
pub(super) fn exact(
    status: u16,
    headers: &[(String, String)],
    body: &Exact,
    rate: Option<f64>,
) -> Reply {
    let mut reply = match body {
        Exact::Body(body) => {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
            let kind = if is_json {
                JSON
            } else {
                "text/plain; charset=utf-8"
            };
            Reply::new(status, kind, body.clone())
        }
        Exact::Sse(payloads) => {
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
    use crate::mock::line::Play;

    #[test]
    fn answers_come_in_order_and_the_last_repeats() {
        let script = Script::parse("{\"content\":\"a\"}\n\n{\"content\":\"b\"}\n").unwrap();
        let content = |number| match &script.answer(number).play {
            Play::Answer(answer) => answer.content.clone().unwrap(),
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
}

//! An answer → the events, lines and payloads that the sink takes.

use serde_json::Value;

use crate::answer::{Answer, Call};
use crate::commands::Job;
use crate::error::Failure;
use crate::event::{Event, Level, Sink, Violation};
use crate::exit::Class;
use crate::structured;

/// Hands over what a stream has not told already: all of a whole reply, the
/// calls and search results of a stream.
pub(super) fn tell(answer: &Answer, job: &Job, sink: &mut dyn Sink) -> Result<(), Failure> {
    if !answer.body.is_empty() {
        deltas(answer, sink)?;
        // A server may ignore `stream`: then the printer takes the text from
        // the delta, as it does of any stream.
        if !job.request.stream {
            sink.text(&answer.text)?;
        }
    } else if let Some(results) = &answer.search {
        sink.event(&Event::Search { results })?;
    }
    warn_if_empty(answer, sink);
    call_events(&answer.calls, sink)?;
    for call in &answer.calls {
        sink.text(&line(call))?;
    }
    Ok(())
}

fn warn_if_empty(answer: &Answer, sink: &mut dyn Sink) {
    if !answer.begun && answer.text.is_empty() && answer.calls.is_empty() {
        sink.note(Level::Warning, "the answer is empty");
    }
}

fn reasoning(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    if answer.reasoning.is_empty() {
        return Ok(());
    }
    sink.event(&Event::Reasoning {
        content: &answer.reasoning,
    })
}

/// Hands over thinking, text, search results and body of a whole reply.
fn deltas(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    reasoning(answer, sink)?;
    if !answer.text.is_empty() {
        sink.event(&Event::Delta {
            content: &answer.text,
        })?;
    }
    if let Some(results) = &answer.search {
        sink.event(&Event::Search { results })?;
    }
    sink.payload(&answer.body, true)
}

fn call_events(calls: &[Call], sink: &mut dyn Sink) -> Result<(), Failure> {
    for (index, call) in calls.iter().enumerate() {
        let arguments = call.value();
        sink.event(&Event::ToolCall {
            index,
            id: &call.id,
            name: &call.name,
            arguments_text: arguments.is_none().then_some(call.arguments.as_str()),
            arguments: arguments.as_ref(),
        })?;
    }
    Ok(())
}

/// One call as a line of text.
fn line(call: &Call) -> String {
    let (id, name) = (&call.id, &call.name);
    let line = match call.value() {
        Some(arguments) => serde_json::json!({ "id": id, "name": name, "arguments": arguments }),
        None => serde_json::json!({ "id": id, "name": name, "arguments_text": call.arguments }),
    };
    format!("{line}\n")
}

/// `tools`: one call a line, prose beside calls on standard error; prose alone
/// is the answer.
pub(super) fn calls(answer: &Answer, required: bool, sink: &mut dyn Sink) -> Result<(), Failure> {
    if answer.calls.is_empty() && required {
        sink.aside(&answer.text, true);
        return Err(Failure::new(
            Class::Tool,
            "the answer holds no tool call (--require-call)",
        )
        .hint("say in the prompt which tool to use, or choose another model"));
    }
    deltas(answer, sink)?;
    if answer.calls.is_empty() {
        warn_if_empty(answer, sink);
        return sink.text(&answer.text);
    }
    sink.aside(&answer.text, false);
    call_events(&answer.calls, sink)?;
    for call in &answer.calls {
        sink.text(&line(call))?;
    }
    match answer.calls.iter().find(|call| call.value().is_none()) {
        None => Ok(()),
        Some(call) => Err(Failure::new(
            Class::Invalid,
            format!("the arguments of the call of {} are not JSON", call.name),
        )
        .hint("they stand in arguments_text")),
    }
}

/// `json`: the value, or nothing and what is wrong with it.
pub(super) fn json(
    answer: &Answer,
    pretty: bool,
    select: &[String],
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    reasoning(answer, sink)?;
    let value = structured::parse(&answer.text).map_err(|message| ("", message));
    let rendered = value.and_then(|value| match structured::render(&value, pretty, select) {
        Ok(text) => Ok((value, text)),
        Err(pointer) => Err(("", format!("--select {pointer} finds nothing in it"))),
    });
    match rendered {
        Ok((value, text)) => {
            if let Some(results) = &answer.search {
                sink.event(&Event::Search { results })?;
            }
            sink.event(&Event::Value { value: &value })?;
            sink.payload(&answer.body, true)?;
            sink.text(&format!("{text}\n"))
        }
        Err((path, message)) => {
            let failure = Failure::new(
                Class::Invalid,
                format!("the answer is not the JSON asked for: {message}"),
            )
            .hint("say in the prompt which JSON is wanted; the answer is above");
            let errors = [Violation {
                path: path.to_owned(),
                message,
            }];
            sink.event(&Event::Invalid {
                attempt: 1,
                errors: &errors,
                content: &answer.text,
            })?;
            sink.aside(&answer.text, true);
            Err(failure)
        }
    }
}

impl Call {
    /// The arguments, where they are JSON. None at all count as an empty object.
    fn value(&self) -> Option<Value> {
        if self.arguments.trim().is_empty() {
            return Some(Value::Object(serde_json::Map::new()));
        }
        structured::parse(&self.arguments).ok()
    }
}

/// The assistant's turn, as a session keeps it.
pub(super) fn turn(answer: &Answer) -> String {
    let mut turn = serde_json::json!({ "role": "assistant", "content": answer.text });
    if !answer.calls.is_empty() {
        let calls = answer.calls.iter().map(|call| {
            serde_json::json!({
                "id": call.id,
                "type": "function",
                "function": { "name": call.name, "arguments": call.arguments },
            })
        });
        turn["tool_calls"] = calls.collect();
    }
    turn.to_string()
}

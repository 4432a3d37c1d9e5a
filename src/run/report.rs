//! An answer → events, lines and payloads for the sink.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::answer::{Answer, Call};
use crate::error::{Failure, Look};
use crate::event::{Data, Event, Level, Sink, VERSION, Violation};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::PreparedRequest;
use crate::schema;
use crate::tools::Toolbox;

/// Reports that the first request is about to be sent.
pub(super) fn report_start(request: &PreparedRequest, sink: &mut dyn Sink) -> Result<(), Failure> {
    sink.event(&Event::Start {
        v: VERSION,
        command: request.command,
        model: Some(&request.request.model),
        request_id: request.request.request_id.as_deref(),
    })
}

/// Reports what has not been reported yet: everything of an unstreamed reply, or the calls and
/// search results of a stream.
pub(super) fn report_answer(
    answer: &Answer,
    request: &PreparedRequest,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    report_unstreamed(answer, sink)?;
    // If the server ignored `stream`, the printer takes the text from the delta event, as in
    // any stream.
    if !answer.body.is_empty() && !request.request.stream {
        sink.data(Data::Answer(&answer.text))?;
    }
    report_calls(&answer.calls, sink)?;
    for call in &answer.calls {
        sink.data(Data::Json(&call_line(call, &[])))?;
    }
    Ok(())
}

/// Reports what has not been reported yet, without the calls.
pub(super) fn report_unstreamed(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    if !answer.body.is_empty() {
        report_texts(answer, sink)?;
    }
    report_body(answer, sink)
}

/// Reports the results of a search and the body of an unstreamed reply, if there are any.
pub(super) fn report_body(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(results) = &answer.search {
        sink.event(&Event::Search { results })?;
    }
    if answer.body.is_empty() {
        return Ok(());
    }
    sink.data(Data::Body {
        bytes: &answer.body,
        token: true,
    })
}

/// Reports an answer after which another request is sent.
pub(super) fn report_round(
    number: u32,
    answer: &Answer,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    sink.event(&Event::Round {
        number,
        finish_reason: answer.finish_reason.as_deref().unwrap_or_default(),
        usage: answer.usage,
    })
}

pub(super) fn report_reasoning(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    if answer.reasoning.is_empty() {
        return Ok(());
    }
    sink.event(&Event::Reasoning {
        content: &answer.reasoning,
    })
}

/// Reports thinking and text of an unstreamed reply.
fn report_texts(answer: &Answer, sink: &mut dyn Sink) -> Result<(), Failure> {
    report_reasoning(answer, sink)?;
    if answer.text.is_empty() {
        return Ok(());
    }
    sink.event(&Event::Delta {
        content: &answer.text,
    })
}

pub(super) fn report_calls(calls: &[Call], sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut calls = calls.iter().enumerate();
    calls.try_for_each(|(index, call)| report_call(index, call, sink))
}

fn report_call(index: usize, call: &Call, sink: &mut dyn Sink) -> Result<(), Failure> {
    let arguments = call.raw_arguments();
    sink.event(&Event::ToolCall {
        index,
        id: &call.id,
        name: &call.name,
        arguments_text: arguments.is_none().then_some(call.arguments.as_str()),
        arguments: arguments.as_deref(),
    })
}

/// One call as a line of text, with its errors.
fn call_line(call: &Call, errors: &[Violation]) -> String {
    format!("{}\n", call_json(call, errors).get())
}

/// One call as an object, with its errors.
pub(super) fn call_json(call: &Call, errors: &[Violation]) -> Box<RawValue> {
    #[derive(Serialize)]
    struct Line<'a> {
        id: &'a str,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments: Option<Box<RawValue>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        arguments_text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        invalid: Option<&'a [Violation]>,
    }
    let arguments = call.raw_arguments();
    let line = Line {
        id: &call.id,
        name: &call.name,
        arguments_text: arguments.is_none().then_some(call.arguments.as_str()),
        invalid: (arguments.is_some() && !errors.is_empty()).then_some(errors),
        arguments,
    };
    // Strings and JSON text only: this cannot fail.
    to_raw_value(&line).unwrap_or_default()
}

/// Prints an answer of `tools`: one call per line, and text that comes with calls on
/// standard error. Text without calls is the answer.
pub(super) fn report_tool_calls(
    answer: &Answer,
    request: &PreparedRequest,
    required: bool,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if answer.calls.is_empty() {
        return report_text(answer, request, required, sink);
    }
    report_unstreamed(answer, sink)?;
    if !request.request.stream {
        sink.note(Level::Prose, &answer.text);
    }
    let mut wrong = None;
    for (index, call) in answer.calls.iter().enumerate() {
        let errors = violations(call, &request.toolbox);
        report_call(index, call, sink)?;
        if !errors.is_empty() {
            // For invalid JSON the call shows `arguments_text`, so there is no event.
            if call.value().is_some() {
                sink.event(&Event::Invalid {
                    attempt: 1,
                    errors: &errors,
                    content: &call.arguments,
                })?;
            }
            wrong.get_or_insert((call, errors[0].clone()));
        }
        sink.data(Data::Json(&call_line(call, &errors)))?;
    }
    let Some((call, first)) = wrong else {
        return Ok(());
    };
    let name = &call.name;
    let (what, look) = match call.value() {
        _ if !request.toolbox.accepts(name) => (first.message, None),
        None => (
            format!("the arguments of the call of {name} are not JSON"),
            Some(Look::Arguments),
        ),
        Some(_) => (
            format!("the arguments of the call of {name} do not fit its schema: {first}"),
            Some(Look::ArgumentErrors),
        ),
    };
    let mut failure = Failure::new(Class::Invalid, what);
    failure.look = look;
    Err(failure)
}

/// Prints an answer of `tools` that is truncated or lacks a call: its text, but none of its
/// calls, since the last one may be incomplete.
pub(super) fn report_truncated(
    answer: &Answer,
    request: &PreparedRequest,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if answer.body.is_empty() {
        // A stream has already been reported.
        return Ok(());
    }
    report_texts(answer, sink)?;
    if !request.request.stream {
        sink.note(Level::Withheld, &answer.text);
    }
    Ok(())
}

/// Prints an answer of `tools` without calls: its text, unless a call was required.
pub(super) fn report_text(
    answer: &Answer,
    request: &PreparedRequest,
    required: bool,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if required {
        report_truncated(answer, request, sink)?;
        return Err(Failure::new(
            Class::Tool,
            "the answer holds no tool call (--require-call)",
        )
        .hint("say in the prompt which tool to use, or choose another model"));
    }
    report_unstreamed(answer, sink)?;
    if request.request.stream {
        return Ok(());
    }
    sink.data(Data::Answer(&answer.text))
}

/// Whether an answer of `tools` has no call that is wrong, and a call if one is required.
pub(super) fn calls_fit(answer: &Answer, request: &PreparedRequest, required: bool) -> bool {
    let mut calls = answer.calls.iter();
    (!required || !answer.calls.is_empty())
        && calls.all(|call| violations(call, &request.toolbox).is_empty())
}

/// The errors of a call: in its arguments and, if the tools are known, in its name.
pub(super) fn violations(call: &Call, toolbox: &Toolbox) -> Vec<Violation> {
    if !toolbox.accepts(&call.name) {
        return vec![Violation::of_root(format!(
            "there is no tool {}",
            call.name
        ))];
    }
    match (
        schema::parse(call.arguments_text()),
        toolbox.schema(&call.name),
    ) {
        (Err(why), _) => vec![Violation::of_root(format!(
            "the arguments are not JSON: {why}"
        ))],
        (Ok(value), Some(schema)) => schema.violations(&value),
        (Ok(_), None) => Vec::new(),
    }
}

impl Call {
    /// The arguments as text. Missing arguments count as an empty object.
    fn arguments_text(&self) -> &str {
        match self.arguments.trim() {
            "" => "{}",
            _ => &self.arguments,
        }
    }

    /// The arguments, if they are JSON.
    pub(super) fn value(&self) -> Option<Value> {
        schema::parse(self.arguments_text()).ok()
    }

    /// The arguments on one line, with the numbers as the model wrote them.
    pub(super) fn raw_arguments(&self) -> Option<Box<RawValue>> {
        schema::parse_raw(self.arguments_text())
    }
}

/// Extends the session after the output was written. If writing fails, the run fails and the
/// session is unchanged; if the reader has closed the output, the session is still extended.
/// Returns the answer for the last event of the run, without the body, which has been printed.
pub(super) fn extend_session(
    session: Option<Session>,
    mut answer: Answer,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    if let Some(session) = session {
        match sink.data(Data::End).and_then(|()| sink.flush()) {
            Err(failure) if failure.class != Class::Ok => return Err(failure),
            _ => session.extend(&assistant_turn(&answer, &answer.calls))?,
        }
    }
    answer.body = Vec::new();
    Ok(answer)
}

/// The model's turn for the conversation, with its thinking and with the members that airx does not
/// know. Some servers expect these members back with the results of the calls.
pub(super) fn assistant_turn(answer: &Answer, calls: &[Call]) -> String {
    let mut turn = Map::new();
    turn.insert("role".to_owned(), "assistant".into());
    turn.insert("content".to_owned(), answer.text.as_str().into());
    if !answer.reasoning_content.is_empty() {
        let reasoning = answer.reasoning_content.as_str();
        turn.insert("reasoning_content".to_owned(), reasoning.into());
    }
    turn.extend(answer.others.clone());
    if !calls.is_empty() {
        let calls = calls.iter().map(|call| {
            let mut turn = Map::new();
            turn.insert("id".to_owned(), call.id.as_str().into());
            turn.insert("type".to_owned(), "function".into());
            let function = serde_json::json!({ "name": call.name, "arguments": call.arguments });
            turn.insert("function".to_owned(), function);
            turn.extend(call.others.clone());
            Value::Object(turn)
        });
        turn.insert("tool_calls".to_owned(), calls.collect());
    }
    Value::Object(turn).to_string()
}

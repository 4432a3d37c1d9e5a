//! `airx json`: a wrong answer is sent back with its errors, as long as tries and time are
//! left.

use std::borrow::Cow;

use serde_json::json;
use serde_json::value::to_raw_value;

use super::json_lines::{Elements, show};
use super::report::{extend_session, report_body, report_reasoning, report_round};
use crate::answer::{Accept, Answer, Empty};
use crate::api::request::{Message, Request, ResponseFormat};
use crate::client::{self, AnswerRequest, CacheUse, RequestSeries, Transport};
use crate::error::{Failure, Look};
use crate::event::{Data, Event, Level, Sink, Violation};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::PreparedRequest;
use crate::schema::{Accepted, ExpectedJson, JsonFormat, Rejected, correction};

/// Requests answers until one is the `expected` JSON, and sends it to `sink`. Returns that
/// answer.
///
/// # Errors
/// No answer was complete, or none was accepted.
pub(super) fn ask_for_json(
    prepared: &PreparedRequest,
    expected: &ExpectedJson,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let mut series = RequestSeries::new(transport);
    let mut request = Cow::Borrowed(&prepared.request);
    if is_constrained(&request) && expected.constraint(false).is_none() {
        // An earlier item of the run has shown that the server does not support a schema.
        request.to_mut().response_format = Some(ResponseFormat::JsonObject);
    }
    let mut number = 1;
    loop {
        let fits = |answer: &Answer| expected.accept(&answer.text).is_ok();
        let wanted = answer_request(prepared, &request, series.is_new(), &fits);
        let mut elements = Elements::new(expected, sink);
        let (answer, result) = client::run(&wanted, &mut series, transport, &mut elements);
        let shown = elements.shown();
        if let Err(failure) = result {
            let refuses = is_constrained(&request) && refuses_format(&failure);
            if !refuses || !expected.give_up_constraint() {
                return Err(failure);
            }
            let note = "* the server does not accept the schema: asking for a json_object";
            sink.note(Level::Verbose, &note);
            request.to_mut().response_format = Some(ResponseFormat::JsonObject);
            continue;
        }
        report_reasoning(&answer, sink)?;
        let rejected = match expected.accept(&answer.text) {
            Ok(accepted) => {
                client::keep(&wanted, transport, sink);
                accept(&answer, &accepted, shown, expected, sink)?;
                return extend_session(session, answer, sink);
            }
            Err(rejected) => rejected,
        };
        sink.event(&Event::Invalid {
            attempt: number,
            errors: &rejected.violations,
            content: &answer.text,
        })?;
        // Lines that were printed must not be repeated or replaced.
        if number >= expected.tries || shown > 0 || !rejected.retryable {
            return Err(rejection(&answer, &rejected, number, expected, sink));
        }
        report_retry(&answer, &rejected, number, expected, sink)?;
        let mut next = correct(&prepared.request, &answer, &rejected.violations);
        next.response_format.clone_from(&request.response_format);
        request = Cow::Owned(next);
        number += 1;
    }
}

/// What to request from the client. The cache stores the answer of a later try under the first
/// request.
fn answer_request<'a>(
    prepared: &'a PreparedRequest,
    request: &'a Request,
    is_first: bool,
    fits: &'a dyn Fn(&Answer) -> bool,
) -> AnswerRequest<'a> {
    AnswerRequest {
        request,
        fallback: &prepared.fallback,
        accept: Accept {
            reasons: &prepared.accept,
            empty: Empty::NeverAllowed,
        },
        keep_text: true,
        cache: CacheUse {
            under: Some(&prepared.request),
            look_up: is_first,
            fits,
        },
    }
}

/// Checks and prints a value that was joined from several answers.
///
/// # Errors
/// The schema does not allow it, or it cannot be shown as asked for.
pub(super) fn report_joined(
    text: &str,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut answer = Answer::default();
    text.clone_into(&mut answer.text);
    match expected.accept(text) {
        Ok(accepted) => accept(&answer, &accepted, 0, expected, sink),
        Err(rejected) => Err(rejection(&answer, &rejected, 1, expected, sink)),
    }
}

/// Whether the server is asked to apply the schema to its answer.
fn is_constrained(request: &Request) -> bool {
    matches!(request.response_format, Some(ResponseFormat::JsonSchema(_)))
        && !request
            .params
            .iter()
            .any(|(name, _)| name == "response_format")
}

/// Whether a failure may mean that the server does not know `json_schema`.
fn refuses_format(failure: &Failure) -> bool {
    let status = failure.http_status();
    failure.class == Class::Rejected
        && matches!(status, Some(400 | 422))
        && !client::unserved(failure)
}

/// Prints the accepted value, without the elements that have been shown.
fn accept(
    answer: &Answer,
    accepted: &Accepted,
    shown: usize,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    report_body(answer, sink)?;
    if expected.format == JsonFormat::Lines {
        let mut rest = accepted.lines.iter().skip(shown);
        return rest.try_for_each(|element| show(element, sink));
    }
    sink.event(&Event::Value {
        value: &accepted.value,
    })?;
    let lines = format!("{}\n", accepted.lines.join("\n"));
    sink.data(match expected.format {
        JsonFormat::Compact | JsonFormat::Pretty => Data::Json(&lines),
        _ => Data::Answer(&lines),
    })
}

/// Reports a rejected answer after which another try follows.
fn report_retry(
    answer: &Answer,
    rejected: &Rejected,
    number: u32,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    report_round(number, answer, sink)?;
    for error in &rejected.violations {
        let line = format!("* try {number} of {}: {error}", expected.tries);
        sink.note(Level::Verbose, &line);
    }
    sink.flush()
}

/// The failure of the run. The rejected text goes to standard error, and its errors too if
/// there are several.
fn rejection(
    answer: &Answer,
    rejected: &Rejected,
    number: u32,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Failure {
    sink.note(Level::Withheld, &answer.text);
    let tries = if number > 1 {
        format!(", after {number} tries")
    } else {
        String::new()
    };
    let what = match &rejected.violations[..] {
        [one] => one.to_string(),
        several => {
            let lines: Vec<String> = several.iter().map(Violation::to_string).collect();
            sink.note(Level::Withheld, &lines.join("\n"));
            format!("{} violations", several.len())
        }
    };
    let hint = if expected.instruction.is_some() {
        "a simpler schema, another model or more --tries may help"
    } else {
        "say in the prompt which JSON is wanted"
    };
    let message = format!("the answer is not the JSON asked for{tries}: {what}");
    let failure = Failure::new(Class::Invalid, message).hint(hint);
    // A blank answer would not be visible.
    match (answer.text.trim().is_empty(), rejected.violations.len()) {
        (true, 1) => failure,
        (true, _) => failure.look(Look::Errors),
        (false, 1) => failure.look(Look::Answer),
        (false, _) => failure.look(Look::AnswerAndErrors),
    }
}

/// The request with the rejected answer and its errors after the messages. Only the last
/// rejected answer is added, so that errors do not fill a small context.
fn correct(request: &Request, answer: &Answer, errors: &[Violation]) -> Request {
    let mut request = request.clone();
    let turn = json!({ "role": "assistant", "content": answer.text });
    // The API refuses an empty turn, so after a blank answer only the question is sent again.
    if !answer.text.trim().is_empty()
        && let Ok(turn) = to_raw_value(&turn)
    {
        request.messages.push(Message::Given(turn));
        request.messages.push(Message::User {
            text: correction(errors),
            images: Vec::new(),
        });
    }
    request
}

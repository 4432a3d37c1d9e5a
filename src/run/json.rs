//! `json`: one answer that is what was asked for. A wrong one is sent back with
//! what is wrong with it, as long as there are tries and time.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};

use super::json_lines::{Elements, show};
use super::report::{extend, reasoning, start};
use crate::answer::{Accept, Answer, Empty};
use crate::api::request::{Message, Request, ResponseFormat};
use crate::client::Transport;
use crate::client::{self, Ask, Span};
use crate::error::{Failure, Look};
use crate::event::{Data, Event, Level, Sink, Violation};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::Job;
use crate::schema::{Accepted, ExpectedJson, JsonFormat, Rejected, correction};

/// Asks until an answer is what is `wanted`, and hands it to `sink`. What is
/// returned with success is the accepted answer.
///
/// # Errors
/// No answer was complete, or none was accepted.
pub fn reask(
    job: &Job,
    wanted: &ExpectedJson,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    start(job, sink)?;
    let mut span = Span::new(transport);
    let mut request = Cow::Borrowed(&job.request);
    if is_constrained(&request) && wanted.constraint(false).is_none() {
        // An earlier item of the run has shown that the server does not take it.
        request.to_mut().response_format = Some(ResponseFormat::JsonObject);
    }
    let mut number = 1;
    loop {
        let ask = Ask {
            request: &request,
            accept: Accept {
                reasons: &job.accept,
                empty: Empty::NeverAllowed,
            },
            keep: true,
        };
        let mut elements = Elements::new(wanted, sink);
        let (mut answer, result) = client::run(&ask, &mut span, transport, &mut elements);
        let shown = elements.shown();
        if let Err(failure) = result {
            let refuses = is_constrained(&request) && refuses_format(&failure);
            if !refuses || !wanted.give_up_constraint() {
                return Err(failure);
            }
            let note = "* the server does not take the schema: asking for a json_object";
            sink.note(Level::Verbose, &note);
            request.to_mut().response_format = Some(ResponseFormat::JsonObject);
            continue;
        }
        reasoning(&answer, sink)?;
        let rejected = match wanted.accept(&answer.text) {
            Ok(accepted) => {
                accept(&answer, &accepted, shown, wanted, sink)?;
                extend(session, &answer, sink)?;
                answer.body = Vec::new();
                return Ok(answer);
            }
            Err(rejected) => rejected,
        };
        sink.event(&Event::Invalid {
            attempt: number,
            errors: &rejected.violations,
            content: &answer.text,
        })?;
        // Lines that a reader has must not come again, nor others in their place.
        if number >= wanted.tries || shown > 0 || !rejected.retryable {
            return Err(refuse(&answer, &rejected, number, wanted, sink));
        }
        again(&answer, &rejected, number, wanted, sink)?;
        let format = request.response_format.clone();
        request = Cow::Owned(correct(&job.request, &answer, &rejected.violations));
        request.to_mut().response_format = format;
        number += 1;
    }
}

/// Whether the server is asked to hold the answer to the schema.
fn is_constrained(request: &Request) -> bool {
    matches!(request.response_format, Some(ResponseFormat::JsonSchema(_)))
        && !request
            .params
            .iter()
            .any(|(name, _)| name == "response_format")
}

/// Whether a failure may mean that the server does not know `json_schema`.
fn refuses_format(failure: &Failure) -> bool {
    let status = failure
        .server
        .as_ref()
        .and_then(|server| server.http_status);
    failure.class == Class::Rejected && matches!(status, Some(400 | 422))
}

/// Hands over the accepted value: what of it has not been shown already.
fn accept(
    answer: &Answer,
    accepted: &Accepted,
    shown: usize,
    wanted: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if let Some(results) = &answer.search {
        sink.event(&Event::Search { results })?;
    }
    sink.data(Data::Body {
        bytes: &answer.body,
        token: true,
    })?;
    if wanted.format == JsonFormat::Lines {
        let mut rest = accepted.lines.iter().skip(shown);
        return rest.try_for_each(|element| show(element, sink));
    }
    sink.event(&Event::Value {
        value: &accepted.value,
    })?;
    let lines = format!("{}\n", accepted.lines.join("\n"));
    sink.data(match wanted.format {
        JsonFormat::Compact | JsonFormat::Pretty => Data::Json(&lines),
        _ => Data::Answer(&lines),
    })
}

/// Ends a try that another follows.
fn again(
    answer: &Answer,
    rejected: &Rejected,
    number: u32,
    wanted: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    sink.event(&Event::Round {
        number,
        finish_reason: answer.finish_reason.as_deref().unwrap_or_default(),
        usage: answer.usage,
    })?;
    for error in &rejected.violations {
        let told = format!("* try {number} of {}: {error}", wanted.tries);
        sink.note(Level::Verbose, &told);
    }
    sink.retry();
    sink.flush()
}

/// The run's failure; the rejected text, and what is wrong where it is more than
/// one thing, go to standard error.
fn refuse(
    answer: &Answer,
    rejected: &Rejected,
    number: u32,
    wanted: &ExpectedJson,
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
    let hint = if wanted.instruction.is_some() {
        "a simpler schema, another model or more --tries may help"
    } else {
        "say in the prompt which JSON is wanted"
    };
    let message = format!("the answer is not the JSON asked for{tries}: {what}");
    let failure = Failure::new(Class::Invalid, message).hint(hint);
    // A blank answer is nowhere to be seen.
    match (answer.text.trim().is_empty(), rejected.violations.len()) {
        (true, 1) => failure,
        (true, _) => failure.look(Look::Errors),
        (false, 1) => failure.look(Look::Answer),
        (false, _) => failure.look(Look::AnswerAndErrors),
    }
}

/// The request with the rejected answer and what is wrong with it behind its
/// messages: the last one alone, lest a small context fills with errors.
fn correct(request: &Request, answer: &Answer, errors: &[Violation]) -> Request {
    let mut request = request.clone();
    // An empty turn is refused by the API: then the question is all there is.
    if let Some(turn) = assistant(&answer.text).filter(|_| !answer.text.trim().is_empty()) {
        request.messages.push(Message::Given(turn));
        request.messages.push(Message::User {
            text: correction(errors),
            images: Vec::new(),
        });
    }
    request
}

fn assistant(text: &str) -> Option<Box<RawValue>> {
    to_raw_value(&serde_json::json!({ "role": "assistant", "content": text })).ok()
}

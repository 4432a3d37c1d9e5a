//! `airx json`, from the options to the exit status. A wrong answer is sent back with
//! what is wrong with it, as long as there are tries and time.

use std::path::Path;

use serde_json::value::{RawValue, to_raw_value};

use super::conversation::{Conversation, Strategy, output_kind};
use super::json_lines::{Elements, show};
use super::report::{extend, reasoning, start};
use super::start::{Ended, Run, Start};
use crate::answer::{Accept, Answer, Empty};
use crate::api::request::{Message, Request};
use crate::cli::{Common, EachArgs, Format, JsonAnswer};
use crate::client::{self, Ask, Span};
use crate::error::{Failure, Look};
use crate::event::{Data, Event, Level, Sink, Violation};
use crate::exit::Class;
use crate::http::Transport;
use crate::prompt::Session;
use crate::request::{self, PreparedRequest};
use crate::schema::{Accepted, ExpectedJson, JsonFormat, Rejected, correction};
use crate::settings::Merged;
use crate::tools::Toolbox;

/// Runs the command and returns the exit status.
pub(crate) fn json(
    mut common: Common,
    each: EachArgs,
    answer: JsonAnswer,
    merged: Result<Merged, Failure>,
) -> u8 {
    let each = Some(each).filter(|each| each.each.is_some());
    let one_answer_only = [
        (answer.stream, "--stream"),
        (answer.lines, "--lines"),
        (answer.pretty, "--pretty"),
        (!answer.select.is_empty(), "--select"),
    ];
    let allowed = each
        .as_ref()
        .map_or(Ok(()), |_| request::fits_each(&common, &one_answer_only));
    let start = Start {
        command: "json",
        live: false,
        kind: output_kind(each.as_ref()),
    };
    let mut run = Run::start(start, &mut common, merged, allowed);
    let result = converse(&mut run, &mut common, each.as_ref(), answer);
    run.finish(result)
}

fn converse(
    run: &mut Run,
    common: &mut Common,
    each: Option<&EachArgs>,
    answer: JsonAnswer,
) -> Result<Ended, Failure> {
    run.ready()?;
    let schema = answer.schema.as_ref().map(Path::new);
    let files: Vec<_> = schema
        .map(|file| ("`--schema -`", file))
        .into_iter()
        .collect();
    let mut settings = run.settings(common, each, &files)?;
    let lossy = common.input.lossy;
    let read = |path: &Path| run.read_file(path, lossy);
    let expected = ExpectedJson::load(request::json_options(answer), read)?;
    let mut prompt = run.read_prompt(&settings.sources)?;
    if expected.stream && common.output.format() == Format::Json {
        return Err(
            Failure::usage("--stream prints elements, --format json the server's body")
                .hint("--format ndjson prints an event for each element as it comes"),
        );
    }
    if let Some(instruction) = &expected.instruction {
        request::add_instruction(&mut prompt.messages, instruction)?;
    }
    let request = request::prepare(
        run.command,
        expected.stream,
        common,
        &mut settings,
        prompt.messages,
        Toolbox::default(),
    );
    run.warn_all(&settings);
    let conversation = Conversation {
        request: request?,
        strategy: Strategy::Json(Box::new(expected)),
        session: prompt.session,
        items: prompt.each,
        settings,
    };
    conversation.run(run, common, each)
}

/// Asks until an answer is the `expected` JSON, and hands it to `sink`. Returns the
/// accepted answer.
///
/// # Errors
/// No answer was complete, or none was accepted.
pub(super) fn ask_for_json(
    request: &PreparedRequest,
    expected: &ExpectedJson,
    session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    start(request, sink)?;
    let mut span = Span::new(transport);
    let mut corrected = None;
    let mut number = 1;
    loop {
        let ask = Ask {
            request: corrected.as_ref().unwrap_or(&request.request),
            accept: Accept {
                reasons: &request.accept,
                empty: Empty::NeverAllowed,
            },
            keep: true,
        };
        let mut elements = Elements::new(expected, sink);
        let (mut answer, result) = client::run(&ask, &mut span, transport, &mut elements);
        result?;
        let shown = elements.shown();
        reasoning(&answer, sink)?;
        let rejected = match expected.accept(&answer.text) {
            Ok(accepted) => {
                accept(&answer, &accepted, shown, expected, sink)?;
                extend(session, &answer.text, &answer.calls, sink)?;
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
        if number >= expected.tries || shown > 0 || !rejected.retryable {
            return Err(rejection(&answer, &rejected, number, expected, sink));
        }
        report_retry(&answer, &rejected, number, expected, sink)?;
        corrected = Some(correct(&request.request, &answer, &rejected.violations));
        number += 1;
    }
}

/// Hands over the accepted value: what of it has not been shown already.
fn accept(
    answer: &Answer,
    accepted: &Accepted,
    shown: usize,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if let Some(results) = &answer.search {
        sink.event(&Event::Search { results })?;
    }
    sink.data(Data::Body {
        bytes: &answer.body,
        token: true,
    })?;
    if expected.format == JsonFormat::Lines {
        let mut rest = accepted.lines.iter().skip(shown);
        return rest.try_for_each(|element| show(element, sink));
    }
    sink.event(&Event::Value {
        value: &accepted.value,
    })?;
    sink.data(Data::Answer(&format!("{}\n", accepted.lines.join("\n"))))
}

/// Ends a try that another follows.
fn report_retry(
    answer: &Answer,
    rejected: &Rejected,
    number: u32,
    expected: &ExpectedJson,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    sink.event(&Event::Round {
        number,
        finish_reason: answer.finish_reason.as_deref().unwrap_or_default(),
        usage: answer.usage,
    })?;
    for error in &rejected.violations {
        let told = format!("* try {number} of {}: {error}", expected.tries);
        sink.note(Level::Verbose, &told);
    }
    sink.retry();
    sink.flush()
}

/// The run's failure; the rejected text, and what is wrong where it is more than
/// one thing, go to standard error.
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
        "say in the prompt which JSON is expected"
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

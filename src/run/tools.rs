//! Requests until the model calls no tool any more: each answer's calls are
//! run, in order, and their results go back with the next request.

use std::time::Instant;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::report::{call_event, cut, extend, faults, prose, start, turn, whole};
use crate::answer::{Accept, Answer, Call, Empty};
use crate::api::request::Message;
use crate::client::Transport;
use crate::client::{self, Ask, Span};
use crate::error::Failure;
use crate::event::{Event, Level, Sink, Violation};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::{Job, Rounds};
use crate::tools::{Approval, CallResult};

/// Asks, runs the calls, and asks again, within the limit. What is
/// returned with success is the final answer.
///
/// # Errors
/// Whatever kept an answer from being complete; a command that cannot be
/// started; calls in the last answer that there may be.
pub fn rounds(
    mut job: Job,
    rounds: Rounds,
    approval: &Approval,
    mut session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    start(&job, sink)?;
    let mut span = Span::new(transport);
    let mut number = 1;
    loop {
        let mut answer = asked(&job, &mut span, transport, sink)?;
        if answer.calls.is_empty() {
            prose(&answer, &job, rounds.required && number == 1, sink)?;
            // The answer leaves before servers and session take their time.
            sink.flush()?;
            extend(session, &answer, sink)?;
            answer.body = Vec::new();
            return Ok(answer);
        }
        give_ids(&mut answer.calls, number);
        whole(&answer, sink)?;
        if !job.request.stream {
            sink.note(Level::Beside, &answer.text);
        }
        for (index, call) in answer.calls.iter().enumerate() {
            call_event(index, call, sink)?;
        }
        sink.flush()?;
        if number == rounds.limit {
            return Err(used_up(rounds.limit));
        }
        // --timeout is for the requests: its clock stands while tools run.
        let begun = Instant::now();
        let turns = turns(&answer, &job, approval, sink)?;
        span.pause(begun.elapsed());
        sink.event(&Event::Round {
            number,
            finish_reason: answer.finish_reason.as_deref().unwrap_or_default(),
            usage: answer.usage,
        })?;
        for turn in turns {
            let turn = Message::Given(turn);
            if let Some(session) = &mut session {
                session.add(&turn)?;
            }
            job.request.messages.push(turn);
        }
        number += 1;
    }
}

/// One answer.
fn asked(
    job: &Job,
    span: &mut Span,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let ask = Ask {
        request: &job.request,
        accept: Accept {
            reasons: &job.accept,
            empty: Empty::allowed(job.allow_empty),
        },
        keep: true,
    };
    let (answer, result) = client::run(&ask, span, transport, sink);
    match result {
        Ok(()) => Ok(answer),
        Err(failure) => {
            if failure.class == Class::Truncated {
                cut(&answer, job, sink)?;
            }
            Err(failure)
        }
    }
}

/// A result names its call by id: one that has none gets one.
fn give_ids(calls: &mut [Call], round: u32) {
    for (index, call) in calls.iter_mut().enumerate() {
        if call.id.is_empty() {
            call.id = format!("call_{round}_{index}");
        }
    }
}

fn used_up(limit: u32) -> Failure {
    Failure::new(
        Class::Tool,
        format!("the model still calls tools in the last of {limit} requests (--rounds)"),
    )
    .hint("raise --rounds, or say in the prompt when to stop")
}

/// Runs an answer's calls: the assistant's turn and a turn for each result.
fn turns(
    answer: &Answer,
    job: &Job,
    approval: &Approval,
    sink: &mut dyn Sink,
) -> Result<Vec<Box<RawValue>>, Failure> {
    let mut calls = answer.calls.clone();
    for call in &mut calls {
        // Servers that put a history into a template fail on what is not JSON.
        if call.value().is_none() || call.arguments.trim().is_empty() {
            call.arguments = "{}".into();
        }
    }
    let mut turns =
        vec![RawValue::from_string(turn(answer, &calls)).map_err(std::io::Error::from)?];
    for call in &answer.calls {
        let outcome = outcome(call, job, approval, sink)?;
        sink.event(&Event::ToolResult {
            id: &call.id,
            name: &call.name,
            exit_status: outcome.exit_status,
            content: &outcome.content,
            elapsed_ms: u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
        })?;
        // A reader of events sees each step as it is done.
        sink.flush()?;
        let result = json!({
            "role": "tool",
            "tool_call_id": call.id,
            "content": outcome.content,
        });
        turns.push(to_raw_value(&result).map_err(std::io::Error::from)?);
    }
    Ok(turns)
}

/// Runs one call, if it is right and allowed.
fn outcome(
    call: &Call,
    job: &Job,
    approval: &Approval,
    sink: &mut dyn Sink,
) -> Result<CallResult, Failure> {
    let toolbox = &job.toolbox;
    let wrong = faults(call, toolbox);
    if !wrong.is_empty() {
        return Ok(CallResult::refused(told(call, &wrong)));
    }
    let arguments = call.raw_arguments().unwrap_or_default();
    let runs = toolbox.describe_call(&call.name).unwrap_or_default();
    if !approval.allows(&call.name, &arguments, &runs)? {
        return Ok(CallResult::refused("the user does not allow this call"));
    }
    sink.note(Level::Verbose, &format!("* {}: {runs}", call.name));
    toolbox.call(&call.name, &arguments, &mut |line| {
        sink.note(Level::Always, &line);
    })
}

/// What the model has to correct.
fn told(call: &Call, wrong: &[Violation]) -> String {
    let one = |wrong: &Violation| match wrong.path.as_str() {
        "" => wrong.message.clone(),
        path => format!("{path}: {}", wrong.message),
    };
    let wrong: Vec<String> = wrong.iter().map(one).collect();
    let wrong = wrong.join("\n");
    if call.value().is_none() {
        return format!("{wrong}\nthey were: {}", call.arguments);
    }
    format!("nothing was run; correct the call\n{wrong}")
}

//! `airx tools --run`: each answer's calls are run, in order, and their results go back with
//! the next request.

use std::time::Instant;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::report::{
    assistant_turn, calls_fit, extend_session, report_calls, report_round, report_text,
    report_truncated, report_unstreamed, violations,
};
use crate::answer::{Answer, Call};
use crate::api::request::Message;
use crate::client::{self, RequestSeries, Transport};
use crate::error::Failure;
use crate::event::{Event, Level, Sink, Violation, millis};
use crate::exit::Class;
use crate::prompt::Session;
use crate::request::{PreparedRequest, Rounds};
use crate::tools::{Approval, CallResult};

/// Asks, runs the calls, and asks again, within the limit. Returns the final answer.
///
/// # Errors
/// The answer is not complete, a command cannot be started, or the last permitted
/// answer still has calls.
pub(super) fn ask_with_tools(
    mut request: PreparedRequest,
    rounds: Rounds,
    approval: &Approval,
    mut session: Option<Session>,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let mut series = RequestSeries::new(transport);
    let mut number = 1;
    loop {
        let required = rounds.required && number == 1;
        let mut answer = asked(&request, required, &mut series, transport, sink)?;
        if answer.calls.is_empty() {
            report_text(&answer, &request, required, sink)?;
            // Print the answer first: writing the session and stopping the servers take time.
            sink.flush()?;
            return extend_session(session, answer, sink);
        }
        give_ids(&mut answer.calls, number);
        report_unstreamed(&answer, sink)?;
        if !request.request.stream {
            sink.note(Level::Prose, &answer.text);
        }
        report_calls(&answer.calls, sink)?;
        sink.flush()?;
        if number == rounds.limit {
            return Err(used_up(rounds.limit));
        }
        // --timeout covers the requests only: its clock is paused while tools run.
        let started = Instant::now();
        let turns = turns(&answer, &request, approval, sink)?;
        series.pause(started.elapsed());
        report_round(number, &answer, sink)?;
        for turn in turns {
            let turn = Message::Given(turn);
            if let Some(session) = &mut session {
                session.add(&turn)?;
            }
            request.request.messages.push(turn);
        }
        number += 1;
    }
}

/// Requests one answer; `required` says that it must have a call to be kept.
fn asked(
    request: &PreparedRequest,
    required: bool,
    series: &mut RequestSeries,
    transport: &mut Transport,
    sink: &mut dyn Sink,
) -> Result<Answer, Failure> {
    let fits = |answer: &Answer| calls_fit(answer, request, required);
    let wanted = request.answer_request(true, &fits);
    let (answer, result) = client::run(&wanted, series, transport, sink);
    match result {
        Ok(()) => {
            if fits(&answer) {
                client::keep(&wanted, transport, sink);
            }
            Ok(answer)
        }
        Err(failure) => {
            if failure.class == Class::Truncated {
                report_truncated(&answer, request, sink)?;
            }
            Err(failure)
        }
    }
}

/// Gives an id to each call without one, because a result refers to its call by id.
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

/// Runs an answer's calls. Returns the assistant's turn and one turn per result.
fn turns(
    answer: &Answer,
    request: &PreparedRequest,
    approval: &Approval,
    sink: &mut dyn Sink,
) -> Result<Vec<Box<RawValue>>, Failure> {
    let mut calls = answer.calls.clone();
    for call in &mut calls {
        // Servers that render the history with a template fail on invalid JSON.
        if call.value().is_none() || call.arguments.trim().is_empty() {
            call.arguments = "{}".into();
        }
    }
    let mut turns =
        vec![RawValue::from_string(assistant_turn(answer, &calls)).map_err(std::io::Error::from)?];
    for call in &answer.calls {
        let outcome = outcome(call, request, approval, sink)?;
        sink.event(&Event::ToolResult {
            id: &call.id,
            name: &call.name,
            exit_status: outcome.exit_status,
            content: &outcome.content,
            elapsed_ms: millis(outcome.elapsed),
        })?;
        // Show a reader of events each step when it is done.
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

/// Runs one call if it is valid and allowed.
fn outcome(
    call: &Call,
    request: &PreparedRequest,
    approval: &Approval,
    sink: &mut dyn Sink,
) -> Result<CallResult, Failure> {
    let toolbox = &request.toolbox;
    let wrong = violations(call, toolbox);
    if !wrong.is_empty() {
        return Ok(CallResult::refused(correction(call, &wrong)));
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

/// The result that asks the model to correct its call.
fn correction(call: &Call, wrong: &[Violation]) -> String {
    let wrong: Vec<String> = wrong.iter().map(Violation::to_string).collect();
    let wrong = wrong.join("\n");
    if call.value().is_none() {
        return format!("{wrong}\nthey were: {}", call.arguments);
    }
    format!("nothing was run; correct the call\n{wrong}")
}

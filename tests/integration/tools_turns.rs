//! The model's turn goes back to the server with the reasoning and with members that airx
//! does not know.

use serde_json::{Value, json};

use crate::harness::toolbench::{CITY, bench, runs};
use crate::harness::{self, DONE, Play, Server, airx, file, finish_frame, folder, reply};

/// A call of f with a member of its own.
fn call() -> Value {
    json!({
        "id": "c",
        "type": "function",
        "function": {"name": "f", "arguments": CITY},
        "extra_content": {"google": {"thought_signature": "sig"}},
    })
}

/// The model's turn as airx must send it back.
fn turn() -> Value {
    json!({
        "role": "assistant",
        "content": "Let me look.",
        "reasoning_content": "I need the weather.",
        "reasoning_details": [{"text": "a"}, {"text": "b"}],
        "annotations": [],
        "tool_calls": [call()],
    })
}

/// A reply with this message.
fn with_message(message: &Value) -> Play {
    let choice = json!({"index": 0, "finish_reason": "tool_calls", "message": message});
    harness::json(200, &json!({"id": "i", "choices": [choice]}).to_string())
}

/// The same answer in the frames of a stream.
fn streamed() -> Play {
    let frame = |delta: Value| {
        let frame = json!({"choices": [{"index": 0, "delta": delta}]});
        format!("data: {frame}\n\n")
    };
    let mut first = call();
    first["index"] = json!(0);
    first["function"]["arguments"] = json!("");
    harness::stream([
        frame(json!({"role": "assistant", "reasoning_content": "I need "})),
        frame(json!({"reasoning_content": "the weather.", "reasoning_details": [{"text": "a"}]})),
        frame(
            json!({"content": "Let me look.", "reasoning_details": [{"text": "b"}], "annotations": []}),
        ),
        frame(json!({"tool_calls": [first]})),
        frame(json!({"tool_calls": [{"index": 0, "function": {"arguments": CITY}}]})),
        finish_frame("tool_calls"),
        DONE.into(),
    ])
}

#[test]
fn run_sends_the_model_s_turn_back_with_all_that_it_had() {
    for (args, play) in [
        (&[][..], with_message(&turn())),
        (&["--stream"], streamed()),
    ] {
        let folder = bench();
        let server = Server::play([play, reply("done")]);
        let ran = runs(&folder, "cat").args(args).at(&server).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let messages = server.requests()[1].json()["messages"].clone();
        assert_eq!(messages[1], turn(), "{args:?}");
        assert_eq!(messages[2]["tool_call_id"], "c");
    }
}

#[test]
fn the_thinking_of_every_turn_goes_back_while_calls_are_answered() {
    let folder = bench();
    let server = Server::play([with_message(&turn()), with_message(&turn()), reply("done")]);
    runs(&folder, "cat")
        .at(&server)
        .run()
        .is(0, "done\n", "Let me look.\nLet me look.\n");
    let messages = server.requests()[2].json()["messages"].clone();
    for at in [1, 3] {
        assert_eq!(messages[at], turn());
    }
}

#[test]
fn a_session_keeps_what_airx_does_not_know_and_sends_old_thinking_no_more() {
    let folder = bench();
    let session = folder.path().join("s");
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&session).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let server = Server::once(with_message(&turn()));
    let tools = ["tools", "-t", "t", "--session", "s"];
    let run = airx(tools)
        .arg("weather?")
        .at(&server)
        .within(folder.path())
        .run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(lines()[1], turn());
    // While its call is being answered, the turn goes back with its reasoning.
    let result = json!({"role": "tool", "tool_call_id": "c", "content": "21"});
    let mut text = std::fs::read_to_string(&session).unwrap();
    text.push_str(&result.to_string());
    text.push('\n');
    file(&folder, "s", text);
    let answer = json!({"role": "assistant", "content": "21", "reasoning_content": "Done."});
    let server = Server::once(with_message(&answer));
    airx(tools)
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "21\n", "");
    assert_eq!(server.requests()[0].json()["messages"][1], turn());
    assert_eq!(lines()[3], answer);
    // With the next question airx does not send the reasoning any more, in chat either.
    let server = Server::once(reply("yes"));
    airx(["chat", "--session", "s", "sure?"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "yes\n", "");
    let messages = server.requests()[0].json()["messages"].clone();
    let without = |mut turn: Value| {
        turn.as_object_mut()
            .unwrap()
            .shift_remove("reasoning_content");
        turn
    };
    assert_eq!(messages[1], without(turn()));
    assert_eq!(messages[3], without(answer.clone()));
    assert_eq!((&lines()[1], &lines()[3]), (&turn(), &answer));
}

#[test]
fn messages_are_sent_as_they_were_written() {
    let folder = folder();
    let history = json!([{"role": "user", "content": "q"}, turn(), {"role": "tool", "tool_call_id": "c", "content": "1"}]);
    file(&folder, "m.json", history.to_string());
    let server = Server::once(reply("ok"));
    airx(["chat", "--messages", "m.json", "more?"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "ok\n", "");
    assert_eq!(server.requests()[0].json()["messages"][1], turn());
}

//! Streams whose frames repeat the content of earlier ones.

use serde_json::{Value, json};

use crate::harness::{DONE, Play, Server, airx, delta, stream};
use crate::stream::run;

/// A frame with this choice.
fn frame(choice: &Value) -> String {
    format!(
        "data: {}\n\n",
        json!({ "id": "i", "model": "m", "choices": [choice] })
    )
}

fn message(reason: Option<&str>, message: &Value) -> String {
    frame(&json!({ "index": 0, "finish_reason": reason, "message": message }))
}

fn after_deltas(last: String) -> Play {
    stream([delta("Hel"), delta("lo"), last, DONE.into()])
}

#[test]
fn a_last_frame_that_repeats_the_message_is_not_printed_again() {
    let hello = json!({ "role": "assistant", "content": "Hello" });
    let empty = json!({ "role": "assistant", "content": "" });
    let choices = [
        json!({ "index": 0, "finish_reason": "stop", "message": hello }),
        json!({ "index": 0, "finish_reason": "stop", "delta": null, "message": hello }),
        json!({ "index": 0, "finish_reason": "stop", "delta": {}, "message": hello }),
        json!({ "index": 0, "finish_reason": "stop", "delta": empty, "message": hello }),
    ];
    for choice in choices {
        run(after_deltas(frame(&choice)), &[]).is(0, "Hello\n", "");
        let ran = run(after_deltas(frame(&choice)), &["--format", "ndjson"]);
        assert_eq!(ran.types(), ["start", "delta", "delta", "done"], "{choice}");
    }
}

#[test]
fn a_repeated_message_adds_what_the_deltas_lack() {
    let last = message(Some("stop"), &json!({ "content": "Hello, world" }));
    run(after_deltas(last), &[]).is(0, "Hello, world\n", "");
    // A different text is ignored, since the deltas are already printed.
    let last = message(Some("stop"), &json!({ "content": "HELLO" }));
    run(after_deltas(last), &[]).is(0, "Hello\n", "");
}

#[test]
fn a_repeated_message_does_not_repeat_the_reasoning() {
    let thought = |text: &str| frame(&json!({ "delta": { "reasoning_content": text } }));
    let last = json!({ "content": "Hello", "reasoning_content": "So be it" });
    let play = || {
        stream([
            thought("So "),
            thought("be it"),
            delta("Hello"),
            message(Some("stop"), &last),
            DONE.into(),
        ])
    };
    run(play(), &["--reasoning"]).is(0, "Hello\n", "So be it\n");
    let types = run(play(), &["--format", "ndjson"]).types();
    assert_eq!(types, ["start", "reasoning", "reasoning", "delta", "done"]);
}

#[test]
fn a_repeated_message_does_not_repeat_the_calls() {
    let call = |arguments: &str| json!([{ "index": 0, "id": "c", "type": "function", "function": { "name": "f", "arguments": arguments } }]);
    let piece = |arguments: &str| frame(&json!({ "delta": { "tool_calls": call(arguments) } }));
    let last = message(
        Some("tool_calls"),
        &json!({ "content": null, "tool_calls": call(r#"{"a":1}"#) }),
    );
    for first in [
        vec![piece(r#"{"a""#), piece(":1}")],
        // Only a message; and a call whose end is only in the message.
        vec![message(None, &json!({ "tool_calls": call(r#"{"a":1}"#) }))],
        vec![piece(r#"{"a""#)],
        vec![],
    ] {
        let play = stream(first.into_iter().chain([last.clone(), DONE.into()]));
        let server = Server::once(play);
        airx(["tools", "--stream", "hi"]).at(&server).run().is(
            0,
            "{\"id\":\"c\",\"name\":\"f\",\"arguments\":{\"a\":1}}\n",
            "",
        );
    }
}

#[test]
fn a_repeated_message_does_not_repeat_the_lines_of_json() {
    let parts = ["[{\"a\":1},", "{\"a\":2}]"];
    let last = message(Some("stop"), &json!({ "content": parts.concat() }));
    let server = Server::once(stream([
        delta(parts[0]),
        delta(parts[1]),
        last,
        DONE.into(),
    ]));
    airx(["json", "--lines", "--stream", "hi"])
        .at(&server)
        .run()
        .is(0, "{\"a\":1}\n{\"a\":2}\n", "");
}

#[test]
fn a_stream_of_messages_alone_is_printed_once() {
    let piece = |text: &str| message(None, &json!({ "content": text }));
    for (last, shown) in [
        ("lo", "Hello"),
        ("", "Hel"),
        ("Hel", "Hel"),
        (" Hel", "Hel Hel"),
    ] {
        let last = message(Some("stop"), &json!({ "content": last }));
        let play = stream([piece("Hel"), last, DONE.into()]);
        run(play, &[]).is(0, &format!("{shown}\n"), "");
    }
}

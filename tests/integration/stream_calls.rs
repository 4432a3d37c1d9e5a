//! Tool calls in a stream: complete, in fragments, and cut.

use serde_json::json;

use crate::harness::{DONE, delta, finish_frame, stream};
use crate::stream::{run, sample};

#[test]
fn the_sample_calls_are_lines_of_json() {
    sample("stream_tool_call.sse", &[]).is(
        0,
        "{\"id\":\"call_20250609154533e7705b1c2d9a46f3_0\",\"name\":\"get_weather\",\"arguments\":{\"cityName\":\"南京\",\"unit\":\"celsius\"}}\n",
        "",
    );
    sample("stream_tool_call_fragments.sse", &["-m", "glm-4.6"]).is(
        0,
        "{\"id\":\"call_7f1e0b52c9\",\"name\":\"add\",\"arguments\":{\"a\":2,\"b\":3}}
{\"id\":\"call_7f1e0b52ca\",\"name\":\"multiply\",\"arguments\":{\"a\":2,\"b\":3}}\n",
        "",
    );
}

/// A frame with these pieces of calls, given as index and arguments.
fn calls(pieces: &[(u8, &str)]) -> String {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|(index, arguments)| {
            serde_json::json!({
                "index": index, "id": format!("c{index}"),
                "function": { "name": "f", "arguments": arguments },
            })
        })
        .collect();
    let frame = serde_json::json!({ "choices": [{ "delta": { "tool_calls": pieces } }] });
    format!("data: {frame}\n\n")
}

#[test]
fn calls_in_fragments_are_joined_wherever_they_are_cut() {
    let frames = [
        calls(&[(1, "{\"b\":\"\\u00"), (0, "{\"a\":\"\\ud83d")]),
        calls(&[(0, "\\ude42\"")]),
        calls(&[(1, "fc\"}")]),
        calls(&[(0, "}")]),
        finish_frame("tool_calls"),
        DONE.into(),
    ];
    run(stream(frames), &[]).is(
        0,
        "{\"id\":\"c0\",\"name\":\"f\",\"arguments\":{\"a\":\"🙂\"}}
{\"id\":\"c1\",\"name\":\"f\",\"arguments\":{\"b\":\"ü\"}}\n",
        "",
    );
}

/// A frame with one piece of a call.
fn piece(piece: &serde_json::Value) -> String {
    let frame = serde_json::json!({ "choices": [{ "delta": { "tool_calls": [piece] } }] });
    format!("data: {frame}\n\n")
}

#[test]
fn complete_calls_that_share_an_index_or_have_none_are_calls_of_their_own() {
    let report = "{\"id\":\"a\",\"name\":\"f\",\"arguments\":{}}
{\"id\":\"b\",\"name\":\"f\",\"arguments\":{\"x\":1}}\n";
    for index in [json!(0), json!(null)] {
        for (one, two) in [("a", "b"), ("", "")] {
            let call = |id: &str, arguments: &str| {
                let function = json!({ "name": "f", "arguments": arguments });
                piece(&json!({ "index": index, "id": id, "function": function }))
            };
            let frames = [
                call(one, "{}"),
                call(two, "{\"x\":1}"),
                finish_frame("tool_calls"),
                DONE.into(),
            ];
            let report = report
                .replace("\"a\"", &format!("\"{one}\""))
                .replace("\"b\"", &format!("\"{two}\""));
            run(stream(frames), &[]).is(0, &report, "");
        }
    }
}

#[test]
fn a_server_that_repeats_id_and_name_with_every_fragment_makes_one_call() {
    for id in ["a", ""] {
        let fragment = |arguments: &str| {
            let function = json!({ "name": "f", "arguments": arguments });
            piece(&json!({ "id": id, "function": function }))
        };
        let frames = [
            fragment("{\"x\":"),
            fragment("[1"),
            fragment("]}"),
            finish_frame("tool_calls"),
            DONE.into(),
        ];
        let report = format!("{{\"id\":\"{id}\",\"name\":\"f\",\"arguments\":{{\"x\":[1]}}}}\n");
        run(stream(frames), &[]).is(0, &report, "");
    }
}

#[test]
fn calls_that_end_without_a_finish_reason_are_not_reported() {
    run(stream([&calls(&[(0, "{}")]), DONE]), &[]).is(
        7,
        "",
        "airx: incomplete: the answer ended without a finish_reason\n",
    );
}

#[test]
fn halves_of_a_character_in_two_frames_are_joined() {
    let text = |json: &str| delta("x").replace("\"x\"", json);
    let call = |json: &str| calls(&[(0, "x")]).replace("\"x\"", json);
    let complete = |frames: [String; 2]| {
        let frames = frames.into_iter();
        run(
            stream(frames.chain([finish_frame("stop"), DONE.into()])),
            &[],
        )
    };
    let frames = [text(r#""a\ud83d""#), text(r#""\ude42b""#)];
    complete(frames).is(0, "a🙂b\n", "");
    let frames = [call(r#""[\"\ud83d""#), call(r#""\ude42\"]""#)];
    complete(frames).is(
        0,
        "{\"id\":\"c0\",\"name\":\"f\",\"arguments\":[\"🙂\"]}\n",
        "",
    );
    // A half without its partner becomes U+FFFD.
    complete([text(r#""a\ud83d""#), text(r#""b\ude42\ud83d""#)]).is(
        0,
        "a\u{fffd}b\u{fffd}\u{fffd}\n",
        "",
    );
}

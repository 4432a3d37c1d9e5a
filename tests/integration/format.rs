//! What each command prints in each format.

use serde_json::json;

use crate::harness::{
    DONE, Play, Server, Step, airx, chunk, delta, finish_frame, json, reply, reply_body, stream,
    stream_head, wire,
};

fn ran(command: &str, format: &str, play: Play) -> crate::harness::Ran {
    let server = Server::once(play);
    airx([command, "--format", format, "hi"]).at(&server).run()
}

/// A body that no serializer would write: airx must print exactly these bytes.
const ODD: &str = "{ \"model\":\"glm-4-airx\", \"x\":1.50e+2,\r\n\t\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"{\\\"a\\\":\\u0031}\"}}] , \"id\":\"\\u4e2d\"}";

#[test]
fn json_is_the_body_byte_for_byte_with_a_newline_where_it_lacks_one() {
    for command in ["chat", "json"] {
        ran(command, "json", json(200, ODD)).is(0, &format!("{ODD}\n"), "");
        let ended = format!("{ODD}\r\n");
        ran(command, "json", json(200, &ended)).is(0, &ended, "");
    }
}

#[test]
fn json_of_a_stream_is_each_payload_on_a_line_without_done() {
    let first = r#"{"choices":[{"delta":{"content":"a\n"} ,"index":0}],"x":1.50}"#;
    let frames = [
        ": ping\n\n".to_owned(),
        format!("event: message\r\nid: 7\r\ndata: {first}\r\n\r\n"),
        "data: {\"choices\":[{\"finish_reason\":\"stop\",\ndata: \"delta\":{}}]}\n\n".into(),
        DONE.into(),
    ];
    ran("stream", "json", stream(frames)).is(
        0,
        &format!("{first}\n{{\"choices\":[{{\"finish_reason\":\"stop\", \"delta\":{{}}}}]}}\n"),
        "",
    );
}

#[test]
fn json_of_a_stream_is_a_line_each_however_many_lines_the_server_wrote() {
    let broken = |content: &str| {
        format!("data: {{\"choices\":[{{\"delta\":\ndata: {{\"content\":\"{content}\"}}}}]}}\n\n")
    };
    let frames = [broken("a"), broken("b"), finish_frame("stop"), DONE.into()];
    let line =
        |content: &str| format!("{{\"choices\":[{{\"delta\": {{\"content\":\"{content}\"}}}}]}}\n");
    let end = finish_frame("stop");
    let end = end.trim_start_matches("data: ").trim_end();
    let printed = format!("{}{}{end}\n", line("a"), line("b"));
    ran("stream", "json", stream(frames)).is(0, &printed, "");
    // The answer is not streamed, and its body has several lines.
    let spread = reply_body("a", "stop").replace(",\"", ",\n\"");
    let joined = format!("{}\n", spread.replace('\n', " "));
    ran("stream", "json", json(200, &spread)).is(0, &joined, "");
}

#[test]
fn a_line_broken_inside_a_string_is_not_json() {
    let frames = [
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\ndata: b\"}}]}\n\n".to_owned(),
        finish_frame("stop"),
        DONE.into(),
    ];
    for format in ["text", "json"] {
        let server = Server::once(stream(frames.clone()));
        let asked = airx(["stream", "--retries", "0", "--format", format, "hi"]).at(&server);
        asked.run().is(
            7,
            "",
            "airx: incomplete: an event of the stream is not a chat completion in JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 34\nhint: see it with -v; is the base URL right?\n",
        );
    }
}

#[test]
fn json_of_tools_is_the_body() {
    let body = wire("plain_tool_call.json");
    ran("tools", "json", json(200, &body)).is(0, &format!("{}\n", body.trim_end_matches('\n')), "");
}

#[test]
fn text_gets_a_newline_only_where_it_lacks_one() {
    for (answer, printed) in [
        ("a", "a\n"),
        ("a\n", "a\n"),
        ("a\n\n", "a\n\n"),
        ("a\r\n", "a\r\n"),
    ] {
        ran("chat", "text", reply(answer)).is(0, printed, "");
        let frames = [delta(answer), finish_frame("stop"), DONE.into()];
        ran("stream", "text", stream(frames)).is(0, printed, "");
        ran("tools", "text", reply(answer)).is(0, printed, "");
    }
}

#[test]
fn bytes_go_to_a_pipe_unchanged() {
    let text = "\u{1b}[2J\u{7}\0\r\n\u{7f}\u{9b}\u{202e}\u{2066}é中🙂\n";
    let complete = ran("chat", "text", reply(text));
    let frames = [delta(text), finish_frame("stop"), DONE.into()];
    let stream = ran("stream", "text", stream(frames));
    assert_eq!(
        (complete.bytes(), stream.bytes()),
        (text.as_bytes(), text.as_bytes())
    );
    assert_eq!((complete.code, stream.code), (0, 0));
}

/// The events, with 0 for milliseconds, which differ from run to run.
#[track_caller]
fn events(ran: &crate::harness::Ran) -> Vec<serde_json::Value> {
    let mut events = ran.events();
    for event in &mut events {
        for time in ["ttft_ms", "elapsed_ms"] {
            if event[time].is_u64() {
                event[time] = json!(0);
            }
        }
    }
    events
}

fn start(command: &str) -> serde_json::Value {
    json!({"type":"start","v":1,"command":command,"model":"glm-4-airx","request_id":null})
}

fn done() -> serde_json::Value {
    json!({"type":"done","finish_reason":"stop","model":"glm-4-airx","id":"id-1","request_id":null,
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},
        "cost":{"amount":"0.00003","currency":"CNY","price_date":"2025-07-23"},
        "ttft_ms":0,"elapsed_ms":0,"requests":1,"cached":false})
}

#[test]
fn ndjson_of_chat_is_its_events() {
    let ran = ran("chat", "ndjson", reply("Hello\n"));
    let mut done = done();
    done["request_id"] = json!("id-1");
    // A complete reply has no time of the first token.
    done["ttft_ms"] = json!(null);
    assert_eq!(
        events(&ran),
        [
            start("chat"),
            json!({"type":"delta","content":"Hello\n"}),
            done
        ]
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn ndjson_of_a_stream_is_one_event_a_delta() {
    let frames = [delta("Hel"), delta("lo"), finish_frame("stop"), DONE.into()];
    let ran = ran("stream", "ndjson", stream(frames));
    assert_eq!(
        events(&ran),
        [
            start("stream"),
            json!({"type":"delta","content":"Hel"}),
            json!({"type":"delta","content":"lo"}),
            done()
        ]
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn ndjson_of_json_is_the_value_and_no_delta() {
    let ran = ran(
        "json",
        "ndjson",
        reply("```json\n{\"b\":1.50,\"a\":[]}\n```"),
    );
    assert_eq!(ran.types(), ["start", "value", "done"]);
    assert!(
        ran.stdout
            .contains(r#"{"type":"value","value":{"b":1.50,"a":[]}}"#),
        "{}",
        ran.stdout
    );
}

#[test]
fn ndjson_of_tools_has_the_calls() {
    let ran = ran("tools", "ndjson", json(200, &wire("plain_tool_call.json")));
    assert_eq!(ran.types(), ["start", "tool_call", "done"]);
    let call = &ran.events()[1];
    assert_eq!(
        (&call["index"], call["arguments"].is_object()),
        (&json!(0), true)
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_searchs_results_are_an_event_before_done() {
    let body = r#"{"choices":[{"finish_reason":"stop","message":{"content":"a"}}],"web_search":[{"title":"t","link":"https://x.test"}]}"#;
    let chat = ran("chat", "ndjson", json(200, body));
    assert_eq!(chat.types(), ["start", "delta", "search", "done"]);
    assert_eq!(
        chat.events()[2]["results"],
        json!([{"title":"t","link":"https://x.test"}])
    );
    let last =
        finish_frame("stop").replacen("data: {", r#"data: {"web_search":[{"title":"t"}],"#, 1);
    let stream = ran("stream", "ndjson", stream([delta("a"), last, DONE.into()]));
    assert_eq!(stream.types(), ["start", "delta", "search", "done"]);
    ran("chat", "text", json(200, body)).is(0, "a\n", "");
}

fn thought() -> String {
    let message = json!({"role":"assistant","content":"4","reasoning_content":"2+2"});
    json!({"choices":[{"finish_reason":"stop","message":message}]}).to_string()
}

#[test]
fn thinking_never_enters_the_text() {
    ran("chat", "text", json(200, &thought())).is(0, "4\n", "");
    let server = Server::once(stream([wire("stream_reasoning.sse")]));
    let ran = airx(["stream", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!ran.stdout.is_empty());
}

#[test]
fn thinking_is_shown_on_standard_error_where_it_is_asked_for() {
    let server = Server::play([
        json(200, &thought()),
        stream([
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"2+\"}}]}\n\n".to_owned(),
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"2\\u001b[2J\"}}]}\n\n".into(),
            delta("4"),
            finish_frame("stop"),
            DONE.into(),
        ]),
    ]);
    airx(["chat", "--reasoning", "hi"])
        .at(&server)
        .run()
        .is(0, "4\n", "2+2\n");
    airx(["stream", "--reasoning", "hi"])
        .at(&server)
        .run()
        .is(0, "4\n", "2+2␛[2J\n");
}

#[test]
fn thinking_is_an_event_in_ndjson() {
    let ran = ran("chat", "ndjson", json(200, &thought()));
    assert_eq!(ran.types(), ["start", "reasoning", "delta", "done"]);
    assert_eq!(ran.events()[1]["content"], "2+2");
}

#[test]
fn a_failed_request_prints_nothing_in_text_and_json() {
    let body = wire("error_401_1002.json");
    for command in ["chat", "stream", "tools", "json"] {
        for format in ["text", "json"] {
            let ran = ran(command, format, json(401, &body));
            assert_eq!(
                (ran.code, ran.stdout.as_str()),
                (3, ""),
                "{command} {format}"
            );
        }
        let ran = ran(command, "ndjson", json(401, &body));
        assert_eq!(
            (ran.code, ran.types()),
            (3, vec!["start".into(), "error".to_owned()])
        );
        assert_eq!(ran.events()[1]["code"], "1002");
    }
}

#[test]
fn a_stream_whose_first_frame_is_an_error_prints_nothing() {
    for format in ["text", "json"] {
        let server = Server::once(stream([wire("stream_first_frame_error.sse")]));
        let ran = airx(["stream", "--retries", "0", "--format", format, "hi"])
            .at(&server)
            .run();
        assert_eq!(ran.stdout, "");
        assert_ne!(ran.code, 0);
    }
}

#[test]
fn payloads_before_the_first_token_of_a_failed_stream_are_not_printed() {
    let server = Server::once(stream([delta(""), wire("stream_first_frame_error.sse")]));
    let ran = airx(["stream", "--retries", "0", "--format", "json", "hi"])
        .at(&server)
        .run();
    assert_eq!(ran.stdout, "");
    assert_ne!(ran.code, 0);
    // Frames before the first token of a retry are not printed either.
    let frames = [delta(""), delta("a"), finish_frame("stop"), DONE.into()];
    let second: String = frames[..3]
        .iter()
        .map(|frame| frame.trim_start_matches("data: ").trim_end().to_owned() + "\n")
        .collect();
    let cut = vec![stream_head(), chunk(delta("").as_bytes()), Step::Close];
    let server = Server::play([cut, stream(frames)]);
    airx(["stream", "--format", "json", "hi"])
        .at(&server)
        .run()
        .is(0, &second, "");
}

#[test]
fn a_cut_answer_is_printed_by_chat_and_stream_and_its_event_says_so() {
    let cut = reply_body("Hel", "length");
    let error = "airx: truncated: the answer was cut at the output limit (finish_reason length)\nhint: raise --max-tokens, ask for less, or choose a model with a longer output (airx models)\n";
    ran("chat", "text", json(200, &cut)).is(9, "Hel\n", error);
    ran("chat", "json", json(200, &cut)).is(9, &format!("{cut}\n"), error);
    let frames = || [delta("Hel"), finish_frame("length"), DONE.into()];
    ran("stream", "text", stream(frames())).is(9, "Hel\n", error);
    let ran = ran("stream", "ndjson", stream(frames()));
    assert_eq!((ran.code, ran.stderr.as_str()), (9, error));
    assert_eq!(ran.types(), ["start", "delta", "error"]);
    let last = &ran.events()[2];
    assert_eq!(
        (&last["class"], &last["exit"], &last["finish_reason"]),
        (&json!("truncated"), &json!(9), &json!("length"))
    );
}

#[test]
fn refused_input_is_an_error_event() {
    let ran = airx(["chat", "--format", "ndjson", ""]).nowhere().run();
    assert_eq!((ran.code, ran.types()), (2, vec!["error".to_owned()]));
    let event = &ran.events()[0];
    assert_eq!(
        (&event["class"], &event["requests"]),
        (&json!("usage"), &json!(0))
    );
}

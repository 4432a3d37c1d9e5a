//! What counts as a complete answer, unstreamed.

use crate::harness::{
    DONE, Ran, Server, airx, delta, finish_frame, folder, json, reply, reply_body, stream, wire,
};

fn chat(server: &Server, args: &[&str]) -> Ran {
    airx(["chat", "--retries", "0", "hi"])
        .args(args)
        .at(server)
        .run()
}

#[test]
fn chat_prints_the_answer_and_one_newline() {
    let server = Server::once(reply("Hello"));
    chat(&server, &[]).is(0, "Hello\n", "");
    assert_eq!(
        server.requests()[0].body,
        r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"hi"}],"stream":false}"#
    );
}

#[test]
fn stream_prints_the_deltas() {
    let server = Server::once(stream([
        delta("Hel"),
        delta("lo"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    airx(["stream", "hi"])
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
}

#[test]
fn the_question_may_come_by_a_pipe() {
    let server = Server::once(reply("Hello"));
    airx(["chat"])
        .stdin("hi\n")
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
    assert_eq!(server.requests()[0].json()["messages"][0]["content"], "hi");
}

#[test]
fn an_answer_that_ends_in_a_newline_gets_no_other() {
    let server = Server::play([reply("a\n"), reply("a\n\n"), reply(" a ")]);
    chat(&server, &[]).is(0, "a\n", "");
    chat(&server, &[]).is(0, "a\n\n", "");
    chat(&server, &[]).is(0, " a \n", "");
}

#[test]
fn the_sample_answer_is_printed_and_its_body_is_given_byte_for_byte() {
    let body = wire("plain_response.json");
    let server = Server::play([json(200, &body), json(200, &body)]);
    chat(&server, &[]).is(0, "你好！有什么可以帮你？\nHello! How can I help?\n", "");
    chat(&server, &["--format", "json"]).is(0, &format!("{body}\n"), "");
}

#[test]
fn search_results_are_an_event_and_no_text() {
    let body = wire("web_search_response.json");
    let server = Server::play([json(200, &body), json(200, &body)]);
    let text = "2025年4月的要点如下：1. 财经早资讯 [来源：ref_1]\n";
    chat(&server, &["--web-search"]).is(0, text, "");
    let ran = chat(&server, &["--web-search", "--format", "ndjson"]);
    assert_eq!(ran.types(), ["start", "delta", "search", "done"]);
    assert_eq!(ran.events()[2]["results"][1]["title"], "数据公布");
}

#[test]
fn an_empty_answer_exits_7_unless_it_is_allowed() {
    let stderr = "airx: incomplete: the answer is empty: neither text nor tool calls
hint: if an empty answer is complete for you: --allow-empty\n";
    for (text, printed) in [("", ""), (" \n", " \n")] {
        let server = Server::play([reply(text), reply(text)]);
        chat(&server, &[]).is(7, "", stderr);
        chat(&server, &["--allow-empty"]).is(0, printed, "");
    }
}

#[test]
fn reasoning_without_an_answer_exits_7() {
    let message = r#"{"reasoning_content":"hm","content":""}"#;
    let body = format!(r#"{{"choices":[{{"finish_reason":"stop","message":{message}}}]}}"#);
    let frame = format!(r#"data: {{"choices":[{{"delta":{message}}}]}}"#) + "\n\n";
    let frames = [frame, finish_frame("stop"), DONE.into()];
    for (command, play) in [("chat", json(200, &body)), ("stream", stream(frames))] {
        let server = Server::once(play);
        airx([command, "--retries", "0", "hi"])
            .at(&server)
            .run()
            .is(
                7,
                "",
                "airx: incomplete: the answer has reasoning only, neither text nor tool calls
hint: if an empty answer is complete for you: --allow-empty\n",
            );
    }
}

#[test]
fn an_empty_answer_is_asked_for_twice_more_at_most() {
    for command in ["chat", "tools", "json"] {
        let server = Server::play([reply(""), reply(""), reply("")]);
        let ran = airx([command, "--retries", "9", "hi"]).at(&server).run();
        assert_eq!((ran.code, &*ran.stdout), (7, ""), "{}", ran.stderr);
    }
    let server = Server::play([reply(""), reply(" "), reply("Hi")]);
    airx(["chat", "hi"]).at(&server).run().is(0, "Hi\n", "");
}

#[test]
fn json_never_allows_an_empty_answer() {
    let server = Server::once(reply(""));
    airx(["json", "--allow-empty", "--retries", "0", "hi"])
        .at(&server)
        .run()
        .is(
            7,
            "",
            "airx: incomplete: the answer is empty: neither text nor tool calls
hint: say in the prompt which JSON is wanted\n",
        );
}

#[test]
fn a_refusal_in_place_of_the_answer_exits_8_with_its_words() {
    let body = r#"{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I can't help\nwith that."}}]}"#;
    let stderr = "airx: blocked: the model refused to answer: I can't help with that.
hint: change the prompt\n";
    for command in ["chat", "tools", "json", "stream"] {
        let server = Server::once(json(200, body));
        airx([command, "hi"]).at(&server).run().is(8, "", stderr);
    }
    let part = |part: &str| {
        format!(r#"data: {{"choices":[{{"delta":{{"refusal":"{part}"}}}}]}}"#) + "\n\n"
    };
    let frames = [
        part("I can't help"),
        part(" with that."),
        finish_frame("stop"),
        DONE.into(),
    ];
    let server = Server::once(stream(frames));
    airx(["stream", "hi"]).at(&server).run().is(8, "", stderr);
}

#[test]
fn a_refusal_that_says_nothing_is_none() {
    for refusal in ["null", "\"\"", "false", "{}", "[]"] {
        let body = reply_body("Hi", "stop");
        let body = body.replacen(
            r#""message":{"#,
            &format!(r#""message":{{"refusal":{refusal},"#),
            1,
        );
        let server = Server::once(json(200, &body));
        chat(&server, &[]).is(0, "Hi\n", "");
    }
}

#[test]
fn a_choice_without_a_message_exits_7() {
    for choice in [
        r#"{"finish_reason":"stop"}"#,
        r#"{"finish_reason":"stop","message":null}"#,
    ] {
        let server = Server::once(json(200, &format!(r#"{{"choices":[{choice}]}}"#)));
        let report = "airx: incomplete: the response has no message\n";
        chat(&server, &[]).is(7, "", report);
    }
}

#[test]
fn half_of_a_surrogate_pair_is_a_replacement_character() {
    let body = reply_body("x", "stop").replace(r#""x""#, r#""a\ud83d \ude42b\ud83d\ude42""#);
    let server = Server::once(json(200, &body));
    chat(&server, &[]).is(0, "a\u{fffd} \u{fffd}b🙂\n", "");
}

#[test]
fn a_think_tag_at_the_beginning_of_the_answer_is_reasoning() {
    let text = "<think>\nA plan.\n</think>\n\n{\"a\":1}";
    for command in ["chat", "json", "tools"] {
        let server = Server::play([reply(text), reply(text)]);
        airx([command, "hi"])
            .at(&server)
            .run()
            .is(0, "{\"a\":1}\n", "");
        airx([command, "--reasoning", "hi"])
            .at(&server)
            .run()
            .is(0, "{\"a\":1}\n", "\nA plan.\n");
    }
    let server = Server::once(reply("<think>never closed"));
    assert_eq!(chat(&server, &[]).code, 7);
    let server = Server::once(reply("a <think>b</think>"));
    chat(&server, &[]).is(0, "a <think>b</think>\n", "");
}

#[test]
fn a_byte_order_mark_before_the_body_is_passed_over() {
    let body = format!("\u{feff}{}", reply_body("Hi", "stop"));
    for command in ["chat", "stream"] {
        let server = Server::play([json(200, &body), json(200, &body)]);
        airx([command, "hi"]).at(&server).run().is(0, "Hi\n", "");
        airx([command, "--format", "json", "hi"])
            .at(&server)
            .run()
            .is(0, &format!("{body}\n"), "");
    }
}

#[test]
fn an_answer_at_the_output_limit_is_printed_and_exits_9() {
    let message = "airx: truncated: the answer was cut at the output limit (finish_reason length)
hint: raise --max-tokens, ask for less, or choose a model with a longer output (airx models)\n";
    let server = Server::once(json(200, &wire("plain_length_truncated_json.json")));
    let text = "{\"city\":\"南京\",\"items\":[{\"name\":\"a\n";
    chat(&server, &[]).is(9, text, message);
    // `tools` prints the text on standard error, like the prose next to calls.
    for (command, prose) in [("json", ""), ("tools", text)] {
        let server = Server::once(json(200, &wire("plain_length_truncated_json.json")));
        let report = format!("{prose}{message}");
        airx([command, "hi"]).at(&server).run().is(9, "", &report);
    }
}

#[test]
fn an_answer_at_the_end_of_the_context_exits_9_too() {
    let server = Server::once(json(
        200,
        &reply_body("so far", "model_context_window_exceeded"),
    ));
    chat(&server, &[]).is(
        9,
        "so far\n",
        "airx: truncated: the answer was cut at the end of the context window (finish_reason model_context_window_exceeded)
hint: shorten the prompt, or choose a model with more context (airx models)\n",
    );
}

#[test]
fn nothing_of_a_blocked_answer_is_printed_in_any_format() {
    for format in ["text", "json"] {
        let server = Server::once(json(200, &reply_body("secret words", "sensitive")));
        chat(&server, &["--format", format]).is(
            8,
            "",
            "airx: blocked: the content policy blocked the answer (finish_reason sensitive)
hint: change the prompt, and discard the part of the answer that arrived\n",
        );
    }
    let server = Server::once(json(200, &reply_body("secret words", "sensitive")));
    let ran = chat(&server, &["--format", "ndjson"]);
    assert_eq!(
        (ran.code, ran.types()),
        (8, vec!["start".into(), "error".into()])
    );
    assert!(!ran.stdout.contains("secret words"), "{}", ran.stdout);
}

#[test]
fn an_empty_error_next_to_an_answer_is_no_error() {
    let answer = reply_body("Hi", "stop");
    for error in [
        r#"{"message":"","type":"","param":"","code":null}"#,
        "{}",
        "\"\"",
        "[]",
        "false",
        "null",
    ] {
        let body = answer.replacen('{', &format!(r#"{{"error":{error},"#), 1);
        let server = Server::play([json(200, &body), json(200, &body)]);
        chat(&server, &[]).is(0, "Hi\n", "");
        airx(["stream", "hi"]).at(&server).run().is(0, "Hi\n", "");
        let frame = |frame: String| frame.replacen('{', &format!(r#"{{"error":{error},"#), 1);
        let frames = [frame(delta("Hi")), frame(finish_frame("stop")), DONE.into()];
        let server = Server::once(stream(frames));
        airx(["stream", "hi"]).at(&server).run().is(0, "Hi\n", "");
    }
}

#[test]
fn an_unknown_finish_reason_is_7_unless_it_is_accepted_and_is_not_retried() {
    let server = Server::play([
        json(200, &reply_body("text", "tea_break")),
        json(200, &reply_body("text", "tea_break")),
    ]);
    airx(["chat", "hi"]).at(&server).run().is(
        7,
        "",
        "airx: incomplete: the answer ended for a reason that airx does not know: \"tea_break\"
hint: if such an answer is complete for you: --accept tea_break\n",
    );
    chat(&server, &["--accept", "x", "--accept", "tea_break"]).is(0, "text\n", "");
}

#[test]
fn accept_makes_a_cut_answer_complete() {
    let server = Server::once(json(200, &reply_body("text", "length")));
    chat(&server, &["--accept", "length"]).is(0, "text\n", "");
}

#[test]
fn a_tool_call_is_a_line_of_json() {
    let server = Server::once(json(200, &wire("plain_tool_call.json")));
    let line = "{\"id\":\"call_-8303649628005950554\",\"name\":\"get_weather\",\"arguments\":{\"city\":\"南京\"}}\n";
    airx(["tools", "hi"]).at(&server).run().is(0, line, "");
}

#[test]
fn another_model_that_answered_is_named_in_the_end() {
    let body = reply_body("Hi", "stop").replace("glm-4-airx", "glm-4-other");
    let server = Server::once(json(200, &body));
    let ran = chat(&server, &["--format", "ndjson"]);
    let done = ran.events().pop().unwrap();
    assert_eq!(done["model"], "glm-4-other");
    assert_eq!(done["usage"]["total_tokens"], 3);
    assert_eq!(done["cost"], serde_json::Value::Null);
}

#[test]
fn meta_holds_what_the_last_event_holds() {
    let folder = folder();
    let meta = folder.path().join("meta.json");
    let server = Server::play([reply("Hi"), json(400, "{}")]);
    for code in [0, 4] {
        let ran = airx(["chat", "hi", "--format", "ndjson", "--meta"])
            .args([&meta])
            .at(&server)
            .run();
        assert_eq!(ran.code, code);
        let report = std::fs::read_to_string(&meta).unwrap();
        let mut report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let mut last = ran.events().pop().unwrap();
        // The clock is read separately for each of them.
        for event in [&mut report, &mut last] {
            event["elapsed_ms"] = 0.into();
        }
        assert_eq!(report, last);
    }
}

#[test]
fn usage_inside_the_choice_and_usage_as_floats_are_counted() {
    let choice = r#""index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a"}"#;
    let usage = r#""usage":{"prompt_tokens":2.0,"completion_tokens":1.0,"total_tokens":3.0}"#;
    for body in [
        format!(r#"{{"choices":[{{{choice},{usage}}}]}}"#),
        format!(r#"{{"choices":[{{{choice}}}],{usage}}}"#),
    ] {
        let server = Server::once(json(200, &body));
        let ran = chat(&server, &["--format", "ndjson"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{body}");
        let done = ran.events().pop().unwrap();
        assert_eq!(done["usage"]["prompt_tokens"], 2, "{body}");
        assert_eq!(done["usage"]["completion_tokens"], 1, "{body}");
        assert_eq!(done["usage"]["total_tokens"], 3, "{body}");
    }
}

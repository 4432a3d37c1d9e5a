//! Event streams: the samples of the wire, and the oddities of other servers
//! (api.md §5 and §12).

use crate::harness::{
    DONE, Play, Ran, Server, airx, delta, finish_frame, http, json, reply_body, stream, wire,
};

/// Runs `airx stream` without retries.
pub fn run(play: Play, args: &[&str]) -> Ran {
    let server = Server::once(play);
    airx(["stream", "--retries", "0", "hi"])
        .args(args)
        .at(&server)
        .run()
}

/// The same with a sample of the wire.
pub fn sample(name: &str, args: &[&str]) -> Ran {
    run(stream([wire(name)]), args)
}

#[test]
fn the_sample_text_is_printed_however_the_bytes_are_cut() {
    let text = "人工智能 (AI)\n你好 🙂。\n";
    let bytes = wire("stream_text.sse").into_bytes();
    for size in [1, 7, 64, bytes.len()] {
        run(stream(bytes.chunks(size)), &[]).is(0, text, "");
    }
}

#[test]
fn each_payload_is_a_line_of_json_byte_for_byte() {
    let bytes = wire("stream_text.sse");
    let payloads: Vec<_> = bytes
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|payload| *payload != "[DONE]")
        .collect();
    let payloads = payloads.join("\n") + "\n";
    sample("stream_text.sse", &["--format", "json"]).is(0, &payloads, "");
}

#[test]
fn each_delta_is_an_event_and_usage_is_in_the_last() {
    let ran = sample("stream_text.sse", &["--format", "ndjson"]);
    let mut types = vec!["start"];
    types.extend(["delta"; 5]);
    types.push("done");
    assert_eq!(
        (ran.code, ran.types()),
        (0, types.into_iter().map(str::to_owned).collect())
    );
    let events = ran.events();
    assert_eq!(events[4]["content"], "\n你好 🙂");
    assert_eq!(events[6]["usage"]["completion_tokens"], 9);
    assert_eq!(events[6]["finish_reason"], "stop");
    assert_eq!(events[6]["id"], "20250609154210a91d3be0c7724f58");
}

#[test]
fn reasoning_stays_out_of_the_text() {
    sample("stream_reasoning.sse", &["-m", "glm-4.5"]).is(0, "\n\n2 + 3 = 5\n", "");
    let ran = sample("stream_reasoning.sse", &["-m", "glm-4.5", "--reasoning"]);
    assert_eq!((ran.code, &*ran.stdout), (0, "\n\n2 + 3 = 5\n"));
    assert_eq!(ran.stderr.trim_end(), "The user asks 2+3.");
    let ran = sample(
        "stream_reasoning.sse",
        &["-m", "glm-4.5", "--format", "ndjson"],
    );
    let types = ran.types().join(" ");
    assert_eq!(
        types,
        "start delta reasoning reasoning reasoning reasoning delta delta done"
    );
}

#[test]
fn an_error_frame_is_classed_by_its_code() {
    sample("stream_first_frame_error.sse", &[]).is(
        5,
        "",
        "airx: busy: the server answered with error 1302: 您的账户已达到速率限制，请您控制请求频率
hint: the account's rate limit: send fewer requests at a time, or raise --retries\n",
    );
    sample("stream_mid_error_event.sse", &[]).is(
        5,
        "第一步\n",
        "airx: busy: the server answered with error 1302: 您的账户已达到速率限制，请您控制请求频率
hint: the account's rate limit: send fewer requests at a time, or raise --retries\n",
    );
    sample("stream_mid_error_dataonly.sse", &[]).is(
        5,
        "第一步\n",
        "airx: busy: the server answered with error 1234: 网络错误，错误id：20250609161500，请稍后重试
hint: try later, or raise --retries and --timeout\n",
    );
}

#[test]
fn no_payload_of_a_failure_in_the_first_frame_is_printed() {
    let ran = sample("stream_first_frame_error.sse", &["--format", "json"]);
    assert_eq!((ran.code, &*ran.stdout), (5, ""));
}

#[test]
fn a_frame_that_was_cut_exits_7() {
    let ran = sample("stream_truncated_frame.sse", &["-m", "glm-4.7"]);
    ran.is(
        7,
        "",
        "airx: incomplete: an event of the stream is not a chat completion in JSON: expected `:` at line 1 column 154
hint: see it with -v; is the base URL right?\n",
    );
}

#[test]
fn pings_comments_and_other_fields_are_passed_over() {
    let text = format!(
        ": ping\n\n: OPENROUTER PROCESSING\n\nid: 7\nretry: 10\nevent: message\n{}:\n\n{}{DONE}",
        delta("Hi"),
        finish_frame("stop")
    );
    run(stream([text]), &[]).is(0, "Hi\n", "");
}

#[test]
fn line_ends_may_be_crlf_and_a_space_after_data_may_be_missing() {
    let text = delta("Hi") + &finish_frame("stop") + DONE;
    run(stream([text.replace('\n', "\r\n")]), &[]).is(0, "Hi\n", "");
    run(stream([text.replace("data: ", "data:")]), &[]).is(0, "Hi\n", "");
    run(
        stream(
            [text.replace('\n', "\r\n").into_bytes().chunks(1)]
                .into_iter()
                .flatten(),
        ),
        &[],
    )
    .is(0, "Hi\n", "");
}

#[test]
fn data_over_several_lines_is_one_payload_on_one_line() {
    let text = "data: {\"choices\":\ndata: [{\"finish_reason\":\"stop\",\ndata: \"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n";
    run(stream([text]), &[]).is(0, "Hi\n", "");
    run(stream([text]), &["--format", "json"]).is(
        0,
        "{\"choices\": [{\"finish_reason\":\"stop\", \"delta\":{\"content\":\"Hi\"}}]}\n",
        "",
    );
}

#[test]
fn the_frames_of_other_servers_are_read() {
    let frames = [
        // No role, null role, null content, a new id each, usage after the finish.
        r#"{"id":"1","choices":[{"index":0,"delta":{"role":null,"content":null}}]}"#,
        r#"{"id":"2","choices":[{"index":0,"delta":{"reasoning":"hm","role":"assistant"},"finish_reason":null}]}"#,
        r#"{"id":"3","choices":[{"index":0,"delta":{"content":"H"}}]}"#,
        r#"{"id":"4","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}]}"#,
        r#"{"id":"5","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6}}"#,
    ]
    .map(|frame| format!("data: {frame}\n\n"));
    let play = || stream(frames.iter().map(String::as_str).chain([DONE]));
    run(play(), &[]).is(0, "Hi\n", "");
    let ran = run(play(), &["--format", "ndjson"]);
    assert_eq!(ran.types().join(" "), "start reasoning delta delta done");
    let done = ran.events().pop().unwrap();
    assert_eq!(
        (&done["usage"]["total_tokens"], &done["id"]),
        (&6.into(), &"1".into())
    );
}

#[test]
fn an_answer_without_any_text_exits_7_unless_it_is_allowed() {
    let play = || stream([&finish_frame("stop"), DONE]);
    run(play(), &[]).is(
        7,
        "",
        "airx: incomplete: the answer is empty: neither text nor tool calls
hint: if an empty answer is complete for you: --allow-empty\n",
    );
    run(play(), &["--allow-empty"]).is(0, "", "");
}

#[test]
fn a_think_tag_that_is_cut_anywhere_is_reasoning() {
    let text = "<think>A plan.</think>\n\nThe answer";
    for cut in 1..text.len() {
        let (first, last) = text.split_at(cut);
        let frames = || [delta(first), delta(last), finish_frame("stop"), DONE.into()];
        run(stream(frames()), &["--reasoning"]).is(0, "The answer\n", "A plan.\n");
        let ran = run(stream(frames()), &["--format", "ndjson"]);
        let joined = |kind: &str| -> String {
            let events = ran.events();
            let parts = events.iter().filter(|event| event["type"] == kind);
            parts
                .map(|part| part["content"].as_str().unwrap())
                .collect()
        };
        assert_eq!(
            (joined("reasoning"), joined("delta")),
            ("A plan.".into(), "The answer".into())
        );
    }
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    for content_type in ["application/json", "text/event-stream"] {
        let body = reply_body("Hello", "stop");
        let head = format!("Content-Type: {content_type}\r\n");
        run(http(200, &head, &body), &[]).is(0, "Hello\n", "");
        run(http(200, &head, &body), &["--format", "json"]).is(0, &format!("{body}\n"), "");
    }
}

#[test]
fn an_error_in_place_of_the_stream_is_classed_by_its_code() {
    run(json(200, &wire("error_200_1305_body.json")), &[]).is(
        5,
        "",
        "airx: busy: the server answered with error 1305: 该模型当前访问量过大，请您稍后再试
hint: the model is overloaded for everyone: try later, raise --timeout, or name another with --fallback\n",
    );
}

#[test]
fn a_compressed_stream_exits_7() {
    let play = http(
        200,
        "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n",
        "\u{1f}x",
    );
    run(play, &[]).is(
        7,
        "",
        "airx: incomplete: the response is encoded (gzip), which airx did not request
hint: switch compression off at the server or proxy for this path\n",
    );
}

#[test]
fn another_alternative_s_text_is_not_mixed_in() {
    let of =
        |index: u8, rest: &str| format!("data: {{\"choices\":[{{\"index\":{index},{rest}}}]}}\n\n");
    let frames = [
        of(0, "\"delta\":{\"content\":\"H\"}"),
        of(1, "\"delta\":{\"content\":\"X\"}"),
        of(
            0,
            "\"delta\":{\"content\":\"i\"},\"finish_reason\":\"length\"",
        ),
        of(
            1,
            "\"delta\":{\"content\":\"Y\"},\"finish_reason\":\"stop\"",
        ),
        DONE.to_owned(),
    ];
    let ran = run(stream(frames), &["--param", "n=2"]);
    assert_eq!((ran.code, &*ran.stdout), (9, "Hi\n"), "{}", ran.stderr);
}

#[test]
fn thinking_after_text_is_shown_after_it_even_in_a_burst() {
    let think = |text: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"reasoning_content\":\"{text}\"}}}}]}}\n\n")
    };
    let burst = think("a") + &delta("b") + &think("c") + &finish_frame("stop") + DONE;
    // Both outputs go to one file, as on a terminal.
    let folder = crate::harness::folder();
    let server = Server::once(stream([burst]));
    let file = std::fs::File::create(folder.path().join("both")).unwrap();
    airx(["stream", "--reasoning", "hi"])
        .at(&server)
        .stdout_to(file.try_clone().unwrap())
        .stderr_to(file)
        .run();
    let both = std::fs::read_to_string(folder.path().join("both")).unwrap();
    assert_eq!(both, "a\nbc\n\n");
}

//! Which requests are repeated, how often, and when.

use crate::harness::{
    DONE, Play, Server, Step, airx, delta, finish_frame, http, json, reply, stream, stream_of, wire,
};

/// A rate limit without a wait before the next request.
fn busy() -> Play {
    http(429, "Retry-After: 0\r\n", &wire("error_429_1302.json"))
}

const RATE_LIMITED: &str = "airx: busy: the server answered HTTP 429 with error 1302: 您的账户已达到速率限制，请您控制请求频率
hint: the account's rate limit: send fewer requests at a time, or raise --retries\n";

#[test]
fn a_busy_server_is_asked_again_quietly() {
    for command in ["chat", "stream"] {
        let answer = if command == "chat" {
            reply("Hi")
        } else {
            stream_of(["Hi"])
        };
        let server = Server::play([busy(), busy(), busy(), answer]);
        airx([command, "hi"]).at(&server).run().is(0, "Hi\n", "");
    }
}

#[test]
fn five_retries_are_made_without_the_option() {
    let server = Server::play((0..6).map(|_| busy()));
    airx(["chat", "hi"])
        .at(&server)
        .run()
        .is(5, "", RATE_LIMITED);
    let server = Server::play((0..2).map(|_| busy()));
    let ran = airx(["chat", "--retries", "1", "hi"]).at(&server).run();
    ran.is(5, "", RATE_LIMITED);
    let server = Server::once(busy());
    let ran = airx(["chat", "--retries", "0", "hi"]).at(&server).run();
    ran.is(5, "", RATE_LIMITED);
}

#[test]
fn each_retry_is_an_event_with_the_number_of_the_request_to_come() {
    let server = Server::play([busy(), busy(), reply("Hi")]);
    let ran = airx(["chat", "--format", "ndjson", "hi"]).at(&server).run();
    assert_eq!(ran.types().join(" "), "start retry retry delta done");
    let events = ran.events();
    assert_eq!(
        events[1],
        serde_json::json!({
            "type": "retry", "request": 2, "after_ms": 0, "class": "busy", "http_status": 429, "code": "1302",
            "message": "the server answered HTTP 429 with error 1302: 您的账户已达到速率限制，请您控制请求频率",
            "model": "glm-4-airx",
        })
    );
    assert_eq!(
        (&events[2]["request"], &events[4]["requests"]),
        (&3.into(), &3.into())
    );
}

#[test]
fn a_request_id_is_never_used_twice() {
    let server = Server::play([busy(), busy(), reply("Hi")]);
    let args = ["chat", "--request-id", "my-id-1", "hi"];
    airx(args).at(&server).run().is(0, "Hi\n", "");
    let ids: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["request_id"].clone())
        .collect();
    assert_eq!(ids, ["my-id-1", "my-id-1-2", "my-id-1-3"]);
}

#[test]
fn account_codes_are_never_retried_though_they_come_as_429() {
    for code in ["1113", "1304", "1308", "1310", "1313", "1316", "1321"] {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let server = Server::once(http(429, "Retry-After: 0\r\n", &body));
        let ran = airx(["chat", "hi"]).at(&server).run();
        assert_eq!(
            (ran.code, server.requests().len()),
            (3, 1),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn refusals_blocks_and_cut_answers_are_not_retried() {
    for body in [
        r#"{"error":{"code":"1231"}}"#,
        r#"{"error":{"code":"1301"}}"#,
        "{}",
    ] {
        let server = Server::once(http(400, "Retry-After: 0\r\n", body));
        airx(["chat", "hi"]).at(&server).run();
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::once(stream([finish_frame("length"), DONE.into()]));
    assert_eq!(airx(["stream", "hi"]).at(&server).run().code, 9);
}

#[test]
fn a_connection_that_ends_before_any_byte_is_tried_again() {
    for command in ["chat", "stream"] {
        let answer = if command == "chat" {
            reply("Hi")
        } else {
            stream_of(["Hi"])
        };
        let server = Server::play([vec![Step::Reset], vec![Step::Close], answer]);
        airx([command, "hi"]).at(&server).run().is(0, "Hi\n", "");
    }
}

#[test]
fn a_connection_that_always_ends_before_any_byte_exits_6() {
    for (command, end) in [("chat", Step::Close), ("stream", Step::Reset)] {
        let server = Server::once(vec![end]);
        let stderr = format!(
            "airx: network: {} closed the connection before any response\n",
            server.address()
        );
        let ran = airx([command, "--retries", "0", "hi"]).at(&server).run();
        ran.is(6, "", &stderr);
    }
}

#[test]
fn a_refused_connection_is_tried_again_and_exits_6() {
    // No server is on this port, and no other test can take it.
    let address = "127.0.0.1:1";
    for command in ["chat", "stream"] {
        let ran = airx([command, "--retries", "1", "--format", "ndjson", "hi"])
            .env("AIRX_BASE_URL", format!("http://{address}/v1"))
            .run();
        assert_eq!(
            (ran.code, ran.types().join(" ")),
            (6, "start retry error".into())
        );
        let error = &ran.events()[2];
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("cannot connect to {address}: ")),
            "{message}"
        );
        assert_eq!(
            (&error["class"], &error["requests"]),
            (&"network".into(), &2.into())
        );
    }
}

#[test]
fn an_answer_that_broke_off_unseen_is_asked_for_again() {
    let server = Server::play([json(200, "{}"), reply("Hi")]);
    airx(["chat", "hi"]).at(&server).run().is(0, "Hi\n", "");
    let server = Server::play([stream([": ping\n\n"]), stream_of(["Hi"])]);
    airx(["stream", "hi"]).at(&server).run().is(0, "Hi\n", "");
}

#[test]
fn payloads_of_a_try_that_failed_before_its_first_token_are_dropped() {
    let role = "data: {\"id\":\"first\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n";
    let end = finish_frame("stop");
    let server = Server::play([stream([role]), stream([&end, DONE])]);
    let run = airx(["stream", "--format", "json", "--allow-empty", "hi"]);
    let payload = end.strip_prefix("data: ").unwrap().trim_end();
    run.at(&server).run().is(0, &format!("{payload}\n"), "");
}

#[test]
fn events_of_an_answer_that_broke_off_are_not_reported_twice() {
    let server = Server::once(stream([delta("Hi")]));
    let ran = airx(["stream", "--format", "ndjson", "hi"])
        .at(&server)
        .run();
    assert_eq!(
        (ran.code, ran.types().join(" ")),
        (7, "start delta error".into())
    );
}

#[test]
fn an_error_frame_before_the_first_token_is_tried_again() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let error = "data: {\"error\":{\"code\":\"1234\",\"message\":\"m\"}}\n\n";
    for format in ["text", "json"] {
        let server = Server::play([stream([role, error]), stream_of(["Hi"])]);
        let ran = airx(["stream", "--format", format, "hi"]).at(&server).run();
        assert_eq!((ran.code, &*ran.stderr), (0, ""));
        assert_eq!(ran.stdout.matches("Hi").count(), 1, "{}", ran.stdout);
    }
}

#[test]
fn a_dying_answer_of_a_model_is_asked_for_again() {
    let failed = stream([finish_frame("network_error"), DONE.into()]);
    let server = Server::play([failed, stream_of(["Hi"])]);
    airx(["stream", "hi"]).at(&server).run().is(0, "Hi\n", "");
}

#[test]
fn payloads_that_were_printed_for_their_length_are_not_asked_for_again() {
    // airx holds back payloads without a token, but only up to a limit.
    let role = r#"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
    let roles = format!("{role}\n\n").repeat(2000);
    let server = Server::once(stream([roles]));
    let ran = airx(["stream", "--format", "json", "--retries", "1", "hi"])
        .at(&server)
        .run();
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(ran.stdout.lines().count() <= 2000);
}

#[test]
fn thinking_that_was_shown_is_not_asked_for_again() {
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let server = Server::once(stream([thought]));
    let ran = airx(["stream", "--reasoning", "--retries", "1", "hi"])
        .at(&server)
        .run();
    assert_eq!((ran.code, &*ran.stdout), (7, ""));
    assert_eq!(ran.stderr.matches("hm").count(), 1, "{}", ran.stderr);
}

/// A server that closes the kept connection without answering the next request.
fn closed() -> Play {
    vec![Step::Close]
}

#[test]
fn a_connection_that_was_closed_since_its_last_answer_is_no_failure() {
    let ask = |args: &[&str], plays: [Play; 3], input: &str| {
        let server = Server::play(plays);
        let ran = airx(args).args(["--retries", "0"]).at(&server);
        let ran = ran.stdin(input).run();
        assert_eq!(server.requests().len(), 3);
        ran
    };
    let each = ["chat", "-q", "--each", "-c", "1", "{}"];
    let ran = ask(&each, [reply("one"), closed(), reply("two")], "1\n2\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let results = ran.events();
    let report: Vec<_> = results
        .iter()
        .map(|result| (&result["content"], &result["requests"]))
        .collect();
    assert_eq!(
        report,
        [(&"one".into(), &1.into()), (&"two".into(), &1.into())]
    );

    let json = ["json", "-n", "--fields", "a int", "hi"];
    ask(&json, [reply("{"), closed(), reply(r#"{"a":1}"#)], "").is(0, "{\"a\":1}\n", "");
    let lines = ["json", "-n", "--schema", r#"{"type":"array"}"#];
    let lines = [&lines[..], &["--lines", "--stream", "hi"]].concat();
    let plays = [stream_of(["no"]), closed(), stream_of(["[1,2]"])];
    ask(&lines, plays, "").is(0, "1\n2\n", "");
}

#[test]
fn a_server_that_closes_every_connection_is_reported() {
    let plays = std::iter::once(reply("one")).chain((0..3).map(|_| closed()));
    let server = Server::play(plays);
    let ran = airx(["chat", "--each", "-c", "1", "--retries", "0", "{}"])
        .at(&server)
        .stdin("1\n2\n")
        .run();
    assert_eq!((ran.code, server.requests().len()), (12, 4));
    assert_eq!(ran.events()[1]["error"]["class"], "network");
}

#[test]
fn the_status_of_an_endless_error_reports_its_class() {
    let body = " ".repeat((64 << 20) + 1);
    for (command, status, code) in [("chat", 401, 3), ("stream", 401, 3), ("chat", 400, 4)] {
        let server = Server::once(http(status, "", &body));
        let ran = airx([command, "-n", "hi"]).at(&server).run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_wait_that_no_number_holds_is_longer_than_what_is_left() {
    let server = Server::once(http(429, "Retry-After: 99999999999999999999\r\n", "{}"));
    let ran = airx(["chat", "-n", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""));
    let hint = "longer than the rest of --timeout";
    assert!(ran.stderr.contains(hint), "{}", ran.stderr);
}

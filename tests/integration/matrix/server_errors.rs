//! Errors that the server reports: every wire sample, codes against statuses, and errors
//! of wrong types.

use super::case::Command::Stream;
use super::case::{Fault, page, value};
use crate::harness::{json, wire};

pub fn faults() -> Vec<Fault> {
    [samples(), streams(), shapes()]
        .into_iter()
        .flatten()
        .collect()
}

fn sample(name: &'static str, status: u16, code: i32) -> Fault {
    Fault::new(name, code, move |_| json(status, &wire(name)))
}

fn samples() -> Vec<Fault> {
    vec![
        sample("error_200_1305_body.json", 200, 5),
        sample("error_200_success_false.json", 200, 5),
        sample("error_400_1214.json", 400, 4),
        sample("error_400_1261.json", 400, 4),
        sample("error_400_1301_content_filter.json", 400, 8),
        sample("error_401_1001.json", 401, 3),
        sample("error_401_1002.json", 401, 3),
        sample("error_401_code401.json", 401, 3),
        sample("error_404_gateway.json", 404, 4),
        sample("error_429_1113.json", 429, 3),
        sample("error_429_1302.json", 429, 5),
        sample("error_429_1305.json", 429, 5),
        // A gateway may change the status: the code decides.
        sample("error_429_1113.json", 500, 3),
        sample("error_400_1301_content_filter.json", 200, 8),
        sample("error_429_1302.json", 400, 5),
        sample("error_400_1214.json", 503, 4),
    ]
}

/// A sample of a stream; the commands that did not ask for one cannot read it.
fn stream(name: &'static str, code: i32, text: &str) -> Fault {
    let types = match text.lines().count() {
        0 => "start error",
        _ => "start delta delta error",
    };
    Fault::new(name, 7, move |_| {
        page(200, "text/event-stream;charset=UTF-8", &wire(name))
    })
    .on(Stream, code, text, types)
}

fn streams() -> Vec<Fault> {
    vec![
        stream("stream_first_frame_error.sse", 5, ""),
        stream("stream_mid_error_dataonly.sse", 5, "第一步\n"),
        stream("stream_mid_error_event.sse", 5, "第一步\n"),
        stream("stream_network_error_finish.sse", 7, "第一步\n"),
        stream("stream_sensitive.sse", 8, "这是一段\n"),
        stream("stream_sensitive_input.sse", 8, ""),
        stream("stream_eof_without_done.sse", 7, "半句\n"),
        stream("stream_truncated_frame.sse", 7, ""),
    ]
}

/// A body with status 200 that contains an error.
fn report(body: &'static str, code: i32) -> Fault {
    Fault::new(&format!("200 and {body}"), code, move |c| value(c, body))
}

fn shapes() -> Vec<Fault> {
    let status = |status: u16, body: &'static str, code: i32| {
        Fault::new(&format!("{status} and {body:.60}"), code, move |_| {
            json(status, body)
        })
    };
    vec![
        report(r#"{"error":{"code":1302}}"#, 5),
        report(r#"{"error":{"code":"1302"},"choices":[]}"#, 5),
        report(r#"{"error":{"code":"1302 "}}"#, 7),
        report(r#"{"error":{"code":"-1302"}}"#, 7),
        report(r#"{"error":{"code":13020000000000000000000}}"#, 7),
        report(r#"{"error":{"code":{}}}"#, 7),
        report(r#"{"error":{"message":["a","b"]}}"#, 7),
        report(r#"{"error":{}}"#, 7),
        report(r#"{"error":[]}"#, 7),
        report(r#"{"error":"overloaded"}"#, 7),
        report(r#"{"error":5}"#, 7),
        report(r#"{"error":true}"#, 7),
        report(r#"{"error":{"code":"1302"},"error":{"code":"1113"}}"#, 7),
        report(r#"{"code":"1113","msg":"x"}"#, 3),
        report(r#"{"error":{"code":"invalid_api_key","message":"m"}}"#, 3),
        report(
            r#"{"error":{"code":"insufficient_quota","message":"m"}}"#,
            3,
        ),
        report(
            r#"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#,
            5,
        ),
        report(r#"{"error":{"code":"server_error","message":"m"}}"#, 5),
        report(r#"{"error":{"code":"model_not_found","message":"m"}}"#, 4),
        report(
            r#"{"error":{"code":"context_length_exceeded","message":"m"}}"#,
            4,
        ),
        report(
            r#"{"error":{"code":"content_policy_violation","message":"m"}}"#,
            8,
        ),
        report(r#"[{"error":{"code":1113,"message":"m"}}]"#, 3),
        report(r#"{"errors":[{"code":"1302","message":"m"}]}"#, 5),
        report(
            r#"{"detail":[{"loc":["body"],"msg":"m","type":"missing"}]}"#,
            7,
        ),
        report(
            r#"{"choices":[{"finish_reason":"error","error":{"code":502,"message":"m"}}]}"#,
            5,
        ),
        report(
            r#"{"choices":[{"finish_reason":"error","error":{"code":"content_filter"}}]}"#,
            8,
        ),
        report("upstream overloaded", 7),
        report(r#"{"message":"no such thing"}"#, 7),
        report(r#"{"detail":"no such thing"}"#, 7),
        status(402, "", 3),
        status(
            429,
            r#"{"error":{"code":"insufficient_quota","message":"m"}}"#,
            3,
        ),
        status(
            429,
            r#"{"error":{"code":null,"type":"insufficient_quota","message":"m"}}"#,
            3,
        ),
        status(
            400,
            r#"{"error":{"code":"content_filter","message":"m"}}"#,
            8,
        ),
        status(400, "plain words", 4),
        status(400, "\u{feff}{\"error\":{\"code\":\"1113\"}}", 3),
        status(500, "", 5),
        status(429, "null", 5),
        status(429, "[]", 5),
        status(401, "{}", 3),
        status(400, r#"{"error":{"code":"9999","message":"x"}}"#, 4),
        status(400, r#"{"error":{"code":null,"message":null}}"#, 4),
        status(
            500,
            r#"{"error":{"code":"invalid_request","message":"x"}}"#,
            5,
        ),
        status(400, r#"{"error":{"code":"1301","message":{"a":1}}}"#, 8),
        status(429, r#"{"error":{"code":"1113","message":"\ud83d"}}"#, 3),
        status(
            400,
            r#"{"choices":[{"finish_reason":"stop","message":{"content":"Mark1"}}]}"#,
            4,
        ),
        status(
            503,
            r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
            5,
        ),
    ]
}

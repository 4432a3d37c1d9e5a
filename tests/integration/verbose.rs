//! `--verbose`: prints heads, attempts and timings, but no secrets.

use crate::harness::{Server, airx, http, json, reply_body, stream_of, wire};

/// The lines, with fixed text in place of the times and the server's address.
fn lines(stderr: &str, server: &Server) -> Vec<String> {
    let alike = |line: &str| {
        let line = line.replace(&server.address(), "HOST");
        let words = line.split(' ').map(|word| {
            if word.parse::<u64>().is_ok() && line.contains(" ms") {
                "N"
            } else {
                word
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    stderr.lines().map(alike).collect()
}

const AGENT: &str = concat!("> user-agent: airx/", env!("CARGO_PKG_VERSION"));

#[test]
fn the_heads_and_the_time_of_an_answer_are_reported() {
    let server = Server::once(json(200, &reply_body("Hi", "stop")));
    let ran = airx(["chat", "-v", "hi"]).at(&server).run();
    assert_eq!((ran.code, &*ran.stdout), (0, "Hi\n"));
    let length = format!("< content-length: {}", reply_body("Hi", "stop").len());
    assert_eq!(
        lines(&ran.stderr, &server),
        [
            "> POST /v1/chat/completions HTTP/1.1",
            "> host: HOST",
            AGENT,
            "> accept: application/json",
            "> content-type: application/json",
            "> content-length: 81",
            "* connected to HOST",
            "< HTTP/1.1 200 OK",
            "< content-type: application/json; charset=UTF-8",
            &length,
            "* the attempt took N ms",
        ]
    );
}

#[test]
fn what_is_reported_is_what_was_sent() {
    let server = Server::play([json(200, &reply_body("Hi", "stop")), stream_of(["Hi"])]);
    for command in ["chat", "stream"] {
        let ran = airx([command, "-v", "hi", "--header", "X-A: bcdef"])
            .env("AIRX_API_KEY", "the-secret-key-1")
            .at(&server)
            .run();
        let mut report: Vec<_> = ran
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("> "))
            .map(|line| line.replace("x-a: [hidden]", "x-a: bcdef"))
            .map(|line| line.replace("[hidden]", "Bearer the-secret-key-1"))
            .collect();
        let mut sent: Vec<_> = server
            .requests()
            .last()
            .unwrap()
            .head
            .lines()
            .map(str::to_owned)
            .collect();
        report.sort();
        sent.sort();
        assert_eq!(report, sent);
    }
}

#[test]
fn each_attempt_is_reported_and_why_another_follows() {
    let busy = http(
        429,
        "Retry-After: 0\r\nX-Trace: 7\r\n",
        &wire("error_429_1302.json"),
    );
    let server = Server::play([busy, stream_of(["Hi"])]);
    let ran = airx(["stream", "-v", "hi"]).at(&server).run();
    assert_eq!((ran.code, &*ran.stdout), (0, "Hi\n"));
    let report: Vec<_> = lines(&ran.stderr, &server)
        .into_iter()
        .filter(|line| !line.starts_with('>'))
        .collect();
    assert_eq!(
        report,
        [
            "* connected to HOST",
            "< HTTP/1.1 429 Too Many Requests",
            "< retry-after: 0",
            "< x-trace: 7",
            "< content-length: 98",
            "* the attempt took N ms",
            "* busy: the server answered HTTP N with error 1302: 您的账户已达到速率限制，请您控制请求频率; request N follows in N ms",
            "* connected to HOST",
            "< HTTP/1.1 200 OK",
            "< content-type: text/event-stream;charset=UTF-8",
            "< transfer-encoding: chunked",
            "* the attempt took N ms",
        ]
    );
}

#[test]
fn the_body_of_a_refusal_is_shown_before_the_message() {
    let server = Server::once(json(
        400,
        "{\"error\":{\"code\":\"1214\",\n \"message\":\"m\"}}",
    ));
    let ran = airx(["chat", "-v", "hi"]).at(&server).run();
    let end = "ms\n{\"error\":{\"code\":\"1214\",\n \"message\":\"m\"}}
airx: rejected: the server answered HTTP 400 with error 1214: m\n";
    assert!(ran.stderr.ends_with(end), "{}", ran.stderr);
    assert_eq!((ran.code, &*ran.stdout), (4, ""));
}

#[test]
fn quiet_reports_errors_only() {
    let server = Server::play([json(200, &reply_body("Hi", "stop")), json(400, "{}")]);
    let args = ["chat", "-q", "--max-tokens", "4096", "hi"];
    airx(args).at(&server).run().is(0, "Hi\n", "");
    airx(["chat", "-q", "hi"]).at(&server).run().is(
        4,
        "",
        "airx: rejected: the server answered HTTP 400\n",
    );
}

//! The class of a server's error: by its code, else by the status, for every form of body.

use crate::harness::{Play, Ran, Server, airx, http, json};

fn run(play: Play, args: &[&str]) -> Ran {
    let server = Server::once(play);
    airx(["chat", "--retries", "0", "hi"])
        .args(args)
        .at(&server)
        .run()
}

/// Takes the contract's lists of business codes, with the statuses 200, 400, 429 and 500.
#[test]
fn every_business_code_has_its_class_with_any_status() {
    let account = (1000..=1005).chain(1100..=1119).chain([1121, 1220, 1304]);
    let account = account.chain(1308..=1311).chain(1313..=1321);
    let rejected = (1210..=1219).chain([1221, 1222, 1231, 1261, 1702, 1703]);
    let busy = [1120, 1200, 1230, 1234, 1302, 1303, 1305, 1312, 1701];
    let expected = account
        .map(|code| (code, 3))
        .chain(rejected.map(|code| (code, 4)))
        .chain(busy.map(|code| (code, 5)))
        .chain([(1300, 8), (1301, 8)]);
    let statuses = [200, 400, 429, 500];
    let (mut plays, mut codes) = (Vec::new(), Vec::new());
    for (number, (code, exit)) in expected.enumerate() {
        // Servers send the code as a string or as a number.
        let written = if number % 2 == 0 {
            format!("\"{code}\"")
        } else {
            code.to_string()
        };
        let body = format!(r#"{{"error":{{"code":{written},"message":"m"}}}}"#);
        plays.push(json(statuses[number % 4], &body));
        codes.push((code, exit));
    }
    let server = Server::play(plays);
    for (code, exit) in codes {
        let ran = airx(["chat", "--retries", "0", "hi"]).at(&server).run();
        assert_eq!(
            (ran.code, &*ran.stdout),
            (exit, ""),
            "{code}: {}",
            ran.stderr
        );
    }
}

#[test]
fn an_unknown_code_or_none_is_classed_by_the_status() {
    for (status, exit) in [
        (300, 4),
        (400, 4),
        (401, 3),
        (402, 3),
        (403, 3),
        (404, 4),
        (408, 5),
        (409, 4),
        (413, 4),
        (422, 4),
        (429, 5),
        (434, 3),
        (435, 4),
        (500, 5),
        (502, 5),
        (504, 5),
        (529, 5),
        (200, 7),
        (204, 7),
    ] {
        let bodies = [
            r#"{"error":{"code":"99999","message":"m"}}"#,
            r#"{"error":{"code":"teapot","message":"m"}}"#,
            r#"{"error":"m"}"#,
            "<html><body>nginx</body></html>",
            "",
        ];
        // A response of 204 has no body.
        let bodies = if status == 204 {
            &bodies[4..]
        } else {
            &bodies[..]
        };
        for body in bodies {
            let ran = run(json(status, body), &[]);
            assert_eq!(ran.code, exit, "{status} {body}: {}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn an_error_that_comes_as_an_event_stream_is_read() {
    let body = r#"{"error":{"code":"1113","message":"m"}}"#;
    for text in [
        format!("data: {body}\n\n"),
        format!("data: {body}\n\ndata: [DONE]\n\n"),
        format!("event: error\ndata: {body}\n\n"),
        format!(": ping\n\nevent: error\r\ndata: {body}\r\n\r\n"),
    ] {
        for command in ["chat", "stream"] {
            let play = http(500, "Content-Type: text/event-stream\r\n", &text);
            let server = Server::once(play);
            let ran = airx([command, "--retries", "0", "hi"]).at(&server).run();
            assert_eq!(ran.code, 3, "{text:?}: {}", ran.stderr);
        }
    }
    // llama.cpp: `error` is a text, and `message` is next to it.
    let play = http(
        500,
        "Content-Type: text/event-stream\r\n",
        r#"{"error":"server_error","message":"it broke"}"#,
    );
    run(play, &[]).is(
        5,
        "",
        "airx: busy: the server answered HTTP 500: it broke\nhint: try later, or raise --retries and --timeout\n",
    );
}

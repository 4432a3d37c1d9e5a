//! How long airx waits before it asks again.

use crate::harness::{Play, Server, airx, http, json, reply, wire};

/// A rate limit without a wait before the next request.
fn busy() -> Play {
    http(429, "Retry-After: 0\r\n", &wire("error_429_1302.json"))
}

fn overload() -> Play {
    http(429, "Retry-After: 0\r\n", &wire("error_429_1305.json"))
}

#[test]
fn the_wait_that_the_server_asks_for_is_obeyed() {
    // A date in the past means no wait.
    let past = "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
    for (header, after) in [("Retry-After: 1\r\n", 1000), (past, 0)] {
        let server = Server::play([http(503, header, ""), reply("Hi")]);
        let ran = airx(["chat", "--format", "ndjson", "hi"]).at(&server).run();
        assert_eq!((ran.code, &ran.events()[1]["after_ms"]), (0, &after.into()));
    }
}

#[test]
fn a_wait_beyond_the_time_out_exits_5_at_once_and_names_it() {
    for command in ["chat", "stream"] {
        let server = Server::once(http(429, "Retry-After: 3600\r\n", "{}"));
        airx([command, "--timeout", "60", "hi"])
            .at(&server)
            .run()
            .is(
                5,
                "",
                "airx: busy: the server answered HTTP 429
hint: the server asks to wait 3600 s, longer than the rest of --timeout\n",
            );
    }
    let server = Server::once(http(429, "Retry-After: 3600\r\n", "{}"));
    let ran = airx(["chat", "--format", "ndjson", "hi"]).at(&server).run();
    assert_eq!(ran.events()[1]["retry_after_ms"], 3_600_000);
}

#[test]
fn overload_of_the_model_is_not_counted() {
    let plays = [overload(), overload(), overload(), busy(), reply("Hi")];
    let server = Server::play(plays);
    let ran = airx(["chat", "--retries", "1", "hi"]).at(&server).run();
    ran.is(0, "Hi\n", "");
    let server = Server::once(overload());
    let ran = airx(["chat", "--retries", "0", "hi"]).at(&server).run();
    assert_eq!(ran.code, 5, "{}", ran.stderr);
}

#[test]
fn overload_waits_five_seconds_and_so_ends_where_less_is_left() {
    let server = Server::once(json(429, &wire("error_429_1305.json")));
    airx(["chat", "--timeout", "4", "hi"]).at(&server).run().is(
        5,
        "",
        "airx: busy: the server answered HTTP 429 with error 1305: 该模型当前访问量过大，请您稍后再试
hint: the model is overloaded for everyone: try later, raise --timeout, or name another with --fallback\n",
    );
}

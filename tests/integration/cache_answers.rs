//! Which answers `--cache` keeps.

use crate::harness::cached::{cached, entries};
use crate::harness::toolbench::{CITY, TOOLS, bench, calls, results, runs};
use crate::harness::{
    DONE, Play, Server, Step, airx, chunk, delta, file, finish_frame, folder, http, json, reply,
    reply_body, stream, stream_head, stream_of, wire,
};

/// Runs twice against these answers. Both runs must send a request.
#[track_caller]
fn never_kept(args: &[&str], play: impl Fn() -> Play, code: i32) {
    let cache = folder();
    let server = Server::play([play(), play()]);
    for _ in 0..2 {
        let run = cached(args, cache.path()).args(["hi", "--retries", "0"]);
        let ran = run.at(&server).run();
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
    }
    assert_eq!(entries(cache.path()).len(), 0, "{args:?}");
}

#[test]
fn only_complete_answers_are_kept() {
    for (body, code) in [
        (reply_body("cut", "length"), 9),
        (reply_body("no", "sensitive"), 8),
        (reply_body("no", "content_filter"), 8),
        (reply_body("odd", "odd"), 7),
        (reply_body("down", "network_error"), 7),
        (reply_body("", "stop"), 7),
        (
            reply_body("no", "stop").replace(
                "\"content\":\"no\"",
                "\"content\":null,\"refusal\":\"I will not\"",
            ),
            8,
        ),
        (wire("error_200_success_false.json"), 5),
        ("{\"choi".to_owned(), 7),
    ] {
        never_kept(&["chat"], || json(200, &body), code);
        never_kept(&["tools"], || json(200, &body), code);
    }
    never_kept(&["chat"], || json(401, &wire("error_401_1001.json")), 3);
    never_kept(&["chat"], || http(503, "", "{}"), 5);
    never_kept(&["chat"], || http(302, "Location: /elsewhere\r\n", ""), 4);
    for name in [
        "stream_sensitive",
        "stream_eof_without_done",
        "stream_mid_error_dataonly",
    ] {
        let text = wire(&format!("{name}.sse"));
        let server = Server::once(stream([&text]));
        let ran = airx(["stream", "hi", "--retries", "0"]).at(&server).run();
        assert_ne!(ran.code, 0, "{name}");
        never_kept(&["stream"], || stream([&text]), ran.code);
    }
    let cut = || vec![stream_head(), chunk(delta("Hel").as_bytes()), Step::Close];
    never_kept(&["stream"], cut, 7);
}

#[test]
fn an_answer_after_retries_is_kept() {
    let cache = folder();
    let server = Server::play([
        http(503, "Retry-After: 0\r\n", "{}"),
        vec![Step::Reset],
        reply("Hello"),
    ]);
    for _ in 0..2 {
        let run = cached(&["chat", "hi", "-q"], cache.path()).at(&server);
        run.run().is(0, "Hello\n", "");
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn an_answer_that_accept_made_complete_is_for_runs_that_accept_it() {
    let cache = folder();
    let odd = || json(200, &reply_body("odd", "odd"));
    let server = Server::play([odd(), reply("complete")]);
    let run = |args: &[&str]| {
        let run = cached(&["chat", "hi", "--retries", "0"], cache.path());
        run.args(args).at(&server).run()
    };
    run(&["--accept", "odd"]).is(0, "odd\n", "");
    run(&["--accept", "odd"]).is(0, "odd\n", "");
    run(&[]).is(0, "complete\n", "");
    // The newer answer is accepted with and without `--accept`.
    run(&["--accept", "odd"]).is(0, "complete\n", "");
    run(&[]).is(0, "complete\n", "");
}

#[test]
fn an_empty_answer_is_for_runs_that_allow_it() {
    let cache = folder();
    let server = Server::play([reply(""), reply("text")]);
    let run = |args: &[&str]| {
        cached(&["chat", "hi"], cache.path())
            .args(args)
            .at(&server)
            .run()
    };
    run(&["--allow-empty"]).is(0, "", "");
    run(&["--allow-empty"]).is(0, "", "");
    run(&[]).is(0, "text\n", "");
    run(&[]).is(0, "text\n", "");
}

#[test]
fn json_keeps_the_accepted_answer_under_its_first_request() {
    let cache = folder();
    let server = Server::play([reply("no"), reply(r#"{"age":"x"}"#), reply(r#"{"age":41}"#)]);
    let run = || {
        cached(&["json", "--fields", "age int", "hi"], cache.path())
            .at(&server)
            .run()
    };
    run().is(0, "{\"age\":41}\n", "");
    run().is(0, "{\"age\":41}\n", "");
    assert_eq!(
        (server.requests().len(), entries(cache.path()).len()),
        (3, 1)
    );
}

#[test]
fn json_of_a_fallback_model_is_kept_under_its_first_request_to_that_model() {
    let cache = folder();
    let busy = || json(429, r#"{"error":{"code":"1305","message":"overloaded"}}"#);
    let right = || reply(r#"{"age":41}"#);
    let server = Server::play([busy(), reply("no"), right(), busy(), right()]);
    let run = |args: &[&str]| {
        let run = cached(&["json", "--fields", "age int", "hi"], cache.path());
        run.args(args).at(&server).run().is(0, "{\"age\":41}\n", "");
    };
    let chain = ["-m", "first", "--fallback", "second"];
    run(&chain);
    run(&chain);
    assert_eq!(
        server.requests().len(),
        4,
        "the second model was asked again"
    );
    run(&["-m", "second"]);
    run(&["-m", "first"]);
    run(&chain);
}

#[test]
fn json_that_is_not_valid_is_never_kept() {
    let args = ["json", "--fields", "age int", "--tries", "1"];
    never_kept(&args, || reply(r#"{"age":"x"}"#), 10);
    never_kept(&["json", "--tries", "1"], || reply("no"), 10);
    let select = ["json", "--tries", "1", "--select", "/a"];
    never_kept(&select, || reply("{}"), 10);
    let stream = [
        "json",
        "--stream",
        "--lines",
        "--fields",
        "[{age int}]",
        "--tries",
        "1",
    ];
    never_kept(&stream, || stream_of(["[1, ", "{}]"]), 10);
}

#[test]
fn a_kept_answer_that_is_not_valid_json_is_asked_for_again() {
    let cache = folder();
    let server = Server::play([reply("[1,"), reply("[1]")]);
    let format = "response_format={\"type\":\"json_object\"}";
    let chat = ["chat", "hi", "--param", format];
    let json = ["json", "hi", "--param", format];
    let run = |args: &[&str]| cached(args, cache.path()).at(&server).run();
    run(&chat).is(0, "[1,\n", "");
    run(&json).is(0, "[1]\n", "");
    run(&json).is(0, "[1]\n", "");
    run(&chat).is(0, "[1]\n", "");
}

#[test]
fn a_schema_that_the_server_refuses_is_asked_for_once() {
    let cache = folder();
    let server = Server::play([
        json(400, "{}"),
        reply(r#"{"age":1}"#),
        reply(r#"{"age":2}"#),
    ]);
    let run = || {
        let args = ["json", "--fields", "age int", "--each", "-c", "1"];
        cached(&args, cache.path())
            .args(["--format", "ndjson"])
            .stdin("a\nb\n")
            .at(&server)
            .run()
    };
    for _ in 0..2 {
        let values: Vec<_> = run().events()[1..3]
            .iter()
            .map(|it| it["value"].clone())
            .collect();
        assert_eq!(
            values,
            [serde_json::json!({"age": 1}), serde_json::json!({"age": 2})]
        );
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn elements_of_a_stream_come_from_the_cache() {
    let cache = folder();
    let server = Server::once(stream_of(["[1", ", 2]"]));
    for _ in 0..2 {
        let args = ["json", "--lines", "--stream", "--fields", "[int]", "hi"];
        let run = cached(&args, cache.path()).at(&server);
        run.run().is(0, "1\n2\n", "");
    }
}

#[test]
fn an_answer_without_the_wanted_code_block_is_not_kept() {
    never_kept(&["chat", "-x"], || reply("No code."), 10);
    never_kept(&["stream", "-x"], || stream_of(["No ", "code."]), 10);
    let cache = folder();
    let server = Server::once(reply("```sh\nls\n```"));
    for _ in 0..2 {
        let run = cached(&["chat", "-x", "hi"], cache.path()).at(&server);
        run.run().is(0, "ls\n", "");
    }
}

#[test]
fn calls_are_kept_if_they_fit_their_tools() {
    let place = folder();
    let tools = file(&place, "t", TOOLS);
    let args = ["tools", "-t", tools.to_str().unwrap()];
    never_kept(&args, || calls("", &[("f", "{}")]), 10);
    never_kept(&args, || calls("", &[("f", CITY), ("f", "{")]), 10);
    never_kept(&args, || calls("", &[("h", "{}")]), 10);
    let required = [&args[..], &["--require-call"]].concat();
    never_kept(&required, || reply("No call."), 11);
    let cache = folder();
    let server = Server::once(calls("", &[("f", CITY)]));
    for _ in 0..2 {
        let run = cached(&args, cache.path()).arg("hi").at(&server).run();
        run.is(
            0,
            "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{\"city\":\"Nanjing\"}}\n",
            "",
        );
    }
}

#[test]
fn each_round_of_tools_is_looked_up_and_the_tools_run_again() {
    let place = bench();
    let cache = place.path().join("cache");
    let server = Server::play([
        calls("", &[("f", CITY)]),
        calls("", &[("f", CITY), ("g", "{}")]),
        reply("Warm."),
        reply("Cold."),
    ]);
    let tool = "tee -a log";
    let run = || {
        runs(&place, tool)
            .arg("--cache")
            .arg(&cache)
            .at(&server)
            .run()
    };
    run().is(0, "Warm.\n", "");
    run().is(0, "Warm.\n", "");
    assert_eq!((server.requests().len(), entries(&cache).len()), (3, 3));
    let log = std::fs::read_to_string(place.path().join("log")).unwrap();
    assert_eq!(log, CITY.repeat(4));
    // If the first call returns another result, the next request is another one.
    let other = "printf changed";
    let ran = runs(&place, other)
        .arg("--cache")
        .arg(&cache)
        .args(["--format", "ndjson"])
        .at(&server)
        .run();
    let done = ran.events().pop().unwrap();
    assert_eq!(results(&server.requests()), ["changed"]);
    assert_eq!(
        (&done["requests"], &done["cached"]),
        (&1.into(), &false.into())
    );
    assert_eq!(done["usage"]["total_tokens"], 3);
}

#[test]
fn a_wrong_call_in_a_round_is_asked_for_again() {
    let place = bench();
    let cache = place.path().join("cache");
    let rounds = || [calls("", &[("f", "{}")]), calls("", &[("f", CITY)])];
    let [first, second] = rounds();
    let [again, _] = rounds();
    let server = Server::play([first, second, reply("Warm."), again]);
    for _ in 0..2 {
        let run = runs(&place, "cat").arg("--cache").arg(&cache).at(&server);
        run.run().is(0, "Warm.\n", "");
    }
}

const KEY: &str = "0123456789abcdef0123456789abcdef.SecretSecret4567";

#[test]
fn what_holds_a_secret_is_not_kept() {
    let spread: Vec<String> = KEY
        .as_bytes()
        .chunks(5)
        .map(|part| delta(std::str::from_utf8(part).unwrap()))
        .chain([finish_frame("stop"), DONE.into()])
        .collect();
    let escaped = reply_body("X", "stop").replace('X', &KEY.replace('S', "\\u0053"));
    for (command, prompt, play) in [
        ("chat", "hi", reply(KEY)),
        ("chat", "hi", json(200, &escaped)),
        ("chat", "hi", reply("the other-secret-token")),
        ("stream", "hi", stream(spread)),
        ("chat", KEY, reply("Hello")),
        ("json", "hi", reply(&format!("[\"{KEY}\"]"))),
    ] {
        let cache = folder();
        let server = Server::once(play);
        let ran = cached(&[command, prompt], cache.path())
            .args(["--header", "X-Token: other-secret-token"])
            .env("AIRX_API_KEY", KEY)
            .at(&server)
            .run();
        let warning = "airx: warning: --cache: this answer is not kept: the exchange holds a key or another secret\n";
        assert_eq!((ran.code, &*ran.stderr), (0, warning), "{command} {prompt}");
        assert_eq!(entries(cache.path()).len(), 0);
    }
}

#[test]
fn no_key_and_no_id_is_in_a_file() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let ran = cached(&["chat", "hi", "--request-id", "some-id"], cache.path())
        .args([
            "--user-id",
            "somebody",
            "--header",
            "X-Token: other-secret-token",
        ])
        .env("AIRX_API_KEY", KEY)
        .at(&server)
        .run();
    ran.is(0, "Hello\n", "");
    let paths = entries(cache.path());
    let text = std::fs::read_to_string(&paths[0]).unwrap();
    for hidden in [
        "0123456789abcdef",
        "SecretSecret",
        "other-secret",
        "some-id",
        "somebody",
        "127.0.0.1",
    ] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

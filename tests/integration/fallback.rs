//! `--fallback`: when the next model is asked, and when it is not.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::config::{with, write};
use crate::harness::toolbench::{CITY, bench, calls, runs};
use crate::harness::{
    Airx, DONE, Play, Server, Step, airx, delta, event, file, finish, finish_frame, folder, gated,
    http, json as body, reply, stream, stream_of,
};

/// The first model and its fallback.
pub const CHAIN: [&str; 4] = ["-m", "one", "--fallback", "two"];

/// The error of an overloaded model.
pub fn overloaded() -> Play {
    error(429, "1305")
}

/// The error for a model that the server does not know.
pub fn unknown() -> Play {
    error(400, "1211")
}

pub fn error(status: u16, code: &str) -> Play {
    let error = json!({ "error": { "code": code, "message": "no" } });
    http(status, "Retry-After: 0\r\n", &error.to_string())
}

/// An answer of this model, without its usage.
pub fn answer(model: &str, content: &str) -> Play {
    let choice = json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": content } });
    body(
        200,
        &json!({ "model": model, "choices": [choice] }).to_string(),
    )
}

/// `airx ARGS… -m one --fallback two hi`.
pub fn chained(args: &[&str]) -> Airx {
    airx(args.iter().chain(&CHAIN)).arg("hi")
}

/// The model of each request.
pub fn models(server: &Server) -> Vec<String> {
    members(server, "model")
        .iter()
        .map(|model| model.as_str().unwrap().to_owned())
        .collect()
}

/// A member of each request's body; null if it is absent.
pub fn members(server: &Server, name: &str) -> Vec<Value> {
    let asked = server.requests();
    asked
        .iter()
        .map(|asked| asked.json()[name].clone())
        .collect()
}

#[test]
fn the_models_of_the_configuration_are_asked_in_order() {
    for (text, args, asked) in [
        (
            "model = \"a\"\nfallback = [\"b\", \"c\"]",
            &[][..],
            &["a", "b", "c"][..],
        ),
        ("model = \"a\"\nfallback = \"b\"", &[], &["a", "b"]),
        // The command line may name one of the file's fallbacks as its model.
        (
            "model = \"a\"\nfallback = [\"b\", \"c\"]",
            &["-m", "b"],
            &["b", "c"],
        ),
        (
            "fallback = [\"b\", \"b\", \"a\"]\nmodel = \"a\"",
            &[],
            &["a", "b"],
        ),
        (
            "fallback = [\"b\"]",
            &["-m", "a", "--fallback", "x", "--fallback", "y"],
            &["a", "x", "y"],
        ),
        (
            "fallback = [\"b\"]\n[profile.p]\nfallback = [\"z\"]\nmodel = \"a\"",
            &["--profile", "p"],
            &["a", "z"],
        ),
    ] {
        let folder = folder();
        write(&folder, text);
        let plays = (1..asked.len()).map(|_| overloaded());
        let server = Server::play(plays.chain([answer("m", "Hi")]));
        let ran = with(&folder, ["chat", "hi"]).args(args).at(&server).run();
        ran.is(0, "Hi\n", "");
        assert_eq!(models(&server), asked, "{text} {args:?}");
    }
}

#[test]
fn config_show_lists_the_fallback_and_config_check_tries_it() {
    let folder = folder();
    let path = write(
        &folder,
        "fallback = [\"glm-4-plus\", \"glm-4-airx\"]\nmax-tokens = 4095\n",
    );
    let ran = with(&folder, ["config", "show", "--format", "ndjson"]).run();
    assert!(ran.stdout.contains("fallback"), "{}", ran.stdout);
    let path = path.display();
    let ran = with(&folder, ["config", "check"]).run();
    ran.is(0, &format!("{path}: ok\n"), "");
    write(
        &folder,
        "fallback = [\"glm-4v-flash\"]\nmax-tokens = 4095\n",
    );
    let problem =
        format!("{path}:2:1: --max-tokens 4095: glm-4v-flash (--fallback) takes 1 to 1024\n");
    let ran = with(&folder, ["config", "check"]).run();
    ran.is(2, &problem, &format!("airx: usage: {path}: one problem\n"));
    write(&folder, "fallback = [\"\"]\n");
    let ran = with(&folder, ["config", "check"]).run();
    let problem = format!("{path}:1:1: the model's name is empty\n");
    ran.is(2, &problem, &format!("airx: usage: {path}: one problem\n"));
}

#[test]
fn an_option_that_a_model_of_the_chain_does_not_support_is_refused_before_anything_is_sent() {
    let image = folder();
    let png = file(&image, "a.png", b"\x89PNG\r\n\x1a\n");
    let png = png.to_str().unwrap();
    for (args, what, hint) in [
        (
            &[
                "--fallback",
                "glm-4-airx",
                "--max-tokens",
                "5000",
                "-m",
                "x",
            ][..],
            "--max-tokens 5000: glm-4-airx (--fallback) takes 1 to 4096",
            "--param sends a value unchecked",
        ),
        (
            &["--fallback", "glm-4-airx", "-m", "glm-4v-plus", "-i", png],
            "--image: glm-4-airx (--fallback) takes text only",
            "choose a vision model with --fallback: airx models",
        ),
        (
            &[
                "--fallback",
                "glm-4-airx",
                "-m",
                "glm-4.5",
                "--thinking",
                "on",
            ],
            "--thinking: glm-4-airx (--fallback) takes no such switch",
            "choose a model that thinks with --fallback: airx models",
        ),
        (
            &["--fallback", "one,two"],
            "--fallback one,two: not the name of one model",
            "repeat --fallback for each model; in the configuration write an array",
        ),
        (
            &["--fallback", " "],
            "the model's name is empty",
            "airx models lists the known models",
        ),
    ] {
        let ran = airx(["chat", "-n", "hi"]).args(args).nowhere().run();
        ran.is(2, "", &format!("airx: usage: {what}\nhint: {hint}\n"));
    }
}

#[test]
fn a_batch_has_one_model() {
    let folder = folder();
    write(&folder, "fallback = [\"two\"]\n");
    let submit = |args: &[&str]| {
        with(&folder, ["batch", "submit", "--dry-run", "-m", "one", "{}"])
            .args(args)
            .stdin("hi\n")
            .nowhere()
            .run()
    };
    let ran = submit(&[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let report = "airx: usage: --fallback has no meaning for airx batch\nhint: a batch has one model: choose it with -m\n";
    submit(&["--fallback", "two"]).is(2, "", report);
}

#[test]
fn thinking_is_switched_off_only_where_a_model_has_the_switch() {
    let server = Server::play([overloaded(), overloaded(), answer("m", "Hi")]);
    let chain = ["--fallback", "glm-4-airx", "--fallback", "mine"];
    airx(["chat", "-m", "glm-4.5", "--thinking", "off", "hi"])
        .args(chain)
        .at(&server)
        .run()
        .is(0, "Hi\n", "");
    let off = json!({ "type": "disabled" });
    assert_eq!(
        members(&server, "thinking"),
        [off.clone(), Value::Null, off]
    );
    assert_eq!(models(&server), ["glm-4.5", "glm-4-airx", "mine"]);
}

#[test]
fn a_model_that_cannot_hold_the_prompt_is_left_out_with_a_warning() {
    let prompt = "word ".repeat(9000);
    let server = Server::play([overloaded(), overloaded(), answer("m", "Hi")]);
    let chain = ["--fallback", "glm-4-airx", "--fallback", "glm-4-plus"];
    let ran = airx(["chat", "-m", "glm-4-long"])
        .args(chain)
        .args(["--retries", "1"])
        .stdin(prompt.clone())
        .at(&server)
        .run();
    let what = "the prompt has at least 9000 tokens, but the context of glm-4-airx is 8192";
    let warning = format!("airx: warning: --fallback glm-4-airx is left out: {what}\n");
    ran.is(0, "Hi\n", &warning);
    assert_eq!(models(&server), ["glm-4-long", "glm-4-plus", "glm-4-plus"]);
    // Only the items that are too long for that model skip it.
    let server = Server::play([
        overloaded(),
        answer("m", "short"),
        overloaded(),
        answer("m", "long"),
    ]);
    airx(["chat", "--each", "-q", "-c", "1", "-m", "glm-4-long"])
        .args(chain)
        .stdin(format!("hi\n{prompt}\n"))
        .at(&server)
        .run();
    assert_eq!(
        models(&server),
        ["glm-4-long", "glm-4-airx", "glm-4-long", "glm-4-plus"]
    );
}

#[test]
fn a_stream_is_asked_of_another_model_only_before_its_first_delta() {
    let frame = "data: {\"error\":{\"code\":\"1305\",\"message\":\"m\"}}\n\n";
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    for format in ["text", "json", "ndjson"] {
        let server = Server::play([stream([role, frame]), stream_of(["Hi"])]);
        let ran = chained(&["stream", "--format", format]).at(&server).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{format}");
        assert_eq!(ran.stdout.matches("Hi").count(), 1, "{}", ran.stdout);
        assert_eq!(models(&server), ["one", "two"]);
        let server = Server::once(stream([&delta("Hi"), frame]));
        let ran = chained(&["stream", "--format", format]).at(&server).run();
        assert_eq!(ran.code, 5, "{format}");
        assert_eq!(ran.stdout.matches("Hi").count(), 1, "{}", ran.stdout);
        assert!(ran.stderr.contains("error 1305: m\n"), "{}", ran.stderr);
    }
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm\"}}]}\n\n";
    let server = Server::once(stream([thought, frame]));
    let ran = chained(&["stream", "--reasoning"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""));
    assert!(ran.stderr.starts_with("Hm\n"), "{}", ran.stderr);
}

#[test]
fn an_extracted_block_or_an_element_that_was_not_printed_yet_comes_from_the_next_model() {
    let frame = "data: {\"error\":{\"code\":\"1305\",\"message\":\"m\"}}\n\n";
    let text = delta("Use this:\n```sh\nls\n```\n");
    let server = Server::play([
        stream([frame]),
        stream([&text, &finish_frame("stop"), DONE]),
    ]);
    let ran = chained(&["stream", "-x"]).at(&server).run();
    ran.is(0, "ls\n", "");
    let args = ["json", "--lines", "--stream", "--fields", "[int]"];
    let elements = stream_of(["[1,", "2]"]);
    let server = Server::play([stream([&delta("["), frame]), elements]);
    chained(&args).at(&server).run().is(0, "1\n2\n", "");
    assert_eq!(models(&server), ["one", "two"]);
    // An element that was printed is not printed again.
    let server = Server::once(stream([&delta("[1,"), frame]));
    let ran = chained(&args).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (5, "1\n"));
}

#[test]
fn a_cut_or_invalid_answer_is_not_asked_of_another_model() {
    let cut = json!({ "choices": [{ "finish_reason": "length", "message": { "content": "Cu" } }] });
    let server = Server::once(body(200, &cut.to_string()));
    let ran = chained(&["chat"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (9, "Cu\n"));
    let server = Server::play([answer("one", "no"), answer("one", "no")]);
    let ran = chained(&["json", "--tries", "2"]).at(&server).run();
    assert_eq!((ran.code, models(&server)), (10, vec!["one".to_owned(); 2]));
}

#[test]
fn later_tries_of_json_stay_with_the_model_that_answered() {
    let server = Server::play([
        overloaded(),
        answer("two", "not JSON"),
        overloaded(),
        answer("three", "{}"),
    ]);
    let ran = airx(["json", "--format", "ndjson", "hi"])
        .args(CHAIN)
        .args(["--fallback", "three"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(models(&server), ["one", "two", "two", "three"]);
    let retries: Vec<Value> = ran.events();
    let retries: Vec<_> = retries
        .iter()
        .filter(|event| event["type"] == "retry")
        .map(|event| (event["request"].clone(), event["model"].clone()))
        .collect();
    assert_eq!(
        retries,
        [(2.into(), "two".into()), (4.into(), "three".into())]
    );
    assert_eq!(ran.events().last().unwrap()["model"], "three");
}

#[test]
fn a_model_that_is_not_served_is_not_taken_for_a_server_without_json_schema() {
    let server = Server::play([unknown(), unknown()]);
    let ran = chained(&["json", "--fields", "n int"]).at(&server).run();
    assert_eq!(ran.code, 4);
    assert_eq!(models(&server), ["one", "two"]);
}

#[cfg(unix)]
#[test]
fn rounds_of_tools_stay_with_the_model_that_answered() {
    let folder = bench();
    let server = Server::play([
        overloaded(),
        calls("", &[("f", CITY)]),
        calls("", &[("f", CITY)]),
        reply("Done."),
    ]);
    let ran = runs(&folder, "cat").args(CHAIN).at(&server).run();
    ran.is(0, "Done.\n", "");
    assert_eq!(models(&server), ["one", "two", "two", "two"]);
    // An overload in a later round is handled the same way.
    let server = Server::play([calls("", &[("f", CITY)]), overloaded(), reply("Done.")]);
    let ran = runs(&folder, "cat").args(CHAIN).at(&server).run();
    ran.is(0, "Done.\n", "");
    assert_eq!(models(&server), ["one", "one", "two"]);
}

#[test]
fn request_ids_are_numbered_over_all_models() {
    let server = Server::play([error(500, "1200"), error(500, "1200"), answer("two", "Hi")]);
    let ran = chained(&["chat", "--retries", "1", "--request-id", "my-id-1"]);
    ran.at(&server).run().is(0, "Hi\n", "");
    assert_eq!(
        members(&server, "request_id"),
        ["my-id-1", "my-id-1-2", "my-id-1-3"]
    );
    assert_eq!(models(&server), ["one", "one", "two"]);
}

#[test]
fn each_model_gets_all_the_retries() {
    let busy = || error(500, "1200");
    let server = Server::play((0..6).map(|_| busy()).chain([answer("three", "Hi")]));
    let ran = chained(&["chat", "--retries", "2"]).args(["--fallback", "three"]);
    ran.at(&server).run().is(0, "Hi\n", "");
    let asked = ["one", "one", "one", "two", "two", "two", "three"];
    assert_eq!(models(&server), asked);
}

#[test]
fn a_model_that_asks_to_wait_longer_than_is_left_gives_way_at_once() {
    let busy = http(429, "Retry-After: 100\r\n", "slow down");
    let server = Server::play([busy, answer("two", "Hi")]);
    let ran = chained(&["chat", "--timeout", "20"]).at(&server).run();
    ran.is(0, "Hi\n", "");
}

#[test]
fn a_server_that_is_silent_is_not_asked_for_another_model() {
    let server = Server::once(vec![Step::Hold]);
    let ran = chained(&["chat", "--timeout", "200ms"]).at(&server).run();
    ran.code_is(6);
}

#[test]
fn meta_usage_and_verbose_name_the_model_that_answered() {
    let folder = folder();
    let meta = folder.path().join("meta");
    let server = Server::play([overloaded(), reply("Hi")]);
    let args = ["chat", "-m", "glm-4-plus", "--fallback", "glm-4-airx"];
    let ran = airx(args)
        .args(["--usage", "-v", "--meta"])
        .arg(&meta)
        .arg("hi")
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Hi\n"));
    let meta = event(std::fs::read_to_string(meta).unwrap().trim_end());
    assert_eq!(
        (&meta["model"], &meta["requests"], &meta["cost"]["amount"]),
        (&"glm-4-airx".into(), &2.into(), &"0.00003".into())
    );
    let switched = "* busy: the server answered HTTP 429 with error 1305: no; request 2 asks glm-4-airx in place of glm-4-plus\n";
    assert!(ran.stderr.contains(switched), "{}", ran.stderr);
    let usage = "tokens, 0.00003 CNY, answered by glm-4-airx, ";
    assert!(ran.stderr.contains(usage), "{}", ran.stderr);
}

#[test]
fn the_name_that_was_asked_stands_for_a_server_that_says_none() {
    let silent =
        json!({ "choices": [{ "finish_reason": "stop", "message": { "content": "Hi" } }] });
    let server = Server::play([overloaded(), body(200, &silent.to_string())]);
    let ran = chained(&["chat", "--format", "ndjson"]).at(&server).run();
    assert_eq!(ran.events().last().unwrap()["model"], "two");
}

#[test]
fn a_misspelt_model_that_has_a_fallback_is_reported_with_the_near_name() {
    let server = Server::play([unknown(), answer("two", "Hi")]);
    let args = ["chat", "-m", "glm-4-arx", "--fallback", "two", "hi"];
    let warning = "airx: warning: the server does not serve glm-4-arx (did you mean glm-4-airx?): two is asked in its place\n";
    airx(args).at(&server).run().is(0, "Hi\n", warning);
    let server = Server::play([unknown(), answer("two", "Hi")]);
    airx(args).arg("-q").at(&server).run().is(0, "Hi\n", "");
}

#[test]
fn a_misspelt_fallback_gets_the_near_name() {
    let server = Server::play([overloaded(), unknown()]);
    let ran = airx(["chat", "-m", "one", "--fallback", "glm-4-arx", "hi"])
        .at(&server)
        .run();
    let report = "airx: rejected: the server answered HTTP 400 with error 1211: no (glm-4-arx, model 2 of 2)\nhint: did you mean --fallback glm-4-airx? airx models lists the known models\n";
    ran.is(4, "", report);
}

#[test]
fn the_slot_is_that_of_the_model_that_is_asked() {
    let runtime = folder();
    let slot = |args: &[&str]| {
        airx(["chat", "-n", "--max-in-flight", "1", "-v", "hi"])
            .args(args)
            .env("XDG_RUNTIME_DIR", runtime.path())
    };
    let server = Server::play([
        gated(answer("two", "held")),
        overloaded(),
        answer("two", "Hi"),
    ]);
    let holder = slot(&["-m", "two"]).at(&server).start();
    server.await_requests(1);
    let mut waiter = slot(&CHAIN).at(&server).start();
    let mut lines = BufReader::new(waiter.stderr.take().unwrap()).lines();
    let waits = |line: std::io::Result<String>| line.unwrap().starts_with("* waiting for a slot");
    assert!(lines.any(waits), "it never waited");
    let rest = std::thread::spawn(move || lines.count());
    assert_eq!(models(&server), ["two", "one"]);
    server.open_gate();
    assert_eq!(finish(holder).stdout, "held\n");
    assert_eq!(finish(waiter).stdout, "Hi\n");
    rest.join().unwrap();
}

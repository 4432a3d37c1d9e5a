//! `--cache`: an answer is requested and paid for only once.

use serde_json::{Value, json};

use crate::harness::cached::{cached, entries, entry};
use crate::harness::items::echo;
use crate::harness::mock::Mock;
use crate::harness::{
    DONE, Server, airx, delta, file, finish_frame, folder, reply, reply_body, stream, stream_of,
};

/// The events without the members that contain times.
fn timeless(events: &[Value]) -> Vec<Value> {
    let mut events = events.to_vec();
    for event in &mut events {
        for name in ["elapsed_ms", "ttft_ms"] {
            event.as_object_mut().unwrap().remove(name);
        }
    }
    events
}

#[test]
fn the_second_run_needs_no_server() {
    let cache = folder();
    let mock = Mock::start(&[]);
    let base = mock.base.clone();
    for args in [["chat", "hi"], ["stream", "hi"], ["json", "hi"]] {
        let run = || {
            cached(&args, cache.path())
                .env("AIRX_BASE_URL", &base)
                .run()
        };
        let first = run();
        assert_eq!(first.code, 0, "{}", first.stderr);
        run().is(0, &first.stdout, "");
    }
    drop(mock);
    for args in [["chat", "hi"], ["stream", "hi"], ["json", "hi"]] {
        let run = cached(&args, cache.path()).env("AIRX_BASE_URL", &base);
        let ran = run.arg("--retries=0").run();
        assert_eq!((ran.code, &*ran.stderr), (0, ""));
        assert!(!ran.stdout.is_empty());
    }
    let other = cached(&["chat", "ho", "--retries", "0"], cache.path());
    assert_eq!(other.env("AIRX_BASE_URL", &base).run().code, 6);
}

#[test]
fn every_format_gets_the_same_again() {
    for (command, format, play) in [
        ("chat", "text", reply("Hello 四")),
        ("chat", "json", reply("Hello 四")),
        ("chat", "ndjson", reply("Hello 四")),
        ("stream", "text", stream_of(["Hel", "lo", " 四"])),
        ("stream", "json", stream_of(["Hel", "lo", " 四"])),
        ("stream", "ndjson", stream_of(["Hel", "lo", " 四"])),
        ("json", "text", reply("{\"a\": 1.50}")),
        ("json", "json", reply("{\"a\": 1.50}")),
        ("json", "ndjson", reply("{\"a\": 1.50}")),
        ("tools", "text", reply("No call.")),
        ("tools", "ndjson", reply("No call.")),
        // A server that does not stream.
        ("stream", "text", reply("complete")),
        ("stream", "json", reply("complete")),
    ] {
        let cache = folder();
        let server = Server::once(play);
        let run = || {
            cached(&[command, "hi", "--format", format], cache.path())
                .at(&server)
                .run()
        };
        let (first, second) = (run(), run());
        assert_eq!((first.code, &*first.stderr), (0, ""), "{command} {format}");
        assert_eq!(
            (second.code, &*second.stderr),
            (0, ""),
            "{command} {format}"
        );
        if format != "ndjson" {
            assert_eq!(first.bytes(), second.bytes(), "{command}");
            continue;
        }
        let (mut first, mut second) = (timeless(&first.events()), timeless(&second.events()));
        let (first_done, done) = (first.pop().unwrap(), second.pop().unwrap());
        assert_eq!(first, second, "{command}");
        assert_eq!(first_done["cached"], false);
        assert_eq!(
            (&first_done["requests"], &done["requests"]),
            (&json!(1), &json!(0))
        );
        assert_eq!(done["cached"], true);
        assert_eq!(done["finish_reason"], "stop");
    }
}

#[test]
fn done_says_that_nothing_was_asked_or_paid() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let meta = cache.path().join("meta");
    let run = |args: &[&str]| {
        cached(
            &["chat", "hi", "--format", "ndjson"],
            &cache.path().join("c"),
        )
        .args(args)
        .at(&server)
        .run()
    };
    run(&[]);
    let ran = run(&["--meta", meta.to_str().unwrap()]);
    let events = timeless(&ran.events());
    assert_eq!(
        events,
        [
            json!({"type": "start", "v": 1, "command": "chat", "model": "glm-4-airx", "request_id": null}),
            json!({"type": "delta", "content": "Hello"}),
            json!({
                "type": "done", "finish_reason": "stop", "model": "glm-4-airx", "id": "id-1",
                "request_id": "id-1", "requests": 0, "cached": true,
                "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
                "cost": {"amount": "0", "currency": "CNY", "price_date": "2025-07-23"},
            }),
        ]
    );
    let meta: Value = serde_json::from_str(&std::fs::read_to_string(meta).unwrap()).unwrap();
    assert_eq!(meta["cached"], true);
}

#[test]
fn usage_and_verbose_name_the_cache() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let run = |option| {
        cached(&["chat", "hi", option], cache.path())
            .at(&server)
            .run()
    };
    let first = run("-v");
    assert_eq!(first.code, 0);
    let path = entry(cache.path());
    let path = path.display();
    for line in [
        "* the cache has no answer to this request".to_owned(),
        format!("* kept in {path}"),
    ] {
        assert!(
            first.stderr.lines().any(|said| said == line),
            "{}",
            first.stderr
        );
    }
    run("-v").is(0, "Hello\n", &format!("* from the cache: {path}\n"));
    let usage = run("--usage");
    let (line, time) = usage.stderr.split_once("from the cache, ").unwrap();
    assert_eq!(line, "airx: 0 + 0 tokens, 0 CNY, ");
    assert!(time.ends_with(" ms in total\n"), "{time}");
    run("-q").is(0, "Hello\n", "");
}

#[test]
fn an_unknown_price_stays_unknown() {
    let cache = folder();
    let body = reply_body("Hello", "stop").replace("glm-4-airx", "llama");
    let server = Server::once(crate::harness::json(200, &body));
    let run = || {
        let args = ["chat", "hi", "-m", "llama", "--format", "ndjson"];
        cached(&args, cache.path()).at(&server).run().events()
    };
    run();
    let done = run().pop().unwrap();
    assert_eq!(
        (&done["cost"], &done["cached"]),
        (&Value::Null, &json!(true))
    );
}

#[test]
fn no_key_is_needed_for_an_answer_that_is_there() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let base = server.base();
    let run = |prompt| {
        cached(&["chat", prompt], cache.path())
            .env("ZHIPUAI_BASE_URL", &base)
            .env("AIRX_BASE_URL", &base)
    };
    let key = "0123456789abcdef.SecretSecret4567";
    run("hi")
        .env("ZHIPUAI_API_KEY", key)
        .run()
        .is(0, "Hello\n", "");
    run("hi").run().is(0, "Hello\n", "");
    let wrong = run("hi").args(["--key-file", "/nonexistent"]).run();
    wrong.is(0, "Hello\n", "");
    // A request that is not cached needs a key: airx says so before it sends anything.
    let ran = run("ho").args(["--format", "ndjson"]).run();
    let error = ran.events().pop().unwrap();
    assert_eq!((ran.code, &error["class"]), (3, &json!("account")));
    assert_eq!(error["requests"], 0);
    assert_eq!(error["message"], "no key for 127.0.0.1");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(entries(cache.path()).len(), 1);
}

#[test]
fn another_request_model_or_server_is_another_answer() {
    let cache = folder();
    let server = Server::play(["a", "b", "c", "d"].map(reply));
    let other = Server::once(reply("e"));
    for _ in 0..2 {
        for (args, answer) in [
            (&["chat", "hi"][..], "a\n"),
            (&["chat", "ho"], "b\n"),
            (&["chat", "hi", "-m", "other"], "c\n"),
            (&["chat", "hi", "--temperature", "0.5"], "d\n"),
        ] {
            cached(args, cache.path())
                .at(&server)
                .run()
                .is(0, answer, "");
        }
        let ran = cached(&["chat", "hi"], cache.path()).at(&other).run();
        ran.is(0, "e\n", "");
    }
}

#[test]
fn ids_and_headers_do_not_make_another_request() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    for args in [
        &["--request-id", "id-of-one"][..],
        &["--request-id", "id-of-two", "--user-id", "somebody"],
        &["--header", "X-Trace: 12345678"],
        &["--retries", "0", "--timeout", "1s"],
    ] {
        let run = cached(&["chat", "hi"], cache.path()).args(args);
        run.at(&server).run().is(0, "Hello\n", "");
    }
    let url = format!("{}/chat/completions/", server.base());
    let run = cached(&["chat", "hi", "--base-url", &url], cache.path());
    run.run().is(0, "Hello\n", "");
}

#[test]
fn variable_profile_and_option_name_the_folder() {
    let place = folder();
    let server = Server::once(reply("Hello"));
    let config = file(
        &place,
        "config.toml",
        "cache = \"kept\"\ncache-ttl = \"1h\"\n[profile.fresh]\ncache = \"\"\n",
    );
    let run = || airx(["chat", "hi"]).env("AIRX_CONFIG", &config).at(&server);
    run().run().is(0, "Hello\n", "");
    run().run().is(0, "Hello\n", "");
    let kept = place.path().join("kept");
    assert_eq!(entries(&kept).len(), 1);
    let by_variable = airx(["chat", "hi"]).env("AIRX_CACHE", &kept).at(&server);
    by_variable.run().is(0, "Hello\n", "");
    // An empty name turns the cache off.
    let server = Server::play([reply("one"), reply("two")]);
    let run = || airx(["chat", "hi"]).env("AIRX_CONFIG", &config).at(&server);
    run().args(["--cache", ""]).run().is(0, "one\n", "");
    run().args(["--profile", "fresh"]).run().is(0, "two\n", "");
    let shown = airx(["config", "show"]).env("AIRX_CONFIG", &config).run();
    assert!(shown.stdout.contains("cache-ttl"), "{}", shown.stdout);
}

#[test]
fn a_ttl_without_a_folder_is_refused() {
    airx(["chat", "hi", "--cache-ttl", "1h"])
        .nowhere()
        .run()
        .is(2, "", "airx: usage: --cache-ttl needs --cache DIR\nhint: add --cache DIR, or set AIRX_CACHE: the folder that keeps the answers\n");
    let batch = airx(["batch", "submit", "hi", "--cache", "x"])
        .nowhere()
        .run();
    batch.is(
        2,
        "",
        "airx: usage: --cache has no meaning for airx batch\nhint: the cache is for answers that come at once: airx chat --each uses it\n",
    );
}

#[test]
fn record_asks_the_server_and_replay_asks_the_tapes() {
    let place = folder();
    let (cache, tapes) = (place.path().join("cache"), place.path().join("tapes"));
    let server = Server::play([reply("one"), reply("two")]);
    let run = || cached(&["chat", "hi"], &cache).at(&server);
    run().run().is(0, "one\n", "");
    run().arg("--record").arg(&tapes).run().is(0, "two\n", "");
    run().arg("--replay").arg(&tapes).run().is(0, "two\n", "");
    run().env("AIRX_REPLAY", &tapes).run().is(0, "two\n", "");
    run().run().is(0, "one\n", "");
    let missed = cached(&["chat", "ho"], &cache).at(&server);
    assert_eq!(missed.arg("--replay").arg(&tapes).run().code, 13);
    assert_eq!(entries(&cache).len(), 1);
}

#[test]
fn dry_run_makes_no_folder() {
    let place = folder();
    let cache = place.path().join("cache");
    let ran = cached(&["chat", "hi", "--dry-run"], &cache).nowhere().run();
    assert_eq!(ran.code, 0);
    assert!(!cache.exists());
}

#[test]
fn a_stream_comes_as_its_deltas() {
    let cache = folder();
    let server = Server::once(stream([
        [delta("a"), delta("b")].concat(),
        delta("c"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let run = || {
        cached(&["stream", "hi", "--format", "ndjson"], cache.path())
            .at(&server)
            .run()
    };
    run();
    let ran = run();
    let deltas: Vec<Value> = ran
        .events()
        .into_iter()
        .filter(|it| it["type"] == "delta")
        .collect();
    assert_eq!(deltas.len(), 3);
    assert!(ran.events().pop().unwrap()["ttft_ms"].is_u64());
}

#[test]
fn no_time_out_strikes_an_answer_that_is_there() {
    let cache = folder();
    let deltas: Vec<String> = (0..5000).map(|number| format!("{number} ")).collect();
    let server = Server::once(stream_of(deltas.iter().map(String::as_str)));
    let run = |args: &[&str]| {
        let run = cached(&["stream", "hi"], cache.path()).args(args);
        run.at(&server).run()
    };
    let first = run(&[]);
    assert_eq!(first.code, 0);
    let none = [
        "--first-token-timeout",
        "1ms",
        "--idle-timeout",
        "1ms",
        "--timeout",
        "1ms",
    ];
    run(&none).is(0, &first.stdout, "");
}

#[test]
fn a_session_goes_on_with_the_kept_answer() {
    let place = folder();
    let cache = place.path().join("cache");
    let server = Server::play([reply("Hello"), reply("Again")]);
    let talk = |session: &str| {
        let path = place.path().join(session);
        for (prompt, answer) in [("hi", "Hello\n"), ("and", "Again\n")] {
            let run = cached(&["chat", prompt], &cache)
                .arg("--session")
                .arg(&path);
            run.at(&server).run().is(0, answer, "");
        }
        std::fs::read_to_string(path).unwrap()
    };
    assert_eq!(talk("one"), talk("two"));
}

#[test]
fn a_hit_takes_no_slot() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let run = || cached(&["chat", "hi"], cache.path()).at(&server);
    run().run().is(0, "Hello\n", "");
    run()
        .env("AIRX_MAX_IN_FLIGHT", "1")
        .env("XDG_RUNTIME_DIR", "/dev/null")
        .env("TMPDIR", "/dev/null")
        .run()
        .is(0, "Hello\n", "");
}

#[test]
fn results_of_each_keep_their_form() {
    let cache = folder();
    let server = Server::play([reply("one"), reply("two")]);
    let run = |items: &str| {
        cached(
            &["chat", "--each", "-c", "1", "--format", "ndjson"],
            cache.path(),
        )
        .stdin(items)
        .at(&server)
        .run()
    };
    let (first, second) = (run("a\nb\n"), run("a\nb\na\n"));
    assert_eq!((first.code, second.code), (0, 0), "{}", second.stderr);
    let (first, second) = (timeless(&first.events()), timeless(&second.events()));
    for (index, (asked, kept)) in [(&first[1], &second[1]), (&first[2], &second[2])]
        .iter()
        .enumerate()
    {
        let mut expected = (*asked).clone();
        expected["requests"] = 0.into();
        expected["usage"] = json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0});
        expected["cost"]["amount"] = "0".into();
        assert_eq!(**kept, expected, "{index}");
    }
    assert_eq!(second[3]["content"], "one");
    let done = second.last().unwrap();
    assert_eq!(
        (&done["cached"], &done["requests"]),
        (&json!(true), &json!(0))
    );
    // `cached` is not true if only a part of the answers was cached.
    let server = Server::once(reply("one"));
    let ran = cached(
        &["chat", "--each", "-c", "1", "--usage", "-v"],
        cache.path(),
    )
    .args(["--format", "ndjson"])
    .stdin("a\na\na\n")
    .at(&server)
    .run();
    assert_eq!(ran.events().pop().unwrap()["cached"], false);
    assert!(
        ran.stderr
            .contains("3 done, 0 failed, 2 from the cache, 3 tokens"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("0.00003 CNY, 2 answers from the cache, "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_hit_takes_nothing_from_the_budget() {
    let (cache, state) = (folder(), folder());
    let server = Server::once(reply("Hello"));
    let run = |prompt: &str| {
        cached(&["chat", prompt, "--max-tokens", "1"], cache.path())
            .args(["--budget", "0.0015/month"])
            .env("XDG_STATE_HOME", state.path())
            .at(&server)
            .run()
    };
    let first = run("hi");
    assert_eq!(
        (first.code, &*first.stdout),
        (0, "Hello\n"),
        "{}",
        first.stderr
    );
    let spent = || airx(["budget"]).env("XDG_STATE_HOME", state.path()).run();
    let before = spent().stdout;
    for _ in 0..40 {
        run("hi").is(0, "Hello\n", "");
    }
    assert_eq!(spent().stdout, before);
    assert_eq!(run(&"long ".repeat(100)).code, 3);
    run("hi").is(0, "Hello\n", "");
}

#[test]
fn each_model_of_a_chain_has_its_own_answer() {
    let cache = folder();
    let body = r#"{"error":{"code":"1305","message":"overloaded"}}"#;
    let busy = || crate::harness::json(429, body);
    let from = |model: &str| {
        let body = reply_body(model, "stop").replace("glm-4-airx", model);
        crate::harness::json(200, &body)
    };
    let server = Server::play([busy(), from("second"), busy(), from("first")]);
    let run = |args: &[&str]| {
        let run = cached(&["chat", "hi", "-m", "first"], cache.path());
        run.args(args).at(&server).run()
    };
    let chain = ["--fallback", "second", "--format", "ndjson"];
    let done = |ran: crate::harness::Ran| {
        let done = ran.events().pop().unwrap();
        (
            done["model"].clone(),
            done["requests"].clone(),
            done["cached"].clone(),
        )
    };
    let second = |requests: u32| (json!("second"), json!(requests), json!(false));
    assert_eq!(done(run(&chain)), second(2));
    // The first model is asked again; the answer of the second one is there.
    assert_eq!(done(run(&chain)), second(1));
    run(&["-m", "second"]).is(0, "second\n", "");
    run(&[]).is(0, "first\n", "");
    assert_eq!(done(run(&chain)), (json!("first"), json!(0), json!(true)));
}

#[test]
fn parts_of_long_input_and_their_merge_are_kept() {
    let cache = folder();
    let server = echo();
    let text = "A line of the material, which is long.\n".repeat(1500);
    let run = || {
        let args = ["chat", "--split", "List the risks", "--format", "ndjson"];
        let ran = cached(&args, cache.path()).stdin(&*text).of(&server).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.events()
    };
    let (first, second) = (run(), run());
    let (asked, kept) = (first.last().unwrap(), second.last().unwrap());
    assert!(asked["requests"].as_u64().unwrap() > 2, "{asked}");
    assert_eq!(
        (&kept["requests"], &kept["cached"]),
        (&json!(0), &json!(true))
    );
    let deltas = |events: &[Value]| -> Vec<Value> {
        let deltas = events.iter().filter(|it| it["type"] == "delta");
        deltas.cloned().collect()
    };
    assert_eq!(deltas(&first), deltas(&second));
}

//! `--each`: one request per item, one line per answer.

use serde_json::{Value, json};

use crate::harness::items::{Items, contents, echo, echoes, refusal, results, text, timeless};
use crate::harness::{airx, file, folder, reply_body};

#[test]
fn each_line_becomes_a_request_and_a_result() {
    let server = echo();
    let ran = airx(["chat", "--each", "-c", "1", "Define: {}."])
        .stdin("one\n\n \t\r\ntwo\r\n")
        .of(&server)
        .run();
    let bodies: Vec<String> = server
        .requests()
        .into_iter()
        .map(|asked| asked.body)
        .collect();
    assert_eq!(
        bodies[0],
        r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"Define: one."}],"stream":false}"#
    );
    let line = |index: u64, word: &str| {
        let hash = airx::digest::sha256(bodies[usize::try_from(index).unwrap()].as_bytes());
        format!(
            r#"{{"type":"result","index":{index},"hash":"{hash}","item":"{word}","content":"Define: {word}.!","finish_reason":"stop","usage":{{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}},"cost":{{"amount":"0.00003","currency":"CNY","price_date":"2025-07-23"}},"requests":1,"elapsed_ms":"#
        )
    };
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with(&line(0, "one")), "{}", ran.stdout);
    assert!(lines[1].starts_with(&line(1, "two")), "{}", ran.stdout);
    assert_eq!((ran.code, lines.len()), (0, 2));
    assert_eq!(timeless(&ran), "");
}

#[test]
fn members_of_json_items_are_in_the_prompt_and_one_that_is_missing_fails_its_item_alone() {
    let server = echo();
    let items = "{\"name\":\"A\\\"da\",\"at\":{\"x\":1.50}}\n{\"name\":\"Bob\"}\n\"{}\"\n";
    let ran = airx([
        "chat",
        "--each=json",
        "-c",
        "1",
        "{name} {at.x} {y} {\"z\":1}",
    ])
    .stdin("{\"name\":\"A\\\"da\",\"at\":{\"x\":1.50},\"y\":null}\n{\"name\":\"Bob\"}\n")
    .of(&server)
    .run();
    assert_eq!(server.texts(), ["A\"da 1.50 null {\"z\":1}"]);
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, "A\"da 1.50 null {\"z\":1}!"), (1, "usage")])
    );
    let failed = &results(&ran.stdout)[1];
    assert_eq!(failed["error"]["exit"], 2);
    assert_eq!(
        failed["error"]["message"],
        "the item of line 2 has no member at.x"
    );
    assert_eq!(
        (&failed["hash"], &failed["requests"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(ran.code, 12);
    assert_eq!(
        timeless(&ran),
        "airx: partial: 1 of 2 items failed\nhint: the `error` of each says why; with -o FILE, --resume repeats only these\n"
    );
    // Without a placeholder the item follows the prompt, a string without its quotes.
    let ran = airx(["chat", "--each=json", "-c", "1", "Say"])
        .stdin(items)
        .of(&server)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        server.texts()[1..],
        [
            "Say\n\n{\"name\":\"A\\\"da\",\"at\":{\"x\":1.50}}",
            "Say\n\n{\"name\":\"Bob\"}",
            "Say\n\n{}"
        ]
    );
}

#[test]
fn system_files_and_earlier_turns_are_the_same_for_all() {
    let (server, folder) = (echo(), folder());
    let notes = file(&folder, "notes.txt", "notes {}\n");
    let turns = file(
        &folder,
        "turns.json",
        r#"[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]"#,
    );
    let items = file(&folder, "items", "one\ntwo\n");
    let ran = airx(["chat", "-c", "1", "-s", "S {}", "--each", "--items"])
        .args([items.as_path()])
        .args([
            "-f".as_ref(),
            notes.as_path(),
            "--messages".as_ref(),
            turns.as_path(),
        ])
        .args(["-", "Word: {}", "--request-id", "request"])
        .stdin("shared {}")
        .of(&server)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let asked = server.requests();
    for (index, word) in ["one", "two"].into_iter().enumerate() {
        let body = asked[index].json();
        assert_eq!(body["messages"][0]["content"], "S {}");
        assert_eq!(body["messages"][2]["content"], "a");
        assert_eq!(
            text(&asked[index]),
            format!("shared {{}}\n\nWord: {word}\n\nnotes {{}}")
        );
        assert_eq!(body["request_id"], format!("request-{index}"));
    }
}

#[test]
fn json_items_are_asked_for_again_each_on_its_own() {
    let server = Items::answering(|text, times, _| {
        let good = if text.contains("always") {
            false
        } else {
            text.contains("not valid") || text == "good"
        };
        let answer = if good {
            "{\"n\": 1.50}"
        } else {
            "{\"n\":\"x\"}"
        };
        let _ = times;
        (200, reply_body(answer, "stop"))
    });
    let ran = airx(["json", "--each", "--fields", "n float", "--tries", "2"])
        .stdin("good\nbad\n")
        .of(&server)
        .run();
    let lines = results(&ran.stdout);
    assert_eq!((ran.code, lines.len()), (0, 2), "{}", ran.stderr);
    assert!(
        ran.stdout.contains(r#","value":{"n":1.50},"#),
        "{}",
        ran.stdout
    );
    assert_eq!(
        (&lines[0]["requests"], &lines[1]["requests"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(lines[1]["usage"]["total_tokens"], 6);

    let server = Items::answering(|_, _, _| (200, reply_body("{\"n\":\"x\",\"m\":1}", "stop")));
    let ran = airx(["json", "--each", "--fields", "n float", "--tries", "2"])
        .stdin("bad\n")
        .of(&server)
        .run();
    let line = &results(&ran.stdout)[0];
    assert_eq!((ran.code, &line["requests"]), (12, &json!(2)));
    assert_eq!(line["error"]["class"], "invalid");
    assert_eq!(
        line["error"]["message"],
        "the answer is not the JSON asked for, after 2 tries: 2 violations"
    );
    assert_eq!(line["partial"], "{\"n\":\"x\",\"m\":1}");
    assert_eq!(line["errors"][0]["path"], "/n");
}

#[test]
fn an_answer_that_was_cut_is_a_failure_that_shows_what_came() {
    let server = Items::answering(|_, _, _| (200, reply_body("Half of", "length")));
    let ran = airx(["chat", "--each"]).stdin("a\n").of(&server).run();
    let line = &results(&ran.stdout)[0];
    assert_eq!(
        (ran.code, &line["error"]["class"]),
        (12, &json!("truncated"))
    );
    assert_eq!(
        (&line["partial"], &line["finish_reason"]),
        (&json!("Half of"), &json!("length"))
    );
    assert_eq!(line["usage"]["total_tokens"], 3);
}

/// A reply that calls `f` with these arguments.
fn call(arguments: &str) -> String {
    let mut body: Value = serde_json::from_str(&reply_body("Well.", "tool_calls")).unwrap();
    body["choices"][0]["message"]["tool_calls"] = json!([{
        "id": "call_1",
        "type": "function",
        "function": { "name": "f", "arguments": arguments },
    }]);
    body.to_string()
}

const TOOL: &str = r#"{"name":"f","description":"d","parameters":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}"#;

#[test]
fn tools_report_the_calls_of_each_item() {
    let folder = folder();
    let tool = file(&folder, "tool.json", TOOL);
    let server = Items::answering(|text, _, _| {
        let body = match text {
            "call" => call("{\"n\": 1}"),
            "wrong" => call("{\"n\":\"x\"}"),
            _ => reply_body("No call.", "stop"),
        };
        (200, body)
    });
    let ran = airx(["tools", "--each", "-c", "1", "-t"])
        .args([tool.as_path()])
        .stdin("call\nprose\nwrong\n")
        .of(&server)
        .run();
    let lines = results(&ran.stdout);
    assert_eq!(ran.code, 12);
    assert_eq!(
        lines[0]["tool_calls"],
        json!([{"id": "call_1", "name": "f", "arguments": {"n": 1}}])
    );
    assert_eq!(
        (&lines[0]["content"], &lines[1]["content"]),
        (&json!("Well."), &json!("No call."))
    );
    assert_eq!(
        (&lines[2]["error"]["class"], &lines[2]["errors"][0]["path"]),
        (&json!("invalid"), &json!("/n"))
    );
    assert!(
        lines[2]["partial"]
            .as_str()
            .unwrap()
            .contains(r#""invalid":"#)
    );
}

#[cfg(unix)]
#[test]
fn calls_of_each_item_are_run_and_answered() {
    let folder = folder();
    let tool = file(&folder, "tool.json", TOOL);
    let server = Items::answering(|text, _, _| {
        let body = if text.starts_with("item") {
            call("{\"n\":7}")
        } else {
            reply_body(&format!("It is {}.", text.trim()), "stop")
        };
        (200, body)
    });
    let ran = airx(["tools", "--each", "--run", "--yes", "--exec", "f=cat", "-t"])
        .args([tool.as_path()])
        .stdin("item 1\nitem 2\nitem 3\n")
        .of(&server)
        .run();
    let answer = "It is {\"n\":7}.";
    assert_eq!(
        contents(&ran.stdout),
        echoes([(0, answer), (1, answer), (2, answer)])
    );
    assert_eq!(
        (ran.code, &results(&ran.stdout)[0]["requests"]),
        (0, &json!(2)),
        "{}",
        ran.stderr
    );
}

#[test]
fn events_begin_with_start_and_end_with_done_or_error() {
    let (server, folder) = (echo(), folder());
    let run = |items: &str| {
        airx([
            "chat",
            "--each=json",
            "--format",
            "ndjson",
            "--usage",
            "-q",
            "--meta",
            "meta",
            "{a}",
        ])
        .stdin(items)
        .within(folder.path())
        .of(&server)
        .run()
    };
    let ran = run("{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(ran.types(), ["start", "result", "result", "done"]);
    let done = &ran.events()[3];
    assert_eq!(
        (&done["usage"]["total_tokens"], &done["requests"]),
        (&json!(6), &json!(2))
    );
    assert_eq!(done["cost"]["amount"], "0.00006");
    let meta = std::fs::read_to_string(folder.path().join("meta")).unwrap();
    assert_eq!(meta.trim_end(), ran.stdout.lines().last().unwrap());
    assert!(
        ran.stderr.starts_with("airx: 2 + 4 tokens, 0.00006 CNY, "),
        "{}",
        ran.stderr
    );

    let ran = run("{\"a\":1}\n{}\n");
    assert_eq!(ran.types(), ["start", "result", "result", "error"]);
    assert_eq!(
        (&ran.events()[3]["class"], &ran.events()[3]["exit"]),
        (&json!("partial"), &json!(12))
    );
    let ran = run("no json\n");
    assert_eq!(ran.types(), ["start", "result", "error"]);
    assert_eq!(ran.code, 12);
}

#[test]
fn no_items_are_no_failure() {
    let folder = folder();
    std::fs::write(folder.path().join("none"), "").unwrap();
    let run = |args: &[&str], stdin: &str| {
        let run = airx(["chat", "x"].iter().chain(args)).stdin(stdin);
        run.within(folder.path()).nowhere().run()
    };
    for (args, stdin, what) in [
        (&["--each"][..], "", "standard input was empty"),
        (&["--each"], "\n\n", "standard input was empty"),
        (&["--each", "--dry-run"], "", "standard input was empty"),
        (&["--each", "--items", "none"], "", "none was empty"),
        (&["--each=files"], "", "standard input was empty"),
        (&["--each=csv"], "", "standard input has no records"),
        (&["--each=csv"], "a,b\n", "standard input has no records"),
    ] {
        let warning = format!("airx: warning: {what}; nothing was asked\n");
        let ran = run(args, stdin);
        assert_eq!((ran.code, &*ran.stdout), (0, ""), "{args:?}");
        assert_eq!(ran.stderr, warning, "{args:?}");
        for silent in ["-q", "--allow-empty-input"] {
            let ran = run(&[args, &[silent]].concat(), stdin);
            assert_eq!((ran.code, &*ran.stderr), (0, ""), "{args:?} {silent}");
        }
    }
}

#[test]
fn a_format_that_became_a_word_of_the_prompt_is_noticed() {
    let server = Items::answering(|_, _, _| (200, reply_body("ok", "stop")));
    let run = airx(["chat", "--each", "csv", "Greet {x}"]);
    let ran = run.stdin("a\n").of(&server).run();
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "airx: warning: `csv` is a word of the prompt; for the option's value write --each=csv\n"
    );
}

#[test]
fn a_failure_is_reported_without_the_key() {
    let server = Items::answering(|_, _, _| (400, refusal("the key is secret-key-12345")));
    let ran = airx(["chat", "--each", "-v"])
        .env("AIRX_API_KEY", "secret-key-12345")
        .stdin("a\n")
        .of(&server)
        .run();
    assert_eq!(results(&ran.stdout)[0]["error"]["class"], "rejected");
    assert!(
        !format!("{}{}", ran.stdout, ran.stderr).contains("secret-key"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("item 0: > POST"), "{}", ran.stderr);
}

#[test]
fn items_are_recorded_and_replayed() {
    let (server, tapes) = (echo(), folder());
    let run = |option: &str| {
        airx(["chat", "--each", option])
            .args([tapes.path()])
            .stdin("a\nb\na\n")
    };
    let expected = echoes([(0, "a!"), (1, "b!"), (2, "a!")]);
    assert_eq!(
        contents(&run("--record").of(&server).run().stdout),
        expected
    );
    let replayed = run("--replay").nowhere().run();
    assert_eq!((replayed.code, contents(&replayed.stdout)), (0, expected));
    let missed = airx(["chat", "--each", "--replay"])
        .args([tapes.path()])
        .stdin("a\nc\n")
        .run();
    assert_eq!(
        (missed.code, contents(&missed.stdout)),
        (12, echoes([(0, "a!"), (1, "replay")]))
    );
}

#[test]
fn a_dry_run_shows_the_first_items_request_and_sends_nothing() {
    let ran = airx(["chat", "--each", "--dry-run", "Hi {}"])
        .stdin("\none\ntwo\n")
        .run();
    ran.is(
        0,
        "{\"model\":\"glm-4-airx\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi one\"}],\"stream\":false}\n",
        "",
    );
    let ran = airx(["chat", "--each", "--dry-run=curl", "Hi {}"])
        .stdin("it's\n")
        .nowhere()
        .run();
    assert!(
        ran.stdout.starts_with("curl -q") && ran.stdout.contains("Hi it's"),
        "{}",
        ran.stdout
    );
    airx(["chat", "--each", "--dry-run", "Hi"])
        .stdin("")
        .run()
        .is(
            0,
            "",
            "airx: warning: standard input was empty; nothing was asked\n",
        );
}

#[test]
fn what_a_web_search_found_is_next_to_the_answer() {
    let body = crate::harness::wire("web_search_response.json");
    let server = Items::answering(move |_, _, _| (200, body.clone()));
    let ran = airx(["chat", "--each"]).stdin("a\n").of(&server).run();
    let line = &results(&ran.stdout)[0];
    assert!(
        line["content"].is_string() && line["search"].is_array(),
        "{line}"
    );
    assert_eq!(ran.code, 0);
}

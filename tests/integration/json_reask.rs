//! `airx json` after a wrong answer: sends it back together with its error.

use crate::harness::{Server, airx, folder, http, json, reply, reply_body};

const FIELDS: [&str; 3] = ["json", "--fields", "age int"];
const WRONG: &str = r#"{"age":"x"}"#;
const RIGHT: &str = r#"{"age":41}"#;
const HINT: &str =
    "hint: the answer is above; a simpler schema, another model or more --tries may help\n";

fn args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    FIELDS.iter().chain(more).chain(&["q"]).copied().collect()
}

#[test]
fn a_wrong_answer_goes_back_with_place_rule_and_what_was_found() {
    let server = Server::play([reply(WRONG), reply(RIGHT)]);
    airx(args(&[]))
        .at(&server)
        .run()
        .is(0, "{\"age\":41}\n", "");
    let [first, second] = &server.requests()[..] else {
        panic!("two requests")
    };
    let (first, second) = (first.json(), second.json());
    let started = first["messages"].as_array().unwrap();
    let again = second["messages"].as_array().unwrap();
    assert_eq!(started[..], again[..2]);
    assert_eq!(
        again[2..],
        [
            serde_json::json!({ "role": "assistant", "content": WRONG }),
            serde_json::json!({ "role": "user", "content": "That answer is not valid:\n- /age: type: \"x\" is not of type \"integer\"\nAnswer again: the whole corrected JSON value and nothing else." }),
        ]
    );
}

#[test]
fn after_three_tries_it_is_exit_10_with_the_last_answer() {
    let server = Server::play([reply("no"), reply(WRONG), reply(r#"{"age":null}"#)]);
    airx(args(&[])).at(&server).run().is(
        10,
        "",
        &format!("{{\"age\":null}}\nairx: invalid: the answer is not the JSON asked for, after 3 tries: /age: type: null is not of type \"integer\"\n{HINT}"),
    );
    // Only the last wrong answer is sent back.
    let last = server.requests()[2].json();
    assert_eq!(last["messages"].as_array().unwrap().len(), 4);
    assert_eq!(last["messages"][2]["content"], WRONG);
}

#[test]
fn without_a_schema_what_is_not_json_is_asked_for_again() {
    let server = Server::play([reply("Sure: {}"), reply("{}")]);
    airx(["json", "q"]).at(&server).run().is(0, "{}\n", "");
    assert_eq!(
        server.requests()[1].json()["messages"][2]["content"],
        "That answer is not valid:\n- expected value at line 1 column 1\nAnswer again: the whole corrected JSON value and nothing else."
    );
}

#[test]
fn what_is_nested_too_deep_goes_back_with_the_bound() {
    let deep = "[".repeat(128) + &"]".repeat(128);
    let most = format!("{}\n", &deep[1..255]);
    let server = Server::play([reply(&deep), reply(most.trim_end())]);
    airx(["json", "q"]).at(&server).run().is(0, &most, "");
    assert_eq!(
        server.requests()[1].json()["messages"][2]["content"],
        "That answer is not valid:\n- deeper than 127 levels at line 1 column 128\nAnswer again: the whole corrected JSON value and nothing else."
    );
    let server = Server::once(reply(&deep));
    airx(["json", "--tries", "1", "q"]).at(&server).run().is(
        10,
        "",
        &format!("{deep}\nairx: invalid: the answer is not the JSON asked for: deeper than 127 levels at line 1 column 128\nhint: the answer is above; say in the prompt which JSON is wanted\n"),
    );
}

#[test]
fn a_pointer_that_finds_nothing_is_asked_for_again_only_without_a_schema() {
    let server = Server::play([reply("{}"), reply(r#"{"a":"x"}"#)]);
    airx(["json", "--select", "/a", "q"])
        .at(&server)
        .run()
        .is(0, "x\n", "");
    let server = Server::once(reply("{}"));
    airx(["json", "--select", "/a", "--fields", "a?", "q"]).at(&server).run().is(
        10,
        "",
        &format!("{{}}\nairx: invalid: the answer is not the JSON asked for: --select /a finds nothing in it\n{HINT}"),
    );
}

#[test]
fn an_empty_answer_is_not_sent_back() {
    let server = Server::play([reply(" "), reply(RIGHT)]);
    airx(args(&[]))
        .at(&server)
        .run()
        .is(0, "{\"age\":41}\n", "");
    let asked = server.requests();
    assert_eq!(asked[0].json()["messages"], asked[1].json()["messages"]);
}

#[test]
fn each_try_is_an_event_and_each_but_the_last_a_round() {
    let server = Server::play([reply(WRONG), reply("no"), reply(RIGHT)]);
    let ran = airx(args(&["--format", "ndjson"])).at(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.types(),
        [
            "start", "invalid", "round", "invalid", "round", "value", "done"
        ]
    );
    let events = ran.events();
    assert_eq!(
        ran.stdout.lines().nth(1).unwrap(),
        r#"{"type":"invalid","try":1,"errors":[{"path":"/age","message":"type: \"x\" is not of type \"integer\""}],"content":"{\"age\":\"x\"}"}"#
    );
    assert_eq!(
        ran.stdout.lines().nth(4).unwrap(),
        r#"{"type":"round","number":2,"finish_reason":"stop","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#
    );
    assert_eq!(events[3]["try"], 2);
    assert_eq!(events[5]["value"].to_string(), RIGHT);
    assert_eq!(events[6]["requests"], 3);
    assert_eq!(events[6]["usage"]["total_tokens"], 9);
    assert_eq!(events[6]["cost"]["amount"], "0.00009");

    let server = Server::play([reply(WRONG), reply("no")]);
    let ran = airx(args(&["--format", "ndjson", "--tries", "2"]))
        .at(&server)
        .run();
    assert_eq!(
        ran.types(),
        ["start", "invalid", "round", "invalid", "error"]
    );
    let error = &ran.events()[4];
    assert_eq!(
        (ran.code, &error["exit"], &error["requests"]),
        (10, &10.into(), &2.into())
    );
    assert_eq!(error["usage"]["total_tokens"], 6);
}

#[test]
fn format_json_prints_the_accepted_body_alone() {
    let body = reply_body(RIGHT, "stop");
    let server = Server::play([reply(WRONG), json(200, &body)]);
    airx(args(&["--format", "json"]))
        .at(&server)
        .run()
        .is(0, &format!("{body}\n"), "");
}

#[test]
fn only_the_accepted_turn_is_kept_in_the_session() {
    let server = Server::play([reply(WRONG), reply(RIGHT), reply(RIGHT)]);
    let folder = folder();
    for question in ["q1", "q2"] {
        airx(
            FIELDS
                .iter()
                .copied()
                .chain(["-s", "S", "--session", "s", question]),
        )
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "{\"age\":41}\n", "");
    }
    let turn = "{\"role\":\"assistant\",\"content\":\"{\\\"age\\\":41}\"}\n";
    assert_eq!(
        std::fs::read_to_string(folder.path().join("s")).unwrap(),
        format!(
            "{{\"role\":\"system\",\"content\":\"S\"}}\n{{\"role\":\"user\",\"content\":\"q1\"}}\n{turn}{{\"role\":\"user\",\"content\":\"q2\"}}\n{turn}"
        )
    );
    let system = server.requests()[2].json()["messages"][0]["content"].to_string();
    assert_eq!(system.matches("JSON Schema").count(), 1, "{system}");
}

#[test]
fn a_cut_or_blocked_answer_is_not_asked_for_again() {
    for (reason, code) in [("length", 9), ("sensitive", 8), ("content_filter", 8)] {
        let server = Server::play([reply(WRONG), json(200, &reply_body(RIGHT, reason))]);
        let ran = airx(args(&[])).at(&server).run();
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (code, ""),
            "{}",
            ran.stderr
        );
    }
    let server = Server::once(http(401, "", r#"{"error":{"code":"1000","message":"no"}}"#));
    assert_eq!(airx(args(&[])).at(&server).run().code, 3);
}

#[test]
fn all_tries_share_one_deadline() {
    let server = Server::play([reply(WRONG), vec![crate::harness::Step::Hold]]);
    let ran = airx(args(&["--timeout", "1", "--retries", "0"]))
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (6, ""), "{}", ran.stderr);
}

#[test]
fn a_failed_request_of_a_later_try_is_made_again() {
    let busy = http(
        429,
        "Retry-After: 0\r\n",
        r#"{"error":{"code":"1302","message":"slow"}}"#,
    );
    let server = Server::play([reply(WRONG), busy, reply(RIGHT)]);
    let ran = airx(args(&["--format", "ndjson", "--request-id", "my-request"]))
        .at(&server)
        .run();
    assert_eq!(
        ran.types(),
        ["start", "invalid", "round", "retry", "value", "done"]
    );
    assert_eq!(ran.events()[3]["request"], 3);
    let ids: Vec<String> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["request_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["my-request", "my-request-2", "my-request-3"]);
}

#[test]
fn verbose_reports_why_a_try_was_rejected() {
    let server = Server::play([reply(WRONG), reply(RIGHT)]);
    let ran = airx(args(&["-v"])).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "{\"age\":41}\n"));
    assert!(
        ran.stderr
            .contains("* try 1 of 3: /age: type: \"x\" is not of type \"integer\"\n"),
        "{}",
        ran.stderr
    );
}

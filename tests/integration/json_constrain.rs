//! `airx json --constrain`: asks the server to constrain the answer to the schema.

use serde_json::{Value, json};

use crate::harness::{self, Play, Ran, Server, airx, folder, reply};

const SCHEMA: &str = r#"{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}"#;

/// Runs `airx json --schema SCHEMA ARGS… hi` against these answers. Returns the run and the
/// response_format of each request.
fn formats(args: &[&str], plays: impl IntoIterator<Item = Play>) -> (Ran, Vec<Value>) {
    let server = Server::play(plays);
    let ran = airx(["json", "--schema", SCHEMA, "hi"])
        .args(args)
        .at(&server)
        .run();
    let asked = server.requests();
    let formats = asked
        .iter()
        .map(|asked| asked.json()["response_format"].clone());
    (ran, formats.collect())
}

fn json_schema() -> Value {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}})
}

fn json_object() -> Value {
    json!({"type": "json_object"})
}

fn refusal(status: u16) -> Play {
    harness::json(
        status,
        r#"{"error":{"message":"response_format json_schema is not supported","code":"x"}}"#,
    )
}

#[test]
fn a_server_that_is_no_provider_is_asked_to_hold_the_answer_to_the_schema() {
    for args in [&[][..], &["--constrain", "auto"], &["--constrain=always"]] {
        let (ran, formats) = formats(args, [reply(r#"{"n":1}"#)]);
        ran.is(0, "{\"n\":1}\n", "");
        assert_eq!(formats, [json_schema()], "{args:?}");
    }
}

#[test]
fn the_providers_are_asked_for_a_json_object_unless_always() {
    let format = |args: &[&str]| {
        let all = ["json", "--dry-run", "--schema", SCHEMA, "-n", "hi"];
        let ran = airx(all).args(args).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let body: Value = serde_json::from_str(&ran.stdout).unwrap();
        body["response_format"].clone()
    };
    assert_eq!(format(&[]), json_object());
    assert_eq!(
        format(&["--base-url", "https://api.z.ai/api/paas/v4"]),
        json_object()
    );
    assert_eq!(format(&["--constrain", "always"]), json_schema());
    assert_eq!(format(&["--base-url", "http://127.0.0.1:9"]), json_schema());
}

#[test]
fn never_and_an_answer_without_a_schema_ask_for_a_json_object() {
    let (ran, formats) = formats(&["--constrain", "never"], [reply(r#"{"n":1}"#)]);
    ran.is(0, "{\"n\":1}\n", "");
    assert_eq!(formats, [json_object()]);
    let server = Server::once(reply("{}"));
    airx(["json", "--constrain", "always", "hi"])
        .at(&server)
        .run()
        .is(0, "{}\n", "");
    assert_eq!(
        server.requests()[0].json()["response_format"],
        json_object()
    );
}

#[test]
fn a_server_that_refuses_the_schema_is_asked_for_a_json_object_from_then_on() {
    for status in [400, 422] {
        // The second answer is wrong: the request after it has no schema either.
        let plays = || [refusal(status), reply("{}"), reply(r#"{"n":1}"#)];
        let (ran, asked) = formats(&[], plays());
        ran.is(0, "{\"n\":1}\n", "");
        assert_eq!(asked, [json_schema(), json_object(), json_object()]);
        let (ran, _) = formats(&["-v"], plays());
        let note = "* the server does not accept the schema: asking for a json_object\n";
        assert!(ran.stderr.contains(note), "{}", ran.stderr);
    }
}

#[test]
fn the_schema_stays_in_the_system_message() {
    let server = Server::play([refusal(400), reply(r#"{"n":1}"#)]);
    airx(["json", "--schema", SCHEMA, "hi"])
        .at(&server)
        .run()
        .is(0, "{\"n\":1}\n", "");
    for asked in server.requests() {
        let system = asked.json()["messages"][0]["content"].clone();
        assert!(system.as_str().unwrap().ends_with(SCHEMA), "{system}");
    }
}

#[test]
fn items_of_a_run_ask_a_server_that_has_refused_no_more_for_the_schema() {
    let server = Server::play([
        refusal(400),
        reply(r#"{"n":1}"#),
        reply(r#"{"n":2}"#),
        reply(r#"{"n":3}"#),
    ]);
    let ran = airx(["json", "--schema", SCHEMA, "--each", "-c", "1", "{}"])
        .stdin("a\nb\nc\n")
        .at(&server)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let formats: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["response_format"].clone())
        .collect();
    assert_eq!(
        formats,
        [json_schema(), json_object(), json_object(), json_object()]
    );
}

#[test]
fn always_ends_with_the_server_s_refusal() {
    let (ran, formats) = formats(&["--constrain", "always"], [refusal(400)]);
    ran.code_is(4);
    assert!(
        ran.stderr
            .contains("response_format json_schema is not supported"),
        "{}",
        ran.stderr
    );
    assert_eq!(formats.len(), 1);
}

#[test]
fn other_failures_do_not_give_the_schema_up() {
    for status in [401, 404, 413] {
        let (ran, formats) = formats(&[], [refusal(status)]);
        assert_ne!(ran.code, 0);
        assert_eq!(formats, [json_schema()], "{status}");
    }
}

#[test]
fn an_answer_that_the_server_let_through_is_checked_here_all_the_same() {
    let wrong = || reply(r#"{"n":"x"}"#);
    let (ran, formats) = formats(&["--constrain=always", "--tries", "2"], [wrong(), wrong()]);
    ran.code_is(10);
    assert_eq!(formats, [json_schema(), json_schema()]);
}

#[test]
fn a_response_format_of_the_user_s_is_sent_as_it_is() {
    let (ran, formats) = formats(
        &["--param", r#"response_format={"type":"text"}"#],
        [refusal(400)],
    );
    ran.code_is(4);
    assert_eq!(formats, [json!({"type": "text"})]);
}

#[test]
fn the_mock_holds_its_answers_to_the_schema() {
    let folder = folder();
    harness::file(&folder, "s.json", SCHEMA);
    let line = "airx mock --json-schema -- airx json --constrain always --schema s.json -n hi";
    let ran = harness::bash(line).within(folder.path()).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(value["n"].is_i64(), "{value}");
}

//! A hint that says where to look: the text really is there, in each form of the output.

use serde_json::{Value, json};

use crate::harness::items::{Items, results};
use crate::harness::toolbench::{bench, calls};
use crate::harness::{Play, Ran, Server, airx, reply};

const SCHEMA: &str = r#"{"type":"object","required":["a","b"],"additionalProperties":false}"#;
const HELP: &str = "a simpler schema, another model or more --tries may help";

fn ran(args: &[&str], play: Play) -> Ran {
    let (server, folder) = (Server::once(play), bench());
    let run = airx(args.iter().copied()).at(&server);
    run.within(folder.path()).run()
}

/// The message and the hint of the last event. Checks that standard error has them, too.
#[track_caller]
fn report(ran: &Ran) -> (String, String) {
    let error = ran.events().pop().unwrap();
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    let (message, hint) = (text("message"), text("hint"));
    let line = format!("airx: invalid: {message}\nhint: {hint}\n");
    assert_eq!(ran.stderr, line, "nothing stands above");
    (message, hint)
}

#[test]
fn what_json_rejects_is_above_or_in_the_event_before() {
    let args = ["json", "-n", "--tries", "1", "--schema", SCHEMA, "hi"];
    for format in ["text", "json"] {
        let ran = ran(&[&args[..], &["--format", format]].concat(), reply("{}"));
        assert_eq!((ran.code, &*ran.stdout), (10, ""));
        assert!(ran.stderr.starts_with("{}\nrequired: "), "{}", ran.stderr);
        let report =
            format!("2 violations\nhint: the answer and all violations are above; {HELP}\n");
        assert!(ran.stderr.ends_with(&report), "{}", ran.stderr);
    }
    let ran = ran(&[&args[..], &["--format", "ndjson"]].concat(), reply("{}"));
    assert_eq!(ran.types(), ["start", "invalid", "error"]);
    let (message, hint) = report(&ran);
    assert!(message.ends_with("2 violations"), "{message}");
    let place = "in `content` and `errors` of the last `invalid` event";
    assert_eq!(
        hint,
        format!("the answer and all violations are {place}; {HELP}")
    );
    let rejected = &ran.events()[1];
    assert_eq!(rejected["content"], "{}");
    assert_eq!(rejected["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn a_blank_answer_is_nowhere() {
    let folder = bench();
    let server = Server::once(reply(" \n"));
    let run = airx(["chat", "-n", "-x", "--allow-empty", "hi"]).within(folder.path());
    run.at(&server)
        .run()
        .is(10, "", "airx: invalid: the answer has no such code block\n");
}

#[test]
fn arguments_that_are_not_json_are_where_the_hint_says() {
    let broken = |format: &str| {
        let play = calls("", &[("f", "x\"y")]);
        ran(&["tools", "-n", "-t", "t", "hi", "--format", format], play)
    };
    let ends = |ran: &Ran, hint: &str| {
        let report =
            format!("airx: invalid: the arguments of the call of f are not JSON\nhint: {hint}\n");
        assert_eq!((ran.code, &*ran.stderr), (10, &*report));
    };
    let text = broken("text");
    ends(&text, "they are in arguments_text");
    assert!(
        text.stdout.contains(r#""arguments_text":"x\"y""#),
        "{}",
        text.stdout
    );
    let body = broken("json");
    ends(&body, "they are in the body as the model wrote them");
    assert!(
        body.stdout.contains(r#""arguments":"x\"y""#),
        "{}",
        body.stdout
    );
    let events = broken("ndjson");
    ends(&events, "they are in arguments_text");
    assert_eq!(events.events()[1]["arguments_text"], "x\"y");
}

#[test]
fn arguments_that_do_not_fit_are_reported_where_the_hint_says() {
    let wrong = |format: &str| {
        let play = calls("", &[("f", r#"{"city":7}"#)]);
        ran(&["tools", "-n", "-t", "t", "hi", "--format", format], play)
    };
    let ends = |ran: &Ran, hint: &str| {
        assert_eq!(ran.code, 10);
        assert!(
            ran.stderr.ends_with(&format!("\nhint: {hint}\n")),
            "{}",
            ran.stderr
        );
    };
    let text = wrong("text");
    ends(&text, "all violations are in `invalid`");
    assert!(
        text.stdout.contains("\"invalid\":[{\"path\":\"/city\""),
        "{}",
        text.stdout
    );
    ends(
        &wrong("json"),
        "--format text shows all violations, in `invalid`",
    );
    let events = wrong("ndjson");
    ends(
        &events,
        "all violations are in `errors` of the `invalid` event",
    );
    assert_eq!(events.events()[2]["errors"][0]["path"], "/city");
}

#[test]
fn what_is_wrong_with_a_call_of_an_item_is_in_its_line() {
    let item = |arguments: &str| -> Value {
        let call = json!({ "id": "c", "type": "function", "function": { "name": "f", "arguments": arguments } });
        let message = json!({ "role": "assistant", "content": "", "tool_calls": [call] });
        let choice = json!({ "index": 0, "finish_reason": "tool_calls", "message": message });
        let body = json!({ "choices": [choice] }).to_string();
        let (server, folder) = (
            Items::answering(move |_, _, _| (200, body.clone())),
            bench(),
        );
        let run = airx(["tools", "-t", "t", "--each", "-q"]).stdin("a\n");
        let ran = run.of(&server).within(folder.path()).run();
        results(&ran.stdout).remove(0)
    };
    let broken = item("x");
    assert_eq!(
        broken["error"]["hint"],
        "they are in `partial`, as arguments_text"
    );
    assert_eq!(
        broken["partial"],
        "{\"id\":\"c\",\"name\":\"f\",\"arguments_text\":\"x\"}\n"
    );
    let wrong = item(r#"{"city":7}"#);
    assert_eq!(wrong["error"]["hint"], "all violations are in `errors`");
    assert_eq!(wrong["errors"][0]["path"], "/city");
}

//! Calls that are printed and not run: they are checked against their schemas.

use serde_json::{Value, json};

use crate::harness::toolbench::{CITY, bench, calls};
use crate::harness::{self, DONE, Play, Ran, Server, airx, delta, finish_frame};

#[track_caller]
fn ran(args: &[&str], play: Play) -> Ran {
    let folder = bench();
    let server = Server::once(play);
    let all = ["tools", "-n", "-t", "t"].iter().chain(args).chain(&["hi"]);
    airx(all).within(folder.path()).at(&server).run()
}

const WRONG: &str = r#"{"city":7}"#;

#[test]
fn arguments_that_fit_their_schema_are_exit_0() {
    ran(&[], calls("", &[("f", CITY), ("g", "")])).is(
        0,
        "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{\"city\":\"Nanjing\"}}\n{\"id\":\"call-1\",\"name\":\"g\",\"arguments\":{}}\n",
        "",
    );
}

#[test]
fn numbers_of_arguments_keep_the_way_they_were_written() {
    let arguments = r#"{"city":"x","n":[1E5,1e5,-0,1.50]}"#;
    let printed = ran(&[], calls("", &[("f", arguments)]));
    printed.is(
        0,
        &format!("{{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{arguments}}}\n"),
        "",
    );
    let events = ran(&["--format", "ndjson"], calls("", &[("f", arguments)]));
    let member = format!("\"arguments\":{arguments}");
    assert!(events.stdout.contains(&member), "{}", events.stdout);
}

#[test]
fn arguments_that_do_not_fit_are_printed_with_what_is_wrong_and_exit_10() {
    let ran = ran(&[], calls("", &[("f", WRONG), ("f", CITY)]));
    assert_eq!(ran.code, 10);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["arguments"], json!({"city": 7}));
    assert_eq!(lines[0]["invalid"][0]["path"], "/city");
    assert_eq!(
        lines[1],
        json!({"id": "call-1", "name": "f", "arguments": {"city": "Nanjing"}})
    );
    assert!(
        ran.stderr.starts_with(
            "airx: invalid: the arguments of the call of f do not fit its schema: /city: type"
        ),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .ends_with("\nhint: all violations are in `invalid`\n")
    );
}

#[test]
fn ndjson_has_an_event_for_what_is_wrong_after_its_call() {
    let ran = ran(
        &["--format", "ndjson"],
        calls("", &[("f", WRONG), ("g", "{}")]),
    );
    assert_eq!(ran.code, 10);
    assert_eq!(
        ran.types(),
        ["start", "tool_call", "invalid", "tool_call", "error"]
    );
    let events = ran.events();
    assert_eq!(
        (&events[2]["content"], &events[2]["try"]),
        (&json!(WRONG), &json!(1))
    );
    assert_eq!(events[2]["errors"][0]["path"], "/city");
}

#[test]
fn a_call_of_a_tool_that_was_not_offered_is_exit_10() {
    let line = "{\"id\":\"call-0\",\"name\":\"rm\",\"arguments\":{},\"invalid\":[{\"path\":\"\",\"message\":\"there is no tool rm\"}]}\n";
    ran(&[], calls("", &[("rm", "{}")])).is(10, line, "airx: invalid: there is no tool rm\n");
}

#[test]
fn an_invalid_schema_is_refused_before_anything_is_sent() {
    let folder = harness::folder();
    let tool = json!({"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "text"}}}});
    harness::file(&folder, "t", tool.to_string());
    let ran = airx(["tools", "-n", "-t", "t", "hi"])
        .nowhere()
        .within(folder.path())
        .run();
    ran.code_is(2);
    assert!(
        ran.stderr.starts_with(
            "airx: usage: --tools t, tool 1: f: /parameters: not a JSON Schema: /properties/a/type"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn calls_of_a_stream_come_in_fragments_or_complete_and_are_lines_after_its_text() {
    for file in ["stream_tool_call.sse", "stream_tool_call_fragments.sse"] {
        let server = Server::once(harness::stream([harness::wire(file)]));
        let ran = airx(["tools", "-n", "--stream", "hi"]).at(&server).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{file}");
        let call: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
        assert!(call["arguments"].is_object(), "{}", ran.stdout);
    }
    let frame = json!({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"g","arguments":"{}"}}]}}]});
    let play = harness::stream([
        delta("Look: "),
        delta("so"),
        format!("data: {frame}\n\n"),
        finish_frame("tool_calls"),
        DONE.into(),
    ]);
    ran(&["--stream"], play).is(
        0,
        "Look: so\n{\"id\":\"c\",\"name\":\"g\",\"arguments\":{}}\n",
        "",
    );
}

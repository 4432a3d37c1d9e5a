//! `airx tools`: prints the calls that the model wants and runs none of them.

use serde_json::{Value, json};

use crate::harness::{self, Play, Server, airx, file, folder, reply};

/// A reply with this text and calls of these names with these arguments.
fn calls(content: &str, calls: &[(&str, &str)]) -> Play {
    let calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| json!({"id": format!("call-{index}"), "index": index, "type": "function", "function": {"name": name, "arguments": arguments}}))
        .collect();
    let message = json!({"role": "assistant", "content": content, "tool_calls": calls});
    let body = json!({"choices": [{"finish_reason": "tool_calls", "index": 0, "message": message}], "id": "id-1", "model": "glm-4-airx"});
    harness::json(200, &body.to_string())
}

fn ran(args: &[&str], play: Play) -> harness::Ran {
    let server = Server::once(play);
    airx(["tools"].iter().chain(args).chain(&["hi"]))
        .at(&server)
        .run()
}

#[test]
fn each_call_is_a_line_and_prose_next_to_it_goes_to_standard_error() {
    let play = calls(
        "Let me look.",
        &[("f", "{\"b\": 1.50, \"a\": []}"), ("g", "")],
    );
    ran(&[], play).is(
        0,
        "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{\"b\":1.50,\"a\":[]}}\n{\"id\":\"call-1\",\"name\":\"g\",\"arguments\":{}}\n",
        "Let me look.\n",
    );
}

#[test]
fn blank_prose_next_to_calls_is_not_shown() {
    ran(&[], calls("\n", &[("f", "{}")])).is(
        0,
        "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{}}\n",
        "",
    );
}

#[test]
fn an_answer_without_calls_is_its_text() {
    ran(&[], reply("No need.")).is(0, "No need.\n", "");
    ran(&["--require-call"], calls("", &[("f", "{}")])).is(
        0,
        "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{}}\n",
        "",
    );
}

#[test]
fn an_answer_without_a_required_call_is_exit_11_and_its_text_on_standard_error() {
    let report = "No need.\nairx: tool: the answer holds no tool call (--require-call)\nhint: say in the prompt which tool to use, or choose another model\n";
    ran(&["--require-call"], reply("No need.")).is(11, "", report);
    ran(&["--require-call", "--format", "json"], reply("No need.")).is(11, "", report);
    let events = ran(&["--require-call", "--format", "ndjson"], reply("No need."));
    assert_eq!(
        (events.code, events.types()),
        (11, ["start", "delta", "error"].map(str::to_owned).to_vec())
    );
    assert_eq!(events.events()[1]["content"], "No need.");
}

const BROKEN: &str = "airx: invalid: the arguments of the call of f are not JSON\nhint: they are in arguments_text\n";

#[test]
fn arguments_that_are_not_json_are_text_and_exit_10() {
    for arguments in ["{\"a\":", "{\"a\":1,\"a\":2}", "x"] {
        let line = format!(
            "{{\"id\":\"call-0\",\"name\":\"f\",\"arguments_text\":{}}}\n",
            json!(arguments)
        );
        ran(&[], calls("", &[("f", arguments)])).is(10, &line, BROKEN);
    }
}

#[test]
fn broken_arguments_do_not_hide_the_calls_next_to_them() {
    let play = calls("", &[("f", "x"), ("g", "{}")]);
    ran(&[], play).is(10, "{\"id\":\"call-0\",\"name\":\"f\",\"arguments_text\":\"x\"}\n{\"id\":\"call-1\",\"name\":\"g\",\"arguments\":{}}\n", BROKEN);
}

#[test]
fn ndjson_has_an_event_a_call() {
    let play = calls("hm", &[("f", "x"), ("g", "{\"a\":1}")]);
    let ran = ran(&["--format", "ndjson"], play);
    assert_eq!((ran.code, ran.stderr.as_str()), (10, BROKEN));
    assert_eq!(
        ran.types(),
        ["start", "delta", "tool_call", "tool_call", "error"]
    );
    let events = ran.events();
    assert_eq!(
        events[2],
        json!({"type":"tool_call","index":0,"id":"call-0","name":"f","arguments_text":"x"})
    );
    assert_eq!(
        events[3],
        json!({"type":"tool_call","index":1,"id":"call-1","name":"g","arguments":{"a":1}})
    );
}

#[test]
fn chat_and_stream_print_calls_as_lines_too() {
    let server = Server::play([
        calls("", &[("f", "{}")]),
        harness::stream([harness::wire("stream_tool_call_fragments.sse")]),
    ]);
    airx(["chat", "hi"]).at(&server).run().is(
        0,
        "{\"id\":\"call-0\",\"name\":\"f\",\"arguments\":{}}\n",
        "",
    );
    let ran = airx(["stream", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let call: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert!(call["arguments"].is_object(), "{}", ran.stdout);
}

#[test]
fn a_call_after_prose_begins_a_line_of_chat_and_stream() {
    let printed = "Hm.\n{\"id\":\"c\",\"name\":\"f\",\"arguments\":{}}\n";
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}"#;
    let frames = [
        harness::delta("Hm."),
        format!("data: {call}\n\n"),
        harness::finish_frame("tool_calls"),
        harness::DONE.into(),
    ];
    let server = Server::play([harness::stream(frames), calls("Hm.", &[("f", "{}")])]);
    airx(["stream", "hi"]).at(&server).run().is(0, printed, "");
    let printed = printed.replace("\"c\"", "\"call-0\"");
    airx(["chat", "hi"]).at(&server).run().is(0, &printed, "");
}

/// A reply that was cut in its second call.
fn cut() -> Play {
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    let message = json!({"role": "assistant", "content": "Let me look.", "reasoning_content": "Hm.",
        "tool_calls": [call("c1", "{\"a\":1}"), call("c2", "{\"a\":")]});
    let choice = json!({"finish_reason": "length", "index": 0, "message": message});
    harness::json(200, &json!({"choices": [choice], "id": "id-1"}).to_string())
}

#[test]
fn a_cut_answer_prints_no_call_and_its_prose_on_standard_error() {
    let plain = ran(&["--max-tokens", "9"], cut());
    let (prose, report) = plain.stderr.split_once('\n').unwrap();
    assert_eq!((plain.code, &*plain.stdout, prose), (9, "", "Let me look."));
    assert!(report.starts_with("airx: truncated: "), "{report}");
    let said = plain.stderr.as_str();
    ran(&["--max-tokens", "9", "--format", "json"], cut()).is(9, "", said);
    let thought = format!("Hm.\n{said}");
    ran(&["--max-tokens", "9", "--reasoning"], cut()).is(9, "", &thought);
    let events = ran(&["--max-tokens", "9", "--format", "ndjson"], cut());
    assert_eq!((events.code, events.stderr.as_str()), (9, report));
    assert_eq!(events.types(), ["start", "reasoning", "delta", "error"]);
    assert_eq!(events.events()[2]["content"], "Let me look.");
}

#[test]
fn the_prose_of_a_cut_stream_of_calls_has_left_already() {
    let frames = [
        harness::delta("Let me"),
        harness::finish_frame("length"),
        harness::DONE.into(),
    ];
    let server = Server::once(harness::stream(frames));
    let ran = airx(["tools", "--stream", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (9, "Let me\n"));
    assert!(
        ran.stderr.starts_with("airx: truncated: "),
        "{}",
        ran.stderr
    );
    // A server may ignore `stream`.
    let server = Server::once(cut());
    let ran = airx(["tools", "--stream", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (9, "Let me look.\n"));
    assert!(
        ran.stderr.starts_with("airx: truncated: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_cut_answer_of_a_run_shows_its_prose_and_runs_nothing() {
    let folder = folder();
    file(&folder, "t", r#"{"name":"f","command":["touch","ran"]}"#);
    let server = Server::once(cut());
    let ran = airx(["tools", "-t", "t", "--run", "--yes", "hi"])
        .at(&server)
        .within(folder.path())
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (9, ""));
    assert!(
        ran.stderr.starts_with("Let me look.\nairx: truncated: "),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("ran").exists());
}

/// `airx tools -t FILE hi`, the file holding `text`; nothing is sent.
#[track_caller]
fn refused(text: &str, why: &str) {
    let folder = folder();
    file(&folder, "t", text);
    let report = format!("airx: usage: {why}\n");
    airx(["tools", "-t", "t", "hi"])
        .nowhere()
        .within(folder.path())
        .run()
        .is(2, "", &report);
}

#[test]
fn tool_files_are_checked_before_anything_is_sent() {
    refused("", "--tools t: it contains no tool");
    refused("[]", "--tools t: it contains no tool");
    refused("[1]", "--tools t, tool 1: it is not an object");
    refused(
        "{\"name\":\"a b\"}",
        "--tools t, tool 1: the name \"a b\" is not 1 to 64 letters, digits, _ or -",
    );
    refused(
        "{\"name\":\"f\"}\n{\"name\":\"f\"}",
        "--tools t, tool 2: there is a tool f already",
    );
    refused(
        "{\"name\":\"f\",\"parameters\":{\"type\":\"array\"}}",
        "--tools t, tool 1: f: /parameters/type is \"array\"; arguments are an \"object\"",
    );
    refused(
        "{\"type\":\"plugin\"}",
        "--tools t, tool 1: its type \"plugin\" is none that the API knows",
    );
    refused(
        "{\"type\":\"function\",\"function\":[]}",
        "--tools t, tool 1: its function is not an object",
    );
    refused(
        "{}",
        "--tools t, tool 1: it has neither type nor name\nhint: write {\"name\", \"description\", \"parameters\"}",
    );
    refused(
        "{",
        "--tools t: not JSON: EOF while parsing an object at line 1 column 1\nhint: write a JSON array, one object, or one object a line",
    );
}

#[test]
fn a_tool_file_that_is_not_there_is_named() {
    airx(["tools", "-t", "no/such", "hi"]).nowhere().run().is(
        2,
        "",
        "airx: usage: no/such cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder\n",
    );
}

#[test]
fn arrays_objects_and_lines_of_several_files_are_one_list() {
    let folder = folder();
    file(
        &folder,
        "array",
        "[{\"name\":\"a\"},\n{\"type\":\"function\",\"function\":{\"name\":\"b\"}}]",
    );
    file(
        &folder,
        "lines",
        "\u{feff}{\"name\":\"c\"}\n{\"name\":\"d\"}\n",
    );
    let server = Server::once(reply("ok"));
    airx(["tools", "-t", "array", "-t", "lines", "hi"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "ok\n", "");
    let body = server.requests()[0].json();
    let names: Vec<_> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].clone())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(body["tool_choice"], "auto");
}

#[test]
fn functions_and_web_search_exclude_each_other_at_the_providers() {
    let folder = folder();
    file(&folder, "t", "{\"name\":\"f\"}");
    let run = |airx: harness::Airx| airx.within(folder.path()).run();
    let args = ["tools", "--dry-run", "-t", "t", "--web-search", "hi"];
    run(airx(args)).is(2, "", "airx: usage: --tools and --web-search exclude each other at BigModel and Z.ai\nhint: ask for the search in a separate request\n");
    assert_eq!(run(airx(args).nowhere()).code, 0);
}

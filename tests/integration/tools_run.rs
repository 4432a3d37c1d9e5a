//! `airx tools --run`: the loop of calls and results.

use serde_json::json;

use crate::harness::toolbench::{CITY, bench, calls, results, runs, script};
use crate::harness::{Play, Server, airx, file, reply, stream_of};

#[test]
fn a_call_is_run_and_the_model_answers_by_its_result() {
    let folder = bench();
    script(
        &folder,
        "weather",
        "read -r line; echo \"$line: 21 degrees\"",
    );
    let server = Server::play([calls("", &[("f", CITY)]), reply("Warm.")]);
    runs(&folder, "./weather")
        .at(&server)
        .run()
        .is(0, "Warm.\n", "");
    let asked = server.requests();
    let (first, second) = (asked[0].json(), asked[1].json());
    assert_eq!(first["tools"], second["tools"]);
    assert_eq!(
        second["messages"],
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call-0", "type": "function", "function": {"name": "f", "arguments": CITY}}]},
            {"role": "tool", "tool_call_id": "call-0", "content": "{\"city\":\"Nanjing\"}: 21 degrees"},
        ])
    );
}

#[test]
fn calls_of_one_answer_are_run_in_order_one_after_the_other() {
    let folder = bench();
    // Each call prints the log and then adds a line to it.
    script(&folder, "add", "cat log; echo x >> log");
    file(&folder, "log", "");
    let server = Server::play([
        calls("", &[("f", CITY), ("f", CITY), ("g", ""), ("f", CITY)]),
        reply("ok"),
    ]);
    runs(&folder, "./add").at(&server).run().is(0, "ok\n", "");
    assert_eq!(results(&server.requests()), ["", "x", "", "x\nx"]);
}

#[test]
fn prose_next_to_calls_goes_to_standard_error_and_the_final_answer_alone_to_standard_output() {
    let folder = bench();
    let server = Server::play([calls("Let me look.", &[("f", CITY)]), reply("Done.")]);
    runs(&folder, "cat")
        .at(&server)
        .run()
        .is(0, "Done.\n", "Let me look.\n");
}

#[test]
fn every_step_is_an_event() {
    let folder = bench();
    let server = Server::play([
        calls("hm", &[("f", CITY)]),
        calls("", &[("g", "{}"), ("f", "{}")]),
        reply("Done."),
    ]);
    let ran = runs(&folder, "cat")
        .args(["--format", "ndjson"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.types(),
        [
            "start",
            "delta",
            "tool_call",
            "tool_result",
            "round",
            "tool_call",
            "tool_call",
            "tool_result",
            "tool_result",
            "round",
            "delta",
            "done"
        ]
    );
    let mut events = ran.events();
    for event in &mut events {
        if event.get("elapsed_ms").is_some() {
            event["elapsed_ms"] = json!(1);
        }
    }
    assert_eq!(
        events[3],
        json!({"type":"tool_result","id":"call-0","name":"f","exit_status":0,"content":CITY,"elapsed_ms":1})
    );
    assert_eq!(
        events[4],
        json!({"type":"round","number":1,"finish_reason":"tool_calls","usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}})
    );
    assert_eq!(events[8]["exit_status"], json!(null));
    assert_eq!(events[9]["number"], 2);
    let done = events.last().unwrap();
    assert_eq!(
        (&done["requests"], &done["usage"]["total_tokens"]),
        (&json!(3), &json!(33))
    );
}

#[test]
fn bodies_are_printed_one_a_line() {
    let folder = bench();
    let server = Server::play([calls("", &[("f", CITY)]), reply("Done.")]);
    let ran = runs(&folder, "cat")
        .args(["--format", "json"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let bodies: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[1]["choices"][0]["message"]["content"], "Done.");
}

#[test]
fn an_answer_without_calls_is_the_end() {
    let folder = bench();
    let server = Server::once(reply("No need."));
    runs(&folder, "false")
        .at(&server)
        .run()
        .is(0, "No need.\n", "");
    let server = Server::once(reply("No need."));
    let ran = runs(&folder, "false")
        .args(["--require-call"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (11, ""));
    // A call in any round satisfies --require-call.
    let server = Server::play([calls("", &[("g", "")]), reply("ok")]);
    runs(&folder, "false")
        .args(["--require-call"])
        .at(&server)
        .run()
        .is(0, "ok\n", "");
}

#[test]
fn calls_in_the_last_answer_there_may_be_are_not_run_and_exit_11() {
    let folder = bench();
    script(&folder, "mark", "echo ran >> log");
    let call = || calls("", &[("f", CITY)]);
    let server = Server::play([call(), call()]);
    let report = "airx: tool: the model still calls tools in the last of 2 requests (--rounds)\nhint: raise --rounds, or say in the prompt when to stop\n";
    runs(&folder, "./mark")
        .args(["--rounds", "2"])
        .at(&server)
        .run()
        .is(11, "", report);
    assert_eq!(
        std::fs::read_to_string(folder.path().join("log")).unwrap(),
        "ran\n"
    );
    let server = Server::play([
        call(),
        call(),
        call(),
        call(),
        call(),
        call(),
        call(),
        call(),
    ]);
    assert_eq!(runs(&folder, "true").at(&server).run().code, 11);
}

#[test]
fn arguments_that_do_not_fit_are_reported_to_the_model_which_corrects_them() {
    let folder = bench();
    script(&folder, "mark", "cat; echo ran >> log");
    let server = Server::play([
        calls("", &[("f", r#"{"town":"Nanjing"}"#)]),
        calls("", &[("f", r#"{"city":7}"#)]),
        calls("", &[("f", "{\"city\":")]),
        calls("", &[("f", CITY)]),
        reply("Warm."),
    ]);
    runs(&folder, "./mark")
        .at(&server)
        .run()
        .is(0, "Warm.\n", "");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("log")).unwrap(),
        "ran\n"
    );
    let report = results(&server.requests());
    assert!(
        report[0].starts_with("error: nothing was run; correct the call\n")
            && report[0].contains("city"),
        "{report:?}"
    );
    assert!(report[1].contains("/city: type"), "{report:?}");
    assert!(
        report[2].contains("not JSON") && report[2].contains("they were: {\"city\":"),
        "{report:?}"
    );
    assert_eq!(report[3], CITY);
    // Arguments that are not JSON would break a server that puts the history into a template.
    let turn = &server.requests()[4].json()["messages"][5];
    assert_eq!(turn["tool_calls"][0]["function"]["arguments"], "{}");
}

#[test]
fn a_tool_that_is_not_there_is_reported_to_the_model() {
    let folder = bench();
    let server = Server::play([calls("", &[("rm", "{}")]), reply("Sorry.")]);
    runs(&folder, "cat").at(&server).run().is(0, "Sorry.\n", "");
    assert_eq!(
        results(&server.requests()),
        ["error: nothing was run; correct the call\nthere is no tool rm"]
    );
}

#[test]
fn a_session_keeps_every_new_turn() {
    let folder = bench();
    let server = Server::play([calls("hm", &[("f", CITY)]), reply("Warm."), reply("Bye.")]);
    runs(&folder, "cat")
        .args(["--session", "s"])
        .at(&server)
        .run()
        .is(0, "Warm.\n", "hm\n");
    let kept = std::fs::read_to_string(folder.path().join("s")).unwrap();
    let roles: Vec<String> = kept
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["role"]
                .as_str()
                .unwrap()
                .into()
        })
        .collect();
    assert_eq!(roles, ["user", "assistant", "tool", "assistant"]);
    // And the next run sends them all.
    airx(["tools", "-n", "-t", "t", "--session", "s", "bye"])
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "Bye.\n", "");
    assert_eq!(
        server.requests()[2].json()["messages"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[test]
fn a_run_that_fails_leaves_its_session_as_it_was() {
    let folder = bench();
    let server = Server::once(calls("", &[("f", CITY)]));
    let ran = runs(&folder, "cat")
        .args(["--session", "s", "--rounds", "1"])
        .at(&server)
        .run();
    assert_eq!(ran.code, 11);
    assert!(!folder.path().join("s").exists());
}

#[test]
fn calls_of_earlier_turns_are_not_run() {
    let folder = bench();
    script(&folder, "mark", "echo ran >> log");
    let history = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": CITY}}]},
        {"role": "tool", "tool_call_id": "c", "content": "21"},
    ]);
    file(&folder, "history", history.to_string());
    let server = Server::once(reply("Warm."));
    let args = [
        "tools",
        "-t",
        "t",
        "--exec",
        "f=./mark",
        "--exec",
        "g=./mark",
        "--run",
        "--yes",
        "--messages",
        "history",
    ];
    airx(args)
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "Warm.\n", "");
    assert!(!folder.path().join("log").exists());
}

#[test]
fn each_request_has_an_id_of_its_own() {
    let folder = bench();
    let server = Server::play([
        calls("", &[("f", CITY)]),
        calls("", &[("f", CITY)]),
        reply("ok"),
    ]);
    let ran = runs(&folder, "cat")
        .args(["--request-id", "mine"])
        .at(&server)
        .run();
    assert_eq!(ran.code, 0);
    let ids: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["request_id"].clone())
        .collect();
    assert_eq!(ids, ["mine", "mine-2", "mine-3"]);
}

#[test]
fn a_later_request_that_fails_is_tried_again_after_any_output() {
    let folder = bench();
    let busy = crate::harness::json(429, r#"{"error":{"code":"1302","message":"slow down"}}"#);
    let server = Server::play([calls("", &[("f", CITY)]), busy, reply("ok")]);
    let ran = runs(&folder, "cat")
        .args(["--format", "ndjson"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.types().contains(&"retry".to_owned()));
}

#[test]
fn the_time_out_of_the_requests_is_while_a_tool_runs() {
    let folder = bench();
    let server = Server::play([calls("", &[("f", CITY)]), reply("ok")]);
    // The tool alone takes as long as the time-out for all requests.
    runs(&folder, "sleep 2")
        .args(["--timeout", "2s"])
        .at(&server)
        .run()
        .is(0, "ok\n", "");
}

/// A stream with this text and then a call of `f`.
fn told_and_called(text: &str) -> Play {
    let frame = json!({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":CITY}}]}}]});
    crate::harness::stream([
        crate::harness::delta(text),
        format!("data: {frame}\n\n"),
        crate::harness::finish_frame("tool_calls"),
        crate::harness::DONE.into(),
    ])
}

#[test]
fn streamed_text_leaves_as_it_comes_and_each_answer_begins_a_line() {
    let folder = bench();
    let call = told_and_called("Let me look.");
    let server = Server::play([call, stream_of(["War", "m."])]);
    runs(&folder, "cat")
        .args(["--stream"])
        .at(&server)
        .run()
        .is(0, "Let me look.\nWarm.\n", "");
    assert_eq!(server.requests()[1].json()["stream"], true);
    assert_eq!(results(&server.requests()), [CITY]);
    assert_eq!(
        server.requests()[1].json()["messages"][1]["content"],
        "Let me look."
    );
}

#[test]
fn each_answer_is_rendered_for_itself() {
    let folder = bench();
    let call = told_and_called("Look:\n```\n*a* ``");
    let server = Server::play([call, stream_of(["**Wa", "rm.**"])]);
    runs(&folder, "cat")
        .args(["--stream", "--render=always"])
        .env("TERM", "dumb")
        .at(&server)
        .run()
        .is(0, "Look:\n────\n*a* ``\nWarm.\n", "");
    assert_eq!(
        server.requests()[1].json()["messages"][1]["content"],
        "Look:\n```\n*a* ``"
    );
}

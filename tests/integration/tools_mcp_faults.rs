//! Model Context Protocol servers that misbehave: the run says so and goes on with
//! what is left.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::toolbench::{calls, results};
use crate::harness::{Airx, Ran, Server, airx, finish, folder, gated, reply};

/// The command of the server that misbehaves in this way.
fn command(kind: &str, log: &Path) -> String {
    let server = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/integration/mcp/hostile.py"
    );
    format!("python3 {server} {kind} {}", log.display())
}

/// `airx tools -n --mcp COMMAND --run --yes hi`.
fn with_server(command: &str) -> Airx {
    airx(["tools", "-n", "--mcp", command, "--run", "--yes", "hi"])
}

/// Runs with the server's tools. Returns the run, the names of the tools in its request, and
/// the server's command.
#[track_caller]
fn offered(kind: &str) -> (Ran, Vec<Value>, String) {
    let folder = folder();
    let command = command(kind, &folder.path().join("log"));
    let server = Server::once(reply("ok"));
    let ran = with_server(&command).at(&server).run();
    let tools = server.requests()[0].json()["tools"].clone();
    let tools = tools.as_array().cloned().unwrap_or_default();
    let names = tools
        .iter()
        .map(|tool| tool["function"]["name"].clone())
        .collect();
    (ran, names, command)
}

/// The model calls the tool `good` once; returns the result that it gets.
#[track_caller]
fn report(kind: &str, args: &[&str]) -> String {
    let folder = folder();
    let server = Server::play([calls("", &[("good", "{}")]), reply("done")]);
    with_server(&command(kind, &folder.path().join("log")))
        .args(args)
        .at(&server)
        .run()
        .is(0, "done\n", "");
    results(&server.requests()).remove(0)
}

#[test]
fn a_tool_whose_schema_cannot_be_used_is_left_out_with_a_warning() {
    for (kind, why) in [
        (
            "no-schema",
            ": a tool without name or inputSchema is left out",
        ),
        (
            "null-schema",
            ": a tool without name or inputSchema is left out",
        ),
        (
            "no-name",
            ": a tool without name or inputSchema is left out",
        ),
        (
            "not-an-object",
            ": a tool without name or inputSchema is left out",
        ),
        ("same-name", ": another tool good is left out"),
        (
            "wrong-type",
            ", tool bad: bad: /inputSchema/type is \"nonsense\"; arguments are an \"object\"; this tool is left out",
        ),
        (
            "no-such-ref",
            ", tool bad: bad: /inputSchema: Pointer '/$defs/b' does not exist; this tool is left out",
        ),
        (
            "bad-pattern",
            ", tool bad: bad: /inputSchema: not a JSON Schema: /properties/a/pattern: format: \"(\" is not a \"regex\"; this tool is left out",
        ),
    ] {
        let (ran, names, command) = offered(kind);
        ran.is(0, "ok\n", &format!("airx: warning: --mcp {command}{why}\n"));
        assert_eq!(names, ["good"], "{kind}");
    }
}

#[test]
fn a_command_in_a_server_s_tool_is_not_run() {
    let folder = folder();
    let server = Server::play([calls("", &[("good", "{}")]), reply("done")]);
    with_server(&command("command", &folder.path().join("log")))
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "done\n", "");
    assert_eq!(results(&server.requests()), ["ok"]);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn paging_that_does_not_end_is_ended() {
    for (kind, pages, why) in [
        ("same-cursor", 2, "its list of tools repeats a page"),
        (
            "endless-pages",
            100,
            "its list of tools has more than 100 pages; the rest is left out",
        ),
    ] {
        let folder = folder();
        let log = folder.path().join("log");
        let command = command(kind, &log);
        let server = Server::once(reply("ok"));
        let ran = with_server(&command).at(&server).run();
        ran.is(
            0,
            "ok\n",
            &format!("airx: warning: --mcp {command}: {why}\n"),
        );
        let log = std::fs::read_to_string(log).unwrap();
        assert_eq!(log.matches("tools/list").count(), pages, "{kind}");
    }
}

#[test]
fn a_server_that_refuses_to_start_or_to_list_is_exit_11_with_its_words() {
    for place in ["initialize", "list"] {
        for (error, words) in [
            ("plain", "the database is down"),
            ("data", "Internal error: the database is down"),
            ("no-code", "the database is down"),
            ("string", "the database is down"),
            ("code-as-string", "the database is down"),
            ("null-id", "the database is down"),
        ] {
            let folder = folder();
            let kind = format!("{place}-error-{error}");
            let command = command(&kind, &folder.path().join("log"));
            with_server(&command).nowhere().run().is(
                11,
                "",
                &format!("airx: tool: --mcp {command}: it refuses: {words}\n"),
            );
        }
    }
}

#[test]
fn an_error_in_answer_to_a_call_is_sent_to_the_model_with_its_words() {
    for (error, words) in [
        ("plain", "the database is down"),
        ("data", "Internal error: the database is down"),
        ("no-code", "the database is down"),
        ("string", "the database is down"),
        ("code-as-string", "the database is down"),
        ("null-id", "the database is down"),
    ] {
        let report = report(&format!("call-error-{error}"), &[]);
        assert_eq!(report, format!("error: {words}"), "{error}");
    }
}

#[test]
fn content_that_airx_does_not_know_is_described_to_the_model() {
    for (kind, text) in [
        (
            "content-unknown",
            "a\n[content that airx does not know: {\"type\":\"video\",\"data\":\"x\"}]\nb",
        ),
        (
            "content-known",
            "[an image, image/png]\n[a sound, audio/wav]\nwords\n[data: file:///b]\nfile:///c",
        ),
        (
            "content-untyped",
            "[content that airx does not know: {\"text\":\"a\"}]",
        ),
        ("content-string", "plain"),
        ("content-strings", "plain"),
        (
            "content-text-without-text",
            "[content that airx does not know: {\"type\":\"text\"}]",
        ),
        (
            "no-content",
            "[a result without content: {\"toolResult\":\"old\"}]",
        ),
        ("structured", "{\"n\":1.5}"),
        (
            "deep",
            "error: its answer cannot be read: recursion limit exceeded at line 1 column 170",
        ),
    ] {
        assert_eq!(report(kind, &[]), text, "{kind}");
    }
}

#[test]
fn a_result_of_any_size_is_cut_with_a_mark() {
    for mebibytes in [1, 20] {
        let report = report(&format!("big-{mebibytes}"), &["--tool-max-bytes", "4"]);
        let more = (mebibytes << 20) - 4;
        assert_eq!(report, format!("éé\n[cut by airx: {more} bytes more]"));
    }
    let numbers: Vec<Value> = (0..100_000).map(Value::from).collect();
    let more = Value::Array(numbers).to_string().len() - 4;
    assert_eq!(
        report("many-numbers", &["--tool-max-bytes", "4"]),
        format!("[0,1\n[cut by airx: {more} bytes more]")
    );
}

#[test]
fn lines_that_are_no_messages_are_passed_over() {
    assert_eq!(report("noise", &[]), "ok");
}

#[test]
fn a_line_without_an_end_is_exit_11() {
    let folder = folder();
    let command = command("endless-line", &folder.path().join("log"));
    with_server(&command).nowhere().run().is(
        11,
        "",
        &format!("airx: tool: --mcp {command}: it was ended: it sent a message over 64 MiB\n"),
    );
}

/// The most memory that a run has used until its last request, in MiB.
fn peak(kind: &str) -> u64 {
    let folder = folder();
    let server = Server::play([calls("", &[("good", "{}")]), gated(reply("done"))]);
    let child = with_server(&command(kind, &folder.path().join("log")))
        .at(&server)
        .start();
    server.await_requests(2);
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    server.open_gate();
    finish(child).is(0, "done\n", "");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.unwrap().trim_end_matches("kB").trim();
    kilobytes.parse::<u64>().unwrap() >> 10
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_result_and_a_flood_on_standard_error_take_little_memory() {
    let plain = peak("plain");
    for kind in ["big-64", "stderr-flood"] {
        let peak = peak(kind);
        assert!(peak < plain + 20, "{kind}: {peak} MiB, else {plain} MiB");
    }
}

#[test]
fn only_takes_a_server_s_tools_by_name() {
    let folder = folder();
    let command = command("bad-pattern", &folder.path().join("log"));
    let server = Server::once(reply("ok"));
    with_server(&command)
        .args(["--only", "good"])
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(
        server.requests()[0].json()["tools"],
        json!([{"type": "function", "function": {"name": "good", "description": "", "parameters": {"type": "object"}}}])
    );
    with_server(&command)
        .args(["--only", "other"])
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: --only other: there is no tool other\nhint: the tools are bad, good\n",
        );
}

//! Model Context Protocol servers, with a small test server in Python.

use std::path::Path;

use serde_json::json;

use crate::harness::toolbench::{calls, results};
use crate::harness::{self, Airx, Server, airx, finish, folder, reply};

fn tiny(log: &Path) -> String {
    let server = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/integration/mcp/server.py"
    );
    format!("python3 {server} {}", log.display())
}

/// `airx tools -n --mcp 'python3 server.py LOG' --run --yes hi`.
fn with_server(log: &Path) -> Airx {
    airx(["tools", "-n", "--mcp", &tiny(log), "--run", "--yes", "hi"])
}

#[test]
fn tools_of_a_server_are_offered_called_and_the_server_ends() {
    let folder = folder();
    let log = folder.path().join("log");
    let server = Server::play([
        calls(
            "",
            &[
                ("add", "{\"a\":1.5,\"b\":2}"),
                ("notes_read", "{}"),
                ("fail", "{}"),
            ],
        ),
        reply("3.5"),
    ]);
    with_server(&log).at(&server).run().is(0, "3.5\n", "");
    let asked = server.requests();
    assert_eq!(results(&asked), ["3.5", "one\ntwo", "error: no luck"]);
    let body = asked[0].json();
    let names: Vec<_> = body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].clone())
        .collect();
    assert_eq!(names, ["add", "notes_read", "fail", "hang"]);
    assert_eq!(
        body["tools"][0]["function"]["parameters"]["required"],
        json!(["a", "b"])
    );
    assert_eq!(
        std::fs::read_to_string(log).unwrap(),
        "\"add\"\n\"notes/read\"\n\"fail\"\nended\n"
    );
}

#[test]
fn without_run_the_calls_are_printed() {
    let folder = folder();
    let log = folder.path().join("log");
    let server = Server::once(calls("", &[("add", "{\"a\":1,\"b\":2}")]));
    airx(["tools", "-n", "--mcp", &tiny(&log), "hi"])
        .at(&server)
        .run()
        .is(
            0,
            "{\"id\":\"call-0\",\"name\":\"add\",\"arguments\":{\"a\":1,\"b\":2}}\n",
            "",
        );
    assert_eq!(std::fs::read_to_string(log).unwrap(), "ended\n");
}

#[test]
fn arguments_are_checked_before_the_server_sees_them() {
    let folder = folder();
    let log = folder.path().join("log");
    let server = Server::play([calls("", &[("add", "{\"a\":\"1\",\"b\":2}")]), reply("ok")]);
    with_server(&log).at(&server).run().is(0, "ok\n", "");
    assert!(results(&server.requests())[0].contains("/a: type"));
    assert_eq!(std::fs::read_to_string(log).unwrap(), "ended\n");
}

#[test]
fn a_call_that_takes_too_long_is_given_up_and_the_next_one_works() {
    let folder = folder();
    let server = Server::play([
        calls("", &[("hang", "{}"), ("add", "{\"a\":1,\"b\":2}")]),
        reply("ok"),
    ]);
    let log = folder.path().join("log");
    let ran = with_server(&log)
        .args(["--tool-timeout", "4s", "--tool-max-bytes", "100"])
        .at(&server)
        .run();
    ran.is(0, "ok\n", "");
    assert_eq!(
        results(&server.requests()),
        ["error: it took longer than 4 s and was cancelled", "3"]
    );
}

#[test]
fn a_server_that_cannot_be_started_or_does_not_speak_the_protocol_is_exit_11() {
    let report = |command: &str| {
        let ran = airx(["tools", "-n", "--mcp", command, "hi"])
            .nowhere()
            .run();
        ran.code_is(11);
        ran.stderr
    };
    assert_eq!(
        report("no/such server"),
        "airx: tool: --mcp no/such server: it cannot be started: No such file or directory (os error 2)\n"
    );
    assert_eq!(
        report("bash -c 'echo broken >&2'"),
        "airx: tool: --mcp bash -c 'echo broken >&2': it ended immediately (it said: broken)\n"
    );
    let stderr = airx([
        "tools",
        "-n",
        "--mcp",
        "sleep 1000",
        "--tool-timeout",
        "200ms",
        "hi",
    ])
    .nowhere()
    .run()
    .code_is(11)
    .stderr
    .clone();
    assert!(
        stderr.starts_with("airx: tool: --mcp sleep 1000: it does not answer in time\n"),
        "{stderr}"
    );
    airx(["tools", "-n", "--mcp", "a 'b", "hi"])
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: --mcp: a quote is not closed, or a backslash is at the end\n",
        );
}

#[test]
fn a_server_gets_no_key_and_no_shell() {
    let folder = folder();
    let log = folder.path().join("log");
    let wrapper = crate::harness::toolbench::script(
        &folder,
        "wrapper",
        &format!(
            "echo \"${{AIRX_API_KEY-none}} $1\" > env; exec {}",
            tiny(&log)
        ),
    );
    let server = Server::once(reply("ok"));
    let line = format!("{} '$HOME'", wrapper.display());
    airx(["tools", "-n", "--mcp", &line, "hi"])
        .env("AIRX_API_KEY", "0123456789.abcdefghij")
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("env")).unwrap(),
        "none $HOME\n"
    );
}

#[test]
fn a_signal_ends_the_server_too() {
    let folder = folder();
    let log = folder.path().join("log");
    let wrapper = crate::harness::toolbench::script(
        &folder,
        "wrapper",
        &format!("echo $$ > pid; exec {}", tiny(&log)),
    );
    let server = Server::once(vec![harness::Step::Hold]);
    let child = airx(["tools", "-n", "--mcp", wrapper.to_str().unwrap(), "hi"])
        .within(folder.path())
        .at(&server)
        .start();
    server.await_requests(1);
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert_eq!(finish(child).code, 143);
    let pid: i32 = std::fs::read_to_string(folder.path().join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    crate::tools_child::has_gone(rustix::process::Pid::from_raw(pid).unwrap());
}

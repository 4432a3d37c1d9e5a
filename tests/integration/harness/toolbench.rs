//! Helpers for tests that run tools: replies with calls, and tools that are small
//! scripts.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Airx, Play, Ran, Request, Server, airx};

/// A reply with this text and calls of these names with these arguments.
pub fn calls(content: &str, calls: &[(&str, &str)]) -> Play {
    let call = |(index, (name, arguments)): (usize, &(&str, &str))| json!({"id": format!("call-{index}"), "index": index, "type": "function", "function": {"name": name, "arguments": arguments}});
    let calls: Vec<Value> = calls.iter().enumerate().map(call).collect();
    let message = json!({"role": "assistant", "content": content, "tool_calls": calls});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let body = json!({"choices": [{"finish_reason": "tool_calls", "index": 0, "message": message}], "id": "id-1", "model": "glm-4-airx", "usage": usage});
    super::json(200, &body.to_string())
}

/// A tool f that takes an object with a string `city`, and a tool g that takes
/// anything.
pub const TOOLS: &str = r#"
{"name":"f","description":"Weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}
{"name":"g","description":"Anything"}
"#;

pub const CITY: &str = r#"{"city":"Nanjing"}"#;

/// A folder with the file `t` of [`TOOLS`].
pub fn bench() -> TempDir {
    let folder = super::folder();
    super::file(&folder, "t", TOOLS);
    folder
}

/// An executable script in `folder`.
pub fn script(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = super::file(folder, name, format!("#!/usr/bin/env bash\n{text}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// `airx tools -n -t t --exec g=true --exec f=COMMAND --run --yes hi` in `folder`.
pub fn runs(folder: &TempDir, f: &str) -> Airx {
    let f = format!("f={f}");
    let args = ["tools", "-n", "-t", "t", "--exec", "g=true", "--exec", &f];
    airx(args.iter().chain(&["--run", "--yes", "hi"])).within(folder.path())
}

/// A named pipe in `folder`. Opening it waits for the other side.
pub fn fifo(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    assert_eq!(super::run("mkfifo", [&path]).run().code, 0);
    path
}

/// The result of each call in the last request.
#[track_caller]
pub fn results(asked: &[Request]) -> Vec<String> {
    let body = asked.last().unwrap().json();
    let messages = body["messages"].as_array().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

/// A run in which the model calls f once and then answers `done`; returns the run and the
/// result that the model got.
#[track_caller]
pub fn one_call(airx: Airx) -> (Ran, String) {
    let server = Server::play([calls("", &[("f", CITY)]), super::reply("done")]);
    let ran = airx.at(&server).run();
    let mut report = results(&server.requests());
    assert_eq!(report.len(), 1);
    (ran, report.remove(0))
}

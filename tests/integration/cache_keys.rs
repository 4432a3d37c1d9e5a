//! `--cache` and the key: a key-command runs only when a request is sent.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::harness::cached::{cached, entries};
use crate::harness::toolbench::{CITY, TOOLS, calls, script};
use crate::harness::{Airx, Server, airx, file, folder, json as response, reply};

const KEY: &str = "0123456789abcdef.FromACommand4567";

/// A configuration whose key-command appends a line to `runs` and executes `printed`.
fn configured(server: &Server, printed: &str) -> TempDir {
    let place = folder();
    let runs = place.path().join("runs").display().to_string();
    let command = format!("echo unlocked >&2; echo run >> {runs}; {printed}");
    let command = json!(["sh", "-c", command]);
    let base = server.base();
    let text = format!("base-url = \"{base}\"\nkey-command = {command}\ncache = \"cache\"\n");
    file(&place, "config.toml", text);
    place
}

fn run(place: &TempDir, args: &[&str]) -> Airx {
    airx(args)
        .arg("--config")
        .arg(place.path().join("config.toml"))
}

/// The number of times that the key-command ran.
fn runs(place: &TempDir) -> usize {
    fs::read_to_string(place.path().join("runs")).map_or(0, |text| text.lines().count())
}

#[test]
fn a_key_command_runs_only_for_a_request_that_is_sent() {
    let server = Server::play(["one", "two", "three"].map(reply));
    let place = configured(&server, &format!("echo {KEY}"));
    run(&place, &["chat", "hi"])
        .run()
        .is(0, "one\n", "unlocked\n");
    assert_eq!(runs(&place), 1);
    run(&place, &["chat", "hi"]).run().is(0, "one\n", "");
    assert_eq!(runs(&place), 1);
    run(&place, &["chat", "ho"])
        .run()
        .is(0, "two\n", "unlocked\n");
    // Without a cache the key-command always runs.
    let uncached = run(&place, &["chat", "hi", "--cache", ""]).run();
    uncached.is(0, "three\n", "unlocked\n");
    assert_eq!(runs(&place), 3);
    for asked in server.requests() {
        let bearer = format!("Bearer {KEY}");
        assert_eq!(asked.header("authorization"), Some(bearer.as_str()));
    }
}

#[test]
fn a_key_command_that_fails_is_an_error_only_when_a_request_is_sent() {
    let server = Server::once(reply("one"));
    let place = configured(&server, "exit 7");
    let cache = place.path().join("cache");
    cached(&["chat", "hi"], &cache)
        .at(&server)
        .run()
        .is(0, "one\n", "");
    run(&place, &["chat", "hi"]).run().is(0, "one\n", "");
    let ran = run(&place, &["chat", "ho"]).run();
    let config = place.path().join("config.toml");
    ran.is(
        3,
        "",
        &format!(
            "unlocked\nairx: account: key-command of {}:2:1: sh ended with exit status 7\nhint: run the command by hand: its first line must be the key\n",
            config.display()
        ),
    );
}

#[test]
fn many_items_run_the_key_command_once() {
    let server = Server::play((0..10).map(|_| reply("one")));
    let place = configured(&server, &format!("echo {KEY}"));
    let items = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
    for _ in 0..2 {
        let ran = run(&place, &["chat", "--each", "-c", "4"])
            .stdin(items)
            .run();
        assert_eq!(
            (ran.code, ran.stdout.lines().count()),
            (0, 10),
            "{}",
            ran.stderr
        );
        assert_eq!(runs(&place), 1);
    }
}

#[test]
fn a_key_that_was_read_late_is_hidden_and_not_kept() {
    let refused = response(
        401,
        &json!({"error": {"code": "1002", "message": format!("wrong key {KEY}")}}).to_string(),
    );
    let server = Server::play([reply(KEY), refused]);
    let place = configured(&server, &format!("echo {KEY}"));
    let ran = run(&place, &["chat", "hi"]).run();
    let warning = "airx: warning: --cache: this answer is not kept: the exchange holds a key or another secret\n";
    ran.is(0, &format!("{KEY}\n"), &format!("unlocked\n{warning}"));
    assert_eq!(entries(&place.path().join("cache")).len(), 0);
    let ran = run(&place, &["chat", "ho", "-v", "--format", "ndjson"]).run();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(text.contains("wrong key [hidden]"), "{text}");
        assert!(!text.contains("FromACommand"), "{text}");
    }
}

#[test]
fn no_tool_gets_a_variable_that_holds_the_key() {
    let server = Server::play([calls("", &[("f", CITY)]), reply("Done.")]);
    let place = configured(&server, "echo $KEY_OF_THE_USER");
    file(&place, "t", TOOLS);
    script(&place, "show", "echo \"has $KEY_OF_THE_USER\" > seen");
    let ran = run(
        &place,
        &[
            "tools", "hi", "-t", "t", "--exec", "f=./show", "--exec", "g=true", "--run", "--yes",
        ],
    )
    .env("KEY_OF_THE_USER", KEY)
    .within(place.path())
    .run();
    ran.is(0, "Done.\n", "unlocked\n");
    assert_eq!(
        fs::read_to_string(place.path().join("seen")).unwrap(),
        "has \n"
    );
    assert_eq!(runs(&place), 1);
}

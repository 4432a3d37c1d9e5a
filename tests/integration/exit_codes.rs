//! Every row of the table of exit codes is produced by a run.

use std::process::Stdio;

use airx::exit::{Class, TABLE};
use rustix::process::Signal;

use crate::harness::signals::{send, under_way};
use crate::harness::{
    Ran, Server, Step, airx, delta, finish, finish_frame, folder, json, reply, reply_body, stream,
};

/// A run that ends with the exit code of this class.
fn produce(class: Class, format: &str) -> Ran {
    let reply_of = |reason: &str| json(200, &reply_body("{}", reason));
    let (play, args): (_, &[&str]) = match class {
        Class::Ok => (Some(reply("{}")), &["chat", "hi"]),
        Class::Internal => {
            let full = std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .unwrap();
            let server = Server::once(reply("{}"));
            return airx(["chat", "hi"]).at(&server).stdout_to(full).run();
        }
        Class::Usage => (None, &["chat", " ", "--base-url", "http://127.0.0.1:9"]),
        Class::Account => (Some(json(401, "{}")), &["chat", "hi"]),
        Class::Rejected => (Some(json(400, "{}")), &["chat", "hi"]),
        Class::Busy => (Some(json(500, "{}")), &["chat", "hi"]),
        Class::Network => (Some(vec![Step::Close]), &["chat", "hi"]),
        Class::Incomplete => (Some(json(200, "{}")), &["stream", "hi"]),
        Class::Blocked => (Some(reply_of("sensitive")), &["chat", "hi"]),
        Class::Truncated => (Some(reply_of("length")), &["json", "hi"]),
        Class::Invalid => (Some(reply("no json")), &["json", "--tries", "1", "hi"]),
        Class::Tool => (Some(reply("no call")), &["tools", "--require-call", "hi"]),
        Class::Partial => {
            let run = airx(["chat", "--each=json", "{a}"]);
            // `--each` has no text format.
            let events = ["--format", format]
                .into_iter()
                .filter(|_| format != "text");
            return run.args(events).nowhere().stdin("{}\n").run();
        }
        Class::Replay => {
            let tapes = folder();
            let run = airx(["chat", "hi", "--format", format, "--replay"]);
            return run.args([tapes.path()]).run();
        }
        Class::Signal => {
            let (server, child) = under_way(&[]);
            send(&child, Signal::INT);
            drop(server);
            return finish(child);
        }
    };
    let run = airx(args).args(["--retries", "0", "--format", format]);
    match play {
        None => run.run(),
        Some(play) => run.at(&Server::once(play)).run(),
    }
}

#[test]
fn every_row_of_the_table_is_produced() {
    for row in TABLE {
        let ran = produce(row.class, "text");
        assert_eq!(
            ran.code,
            i32::from(row.code),
            "{}: {}",
            row.name,
            ran.stderr
        );
        let report = format!("airx: {}: ", row.name);
        let named = ran.stderr.lines().any(|line| line.starts_with(&report));
        assert_eq!(
            named,
            row.class != Class::Ok,
            "{}: {}",
            row.name,
            ran.stderr
        );
    }
}

#[test]
fn every_failure_ends_its_events_with_class_and_exit() {
    for row in TABLE {
        if matches!(row.class, Class::Ok | Class::Internal | Class::Signal) {
            continue;
        }
        let ran = produce(row.class, "ndjson");
        let types = ran.types();
        let ends = types
            .iter()
            .filter(|name| matches!(&***name, "done" | "error"))
            .count();
        assert_eq!(
            (ends, types.last().map(String::as_str)),
            (1, Some("error")),
            "{}",
            row.name
        );
        let last = ran.events().pop().unwrap();
        assert_eq!(
            (&last["class"], &last["exit"]),
            (&row.name.into(), &row.code.into())
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let long = "x".repeat(200_000);
    for (command, format) in [("chat", "text"), ("stream", "text"), ("stream", "json")] {
        let play = if command == "chat" {
            reply(&long)
        } else {
            stream([delta(&long), delta(&long), finish_frame("stop")])
        };
        let server = Server::once(play);
        let mut child = airx([command, "--format", format, "hi"])
            .stdin_from(Stdio::null())
            .at(&server)
            .start();
        drop(child.stdout.take());
        finish(child).is(0, "", "");
    }
    // The first event cannot be written, so no request is sent.
    let server = Server::play([]);
    let mut child = airx(["stream", "--format", "ndjson", "hi"])
        .stdin_from(Stdio::null())
        .at(&server)
        .start();
    drop(child.stdout.take());
    finish(child).is(0, "", "");
}

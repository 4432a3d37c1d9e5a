//! Every row of the table of exit codes is produced by a run.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use airx::exit::{Class, TABLE};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{
    Ran, Server, Step, airx, chunk, delta, finish, finish_frame, folder, json, reply, reply_body,
    stream, stream_head,
};

/// A run that ends with the code of this class, as far as a pipe shows it.
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
        let told = format!("airx: {}: ", row.name);
        let tells = ran.stderr.lines().any(|line| line.starts_with(&told));
        assert_eq!(
            tells,
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

/// A stream that has printed its first delta and waits for more.
fn under_way(args: &[&str]) -> (Server, Child) {
    let play = vec![stream_head(), chunk(delta("Hello").as_bytes()), Step::Hold];
    let server = Server::once(play);
    let mut child = airx(["stream", "hi"]).args(args).at(&server).start();
    drop(child.stdin.take());
    // It is read from the pipe byte by byte: what follows is left there.
    let mut first = [0; 5];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    (server, child)
}

fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

#[test]
fn a_signal_ends_the_output_and_then_kills() {
    for (signal, name, code) in [
        (Signal::INT, "SIGINT", 130),
        (Signal::TERM, "SIGTERM", 143),
        (Signal::HUP, "SIGHUP", 129),
    ] {
        let (_server, mut child) = under_way(&[]);
        send(&child, signal);
        let (mut out, mut err) = (String::new(), String::new());
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(code - 128), "{status}");
        assert_eq!(
            (&*out, err),
            ("\n", format!("airx: signal: ended by {name}\n"))
        );
    }
}

#[test]
fn a_signal_ends_the_events_and_the_meta_file() {
    let folder = folder();
    let meta = folder.path().join("meta");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let args = ["--format", "ndjson", "--meta", meta.to_str().unwrap()];
        let (server, mut child) = under_way(&args);
        server.await_asked(1);
        // The five bytes that were read are the start of the first event.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let start = lines.next().unwrap().unwrap();
        assert!(
            start.contains("\":\"start\"") || start.contains("e\":\"start"),
            "{start}"
        );
        send(&child, signal);
        let rest: Vec<_> = lines.map(Result::unwrap).collect();
        let last: serde_json::Value = serde_json::from_str(rest.last().unwrap()).unwrap();
        assert_eq!(
            (&last["type"], &last["class"], &last["exit"]),
            (&"error".into(), &"signal".into(), &code.into())
        );
        let ran = finish(child);
        assert_eq!(ran.code, code);
        let told = std::fs::read_to_string(&meta).unwrap();
        assert_eq!(told.trim_end(), rest.last().unwrap());
    }
}

#[test]
fn a_signal_while_nothing_has_come_kills_too() {
    for command in ["chat", "stream"] {
        let server = Server::once(vec![Step::Hold]);
        let mut child = airx([command, "--format", "ndjson", "hi"])
            .at(&server)
            .start();
        drop(child.stdin.take());
        server.await_asked(1);
        send(&child, Signal::TERM);
        let ran = finish(child);
        assert_eq!(ran.code, 143, "{ran:?}");
        let last = ran.stdout.lines().last().unwrap();
        assert!(last.contains("\"class\":\"signal\",\"exit\":143"), "{last}");
    }
}

#[test]
fn a_signal_in_a_retry_s_wait_kills_too() {
    let server = Server::once(crate::harness::http(503, "Retry-After: 60\r\n", ""));
    let mut child = airx(["chat", "--format", "ndjson", "hi"])
        .at(&server)
        .start();
    drop(child.stdin.take());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("start"));
    assert!(lines.next().unwrap().unwrap().contains("retry"));
    send(&child, Signal::INT);
    let last = lines.last().unwrap().unwrap();
    assert!(last.contains("\"exit\":130"), "{last}");
    assert_eq!(finish(child).code, 130);
}

#[test]
fn a_shell_loop_stops_with_the_run_that_a_signal_killed() {
    let server = Server::once(vec![Step::Hold]);
    let script = format!(
        "for i in 1 2; do '{}' chat --format ndjson hi; echo again; done",
        env!("CARGO_BIN_EXE_airx")
    );
    let mut shell = std::process::Command::new("bash");
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let shell = shell
        .args(["-c", &script])
        .env("AIRX_BASE_URL", server.base())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    server.await_asked(1);
    let group = Pid::from_raw(i32::try_from(shell.id()).unwrap()).unwrap();
    rustix::process::kill_process_group(group, Signal::INT).unwrap();
    let ran = finish(shell);
    assert_eq!(ran.code, 130);
    assert!(!ran.stdout.contains("again"), "{}", ran.stdout);
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
    // The first event finds nobody: then nothing is sent, and nothing paid.
    let server = Server::play([]);
    let mut child = airx(["stream", "--format", "ndjson", "hi"])
        .at(&server)
        .start();
    drop((child.stdin.take(), child.stdout.take()));
    finish(child).is(0, "", "");
}

#[test]
fn a_closed_standard_output_exits_1_and_nothing_is_sent() {
    let server = Server::play([]);
    let script = format!("'{}' chat -n hi >&-", env!("CARGO_BIN_EXE_airx"));
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &script])
        .env("AIRX_BASE_URL", server.base());
    let output = shell.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "airx: internal: standard output is not open\n"
    );
    assert!(server.asked().is_empty());
}

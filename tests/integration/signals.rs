//! SIGINT, SIGTERM and SIGHUP: the output is finished, then airx dies of the
//! signal itself.

use std::io::{Read, Write};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::watch::{Watch, await_text_in, terminal};
use crate::harness::{
    self, Airx, DONE, Play, Server, Step, bash, chunk, delta, finish, finish_frame, folder,
    last_chunk, reply, stream_head,
};

const SIGNALS: [(Signal, i32, &str); 3] = [
    (Signal::INT, 2, "SIGINT"),
    (Signal::TERM, 15, "SIGTERM"),
    (Signal::HUP, 1, "SIGHUP"),
];

/// `airx ARGS…` with default signals, even if the tests run in the background of a shell
/// or under nohup.
pub fn heedful(args: &[&str]) -> Airx {
    if cfg!(target_os = "linux") {
        let own = ["--default-signal=INT,TERM,HUP", crate::harness::program()];
        harness::run("env", own.iter().chain(args))
    } else {
        harness::airx(args)
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn airx(args: &[&str]) -> Airx {
    heedful(args)
}

/// A stream with one delta, and then silence.
fn started() -> Play {
    vec![stream_head(), chunk(delta("first").as_bytes()), Step::Hold]
}

fn report(name: &str) -> String {
    format!("airx: signal: ended by {name}\n")
}

#[test]
fn a_stream_ends_its_line_and_dies_of_the_signal_itself() {
    for (signal, number, name) in SIGNALS {
        let server = Server::once(started());
        let mut child = airx(&["stream", "-n", "hi"]).at(&server).start();
        let out = Watch::new(child.stdout.take().unwrap());
        out.until("first");
        send(&child, signal);
        let ran = finish(child);
        assert_eq!((ran.signal, ran.stderr), (Some(number), report(name)));
        assert_eq!(out.all(), "first\n");
    }
}

#[test]
fn ndjson_ends_with_exactly_one_error() {
    for (signal, number, name) in SIGNALS {
        let server = Server::once(started());
        let mut child = airx(&["stream", "-n", "--format", "ndjson", "hi"])
            .at(&server)
            .start();
        let out = Watch::new(child.stdout.take().unwrap());
        out.until("first");
        send(&child, signal);
        let ran = finish(child);
        assert_eq!((ran.signal, ran.stderr), (Some(number), report(name)));
        let events: Vec<_> = out.all().lines().map(harness::event).collect();
        assert_eq!(
            events
                .iter()
                .map(|event| event["type"].as_str().unwrap())
                .collect::<Vec<_>>(),
            ["start", "delta", "error"]
        );
        assert_eq!(
            (&events[2]["class"], &events[2]["exit"]),
            (&"signal".into(), &(128 + number).into())
        );
    }
}

#[test]
fn waiting_for_standard_input_ends_at_once_and_nothing_is_sent() {
    let server = Server::play([]);
    for (signal, number, name) in SIGNALS {
        let folder = folder();
        let args = ["chat", "--format", "ndjson", "--meta", "m", "-"];
        let mut child = airx(&args).at(&server).within(folder.path()).start();
        // airx reads the bytes and then waits for more.
        let mut stdin = child.stdin.take().unwrap();
        write_until_read(&mut stdin);
        send(&child, signal);
        let ran = finish(child);
        assert_eq!(
            (ran.signal, ran.stderr.as_str()),
            (Some(number), report(name).as_str())
        );
        assert_eq!(ran.types(), ["error"]);
        let meta = std::fs::read_to_string(folder.path().join("m")).unwrap();
        assert_eq!(harness::event(meta.trim_end())["class"], "signal");
    }
    assert!(server.requests().is_empty());
}

/// Writes more than the pipe's buffer takes. So when it returns, the other side is reading.
fn write_until_read(pipe: &mut impl Write) {
    pipe.write_all(&vec![b'a'; 256 * 1024]).unwrap();
}

#[test]
fn waiting_for_the_servers_answer_ends_at_once() {
    let server = Server::once(vec![Step::Hold]);
    let child = airx(&["chat", "-n", "--format", "json", "hi"])
        .at(&server)
        .start();
    server.await_requests(1);
    send(&child, Signal::INT);
    let ran = finish(child);
    assert_eq!(
        (ran.signal, ran.stdout.as_str(), ran.stderr),
        (Some(2), "", report("SIGINT"))
    );
}

#[test]
fn waiting_to_try_again_ends_at_once() {
    let refusal = harness::http(429, "Retry-After: 100\r\n", "{}");
    let server = Server::once(refusal);
    let mut child = airx(&["chat", "-n", "--format", "ndjson", "hi"])
        .at(&server)
        .start();
    let out = Watch::new(child.stdout.take().unwrap());
    out.until("retry");
    send(&child, Signal::TERM);
    let ran = finish(child);
    assert_eq!(ran.signal, Some(15));
    assert_eq!(
        out.all()
            .lines()
            .map(|line| harness::event(line)["type"].clone())
            .collect::<Vec<_>>(),
        ["start", "retry", "error"]
    );
}

#[test]
fn the_old_file_of_o_stays_and_what_came_is_in_partial() {
    let folder = folder();
    let path = harness::file(&folder, "out", "old");
    let server = Server::once(started());
    let mut child = airx(&["stream", "-n", "-v", "-o", "out", "hi"])
        .at(&server)
        .within(folder.path())
        .start();
    let stderr = Watch::new(child.stderr.take().unwrap());
    await_text_in(folder.path(), "first");
    send(&child, Signal::INT);
    assert_eq!(finish(child).signal, Some(2));
    assert!(stderr.all().ends_with(
        "airx: the part that arrived is in out.partial\nairx: signal: ended by SIGINT\n"
    ));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "old");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("out.partial")).unwrap(),
        "first\n"
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

/// A pipe that is full to the last byte and that no one reads.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    fill(&writer);
    (reader, writer)
}

/// Fills the rest of a pipe: first in large pieces, then byte by byte.
fn fill(mut writer: &std::io::PipeWriter) {
    rustix::io::ioctl_fionbio(writer, true).unwrap();
    for size in [4096, 1] {
        let piece = vec![b'.'; size];
        while writer.write(&piece).is_ok() {}
    }
    rustix::io::ioctl_fionbio(writer, false).unwrap();
}

#[test]
fn a_full_pipe_that_no_one_reads_does_not_keep_it() {
    // Blocked in the write of the first delta.
    let server = Server::once(started());
    let (_reader, writer) = full_pipe();
    let mut child = airx(&["stream", "-n", "-v", "hi"])
        .at(&server)
        .stdout_to(writer)
        .start();
    let stderr = Watch::new(child.stderr.take().unwrap());
    stderr.until("< HTTP");
    send(&child, Signal::INT);
    assert_eq!(finish(child).signal, Some(2));
    // airx waits for the server, and the pipe has no room for the last event.
    for format in ["text", "ndjson"] {
        let server = Server::once(vec![Step::Hold]);
        let (mut reader, writer) = full_pipe();
        let mut room = vec![0; 8192];
        let child = airx(&["chat", "-n", "--format", format, "hi"])
            .at(&server)
            .stdout_to(writer.try_clone().unwrap())
            .start();
        if format == "ndjson" {
            // Makes room for the start event; `fill` below takes the rest.
            reader.read_exact(&mut room).unwrap();
        }
        server.await_requests(1);
        fill(&writer);
        send(&child, Signal::TERM);
        assert_eq!(finish(child).signal, Some(15), "{format}");
    }
}

#[test]
fn a_session_is_as_it_was_and_free_for_the_next_run() {
    const USER: &str = "{\"role\":\"user\",\"content\":\"before\"}\n";
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        for old in [None, Some(""), Some(USER)] {
            let folder = folder();
            let path = folder.path().join("s");
            if let Some(old) = old {
                std::fs::write(&path, old).unwrap();
            }
            let server = Server::play([started(), reply("a")]);
            let mut child = airx(&["stream", "-n", "--session", "s", "hi"])
                .at(&server)
                .within(folder.path())
                .start();
            let out = Watch::new(child.stdout.take().unwrap());
            out.until("first");
            send(&child, signal);
            assert_eq!(finish(child).signal, Some(signal.as_raw()));
            let found = std::fs::read_to_string(&path).ok();
            assert_eq!(found.as_deref(), old, "{signal:?}");
            airx(&["chat", "-n", "--session", "s", "q"])
                .at(&server)
                .within(folder.path())
                .run()
                .is(0, "a\n", "");
            let kept = std::fs::read_to_string(&path).unwrap();
            let lines = old.unwrap_or_default().lines().count() + 2;
            assert_eq!(kept.lines().count(), lines, "{kept}");
        }
    }
}

#[test]
fn who_waits_for_a_new_session_makes_it_when_a_signal_ended_the_other() {
    let folder = folder();
    let server = Server::play([started(), reply("a")]);
    let run = |args: &[&str]| airx(args).at(&server).within(folder.path()).start();
    let mut first = run(&["stream", "-n", "--session", "s", "hi"]);
    Watch::new(first.stdout.take().unwrap()).until("first");
    let mut second = run(&["chat", "-n", "--session", "s", "q"]);
    let report = Watch::new(second.stderr.take().unwrap());
    report.until("waiting for session s, which another run uses");
    send(&first, Signal::INT);
    assert_eq!(finish(first).signal, Some(2));
    finish(second).is(0, "a\n", "");
    let kept = std::fs::read_to_string(folder.path().join("s")).unwrap();
    assert!(
        kept.starts_with("{\"role\":\"user\",\"content\":\"q\"}\n"),
        "{kept}"
    );
    assert_eq!(kept.lines().count(), 2, "{kept}");
}

#[test]
fn an_empty_session_that_a_killed_run_left_is_a_new_one() {
    let folder = folder();
    let server = Server::play([started(), reply("a")]);
    let mut child = airx(&["stream", "-n", "--session", "s", "hi"])
        .at(&server)
        .within(folder.path())
        .start();
    Watch::new(child.stdout.take().unwrap()).until("first");
    // This file is not reported: it stays, empty.
    send(&child, Signal::KILL);
    assert_eq!(finish(child).signal, Some(9));
    airx(&["chat", "-n", "--session", "s", "-s", "sys", "q"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "a\n", "");
    let kept = std::fs::read_to_string(folder.path().join("s")).unwrap();
    assert!(
        kept.starts_with("{\"role\":\"system\",\"content\":\"sys\"}\n"),
        "{kept}"
    );
    assert_eq!(kept.lines().count(), 3, "{kept}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_loop_of_bash_stops_at_ctrl_c() {
    // A separate terminal, whose ^C goes to both the loop and airx.
    let server = Server::once(started());
    let (screen, side) = crate::harness::watch::terminal_pair();
    let mut keys = screen.try_clone().unwrap();
    let shown = Watch::new(screen);
    let script = "while true; do airx stream -n --render never hi; echo again; done; echo after";
    let args = ["-c", "exec setsid -c -w bash -c \"$1\"", "bash", script];
    let path = format!(
        "{}:{}",
        std::path::Path::new(crate::harness::program())
            .parent()
            .unwrap()
            .display(),
        std::env::var("PATH").unwrap()
    );
    let child = harness::run("bash", args)
        .env("PATH", path)
        .at(&server)
        .stdin_from(side.try_clone().unwrap())
        .stdout_to(side.try_clone().unwrap())
        .stderr_to(side)
        .start();
    shown.until("first");
    keys.write_all(b"\x03").unwrap();
    let ran = finish(child);
    assert!(ran.code != 0, "{ran:?}");
    let shown = shown.all();
    assert!(
        !shown.contains("again") && !shown.contains("after"),
        "{shown}"
    );
}

#[test]
fn a_script_sees_128_and_the_number() {
    let server = Server::once(started());
    let script = "airx stream -n hi >out & echo $!; wait $!; echo $?";
    let folder = folder();
    let mut child = bash(script).at(&server).within(folder.path()).start();
    let out = Watch::new(child.stdout.take().unwrap());
    out.until("\n");
    await_text_in(folder.path(), "first");
    let pid: i32 = out.so_far().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::TERM).unwrap();
    assert_eq!(finish(child).stderr, report("SIGTERM"));
    assert!(out.all().ends_with("\n143\n"));
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    for (ignore, signal) in [
        ("trap '' HUP", Signal::HUP),
        ("trap '' INT", Signal::INT),
        ("trap '' TERM", Signal::TERM),
    ] {
        let gated = vec![
            stream_head(),
            chunk(delta("first").as_bytes()),
            Step::Gate,
            chunk([finish_frame("stop"), DONE.into()].concat().as_bytes()),
            last_chunk(),
        ];
        let server = Server::once(gated);
        let mut child = bash(&format!("{ignore}; exec airx stream -n hi"))
            .at(&server)
            .start();
        let out = Watch::new(child.stdout.take().unwrap());
        out.until("first");
        send(&child, signal);
        server.open_gate();
        finish(child).is(0, "", "");
        assert_eq!(out.all(), "first\n");
    }
}

#[test]
fn nohup_survives_a_hangup() {
    let gated = vec![
        stream_head(),
        chunk(delta("first").as_bytes()),
        Step::Gate,
        chunk([finish_frame("stop"), DONE.into()].concat().as_bytes()),
        last_chunk(),
    ];
    let server = Server::once(gated);
    let mut child = bash("exec nohup airx stream -n hi").at(&server).start();
    let out = Watch::new(child.stdout.take().unwrap());
    out.until("first");
    send(&child, Signal::HUP);
    server.open_gate();
    assert_eq!(finish(child).code, 0);
    assert_eq!(out.all(), "first\n");
}

#[test]
fn a_spinner_is_wiped_before_the_message() {
    let server = Server::once(vec![Step::Hold]);
    let (shown, side) = terminal();
    let child = airx(&["chat", "-n", "hi"])
        .at(&server)
        .env("TERM", "xterm")
        .stderr_to(side)
        .start();
    shown.until("airx chat");
    send(&child, Signal::INT);
    assert_eq!(finish(child).signal, Some(2));
    let shown = shown.all();
    assert!(
        shown.ends_with("\u{1b}[2Kairx: \u{1b}[1;31msignal:\u{1b}[0m ended by SIGINT\n"),
        "{shown:?}"
    );
}

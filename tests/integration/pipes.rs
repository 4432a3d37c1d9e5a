//! Outputs that fail: the reader has gone, the output is closed, the disk is full.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use crate::harness::watch::Watch;
use crate::harness::{
    DONE, Play, Server, Step, airx, bash, chunk, delta, finish, finish_frame, folder, last_chunk,
    reply, stream, stream_head, wire,
};

/// The server's answer to each command.
fn answer(command: &str) -> Play {
    match command {
        "stream" => stream([delta("a"), finish_frame("stop"), DONE.into()]),
        "tools" => crate::harness::json(200, &wire("plain_tool_call.json")),
        "json" => reply("{\"a\":1}"),
        _ => reply("a"),
    }
}

/// Runs each command in each format with standard output `out`.
fn each(out: impl Fn() -> Stdio, check: impl Fn(&crate::harness::Ran)) {
    for command in ["chat", "stream", "tools", "json"] {
        for format in ["text", "json", "ndjson"] {
            // With ndjson, writing the start event fails before a request is sent.
            let plays = (format != "ndjson").then(|| answer(command));
            let server = Server::play(plays);
            check(
                &airx([command, "--format", format, "hi"])
                    .at(&server)
                    .stdout_to(out())
                    .run(),
            );
        }
    }
}

#[test]
fn a_reader_that_has_gone_is_a_quiet_0_of_every_command_in_every_format() {
    let gone = || std::io::pipe().unwrap().1.into();
    each(gone, |ran| {
        ran.is(0, "", "");
    });
    for args in [
        &["models"][..],
        &["help"],
        &["--version"],
        &["completions", "bash"],
        &["chat", "--dry-run", "hi"],
    ] {
        airx(args).stdout_to(gone()).run().is(0, "", "");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_exit_1_of_every_command_in_every_format() {
    let full = || {
        OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
            .into()
    };
    let report = "airx: internal: cannot write the output: No space left on device (os error 28)\n";
    each(full, |ran| {
        ran.is(1, "", report);
    });
    for args in [
        &["models"][..],
        &["help"],
        &["--version"],
        &["chat", "--dry-run", "hi"],
    ] {
        airx(args).stdout_to(full()).run().is(1, "", report);
    }
}

#[test]
fn a_closed_standard_output_counts_as_dev_null() {
    // Rust's runtime opens /dev/null in its place before the program begins.
    let server = Server::play([reply("a"), reply("b")]);
    let script = "airx chat -n hi >&-; airx stream -n hi >&-; airx models >&-";
    bash(script).at(&server).run().is(0, "", "");
}

#[test]
fn a_closed_standard_output_does_not_matter_with_o() {
    let folder = folder();
    let server = Server::once(reply("a"));
    bash("airx chat -n -o out hi >&-")
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "", "");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("out")).unwrap(),
        "a\n"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_standard_error_that_is_closed_or_full_or_gone_is_harmless() {
    for redirect in ["2>&-", "2>/dev/full", "2> >(:)"] {
        let server = Server::play([reply("a"), crate::harness::json(401, "{}")]);
        let script = format!("airx chat -n -v --usage hi {redirect}; airx chat -n hi {redirect}");
        bash(&script).at(&server).run().is(3, "a\n", "");
    }
    bash("airx chat --nonsense 2>&-")
        .nowhere()
        .run()
        .is(2, "", "");
}

#[test]
fn a_reader_that_goes_ends_a_stream_at_the_next_delta() {
    let held = vec![
        stream_head(),
        chunk(delta("one\n").as_bytes()),
        Step::Gate,
        chunk(delta("two\n").as_bytes()),
        Step::Hold,
    ];
    let server = Server::once(held);
    let script = "airx stream -n hi | head -n 1; echo ${PIPESTATUS[0]}";
    let mut child = bash(script).at(&server).start();
    let out = Watch::new(child.stdout.take().unwrap());
    out.until("one\n");
    server.open_gate();
    // The server sends no end: the run must end by itself.
    finish(child).is(0, "", "");
    assert_eq!(out.all(), "one\n0\n");
}

#[test]
fn a_delta_leaves_before_the_next_has_come_in_every_format() {
    for format in ["text", "json", "ndjson"] {
        let gated = vec![
            stream_head(),
            chunk(delta("first").as_bytes()),
            Step::Gate,
            chunk(delta("second").as_bytes()),
            Step::Gate,
            chunk([finish_frame("stop"), DONE.into()].concat().as_bytes()),
            last_chunk(),
        ];
        let server = Server::once(gated);
        let mut child = airx(["stream", "-n", "--format", format, "hi"])
            .at(&server)
            .start();
        let out = Watch::new(child.stdout.take().unwrap());
        out.until("first");
        server.open_gate();
        out.until("second");
        server.open_gate();
        finish(child).is(0, "", "");
    }
}

#[test]
fn a_burst_of_deltas_is_not_a_write_each() {
    const DELTAS: usize = 1000;
    let frames = delta("x").repeat(DELTAS) + &finish_frame("stop") + DONE;
    for (format, end) in [("text", "\n"), ("ndjson", "\"type\":\"done\"")] {
        let server = Server::once(stream([&frames]));
        // Each write to a datagram socket is a message of its own.
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let child = airx(["stream", "-n", "--format", format, "hi"])
            .at(&server)
            .stdout_to(OwnedFd::from(theirs))
            .start();
        ours.set_read_timeout(Some(crate::harness::PATIENCE))
            .unwrap();
        let mut message = vec![0; 256 * 1024];
        let (mut writes, mut last) = (0, 0);
        while !String::from_utf8_lossy(&message[..last]).contains(end) {
            last = ours.recv(&mut message).unwrap();
            writes += 1;
        }
        finish(child).is(0, "", "");
        assert!(writes < DELTAS / 4, "{writes} writes");
    }
}

#[test]
fn a_reader_that_has_gone_does_not_hide_a_failure_that_prints_nothing() {
    let server = Server::once(crate::harness::json(401, "{}"));
    let gone = std::io::pipe().unwrap().1;
    let ran = airx(["chat", "hi"]).at(&server).stdout_to(gone).run();
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.starts_with("airx: account: "), "{}", ran.stderr);
}

#[test]
fn a_slow_reader_gets_everything() {
    let text = "0123456789abcdef".repeat(64 * 1024);
    let server = Server::once(reply(&text));
    let script = "airx chat -n hi | { read -rn 1 c; printf %s \"$c\"; cat; }";
    let ran = bash(script).at(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout == text + "\n");
}

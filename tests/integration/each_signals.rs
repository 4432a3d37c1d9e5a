//! `--each` and signals: after the first SIGINT the requests in flight are completed.

use std::io::Write;

use rustix::process::Signal;

use crate::harness::items::{contents, echo, echoes};
use crate::harness::signals::send;
use crate::harness::watch::{Watch, terminal};
use crate::harness::{event, finish};
use crate::signals::heedful;

#[test]
fn the_first_sigint_ends_it_when_what_is_in_flight_has() {
    let server = echo().hold();
    let args = ["chat", "--each", "-c", "2", "--format", "ndjson"];
    let mut child = heedful(&args).of(&server).start();
    let out = Watch::new(child.stdout.take().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a\nb\nc\nd\n").unwrap();
    server.await_requests(2);
    server.release("a");
    out.until("\"a!\"");
    server.await_requests(3);
    let err = Watch::new(child.stderr.take().unwrap());
    send(&child, Signal::INT);
    err.until("SIGINT: waiting for the requests in flight");
    // The input is still open, but the run does not wait for it.
    server.release("b");
    out.until("\"b!\"");
    server.release_all();
    let ran = finish(child);
    drop(stdin);
    assert_eq!(ran.signal, Some(2));
    let expected = "airx: SIGINT: waiting for the requests in flight; a second SIGINT ends the run at once\nairx: signal: ended by SIGINT\n";
    assert_eq!(err.all(), expected);
    assert_eq!(
        contents(&out.all()),
        echoes([(0, "a!"), (1, "b!"), (2, "c!")])
    );
    let last = event(out.all().lines().last().unwrap());
    assert_eq!(
        (&last["type"], &last["exit"]),
        (&"error".into(), &130.into())
    );
    assert_eq!(server.texts().len(), 3, "nothing new was started");
}

#[test]
fn the_second_sigint_ends_it_at_once() {
    let server = echo().hold();
    let mut child = heedful(&["chat", "--each", "-v"]).of(&server).start();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a\nb\n").unwrap();
    server.await_requests(2);
    let err = Watch::new(child.stderr.take().unwrap());
    send(&child, Signal::INT);
    err.until("SIGINT: waiting for the requests in flight; a second SIGINT ends the run at once");
    send(&child, Signal::INT);
    let ran = finish(child);
    assert_eq!((ran.signal, &*ran.stdout), (Some(2), ""));
    assert!(
        err.all().ends_with("airx: signal: ended by SIGINT\n"),
        "{}",
        err.all()
    );
    server.release_all();
}

#[test]
fn sigterm_and_sighup_end_it_at_once() {
    for (signal, number, name) in [(Signal::TERM, 15, "SIGTERM"), (Signal::HUP, 1, "SIGHUP")] {
        let server = echo().hold();
        let mut child = heedful(&["chat", "--each"]).of(&server).start();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"a\n").unwrap();
        server.await_requests(1);
        send(&child, signal);
        let ran = finish(child);
        assert_eq!((ran.signal, &*ran.stdout), (Some(number), ""));
        assert!(
            ran.stderr
                .ends_with(&format!("airx: signal: ended by {name}\n")),
            "{}",
            ran.stderr
        );
        server.release_all();
    }
}

#[test]
fn a_sigint_while_it_waits_for_items_ends_it_at_once() {
    let server = echo();
    let mut child = heedful(&["chat", "--each"]).of(&server).start();
    let out = Watch::new(child.stdout.take().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a\n").unwrap();
    out.until("\"a!\"");
    send(&child, Signal::INT);
    let ran = finish(child);
    assert_eq!(
        (ran.signal, contents(&out.all())),
        (Some(2), echoes([(0, "a!")]))
    );
    drop(stdin);
}

#[test]
fn every_finished_result_is_printed_in_order_at_any_end_of_the_run() {
    let count = 80;
    for (signals, number) in [
        (&[Signal::TERM][..], 15),
        (&[Signal::HUP], 1),
        (&[Signal::INT, Signal::INT], 2),
    ] {
        for format in ["text", "ndjson"] {
            let server = echo().hold();
            let args = ["chat", "--each", "-c", "10"];
            let args = match format {
                "ndjson" => [&args[..], &["--format", "ndjson"]].concat(),
                _ => args.to_vec(),
            };
            let (screen, side) = terminal();
            let mut window = rustix::termios::tcgetwinsize(&side).unwrap();
            window.ws_col = 100;
            rustix::termios::tcsetwinsize(&side, window).unwrap();
            let mut child = heedful(&args)
                .of(&server)
                .env("TERM", "xterm")
                .stderr_to(side)
                .start();
            let out = Watch::new(child.stdout.take().unwrap());
            let mut stdin = child.stdin.take().unwrap();
            stdin
                .write_all(crate::harness::items::numbers(count).as_bytes())
                .unwrap();
            drop(stdin);
            for item in 1..count {
                server.release(&item.to_string());
            }
            screen.until("79 done, 0 failed, 1 in flight");
            for signal in signals {
                send(&child, *signal);
                if *signal == Signal::INT {
                    screen.until("SIGINT: waiting for the requests in flight");
                }
            }
            let ran = finish(child);
            assert_eq!(ran.signal, Some(number), "{}", screen.all());
            let expected: Vec<_> = (1..count).map(|item| (item, format!("{item}!"))).collect();
            assert_eq!(contents(&out.all()), expected);
            let last = event(out.all().lines().last().unwrap());
            let types = if format == "ndjson" {
                "error"
            } else {
                "result"
            };
            assert_eq!(last["type"], types);
            server.release_all();
        }
    }
}

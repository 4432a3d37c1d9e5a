//! A process that is stopped and continued: no time-out ends it if the bytes arrived in the
//! meantime, and no other process waits for it in the queue of `--max-in-flight`.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::signals::send;
use crate::harness::watch::Watch;
use crate::harness::{
    DONE, Play, Server, Step, airx, chunk, delta, finish, finish_frame, folder, gated, last_chunk,
    reply, reply_body, stream_head, together,
};

/// A stream of five parts that waits for the test after the first `parts` of them.
fn stream_held_after(parts: usize) -> Play {
    let mut play = vec![stream_head()];
    play.extend(
        [delta("Hel"), delta("lo"), finish_frame("stop")].map(|part| chunk(part.as_bytes())),
    );
    play.extend([chunk(DONE.as_bytes()), last_chunk()]);
    play.insert(parts, Step::Gate);
    play
}

/// A reply that sends its head and ten bytes, and then waits for the test.
fn reply_held_after_its_head() -> Play {
    let body = reply_body("Hello", "stop");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let (begin, end) = body.split_at(10);
    vec![
        Step::Send([head.as_bytes(), begin.as_bytes()].concat()),
        Step::Gate,
        Step::Send(end.into()),
    ]
}

#[test]
fn an_answer_that_arrived_while_the_process_was_stopped_is_printed() {
    let streams = ["--idle-timeout", "--first-token-timeout", "--timeout"]
        .into_iter()
        .flat_map(|option| [0, 1, 2].map(|parts| ("stream", option, stream_held_after(parts))));
    let replies = [gated(reply("Hello")), reply_held_after_its_head()]
        .map(|play| ("chat", "--timeout", play));
    together(streams.chain(replies), |(command, option, play)| {
        let server = Server::once(play);
        let mut child = airx([command, "hi", option, "1s", "--retries=0"])
            .at(&server)
            .stdin_from(Stdio::null())
            .start();
        let printed = Watch::new(child.stdout.take().unwrap());
        server.await_requests(1);
        send(&child, Signal::STOP);
        server.open_gate();
        // Longer than the time-out, which must not fire.
        std::thread::sleep(Duration::from_millis(1_500));
        send(&child, Signal::CONT);
        let ran = finish(child);
        assert_eq!((ran.code, &*ran.stderr), (0, ""), "{command} {option}");
        assert_eq!(printed.all(), "Hello\n", "{command} {option}");
    });
}

#[test]
fn a_stopped_process_that_waits_for_a_slot_holds_up_no_one() {
    let runtime = folder();
    let server = Server::play([gated(reply("a")), reply("b"), reply("c"), reply("d")]);
    let start = |prompt: &str| {
        let mut child = airx(["chat", "-v", "--max-in-flight", "1", prompt])
            .env("XDG_RUNTIME_DIR", runtime.path())
            .at(&server)
            .stdin_from(Stdio::null())
            .start();
        let said = Watch::new(child.stderr.take().unwrap());
        (child, said)
    };
    let (holder, _said) = start("holder");
    server.await_requests(1);
    let (stopped, said) = start("stopped");
    said.until("* waiting for a slot");
    send(&stopped, Signal::STOP);
    let (later, said) = start("later");
    said.until("* waiting for a slot");
    server.open_gate();
    assert_eq!((finish(holder).code, finish(later).code), (0, 0));
    // A run that starts now does not wait for the stopped one either.
    let (late, _said) = start("late");
    assert_eq!(finish(late).code, 0);
    assert!(
        !server
            .requests()
            .iter()
            .any(|asked| asked.body.contains("stopped"))
    );
    send(&stopped, Signal::CONT);
    assert_eq!(finish(stopped).code, 0);
}

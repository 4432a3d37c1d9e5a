//! Every piece is written as soon as it arrives, but a burst does not cost one write per
//! piece.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use crate::harness::{
    DONE, Server, Step, airx, chunk, delta, finish, finish_frame, last_chunk, stream_head,
};

/// Two deltas and the end. The server sends each only after the test has seen the
/// previous one.
fn gated() -> Server {
    Server::once(vec![
        stream_head(),
        chunk(delta("one").as_bytes()),
        Step::Gate,
        chunk(delta("two").as_bytes()),
        Step::Gate,
        chunk((finish_frame("stop") + DONE).as_bytes()),
        last_chunk(),
    ])
}

#[test]
fn a_delta_is_read_from_the_pipe_before_the_next_is_sent() {
    let server = gated();
    let mut child = airx(["stream", "hi"])
        .at(&server)
        .stdin_from(std::process::Stdio::null())
        .start();
    let out = child.stdout.as_mut().unwrap();
    for piece in ["one", "two"] {
        let mut bytes = [0; 3];
        out.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, piece.as_bytes());
        server.open_gate();
    }
    finish(child).is(0, "\n", "");
}

#[test]
fn payloads_and_events_leave_as_they_come() {
    for format in ["json", "ndjson"] {
        let server = gated();
        let mut child = airx(["stream", "--format", format, "hi"])
            .at(&server)
            .stdin_from(std::process::Stdio::null())
            .start();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for piece in ["one", "two"] {
            let seen = lines
                .by_ref()
                .map(Result::unwrap)
                .find(|line| line.contains("\"content\""));
            assert!(seen.is_some_and(|line| line.contains(piece)));
            server.open_gate();
        }
        assert_eq!(lines.count(), 1);
        assert_eq!(finish(child).code, 0);
    }
}

#[test]
fn the_start_is_reported_before_the_server_answers() {
    let server = Server::once(vec![Step::Gate, Step::Close]);
    let args = ["chat", "--retries", "0", "--format", "ndjson", "hi"];
    let mut child = airx(args)
        .at(&server)
        .stdin_from(std::process::Stdio::null())
        .start();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(
        first.starts_with(r#"{"type":"start","v":1,"command":"chat""#),
        "{first}"
    );
    server.open_gate();
    assert_eq!(lines.count(), 1);
    assert_eq!(finish(child).code, 6);
}

/// Counts the writes of a run: a datagram socket keeps each write separate.
fn writes(format: &str, plays: Vec<Step>) -> (usize, Vec<u8>) {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let server = Server::once(plays);
    let run = airx(["stream", "--format", format, "hi"]).at(&server);
    let child = run
        .stdout_to(OwnedFd::from(theirs))
        .stdin_from(std::process::Stdio::null())
        .start();
    let reader = std::thread::spawn(move || {
        let (mut count, mut bytes) = (0, Vec::new());
        let mut piece = vec![0; 1 << 20];
        // When its peer ends, a connected datagram socket may return an error or wait
        // for ever.
        ours.set_read_timeout(Some(std::time::Duration::from_secs(20)))
            .unwrap();
        while !bytes.ends_with(b"\n") || !ended(&bytes) {
            let Ok(length) = ours.recv(&mut piece) else {
                break;
            };
            count += 1;
            bytes.extend_from_slice(&piece[..length]);
        }
        (count, bytes)
    });
    assert_eq!(finish(child).code, 0);
    reader.join().unwrap()
}

/// Whether this is the end of an answer in [`writes`].
fn ended(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let last = text.lines().last().unwrap_or_default();
    last.ends_with("The end.") || last.contains("\"done\"") || last.contains("\"usage\"")
}

#[test]
fn a_burst_of_deltas_leaves_in_few_writes() {
    let burst: String = (0..1000)
        .map(|number| delta(&format!("{number} ")))
        .collect();
    let burst = burst + &delta("The end.") + &finish_frame("stop") + DONE;
    for format in ["text", "json", "ndjson"] {
        let play = vec![stream_head(), chunk(burst.as_bytes()), last_chunk()];
        let (count, bytes) = writes(format, play);
        assert!(count < 200, "{format}: {count} writes for 1000 deltas");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("999 "), "{format}: {text}");
    }
}

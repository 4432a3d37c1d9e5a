//! A response beyond a size limit ends the run at once.

use crate::harness::{Play, Server, Step, airx, chunk, stream_head};

const MIB: usize = 1 << 20;

fn run(command: &str, play: Play, stderr: &str) {
    let server = Server::once(play);
    let ran = airx([command, "--retries", "0", "hi"]).at(&server).run();
    ran.is(7, "", stderr);
}

/// Sends `count` MiB, one at a time, and then nothing more.
fn megabytes(count: usize, byte: u8) -> impl Iterator<Item = Step> {
    (0..count)
        .map(move |_| Step::Send(vec![byte; MIB]))
        .chain([Step::Hold])
}

#[test]
fn a_line_of_a_stream_over_16_mib_exits_7() {
    let report = "airx: incomplete: an event of the stream is longer than 16 MiB\n";
    let mut play = vec![
        stream_head(),
        Step::Send(format!("{:x}\r\ndata: ", 64 * MIB).into()),
    ];
    play.extend(megabytes(17, b'x'));
    run("stream", play, report);
}

#[test]
fn an_event_of_many_lines_over_16_mib_exits_7() {
    let report = "airx: incomplete: an event of the stream is longer than 16 MiB\n";
    let line = format!("data: {}\n", "x".repeat(MIB));
    let mut play = vec![stream_head()];
    play.extend((0..17).map(|_| chunk(line.as_bytes())));
    play.push(Step::Hold);
    run("stream", play, report);
}

#[test]
fn a_body_over_64_mib_exits_7() {
    let report = "airx: incomplete: the response's body is longer than 64 MiB\n";
    for command in ["chat", "stream"] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{";
        let mut play = vec![Step::Send(head.into())];
        play.extend(megabytes(64, b' '));
        run(command, play, report);
    }
}

#[test]
fn an_answer_of_some_megabytes_is_printed_complete() {
    let text = "0123456789abcdef".repeat(MIB / 4);
    let server = Server::once(crate::harness::reply(&text));
    let ran = airx(["chat", "hi"]).at(&server).run();
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    assert!(ran.bytes().strip_suffix(b"\n") == Some(text.as_bytes()));
    let server = Server::once(crate::harness::stream_of([&*text]));
    let ran = airx(["stream", "hi"]).at(&server).run();
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    assert!(ran.bytes().strip_suffix(b"\n") == Some(text.as_bytes()));
}

#[test]
fn a_head_without_end_does_not_keep_one_waiting() {
    let line = format!("X-Long: {}\r\n", "x".repeat(MIB));
    let mut play = vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec())];
    play.extend((0..8).map(|_| Step::Send(line.clone().into())));
    play.push(Step::Hold);
    let server = Server::once(play);
    let ran = airx(["chat", "--retries", "0", "hi"]).at(&server).run();
    assert_eq!((ran.code, &*ran.stdout), (7, ""), "{}", ran.stderr);
}

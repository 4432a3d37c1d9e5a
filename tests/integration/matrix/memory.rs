//! Peak memory while a server sends without end.
#![cfg(target_os = "linux")]

use std::process::Child;
use std::time::Duration;

use crate::harness::{
    DONE, Play, Server, Step, airx, chunk, delta, finish, finish_frame, folder, last_chunk,
    stream_head,
};

/// The most memory that a run may use, without a body up to its bound, and without the
/// pages of the program's file: this is a debug build, and the page cache varies.
const MOST: u64 = 20 * 1000 * 1000;
const MIB: usize = 1 << 20;
/// MiB to send. Together with a run's usual memory this is over the bound, so the test
/// notices if airx keeps it.
const MUCH: usize = 26;

/// A row: what grows, the arguments, what the server sends, the exit code.
struct Row(&'static str, &'static [&'static str], fn() -> Play, i32);

/// [`MUCH`] HTTP chunks, each with a MiB of `unit`, and then the end.
fn much(unit: &str, end: &str) -> Play {
    let piece = chunk(unit.repeat(MIB / unit.len()).as_bytes());
    let mut play = vec![stream_head()];
    play.extend((0..MUCH).map(|_| piece.clone()));
    play.extend([chunk(end.as_bytes()), last_chunk()]);
    play
}

fn end() -> String {
    finish_frame("stop") + DONE
}

/// A start, [`MUCH`] MiB of the same line without HTTP framing, and then silence.
fn endless(started: &str, line: &str) -> Play {
    let piece = Step::Send(line.repeat(MIB / line.len()).into());
    let mut play = vec![Step::Send(started.into())];
    play.extend((0..MUCH).map(|_| piece.clone()));
    play.push(Step::Hold);
    play
}

fn frame(piece: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{{piece}}}}}]}}\n\n")
}

fn fragments() -> Play {
    let arguments = "x".repeat(1000);
    much(
        &frame(&format!(
            r#""tool_calls":[{{"index":0,"function":{{"arguments":"{arguments}"}}}}]"#
        )),
        &end(),
    )
}

/// A text as long as many deltas, but faster to parse.
fn words() -> String {
    "some words of an answer\n".repeat(80)
}

fn text() -> Play {
    much(&delta(&words()), &end())
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const ROWS: &[Row] = &[
    Row("text", &["stream"], text, 0),
    Row("text as events", &["stream", "--format", "ndjson"], text, 0),
    Row("text as payloads", &["stream", "--format", "json"], text, 0),
    Row("text without a block", &["stream", "-x"], text, 7),
    Row(
        "text without a last block",
        &["stream", "-x=last"],
        || {
            let mut play = text();
            play.insert(1, chunk(delta("```\n").as_bytes()));
            play
        },
        7,
    ),
    Row(
        "thinking",
        &["stream", "--reasoning", "--allow-empty"],
        || {
            much(
                &frame(&format!(r#""reasoning_content":"{}""#, "hm, ".repeat(400))),
                &end(),
            )
        },
        0,
    ),
    Row(
        "payloads without a token",
        &["stream", "--format", "json", "--allow-empty"],
        || much(&frame(&format!(r#""role":"{}""#, "x".repeat(1000))), &end()),
        0,
    ),
    Row("a call's arguments", &["stream"], fragments, 7),
    Row(
        "a call's arguments as events",
        &["stream", "--format", "ndjson"],
        fragments,
        7,
    ),
    Row(
        "comments",
        &["stream", "--allow-empty"],
        || much(&format!(": {}\n\n", "ping".repeat(200)), &end()),
        0,
    ),
    Row(
        "headers",
        &["chat"],
        || endless("HTTP/1.1 200 OK\r\n", "X-More: 1\r\n"),
        7,
    ),
    Row(
        "a header",
        &["stream"],
        || endless("HTTP/1.1 200 OK\r\nX-Long: ", "x"),
        7,
    ),
    Row(
        "a chunk's extension",
        &["chat"],
        || endless(&format!("{HEAD}5;"), "x"),
        7,
    ),
    Row(
        "trailers",
        &["chat"],
        || endless(&format!("{HEAD}2\r\n{{}}\r\n0\r\n"), "X-T: 1\r\n"),
        7,
    ),
];

/// Waits for the end of a process and returns the peak of its own memory in bytes.
fn peak(child: &Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while let Ok(status) = std::fs::read_to_string(&status) {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kib * 1024)
        };
        // A process that has ended but was not waited for reports no memory.
        let (Some(most), Some(files)) = (bytes("VmHWM:"), bytes("RssFile:")) else {
            break;
        };
        // Before the exec, the process has the test's name and memory.
        if status.starts_with("Name:\tairx\n") {
            peak = peak.max(most.saturating_sub(files));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// 20 000 deltas: each of one half contains the key; the other half spells it out.
fn echoes(key: &str) -> Play {
    const DELTAS: usize = 10_000;
    let complete = delta(&format!("your key is {key}, it says\n")).repeat(100);
    let spread: String = key.chars().map(|c| delta(&c.to_string())).collect();
    let mut play = vec![stream_head()];
    play.extend((0..DELTAS / 100).map(|_| chunk(complete.as_bytes())));
    play.extend((0..DELTAS / key.len()).map(|_| chunk(spread.as_bytes())));
    play.extend([chunk(end().as_bytes()), last_chunk()]);
    play
}

#[test]
fn memory_stays_small_while_a_long_stream_is_cleaned_for_its_recording() {
    const KEY: &str = "0123456789abcdef0123456789abcdef.SecretSecret4567";
    let tapes = folder();
    let server = Server::once(echoes(KEY));
    let child = airx(["stream", "-n", "-q", "hi", "--record"])
        .args([tapes.path()])
        .env("AIRX_API_KEY", KEY)
        .at(&server)
        .stdout_to(std::process::Stdio::null())
        .start();
    let peak = peak(&child);
    finish(child).is(0, "", "");
    assert!(peak <= MOST, "{} kB", peak / 1000);
    let tape = tapes.path().read_dir().unwrap().next().unwrap().unwrap();
    let tape = std::fs::read_to_string(tape.path()).unwrap();
    assert!(tape.len() > 3_000_000 && tape.contains("your key is [hidden], it says"));
    assert!(!tape.contains("SecretSecret"));
}

#[test]
fn memory_stays_small_with_anything_that_a_server_sends() {
    let mut wrong = Vec::new();
    for Row(name, args, play, code) in ROWS {
        let server = Server::once(play());
        let child = airx(*args)
            .args(["-n", "--retries", "0", "hi"])
            .at(&server)
            .stdout_to(std::process::Stdio::null())
            .stderr_to(std::process::Stdio::null())
            .start();
        let peak = peak(&child);
        let ran = finish(child);
        if peak > MOST || ran.code != *code {
            wrong.push(format!("{name}: {} kB, exit {}", peak / 1000, ran.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

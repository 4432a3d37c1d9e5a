//! Silence and very slow bytes, with each time-out.

use std::time::Duration;

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::{Command, Fault, half, head, started};
use crate::harness::{Play, Step, chunk, delta, stream_head};

pub fn faults() -> Vec<Fault> {
    let mut faults = totals();
    faults.extend(clocks());
    faults
}

/// The `--timeout` for all four commands.
const TOTAL: [&str; 2] = ["--timeout", "500ms"];

fn held(mut play: Play) -> Play {
    play.push(Step::Hold);
    play
}

/// `bytes` a byte at a time, for longer than any time-out of this table.
fn dripped(bytes: &str) -> Play {
    bytes
        .bytes()
        .flat_map(|byte| {
            [
                Step::Send(vec![byte]),
                Step::Pause(Duration::from_millis(40)),
            ]
        })
        .take(50)
        .collect()
}

fn totals() -> Vec<Fault> {
    let late = |name: &str, play: fn(Command) -> Play| Fault::new(name, 6, play).args(&TOTAL);
    vec![
        late("silence before the head", |_| vec![Step::Hold]),
        late("silence in the head", |c| {
            held(vec![Step::Send(head(c).into())])
        }),
        late("silence after the head", |c| {
            held(vec![Step::Send(
                format!("{}\r\nContent-Length: 99\r\n\r\n", head(c)).into(),
            )])
        }),
        late("silence in the answer", |c| held(started(c))).cut_stream(6),
        late("silence in a chunk", |c| {
            let mut play = started(c);
            play.push(Step::Send(b"ff\r\nx".to_vec()));
            held(play)
        })
        .cut_stream(6),
        late("a head that drips", |c| {
            dripped(&format!("{}\r\nX-More: {}", head(c), "x".repeat(50)))
        }),
        late("a body that drips", |c| {
            let mut play = vec![Step::Send(
                format!("{}\r\nContent-Length: 9999\r\n\r\n", head(c)).into(),
            )];
            play.extend(dripped(match c {
                Stream => ": a comment that has no end and holds no token of any answer ",
                _ => r#"{"choices":[{"finish_reason":"stop","message":{"content":"Mark1"#,
            }));
            play
        }),
        late("informational heads without end", |_| {
            let early = Step::Send(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec());
            (0..50)
                .flat_map(|_| [early.clone(), Step::Pause(Duration::from_millis(40))])
                .collect()
        }),
        // The report is about the status, not about the time-out.
        Fault::new("an error whose body never ends", 5, |_| {
            held(vec![Step::Send(
                b"HTTP/1.1 500 X\r\nContent-Length: 9999\r\n\r\n{\"error\":".to_vec(),
            )])
        })
        .args(&TOTAL),
    ]
}

/// A fault for the time-outs that only streams have: first token and idle. The other
/// commands end by `--timeout`.
fn streamed(name: &str, clock: &str, play: fn() -> Play) -> Fault {
    Fault::new(name, 6, move |c| match c {
        Stream => play(),
        Chat | Tools | Json => held(started(c)),
    })
    .args(&[clock, "400ms", "--timeout", "1s"])
}

fn clocks() -> Vec<Fault> {
    let first = "--first-token-timeout";
    let idle = "--idle-timeout";
    let ping = || vec![chunk(b": ping\n\n"), Step::Pause(Duration::from_millis(40))];
    let pings = move || {
        let mut play = vec![stream_head()];
        play.extend((0..50).flat_map(|_| ping()));
        play
    };
    vec![
        streamed("no head within the first token's time", first, || {
            vec![Step::Hold]
        }),
        streamed("no token within its time", first, || {
            held(vec![stream_head()])
        }),
        streamed("pings and no token within its time", first, pings_of),
        streamed("a first token that drips", first, || {
            let mut play = vec![Step::Send(format!("{}\r\n\r\n", head(Stream)).into())];
            play.extend(dripped(&delta("Mark1 ")));
            play
        }),
        streamed("silence after the first token", idle, || {
            held(started(Stream))
        })
        .cut_stream(6),
        Fault::new("pings after the first token", 6, move |c| match c {
            Stream => {
                let mut play = pings();
                play.insert(1, chunk(delta("Mark1 ").as_bytes()));
                play
            }
            _ => held(started(c)),
        })
        .args(&[idle, "500ms", "--timeout", "1s"])
        .cut_stream(6),
        streamed("half a token after the first", idle, || {
            let text = half(Stream);
            held(vec![stream_head(), chunk(text.as_bytes())])
        })
        .cut_stream(6),
    ]
}

fn pings_of() -> Play {
    let mut play = vec![stream_head()];
    for _ in 0..50 {
        play.push(chunk(b": ping\n\n"));
        play.push(Step::Pause(Duration::from_millis(40)));
    }
    play
}

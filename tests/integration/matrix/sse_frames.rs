//! Event streams with unusual frames.

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::Fault;
use crate::harness::{DONE, Step, chunk, delta, finish_frame, last_chunk, stream};

/// A stream of these frames; the other commands cannot read it as a body.
fn frames(name: &str, code: i32, text: &str, types: &str, frames: &str) -> Fault {
    let frames = frames.to_owned();
    Fault::new(name, 7, move |_| stream([&frames])).on(Stream, code, text, types)
}

pub fn faults() -> Vec<Fault> {
    let (one, stop) = (delta("Mark1 "), finish_frame("stop"));
    let started = "start delta error";
    let mut faults = vec![
        frames("[DONE] alone", 7, "", "start error", DONE),
        frames(
            "comments alone",
            7,
            "",
            "start error",
            ": ping\n\n: ping\n\n",
        ),
        frames(
            "other fields alone",
            7,
            "",
            "start error",
            "id: 5\nretry: 1\nfoo: bar\n\n",
        ),
        frames(
            "an empty event",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}data:\n\n{stop}{DONE}"),
        ),
        frames(
            "an event that is no JSON",
            7,
            "Mark1 \n",
            started,
            &format!("{one}data: nonsense\n\n{stop}{DONE}"),
        ),
        frames(
            "an event glued into another",
            7,
            "Mark1 \n",
            started,
            &format!("{one}data: {{\"choices\":[data: {{}}\n\n{stop}{DONE}"),
        ),
        frames(
            "a last event without its blank line",
            7,
            "Mark1 \n",
            started,
            &format!("{one}{}", stop.trim_end()),
        ),
        frames(
            "[DONE] without its blank line",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}data: [DONE]"),
        ),
        frames(
            "no [DONE], but a complete body and a reason",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}"),
        ),
        frames(
            "an answer after [DONE]",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}{DONE}{one}"),
        ),
        frames(
            "an error after [DONE]",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}{DONE}data: {{\"error\":{{\"code\":\"1302\"}}}}\n\n"),
        ),
        frames(
            "an error after the reason",
            5,
            "Mark1 \n",
            started,
            &format!("{one}{stop}data: {{\"error\":{{\"code\":\"1302\"}}}}\n\n{DONE}"),
        ),
        frames(
            "an error event that is no JSON",
            7,
            "Mark1 \n",
            started,
            &format!("{one}event: error\ndata: oops\n\n{stop}{DONE}"),
        ),
        frames(
            "a usage event after the reason",
            0,
            "Mark1 \n",
            "start delta done",
            &format!(
                "{one}{stop}data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":1}}}}\n\n{DONE}"
            ),
        ),
        frames(
            "CR alone as line ends",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}{DONE}").replace('\n', "\r"),
        ),
        frames(
            "a byte order mark",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("\u{feff}{one}{stop}{DONE}"),
        ),
        frames(
            "NULs between the events",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}\0\n\n{stop}{DONE}"),
        ),
    ];
    faults.push(
        Fault::new("a stream in bytes that are dripped one by one", 7, |_| {
            let text = delta("Mark1 ") + &finish_frame("stop") + DONE;
            let mut play = vec![crate::harness::stream_head()];
            play.extend(text.as_bytes().chunks(1).map(chunk));
            play.push(last_chunk());
            play
        })
        .on(Stream, 0, "Mark1 \n", "start delta done"),
    );
    faults.push(
        Fault::new("a stream that stays open after [DONE]", 7, |_| {
            let text = delta("Mark1 ") + &finish_frame("stop") + DONE;
            vec![
                crate::harness::stream_head(),
                chunk(text.as_bytes()),
                Step::Hold,
            ]
        })
        .args(&["--timeout", "2s"])
        .on(Stream, 0, "Mark1 \n", "start delta done")
        .on(Chat, 6, "", "start error")
        .on(Tools, 6, "", "start error")
        .on(Json, 6, "", "start error"),
    );
    faults
}

//! Control characters and secrets in every place of a reply that airx may print.

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::{Echoes, Fault, HEADER, KEY, answer, choice, value};
use crate::harness::{DONE, Play, delta, finish_frame, http, json, stream};

pub fn faults() -> Vec<Fault> {
    [texts(), failures(), names(), echoes()]
        .into_iter()
        .flatten()
        .collect()
}

/// What terminals act on: CSI, OSC 52, OSC 8, C1, DEL and friends, bidi.
const SEQUENCES: [(&str, &str); 7] = [
    ("CSI", "\u{1b}[2J\u{1b}[31m"),
    ("OSC 52", "\u{1b}]52;c;cm0gLXJm\u{7}"),
    ("OSC 8", "\u{1b}]8;;http://x\u{1b}\\y\u{1b}]8;;\u{1b}\\"),
    ("C1", "\u{9b}2J\u{90}q\u{9c}\u{85}"),
    ("C0 and DEL", "\u{8}\u{7f}\u{0}\u{c}\u{e}"),
    ("bidi", "\u{202e}exe.\u{202c}\u{2066}x\u{2069}"),
    ("CR", "a\rb\r\nc\r"),
];

fn texts() -> Vec<Fault> {
    SEQUENCES
        .into_iter()
        .map(|(name, text)| {
            Fault::harmless(&format!("{name} in the text"), text, move |c| {
                answer(c, text, "stop")
            })
        })
        .chain(SEQUENCES.into_iter().map(|(name, text)| {
            // Next to calls, `tools` prints the prose on standard error.
            let call = |c| match c {
                Stream => "delta",
                _ => "message",
            };
            let mut fault = Fault::new(
                &format!("{name} in a call and the prose next to it"),
                0,
                move |c| {
                    let (text, arguments) =
                        (serde_json::json!(text), serde_json::json!({ "a": text }));
                    choice(
                    c,
                    &serde_json::json!({
                        "finish_reason": "tool_calls",
                        call(c): {
                            "content": text,
                            "tool_calls": [{
                                "id": text,
                                "function": { "name": text, "arguments": arguments.to_string() },
                            }],
                        },
                    })
                    .to_string(),
                )
                },
            );
            let line = serde_json::json!({ "id": text, "name": text, "arguments": { "a": text } });
            let both = if text.ends_with('\n') {
                format!("{text}{line}\n")
            } else {
                format!("{text}\n{line}\n")
            };
            for command in [Chat, Stream] {
                fault = fault.on(command, 0, &both, "start delta tool_call done");
            }
            fault
                .on(Tools, 0, &format!("{line}\n"), "start delta tool_call done")
                .on(Json, 10, "", "start invalid error")
        }))
        .collect()
}

fn failures() -> Vec<Fault> {
    SEQUENCES
        .into_iter()
        .flat_map(|(name, text)| {
            let refused = move |status: u16| {
                let text = format!("x{text}y");
                serde_json::json!({ "error": { "code": text, "message": text }, "request_id": text, "status": status })
                    .to_string()
            };
            let reason = format!("x{text}y");
            let reason_play = reason.clone();
            [
                Fault::new(&format!("{name} in an error"), 4, move |_| json(400, &refused(400))),
                Fault::new(&format!("{name} in an error of success, -v"), 7, move |c| value(c, &refused(200)))
                    .args(&["-v"]),
                Fault::new(&format!("{name} in an unknown finish_reason"), 7, move |c| {
                    let text = serde_json::json!(reason_play);
                    choice(c, &format!(r#"{{"finish_reason":{text},"message":{{"content":"Mark1 "}}}}"#))
                })
                .cut_stream(7),
                Fault::new(&format!("{name} in the bytes of no JSON, -v"), 7, move |c| match c {
                    Stream => stream([format!("data: x{}\n\n", text.replace(['\r', '\n'], "")), DONE.into()]),
                    _ => json(200, text),
                })
                .args(&["-v"]),
            ]
        })
        .collect()
}

/// A run whose arguments are refused, so that it sends nothing.
fn unsent(name: &str, types: &str, args: &[&str]) -> Fault {
    let fault = Fault::plays_of(name, 2, |_| Vec::new()).args(args);
    super::case::Command::ALL
        .into_iter()
        .fold(fault, |fault, command| fault.on(command, 2, "", types))
}

fn names() -> Vec<Fault> {
    let odd = "/nowhere/\u{1b}]52;c;x\u{7}\u{9b}2J\u{202e}";
    vec![
        unsent("sequences in the name of a file", "error", &["-f", odd]),
        unsent("sequences in the name of an image", "error", &["-i", odd]),
        unsent(
            "sequences in the name of --messages",
            "error",
            &["--messages", odd],
        ),
        // The events go to the file, which cannot be opened.
        unsent("sequences in the name of -o", "", &["-o", odd]),
        unsent("sequences in --base-url", "error", &["--base-url", odd]),
        unsent("sequences in --param", "error", &["--param", odd]),
        unsent("sequences in --header", "error", &["--header", odd]),
        unsent(
            "sequences in --cacert",
            "start error",
            &["--cacert", odd, "--base-url", "https://127.0.0.1:1"],
        ),
    ]
}

/// The secrets in every form that a server may send them back in.
fn secrets() -> String {
    format!("x {KEY} {HEADER} Bearer%20{KEY} {} y", &KEY[14..])
}

fn echoes() -> Vec<Fault> {
    let refusal = || {
        serde_json::json!({
            "error": { "code": secrets(), "message": secrets() },
            "request_id": secrets(),
        })
        .to_string()
    };
    let place = || format!("Location: https://x/?{KEY}&{HEADER}\r\nX-Key: {KEY}\r\n");
    let reason = |c| {
        choice(
            c,
            &serde_json::json!({ "finish_reason": secrets(), "message": { "content": "Mark1 " } })
                .to_string(),
        )
    };
    let retried = move |_| -> Vec<Play> {
        vec![
            http(503, "Retry-After: 0\r\n", &refusal()),
            http(503, "Retry-After: 0\r\n", &refusal()),
        ]
    };
    let mut again = Fault::plays_of("secrets in errors that are tried again", 5, retried).args(&[
        "--retries",
        "1",
        "-v",
    ]);
    for command in super::case::Command::ALL {
        again = again.on(command, 5, "", "start retry error");
    }
    let mut content = Fault::harmless("secrets in the answer itself", &secrets(), |c| {
        answer(c, &secrets(), "stop")
    });
    content.echoes = Echoes::Text;
    let mut named = Fault::harmless("secrets as model and id", "Mark1", |c| match c {
        Stream => {
            let frame =
                |frame: String| frame.replace("glm-4-airx", KEY).replace("id-1", &secrets());
            stream([
                frame(delta("Mark1")),
                frame(finish_frame("stop")),
                DONE.into(),
            ])
        }
        _ => {
            let body = crate::harness::reply_body(&c.content("Mark1"), "stop");
            json(
                200,
                &body.replace("glm-4-airx", KEY).replace("id-1", &secrets()),
            )
        }
    });
    named.echoes = Echoes::Bytes;
    let mut reasoned = Fault::new("secrets in an unknown finish_reason", 7, reason).cut_stream(7);
    reasoned.echoes = Echoes::Bytes;
    vec![
        Fault::new("secrets in an error", 4, move |_| json(400, &refusal())),
        Fault::new("secrets in an error, -v", 4, move |_| json(400, &refusal())).args(&["-v"]),
        Fault::new("secrets in an error of success", 7, move |c| {
            value(c, &refusal())
        }),
        Fault::new("secrets in headers, -v", 4, move |_| {
            http(302, &place(), "")
        })
        .args(&["-v"]),
        Fault::new("secrets in a body that is no JSON, -v", 7, |c| match c {
            Stream => stream([format!("data: {}\n\n", secrets())]),
            _ => json(200, &secrets()),
        })
        .args(&["-v"]),
        reasoned,
        again,
        content,
        named,
    ]
}

//! Bodies that are no chat completion, or an odd one.

use super::table::Command::{Chat, Json, Stream, Tools};
use super::table::{Fault, TEXT, half, head, page, raw, value, whole};
use crate::harness::{
    DONE, Step, chunk, delta, finish_frame, http, last_chunk, reply_body, stream,
};

pub fn faults() -> Vec<Fault> {
    [pages(), values(), streams()]
        .into_iter()
        .flatten()
        .collect()
}

const HTML: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

fn pages() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [
        (200, 7),
        (201, 7),
        (203, 7),
        (205, 7),
        (206, 7),
        (226, 7),
        (300, 4),
        (301, 4),
        (302, 4),
        (303, 4),
        (304, 4),
        (307, 4),
        (308, 4),
        (400, 4),
        (401, 3),
        (402, 4),
        (403, 3),
        (404, 4),
        (405, 4),
        (407, 6),
        (408, 5),
        (413, 4),
        (418, 4),
        (422, 4),
        (429, 5),
        (431, 4),
        (434, 3),
        (451, 4),
        (499, 4),
        (500, 5),
        (501, 5),
        (502, 5),
        (503, 5),
        (504, 5),
        (520, 5),
        (599, 5),
        (600, 7),
        (999, 7),
    ]
    .into_iter()
    .map(|(status, code)| {
        Fault::new(&format!("a page of HTML as {status}"), code, move |_| {
            page(
                status,
                "text/html",
                if matches!(status, 205 | 304) {
                    ""
                } else {
                    HTML
                },
            )
        })
    })
    .collect();
    faults.extend([
        Fault::new("an empty body", 7, |c| {
            raw(&format!("{}\r\nContent-Length: 0", head(c)), "")
        }),
        Fault::new("a blank body", 7, |c| {
            raw(&format!("{}\r\nContent-Length: 6", head(c)), " \n\r\n\t ")
        }),
        Fault::new("204", 7, |_| raw("HTTP/1.1 204 No Content", "")),
        Fault::harmless("206 with a whole answer", TEXT, |c| {
            raw(
                &format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: {}",
                    whole(c).len()
                ),
                &whole(c),
            )
        }),
        Fault::new("206 with half an answer", 7, |c| {
            raw(
                &format!(
                    "HTTP/1.1 206 Partial Content\r\nContent-Length: {}",
                    half(c).len()
                ),
                &half(c),
            )
        })
        .cut_stream(7),
        Fault::new("301 with a place", 4, |_| {
            http(301, "Location: https://elsewhere.example/v1\r\n", "")
        }),
        Fault::new("307 with a place that acts on terminals", 4, |_| {
            http(307, "Location: https://x/\u{9b}2J\u{202e}\u{85}\r\n", "")
        }),
        // Such a byte is none of a head.
        Fault::new("307 with an escape character in its place", 7, |_| {
            http(307, "Location: https://x/\u{1b}]52;c;eA==\r\n", "")
        }),
        Fault::new("308 to itself", 4, |_| {
            http(308, "Location: chat/completions\r\n", "")
        }),
        Fault::new("plain text", 7, |_| {
            page(200, "text/plain", "upstream connect error")
        }),
        Fault::new("a login page that is said to be JSON", 7, |c| {
            raw(
                &format!("{}\r\nContent-Length: {}", head(c), HTML.len()),
                HTML,
            )
        }),
    ]);
    faults
}

/// A whole JSON value that is no answer.
fn no_answer(name: &str, code: i32, body: &str) -> Fault {
    let body = body.to_owned();
    Fault::new(name, code, move |c| value(c, &body))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// A good answer with something odd in it that says nothing about the answer.
fn odd(name: &str, member: impl Into<String>) -> Fault {
    let member = member.into();
    Fault::harmless(name, TEXT, move |c| {
        let content = serde_json::json!(c.content(TEXT));
        let piece = if c == Stream { "delta" } else { "message" };
        value(
            c,
            &format!(
                r#"{{{member},"choices":[{{"finish_reason":"stop","{piece}":{{"content":{content}}}}}]}}"#
            ),
        )
    })
}

fn values() -> Vec<Fault> {
    let mut faults = vec![
        no_answer("null", 7, "null"),
        no_answer("a number", 7, "5"),
        no_answer("a string", 7, "\"Mark1\""),
        no_answer("a list", 7, "[]"),
        no_answer("an empty object", 7, "{}"),
        no_answer("an object of another kind", 7, r#"{"hello":"world"}"#),
        no_answer("lists in lists in lists", 7, &nested(100_000)),
        no_answer("objects without end", 7, &"{\"a\":".repeat(50_000)),
        no_answer("choices twice", 7, r#"{"choices":[],"choices":[]}"#),
        no_answer("two values", 7, "{} {}"),
        no_answer("a comma too many", 7, r#"{"choices":[],}"#),
        no_answer("single quotes", 7, "{'choices':[]}"),
        no_answer("NaN", 7, r#"{"choices":NaN}"#),
        no_answer(
            "success is false, code 401",
            3,
            r#"{"code":401,"msg":"x","success":false}"#,
        ),
        no_answer(
            "success is false, code 500",
            5,
            r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#,
        ),
        no_answer(
            "success is true, and no choices",
            7,
            r#"{"code":200,"msg":"ok","success":true}"#,
        ),
    ];
    faults.extend([
        odd("lists in lists beside the answer", format!("\"x\":{}", nested(10_000))),
        odd("lists in lists as usage", format!("\"usage\":{}", nested(10_000))),
        odd("lists in lists as web_search", format!("\"web_search\":{}", nested(10_000))),
        odd("a number that no machine holds as usage", r#""usage":{"prompt_tokens":1e400,"completion_tokens":-1}"#),
        odd("the largest counts", r#""model":"glm-4-airx","usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615,"total_tokens":18446744073709551615}"#),
        odd("the largest counts of a priced model with a cache", r#""model":"glm-4-plus","usage":{"prompt_tokens":1,"completion_tokens":18446744073709551615,"total_tokens":1,"prompt_tokens_details":{"cached_tokens":18446744073709551615}}"#),
        odd("a date and an id that are no numbers and strings", format!("\"created\":1{},\"id\":1{}", "0".repeat(400), "0".repeat(400))),
        odd("a lone surrogate beside the answer", r#""x":"\ud83d","system_fingerprint":"\ude42""#),
        odd("an error that is null", r#""error":null"#),
        odd("code 200 beside the answer", r#""code":200,"msg":"success","success":true"#),
        odd("a member of a megabyte", format!("\"x\":\"{}\"", "x".repeat(1 << 20))),
    ]);
    faults.extend([
        Fault::new("invalid UTF-8 in the text", 7, |c| latin(c, &[0xff, 0xfe])),
        Fault::new("GBK, and said to be", 7, |c| {
            latin(c, &[0xc4, 0xe3, 0xba, 0xc3])
        }),
        Fault::new("an overlong encoding", 7, |c| latin(c, &[0xc0, 0x80])),
        Fault::new("a surrogate in UTF-8", 7, |c| latin(c, &[0xed, 0xa0, 0x80])),
        Fault::new("UTF-16", 7, |c| {
            let body: Vec<u8> = whole(c).encode_utf16().flat_map(u16::to_le_bytes).collect();
            let head = format!("{}\r\nContent-Length: {}\r\n\r\n", head(c), body.len());
            super::table::bytes([head.as_bytes(), &body].concat())
        }),
        Fault::new("an answer twice in a body", 7, |c| match c {
            Stream => stream(["data: {}\n\n"]),
            _ => crate::harness::json(200, &reply_body("Mark1", "stop").repeat(2)),
        }),
        Fault::new(
            "an event stream where none was asked for, and JSON lines where one was",
            7,
            |c| match c {
                Stream => page(
                    200,
                    "application/x-ndjson",
                    &format!("{}\n{}\n", reply_body("Mark1", "stop"), "{}"),
                ),
                _ => stream([delta("Mark1"), finish_frame("stop"), DONE.into()]),
            },
        ),
        Fault::harmless("a whole reply where a stream was asked for", TEXT, |c| {
            crate::harness::json(200, &reply_body(&c.content(TEXT), "stop"))
        }),
        Fault::new("a text with NUL", 0, |c| {
            super::table::choice(
                c,
                r#"{"finish_reason":"stop","message":{"content":"\"Mark1\u0000\""}}"#,
            )
        })
        .on(Chat, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Stream, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Tools, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Json, 10, "", "start invalid error"),
        Fault::new("a value with a member twice", 0, |c| {
            super::table::choice(
                c,
                r#"{"finish_reason":"stop","message":{"content":"{\"a\":1,\"a\":2}"}}"#,
            )
        })
        .on(Chat, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Stream, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Tools, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Json, 10, "", "start invalid error"),
        Fault::new("a value nested too deeply", 0, |c| {
            super::table::choice(
                c,
                &format!(
                    r#"{{"finish_reason":"stop","message":{{"content":"{}"}}}}"#,
                    nested(1000)
                ),
            )
        })
        .on(Chat, 0, &(nested(1000) + "\n"), "start delta done")
        .on(Stream, 0, &(nested(1000) + "\n"), "start delta done")
        .on(Tools, 0, &(nested(1000) + "\n"), "start delta done")
        .on(Json, 10, "", "start invalid error"),
    ]);
    faults
}

/// A good answer with these bytes in its text.
fn latin(command: super::table::Command, bytes: &[u8]) -> crate::harness::Play {
    let whole = whole(command);
    let (before, after) = whole.split_at(whole.find("Mark2").unwrap());
    let body = [before.as_bytes(), bytes, after.as_bytes()].concat();
    let head = format!(
        "{}; charset=gbk\r\nContent-Length: {}\r\n\r\n",
        head(command),
        body.len()
    );
    super::table::bytes([head.as_bytes(), &body].concat())
}

/// A stream of these frames; the other commands get it as the body that it is
/// not.
fn frames(name: &str, code: i32, text: &str, types: &str, frames: &str) -> Fault {
    let frames = frames.to_owned();
    Fault::new(name, 7, move |_| stream([&frames])).on(Stream, code, text, types)
}

fn streams() -> Vec<Fault> {
    let (one, stop) = (delta("Mark1 "), finish_frame("stop"));
    let begun = "start delta error";
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
            begun,
            &format!("{one}data: nonsense\n\n{stop}{DONE}"),
        ),
        frames(
            "an event glued into another",
            7,
            "Mark1 \n",
            begun,
            &format!("{one}data: {{\"choices\":[data: {{}}\n\n{stop}{DONE}"),
        ),
        frames(
            "a last event without its blank line",
            7,
            "Mark1 \n",
            begun,
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
            "no [DONE], but a whole body and a reason",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}"),
        ),
        frames(
            "an answer behind [DONE]",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}{DONE}{one}"),
        ),
        frames(
            "an error behind [DONE]",
            0,
            "Mark1 \n",
            "start delta done",
            &format!("{one}{stop}{DONE}data: {{\"error\":{{\"code\":\"1302\"}}}}\n\n"),
        ),
        frames(
            "an error behind the reason",
            5,
            "Mark1 \n",
            begun,
            &format!("{one}{stop}data: {{\"error\":{{\"code\":\"1302\"}}}}\n\n{DONE}"),
        ),
        frames(
            "an error event that is no JSON",
            7,
            "Mark1 \n",
            begun,
            &format!("{one}event: error\ndata: oops\n\n{stop}{DONE}"),
        ),
        frames(
            "a usage event behind the reason",
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
        Fault::new("a stream that stays open behind [DONE]", 7, |_| {
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

//! JSON that is not a chat completion, or an odd one.

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::{Fault, TEXT, complete, head, page, value};
use crate::harness::{DONE, delta, finish_frame, reply_body, stream};

/// A complete JSON value that is not an answer.
fn no_answer(name: &str, code: i32, body: &str) -> Fault {
    let body = body.to_owned();
    Fault::new(name, code, move |c| value(c, &body))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// A good answer with an odd member that does not matter.
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

pub fn faults() -> Vec<Fault> {
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
        odd("lists in lists next to the answer", format!("\"x\":{}", nested(10_000))),
        odd("lists in lists as usage", format!("\"usage\":{}", nested(10_000))),
        odd("lists in lists as web_search", format!("\"web_search\":{}", nested(10_000))),
        odd("a number that no machine holds as usage", r#""usage":{"prompt_tokens":1e400,"completion_tokens":-1}"#),
        odd("the largest counts", r#""model":"glm-4-airx","usage":{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615,"total_tokens":18446744073709551615}"#),
        odd("the largest counts of a priced model with a cache", r#""model":"glm-4-plus","usage":{"prompt_tokens":1,"completion_tokens":18446744073709551615,"total_tokens":1,"prompt_tokens_details":{"cached_tokens":18446744073709551615}}"#),
        odd("a date and an id that are no numbers and strings", format!("\"created\":1{},\"id\":1{}", "0".repeat(400), "0".repeat(400))),
        odd("a lone surrogate next to the answer", r#""x":"\ud83d","system_fingerprint":"\ude42""#),
        odd("an error that is null", r#""error":null"#),
        odd("code 200 next to the answer", r#""code":200,"msg":"success","success":true"#),
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
            let body: Vec<u8> = complete(c)
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            let head = format!("{}\r\nContent-Length: {}\r\n\r\n", head(c), body.len());
            super::case::bytes([head.as_bytes(), &body].concat())
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
        Fault::harmless("a complete reply where a stream was asked for", TEXT, |c| {
            crate::harness::json(200, &reply_body(&c.content(TEXT), "stop"))
        }),
        Fault::new("a text with NUL", 0, |c| {
            super::case::choice(
                c,
                r#"{"finish_reason":"stop","message":{"content":"\"Mark1\u0000\""}}"#,
            )
        })
        .on(Chat, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Stream, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Tools, 0, "\"Mark1\0\"\n", "start delta done")
        .on(Json, 10, "", "start invalid error"),
        Fault::new("a value with a member twice", 0, |c| {
            super::case::choice(
                c,
                r#"{"finish_reason":"stop","message":{"content":"{\"a\":1,\"a\":2}"}}"#,
            )
        })
        .on(Chat, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Stream, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Tools, 0, "{\"a\":1,\"a\":2}\n", "start delta done")
        .on(Json, 10, "", "start invalid error"),
        Fault::new("a value nested too deeply", 0, |c| {
            super::case::choice(
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
fn latin(command: super::case::Command, bytes: &[u8]) -> crate::harness::Play {
    let complete = complete(command);
    let (before, after) = complete.split_at(complete.find("Mark2").unwrap());
    let body = [before.as_bytes(), bytes, after.as_bytes()].concat();
    let head = format!(
        "{}; charset=gbk\r\nContent-Length: {}\r\n\r\n",
        head(command),
        body.len()
    );
    super::case::bytes([head.as_bytes(), &body].concat())
}

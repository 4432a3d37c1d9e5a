//! Finish reasons, and the members of the first choice.

use super::case::Command::{Chat, Json, Stream, Tools};
use super::case::{Fault, TEXT, answer, choice, value};
use crate::harness::{DONE, delta, finish_frame, stream};

pub fn faults() -> Vec<Fault> {
    [reasons(), choices(), calls()]
        .into_iter()
        .flatten()
        .collect()
}

/// A reason that does not mean a complete answer: `stream` has printed the text.
fn reason(reason: &'static str, code: i32) -> Fault {
    Fault::new(&format!("finish_reason {reason}"), code, move |command| {
        answer(command, TEXT, reason)
    })
    .on(Stream, code, &format!("{TEXT}\n"), "start delta error")
}

fn reasons() -> Vec<Fault> {
    let report = format!("{TEXT}\n");
    // `tools` prints the prose on standard error, as it does next to calls.
    let cut = |name| {
        let shown = reason(name, 9).on(Chat, 9, &report, "start delta error");
        shown.on(Tools, 9, "", "start delta error")
    };
    vec![
        Fault::harmless("finish_reason stop", TEXT, |c| answer(c, TEXT, "stop")),
        Fault::harmless("finish_reason tool_calls without a call", TEXT, |c| {
            answer(c, TEXT, "tool_calls")
        }),
        cut("length"),
        cut("model_context_window_exceeded"),
        reason("sensitive", 8),
        reason("network_error", 7),
        reason("content_filter", 8),
        reason("STOP", 7),
        reason("", 7),
        reason("stop\u{1b}[2J", 7),
        Fault::harmless("--accept of an unknown finish_reason", TEXT, |c| {
            answer(c, TEXT, "eos")
        })
        .args(&["--accept", "eos"]),
        Fault::harmless("--accept of length", TEXT, |c| answer(c, TEXT, "length"))
            .args(&["--accept", "length"]),
        Fault::new("no finish_reason", 7, |c| {
            choice(c, r#"{"message":{"content":"Mark1 "}}"#)
        })
        .cut_stream(7),
        Fault::new("finish_reason null", 7, |c| {
            choice(
                c,
                r#"{"finish_reason":null,"message":{"content":"Mark1 "}}"#,
            )
        })
        .cut_stream(7),
        Fault::new("a reason after the answer's own", 7, |c| match c {
            Stream => stream([
                delta("Mark1 "),
                finish_frame("stop"),
                finish_frame("network_error"),
                DONE.into(),
            ]),
            _ => answer(c, TEXT, "network_error"),
        })
        .cut_stream(7),
        Fault::new("a reason that is a number", 7, |c| {
            choice(c, r#"{"finish_reason":5,"message":{"content":"Mark1 "}}"#)
        })
        .cut_stream(7),
        Fault::new("a reason that is an object", 7, |c| {
            choice(c, r#"{"finish_reason":{},"message":{"content":"Mark1 "}}"#)
        }),
    ]
}

/// A choice that cannot be read.
fn unreadable(what: &'static str) -> Fault {
    Fault::new(&format!("the choice {what}"), 7, move |c| choice(c, what))
}

/// A `choices` that is not a list of choices.
fn none(what: &'static str) -> Fault {
    Fault::new(&format!("choices {what}"), 7, move |c| {
        value(c, &format!(r#"{{"id":"id-1","choices":{what}}}"#))
    })
}

/// An unusual content that airx accepts as text.
fn content(sent: &'static str, text: &str) -> Fault {
    let fault = Fault::new(&format!("content {sent}"), 0, move |c| {
        choice(
            c,
            &format!(r#"{{"finish_reason":"stop","message":{{"content":{sent}}}}}"#),
        )
    });
    let report = format!("{text}\n");
    [Chat, Stream, Tools]
        .into_iter()
        .fold(fault, |fault, command| {
            fault.on(command, 0, &report, "start delta done")
        })
        .on(Json, 0, &report, "start value done")
}

/// An answer without text and calls.
fn empty(what: &'static str) -> Fault {
    Fault::new(&format!("an empty answer: {what}"), 7, move |c| {
        choice(c, &format!(r#"{{"finish_reason":"stop",{what}}}"#))
    })
}

/// The same with `--allow-empty`, which does not help `json`.
fn allowed(what: &'static str) -> Fault {
    let mut fault = empty(what).args(&["--allow-empty"]);
    fault.name += ", allowed";
    [Chat, Stream, Tools]
        .into_iter()
        .fold(fault, |fault, command| {
            fault.on(command, 0, "", "start done")
        })
}

/// The model refuses in place of an answer.
fn refusal(member: &'static str) -> Fault {
    Fault::new(&format!("a refusal: {member}"), 8, move |c| {
        choice(
            c,
            &format!(r#"{{"finish_reason":"stop","message":{{"content":null,{member}}}}}"#),
        )
    })
}

fn choices() -> Vec<Fault> {
    let wrong = [
        "null",
        "5",
        "\"stop\"",
        "[]",
        "{}",
        "[[]]",
        r#"{"finish_reason":"stop","message":"Mark1"}"#,
        r#"{"finish_reason":"stop","message":5}"#,
        r#"{"finish_reason":"stop","message":[1]}"#,
        r#"{"finish_reason":"stop","message":{"content":{"text":"Mark1"}}}"#,
        r#"{"finish_reason":"stop","message":{"content":"Mark1","content":"Mark2"}}"#,
        r#"{"finish_reason":"stop","finish_reason":"stop","message":{"content":"Mark1"}}"#,
        r#"{"finish_reason":"stop"}"#,
        r#"{"finish_reason":"stop","message":null}"#,
        "{\"finish_reason\":\"stop\",\"message\":{\"content\":\"Mark1\0\"}}",
        "{\"finish_reason\":\"stop\",\"message\":{\"content\":\"Mark1\u{1b}[2J\"}}",
        r#"{"finish_reason":"stop","message":{"content":"Mark1\x41"}}"#,
    ];
    let mut faults: Vec<Fault> = wrong.into_iter().map(unreadable).collect();
    faults.extend(["null", "{}", "\"x\"", "5", "true", "[]"].map(none));
    faults.extend([
        content("5", "5"),
        content("1e400", "1e400"),
        content(r#""\"\ud83d\"""#, "\"\u{fffd}\""),
        content(r#""\"\ude42 \ud83d\ude42\"""#, "\"\u{fffd} 🙂\""),
        content("true", "true"),
        content(r#"[{"type":"text","text":"\"Mark1\""}]"#, "\"Mark1\""),
        empty(r#""message":{"content":null}"#),
        empty(r#""message":{"content":""}"#),
        empty(r#""message":{}"#),
        empty(r#""message":{"content":" \n"}"#).on(Stream, 7, " \n", "start delta error"),
        empty(r#""message":{"content":"<think>never closed"}"#).on(
            Stream,
            7,
            "",
            "start reasoning error",
        ),
        empty(r#""message":{"content":"","reasoning_content":"hm"}"#).on(
            Stream,
            7,
            "",
            "start reasoning error",
        ),
        allowed(r#""message":{"content":null}"#),
        refusal(r#""refusal":"No.""#),
        refusal(r#""refusal":"No.","tool_calls":[]"#),
        empty(r#""message":{"content":null,"reasoning_content":null,"tool_calls":[]}"#),
    ]);
    faults
}

/// A call that cannot be read.
fn broken_call(what: &'static str) -> Fault {
    Fault::new(&format!("tool_calls {what}"), 7, move |c| {
        choice(
            c,
            &format!(r#"{{"finish_reason":"tool_calls","message":{{"tool_calls":{what}}}}}"#),
        )
    })
}

/// A call of `f` with these arguments, as text if they are not JSON.
fn call(name: &str, arguments: &'static str, shown: &str, is_json: bool) -> Fault {
    let fault = Fault::new(name, 0, move |c| {
        choice(
            c,
            &format!(
                r#"{{"finish_reason":"tool_calls","message":{{"tool_calls":[{{"id":"c","function":{{"name":"f","arguments":{arguments}}}}}]}}}}"#
            ),
        )
    });
    let line = format!("{{\"id\":\"c\",\"name\":\"f\",{shown}}}\n");
    let fault = fault
        .on(Chat, 0, &line, "start tool_call done")
        .on(Stream, 0, &line, "start tool_call done")
        .on(Json, 10, "", "start invalid error");
    if is_json {
        fault.on(Tools, 0, &line, "start tool_call done")
    } else {
        fault.on(Tools, 10, &line, "start tool_call error")
    }
}

fn calls() -> Vec<Fault> {
    let wrong = [
        "{}",
        "\"x\"",
        "5",
        "[5]",
        "[null]",
        "[[]]",
        r#"[{"index":-1}]"#,
        r#"[{"index":1e99}]"#,
        r#"[{"index":"0"}]"#,
        r#"[{"function":"f"}]"#,
        r#"[{"function":{"name":{}}}]"#,
        r#"[{"function":{"name":"f","name":"g"}}]"#,
    ];
    let mut faults: Vec<Fault> = wrong.into_iter().map(broken_call).collect();
    faults.extend([
        Fault::new("more tool calls than an answer may hold", 7, |c| {
            let calls: Vec<String> = (0..1025).map(|n| format!("{{\"index\":{n}}}")).collect();
            choice(
                c,
                &format!(
                    r#"{{"finish_reason":"tool_calls","message":{{"tool_calls":[{}]}}}}"#,
                    calls.join(",")
                ),
            )
        }),
        call(
            "arguments as an object",
            r#"{"a": 1}"#,
            r#""arguments":{"a":1}"#,
            true,
        ),
        call("no arguments", "null", r#""arguments":{}"#, true),
        call("arguments as a number", "5", r#""arguments":5"#, true),
        call(
            "arguments that break off",
            r#""{\"a\":""#,
            r#""arguments_text":"{\"a\":""#,
            false,
        ),
        call(
            "arguments with a member twice",
            r#""{\"a\":1,\"a\":2}""#,
            r#""arguments_text":"{\"a\":1,\"a\":2}""#,
            false,
        ),
        call(
            "arguments with a huge number",
            r#""[1e999,12345678901234567890123]""#,
            r#""arguments":[1e999,12345678901234567890123]"#,
            true,
        ),
    ]);
    faults
}

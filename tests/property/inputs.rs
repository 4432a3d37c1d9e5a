//! Inputs that look like real ones, but break off, repeat and nest where a person
//! would not write this.

use proptest::prelude::*;

use crate::checks::SECRET;

/// The lengths of pieces, each minus one.
pub fn cuts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(0_u8..8, 1..9),
        prop::collection::vec(any::<u8>(), 1..9),
    ]
}

/// Text with anything that a terminal or a parser might act on.
pub fn stranger() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,8}",
        Just("\u{1b}[2J".to_owned()),
        Just("\u{1b}]52;c;eA==\u{7}".to_owned()),
        Just("\u{9b}31m\u{85}".to_owned()),
        Just("\u{202e}\u{2066}\u{2069}".to_owned()),
        Just("\r\n\r\t\n".to_owned()),
        Just("\0\u{7f}\u{8}".to_owned()),
        Just("```rust\nfn a() {}\n```\n".to_owned()),
        Just("~~~\n  x\n ~~~~".to_owned()),
        Just("\\u00e9\\ud83d\"\\".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Markdown and TeX, complete and broken.
pub fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,5}",
        4 => Just("\n".to_owned()),
        3 => Just(" ".to_owned()),
        2 => prop::sample::select(vec![
            "*", "**", "***", "_", "__", "~~", "`", "``", "```", "~~~", "#", "## ", "> ", "- ", "* ",
            "1. ", "+ [ ] ", "---", "\n\n", "    ", "\t", "| ", " | ", "|---|:-:|\n", "\n| a | b |\n|--|--:|\n",
            "!", "<br>", "中文", "“", "=", ".", ":", "(", ")",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "$", "$$", "\\(", "\\)", "\\[", "\\]", "\n\\[\n", "\n\\]\n", "\\frac{a}{b}", "x^2", "_{n+1}",
            "\\begin{cases} a & b \\\\ c & d \\end{cases}", "\\sqrt", "{", "}", "\\", "\\alpha", "&amp;",
            "&#x1b;", "&#10;", "[a](b.c)", "https://a.b/c_d", "http://e.f.", "![", "](", "[x]", "\\left(", "\\begin{a}", "\\end{a}", "\u{1b}[1m", "\r\n",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn string() -> impl Strategy<Value = String> {
    stranger().prop_map(|text| serde_json::json!(text).to_string())
}

/// A JSON value as text, with unusual numbers and blanks.
pub fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1.50".to_owned()),
        Just("-0.0e+10".to_owned()),
        Just("1e999".to_owned()),
        "-?[1-9][0-9]{0,30}",
        string(),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[ {} ]", items.join(" ,"))),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// The text of a JSON value, complete or broken off anywhere.
pub fn json_text() -> impl Strategy<Value = String> {
    (json(), any::<prop::sample::Index>(), any::<bool>()).prop_map(|(text, at, complete)| {
        if complete {
            return text;
        }
        let at = at.index(text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at));
        text[..at.unwrap_or_default()].to_owned()
    })
}

fn call() -> impl Strategy<Value = String> {
    (
        prop_oneof![Just("0".to_owned()), Just("1".to_owned()), Just("null".to_owned()), json()],
        string(),
        prop_oneof![json(), string()],
    )
        .prop_map(|(index, name, arguments)| {
            format!(r#"{{"index":{index},"id":"c","function":{{"name":{name},"arguments":{arguments}}}}}"#)
        })
}

/// A member of a choice's `delta` or `message`.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => string().prop_map(|text| format!(r#""content":{text}"#)),
        2 => string().prop_map(|text| format!(r#""reasoning_content":{text}"#)),
        1 => prop::collection::vec(call(), 0..3)
            .prop_map(|calls| format!(r#""tool_calls":[{}]"#, calls.join(","))),
        1 => json().prop_map(|value| format!(r#""content":{value}"#)),
        1 => Just(r#""role":"assistant""#.to_owned()),
    ]
}

/// A chat completion or a chunk of one; sometimes an error, or any JSON.
pub fn payload() -> impl Strategy<Value = String> {
    let reason = prop_oneof![
        6 => Just(String::new()),
        1 => Just(r#""finish_reason":"stop","#.to_owned()),
        1 => Just(r#""finish_reason":"length","#.to_owned()),
        1 => json().prop_map(|value| format!(r#""finish_reason":{value},"#)),
    ];
    let choice = (
        reason,
        prop_oneof!["delta", "message"],
        prop::collection::vec(part(), 1..3),
    )
        .prop_map(|(reason, piece, parts)| {
            format!(r#"{{{reason}"{piece}":{{{}}}}}"#, parts.join(","))
        });
    prop_oneof![
        8 => choice.prop_map(|choice| format!(r#"{{"id":"i","choices":[{choice}]}}"#)),
        1 => (json(), json()).prop_map(|(usage, found)| {
            format!(r#"{{"choices":[],"usage":{usage},"web_search":{found}}}"#)
        }),
        1 => (json(), string()).prop_map(|(code, message)| {
            format!(r#"{{"error":{{"code":{code},"message":{message}}}}}"#)
        }),
        1 => json(),
    ]
}

/// An event stream, with any line ends, comments and fields.
pub fn stream() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let frame = prop_oneof![
        12 => payload().prop_map(|payload| format!("data: {}", payload.replace(['\r', '\n'], " "))),
        2 => "[a-z:]{0,9}".prop_map(|text| format!(": {text}")),
        1 => Just("event: error\ndata: {\"error\":{\"code\":\"1302\"}}".to_owned()),
        1 => Just("data".to_owned()),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("data: {\ndata:\ndata: \"choices\":[]}".to_owned()),
        1 => "[a-z]{0,5}: ?[a-z]{0,5}",
    ];
    (prop::collection::vec((frame, end), 0..12), any::<bool>()).prop_map(|(frames, bom)| {
        let mut bytes = if bom {
            "\u{feff}".to_owned()
        } else {
            String::new()
        };
        for (frame, end) in frames {
            bytes.push_str(&frame.replace('\n', end));
            bytes.push_str(end);
            bytes.push_str(end);
        }
        bytes.into_bytes()
    })
}

/// A file of `--replay`.
pub fn recording() -> impl Strategy<Value = String> {
    let body = prop_oneof![
        string().prop_map(|text| format!(r#""body":{text}"#)),
        Just(r#""body":{"base64":"/w=="}"#.to_owned()),
        prop::collection::vec(prop::collection::vec(string(), 0..3), 0..4).prop_map(|pieces| {
            let piece = |frames: &Vec<String>| format!("[{}]", frames.join(","));
            let pieces: Vec<String> = pieces.iter().map(piece).collect();
            format!(r#""stream":[{}]"#, pieces.join(","))
        }),
        json().prop_map(|value| format!(r#""stream":{value}"#)),
    ];
    let end = prop_oneof![
        Just(r#""whole""#.to_owned()),
        Just(r#""open""#.to_owned()),
        Just(r#""unread""#.to_owned()),
        string().prop_map(|why| format!(r#"{{"broken":{why}}}"#)),
        json(),
    ];
    (0_u8..3, json(), any::<u16>(), body, end).prop_map(|(airx, asked, status, body, end)| {
        format!(
            r#"{{"airx":{airx},"request":{{"method":"POST","path":"/","body":{asked}}},"response":{{"version":"HTTP/1.1","status":{status},{body},"end":{end}}}}}"#
        )
    })
}

/// A file of tools, often invalid.
pub fn tools() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[a-zA-Z0-9_-]{1,70}", stranger()];
    let tool = (name, json(), 0..4).prop_map(|(name, parameters, shape)| {
        let name = serde_json::json!(name);
        let function = format!(r#"{{"name":{name},"description":"d","parameters":{parameters}}}"#);
        match shape {
            0 => function,
            1 => format!(r#"{{"type":"function","function":{function}}}"#),
            2 => format!(r#"{{"type":"web_search","web_search":{parameters}}}"#),
            _ => format!(r#"{{"function":{function}}}"#),
        }
    });
    (prop::collection::vec(tool, 0..4), any::<bool>()).prop_map(|(tools, array)| {
        if array {
            format!("[{}]", tools.join(","))
        } else {
            tools.join("\n")
        }
    })
}

/// Earlier turns, often invalid.
pub fn turns() -> impl Strategy<Value = String> {
    let role = prop_oneof![
        Just("user"),
        Just("assistant"),
        Just("system"),
        Just("tool"),
        Just("bot"),
    ];
    let content = prop_oneof![4 => string(), 1 => json(), 1 => Just("null".to_owned())];
    let turn = (role, content, call(), 0..4).prop_map(|(role, content, call, shape)| match shape {
        0 => format!(r#"{{"role":"{role}","content":{content},"tool_calls":[{call}]}}"#),
        1 => format!(r#"{{"role":"{role}","content":{content},"tool_call_id":"c"}}"#),
        _ => format!(r#"{{ "role":"{role}", "content":{content} }}"#),
    });
    let between = prop_oneof![Just("\n"), Just("\n\n"), Just("\r\n"), Just(" ")];
    (prop::collection::vec(turn, 0..5), between, any::<bool>()).prop_map(
        |(turns, between, array)| {
            if array {
                format!("[{}]", turns.join(","))
            } else {
                turns.join(between) + between
            }
        },
    )
}

/// A key like those of the providers, or an unusual one.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9a-f]{32}\\.[A-Za-z0-9]{16}",
        "sk-[A-Za-z0-9_-]{8,40}",
        "[A-Za-z0-9+/=\"\\\\~._-]{8,40}",
    ]
}

/// Text like a configuration, most of it wrong.
pub fn configuration() -> impl Strategy<Value = String> {
    let names = airx::config::KEYS.iter().map(|key| key.name);
    let names: Vec<&str> = names
        .chain(["file", "colour", "context", "currency", "\"é\""])
        .collect();
    let values = vec![
        format!("\"{SECRET}\""),
        format!("['{SECRET}', \"~/{SECRET}\"]"),
        format!("[[1], {{ a = '{SECRET}' }}]"),
        format!("\"\"\"\n{SECRET}"),
        SECRET.to_owned(),
        "-".to_owned(),
        "1".to_owned(),
        "0xffffffffffffffff".to_owned(),
        "-0.0".to_owned(),
        "inf".to_owned(),
        "true".to_owned(),
        "1979-05-27".to_owned(),
        "\"90s\"".to_owned(),
        "\"@-\"".to_owned(),
    ];
    let tables = [
        "[profile.a]",
        "[profile.\"é\"]",
        "[models.m]",
        "[models.glm-4-airx]",
        "[profile]",
        "[[models]]",
    ];
    let line = prop_oneof![
        4 => (prop::sample::select(names), prop::sample::select(values))
            .prop_map(|(name, value)| format!("{name} = {value}")),
        1 => prop::sample::select(tables.to_vec()).prop_map(str::to_owned),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// A value without information, as servers send it under `error` together with an answer.
pub fn empty() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["null", "false", "\"\"", "\" \"", "0", "[]", "{}"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                (inner.clone(), inner).prop_map(|(code, message)| {
                    format!(r#"{{"code":{code},"message":{message},"type":""}}"#)
                }),
            ]
        })
}

/// An error with the message `words`, in the forms that servers use.
pub fn error_shape(words: &'static str) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(format!("\"{words}\"")),
        prop::sample::select(vec!["message", "msg", "detail", "text"])
            .prop_map(move |member| format!(r#"{{"{member}":"{words}"}}"#)),
    ];
    leaf.prop_recursive(3, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|error| format!("[{error}]")),
            (
                prop::sample::select(vec!["error", "errors", "detail", "message"]),
                inner
            )
                .prop_map(|(member, error)| format!(r#"{{"code":"c","{member}":{error}}}"#)),
        ]
    })
}

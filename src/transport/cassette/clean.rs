//! Bytes of a response → the same without what must not be shown. A server may
//! send the key back: as it is, escaped, or spread over the deltas of a stream.
//!
//! JSON is cleaned in its texts alone, so that it stays JSON, and only where it
//! has to be: else every byte is kept.

use serde_json::Value;

use super::form::frames;
use crate::secret::{MASK, Scrubber};

/// Shortest number that could be a key.
const KEY_MIN: usize = 8;

/// Cleans a body, whose pieces are cut anew; none where nothing had to go.
pub(super) fn pieces(
    scrubber: &Scrubber,
    pieces: &[Vec<u8>],
    streamed: bool,
) -> Option<Vec<Vec<u8>>> {
    let whole = pieces.concat();
    let text = String::from_utf8_lossy(&whole);
    let read = read(&text);
    let mut probe = text.clone().into_owned();
    for value in read.iter().flatten() {
        probe.push('\n');
        collect(value, &mut probe);
    }
    for spread in Spread::over(&read) {
        probe.push('\n');
        probe.push_str(&spread.text);
    }
    if scrubber.scrub(&probe) == probe {
        return None;
    }
    let clean = rewrite(scrubber, &text, read);
    Some(if streamed {
        let cut = frames(&clean).into_iter();
        cut.map(|frame| frame.as_bytes().to_vec()).collect()
    } else {
        vec![clean.into_bytes()]
    })
}

/// The JSON of each line, where it has any: the line itself or what follows its
/// field's name. A text that is JSON as a whole counts as one line.
fn read(text: &str) -> Vec<Option<Value>> {
    lines(text).iter().map(|line| json(line).1).collect()
}

fn lines(text: &str) -> Vec<&str> {
    if serde_json::from_str::<Value>(text).is_ok() {
        return vec![text];
    }
    text.split_inclusive('\n').collect()
}

/// A line's start up to its JSON, and the JSON.
fn json(line: &str) -> (&str, Option<Value>) {
    let start = match line.split_once(':') {
        Some((field, _)) if field.bytes().all(|byte| byte.is_ascii_alphabetic()) => field.len() + 1,
        _ => 0,
    };
    let (field, rest) = line.split_at(start);
    (field, serde_json::from_str(rest).ok())
}

fn rewrite(scrubber: &Scrubber, text: &str, mut read: Vec<Option<Value>>) -> String {
    let spread: Vec<Spread> = Spread::over(&read);
    for spread in spread {
        let clean = scrubber.scrub(&spread.text);
        if clean == spread.text {
            continue;
        }
        // The parts' bounds are lost with the key: the first part gets it all.
        for (at, (line, pointer)) in spread.parts.iter().enumerate() {
            let place = read[*line]
                .as_mut()
                .and_then(|value| value.pointer_mut(pointer));
            if let Some(place) = place {
                *place = Value::from(if at == 0 { &*clean } else { "" });
            }
        }
    }
    let mut out = String::with_capacity(text.len());
    for (line, read) in lines(text).into_iter().zip(read) {
        let (field, before) = json(line);
        out.push_str(field);
        let (Some(mut now), Some(before)) = (read, before) else {
            out.push_str(&scrubber.scrub(&line[field.len()..]));
            continue;
        };
        value(scrubber, &mut now);
        if now == before {
            out.push_str(&line[field.len()..]);
        } else {
            let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
            let space = if field.is_empty() { "" } else { " " };
            out.extend([space, &now.to_string(), end]);
        }
    }
    out
}

/// Cleans the texts of a JSON value. Names of members stay where they are plain
/// words, as those of the API are.
pub(super) fn value(scrubber: &Scrubber, value: &mut Value) {
    match value {
        Value::String(text) => {
            let clean = scrubber.scrub(text);
            if clean != text.as_str() {
                *text = clean.into_owned();
            }
        }
        Value::Number(number) => {
            let text = number.to_string();
            if text.len() >= KEY_MIN && scrubber.scrub(&text) == MASK {
                *value = Value::from(MASK);
            }
        }
        Value::Array(items) => {
            for item in items {
                self::value(scrubber, item);
            }
        }
        Value::Object(members) => {
            let plain = |name: &str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            let old = std::mem::take(members);
            for (name, mut member) in old {
                self::value(scrubber, &mut member);
                let name = if plain(&name) {
                    name
                } else {
                    scrubber.scrub(&name).into_owned()
                };
                members.insert(name, member);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Adds every text of a value, unescaped.
fn collect(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(members) => {
            for (name, member) in members {
                into.push_str(name);
                into.push('\n');
                collect(member, into);
            }
        }
        Value::Number(number) => {
            into.push_str(&number.to_string());
            into.push('\n');
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// A text that comes in parts, one a delta.
#[derive(Default)]
struct Spread {
    text: String,
    /// Line and JSON Pointer of each part.
    parts: Vec<(usize, String)>,
}

impl Spread {
    /// Answer, thinking and the arguments of calls, put together from the deltas.
    fn over(read: &[Option<Value>]) -> Vec<Self> {
        let mut found: Vec<(String, Self)> = Vec::new();
        for (line, value) in read.iter().enumerate() {
            let delta = value
                .as_ref()
                .and_then(|value| value.pointer("/choices/0/delta"));
            let Some(Value::Object(delta)) = delta else {
                continue;
            };
            let mut add = |name: String, pointer: String, text: &str| {
                let at = found.iter().position(|(known, _)| *known == name);
                let at = at.unwrap_or_else(|| {
                    found.push((name, Self::default()));
                    found.len() - 1
                });
                found[at].1.text.push_str(text);
                found[at].1.parts.push((line, pointer));
            };
            for (name, member) in delta {
                let pointer = format!("/choices/0/delta/{name}");
                if let Value::String(text) = member {
                    add(name.clone(), pointer, text);
                } else if let Value::Array(calls) = member {
                    for (at, call) in calls.iter().enumerate() {
                        let index = call
                            .get("index")
                            .and_then(Value::as_u64)
                            .unwrap_or(at as u64);
                        let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
                        if let Some(text) = arguments {
                            let pointer = format!("{pointer}/{at}/function/arguments");
                            add(format!("{name}/{index}"), pointer, text);
                        }
                    }
                }
            }
        }
        found.into_iter().map(|(_, spread)| spread).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef.SecretSecret";

    fn scrubber() -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.hide_key(KEY);
        scrubber
    }

    fn cleaned(text: &str, streamed: bool) -> Option<String> {
        let clean = pieces(&scrubber(), &[text.as_bytes().to_vec()], streamed);
        clean.map(|pieces| String::from_utf8(pieces.concat()).unwrap())
    }

    #[test]
    fn what_holds_no_key_is_left_alone() {
        for text in [
            "",
            "{\"a\": 1}",
            "data: {\"a\":\"b\"}\r\n\r\n",
            "\u{feff}: \n",
        ] {
            assert_eq!(cleaned(text, true), None, "{text:?}");
        }
        assert_eq!(pieces(&scrubber(), &[vec![0xff], vec![0xe5]], true), None);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_hide_the_key() {
        let odd = [&[0xff], KEY.as_bytes(), &[0xe5]].concat();
        let clean = pieces(&scrubber(), &[odd], true).unwrap().concat();
        assert!(String::from_utf8_lossy(&clean).contains(MASK));
    }

    #[test]
    fn numbers_names_and_lines_around_stay() {
        let text =
            format!("id: 7\ndata: {{\"n\":1.50,\"stop\":\"{KEY}\",\"{KEY}\":null}}\n\n: x\n");
        let want = "id: 7\ndata: {\"n\":1.50,\"stop\":\"[hidden]\",\"[hidden]\":null}\n\n: x\n";
        assert_eq!(cleaned(&text, true).as_deref(), Some(want));
    }

    #[test]
    fn a_key_of_digits_is_found_as_a_number() {
        let mut scrubber = Scrubber::default();
        scrubber.hide_key("1234567890");
        let mut found = serde_json::json!({ "a": 1_234_567_890_u64, "b": 12 });
        value(&scrubber, &mut found);
        assert_eq!(found, serde_json::json!({ "a": MASK, "b": 12 }));
    }

    #[test]
    fn json_over_several_lines_is_one() {
        let text = format!("{{\n  \"message\": \"{KEY}\"\n}}\n");
        assert_eq!(
            cleaned(&text, false).as_deref(),
            Some("{\"message\":\"[hidden]\"}\n")
        );
    }
}

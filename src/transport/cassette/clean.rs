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

/// The fields of an event stream.
const FIELDS: [&str; 4] = ["data", "event", "id", "retry"];

/// Cleans a body, whose pieces are cut anew; none where nothing had to go.
pub(super) fn pieces(
    scrubber: &Scrubber,
    pieces: &[Vec<u8>],
    streamed: bool,
) -> Option<Vec<Vec<u8>>> {
    let whole = pieces.concat();
    let text = String::from_utf8_lossy(&whole);
    // What a reader could make of it: the bytes, the texts in it unescaped, and
    // what the deltas put together.
    let mut probe = text.clone().into_owned();
    let mut spread = Spreads::default();
    for (at, line) in lines(&text).into_iter().enumerate() {
        probe.push('\n');
        match json(line).1 {
            Some(value) => {
                collect(&value, &mut probe);
                spread.add(at, &value);
            }
            None if line.contains("\\u") => probe.push_str(&unescaped(line)),
            None => {}
        }
    }
    for (_, spread) in &spread.0 {
        probe.push('\n');
        probe.push_str(&spread.text);
    }
    if scrubber.scrub(&probe) == probe {
        return None;
    }
    let clean = rewrite(scrubber, &text, &spread);
    if clean == text {
        return None;
    }
    Some(if streamed {
        let cut = frames(&clean).into_iter();
        cut.map(|frame| frame.as_bytes().to_vec()).collect()
    } else {
        vec![clean.into_bytes()]
    })
}

/// A text's lines; one that is JSON as a whole counts as one line.
fn lines(text: &str) -> Vec<&str> {
    if serde_json::from_str::<Value>(text).is_ok() {
        return vec![text];
    }
    text.split_inclusive('\n').collect()
}

/// A line's field up to its colon, and the JSON that follows or is the line.
fn json(line: &str) -> (&str, Option<Value>) {
    let start = match line.split_once(':') {
        Some((field, _)) if FIELDS.contains(&field) => field.len() + 1,
        _ => 0,
    };
    let (field, rest) = line.split_at(start);
    (field, serde_json::from_str(rest).ok())
}

fn rewrite(scrubber: &Scrubber, text: &str, spread: &Spreads) -> String {
    let lines = lines(text);
    let mut read: Vec<Option<Value>> = lines.iter().map(|line| json(line).1).collect();
    for (_, spread) in &spread.0 {
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
    for (line, read) in lines.into_iter().zip(read) {
        let (field, before) = json(line);
        out.push_str(field);
        let rest = &line[field.len()..];
        let (Some(mut now), Some(before)) = (read, before) else {
            let plain = unescaped(rest);
            let escaped = scrubber.scrub(&plain) != plain;
            out.push_str(&scrubber.scrub(if escaped { &plain } else { rest }));
            continue;
        };
        value(scrubber, &mut now);
        // Of a member that stands twice the value has but one: then the text
        // holds what the value does not.
        if now == before && scrubber.scrub(rest) == rest {
            out.push_str(rest);
        } else {
            let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
            let space = if field.is_empty() { "" } else { " " };
            out.extend([space, &now.to_string(), end]);
        }
    }
    out
}

/// Text whose escapes of ASCII characters are undone: JSON that was cut is not
/// read as JSON, and its reader would undo them.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u") {
        plain.push_str(before);
        let digits = after.get(..4).unwrap_or_default();
        rest = match u8::from_str_radix(digits, 16) {
            Ok(byte) if byte.is_ascii() => {
                plain.push(char::from(byte));
                &after[4..]
            }
            _ => {
                plain.push_str("\\u");
                after
            }
        };
    }
    plain + rest
}

/// Cleans the texts of a JSON value. Names of members that are plain words, as
/// those of the API are, stay unless they are all that is to be hidden.
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
            let word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            let plain = |name: &str, clean: &str| name.bytes().all(word) && clean != MASK;
            let old = std::mem::take(members);
            for (name, mut member) in old {
                self::value(scrubber, &mut member);
                let clean = scrubber.scrub(&name).into_owned();
                let name = if plain(&name, &clean) { name } else { clean };
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

/// Answer, thinking and the arguments of calls, put together from the deltas.
#[derive(Default)]
struct Spreads(Vec<(String, Spread)>);

impl Spreads {
    /// Adds the texts of a line's delta, if it has one.
    fn add(&mut self, line: usize, value: &Value) {
        let Some(Value::Object(delta)) = value.pointer("/choices/0/delta") else {
            return;
        };
        for (name, member) in delta {
            let pointer = format!("/choices/0/delta/{name}");
            if let Value::String(text) = member {
                self.part(name, (line, pointer), text);
                continue;
            }
            for (at, call) in member.as_array().into_iter().flatten().enumerate() {
                let index = call.get("index").and_then(Value::as_u64);
                let name = format!("{name}/{}", index.unwrap_or(at as u64));
                let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
                if let Some(text) = arguments {
                    let pointer = format!("{pointer}/{at}/function/arguments");
                    self.part(&name, (line, pointer), text);
                }
            }
        }
    }

    fn part(&mut self, name: &str, place: (usize, String), text: &str) {
        let at = self.0.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            self.0.push((name.to_owned(), Spread::default()));
            self.0.len() - 1
        });
        self.0[at].1.text.push_str(text);
        self.0[at].1.parts.push(place);
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

    #[test]
    fn a_member_that_stands_twice_hides_no_key() {
        let text = format!("data: {{\"a\":\"{KEY}\",\"a\":\"b\"}}\n\n");
        assert_eq!(
            cleaned(&text, true).as_deref(),
            Some("data: {\"a\":\"b\"}\n\n")
        );
    }

    #[test]
    fn json_that_was_cut_hides_no_key_behind_escapes() {
        let text = format!("data: {{\"a\":\"{}", KEY.replace('S', "\\u0053"));
        assert_eq!(
            cleaned(&text, true).as_deref(),
            Some("data: {\"a\":\"[hidden]")
        );
        assert_eq!(unescaped("\\u12\\u0041\\uffff\\u"), "\\u12A\\uffff\\u");
    }

    #[test]
    fn a_word_before_a_colon_is_no_field() {
        let mut scrubber = Scrubber::default();
        scrubber.hide_key("letmeinplease");
        let text = b"letmeinplease: refused\n{\"letmeinplease\":1}".to_vec();
        let clean = pieces(&scrubber, &[text], false).unwrap().concat();
        assert_eq!(clean, b"[hidden]: refused\n{\"[hidden]\":1}");
    }

    #[test]
    fn a_short_text_in_the_syntax_alone_changes_nothing() {
        let mut scrubber = Scrubber::default();
        scrubber.hide_header("true");
        let text = b"data: {\"a\":true}\n\n".to_vec();
        assert_eq!(pieces(&scrubber, &[text], true), None);
    }
}

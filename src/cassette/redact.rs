//! Masks secrets in the bytes of a response. A server may send the key back: unchanged,
//! escaped, or spread over the deltas of a stream.
//!
//! In JSON only the strings are changed, so that it stays valid. All other bytes are
//! kept.

use std::fmt::Write;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::secret::{MASK, Scrubber};

/// Shortest number that could be a key.
const KEY_MIN: usize = 8;

/// The fields of an event stream.
const FIELDS: [&str; 4] = ["data", "event", "id", "retry"];

/// Masks the secrets in a body. Returns `None` if there are none.
///
/// A body may be long. It is read line by line, and a second time only if it contains a secret.
pub(crate) fn body(scrubber: &Scrubber, bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    // A secret may be in the text itself or in the joined texts of the deltas.
    let mut joined = JoinedDeltas::default();
    for line in lines(&text) {
        if line.contains("\"delta\"")
            && let Some(mut value) = json(line).1
        {
            joined.add(&mut value);
        }
    }
    if !(joined.clean(scrubber) | scrubber.hides_in(&text)) {
        return None;
    }
    let clean = rewrite(scrubber, &text, &mut joined);
    (clean != text).then_some(clean)
}

/// A text's lines. A text that is one JSON value counts as one line.
fn lines(text: &str) -> Vec<&str> {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return vec![text];
    }
    text.split_inclusive('\n').collect()
}

/// Splits a line into its field, with the colon, and the JSON after it. A line without a
/// field may be JSON itself.
fn json(line: &str) -> (&str, Option<Value>) {
    let start = match line.split_once(':') {
        Some((field, _)) if FIELDS.contains(&field) => field.len() + 1,
        _ => 0,
    };
    let (field, rest) = line.split_at(start);
    (field, serde_json::from_str(rest).ok())
}

fn rewrite(scrubber: &Scrubber, text: &str, joined: &mut JoinedDeltas) -> String {
    let mut out = String::with_capacity(text.len());
    for line in lines(text) {
        let (field, read) = json(line);
        out.push_str(field);
        let rest = &line[field.len()..];
        let Some(mut read) = read else {
            out.push_str(&scrubber.scrub(rest));
            continue;
        };
        let changed = joined.replace(&mut read) | value(scrubber, &mut read);
        // If a member occurs twice, the value contains only one of them, but the text may have a
        // secret in the other.
        if changed || scrubber.hides_in(rest) {
            let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
            let space = if field.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(out, "{space}{read}{end}");
        } else {
            out.push_str(rest);
        }
    }
    out
}

/// Masks the secrets in a JSON value, and returns whether there were any. Names of
/// members that are plain words, like those of the API, are kept unless the entire name
/// is a secret.
pub(crate) fn value(scrubber: &Scrubber, value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let hides = scrubber.hides_in(text);
            if hides {
                *text = scrubber.scrub(text).into_owned();
            }
            hides
        }
        Value::Number(number) => {
            let text = number.to_string();
            let hides = text.len() >= KEY_MIN && scrubber.scrub(&text) == MASK;
            if hides {
                *value = Value::from(MASK);
            }
            hides
        }
        Value::Array(items) => {
            let clean = |changed, item| self::value(scrubber, item) | changed;
            items.iter_mut().fold(false, clean)
        }
        Value::Object(members) => {
            let word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            let plain = |name: &str, clean: &str| name.bytes().all(word) && clean != MASK;
            let old = std::mem::take(members);
            let mut changed = false;
            for (name, mut member) in old {
                changed |= self::value(scrubber, &mut member);
                let clean = scrubber.scrub(&name);
                let name = if clean == name || plain(&name, &clean) {
                    name
                } else {
                    changed = true;
                    clean.into_owned()
                };
                members.insert(name, member);
            }
            changed
        }
        Value::Null | Value::Bool(_) => false,
    }
}

/// The texts joined from the deltas, each with its name: the answer, the reasoning, and the
/// arguments of calls. After `clean` only the texts that contained a secret are left, masked.
#[derive(Default)]
struct JoinedDeltas(Vec<(String, String)>);

impl JoinedDeltas {
    /// Adds the texts of a line's delta, if it has one.
    fn add(&mut self, value: &mut Value) {
        parts(value, |name, part| {
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, text)) => text.push_str(part),
                None => self.0.push((name.to_owned(), part.clone())),
            }
        });
    }

    /// Masks the secrets and keeps only the texts that contained one. Returns whether there are
    /// any.
    fn clean(&mut self, scrubber: &Scrubber) -> bool {
        self.0.retain(|(_, text)| scrubber.hides_in(text));
        for (_, text) in &mut self.0 {
            *text = scrubber.scrub(text).into_owned();
        }
        !self.0.is_empty()
    }

    /// Replaces the texts of a delta with the masked ones. The first delta gets the complete text;
    /// the later ones become empty.
    fn replace(&mut self, value: &mut Value) -> bool {
        let mut changed = false;
        parts(value, |name, part| {
            if let Some((_, clean)) = self.0.iter_mut().find(|(known, _)| known == name) {
                changed |= part != clean;
                *part = std::mem::take(clean);
            }
        });
        changed
    }
}

/// Calls `each` with the name of a joined text and its part in this delta, for every text that a
/// later delta may continue.
fn parts(value: &mut Value, mut each: impl FnMut(&str, &mut String)) {
    let Some(Value::Object(delta)) = value.pointer_mut("/choices/0/delta") else {
        return;
    };
    for (name, member) in delta {
        if let Value::String(text) = member {
            each(name, text);
            continue;
        }
        for (at, call) in member.as_array_mut().into_iter().flatten().enumerate() {
            let index = call.get("index").and_then(Value::as_u64);
            let name = format!("{name}/{}", index.unwrap_or(at as u64));
            if let Some(Value::String(text)) = call.pointer_mut("/function/arguments") {
                each(&name, text);
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Bytes of a response → the same without what must not be shown. A server may send the
//! key back: as it is, escaped, or spread over the deltas of a stream.
//!
//! In JSON only the texts are changed, so that it stays JSON. Bytes that need no change
//! are kept.

use std::fmt::Write;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::secret::{MASK, Scrubber};

/// Shortest number that could be a key.
const KEY_MIN: usize = 8;

/// The fields of an event stream.
const FIELDS: [&str; 4] = ["data", "event", "id", "retry"];

/// Cleans a body; none where nothing had to go.
///
/// It may be long: it is read line by line, twice where something has to go.
pub(crate) fn body(scrubber: &Scrubber, bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    // What a reader could make of it: the text, and what the deltas put together.
    let (mut held, mut spreads) = (scrubber.hides_in(&text), Spreads::default());
    for line in lines(&text)
        .into_iter()
        .filter(|line| line.contains("\"delta\""))
    {
        if let Some(mut value) = json(line).1 {
            spreads.add(&mut value);
        }
    }
    held |= spreads.clean(scrubber);
    if !held {
        return None;
    }
    let clean = rewrite(scrubber, &text, &mut spreads);
    (clean != text).then_some(clean)
}

/// A text's lines. A text that is one JSON value counts as one line.
fn lines(text: &str) -> Vec<&str> {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
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

fn rewrite(scrubber: &Scrubber, text: &str, spreads: &mut Spreads) -> String {
    let mut out = String::with_capacity(text.len());
    for line in lines(text) {
        let (field, read) = json(line);
        out.push_str(field);
        let rest = &line[field.len()..];
        let Some(mut read) = read else {
            out.push_str(&scrubber.scrub(rest));
            continue;
        };
        let changed = spreads.replace(&mut read) | value(scrubber, &mut read);
        // Of a member that stands twice the value has but one: then the text
        // holds what the value does not.
        if changed || scrubber.hides_in(rest) {
            let end = &line[line.trim_end_matches(['\r', '\n']).len()..];
            let space = if field.is_empty() { "" } else { " " };
            // Into a string: cannot fail.
            let _ = write!(out, "{space}{read}{end}");
        } else {
            out.push_str(rest);
        }
    }
    out
}

/// Cleans the texts of a JSON value, and says whether any had to be. Names of
/// members that are plain words, as those of the API are, stay unless they are all
/// that is to be hidden.
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

/// Answer, thinking and the arguments of calls, each with its name, put together
/// from the deltas; then those of them that had to be cleaned, cleaned.
#[derive(Default)]
struct Spreads(Vec<(String, String)>);

impl Spreads {
    /// Adds the texts of a line's delta, if it has one.
    fn add(&mut self, value: &mut Value) {
        parts(value, |name, part| {
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, text)) => text.push_str(part),
                None => self.0.push((name.to_owned(), part.clone())),
            }
        });
    }

    /// Cleans them, and says whether any had to be.
    fn clean(&mut self, scrubber: &Scrubber) -> bool {
        self.0.retain(|(_, text)| scrubber.hides_in(text));
        for (_, text) in &mut self.0 {
            *text = scrubber.scrub(text).into_owned();
        }
        !self.0.is_empty()
    }

    /// Puts clean texts in the place of a delta's. The parts' bounds are lost with
    /// the key: the first part gets it all.
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

/// Calls `each` with every text of a delta that the next one may continue, and the
/// name of what they make up.
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

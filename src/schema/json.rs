//! An answer's text as one JSON value, read strictly.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::json_text::compact;

/// Most levels of nested arrays and objects: what `serde_json` reads.
pub const DEPTH_MAX: usize = 127;

/// Parses `text` as one JSON value. One code fence around it is tolerated; prose, a
/// second value or a duplicate member is not. The order of members is kept, depth is
/// bounded by [`DEPTH_MAX`].
///
/// # Errors
/// The error, with line and column.
pub fn parse(text: &str) -> Result<Value, String> {
    parse_strict(unfenced(text))
}

/// Parses like [`parse`], without tolerating a fence.
///
/// # Errors
/// The error, with line and column.
pub fn parse_strict(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| message(&error))?;
    serde_json::from_str::<Unique>(text).map_err(|error| message(&error))?;
    Ok(value)
}

/// Parses like [`parse`] into JSON text on one line, with its numbers as they were
/// written.
pub fn parse_raw(text: &str) -> Option<Box<RawValue>> {
    let text = unfenced(text);
    parse_strict(text).ok()?;
    compact(text).ok()
}

/// The text inside the one fence around `text`, or `text` itself.
pub(super) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = || {
        let (info, rest) = text.strip_prefix("```")?.split_once('\n')?;
        let body = rest.strip_suffix("```")?;
        (!info.contains('`')).then_some(body.trim())
    };
    inside().unwrap_or(text)
}

/// The parser's message, with airx's own bound where it hit its recursion limit.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.strip_prefix("recursion limit exceeded") {
        Some(place) => format!("deeper than {DEPTH_MAX} levels{place}"),
        None => message,
    }
}

/// Reads a value and fails at an object that has a member twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Self)
    }
}

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON without duplicate members")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<Self>()?;
            if let Some(name) = seen.replace(name) {
                return Err(A::Error::custom(format!(
                    "the member {name:?} appears twice"
                )));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_order_are_kept() {
        let text = r#"{"z":1.10,"a":12345678901234567890123,"e":1E400}"#;
        assert_eq!(parse_raw(text).unwrap().get(), text);
    }

    #[test]
    fn one_fence_is_tolerated() {
        for text in [
            "```json\n{\"a\":1}\n```",
            "\n```\n{\"a\":1}```\n",
            " {\"a\":1} ",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), r#"{"a":1}"#, "{text}");
        }
    }

    #[test]
    fn anything_else_is_a_violation() {
        for text in [
            "",
            "Here: {}",
            "{} {}",
            "{\"a\":1,}",
            "```json\n{}\n```\ndone",
            "NaN",
            "{'a':1}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_deeper_than_the_bound_is_an_error_that_names_it() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(DEPTH_MAX)).is_ok());
        for depth in [DEPTH_MAX + 1, 100_000] {
            let why = parse(&nested(depth)).unwrap_err();
            assert_eq!(why, "deeper than 127 levels at line 1 column 128");
        }
        let why = parse(&"{\"a\":".repeat(128)).unwrap_err();
        assert!(why.starts_with("deeper than 127 levels at "), "{why}");
    }

    #[test]
    fn a_member_twice_is_a_violation_at_any_depth() {
        let why = parse(r#"[{"a":{"b":1,"c":2,"b":3}}]"#).unwrap_err();
        assert!(why.contains("\"b\" appears twice"), "{why}");
        assert!(parse(r#"{"a":1,"\u0061":2}"#).is_err());
    }
}

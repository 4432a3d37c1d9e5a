//! Parses an answer's text strictly as one JSON value, and prints it with its numbers as they were
//! written. A parsed number loses its spelling: serde_json prints `1E5` as `1e+5`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The maximum depth of nested arrays and objects: the limit of `serde_json`.
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

/// The parser's message. At the recursion limit it names [`DEPTH_MAX`].
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

/// Returns the JSON `text` on one line.
///
/// # Errors
/// It is not JSON.
pub fn compact(text: &str) -> serde_json::Result<Box<RawValue>> {
    to_raw_value(&Respelled(serde_json::from_str(text)?))
}

/// `value` on several lines.
pub(super) fn pretty(value: &RawValue) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Respelled(value))
}

pub(super) fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

/// The elements of several arrays as one array; `Err` is the index of the first text that is not an
/// array.
pub fn join_arrays(texts: &[String]) -> Result<String, usize> {
    let mut joined = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| at)?;
        joined.extend(elements.into_iter().map(RawValue::get));
    }
    Ok(format!("[{}]", joined.join(",")))
}

/// Returns the value in `value` at a JSON Pointer (RFC 6901).
pub(super) fn pointed<'a>(value: &'a RawValue, pointer: &str) -> Option<&'a RawValue> {
    if pointer.is_empty() {
        return Some(value);
    }
    let mut found = value;
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        found = if found.get().starts_with('{') {
            let Members(members) = serde_json::from_str(found.get()).ok()?;
            let mut members = members.into_iter();
            members.find(|(name, _)| *name == token)?.1
        } else {
            let is_index = token == "0" || !token.starts_with(['0', '+']);
            let index: usize = token.parse().ok().filter(|_| is_index)?;
            *elements(found)?.get(index)?
        };
    }
    Some(found)
}

/// Serializes a value with its numbers unchanged and its strings as serde_json writes them.
struct Respelled<'a>(&'a RawValue);

impl Serialize for Respelled<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let text = self.0.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(S::Error::custom)?;
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(&name, &Respelled(value))?;
                }
                map.end()
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(S::Error::custom)?;
                to.collect_seq(items.into_iter().map(Respelled))
            }
            Some(b'"') => {
                let text: Cow<'_, str> = serde_json::from_str(text).map_err(S::Error::custom)?;
                to.serialize_str(&text)
            }
            _ => self.0.serialize(to),
        }
    }
}

/// An object's members, in order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_keep_their_spelling_and_everything_else_is_as_serde_json_writes_it() {
        let text =
            r#"{ "a" : [1E5, 1e5, 1e+5, 1E-05, -0, 0.10 ], "\u0062": "\u00e9\/", "c": { } }"#;
        let compact = compact(text).unwrap();
        assert_eq!(
            compact.get(),
            r#"{"a":[1E5,1e5,1e+5,1E-05,-0,0.10],"b":"é/","c":{}}"#
        );
        assert_eq!(
            pretty(raw("{\"a\":[1E5],\"b\":{}}")).unwrap(),
            "{\n  \"a\": [\n    1E5\n  ],\n  \"b\": {}\n}"
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~é\"\\\\\n]{0,4}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a~/0]{0,2}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_are_written_and_found_as_serde_json_does(
            value in json(),
            pointer in "(/([a~/0-3]|~0|~1){0,2}){0,3}",
        ) {
            let (written, indented) = (value.to_string(), format!("{value:#}"));
            let compacted = compact(&indented).unwrap();
            prop_assert_eq!(compacted.get(), &written);
            prop_assert_eq!(pretty(raw(&written)).unwrap(), indented);
            let found = pointed(raw(&written), &pointer).map(|found| found.get().to_owned());
            prop_assert_eq!(found, value.pointer(&pointer).map(Value::to_string));
        }
    }
}

//! JSON text as airx prints it, with its numbers as they were written. A parsed number
//! loses its spelling: serde_json makes `1e+5` of `1E5`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// `text`, which is valid JSON, on one line.
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

/// The elements of an array.
pub(super) fn elements(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

/// The elements of several arrays as one array; `Err` is the number of the first text that
/// is not an array, from 0.
pub fn join_arrays(texts: &[String]) -> Result<String, usize> {
    let mut joined = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| at)?;
        joined.extend(elements.into_iter().map(RawValue::get));
    }
    Ok(format!("[{}]", joined.join(",")))
}

/// What a JSON Pointer (RFC 6901) names in `value`.
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

/// A value whose strings are written as serde_json writes them and whose numbers stay.
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
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

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

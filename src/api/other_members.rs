//! Members of a message or a call that airx does not know. They are kept so that they can be
//! sent back with the model's turn, such as the `extra_content` of a call.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The members, unread.
#[derive(Debug, Clone, Default)]
pub struct OtherMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl OtherMembers<'_> {
    /// Adds the members to those of earlier parts. Lists are joined; any other value replaces
    /// the earlier one.
    pub fn add_to(&self, known: &mut Map<String, Value>) {
        for (name, json) in &self.0 {
            let value: Value = serde_json::from_str(json.get()).unwrap_or_default();
            match (known.get_mut(&**name), value) {
                (_, Value::Null) => {}
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (_, value) => {
                    known.insert(name.to_string(), value);
                }
            }
        }
    }

    /// Their length in bytes.
    pub fn byte_count(&self) -> usize {
        let length = |(name, json): &(Cow<'_, str>, &RawValue)| name.len() + json.get().len();
        self.0.iter().map(length).sum()
    }
}

/// An object that keeps its unknown members.
pub(super) trait KeepsOthers<'de>: Default {
    /// Name of the object for error messages.
    const EXPECTED: &'static str;

    /// Reads the value of a known member. Returns whether the member is known.
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;

    /// Receives the unknown members.
    fn others(&mut self) -> &mut OtherMembers<'de>;
}

/// Reads an object of this kind.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: KeepsOthers<'de>>(
    from: D,
) -> Result<T, D::Error> {
    struct Members<T>(PhantomData<T>);
    impl<'de, T: KeepsOthers<'de>> Visitor<'de> for Members<T> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str(T::EXPECTED)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut object = T::default();
            let mut known = Vec::new();
            while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                if !object.read(&name, &mut map)? {
                    let value = map.next_value()?;
                    object.others().0.push((name, value));
                } else if known.contains(&name) {
                    return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                } else {
                    known.push(name);
                }
            }
            Ok(object)
        }
    }
    from.deserialize_map(Members(PhantomData))
}

//! A string on the wire, borrowed from the payload where it holds no escape.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string member. A number or a boolean is taken as its text, since servers
/// disagree (`"code":"1302"`, `"code":1302`), and a list of content parts as
/// the texts of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text)))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        #[derive(serde::Deserialize)]
        #[serde(expecting = "a content part: an object with text")]
        struct Part<'a> {
            #[serde(borrow)]
            text: Option<Text<'a>>,
        }
        let mut joined = String::new();
        while let Some(part) = parts.next_element::<Part<'de>>()? {
            joined.push_str(part.text.as_ref().map_or("", Text::as_str));
        }
        Ok(Text(Cow::Owned(joined)))
    }

    // With `arbitrary_precision` serde_json may hand a number over as a map of
    // one member that holds its digits; any other object is not a text.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key::<Cow<'de, str>>()? {
            Some(key) if key == "$serde_json::private::Number" => {
                Ok(Text(Cow::Owned(map.next_value()?)))
            }
            Some(_) => {
                map.next_value::<IgnoredAny>()?;
                Err(A::Error::custom("expected a string, found an object"))
            }
            None => Err(A::Error::custom("expected a string, found an object")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Text<'_>> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn strings_are_borrowed_and_escapes_owned() {
        assert!(matches!(
            read(r#""1302""#),
            Some(Text(Cow::Borrowed("1302")))
        ));
        assert_eq!(read(r#""a\nb""#).unwrap().as_str(), "a\nb");
    }

    #[test]
    fn numbers_booleans_and_part_lists_are_texts() {
        assert_eq!(read("1302").unwrap().as_str(), "1302");
        assert_eq!(read("true").unwrap().as_str(), "true");
        let parts = r#"[{"type":"text","text":"a"},{"type":"image"},{"text":"b"}]"#;
        assert_eq!(read(parts).unwrap().as_str(), "ab");
    }

    #[test]
    fn an_object_is_not_a_text() {
        assert!(read(r#"{"a":1}"#).is_none());
        assert!(read("{}").is_none());
    }
}

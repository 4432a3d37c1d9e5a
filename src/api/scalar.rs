//! Reads strings and integers as servers send them: in different JSON types.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde_json::value::RawValue;

/// A string member, borrowed from the payload if it has no escapes. Also accepts a number or a
/// boolean as its text, since servers disagree (`"code":"1302"`, `"code":1302`), and a list of
/// content parts as the joined texts of its parts.
///
/// An unpaired surrogate becomes U+FFFD. One at the start or end is kept, since its other
/// half may come in another delta.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a> {
    string: Cow<'a, str>,
    first_half: Option<u16>,
    last_half: Option<u16>,
}

impl<'a> Text<'a> {
    /// Reads a JSON value.
    ///
    /// # Errors
    /// The value is an object, null, or a list with anything other than content parts.
    pub fn read(json: &'a str) -> serde_json::Result<Self> {
        let text = match json.as_bytes().first() {
            Some(b'"') => return Self::of_string(json),
            Some(b'[') => parts(json)?,
            Some(b'{') => return Err(Error::custom("expected a string, found an object")),
            Some(b'n') => return Err(Error::custom("expected a string, found null")),
            _ => json.into(),
        };
        Ok(text.into())
    }

    fn of_string(json: &'a str) -> serde_json::Result<Self> {
        let inside = json.get(1..json.len() - 1).unwrap_or_default();
        if !inside.contains('\\') {
            return Ok(Cow::Borrowed(inside).into());
        }
        let mended = mend_surrogates(json);
        let first = (mended.get(..7) != json.get(..7)).then(|| unit(json.as_bytes(), 1));
        let last = json.len().saturating_sub(7);
        let last = (mended.get(last..) != json.get(last..)).then(|| unit(json.as_bytes(), last));
        Ok(Self {
            string: Cow::Owned(serde_json::from_str(&mended)?),
            first_half: first.flatten().filter(|unit| is_low(*unit)),
            last_half: last.flatten().filter(|unit| is_high(*unit)),
        })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.string
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.string.into_owned()
    }

    /// The second half of a surrogate pair, if the text starts with one. The text has U+FFFD in its
    /// place.
    pub fn first_half(&self) -> Option<u16> {
        self.first_half
    }

    /// The first half of a surrogate pair, if the text ends with one. The text has U+FFFD in its
    /// place.
    pub fn last_half(&self) -> Option<u16> {
        self.last_half
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(string: Cow<'a, str>) -> Self {
        Self {
            string,
            ..Self::default()
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(from)?.get();
        Self::read(json).map_err(|why| {
            // Remove the position, which is relative to the member: the reader adds that of the
            // payload.
            let why = why.to_string();
            D::Error::custom(why.split_once(" at line ").map_or(&*why, |(why, _)| why))
        })
    }
}

/// Joins the texts of a list of content parts. A text that is itself a list is not read: nested
/// lists could take unlimited time.
fn parts(json: &str) -> serde_json::Result<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    #[serde(expecting = "a content part: an object with text")]
    struct Part<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let parts: Vec<Part<'_>> = serde_json::from_str(json)?;
    let texts = parts.into_iter().filter_map(|part| part.text);
    let texts = texts.map(|text| match text.get() {
        list if list.starts_with('[') => Ok(String::new()),
        text => Text::read(text).map(Text::into_string),
    });
    texts.collect::<Result<String, _>>().map(Cow::Owned)
}

/// Returns the JSON with `\ufffd` for each escaped surrogate that is not part of a pair. The length
/// does not change.
pub fn mend_surrogates(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut mended = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', &bytes[at..]) {
        at += next;
        let Some(half) = unit(bytes, at).filter(|unit| is_high(*unit) || is_low(*unit)) else {
            at += 2;
            if at >= bytes.len() {
                break;
            }
            continue;
        };
        if is_high(half) && unit(bytes, at + 6).is_some_and(is_low) {
            at += 12;
        } else {
            mended.to_mut().replace_range(at..at + 6, "\\ufffd");
            at += 6;
        }
    }
    mended
}

/// The UTF-16 unit of the escape `\uXXXX` at `at`.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

/// An integer from 0 to the largest `T`. The error messages are for the owner of a server, who may
/// not know what a `u16` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeNumber<T>(pub T);

impl<'de, T: TryFrom<u64>> Deserialize<'de> for WholeNumber<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_u64(Number(PhantomData))
    }
}

struct Number<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Number<T> {
    type Value = WholeNumber<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a whole number of at most {} bits", 8 * size_of::<T>())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let too_large = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
        T::try_from(number).map(WholeNumber).map_err(too_large)
    }
}

/// For `deserialize_with` on a required member.
///
/// # Errors
/// The value is not such a number.
pub fn whole_number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    WholeNumber::deserialize(from).map(|number| number.0)
}

/// Like [`whole_number`], for a member that may be null or, with `default`, missing.
///
/// # Errors
/// The value is neither such a number nor null.
pub fn whole_number_or_null<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<WholeNumber<T>>::deserialize(from)?;
    Ok(number.map(|number| number.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Text<'_>> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn strings_are_borrowed_and_escapes_owned() {
        let borrowed = read(r#""1302""#).unwrap();
        assert!(matches!(borrowed.string, Cow::Borrowed("1302")));
        assert_eq!(read(r#""a\nb\u00e9""#).unwrap().as_str(), "a\nbé");
    }

    #[test]
    fn numbers_booleans_and_part_lists_are_texts() {
        assert_eq!(read("1302").unwrap().as_str(), "1302");
        assert_eq!(read("1E400").unwrap().as_str(), "1E400");
        assert_eq!(read("true").unwrap().as_str(), "true");
        let parts = r#"[{"type":"text","text":"a"},{"type":"image"},{"text":"b"}]"#;
        assert_eq!(read(parts).unwrap().as_str(), "ab");
    }

    #[test]
    fn an_object_is_not_a_text() {
        assert!(read(r#"{"a":1}"#).is_none());
        assert!(read("{}").is_none());
    }

    #[test]
    fn half_of_a_surrogate_pair_is_a_replacement_character() {
        let cases = [
            (r#""\ud83d""#, "\u{fffd}", None, Some(0xd83d)),
            (r#""\uDE42!""#, "\u{fffd}!", Some(0xde42), None),
            (
                r#""\ude42a\ud83d""#,
                "\u{fffd}a\u{fffd}",
                Some(0xde42),
                Some(0xd83d),
            ),
            (r#""\ud83d\ude42""#, "🙂", None, None),
            (
                r#""a\ud83d\ud83d\ude42\ude42b""#,
                "a\u{fffd}🙂\u{fffd}b",
                None,
                None,
            ),
            (r#""\\ud83d\\\ude42""#, "\\ud83d\\\u{fffd}", None, None),
        ];
        for (json, text, first, last) in cases {
            let read = read(json).unwrap();
            assert_eq!(
                (read.as_str(), read.first_half(), read.last_half()),
                (text, first, last),
                "{json}"
            );
        }
    }

    #[test]
    fn a_broken_escape_is_left_to_the_parser() {
        for json in [
            r#""\u12"#,
            r#""\"#,
            r#""\ud83"#,
            r#""\uzzzz""#,
            r#""\u+123""#,
        ] {
            assert_eq!(mend_surrogates(json), json);
        }
    }

    fn why(json: &str) -> String {
        let read = serde_json::from_str::<WholeNumber<u16>>(json);
        read.unwrap_err().to_string()
    }

    #[test]
    fn other_values_are_reported_in_plain_words() {
        assert_eq!(
            serde_json::from_str::<WholeNumber<u16>>("65535").unwrap(),
            WholeNumber(65535)
        );
        for wrong in ["\"200\"", "-1", "65536", "1.5", "[]"] {
            let message = why(wrong);
            let expected = "expected a whole number of at most 16 bits at line 1";
            assert!(message.contains(expected), "{message}");
        }
    }
}

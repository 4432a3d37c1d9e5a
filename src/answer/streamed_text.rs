//! A text that comes in parts: how much of it has been passed on, and characters whose
//! halves come in two parts.

use std::borrow::Cow;

use crate::api::text::Text;

/// A text that comes in parts.
#[derive(Debug, Default)]
pub(super) struct StreamedText {
    seen: HandedOver,
    pub(super) surrogates: Surrogates,
}

impl StreamedText {
    pub(super) fn next<'t>(&mut self, part: &'t Text<'_>) -> Cow<'t, str> {
        let part = self.surrogates.join(part);
        self.seen.push(&part);
        part
    }

    /// The rest of `complete`, the full text, after the parts so far.
    pub(super) fn rest<'t>(&mut self, complete: &'t Text<'_>) -> &'t str {
        let rest = self.seen.rest(complete.as_str()).unwrap_or_default();
        if !rest.is_empty() {
            self.seen.push(rest);
            self.surrogates = Surrogates::default();
        }
        rest
    }

    pub(super) fn is(&self, complete: Option<&Text<'_>>) -> bool {
        let complete = complete.map_or("", Text::as_str);
        self.seen.rest(complete) == Some("")
    }
}

/// Length and hash (FNV-1a) of the text so far. The text is not kept, so that memory does
/// not grow with the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HandedOver {
    length: usize,
    hash: u64,
}

impl Default for HandedOver {
    fn default() -> Self {
        Self {
            length: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl HandedOver {
    /// Adds the next part of the text.
    fn push(&mut self, text: &str) {
        self.length += text.len();
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The rest of `text` after the part that was passed on; none if `text` does not start with
    /// that part.
    pub(super) fn rest<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (start, rest) = text.split_at_checked(self.length)?;
        let mut same = Self::default();
        same.push(start);
        (same == *self).then_some(rest)
    }
}

/// Joins the halves of a text that comes in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Surrogates {
    /// The first half of a pair, from the end of the last part.
    half: Option<u16>,
}

impl Surrogates {
    /// The next part of the text. A first half at its end is held back.
    pub(super) fn join<'t>(&mut self, part: &'t Text<'_>) -> Cow<'t, str> {
        let text = part.as_str();
        if text.is_empty() {
            return text.into();
        }
        let mut joined = match (self.half.take(), part.first_half()) {
            (None, _) => Cow::Borrowed(text),
            (Some(first), Some(second)) => {
                let pair = String::from_utf16_lossy(&[first, second]);
                let rest = text.strip_prefix(char::REPLACEMENT_CHARACTER);
                Cow::Owned(pair + rest.unwrap_or_default())
            }
            (Some(_), None) => Cow::Owned(format!("{}{text}", char::REPLACEMENT_CHARACTER)),
        };
        self.half = part.last_half();
        if self.half.is_some() {
            let end = joined.len() - char::REPLACEMENT_CHARACTER.len_utf8();
            joined = match joined {
                Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
                Cow::Owned(mut text) => {
                    text.truncate(end);
                    Cow::Owned(text)
                }
            };
        }
        joined
    }

    /// Ends the text: a half that was held back stays unpaired.
    pub(super) fn finish(&mut self) -> &'static str {
        match self.half.take() {
            Some(_) => "\u{fffd}",
            None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(parts: &[&str]) -> HandedOver {
        let mut known = HandedOver::default();
        for part in parts {
            known.push(part);
        }
        known
    }

    #[test]
    fn the_rest_follows_what_was_handed_over_in_any_parts() {
        for parts in [&["Hel", "lo"][..], &["H", "e", "", "llo"], &["Hello"]] {
            assert_eq!(after(parts).rest("Hello"), Some(""));
            assert_eq!(after(parts).rest("Hello 四"), Some(" 四"));
        }
        assert_eq!(after(&[]).rest("Hello"), Some("Hello"));
    }

    #[test]
    fn another_text_has_no_rest() {
        let known = after(&["Hello"]);
        for text in ["", "Hell", "hello", "Hallo!", "四四四"] {
            assert_eq!(known.rest(text), None, "{text}");
        }
    }

    fn join(parts: &[&str]) -> String {
        let mut surrogates = Surrogates::default();
        let mut text = String::new();
        for json in parts {
            text += &surrogates.join(&Text::read(json).unwrap());
        }
        text + surrogates.finish()
    }

    #[test]
    fn halves_in_two_parts_are_one_character() {
        assert_eq!(join(&[r#""a\ud83d""#, r#""""#, r#""\ude42b""#]), "a🙂b");
        assert_eq!(
            join(&[r#""\ud83d""#, r#""\ude42\ud83d""#, r#""\ude42""#]),
            "🙂🙂"
        );
    }

    #[test]
    fn a_half_that_stays_alone_is_a_replacement_character() {
        assert_eq!(join(&[r#""a\ud83d""#, r#""b""#]), "a\u{fffd}b");
        assert_eq!(join(&[r#""\ud83d""#, r#""\ud83d""#]), "\u{fffd}\u{fffd}");
        assert_eq!(join(&[r#""\ud83d""#]), "\u{fffd}");
        assert_eq!(join(&[r#""\ude42""#, r#""\ude42""#]), "\u{fffd}\u{fffd}");
    }
}

//! Joins a character whose surrogate halves come in two deltas.

use std::borrow::Cow;

use crate::api::text::Text;

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

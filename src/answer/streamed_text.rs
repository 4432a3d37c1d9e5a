//! Text that arrives in parts: finds the part not passed on yet, joins characters whose halves
//! arrive in two parts, and finds the text of a frame without parsing it.

use std::borrow::Cow;

use crate::api::scalar::Text;

/// Text that arrives in parts. Stores only its length and hash, so that memory does not grow with
/// the stream.
#[derive(Debug, Default)]
pub(super) struct StreamedText {
    length: usize,
    hash: u64,
    pub(super) surrogates: Surrogates,
}

impl StreamedText {
    pub(super) fn next<'t>(&mut self, part: &'t Text<'_>) -> Cow<'t, str> {
        let part = self.surrogates.join(part);
        self.push(&part);
        part
    }

    fn push(&mut self, text: &str) {
        self.length += text.len();
        self.hash = hash(self.hash, text);
    }

    /// Returns what follows the received parts in `complete`, the full text. Empty if `complete`
    /// does not start with them.
    pub(super) fn rest<'t>(&mut self, complete: &'t Text<'_>) -> &'t str {
        let rest = self.rest_of(complete.as_str()).unwrap_or_default();
        if !rest.is_empty() {
            self.push(rest);
            self.surrogates = Surrogates::default();
        }
        rest
    }

    pub(super) fn is(&self, complete: Option<&Text<'_>>) -> bool {
        self.rest_of(complete.map_or("", Text::as_str)) == Some("")
    }

    fn rest_of<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (start, rest) = text.split_at_checked(self.length)?;
        (hash(0, start) == self.hash).then_some(rest)
    }
}

/// Continues the hash `first` of an earlier part with `text`: FNV-1a without its offset.
fn hash(first: u64, text: &str) -> u64 {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(first, mix)
}

/// Joins surrogate pairs whose halves arrive in two parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Surrogates {
    /// The first half of a pair, from the end of the last part.
    half: Option<u16>,
}

impl Surrogates {
    /// Returns the next part of the text. The first half of a pair at its end is held back.
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

    /// Ends the text. Returns U+FFFD in place of a half that was held back.
    pub(super) fn finish(&mut self) -> &'static str {
        match self.half.take() {
            Some(_) => "\u{fffd}",
            None => "",
        }
    }
}

/// A shortcut for frames that contain only text. Successive frames often differ only in their text.
/// If the bytes around the text are the same, the frame need not be parsed again.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// The bytes up to the text, including its opening quote.
    before: Vec<u8>,
    /// The bytes from the closing quote to the end.
    after: Vec<u8>,
}

impl Envelope {
    /// Learns from a parsed frame with the text `content`. A text with an escape does not appear
    /// unchanged in the frame, so nothing is learned from it.
    pub(super) fn learn(&mut self, data: &[u8], content: &str) {
        self.after.clear();
        let from = (content.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
        let to = from.wrapping_add(content.len());
        let (Some(before), Some(after)) = (data.get(..from), data.get(to..)) else {
            return;
        };
        if before.last() == Some(&b'"') && after.first() == Some(&b'"') {
            self.before.clear();
            self.before.extend_from_slice(before);
            self.after.extend_from_slice(after);
        }
    }

    /// Returns the text of a frame that has the learned bytes around it. `None` if the bytes differ
    /// or the text has an escape.
    ///
    /// This is exact: the text has no quote and no backslash, so it is one JSON string, and every
    /// byte around it was parsed before.
    pub(super) fn open<'a>(&self, data: &'a [u8]) -> Option<&'a str> {
        if self.after.is_empty() {
            return None;
        }
        let content = data
            .strip_prefix(&*self.before)?
            .strip_suffix(&*self.after)?;
        let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        if content.iter().all(plain) {
            std::str::from_utf8(content).ok()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(parts: &[&str]) -> StreamedText {
        let mut known = StreamedText::default();
        for part in parts {
            known.push(part);
        }
        known
    }

    #[test]
    fn the_rest_follows_what_was_handed_over_in_any_parts() {
        for parts in [&["Hel", "lo"][..], &["H", "e", "", "llo"], &["Hello"]] {
            assert_eq!(after(parts).rest_of("Hello"), Some(""));
            assert_eq!(after(parts).rest_of("Hello 四"), Some(" 四"));
        }
        assert_eq!(after(&[]).rest_of("Hello"), Some("Hello"));
    }

    #[test]
    fn another_text_has_no_rest() {
        let known = after(&["Hello"]);
        for text in ["", "Hell", "hello", "Hallo!", "四四四"] {
            assert_eq!(known.rest_of(text), None, "{text}");
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

    const FIRST: &str = r#"{"choices":[{"delta":{"content":"one"}}],"id":"x"}"#;

    fn learned() -> Envelope {
        let mut envelope = Envelope::default();
        let at = FIRST.find("one").unwrap();
        envelope.learn(FIRST.as_bytes(), &FIRST[at..at + 3]);
        envelope
    }

    #[test]
    fn another_text_in_the_same_envelope_is_found() {
        let like = FIRST.replace("one", "zwei, drei 四");
        assert_eq!(learned().open(like.as_bytes()), Some("zwei, drei 四"));
        assert_eq!(
            learned().open(FIRST.replace("one", "").as_bytes()),
            Some("")
        );
    }

    #[test]
    fn any_other_frame_is_left_to_the_parser() {
        let other = [
            FIRST.replace("one", r"a\nb"),
            FIRST.replace("one", r#"a","b":"c"#),
            FIRST.replace("one", "a\u{1}b"),
            FIRST.replace(r#""x""#, r#""y""#),
            FIRST.replace("}}]", r#"},"finish_reason":"stop"}]"#),
            r#"{"choices":[{"delta":{"content":"}}],"id":"x"}"#.to_owned(),
            String::new(),
        ];
        for frame in other {
            assert_eq!(learned().open(frame.as_bytes()), None, "{frame}");
        }
        let mut bytes = FIRST.as_bytes().to_vec();
        bytes[FIRST.find("one").unwrap()] = 0xff;
        assert_eq!(learned().open(&bytes), None);
    }

    #[test]
    fn a_text_that_lies_elsewhere_teaches_nothing() {
        let mut envelope = learned();
        envelope.learn(FIRST.as_bytes(), "one");
        assert_eq!(envelope.open(FIRST.as_bytes()), None);
    }
}

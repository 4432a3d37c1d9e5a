//! A shortcut for text streams. Successive chunks often differ only in their text; such a
//! frame need not be parsed again.

/// The bytes around the text of a frame that had only text.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// Up to the text, including its opening quote.
    before: Vec<u8>,
    /// From the closing quote to the end.
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

    /// The text of a frame that has the learned bytes around it. None if the bytes differ or the
    /// text has an escape.
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

//! Records how much of a streamed text has been passed on. It keeps only the length and a
//! hash, so that memory does not grow with the stream.

/// Length and hash (FNV-1a) of the text so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HandedOver {
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
    pub(super) fn push(&mut self, text: &str) {
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
}

//! Limits the size of a JSON message while it arrives: cuts each long string, so that a
//! result of any size can be read.

/// Copies JSON text, with a limit on the length of each string in it.
#[derive(Debug, Default)]
pub(super) struct StringCutter {
    /// The text copied so far.
    pub(super) copied: Vec<u8>,
    /// The number of bytes that were left out, counted after unescaping.
    pub(super) left_out: u64,
    /// The maximum number of bytes of a string that are copied.
    limit: usize,
    /// The number of bytes copied of the current string; `None` outside strings.
    string: Option<usize>,
    /// The start of the current escape, from its backslash.
    escape: Vec<u8>,
    cutting: bool,
}

impl StringCutter {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Takes the next piece of the text.
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        while let Some(&first) = piece.first() {
            let length = if !self.escape.is_empty() {
                self.push_escape(first);
                1
            } else if self.string.is_none() {
                self.push_outside(piece)
            } else if first == b'"' {
                self.copied.push(first);
                self.string = None;
                1
            } else if first == b'\\' {
                self.escape.push(first);
                1
            } else {
                let end = memchr::memchr2(b'"', b'\\', piece).unwrap_or(piece.len());
                self.push_plain(&piece[..end]);
                end
            };
            piece = &piece[length..];
        }
    }

    /// Copies up to the start of the next string.
    fn push_outside(&mut self, piece: &[u8]) -> usize {
        let end = match memchr::memchr(b'"', piece) {
            Some(quote) => {
                self.string = Some(0);
                self.cutting = false;
                quote + 1
            }
            None => piece.len(),
        };
        self.copied.extend_from_slice(&piece[..end]);
        end
    }

    fn push_plain(&mut self, run: &[u8]) {
        let mut fits = run.len().min(self.room());
        // Do not cut inside a character.
        while !self.cutting && fits < run.len() && run[fits] & 0xc0 == 0x80 {
            fits += 1;
        }
        self.cutting |= fits < run.len();
        self.copied.extend_from_slice(&run[..fits]);
        self.count(fits, run.len() - fits);
    }

    fn push_escape(&mut self, byte: u8) {
        self.escape.push(byte);
        let is_unicode = self.escape[1] == b'u';
        if is_unicode && self.escape.len() < 6 {
            return;
        }
        let code = self.escape.get(2..6);
        let code =
            code.and_then(|digits| u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        // Each half of a surrogate pair counts as half of four bytes.
        let size = match code {
            None | Some(..0x80) => 1,
            Some(0x80..0x800 | 0xd800..0xe000) => 2,
            Some(_) => 3,
        };
        // Do not cut inside a surrogate pair.
        let is_second_half = matches!(code, Some(0xdc00..0xe000));
        if self.cutting || (self.room() == 0 && !is_second_half) {
            self.cutting = true;
            self.count(0, size);
        } else {
            self.copied.extend_from_slice(&self.escape);
            self.count(size, 0);
        }
        self.escape.clear();
    }

    /// The number of bytes of the current string that may still be copied.
    fn room(&self) -> usize {
        if self.cutting {
            return 0;
        }
        self.limit.saturating_sub(self.string.unwrap_or_default())
    }

    fn count(&mut self, copied: usize, left_out: usize) {
        self.string = self.string.map(|length| length + copied);
        self.left_out += left_out as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    fn cut(limit: usize, text: &str, piece: usize) -> (String, u64) {
        let mut cutter = StringCutter::new(limit);
        for piece in text.as_bytes().chunks(piece) {
            cutter.push(piece);
        }
        let copied = String::from_utf8(cutter.copied).unwrap();
        (copied, cutter.left_out)
    }

    #[test]
    fn strings_are_cut_and_what_is_left_out_is_counted_as_text() {
        for piece in 1..8 {
            assert_eq!(
                cut(2, r#"{"abc":["d","efgh",12345]}"#, piece),
                (r#"{"ab":["d","ef",12345]}"#.to_owned(), 3)
            );
            assert_eq!(cut(1, r#""\n\n\u00e9""#, piece), (r#""\n""#.to_owned(), 3));
            assert_eq!(cut(1, "\"aé\"", piece), ("\"a\"".to_owned(), 2));
            assert_eq!(cut(1, "\"éa\"", piece), ("\"é\"".to_owned(), 1));
            assert_eq!(cut(9, r#""\"\\""#, piece), (r#""\"\\""#.to_owned(), 0));
            let pair = r#""\ud83d\ude00\ud83d\ude00""#;
            assert_eq!(cut(2, pair, piece), (r#""\ud83d\ude00""#.to_owned(), 4));
        }
    }

    fn escape_non_ascii(text: &str) -> String {
        let mut escaped = String::new();
        for unit in text.encode_utf16() {
            match char::from_u32(unit.into()).filter(char::is_ascii) {
                Some(c) => escaped.push(c),
                None => {
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
        escaped
    }

    proptest! {
        #[test]
        fn a_cut_text_is_json_and_the_counts_add_up(
            strings in proptest::collection::vec(".{0,12}", 0..4),
            escaped in any::<bool>(),
            limit in 0_usize..12,
            piece in 1_usize..9,
        ) {
            let mut text = serde_json::to_string(&strings).unwrap();
            if escaped {
                text = escape_non_ascii(&text);
            }
            let (copied, left_out) = cut(limit, &text, piece);
            let kept: Vec<String> = serde_json::from_str(&copied).unwrap();
            let length = |strings: &[String]| strings.iter().map(String::len).sum::<usize>() as u64;
            prop_assert_eq!(length(&kept) + left_out, length(&strings));
            for (kept, string) in kept.iter().zip(&strings) {
                prop_assert!(string.starts_with(kept.as_str()));
                prop_assert!(kept.len() < limit + 4);
            }
        }
    }
}

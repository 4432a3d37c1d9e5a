//! Joins text from words, files and standard input in one buffer, and checks its UTF-8
//! once.

use std::borrow::Cow;

use super::bytes::{self, BOM, LIMIT, NotText};
use crate::error::Failure;
use crate::material::Source;

/// The text under construction.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    lossy: bool,
    parts: Vec<Part>,
}

/// The position of a part in the buffer, to name the source of an invalid byte.
#[derive(Debug)]
struct Part {
    name: String,
    source: Source,
    end: usize,
    /// The number of bytes dropped before it: the BOM.
    dropped: usize,
}

/// The complete text.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) text: String,
    /// Whether all parts, without their headings, are only white space.
    pub(super) blank: bool,
    /// The offset of each part and of its text.
    pub(super) sources: Vec<Source>,
}

impl Text {
    pub(super) fn new(lossy: bool) -> Self {
        Self {
            bytes: Vec::new(),
            lossy,
            parts: Vec::new(),
        }
    }

    /// Adds words of the command line, unchanged.
    pub(super) fn words(&mut self, words: &[String]) -> Result<(), Failure> {
        let words = words.join(" ");
        if words.is_empty() {
            return Ok(());
        }
        let start = self.begin_part();
        self.bytes.extend_from_slice(words.as_bytes());
        self.end_part("the prompt", start, start, 0)
    }

    /// Adds the bytes that `fill` appends, after a line `HEADING:` if a heading is given. An
    /// empty source adds only that line. Returns whether the source has more than white
    /// space.
    ///
    /// # Errors
    /// `fill` failed, or the text is too large or looks binary.
    pub(super) fn source(
        &mut self,
        name: &str,
        heading: Option<&str>,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let before = self.bytes.len();
        let heading_at = self.begin_part();
        if let Some(heading) = heading {
            self.bytes.extend_from_slice(heading.as_bytes());
            self.bytes.extend_from_slice(b":\n");
        }
        let start = self.bytes.len();
        fill(&mut self.bytes)?;
        self.check_length(name)?;
        bytes::refuse_binary(name, &self.bytes[start..])?;
        let dropped = self.normalize(start);
        if self.bytes.len() == start {
            let left = heading.map_or(before, |_| start - b"\n".len());
            self.bytes.truncate(left);
            return Ok(false);
        }
        self.end_part(name, heading_at, start, dropped)?;
        Ok(!is_blank(&self.bytes[start..]))
    }

    /// The length so far in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The complete text, after one check for UTF-8.
    pub(super) fn finish(self) -> Result<Finished, Failure> {
        let parts = self.parts;
        let text = String::from_utf8(self.bytes).map_err(|error| {
            not_utf8(&parts, error.utf8_error().valid_up_to(), error.as_bytes())
        })?;
        let blank = |part: &Part| text[part.source.text..part.end].trim().is_empty();
        Ok(Finished {
            sources: parts.iter().map(|part| part.source).collect(),
            blank: parts.iter().all(blank),
            text,
        })
    }

    /// Adds the blank line between two parts. Returns the offset of the next part.
    fn begin_part(&mut self) -> usize {
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(b"\n\n");
        }
        self.bytes.len()
    }

    fn end_part(
        &mut self,
        name: &str,
        start: usize,
        text: usize,
        dropped: usize,
    ) -> Result<(), Failure> {
        self.check_length(name)?;
        self.parts.push(Part {
            name: name.to_owned(),
            source: Source { start, text },
            end: self.bytes.len(),
            dropped,
        });
        Ok(())
    }

    fn check_length(&self, name: &str) -> Result<(), Failure> {
        if self.bytes.len() <= LIMIT {
            Ok(())
        } else if self.parts.is_empty() {
            Err(bytes::too_large(name))
        } else {
            Err(bytes::too_large(&format!("the message, with {name},")))
        }
    }

    /// Drops the BOM and one final newline of the part at `start`, and replaces invalid
    /// bytes if `lossy`. Returns the length of the BOM.
    fn normalize(&mut self, start: usize) -> usize {
        let has_bom = self.bytes[start..].starts_with(BOM);
        let dropped = if has_bom { BOM.len() } else { 0 };
        self.bytes.drain(start..start + dropped);
        if self.bytes[start..].ends_with(b"\n") {
            self.bytes.pop();
            self.bytes.pop_if(|last| *last == b'\r');
        }
        if self.lossy
            && let Cow::Owned(text) = String::from_utf8_lossy(&self.bytes[start..])
        {
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(text.as_bytes());
        }
        dropped
    }
}

/// Whether a text is only white space. Nearly every text is decided by its first byte.
fn is_blank(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_start();
    !rest.first().is_some_and(u8::is_ascii)
        && str::from_utf8(rest).is_ok_and(|text| text.trim().is_empty())
}

/// The failure that names the source and the offset of the invalid byte.
fn not_utf8(parts: &[Part], at: usize, bytes: &[u8]) -> Failure {
    // Separators and headings are valid, so the invalid byte is in a part.
    let part = parts.iter().rfind(|part| part.source.text <= at);
    let (name, offset) = part.map_or(("the message", at), |part| {
        (part.name.as_str(), at - part.source.text + part.dropped)
    });
    NotText::Byte(bytes[at], offset).in_source(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(bytes: &[u8]) -> impl FnOnce(&mut Vec<u8>) -> Result<(), Failure> + '_ {
        |into| {
            into.extend_from_slice(bytes);
            Ok(())
        }
    }

    fn one(bytes: &[u8], lossy: bool) -> Result<String, Failure> {
        let mut text = Text::new(lossy);
        text.source("f.txt", None, fill(bytes))?;
        text.finish().map(|finished| finished.text)
    }

    #[test]
    fn one_final_newline_and_a_bom_are_dropped_and_nothing_else() {
        assert_eq!(one(b"a\n", false).unwrap(), "a");
        assert_eq!(one(b"a\r\n", false).unwrap(), "a");
        assert_eq!(one(b" a \n\n", false).unwrap(), " a \n");
        assert_eq!(one(b"a\r", false).unwrap(), "a\r");
        assert_eq!(one(b"\xEF\xBB\xBFab", false).unwrap(), "ab");
        assert_eq!(one(b"\n", false).unwrap(), "");
    }

    #[test]
    fn a_wrong_byte_is_named_with_its_source_and_offset() {
        let mut text = Text::new(false);
        text.words(&["hi".into()]).unwrap();
        text.source("good.txt", None, fill(b"\xC3\xA9")).unwrap();
        text.source("bad.txt", None, fill(b"\xEF\xBB\xBFab\xE9c\n"))
            .unwrap();
        text.source("later.txt", None, fill(b"\xFF")).unwrap();
        let failure = text.finish().unwrap_err();
        assert_eq!(
            failure.message,
            "bad.txt is not UTF-8: byte 0xE9 at offset 5"
        );
        assert_eq!(failure.exit(), 2);
    }

    #[test]
    fn lossy_replaces_what_is_not_utf_8() {
        assert_eq!(one(b"a\xFFb\n", true).unwrap(), "a\u{FFFD}b");
    }

    #[test]
    fn binary_data_is_refused_even_where_bytes_are_replaced() {
        for lossy in [false, true] {
            let failure = one(b"a\0b", lossy).unwrap_err();
            assert_eq!(failure.message, "f.txt looks binary: NUL byte at offset 1");
        }
    }

    #[test]
    fn a_source_says_whether_it_holds_more_than_white_space() {
        let mut text = Text::new(false);
        for blank in ["", "\n", " \t\n", "\u{3000}"] {
            assert!(!text.source("f", None, fill(blank.as_bytes())).unwrap());
        }
        assert!(text.source("f", None, fill(b" a")).unwrap());
        assert!(
            text.source("f", None, fill("\u{3000}中".as_bytes()))
                .unwrap()
        );
    }

    #[test]
    fn an_empty_source_adds_no_blank_line() {
        let mut text = Text::new(false);
        text.words(&["hi".into(), "there".into()]).unwrap();
        text.source("empty", None, fill(b"\n")).unwrap();
        assert_eq!(text.finish().unwrap().text, "hi there");
    }

    #[test]
    fn headings_stand_above_their_files_and_do_not_count_as_text() {
        let mut text = Text::new(false);
        text.source("a", Some("a"), fill(b"")).unwrap();
        text.source("b", Some("b"), fill(b" ")).unwrap();
        let finished = text.finish().unwrap();
        assert_eq!(
            (finished.text.as_str(), finished.blank),
            ("a:\n\nb:\n ", true)
        );
    }

    #[test]
    fn more_than_16_mib_in_one_source_or_in_all_is_refused() {
        let half = vec![b'x'; LIMIT / 2];
        let mut text = Text::new(false);
        text.source("a", None, fill(&half)).unwrap();
        let failure = text.source("b", None, fill(&half)).unwrap_err();
        assert_eq!(
            failure.message,
            "the message, with b, is larger than 16 MiB"
        );
        assert!(one(&vec![b'x'; LIMIT], false).is_ok());
        let failure = one(&vec![b'x'; LIMIT + 1], false).unwrap_err();
        assert_eq!(failure.message, "f.txt is larger than 16 MiB");
    }
}

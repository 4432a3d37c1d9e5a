//! Joins text from words, files and standard input in one buffer, and checks its UTF-8
//! once.

use std::ffi::OsString;
use std::fmt;
use std::ops::Range;

use super::binary;
use super::bytes::{self, LIMIT};
use crate::error::Failure;
use crate::material::Source;

/// The separator of two parts: a blank line.
const BLANK_LINE: &[u8] = b"\n\n";
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The text under construction.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    lossy: bool,
    parts: Vec<Part>,
}

/// Where a part lies in the buffer, to name the source of a wrong byte.
#[derive(Debug)]
struct Part {
    name: String,
    /// Where its heading begins, or its text if there is none.
    start: usize,
    at: Range<usize>,
    /// Bytes dropped before it: the BOM.
    dropped: usize,
}

/// The complete text.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) text: String,
    /// Whether all parts, without their headings, are only white space.
    pub(super) blank: bool,
    /// Where each part begins.
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
        self.separate();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(words.as_bytes());
        self.close("the prompt", start, start, 0)
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
        self.separate();
        let heading_at = self.bytes.len();
        if let Some(heading) = heading {
            self.bytes.extend_from_slice(heading.as_bytes());
            self.bytes.extend_from_slice(b":\n");
        }
        let start = self.bytes.len();
        fill(&mut self.bytes)?;
        if self.bytes.len() > LIMIT {
            return Err(self.too_large(name));
        }
        binary::refuse(name, &self.bytes[start..])?;
        let dropped = self.drop_bom(start);
        self.drop_final_newline(start);
        if self.lossy {
            self.replace_invalid(start);
        }
        if self.bytes.len() == start {
            self.bytes
                .truncate(heading.map_or(before, |_| start - b"\n".len()));
            return Ok(false);
        }
        self.close(name, heading_at, start, dropped)?;
        Ok(!is_blank(&self.bytes[start..]))
    }

    /// The length so far in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The complete text, after one check for UTF-8.
    pub(super) fn finish(self) -> Result<Finished, Failure> {
        let parts = self.parts;
        let text = String::from_utf8(self.bytes)
            .map_err(|error| invalid(&parts, error.utf8_error().valid_up_to(), error.as_bytes()))?;
        let blank = |part: &Part| text[part.at.clone()].chars().all(char::is_whitespace);
        let sources = parts.iter().map(|part| Source {
            start: part.start,
            text: part.at.start,
        });
        Ok(Finished {
            sources: sources.collect(),
            blank: parts.iter().all(blank),
            text,
        })
    }

    fn separate(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.extend_from_slice(BLANK_LINE);
        }
    }

    fn close(
        &mut self,
        name: &str,
        heading: usize,
        start: usize,
        dropped: usize,
    ) -> Result<(), Failure> {
        if self.bytes.len() > LIMIT {
            return Err(self.too_large(name));
        }
        self.parts.push(Part {
            name: name.to_owned(),
            start: heading,
            at: start..self.bytes.len(),
            dropped,
        });
        Ok(())
    }

    fn too_large(&self, name: &str) -> Failure {
        if self.parts.is_empty() {
            bytes::too_large(name)
        } else {
            bytes::too_large(&format!("the message, with {name},"))
        }
    }

    fn drop_bom(&mut self, start: usize) -> usize {
        if !self.bytes[start..].starts_with(BOM) {
            return 0;
        }
        self.bytes.drain(start..start + BOM.len());
        BOM.len()
    }

    fn drop_final_newline(&mut self, start: usize) {
        let part = &self.bytes[start..];
        let rest = part
            .strip_suffix(b"\r\n")
            .or_else(|| part.strip_suffix(b"\n"));
        if let Some(rest) = rest {
            let length = start + rest.len();
            self.bytes.truncate(length);
        }
    }

    fn replace_invalid(&mut self, start: usize) {
        if let std::borrow::Cow::Owned(text) = String::from_utf8_lossy(&self.bytes[start..]) {
            self.bytes.truncate(start);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// Only white space. The first byte decides for nearly every text.
fn is_blank(bytes: &[u8]) -> bool {
    let rest = bytes.trim_ascii_start();
    !rest.first().is_some_and(u8::is_ascii)
        && str::from_utf8(rest).is_ok_and(|text| text.trim().is_empty())
}

/// Joins the `words` of an option or the prompt with spaces; `name` is its name in messages.
/// Bytes that are not UTF-8 are an error with their offset in the joined text, or are
/// replaced if `lossy`.
///
/// # Errors
/// A word is not UTF-8: exit 2.
pub fn arguments(name: &str, words: &[OsString], lossy: bool) -> Result<Vec<String>, Failure> {
    let mut before = 0;
    let mut texts = Vec::with_capacity(words.len());
    for word in words {
        let text = match (word.to_str(), lossy) {
            (Some(text), _) => text.to_owned(),
            (None, true) => word.to_string_lossy().into_owned(),
            (None, false) => return Err(not_utf8(name, word.as_encoded_bytes(), before)),
        };
        before += word.len() + 1;
        texts.push(text);
    }
    Ok(texts)
}

fn not_utf8(name: &str, bytes: &[u8], before: usize) -> Failure {
    let at = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let wrong = Wrong::Byte(bytes.get(at).copied().unwrap_or_default(), before + at);
    Failure::usage(format!("{name} {wrong}")).hint(wrong.hint())
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// This byte at this offset is not UTF-8.
    Byte(u8, usize),
    /// There is a NUL byte at this offset.
    Nul(usize),
}

impl Wrong {
    /// The same error with the offset moved by the bytes that were dropped before the text.
    pub(super) fn after(self, dropped: usize) -> Self {
        match self {
            Self::Byte(byte, offset) => Self::Byte(byte, offset + dropped),
            Self::Nul(offset) => Self::Nul(offset + dropped),
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Byte(..) => "convert it to UTF-8 (iconv), or let --lossy replace such bytes",
            Self::Nul(_) => "airx reads text; --lossy does not change that",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte, offset) => {
                write!(out, "is not UTF-8: byte 0x{byte:02X} at offset {offset}")
            }
            Self::Nul(offset) => write!(out, "looks binary: {}", binary::nul_byte(*offset)),
        }
    }
}

/// A short text, such as a line or a field, as UTF-8; other bytes are replaced
/// if `lossy`.
pub(super) fn checked(bytes: &[u8], lossy: bool) -> Result<String, Wrong> {
    if let Some(at) = memchr::memchr(0, bytes) {
        return Err(Wrong::Nul(at));
    }
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) if lossy => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            Err(Wrong::Byte(bytes.get(at).copied().unwrap_or_default(), at))
        }
    }
}

/// The failure that names the source and the offset of the invalid byte.
fn invalid(parts: &[Part], at: usize, bytes: &[u8]) -> Failure {
    // Separators and headings are valid, so the invalid byte is in a part.
    let part = parts.iter().rfind(|part| part.at.start <= at);
    let (name, offset) = part.map_or(("the message", at), |part| {
        (part.name.as_str(), at - part.at.start + part.dropped)
    });
    let wrong = Wrong::Byte(bytes.get(at).copied().unwrap_or_default(), offset);
    Failure::usage(format!("{name} {wrong}")).hint(wrong.hint())
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

    #[cfg(unix)]
    #[test]
    fn an_argument_that_is_not_utf_8_is_refused_by_its_offset_or_replaced() {
        use std::os::unix::ffi::OsStringExt;
        let words = [OsString::from("hi"), OsString::from_vec(b"a\xE9".to_vec())];
        let failure = arguments("the prompt", &words, false).unwrap_err();
        assert_eq!(
            failure.message,
            "the prompt is not UTF-8: byte 0xE9 at offset 4"
        );
        assert_eq!(
            arguments("the prompt", &words, true).unwrap(),
            ["hi", "a\u{FFFD}"]
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

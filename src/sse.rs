//! Bytes → frames, by the event-stream rules of the WHATWG HTML standard
//! (§9.2.6). Knows neither HTTP nor JSON.
//!
//! The frames do not depend on how the bytes are split into reads. Data in a single line of
//! a single read is passed on without a copy; data split over reads or lines is copied.

use std::fmt;

/// The most bytes of one line, and of one frame's data: 16 MiB.
pub const LIMIT: usize = 16 * 1024 * 1024;

/// The data that ends a stream. Such a line is a frame as soon as it is complete, since some
/// servers send no blank line after it.
pub const DONE: &[u8] = b"[DONE]";

/// A line or a frame is longer than [`LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "an event of the stream is longer than {} MiB",
            LIMIT >> 20
        )
    }
}

/// One dispatched event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The `event:` field; empty if there was none.
    pub event: &'a [u8],
    /// The `data:` lines, joined by line feeds.
    pub data: &'a [u8],
}

/// The parser's state between reads.
#[derive(Debug, Default)]
pub struct Parser {
    /// A line that is not complete yet.
    line: Vec<u8>,
    /// Data lines of the current frame, each followed by a line feed.
    data: Vec<u8>,
    event: Vec<u8>,
    /// Whether the last byte was a CR: an LF right after it belongs to the same line end.
    after_cr: bool,
    /// Whether a line has been read, so that a byte order mark is no longer possible.
    started: bool,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Parser {
    /// Reads `bytes` and passes each completed frame to `each`.
    ///
    /// # Errors
    /// [`TooLong`], or an error of `each`. The parser cannot be used after an error.
    pub fn feed<E: From<TooLong>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // A single data line, not copied, until the next line shows whether the frame is complete.
        let mut held: Option<&[u8]> = None;
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = line_end(bytes) else { break };
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            self.after_cr = bytes[end] == b'\r';
            bytes = rest;
            if self.line.is_empty() {
                self.accept(line, &mut held, &mut each)?;
            } else {
                let mut complete = std::mem::take(&mut self.line);
                extend(&mut complete, line)?;
                // `complete` is reused: release what borrows from it.
                let mut copied = None;
                self.release(&mut held)?;
                self.accept(&complete, &mut copied, &mut each)?;
                self.release(&mut copied)?;
                complete.clear();
                self.line = complete;
            }
        }
        self.release(&mut held)?;
        extend(&mut self.line, bytes)?;
        Ok(())
    }

    /// Ends the input. A last [`DONE`] without a line end is passed to `each`. Any other frame
    /// without its blank line is dropped, as the standard requires.
    ///
    /// # Errors
    /// The errors of `each`.
    pub fn finish<E>(&self, each: impl FnOnce(Frame<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.data.is_empty() && field(&self.line, b"data") == Some(DONE) {
            let event = &self.event;
            return each(Frame { event, data: DONE });
        }
        Ok(())
    }

    /// Reads one complete line, without its end.
    fn accept<'a, E: From<TooLong>>(
        &mut self,
        mut line: &'a [u8],
        held: &mut Option<&'a [u8]>,
        each: &mut impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        let mut ends = line.is_empty();
        if ends {
            // The frame is complete.
        } else if let Some(value) = field(line, b"data") {
            if held.is_none() && self.data.is_empty() {
                *held = Some(value);
                ends = value.len() == DONE.len() && value == DONE;
            } else {
                self.release(held)?;
                extend(&mut self.data, value)?;
                self.data.push(b'\n');
            }
        } else if let Some(value) = field(line, b"event") {
            self.event.clear();
            extend(&mut self.event, value)?;
        }
        // Comments, `id`, `retry` and unknown fields do not belong to the answer.
        if ends {
            self.dispatch(held, each)
        } else {
            Ok(())
        }
    }

    fn dispatch<E>(
        &mut self,
        held: &mut Option<&[u8]>,
        each: &mut impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let event = &self.event;
        if let Some(data) = held.take().or_else(|| self.data.strip_suffix(b"\n")) {
            each(Frame { event, data })?;
        }
        self.data.clear();
        self.event.clear();
        Ok(())
    }

    /// Copies the held line before its bytes are reused.
    fn release(&mut self, held: &mut Option<&[u8]>) -> Result<(), TooLong> {
        if let Some(value) = held.take() {
            extend(&mut self.data, value)?;
            self.data.push(b'\n');
        }
        Ok(())
    }
}

/// The value of `line` if its field is `name`: the text after the colon, without one leading
/// space. Empty for a line with only the name.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    match line.strip_prefix(name)? {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(&[]),
        _ => None,
    }
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    // A shortcut: every second line is the empty one after a frame.
    if let [b'\n' | b'\r', ..] = bytes {
        return Some(0);
    }
    memchr::memchr2(b'\n', b'\r', bytes)
}

fn extend(buffer: &mut Vec<u8>, bytes: &[u8]) -> Result<(), TooLong> {
    if buffer.len() + bytes.len() > LIMIT {
        return Err(TooLong);
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of `input` fed in pieces of `size` bytes.
    fn frames(input: &[u8], size: usize) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut parser = Parser::default();
        let mut seen = Vec::new();
        for piece in input.chunks(size) {
            let fed: Result<(), TooLong> = parser.feed(piece, |frame| {
                seen.push((text(frame.event), text(frame.data)));
                Ok(())
            });
            fed.unwrap();
        }
        seen
    }

    #[track_caller]
    fn check(input: &str, expected: &[(&str, &str)]) {
        for size in 1..=input.len() {
            let got = frames(input.as_bytes(), size);
            let got: Vec<_> = got
                .iter()
                .map(|(event, data)| (&**event, &**data))
                .collect();
            assert_eq!(got, expected, "cut every {size} bytes");
        }
    }

    #[test]
    fn line_ends_may_be_lf_cr_or_crlf() {
        check(
            "data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\r\n\n",
            &[("", "a"), ("", "b"), ("", "c"), ("", "d")],
        );
    }

    #[test]
    fn data_lines_are_joined_and_one_space_is_dropped() {
        check("data:  a\ndata:b\ndata\ndata: c\n\n", &[("", " a\nb\n\nc")]);
    }

    #[test]
    fn event_belongs_to_its_own_frame_only() {
        check(
            "event: error\ndata: x\n\ndata: y\n\n",
            &[("error", "x"), ("", "y")],
        );
        check("event: ping\n\ndata: y\n\n", &[("", "y")]);
    }

    #[test]
    fn comments_ids_and_unknown_fields_are_passed_over() {
        check(
            ": ping\nid: 1\nretry: 5\ndatax: no\n data: no\ndata: yes\n\n",
            &[("", "yes")],
        );
    }

    #[test]
    fn an_empty_data_field_is_a_frame_and_none_is_not() {
        check("data\n\n\n\ndata:\n\n", &[("", ""), ("", "")]);
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start() {
        check(
            "\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n",
            &[("", "a"), ("", "c")],
        );
    }

    #[test]
    fn a_last_block_without_blank_line_is_not_dispatched() {
        check("data: a\n\ndata: b\n", &[("", "a")]);
        check("data: a\n\ndata: b", &[("", "a")]);
    }

    #[test]
    fn done_needs_no_blank_line() {
        let expected = [("", "a"), ("", "[DONE]")];
        for end in ["\n", "\r", "\r\n", "\n\n"] {
            check(&format!("data: a\n\ndata: [DONE]{end}"), &expected);
            check(&format!("data: a\n\ndata:[DONE]{end}"), &expected);
        }
        check(
            "event: e\ndata: [DONE]\ndata: b\n\n",
            &[("e", "[DONE]"), ("", "b")],
        );
    }

    #[test]
    fn done_after_other_data_or_with_more_is_data() {
        check("data: a\ndata: [DONE]\n", &[]);
        check("data: a\ndata: [DONE]\n\n", &[("", "a\n[DONE]")]);
        check("data: [DONE] \n", &[]);
        check("data:  [DONE]\n", &[]);
    }

    #[test]
    fn done_needs_no_end_of_its_line_at_the_end_of_the_bytes() {
        let last = |input: &str| {
            let mut parser = Parser::default();
            let mut seen = Vec::new();
            for piece in input.as_bytes().chunks(3) {
                let fed: Result<(), TooLong> = parser.feed(piece, |_| Ok(()));
                fed.unwrap();
            }
            let ended: Result<(), TooLong> = parser.finish(|frame| {
                seen.extend_from_slice(frame.data);
                Ok(())
            });
            ended.unwrap();
            String::from_utf8(seen).unwrap()
        };
        for input in ["data: [DONE]", "data: a\n\ndata:[DONE]"] {
            assert_eq!(last(input), "[DONE]", "{input}");
        }
        for input in [
            "",
            "data: a",
            "data: a\ndata: [DONE]",
            "data: [DONE",
            "[DONE]",
        ] {
            assert_eq!(last(input), "", "{input}");
        }
    }

    #[test]
    fn a_line_over_the_limit_is_refused() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; LIMIT / 2 + 1];
        let ignore = |_: Frame<'_>| Ok::<(), TooLong>(());
        assert_eq!(parser.feed(&piece, ignore), Ok(()));
        assert_eq!(parser.feed(&piece, ignore), Err(TooLong));
    }

    #[test]
    fn endless_short_data_lines_are_refused_too() {
        let mut parser = Parser::default();
        let piece = b"data: "
            .iter()
            .copied()
            .chain(vec![b'x'; 1 << 20])
            .chain(*b"\n")
            .collect::<Vec<_>>();
        let fed = (0..17).try_for_each(|_| parser.feed(&piece, |_| Ok::<(), TooLong>(())));
        assert_eq!(fed, Err(TooLong));
    }
}

//! A process's outputs as they come: standard output up to a bound, standard
//! error in lines.
#![cfg_attr(
    not(unix),
    allow(dead_code, reason = "no process runs there whose output could come")
)]

/// The beginning of an output, and how long all of it was.
#[derive(Debug)]
pub(crate) struct CutOutput {
    /// No more than the bound.
    pub(crate) bytes: Vec<u8>,
    bound: usize,
    more: u64,
}

impl CutOutput {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bytes: Vec::new(),
            bound,
            more: 0,
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        let room = self.bound - self.bytes.len();
        let (fits, rest) = piece.split_at(room.min(piece.len()));
        self.bytes.extend_from_slice(fits);
        self.more += rest.len() as u64;
    }

    /// Counts what was left out before it came here.
    pub(crate) fn leave_out(&mut self, bytes: u64) {
        self.more += bytes;
    }

    /// The text, without its final newline; a mark stands where it was cut.
    pub(crate) fn text(&self) -> String {
        let mut bytes = self.bytes.as_slice();
        let mut more = self.more;
        if more > 0 {
            // Not within a character.
            if let Err(error) = std::str::from_utf8(bytes)
                && error.error_len().is_none()
            {
                more += (bytes.len() - error.valid_up_to()) as u64;
                bytes = &bytes[..error.valid_up_to()];
            }
            let text = String::from_utf8_lossy(bytes);
            return format!("{text}\n[cut by airx: {more} bytes more]");
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Lines that are handed on as they come, and the last of them kept.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    tail: String,
}

/// How much of standard error is kept, in bytes.
const TAIL: usize = 2000;
/// A line is handed on in pieces of this length where it does not end.
const LINE: usize = 8 * 1024;

impl Lines {
    pub(crate) fn push(&mut self, piece: &[u8], say: &mut dyn FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE {
                self.hand_on(say);
            }
        }
    }

    /// Hands the rest on and returns the last lines.
    pub(crate) fn end(mut self, say: &mut dyn FnMut(&str)) -> String {
        if !self.line.is_empty() {
            self.hand_on(say);
        }
        self.tail
    }

    fn hand_on(&mut self, say: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.line);
        say(&line);
        self.tail.push_str(&line);
        self.line.clear();
        let too_long = self.tail.len().saturating_sub(TAIL);
        let whole = |at: &usize| self.tail.is_char_boundary(*at);
        let from = (too_long..self.tail.len()).find(whole).unwrap_or(0);
        self.tail.drain(..from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_with_a_mark() {
        let cut = |bound, text: &str| {
            let mut cut = CutOutput::new(bound);
            text.as_bytes().chunks(2).for_each(|piece| cut.push(piece));
            cut.text()
        };
        assert_eq!(cut(4, "abc\n"), "abc");
        assert_eq!(cut(4, "a\r\n"), "a");
        assert_eq!(cut(2, "abc\n"), "ab\n[cut by airx: 2 bytes more]");
        assert_eq!(cut(2, "aé"), "a\n[cut by airx: 2 bytes more]");
    }

    #[test]
    fn lines_leave_whole_and_the_last_are_kept() {
        let mut said = Vec::new();
        let mut lines = Lines::default();
        let mut say = |line: &str| said.push(line.to_owned());
        lines.push(b"a\nb", &mut say);
        lines.push("é\nc".as_bytes(), &mut say);
        let tail = lines.end(&mut say);
        assert_eq!(
            (said.concat().as_str(), tail.as_str()),
            ("a\nbé\nc", "a\nbé\nc")
        );
        let mut lines = Lines::default();
        lines.push("é".repeat(3000).as_bytes(), &mut |_| {});
        assert_eq!(lines.end(&mut |_| {}).len(), TAIL);
    }
}

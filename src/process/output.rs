//! The output of a command while it arrives: standard output up to a bound, standard
//! error line by line.

/// The start of an output, and how much of it was left out.
#[derive(Debug)]
pub(crate) struct CutOutput {
    /// The bytes that were kept.
    pub(crate) bytes: Vec<u8>,
    bound: usize,
    left_out: u64,
}

impl CutOutput {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            bytes: Vec::new(),
            bound,
            left_out: 0,
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        let room = self.bound - self.bytes.len();
        let (fits, rest) = piece.split_at(room.min(piece.len()));
        self.bytes.extend_from_slice(fits);
        self.left_out += rest.len() as u64;
    }

    /// Counts bytes that the caller has left out.
    #[cfg(unix)]
    pub(crate) fn leave_out(&mut self, bytes: u64) {
        self.left_out += bytes;
    }

    /// The text without its final newline, with a mark where it was cut.
    pub(crate) fn text(&self) -> String {
        let mut bytes = self.bytes.as_slice();
        let mut left_out = self.left_out;
        if left_out > 0 {
            // Cut between characters.
            if let Err(error) = std::str::from_utf8(bytes)
                && error.error_len().is_none()
            {
                left_out += (bytes.len() - error.valid_up_to()) as u64;
                bytes = &bytes[..error.valid_up_to()];
            }
            let text = String::from_utf8_lossy(bytes);
            return format!("{text}\n[cut by airx: {left_out} bytes more]");
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Bytes of standard error that are kept.
#[cfg(unix)]
const TAIL_BYTES: usize = 2000;
/// A longer line is passed on in pieces.
#[cfg(unix)]
const LINE_BYTES: usize = 8 * 1024;

/// Passes lines on while they arrive and keeps the last of them.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    tail: String,
}

#[cfg(unix)]
impl Lines {
    pub(crate) fn push(&mut self, piece: &[u8], on_line: &mut dyn FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE_BYTES {
                self.pass_on(on_line);
            }
        }
    }

    /// Passes the rest on and returns the last lines.
    pub(crate) fn finish(mut self, on_line: &mut dyn FnMut(&str)) -> String {
        if !self.line.is_empty() {
            self.pass_on(on_line);
        }
        self.tail
    }

    fn pass_on(&mut self, on_line: &mut dyn FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.line);
        on_line(&line);
        self.tail.push_str(&line);
        self.line.clear();
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        let is_boundary = |at: &usize| self.tail.is_char_boundary(*at);
        let from = (excess..=self.tail.len()).find(is_boundary);
        self.tail.drain(..from.unwrap_or_default());
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
    #[cfg(unix)]
    fn lines_are_passed_on_complete_and_the_last_are_kept() {
        let mut passed_on = Vec::new();
        let mut lines = Lines::default();
        let mut on_line = |line: &str| passed_on.push(line.to_owned());
        lines.push(b"a\nb", &mut on_line);
        lines.push("é\nc".as_bytes(), &mut on_line);
        let tail = lines.finish(&mut on_line);
        assert_eq!(passed_on, ["a\n", "bé\n", "c"]);
        assert_eq!(tail, "a\nbé\nc");
        let mut lines = Lines::default();
        lines.push("é".repeat(3000).as_bytes(), &mut |_| {});
        assert_eq!(lines.finish(&mut |_| {}).len(), TAIL_BYTES);
    }
}

//! Child processes, each in its own process group, with a time-out and bounded output.
//! They end when the run ends, also after a signal. Imports nothing of the crate.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod run;

use std::time::Duration;

#[cfg(unix)]
pub(crate) use child::{Child, forward_signal, start};
#[cfg(unix)]
pub(crate) use run::{Lines, run};

/// Bounds of one command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Time until the process group is killed; `None` means no limit.
    pub(crate) timeout: Option<Duration>,
    /// Bytes of standard output that are kept.
    pub(crate) bytes: usize,
    /// Once the first line has arrived, do not wait for background children.
    pub(crate) first_line: bool,
}

/// A command that has exited or was killed.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit status, 128 + n if signal n ended it; `None` after a time-out.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: CutOutput,
    /// The last lines of standard error.
    pub(crate) stderr: String,
}

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

/// Fails: commands need process groups.
#[cfg(not(unix))]
pub(crate) fn run(
    _: &mut std::process::Command,
    _: Option<&[u8]>,
    _: Limits,
    _: &mut dyn FnMut(&str),
) -> std::io::Result<Finished> {
    let why = "commands are run on Linux and macOS only";
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, why))
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
}

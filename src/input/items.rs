//! Items, one a line: comes in standard input or a file, goes out one item after
//! the other, read no sooner than it is asked for and to the end however long
//! that takes. No more than one line is held.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Seek};
use std::path::Path;

use memchr::memchr;
use serde_json::Value;

use super::bytes::{self, LIMIT};
use super::{claim, stdin, template};
use crate::error::Failure;

/// What is asked of the input at a time.
const CHUNK: usize = 64 << 10;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One item.
#[derive(Debug)]
pub struct Item {
    /// As it stands in a prompt.
    pub text: String,
    /// The value, where items are JSON.
    pub value: Option<Value>,
    /// The line that it stands on, from 1.
    pub line: u64,
    /// Bytes of the input up to its end.
    pub read: u64,
}

/// Where items come from, as settings resolved it.
#[derive(Debug, Clone, Default)]
pub struct Many {
    /// `--items`; standard input where there is none.
    pub file: Option<std::path::PathBuf>,
    /// `--each=json`.
    pub json: bool,
}

/// The items that have not been read yet.
#[derive(Debug)]
pub struct Items {
    name: String,
    file: File,
    json: bool,
    lossy: bool,
    /// Bytes that have been read; those before `from` are done with.
    buffer: Vec<u8>,
    from: usize,
    line: u64,
    read: u64,
    ended: bool,
    size: Option<u64>,
}

impl Items {
    /// Opens their input; nothing is read.
    ///
    /// # Errors
    /// It cannot be opened, or is a terminal.
    pub(super) fn open(many: &Many, lossy: bool) -> Result<Self, Failure> {
        let path = many.file.as_deref().unwrap_or(Path::new("-"));
        let is_stdin = claim::is_stdin(path);
        let mut file = bytes::open(path).map_err(|error| bytes::unreadable(path, &error))?;
        if is_stdin && file.is_terminal() {
            return Err(Failure::usage(
                "--each reads items from standard input, which is a terminal",
            )
            .hint("pipe them in, or name their file: --items FILE"));
        }
        let metadata = file.metadata();
        if metadata.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
            let error = ErrorKind::IsADirectory.into();
            return Err(bytes::unreadable(path, &error));
        }
        let size = metadata.ok().filter(std::fs::Metadata::is_file);
        Ok(Self {
            name: if is_stdin {
                stdin::NAME.to_owned()
            } else {
                path.display().to_string()
            },
            // Another may have read the first of it.
            read: size
                .as_ref()
                .and_then(|_| file.stream_position().ok())
                .unwrap_or(0),
            size: size.map(|metadata| metadata.len()),
            file,
            json: many.json,
            lossy,
            buffer: Vec::new(),
            from: 0,
            line: 0,
            ended: false,
        })
    }

    /// How many bytes the input has, where that is known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next item; waits for it as long as it takes.
    ///
    /// # Errors
    /// Its line is too long, not UTF-8 or not JSON, or cannot be read.
    pub fn read_next(&mut self) -> Result<Option<Item>, Failure> {
        while let Some(end) = self.line_end()? {
            self.line += 1;
            let line = &self.buffer[self.from..end];
            self.read += line.len() as u64;
            let mut line = line.strip_suffix(b"\n").unwrap_or(line);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            let bom = self.line == 1 && line.starts_with(BOM);
            let dropped = if bom { BOM.len() } else { 0 };
            let text = self.text(&line[dropped..], dropped)?;
            self.from = end;
            if text.trim().is_empty() {
                continue;
            }
            let value = self.value(&text)?;
            return Ok(Some(Item {
                text: value.as_ref().map_or(text, template::bare),
                value,
                line: self.line,
                read: self.read,
            }));
        }
        Ok(None)
    }

    /// Where the next line ends, its newline included; none at the input's end.
    fn line_end(&mut self) -> Result<Option<usize>, Failure> {
        let mut seen = self.from;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[seen..]) {
                return Ok(Some(seen + at + 1));
            }
            let length = self.buffer.len() - self.from;
            // A CR may belong to the end of the line.
            if length > LIMIT + 1 {
                return Err(self.wrong("is larger than 16 MiB", self.line + 1));
            }
            if self.ended {
                return Ok((length > 0).then_some(self.buffer.len()));
            }
            if self.from > 0 {
                self.buffer.drain(..self.from);
                self.from = 0;
                // A long line is not paid for ever after.
                self.buffer.shrink_to(CHUNK.max(self.buffer.len()));
            }
            seen = self.buffer.len();
            self.fill()?;
        }
    }

    /// Reads what there is, waiting for the first byte of it.
    fn fill(&mut self) -> Result<(), Failure> {
        let from = self.buffer.len();
        self.buffer.resize(from + CHUNK, 0);
        let read = loop {
            match self.file.read(&mut self.buffer[from..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Somebody made it non-blocking: wait for it all the same.
                Err(error) if error.kind() == ErrorKind::WouldBlock => wait(&self.file),
                read => break read,
            }
        };
        self.buffer.truncate(from + *read.as_ref().unwrap_or(&0));
        let read = read.map_err(|error| {
            let name = &self.name;
            Failure::usage(format!("{name} cannot be read: {error}"))
        })?;
        self.ended = read == 0;
        Ok(())
    }

    fn text(&self, line: &[u8], dropped: usize) -> Result<String, Failure> {
        if line.len() > LIMIT {
            return Err(self.wrong("is larger than 16 MiB", self.line));
        }
        match std::str::from_utf8(line) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) if self.lossy => Ok(String::from_utf8_lossy(line).into_owned()),
            Err(error) => {
                let at = error.valid_up_to();
                let byte = line.get(at).copied().unwrap_or_default();
                let what = format!("is not UTF-8: byte 0x{byte:02X} at offset {}", at + dropped);
                let hint = "convert it to UTF-8 (iconv), or let --lossy replace such bytes";
                Err(self.wrong(&what, self.line).hint(hint))
            }
        }
    }

    fn value(&self, text: &str) -> Result<Option<Value>, Failure> {
        if !self.json {
            return Ok(None);
        }
        serde_json::from_str(text).map(Some).map_err(|why| {
            let why = why.to_string();
            let why = why.replace(" at line 1 column ", " at column ");
            self.wrong(&format!("is not JSON: {why}"), self.line)
                .hint("--each=json takes one JSON value a line, --each any text")
        })
    }

    fn wrong(&self, what: &str, line: u64) -> Failure {
        Failure::usage(format!("{}: line {line} {what}", self.name))
    }
}

#[cfg(unix)]
fn wait(file: &File) {
    use rustix::event::{PollFd, PollFlags, poll};
    let _ = poll(&mut [PollFd::new(file, PollFlags::IN)], None);
}

#[cfg(not(unix))]
fn wait(_: &File) {
    std::thread::yield_now();
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn items(bytes: &[u8], json: bool, lossy: bool) -> (Items, tempfile::NamedTempFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let many = Many {
            file: Some(file.path().to_owned()),
            json,
        };
        (Items::open(&many, lossy).unwrap(), file)
    }

    fn all(bytes: &[u8], json: bool, lossy: bool) -> Result<Vec<(u64, String)>, String> {
        let (mut items, _file) = items(bytes, json, lossy);
        let mut all = Vec::new();
        while let Some(item) = items.read_next().map_err(|failure| {
            assert_eq!(failure.exit(), 2);
            failure.message[failure.message.find(": ").unwrap() + 2..].to_owned()
        })? {
            all.push((item.line, item.text));
        }
        Ok(all)
    }

    #[test]
    fn lines_end_as_they_may_and_blank_ones_are_passed_over() {
        let line = |line, text: &str| (line, text.to_owned());
        assert_eq!(
            all(b"\xEF\xBB\xBFa\r\n\n \t\n b \nc\rd", false, false).unwrap(),
            [line(1, "a"), line(4, " b "), line(5, "c\rd")]
        );
        assert_eq!(all(b"", false, false).unwrap(), []);
        assert_eq!(all(b"\n\n", true, false).unwrap(), []);
    }

    #[test]
    fn a_wrong_byte_is_named_with_line_and_offset() {
        assert_eq!(
            all(b"a\nab\xFFc\n", false, false).unwrap_err(),
            "line 2 is not UTF-8: byte 0xFF at offset 2"
        );
        assert_eq!(
            all(b"\xEF\xBB\xBF\xFF\n", false, false).unwrap_err(),
            "line 1 is not UTF-8: byte 0xFF at offset 3"
        );
        assert_eq!(
            all(b"a\xFFb", false, true).unwrap(),
            [(1, "a\u{FFFD}b".to_owned())]
        );
    }

    #[test]
    fn a_line_that_is_no_json_is_named() {
        assert_eq!(
            all(b"{\"a\":1}\n{]\n", true, false).unwrap_err(),
            "line 2 is not JSON: key must be a string at column 2"
        );
    }

    #[test]
    fn a_line_of_16_mib_is_taken_and_a_longer_one_is_not() {
        let mut long = vec![b'x'; LIMIT];
        long.extend_from_slice(b"\r\ny\n");
        assert_eq!(all(&long, false, false).unwrap().len(), 2);
        for end in ["\n", "", "\r\n"] {
            let long = [&vec![b'x'; LIMIT + 1], end.as_bytes()].concat();
            assert_eq!(
                all(&long, false, false).unwrap_err(),
                "line 1 is larger than 16 MiB"
            );
        }
    }

    #[test]
    fn what_was_read_is_told_by_the_byte() {
        let (mut items, _file) = items(b"a\n\nb\n", false, false);
        assert_eq!(items.size(), Some(5));
        assert_eq!(items.read_next().unwrap().unwrap().read, 2);
        assert_eq!(items.read_next().unwrap().unwrap().read, 5);
    }
}

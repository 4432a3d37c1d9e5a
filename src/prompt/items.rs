//! Items, one a line: comes in standard input or a file, goes out one item after
//! the other, read no sooner than it is asked for and to the end however long
//! that takes. No more than one line is held. A line that is no item is one that
//! says why.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Seek};
use std::path::Path;

use memchr::memchr;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::bytes::{self, LIMIT};
use super::{binary, claim, stdin, template};
use crate::error::Failure;

/// What is asked of the input at a time.
const CHUNK: usize = 64 << 10;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One item.
#[derive(Debug)]
pub struct Item {
    /// What it is, or what is wrong with its line: that is too long, not UTF-8 or
    /// not JSON.
    pub content: Result<Content, Failure>,
    /// The line that it stands on, from 1.
    pub line: u64,
    /// Bytes of the input up to its end.
    pub read: u64,
}

/// What an item is.
#[derive(Debug)]
pub struct Content {
    /// As it stands in a prompt.
    pub text: String,
    /// The value, where items are JSON.
    pub value: Option<Value>,
}

impl Item {
    /// Whether it is a line of a provider's batch input: a request, not a text.
    pub fn is_request_line(&self) -> bool {
        let text = self.content.as_ref().map(|content| content.text.as_str());
        is_request_line(text.unwrap_or_default())
    }
}

/// The request object of a batch: an id, and the body that is to be posted.
pub(super) fn is_request_line(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Request {
        custom_id: Option<IgnoredAny>,
        body: Option<BTreeMap<String, IgnoredAny>>,
    }
    text.starts_with('{')
        && serde_json::from_str::<Request>(text)
            .is_ok_and(|request| request.custom_id.is_some() && request.body.is_some())
}

/// A line of the input.
enum Line {
    /// It ends here, its newline included.
    Until(usize),
    /// It is longer than an item may be, and has been passed over.
    TooLong,
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
    /// The input cannot be read any further.
    pub fn read_next(&mut self) -> Result<Option<Item>, Failure> {
        while let Some(line) = self.next_line()? {
            self.line += 1;
            let content = match line {
                Line::Until(end) => {
                    let content = self.content(end);
                    self.read += (end - self.from) as u64;
                    self.from = end;
                    content
                }
                Line::TooLong => Err(self.too_long()),
            };
            if let Some(content) = content.transpose() {
                return Ok(Some(Item {
                    content,
                    line: self.line,
                    read: self.read,
                }));
            }
        }
        Ok(None)
    }

    /// What stands in the line that ends here; none where it is blank.
    fn content(&self, end: usize) -> Result<Option<Content>, Failure> {
        let line = &self.buffer[self.from..end];
        let mut line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        let bom = self.line == 1 && line.starts_with(BOM);
        let dropped = if bom { BOM.len() } else { 0 };
        let text = self.text(&line[dropped..], dropped)?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let value = self.value(&text)?;
        Ok(Some(Content {
            text: value.as_ref().map_or(text, template::bare),
            value,
        }))
    }

    /// The next line; none at the input's end.
    fn next_line(&mut self) -> Result<Option<Line>, Failure> {
        let mut seen = self.from;
        loop {
            if let Some(at) = memchr(b'\n', &self.buffer[seen..]) {
                return Ok(Some(Line::Until(seen + at + 1)));
            }
            let length = self.buffer.len() - self.from;
            // A CR may belong to the end of the line.
            if length > LIMIT + 1 {
                return self.pass_over().map(|()| Some(Line::TooLong));
            }
            if self.ended {
                return Ok((length > 0).then_some(Line::Until(self.buffer.len())));
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

    /// Drops the rest of a line, of which the buffer holds the beginning.
    fn pass_over(&mut self) -> Result<(), Failure> {
        self.read += (self.buffer.len() - self.from) as u64;
        self.from = 0;
        while !self.ended {
            self.buffer.clear();
            self.buffer.shrink_to(CHUNK);
            self.fill()?;
            let end = memchr(b'\n', &self.buffer).map(|at| at + 1);
            self.from = end.unwrap_or(self.buffer.len());
            self.read += self.from as u64;
            if end.is_some() {
                return Ok(());
            }
        }
        Ok(())
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
            return Err(self.too_long());
        }
        if let Some(at) = memchr(0, line) {
            let what = format!("looks binary: {}", binary::nul_byte(at + dropped));
            return Err(self
                .wrong(&what)
                .hint("items that NUL bytes separate: tr '\\0' '\\n' makes lines of them"));
        }
        match std::str::from_utf8(line) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) if self.lossy => Ok(String::from_utf8_lossy(line).into_owned()),
            Err(error) => {
                let at = error.valid_up_to();
                let byte = line.get(at).copied().unwrap_or_default();
                let what = format!("is not UTF-8: byte 0x{byte:02X} at offset {}", at + dropped);
                let hint = "convert it to UTF-8 (iconv), or let --lossy replace such bytes";
                Err(self.wrong(&what).hint(hint))
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
            self.wrong(&format!("is not JSON: {why}"))
                .hint("--each=json takes one JSON value a line, --each any text")
        })
    }

    fn too_long(&self) -> Failure {
        self.wrong("is larger than 16 MiB")
    }

    fn wrong(&self, what: &str) -> Failure {
        Failure::usage(format!("{}: line {} {what}", self.name, self.line))
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
mod tests;

//! Reads the items of `--each` one by one, on request, so that only one item is in memory.

mod csv;
mod separated;

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::bytes::{self, NotText, is_stdin, utf8};
use super::history::compact;
use super::sources::ItemSource;
use super::template::{Item, ItemContent, ItemFormat, Place};
use super::text::Text;
use crate::error::Failure;
use csv::CsvRecords;
use separated::Separated;

/// The items that have not been read yet.
#[derive(Debug)]
pub struct Items {
    /// The input's name, for messages.
    name: String,
    format: ItemFormat,
    lossy: bool,
    allow_empty: bool,
    size: Option<u64>,
    records: Records,
}

#[derive(Debug)]
enum Records {
    Separated(Separated),
    Csv(Box<CsvRecords>),
}

impl Items {
    /// Opens the input without reading it. A terminal is refused.
    pub(super) fn open(
        source: &ItemSource,
        lossy: bool,
        allow_empty: bool,
    ) -> Result<Self, Failure> {
        let path = source.file.as_deref().unwrap_or(Path::new("-"));
        let unreadable = |error| bytes::unreadable(path, &error);
        let mut file = bytes::open(path).map_err(unreadable)?;
        if is_stdin(path) && file.is_terminal() {
            return Err(Failure::usage(
                "--each reads items from standard input, which is a terminal",
            )
            .hint("pipe them in, or name their file: --items FILE"));
        }
        let metadata = file.metadata().map_err(unreadable)?;
        bytes::refuse_folder(path, &metadata)?;
        let size = metadata.is_file().then_some(metadata.len());
        // Another command may have read the start of the file.
        let from = size.and_then(|_| file.stream_position().ok());
        let (input, from) = (Input(file), from.unwrap_or(0));
        let format = source.format;
        Ok(Self {
            name: bytes::name(path),
            format,
            lossy,
            allow_empty,
            size,
            records: match format {
                ItemFormat::Csv => Records::Csv(Box::new(CsvRecords::new(input, from))),
                _ => Records::Separated(Separated::new(input, format, from)),
            },
        })
    }

    /// The warning if there is no item; `None` with `--allow-empty-input`.
    pub fn none(&self) -> Option<String> {
        let what = match self.format {
            ItemFormat::Csv => "has no records",
            _ => "was empty",
        };
        (!self.allow_empty).then(|| format!("{} {what}; nothing was asked", self.name))
    }

    /// The size of the input in bytes, if known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next item. It waits without a time limit.
    ///
    /// # Errors
    /// The input cannot be read any further.
    pub fn read_next(&mut self) -> Result<Option<Item>, Failure> {
        loop {
            let read = match &mut self.records {
                Records::Csv(records) => return records.read_next(&self.name, self.lossy),
                Records::Separated(records) => records.read_next(),
            };
            let read = read.map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", self.name))
            })?;
            let Some(record) = read else {
                return Ok(None);
            };
            let (place, read) = (record.place, record.read);
            let item = match record.bytes {
                None => Some((Err(self.wrong(place, "is larger than 16 MiB")), None)),
                Some(bytes) if self.format == ItemFormat::Files => self.file(&bytes),
                Some(bytes) => self.text_item(&bytes, record.dropped, place),
            };
            if let Some((content, shown)) = item {
                return Ok(Some(Item {
                    content,
                    shown,
                    place,
                    read,
                }));
            }
        }
    }

    /// The item of a line or record; `None` if it is blank.
    fn text_item(&self, record: &[u8], dropped: usize, place: Place) -> Option<ReadItem> {
        let text = match utf8(record, self.lossy) {
            Ok(text) => text,
            Err(wrong) => return Some((Err(self.not_text(place, wrong.after(dropped))), None)),
        };
        if text.trim().is_empty() {
            return None;
        }
        if self.format != ItemFormat::Json {
            let (shown, members) = (shown_text(&text), None);
            return Some((Ok(ItemContent { text, members }), shown));
        }
        Some(match serde_json::from_str::<Value>(&text) {
            Ok(value) => read_value(value, compact(text.trim())),
            Err(why) => {
                let why = why.to_string();
                let why = why.replace(" at line 1 column ", " at column ");
                let failure = self
                    .wrong(place, &format!("is not JSON: {why}"))
                    .hint("--each=json reads one JSON value a line, --each any text");
                (Err(failure), shown_text(&text))
            }
        })
    }

    /// The item of the file that the record names.
    fn file(&self, record: &[u8]) -> Option<ReadItem> {
        if record.trim_ascii().is_empty() {
            return None;
        }
        let path = path_of(record);
        let name = path.display().to_string();
        let content = self.file_text(&path, &name).map(|text| ItemContent {
            text,
            members: Some(json!({ "path": name })),
        });
        Some((content, shown_text(&name)))
    }

    fn file_text(&self, path: &Path, name: &str) -> Result<String, Failure> {
        let metadata = path.metadata();
        let metadata = metadata.map_err(|error| bytes::unreadable(path, &error))?;
        bytes::refuse_folder(path, &metadata)?;
        if !metadata.is_file() {
            // A pipe could keep the run waiting.
            return Err(Failure::usage(format!("{name} is not a regular file")));
        }
        let mut text = Text::new(self.lossy);
        let has_text = text.source(name, None, |into| bytes::append_file(path, into))?;
        if !has_text && !self.allow_empty {
            return Err(bytes::empty(name));
        }
        Ok(text.finish()?.text)
    }

    fn not_text(&self, place: Place, wrong: NotText) -> Failure {
        let hint = match wrong {
            NotText::Nul(_) if self.format == ItemFormat::Lines => {
                "--each=null reads items that are separated by NUL bytes"
            }
            _ => wrong.hint(),
        };
        self.wrong(place, &wrong.to_string()).hint(hint)
    }

    fn wrong(&self, place: Place, what: &str) -> Failure {
        wrong(&self.name, place, what)
    }
}

/// The content of an item, and its form in results.
type ReadItem = (Result<ItemContent, Failure>, Option<Box<RawValue>>);

/// The item of a value; `json` is the text of the value.
fn read_value(value: Value, json: String) -> ReadItem {
    let content = ItemContent::of_value(value, &json);
    (Ok(content), RawValue::from_string(json).ok())
}

/// A text as a JSON string, for the result.
fn shown_text(text: &str) -> Option<Box<RawValue>> {
    to_raw_value(text).ok()
}

fn wrong(name: &str, place: Place, what: &str) -> Failure {
    Failure::usage(format!("{name}: {place} {what}"))
}

#[cfg(unix)]
fn path_of(record: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(record)).to_owned()
}

#[cfg(not(unix))]
fn path_of(record: &[u8]) -> PathBuf {
    String::from_utf8_lossy(record).into_owned().into()
}

/// The input; a read waits even if the descriptor is non-blocking.
#[derive(Debug)]
struct Input(File);

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => wait(&self.0),
                read => return read,
            }
        }
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

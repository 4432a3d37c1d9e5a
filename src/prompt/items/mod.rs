//! Reads the items of `--each` one by one, on request, so that only one item is in memory.

mod csv;
mod separated;

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::bytes;
use super::compact::compact;
use super::item::{Item, ItemContent, Place, shown_text};
use super::stdin;
use super::stdin_claim;
use super::text::{self, Text};
use super::user;
use crate::error::Failure;
use csv::CsvRecords;
use separated::{Found, Separated};

/// The format of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemFormat {
    /// A line of text.
    #[default]
    Lines,
    /// A line that is a JSON value.
    Json,
    /// A record of CSV, its columns named by the header.
    Csv,
    /// Text between NUL bytes.
    Null,
    /// A file; its path is a line, or text between NUL bytes.
    Files,
}

impl ItemFormat {
    /// Whether a template may name this member of an item.
    pub(super) fn has_member(self, path: &str) -> bool {
        match self {
            Self::Lines | Self::Null => false,
            Self::Json | Self::Csv => true,
            Self::Files => path == "path",
        }
    }
}

/// Where items come from, as settings resolved it.
#[derive(Debug, Clone, Default)]
pub struct ItemSource {
    /// `--items`; `None` is standard input.
    pub file: Option<PathBuf>,
    /// `--each=FORMAT`.
    pub format: ItemFormat,
}

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
    /// Opens the input without reading it.
    ///
    /// # Errors
    /// It cannot be opened, or is a terminal: exit 2.
    pub(super) fn open(
        source: &ItemSource,
        lossy: bool,
        allow_empty: bool,
    ) -> Result<Self, Failure> {
        let path = source.file.as_deref().unwrap_or(Path::new("-"));
        let is_stdin = stdin_claim::is_stdin(path);
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
        // Another command may have read the first part of it.
        let from = size.as_ref().and_then(|_| file.stream_position().ok());
        let input = Input(file);
        let format = source.format;
        Ok(Self {
            name: if is_stdin {
                stdin::NAME.to_owned()
            } else {
                path.display().to_string()
            },
            format,
            lossy,
            allow_empty,
            size: size.map(|metadata| metadata.len()),
            records: match format {
                ItemFormat::Csv => {
                    Records::Csv(Box::new(CsvRecords::new(input, from.unwrap_or(0))))
                }
                _ => Records::Separated(Separated::new(input, format, from.unwrap_or(0))),
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
            let found = read.map_err(|error| self.unreadable(&error))?;
            let Some(Found {
                record,
                dropped,
                place,
                read,
            }) = found
            else {
                return Ok(None);
            };
            let item = match record {
                None => Some((Err(self.wrong(place, "is larger than 16 MiB")), None)),
                Some(record) if self.format == ItemFormat::Files => self.file(&record),
                Some(record) => self.text_item(&record, dropped, place),
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
        let text = match text::checked(record, self.lossy) {
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
            Ok(value) => {
                let json = compact(text.trim());
                let content = ItemContent::of_value(value, &json);
                (Ok(content), RawValue::from_string(json).ok())
            }
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
        if metadata.is_dir() {
            let error = ErrorKind::IsADirectory.into();
            return Err(bytes::unreadable(path, &error));
        }
        if !metadata.is_file() {
            // A pipe could keep the run waiting.
            return Err(Failure::usage(format!("{name} is not a regular file")));
        }
        let mut text = Text::new(self.lossy);
        let said = text.source(name, None, |into| bytes::append_file(path, into))?;
        if !said && !self.allow_empty {
            return Err(user::empty(name));
        }
        Ok(text.finish()?.text)
    }

    fn not_text(&self, place: Place, wrong: text::Wrong) -> Failure {
        let hint = match wrong {
            text::Wrong::Nul(_) if self.format == ItemFormat::Lines => {
                "--each=null reads items that are separated by NUL bytes"
            }
            _ => wrong.hint(),
        };
        self.wrong(place, &wrong.to_string()).hint(hint)
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("{} cannot be read: {error}", self.name))
    }

    fn wrong(&self, place: Place, what: &str) -> Failure {
        wrong(&self.name, place, what)
    }
}

/// The content of an item, and its form in results.
type ReadItem = (Result<ItemContent, Failure>, Option<Box<RawValue>>);

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

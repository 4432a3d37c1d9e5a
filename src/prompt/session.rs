//! A conversation in a file. The run reads its turns, keeps the file locked until the end,
//! and appends the new turns in one write.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::bytes::{self, BOM, LIMIT};
use super::history::{self, History};
use super::text::Text;
use crate::api::request::Message;
use crate::error::Failure;
use crate::safe_path::{self, is_at};
use crate::temp_files::TempFile;

/// The locked session file. If it is dropped without [`Session::extend`], the file is
/// unchanged; a file that this run created is removed.
#[derive(Debug)]
pub struct Session {
    /// Set if this run created the file. It is removed before the lock is released, so that a
    /// waiting run finds no file of that name and creates it again.
    made: Option<TempFile>,
    file: File,
    path: PathBuf,
    /// This run's turns, as lines.
    lines: Vec<u8>,
    /// The valid length of a file with an incomplete end: [`Session::extend`] cuts off the
    /// rest. Also the number of the first line to cut off.
    torn: Option<(u64, usize)>,
}

impl Session {
    /// Opens the file or creates it with mode 0600, waits for its lock and reads it.
    /// `notice` is called if another run holds the lock.
    pub(super) fn open(
        path: &Path,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(Self, History), Failure> {
        loop {
            let Some((file, made)) = open_or_make(path)? else {
                continue;
            };
            lock(&file, path, notice)?;
            // The previous holder of the lock may have removed the file.
            if is_at(&file, path) {
                let mut session = Self {
                    made,
                    file,
                    path: path.to_owned(),
                    lines: Vec::new(),
                    torn: None,
                };
                let turns = session.read()?;
                return Ok((session, turns));
            }
        }
    }

    /// A warning about the file.
    pub(super) fn warning(&self) -> Option<String> {
        self.torn.map(|(_, line)| {
            let name = self.path.display();
            format!("{name}: line {line} is cut off, as by a killed run; it is dropped")
        })
    }

    /// Adds one of this run's turns, to be written by [`Session::extend`].
    pub fn add(&mut self, turn: &Message) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.lines, turn).map_err(io::Error::from)?;
        self.lines.push(b'\n');
        Ok(())
    }

    /// Appends this run's new turns and `assistant`, one compact JSON message
    /// object, in one write, under the lock held since the file was read.
    /// After any failure the file is unchanged (class internal).
    pub fn extend(mut self, assistant: &str) -> Result<(), Failure> {
        self.lines
            .extend_from_slice(assistant.trim_end().as_bytes());
        self.lines.push(b'\n');
        self.write().map_err(|error| {
            let message = format!("session {} was not extended: {error}", self.path.display());
            Failure::from(io::Error::other(message))
        })
    }

    fn write(&self) -> io::Result<()> {
        if !is_at(&self.file, &self.path) {
            return Err(io::Error::other(
                "it was removed or replaced during the run",
            ));
        }
        if let Some((length, _)) = self.torn {
            self.file.set_len(length)?;
        }
        let before = self.file.metadata()?.len();
        let write = || append(&mut &self.file, &self.lines, || self.file.set_len(before));
        match &self.made {
            Some(made) => made.fill(write),
            None => write(),
        }
    }

    fn read(&mut self) -> Result<History, Failure> {
        let name = self.path.display().to_string();
        let mut content = Vec::new();
        bytes::append(&self.file, &mut content)
            .map_err(|error| bytes::unreadable(&self.path, &error))?;
        if content.len() > LIMIT {
            return Err(bytes::too_large(&name));
        }
        if let Some(length) = torn_at(&content) {
            content.truncate(length);
            let line = content.split(|&byte| byte == b'\n').count();
            self.torn = Some((length as u64, line));
        } else if !content.is_empty() && !content.ends_with(b"\n") {
            self.lines.push(b'\n');
        }
        let mut text = Text::new(false);
        text.source(&name, None, |into| {
            *into = content;
            Ok(())
        })?;
        let text = text.finish()?.text;
        if history::is_array(&text) {
            return Err(Failure::usage(format!(
                "{name} holds a JSON array; a session is one message a line"
            ))
            .hint("convert it with jq -c '.[]', or read it with --messages"));
        }
        History::parse(&name, &text)
    }
}

/// The file, and whether this call created it; `None` if another run was faster.
fn open_or_make(path: &Path) -> Result<Option<(File, Option<TempFile>)>, Failure> {
    let wrong = |error: io::Error| {
        Failure::usage(format!(
            "session {} cannot be opened for reading and writing: {error}",
            path.display()
        ))
    };
    let not_a_file = || {
        Failure::usage(format!("session {} is not a regular file", path.display()))
            .hint("--session needs a regular file; --messages can read earlier turns from a pipe")
    };
    safe_path::resolved(path).map_err(wrong)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    match fs::metadata(path) {
        // Check the type before opening: opening can block, or start a device.
        Ok(data) if !data.is_file() => return Err(not_a_file()),
        Ok(_) => {
            return match options.open(path) {
                Ok(file) if file.metadata().is_ok_and(|data| data.is_file()) => {
                    Ok(Some((file, None)))
                }
                Ok(_) => Err(not_a_file()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(wrong(error)),
            };
        }
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(wrong(error)),
        Err(_) => {}
    }
    if path.is_symlink() {
        return Err(wrong(io::Error::other(
            "it is a link to a file that is not there",
        )));
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match TempFile::create(path, || options.create_new(true).open(path)) {
        Ok((file, made)) => Ok(Some((file, Some(made)))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(wrong(error)),
    }
}

fn lock(file: &File, path: &Path, notice: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let path = path.display();
    let locked = match file.try_lock() {
        Ok(()) => return Ok(()),
        Err(TryLockError::WouldBlock) => {
            notice(&format!(
                "waiting for session {path}, which another run uses"
            ));
            loop {
                match file.lock() {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    locked => break locked,
                }
            }
        }
        Err(TryLockError::Error(error)) => Err(error),
    };
    locked.map_err(|error| {
        Failure::usage(format!("session {path} cannot be locked: {error}"))
            .hint("keep it on a local file system")
    })
}

/// Finds an incomplete end: the last line starts like a message, but is cut off and has no newline.
/// A run writes all its turns at once, so calls without all their answers are dropped too.
fn torn_at(content: &[u8]) -> Option<usize> {
    let start = line_start(content);
    let line = &content[start..];
    let line = line.strip_prefix(BOM).unwrap_or(line);
    let torn =
        line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err();
    torn.then(|| start - unanswered_calls(&content[..start]))
}

/// The offset of the last line.
fn line_start(content: &[u8]) -> usize {
    let newline = content.iter().rposition(|&byte| byte == b'\n');
    newline.map_or(0, |at| at + 1)
}

/// The length in bytes of a turn with calls at the end of `lines`, and of its answers, if answers
/// are missing. No server accepts such turns.
fn unanswered_calls(lines: &[u8]) -> usize {
    #[derive(serde::Deserialize)]
    struct Turn {
        role: String,
        #[serde(default)]
        tool_calls: Vec<serde::de::IgnoredAny>,
    }
    let (mut end, mut answers) = (lines.len(), 0);
    while end > 0 {
        let start = line_start(&lines[..end - 1]);
        let Ok(turn) = serde_json::from_slice::<Turn>(&lines[start..end]) else {
            return 0;
        };
        end = start;
        match turn.role.as_str() {
            "tool" => answers += 1,
            "assistant" if turn.tool_calls.len() > answers => return lines.len() - start,
            _ => return 0,
        }
    }
    0
}

/// Appends all lines in one write. If it fails, calls `undo` to remove a partial write.
fn append(
    file: &mut impl Write,
    lines: &[u8],
    undo: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    let written = loop {
        match file.write(lines) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            written => break written,
        }
    };
    let error = match written {
        Ok(length) if length == lines.len() => return Ok(()),
        Ok(length) => io::Error::other(format!(
            "only {length} of {} bytes could be written; is the disk full?",
            lines.len()
        )),
        Err(error) => error,
    };
    undo()?;
    Err(error)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;

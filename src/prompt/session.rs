//! A conversation kept in a file: comes in its path, go out the turns in it and
//! the file itself, locked until the run has ended, then extended in one write.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::bytes::{self, LIMIT};
use super::history::{self, History};
use super::text::Text;
use crate::api::request::Message;
use crate::error::Failure;
use crate::safe_path::{self, is_at};
use crate::temp_files::Made;

/// The session file, locked. Dropped without [`Session::extend`] it is as it
/// was: one that this run made is removed.
#[derive(Debug)]
pub struct Session {
    /// This run made it. Removed before the lock is given up: who waits for it sees
    /// that the name is gone, and makes the file anew.
    made: Option<Made>,
    file: File,
    path: PathBuf,
    /// This run's turns, as lines.
    lines: Vec<u8>,
}

impl Session {
    /// Opens the file, or makes it with mode 0600, waits for its lock and reads
    /// it. `notice` is called where another run holds the lock.
    pub(super) fn open(
        path: &Path,
        notice: &mut dyn FnMut(&str),
    ) -> Result<(Self, History), Failure> {
        loop {
            let Some((file, made)) = open_or_make(path)? else {
                continue;
            };
            lock(&file, path, notice)?;
            // Who held the lock may have removed the file: then this one has no name.
            if is_at(&file, path) {
                let mut session = Self {
                    made,
                    file,
                    path: path.to_owned(),
                    lines: Vec::new(),
                };
                let turns = session.read()?;
                return Ok((session, turns));
            }
        }
    }

    /// Adds one of this run's turns, to be written by [`Session::extend`].
    pub fn add(&mut self, turn: &Message) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.lines, turn).map_err(io::Error::from)?;
        self.lines.push(b'\n');
        Ok(())
    }

    /// Appends this run's new turns and `assistant`, one compact JSON message
    /// object, in one write, under the lock held since the file was read.
    /// Whatever fails, the file is left as it was (class internal).
    pub fn extend(mut self, assistant: &str) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let message = format!("session {} was not extended: {error}", self.path.display());
            Failure::from(io::Error::other(message))
        };
        if !is_at(&self.file, &self.path) {
            return Err(failed(io::Error::other(
                "it was removed or replaced while the answer was made",
            )));
        }
        self.lines
            .extend_from_slice(assistant.trim_end().as_bytes());
        self.lines.push(b'\n');
        let before = self.file.metadata().map_err(failed)?.len();
        let write = || append(&mut &self.file, &self.lines, || self.file.set_len(before));
        let written = match &self.made {
            Some(made) => made.fill(write),
            None => write(),
        };
        written.map_err(failed)
    }

    fn read(&mut self) -> Result<History, Failure> {
        let name = self.path.display().to_string();
        let mut content = Vec::new();
        bytes::append(&self.file, &mut content)
            .map_err(|error| bytes::unreadable(&self.path, &error))?;
        if content.len() > LIMIT {
            return Err(bytes::too_large(&name));
        }
        if !content.is_empty() && !content.ends_with(b"\n") {
            refuse_torn(&name, &content)?;
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
            .hint("jq -c '.[]' makes lines of it; --messages takes it as it is"));
        }
        History::parse(&name, &text)
    }
}

/// The file and whether it was made now; none where another run was faster.
fn open_or_make(path: &Path) -> Result<Option<(File, Option<Made>)>, Failure> {
    let wrong = |error: io::Error| {
        Failure::usage(format!(
            "session {} cannot be opened for reading and writing: {error}",
            path.display()
        ))
    };
    let not_a_file = || {
        Failure::usage(format!("session {} is not a regular file", path.display()))
            .hint("--session keeps a conversation in a file; --messages reads one from anywhere")
    };
    safe_path::resolved(path).map_err(wrong)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    match fs::metadata(path) {
        // Looked at before it is opened: that alone can block, or set a device going.
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
    match Made::new(path, || options.create_new(true).open(path)) {
        Ok((file, made)) => Ok(Some((file, Some(made)))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(wrong(error)),
    }
}

fn lock(file: &File, path: &Path, notice: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let locked = match file.try_lock() {
        Ok(()) => return Ok(()),
        Err(TryLockError::WouldBlock) => {
            notice(&format!(
                "waiting for session {}, which another run holds",
                path.display()
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
        Failure::usage(format!(
            "session {} cannot be locked: {error}",
            path.display()
        ))
        .hint("keep it on a local file system")
    })
}

/// A last line without its newline is a whole message, or was cut off.
fn refuse_torn(name: &str, content: &[u8]) -> Result<(), Failure> {
    let line = content.split(|&byte| byte == b'\n').next_back();
    let whole = line
        .and_then(|line| str::from_utf8(line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)).ok())
        .is_some_and(|line| {
            line.trim().is_empty() || serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
        });
    if whole {
        return Ok(());
    }
    let number = content.split(|&byte| byte == b'\n').count();
    Err(Failure::usage(format!(
        "{name}: line {number}, the last one, is cut off: it is not JSON and has no newline"
    ))
    .hint(format!("look at it, then drop it: sed -i '{number}d' FILE")))
}

/// One write of all lines; a part of them is taken back by `undo`.
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

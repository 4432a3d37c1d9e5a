//! Reads a file of at most 16 MiB directly into the buffer of the message.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::stdin_claim::is_stdin;
use crate::error::Failure;

/// Longest source, and longest message, in bytes: 16 MiB.
pub(super) const LIMIT: usize = 16 << 20;

/// Opens a file. If the path names standard input, it duplicates the descriptor, so that
/// the offset is kept.
pub fn open(path: &Path) -> io::Result<File> {
    if !is_stdin(path) {
        return File::open(path);
    }
    #[cfg(unix)]
    let stdin = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let stdin = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(stdin.into())
}

/// Appends the file's bytes. Stops one byte past [`LIMIT`]; the caller then fails with
/// [`too_large`].
pub(super) fn append_file(path: &Path, into: &mut Vec<u8>) -> Result<(), Failure> {
    File::open(path)
        .and_then(|file| append(&file, into))
        .map_err(|error| unreadable(path, &error))
}

/// Like [`append`], for an open file.
pub(super) fn append(file: &File, into: &mut Vec<u8>) -> io::Result<()> {
    let room = (LIMIT + 1).saturating_sub(into.len());
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(room);
    // One byte more than the file's size, so that the end is found without growing.
    into.reserve(room.min(length.saturating_add(1)));
    file.take(room as u64).read_to_end(into)?;
    Ok(())
}

/// A file that is not there, not allowed, a directory.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::usage(format!("{} cannot be read: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => {
            failure.hint("check the path; a relative one starts at the current folder")
        }
        io::ErrorKind::IsADirectory => failure.hint("name a file in the folder"),
        io::ErrorKind::PermissionDenied => failure.hint("check its permissions with ls -l"),
        _ => failure,
    }
}

/// More than [`LIMIT`] bytes.
pub(super) fn too_large(name: &str) -> Failure {
    Failure::usage(format!("{name} is larger than 16 MiB"))
        .hint("send less: no model's context holds that much")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure = append_file(Path::new("no/such.txt"), &mut Vec::new()).unwrap_err();
        assert_eq!(failure.exit(), 2);
        assert!(failure.message.starts_with("no/such.txt cannot be read: "));
    }

    #[test]
    fn no_more_than_one_byte_past_the_limit_is_read() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(LIMIT as u64 * 4).unwrap();
        let mut into = b"before".to_vec();
        append(&file, &mut into).unwrap();
        assert_eq!(into.len(), LIMIT + 1);
    }
}

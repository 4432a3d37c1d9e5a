//! Names and reads sources of at most 16 MiB, and finds bytes that are not text.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use memchr::memchr;

use crate::error::Failure;

/// Longest source, and longest message, in bytes: 16 MiB.
pub(super) const LIMIT: usize = 16 << 20;
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The name of standard input in messages.
pub(super) const STDIN: &str = "standard input";

/// Whether `path` is `-` or another name of standard input. Opening such a name would read a
/// redirected file again from its start.
pub fn is_stdin(path: &Path) -> bool {
    let devices = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
    path == Path::new("-") || cfg!(unix) && devices.iter().any(|name| path == Path::new(name))
}

/// The name of a source in messages.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) {
        STDIN.to_owned()
    } else {
        path.display().to_string()
    }
}

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

/// Like [`append_file`], for an open file.
pub(super) fn append(file: &File, into: &mut Vec<u8>) -> io::Result<()> {
    let room = (LIMIT + 1).saturating_sub(into.len());
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(room);
    // One byte more than the file's size, so that the end is found without growing.
    into.reserve(room.min(length.saturating_add(1)));
    file.take(room as u64).read_to_end(into)?;
    Ok(())
}

pub(super) fn refuse_folder(path: &Path, metadata: &Metadata) -> Result<(), Failure> {
    if metadata.is_dir() {
        return Err(unreadable(path, &ErrorKind::IsADirectory.into()));
    }
    Ok(())
}

/// The failure for a file that is missing, not readable or a directory.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::usage(format!("{} cannot be read: {error}", path.display()));
    match error.kind() {
        ErrorKind::NotFound => {
            failure.hint("check the path; a relative one starts at the current folder")
        }
        ErrorKind::IsADirectory => failure.hint("name a file in the folder"),
        ErrorKind::PermissionDenied => failure.hint("check its permissions with ls -l"),
        _ => failure,
    }
}

/// The failure for a source of more than [`LIMIT`] bytes.
pub(super) fn too_large(name: &str) -> Failure {
    Failure::usage(format!("{name} is larger than 16 MiB"))
        .hint("send less: no model's context holds that much")
}

/// The failure for input that was requested by name and has only white space.
pub(super) fn empty(name: &str) -> Failure {
    Failure::usage(format!("{name} is empty: nothing was sent")).hint(
        "did the command that writes it fail? --allow-empty-input sends the request without it",
    )
}

/// The first bytes of formats that users pass by mistake, with the formats' names.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x7FELF", "an ELF program"),
    (b"\xCF\xFA\xED\xFE", "a Mach-O program"),
    (b"\xCA\xFE\xBA\xBE", "a Mach-O program or Java class"),
    (b"\0asm", "a WebAssembly module"),
    (b"%PDF-", PDF),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1F\x8B", "gzip data"),
    (b"\xFD7zXZ\0", "xz data"),
    (b"\x28\xB5\x2F\xFD", "zstd data"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (b"Rar!\x1A\x07", "a RAR archive"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an office document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89PNG\r\n\x1A\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"OggS\0", "Ogg audio"),
];

const PDF: &str = "a PDF document";
const ONLY_TEXT: &str = "airx reads text; --lossy does not change that";

/// Refuses binary data, even with `--lossy`.
///
/// # Errors
/// The data looks binary, or is UTF-16: exit 2.
pub(super) fn refuse_binary(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let nul = memchr(0, bytes);
    if nul.is_some()
        && let [first @ (0xFF | 0xFE), 0xFF | 0xFE, ..] = bytes
    {
        return Err(NotText::Byte(*first, 0)
            .in_source(name)
            .hint("it looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8"));
    }
    let known = SIGNATURES
        .iter()
        .find(|(start, _)| bytes.starts_with(start));
    let Some((_, kind)) = known else {
        return nul.map_or(Ok(()), |offset| Err(NotText::Nul(offset).in_source(name)));
    };
    let hint = match *kind {
        PDF => "extract its text first, for example with pdftotext",
        kind if kind.ends_with(" image") => "-i sends an image to a vision model",
        _ => ONLY_TEXT,
    };
    Err(Failure::usage(format!("{name} looks binary: it starts like {kind}")).hint(hint))
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotText {
    /// This byte at this offset is not UTF-8.
    Byte(u8, usize),
    /// There is a NUL byte at this offset.
    Nul(usize),
}

impl NotText {
    /// Returns the error with its offset increased by the number of bytes before the text.
    pub(super) fn after(self, bytes: usize) -> Self {
        match self {
            Self::Byte(byte, offset) => Self::Byte(byte, offset + bytes),
            Self::Nul(offset) => Self::Nul(offset + bytes),
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Byte(..) => "convert it to UTF-8 (iconv), or let --lossy replace such bytes",
            Self::Nul(_) => ONLY_TEXT,
        }
    }

    pub(super) fn in_source(self, name: &str) -> Failure {
        Failure::usage(format!("{name} {self}")).hint(self.hint())
    }
}

impl fmt::Display for NotText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte, offset) => {
                write!(out, "is not UTF-8: byte 0x{byte:02X} at offset {offset}")
            }
            Self::Nul(offset) => write!(out, "looks binary: NUL byte at offset {offset}"),
        }
    }
}

/// Decodes a short text, such as a line or a field. Bytes that are not UTF-8 are replaced if
/// `lossy`.
pub(super) fn utf8(bytes: &[u8], lossy: bool) -> Result<String, NotText> {
    if let Some(at) = memchr(0, bytes) {
        return Err(NotText::Nul(at));
    }
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) if lossy => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            Err(NotText::Byte(bytes[at], at))
        }
    }
}

/// Decodes the `words` of an option or the prompt; `name` is its name in messages. Bytes that are
/// not UTF-8 are replaced if `lossy`. Otherwise the error has their offset in the words, joined by
/// spaces.
///
/// # Errors
/// A word is not UTF-8: exit 2.
pub fn arguments(name: &str, words: &[OsString], lossy: bool) -> Result<Vec<String>, Failure> {
    let mut before = 0;
    let mut texts = Vec::with_capacity(words.len());
    for word in words {
        texts.push(match word.to_str() {
            Some(text) => text.to_owned(),
            None => utf8(word.as_encoded_bytes(), lossy)
                .map_err(|wrong| wrong.after(before).in_source(name))?,
        });
        before += word.len() + 1;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        refuse_binary("f", bytes).unwrap_err().message
    }

    #[test]
    fn each_known_format_is_named() {
        for (start, kind) in SIGNATURES {
            let bytes = [start, &b"rest"[..]].concat();
            assert_eq!(
                message(&bytes),
                format!("f looks binary: it starts like {kind}")
            );
        }
    }

    #[test]
    fn a_nul_byte_anywhere_is_binary_and_utf_16_is_named() {
        assert_eq!(message(b"ab\0c"), "f looks binary: NUL byte at offset 2");
        for bytes in [b"\xFF\xFEa\0", b"\xFE\xFF\0a"] {
            let failure = refuse_binary("f", bytes).unwrap_err();
            assert!(failure.message.ends_with("at offset 0"));
            assert!(failure.hint.unwrap().contains("UTF-16"));
        }
        assert!(refuse_binary("f", b"plain \xE9 text\n").is_ok());
        assert!(refuse_binary("f", b"").is_ok());
    }

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

    #[cfg(unix)]
    #[test]
    fn an_argument_that_is_not_utf_8_is_refused_by_its_offset_or_replaced() {
        use std::os::unix::ffi::OsStringExt;
        let words = [OsString::from("hi"), OsString::from_vec(b"a\xE9".to_vec())];
        let failure = arguments("the prompt", &words, false).unwrap_err();
        assert_eq!(
            failure.message,
            "the prompt is not UTF-8: byte 0xE9 at offset 4"
        );
        assert_eq!(
            arguments("the prompt", &words, true).unwrap(),
            ["hi", "a\u{FFFD}"]
        );
    }
}

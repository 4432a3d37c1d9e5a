//! Detects binary data by its NUL bytes or the first bytes of a well-known format.

use memchr::memchr;

use crate::error::Failure;

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

/// Refuses binary data, also if invalid bytes are to be replaced.
///
/// # Errors
/// The data looks binary, or is UTF-16: exit 2.
pub(super) fn refuse(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let nul = memchr(0, bytes);
    if nul.is_some()
        && let [first @ (0xFF | 0xFE), 0xFF | 0xFE, ..] = bytes
    {
        let what = format!("{name} is not UTF-8: byte 0x{first:02X} at offset 0");
        return Err(Failure::usage(what)
            .hint("it looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8"));
    }
    let known = SIGNATURES
        .iter()
        .find(|(start, _)| bytes.starts_with(start));
    let (why, hint) = match (known, nul) {
        (Some((_, kind)), _) => (format!("it starts like {kind}"), hint(kind)),
        (None, Some(offset)) => (
            nul_byte(offset),
            "airx reads text; --lossy does not change that",
        ),
        (None, None) => return Ok(()),
    };
    Err(Failure::usage(format!("{name} looks binary: {why}")).hint(hint))
}

/// Where a NUL byte is, for messages.
pub(super) fn nul_byte(offset: usize) -> String {
    format!("NUL byte at offset {offset}")
}

fn hint(kind: &str) -> &'static str {
    match kind {
        PDF => "extract its text first, for example with pdftotext",
        kind if kind.ends_with(" image") => "-i sends an image to a vision model",
        _ => "airx reads text; --lossy does not change that",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        refuse("f", bytes).unwrap_err().message
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
    fn a_nul_byte_anywhere_is_binary_and_utf_16_is_told_apart() {
        assert_eq!(message(b"ab\0c"), "f looks binary: NUL byte at offset 2");
        for bytes in [b"\xFF\xFEa\0", b"\xFE\xFF\0a"] {
            let failure = refuse("f", bytes).unwrap_err();
            assert!(failure.message.ends_with("at offset 0"));
            assert!(failure.hint.unwrap().contains("UTF-16"));
        }
        assert!(refuse("f", b"plain \xE9 text\n").is_ok());
        assert!(refuse("f", b"").is_ok());
    }
}

//! Makes the URL that the request contains for an image: a data URL for a file.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bytes::{self, LIMIT};
use crate::error::Failure;

/// `image` itself, if it is a URL: `http:`, `https:` or `data:`.
pub(super) fn url(image: &Path) -> Option<String> {
    let text = image.to_str()?;
    let (scheme, _) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let web =
        matches!(scheme.as_str(), "http" | "https") && text[scheme.len()..].starts_with("://");
    (web || scheme == "data").then(|| text.to_owned())
}

/// The data URL of these bytes. The first bytes determine the format, because a file's
/// name can be wrong.
pub(super) fn data_url(name: &str, bytes: &[u8]) -> Result<String, Failure> {
    if bytes.len() > LIMIT {
        return Err(bytes::too_large(name));
    }
    let Some(kind) = kind(bytes) else {
        let what = if bytes.is_empty() {
            "is empty"
        } else {
            "is not a PNG, JPEG, GIF, WebP or BMP image"
        };
        return Err(Failure::usage(format!("{name} {what}"))
            .hint("-i takes an image file, an http(s) or data URL, or `-`; text goes with -f"));
    };
    let mut url = format!("data:image/{kind};base64,");
    url.reserve(bytes.len().div_ceil(3) * 4);
    STANDARD.encode_string(bytes, &mut url);
    Ok(url)
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    let has = |at: usize, part: &[u8]| bytes.get(at..at + part.len()) == Some(part);
    let formats = [
        ("png", has(0, b"\x89PNG\r\n\x1A\n")),
        ("jpeg", has(0, b"\xFF\xD8\xFF")),
        ("gif", has(0, b"GIF87a") || has(0, b"GIF89a")),
        ("webp", has(0, b"RIFF") && has(8, b"WEBP")),
        // A text can start with these two letters; the reserved bytes are always zero.
        ("bmp", has(0, b"BM") && has(6, &[0; 4])),
    ];
    formats
        .into_iter()
        .find_map(|(kind, is)| is.then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_determine_the_format() {
        let kinds: [(&[u8], &str); 5] = [
            (b"\x89PNG\r\n\x1a\n", "png"),
            (b"\xFF\xD8\xFF\xE0", "jpeg"),
            (b"GIF89a", "gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "webp"),
            (b"BM\x46\0\0\0\0\0\0\0", "bmp"),
        ];
        for (bytes, kind) in kinds {
            let url = data_url("x", bytes).unwrap();
            let prefix = format!("data:image/{kind};base64,");
            let data = url.strip_prefix(&prefix).unwrap();
            assert_eq!(STANDARD.decode(data).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_no_image_is_refused_by_name() {
        let failure = data_url("notes.txt", b"BMW is a car").unwrap_err();
        assert_eq!(failure.exit(), 2);
        assert!(failure.message.starts_with("notes.txt is not a PNG"));
        assert_eq!(data_url("e", b"").unwrap_err().message, "e is empty");
    }

    #[test]
    fn urls_pass_as_they_are_and_paths_are_none() {
        for given in [
            "https://e.com/a.png",
            "HTTP://e.com",
            "data:image/png;base64,AA==",
        ] {
            assert_eq!(url(Path::new(given)).as_deref(), Some(given));
        }
        for path in [
            "a.png",
            "http",
            "https:/a",
            "ftp://e.com/a.png",
            "/tmp/data",
        ] {
            assert_eq!(url(Path::new(path)), None, "{path}");
        }
    }
}

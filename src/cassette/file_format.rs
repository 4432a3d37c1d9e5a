//! The file format of a recording: indented JSON, the request without its ids, and the
//! bytes of the response as text.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::api::scalar::whole_number;
use crate::digest::sha256;
use crate::http::BODY_LIMIT;

/// The version of the format.
pub(crate) const VERSION: u8 = 1;

/// The longest recording that is read: a body of the greatest length, escaped.
const FILE_MAX: u64 = 6 * BODY_LIMIT as u64 + (1 << 20);

/// Members that differ in each run and are therefore ignored.
const IDS: [&str; 2] = ["request_id", "user_id"];

/// Members that differ between the models of `--fallback`.
const OF_MODEL: [&str; 2] = ["model", "thinking"];

/// Digits of the digest in a recording's name.
const DIGITS: usize = 16;

/// Why a recording without [`Body::pieces`] cannot be used.
pub(super) const UNREADABLE_BODY: &str = "its body cannot be read";

/// A recorded exchange. It owns its body after reading, and borrows it for writing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "an object with airx, request and response")]
pub(crate) struct Recording<B = Body> {
    /// [`VERSION`].
    #[serde(deserialize_with = "whole_number")]
    pub(crate) airx: u8,
    pub(crate) request: RequestView,
    pub(crate) response: Response<B>,
}

/// A request without ids, host and headers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "an object with method, path and body")]
pub(crate) struct RequestView {
    pub(crate) method: String,
    /// The end of the path, the same at every server.
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl RequestView {
    /// Removes the ids from the body of a request. airx made the body, so it is JSON.
    pub(crate) fn of(body: &[u8]) -> Self {
        let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
        if let Value::Object(members) = &mut body {
            members.retain(|name, _| !IDS.contains(&name.as_str()));
        }
        Self {
            method: "POST".to_owned(),
            path: "/chat/completions".to_owned(),
            body,
        }
    }

    /// The name of the request's recordings. It does not depend on the order of members.
    pub(crate) fn name(&self) -> String {
        let mut name = self.digest(&self.path);
        name.truncate(DIGITS);
        name
    }

    /// A digest of the request to this path or URL. It does not depend on the order of
    /// members.
    pub(crate) fn digest(&self, target: &str) -> String {
        let mut body = self.body.clone();
        body.sort_all_objects();
        sha256(format!("{} {target}\n{body}", self.method).as_bytes())
    }

    /// Returns the same request, with the model of `other`.
    #[must_use]
    pub(crate) fn asking(mut self, other: &Self) -> Self {
        if let (Value::Object(own), Value::Object(other)) = (&mut self.body, &other.body) {
            for name in OF_MODEL {
                match other.get(name) {
                    Some(value) => own.insert(name.to_owned(), value.clone()),
                    None => own.remove(name),
                };
            }
        }
        self
    }
}

/// The server's response.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "an object with version, status and body or stream")]
pub(crate) struct Response<B = Body> {
    pub(crate) version: String,
    #[serde(deserialize_with = "whole_number")]
    pub(crate) status: u16,
    /// The headers that airx uses.
    #[serde(default)]
    pub(crate) headers: Map<String, Value>,
    #[serde(flatten)]
    pub(crate) body: B,
    #[serde(default)]
    pub(crate) end: End,
}

/// The body's bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Body<B = Text, S = Vec<Vec<Text>>> {
    /// A complete reply.
    Body(B),
    /// A streamed reply: its pieces as they arrived, each cut into frames.
    Stream(S),
}

/// A body to be written.
pub(crate) type Written<'a> = Body<Text<&'a str>, StreamPieces<'a>>;

/// Bytes, written as text if they are valid UTF-8.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[serde(expecting = "text, or an object with base64")]
pub(crate) enum Text<S = String> {
    Plain(S),
    Odd { base64: String },
}

/// How the body ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// Its length or its chunks show that it is complete.
    #[default]
    #[serde(rename = "whole")]
    Complete,
    /// The connection closed: a part may be missing.
    Open,
    /// It was not read to the end: the answer was complete, or the run ended.
    Unread,
    /// It broke off, for this reason.
    Broken(String),
}

impl<'a> Text<&'a str> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Plain(text),
            Err(_) => Self::Odd {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }
}

impl Text {
    /// The bytes; `None` if the base64 is not valid.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(text) => Some(text.clone().into_bytes()),
            Self::Odd { base64 } => BASE64_STANDARD.decode(base64).ok(),
        }
    }
}

impl Body {
    /// The bytes of each piece; `None` if they cannot be read.
    pub(crate) fn pieces(&self) -> Option<Vec<Vec<u8>>> {
        match self {
            Self::Body(text) => Some(vec![text.bytes()?]),
            Self::Stream(pieces) => pieces
                .iter()
                .map(|frames| {
                    let frames: Option<Vec<_>> = frames.iter().map(Text::bytes).collect();
                    frames.map(|frames| frames.concat())
                })
                .collect(),
        }
    }
}

/// Reads a recording. Returns `None` if there is no such file, or why it cannot be used.
pub(super) fn read(path: &Path) -> Result<Option<Recording>, String> {
    // Check the type before opening it: a pipe would wait for its writer.
    match path.metadata() {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err("it is not a file".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut text))
        .map_err(|error| error.to_string())?;
    if text.len() as u64 > FILE_MAX {
        return Err("it is too long".to_owned());
    }
    let recording: Recording =
        serde_json::from_slice(&text).map_err(|error| match error.to_string() {
            // The message of Serde names the Rust type.
            why if why.contains("no variant of enum") => {
                "its response has neither body nor stream".to_owned()
            }
            why => why,
        })?;
    if recording.airx != VERSION {
        return Err(format!(
            "its form is version {}, known is {VERSION}",
            recording.airx
        ));
    }
    Ok(Some(recording))
}

/// Splits the text into frames, after each blank line.
pub(crate) fn frames(text: &str) -> Vec<&str> {
    let mut frames = Vec::new();
    let (mut from, mut blank) = (0, true);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let is_blank = line.trim_end_matches(['\r', '\n']).is_empty();
        if is_blank && !blank {
            frames.push(&text[from..at]);
            from = at;
        }
        blank = is_blank;
    }
    if from < text.len() {
        frames.push(&text[from..]);
    }
    frames
}

/// The bytes of a stream and the end of each piece. There can be as many pieces as
/// tokens, so the bytes are cut into pieces and frames only while they are written. If
/// two pieces share a character, it goes into the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamPieces<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) ends: &'a [usize],
}

impl<'a> StreamPieces<'a> {
    fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut from = 0;
        let ends = self.ends.iter().map(|&end| (end, false));
        let pieces = ends.chain([(self.bytes.len(), true)]);
        pieces.filter_map(move |(end, last)| {
            let piece = &self.bytes[from..end];
            let length = match std::str::from_utf8(piece) {
                Err(error) if error.error_len().is_none() && !last => error.valid_up_to(),
                _ => piece.len(),
            };
            from += length;
            (length > 0).then(|| &piece[..length])
        })
    }
}

impl Serialize for StreamPieces<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(|piece| match std::str::from_utf8(piece) {
            Ok(text) => frames(text).into_iter().map(Text::Plain).collect(),
            Err(_) => vec![Text::of(piece)],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(body: &str) -> RequestView {
        RequestView::of(body.as_bytes())
    }

    #[test]
    fn ids_and_order_do_not_change_the_name() {
        let one = view(r#"{"model":"m","a":{"b":1,"c":2},"request_id":"1","user_id":"u"}"#);
        let two = view(r#"{"a":{"c":2,"b":1},"request_id":"2","model":"m"}"#);
        assert_eq!(one.name(), two.name());
        assert_eq!(one.name().len(), DIGITS);
        assert_ne!(one.name(), view(r#"{"model":"m"}"#).name());
    }

    #[test]
    fn text_is_cut_after_blank_lines() {
        let cut = frames("data: a\n\n\ndata: b\r\n\r\ndata: c");
        assert_eq!(cut, ["data: a\n\n", "\ndata: b\r\n\r\n", "data: c"]);
        assert!(frames("").is_empty());
    }

    /// Writes pieces and reads them back. Returns the JSON and the bytes read.
    fn read(pieces: &[&[u8]]) -> (String, Vec<u8>) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            ends.push(bytes.len());
        }
        let written = Written::Stream(StreamPieces {
            bytes: &bytes,
            ends: &ends,
        });
        let text = serde_json::to_string(&written).unwrap();
        let body: Body = serde_json::from_str(&text).unwrap();
        (text, body.pieces().unwrap().concat())
    }

    #[test]
    fn pieces_keep_their_bytes_wherever_they_are_cut() {
        let stream = "data: 四 é\n\ndata: x\n\n".as_bytes();
        for at in 0..stream.len() {
            let (text, bytes) = read(&[&stream[..at], &stream[at..]]);
            assert_eq!(bytes, stream);
            assert!(!text.contains("base64"), "{text}");
        }
        let (text, _) = read(&["é\n\nb".as_bytes(), b"", b"c"]);
        assert_eq!(text, r#"{"stream":[["é\n\n","b"],["c"]]}"#);
    }

    #[test]
    fn bytes_that_are_not_text_are_kept_too() {
        let (_, bytes) = read(&[&[0xff, 0xfe], b"a", &[0xe5]]);
        assert_eq!(bytes, [0xff, 0xfe, b'a', 0xe5]);
    }
}

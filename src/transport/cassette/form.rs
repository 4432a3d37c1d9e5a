//! The form of a recording: pretty JSON, the bytes of the response as text.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::asked::Asked;

/// The version of the form.
pub(super) const VERSION: u8 = 1;

/// A recorded exchange.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Recording {
    /// [`VERSION`].
    pub(super) airx: u8,
    pub(super) request: Asked,
    pub(super) response: Response,
}

/// What the server answered.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Response {
    pub(super) version: String,
    pub(super) status: u16,
    /// The headers that airx acts on.
    #[serde(default)]
    pub(super) headers: Map<String, Value>,
    #[serde(flatten)]
    pub(super) body: Body,
    #[serde(default)]
    pub(super) end: End,
}

/// The body's bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Body {
    /// Of a reply that was read whole.
    Body(Text),
    /// Of one that was read as it came: its pieces, each cut behind its frames.
    Stream(Vec<Vec<Text>>),
}

/// Bytes, as text where they are.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Plain(String),
    Odd { base64: String },
}

/// How the body ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum End {
    /// Its length or its chunks say that nothing is missing.
    #[default]
    Whole,
    /// With the connection: it cannot tell.
    Open,
    /// Nobody read on: the answer was complete, or the run over.
    Unread,
    /// It broke off, for this reason.
    Broken(String),
}

impl Text {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Plain(text.to_owned()),
            Err(_) => Self::Odd {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }

    /// The bytes again; none where they are not base64.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain(text) => Some(text.clone().into_bytes()),
            Self::Odd { base64 } => BASE64_STANDARD.decode(base64).ok(),
        }
    }
}

impl Body {
    /// The pieces' bytes; none where they cannot be read.
    pub(super) fn pieces(&self) -> Option<Vec<Vec<u8>>> {
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

/// Text cut behind each blank line, so that a frame is a piece.
pub(super) fn frames(text: &str) -> Vec<&str> {
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

/// Pieces cut behind their frames. A character that a piece cuts in two goes
/// whole into the next: that is how it is read, too.
pub(super) fn in_frames(pieces: &[Vec<u8>]) -> Vec<Vec<Text>> {
    let mut cut: Vec<Vec<Text>> = Vec::with_capacity(pieces.len());
    let mut rest: Vec<u8> = Vec::new();
    for piece in pieces {
        rest.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => rest.len(),
        };
        let next = rest.split_off(whole);
        let ready = std::mem::replace(&mut rest, next);
        push(&mut cut, &ready);
    }
    push(&mut cut, &rest);
    cut
}

fn push(cut: &mut Vec<Vec<Text>>, piece: &[u8]) {
    if piece.is_empty() {
        return;
    }
    cut.push(match std::str::from_utf8(piece) {
        Ok(text) => frames(text)
            .into_iter()
            .map(|frame| Text::Plain(frame.to_owned()))
            .collect(),
        Err(_) => vec![Text::of(piece)],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_behind_blank_lines() {
        let cut = frames("data: a\n\n\ndata: b\r\n\r\ndata: c");
        assert_eq!(cut, ["data: a\n\n", "\ndata: b\r\n\r\n", "data: c"]);
        assert!(frames("").is_empty());
    }

    #[test]
    fn pieces_keep_their_bytes_wherever_they_are_cut() {
        let text = "data: 四 é\n\ndata: x\n\n".as_bytes();
        for at in 0..text.len() {
            let pieces = [text[..at].to_vec(), text[at..].to_vec()];
            let body = Body::Stream(in_frames(&pieces));
            assert_eq!(body.pieces().unwrap().concat(), text);
            assert!(!serde_json::to_string(&body).unwrap().contains("base64"));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_too() {
        let body = Body::Stream(in_frames(&[vec![0xff, 0xfe], b"a".to_vec(), vec![0xe5]]));
        let text = serde_json::to_string(&body).unwrap();
        let body: Body = serde_json::from_str(&text).unwrap();
        assert_eq!(body.pieces().unwrap().concat(), [0xff, 0xfe, b'a', 0xe5]);
    }
}

//! Makes text safe for a terminal: control characters are shown, not sent; long texts are
//! shortened.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal might act on the character: C0 except newline and tab, DEL, C1,
/// and the characters that change the writing direction.
pub(crate) fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with control characters shown: C0 and DEL as their pictures (`␛`),
/// others by number. CRLF counts as a newline.
pub(crate) fn sanitize(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            c if !is_control(c) => safe.push(c),
            '\u{7f}' => safe.push('\u{2421}'),
            c if c < ' ' => safe.extend(char::from_u32(0x2400 + c as u32)),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(safe, "<U+{:04X}>", c as u32);
            }
        }
    }
    Cow::Owned(safe)
}

/// [`sanitize`], with newlines replaced so that the text is on one line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let safe = sanitize(text);
    if safe.contains('\n') {
        Cow::Owned(safe.replace('\n', " "))
    } else {
        safe
    }
}

/// The first `max` characters of `text`, with a mark if there are more.
pub(crate) fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((cut, _)) => Cow::Owned(format!("{}…", &text[..cut])),
        None => Cow::Borrowed(text),
    }
}

/// [`sanitize`] for text that arrives in pieces. A CR is held back until it is known
/// whether an LF follows.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    after_cr: bool,
}

impl Pieces {
    /// Makes the next piece safe and adds it to `safe`.
    pub(crate) fn push(&mut self, piece: &str, safe: &mut Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        if std::mem::take(&mut self.after_cr) && !piece.starts_with('\n') {
            safe.extend_from_slice("\u{240d}".as_bytes());
        }
        let body = piece.strip_suffix('\r').unwrap_or(piece);
        self.after_cr = body.len() < piece.len();
        safe.extend_from_slice(sanitize(body).as_bytes());
    }

    /// Call this when the text is complete: a CR that was held back is not part of a
    /// newline.
    pub(crate) fn end(&mut self, safe: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            safe.extend_from_slice("\u{240d}".as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_by_characters_and_marked() {
        assert_eq!(shortened("你好吗", 2), "你好…");
        assert_eq!(shortened("你好吗", 3), "你好吗");
    }

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        assert_eq!(sanitize("a\u{1b}[2Jb"), "a␛[2Jb");
        assert_eq!(sanitize("\u{7}\u{8}\u{7f}\0"), "␇␈␡␀");
        assert_eq!(
            sanitize("\u{9b}2J \u{202e}x\u{2066}"),
            "<U+009B>2J <U+202E>x<U+2066>"
        );
    }

    #[test]
    fn newline_tab_and_crlf_stay_what_they_are() {
        assert_eq!(sanitize("a\tb\nc\r\nd\re"), "a\tb\nc\nd␍e");
        assert!(matches!(sanitize("é中🙂\n"), Cow::Borrowed(_)));
        assert_eq!(one_line("a\nb"), "a b");
    }

    #[test]
    fn pieces_give_what_the_text_gives() {
        let text = "a\r\nb\rc\u{1b}]52;c;x\u{7}\r";
        for cut in 0..=text.len() {
            let (mut pieces, mut safe) = (Pieces::default(), Vec::new());
            for piece in [&text[..cut], &text[cut..]] {
                pieces.push(piece, &mut safe);
            }
            pieces.end(&mut safe);
            assert_eq!(
                String::from_utf8(safe).unwrap(),
                sanitize(text),
                "cut at {cut}"
            );
        }
    }
}

//! Borders of JSON: the elements of its outermost array or object, then those further in.

use serde::de::IgnoredAny;

use super::{BEST, LINE, Rank, Span};

/// Whether each line is a JSON value of its own. The first two lines decide.
pub(super) fn is_ndjson(text: &str) -> bool {
    let lines = text.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty()).take(2).peekable();
    let is_value = |line: &str| {
        line.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(line).is_ok()
    };
    lines.next().is_some_and(is_value) && lines.next().is_some_and(is_value)
}

/// Whether a text looks like one JSON array or object.
pub(super) fn is_json(text: &str) -> bool {
    let text = text.trim();
    let inner = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    let first = |inner: &str| inner.trim_start().chars().next();
    let array = inner('[', ']').and_then(first);
    let object = inner('{', '}').and_then(first);
    object == Some('"')
        || array.is_some_and(|c| matches!(c, '{' | '[' | '"' | '-' | 't' | 'f' | 'n' | '0'..='9'))
}

/// Passes each border to `found`, in order: after commas, and between the lines of values on
/// lines of their own.
pub(super) fn borders(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    let (mut depth, mut quoted, mut escaped) = (0_u8, false, false);
    // After a comma: the rank of the border there, and where it is so far.
    let mut comma: Option<(usize, Rank)> = None;
    for (at, byte) in text.bytes().enumerate() {
        if let Some((end, rank)) = comma.take() {
            // White space up to the end of the line belongs to the element before it.
            match byte {
                b'\n' => {
                    found(at + 1, rank, Span::default());
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    comma = Some((end, rank));
                    continue;
                }
                _ => found(end, rank, Span::default()),
            }
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => comma = Some((at + 1, (BEST + depth.saturating_sub(1)).min(LINE - 1))),
            b'\n' if depth == 0 => found(at + 1, BEST, Span::default()),
            b'\n' => found(at + 1, LINE, Span::default()),
            _ => {}
        }
    }
}

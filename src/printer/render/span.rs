//! The next part of a line's text: a word, a span with its markers, a formula, or
//! that more must come before anybody can tell.

use super::marks::{code, dollars, entity, escape, image, link};

/// A part of a text, its length in bytes first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// It depends on what follows.
    More,
    /// As it is.
    Plain(usize),
    /// This character in its place.
    Instead(usize, char),
    /// Code: its inside.
    Code(usize, &'a str),
    /// Text between markers.
    Span(usize, Kind, &'a str),
    /// A link or an image: its text, and where it leads.
    Link(usize, &'a str, &'a str),
    /// TeX, and whether it stands on lines of its own.
    Formula(usize, &'a str, bool),
}

/// What markers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Emphasis,
    Strong,
    Strike,
}

impl Step<'_> {
    /// How much of the text it is; none where more is needed.
    pub(super) fn length(&self) -> Option<usize> {
        match *self {
            Self::More => None,
            Self::Plain(length)
            | Self::Instead(length, _)
            | Self::Code(length, _)
            | Self::Span(length, ..)
            | Self::Link(length, ..)
            | Self::Formula(length, ..) => Some(length),
        }
    }
}

/// What stands before a part of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// The last character.
    last: char,
    /// How much of `://` has come; with all of it an address goes on, in which
    /// `_` and `~` are letters.
    address: usize,
}

impl Before {
    /// Nothing: a line begins.
    pub(super) const LINE: Self = Self {
        last: '\n',
        address: 0,
    };

    /// Takes what has come since.
    pub(super) fn pass(&mut self, taken: &str) {
        for c in taken.chars() {
            let ends = c.is_whitespace() || "<>()\"'`*".contains(c) || !c.is_ascii();
            self.address = match (self.address, c) {
                (3, _) if !ends => 3,
                (1 | 2, '/') => self.address + 1,
                (_, ':') => 1,
                _ => 0,
            };
            self.last = c;
        }
    }
}

/// Whether a character may be a marker or a part of one.
pub(super) fn is_special(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '_' | '~' | '$' | '[' | '!' | '&')
}

/// The first part of `text`, which stands behind `before`; where `whole`, nothing
/// follows it.
pub(super) fn step(text: &str, before: Before, whole: bool) -> Step<'_> {
    let found = match text.as_bytes().first() {
        Some(b'\\') => escape(text),
        Some(b'`') => code(text, whole),
        Some(b'*' | b'_' | b'~') => emphasis(text, before, whole),
        Some(b'$') => dollars(text, whole),
        Some(b'[') => link(text, before.last),
        Some(b'!') => image(text),
        Some(b'&') => entity(text),
        _ => Found::No(text.find(is_special).unwrap_or(text.len())),
    };
    match found {
        Found::Yes(step) => step,
        Found::No(length) => Step::Plain(length),
        Found::Yet(length) if whole => Step::Plain(length),
        Found::Yet(_) => Step::More,
    }
}

/// What a marker turned out to be.
pub(super) enum Found<'a> {
    Yes(Step<'a>),
    /// So much is no marker.
    No(usize),
    /// Not yet; so much is no marker where nothing follows.
    Yet(usize),
}

/// How often `mark` stands at the beginning.
pub(super) fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|byte| *byte == mark).count()
}

fn emphasis(text: &str, before: Before, whole: bool) -> Found<'_> {
    let mark = text.as_bytes()[0];
    let length = run(text, mark);
    let Some(next) = text[length..].chars().next() else {
        return Found::Yet(length);
    };
    let (need, kind) = match (mark, length) {
        (b'~', 2) => (2, Kind::Strike),
        (b'*' | b'_', 1) => (1, Kind::Emphasis),
        (b'*' | b'_', 2 | 3) => (2, Kind::Strong),
        _ => return Found::No(length),
    };
    // 2*3*4 and 2**n stay products and powers, snake_case a name.
    let joined = match mark {
        b'_' | b'~' if before.address == 3 => true,
        b'_' => before.last.is_alphanumeric(),
        _ => before.last.is_ascii_alphanumeric(),
    };
    if next.is_whitespace() || joined {
        return Found::No(length);
    }
    let Some(at) = closer(text, length, mark, need, whole) else {
        return Found::Yet(length);
    };
    let inner = &text[need..at];
    if mark == b'_' && need == 2 && PYTHON.contains(&inner) {
        return Found::No(at + need);
    }
    Found::Yes(Step::Span(at + need, kind, inner))
}

/// Names that stand between `__` in programs, and so in talk of them.
const PYTHON: [&str; 16] = [
    "all", "call", "class", "del", "dict", "doc", "enter", "eq", "exit", "file", "init", "iter",
    "main", "name", "new", "str",
];

/// Where the marker stands that closes a span, code and formulas passed over.
fn closer(text: &str, from: usize, mark: u8, need: usize, whole: bool) -> Option<usize> {
    let (mut at, mut formulas) = (from, true);
    let mut before = ' ';
    while at < text.len() {
        let rest = &text[at..];
        let byte = rest.as_bytes()[0];
        let length = match byte {
            _ if byte == mark => {
                let length = run(rest, mark);
                let next = rest[length..].chars().next();
                if next.is_none() && !whole {
                    return None;
                }
                if closes(mark, need, length, before, next) {
                    return Some(at + length - need);
                }
                length
            }
            b'`' => match code(rest, whole) {
                Found::Yes(step) => step.length().unwrap_or(1),
                Found::Yet(_) if !whole => return None,
                Found::No(length) | Found::Yet(length) => length,
            },
            b'\\' | b'$' if formulas => {
                let found = match byte {
                    b'$' => dollars(rest, whole),
                    _ => escape(rest),
                };
                match found {
                    Found::Yes(step) => step.length().unwrap_or(1),
                    Found::No(length) => length,
                    Found::Yet(length) => {
                        // None of those that follow can be closed either.
                        formulas = false;
                        length
                    }
                }
            }
            b'\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        before = rest[..length].chars().next_back().unwrap_or(' ');
        at += length;
    }
    None
}

fn closes(mark: u8, need: usize, length: usize, before: char, next: Option<char>) -> bool {
    let fits = match need {
        1 => length != 2,
        _ => length >= 2,
    };
    let joined = next.is_some_and(|next| match (mark, need) {
        (b'_', _) => next.is_alphanumeric(),
        (_, 1) => next.is_ascii_alphanumeric(),
        _ => before.is_ascii_punctuation() && next.is_ascii_alphanumeric(),
    });
    fits && !before.is_whitespace() && !joined
}

#[cfg(test)]
mod tests;
